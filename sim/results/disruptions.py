"""What disruptions did: who was delayed, how much piled up, how long it took to clear.

A disruption is looked at where it happens. Its backlog are containers that cannot go on there: in
the queue of a facility, waiting for departures, or before a leg that is closed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from sim.results.facilities import Visit, visits
from sim.results.figures import Figures
from sim.results.observations import DisruptionLog, Floats, Leg, Observations, Outage, Passage
from sim.results.spans import Spans
from sim.results.window import Window

USUAL_DAYS = 30.0
"""The days before a disruption whose largest backlog counts as usual."""


class Level:
    """A number of containers as it changes: so many after each moment; 0 before the first."""

    def __init__(self, moments: Floats, changes: Floats) -> None:
        known = np.isfinite(moments)
        order = moments[known].argsort(kind="stable")
        self.moments, changes = moments[known][order], changes[known][order]
        last = np.append(self.moments[1:] != self.moments[:-1], True)[: len(self.moments)]
        self.after: Floats = changes.cumsum()[last]
        self.moments = self.moments[last]

    def largest(self, first: float, end: float) -> float:
        """The largest number on days [first, end)."""
        start, stop = (int(n) for n in self.moments.searchsorted([first, end]))
        before = self.after[start - 1] if start else 0.0
        at_first = start < len(self.moments) and self.moments[start] == first
        inside = self.after[start:stop]
        return float(inside.max(initial=-math.inf if at_first else before))

    def first_down_to(self, number: float, day: float) -> float:
        """The first moment from a day on when it is no larger than that; infinite for never."""
        place = int(self.moments.searchsorted(day, "right"))
        now = self.after[place - 1] if place else 0.0
        if now <= number:
            return day
        later = np.flatnonzero(self.after[place:] <= number)
        return float(self.moments[place + later[0]]) if len(later) else math.inf


def disruptions(observations: Observations, window: Window) -> dict[str, Figures]:
    """Each disruption by name, of the times that fall into the window.

    disrupted: the part of the window in which it held
    delayed: containers that met it or the backlog that it left, once for each time: who came there
        or waited there until it was cleared, and who was under way or in service where that is
        held; of servers, who was in service [containers]
    peak_backlog: the largest backlog from its beginning until it was cleared [containers]
    days_to_clear: from its end until the backlog is no larger than the largest of the 30 days
        before it, mean over the times that were cleared; None where there were none [days]
    """
    return {log.name: _figures(log, observations, window) for log in observations.disruptions}


def _figures(log: DisruptionLog, observations: Observations, window: Window) -> Figures:
    held = Spans(log.spans).within(window.start, window.end)
    found: Figures = {"disrupted": held / window.days}
    if log.said.effect == "dearer" or log.said.path == ("demand",):
        return found
    if log.said.of_servers:
        return found | {"delayed": _on_servers(log, observations, window)}
    spans = [each for each in log.spans if each[0] < window.end and each[1] > window.start]
    legs, through = list(_legs(log, observations)), list(_visits(log, observations))
    level = _level(legs, through)
    delayed, peak, days = 0.0, 0.0, list[float]()
    for first, end in spans:
        cleared = _cleared(level, first, end) if end < window.end else math.inf
        inside = max(first, window.start), min(cleared, window.end)
        delayed += _delayed(log, legs, through, level, inside)
        peak = max(peak, level.largest(*inside))
        if math.isfinite(cleared):
            days.append(cleared - end)
    return found | {
        "delayed": delayed,
        "peak_backlog": peak,
        "days_to_clear": math.fsum(days) / len(days) if days else None,
    }


def _legs(log: DisruptionLog, observations: Observations) -> Iterator[Leg]:
    """The departures that it happens to."""
    for way in observations.ways:
        for route in way.routes:
            for leg in route.legs:
                if log.said.stage == (route.name, leg.name):
                    yield leg


def _visits(log: DisruptionLog, observations: Observations) -> Iterator[Visit]:
    """The trips that go through what it happens to."""
    for route, visit in visits(observations):
        if log.said.facility is None:
            here = log.said.stage == (route, visit.passage.stage)
        else:
            here = log.said.facility == visit.passage.facility
        if here:
            yield visit


def _level(legs: Sequence[Leg], through: Sequence[Visit]) -> Level:
    """Containers that cannot go on."""
    moments, changes = [np.empty(0)], [np.empty(0)]
    for passage, loads, _ in through:
        moments += [passage.entered, passage.started]
        changes += [loads.astype(float), -loads.astype(float)]
    for leg in legs:
        moments += [leg.since, leg.departed]
        changes += [np.ones(len(leg.since)), -leg.loads.astype(float)]
    return Level(np.concatenate(moments), np.concatenate(changes))


def _delayed(
    log: DisruptionLog,
    legs: Sequence[Leg],
    through: Sequence[Visit],
    level: Level,
    span: tuple[float, float],
) -> float:
    """Containers that met a disruption, or what it left, in some days."""
    first, end = span
    if legs:
        came = sum(int(((leg.since >= first) & (leg.since < end)).sum()) for leg in legs)
        place = int(level.moments.searchsorted(first))
        return came + float(level.after[place - 1] if place else 0.0)
    total = 0.0
    for passage, loads, _ in through:
        since = passage.freed if log.said.holds else passage.started
        if passage.facility is None and not log.said.holds:
            since = passage.entered
        still_there = since > first if log.said.holds else since >= first
        total += float(loads[(passage.entered < end) & still_there].sum())
    return total


def _cleared(level: Level, first: float, end: float) -> float:
    """When the backlog is as usual again; infinite for never."""
    return level.first_down_to(level.largest(first - USUAL_DAYS, first), end)


def _on_servers(log: DisruptionLog, observations: Observations, window: Window) -> float:
    """Containers on vehicles that stood still on a server that failed in the window."""
    total = 0.0
    for facility in observations.facilities:
        own = [out for out in facility.outages if out.disruption == log.name]
        for passage, loads, direction in _visits(log, observations) if own else ():
            if passage.server is None or facility.direction not in (None, direction):
                continue
            for server in {out.server for out in own}:
                theirs = [out for out in own if out.server == server]
                here = (passage.server == server) & np.isfinite(passage.started)
                total += float(loads[here][_met(passage, here, theirs, window)].sum())
    return total


def _met(
    passage: Passage, here: np.ndarray, outages: Sequence[Outage], window: Window
) -> np.ndarray:
    """Which of the services on one server an outage fell into."""
    some = sorted(out for out in outages if window.start <= out.first < window.end)
    first, end = (np.array([out[n] for out in some]) for n in (0, 1))
    began, freed = passage.started[here], passage.freed[here]
    met: np.ndarray = first.searchsorted(freed) > end.searchsorted(began, "right")
    return met
