"""Timetables: when vehicles leave, and which of their numbered places leaves when."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.corridor.course import Course, Happening
from sim.corridor.disruptions import left
from sim.corridor.streams import Floats

Counts = NDArray[np.int64]

NEVER = 1e12
"""The day on which a place leaves that no timetable has."""

A_DECADE = 3653.0
"""Days beyond the horizon as far as disruptions are looked up: later vehicles leave as planned."""

Foreseen = Callable[[float], Sequence[Happening]]
"""What disrupts departures, of all that begins before a day."""


class Stretch(NamedTuple):
    """A part of a timetable: from a day on, departures one headway apart, all of one capacity.

    Its first departure leaves one headway after the day, so none leaves with an infinite headway.
    """

    day: float
    headway: float
    capacity: int


class Timetable:
    """Departures before the horizon, and places on them and on later ones, numbered on.

    times, capacities: day and room of each departure before the horizon [departures]
    said: that room as if nothing were disrupted [departures]
    rows: the number of each among those that were planned, of which a closure leaves some out
    first_place: the number of the first place of each, and of the next one [departures + 1]

    foreseen: what disrupts departures, None for nothing ever; asked beyond the horizon, too, until
    the places that are asked for are found, or the day `looks_to` is passed

    Departure k of a stretch leaves k headways after its day: computed, never accumulated. Departure
    k of a timetable of one stretch has the places k·c … k·c + c - 1.
    """

    def __init__(
        self,
        stretches: Sequence[Stretch],
        horizon: float,
        foreseen: Foreseen | None = None,
        looks_to: float | None = None,
    ) -> None:
        self._stretches, self._horizon, self._foreseen = stretches, horizon, foreseen
        self._looks_to = horizon + A_DECADE if looks_to is None else looks_to
        ends = [*(stretch.day for stretch in stretches[1:]), math.inf]
        parts = [_times(s, min(end, horizon)) for s, end in zip(stretches, ends, strict=True)]
        parts = [times[times < horizon] for times in parts]
        self._last, self._beyond = stretches[-1], len(parts[-1]) + 1
        self.times: Floats = np.concatenate(parts)
        self.planned = len(self.times)
        self.capacities: Counts = np.concatenate(
            [np.full(len(times), s.capacity) for s, times in zip(stretches, parts, strict=True)]
        )
        self.said = self.capacities
        self.rows = np.arange(self.planned)
        self.is_even = len(stretches) == 1 and foreseen is None
        if foreseen is not None:
            self._disrupt(foreseen(horizon))
        self.first_place: Counts = stretches[0].capacity + np.concatenate(
            [[0], self.capacities.cumsum()]
        )

    def _disrupt(self, happenings: Sequence[Happening]) -> None:
        """Leave out departures and places that a disruption takes."""
        course = Course.of(happenings)
        if course is not None:
            kept = course.each_opens(self.times) == self.times
            self.times, self.rows = self.times[kept], self.rows[kept]
            self.said = self.said[kept]
        parts = np.array(left(happenings, self.times.tolist()))
        self.capacities = np.floor(self.said * parts + 1e-9).astype(np.int64)

    @cached_property
    def _longer(self) -> Timetable:
        """The same, with departures twice as far ahead."""
        return Timetable(self._stretches, 2 * self._horizon, self._foreseen, self._looks_to)

    @property
    def even(self) -> Stretch:
        """The only stretch of a timetable that never changes."""
        return self._last

    @property
    def least_capacity(self) -> int:
        """The capacity of the smallest vehicle."""
        return int(min(self.capacities.min(initial=self._last.capacity), self._last.capacity))

    def caught(self, moments: Floats) -> Counts:
        """The first place of the first departure from each moment on; moments rise."""
        first = int(self.times.searchsorted(moments[0]))
        soon = self.times[first : int(self.times.searchsorted(moments[-1])) + 1]
        left = np.concatenate([[0], moments.searchsorted(soon, "right"), [len(moments)]])
        return np.repeat(self.first_place[first : first + len(soon) + 1], np.diff(left))

    def days(self, places: Counts) -> Floats:
        """The days on which places leave."""
        if self.is_even:
            _, headway, capacity = self.even
            return np.multiply(places // capacity, headway, dtype=float)
        asks_on = self._foreseen is not None and places.max(initial=0) >= self.first_place[-1]
        if asks_on and self._horizon < self._looks_to:
            return self._longer.days(places)
        day, headway, capacity = self._last
        number = self.first_place.searchsorted(places, "right") - 1
        ahead = (places - self.first_place[-1]) // capacity + self._beyond
        found: Floats = np.minimum(day + ahead * min(headway, NEVER), NEVER)
        known = number < len(self.times)
        found[known] = self.times[number[known]]
        return found

    def day(self, place: int) -> float:
        """The same for one."""
        if self.is_even:
            _, headway, capacity = self.even
            return place // capacity * headway
        return float(self.days(np.array([place]))[0])


def _times(stretch: Stretch, end: float) -> Floats:
    """The departures of a stretch, up to its end inclusive."""
    if math.isinf(stretch.headway):
        return np.empty(0)
    number = int((end - stretch.day) / stretch.headway) + 1
    times: Floats = stretch.day + np.arange(1, number + 1, dtype=float) * stretch.headway
    return times[times <= end]
