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
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.corridor.desks import Desk
from sim.corridor.posters import Ahead, Poster, Rows, Teller
from sim.corridor.rules import Rule, Score
from sim.corridor.streams import Floats

Taken = NDArray[np.int8]
NOBODY: Final = -1
"""Stands for a row of desks where there is none."""

FEW = 2000
"""Containers up to which numpy's own argmin is faster than a loop over routes."""

MOST_ROUNDS = 100
"""Rounds after which a block is decided in a loop: about what the loop costs."""


@dataclass(frozen=True)
class Block:
    """Containers that decide together, in booking order.

    opens: the day on which the figures are posted that they see
    score: by what they compare routes; times: the days on which they book; levels: who boards
        first, None where all are alike [containers]
    """

    opens: float
    score: Score
    times: Floats
    levels: NDArray[np.int8] | None


@dataclass(frozen=True)
class Posted:
    """What is posted to the containers of a block: arrays of [routes, containers], in days."""

    wait: Floats
    days: Floats


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


def decide(desks: list[Desk], rule: Rule, block: Block) -> Decision:
    """Decide a block of containers, one after the other, all at once."""
    score, times = block.score, block.times
    if not rule.sees_posted_days:
        wanted = best(score.fixed)
        coming = [int(np.count_nonzero(wanted == row)) for row in range(len(desks))]
        if not any(desk.may_refuse(times, n) for desk, n in zip(desks, coming, strict=True)):
            return Decision(wanted, wanted, None)
    start = _start(desks, block)
    if start.undelayed:
        return Decision(start.taken, start.taken, None, is_calm=True)
    taken, posted, posters = start.taken, start.posted, start.posters
    limits = np.array([[desk.limit] for desk in desks])
    if _refine(start, block):
        posted = post(posters, _ahead(taken, desks, block), len(times))
    for rounds in count(1):
        scores, too_long = score(posted.days), posted.wait > limits
        again = best(scores, too_long)
        if (again == taken).all():
            return _decided(scores, too_long, taken)
        taken = again if rounds != MOST_ROUNDS else _one_by_one(posters, block)
        posted = post(posters, _ahead(taken, desks, block), len(times))
    raise AssertionError("rounds are counted without end")


def decide_early(desks: list[Desk], block: Block) -> Decision | None:
    """The same for a block of any length, where it does not matter when figures are posted.

    A queue further on is shorter when posted later, by those who have left from there. Where not
    even the longer one delays anybody, or makes a wait too long, all that is posted is free flow.
    None where that is not so.
    """
    if not all(desk.is_clear for desk in desks):
        return None
    start = _start(desks, block)
    return Decision(start.taken, start.taken, None) if start.undelayed else None


@dataclass(frozen=True)
class _Start:
    """What all would take if each stood first in line, and what that would make of the queues.

    scores: of the first in line, infinite where the wait is too long [routes, containers]
    posted: with the containers ahead that `taken` puts there
    delayed: desks where somebody who took them waits longer than if it stood first in line
    """

    posters: list[Poster]
    scores: Floats
    taken: Taken
    posted: Posted
    delayed: list[int]
    anybody_refused: bool

    @property
    def undelayed(self) -> bool:
        """Whether the choices stand: a queue that delays no taker makes no other route better."""
        return not self.delayed and not self.anybody_refused


def _start(desks: list[Desk], block: Block) -> _Start:
    score, times = block.score, block.times
    posters = [Poster(desk, block.opens, times, block.levels) for desk in desks]
    limits = np.array([[desk.limit] for desk in desks])
    alone = post(posters, [None] * len(desks), len(times))
    scores, too_long = score(alone.days), alone.wait > limits
    scores[too_long] = math.inf
    taken = best(scores)
    posted = post(posters, _ahead(taken, desks, block), len(times))
    delayed = _delayed(alone, posted, taken)
    return _Start(posters, scores, taken, posted, delayed, bool(too_long.any()))


def _delayed(alone: Posted, posted: Posted, taken: Taken) -> list[int]:
    longer = posted.wait > alone.wait
    return [row for row, each in enumerate(longer) if (each & (taken == row)).any()]


def _one_by_one(posters: list[Poster], block: Block) -> Taken:
    """What a block takes, decided in a loop: for routes so alike that rounds settle little."""
    tellers = [Teller(poster) for poster in posters]
    limits = np.array([[poster.desk.limit] for poster in posters])
    taken: Taken = np.full(len(block.times), NOBODY, np.int8)
    for number, time in enumerate(block.times.tolist()):
        level = 0 if block.levels is None else block.levels.item(number)
        quotes = np.array([teller.quote(time, level) for teller in tellers])
        scores = block.score.of(slice(number, number + 1))(quotes[:, 1:])
        scores[quotes[:, :1] > limits] = math.inf
        best = int(scores.argmin())
        if scores[best, 0] < math.inf:
            tellers[best].take(level)
            taken[number] = best
    return taken


def _refine(start: _Start, block: Block) -> bool:
    """Let those who chose a timetable as if first in line stand in line; whether some leave it.

    In place, for one delayed desk after the other while the others keep what they post to the first
    in line. Only where rounds begin: with it a full link takes one a day, without it some thirty.
    """
    taken, scores, anybody = start.taken, start.scores, False
    for row in start.delayed:
        poster, asks = start.posters[row], np.flatnonzero(taken == row)
        places = poster.places
        if places is not None and places.timetable.is_even:
            patience = _patience(block.score, scores, asks, row) - poster.run_days[0]
            turned = places.turned(block.times, np.minimum(patience, poster.desk.limit), asks)
            scores[row, turned] = math.inf
            taken[turned] = best(scores[:, turned])
            anybody = anybody or len(turned) > 0
    return anybody


def _patience(score: Score, scores: Floats, who: Rows, row: int) -> Floats:
    """The days that a route may post before containers like the best of the others more."""
    others = np.full(len(who), math.inf)
    for other in range(len(scores)):
        if other != row:
            np.minimum(others, scores[other, who], out=others)
    with np.errstate(divide="ignore", invalid="ignore"):
        patience: Floats = (others - score.fixed[row, who]) / score.a_day[who]
    patience[np.isnan(patience)] = math.inf
    return patience


def post(posters: list[Poster], ahead: Sequence[Ahead], containers: int) -> Posted:
    """What all desks post to containers, given for each desk how many come before each of them."""
    posted = Posted(*np.empty((2, len(posters), containers)))
    for row, (poster, before) in enumerate(zip(posters, ahead, strict=True)):
        poster.post(before, posted.wait[row], posted.days[row])
    return posted


def _ahead(taken: Taken, desks: list[Desk], block: Block) -> list[Ahead]:
    """For each desk, how many of the block take it before each container, by level."""
    takes = [taken == row for row in range(len(desks))]
    if block.levels is None:
        return [[each.cumsum() - each] for each in takes]
    upto = [block.levels <= level for level in range(desks[0].levels.number)]
    return [[(some := each & those).cumsum() - some for those in upto] for each in takes]


def best(scores: Floats, excluded: NDArray[np.bool_] | None = None) -> Taken:
    """The row of the least score that is not excluded, NOBODY where all are infinite."""
    if excluded is not None and excluded.any():
        scores = np.where(excluded, math.inf, scores)
    if scores.shape[1] < FEW:
        best: Taken = scores.argmin(axis=0).astype(np.int8)
        least = scores.min(axis=0)
    else:  # faster over few rows
        least, best = scores[0].copy(), np.zeros(scores.shape[1], np.int8)
        for row in range(1, len(scores)):
            np.copyto(best, np.int8(row), where=scores[row] < least)
            np.minimum(scores[row], least, out=least)
    best[least == math.inf] = NOBODY
    return best


def _decided(scores: Floats, too_long: NDArray[np.bool_], taken: Taken) -> Decision:
    """The decision of containers that took the best route whose wait was not too long."""
    if not too_long.any():
        return Decision(taken, taken, None)
    return Decision(best(scores), taken, _turned_away(scores, too_long, taken))


def _turned_away(scores: Floats, too_long: NDArray[np.bool_], taken: Taken) -> NDArray[np.bool_]:
    """Where a container asked before it found its route: full desks that it liked better."""
    rows = np.arange(len(scores))[:, np.newaxis]
    accepted = np.where(taken < 0, math.inf, scores[taken, np.arange(len(taken))])
    better = (scores < accepted) | ((scores == accepted) & (rows < taken))
    turned: NDArray[np.bool_] = too_long & better & np.isfinite(scores)
    return turned
