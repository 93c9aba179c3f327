"""Random numbers: a stream for each purpose, and the inverse transforms that use them.

A stream is addressed by seed, replication and purpose alone, so two scenarios that differ in one
thing share the random numbers of everything else (common random numbers, Law 2015, section 11.2).
Each value takes one uniform number whatever its distribution: a changed parameter shifts no other
draw. Samplers by rejection would.
"""

from __future__ import annotations

import zlib
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sim.scenario import distributions as d

Floats = NDArray[np.float64]


def stream(seed: int, replication: int, purpose: str) -> np.random.Generator:
    """The generator of one purpose in one replication."""
    address = (replication, zlib.crc32(purpose.encode()))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=address)))


@singledispatch
def quantile(distribution: d.Distribution, u: Floats) -> Floats:  # noqa: ARG001
    """The values of a distribution at uniform numbers in [0, 1), element by element."""
    raise TypeError(f"no quantile function for {type(distribution).__name__}")


@quantile.register
def _(distribution: d.Fixed, u: Floats) -> Floats:
    return np.full_like(u, distribution.value)


@quantile.register
def _(distribution: d.Uniform, u: Floats) -> Floats:
    return distribution.low + u * (distribution.high - distribution.low)


@quantile.register
def _(distribution: d.Pert, u: Floats) -> Floats:
    low, mode, high = distribution.low, distribution.mode, distribution.high
    if low == high:
        return np.full_like(u, low)
    alpha, beta = 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)
    return low + (high - low) * special.betaincinv(alpha, beta, u)


@quantile.register
def _(distribution: d.Triangular, u: Floats) -> Floats:
    low, mode, high = distribution.low, distribution.mode, distribution.high
    if low == high:
        return np.full_like(u, low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    values: Floats = np.where(u < (mode - low) / (high - low), rising, falling)
    return values


@quantile.register
def _(distribution: d.Lognormal, u: Floats) -> Floats:
    if distribution.sigma == 0:
        return np.full_like(u, distribution.median)
    return distribution.median * np.exp(distribution.sigma * special.ndtri(u))


@quantile.register
def _(distribution: d.Gamma, u: Floats) -> Floats:
    if distribution.sd == 0:
        return np.full_like(u, distribution.mean)
    scale = distribution.sd**2 / distribution.mean
    return scale * special.gammaincinv(distribution.mean / scale, u)


@quantile.register
def _(distribution: d.Exponential, u: Floats) -> Floats:
    return -distribution.mean * np.log1p(-u)


@quantile.register
def _(distribution: d.Empirical, u: Floats) -> Floats:
    values: Floats = np.sort(np.array(distribution.values, float))
    return values[(u * len(values)).astype(np.intp)]
