"""What can be said without simulating: free-flow days, capacities, what binds, what looks odd."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sim.scenario import fluid, oddities
from sim.scenario.model import Scenario
from sim.scenario.routes import Route


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

    `demand` is the number of containers a year that the rule sends here while it never waits, over
    all values of time; `promise_days` is None where nothing is promised;
    `binds` names the stage that cannot carry them, or is None where demand binds.
    Where means over time exist it is `steady`; elsewhere `backlog_growth` is the containers a year
    by which its queue grows, 0 where capacity is met exactly.
    """

    name: str
    is_open: bool
    free_flow_days: float | None
    quoted_days: tuple[float, float]
    promise_days: float | None
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
    wanted, queues = fluid.demand_by_route(scenario), fluid.queues(scenario)
    routes = tuple(
        _route(name, route, wanted[name], queues.get(name))
        for name, route in scenario.routes.items()
    )
    return Preview(
        scenario.name,
        scenario.title,
        scenario.demand.containers_per_year,
        routes,
        tuple(oddities.warnings(scenario)),
    )


def _route(name: str, route: Route, demand: float, growth: float | None) -> RoutePreview:
    return RoutePreview(
        name=name,
        is_open=route.is_open,
        free_flow_days=route.free_flow_days if route.is_open else None,
        quoted_days=route.quoted_days,
        promise_days=route.promise_days,
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
