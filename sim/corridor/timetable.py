"""Timetables: when vehicles leave, and which of their numbered places leaves when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.corridor.streams import Floats

Counts = NDArray[np.int64]

NEVER = 1e12
"""The day on which a place leaves that no timetable has."""


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
    first_place: the number of the first place of each, and of the next one [departures + 1]

    Departure k of a stretch leaves k headways after its day: computed, never accumulated. Departure
    k of a timetable of one stretch has the places k·c … k·c + c - 1.
    """

    def __init__(self, stretches: Sequence[Stretch], horizon: float) -> None:
        ends = [*(stretch.day for stretch in stretches[1:]), math.inf]
        parts = [_times(s, min(end, horizon)) for s, end in zip(stretches, ends, strict=True)]
        parts = [times[times < horizon] for times in parts]
        self.times: Floats = np.concatenate(parts)
        self.capacities: Counts = np.concatenate(
            [np.full(len(times), s.capacity) for s, times in zip(stretches, parts, strict=True)]
        )
        offset = stretches[0].capacity
        self.first_place: Counts = offset + np.concatenate([[0], self.capacities.cumsum()])
        self._stretches = list(_with_places(stretches, ends, offset))
        self.is_even = len(stretches) == 1

    @cached_property
    def even(self) -> Stretch:
        """The only stretch of a timetable that never changes."""
        return self._stretches[0][1]

    @property
    def least_capacity(self) -> int:
        """The capacity of the smallest vehicle."""
        return min(stretch.capacity for _, stretch in self._stretches)

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
        found = np.full(places.shape, NEVER)
        for first, (day, headway, capacity) in self._stretches:
            here = places >= first
            found[here] = day + ((places[here] - first) // capacity + 1) * headway
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


def _with_places(
    stretches: Sequence[Stretch], ends: Sequence[float], offset: int
) -> list[tuple[int, Stretch]]:
    """Each stretch that has departures, with the number of its first place."""
    found, place = [], offset
    for stretch, end in zip(stretches, ends, strict=True):
        if math.isinf(end) or len(times := _times(stretch, end)):
            headway = min(stretch.headway, NEVER)
            found.append((place, stretch._replace(headway=headway)))
            place += 0 if math.isinf(end) else len(times) * stretch.capacity
    return found
