"""Random numbers: a stream for each purpose, and the inverse transforms that use them.

A stream is addressed by seed, replication and purpose alone, so two scenarios that differ in one
thing share the random numbers of everything else (common random numbers, Law 2015, section 11.2).
Each value takes one uniform number whatever its distribution: a changed parameter shifts no other
draw. Samplers by rejection would.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sim.scenario.distributions import Distribution, lognormal_sigma

Floats = NDArray[np.float64]


def stream(seed: int, replication: int, purpose: str) -> np.random.Generator:
    """The generator of one purpose in one replication."""
    address = (replication, zlib.crc32(purpose.encode()))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=address)))


def quantile(distribution: Distribution, u: Floats) -> Floats:
    """The values of a distribution at uniform numbers in [0, 1), element by element."""
    low, high = distribution.bounds
    if low == high:
        return np.full_like(u, low)
    return QUANTILES[distribution.kind](u, *distribution.numbers)


def _pert(u: Floats, low: float, mode: float, high: float) -> Floats:
    alpha, beta = 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)
    return low + (high - low) * special.betaincinv(alpha, beta, u)


def _uniform(u: Floats, low: float, high: float) -> Floats:
    return low + u * (high - low)


def _triangular(u: Floats, low: float, mode: float, high: float) -> Floats:
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    values: Floats = np.where(u < (mode - low) / (high - low), rising, falling)
    return values


def _lognormal(u: Floats, median: float, p95: float) -> Floats:
    if median == p95:
        return np.full_like(u, median)
    values: Floats = special.ndtri(u)
    values *= lognormal_sigma(median, p95)
    np.exp(values, out=values)  # in place: a million of them are most of what a draw costs
    values *= median
    return values


def _gamma(u: Floats, mean: float, sd: float) -> Floats:
    if sd == 0:
        return np.full_like(u, mean)
    return np.multiply(sd**2 / mean, special.gammaincinv((mean / sd) ** 2, u), dtype=float)


def _exponential(u: Floats, mean: float) -> Floats:
    return -mean * np.log1p(-u)


def _empirical(u: Floats, *values: float) -> Floats:
    return np.sort(np.array(values))[(u * len(values)).astype(np.intp)]


QUANTILES: dict[str, Callable[..., Floats]] = {
    "pert": _pert,
    "uniform": _uniform,
    "triangular": _triangular,
    "lognormal": _lognormal,
    "gamma": _gamma,
    "exponential": _exponential,
    "empirical": _empirical,
}
