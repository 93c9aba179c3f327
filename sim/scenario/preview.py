"""What can be said without simulating: free-flow days, capacities, what binds, what looks odd."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sim.scenario import fluid, oddities, usage
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Scenario
from sim.scenario.usage import FacilityUse, StageUse


@dataclass(frozen=True)
class StagePreview:
    """A departures stage before any simulation; capacities in containers a year.

    Of both directions together.
    """

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
    `flow` is what it carries of that, containers a year; `uses` its stages in order; `queue_days`
    are waited beyond free flow where it is full, as far as the rule lets that be known.
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
    flow: float
    uses: tuple[StageUse, ...]
    queue_days: float

    @property
    def under_way(self) -> float | None:
        """Containers under way by Little's law: what the route carries × the time it takes."""
        if self.free_flow_days is None or not self.steady:
            return None
        return self.flow * (self.free_flow_days + self.queue_days) / DAYS_A_YEAR

    @property
    def narrowest(self) -> StageUse | None:
        """The stage of which most is used: the one that binds first."""
        used = [use for use in self.uses if use.utilisation is not None]
        return max(used, key=lambda use: use.utilisation or 0.0, default=None)


@dataclass(frozen=True)
class Preview:
    """A scenario before any simulation."""

    scenario: str
    title: str
    demand: float
    routes: tuple[RoutePreview, ...]
    facilities: tuple[FacilityUse, ...]
    warnings: tuple[str, ...]

    def route(self, name: str) -> RoutePreview:
        """One route by name. Raises KeyError."""
        return {route.name: route for route in self.routes}[name]

    @property
    def overloaded(self) -> tuple[str, ...]:
        """Facilities that more wants to pass than can: what goes where then is not known here."""
        return tuple(use.name for use in self.facilities if use.queueing_days is None)

    @property
    def backlog_growth(self) -> float:
        """Containers a year by which queues grow for ever, all routes together."""
        return sum(route.backlog_growth for route in self.routes)


def preview(scenario: Scenario) -> Preview:
    """Free flow, capacities and what binds; a fluid sketch that draws no random number."""
    wanted, queues = fluid.demand_by_route(scenario), fluid.queues(scenario)
    facilities = usage.facilities(scenario)
    piling = {use.name for use in facilities if use.empty >= 1}
    routes = tuple(
        _route(scenario, name, wanted[name], queues.get(name), facilities, piling)
        for name in scenario.routes
    )
    return Preview(
        scenario.name,
        scenario.title,
        scenario.demand.containers_per_year,
        routes,
        facilities,
        tuple(oddities.warnings(scenario)),
    )


def _route(
    scenario: Scenario,
    name: str,
    demand: float,
    growth: float | None,
    facilities: Sequence[FacilityUse],
    piling: Collection[str],
) -> RoutePreview:
    route, capacity = scenario.routes[name], scenario.yearly_capacity(name)
    passed = {stage.facility for stage in route.facility_stages.values()}
    uses = usage.stages(scenario, name, {use.name: use for use in facilities})
    ways = [scenario.one_way(direction) for direction in scenario.directions]
    parts = [
        (fluid.flows(way).get(name, 0.0), fluid.queue_days(way).get(name, 0.0)) for way in ways
    ]
    return RoutePreview(
        name=name,
        is_open=route.is_open,
        free_flow_days=scenario.free_flow_days(name) if route.is_open else None,
        quoted_days=route.quoted_days,
        promise_days=route.promise_days,
        stages=tuple(_departures(ways, name, stage) for stage in route.departures),
        yearly_capacity=capacity if not route.closed else 0.0,
        demand=demand,
        binds=ways[0].routes[name].binding_stage if route.is_open and demand > capacity else None,
        steady=growth is None and not passed & set(piling),
        backlog_growth=growth or 0.0,
        flow=sum(part for part, _ in parts),
        uses=uses,
        queue_days=_queue_days(parts),
    )


def _queue_days(parts: Sequence[tuple[float, float]]) -> float:
    """The mean over directions, each with what it carries and how long it waits."""
    flow = sum(part for part, _ in parts)
    return sum(part * days for part, days in parts) / flow if flow else 0.0


def _departures(ways: Sequence[Scenario], name: str, stage: str) -> StagePreview:
    each = [way.routes[name].departures[stage] for way in ways]
    return StagePreview(
        stage,
        each[0].vehicle,
        each[0].capacity,
        sum(d.departures_a_year for d in each),
        sum(d.yearly_capacity for d in each),
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
