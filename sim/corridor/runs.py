"""Runs: what trips go through between departures, and containers that move on their own."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import simpy

from sim.corridor.clock import COMPLETION, Clock
from sim.corridor.lanes import Lane, Rows, by_era
from sim.corridor.streams import Floats
from sim.scenario.network import HOURS_A_DAY
from sim.scenario.stages import FacilityStage, Transit


class Timed:
    """A transit on a run: `days` that each trip takes [trips]."""

    def __init__(self, name: str, stages: Sequence[Transit], lane: Lane, trips: int) -> None:
        self.name = name
        self.durations = [stage.duration for stage in stages]
        self.days = np.empty(trips)
        self._u = lane.stream(name).random(trips)

    def draw(self, trips: Rows | slice, eras: Rows) -> None:
        """Draw for some trips, each as in its era."""
        self.days[trips] = by_era(self.durations, eras, self._u[trips])


class Crossing:
    """A facility stage on a run.

    holding: days that each trip holds a server, without what its containers add [trips]
    entered, started: when each came and when its service began, infinite until then [trips]
    """

    def __init__(self, name: str, stages: Sequence[FacilityStage], lane: Lane, trips: int) -> None:
        self.name, self.facility = name, stages[0].facility
        self._facilities = [each.facilities[self.facility] for each in lane.way.scenarios]
        self.passes = self._facilities[0].headway_hours is not None
        self.pool = lane.way.pools.pool(self.facility, lane.way.direction)
        self.priority = lane.routes[0].priority
        self.holding = np.empty(trips)
        self.a_container = np.empty(trips)
        self.entered = np.full(trips, np.inf)
        self.started = np.full(trips, np.inf)
        self._u = lane.stream(name).random(trips)

    def draw(self, trips: Rows | slice, eras: Rows) -> None:
        """Draw for some trips, each as in its era."""
        hours = by_era([each.holding_hours for each in self._facilities], eras, self._u[trips])
        self.holding[trips] = hours / HOURS_A_DAY
        more = by_era([each.hours_per_container for each in self._facilities], eras)
        self.a_container[trips] = more / HOURS_A_DAY

    def enter(self, trip: int, now: float, load: int) -> float | simpy.Event:
        """Ask for a server: the day on which service begins, or an event that tells it then."""
        days = self.holding.item(trip) + self.a_container.item(trip) * load
        self.holding[trip] = days
        self.entered[trip] = now
        return self.pool.start(now, days, self.priority)

    def leave(self, trip: int, begins: float) -> float:
        """Be served from a day on, and go on: the day of that."""
        self.started[trip] = begins
        return begins if self.passes else begins + self.holding.item(trip)

    def turn(self, era: int, load: int) -> None:
        """Let a phase begin, in which full vehicles carry so much."""
        self._holding_days = self._facilities[era].holding_days(load)
        self._service_days = self._facilities[era].service_days(load)

    def expected(self, now: float) -> float:
        """Days that a full vehicle that came now would expect to spend: the queue, and service."""
        return self.pool.queue(now) * self._holding_days / self.pool.servers + self._service_days


Stepping = Generator[simpy.Event, Any, float]
"""Goes on in time, and returns the day on which it is through."""


class Run:
    """The stages of one leg, or those before the first departures, in order.

    Trips are numbered from 0: those of a departures stage, or containers on their own. `load` is
    what a full vehicle carries.
    """

    def __init__(self, lane: Lane, names: Sequence[str], trips: int, loads: Sequence[int]) -> None:
        self._lane, self._loads = lane, loads
        self.stages = [_stage(name, lane, trips) for name in names]
        self.crossings = [stage for stage in self.stages if isinstance(stage, Crossing)]
        self.turn(0)

    def draw(self, trips: Rows | slice, starts: Floats) -> None:
        """Draw for some trips that start at those moments."""
        eras = self._lane.way.eras_of(starts)
        for stage in self.stages:
            stage.draw(trips, eras)

    def ends(self, trips: Rows | slice, starts: Floats) -> Floats:
        """When some trips are through, where nothing is in their way."""
        ends = starts.copy()
        for stage in self.stages:
            assert isinstance(stage, Timed), "a queue decides when a trip with crossings ends"
            ends += stage.days[trips]
        return ends

    def travel(self, clock: Clock, trip: int, now: float, load: int) -> Stepping:
        """Go through all stages; the day on which the trip is through."""
        for stage in self.stages:
            if isinstance(stage, Timed):
                now += stage.days.item(trip)
            else:
                yield clock.at(now, COMPLETION)
                begins = stage.enter(trip, now, load)
                now = stage.leave(
                    trip, (yield begins) if isinstance(begins, simpy.Event) else begins
                )
        return now

    def turn(self, era: int) -> None:
        """Let a phase begin."""
        timed = [stage for stage in self.stages if isinstance(stage, Timed)]
        self._transit_days = sum(stage.durations[era].mean for stage in timed)
        for crossing in self.crossings:
            crossing.turn(era, self._loads[era])

    def expected(self, now: float) -> float:
        """The mean days that a full vehicle which started now would take, as posted."""
        days = self._transit_days
        for crossing in self.crossings:
            days += crossing.expected(now)
        return days


def _stage(name: str, lane: Lane, trips: int) -> Timed | Crossing:
    stages = [route.stages[name] for route in lane.routes]
    if isinstance(stages[0], Transit):
        return Timed(name, stages, lane, trips)  # type: ignore[arg-type]
    return Crossing(name, stages, lane, trips)  # type: ignore[arg-type]
