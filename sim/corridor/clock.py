"""SimPy's environment with exact times: events at computed moments, in the order of their rank.

SimPy schedules by delay, and `now + (t - now)` need not be `t`. A timetable must not drift, and
who is ready at the instant of departure boards: so moments are given, not added up.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from functools import partial
from heapq import heappush
from typing import Any, Final

import simpy

from sim.errors import SimulationError

PHASE: Final = 0
COMPLETION: Final = 1
ADMISSION: Final = 2
BOOKING: Final = 3
DEPARTURE: Final = 4
"""Ranks at one instant: a phase begins, vehicles come through and are through, queues move up,
then bookings, then departures, each route's in its order."""

MOST_EVENTS_AT_ONCE = 1_000_000

Steps = Generator[simpy.Event, Any, None]
"""What goes on in time: it waits for the events that it yields."""


class Clock(simpy.Environment):
    """Days from 0; processes wait for moments with `at`."""

    def at(self, moment: float, rank: int) -> simpy.Event:
        """The event of reaching a moment. Raises SimulationError unless it is still to come."""
        if not self._now <= moment < math.inf:  # SimPy would run backwards, or for ever, on nan
            raise SimulationError(f"an event at day {moment} was asked for at day {self._now}")
        event = simpy.Event(self)
        event._ok = True
        event._value = None
        heappush(self._queue, (moment, rank, next(self._eid), event))  # type: ignore[misc]
        return event

    def follow(self, steps: Steps) -> None:
        """Let steps go on, at once and then after each event that they wait for.

        As SimPy's `process`, without its events of beginning and ending: nobody interrupts a trip,
        or waits for it, and no event of ours fails.
        """
        _go_on(steps, None)

    def run_to(self, horizon: float) -> None:
        """Let everything before the horizon happen; what falls on it does not.

        Raises SimulationError when events follow each other without time passing.
        """
        queue, step, day, events = self._queue, self.step, -math.inf, 0
        while queue and (moment := queue[0][0]) < horizon:
            events = events + 1 if moment == day else 0
            if events > MOST_EVENTS_AT_ONCE:
                raise SimulationError(f"no progress in time after {events} events at day {day}")
            day = moment
            step()
        for *_, event in queue:  # frees what suspended processes hold now, not at some collection
            event.callbacks.clear()
        queue.clear()


def _go_on(steps: Steps, event: simpy.Event | None) -> None:
    try:
        following = steps.send(None if event is None else event._value)
    except StopIteration:
        return
    following.callbacks.append(partial(_go_on, steps))
