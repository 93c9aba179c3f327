"""What can be said without simulating: free-flow days, capacities, what binds, what looks odd."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sim.scenario.model import Scenario
from sim.scenario.routes import Departures, Route, Transit

ODD_HEADWAY_DAYS = 28.0
ODD_TRANSIT_DAYS = 120.0


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
    `backlog_growth` is the containers a year by which its queue grows for ever, 0 in steady state.
    """

    name: str
    is_open: bool
    free_flow_days: float | None
    quoted_days: tuple[float, float]
    stages: tuple[StagePreview, ...]
    yearly_capacity: float
    demand: float
    binds: str | None
    backlog_growth: float

    @property
    def steady(self) -> bool:
        """Whether means over time exist: False where the queue grows without end."""
        return self.backlog_growth == 0


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
    wanted, growth = demand_by_route(scenario), _growth(scenario)
    routes = tuple(
        _route(name, route, wanted[name], growth[name]) for name, route in scenario.routes.items()
    )
    return Preview(
        scenario.name,
        scenario.title,
        scenario.demand.containers_per_year,
        routes,
        tuple(_warnings(scenario)),
    )


def _route(name: str, route: Route, demand: float, growth: float) -> RoutePreview:
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
        backlog_growth=growth,
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


def _growth(scenario: Scenario) -> dict[str, float]:
    """Containers a year by which each route's queue grows for ever.

    Under `share` a route without a limit on its wait takes its share, and what others refuse,
    whatever waits. Where shippers see the queue they leave it while another route has room: then
    only the demand above all capacities is left, and it queues where the wait is unlimited.
    """
    routes, total = scenario.open_routes, scenario.demand.containers_per_year
    nothing = dict.fromkeys(scenario.routes, 0.0)
    unlimited = [name for name, route in routes.items() if math.isinf(route.max_wait_days)]
    if scenario.choice.rule == "share":
        arriving = _with_overflow(_shares(scenario), routes, total)
        return nothing | {n: _excess(scenario, routes[n], arriving[n]) for n in unlimited}
    if not _sees_queues(scenario):
        first = max(demand_by_route(scenario).items(), key=lambda item: item[1])[0]
        return nothing | {n: _excess(scenario, routes[n], total) for n in unlimited if n == first}
    capacity = sum(route.yearly_capacity for route in routes.values())
    if not unlimited or not _exceeds(scenario, total, capacity):
        return nothing
    weight = sum(routes[name].yearly_capacity for name in unlimited)
    excess = total - capacity
    return nothing | {n: excess * routes[n].yearly_capacity / weight for n in unlimited}


def _sees_queues(scenario: Scenario) -> bool:
    """Whether a longer queue makes a route less attractive."""
    values = scenario.demand.value_of_time_usd_per_day
    return scenario.choice.rule == "fastest" or values.mean > 0


def _with_overflow(
    shares: dict[str, float], routes: dict[str, Route], total: float
) -> dict[str, float]:
    """Containers a year that reach each route, with what full routes refuse sent on by share."""
    full: set[str] = set()
    while True:
        refused = sum(total * shares[n] - routes[n].yearly_capacity for n in full)
        open_shares = sum(share for n, share in shares.items() if n not in full)
        extra = refused / open_shares if open_shares else 0.0
        arriving = {n: share * (total + extra) for n, share in shares.items()}
        newly = {
            n
            for n, route in routes.items()
            if n not in full
            and math.isfinite(route.max_wait_days)
            and arriving[n] > route.yearly_capacity
        }
        if not newly:
            return arriving
        full |= newly


def _exceeds(scenario: Scenario, demand: float, capacity: float) -> bool:
    """Whether a queue has no steady state: random bookings need room to spare."""
    if scenario.demand.arrivals == "even":
        return demand > capacity * (1 + 1e-12)
    return demand >= capacity > 0


def _excess(scenario: Scenario, route: Route, demand: float) -> float:
    if not _exceeds(scenario, demand, route.yearly_capacity):
        return 0.0
    return max(demand - route.yearly_capacity, math.ulp(demand))


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
    growth = _growth(scenario)
    routes = {name: scenario.routes[name] for name, rate in growth.items() if rate > 0}
    if not routes:
        return
    total, capacity = (
        scenario.demand.containers_per_year,
        sum(route.yearly_capacity for route in scenario.open_routes.values()),
    )
    if total >= capacity:
        yield (
            f"demand of {total:,.0f} containers a year is not below the capacity of all routes "
            f"together, {capacity:,.0f}: there is no steady state, the backlog grows by "
            f"{sum(growth.values()):,.0f} containers a year"
        )
    else:
        for name, route in routes.items():
            yield (
                f"routes.{name}: takes more than its capacity of {route.yearly_capacity:,.0f} "
                f"containers a year, whatever waits: there is no steady state, its backlog grows "
                f"by {growth[name]:,.0f} containers a year"
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
