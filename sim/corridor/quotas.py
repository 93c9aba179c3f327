"""Quotas: how many containers may book in each period, whatever vehicles could carry.

The places of a quota are numbered on from period to period, as those of a timetable are from
departure to departure, and a container that books takes the first that is free. Those of a period
that is over are lost, or, where they carry over, still there; those of a later period are not
there yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sim.corridor.places import left_over, offered
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts
from sim.scenario.stages import Quota


@dataclass(frozen=True, eq=False)
class Offer:
    """What a quota offers to the containers of a block, in booking order.

    free: the first place that is not sold before
    first, beyond: the first place that is there when each books, and the first that is not there
        yet [containers]
    """

    free: int
    first: Counts
    beyond: Counts

    def is_full(self, ahead: Counts | None) -> NDArray[np.bool_]:
        """Whether each finds no place, where so many of those before it take one; None: nobody."""
        full: NDArray[np.bool_] = offered(self.first, self.free, ahead) >= self.beyond
        return full

    def holds(self, coming: int) -> bool:
        """Whether so many surely find a place, whichever of the block they are."""
        return bool((np.maximum(self.first, self.free) + coming <= self.beyond).all())

    def turned(self, asks: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether each of the rows that ask, and nobody else, finds no place."""
        return left_over(self.first[asks], self.free, self.beyond[asks])


class Sale:
    """A quota at work: which of its places are there, and how many are sold.

    Period k begins at k times its days: computed, never accumulated. So many as k periods bring in
    decimals, rounded down, are there in k: a hundred months of 0.29 containers bring 29.
    """

    def __init__(self, quota: Quota, horizon: float) -> None:
        periods = range(1, int(horizon / quota.period_days) + 2)
        self._begins = np.arange(len(periods)) * quota.period_days
        said = Fraction(str(quota.containers))
        if not quota.carry_over:
            said = Fraction(int(said))
        self._beyond: Counts = np.array([int(said * number) for number in periods])
        self._first = self._beyond * 0 if quota.carry_over else self._beyond - int(said)
        self._free = 0

    def offer(self, times: Floats) -> Offer:
        """What is there for containers that book at these moments."""
        period = self._begins.searchsorted(times, "right") - 1
        return Offer(self._free, self._first[period], self._beyond[period])

    def sell(self, times: Floats) -> None:
        """Let containers that book at these moments take the places that they were offered."""
        if len(times):
            offer = self.offer(times)
            self._free = 1 + int(offered(offer.first, offer.free, np.arange(len(times)))[-1])


class Till:
    """An offer to one container after the other: the same as to all at once."""

    def __init__(self, offer: Offer) -> None:
        self._free = offer.free
        self._first: list[int] = offer.first.tolist()
        self._beyond: list[int] = offer.beyond.tolist()

    def is_full(self, number: int) -> bool:
        """Whether a container of the block finds no place."""
        return max(self._free, self._first[number]) >= self._beyond[number]

    def sell(self, number: int) -> None:
        """Let it take its place."""
        self._free = max(self._free, self._first[number]) + 1
