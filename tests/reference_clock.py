"""Time in the plain model: SimPy's clock, what happens first at one instant, averages over time."""

from __future__ import annotations

import heapq
from collections.abc import Generator
from typing import Any

import simpy
from simpy.events import NORMAL, EventPriority

YEAR = 365.0

# What happens first at one instant. A departures stage adds its place in the route: who gets
# from one to the next in no time is ready there at that instant, and boards.
PHASE, COMPLETION, ADMISSION, POSTING, BOOKING = (
    EventPriority(-1),
    NORMAL,
    EventPriority(2),
    EventPriority(3),
    EventPriority(4),
)
DEPARTURE = 5

Process = Generator[simpy.Event, Any, None]


class Clock(simpy.Environment):
    """SimPy's clock; it also knows the measured window [opens, closes), where the run ends."""

    def __init__(self, warmup_days: float = 120, days: float = 365, **_: Any) -> None:
        super().__init__()
        self.opens, self.days, self.closes = warmup_days, days, warmup_days + days

    def at(self, time: float, priority: EventPriority) -> simpy.Event:
        """An event at exactly `time`.

        `schedule` takes a delay, and now + (time - now) may miss `time` by the last bit: enough
        to miss a vehicle that leaves at that instant.
        """
        event = simpy.Event(self)
        event._ok, event._value = True, None
        heapq.heappush(self._queue, (time, priority, next(self._eid), event))
        return event


class Level:
    """How many there are now, and the exact time average over the measured window."""

    def __init__(self, clock: Clock, value: int = 0) -> None:
        self.clock, self.value, self.area, self.since = clock, value, 0.0, 0.0

    def change(self, by: int) -> None:
        now = self.clock.now
        if now > self.clock.opens:
            self.area += self.value * (now - max(self.since, self.clock.opens))
        self.since = now
        self.value += by

    def mean(self) -> float:
        self.change(0)
        return self.area / self.clock.days
