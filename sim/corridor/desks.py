"""Booking desks: what a route posts to those who ask, and whom it has accepted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.corridor.streams import Floats, quantile, stream
from sim.corridor.vehicles import Service
from sim.scenario.model import Scenario
from sim.scenario.routes import Route

Counts = NDArray[np.int64]
Rows = NDArray[np.intp]


class Desk:
    """The booking desk of a route: what it posts, and whom it has accepted."""

    def __init__(self, name: str, route: Route, services: list[Service], own_days: OwnDays) -> None:
        self.name = name
        self.services = services
        self.own_days = own_days
        self.limit = route.max_wait_days
        self.refused: list[NDArray[np.intp]] = []
        self.accepted = 0
        self.approached = bool(route.approach)
        self.days_after_boarding = sum(service.transit_days for service in services[:1])

    @property
    def foresees(self) -> bool:
        """Whether its figures are exact and so do not depend on when they are posted.

        A timetable tells who leaves when, unless a queue further on is still to come.
        """
        return not self.services or (len(self.services) == 1 and not self.approached)

    @property
    def is_clear(self) -> bool:
        """Whether no queue further on will delay who books now and finds nobody else booking."""
        days = self.own_days.mean
        for number, service in enumerate(self.services):
            if number or self.approached:
                if (self.accepted - service.backlog.head) / service.rate > days:
                    return False
                days += service.headway / 2
            days += service.transit_days
        return True

    def accept(self, who: NDArray[np.intp], booked: Floats) -> None:
        """Let containers join the queue of the first departures, or move on their own."""
        self.accepted += len(who)
        if not self.services or not len(who):
            return
        backlog = self.services[0].backlog
        if self.approached:
            backlog.join_in_order(who, booked[who] + self.own_days.of(who))
        else:
            backlog.join(who, booked[who])

    def may_refuse(self, times: Floats, coming: int) -> bool:
        """Whether the wait of some of those coming might pass the limit; True when unsure."""
        if math.isinf(self.limit) or not self.services:
            return False
        if not self.foresees:
            return True
        service = self.services[0]
        behind_queue = (
            service.next_departure + (service.backlog.waiting + coming) / service.capacity
        )
        after_booking = times[-1] / service.headway + 1 + coming / service.capacity
        return bool(max(behind_queue, after_booking) * service.headway - times[0] > self.limit)


class Poster:
    """What a desk posts to the containers of a block that book at `times`, as things are now.

    places: those on the departures that open the route; None where other stages do
    """

    def __init__(self, desk: Desk, times: Floats) -> None:
        self._desk, self._times = desk, times
        opened = bool(desk.services) and not desk.approached
        self.places = Places(desk.services[0], times) if opened else None

    def post(self, ahead: Counts | None, wait: Floats, days: Floats) -> None:
        """Fill in wait and door-to-door days, with so many of the block before each container.

        None stands for nobody before any of them.
        """
        wait.fill(0)
        days.fill(self._desk.own_days.mean)
        for number, service in enumerate(self._desk.services):
            if number or self.places is None:
                here = self._wait_later(service, ahead, days)
            else:
                here = self.places.departure(self.places.taken(ahead))
                here -= self._times
            wait += here
            here += service.transit_days
            days += here

    def _wait_later(self, service: Service, ahead: Counts | None, days: Floats) -> Floats:
        """Days at a departures stage that is yet to be reached, `days` after booking.

        All of the route's containers that have not left from there are ahead.
        """
        before = self._desk.accepted - service.backlog.head + (0 if ahead is None else ahead)
        return np.maximum(before / service.rate - days, 0) + service.headway / 2


class Teller:
    """What a desk posts to one container after the other: the same figures as its poster's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ahead = 0
        self._free, self._place = 0, 0
        if desk.services:
            first = desk.services[0]
            self._free = first.next_departure * first.capacity + first.backlog.waiting

    def quote(self, time: float) -> tuple[float, float]:
        """Wait and door-to-door days of a container that books now."""
        desk, wait, days = self._desk, 0.0, self._desk.own_days.mean
        for number, service in enumerate(desk.services):
            if number or desk.approached:
                before = desk.accepted - service.backlog.head + self._ahead
                here = max(before / service.rate - days, 0.0) + service.headway / 2
            else:
                upcoming = int(service.times.searchsorted(time)) + 1
                self._place = max(self._free, upcoming * service.capacity)
                here = self._place // service.capacity * service.headway - time
            wait += here
            days += here + service.transit_days
        return wait, days

    def take(self) -> None:
        """The container that asked last comes here."""
        self._ahead += 1
        self._free = self._place + 1


class Places:
    """The numbered places on a timetable: departure k has k·c … k·c + c - 1.

    A container takes the first place that is neither taken nor left when it books.
    """

    def __init__(self, service: Service, times: Floats) -> None:
        upcoming, self._service = service.next_departure, service
        soon = service.times[upcoming - 1 : int(times[-1] / service.headway) + 2]
        self.free = upcoming * service.capacity + service.backlog.waiting
        self.first = _first_places(soon, times, upcoming, service.capacity)

    def taken(self, ahead: Counts | None) -> Counts:
        """The place of each container with `ahead` of its block before it, None for nobody."""
        if ahead is None:
            return np.maximum(self.first, self.free)
        unlost = np.maximum.accumulate(self.first - ahead)
        np.maximum(unlost, self.free, out=unlost)
        unlost += ahead
        return unlost

    def departure(self, places: Counts) -> Floats:
        """The days on which places leave."""
        return np.multiply(places // self._service.capacity, self._service.headway, dtype=float)

    def turned(self, times: Floats, patience: Floats, asks: Rows) -> Rows:
        """Which of the rows `asks` find no place that leaves within their patience [days].

        One after the other: who finds none leaves its place to the next. Where who comes later
        also accepts later departures (equal patience), the number of places taken follows
        x → min(max(x, first) + 1, beyond): a clamp, and clamps in a row are running extremes.
        """
        first, row = self.first[asks], np.arange(len(asks))
        beyond = np.floor((times[asks] + patience) / self._service.headway + 1)
        beyond *= self._service.capacity
        low = np.maximum(np.maximum.accumulate(first - row), self.free)
        if (row + low < beyond).all():
            return asks[:0]
        if (beyond[1:] < beyond[:-1]).any():
            return asks[self._without_place(first, beyond)]
        low[1:] = np.minimum(low[1:], np.minimum.accumulate(beyond - row)[:-1] - 1)
        return asks[row + low >= beyond]

    def _without_place(self, first: Counts, beyond: Floats) -> list[int]:
        """The same in a loop, by position."""
        free, without = self.free, []
        for number, (soonest, end) in enumerate(zip(first.tolist(), beyond.tolist(), strict=True)):
            place = soonest if soonest > free else free
            if place < end:
                free = place + 1
            else:
                without.append(number)
        return without


def _first_places(soon: Floats, times: Floats, upcoming: int, capacity: int) -> Counts:
    """The first place on the departure that each booking catches; it boards at the same instant."""
    left = np.concatenate([[0], times.searchsorted(soon, "right"), [len(times)]])
    return np.repeat(np.arange(upcoming, upcoming + len(soon) + 1) * capacity, np.diff(left))


class OwnDays:
    """The days that each container moves on its own, before departures or without them."""

    def __init__(self, scenario: Scenario, name: str, replication: int, containers: int) -> None:
        route = scenario.routes[name]
        self.mean = math.fsum(transit.days.mean for _, transit in route.approach)
        self._draws = [
            (
                transit.days,
                stream(scenario.run.seed, replication, f"routes.{name}.stages.{stage}").random(
                    containers
                ),
            )
            for stage, transit in route.approach
        ]

    def of(self, who: NDArray[Any]) -> Floats:
        """The days of some containers."""
        days: Floats = np.zeros(len(who))
        for distribution, u in self._draws:
            days += quantile(distribution, u[who])
        return days
