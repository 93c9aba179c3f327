"""One more of everything there can be more of: a server of a facility, a departure a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sim.scenario.changes import TIMETABLES
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Scenario
from sim.scenario.network import HOURS_A_DAY
from sim.scenario.phases import phased
from sim.scenario.routes import Route
from sim.scenario.schema import joined, split

COUNTED = ("servers", "headway_hours", "capacity", *TIMETABLES)
"""What says how much there is; of all else that a phase may set there is no more."""

Values = dict[str, Any]


@dataclass(frozen=True)
class More:
    """A scenario with one more of something.

    said: what there is one more of, in words
    routes: those that pass it
    """

    scenario: Scenario
    said: str
    routes: tuple[str, ...]


def one_more(scenario: Scenario) -> tuple[More, ...]:
    """A scenario for each facility that is passed, and for each departures of an open route.

    A facility has one server more, or one train path a day where a headway makes them (in each
    direction, if each has its own); departures are one more a day (each way, if there are
    directions). What a phase sets there has one more too.
    """
    return (*_facilities(scenario), *_departures(scenario))


def _facilities(scenario: Scenario) -> Iterator[More]:
    routes = _open(scenario)
    for name, facility in scenario.facilities.items():
        passing = tuple(n for n, route in routes.items() if name in route.facilities)
        if not passing:
            continue
        each_way = " each way" if facility.each_way else ""
        has_paths = facility.headway_hours is not None
        what, more = ("path a day", _path) if has_paths else ("server", _server)
        made = _with(scenario, f"{name} +1 {what}", partial(more, name=name))
        yield More(made, f"one more {what} at {name}{each_way}", passing)


def _departures(scenario: Scenario) -> Iterator[More]:
    each_way = " each way" if len(scenario.directions) > 1 else ""
    for route, about in _open(scenario).items():
        for stage, departures in about.departures.items():
            if not departures.on_timetable:
                continue  # as many leave as are full
            more = partial(_departure, route=route, stage=stage)
            made = _with(scenario, f"{route:.40} {stage:.40} +1 a day", more)
            said = f"one more {departures.vehicle} a day{each_way} of {route} {stage}"
            yield More(made, said, (route,))


def _open(scenario: Scenario) -> dict[str, Route]:
    """The routes that take part at some time, as they are at first."""
    ever = {name for era in scenario.eras for name in era.scenario.open_routes}
    return {name: route for name, route in scenario.routes.items() if name in ever}


def _server(now: Scenario, name: str) -> Values:
    return {f"facilities.{name}.servers": now.facilities[name].servers + 1}


def _path(now: Scenario, name: str) -> Values:
    """The headway with which one vehicle more a day can pass."""
    facility = now.facilities[name]
    headway = facility.holding_hours
    a_day = HOURS_A_DAY * facility.servers / headway.mean
    return {f"facilities.{name}.headway_hours": headway.scaled(a_day / (a_day + 1)).to_data()}


def _departure(now: Scenario, route: str, stage: str) -> Values:
    """The timetable with one departure more a day, said as it is said."""
    path, departures = f"routes.{route}.stages.{stage}", now.routes[route].departures[stage]
    if departures.every_days is not None:
        return {f"{path}.every_days": 1 / (1 / departures.every_days + 1)}
    if departures.per_day is not None:
        return {f"{path}.per_day": departures.per_day + 1}
    a_year = DAYS_A_YEAR * departures.capacity * len(now.directions)
    return {f"{path}.annual_capacity": departures.places_a_year + a_year}


def _with(scenario: Scenario, name: str, more: Callable[[Scenario], Values]) -> Scenario:
    """The scenario with more of something, also in each phase that sets how much there is.

    A route that a phase closes by a capacity of 0 stays closed.
    """
    changes = more(scenario)
    around = next(iter(changes)).rpartition(".")[0]
    counted = {f"{around}.{key}" for key in COUNTED}
    for phase, now in phased(scenario):
        said = scenario.phases[phase].set
        if counted & {joined(split(path)) for path, value in said.items() if value != 0}:
            changes[f"phases.{phase}.set"] = {**said, **more(now)}
    return scenario.with_changes(changes, name=name)
