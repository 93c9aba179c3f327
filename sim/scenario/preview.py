"""What can be said without simulating: free-flow days, capacities, what binds, what looks odd."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from sim.errors import UsageError
from sim.scenario import fluid, oddities, usage
from sim.scenario.disruptions import Disruption
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.fleets import FleetUse, fleets, within_fleets
from sim.scenario.model import Scenario
from sim.scenario.routes import Route
from sim.scenario.schema import did_you_mean
from sim.scenario.usage import FacilityUse, StageUse


@dataclass(frozen=True)
class StagePreview:
    """A departures stage before any simulation; capacities in containers a year.

    Of both directions together. The timetable has `departures_a_year`, infinite where vehicles
    leave when full, after `longest_hold_days` at the latest; `yearly_capacity` is what fleet and
    quota leave of that.
    """

    name: str
    vehicle: str
    capacity: int
    departures_a_year: float
    longest_hold_days: float | None
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
class DisruptionPreview:
    """What may go wrong: `begins` on a date or None, `times` in a run, for `days`, both means."""

    name: str
    target: str
    effect: str
    factor: float | None
    begins: str | None
    times: float
    days: float


@dataclass(frozen=True)
class Preview:
    """A scenario before any simulation."""

    scenario: str
    title: str
    demand: float
    routes: tuple[RoutePreview, ...]
    facilities: tuple[FacilityUse, ...]
    fleets: tuple[FleetUse, ...]
    disruptions: tuple[DisruptionPreview, ...]
    warnings: tuple[str, ...]

    def route(self, name: str) -> RoutePreview:
        """One route by name. Raises UsageError with a suggestion."""
        routes = {route.name: route for route in self.routes}
        if name not in routes:
            raise UsageError(f"no route {name!r:.60} here{did_you_mean(name, routes)}")
        return routes[name]

    @property
    def overloaded(self) -> tuple[str, ...]:
        """Facilities that more wants to pass than can: what goes where then is not known here."""
        return tuple(use.name for use in self.facilities if use.queueing_days is None)

    @property
    def backlog_growth(self) -> float:
        """Containers a year by which queues grow for ever, all routes together."""
        return sum(route.backlog_growth for route in self.routes)


def preview(scenario: Scenario) -> Preview:
    """Free flow, capacities and what binds; a fluid sketch that draws no random number.

    Of departures that fleets can make, and as if nothing went wrong.
    """
    kept = within_fleets(scenario)
    queues, facilities = fluid.queues(kept), usage.facilities(kept)
    ways = [_Way.of(scenario.one_way(each), kept.one_way(each)) for each in kept.directions]
    return Preview(
        scenario=scenario.name,
        title=scenario.title,
        demand=scenario.demand.containers_per_year,
        routes=tuple(
            _route(kept, name, queues.get(name), facilities, ways) for name in scenario.routes
        ),
        facilities=facilities,
        fleets=fleets(scenario),
        disruptions=tuple(
            _disruption(name, said, scenario.run.horizon)
            for name, said in scenario.disruptions.items()
            if said.per_year != 0  # else it never comes
        ),
        warnings=tuple(oddities.warnings(scenario)),
    )


class _Way(NamedTuple):
    """One direction: as its timetables have it, as fleets keep them, and what is carried so.

    wanted: containers a year that want each route; flows: that it carries; queue_days: waited
        beyond free flow
    """

    said: Scenario
    kept: Scenario
    wanted: dict[str, float]
    flows: dict[str, float]
    queue_days: dict[str, float]

    @classmethod
    def of(cls, said: Scenario, kept: Scenario) -> _Way:
        wanted = fluid.demand_by_route(kept)
        return cls(said, kept, wanted, fluid.flows(kept), fluid.queue_days(kept))

    def binds(self, route: str) -> str | None:
        """The departures stage for which more want a route than it can carry."""
        about = self.kept.routes[route]
        is_full = about.is_open and self.wanted[route] > about.yearly_capacity
        return about.binding_stage if is_full else None


def _route(
    scenario: Scenario,
    name: str,
    growth: float | None,
    facilities: Sequence[FacilityUse],
    ways: Sequence[_Way],
) -> RoutePreview:
    route, capacity = scenario.routes[name], scenario.yearly_capacity(name)
    piling = {use.name for use in facilities if use.empty >= 1}
    lanes = [(way.kept.routes[name], way.flows.get(name, 0.0)) for way in ways]
    flow = sum(part for _, part in lanes)
    waited = sum(way.flows.get(name, 0.0) * way.queue_days.get(name, 0.0) for way in ways)
    return RoutePreview(
        name=name,
        is_open=route.is_open,
        free_flow_days=scenario.free_flow_days(name) if route.is_open else None,
        quoted_days=route.quoted_days,
        promise_days=route.promise_days,
        stages=tuple(
            _departures(stage, [(way.said.routes[name], way.kept.routes[name]) for way in ways])
            for stage in route.departures
        ),
        yearly_capacity=capacity if not route.closed else 0.0,
        demand=sum(way.wanted[name] for way in ways),
        binds=next(filter(None, (way.binds(name) for way in ways)), None),
        steady=growth is None and not piling.intersection(route.facilities),
        backlog_growth=growth or 0.0,
        flow=flow,
        uses=usage.stages(scenario, lanes, {use.name: use for use in facilities}),
        queue_days=waited / flow if flow else 0.0,
    )


def _departures(name: str, ways: Sequence[tuple[Route, Route]]) -> StagePreview:
    """A departures stage, of the route in each direction as said and as fleets keep it."""
    said, kept = zip(*((a.departures[name], b.departures[name]) for a, b in ways), strict=True)
    return StagePreview(
        name=name,
        vehicle=said[0].vehicle,
        capacity=said[0].capacity,
        departures_a_year=sum(stage.departures_a_year for stage in said),
        longest_hold_days=None if said[0].on_timetable else said[0].longest_hold,
        yearly_capacity=sum(stage.yearly_capacity for stage in kept),
    )


def _disruption(name: str, said: Disruption, horizon: float) -> DisruptionPreview:
    return DisruptionPreview(
        name=name,
        target=said.target,
        effect=said.effect,
        factor=said.factor,
        begins=None if said.starts is None else said.starts.isoformat(),
        times=said.times(horizon),
        days=said.days.mean,
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
