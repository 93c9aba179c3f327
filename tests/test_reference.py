"""The engine against `reference.py`, which simulates every container as a process of its own.

Where nothing is random both give the same figures. Where something is, their means over
replications are at most four standard errors apart. The reference decides each booking on the
live state, so figures that depend on when they are posted are posted every 3 minutes here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference
from corridors import loaded
from support import figures, lawful_run, sampled

import sim

REPLICATIONS = 24
SEED = 1

HEAD = f"""
[run]
warmup_days = 30
days = 40
seed = {SEED}
[demand]
containers_per_year = 12_000
"""

SCENARIOS = {
    "two routes share": """
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 1, capacity = 40 }
        voyage = { kind = "transit", days = [20, 30] }
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 4_000, capacity = 6 }
        line = { kind = "transit", days = { uniform = [8, 12] } }
        [choice]
        rule = "share"
        shares = { rail = 0.3, sea = 0.7 }
        """,
    "rail is saturated, its queue is left at a limit": """
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 1, capacity = 60 }
        voyage = { kind = "transit", days = [20, 30] }
        [routes.rail]
        max_wait_days = 3
        promise_days = 12
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 4_000, capacity = 6 }
        line = { kind = "transit", days = { triangular = [8, 9, 12] } }
        [choice]
        rule = "fastest"
        """,
    "an open queue": """
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 14_500, capacity = 20 }
        line = { kind = "transit", days = { gamma = { mean = 10, sd = 3 } } }
        """,
    "a queue that grows": """
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 9_000, capacity = 20 }
        line = { kind = "transit", days = { empirical = [9, 10, 14] } }
        """,
    "who is refused takes another route by its share": """
        [routes.air.stages]
        flight = { kind = "transit", days = { exponential = 2 } }
        [routes.rail]
        max_wait_days = 2
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 4_000, capacity = 6 }
        line = { kind = "transit", days = [8, 12] }
        [routes.sea]
        max_wait_days = 5
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 2, capacity = 30 }
        voyage = { kind = "transit", days = [20, 30] }
        [choice]
        rule = "share"
        shares = { air = 0.1, rail = 0.5, sea = 0.4 }
        """,
    "nobody wants the route that is left": """
        [routes.rail]
        max_wait_days = 1
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 8_000, capacity = 6 }
        line = { kind = "transit", days = [8, 12] }
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 2, capacity = 30 }
        voyage = { kind = "transit", days = [20, 30] }
        [choice]
        rule = "share"
        shares = { rail = 1, sea = 0 }
        """,
    "three routes by cost": """
        [demand.value_of_time_usd_per_day.lognormal]
        median = 25
        p95 = 180
        [routes.air]
        freight_usd = 2_500
        [routes.air.stages]
        flights = { kind = "departures", every_days = 0.5, capacity = 5 }
        flight = { kind = "transit", days = 2 }
        [routes.rail]
        freight_usd = 1_500
        constant_usd = -100
        max_wait_days = 4
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 4_000, capacity = 6 }
        line = { kind = "transit", days = [8, 12] }
        [routes.sea]
        freight_usd = 1_000
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 3, capacity = 120 }
        voyage = { kind = "transit", days = [20, 30] }
        [choice]
        rule = "cheapest"
        """,
    # Tastes count for more than money, so that a wrong sign of theirs is told from a right one.
    "three routes by cost and taste, and a limit that binds": """
        [demand.value_of_time_usd_per_day.lognormal]
        median = 25
        p95 = 60
        [routes.air]
        freight_usd = 2_200
        promise_days = 2.25
        [routes.air.stages]
        flights = { kind = "departures", every_days = 0.5, capacity = 5 }
        flight = { kind = "transit", days = 2 }
        [routes.rail]
        freight_usd = 1_800
        constant_usd = -100
        max_wait_days = 2
        promise_days = 11
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 2_000, capacity = 6 }
        line = { kind = "transit", days = [8, 12] }
        [routes.sea]
        freight_usd = 1_000
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 3, capacity = 120 }
        voyage = { kind = "transit", days = [20, 30] }
        [choice]
        rule = "logit"
        scale_usd = 300
        """,
    "a chain of departures by cost and taste": """
        [demand.value_of_time_usd_per_day.gamma]
        mean = 40
        sd = 30
        [routes.link]
        freight_usd = 1_200
        max_wait_days = 8
        promise_days = 20
        [routes.link.stages]
        ferries = { kind = "departures", every_days = 1, capacity = 25 }
        crossing = { kind = "transit", days = { uniform = [1, 5] } }
        trains = { kind = "departures", annual_capacity = 5_000, capacity = 10 }
        line = { kind = "transit", days = [8, 12] }
        [routes.sea]
        freight_usd = 1_000
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 2, capacity = 100 }
        voyage = { kind = "transit", days = [14, 20] }
        [choice]
        rule = "logit"
        scale_usd = 100
        posted_every_hours = 0.5
        """,
    "ships overtake on the way to trains": """
        [routes.link]
        max_wait_days = 8
        promise_days = 20
        [routes.link.stages]
        ferries = { kind = "departures", every_days = 1, capacity = 25 }
        crossing = { kind = "transit", days = { uniform = [1, 5] } }
        trains = { kind = "departures", annual_capacity = 6_000, capacity = 10 }
        line = { kind = "transit", days = [8, 12] }
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 2, capacity = 100 }
        voyage = { kind = "transit", days = [14, 20] }
        [choice]
        rule = "fastest"
        posted_every_hours = 0.5
        """,
    "trucks before the trains": """
        [routes.rail]
        max_wait_days = 6
        [routes.rail.stages]
        road = { kind = "transit", days = { lognormal = { median = 1, p95 = 4 } } }
        trains = { kind = "departures", annual_capacity = 6_000, capacity = 10 }
        line = { kind = "transit", days = [8, 12] }
        [routes.sea.stages]
        road = { kind = "transit", days = [1, 2] }
        sailing = { kind = "departures", every_days = 2, capacity = 100 }
        voyage = { kind = "transit", days = [10, 16] }
        [choice]
        rule = "fastest"
        posted_every_hours = 0.5
        """,
    "a road without departures": """
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 8_000, capacity = 10 }
        line = { kind = "transit", days = [8, 12] }
        [routes.road]
        promise_days = 12
        [routes.road.stages]
        first = { kind = "transit", days = { gamma = { mean = 6, sd = 4 } } }
        second = { kind = "transit", days = { uniform = [5, 6.5] } }
        [choice]
        rule = "fastest"
        """,
    "even bookings": """
        arrivals = "even"
        [routes.rail]
        max_wait_days = 2
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 4_000, capacity = 6 }
        line = { kind = "transit", days = [8, 12] }
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 1, capacity = 60 }
        voyage = { kind = "transit", days = [20, 30] }
        [choice]
        rule = "share"
        shares = { rail = 0.6, sea = 0.4 }
        """,
    "two limited routes, and none for the rest": """
        [routes.rail]
        max_wait_days = 3
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 4_000, capacity = 6 }
        line = { kind = "transit", days = [8, 12] }
        [routes.sea]
        max_wait_days = 4
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 2, capacity = 30 }
        voyage = { kind = "transit", days = [10, 16] }
        [choice]
        rule = "fastest"
        """,
}

SAMPLE = ["three routes by cost and taste, and a limit that binds"]

Figures = dict[str, float]
Record = Callable[[str, object], None]  # pytest's record_property: tells the z values to --junitxml


@pytest.mark.parametrize("name", sampled(SCENARIOS, SAMPLE))
def test_engine_and_reference_agree(tmp_path: Path, record_property: Record, name: str) -> None:
    scenario = loaded(tmp_path, HEAD + SCENARIOS[name])
    ours = [figures(scenario, lawful_run(scenario, n)) for n in range(REPLICATIONS)]
    theirs = [referenced(scenario, seed=SEED * 1_000 + n) for n in range(REPLICATIONS)]
    assert_alike(record_property, name, ours, theirs)


def referenced(scenario: sim.Scenario, *, seed: int) -> Figures:
    """The metrics of the reference that are defined."""
    measures = reference.simulate(scenario.to_data(), seed=seed)
    return {metric: value for metric, value in measures.items() if value is not None}


def assert_alike(
    record: Record, name: str, ours: Sequence[Figures], theirs: Sequence[Figures]
) -> None:
    """No mean of the engine is more than four standard errors from the reference's."""
    assert set().union(*theirs) <= set().union(*ours), "the same metrics"
    always = [metric for metric in theirs[0] if all(metric in each for each in (*ours, *theirs))]
    distances = {
        metric: distance([each[metric] for each in ours], [each[metric] for each in theirs])
        for metric in always
    }
    worst = max(distances, key=lambda metric: abs(distances[metric]))
    row = {"scenario": name, "metrics": len(distances), "worst": worst, "z": distances[worst]}
    record("second model", json.dumps(row))
    assert abs(distances[worst]) <= 4, worst


def distance(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The difference of two means in standard errors (Welch 1947); 0 where both never vary."""
    difference = float(np.mean(ours) - np.mean(theirs))
    error = float(np.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / len(ours)))
    return 0.0 if abs(difference) < 1e-9 * abs(np.mean(theirs)) else difference / (error or 1e-99)


# Corridors at random in which nothing else is: the figures are the same, not only alike. Times are
# whole sixteenths of a day, exact in binary: bookings, departures and arrivals often coincide, and
# what happens first has to be the same too.


@pytest.mark.parametrize("number", sampled(range(64), range(0, 64, 16)))
def test_engine_and_reference_are_the_same_where_nothing_is_random(
    tmp_path: Path, number: int
) -> None:
    document = corridor(np.random.default_rng(number))
    scenario = loaded(tmp_path, document)
    ours, theirs = figures(scenario, lawful_run(scenario)), referenced(scenario, seed=1)
    assert {metric: ours[metric] for metric in theirs} == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def corridor(random: np.random.Generator) -> dict[str, Any]:
    """Up to three routes of transits and up to three departures each, with or without limits."""

    def days(low: int, high: int) -> float:
        return int(random.integers(low, high)) / 16

    def departures() -> dict[str, Any]:
        headway = days(1, 40)
        places = a_day * headway / len(names) * random.uniform(0.5, 2)
        return {"kind": "departures", "every_days": headway, "capacity": int(places) + 1}

    def transit() -> dict[str, Any]:
        return {"kind": "transit", "days": days(0, 40)}

    def route() -> dict[str, Any]:
        kinds = random.integers(2, size=random.integers(1, 6))
        stages = {f"stage{n}": (transit, departures)[kind]() for n, kind in enumerate(kinds)}
        limit = {"max_wait_days": days(0, 80)} if random.random() < 0.5 else {}
        promise = {"promise_days": days(1, 160)} if random.random() < 0.5 else {}
        freight = int(random.integers(500, 1500))
        return {"freight_usd": freight, "stages": stages, **limit, **promise}

    a_day = int(random.choice([8, 16, 32]))
    names = ["rail", "air", "sea"][: random.integers(1, 4)]
    return {
        "run": {"warmup_days": days(0, 400), "days": days(300, 1_000)},
        "demand": {
            "containers_per_year": 365 * a_day,
            "arrivals": "even",
            "value_of_time_usd_per_day": int(random.choice([1, 2, 16, 64])),
        },
        "routes": {name: route() for name in names},
        # Every 1/1024 day: between posting and booking nothing happens.
        "choice": {
            "rule": str(random.choice(["fastest", "cheapest", "logit"])),
            "scale_usd": 0,
            "posted_every_hours": 24 / 1024,
        },
    }
