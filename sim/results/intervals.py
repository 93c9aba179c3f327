"""Intervals over replications: Student-t for a mean, paired for a difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval; None where there is none.

    The mean is undefined when it is in any replication; the interval needs at least two.
    """

    mean: float | None
    low: float | None = None
    high: float | None = None

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def holds_zero(self) -> bool:
        """Whether there is an interval, and 0 is in it: of a difference, that it may be none."""
        return self.low is not None and self.high is not None and self.low <= 0 <= self.high


UNDEFINED = Interval(None)


def student(values: Sequence[float | None], confidence: float) -> Interval:
    """The mean of independent values with its Student-t interval (Law 2015, section 4.5)."""
    numbers = [value for value in values if value is not None]
    if not numbers or len(numbers) < len(values):
        return UNDEFINED
    from scipy.special import stdtrit  # here, as `check` knows intervals and needs no such time

    mean = float(np.mean(numbers))
    if len(numbers) == 1:
        return Interval(mean)
    t = float(stdtrit(len(numbers) - 1, (1 + confidence) / 2))
    half = t * float(np.std(numbers, ddof=1)) / len(numbers) ** 0.5
    return Interval(mean, mean - half, mean + half)


@dataclass(frozen=True)
class Difference:
    """A scenario minus its baseline, paired by replication.

    higher: the fraction of replications in which the scenario is above the baseline
    variance_reduction: variance of a difference of independent runs over that of the paired one;
        None where the paired difference does not vary
    """

    interval: Interval
    higher: float | None = None
    lower: float | None = None
    variance_reduction: float | None = None


def paired(
    scenario: Sequence[float | None], baseline: Sequence[float | None], confidence: float
) -> Difference:
    """The paired-t comparison of two scenarios (Law 2015, section 10.2.1)."""
    pairs = [
        (x, y) for x, y in zip(scenario, baseline, strict=True) if x is not None and y is not None
    ]
    if not pairs or len(pairs) < len(scenario):
        return Difference(UNDEFINED)
    x, y = np.array(pairs).T
    gaps = x - y
    return Difference(
        interval=student(gaps.tolist(), confidence),
        higher=float(np.mean(gaps > 0)),
        lower=float(np.mean(gaps < 0)),
        variance_reduction=_variance_reduction(x, y),
    )


def _variance_reduction(x: np.ndarray, y: np.ndarray) -> float | None:
    if len(x) < 2:
        return None
    apart = float(np.var(x, ddof=1) + np.var(y, ddof=1))
    together = float(np.var(x - y, ddof=1))
    return apart / together if together > 1e-24 * apart else None
