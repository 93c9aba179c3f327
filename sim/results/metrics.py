"""Metrics: figures of one replication, each over the measured window [warm-up, horizon).

Warm-up is a filter here and nowhere else. A figure that is not defined is None: a time with no
delivery, a load factor without a departure, a share of no demand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.results.observations import Floats, Leg, Observations, RouteLog, Rows
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Scenario

ALL: Final = "all"
"""The route that stands for all routes together, and the part that stands for everything."""


class Key(NamedTuple):
    """What a figure is about: a route (or "all"), a part of it (or "all"), a metric."""

    route: str
    part: str
    metric: str

    def __str__(self) -> str:
        """`rail.share`, `rail.stage:trains.load_factor`."""
        return ".".join(self if self.part != ALL else (self.route, self.metric))


Measures = dict[Key, float | None]


@dataclass(frozen=True)
class Metric:
    """A metric's unit and meaning, and whether more of it is better (+1) or worse (-1)."""

    unit: str
    meaning: str
    better: int = 0
    steady: bool = False
    """Whether it is a mean over time that exists only in steady state."""


METRICS: dict[str, Metric] = {
    "throughput": Metric("containers/year", "containers delivered", +1),
    "share": Metric("fraction", "throughput over the yearly demand", +1),
    "booked": Metric("containers/year", "containers that took the route", +1),
    "refused": Metric("containers/year", "containers that found its wait too long", -1),
    "unserved": Metric("containers/year", "containers that no route accepted", -1),
    "door_to_door_mean": Metric("days", "booking to delivery, mean", -1, steady=True),
    "door_to_door_p5": Metric("days", "booking to delivery, 5th percentile", -1, steady=True),
    "door_to_door_p50": Metric("days", "booking to delivery, median", -1, steady=True),
    "door_to_door_p90": Metric("days", "booking to delivery, 90th percentile", -1, steady=True),
    "door_to_door_p95": Metric("days", "booking to delivery, 95th percentile", -1, steady=True),
    "on_time": Metric("fraction", "delivered within the days promised", +1, steady=True),
    "wait_mean": Metric("days", "wait for departures, mean", -1, steady=True),
    "under_way_mean": Metric(
        "containers", "booked and not delivered, time average", 0, steady=True
    ),
    "backlog_mean": Metric("containers", "waiting for a departure, time average", -1, steady=True),
    "backlog_end": Metric("containers", "waiting for a departure at the end", -1),
    "backlog_growth": Metric("containers/year", "growth of the backlog over the window", -1),
    "load_factor": Metric("fraction", "containers carried over capacity offered", +1),
}

PERCENTILES: Final = (5, 50, 90, 95)

ROUNDING_DAYS: Final = 1e-9
"""A difference of two days may be off by its last bits: a trip of 18 days keeps a promise of 18."""


def measure(scenario: Scenario, observations: Observations) -> Measures:
    """All metrics of one replication, for every route and for all together."""
    window = _Window(observations.warmup_days, observations.horizon)
    journeys = {
        log.name: _journeys(window, log, observations.booked) for log in observations.routes
    }
    rows = {log.name: row for row, log in enumerate(observations.routes)}
    measures: Measures = {}
    for name in scenario.routes:
        measures |= _of(name, _flow(scenario, window, journeys.get(name, NOBODY)))
        measures |= _of(name, _on_time(scenario, journeys, [name]))
        if name in rows:
            log = observations.routes[rows[name]]
            measures |= _of(name, _choices(window, observations, log, rows[name]))
            measures |= _of(name, _queues(window, observations.booked, (log,)))
            measures |= _loads(window, log)
        else:
            measures |= _of(name, _closed())
    everybody = Journeys(
        np.concatenate([NOBODY.days, *(some.days for some in journeys.values())]),
        np.concatenate([NOBODY.wait, *(some.wait for some in journeys.values())]),
    )
    measures |= _of(ALL, _flow(scenario, window, everybody))
    measures |= _of(ALL, _on_time(scenario, journeys, scenario.routes))
    measures |= _of(ALL, _choices_of_all(window, observations))
    measures |= _of(ALL, _queues(window, observations.booked, observations.routes))
    return measures


def _of(route: str, figures: dict[str, float | None]) -> Measures:
    return {Key(route, ALL, metric): figure for metric, figure in figures.items()}


@dataclass(frozen=True)
class _Window:
    """The measured window, half open."""

    start: float
    end: float

    @property
    def days(self) -> float:
        return self.end - self.start

    def holds(self, moments: Floats) -> NDArray[np.bool_]:
        return (moments >= self.start) & (moments < self.end)

    def per_year(self, count: float) -> float:
        return count * DAYS_A_YEAR / self.days

    def days_after(self, moments: Floats, weights: Rows | None = None) -> float:
        """The days of the window that come after each moment, summed.

        The integral of a level over the window is this for what raises it, less this for what
        lowers it.
        """
        days = self.end - np.maximum(moments, self.start).clip(max=self.end)
        return float(days.sum() if weights is None else days @ weights)


@dataclass(frozen=True)
class Journeys:
    """Containers delivered in the window: door-to-door days and days waited [containers]."""

    days: Floats
    wait: Floats


NOBODY = Journeys(np.empty(0), np.empty(0))


def _journeys(window: _Window, log: RouteLog, booked: Floats) -> Journeys:
    if not log.legs:
        here = window.holds(log.own_arrivals)
        days = log.own_arrivals[here] - booked[log.accepted[here]]
        return Journeys(days, np.zeros(len(days)))
    last = log.legs[-1]
    trips = window.holds(last.arrived)
    here = np.repeat(trips, last.loads)
    who = last.who[: last.boarded][here]
    days = np.repeat(last.arrived[trips], last.loads[trips]) - booked[who]
    wait = np.repeat(last.departed[trips], last.loads[trips]) - last.since[: last.boarded][here]
    for leg in log.legs[:-1]:
        waited = np.zeros(len(booked))
        waited[leg.who[: leg.boarded]] = (
            np.repeat(leg.departed, leg.loads) - leg.since[: leg.boarded]
        )
        wait += waited[who]
    return Journeys(days, wait)


def _flow(scenario: Scenario, window: _Window, journeys: Journeys) -> dict[str, float | None]:
    """What was delivered, and how long that took."""
    demand = scenario.demand.containers_per_year
    throughput = window.per_year(len(journeys.days))
    any_came = len(journeys.days) > 0
    percentiles = np.percentile(journeys.days, PERCENTILES) if any_came else None
    return {
        "throughput": throughput,
        "share": throughput / demand if demand else None,
        "door_to_door_mean": float(journeys.days.mean()) if any_came else None,
        **{
            f"door_to_door_p{p}": None if percentiles is None else float(percentiles[n])
            for n, p in enumerate(PERCENTILES)
        },
        "wait_mean": float(journeys.wait.mean()) if any_came else None,
    }


def _on_time(
    scenario: Scenario, journeys: Mapping[str, Journeys], names: Iterable[str]
) -> dict[str, float | None]:
    """The part of containers delivered within the days that their route promises, inclusive.

    Only routes with a promise count; without any there is no such metric.
    """
    kept = [
        journeys.get(name, NOBODY).days <= promise + ROUNDING_DAYS
        for name in names
        if (promise := scenario.routes[name].promise_days) is not None
    ]
    if not kept:
        return {}
    each = np.concatenate(kept)
    return {"on_time": float(each.mean()) if len(each) else None}


def _choices(
    window: _Window, observations: Observations, log: RouteLog, row: int
) -> dict[str, float | None]:
    """What was booked, refused, and wanted it in vain, by the day of booking."""
    lost = observations.booked[(observations.wanted == row) & (observations.taken < 0)]
    return {
        "booked": _count(window, observations.booked[log.accepted]),
        "refused": _count(window, observations.booked[log.refused]),
        "unserved": _count(window, lost),
    }


def _choices_of_all(window: _Window, observations: Observations) -> dict[str, float | None]:
    booked = observations.booked
    refused = np.zeros(len(booked), np.bool_)
    for log in observations.routes:
        refused[log.refused] = True
    return {
        "booked": _count(window, booked[observations.taken >= 0]),
        "refused": _count(window, booked[refused]),
        "unserved": _count(window, booked[observations.taken < 0]),
    }


def _count(window: _Window, moments: Floats) -> float:
    return window.per_year(int(np.count_nonzero(window.holds(moments))))


def _queues(window: _Window, booked: Floats, logs: Sequence[RouteLog]) -> dict[str, float | None]:
    """Containers under way and waiting: exact integrals over the window."""
    legs = [leg for log in logs for leg in log.legs]
    at_start, at_end = waiting(legs, window.start), waiting(legs, window.end)
    came = sum(window.days_after(booked[log.accepted]) for log in logs)
    went = sum(
        window.days_after(log.legs[-1].arrived, log.legs[-1].loads)
        if log.legs
        else window.days_after(log.own_arrivals)
        for log in logs
    )
    joined = sum(window.days_after(leg.since) for leg in legs)
    left = sum(window.days_after(leg.departed, leg.loads) for leg in legs)
    return {
        "under_way_mean": (came - went) / window.days,
        "backlog_mean": (joined - left) / window.days,
        "backlog_end": float(at_end),
        "backlog_growth": window.per_year(at_end - at_start),
    }


def waiting(legs: Sequence[Leg], moment: float) -> int:
    """Containers that are ready before a moment and do not leave before it."""
    ready = sum(int(leg.since.searchsorted(moment)) for leg in legs)
    return ready - sum(int(leg.loads[: leg.departed.searchsorted(moment)].sum()) for leg in legs)


def _loads(window: _Window, log: RouteLog) -> Measures:
    """Load factors: of each departures stage, and of the one with the least yearly capacity."""
    if not log.legs:
        return {Key(log.name, ALL, "load_factor"): None}
    binding = min(log.legs, key=lambda leg: leg.yearly_capacity)
    stages = {
        Key(log.name, f"stage:{leg.name}", "load_factor"): _load_factor(window, leg)
        for leg in log.legs
    }
    return {Key(log.name, ALL, "load_factor"): _load_factor(window, binding), **stages}


def _load_factor(window: _Window, leg: Leg) -> float | None:
    loads = leg.loads[window.holds(leg.departed)]
    return float(loads.sum()) / (len(loads) * leg.capacity) if len(loads) else None


def _closed() -> dict[str, float | None]:
    """The figures of a route that takes no part, beyond what was delivered: nothing."""
    zeros = ("booked", "refused", "unserved", "under_way_mean", "backlog_mean", "backlog_end")
    return dict.fromkeys((*zeros, "backlog_growth"), 0.0) | {"load_factor": None}
