"""When vehicles leave: on their timetables, when their fleet has one, or when they are full."""

from __future__ import annotations

import math

import numpy as np
from disrupted import closed, edges, factors, happened, is_in, opens
from laws_times import eras, eras_of
from numpy.typing import NDArray

import sim
from sim.results.observations import Floats, Leg, Way

Numbers = NDArray[np.integer]


def assert_lawful_departures(
    scenario: sim.Scenario, observed: sim.Observations, way: Way, route: str, leg: Leg,
    own: Numbers,
) -> None:  # fmt: skip
    """Vehicles leave when they should, with the places that they should have.

    own: who boards before whom [as `who` of the leg]
    """
    assert (np.diff(leg.departed) >= 0).all(), "in order"
    stage = scenario.routes[route].departures[leg.name]
    there = vehicles(scenario, observed, way, route, leg)
    if stage.on_timetable:
        assert_on_timetable(scenario, observed, way, route, leg, there)
    else:
        assert leg.planned is None
        assert_when_full(scenario, observed, route, leg, there, own)


# Timetables.


def timetable(
    scenario: sim.Scenario, direction: str | None, route: str, stage: str, end: float
) -> tuple[list[float], list[int]]:
    """Days and capacities of the departures of a stage: a timetable that changes begins anew."""
    tables: list[tuple[float, float, int]] = []
    for day, era, *_ in eras(scenario):
        now = era.one_way(direction).routes[route]
        departures = now.departures[stage]
        headway = departures.headway if now.is_open else math.inf
        if not tables or tables[-1][1:] != (headway, departures.capacity):
            tables.append((day, headway, departures.capacity))
    lasts = [*(day for day, *_ in tables[1:]), math.inf]
    days: list[float] = []
    capacities: list[int] = []
    for (day, headway, capacity), last in zip(tables, lasts, strict=True):
        number = 1
        while (leaves := day + number * headway) < end and leaves <= last:
            days.append(leaves)
            capacities.append(capacity)
            number += 1
    return days, capacities


def assert_on_timetable(
    scenario: sim.Scenario, observed: sim.Observations, way: Way, route: str, leg: Leg,
    there: tuple[Floats, Floats] | None,
) -> None:  # fmt: skip
    """None leaves before its time; late ones leave as soon as a vehicle is there, in order."""
    target, end = f"routes.{route}.stages.{leg.name}", observed.horizon
    days, capacities = timetable(scenario, way.direction, route, leg.name, end)
    planned, rooms = np.array(days), np.array(capacities, float)
    shut = closed(observed, target)
    planned, rooms = planned[~is_in(shut, planned)], rooms[~is_in(shut, planned)]
    left = len(leg.departed)
    assert left <= len(planned)
    rooms = whole(rooms[:left] * factors(happened(observed, target, "capacity"), leg.departed))
    assert leg.capacities.tolist() == rooms.tolist()
    if there is None:
        assert leg.planned is None
        assert leg.departed.tolist() == planned.tolist()
        return
    assert leg.planned is not None
    assert leg.planned.tolist() == planned[:left].tolist()
    never = [*shut, *of_closed_route(scenario, route)]
    days_there = [padded(days, len(planned)) for days in there]
    earliest, latest = (np.where(d > planned, opens(never, d), planned) for d in days_there)
    assert (leg.departed >= earliest[:left]).all(), "no vehicle leaves that is not there"
    assert (leg.departed <= latest[:left]).all(), "late only while no vehicle is there"
    assert (latest[left:] >= end).all(), "no departure is left out"


def of_closed_route(scenario: sim.Scenario, route: str) -> list[tuple[float, float]]:
    """The days of the phases in which a route is closed."""
    days = [*(era.day for era in eras(scenario)[1:]), scenario.run.horizon]
    return [
        (era.day, end)
        for era, end in zip(eras(scenario), days, strict=True)
        if not era.scenario.routes[route].is_open
    ]


def whole(rooms: Floats) -> Floats:
    """Places, rounded down."""
    return np.floor(np.round(rooms, 9))


def padded(days: Floats, number: int) -> Floats:
    """So many days, infinite ones where there are fewer."""
    return np.concatenate([days, np.full(number, math.inf)])[:number]


# Fleets.


def vehicles(
    scenario: sim.Scenario, observed: sim.Observations, way: Way, route: str, leg: Leg
) -> tuple[Floats, Floats] | None:
    """When each vehicle that comes to leave here is there, in order: at the earliest, the latest.

    The k-th departure takes the k-th. None without a fleet.
    """
    name = scenario.routes[route].departures[leg.name].fleet
    if name is None:
        return None
    fleet = scenario.fleets[name]
    if len(observed.ways) == 1:
        number, comes = fleet.vehicles, leg.arrived + (leg.arrived - leg.departed)
    else:
        (other,) = (each for each in observed.ways if each is not way)
        (back,) = (each for each in other.route(route).legs if each.name == leg.name)
        number = (fleet.vehicles + (way is observed.ways[0])) // 2
        comes = back.arrived
    low, high = fleet.turnaround_days.bounds
    first, last = (np.sort(np.concatenate([np.zeros(number), comes + d])) for d in (low, high))
    return first, last


# When full.


def assert_when_full(
    scenario: sim.Scenario,
    observed: sim.Observations,
    route: str,
    leg: Leg,
    there: tuple[Floats, Floats] | None,
    own: Numbers,
) -> None:
    """A vehicle leaves as soon as it is full, or one has waited as long as it holds; no sooner."""
    target, end, departed = f"routes.{route}.stages.{leg.name}", observed.horizon, leg.departed
    stages = [era.scenario.routes[route].departures[leg.name] for era in eras(scenario)]
    is_open = np.array([era.scenario.routes[route].is_open for era in eras(scenario)])
    fewer = happened(observed, target, "capacity")
    shut = closed(observed, target)
    hold = stages[0].longest_hold

    def rooms(days: Floats) -> Floats:
        """The places that a vehicle has that leaves on each day, 0 where none does."""
        of_eras = np.array([stage.capacity for stage in stages]) * is_open
        found = whole(of_eras[eras_of(scenario, days)] * factors(fewer, days))
        return np.where(is_in(shut, days), 0, found)

    first = firsts(leg, own)
    assert (leg.capacities > 0).all()
    assert leg.capacities.tolist() == rooms(departed).tolist()
    full = leg.loads == leg.capacities
    assert (full | (first[:-1] + hold <= departed)).all(), "it holds as long as it can"

    changes = [*(era.day for era in eras(scenario)), *edges(fewer), *(d for s in shut for d in s)]
    moments = np.unique(
        np.concatenate([leg.since, departed, first + hold, changes, *(there or ())])
    )
    moments = moments[moments < end]
    left = departed.searchsorted(moments, "right")
    waiting = np.sort(leg.since).searchsorted(moments, "right") - before_each(leg.loads)[left]
    room = rooms(moments)
    due = (room > 0) & (waiting > 0) & ((waiting >= room) | (first[left] + hold <= moments))
    if there is not None:
        earliest, latest = (padded(days, len(departed) + 1) for days in there)
        assert (departed >= earliest[:-1]).all(), "no vehicle leaves that is not there"
        due &= latest[left] <= moments
    assert not due.any(), "none stays that could leave"


def before_each(loads: Numbers) -> Numbers:
    """How many have left before each trip, and after all."""
    return np.concatenate([[0], np.cumsum(loads)])


def firsts(leg: Leg, own: Numbers) -> Floats:
    """Since when the longest waiting waits before each trip, and after all; infinite for nobody."""
    trip = np.repeat(np.arange(len(leg.loads)), leg.loads)
    found = np.full(len(leg.loads) + 1, math.inf)
    for level in np.unique(own):
        mine = own == level
        loads = np.bincount(trip[mine[: leg.boarded]], minlength=len(leg.loads))
        since = np.append(leg.since[mine], math.inf)
        found = np.minimum(found, since[before_each(loads)])
    return found
