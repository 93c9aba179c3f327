"""Runs: what trips go through between departures, and containers that move on their own."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.corridor.clock import COMPLETION, Clock
from sim.corridor.course import Course
from sim.corridor.facilities import Slot
from sim.corridor.lanes import Lane, Rows, by_era
from sim.corridor.streams import Floats
from sim.scenario.network import HOURS_A_DAY
from sim.scenario.stages import FacilityStage, Transit


class Timed:
    """A transit on a run.

    days: that each trip takes; detour_days: the same of its detour [trips]
    course: what closes or slows it; None where nothing does
    """

    def __init__(self, name: str, stages: Sequence[Transit], lane: Lane, draws: Draws) -> None:
        self.name = name
        self.durations = [stage.duration for stage in stages]
        self.days = np.empty(draws.trips)
        self._u = draws.of(lane.stream(name))
        self.course = Course.of(lane.way.disruptions.of_stage(lane.name, name).values())
        self._detours = [stage.detour.duration for stage in stages if stage.detour]
        self.detours = self.course is not None and len(self._detours) > 0
        if self.detours:
            self.detour_days = np.empty(draws.trips)
            self._detour_u = draws.of(lane.stream(f"{name}.detour"))

    def draw(self, trips: Rows | slice, eras: Rows) -> None:
        """Draw for some trips, each as in its era."""
        self.days[trips] = by_era(self.durations, eras, self._u[trips])
        if self.detours:
            self.detour_days[trips] = by_era(self._detours, eras, self._detour_u[trips])

    def drawn_by(self, era: int) -> object:
        """By what a trip of an era is drawn."""
        return self.durations[era], self._detours[era : era + 1]

    def passed(
        self, trips: Rows | slice, entered: Floats
    ) -> tuple[Floats, Floats, NDArray[np.bool_] | None]:
        """How trips go through that come at these moments, infinite ones for never [trips].

        When they begin to move, when they are through, and whether they take the detour; None
        where none can.
        """
        if self.course is None:
            return entered, entered + self.days[trips], None
        opens = self.course.each_opens(entered)
        if not self.detours:
            return opens, self.course.each_ends(opens, self.days[trips]), None
        ends = self.course.each_ends(entered, self.days[trips])
        around, detoured = entered + self.detour_days[trips], opens > entered
        return entered, np.where(detoured, around, ends), detoured

    def leave(self, trip: int, now: float) -> float:
        """The day on which a trip that comes now is through."""
        course = self.course
        if course is None:
            return now + self.days.item(trip)
        starts = course.opens(now)
        if starts > now and self.detours:
            return now + self.detour_days.item(trip)
        return course.ends(starts, self.days.item(trip))

    def turn(self, era: int) -> None:
        """Let a phase begin."""
        self.mean = self.durations[era].mean
        self._detour_mean = self._detours[era].mean if self.detours else 0.0

    def expected(self, now: float) -> float:
        """Days that a trip which started now would expect to take, however long it stays closed."""
        if self.course is None:
            return self.mean
        if self.detours and self.course.opens(now) > now:
            return self._detour_mean
        return self.mean * self.course.factor(now)


class Crossing:
    """A facility stage on a run.

    holding: days that each trip holds a server, without what its containers add [trips]
    entered, started, freed: when each came, when its service began, when its server was free again,
        infinite until then [trips]
    server: which one served it [trips]
    """

    def __init__(
        self, name: str, stages: Sequence[FacilityStage], lane: Lane, draws: Draws
    ) -> None:
        self.name, self.facility = name, stages[0].facility
        self._facilities = [each.facilities[self.facility] for each in lane.way.scenarios]
        self.passes = self._facilities[0].headway_hours is not None
        self.pool = lane.way.pools.pool(self.facility, lane.way.direction)
        self.priority = lane.routes[0].priority
        self.holding = np.empty(draws.trips)
        self.a_container = np.empty(draws.trips)
        self.entered = np.full(draws.trips, np.inf)
        self.started = np.full(draws.trips, np.inf)
        self.freed = np.full(draws.trips, np.inf)
        self.server = np.zeros(draws.trips, np.int32)
        self._u = draws.of(lane.stream(name))

    def draw(self, trips: Rows | slice, eras: Rows) -> None:
        """Draw for some trips, each as in its era."""
        hours = by_era([each.holding_hours for each in self._facilities], eras, self._u[trips])
        self.holding[trips] = hours / HOURS_A_DAY
        more = np.array([each.hours_per_container for each in self._facilities])
        self.a_container[trips] = more[eras] / HOURS_A_DAY

    def drawn_by(self, era: int) -> object:
        """By what a trip of an era is drawn."""
        return self._facilities[era].holding_hours, self._facilities[era].hours_per_container

    def enter(self, trip: int, now: float, load: int) -> Slot | simpy.Event:
        """Ask for a server: the slot, or an event that tells it when service begins."""
        days = self.holding.item(trip) + self.a_container.item(trip) * load
        self.holding[trip] = days
        self.entered[trip] = now
        return self.pool.start(now, days, self.priority)

    def leave(self, trip: int, slot: Slot) -> float:
        """Be served, and go on: the day of that."""
        begins, frees, server = slot
        self.started[trip] = begins
        self.freed[trip] = frees
        self.server[trip] = server
        return begins if self.passes else frees

    def turn(self, era: int, load: int) -> None:
        """Let a phase begin, in which full vehicles carry so much."""
        self._holding_days = self._facilities[era].holding_days(load)
        self.service_days = self._facilities[era].service_days(load)

    def expected(self, now: float) -> float:
        """Days that a full vehicle that came now would expect to spend: the queue, and service.

        However long it stays closed.
        """
        servers, slower = self.pool.pace(now)
        queueing = self.pool.queue(now) * self._holding_days / servers
        return (queueing + self.service_days) * slower


class Draws(NamedTuple):
    """How many trips there are, and which of the numbers drawn are theirs.

    rows: their numbers among `planned`
    """

    trips: int
    planned: int
    rows: Rows | slice = slice(None)

    def of(self, random: np.random.Generator) -> Floats:
        """Uniform numbers [trips]."""
        return random.random(self.planned)[self.rows]


Stepping = Generator[simpy.Event, Any, float]
"""Goes on in time, and returns the day on which it is through."""


class Run:
    """The stages of one leg, or those before the first departures, in order.

    Trips are numbered from 0: those of a departures stage, or containers on their own. `load` is
    what a full vehicle carries.
    """

    def __init__(
        self, lane: Lane, names: Sequence[str], draws: Draws, loads: Sequence[int]
    ) -> None:
        self._loads, self._trips = loads, draws.trips
        self.stages = [_stage(name, lane, draws) for name in names]
        self.crossings = [stage for stage in self.stages if isinstance(stage, Crossing)]
        self._timed = [stage for stage in self.stages if isinstance(stage, Timed)]
        self._disrupted = any(stage.course is not None for stage in self._timed)

    @property
    def is_steady(self) -> bool:
        """Whether what is expected of it is the same at all times of a phase."""
        return not (self.crossings or self._disrupted)

    def draw(self, trips: Rows | slice, eras: Rows) -> None:
        """Draw for some trips, each as in its era."""
        for stage in self.stages:
            stage.draw(trips, eras)

    def draw_from(self, trip: int, era: int) -> None:
        """Draw for all trips from one on, as in an era that begins."""
        if era and all(stage.drawn_by(era) == stage.drawn_by(era - 1) for stage in self.stages):
            return
        self.draw(slice(trip, None), np.full(self._trips - trip, era))

    def ends(self, trips: Rows | slice, starts: Floats) -> Floats:
        """When some trips are through, where nothing is in their way."""
        ends = starts
        for stage in self.stages:
            assert isinstance(stage, Timed), "a queue decides when a trip with crossings ends"
            _, ends, _ = stage.passed(trips, ends)
        return ends

    def travel(self, clock: Clock, trip: int, now: float, load: int) -> Stepping:
        """Go through all stages; the day on which the trip is through."""
        for stage in self.stages:
            if isinstance(stage, Timed):
                now = stage.leave(trip, now)
            else:
                yield clock.at(now, COMPLETION)
                slot = stage.enter(trip, now, load)
                now = stage.leave(trip, (yield slot) if isinstance(slot, simpy.Event) else slot)
        return now

    def turn(self, era: int) -> None:
        """Let a phase begin."""
        for stage in self._timed:
            stage.turn(era)
        for crossing in self.crossings:
            crossing.turn(era, self._loads[era])
        self._transit_days = sum(stage.mean for stage in self._timed)

    @property
    def free_days(self) -> float:
        """Mean days of a full vehicle that meets no queue, as things are now."""
        return self._transit_days + sum(each.service_days for each in self.crossings)

    def expected(self, now: float) -> float:
        """The mean days that a full vehicle which started now would take, as posted."""
        days = self._transit_days
        if self._disrupted:
            days = sum(stage.expected(now) for stage in self._timed)
        for crossing in self.crossings:
            days += crossing.expected(now)
        return days


def _stage(name: str, lane: Lane, draws: Draws) -> Timed | Crossing:
    stages = [route.stages[name] for route in lane.routes]
    if isinstance(stages[0], Transit):
        return Timed(name, stages, lane, draws)  # type: ignore[arg-type]
    return Crossing(name, stages, lane, draws)  # type: ignore[arg-type]
