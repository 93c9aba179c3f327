"""The plain model's quotas: how many containers may book in a period."""

from __future__ import annotations

from collections import Counter
from itertools import count

from reference_clock import YEAR, Clock
from reference_document import Spec

PERIODS = {"year": YEAR, "month": YEAR / 12, "day": 1.0}


def lets_book(spec: Spec) -> bool:
    """Whether anybody ever may book; where nobody may the route is closed."""
    return bool(spec["containers"] > 0 if spec.get("carry_over") else spec["containers"] >= 1)


class Quota:
    """So many containers may book in each period; period k begins at k times its days."""

    def __init__(self, clock: Clock, spec: Spec) -> None:
        self.clock, self.days = clock, PERIODS[spec["per"]]
        self.containers: float = spec["containers"]
        self.carries_over = spec.get("carry_over", False)
        self.booked: Counter[int] = Counter()  # by period

    @property
    def rate(self) -> float:
        """Containers a day."""
        return self.containers / self.days

    @property
    def period(self) -> int:
        """The one that it is now."""
        soon = int(self.clock.now / self.days) + 1
        return next(period for period in count(soon, -1) if period * self.days <= self.clock.now)

    def is_used_up(self) -> bool:
        """Whether one more would be too many."""
        if self.carries_over:
            return self.booked.total() + 1 > self.containers * (self.period + 1) + 1e-6
        return self.booked[self.period] + 1 > self.containers

    def book(self) -> None:
        self.booked[self.period] += 1
