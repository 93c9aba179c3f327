"""Facilities: pools of servers that vehicles queue for.

A pool that serves first in first out with a fixed number of servers needs no queue of events: the
next vehicle starts when it is there and a server is free, whichever is later (Kiefer and Wolfowitz
1955). Others, and those that are disrupted, keep a queue.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from heapq import heappop, heappush, heapreplace
from itertools import count
from math import floor
from typing import NamedTuple

import simpy

from sim.corridor.clock import ADMISSION, COMPLETION, Clock
from sim.corridor.course import Course, Happening
from sim.corridor.disruptions import Disruptions, changes, left
from sim.results.observations import FacilityLog, Outage
from sim.scenario.model import Era


class Slot(NamedTuple):
    """When a service begins, when its server is free again, and which one it is.

    Servers have numbers where they fail by themselves; else all are 0.
    """

    begins: float
    frees: float
    server: int = 0


class Computed:
    """First in first out, a fixed number of servers: starts are computed on arrival."""

    def __init__(self, servers: int) -> None:
        self._servers = servers
        self._free: list[float] = []  # a heap: the day each server that ever served is free again
        self._starts: deque[float] = deque()

    def start(self, now: float, days: float, priority: int) -> Slot:  # noqa: ARG002
        """The slot of a vehicle that comes now and takes a server for so many days."""
        if len(self._free) < self._servers and (not self._free or self._free[0] > now):
            heappush(self._free, now + days)
            return Slot(now, now + days)
        begins = self._free[0]
        if begins > now:
            self._starts.append(begins)
        else:
            begins = now
        heapreplace(self._free, begins + days)
        return Slot(begins, begins + days)

    def queue(self, now: float) -> int:
        """Vehicles that wait: they have come, and their service has not begun."""
        starts = self._starts
        while starts and starts[0] <= now:
            starts.popleft()
        return len(starts)

    def pace(self, now: float) -> tuple[int, float]:  # noqa: ARG002
        """How many servers there are, and how many times as long as usual a service takes."""
        return self._servers, 1.0


class Staff(NamedTuple):
    """The servers of a pool through a whole replication.

    steps: how many there are from which day on
    course: what stops or slows all of them; own: each by itself, empty where none fails; where
        there are fewer than at other times, the last of them are not there
    """

    steps: Sequence[tuple[float, int]]
    course: Course | None = None
    own: Sequence[Course | None] = ()

    def at(self, day: float) -> int:
        """How many there are on a day."""
        return self.steps[bisect_right(self.steps, day, key=lambda step: step[0]) - 1][1]

    @property
    def reopenings(self) -> set[float]:
        """The days on which a vehicle that waits might be served at last."""
        courses = (self.course, *self.own)
        days = {span.end for course in courses if course for span in course.shut}
        return days | {day for day, _ in self.steps[1:]}


class Queued:
    """Vehicles in a queue, whoever came first; by priority the greater first, of equals likewise.

    Who is next is decided when all that happens at an instant has happened. A server that fails
    keeps the vehicle that it serves, which goes on where it was when the server works again.
    """

    def __init__(self, clock: Clock, staff: Staff, horizon: float, *, by_priority: bool) -> None:
        self._clock, self._staff, self._by_priority = clock, staff, by_priority
        self._busy = 0
        self._taken = [False] * len(staff.own)
        self._waiting: list[tuple[int, int, float, simpy.Event]] = []
        self._number = count()
        for day in sorted(staff.reopenings):
            if day < horizon:
                self._look_at(day)

    def start(self, now: float, days: float, priority: int) -> simpy.Event:
        """Join the queue: the event of taking a server, which tells the slot."""
        admitted = simpy.Event(self._clock)
        rank = -priority if self._by_priority else 0
        heappush(self._waiting, (rank, next(self._number), days, admitted))
        if self._busy < self._staff.at(now):  # else whoever frees a server looks
            self._look_at(now)
        return admitted

    def queue(self, now: float) -> int:  # noqa: ARG002
        """Vehicles that wait."""
        return len(self._waiting)

    def pace(self, now: float) -> tuple[int, float]:
        """The servers that there are, also if nothing starts now, and their pace."""
        course = self._staff.course
        return max(self._staff.at(now), 1), course.factor(now) if course else 1.0

    def _look_at(self, day: float) -> None:
        """Look who can be served, when all that happens on that day has happened."""
        self._clock.at(day, ADMISSION).callbacks.append(self._admit)

    def _admit(self, event: simpy.Event) -> None:  # noqa: ARG002
        now = self._clock.now
        if self._staff.course and self._staff.course.opens(now) > now:
            return
        servers = self._staff.at(now)
        while self._waiting and self._busy < servers and (server := self._free(now)) is not None:
            _, _, days, admitted = heappop(self._waiting)
            self._busy += 1
            frees = self._ends(now, days, server)
            self._clock.at(frees, COMPLETION).callbacks.append(partial(self._release, server))
            admitted.succeed(Slot(now, frees, server))

    def _free(self, now: float) -> int | None:
        """The first server that is there, works and serves nobody; None for none."""
        if not self._staff.own:
            return 0
        for server, course in enumerate(self._staff.own[: self._staff.at(now)]):
            if not self._taken[server] and (course is None or course.opens(now) == now):
                self._taken[server] = True
                return server
        return None

    def _ends(self, now: float, days: float, server: int) -> float:
        course = self._staff.own[server] if self._staff.own else self._staff.course
        return course.ends(now, days) if course else now + days

    def _release(self, server: int, event: simpy.Event) -> None:  # noqa: ARG002
        self._busy -= 1
        if self._taken:
            self._taken[server] = False
        if self._waiting:
            self._look_at(self._clock.now)


Pool = Computed | Queued
"""Servers of a facility, of both directions or of one."""


class Pools:
    """Every facility's servers.

    logs: how many servers each has from which day on, and when they are out of order
    """

    def __init__(
        self,
        clock: Clock,
        eras: Sequence[Era],
        directions: Iterable[str | None],
        disruptions: Disruptions,
    ) -> None:
        self._pools: dict[tuple[str, str | None], Pool] = {}
        self.logs: list[FacilityLog] = []
        horizon = eras[0].scenario.run.horizon
        for name, facility in eras[0].scenario.facilities.items():
            by_priority = facility.discipline == "priority"
            steps = _steps(name, eras, list(disruptions.of_facility(name).values()))
            for direction in directions if facility.each_way else [None]:
                staff, outages = _staff(name, direction, steps, disruptions)
                self.logs.append(FacilityLog(name, direction, tuple(steps), tuple(outages)))
                queued = by_priority or len(steps) > 1 or staff.course or staff.own
                self._pools[name, direction] = (
                    Queued(clock, staff, horizon, by_priority=by_priority)
                    if queued
                    else Computed(steps[0][1])
                )

    def pool(self, facility: str, direction: str | None) -> Pool:
        """The servers that vehicles of one direction queue for."""
        return self._pools.get((facility, direction)) or self._pools[facility, None]


def _steps(
    name: str, eras: Sequence[Era], happenings: Sequence[Happening]
) -> list[tuple[float, int]]:
    """How many servers a facility has from which day on, as phases and disruptions have it."""
    days = sorted({era.day for era in eras} | set(changes(happenings)))
    found: list[tuple[float, int]] = []
    for day, part in zip(days, left(happenings, days), strict=True):
        era = eras[bisect_right(eras, day, key=lambda era: era.day) - 1]
        said = era.scenario.facilities[name].servers
        servers = floor(said * part + 1e-9)
        if not found or found[-1][1] != servers:
            found.append((day, servers))
    return found


def _staff(
    name: str,
    direction: str | None,
    steps: Sequence[tuple[float, int]],
    disruptions: Disruptions,
) -> tuple[Staff, list[Outage]]:
    """The servers of a pool, and when they are out of order."""
    whole = disruptions.of_facility(name)
    outages = [
        Outage(first, end, None, said.holds, disruption)
        for disruption, (said, spans) in whole.items()
        for first, end in spans
        if said.effect == "closed"
    ]
    most = max(servers for _, servers in steps)
    single = [disruptions.of_server(name, direction, server) for server in range(most)]
    own = []
    if any(single):
        own = [Course.of([*whole.values(), *some.values()]) for some in single]
    outages += [
        Outage(first, end, server, True, disruption)
        for server, some in enumerate(single)
        for disruption, each in some.items()
        for first, end in each.spans
    ]
    return Staff(steps, Course.of(whole.values()), own), outages
