"""Metrics: figures of one replication, each over the measured window [warm-up, horizon).

Of every route and of all together; whole, and by part: a direction, a class of containers, a year,
a stage, a facility. A figure that is not defined is None: a time with no delivery, a load factor
without a departure, a share of no demand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sim.results import accounts, bottleneck, figures, fleets
from sim.results.disruptions import disruptions
from sim.results.facilities import facilities
from sim.results.fates import fates
from sim.results.figures import Choices, Figures, Lane, Sample
from sim.results.months import busiest
from sim.results.observations import Observations, Way
from sim.results.window import Window
from sim.scenario.calendar import A_BIT, yearly_demand
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
    of_what_happened: bool = False
    """Whether it says nothing in a replication in which that did not happen."""


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
    "busiest_month": Metric("times", "deliveries in the busiest month over a mean one"),
    "wait_p95": Metric("days", "wait for departures, 95th percentile", -1, steady=True),
    "queueing_mean": Metric("days", "time in the queue of a facility, mean", -1, steady=True),
    "queueing_p95": Metric(
        "days", "time in the queue of a facility, 95th percentile", -1, steady=True
    ),
    "service_mean": Metric("days", "time in service at a facility, mean", -1, steady=True),
    "service_p95": Metric("days", "time in service, 95th percentile", -1, steady=True),
    "transit_mean": Metric("days", "time in transit, mean", -1, steady=True),
    "transit_p95": Metric("days", "time in transit, 95th percentile", -1, steady=True),
    "utilisation": Metric("fraction", "time that servers are taken", 0),
    "vehicles": Metric("vehicles/year", "vehicles whose service began", 0),
    "queue_mean": Metric("vehicles", "in the queue of a facility, time average", -1, steady=True),
    "queue_growth": Metric("vehicles/year", "growth of the queue over the window", -1),
    "yearly_capacity": Metric("containers/year", "containers that could pass", +1),
    "freight_mean": Metric("USD", "freight asked at booking, mean", -1),
    "handling_mean": Metric("USD", "handling, mean", -1),
    "detour_mean": Metric("USD", "asked for detours, mean", -1),
    "time_cost_mean": Metric("USD", "value of time × door to door, mean", -1, steady=True),
    "cost_mean": Metric("USD", "freight, handling, detours and time, mean", -1, steady=True),
    "freight_total": Metric("USD/year", "freight of the containers delivered"),
    "handling_total": Metric("USD/year", "handling of the containers delivered"),
    "detour_total": Metric("USD/year", "detours of the containers delivered"),
    "time_cost_total": Metric("USD/year", "time of the containers delivered", steady=True),
    "cost_total": Metric("USD/year", "all that the containers delivered cost", steady=True),
    "co2e_mean": Metric("kg", "CO2e a container, mean", -1),
    "co2e_total": Metric("t/year", "CO2e of the containers delivered"),
    "down": Metric("fraction", "time that servers are out of order", -1),
    "departures": Metric("vehicles/year", "vehicles that left"),
    "empties": Metric("vehicles/year", "vehicles that left without a container", -1),
    "late": Metric("fraction", "departures that waited for a vehicle", -1),
    "lateness_mean": Metric("days", "wait of a departure for a vehicle, mean", -1, steady=True),
    "disrupted": Metric("fraction", "time that a disruption held", -1),
    "delayed": Metric("containers", "containers in the window that met a disruption", -1),
    "peak_backlog": Metric("containers", "most that waited for it to pass", -1),
    "days_to_clear": Metric(
        "days", "from its end until no more wait than before", -1, of_what_happened=True
    ),
    "containers": Metric("containers/year", "booked in the window, by where they ended"),
}


def measure(scenario: Scenario, observations: Observations) -> Measures:
    """All metrics of one replication, for every route and for all together, whole and by part."""
    window = Window(observations.warmup_days, observations.horizon)
    charges = observations.charges
    samples = [
        Sample.of(
            Lane(way, row, log, scenario.routes[log.name].promise_days, charges[log.name]), window
        )
        for way in observations.ways
        for row, log in enumerate(way.routes)
    ]
    measures: Measures = {}
    for part in _parts(scenario, window, samples, observations.ways):
        measures |= _of_part(scenario, part)
        if part.name == ALL:
            for route, fate, number in fates(observations, list(scenario.routes), window):
                measures[Key(route, f"fate:{fate}", "containers")] = number
    for name in scenario.routes:
        some = [each for each in samples if each.lane.log.name == name]
        for stage, found in bottleneck.stages(some, window).items():
            measures |= _named(name, f"stage:{stage}", found)
    for kind, each in (
        ("facility", facilities(observations, window)),
        ("fleet", fleets.fleets(scenario, observations, window)),
        ("disruption", disruptions(observations, window)),
    ):
        for name, found in each.items():
            measures |= _named(ALL, f"{kind}:{name}", found)
    return measures


@dataclass(frozen=True, eq=False)
class _Part:
    """What is looked at: lanes over a window, of all containers or of one class.

    choices: of all routes together, by direction
    demand: containers a year that are meant by a share
    """

    name: str
    window: Window
    samples: Sequence[Sample]
    choices: Sequence[Choices]
    demand: float
    cargo: int | None = None


def _parts(
    scenario: Scenario, window: Window, samples: Sequence[Sample], ways: Sequence[Way]
) -> Iterator[_Part]:
    demand = yearly_demand(scenario, window.start, window.end)
    total = math.fsum(demand.values())
    choices = [Choices.of_way(way, window) for way in ways]
    yield _Part(ALL, window, samples, choices, total)
    for way, chosen in zip(ways, choices, strict=True) if len(ways) > 1 else ():
        here = [each for each in samples if each.lane.way is way]
        name = f"direction:{way.direction}"
        yield _Part(name, window, here, [chosen], demand[way.direction])
    if scenario.demand.classes:
        by_class = [each.by_class() for each in samples]
        for row, (name, cargo) in enumerate(scenario.demand.classes.items()):
            some = [each[row] for each in by_class]
            yield _Part(f"class:{name}", window, some, choices, total * cargo.share, row)
    for name, year in _years(scenario, window):
        some = [Sample.of(each.lane, year) for each in samples]
        choices = [Choices.of_way(way, year) for way in ways]
        those = yearly_demand(scenario, year.start, year.end)
        yield _Part(name, year, some, choices, math.fsum(those.values()))


def _years(scenario: Scenario, window: Window) -> Iterator[tuple[str, Window]]:
    """The whole years of a window that is longer than one, by the year in which each begins."""
    start = scenario.run.start
    years = window.days / DAYS_A_YEAR
    if start is None or years <= 1 + A_BIT:
        return
    for number in range(int(years + A_BIT)):
        first = window.start + number * DAYS_A_YEAR
        yield f"year:{start.year + number}", Window(first, first + DAYS_A_YEAR)


def _of_part(scenario: Scenario, part: _Part) -> Measures:
    measures: Measures = {}
    for name in scenario.routes:
        some = [each for each in part.samples if each.lane.log.name == name]
        found = _figures(scenario, part, name, some, [each.choices for each in some])
        measures |= _named(name, part.name, found)
    found = _figures(scenario, part, ALL, part.samples, part.choices)
    return measures | _named(ALL, part.name, found)


def _figures(
    scenario: Scenario, part: _Part, name: str, some: Sequence[Sample], chosen: Sequence[Choices]
) -> Figures:
    """Of a part what concerns a route, or all; nothing happened on a route that takes no part."""
    routes = scenario.routes.values() if name == ALL else [scenario.routes[name]]
    bills = [each.bill for each in some]
    found = figures.flow(some, part.window, part.demand)
    if any(route.promise_days is not None for route in routes):
        found |= figures.on_time(some)
    found |= accounts.figures(bills, part.window, any_carbon=scenario.carbon is not None)
    found |= figures.choices(chosen, part.cargo, part.window)
    if part.cargo is None:
        found |= figures.queues(some, part.window)
        if name != ALL:
            found["load_factor"] = figures.load_factor(figures.narrowest(some), part.window)
        found |= busiest([each.lane.log for each in some], part.window)
    return found


def _named(route: str, part: str, found: Figures) -> Measures:
    return {Key(route, part, metric): figure for metric, figure in found.items()}
