"""The measured window: what falls into it, and how long things lasted in it.

Warm-up is a filter here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.results.observations import Floats, Rows
from sim.scenario.fields import DAYS_A_YEAR


@dataclass(frozen=True)
class Window:
    """Days [start, end)."""

    start: float
    end: float

    @property
    def days(self) -> float:
        """Its length."""
        return self.end - self.start

    def holds(self, moments: Floats) -> NDArray[np.bool_]:
        """Whether each moment is in it."""
        return (moments >= self.start) & (moments < self.end)

    def per_year(self, count: float) -> float:
        """So many in the window, as so many in 365 days."""
        return count * DAYS_A_YEAR / self.days

    def rows(self, rising: Floats) -> slice:
        """Which of moments that rise are in it."""
        first, end = rising.searchsorted([self.start, self.end])
        return slice(first, end)

    def days_after(self, moments: Floats, weights: Rows | None = None) -> float:
        """The days of the window that come after each moment, summed.

        The integral of a level over the window is this for what raises it, less this for what
        lowers it.
        """
        days = self.end - moments.clip(self.start, self.end)
        return float((days if weights is None else days * weights).sum())


def days_since(rising: Floats, moments: Floats, weights: Rows | None = None) -> Floats:
    """The days from each event before a moment to that moment, weighted and summed [moments].

    The integral of a level up to a moment is this for what raises it, less this for what lowers it.
    """
    before = rising.searchsorted(moments)
    rising = rising[: before.max(initial=0)]
    number: Floats = before.astype(float)
    weighted = rising
    if weights is not None:
        weights = weights[: len(rising)]
        number, weighted = _sums(weights)[before], weights * rising
    return number * moments - _sums(weighted)[before]


def _sums(values: NDArray[np.generic]) -> Floats:
    """The sum of the first values, from none to all of them."""
    return np.concatenate([[0.0], values.cumsum()])
