"""Fates: where the containers booked in a window ended, each in exactly one way.

Delivered, moving or waiting, by route; or unserved. As they are at the horizon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.results.containers import FATES
from sim.results.figures import Sample
from sim.results.observations import Floats, Observations, RouteLog, Rows
from sim.results.window import Window

BY_ROUTE = FATES[:3]
"""The fates that a route has: who is unserved is on none."""


def fates(
    observed: Observations, samples: Sequence[Sample], routes: Sequence[str], window: Window
) -> Iterator[tuple[str, str, float]]:
    """Route, fate and containers a year: by route, and of "all" together.

    samples: what each lane did in the window
    """
    total = dict.fromkeys(FATES, 0)
    for way in observed.ways:
        total["unserved"] += _booked(way.booked, np.flatnonzero(way.taken < 0), window)
    for route in routes:
        some = [each for each in samples if each.lane.log.name == route]
        for fate in BY_ROUTE:
            number = sum(_of_lane(each, fate, observed.horizon) for each in some)
            total[fate] += number
            yield route, fate, window.per_year(number)
    for fate, number in total.items():
        yield "all", fate, window.per_year(number)


def _of_lane(sample: Sample, fate: str, horizon: float) -> int:
    """Of the containers of a lane those with one fate."""
    log, booked = sample.lane.log, sample.lane.way.booked
    if fate == "delivered":  # who was booked in the window was delivered in it
        return _booked(booked, sample.journeys.who, sample.window)
    some = _moving(log, horizon) if fate == "moving" else _waiting(log, horizon)
    return sum(_booked(booked, who, sample.window) for who in some)


def _booked(booked: Floats, who: NDArray[np.integer], window: Window) -> int:
    """How many of some containers were booked in the window."""
    return int(np.count_nonzero(window.holds(booked[who])))


def _moving(log: RouteLog, horizon: float) -> Iterator[Rows]:
    """Containers on their own, and those aboard of what is under way."""
    if not log.legs:
        yield log.accepted[~(log.own_arrivals < horizon)]
    elif log.approach:
        yield log.accepted[~(log.approach[-1].left < horizon)]
    for leg in log.legs:
        yield leg.who[: leg.boarded][np.repeat(np.isinf(leg.arrived), leg.loads)]


def _waiting(log: RouteLog, horizon: float) -> Iterator[Rows]:
    """Containers that are ready for a departure."""
    for leg in log.legs:
        yield leg.who[leg.boarded :][leg.since[leg.boarded :] < horizon]
