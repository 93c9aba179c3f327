"""Curves of one replication for pictures: small tables made from every container."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.results.observations import Floats, Leg, Observations
from sim.results.window import days_since

BINS = 50


@dataclass(frozen=True)
class RouteCurves:
    """What a picture shows of one route.

    edges, density: histogram of door-to-door days of containers delivered in the window;
        the densities of all routes sum to the fraction delivered by each [per day]
    backlog: containers waiting for a departure, mean over each day [days]
    deliveries: containers delivered on each day [days]
    """

    edges: Floats
    density: Floats
    backlog: Floats
    deliveries: Floats


@dataclass(frozen=True)
class Curves:
    """Curves by route.

    disrupted: what went wrong, and on which days: (name, first, end)
    """

    routes: dict[str, RouteCurves]
    disrupted: tuple[tuple[str, float, float], ...] = ()


def curves(observations: Observations) -> Curves:
    """The curves of one replication."""
    containers = observations.containers
    days = containers.delivered - containers.booked
    measured = (containers.delivered >= observations.warmup_days) & np.isfinite(days)
    total = max(int(np.count_nonzero(measured)), 1)
    grid = np.arange(math.ceil(observations.horizon) + 1, dtype=float)
    found = {}
    for row, name in enumerate(containers.routes):
        logs = [log for way in observations.ways for log in way.routes if log.name == name]
        legs = [leg for log in logs for leg in log.legs]
        here = containers.route == row
        edges = _edges(days[measured & here])
        counts, _ = np.histogram(days[measured & here], len(edges) - 1, (edges[0], edges[-1]))
        arrivals = containers.delivered[here & np.isfinite(days)].astype(np.intp)
        found[name] = RouteCurves(
            edges=edges,
            density=counts / (np.diff(edges) * total),
            backlog=np.diff(sum((waited(leg, grid) for leg in legs), np.zeros(len(grid)))),
            deliveries=np.bincount(arrivals, minlength=len(grid) - 1).astype(float),
        )
    disrupted = tuple(
        (log.name, first, end)
        for log in observations.disruptions
        for first, end in ([] if log.said.of_servers else log.spans)
        if first < observations.horizon
    )
    return Curves(found, disrupted)


def waited(leg: Leg, moments: Floats) -> Floats:
    """Container-days waited at a stage before each of the moments."""
    return days_since(leg.joined, moments) - days_since(leg.departed, moments, leg.loads)


def _edges(days: Floats) -> Floats:
    """Edges of about fifty bins whose width is 1, 2 or 5 times a power of ten."""
    if not len(days):
        return np.array([0.0, 1.0])
    low, high = float(days.min()), float(days.max())
    raw = max((high - low) / BINS, 1e-3)
    power = 10.0 ** math.floor(math.log10(raw))
    width = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first = math.floor(low / width)
    return np.arange(first, math.ceil(high / width) + 1.5) * width
