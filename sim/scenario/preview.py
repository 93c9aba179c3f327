"""What can be said without simulating: free-flow days, capacities, what binds, what looks odd."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sim.scenario.model import Scenario
from sim.scenario.routes import Departures, Route, Transit

ODD_HEADWAY_DAYS = 14.0
ODD_TRANSIT_DAYS = 90.0


@dataclass(frozen=True)
class StagePreview:
    """A departures stage before any simulation; capacities in containers a year."""

    name: str
    vehicle: str
    capacity: int
    departures_a_year: float
    yearly_capacity: float


@dataclass(frozen=True)
class RoutePreview:
    """A route before any simulation.

    `demand` is the number of containers a year that the rule sends here while it never waits;
    `binds` names the stage that cannot carry them, or is None where demand binds.
    Where means over time exist it is `steady`; elsewhere `backlog_growth` is the containers a year
    by which its queue grows, 0 where capacity is met exactly.
    """

    name: str
    is_open: bool
    free_flow_days: float | None
    quoted_days: tuple[float, float]
    stages: tuple[StagePreview, ...]
    yearly_capacity: float
    demand: float
    binds: str | None
    steady: bool
    backlog_growth: float


@dataclass(frozen=True)
class Preview:
    """A scenario before any simulation."""

    scenario: str
    title: str
    demand: float
    routes: tuple[RoutePreview, ...]
    warnings: tuple[str, ...]

    def route(self, name: str) -> RoutePreview:
        """One route by name. Raises KeyError."""
        return {route.name: route for route in self.routes}[name]

    @property
    def backlog_growth(self) -> float:
        """Containers a year by which queues grow for ever, all routes together."""
        return sum(route.backlog_growth for route in self.routes)


def preview(scenario: Scenario) -> Preview:
    """Free flow, capacities and what binds; a fluid sketch that draws no random number."""
    wanted, queues = demand_by_route(scenario), _queues(scenario)
    routes = tuple(
        _route(name, route, wanted[name], queues.get(name))
        for name, route in scenario.routes.items()
    )
    return Preview(
        scenario.name,
        scenario.title,
        scenario.demand.containers_per_year,
        routes,
        tuple(_warnings(scenario)),
    )


def _route(name: str, route: Route, demand: float, growth: float | None) -> RoutePreview:
    return RoutePreview(
        name=name,
        is_open=route.is_open,
        free_flow_days=route.free_flow_days if route.is_open else None,
        quoted_days=route.quoted_days,
        stages=tuple(
            StagePreview(n, d.vehicle, d.capacity, d.departures_a_year, d.yearly_capacity)
            for n, d in route.departures.items()
        ),
        yearly_capacity=route.yearly_capacity if not route.closed else 0.0,
        demand=demand,
        binds=route.binding_stage if route.is_open and demand > route.yearly_capacity else None,
        steady=growth is None,
        backlog_growth=growth or 0.0,
    )


def demand_by_route(scenario: Scenario) -> dict[str, float]:
    """Containers a year that want each route while nothing waits."""
    total, routes = scenario.demand.containers_per_year, scenario.open_routes
    wanted = dict.fromkeys(scenario.routes, 0.0)
    if scenario.choice.rule == "share":
        return wanted | {name: total * share for name, share in _shares(scenario).items()}
    if routes:
        wanted[min(routes, key=lambda name: _attraction(scenario, routes[name]))] = total
    return wanted


def _attraction(scenario: Scenario, route: Route) -> float:
    """Free-flow days, or free-flow generalised cost at the mean value of time."""
    if scenario.choice.rule == "fastest":
        return route.free_flow_days
    value_of_time = scenario.demand.value_of_time_usd_per_day.mean
    return route.freight_usd + route.constant_usd + value_of_time * route.free_flow_days


def _shares(scenario: Scenario) -> dict[str, float]:
    """The fixed shares among the routes that are open."""
    shares = {name: (scenario.choice.shares or {}).get(name, 0.0) for name in scenario.open_routes}
    total = math.fsum(shares.values())
    return {name: share / total if total else 0.0 for name, share in shares.items()}


def _queues(scenario: Scenario) -> dict[str, float]:
    """The routes without a steady state, with the containers a year by which they queue up.

    A route without a limit on its wait takes whoever does not mind its queue: under `share` all
    that come, under `cheapest` those whose time is worth nothing. The others leave a queue while
    some route has room; what is above all capacities queues where the wait is unlimited.
    """
    routes, total = scenario.open_routes, scenario.demand.containers_per_year
    if scenario.choice.rule == "share":
        arriving = _with_overflow(_shares(scenario), routes, total)
        return {
            name: arriving[name] - routes[name].yearly_capacity
            for name in _unlimited(routes)
            if _exceeds(scenario, arriving[name], routes[name].yearly_capacity)
        }
    blind = total * _careless(scenario)
    queues, taken = _blind_queues(scenario, routes, blind)
    room = sum(
        max(min(route.accepts(total), route.yearly_capacity) - taken[name], 0)
        for name, route in routes.items()
    )
    unlimited = _unlimited(routes)
    if unlimited and total > blind and _exceeds(scenario, total - blind, room):
        weight = sum(routes[name].yearly_capacity for name in unlimited)
        for name in unlimited:
            part = (total - blind - room) * routes[name].yearly_capacity / weight
            queues[name] = queues.get(name, 0.0) + part
    return queues


def _unlimited(routes: dict[str, Route]) -> list[str]:
    return [name for name, route in routes.items() if math.isinf(route.max_wait_days)]


def _careless(scenario: Scenario) -> float:
    """The fraction of shippers that no queue drives away: those whose time is worth nothing."""
    value = scenario.demand.value_of_time_usd_per_day
    if scenario.choice.rule != "cheapest":
        return 0.0
    if value.kind == "empirical":
        return value.numbers.count(0) / len(value.numbers)
    return float(value.mean == 0)


def _blind_queues(
    scenario: Scenario, routes: dict[str, Route], left: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Pour shippers that only look at money down the order of cost: queues, and who took what."""
    taken = dict.fromkeys(routes, 0.0)
    for name in sorted(routes, key=lambda n: (routes[n].freight_usd + routes[n].constant_usd, n)):
        route = routes[name]
        taken[name] = route.accepts(left)
        left -= taken[name]
        if math.isinf(route.max_wait_days) and _exceeds(
            scenario, taken[name], route.yearly_capacity
        ):
            return {name: taken[name] - route.yearly_capacity}, taken
    return {}, taken


def _with_overflow(
    shares: dict[str, float], routes: dict[str, Route], total: float
) -> dict[str, float]:
    """Containers a year that reach each route, with what full routes refuse sent on by share."""
    arriving = {name: total * share for name, share in shares.items()}
    for _ in range(100):  # a contraction: what is refused again is less each time
        onward = dict.fromkeys(routes, 0.0)
        for name, route in routes.items():
            others = 1 - shares[name]
            refused = arriving[name] - route.accepts(arriving[name])
            for other in routes:
                if other != name and others > 0:
                    onward[other] += refused * shares[other] / others
        arriving = {name: total * shares[name] + onward[name] for name in routes}
    return arriving


def _exceeds(scenario: Scenario, demand: float, capacity: float) -> bool:
    """Whether a queue has no steady state: random bookings need room to spare."""
    if scenario.demand.arrivals == "even":
        return demand > capacity * (1 + 1e-12)
    return demand >= capacity and demand > 0


def _warnings(scenario: Scenario) -> Iterator[str]:
    """What is valid and probably not meant, with the value in words."""
    if not scenario.open_routes:
        yield "every route is closed or has no capacity: all containers are unserved"
    yield from _growth_warnings(scenario)
    for name, route in scenario.routes.items():
        for stage_name, stage in route.stages.items():
            path = f"routes.{name}.stages.{stage_name}"
            yield from _odd(path, stage)
        if route.is_open and route.free_flow_days > scenario.run.horizon:
            yield (
                f"routes.{name}: a free-flow trip takes {route.free_flow_days:,.4g} days and "
                f"{scenario.run.horizon:,.4g} are simulated: nothing can arrive"
            )
    if scenario.choice.rule == "share":
        for name in scenario.routes:
            if name not in (scenario.choice.shares or {}):
                yield f"choice.shares: nothing for {name}: no container prefers it"


def _growth_warnings(scenario: Scenario) -> Iterator[str]:
    """Demand that no steady state can carry, or that nobody carries."""
    queues, routes = _queues(scenario), scenario.open_routes
    total = scenario.demand.containers_per_year
    capacity = sum(route.yearly_capacity for route in routes.values())
    if total >= capacity and queues:
        yield (
            f"demand of {total:,.0f} containers a year is not below the capacity of all routes "
            f"together, {capacity:,.0f}: there is no steady state, the backlog grows by "
            f"{sum(queues.values()):,.0f} containers a year"
        )
    elif total > capacity and routes:
        yield (
            f"demand of {total:,.0f} containers a year is above the capacity of all routes "
            f"together, {capacity:,.0f}: about {total - capacity:,.0f} a year are unserved"
        )
    else:
        for name, growth in queues.items():
            yield (
                f"routes.{name}: its capacity of {routes[name].yearly_capacity:,.0f} containers a "
                f"year does not exceed what comes, whatever waits: there is no steady state, its "
                f"backlog grows by {growth:,.0f} containers a year"
            )


def _odd(path: str, stage: Departures | Transit) -> Iterator[str]:
    if isinstance(stage, Transit):
        if stage.days.mean > ODD_TRANSIT_DAYS:
            months = stage.days.mean / 365 * 12
            yield f"{path}.days: {stage.days.mean:,.4g} days is {months:,.2g} months of transit"
    elif stage.departures_a_year and stage.headway > ODD_HEADWAY_DAYS:
        a_day = stage.yearly_capacity / 365
        yield (
            f"{path}: {stage.yearly_capacity:,.4g} containers a year is {a_day:,.2g} a day; "
            f"a {stage.vehicle} holds {stage.capacity:,}: "
            f"one departure in {stage.headway:,.3g} days"
        )


def to_json(scenario: Scenario, notes: Sequence[str] = ()) -> dict[str, Any]:
    """The preview as plain data for JSON; infinite is null."""
    plain = asdict(preview(scenario))
    plain["warnings"] = [*plain["warnings"], *notes]
    return {key: _finite(value) for key, value in plain.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and math.isinf(value) else value
