"""What is valid and probably not meant: unit slips, demand that nobody carries, empty promises."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.scenario.charges import unknown_carbon
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.fleets import within_fleets
from sim.scenario.fluid import queues
from sim.scenario.model import Scenario
from sim.scenario.routes import Route
from sim.scenario.stages import Departures, Stage, Transit
from sim.scenario.troubles import troubles
from sim.scenario.usage import facilities

ODD_HEADWAY_DAYS = 14.0
ODD_TRANSIT_DAYS = 90.0
ODD_PROMISE_TRIPS = 5.0


def warnings(scenario: Scenario) -> Iterator[str]:
    """What is valid and probably not meant, with the value in words."""
    if not scenario.open_routes:
        yield "every route is closed or has no capacity: all containers are unserved"
    yield from _growth_warnings(within_fleets(scenario))
    yield from troubles(scenario)
    yield from unknown_carbon(scenario)
    for name, route in scenario.routes.items():
        for stage_name, stage in route.stages.items():
            path = f"routes.{name}.stages.{stage_name}"
            yield from _odd(path, stage)
        usual = scenario.free_flow_days(name) if route.is_open else 0.0
        if usual > scenario.run.horizon:
            yield (
                f"routes.{name}: a free-flow trip takes {usual:,.4g} days and "
                f"{scenario.run.horizon:,.4g} are simulated: nothing can arrive"
            )
        if route.is_open and route.promise_days is not None:
            yield from _promise(f"routes.{name}.promise_days", route, usual)
    yield from _shares(scenario)
    yield from _idle(scenario)
    for number, era in enumerate(scenario.eras):
        for warning in _overloads(within_fleets(era.scenario)):
            yield warning if number == 0 else f"from day {era.day:,.6g} on: {warning}"


def _shares(scenario: Scenario) -> Iterator[str]:
    """Routes that the rule share sends nobody to."""
    for direction in scenario.directions if scenario.choice.rule == "share" else ():
        for name in scenario.routes:
            if name not in scenario.choice.shares_of(direction):
                where = "" if direction is None else f" {direction}"
                yield f"choice.shares: nothing for {name}{where}: no container prefers it"


def _idle(scenario: Scenario) -> Iterator[str]:
    """What is said and changes nothing."""
    passing: dict[str, list[Route]] = {name: [] for name in scenario.facilities}
    for route in scenario.routes.values():
        for name in {stage.facility for stage in route.facility_stages.values()}:
            passing[name].append(route)
    for name, facility in scenario.facilities.items():
        if not passing[name]:
            yield f"facilities.{name}: no route passes it: it changes nothing"
        elif facility.discipline == "priority" and len({r.priority for r in passing[name]}) < 2:
            yield f"facilities.{name}: its routes have one priority: first come, first served"
        if facility.each_way and scenario.demand.directions is None:
            yield f"facilities.{name}: each_way changes nothing without demand.directions"
    if scenario.demand.monthly is not None and scenario.run.start is None:
        yield "demand.monthly: without run.start the measured window begins on 1 January"


def _overloads(scenario: Scenario) -> Iterator[str]:
    """Facilities that have more to do than time."""
    for use in facilities(scenario):
        if use.empty >= 1:
            a_day = use.vehicles / DAYS_A_YEAR
            yield (
                f"facilities.{use.name}: {a_day:,.3g} vehicles a day take {use.empty:.0%} of its "
                f"time even when they are empty: they pile up, there is no steady state"
            )
        elif use.utilisation >= 1:
            yield (
                f"facilities.{use.name}: what wants to pass takes {use.utilisation:.0%} of its "
                f"time: its queue grows until containers go elsewhere"
            )


def _growth_warnings(scenario: Scenario) -> Iterator[str]:
    """Demand that no steady state can carry, or that nobody carries."""
    growing, routes = queues(scenario), scenario.open_routes
    total = scenario.demand.containers_per_year
    capacities = {name: scenario.yearly_capacity(name) for name in routes}
    capacity = sum(capacities.values())
    if total >= capacity and growing:
        yield (
            f"demand of {total:,.0f} containers a year is not below the capacity of all routes "
            f"together, {capacity:,.0f}: there is no steady state, the backlog grows by "
            f"{sum(growing.values()):,.0f} containers a year"
        )
    elif total > capacity and routes:
        yield (
            f"demand of {total:,.0f} containers a year is above the capacity of all routes "
            f"together, {capacity:,.0f}: about {total - capacity:,.0f} a year are unserved"
        )
    else:
        for name, growth in growing.items():
            yield (
                f"routes.{name}: its capacity of {capacities[name]:,.0f} containers a "
                f"year does not exceed what comes, whatever waits: there is no steady state, its "
                f"backlog grows by {growth:,.0f} containers a year"
            )


def _promise(path: str, route: Route, usual: float) -> Iterator[str]:
    """A promise that is hardly ever kept, or that is no promise: often another unit of time."""
    least, promise = route.quoted_days[0], route.promise_days or math.inf
    said = f"{path}: {promise:,.4g} days"
    if promise < least:
        yield f"{said} is less than the {least:,.4g} that its transits take at least: none is kept"
    elif promise < usual:
        yield f"{said} is less than a free-flow trip takes, {usual:,.4g} days: few are kept"
    elif promise > ODD_PROMISE_TRIPS * usual:
        yield f"{said} is {promise / usual:,.2g} times a free-flow trip of {usual:,.4g} days"


def _odd(path: str, stage: Stage) -> Iterator[str]:
    if isinstance(stage, Transit):
        days = stage.duration.mean
        if days > ODD_TRANSIT_DAYS:
            yield f"{path}.days: {days:,.4g} days is {days / 365 * 12:,.2g} months of transit"
    elif not isinstance(stage, Departures):
        return
    elif stage.departures_a_year and stage.headway > ODD_HEADWAY_DAYS:
        if not stage.on_timetable:
            yield f"{path}.longest_hold_days: a container waits up to {stage.headway:,.4g} days"
            return
        a_day = stage.places_a_year / DAYS_A_YEAR
        yield (
            f"{path}: {stage.places_a_year:,.4g} containers a year is {a_day:,.2g} a day; "
            f"a {stage.vehicle} holds {stage.capacity:,}: "
            f"one departure in {stage.headway:,.3g} days"
        )
