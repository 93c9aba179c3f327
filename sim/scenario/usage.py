"""How much of each stage and facility a corridor uses, sketched without a random number.

Flows are the fluid sketch's; vehicles run to their timetables and share what a route carries. The
queue of a facility is that of vehicles which come at random, by Sakasegawa's approximation of the
M/M/c queue (1977) times half of one plus the squared coefficient of variation of the service (Lee
and Longton 1959). Vehicles on a timetable come more evenly: they queue less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.fluid import flows
from sim.scenario.model import Scenario
from sim.scenario.network import HOURS_A_DAY, Facility
from sim.scenario.routes import Route
from sim.scenario.spread import weighted
from sim.scenario.stages import FacilityStage, Steps, Transit


@dataclass(frozen=True)
class FacilityUse:
    """A facility before any simulation, both directions together.

    vehicles, containers: a year; hours: of a server that each vehicle takes, mean
    utilisation: of its servers; of the direction that uses more where each has its own
    empty: the same if all vehicles ran empty: from 1 on they pile up whatever shippers do
    queueing_days: of a vehicle, mean; None where there is no steady state
    yearly_capacity: containers a year with servers always taken, at these loads; None for none
    """

    name: str
    servers: int
    each_way: bool
    vehicles: float
    containers: float
    hours: float
    utilisation: float
    empty: float
    queueing_days: float | None

    @property
    def yearly_capacity(self) -> float | None:
        """Containers a year that it could pass, at these loads."""
        return self.containers / self.utilisation if self.utilisation and self.containers else None


@dataclass(frozen=True)
class StageUse:
    """A stage of a route before any simulation.

    kind: wait, transit or service; days: that it adds with nothing ahead, mean
    queueing_days: that the queue of a facility adds
    utilisation, yearly_capacity: None for a transit, and where vehicles leave when full
    """

    stage: str
    kind: str
    days: float
    queueing_days: float | None
    utilisation: float | None
    yearly_capacity: float | None
    facility: str | None = None


@dataclass(frozen=True)
class _Traffic:
    """What one lane brings to a facility: vehicles and containers a year."""

    vehicles: float
    containers: float

    @property
    def load(self) -> float:
        """Containers on a vehicle, mean."""
        return self.containers / self.vehicles if self.vehicles else 0.0


def facilities(scenario: Scenario) -> tuple[FacilityUse, ...]:
    """Every facility of a scenario."""
    traffic = [_traffic(scenario.one_way(direction)) for direction in scenario.directions]
    return tuple(
        _use(name, facility, [each.get(name, []) for each in traffic])
        for name, facility in scenario.facilities.items()
    )


def _traffic(scenario: Scenario) -> dict[str, list[_Traffic]]:
    """What comes to each facility in one direction."""
    found: dict[str, list[_Traffic]] = {}
    for name, flow in flows(scenario).items():
        for run, vehicles in _runs(scenario.routes[name], flow):
            for _, stage in run:
                if isinstance(stage, FacilityStage):
                    found.setdefault(stage.facility, []).append(_Traffic(vehicles, flow))
    return found


def _runs(route: Route, flow: float) -> Iterator[tuple[Steps, float]]:
    """The stages between departures, with the vehicles a year that pass them."""
    yield route.approach, flow
    for leg in route.legs:
        stage = leg.departures
        yield leg.run, stage.departures_a_year if stage.on_timetable else flow / stage.capacity


def _use(name: str, facility: Facility, by_direction: list[list[_Traffic]]) -> FacilityUse:
    every = [each for some in by_direction for each in some]
    pools = by_direction if facility.each_way else [every]
    vehicles = sum(each.vehicles for each in every)
    days = sum(each.vehicles * facility.holding_days(each.load) for each in every)
    utilisation = max(_used(facility, some) for some in pools)
    hours = HOURS_A_DAY * days / vehicles if vehicles else facility.holding_hours.mean
    return FacilityUse(
        name=name,
        servers=facility.servers,
        each_way=facility.each_way,
        vehicles=vehicles,
        containers=sum(each.containers for each in every),
        hours=hours,
        utilisation=utilisation,
        empty=max(_used(facility, some, full=False) for some in pools),
        queueing_days=_queueing(facility, utilisation, hours),
    )


def _used(facility: Facility, traffic: list[_Traffic], *, full: bool = True) -> float:
    """The part of the servers' time that some traffic takes."""
    days = sum(t.vehicles * facility.holding_days(t.load if full else 0) for t in traffic)
    return days / (facility.servers * DAYS_A_YEAR)


def _queueing(facility: Facility, used: float, hours: float) -> float | None:
    """Days of a vehicle in the queue, if vehicles came at random and took so many hours, mean."""
    if not (hours**2):
        return 0.0  # who takes no time, or next to none, keeps nobody waiting
    if used >= 1:
        return None
    servers, empty = facility.servers, facility.holding_hours
    wait: float = (
        hours / HOURS_A_DAY * used ** (math.sqrt(2 * (servers + 1)) - 1) / (1 - used) / servers
    )
    variance = math.fsum(w * (value - empty.mean) ** 2 for value, w in weighted(empty))
    return wait * (1 + variance / hours**2) / 2


def stages(
    scenario: Scenario, lanes: Sequence[tuple[Route, float]], uses: dict[str, FacilityUse]
) -> tuple[StageUse, ...]:
    """The stages of a route in order, of both directions together.

    `lanes` are the route in each direction with the containers a year that it carries.
    """
    route = lanes[0][0]
    found = [*_between(scenario, route.approach, 1, uses)]
    for leg in route.legs:
        here = [(lane.departures[leg.name], flow) for lane, flow in lanes]
        used = max(f / d.yearly_capacity if d.yearly_capacity else 0.0 for d, f in here)
        capacity = sum(departures.yearly_capacity for departures, _ in here)
        wait = here[0][0].headway / 2 if here[0][0].departures_a_year else math.inf
        limits = (used, capacity) if math.isfinite(capacity) else (None, None)
        found.append(StageUse(leg.name, "wait", wait, None, *limits))
        found += _between(scenario, leg.run, leg.departures.capacity, uses)
    return tuple(found)


def _between(
    scenario: Scenario, run: Steps, load: int, uses: dict[str, FacilityUse]
) -> Iterator[StageUse]:
    for name, stage in run:
        if isinstance(stage, Transit):
            yield StageUse(name, "transit", stage.duration.mean, None, None, None)
        else:
            use, facility = uses[stage.facility], scenario.facilities[stage.facility]
            yield StageUse(
                stage=name,
                kind="service",
                days=facility.service_days(load),
                queueing_days=use.queueing_days,
                utilisation=use.utilisation,
                yearly_capacity=use.yearly_capacity,
                facility=stage.facility,
            )
