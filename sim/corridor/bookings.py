"""Bookings: the moments at which routes are chosen, and what each container takes."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import numpy as np

from sim.corridor import choice
from sim.corridor.choice import NOBODY, Decision, decide, decide_early
from sim.corridor.clock import BOOKING, Clock, Steps
from sim.corridor.desks import Desk
from sim.corridor.inertia import Inertia
from sim.corridor.lanes import Way
from sim.corridor.posters import first_places
from sim.corridor.rules import RULES, Shippers
from sim.corridor.shippers import Cargo
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts
from sim.scenario.network import HOURS_A_DAY

LONG_BLOCK_DAYS = 4.0
LARGE_BLOCK = 100_000


@dataclass
class Office:
    """Where the containers of one direction book: what came, what it wanted, what it took.

    `wanted` and `taken` hold the row of a desk, or NOBODY: no route preferred, or none accepted.
    """

    way: Way
    booked: Floats
    cargo: Cargo
    shippers: Shippers
    desks: list[Desk]

    def __post_init__(self) -> None:
        self.taken = np.full(len(self.booked), NOBODY, np.int8)
        self.wanted = np.full(len(self.booked), NOBODY, np.int8)
        self.rule = RULES[self.way.first.choice.rule]
        self._inertia: Inertia | None = None
        self._calm = True
        self._eras = [*self.booked.searchsorted(self.way.days).tolist(), len(self.booked)]
        self._scores = [
            self.rule.prepare(scenario, self.way.routes, self.shippers.of(slice(first, end)))
            for scenario, (first, end) in zip(self.way.scenarios, pairwise(self._eras), strict=True)
        ]
        span = self.way.first.choice.inertia_days
        if span and self.rule.sees_posted_days:
            self._inertia = Inertia(span, self.desks, self.cargo.levels.number)
            self.rule = replace(self.rule, sees_posted_days=False)

    def blocks(self) -> Iterator[Block]:
        """The moments at which figures are posted, with the containers booked on them.

        Where nobody looks at a figure all are booked at once, in blocks that only bound the memory.
        Where figures are right however early they are posted, blocks of some days give the same
        choices in fewer rounds; elsewhere these blocks are tried, and divided where they fail.
        What is smoothed over time is posted at every moment, whoever books.
        """
        every = self.way.first.choice.posted_every_hours / HOURS_A_DAY
        if self._inertia is not None:
            yield from chain.from_iterable(self._together(every, 1))
            return
        if not self.rule.sees_posted_days and all(desk.never_refuses for desk in self.desks):
            yield from self._large_blocks()
            return
        together = max(1, round(LONG_BLOCK_DAYS / every))
        if all(desk.foresees for desk in self.desks):
            every, together = every * together, 1
        for short in self._together(every, together):
            rows = slice(short[0].rows.start, short[-1].rows.stop)
            if rows.start < rows.stop:
                yield Block(short[0].opens, rows, tuple(short) if len(short) > 1 else ())

    def _large_blocks(self) -> Iterator[Block]:
        for start, end in pairwise(self._eras):
            for first in range(start, end, LARGE_BLOCK):
                yield Block(0.0, slice(first, min(first + LARGE_BLOCK, end)))

    def _together(self, every: float, number: int) -> Iterator[list[Block]]:
        """Blocks for each moment at which figures are posted, so many at a time, in one era."""
        days = [*self.way.days.tolist(), self.way.horizon]
        for start, end in pairwise(days):
            short = list(self._posted(every, start, end))
            for first in range(0, len(short), number):
                yield short[first : first + number]

    def _posted(self, every: float, start: float, end: float) -> Iterator[Block]:
        """A block for each moment of an era at which figures are posted, empty ones too."""
        edges = np.arange(math.floor(start / every), math.ceil(end / every) + 1) * every
        edges = edges.clip(start, None)
        edges[0] = start  # and not an ulp later
        rows = self.booked.searchsorted(edges).tolist()
        last = len(self.booked) if end == self.way.horizon else self.booked.searchsorted(end)
        rows[-1] = int(last)  # the last edge may round to just below the end
        for opens, first, stop in zip(edges.tolist(), rows, rows[1:], strict=False):
            if first < stop or opens < end:
                yield Block(opens, slice(first, min(stop, rows[-1])))

    def book(self, clock: Clock, block: Block, first: Counts | None = None) -> None:
        """Let the containers of a block choose, one after the other, and queue.

        first: the first places that they catch, where they are known already
        """
        if self._inertia is not None:
            self._inertia.post(block.opens)
        if block.rows.start == block.rows.stop:
            return
        deciding = self._deciding(block, first)
        decided = decide(self.desks, self.rule, deciding, calm=self._calm)
        self._calm = decided.is_calm
        self._enter(clock, block.rows, decided)

    def book_parts(self, clock: Clock, block: Block) -> Steps:
        """Let the containers of a long block choose, part by part."""
        first, start = first_places(self.desks, self.booked[block.rows]), block.rows.start
        for part in block.parts:
            yield clock.at(part.opens, BOOKING)
            self.book(clock, part, first[:, part.rows.start - start : part.rows.stop - start])

    def book_early(self, clock: Clock, block: Block) -> bool:
        """The same for a long block, where it does not matter when figures are posted; else no."""
        decided = decide_early(self.desks, self._deciding(block))
        if decided is not None:
            self._enter(clock, block.rows, decided)
        return decided is not None

    def _deciding(self, block: Block, first: Counts | None = None) -> choice.Block:
        rows = block.rows
        if first is None:
            first = first_places(self.desks, self.booked[rows])
        era = bisect_right(self._eras, rows.start, hi=len(self._scores)) - 1
        offset, every = self._eras[era], self.cargo.levels.of
        score = self._scores[era].of(slice(rows.start - offset, rows.stop - offset))
        levels = None if every is None else every[rows]
        if self._inertia is not None:
            score = self._inertia.scored(score, levels)
        return choice.Block(block.opens, first, score, self.booked[rows], levels)

    def _enter(self, clock: Clock, rows: slice, decided: Decision) -> None:
        self.taken[rows] = decided.taken
        self.wanted[rows] = decided.wanted
        for row, desk in enumerate(self.desks):
            desk.accept(clock, (decided.taken == row).nonzero()[0] + rows.start, self.booked)
            if decided.refused is not None:
                desk.refused.append(decided.refused[row].nonzero()[0] + rows.start)


@dataclass(frozen=True)
class Block:
    """Containers that book on the figures of one moment, or of several, by its `parts`."""

    opens: float
    rows: slice
    parts: tuple[Block, ...] = ()


def bookings(clock: Clock, office: Office) -> Steps:
    """Post figures, book on them what comes until the next ones."""
    for block in office.blocks():
        yield clock.at(block.opens, BOOKING)
        if not block.parts:
            office.book(clock, block)
        elif not office.book_early(clock, block):
            yield from office.book_parts(clock, block)
