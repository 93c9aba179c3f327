"""Figures of some lanes over a window: what was delivered, chosen and waiting, and how full it was.

A lane is a route in one direction; any can be taken together, and of their containers those of one
class. A figure that is not defined is None: a time with no delivery, a share of no demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.results.accounts import Bill, billed
from sim.results.observations import Floats, Leg, RouteLog, Rows, Way
from sim.results.window import Window
from sim.scenario.charges import Charges

Figures = dict[str, float | None]

Counts = NDArray[np.int64]

PERCENTILES: Final = (5, 50, 90, 95)

ROUNDING_DAYS: Final = 1e-9
"""A difference of two days may be off by its last bits: a trip of 18 days keeps a promise of 18."""


@dataclass(frozen=True, eq=False)
class Lane:
    """A route in one direction: its log, the row by which containers chose it, its promise.

    charges: what its stages ask and emit
    """

    way: Way
    row: int
    log: RouteLog
    promise_days: float | None
    charges: Charges


@dataclass(frozen=True)
class Journeys:
    """Containers delivered in a window: who; door-to-door days and days waited [containers]."""

    who: Rows
    days: Floats
    wait: Floats


@dataclass(frozen=True, eq=False)
class Choices:
    """Containers booked in a window that a route, or any, accepted, refused, or that found none.

    By class; one count where there are no classes [classes].
    """

    window: Window
    booked: Counts
    refused: Counts
    unserved: Counts

    @classmethod
    def of_lane(cls, lane: Lane, window: Window) -> Choices:
        """By the route that they wanted."""
        way, log = lane.way, lane.log
        lost = np.flatnonzero((way.wanted == lane.row) & (way.taken < 0))
        parts = (_by_class(way, who, window) for who in (log.accepted, log.refused, lost))
        return cls(window, *parts)

    @classmethod
    def of_way(cls, way: Way, window: Window) -> Choices:
        """Of all routes together: who was refused somewhere counts once."""
        turned = np.zeros(len(way.booked), np.bool_)
        for log in way.routes:
            turned[log.refused] = True
        each = (way.taken >= 0, turned, way.taken < 0)
        return cls(window, *(_by_class(way, np.flatnonzero(who), window) for who in each))

    def figures(self, cargo: int | None) -> dict[str, float]:
        """Of one class, or of all, a year."""
        row = slice(None) if cargo is None else cargo
        counts = {"booked": self.booked, "refused": self.refused, "unserved": self.unserved}
        return {name: self.window.per_year(int(each[row].sum())) for name, each in counts.items()}


def _by_class(way: Way, who: NDArray[np.integer], window: Window) -> Counts:
    """How many of some containers, in booking order, were booked in the window [classes]."""
    first, end = who.searchsorted(way.booked.searchsorted([window.start, window.end]))
    if way.class_of is None:
        return np.array([end - first])
    return np.bincount(way.class_of[who[first:end]], minlength=len(way.classes))


@dataclass(frozen=True, eq=False)
class Sample:
    """What a lane did in a window, for all its containers or for those of one class.

    cargo: the row of that class; None for all
    """

    lane: Lane
    window: Window
    journeys: Journeys
    choices: Choices
    cargo: int | None = None

    @classmethod
    def of(cls, lane: Lane, window: Window) -> Sample:
        """All that a lane did in a window."""
        return cls(lane, window, _journeys(lane, window), Choices.of_lane(lane, window))

    def by_class(self) -> list[Sample]:
        """The parts of each class."""
        way, every = self.lane.way, self.journeys
        assert way.class_of is not None, "there are classes"
        classes, found = way.class_of[every.who], []
        for cargo in range(len(way.classes)):
            here = classes == cargo
            some = Journeys(every.who[here], every.days[here], every.wait[here])
            found.append(Sample(self.lane, self.window, some, self.choices, cargo))
        return found

    @cached_property
    def bill(self) -> Bill:
        """What the containers delivered cost and emitted."""
        lane, went = self.lane, self.journeys
        return billed(lane.way, lane.log, lane.charges, went.who, went.days)

    @cached_property
    def levels(self) -> Levels:
        """What raised and lowered the numbers of containers under way and waiting."""
        log, window = self.lane.log, self.window
        return Levels(
            came=window.days_after(self.lane.way.booked[log.accepted]),
            went=window.days_after(log.legs[-1].arrived, log.legs[-1].loads)
            if log.legs
            else window.days_after(log.own_arrivals),
            joined=[window.days_after(leg.since) for leg in log.legs],
            left=[window.days_after(leg.departed, leg.loads) for leg in log.legs],
            at_start=waiting(log.legs, window.start),
            at_end=waiting(log.legs, window.end),
        )


@dataclass(frozen=True)
class Levels:
    """Days of a window that come after each container came, went, joined a queue, left it: sums.

    at_start, at_end: containers that wait then
    joined, left: of each departures stage
    """

    came: float
    went: float
    joined: list[float]
    left: list[float]
    at_start: int
    at_end: int


def _journeys(lane: Lane, window: Window) -> Journeys:
    log, booked = lane.log, lane.way.booked
    if not log.legs:
        here = window.holds(log.own_arrivals)
        who = log.accepted[here]
        return Journeys(who, log.own_arrivals[here] - booked[who], np.zeros(len(who)))
    last = log.legs[-1]
    trips = window.holds(last.arrived)
    here = np.repeat(trips, last.loads)
    who = last.who[: last.boarded][here]
    days = np.repeat(last.arrived[trips], last.loads[trips]) - booked[who]
    wait = np.repeat(last.departed[trips], last.loads[trips]) - last.since[: last.boarded][here]
    for leg in log.legs[:-1]:
        waited = np.zeros(len(booked))
        waited[leg.who[: leg.boarded]] = (
            np.repeat(leg.departed, leg.loads) - leg.since[: leg.boarded]
        )
        wait += waited[who]
    return Journeys(who, days, wait)


def flow(samples: Sequence[Sample], window: Window, demand: float) -> Figures:
    """What was delivered, and how long that took; `demand` is in containers a year."""
    days = _joined([each.journeys.days for each in samples])
    wait = _joined([each.journeys.wait for each in samples])
    throughput = window.per_year(len(days))
    any_came = len(days) > 0
    mean = float(days.mean()) if any_came else None
    own = len(samples) > 1  # then the array is no observation's, and may be put in another order
    percentiles = np.percentile(days, PERCENTILES, overwrite_input=own) if any_came else None
    return {
        "throughput": throughput,
        "share": throughput / demand if demand else None,
        "door_to_door_mean": mean,
        **{
            f"door_to_door_p{p}": None if percentiles is None else float(percentiles[n])
            for n, p in enumerate(PERCENTILES)
        },
        "wait_mean": float(wait.mean()) if any_came else None,
    }


def _joined(parts: Sequence[Floats]) -> Floats:
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])


def on_time(samples: Sequence[Sample], promised: bool) -> Figures:
    """The part of containers delivered within the days that their route promises, inclusive.

    Only routes with a promise count; without any there is no such metric.
    """
    if not promised:
        return {}
    kept = [
        each.journeys.days <= each.lane.promise_days + ROUNDING_DAYS
        for each in samples
        if each.lane.promise_days is not None
    ]
    both = np.concatenate([np.empty(0, np.bool_), *kept])
    return {"on_time": float(both.mean()) if len(both) else None}


def choices(parts: Sequence[Choices], cargo: int | None) -> Figures:
    """What was booked, refused, and wanted in vain, by the day of booking; of a class or of all."""
    found = dict.fromkeys(("booked", "refused", "unserved"), 0.0)
    for part in parts:
        for name, figure in part.figures(cargo).items():
            found[name] += figure
    return dict(found)


def queues(samples: Sequence[Sample], window: Window) -> Figures:
    """Containers under way and waiting: exact integrals over the window."""
    every = [each.levels for each in samples]
    at_start, at_end = sum(each.at_start for each in every), sum(each.at_end for each in every)
    came, went = sum(each.came for each in every), sum(each.went for each in every)
    joined = sum(days for each in every for days in each.joined)
    left = sum(days for each in every for days in each.left)
    return {
        "under_way_mean": (came - went) / window.days,
        "backlog_mean": (joined - left) / window.days,
        "backlog_end": float(at_end),
        "backlog_growth": window.per_year(at_end - at_start),
    }


def waiting(legs: Sequence[Leg], moment: float) -> int:
    """Containers that are ready before a moment and do not leave before it."""
    ready = sum(int(leg.joined.searchsorted(moment)) for leg in legs)
    return ready - sum(int(leg.loads[: leg.departed.searchsorted(moment)].sum()) for leg in legs)


def load_factor(legs: Sequence[Leg], window: Window) -> float | None:
    """Containers carried over capacity offered, by the departures in a window."""
    left = [window.holds(leg.departed) for leg in legs]
    loads = sum(int(leg.loads[here].sum()) for leg, here in zip(legs, left, strict=True))
    offered = sum(int(leg.capacities[here].sum()) for leg, here in zip(legs, left, strict=True))
    return loads / offered if offered else None


def loads(lanes: Sequence[Lane], window: Window) -> tuple[float | None, dict[str, float | None]]:
    """Load factors: of the departures stage with the least yearly capacity, and of each."""
    stages: dict[str, list[Leg]] = {}
    for lane in lanes:
        for leg in lane.log.legs:
            stages.setdefault(leg.name, []).append(leg)
    each = {name: load_factor(legs, window) for name, legs in stages.items()}
    if not stages:
        return None, each
    narrowest = min(stages, key=lambda name: sum(leg.yearly_capacity for leg in stages[name]))
    return each[narrowest], each


def closed() -> Figures:
    """The figures of a route that takes no part, beyond what was delivered: nothing."""
    zeros = ("under_way_mean", "backlog_mean", "backlog_end", "backlog_growth")
    return no_choices() | dict.fromkeys(zeros, 0.0) | {"load_factor": None, "busiest_month": None}


def no_choices() -> Figures:
    """What was chosen on a route that takes no part: nothing."""
    return dict.fromkeys(("booked", "refused", "unserved"), 0.0)
