"""The engine against the plain model: quotas, and bookers that go by a smoothed past.

As in `test_reference.py` and `test_reference_corridor.py`, whose corridors at random get quotas
and inertia here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import loaded
from support import figures, lawful_run, sampled
from test_reference import Record, assert_alike, corridor, referenced
from test_reference_corridor import Drawn

import sim

REPLICATIONS = 12
PERIODS_A_YEAR = {"year": 1, "month": 12, "day": 365}

Document = dict[str, Any]


def limited(document: Document, number: int) -> Document:
    """With quotas on most departures, many of them used up, and mostly with inertia."""
    random = np.random.default_rng(10_000 + number)
    yearly = document["demand"]["containers_per_year"]
    # Twice as often as somebody books, so figures are posted at the moment of each booking.
    document["choice"]["posted_every_hours"] = 24 / (2 * yearly / 365)
    for route in document["routes"].values():
        for stage in route["stages"].values():
            if stage["kind"] == "departures" and random.random() < 0.7:
                stage["quota"] = quota(random, yearly)
    if random.random() < 0.8:
        document["choice"]["inertia_days"] = float(random.choice([0.5, 3, 20]))
    return document


def quota(random: np.random.Generator, yearly: float) -> Document:
    """From a twentieth of what comes to a fifth more, often with a part of a container."""
    per = str(random.choice(list(PERIODS_A_YEAR)))
    each = yearly / PERIODS_A_YEAR[per] * random.uniform(0.05, 1.2)
    decimals = int(random.integers(0, 3))
    return {
        "containers": round(each, decimals), "per": per, "carry_over": bool(random.random() < 0.5),
    }  # fmt: skip


@pytest.mark.parametrize("number", sampled(range(60), [1, 2, 3, 6]))
def test_plain_corridors_are_the_same(tmp_path: Path, number: int) -> None:
    assert_same(tmp_path, limited(corridor(np.random.default_rng(number)), number))


# In the 30th somebody books where a period begins but for the last bit, here or there.
@pytest.mark.parametrize("number", sampled([*range(30), *range(31, 60)], [1, 3, 6]))
def test_corridors_with_facilities_and_phases_are_the_same(tmp_path: Path, number: int) -> None:
    assert_same(tmp_path, limited(Drawn(number).document(), number))


def assert_same(folder: Path, document: Document) -> None:
    scenario = loaded(folder, document)
    ours, theirs = figures(scenario, lawful_run(scenario)), referenced(scenario, seed=1)
    assert {metric: ours.get(metric) for metric in theirs} == pytest.approx(
        theirs, rel=1e-9, abs=1e-9
    )


RANDOM = """
[run]
warmup_days = 25
days = 30
seed = 1
[demand]
containers_per_year = 6_000
[demand.directions]
west = 0.6
east = 0.4
[demand.value_of_time_usd_per_day.lognormal]
median = 25
p95 = 60
[routes.sea]
freight_usd = 1_000
[routes.sea.stages]
sailing = { kind = "departures", every_days = 2, capacity = 50 }
voyage = { kind = "transit", days = [20, 24] }
[routes.rail]
freight_usd = 1_150
max_wait_days = 5
promise_days = 14
[routes.rail.stages.ferries]
kind = "departures"
every_days = 1
capacity = 10
quota = { containers = 8.5, per = "day", carry_over = true }
[routes.rail.stages]
crossing = { kind = "transit", days = { uniform = [1, 3] } }
[routes.rail.stages.trains]
kind = "departures"
annual_capacity = 4_500
capacity = 10
quota = { containers = 240, per = "month" }
[routes.rail.stages.line]
kind = "transit"
days = { triangular = [7, 8, 12] }
[choice]
rule = "logit"
scale_usd = 200
posted_every_hours = 2
inertia_days = 4
"""
"""West some 6 of 10 containers a day like rail more, and 4 a day find a place there."""


@pytest.mark.slow
def test_they_agree_where_much_is_random(tmp_path: Path, record_property: Record) -> None:
    scenario = loaded(tmp_path, RANDOM)
    ours = [figures(scenario, sim.simulate(scenario, n)) for n in range(REPLICATIONS)]
    theirs = [referenced(scenario, seed=1_000 + n) for n in range(REPLICATIONS)]
    assert min(each["rail.refused"] for each in ours) > 500
    assert_alike(record_property, "a quota and inertia", ours, theirs)
