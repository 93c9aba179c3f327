"""The laws that `laws.assert_lawful` holds every run of these tests to, and that it has teeth.

A container that vanishes, queues twice, overtakes or boards a full vehicle has to be noticed, and a
vehicle that takes a server that is not free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simpy
from corridors import loaded
from laws import assert_lawful
from support import lawful_run

import sim
from sim.corridor.backlog import Queue
from sim.corridor.facilities import Computed, Queued, Slot
from sim.results.observations import Leg, Passage

# A feeder fills trains that are too few: containers wait at both, some move, some find no room.
# Trains and lorries queue at the border.
CHAIN = """
[run]
warmup_days = 0
days = 40.2
[demand]
containers_per_year = 10_000
[facilities]
border = { servers = 2, service_hours = { uniform = [20, 44] } }
[routes.rail]
max_wait_days = 12
[routes.rail.stages]
feeder = { kind = "departures", every_days = 2, capacity = 40 }
crossing = { kind = "transit", days = { uniform = [1, 8] } }
trains = { kind = "departures", every_days = 1, capacity = 18 }
customs = { kind = "facility", facility = "border" }
line = { kind = "transit", days = [5, 8] }
[routes.road]
max_wait_days = 1
[routes.road.stages]
trucks = { kind = "departures", every_days = 2, capacity = 8 }
customs = { kind = "facility", facility = "border" }
way = { kind = "transit", days = 6 }
[choice]
rule = "fastest"
"""

Change = Callable[[Leg], Leg]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> sim.Scenario:
    return loaded(tmp_path_factory.mktemp("chain"), CHAIN)


@pytest.fixture(scope="module")
def observed(scenario: sim.Scenario) -> sim.Observations:
    return lawful_run(scenario)


def with_leg(observed: sim.Observations, number: int, change: Change) -> sim.Observations:
    """The same with a leg of the rail route changed."""
    (way,) = observed.ways
    rail, *others = way.routes
    legs = list(rail.legs)
    legs[number] = change(legs[number])
    routes = (replace(rail, legs=tuple(legs)), *others)
    return replace(observed, ways=(replace(way, routes=routes),))


def test_every_fate_occurs_in_the_example(observed: sim.Observations) -> None:
    feeder, trains = observed.route("rail").legs
    assert len(feeder.who) > feeder.boarded  # some wait for the first vehicle
    assert len(trains.who) > trains.boarded  # and some for the second
    assert np.isinf(feeder.arrived).any()  # some move
    assert np.isfinite(trains.arrived).any()  # some have been delivered
    assert (observed.way().taken < 0).any()  # some found no route
    assert (np.diff(feeder.arrived[np.isfinite(feeder.arrived)]) < 0).any()  # ships overtake
    border = trains.passages[0]
    assert (border.started > border.entered).any()  # trains queue


def lose(leg: Leg) -> Leg:
    return replace(leg, who=leg.who[:-1], since=leg.since[:-1])


def double(leg: Leg) -> Leg:
    who = leg.who.copy()
    who[-1] = who[0]
    return replace(leg, who=who)


def swap(leg: Leg) -> Leg:
    who = leg.who.copy()
    who[[0, -1]] = who[[-1, 0]]
    return replace(leg, who=who)


def last_in_first(leg: Leg) -> Leg:
    return replace(leg, who=leg.who[::-1], since=leg.since[::-1])


def load(leg: Leg, more: int) -> Leg:
    loads = leg.loads.copy()
    loads[np.flatnonzero(loads)[-1]] += more
    return replace(leg, loads=loads)


CHANGES: dict[str, Change] = {
    "a container vanishes": lose,
    "a container queues twice": double,
    "two change places": swap,
    "last in, first out": last_in_first,
    "a vehicle is overloaded": lambda leg: load(leg, +1),
    "a place stays empty while somebody waits": lambda leg: load(leg, -1),
    "a smaller vehicle would not have held it": lambda leg: replace(
        leg, capacities=leg.capacities - 1
    ),
    "departures before their passengers": lambda leg: replace(leg, departed=leg.departed - 1),
    "arrivals before departures": lambda leg: replace(leg, arrived=leg.departed - 1),
}


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_leg_that_breaks_a_law_is_noticed(
    scenario: sim.Scenario, observed: sim.Observations, change: Change, number: int
) -> None:
    with pytest.raises(AssertionError):
        assert_lawful(scenario, with_leg(observed, number, change))


def at_border(change: Callable[[Passage], Passage]) -> Change:
    """A change of how trains went through the border; what follows is moved with them."""

    def changed(leg: Leg) -> Leg:
        customs, line = leg.passages
        now = change(customs)
        ended = np.isfinite(line.left)
        days = np.subtract(line.left, line.entered, out=line.left.copy(), where=ended)
        later = now.left + days
        moved = replace(line, entered=now.left, started=now.left, left=later, freed=later)
        return replace(leg, arrived=np.where(later < 40.2, later, np.inf), passages=(now, moved))

    return changed


def served(customs: Passage, later: float = 0, longer: float = 0) -> Passage:
    """The tenth train begins or ends so many days later."""
    started, freed = customs.started.copy(), customs.freed.copy()
    started[9] += later
    freed[9] += later + longer
    return replace(customs, started=started, left=freed, freed=freed)


def swapped(customs: Passage) -> Passage:
    """Two trains that follow each other are served in each other's place."""
    started, freed = customs.started.copy(), customs.freed.copy()
    for one, other in ((9, 10), (10, 9)):
        started[one] = customs.started[other]
        freed[one] = started[one] + (customs.freed[one] - customs.started[one])
    return replace(customs, started=started, left=freed, freed=freed)


BORDER: dict[str, Callable[[Passage], Passage]] = {
    "two vehicles at one server": lambda customs: served(customs, later=-0.1),
    "a server idles while a vehicle waits": lambda customs: served(customs, later=0.1),
    "who came later is served first": swapped,
    "a service is too short": lambda customs: served(customs, longer=-1),
    "a service is too long": lambda customs: served(customs, longer=+1),
    "a train goes on in the middle of its service": lambda customs: replace(
        customs, left=customs.left - 0.1
    ),
}


@pytest.mark.parametrize("change", BORDER.values(), ids=BORDER)
def test_a_facility_that_breaks_a_law_is_noticed(
    scenario: sim.Scenario, observed: sim.Observations, change: Callable[[Passage], Passage]
) -> None:
    assert_lawful(scenario, with_leg(observed, 1, at_border(lambda customs: customs)))
    with pytest.raises(AssertionError):
        assert_lawful(scenario, with_leg(observed, 1, at_border(change)))


@pytest.mark.parametrize("fate", [-1, 0, 1])
def test_a_second_fate_is_noticed(
    scenario: sim.Scenario, observed: sim.Observations, fate: int
) -> None:
    # Container by container: whoever is said to have another fate breaks a law.
    (way,) = observed.ways
    for container in range(0, len(way.booked), 50):
        if way.taken[container] != fate:
            taken = way.taken.copy()
            taken[container] = fate
            with pytest.raises(AssertionError):
                assert_lawful(scenario, replace(observed, ways=(replace(way, taken=taken),)))


# The same with a broken engine, its own check switched off.


def board_all(queue: Queue, now: float, capacity: int) -> int:  # noqa: ARG001
    load = int(queue.since[queue.head : queue.tail].searchsorted(now, "right"))
    queue.head += load
    return load


def board_and_lose(queue: Queue, now: float, capacity: int) -> int:
    load = board(queue, now, capacity)
    queue.head = min(queue.head + 1, queue.tail)
    return load


def board_last_first(queue: Queue, now: float, capacity: int) -> int:
    ready = int(queue.since[queue.head : queue.tail].searchsorted(now, "right"))
    here = slice(queue.head, queue.head + ready)
    queue.who[here] = queue.who[here][::-1].copy()
    queue.since[here] = queue.since[here][::-1].copy()
    load = min(ready, capacity)
    queue.head += load
    return load


def board_too_early(queue: Queue, now: float, capacity: int) -> int:
    return board(queue, now + 0.5, capacity)


board = Queue.board
PLENTY, FEW = 10_000, 2_000  # containers a year: more than the vehicles hold, or less


@pytest.mark.parametrize(
    ("broken", "demand"),
    [
        (board_all, PLENTY),
        (board_and_lose, PLENTY),
        (board_last_first, PLENTY),
        (board_too_early, FEW),
    ],
)
def test_a_broken_engine_is_noticed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[Queue, float, int], int],
    demand: float,
) -> None:
    scenario = loaded(tmp_path, CHAIN).with_changes({"demand.containers_per_year": demand})
    lawful_run(scenario)
    monkeypatch.setattr(Queue, "board", broken)
    monkeypatch.setattr("sim.corridor.replication.checked", lambda observed: observed)
    with pytest.raises(AssertionError):
        lawful_run(scenario)


def start_at_once(pool: Computed, now: float, days: float, priority: int) -> Slot:  # noqa: ARG001
    """As if servers were without number."""
    return Slot(now, now + days)


def start_late(pool: Computed, now: float, days: float, priority: int) -> Slot:
    """A server rests an hour after each service."""
    return start(pool, now, days + 1 / 24, priority)


start = Computed.start


@pytest.mark.parametrize("broken", [start_at_once, start_late])
def test_a_broken_facility_is_noticed(
    scenario: sim.Scenario, monkeypatch: pytest.MonkeyPatch, broken: Any
) -> None:
    monkeypatch.setattr(Computed, "start", broken)
    with pytest.raises(AssertionError):
        lawful_run(scenario)


def test_a_queue_out_of_order_is_noticed(
    scenario: sim.Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By priority, but the route of the lesser goes first.
    first = scenario.with_changes(
        {"facilities.border.discipline": "priority", "routes.rail.priority": 1}
    )
    lawful_run(first)

    def reversed_start(pool: Queued, now: float, days: float, priority: int) -> simpy.Event:
        return in_order(pool, now, days, -priority)

    in_order = Queued.start
    monkeypatch.setattr(Queued, "start", reversed_start)
    with pytest.raises(AssertionError):
        lawful_run(first)
