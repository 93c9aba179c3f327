"""What booking desks post: wait and door-to-door days, to a block at once or one after the other.

Ahead of a container are those that board before it or with it: of its own level, and of those
before that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.corridor.desks import Desk
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts
from sim.corridor.vehicles import Service

Rows = NDArray[np.intp]
Ahead = Sequence[Counts] | None
"""For each level, how many of a block that board before it or with it come before each container
[levels][containers]; None for nobody."""


class Poster:
    """What a desk posts to the containers of a block that book at `times`, as things are now.

    run_days: days posted from boarding to the next departures, or to the end, for each service
    places: those on the departures that open the route, where all are of one level; else None
    """

    def __init__(
        self, desk: Desk, opens: float, times: Floats, levels: NDArray[np.int8] | None
    ) -> None:
        self.desk, self.times = desk, times
        self.approach_days = desk.approach.expected(opens)
        self.run_days = [service.run.expected(opens) for service in desk.services]
        self._levels = levels
        self._views = [_View(self, level) for level in range(desk.levels.number)]
        self.places = self._views[0].places if levels is None else None

    def post(self, ahead: Ahead, wait: Floats, days: Floats) -> None:
        """Fill in wait and door-to-door days, with so many of the block before each container."""
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
        opened = bool(desk.services) and not desk.approached
        self.places = Places(desk.services[0], level, poster.times) if opened else None

    def post(self, ahead: Ahead, wait: Floats, days: Floats) -> None:
        before = None if ahead is None else ahead[self._level]
        poster = self._poster
        wait.fill(0)
        days.fill(poster.approach_days)
        for number, service in enumerate(poster.desk.services):
            if number or self.places is None:
                here = self._wait_later(service, before, days)
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

    def __init__(self, service: Service, level: int, times: Floats) -> None:
        timetable = service.timetable
        upcoming, self.timetable = service.departed, timetable
        end = int(service.times.searchsorted(times[-1])) + 1
        soon = service.times[upcoming:end]
        self.free = timetable.first_place.item(upcoming) + service.backlog.waiting(level)
        firsts = timetable.first_place[upcoming : upcoming + len(soon) + 1]
        self.first = _first_places(soon, times, firsts)

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

    def turned(self, times: Floats, patience: Floats, asks: Rows) -> Rows:
        """Which of the rows `asks` find no place that leaves within their patience [days].

        One after the other: who finds none leaves its place to the next. Where who comes later
        also accepts later departures (equal patience), the number of places taken follows
        x → min(max(x, first) + 1, beyond): a clamp, and clamps in a row are running extremes.
        Only for timetables that never change.
        """
        _, headway, capacity = self.timetable.even
        first, row = self.first[asks], np.arange(len(asks))
        beyond = np.floor((times[asks] + patience) / headway + 1)
        beyond *= capacity
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


def _first_places(soon: Floats, times: Floats, firsts: Counts) -> Counts:
    """The first place on the departure that each booking catches; it boards at the same instant."""
    left = np.concatenate([[0], times.searchsorted(soon, "right"), [len(times)]])
    return np.repeat(firsts, np.diff(left))
