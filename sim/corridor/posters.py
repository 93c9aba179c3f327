"""What booking desks post to a block of containers: wait and door-to-door days, of all routes.

Ahead of a container are those that board before it or with it: of its own level, and of those
before that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.corridor.desks import Desk
from sim.corridor.places import offered
from sim.corridor.quotas import Offer, Till
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts, Stretch

Levels = NDArray[np.int8] | None
"""Who boards first, None where all are alike [containers]."""


NO_STRETCH = Stretch(0.0, 0.0, 1)
"""Stands for a timetable where there is none."""


@dataclass(frozen=True)
class Posted:
    """What is posted to the containers of a block: arrays of [routes, containers], in days.

    full: whether a quota has no place left; None where no route has one [routes, containers]
    """

    wait: Floats
    days: Floats
    full: NDArray[np.bool_] | None


class Later(NamedTuple):
    """Departures that are yet to be reached.

    headway, rate: days between them, and the containers a day that they carry
    run_days, there: days of their leg, and the least until there
    not_left: containers of the route that have not left from there, by level at most
    """

    headway: float
    rate: float
    run_days: float
    there: float
    not_left: list[int]


class Outlook:
    """What a desk knows at one moment.

    timetable: that of the departures that open its route; None where other stages do
    late: days by which its next departure is late already
    free: the first place on its timetable that is left for each level; 0 without one [levels]
    before: days until the first departures, 0 where they open the route
    first_days: days of their leg
    later: all other departures, in order
    """

    def __init__(self, desk: Desk, now: float) -> None:
        self.desk, self.timetable, opening = desk, desk.timetable, desk.opening
        self.free, self.late, self.first_days = [0] * desk.levels.number, 0.0, 0.0
        if self.timetable is not None and opening is not None:
            upcoming = self.timetable.first_place.item(opening.departed)
            self.free = [upcoming + waiting for waiting in opening.backlog.waiting()]
            self.late = opening.late(now)
            self.first_days = opening.run.expected(now)
        self.before = desk.approach.expected(now)
        there = self.before + self.first_days
        self.later: list[Later] = []
        accepted = sum(desk.accepted)
        for service in desk.services if opening is None else desk.services[1:]:
            run_days, not_left = service.run.expected(now), desk.not_left(service)
            headway = service.headway(now, accepted)
            self.later.append(Later(headway, service.rate, run_days, there, not_left))
            there += headway / 2 + run_days

    def holds(self, coming: int, first_place: int) -> bool:
        """Whether so many more surely board the opening departures that they catch.

        first_place: the first on those that the first of them catches
        """
        timetable = self.timetable
        return not timetable or self.free[-1] + coming <= first_place + timetable.least_capacity

    def carries(self, coming: int, first_place: int) -> bool:
        """Whether so many more wait no longer, at any stage, than if each were first in line."""
        return self.holds(coming, first_place) and all(
            (later.not_left[-1] + coming) / later.rate <= later.there for later in self.later
        )


def first_places(desks: Sequence[Desk], times: Floats) -> Counts:
    """The first place on the departures that containers catch, 0 where none open the route.

    Known beforehand, as timetables and bookings are [routes, containers].
    """
    places = np.zeros((len(desks), len(times)), np.int64)
    for desk, row in zip(desks, places, strict=True):
        if desk.timetable is not None:
            row[:] = desk.timetable.caught(times)
    return places


class Posters:
    """All desks of a direction on one moment, for containers that book at `times`.

    first: as `first_places` gives [routes, containers]
    offers: of the quotas of each route [routes]
    """

    def __init__(
        self, desks: Sequence[Desk], opens: float, times: Floats, first: Counts, levels: Levels
    ) -> None:
        self.times, self.first = times, first
        self.each = [Outlook(desk, opens) for desk in desks]
        self._late = [(row, each.late) for row, each in enumerate(self.each) if each.late]
        if self._late:
            self.first = first.copy()
            for row, late in self._late:  # who comes now still catches what should have left
                timetable = self.each[row].timetable
                assert timetable is not None, "what is late has one"
                self.first[row] = timetable.caught(times - late)
        self.offers = [desk.offers(times) for desk in desks]
        self.levels = range(desks[0].levels.number)
        self._behind = [] if levels is None else [levels == level for level in self.levels[1:]]
        self._free = _columns(each.free for each in self.each)
        timetables = [each.timetable for each in self.each]
        self._without = [row for row, each in enumerate(timetables) if each is None]
        self._uneven = [(n, each) for n, each in enumerate(timetables) if each and not each.is_even]
        even = [each.even if each and each.is_even else NO_STRETCH for each in timetables]
        self._capacity, self._headway, self._before, self._first_days = _columns(
            (stretch.capacity, stretch.headway, each.before, each.first_days)
            for stretch, each in zip(even, self.each, strict=True)
        )
        nothing = Later(0.0, np.inf, 0.0, 0.0, [0] * len(self.levels))
        self._later = [
            _columns((each.rate, each.headway / 2, each.run_days, *each.not_left) for each in here)
            for here in zip_longest(*(each.later for each in self.each), fillvalue=nothing)
        ]

    def post(self, ahead: Sequence[Counts] | None) -> Posted:
        """What is posted to each, with so many of the block ahead of it.

        ahead: by level, of each route [levels][routes, containers]; None for nobody
        """
        by_level: Sequence[Counts | None] = ahead or [None] * len(self.levels)
        parts = [self._post(level, each) for level, each in enumerate(by_level)]
        wait, days = parts[0]
        for own, (its_wait, its_days) in zip(self._behind, parts[1:], strict=True):
            np.copyto(wait, its_wait, where=own)
            np.copyto(days, its_days, where=own)
        return Posted(wait, days, self._full(by_level[-1]))

    def _full(self, ahead: Counts | None) -> NDArray[np.bool_] | None:
        """Whether a quota has no place left: places are sold in the order of booking."""
        if not any(self.offers):
            return None
        full = np.zeros(self.first.shape, np.bool_)
        for row, offers in enumerate(self.offers):
            for offer in offers:
                full[row] |= offer.is_full(None if ahead is None else ahead[row])
        return full

    def _post(self, level: int, ahead: Counts | None) -> tuple[Floats, Floats]:
        """Wait and days that are posted to containers of one level."""
        places = offered(self.first, self._free[level], ahead)
        wait = np.floor(places / self._capacity)  # exact, and faster than dividing whole numbers
        wait *= self._headway
        for row, timetable in self._uneven:
            wait[row] = timetable.days(places[row])
        wait -= self.times
        for row in self._without:
            wait[row] = 0
        for row, late in self._late:
            wait[row] = np.maximum(wait[row] + late, 0)
        days = wait + self._first_days
        days += self._before
        for rate, half_headway, run_days, *not_left in self._later:
            before = not_left[level] if ahead is None else not_left[level] + ahead
            here = np.maximum(before / rate - days, 0)
            here += half_headway
            wait += here
            here += run_days
            days += here
        return wait, days


def _columns(rows: Iterable[Sequence[float]]) -> NDArray[Any]:
    """Figures of each route, as columns [figures, routes, 1]."""
    return np.array(list(rows)).T[:, :, np.newaxis]


class Teller:
    """What a desk posts to one container after the other: the same figures as the posters'."""

    def __init__(self, outlook: Outlook, offers: Iterable[Offer]) -> None:
        self._day = None if outlook.timetable is None else outlook.timetable.day
        self._late = outlook.late
        self._before, self._first_days = outlook.before, outlook.first_days
        self._later = outlook.later
        self._ahead = [0] * len(outlook.free)
        self._free = list(outlook.free)
        self._tills = [Till(offer) for offer in offers]

    def quote(self, time: float, first_place: int, level: int) -> tuple[float, float]:
        """Wait and door-to-door days of a container that books now."""
        wait = 0.0
        if self._day is not None:
            free = self._free[level]
            wait = self._day(free if free > first_place else first_place) - time
            if self._late:
                wait = max(wait + self._late, 0.0)
        days = self._before + (wait + self._first_days)
        for headway, rate, run_days, _, not_left in self._later:
            here = (not_left[level] + self._ahead[level]) / rate - days
            here = (here if here > 0 else 0.0) + headway / 2
            wait += here
            days += here + run_days
        return wait, days

    def is_full(self, number: int) -> bool:
        """Whether a quota has no place left for a container of the block."""
        return any(till.is_full(number) for till in self._tills)

    def take(self, number: int, first_place: int, level: int) -> None:
        """A container that has asked comes here."""
        for till in self._tills:
            till.sell(number)
        for behind in range(level, len(self._ahead)):
            self._ahead[behind] += 1
            self._free[behind] = max(self._free[behind], first_place) + 1
