"""What fleets can keep up, sketched without a random number.

A vehicle is away for its trip, full and without queueing, and until it has turned round; with two
directions it comes back as a trip of the opposite one, else empty in the time that it took.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.scenario.disruptions import Fleet
from sim.scenario.fields import DAYS_A_YEAR, Named
from sim.scenario.model import Scenario
from sim.scenario.routes import Leg
from sim.scenario.stages import Departures, FacilityStage


@dataclass(frozen=True)
class FleetUse:
    """A fleet before any simulation.

    vehicle: what it is, in words; route, stage: where it leaves
    round_trip_days: from one departure of a vehicle to its next from the same end, at least, mean
    departures_a_year: that it can make, of both directions together
    timetable_a_year: that the timetable has; None where vehicles leave when full
    """

    name: str
    vehicle: str
    route: str
    stage: str
    vehicles: int
    round_trip_days: float
    departures_a_year: float
    timetable_a_year: float | None

    @property
    def is_short(self) -> bool:
        """Whether it cannot keep its timetable."""
        wanted = self.timetable_a_year
        return wanted is not None and wanted > self.departures_a_year * (1 + 1e-9)

    @property
    def needed(self) -> int:
        """Vehicles that could keep the timetable."""
        each = self.departures_a_year / self.vehicles
        return math.ceil((self.timetable_a_year or 0.0) / each - 1e-9)


def fleets(scenario: Scenario) -> tuple[FleetUse, ...]:
    """The fleets that some departures use, in the order of the routes."""
    return tuple(
        _use(scenario, name, leg, fleet)
        for name, route in scenario.one_way(scenario.directions[0]).routes.items()
        for leg in route.legs
        if (fleet := leg.departures.fleet) is not None
    )


def _use(scenario: Scenario, route: str, leg: Leg, fleet: str) -> FleetUse:
    """`leg` has the departures of one direction."""
    vehicles, departures = scenario.fleets[fleet].vehicles, leg.departures
    ways = len(scenario.directions)
    days = _round_trip(scenario, leg, scenario.fleets[fleet])
    return FleetUse(
        name=fleet,
        vehicle=departures.vehicle,
        route=route,
        stage=leg.name,
        vehicles=vehicles,
        round_trip_days=days,
        departures_a_year=ways * vehicles * DAYS_A_YEAR / days if days else math.inf,
        timetable_a_year=ways * departures.departures_a_year if departures.on_timetable else None,
    )


def _round_trip(scenario: Scenario, leg: Leg, fleet: Fleet) -> float:
    """Days there and back, and for turning round: at both ends, or once where it comes back empty.

    As `sim.corridor.fleets` lets vehicles come.
    """
    services = sum(
        scenario.facilities[stage.facility].service_days(leg.departures.capacity)
        for _, stage in leg.run
        if isinstance(stage, FacilityStage)
    )
    turns = len(scenario.directions) * fleet.turnaround_days.mean
    return 2 * (leg.transit_days + services) + turns


def within_fleets(scenario: Scenario) -> Scenario:
    """The scenario with as many departures as its fleets can make, where timetables have more."""
    uses = fleets(scenario)
    if not uses:
        return scenario
    routes = dict(scenario.routes)
    for use in uses:
        route = routes[use.route]
        most = _at_most(route.departures[use.stage], use, len(scenario.directions))
        stages = Named({**route.stages, use.stage: most})
        routes[use.route] = route.model_copy(update={"stages": stages})
    return scenario.model_copy(update={"routes": Named(routes)})


def _at_most(departures: Departures, use: FleetUse, ways: int) -> Departures:
    """Departures of which no more leave than a fleet can make, both directions together."""
    a_year = use.departures_a_year
    if use.timetable_a_year is None:
        return departures.model_copy(update={"annual_capacity": a_year * departures.capacity})
    if use.timetable_a_year <= a_year:
        return departures
    per_day = a_year / ways / DAYS_A_YEAR
    timetable = {"every_days": None, "annual_capacity": None, "per_day": per_day}
    return departures.model_copy(update=timetable)
