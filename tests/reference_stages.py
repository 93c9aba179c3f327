"""The plain model's stages: transit, departures, facilities.

A stage has `adopt(spec)` for what holds from now on. What trips run over, transits and
facilities, can `draw` how long they take and let a vehicle `go` through.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import numpy as np
import simpy
from reference_chance import chance, days_under_way
from reference_clock import ADMISSION, COMPLETION, DEPARTURE, YEAR, Clock, Level, Process
from reference_document import Spec
from reference_quotas import Quota
from simpy.events import EventPriority

HOURS = 24


class Between(Protocol):
    """What trips run over."""

    def draw(self, load: int) -> float: ...
    def go(self, days: float) -> Process: ...
    def posted(self, load: int) -> float:
        """What it adds to the time of a booker's full vehicle, as things are now [days]."""


class Trip:
    """One vehicle's run: all times are drawn when it leaves, and all aboard share them."""

    def __init__(self, run: Sequence[Between], load: int) -> None:
        self.times = [(stage, stage.draw(load)) for stage in run]

    def ride(self) -> Process:
        for stage, days in self.times:
            yield from stage.go(days)


class Transit:
    """A stage that only takes time."""

    def __init__(self, clock: Clock, rng: np.random.Generator) -> None:
        self.clock, self.rng = clock, rng

    def adopt(self, spec: Spec) -> None:
        self.days = days_under_way(spec, self.rng)

    def draw(self, load: int) -> float:  # noqa: ARG002 - a full train is as fast
        return self.days.draw()

    def go(self, days: float) -> Process:
        yield self.clock.at(self.clock.now + days, COMPLETION)

    def posted(self, load: int) -> float:  # noqa: ARG002
        return self.days.mean


class Pool:
    """Servers and the vehicles that queue for one."""

    def __init__(self, clock: Clock, facility: Spec) -> None:
        self.clock = clock
        self.by_priority = facility.get("discipline") == "priority"
        self.servers, self.busy = Level(clock), Level(clock)
        self.waiting: list[tuple[int, float, simpy.Event]] = []  # priority, arrival, admission
        self.starts: list[tuple[float, float]] = []  # when a vehicle was admitted; its queueing

    def adopt(self, servers: int) -> None:
        self.servers.change(servers - self.servers.value)
        self.call()

    def queue(self, priority: int) -> simpy.Event:
        """The event of being admitted to a server."""
        admission = simpy.Event(self.clock)
        self.waiting.append((priority, self.clock.now, admission))
        self.call()
        return admission

    def hold(self, days: float) -> simpy.Event:
        """The event of a server coming free again, that many days from now."""
        done = self.clock.at(self.clock.now + days, COMPLETION)
        assert done.callbacks is not None
        done.callbacks.append(self.release)
        return done

    def release(self, _: simpy.Event) -> None:
        self.busy.change(-1)
        self.call()

    def call(self) -> None:
        """Admit now; by priority, once all who arrive at this instant are here."""
        if not self.by_priority:
            self.admit()
            return
        later = self.clock.at(self.clock.now, ADMISSION)
        assert later.callbacks is not None
        later.callbacks.append(lambda _: self.admit())

    def admit(self) -> None:
        while self.waiting and self.busy.value < self.servers.value:
            place = 0  # of equals `max` takes the first
            if self.by_priority:
                place = max(range(len(self.waiting)), key=lambda n: self.waiting[n][0])
            _, since, admission = self.waiting.pop(place)
            self.starts.append((self.clock.now, self.clock.now - since))
            self.busy.change(+1)
            admission.succeed()


class Facility:
    """A pool as one route goes through it."""

    def __init__(self, pool: Pool, priority: int, rng: np.random.Generator) -> None:
        self.pool, self.priority, self.rng = pool, priority, rng

    def adopt(self, facility: Spec) -> None:
        self.goes_on = "headway_hours" in facility  # and its server stays taken
        hours = facility["headway_hours" if self.goes_on else "service_hours"]
        self.holding = chance(hours, self.rng).times(1 / HOURS)
        self.a_container: float = facility.get("hours_per_container", 0) / HOURS

    def draw(self, load: int) -> float:
        return self.holding.draw() + self.a_container * load

    def go(self, days: float) -> Process:
        yield self.pool.queue(self.priority)
        done = self.pool.hold(days)
        if not self.goes_on:
            yield done

    def posted(self, load: int) -> float:
        holding = self.holding.mean + self.a_container * load
        queueing = len(self.pool.waiting) * holding / self.pool.servers.value
        return queueing + (0 if self.goes_on else holding)


@dataclass
class Timetable:
    """Departure k leaves k headways after it begins, none after its last day."""

    begins: float
    headway: float
    capacity: int
    last: float = math.inf
    departed: int = 0

    @property
    def rate(self) -> float:
        """Containers a day."""
        return self.capacity / self.headway

    def day(self, ahead: int) -> float:
        """When the vehicle leaves that so many others leave before, or would have left."""
        return self.begins + (self.departed + 1 + ahead) * self.headway

    @property
    def to_come(self) -> int:
        """Vehicles that still leave."""
        return next(ahead for ahead in count() if self.day(ahead) > self.last)


class Departures:
    """A stage with its timetables, one after the other, and the containers that wait for it.

    Those of the greater priority board first; among equals, who is ready first.
    """

    def __init__(
        self,
        clock: Clock,
        place: int,
        run: Sequence[Between],
        backlog: Level,
        tables: list[Timetable],
        quota: Quota | None,
    ) -> None:
        self.clock, self.run, self.backlog, self.tables = clock, run, backlog, tables
        self.priority, self.quota = EventPriority(DEPARTURE + place), quota
        self.queues: dict[int, deque[simpy.Event]] = {}
        self.boarded: Counter[int] = Counter()  # by priority
        self.left: list[tuple[float, int, int]] = []  # of each vehicle: day, load, capacity
        clock.process(self.keep())

    @property
    def table(self) -> Timetable:
        """The one that holds now."""
        return [table for table in self.tables if table.begins <= self.clock.now][-1]

    def keep(self) -> Process:
        """Vehicles leave, full or empty."""
        for table in self.tables:
            while (day := table.day(0)) <= table.last:
                yield self.clock.at(day, self.priority)
                table.departed += 1
                self.depart(table.capacity)

    def depart(self, capacity: int) -> None:
        arrival = simpy.Event(self.clock)
        load = 0
        for priority in sorted(self.queues, reverse=True):
            queue = self.queues[priority]
            while queue and load < capacity:
                queue.popleft().succeed(arrival)
                self.boarded[priority] += 1
                load += 1
        self.backlog.change(-load)
        self.left.append((self.clock.now, load, capacity))
        self.clock.process(self.trip(Trip(self.run, load), arrival))

    def trip(self, trip: Trip, arrival: simpy.Event) -> Process:
        yield from trip.ride()
        arrival.succeed()

    def join(self, priority: int) -> simpy.Event:
        """The event of boarding; its value is the event of arriving."""
        boarding = simpy.Event(self.clock)
        self.queues.setdefault(priority, deque()).append(boarding)
        self.backlog.change(+1)
        return boarding

    def wait_from_now(self, priority: int) -> float:
        """Time to the departure that would take one who joins now, behind those not below it.

        Timetables that are to come are known.
        """
        ahead = sum(len(queue) for p, queue in self.queues.items() if p >= priority)
        for table in self.tables:
            day = table.day(ahead // table.capacity)
            if day <= table.last:
                return day - self.clock.now
            ahead -= table.to_come * table.capacity
        raise AssertionError("the last timetable has no end")

    def wait_on_arrival(
        self, priority: int, booked: Counter[int], time_to_get_there: float
    ) -> float:
        """The same for one who arrives later, when some of the `booked` ahead will have left."""
        ahead = sum(n - self.boarded[p] for p, n in booked.items() if p >= priority)
        return max(0.0, ahead / self.table.rate - time_to_get_there) + self.table.headway / 2


def timetables(specs: Iterable[tuple[float, Spec, bool]]) -> list[Timetable]:
    """From what holds from some day on, and whether anything runs: one that changes begins anew."""
    found: list[Timetable] = []
    for day, spec, runs in specs:
        spacing, capacity = headway(spec) if runs else math.inf, spec["capacity"]
        if found and (found[-1].headway, found[-1].capacity) == (spacing, capacity):
            continue
        if found:
            found[-1].last = day
        found.append(Timetable(day, spacing, capacity))
    return found


def headway(spec: Spec) -> float:
    """Days between departures, infinite where there are none."""
    if "every_days" in spec:
        return float(spec["every_days"])
    if "per_day" in spec:
        return 1 / float(spec["per_day"]) if spec["per_day"] else math.inf
    yearly = float(spec["annual_capacity"])
    return YEAR * float(spec["capacity"]) / yearly if yearly else math.inf
