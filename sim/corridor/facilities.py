"""Facilities: pools of servers that vehicles queue for.

A pool that serves first in first out with a fixed number of servers needs no queue of events: the
next vehicle starts when it is there and a server is free, whichever is later (Kiefer and Wolfowitz
1955). Others keep a queue. Both hold a server for exactly the time that is asked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush, heapreplace
from itertools import count
from typing import Any, Protocol

import simpy

from sim.corridor.clock import ADMISSION, COMPLETION, Clock
from sim.scenario.model import Era


class Pool(Protocol):
    """Servers of a facility, of both directions or of one.

    servers: how many there are now
    """

    servers: int

    def start(self, now: float, days: float, priority: int) -> float | simpy.Event:
        """Take a server for so many days, as soon as there is one.

        The day on which the service begins, or an event that tells it then.
        """
        ...

    def queue(self, now: float) -> int:
        """Vehicles that wait."""
        ...


class Computed:
    """First in first out, a fixed number of servers: starts are computed on arrival."""

    def __init__(self, servers: int) -> None:
        self.servers = servers
        self._free = [0.0] * servers  # a heap: the day each server is free again
        self._starts: deque[float] = deque()

    def start(self, now: float, days: float, priority: int) -> float:  # noqa: ARG002
        """The day on which the service of a vehicle that comes now begins."""
        begins = self._free[0]
        if begins > now:
            self._starts.append(begins)
        else:
            begins = now
        heapreplace(self._free, begins + days)
        return begins

    def queue(self, now: float) -> int:
        """Vehicles that wait: they have come, and their service has not begun."""
        starts = self._starts
        while starts and starts[0] <= now:
            starts.popleft()
        return len(starts)


class Queued:
    """Vehicles in a queue, whoever came first; by priority the greater first, of equals likewise.

    Who is next is decided when all that happens at an instant has happened.
    """

    def __init__(self, clock: Clock, servers: int, *, by_priority: bool) -> None:
        self._clock, self.servers, self._by_priority = clock, servers, by_priority
        self._busy = 0
        self._waiting: list[tuple[int, int, float, simpy.Event]] = []
        self._number = count()

    def start(self, now: float, days: float, priority: int) -> simpy.Event:
        """Join the queue; the event of taking a server."""
        admitted = simpy.Event(self._clock)
        rank = -priority if self._by_priority else 0
        heappush(self._waiting, (rank, next(self._number), days, admitted))
        self.admit_at(now)
        return admitted

    def queue(self, now: float) -> int:  # noqa: ARG002
        """Vehicles that wait."""
        return len(self._waiting)

    def admit_at(self, now: float) -> None:
        """Look who can be served, when all that happens now has happened."""
        self._on(self._clock.at(now, ADMISSION), self._admit)

    def _admit(self, event: simpy.Event) -> None:  # noqa: ARG002
        while self._waiting and self._busy < self.servers:
            _, _, days, admitted = heappop(self._waiting)
            self._busy += 1
            self._on(self._clock.at(self._clock.now + days, COMPLETION), self._release)
            admitted.succeed(self._clock.now)

    def _release(self, event: simpy.Event) -> None:  # noqa: ARG002
        self._busy -= 1
        self.admit_at(self._clock.now)

    @staticmethod
    def _on(event: simpy.Event, act: Any) -> None:
        event.callbacks.append(act)


class Pools:
    """Every facility's servers, and how their number changes."""

    def __init__(self, clock: Clock, eras: Sequence[Era], directions: Iterable[str | None]) -> None:
        self._pools: dict[tuple[str, str | None], Pool] = {}
        for name, facility in eras[0].scenario.facilities.items():
            servers = [era.scenario.facilities[name].servers for era in eras]
            by_priority = facility.discipline == "priority"
            for direction in directions if facility.each_way else [None]:
                self._pools[name, direction] = (
                    Queued(clock, servers[0], by_priority=by_priority)
                    if by_priority or len(set(servers)) > 1
                    else Computed(servers[0])
                )

    def pool(self, facility: str, direction: str | None) -> Pool:
        """The servers that vehicles of one direction queue for."""
        own = (facility, direction)
        return self._pools[own if own in self._pools else (facility, None)]

    def turn(self, era: Era) -> None:
        """Let a phase begin."""
        for (name, _), pool in self._pools.items():
            pool.servers = era.scenario.facilities[name].servers
            if isinstance(pool, Queued):
                pool.admit_at(era.day)
