"""How containers of a block take routes: one after the other, and who is refused.

Every container decides on what is posted at its own moment, counting those that chose before it.
A block is decided at once. First all choose as if each stood first in line; where nobody is refused
and the queue that this makes delays nobody on the route that it chose, all choices stand, for a
queue makes no other route better. Else choices are guessed, the figures that they imply are posted
to all containers of the block, and all choose again. A container whose predecessors have not
changed their minds does not change its own, so each round settles at least one more, and what
stands still is what deciding one by one would give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import count, repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.corridor.desks import Desk
from sim.corridor.guess import patience, turned
from sim.corridor.posters import Levels, Posted, Posters, Teller
from sim.corridor.rules import Rule, Score
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts

Taken = NDArray[np.int8]
NOBODY: Final = -1
"""Stands for a row of desks where there is none."""

MOST_ROUNDS = 100
"""Rounds after which a block is decided in a loop: about what the loop costs."""


@dataclass(frozen=True)
class Block:
    """Containers that decide together, in booking order.

    opens: the day on which the figures are posted that they see
    first: the first place on the departures that they catch, as `first_places` gives
        [routes, containers]
    score: by what they compare routes; times: the days on which they book; levels: who boards
        first, None where all are alike [containers]
    """

    opens: float
    first: Counts
    score: Score
    times: Floats
    levels: Levels


@dataclass(frozen=True)
class Decision:
    """What a block of containers wanted and took: rows of desks, or NOBODY.

    `refused` is true where a container was turned away [routes, containers]; None for nowhere.
    `is_calm` is true where nothing was in anybody's way.
    """

    wanted: Taken
    taken: Taken
    refused: NDArray[np.bool_] | None
    is_calm: bool = False


def decide(desks: list[Desk], rule: Rule, block: Block, *, calm: bool = True) -> Decision:
    """Decide a block of containers, one after the other, all at once.

    calm: whether it is likely that nothing is in anybody's way; changes no choice
    """
    line = _Line(desks, block)
    if not rule.sees_posted_days:
        wanted = best(block.score.fixed)
        if all(desk.never_refuses for desk in desks) or line.accepts(wanted):
            return Decision(wanted, wanted, None)
    line.hear_the_first()
    if calm and line.undelayed():
        return Decision(line.taken, line.taken, None, is_calm=True)
    line.guess()
    taken = line.taken
    for rounds in count(1):
        posted = line.post(taken)
        scores, refuses = block.score(posted.days), line.refuses(posted)
        accepting = np.where(refuses, math.inf, scores)
        again = best(accepting)
        if (again == taken).all():
            if not refuses.any():
                return Decision(taken, taken, None, is_calm=rounds == 1 and line.is_calm)
            return Decision(best(scores), taken, refuses & _liked_better(scores, accepting, taken))
        taken = again if rounds != MOST_ROUNDS else _one_by_one(line, block)
    raise AssertionError("rounds are counted without end")


def decide_early(desks: list[Desk], block: Block) -> Decision | None:
    """The same for a block of any length, where it does not matter when figures are posted.

    A queue further on is shorter when posted later, by those who have left from there. Where not
    even the longer one delays anybody, or makes a wait too long, all that is posted is free flow.
    None where that is not so.
    """
    if not all(desk.is_clear for desk in desks):
        return None
    line = _Line(desks, block)
    line.hear_the_first()
    return Decision(line.taken, line.taken, None) if line.undelayed() else None


class _Line:
    """What all would take if each stood first in line, or a guess that comes nearer.

    scores: of the first in line, infinite where it is refused [routes, containers]
    is_calm: whether no guess had to be made: all take what they would as first in line
    """

    def __init__(self, desks: list[Desk], block: Block) -> None:
        self._block = block
        self.posters = Posters(desks, block.opens, block.times, block.first, block.levels)
        self.limits = np.array([[desk.limit] for desk in desks])
        self._rows = np.arange(len(desks)).reshape(-1, 1)
        self.is_calm = True

    def hear_the_first(self) -> None:
        """Let all choose as if each stood first in line."""
        self._alone = self.posters.post(None)
        self._refuses = self.refuses(self._alone)
        self._scores = self._block.score(self._alone.days)
        self._scores[self._refuses] = math.inf
        self.taken = best(self._scores)

    def accepts(self, taken: Taken) -> bool:
        """Whether no route turns away anybody who takes it."""
        return not (self.refuses(self.post(taken)) & (taken == self._rows)).any()

    def post(self, taken: Taken) -> Posted:
        """What is posted where containers take these routes: to each, counting those before it."""
        takes = taken == self._rows
        levels = self._block.levels
        if levels is None:
            return self.posters.post([takes.cumsum(axis=1) - takes])
        upto = [takes & (levels <= level) for level in self.posters.levels]
        return self.posters.post([each.cumsum(axis=1) - each for each in upto])

    def refuses(self, posted: Posted) -> NDArray[np.bool_]:
        """Whether routes turn containers away: a wait too long, a quota used up."""
        too_long = posted.wait > self.limits
        return too_long if posted.full is None else too_long | posted.full

    def undelayed(self) -> bool:
        """Whether the choices stand: a queue that delays no taker makes no other route better."""
        if self._refuses.any():
            return False
        posted = self.post(self.taken)
        hindered = posted.wait > self._alone.wait
        if posted.full is not None:
            hindered |= posted.full
        return not (hindered & (self.taken == self._rows)).any()

    def guess(self) -> None:
        """Let those who took a route as if first in line stand in line, and some leave it.

        One desk after the other, while the others keep what they post to the first in line.
        """
        each, first = self.posters.each, self.posters.first
        heard = [0] * len(each)
        for _ in each:
            asking = np.bincount(self.taken + 1, minlength=len(heard) + 1).tolist()[1:]
            crowded = [
                row
                for row, outlook in enumerate(each)
                if asking[row] > heard[row]
                and not (
                    outlook.carries(asking[row], first.item(row, 0))
                    and all(offer.holds(asking[row]) for offer in self.posters.offers[row])
                )
            ]
            if not crowded:
                return
            self.is_calm = False
            for row in crowded:
                heard[row] = self._hear(row)

    def _hear(self, row: int) -> int:
        """Let those leave a route who find it too slow or sold out; how many stay."""
        asks = np.flatnonzero(self.taken == row)
        days = patience(self._block.score, self._scores, asks, row)
        outlook, first = self.posters.each[row], self.posters.first[row]
        gone = turned(outlook, self.posters.offers[row], self._block.times, first, asks, days)
        if len(gone):
            self._scores[row, gone] = math.inf
            self.taken[gone] = best(self._scores[:, gone])
        return len(asks) - len(gone)


def _one_by_one(line: _Line, block: Block) -> Taken:
    """What a block takes, decided in a loop: for routes so alike that rounds settle little.

    In plain numbers, which are the same to the bit as arrays of one and ten times as fast.
    """
    each = zip(line.posters.each, line.posters.offers, strict=True)
    tellers = [Teller(outlook, offers) for outlook, offers in each]
    routes = list(zip(range(len(tellers)), tellers, line.limits[:, 0].tolist(), strict=True))
    levels = repeat(0) if block.levels is None else block.levels.tolist()
    taken: Taken = np.full(len(block.times), NOBODY, np.int8)
    for number, (time, level, a_day, fixed, first) in enumerate(
        zip(
            block.times.tolist(), levels, block.score.a_day.tolist(),
            block.score.fixed.T.tolist(), line.posters.first.T.tolist(), strict=False,
        )
    ):  # fmt: skip
        best, least = NOBODY, math.inf
        for row, teller, limit in routes:
            wait, days = teller.quote(time, first[row], level)
            score = a_day * days + fixed[row]
            if score < least and wait <= limit and not teller.is_full(number):
                best, least = row, score
        if best != NOBODY:
            tellers[best].take(number, first[best], level)
            taken[number] = best
    return taken


def best(scores: Floats) -> Taken:
    """The row of the least score of each, NOBODY where all are infinite."""
    least, best = scores[0], np.zeros(scores.shape[1], np.int8)
    for row in range(1, len(scores)):  # over few rows faster than argmin
        np.putmask(best, scores[row] < least, row)
        least = np.minimum(scores[row], least)
    np.putmask(best, least == math.inf, NOBODY)
    return best


def _liked_better(scores: Floats, accepting: Floats, taken: Taken) -> NDArray[np.bool_]:
    """Where a container asked before it found its route.

    accepting: the same scores, infinite where it is refused [routes, containers]
    """
    rows, accepted = np.arange(len(scores))[:, np.newaxis], accepting.min(axis=0)
    better: NDArray[np.bool_] = (scores < accepted) | ((scores == accepted) & (rows < taken))
    return better
