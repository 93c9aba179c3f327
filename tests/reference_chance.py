"""The plain model's distributions: mean and sampler, as a scenario writes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Chance:
    """A quantity that varies."""

    mean: float
    draw: Callable[[], float]

    def times(self, factor: float) -> Chance:
        return Chance(self.mean * factor, lambda: self.draw() * factor)


def chance(spec: Any, rng: np.random.Generator) -> Chance:
    """The mean and the sampler of a distribution as a scenario writes it."""
    if isinstance(spec, int | float):
        return Chance(spec, lambda: spec)
    if isinstance(spec, list | tuple):
        low, high = spec
        return pert(low, (low + high) / 2, high, rng)
    [(kind, value)] = spec.items()
    match kind:
        case "pert":
            low, mode, high = value
            return pert(low, mode, high, rng)
        case "uniform":
            low, high = value
            return Chance((low + high) / 2, lambda: rng.uniform(low, high))
        case "triangular":
            low, mode, high = value
            return Chance((low + mode + high) / 3, lambda: rng.triangular(low, mode, high))
        case "lognormal":
            mu = math.log(value["median"])
            sigma = (math.log(value["p95"]) - mu) / NormalDist().inv_cdf(0.95)
            return Chance(math.exp(mu + sigma**2 / 2), lambda: rng.lognormal(mu, sigma))
        case "gamma":
            shape = (value["mean"] / value["sd"]) ** 2
            return Chance(value["mean"], lambda: rng.gamma(shape, value["mean"] / shape))
        case "exponential":
            return Chance(value, lambda: rng.exponential(value))
        case "empirical":
            return Chance(float(np.mean(value)), lambda: value[rng.integers(len(value))])
    raise NotImplementedError(f"distribution {kind}")


def pert(low: float, mode: float, high: float, rng: np.random.Generator) -> Chance:
    """A beta distribution on [low, high] whose mean is (low + 4 mode + high) / 6."""
    width = high - low
    if width == 0:
        return Chance(low, lambda: low)
    a, b = 1 + 4 * (mode - low) / width, 1 + 4 * (high - mode) / width
    return Chance((low + 4 * mode + high) / 6, lambda: low + width * rng.beta(a, b))


def days_under_way(transit: Mapping[str, Any], rng: np.random.Generator) -> Chance:
    """Said in days, or by a length and a speed or two, the slower first."""
    if "days" in transit:
        return chance(transit["days"], rng)
    length, speed = transit["length_km"], transit["km_per_day"]
    if isinstance(speed, list | tuple):
        slow, fast = speed
        return chance([length / fast, length / slow], rng)
    return chance(length / speed, rng)
