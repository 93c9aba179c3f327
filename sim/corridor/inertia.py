"""Inertia: bookers compare routes by a smoothed past of what was posted, not by the moment."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.corridor.desks import Desk
from sim.corridor.posters import Levels, Posters, first_places
from sim.corridor.rules import Score
from sim.corridor.streams import Floats


class Inertia:
    """The door-to-door days that each route posted, smoothed over T days.

    At each moment t(k) at which figures are posted, a route posts P(k): the door-to-door days of a
    container that would book then, first in line. The smoothed figure is

        S(0) = P(0),   S(k) = S(k-1) + (1 - exp(-(t(k) - t(k-1)) / T)) · (P(k) - S(k-1)),

    simple exponential smoothing at its time constant (Brown 1959), and what books until the next
    figures are posted compares routes by S(k). Figures are posted every `posted_every_hours` from
    day 0 on, and when a phase begins or freight changes. Waits that are too long and quotas are
    those of the moment. A closed route posts nothing, so its S stays; where it opens for the first
    time S begins anew.

    days: S as it is now, 0 for a route that never was open [routes, levels]
    """

    def __init__(self, span: float, desks: Sequence[Desk], levels: int) -> None:
        self._span, self._desks, self._since = span, desks, 0.0
        self._levels = np.arange(levels, dtype=np.int8)
        self._has_posted = np.zeros((len(desks), 1), np.bool_)
        self.days: Floats = np.zeros((len(desks), levels))

    def post(self, now: float) -> None:
        """Let the figures of a moment be posted."""
        posted, is_open = self._posted(now), np.array([[desk.is_open] for desk in self._desks])
        past = np.where(self._has_posted, self.days, posted)
        # As above, and exactly P where it does not change or nothing of the past is left.
        smoothed = posted + (past - posted) * math.exp(-(now - self._since) / self._span)
        self.days = np.where(is_open, smoothed, self.days)
        self._has_posted |= is_open
        self._since = now

    def _posted(self, now: float) -> Floats:
        """The days that each route posts to a container of each level [routes, levels]."""
        times = np.full(len(self._levels), now)
        levels = self._levels if len(self._levels) > 1 else None
        first = first_places(self._desks, times)
        return Posters(self._desks, now, times, first, levels).post(None).days

    def scored(self, score: Score, levels: Levels) -> Score:
        """By what containers compare routes that do not look at the days of the moment."""
        days = self.days if levels is None else self.days[:, levels]
        return Score(score(days), np.broadcast_to(0.0, len(score.a_day)))
