"""Whether the tool's own 95 % intervals cover means that are known, as often as they say.

`make verify` makes 1,000 experiments of each kind, each with random numbers of its own; `make test`
makes sixty.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from oracles import VERIFY, Record, oracle, rail
from support import sampled

import sim
from sim.results.metrics import Key

EXPERIMENTS = 1_000 if VERIFY else 60
LEAST, MOST = (0.93, 0.97) if VERIFY else (0.84, 1.0)
"""Of sixty, 57 are covered give or take seven (four standard errors)."""

MM1 = {"lam": 0.5, "c": 1}
TIMETABLE = {"capacity": 50, "rho": 0.7}


def facility(folder: Path) -> tuple[sim.Scenario, str, float]:
    """M/M/1 with half a container a day, and the mean time there."""
    more = "[facilities.border]\nservice_hours = { exponential = 24 }"
    stages = 'customs = { kind = "facility", facility = "border" }'
    scenario = rail(folder, stages, a_day=MM1["lam"], days=1_000, warmup=60, more=more)
    return scenario, "door_to_door_mean", oracle("M/M/1", "W", **MM1)


def departures(folder: Path) -> tuple[sim.Scenario, str, float]:
    """Thirty-five containers a day for fifty places, and the mean wait."""
    stages = 'trains = { kind = "departures", every_days = 1, capacity = 50 }'
    scenario = rail(folder, stages, a_day=35, days=60, warmup=20)
    wait = oracle("scheduled transport queue M/D^[b]/1 (fixed timetable)", "mean_wait", **TIMETABLE)
    return scenario, "wait_mean", wait


Known = Callable[[Path], tuple[sim.Scenario, str, float]]


CASES = [  # the second of each stops at some 20 to 160 replications
    (facility, None),
    (facility, "7%"),
    (departures, None),
    (departures, "0.35%"),
]


@pytest.mark.parametrize(("known", "precision"), sampled(CASES, CASES[2:3]))
def test_intervals_cover_what_is_known(
    tmp_path: Path, record_property: Record, known: Known, precision: str | None
) -> None:
    base, metric, theory = known(tmp_path)
    key = Key("rail", "all", metric)
    covered, replications = 0, 0
    for seed in range(EXPERIMENTS):
        scenario = base.with_changes({"run.seed": seed})
        results = sim.run(
            scenario, replications=None if precision else 20, precision=precision, jobs=1
        )
        interval = results.interval(key, scenario.name)
        assert interval.low is not None
        assert interval.high is not None
        covered += interval.low <= theory <= interval.high
        replications += results.scenario().run.replications
    part = covered / EXPERIMENTS
    row = {
        "interval": f"{known.__name__}, {metric}",
        "rule": f"± {precision}" if precision else "20 replications",
        "experiments": EXPERIMENTS, "replications": replications / EXPERIMENTS, "covered": part,
    }  # fmt: skip
    record_property("coverage", json.dumps(row))
    assert LEAST <= part <= MOST
