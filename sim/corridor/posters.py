"""What booking desks post to a block of containers: wait and door-to-door days, of all routes.

Ahead of a container are those that board before it or with it: of its own level, and of those
before that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.corridor.desks import Desk
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts
from sim.corridor.vehicles import Service

Levels = NDArray[np.int8] | None
"""Who boards first, None where all are alike [containers]."""


@dataclass(frozen=True)
class Posted:
    """What is posted to the containers of a block: arrays of [routes, containers], in days."""

    wait: Floats
    days: Floats


class Later(NamedTuple):
    """Departures that are yet to be reached: the days of their leg, and the least until there."""

    service: Service
    run_days: float
    there: float


class Outlook:
    """What a desk knows at one moment.

    opening: the departures that open its route; None where other stages do, or there are none
    before: days until the first departures, 0 where they open the route
    first_days: days of their leg
    later: all other departures, in order
    """

    def __init__(self, desk: Desk, now: float) -> None:
        self.desk = desk
        services = list(desk.services)
        self.opening = services.pop(0) if services and not desk.approached else None
        self.before = there = desk.approach.expected(now)
        self.first_days = 0.0 if self.opening is None else self.opening.run.expected(now)
        there += self.first_days
        self.later: list[Later] = []
        for service in services:
            self.later.append(Later(service, service.run.expected(now), there))
            there += service.headway / 2 + self.later[-1].run_days

    def free_place(self, level: int) -> int:
        """The first place on the timetable that is left for a level."""
        if self.opening is None:
            return 0
        upcoming = self.opening.timetable.first_place.item(self.opening.departed)
        return upcoming + self.opening.backlog.waiting(level)

    def not_left(self, service: Service, level: int) -> int:
        """Containers of the route that have not left from there and go before those of a level."""
        return self.desk.accepted_before(level) - service.backlog.boarded(level)

    def holds(self, coming: int, first_place: int) -> bool:
        """Whether so many more surely board the opening departures that they catch.

        first_place: the first on those that the first of them catches
        """
        if self.opening is None:
            return True
        room = self.opening.timetable.least_capacity
        return self.free_place(self.desk.levels.number - 1) + coming <= first_place + room

    def carries(self, coming: int, first_place: int) -> bool:
        """Whether so many more wait no longer, at any stage, than if each were first in line."""
        last = self.desk.levels.number - 1
        return self.holds(coming, first_place) and all(
            (self.not_left(service, last) + coming) / service.rate <= there
            for service, _, there in self.later
        )


def first_places(desks: Sequence[Desk], times: Floats) -> Counts:
    """The first place on the departures that containers catch, 0 where none open the route.

    Known beforehand, as timetables and bookings are [routes, containers].
    """
    places = np.zeros((len(desks), len(times)), np.int64)
    for desk, row in zip(desks, places, strict=True):
        if desk.services and not desk.approached:
            row[:] = desk.services[0].timetable.caught(times)
    return places


class Posters:
    """All desks of a direction on one moment, for containers that book at `times`.

    first: as `first_places` gives [routes, containers]
    """

    def __init__(
        self, desks: Sequence[Desk], opens: float, times: Floats, first: Counts, levels: Levels
    ) -> None:
        self.times, self.first, self._levels = times, first, levels
        self.each = [Outlook(desk, opens) for desk in desks]
        self.levels = range(desks[0].levels.number)
        self._free = [
            _column(each.free_place(level) for each in self.each) for level in self.levels
        ]
        self._timetables = [
            None if each.opening is None else each.opening.timetable for each in self.each
        ]
        even = [t.even if t is not None and t.is_even else None for t in self._timetables]
        self._capacity = _column(1 if each is None else each.capacity for each in even)
        self._headway = _column(0.0 if each is None else each.headway for each in even)
        self._odd = [row for row, each in enumerate(even) if each is None]
        self._before = _column(each.before for each in self.each)
        self._first_days = _column(each.first_days for each in self.each)
        depth = max(len(each.later) for each in self.each)
        self._later = [_Column(self.each, number, self.levels) for number in range(depth)]

    def post(self, ahead: Sequence[Counts] | None) -> Posted:
        """What is posted to each, with so many of the block ahead of it.

        ahead: by level, of each route [levels][routes, containers]; None for nobody
        """
        if self._levels is None:
            return self._post(0, None if ahead is None else ahead[0])
        parts = [self._post(n, None if ahead is None else ahead[n]) for n in self.levels]
        own = [self._levels == level for level in self.levels]
        return Posted(
            np.select(own, [part.wait for part in parts]),
            np.select(own, [part.days for part in parts]),
        )

    def _post(self, level: int, ahead: Counts | None) -> Posted:
        """The same for containers of one level."""
        wait = self._leave(self._taken(level, ahead)) - self.times
        for row in self._odd:
            if self._timetables[row] is None:
                wait[row] = 0
        days = wait + self._first_days
        days += self._before
        for later in self._later:
            before = later.before[level] if ahead is None else later.before[level] + ahead
            here = np.maximum(before / later.rate - days, 0)
            here += later.half_headway
            wait += here
            here += later.run_days
            days += here
        return Posted(wait, days)

    def _taken(self, level: int, ahead: Counts | None) -> Counts:
        """The numbered places that containers take: the first neither taken nor left."""
        if ahead is None:
            return np.maximum(self.first, self._free[level])
        unlost = np.maximum.accumulate(self.first - ahead, axis=1)
        np.maximum(unlost, self._free[level], out=unlost)
        unlost += ahead
        return unlost

    def _leave(self, places: Counts) -> Floats:
        """The days on which places leave."""
        days: Floats = np.multiply(places // self._capacity, self._headway, dtype=float)
        for row in self._odd:
            if (timetable := self._timetables[row]) is not None:
                days[row] = timetable.days(places[row])
        return days


class _Column:
    """The departures that are reached as the so-many-th later ones, of each route [routes, 1].

    A route without so many adds nothing.
    """

    def __init__(self, each: Sequence[Outlook], number: int, levels: Iterable[int]) -> None:
        here = [one.later[number] if number < len(one.later) else None for one in each]
        both = list(zip(each, here, strict=True))
        self.before = [
            _column(0 if at is None else one.not_left(at.service, level) for one, at in both)
            for level in levels
        ]
        self.rate = _column(np.inf if at is None else at.service.rate for at in here)
        self.half_headway = _column(0.0 if at is None else at.service.headway / 2 for at in here)
        self.run_days = _column(0.0 if at is None else at.run_days for at in here)


def _column(values: Iterable[float]) -> NDArray[np.float64]:
    return np.array(list(values)).reshape(-1, 1)


class Teller:
    """What a desk posts to one container after the other: the same figures as the posters'."""

    def __init__(self, outlook: Outlook) -> None:
        self._outlook = outlook
        levels = range(outlook.desk.levels.number)
        self._ahead = [0 for _ in levels]
        self._free = [outlook.free_place(level) for level in levels]

    def quote(self, time: float, first_place: int, level: int) -> tuple[float, float]:
        """Wait and door-to-door days of a container that books now."""
        outlook, wait = self._outlook, 0.0
        if outlook.opening is not None:
            place = max(self._free[level], first_place)
            wait = outlook.opening.timetable.day(place) - time
        days = outlook.before + (wait + outlook.first_days)
        for service, run_days, _ in outlook.later:
            before = outlook.not_left(service, level) + self._ahead[level]
            here = max(before / service.rate - days, 0.0) + service.headway / 2
            wait += here
            days += here + run_days
        return wait, days

    def take(self, first_place: int, level: int) -> None:
        """A container that has asked comes here."""
        for behind in range(level, len(self._ahead)):
            self._ahead[behind] += 1
            self._free[behind] = max(self._free[behind], first_place) + 1
