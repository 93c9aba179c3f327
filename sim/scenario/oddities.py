"""What is valid and probably not meant: unit slips, demand that nobody carries, empty promises."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

from sim.scenario.charges import unknown_carbon
from sim.scenario.disruptions import Disruption
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.fleets import FleetUse, fleets, within_fleets
from sim.scenario.fluid import queues
from sim.scenario.model import Scenario
from sim.scenario.network import HOURS_A_DAY
from sim.scenario.phases import in_order
from sim.scenario.routes import Route
from sim.scenario.schema import split
from sim.scenario.stages import Departures, Quota, Stage, Transit
from sim.scenario.usage import facilities

ODD_HEADWAY_DAYS = 14.0
ODD_TRANSIT_DAYS = 90.0
ODD_PROMISE_TRIPS = 5.0
ODD_TIMES_A_YEAR = 50.0


def warnings(scenario: Scenario) -> Iterator[str]:
    """What is valid and probably not meant, with the value in words."""
    if not scenario.open_routes:
        yield "every route is closed or has no capacity: all containers are unserved"
    yield from _growth_warnings(within_fleets(scenario))
    yield from _troubles(scenario)
    yield from unknown_carbon(scenario)
    one_way = scenario.one_way(scenario.directions[0])
    each_way = " each way" if one_way is not scenario else ""
    for name, route in scenario.routes.items():
        for stage_name, stage in one_way.routes[name].stages.items():
            yield from _odd(f"routes.{name}.stages.{stage_name}", stage, each_way)
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
    yield from _no_waits_posted(scenario)
    yield from _said_twice(scenario)
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


def _no_waits_posted(scenario: Scenario) -> Iterator[str]:
    """Timetables in step with the posting of figures that bookers remember."""
    hours = scenario.choice.posted_every_hours
    if not scenario.choice.inertia_days or scenario.choice.rule == "share":
        return
    one_way = scenario.one_way(scenario.directions[0])
    for name, route in one_way.open_routes.items():
        stage, departures = next(iter(route.departures.items()), ("", None))
        if route.approach or departures is None or not departures.on_timetable:
            continue
        times = hours / HOURS_A_DAY / departures.headway
        if round(times) >= 1 and math.isclose(times, round(times), rel_tol=1e-9):
            yield (
                f"choice.posted_every_hours: whenever times are posted, every {hours:,.4g} hours, "
                f"a {departures.vehicle} of routes.{name}.stages.{stage} is about to leave: with "
                "inertia no wait for it is ever known"
            )


def _said_twice(scenario: Scenario) -> Iterator[str]:
    """What two phases set on one date: only the last of them is ever seen."""
    last: dict[tuple[date, tuple[str, ...]], str] = {}
    for name, phase in in_order(scenario.phases):
        for path in phase.set:
            moment = (phase.starts, split(path))
            if moment in last:
                yield (
                    f"phases.{name}: {path} is set by phases.{last[moment]}, too, from "
                    f"{phase.starts} on: what phases.{name} says holds"
                )
            last[moment] = name


def _idle(scenario: Scenario) -> Iterator[str]:
    """What is said and changes nothing."""
    passed = [(route.facilities, route.priority) for route in scenario.routes.values()]
    for name, facility in scenario.facilities.items():
        priorities = {priority for facilities, priority in passed if name in facilities}
        if not priorities:
            yield f"facilities.{name}: no route passes it: it changes nothing"
        elif facility.discipline == "priority" and len(priorities) < 2:
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
        yield (
            f"{path}: {promise:,.5g} days is less than a free-flow trip takes on average, "
            f"{usual:,.5g}: about half or more are late"
        )
    elif promise > ODD_PROMISE_TRIPS * usual:
        yield f"{said} is {promise / usual:,.0f} times a free-flow trip of {usual:,.4g} days"


def _odd(path: str, stage: Stage, each_way: str) -> Iterator[str]:
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
            f"{path}: {stage.places_a_year:,.4g} containers a year{each_way} is {a_day:,.2g} a "
            f"day; a {stage.vehicle} holds {stage.capacity:,}: "
            f"one departure in {stage.headway:,.3g} days"
        )


def _troubles(scenario: Scenario) -> Iterator[str]:
    """Each with the value in words."""
    for name, said in scenario.disruptions.items():
        yield from _disruption(scenario, f"disruptions.{name}", said)
    uses = fleets(scenario)
    used = {use.name for use in uses}
    for name in (name for name in scenario.fleets if name not in used):
        yield f"fleets.{name}: no departures use it: it changes nothing"
    for use in uses:
        if use.is_short and scenario.routes[use.route].is_open:
            yield _late(use)
    for route, about in scenario.one_way(scenario.directions[0]).routes.items():
        for name, stage in about.stages.items():
            path = f"routes.{route}.stages.{name}"
            if isinstance(stage, Transit) and stage.detour is not None:
                around, usual = stage.detour.duration.mean, stage.duration.mean
                if around < usual:
                    rule = f"less than the {usual:,.4g} of the leg itself"
                    yield f"{path}.detour: {around:,.4g} days are {rule}"
            if isinstance(stage, Departures) and stage.quota is not None:
                yield from _quota(f"{path}.quota", stage.quota, stage.places_a_year)


def _disruption(scenario: Scenario, path: str, said: Disruption) -> Iterator[str]:
    if said.per_year == 0:
        return
    days, run = said.days.mean, scenario.run.horizon
    if days > run:
        yield f"{path}.days: it lasts {days:,.4g} days and {run:,.4g} are simulated"
    a_year = DAYS_A_YEAR / said.gap.mean if said.gap is not None and said.gap.mean else 0.0
    if a_year > ODD_TIMES_A_YEAR:
        yield (
            f"{path}: {a_year:,.4g} a year is one in {DAYS_A_YEAR / a_year:,.2g} days without it; "
            "what is always so belongs in the figures themselves"
        )
    yield from _nothing_left(scenario, path, said)


def _nothing_left(scenario: Scenario, path: str, said: Disruption) -> Iterator[str]:
    """A part of a capacity that is less than one of it."""
    if said.effect != "capacity" or not said.part or said.path[0] == "demand":
        return
    if said.facility is not None:
        whole, what = scenario.facilities[said.facility].servers, "servers"
    else:
        route, stage = said.stage or ("", "")
        whole, what = scenario.routes[route].departures[stage].capacity, "places"
    if whole * said.part < 1:
        yield (
            f"{path}.factor: {said.part:,.4g} of {whole:,} {what} is less than one: nothing is left"
        )


def _late(use: FleetUse) -> str:
    made, wanted = use.departures_a_year, use.timetable_a_year
    return (
        f"fleets.{use.name}: {use.vehicles:,} vehicles ({use.vehicle}) with a round trip of "
        f"{use.round_trip_days:,.4g} days make {made:,.4g} departures a year, and the timetable of "
        f"routes.{use.route}.stages.{use.stage} has {wanted:,.4g}: they leave late; "
        f"{use.needed:,} could keep it"
    )


def _quota(path: str, quota: Quota, places_a_year: float) -> Iterator[str]:
    """A quota and the places of one direction."""
    if not quota.yearly and quota.containers:
        yield (
            f"{path}: {quota.containers:,.4g} containers a {quota.per} is less than one, and "
            "nothing is carried over: nobody ever books"
        )
    elif places_a_year < quota.yearly:
        carried = places_a_year * quota.period_days / DAYS_A_YEAR
        yield (
            f"{path}: {quota.containers:,.4g} containers a {quota.per} are more than the "
            f"{carried:,.4g} that its departures carry: it hardly ever binds"
        )
