"""Warm-up: how long the containers under way take to settle, by MSER-5 on their daily means."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.results.observations import Floats, Observations, RouteLog, Way
from sim.results.window import days_since

if TYPE_CHECKING:
    from sim.results.results import Results

BATCH = 5
"""Days whose mean is one observation of MSER-5."""

MOST_NAMES = 3
"""Scenarios that a warning names one by one."""

Daily = Mapping[str, Floats]
"""Containers under way by route: the mean of each whole day, from day 0 on."""


def daily_under_way(observations: Observations) -> dict[str, Floats]:
    """Containers booked and not delivered, mean of each whole day, to a tenth [days], by route."""
    days = int(observations.horizon)
    found: dict[str, Floats] = {}
    for way in observations.ways:
        for log in way.routes:
            level = _level(way, log, days)
            found[log.name] = found[log.name] + level if log.name in found else level
    return {name: np.round(level, 1) + 0.0 for name, level in found.items()}  # no minus zero


def _level(way: Way, log: RouteLog, days: int) -> Floats:
    mornings = np.arange(days + 1.0)
    _, arrived, loads = log.arrivals
    order = arrived.argsort()
    came = days_since(way.booked[log.accepted], mornings)
    return np.diff(came - days_since(arrived[order], mornings, loads[order]))


def mser5(series: Sequence[float] | Floats) -> int:
    """How many observations of a series to leave out, by MSER-5 (White 1997).

    Of the means of batches of 5, the first ones go whose absence makes the standard error of the
    mean of the rest least: at most half of them; of equal ones the fewest.
    """
    batches = len(series) // BATCH
    means = np.asarray(series, dtype=float)[: batches * BATCH].reshape(batches, BATCH).mean(axis=1)
    errors = [
        float(((means[d:] - means[d:].mean()) ** 2).sum()) / (batches - d) ** 2
        for d in range(batches // 2 + 1)
        if d < batches
    ]
    return BATCH * int(np.argmin(errors)) if errors else 0


@dataclass(frozen=True, eq=False)
class WarmUp:
    """What the containers under way on a route say about the warm-up of a scenario.

    series: the mean over the replications on each day [days]
    configured, suggested: days that are, and that MSER-5 would, leave out
    is_settled: whether the run was long enough to see them settle, if there are days enough
    """

    scenario: str
    route: str
    series: Floats
    configured: float
    suggested: int
    is_settled: bool

    @property
    def is_told(self) -> bool:
        """Whether there are days enough to leave some out: else nothing can be said."""
        return len(self.series) >= 2 * BATCH

    @property
    def is_short(self) -> bool:
        """Whether the measured window starts too early, or nobody can say."""
        return self.suggested > self.configured or not self.is_settled


def under_way(results: Results, scenario: str) -> dict[str, Floats]:
    """Of each route that anything went by, containers under way: mean over replications [days]."""
    daily = results.daily.get(scenario, {}).values()
    found = {}
    for route in results.scenario(scenario).routes:
        every = [series[route] for series in daily if route in series]
        if np.any(every):
            found[route] = np.mean(every, axis=0)
    return found


def warm_ups(results: Results, scenario: str) -> Iterator[WarmUp]:
    """Of each route of a scenario that anything went by, if the scenario has a steady state.

    Where demand has seasons it has none, and what rises in spring is no beginning.
    """
    about = results.scenario(scenario)
    if about.moves or about.demand.monthly:
        return
    for route, series in under_way(results, scenario).items():
        if route in results.growing(scenario):
            continue
        left_out = mser5(series)
        most = BATCH * (len(series) // BATCH // 2)
        yield WarmUp(scenario, route, series, about.run.warmup_days, left_out, left_out < most)


def warnings(results: Results) -> Iterator[str]:
    """A sentence for each route whose window starts too early, and all scenarios alike in that.

    Of a study over a ledger in the scenario alone, not in each of hundreds that it makes.
    """
    alike: dict[tuple[str, float, bool, bool], list[WarmUp]] = {}
    for name in results.names[: 1 if results.is_sensitivity else None]:
        for each in warm_ups(results, name):
            if each.is_short:
                key = each.route, each.configured, each.is_settled, each.is_told
                alike.setdefault(key, []).append(each)
    for (route, configured, is_settled, is_told), found in alike.items():
        names = [each.scenario for each in found]
        said = (
            ", ".join(names)
            if len(names) <= MOST_NAMES
            else f"{names[0]} and {len(names) - 1} more"
        )
        if is_settled:
            yield (
                f"{said}: {route}: containers under way settle later than on day {configured:g}: "
                f"MSER-5 suggests run.warmup_days of {max(each.suggested for each in found)}"
            )
        else:
            horizon = max(results.scenario(name).run.horizon for name in names)
            why = (
                "containers under way do not settle within the run; MSER-5 finds no warm-up that "
                "is enough"
                if is_told
                else "too few days are simulated to tell whether containers under way settle"
            )
            longer = max(math.ceil(2 * horizon), 4 * BATCH)  # so that there is a batch to leave out
            yield f"{said}: {route}: {why}: try run.days of {longer:,} or more"
