"""The laws that `support.assert_lawful` holds every run of these tests to, and that it has teeth.

A container that vanishes, queues twice, overtakes or boards a full vehicle has to be noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from corridors import loaded
from support import assert_lawful, lawful_run

import sim
from sim.corridor.backlog import Backlog
from sim.results.observations import Leg

# A feeder fills trains that are too few: containers wait at both, some move, some find no room.
CHAIN = """
[run]
warmup_days = 0
days = 40.2
[demand]
containers_per_year = 10_000
[routes.rail]
max_wait_days = 12
[routes.rail.stages]
feeder = { kind = "departures", every_days = 2, capacity = 40 }
crossing = { kind = "transit", days = { uniform = [1, 8] } }
trains = { kind = "departures", every_days = 1, capacity = 18 }
line = { kind = "transit", days = [5, 8] }
[routes.road]
max_wait_days = 1
[routes.road.stages]
trucks = { kind = "departures", every_days = 0.5, capacity = 2 }
way = { kind = "transit", days = 6 }
[choice]
rule = "fastest"
"""

Change = Callable[[Leg], Leg]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> sim.Observations:
    return lawful_run(loaded(tmp_path_factory.mktemp("chain"), CHAIN))


def with_leg(observed: sim.Observations, number: int, change: Change) -> sim.Observations:
    """The same with a leg of the rail route changed."""
    rail, *others = observed.routes
    legs = list(rail.legs)
    legs[number] = change(legs[number])
    return replace(observed, routes=(replace(rail, legs=tuple(legs)), *others))


def test_every_fate_occurs_in_the_example(observed: sim.Observations) -> None:
    feeder, trains = observed.route("rail").legs
    assert len(feeder.who) > feeder.boarded  # some wait for the first vehicle
    assert len(trains.who) > trains.boarded  # and some for the second
    assert np.isinf(feeder.arrived).any()  # some move
    assert np.isfinite(trains.arrived).any()  # some have been delivered
    assert (observed.taken < 0).any()  # some found no route
    assert (np.diff(feeder.arrived[np.isfinite(feeder.arrived)]) < 0).any()  # ships overtake


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
    "a smaller vehicle would not have held it": lambda leg: replace(leg, capacity=leg.capacity - 1),
    "departures before their passengers": lambda leg: replace(leg, departed=leg.departed - 1),
    "arrivals before departures": lambda leg: replace(leg, arrived=leg.departed - 1),
}


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_leg_that_breaks_a_law_is_noticed(
    observed: sim.Observations, change: Change, number: int
) -> None:
    with pytest.raises(AssertionError):
        assert_lawful(with_leg(observed, number, change))


@pytest.mark.parametrize("fate", [-1, 0, 1])
def test_a_second_fate_is_noticed(observed: sim.Observations, fate: int) -> None:
    # Container by container: whoever is said to have another fate breaks a law.
    for container in range(0, len(observed.booked), 50):
        if observed.taken[container] != fate:
            taken = observed.taken.copy()
            taken[container] = fate
            with pytest.raises(AssertionError):
                assert_lawful(replace(observed, taken=taken))


# The same with a broken engine, its own check switched off.


def board_all(backlog: Backlog, now: float, capacity: int) -> int:  # noqa: ARG001
    load = int(backlog.since[backlog.head : backlog.tail].searchsorted(now, "right"))
    backlog.head += load
    return load


def board_and_lose(backlog: Backlog, now: float, capacity: int) -> int:
    load = board(backlog, now, capacity)
    backlog.head = min(backlog.head + 1, backlog.tail)
    return load


def board_last_first(backlog: Backlog, now: float, capacity: int) -> int:
    ready = int(backlog.since[backlog.head : backlog.tail].searchsorted(now, "right"))
    queue = slice(backlog.head, backlog.head + ready)
    backlog.who[queue] = backlog.who[queue][::-1].copy()
    backlog.since[queue] = backlog.since[queue][::-1].copy()
    load = min(ready, capacity)
    backlog.head += load
    return load


def board_too_early(backlog: Backlog, now: float, capacity: int) -> int:
    return board(backlog, now + 0.5, capacity)


board = Backlog.board
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
    broken: Callable[[Backlog, float, int], int],
    demand: float,
) -> None:
    scenario = loaded(tmp_path, CHAIN).with_changes({"demand.containers_per_year": demand})
    lawful_run(scenario)
    monkeypatch.setattr(Backlog, "board", broken)
    monkeypatch.setattr("sim.corridor.replication.checked", lambda observed: observed)
    with pytest.raises(AssertionError):
        lawful_run(scenario)
