"""Curves of one replication for pictures: small tables made from every container."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.results.metrics import waiting
from sim.results.observations import Floats, Observations

BINS = 100


@dataclass(frozen=True)
class RouteCurves:
    """What a picture shows of one route.

    edges, density: histogram of door-to-door days of containers delivered in the window;
        the densities of all routes sum to the fraction delivered by each [per day]
    backlog: containers waiting for a departure at the start of each day [days]
    deliveries: containers delivered on each day [days]
    """

    edges: Floats
    density: Floats
    backlog: Floats
    deliveries: Floats


@dataclass(frozen=True)
class Curves:
    """Curves by route, with the window that was measured."""

    warmup_days: float
    horizon: float
    routes: dict[str, RouteCurves]


def curves(observations: Observations) -> Curves:
    """The curves of one replication."""
    containers = observations.containers
    days = containers.delivered - containers.booked
    measured = (containers.delivered >= observations.warmup_days) & np.isfinite(days)
    edges = _edges(days[measured])
    total = int(np.count_nonzero(measured))
    grid = np.arange(math.ceil(observations.horizon))
    found = {}
    for row, log in enumerate(observations.routes):
        here = containers.route == row
        counts, _ = np.histogram(days[measured & here], edges)
        arrivals = containers.delivered[here & np.isfinite(days)].astype(np.intp)
        found[log.name] = RouteCurves(
            edges=edges,
            density=counts / (np.diff(edges) * max(total, 1)),
            backlog=np.array([waiting(log.legs, day) for day in grid.tolist()], float),
            deliveries=np.bincount(arrivals, minlength=len(grid)).astype(float),
        )
    return Curves(observations.warmup_days, observations.horizon, found)


def _edges(days: Floats) -> Floats:
    """Edges of about a hundred bins whose width is 1, 2 or 5 times a power of ten."""
    if not len(days):
        return np.array([0.0, 1.0])
    low, high = float(days.min()), float(days.max())
    raw = max((high - low) / BINS, 1e-3)
    power = 10.0 ** math.floor(math.log10(raw))
    width = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first = math.floor(low / width)
    return np.arange(first, math.ceil(high / width) + 1.5) * width
