"""Bookings: when containers are ready, and which route each takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.corridor.choice import NOBODY, Decision, decide, decide_early
from sim.corridor.clock import BOOKING, Clock
from sim.corridor.desks import Desk
from sim.corridor.rules import RULES, Shippers
from sim.corridor.streams import Floats, quantile, stream
from sim.corridor.vehicles import Process
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Scenario

HOURS_A_DAY = 24
LONG_BLOCK_DAYS = 4.0
LARGE_BLOCK = 100_000


def booking_days(scenario: Scenario, replication: int) -> Floats:
    """The days of all bookings before the horizon, rising.

    Poisson bookings are cumulated exponential gaps: a longer horizon keeps the earlier ones.
    """
    demand, horizon = scenario.demand, scenario.run.horizon
    if demand.containers_per_year == 0:
        return np.empty(0)
    gap = DAYS_A_YEAR / demand.containers_per_year
    if demand.arrivals == "even":
        days: Floats = (np.arange(math.ceil(horizon / gap) + 1, dtype=float) + 0.5) * gap
        return days[days < horizon]
    random = stream(scenario.run.seed, replication, "demand.bookings")
    return _cumulated(random, gap, horizon)


def _cumulated(random: np.random.Generator, gap: float, horizon: float) -> Floats:
    expected = horizon / gap
    more = int(expected + 6 * math.sqrt(expected) + 16)
    gaps: list[Floats] = []
    while not gaps or gaps[-1][-1] * gap < horizon:
        new = random.standard_exponential(more)
        new[0] += gaps[-1][-1] if gaps else 0.0
        gaps.append(np.cumsum(new, out=new))
    days = gaps[0] if len(gaps) == 1 else np.concatenate(gaps)
    days *= gap
    return days[: days.searchsorted(horizon)]


def shippers(scenario: Scenario, replication: int, containers: int) -> Shippers:
    """What belongs to each container and moves its choice, drawn in booking order."""
    seed = scenario.run.seed
    rule = RULES[scenario.choice.rule]
    value_of_time = np.empty(0)
    if rule.uses_value_of_time:
        u = stream(seed, replication, "demand.value_of_time").random(containers)
        value_of_time = quantile(scenario.demand.value_of_time_usd_per_day, u)
    luck = np.empty((0, containers))
    if rule.uses_luck:
        luck = np.empty((len(scenario.open_routes), containers))
        for row, route in zip(luck, scenario.open_routes, strict=True):
            stream(seed, replication, f"choice.luck.{route}").standard_exponential(out=row)
    return Shippers(containers, value_of_time, luck)


@dataclass
class Office:
    """Where every container is booked: what came, what it wanted, what it took.

    `wanted` and `taken` hold the row of a desk, or NOBODY: no route preferred, or none accepted.
    """

    scenario: Scenario
    booked: Floats
    shippers: Shippers
    desks: list[Desk]

    def __post_init__(self) -> None:
        self.taken = np.full(len(self.booked), NOBODY, np.int8)
        self.wanted = np.full(len(self.booked), NOBODY, np.int8)
        self.rule = RULES[self.scenario.choice.rule]
        self.score = self.rule.prepare(self.scenario, self.shippers)

    def blocks(self) -> Iterator[Block]:
        """The moments at which figures are posted, with the containers booked on them.

        Where nobody looks at a figure all are booked at once, in blocks that only bound the memory.
        Where figures are right however early they are posted, blocks of some days give the same
        choices in fewer rounds; elsewhere these blocks are tried, and divided where they fail.
        """
        if not self.rule.sees_posted_days and all(math.isinf(desk.limit) for desk in self.desks):
            for first in range(0, len(self.booked), LARGE_BLOCK):
                yield Block(0.0, slice(first, min(first + LARGE_BLOCK, len(self.booked))))
            return
        every = self.scenario.choice.posted_every_hours / HOURS_A_DAY
        together = max(1, round(LONG_BLOCK_DAYS / every))
        if all(desk.foresees for desk in self.desks):
            every, together = every * together, 1
        short = list(self._posted(every))
        for number in range(0, len(short), together):
            some = short[number : number + together]
            rows = slice(some[0].rows.start, some[-1].rows.stop)
            if rows.start < rows.stop:
                yield Block(some[0].opens, rows, tuple(some) if len(some) > 1 else ())

    def _posted(self, every: float) -> Iterator[Block]:
        """A block for each moment at which figures are posted, empty ones too."""
        edges = np.arange(math.ceil(self.scenario.run.horizon / every) + 1) * every
        rows = self.booked.searchsorted(edges).tolist()
        rows[-1] = len(self.booked)  # the last edge may round to just below the horizon
        for opens, first, end in zip(edges.tolist(), rows, rows[1:], strict=False):
            yield Block(opens, slice(first, end))

    def book(self, rows: slice) -> None:
        """Let the containers of a block choose, one after the other, and queue."""
        if rows.start < rows.stop:
            score = self.score.of(rows)
            self._enter(rows, decide(self.desks, self.rule, score, self.booked[rows]))

    def book_early(self, rows: slice) -> bool:
        """The same for a long block, where it does not matter when figures are posted; else no."""
        decided = decide_early(self.desks, self.score.of(rows), self.booked[rows])
        if decided is not None:
            self._enter(rows, decided)
        return decided is not None

    def _enter(self, rows: slice, decided: Decision) -> None:
        self.taken[rows] = decided.taken
        self.wanted[rows] = decided.wanted
        for row, desk in enumerate(self.desks):
            desk.accept((decided.taken == row).nonzero()[0] + rows.start, self.booked)
            if decided.refused is not None:
                desk.refused.append(decided.refused[row].nonzero()[0] + rows.start)


@dataclass(frozen=True)
class Block:
    """Containers that book on the figures of one moment, or of several, by its `parts`."""

    opens: float
    rows: slice
    parts: tuple[Block, ...] = ()


def bookings(clock: Clock, office: Office) -> Process:
    """Post figures, book on them what comes until the next ones."""
    for block in office.blocks():
        yield clock.at(block.opens, BOOKING)
        if block.parts and office.book_early(block.rows):
            continue
        for part in block.parts or (block,):
            yield clock.at(part.opens, BOOKING)
            office.book(part.rows)
