"""Figures of some lanes over a window: what was delivered, chosen and waiting, and how full it was.

A lane is a route in one direction; any can be taken together, and of their containers those of one
class. A figure that is not defined is None: a time with no delivery, a share of no demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.results.observations import Floats, Leg, RouteLog, Rows, Way
from sim.results.window import Window

Figures = dict[str, float | None]

PERCENTILES: Final = (5, 50, 90, 95)

ROUNDING_DAYS: Final = 1e-9
"""A difference of two days may be off by its last bits: a trip of 18 days keeps a promise of 18."""


@dataclass(frozen=True, eq=False)
class Lane:
    """A route in one direction: its log, the row by which containers chose it, its promise."""

    way: Way
    row: int
    log: RouteLog
    promise_days: float | None


@dataclass(frozen=True)
class Journeys:
    """Containers delivered in a window: who; door-to-door days and days waited [containers]."""

    who: Rows
    days: Floats
    wait: Floats


NOBODY = Journeys(np.empty(0, np.int32), np.empty(0), np.empty(0))


@dataclass(frozen=True, eq=False)
class Sample:
    """What a lane did in a window, for all its containers or for those of one class.

    cargo: the row of that class; None for all
    """

    lane: Lane
    window: Window
    journeys: Journeys
    cargo: int | None = None

    @classmethod
    def of(cls, lane: Lane, window: Window) -> Sample:
        """All that a lane did in a window."""
        return cls(lane, window, _journeys(lane, window))

    def of_class(self, cargo: int) -> Sample:
        """The part of one class."""
        assert self.lane.way.class_of is not None, "there are classes"
        here, all_ = self.lane.way.class_of[self.journeys.who] == cargo, self.journeys
        some = Journeys(all_.who[here], all_.days[here], all_.wait[here])
        return Sample(self.lane, self.window, some, cargo)

    def count(self, who: Rows | NDArray[np.bool_]) -> float:
        """How many of some containers were booked in the window, a year."""
        booked, classes = self.lane.way.booked[who], self.lane.way.class_of
        if self.cargo is not None and classes is not None:
            booked = booked[classes[who] == self.cargo]
        return self.window.count(booked)


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
    percentiles = np.percentile(days, PERCENTILES) if any_came else None
    return {
        "throughput": throughput,
        "share": throughput / demand if demand else None,
        "door_to_door_mean": float(days.mean()) if any_came else None,
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


def choices(samples: Sequence[Sample]) -> Figures:
    """What was booked on a route, refused there, and wanted it in vain, by the day of booking."""
    return {
        "booked": sum(each.count(each.lane.log.accepted) for each in samples),
        "refused": sum(each.count(each.lane.log.refused) for each in samples),
        "unserved": sum(each.count(_lost(each.lane)) for each in samples),
    }


def _lost(lane: Lane) -> NDArray[np.bool_]:
    """Containers that wanted the route and were accepted by none."""
    lost: NDArray[np.bool_] = (lane.way.wanted == lane.row) & (lane.way.taken < 0)
    return lost


def choices_of_all(ways: Sequence[Way], window: Window, cargo: int | None = None) -> Figures:
    """The same for all routes together: who was refused somewhere counts once."""
    booked = refused = unserved = 0.0
    for way in ways:
        turned = np.zeros(len(way.booked), np.bool_)
        for log in way.routes:
            turned[log.refused] = True
        here = slice(None) if cargo is None or way.class_of is None else way.class_of == cargo
        moments, took = way.booked[here], way.taken[here] >= 0
        booked += window.count(moments[took])
        refused += window.count(moments[turned[here]])
        unserved += window.count(moments[~took])
    return {"booked": booked, "refused": refused, "unserved": unserved}


def queues(lanes: Sequence[Lane], window: Window) -> Figures:
    """Containers under way and waiting: exact integrals over the window."""
    legs = [leg for lane in lanes for leg in lane.log.legs]
    at_start, at_end = waiting(legs, window.start), waiting(legs, window.end)
    came = sum(window.days_after(lane.way.booked[lane.log.accepted]) for lane in lanes)
    went = sum(
        window.days_after(lane.log.legs[-1].arrived, lane.log.legs[-1].loads)
        if lane.log.legs
        else window.days_after(lane.log.own_arrivals)
        for lane in lanes
    )
    joined = sum(window.days_after(leg.since) for leg in legs)
    left = sum(window.days_after(leg.departed, leg.loads) for leg in legs)
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
    return no_choices() | dict.fromkeys(zeros, 0.0) | {"load_factor": None}


def no_choices() -> Figures:
    """What was chosen on a route that takes no part: nothing."""
    return dict.fromkeys(("booked", "refused", "unserved"), 0.0)
