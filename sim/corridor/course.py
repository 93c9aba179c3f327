"""The course of time at a place that is disrupted: when work may start there, and when it ends.

Work that no disruption meets takes what it would, to the bit.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise, starmap
from operator import mul
from typing import NamedTuple

import numpy as np

from sim.corridor.streams import Floats
from sim.results.spans import joined
from sim.scenario.disruptions import Disruption


class Span(NamedTuple):
    """Days [first, end) on which something is disrupted."""

    first: float
    end: float


class Happening(NamedTuple):
    """A disruption and the days on which it holds, in order and apart."""

    said: Disruption
    spans: Sequence[Span]


class Pace(NamedTuple):
    """Days [first, end) on which work goes on at some speed, 0 to 1."""

    first: float
    end: float
    speed: float


@dataclass(frozen=True)
class Course:
    """When work may start at a place, how much it is, how it goes on.

    shut: days on which nothing starts, in order and apart
    slower: days on which what starts takes so many times as long, to its end
    paces: days on which all work that is going on stands still or is slower, in order and apart
    """

    shut: tuple[Span, ...] = ()
    slower: tuple[Pace, ...] = ()
    paces: tuple[Pace, ...] = ()

    @classmethod
    def of(cls, happenings: Iterable[Happening], shut: Iterable[Span] = ()) -> Course | None:
        """That of a place to which all this happens; None where nothing touches time.

        shut: more days on which nothing starts
        """
        closed = list(shut)
        slower: list[Pace] = []
        held: list[Pace] = []
        for said, spans in happenings:
            if said.effect == "closed":
                closed += spans
                held += [Pace(*span, 0.0) for span in spans if said.holds]
            elif said.effect == "slower":
                paces = held if said.holds else slower
                paces += [Pace(*span, 1 / said.part) for span in spans]
        if not (closed or slower or held):
            return None
        return cls(tuple(starmap(Span, joined(closed))), tuple(_cut(slower)), tuple(_cut(held)))

    def opens(self, day: float) -> float:
        """The first day from a day on on which work may start."""
        place = bisect_right(self.shut, (day, math.inf)) - 1
        return self.shut[place].end if place >= 0 and day < self.shut[place].end else day

    def each_opens(self, days: Floats) -> Floats:
        """The same of several."""
        if not self.shut:
            return days.copy()
        firsts, ends = np.array(self.shut).T
        place = firsts.searchsorted(days, "right") - 1
        until = ends[place]
        return np.where((place >= 0) & (days < until), until, days)

    def ends(self, start: float, days: float) -> float:
        """When work of so many days ends that starts on a day on which it may."""
        for first, end, speed in self.slower:
            if first <= start < end:
                days = days / speed
        ends = start + days
        place = bisect_right(self.paces, (start, math.inf, 0.0)) - 1
        for first, end, speed in self.paces[max(place, 0) :]:
            if first >= ends:
                break
            if start < end:
                ends = _through(max(first, start), end, speed, ends)
        return ends

    def each_ends(self, starts: Floats, days: Floats) -> Floats:
        """The same of several."""
        for first, end, speed in self.slower:
            days = np.where((starts >= first) & (starts < end), days / speed, days)
        ends = starts + days
        for first, end, speed in self.paces:
            here = (starts < end) & (ends > first)
            ends[here] = [
                _through(max(first, start), end, speed, until)
                for start, until in zip(starts[here].tolist(), ends[here].tolist(), strict=True)
            ]
        return ends

    def factor(self, now: float) -> float:
        """How many times as long work takes that is slower now."""
        here = [p.speed for p in (*self.slower, *self.paces) if p.first <= now < p.end and p.speed]
        return 1 / reduce(mul, here, 1.0)


def _through(first: float, end: float, speed: float, ends: float) -> float:
    """When work ends that would have ended later than `first`, from where on it is slower."""
    left, done = ends - first, (end - first) * speed
    return end + (left - done) if left > done else first + left / speed


def _cut(paces: Sequence[Pace]) -> list[Pace]:
    """Paces in order and apart: where several hold, their speeds multiply."""
    days = sorted({day for first, end, _ in paces for day in (first, end)})
    order = sorted(range(len(paces)), key=lambda number: paces[number].first, reverse=True)
    holding: set[int] = set()
    found: list[Pace] = []
    for first, end in pairwise(days):
        while order and paces[order[-1]].first <= first:
            holding.add(order.pop())
        holding = {number for number in holding if paces[number].end > first}
        if holding:
            speeds = [paces[number].speed for number in sorted(holding)]
            found.append(Pace(first, end, reduce(mul, speeds, 1.0)))
    return found
