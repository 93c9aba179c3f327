"""The plain model's demand: its parts, its course over time, the classes of cargo."""

from __future__ import annotations

import math
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, count, pairwise

import numpy as np
from reference_chance import Chance, chance
from reference_clock import YEAR, Clock
from reference_document import Eras, Spec

MONTHS = 12


@dataclass
class Class:
    """A kind of cargo; its name is None where demand has no classes."""

    name: str | None
    share: float
    priority: int
    value_of_time: Chance


def classes(demand: Spec, rng: np.random.Generator) -> list[Class]:
    value = demand.get("value_of_time_usd_per_day", 0)
    said = demand.get("classes") or {None: {"share": 1.0}}
    return [
        Class(
            name,
            spec["share"],
            spec.get("priority", 0),
            chance(spec.get("value_of_time_usd_per_day", value), rng),
        )
        for name, spec in said.items()
    ]


class Flow:
    """Bookings of one direction (None where there are not two) over time."""

    def __init__(
        self,
        found: Eras,
        direction: str | None,
        clock: Clock,
        rng: np.random.Generator,
    ) -> None:
        self.eras, self.direction, self.clock, self.rng = found, direction, clock, rng
        base = found[0][1]
        self.demand = base["demand"]
        self.part = 1.0 if direction is None else self.demand["directions"][direction]
        self.even = self.demand.get("arrivals") == "even"
        self.growth = self.demand.get("growth_per_year", 0.0)
        months = self.demand.get("monthly") or [1.0] * MONTHS
        self.months: list[float] = (
            months.get(direction, [1.0] * MONTHS) if isinstance(months, dict) else months
        )
        self.start: date = base.get("run", {}).get("start") or date(2001, 1, 1)
        self.sayings = [
            clock.opens + (phase["from"] - self.start).days
            for phase in base.get("phases", {}).values()
            if "demand.containers_per_year" in phase["set"]
        ]
        self.so_far: Counter[str | None] = Counter()  # by class

    def rate(self, day: float) -> float:
        """The demand of a year, if all of it were as on some day."""
        said = [doc["demand"]["containers_per_year"] for since, doc in self.eras if since <= day]
        # Growth counts from the year in which the figure was said, also if it was the same before.
        setting = max((since for since in self.sayings if since <= day), default=0.0)
        years = self.year(day) - self.year(setting)
        grown = said[-1] * self.part * (1 + self.growth) ** years
        return float(grown * self.months[self.month(day)] * MONTHS / sum(self.months))

    def year(self, day: float) -> int:
        """Years since the measured window began; the warm-up counts as the first."""
        return max(0, int((day - self.clock.opens) // YEAR))

    def month(self, day: float) -> int:
        return int((day - self.january) / (YEAR / MONTHS) // 1) % MONTHS

    @property
    def january(self) -> float:
        """The day on which the year of the start began, all of its months equally long."""
        _, length = monthrange(self.start.year, self.start.month)
        passed = self.start.month - 1 + (self.start.day - 1) / length
        return self.clock.opens - passed * YEAR / MONTHS

    def spans(self, first: float, last: float) -> Iterator[tuple[float, float]]:
        """The days from first to last, cut wherever demand may change."""
        cuts = {day for day, _ in self.eras}
        if self.growth:
            cuts |= {self.clock.opens + n * YEAR for n in range(int(self.clock.days / YEAR) + 1)}
        if len(set(self.months)) > 1:
            month = YEAR / MONTHS
            low, high = ((day - self.january) / month for day in (first, last))
            cuts |= {self.january + n * month for n in range(math.floor(low), math.ceil(high))}
        yield from pairwise([first, *sorted(cut for cut in cuts if first < cut < last), last])

    def times(self) -> Iterator[float]:
        """Bookings come at a unit rate in a time that runs as fast as demand is great."""
        units = self.units()
        due, passed = next(units), 0.0
        for start, end in self.spans(0.0, self.clock.closes):
            rate = self.rate((start + end) / 2) / YEAR
            while rate and (time := start + (due - passed) / rate) < end:
                yield time
                due = next(units)
            passed += rate * (end - start)

    def units(self) -> Iterator[float]:
        if self.even:
            return (k + 0.5 for k in count())
        return accumulate(self.rng.exponential() for _ in count())

    def mean_rate(self, first: float, last: float) -> float:
        """The demand of a year, if all of it were as on these days."""
        spans = self.spans(first, last)
        total = sum((end - start) * self.rate((start + end) / 2) for start, end in spans)
        return total / (last - first)

    def draw(self, kinds: list[Class]) -> Class:
        """The class of one more container; evenly mixed where bookings are even."""
        if len(kinds) == 1:
            return kinds[0]
        if not self.even:
            shares = [kind.share for kind in kinds]
            return kinds[self.rng.choice(len(kinds), p=shares)]
        booked = sum(self.so_far.values()) + 1
        kind = max(kinds, key=lambda kind: kind.share * booked - self.so_far[kind.name])
        self.so_far[kind.name] += 1
        return kind
