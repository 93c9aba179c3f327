"""Dispatch: when the vehicles of a departures stage leave."""

from __future__ import annotations

import math

import numpy as np
import simpy

from sim.corridor.clock import PHASE, Clock, Steps
from sim.corridor.vehicles import Service


def dispatch(clock: Clock, service: Service, horizon: float) -> None:
    """Let the vehicles of a stage leave through the whole replication."""
    if service.timetable is None:
        WhenFull(clock, service, horizon)
    elif service.fleet is None:
        clock.follow(_on_time(clock, service))
    else:
        clock.follow(_when_there(clock, service))


def _on_time(clock: Clock, service: Service) -> Steps:
    """Depart on the timetable."""
    for moment in service.times.tolist():
        yield clock.at(moment, service.rank)
        service.depart(clock)


def _when_there(clock: Clock, service: Service) -> Steps:
    """Depart on the timetable, one after the other, each as soon as a vehicle is there."""
    fleet, timetable = service.fleet, service.timetable
    assert fleet is not None, "without one all are on time"
    assert timetable is not None, "there is one"
    for moment in timetable.times.tolist():
        yield clock.at(max(moment, clock.now), service.rank)
        while not fleet.take(service.direction):
            yield fleet.next(service.direction)
            yield clock.at(clock.now, service.rank)  # who comes at this instant boards
        if clock.now > moment:  # what leaves on time is on the timetable because it is open
            yield clock.at(service.opens(clock.now), service.rank)
        service.depart(clock)


class WhenFull:
    """Vehicles that leave when as many wait as one takes, or one has waited as long as they hold.

    Looks again whenever somebody joins the queue, and when a vehicle is there.
    """

    def __init__(self, clock: Clock, service: Service, horizon: float) -> None:
        self._clock, self._service = clock, service
        self._next = math.inf  # the earliest day on which this looks again by itself
        self._asked = False
        service.stir = self._look_ahead
        for day in service.changes:
            if day < horizon:
                clock.at(day, PHASE).callbacks.append(lambda _: self._look_ahead())

    def _look_ahead(self) -> None:
        """Look when the next vehicle is due, as far as is known now."""
        due = max(self._due(), self._clock.now)
        if due < self._next and due < math.inf:
            self._next = due
            self._clock.at(due, self._service.rank).callbacks.append(self._look)

    def _due(self) -> float:
        """When enough are ready, or the first has waited long enough; with a vehicle or without."""
        service, queues = self._service, self._service.backlog.queues
        now = self._clock.now
        room = service.room(now)
        if not (service.is_open and room):
            return math.inf
        waiting = [queue.since[queue.head : min(queue.tail, queue.head + room)] for queue in queues]
        first = min((each.item(0) for each in waiting if len(each)), default=math.inf)
        due = first + service.hold
        ready = waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
        if len(ready) >= room:
            due = min(due, float(np.partition(ready, room - 1)[room - 1]))
        return service.opens(max(due, now))

    def _look(self, event: simpy.Event) -> None:  # noqa: ARG002
        """Let a vehicle leave if one is due and there."""
        now, fleet = self._clock.now, self._service.fleet
        if now >= self._next:
            self._next = math.inf
        if self._due() <= now:
            if fleet is not None and not fleet.take(self._service.direction):
                if not self._asked:
                    self._asked = True
                    fleet.next(self._service.direction).callbacks.append(self._vehicle_is_there)
                return
            self._service.depart(self._clock)
        self._look_ahead()

    def _vehicle_is_there(self, event: simpy.Event) -> None:  # noqa: ARG002
        self._asked = False
        self._look_ahead()
