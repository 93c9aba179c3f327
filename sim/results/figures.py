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
Mask = NDArray[np.bool_]

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

    booked: Counts
    refused: Counts
    unserved: Counts

    @classmethod
    def of_lane(cls, lane: Lane, window: Window) -> Choices:
        """By the route that they wanted."""
        way, row = lane.way, lane.row
        lost = (way.wanted == row) & (way.taken < 0)
        return cls._counted(way, window, way.taken == row, [lane.log], lost)

    @classmethod
    def of_way(cls, way: Way, window: Window) -> Choices:
        """Of all routes together: who was refused somewhere counts once."""
        return cls._counted(way, window, way.taken >= 0, way.routes, way.taken < 0)

    @classmethod
    def _counted(
        cls, way: Way, window: Window, took: Mask, logs: Sequence[RouteLog], lost: Mask
    ) -> Choices:
        turned = np.zeros(len(way.booked), np.bool_)
        for log in logs:
            turned[log.refused] = True
        return cls(*(_by_class(way, who, window) for who in (took, turned, lost)))


def _by_class(way: Way, who: Mask, window: Window) -> Counts:
    """How many of some containers were booked in the window [classes]."""
    here = window.rows(way.booked)
    if way.class_of is None:
        return np.array([np.count_nonzero(who[here])])
    return np.bincount(way.class_of[here][who[here]], minlength=len(way.classes))


@dataclass(frozen=True, eq=False)
class Sample:
    """What a lane did in a window, for all its containers or for those of one class."""

    lane: Lane
    window: Window
    journeys: Journeys
    choices: Choices

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
            found.append(Sample(self.lane, self.window, some, self.choices))
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
        _, arrived, loads = log.arrivals
        return Levels(
            came=window.days_after(self.lane.way.booked[log.accepted]),
            went=window.days_after(arrived, loads),
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
    every, arrived, loads = log.arrivals
    trips = window.holds(arrived)
    here, loads = np.repeat(trips, loads), loads[trips]
    who = every[here]
    days = np.repeat(arrived[trips], loads) - booked[who]
    if not log.legs:
        return Journeys(who, days, np.zeros(len(who)))
    last = log.legs[-1]
    wait = np.repeat(last.departed[trips], loads) - last.since[: last.boarded][here]
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
    percentiles = np.percentile(days, PERCENTILES).tolist() if any_came else [None] * 4
    return {
        "throughput": throughput,
        "share": throughput / demand if demand else None,
        "door_to_door_mean": mean,
        **{f"door_to_door_p{p}": day for p, day in zip(PERCENTILES, percentiles, strict=True)},
        "wait_mean": float(wait.mean()) if any_came else None,
    }


def _joined(parts: Sequence[Floats]) -> Floats:
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])


def on_time(samples: Sequence[Sample]) -> Figures:
    """The part of containers delivered within the days that their route promises, inclusive.

    Only routes with a promise count.
    """
    kept = [
        each.journeys.days <= each.lane.promise_days + ROUNDING_DAYS
        for each in samples
        if each.lane.promise_days is not None
    ]
    both = np.concatenate([np.empty(0, np.bool_), *kept])
    return {"on_time": float(both.mean()) if len(both) else None}


def choices(parts: Sequence[Choices], cargo: int | None, window: Window) -> Figures:
    """What was booked, refused, and wanted in vain, by the day of booking; of a class or of all."""
    row = slice(None) if cargo is None else cargo
    return {
        name: sum((window.per_year(int(getattr(each, name)[row].sum())) for each in parts), 0.0)
        for name in ("booked", "refused", "unserved")
    }


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
    left = [(leg, window.holds(leg.departed)) for leg in legs]
    loads = sum(int(leg.loads[here].sum()) for leg, here in left)
    offered = sum(int(leg.capacities[here].sum()) for leg, here in left)
    return loads / offered if offered else None


def by_stage(samples: Sequence[Sample]) -> dict[str, list[Leg]]:
    """The departures stages of some lanes by name."""
    stages: dict[str, list[Leg]] = {}
    for each in samples:
        for leg in each.lane.log.legs:
            stages.setdefault(leg.name, []).append(leg)
    return stages


def narrowest(samples: Sequence[Sample]) -> Sequence[Leg]:
    """The departures stage with the least yearly capacity; nothing where there is none."""
    stages = by_stage(samples).values()
    return min(stages, key=lambda legs: sum(leg.yearly_capacity for leg in legs), default=[])
