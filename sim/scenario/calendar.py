"""The calendar of demand: how many containers a year it is worth on each day of a run.

A year has 365 days and counts from `start`, the first day of the measured window; a month is a
twelfth of it. Before `start`, demand is that of the first year.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sim.scenario.demand import MONTHS, Monthly
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Era, Run, Scenario

A_BIT = 1e-9
"""Of a year: a sum of days may be as much less than whole years, and is whole years then."""


class Piece(NamedTuple):
    """Days on which demand is the same, [first, end), in containers a year."""

    first: float
    end: float
    per_year: float

    @property
    def containers(self) -> float:
        """Bookings expected on these days."""
        return self.per_year / DAYS_A_YEAR * (self.end - self.first)


def pieces(eras: Sequence[Era], direction: str | None) -> list[Piece]:
    """The demand of one direction from day 0 to the horizon."""
    run = eras[0].scenario.run
    demands = [era.scenario.one_way(direction).demand for era in eras]
    days = [era.day for era in eras]
    said_in = [_year(run, era.demand_since) for era in eras]
    growth, months = 1 + demands[0].growth_per_year, (demands[0].monthly or Monthly(())).of(None)
    found: list[Piece] = []
    for first, end in _intervals(run, days, growth != 1, len(set(months)) > 1):
        era = bisect_right(days, first) - 1
        middle = (first + end) / 2
        per_year = demands[era].containers_per_year * months[_month(run, middle)]
        per_year *= growth ** (_year(run, middle) - said_in[era])
        if found and found[-1].per_year == per_year:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Piece(first, end, per_year))
    return found


def expected(these: Sequence[Piece], first: float, end: float) -> float:
    """Bookings expected on some days."""
    cut = (Piece(max(p.first, first), min(p.end, end), p.per_year) for p in these)
    return math.fsum(piece.containers for piece in cut if piece.first < piece.end)


def yearly_demand(scenario: Scenario, first: float, end: float) -> dict[str | None, float]:
    """Containers a year that book on some days, for each direction."""
    eras = scenario.eras
    found = {}
    for direction in scenario.directions:
        these = pieces(eras, direction)
        a_year = expected(these, first, end) * DAYS_A_YEAR / (end - first)
        found[direction] = these[0].per_year if len(these) == 1 else a_year
    return found


def _year(run: Run, day: float) -> int:
    """Whole years since the start; the warm-up counts as the first."""
    return max(0, math.floor((day - run.warmup_days) / DAYS_A_YEAR + A_BIT))


def _start_of_year(run: Run) -> float:
    """What part of its year has passed when the measured window begins."""
    if run.start is None:
        return 0.0
    in_month = (run.start.day - 1) / monthrange(run.start.year, run.start.month)[1]
    return (run.start.month - 1 + in_month) / MONTHS


def _month(run: Run, day: float) -> int:
    """The month of a day, 0 for January."""
    years = _start_of_year(run) + (day - run.warmup_days) / DAYS_A_YEAR
    return math.floor(years * MONTHS) % MONTHS


def _intervals(
    run: Run, days: Sequence[float], by_year: bool, by_month: bool
) -> Iterator[tuple[float, float]]:
    """The run, cut where demand may change."""
    cuts = {0.0, run.horizon, *days}
    if by_year:
        count = math.ceil(run.days / DAYS_A_YEAR)
        cuts |= {run.warmup_days + n * DAYS_A_YEAR for n in range(1, count)}
    if by_month:
        month, offset = DAYS_A_YEAR / MONTHS, _start_of_year(run) * DAYS_A_YEAR
        low = math.floor((offset - run.warmup_days) / month)
        high = math.ceil((offset + run.days) / month)
        cuts |= {run.warmup_days + n * month - offset for n in range(low, high + 1)}
    inside = sorted(cut for cut in cuts if 0 <= cut <= run.horizon)
    yield from pairwise(inside)
