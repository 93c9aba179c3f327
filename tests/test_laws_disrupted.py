"""That the laws have teeth where things go wrong, vehicles are few, and places are rationed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from corridors import loaded
from support import lawful_run

import sim
from sim.corridor.course import Course
from sim.corridor.dispatch import WhenFull
from sim.corridor.fleets import Fleet
from sim.corridor.quotas import Sale
from sim.corridor.timetable import Timetable

# Trains are too few and the border breaks down; lorries leave when full; ships are rationed.
TROUBLED = """
[run]
warmup_days = 0
days = 40.2
[demand]
containers_per_year = 10_000
[facilities]
border = { servers = 2, service_hours = { uniform = [20, 30] } }
[fleets]
sets = { vehicles = 3, turnaround_days = 1 }
[routes.rail.stages]
trains = { kind = "departures", every_days = 2, capacity = 25, fleet = "sets" }
customs = { kind = "facility", facility = "border" }
line = { kind = "transit", days = [1, 3] }
[routes.road.stages]
lorries = { kind = "departures", dispatch = "full", capacity = 7, longest_hold_days = 0.5 }
customs = { kind = "facility", facility = "border" }
[routes.sea.stages.ships]
kind = "departures"
every_days = 3
capacity = 99
quota = { containers = 8, per = "day" }
[routes.sea.stages.ocean]
kind = "transit"
days = 5
[choice]
rule = "share"
shares = { rail = 0.4, road = 0.3, sea = 0.3 }
[disruptions.servers]
target = "facilities.border.servers"
effect = "closed"
up_days = { exponential = 4 }
days = { exponential = 1 }
[disruptions.block]
target = "routes.rail.stages.line"
effect = "closed"
per_year = 50
days = 2
[disruptions.strike]
target = "routes.sea.stages.ships"
effect = "closed"
per_year = 30
days = 4
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> sim.Scenario:
    return loaded(tmp_path_factory.mktemp("troubled"), TROUBLED)


def test_all_of_it_happens_in_the_example(scenario: sim.Scenario) -> None:
    observed = lawful_run(scenario)
    (trains,), (lorries,) = observed.route("rail").legs, observed.route("road").legs
    assert trains.planned is not None
    assert (trains.departed > trains.planned).any()  # trains are late
    assert (lorries.loads < 7).any()  # lorries leave at the hold
    assert (lorries.loads == 7).any()  # and full
    assert len(observed.route("sea").refused)  # ships refuse
    assert all(log.spans for log in observed.disruptions)
    assert {out.server for log in observed.facilities for out in log.outages} == {0, 1}


def vehicles_without_number(fleet: Fleet, direction: str | None) -> bool:  # noqa: ARG001
    return True


def no_turnaround(
    fleet: Fleet, direction: str | None, departed: float, arrived: float, turns: float
) -> None:
    comes(fleet, direction, departed, arrived, 0 * turns)


def open_always(course: Course, day: float) -> float:  # noqa: ARG001
    return day


def no_repair(course: Course, start: float, days: float) -> float:  # noqa: ARG001
    return start + days


def closures_ignored(timetable: Timetable, happenings: Any) -> None:
    """As if departures were never closed."""


def held_for_ever(dispatch: WhenFull) -> float:
    day = due(dispatch)
    full = dispatch._service.backlog.queues[0]
    return day if full.tail - full.head >= 7 else math.inf


def held_too_long(dispatch: WhenFull) -> float:
    return due(dispatch) + 0.1


def sold_without_number(sale: Sale, times: Any) -> Any:
    offer = offered(sale, times)
    return type(offer)(offer.free, offer.first, offer.beyond + 1)


comes, due, offered = Fleet.comes, WhenFull._due, Sale.offer

BROKEN: dict[str, tuple[type, str, Callable[..., Any]]] = {
    "more vehicles than there are": (Fleet, "take", vehicles_without_number),
    "vehicles do not turn round": (Fleet, "comes", no_turnaround),
    "what is closed lets through": (Course, "opens", open_always),
    "a repair takes no time": (Course, "ends", no_repair),
    "closed departures depart": (Timetable, "_disrupt", closures_ignored),
    "a vehicle that is not full never leaves": (WhenFull, "_due", held_for_ever),
    "a vehicle is held too long": (WhenFull, "_due", held_too_long),
    "a quota sells one place too many": (Sale, "offer", sold_without_number),
}


@pytest.mark.parametrize(("where", "name", "broken"), BROKEN.values(), ids=BROKEN)
def test_a_broken_engine_is_noticed(
    scenario: sim.Scenario,
    monkeypatch: pytest.MonkeyPatch,
    where: type,
    name: str,
    broken: Callable[..., Any],
) -> None:
    monkeypatch.setattr(where, name, broken)
    monkeypatch.setattr("sim.corridor.replication.checked", lambda observed: observed)
    with pytest.raises(AssertionError):
        lawful_run(scenario)
