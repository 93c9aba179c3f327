"""How the values of a distribution are spread, for sketches that must start at once.

Without numpy and scipy; the engine draws by its own transforms.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

from sim.scenario.distributions import Distribution, lognormal_sigma

POINTS = 500
"""Values that stand for a distribution: a share over them is good to a part in a thousand."""

MIDDLES = [(k + 0.5) / POINTS for k in range(POINTS)]
"""The middles of equal parts of [0, 1]."""

Weighted = list[tuple[float, float]]


def weighted(distribution: Distribution) -> Weighted:
    """Values of a distribution with weights that sum to 1."""
    low, high = distribution.bounds
    if low == high or (distribution.kind == "gamma" and not distribution.numbers[1]):
        return [(distribution.mean, 1.0)]
    points = SPREAD[distribution.kind](*distribution.numbers)
    total = math.fsum(weight for _, weight in points)
    return [(value, weight / total) for value, weight in points]


def _pert(low: float, mode: float, high: float) -> Weighted:
    rise, fall = 4 * (mode - low) / (high - low), 4 * (high - mode) / (high - low)
    return [(low + (high - low) * x, x**rise * (1 - x) ** fall) for x in MIDDLES]


def _uniform(low: float, high: float) -> Weighted:
    return [(low + (high - low) * u, 1.0) for u in MIDDLES]


def _triangular(low: float, mode: float, high: float) -> Weighted:
    def density(x: float) -> float:
        return (x - low) / (mode - low) if x < mode else (high - x) / (high - mode or 1.0)

    return [(x, density(x)) for x, _ in _uniform(low, high)]


def _lognormal(median: float, p95: float) -> Weighted:
    sigma, normal = lognormal_sigma(median, p95), NormalDist()
    return [(median * math.exp(sigma * normal.inv_cdf(u)), 1.0) for u in MIDDLES]


def _gamma(mean: float, sd: float) -> Weighted:
    """Equal steps of x^shape, which take away the pole at 0 where there is one; else of x."""
    shape, scale = (mean / sd) ** 2, sd * (sd / mean)
    most = mean + 8 * sd + 30 * scale
    if shape < 1:
        values = [most * u ** (1 / shape) for u in MIDDLES]
        return [(x, math.exp(-x / scale)) for x in values]
    values = [x for x, _ in _uniform(max(0.0, mean - 8 * sd), min(most, mean + 12 * sd))]
    logs = [(shape - 1) * math.log(x / mean) - (x - mean) / scale for x in values]
    return [(x, math.exp(each - max(logs))) for x, each in zip(values, logs, strict=True)]


SPREAD: dict[str, Callable[..., Weighted]] = {
    "pert": _pert,
    "uniform": _uniform,
    "triangular": _triangular,
    "lognormal": _lognormal,
    "gamma": _gamma,
    "exponential": lambda mean: [(-mean * math.log1p(-u), 1.0) for u in MIDDLES],
    "empirical": lambda *values: [(value, 1.0) for value in values],
}
