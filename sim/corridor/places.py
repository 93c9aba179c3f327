"""Numbered places, on vehicles or of a quota: which of them containers take, one after the other.

A container takes the first that is free of those that are left when it comes. Which is the first
that is left, never falls from one container to the next.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts


def offered(first: Counts, free: int | NDArray[Any], ahead: Counts | None) -> Counts:
    """The place that is offered to each: the first neither taken nor left.

    first: the first that is left when each comes [..., containers]
    free: the first that is not taken before
    ahead: how many of those before each take one, None for nobody [as `first`]
    """
    if ahead is None:
        return np.maximum(first, free)
    unlost: Counts = np.maximum.accumulate(first - ahead, axis=-1)
    np.maximum(unlost, free, out=unlost)
    unlost += ahead
    return unlost


def left_over(first: Counts, free: int, beyond: Floats | Counts) -> NDArray[np.bool_]:
    """Whether each finds no place: each takes the one that it is offered, where that will do.

    Only one before `beyond` will do. Where who comes later also accepts later places, the number
    of places taken follows x → min(max(x, first) + 1, beyond): a clamp, and clamps in a row are
    running extremes.
    """
    row = np.arange(len(first))
    low = np.maximum(np.maximum.accumulate(first - row), free)
    if len(row) and (beyond[1:] < beyond[:-1]).any():
        return _left_over_one_by_one(first, free, beyond)
    low[1:] = np.minimum(low[1:], np.minimum.accumulate(beyond - row)[:-1] - 1)
    left: NDArray[np.bool_] = row + low >= beyond
    return left


def _left_over_one_by_one(first: Counts, free: int, beyond: Floats | Counts) -> NDArray[np.bool_]:
    left = np.zeros(len(first), np.bool_)
    for number, (soonest, end) in enumerate(zip(first.tolist(), beyond.tolist(), strict=True)):
        place = soonest if soonest > free else free
        if place < end:
            free = place + 1
        else:
            left[number] = True
    return left
