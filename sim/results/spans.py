"""Spans of days in which something holds, and how much of others falls into them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sim.results.observations import Floats


def joined(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Days [first, end) in order and apart: those that touch as one."""
    found: list[tuple[float, float]] = []
    for first, end in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((first, end))
    return found


class Spans:
    """Days [first, end), which may overlap."""

    def __init__(self, spans: Iterable[tuple[float, float]]) -> None:
        apart = joined(spans)
        self._first = np.array([first for first, _ in apart])
        self._length = np.array([end - first for first, end in apart])
        self._before = np.concatenate([[0.0], self._length.cumsum()])

    def until(self, moments: Floats) -> Floats:
        """How many of their days come before each moment."""
        if not len(self._first):
            return np.zeros(len(moments))
        last = self._first.searchsorted(moments, "right") - 1
        inside = (moments - self._first[last]).clip(max=self._length[last])
        days: Floats = np.where(last < 0, 0.0, self._before[last] + inside)
        return days

    def between(self, first: Floats, end: Floats) -> float:
        """How many of their days lie between moments, summed."""
        return float((self.until(end) - self.until(first)).sum())

    def within(self, first: float, end: float) -> float:
        """How many of their days lie in one window."""
        return self.between(np.array([first]), np.array([end]))
