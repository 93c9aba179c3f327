"""Vehicles: what leaves on a timetable, travels, and hands over what it carried."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from sim.corridor.backlog import Backlog, Rows
from sim.corridor.clock import COMPLETION, DEPARTURE, Clock
from sim.corridor.streams import Floats, quantile, stream
from sim.scenario.routes import Leg

Process = Generator[simpy.Event, Any, None]


class Service:
    """The departures of one leg at work: who waits, what left with whom, when it arrives.

    Trips are numbered from 0 in the order of departure, and `loads` grows with them. Nothing that
    happens on the way changes a trip, so the day of its arrival is known when it leaves.
    """

    def __init__(
        self, route: str, place: int, leg: Leg, *, room: int, horizon: float, seed: int, rep: int
    ) -> None:
        departures = leg.departures
        self.rank = DEPARTURE + place
        self.name = leg.name
        self.capacity = departures.capacity
        self.headway = departures.headway
        self.rate = departures.rate
        self.transit_days = leg.transit_days
        self.yearly_capacity = departures.yearly_capacity
        self.times = timetable(departures.headway, horizon)
        self.arrivals = self.times.copy()
        for name, transit in leg.transits:
            random = stream(seed, rep, f"routes.{route}.stages.{name}")
            self.arrivals += quantile(transit.days, random.random(len(self.times)))
        self.backlog = Backlog(room)
        self.loads: list[int] = []
        self.onward: Service | None = None

    @property
    def next_departure(self) -> int:
        """The number of the departure that comes next, counted from 1 as in k × headway."""
        return len(self.loads) + 1

    def board(self, now: float) -> Rows:
        """Load what waits, up to capacity; the containers that boarded."""
        load = self.backlog.board(now, self.capacity)
        self.loads.append(load)
        return self.backlog.who[self.backlog.head - load : self.backlog.head]


def timetable(headway: float, horizon: float) -> Floats:
    """Departure k leaves at k × headway, k = 1, 2, …, before the horizon [days]."""
    times: Floats = np.arange(1, int(horizon / headway) + 2, dtype=float) * headway
    return times[times < horizon]


def departures(clock: Clock, service: Service) -> Process:
    """Depart on the timetable, empty or not, and let each trip run by itself."""
    moments = zip(service.times.tolist(), service.arrivals.tolist(), strict=True)
    for moment, arrival in moments:
        yield clock.at(moment, service.rank)
        aboard = service.board(moment)
        if service.onward is not None and len(aboard):
            clock.process(trip(clock, arrival, aboard, service.onward))


def trip(clock: Clock, arrival: float, aboard: Rows, onward: Service) -> Process:
    """Travel over the leg's transits and hand the containers over to the next departures.

    Only where there are some: of the last arrivals nobody takes notice, so they need no process.
    """
    yield clock.at(arrival, COMPLETION)
    onward.backlog.join(aboard, clock.now)
