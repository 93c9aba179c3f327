"""What booking desks post: wait and door-to-door days, to a block at once or one after the other.

Ahead of a container are those that board before it or with it: of its own level, and of those
before that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.corridor.desks import Desk
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts
from sim.corridor.vehicles import Service

Ahead = Sequence[Counts] | None
"""For each level, how many of a block that board before it or with it come before each container
[levels][containers]; None for nobody."""


@dataclass(frozen=True, eq=False)
class Catch:
    """The departures that containers catch when they book: known beforehand, like both timetables.

    first: the first place on them, None where no departures open the route [routes][containers]
    waits: days until they leave, 0 where none do [routes, containers]
    """

    first: Sequence[Counts | None]
    waits: Floats

    @classmethod
    def at(cls, desks: Sequence[Desk], times: Floats) -> Catch:
        """Those of containers that book at some times."""
        first: list[Counts | None] = []
        waits = np.zeros((len(desks), len(times)))
        for desk, wait in zip(desks, waits, strict=True):
            if not desk.services or desk.approached:
                first.append(None)
                continue
            timetable = desk.services[0].timetable
            first.append(places := timetable.caught(times))
            np.subtract(timetable.days(places), times, out=wait)
        return cls(first, waits)

    def of(self, rows: slice) -> Catch:
        """Those of some containers."""
        some = [None if first is None else first[rows] for first in self.first]
        return Catch(some, self.waits[:, rows])


class Poster:
    """What a desk posts to the containers of a block that book at `times`, as things are now.

    run_days: days posted from boarding to the next departures, or to the end, for each service
    places: those on the departures that open the route, of all levels; None where others do
    later: departures that are yet to be reached, and the least days until there
    """

    def __init__(
        self,
        desk: Desk,
        opens: float,
        times: Floats,
        levels: NDArray[np.int8] | None,
        caught: tuple[Counts | None, Floats],
    ) -> None:
        self.desk, self.times = desk, times
        self.first, self.caught_wait = caught
        self.approach_days = desk.approach.expected(opens)
        self.run_days = [service.run.expected(opens) for service in desk.services]
        self._levels = levels
        self.later = later_departures(desk, self.run_days, self.approach_days)
        self._views = [_View(self, level) for level in range(desk.levels.number)]
        self.places = self._views[-1].places
        self._alone: tuple[Floats, Floats] | None = None

    def not_left(self, service: Service) -> int:
        """Containers of the route that have not left from some departures."""
        return _not_left(self.desk, service, self.desk.levels.number - 1)

    def carries(self, coming: int) -> bool:
        """Whether so many more wait no longer than if each were first in line."""
        places = self.places
        if places is not None:
            room = places.first.item(0) + places.timetable.least_capacity
            if places.free + coming > room:
                return False
        return all(
            (self.not_left(service) + coming) / service.rate <= there
            for service, there in self.later
        )

    def post(self, ahead: Ahead, wait: Floats, days: Floats) -> None:
        """Fill in wait and door-to-door days, with so many of the block before each container."""
        if self._alone is not None:  # whoever comes, it changes nothing
            wait[:], days[:] = self._alone
            return
        self._post(ahead, wait, days)
        if ahead is None and self.carries(len(wait)):
            self._alone = wait, days

    def _post(self, ahead: Ahead, wait: Floats, days: Floats) -> None:
        if self._levels is None:
            self._views[0].post(ahead, wait, days)
            return
        for level, view in enumerate(self._views):
            own = self._levels == level
            theirs = np.empty((2, len(wait)))
            view.post(ahead, *theirs)
            wait[own], days[own] = theirs[:, own]


class _View:
    """What a desk posts to containers of one level."""

    def __init__(self, poster: Poster, level: int) -> None:
        self._poster, self._level = poster, level
        desk = poster.desk
        first = poster.first
        self.places = None if first is None else Places(desk.services[0], level, first)

    def post(self, ahead: Ahead, wait: Floats, days: Floats) -> None:
        before = None if ahead is None else ahead[self._level]
        poster = self._poster
        wait.fill(0)
        days.fill(poster.approach_days)
        for number, service in enumerate(poster.desk.services):
            if number or self.places is None:
                here = self._wait_later(service, before, days)
            elif before is None and self.places.free <= self.places.first.item(0):
                here = poster.caught_wait.copy()
            else:
                here = self.places.departure(self.places.taken(before))
                here -= poster.times
            wait += here
            here += poster.run_days[number]
            days += here

    def _wait_later(self, service: Service, ahead: Counts | None, days: Floats) -> Floats:
        """Days at a departures stage that is yet to be reached, `days` after booking.

        All of the route's containers that have not left from there are ahead.
        """
        others = _not_left(self._poster.desk, service, self._level)
        before = others + (0 if ahead is None else ahead)
        return np.maximum(before / service.rate - days, 0) + service.headway / 2


def later_departures(
    desk: Desk, run_days: Sequence[float], there: float
) -> list[tuple[Service, float]]:
    """Departures that are yet to be reached, and the least days until there.

    there: days until the first departures, where other stages precede them
    """
    services, runs = list(desk.services), list(run_days)
    if services and not desk.approached:
        services.pop(0)
        there = runs.pop(0)
    found = []
    for service, run in zip(services, runs, strict=True):
        found.append((service, there))
        there += service.headway / 2 + run
    return found


def _not_left(desk: Desk, service: Service, level: int) -> int:
    """Containers of the route that have not left from some departures and go before a level."""
    return desk.accepted_before(level) - service.backlog.boarded(level)


class Teller:
    """What a desk posts to one container after the other: the same figures as its poster's."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        self._ahead = [0] * poster.desk.levels.number
        self._free = [0] * poster.desk.levels.number
        self._first = 0
        if poster.desk.services:
            first = poster.desk.services[0]
            upcoming = first.timetable.first_place.item(first.departed)
            self._free = [upcoming + first.backlog.waiting(n) for n in range(len(self._free))]

    def quote(self, time: float, level: int) -> tuple[float, float]:
        """Wait and door-to-door days of a container that books now."""
        desk, wait, days = self._poster.desk, 0.0, self._poster.approach_days
        for number, service in enumerate(desk.services):
            if number or desk.approached:
                before = _not_left(desk, service, level) + self._ahead[level]
                here = max(before / service.rate - days, 0.0) + service.headway / 2
            else:
                timetable = service.timetable
                self._first = timetable.first_place.item(int(service.times.searchsorted(time)))
                here = timetable.day(max(self._free[level], self._first)) - time
            wait += here
            days += here + self._poster.run_days[number]
        return wait, days

    def take(self, level: int) -> None:
        """The container that asked last comes here."""
        for behind in range(level, len(self._ahead)):
            self._ahead[behind] += 1
            self._free[behind] = max(self._free[behind], self._first) + 1


class Places:
    """The numbered places on a timetable.

    A container takes the first place that is neither taken nor left when it books.
    """

    def __init__(self, service: Service, level: int, first: Counts) -> None:
        self.timetable, self.first = service.timetable, first
        upcoming = self.timetable.first_place.item(service.departed)
        self.free = upcoming + service.backlog.waiting(level)

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
        return self.timetable.days(places)
