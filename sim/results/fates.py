"""Fates: where the containers booked in a window ended, each in exactly one way.

Delivered, moving or waiting, by route; or unserved. As they are at the horizon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sim.results.containers import FATES, ended_as
from sim.results.observations import Observations
from sim.results.window import Window


def fates(
    observed: Observations, routes: Sequence[str], window: Window
) -> Iterator[tuple[str, str, float]]:
    """Route, fate and containers a year: by route, and of "all" together."""
    number = dict.fromkeys(((route, fate) for route in routes for fate in FATES[:-1]), 0)
    total = dict.fromkeys(FATES, 0)
    for way in observed.ways:
        here = window.rows(way.booked)
        taken, ended = way.taken[here], ended_as(way, observed.horizon)[here]
        for row, fate in enumerate(FATES):
            total[fate] += int(np.count_nonzero(ended == row))
        for place, log in enumerate(way.routes):
            for row, fate in enumerate(FATES[:-1]):
                some = (taken == place) & (ended == row)
                number[log.name, fate] += int(np.count_nonzero(some))
    for (route, fate), those in number.items():
        yield route, fate, window.per_year(those)
    for fate, those in total.items():
        yield "all", fate, window.per_year(those)
