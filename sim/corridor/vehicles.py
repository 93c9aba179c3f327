"""Vehicles: what leaves on a timetable, travels, and hands over what it carried."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from itertools import count

import numpy as np

from sim.corridor.backlog import Backlog, Rows
from sim.corridor.clock import DEPARTURE, Clock, Steps
from sim.corridor.lanes import Lane
from sim.corridor.runs import Run
from sim.corridor.streams import Floats
from sim.corridor.timetable import NEVER, Stretch, Timetable


class Service:
    """The departures of one leg at work: who waits, what left with whom, when it arrives.

    Trips are numbered from 0 in the order of departure. Where nothing that happens on the way
    changes a trip, the day of its arrival is known when it leaves; else it is infinite until then.

    backlog: who waits, by level of boarding
    loads: how many of each level left on each trip so far [levels][trips]
    open_in: whether vehicles leave, by era: those of a closed route stay
    headway, rate: days between departures and containers a day, as they are now
    """

    def __init__(self, lane: Lane, place: int, backlog: Backlog) -> None:
        legs = [route.legs[place] for route in lane.routes]
        self.name = legs[0].name
        self.rank = DEPARTURE + place
        self.departures = [leg.departures for leg in legs]
        self.open_in = [route.is_open for route in lane.routes]
        self.timetable = Timetable(self._stretches(lane.way.days), lane.way.horizon)
        self.times = self.timetable.times
        names = [name for name, _ in legs[0].run]
        places = [each.capacity for each in self.departures]
        self.run = Run(lane, names, len(self.times), places)
        self.run.draw(slice(None), self.times)
        if self.run.crossings:
            self.arrivals = np.full(len(self.times), np.inf)
        else:
            self.arrivals = self.run.ends(slice(None), self.times)
        self.backlog = backlog
        self.loads: list[list[int]] = [[] for _ in backlog.queues]
        self.onward: Service | None = None
        self._coming: list[tuple[float, int, list[Rows]]] = []
        self._number = count()
        self.turn(0)

    def turn(self, era: int) -> None:
        """Let a phase begin."""
        now = self.departures[era]
        self.headway, self.rate = (
            (now.headway, now.rate) if self.open_in[era] else (NEVER, 1 / NEVER)
        )
        self.run.turn(era)

    @property
    def departed(self) -> int:
        """How many trips have left; the number of the next one."""
        return len(self.loads[0])

    def expect(self, arrival: float, aboard: list[Rows]) -> None:
        """Let containers come that a trip hands over, by level."""
        heappush(self._coming, (arrival, next(self._number), aboard))

    def receive(self, now: float) -> None:
        """Let those who have come by now join the queue."""
        while self._coming and self._coming[0][0] <= now:
            arrival, _, aboard = heappop(self._coming)
            for queue, who in zip(self.backlog.queues, aboard, strict=True):
                queue.join(who, arrival)

    def board(self, now: float) -> list[Rows]:
        """Load what waits, up to capacity; the containers that boarded, by level."""
        if self._coming:
            self.receive(now)
        room = self.timetable.capacities.item(self.departed)
        aboard = []
        for queue, loads in zip(self.backlog.queues, self.loads, strict=True):
            load = queue.board(now, room)
            loads.append(load)
            room -= load
            aboard.append(queue.who[queue.head - load : queue.head])
        return aboard

    def _stretches(self, days: Floats) -> list[Stretch]:
        """The timetable as the eras make it: one that changes begins anew."""
        found: list[Stretch] = []
        for each, is_open, day in zip(self.departures, self.open_in, days.tolist(), strict=True):
            headway = each.headway if is_open else math.inf
            if not found or found[-1][1:] != (headway, each.capacity):
                found.append(Stretch(day, headway, each.capacity))
        return found


def departures(clock: Clock, service: Service) -> Steps:
    """Depart on the timetable, empty or not, and let each trip run by itself.

    A trip that meets no queue needs no events: it is known when it arrives.
    """
    for number, moment in enumerate(service.times.tolist()):
        yield clock.at(moment, service.rank)
        aboard = service.board(moment)
        load = sum(map(len, aboard))
        if service.run.crossings:
            clock.follow(trip(clock, service, number, aboard, load))
        elif service.onward is not None and load:
            service.onward.expect(service.arrivals.item(number), aboard)


def trip(clock: Clock, service: Service, number: int, aboard: list[Rows], load: int) -> Steps:
    """Travel to the end of the leg and hand the containers over to the next departures."""
    arrival = yield from service.run.travel(clock, number, service.times.item(number), load)
    service.arrivals[number] = arrival
    if service.onward is not None and load:
        service.onward.expect(arrival, aboard)
