"""What the model says with the inputs of the time, beside what happened (notebook `validation`).

What happened are operators' figures: transit by the Trans-Siberian (RZD/CCTT), and China-Europe by
the corridors of 1520 mm gauge.
"""

from __future__ import annotations

import json

import pytest
from oracles import Record

import sim
from sim.results.metrics import Key

CONSTANT = "routes.rail.constant_usd"
TRAINS = "routes.rail.stages.trains.annual_capacity"
REPLICATIONS = 10


def told(record: Record, years: str, asked: str, says: str, happened: str, verdict: str) -> None:
    row = {
        "years": years, "asked": asked, "says": says, "happened": happened, "verdict": verdict,
    }  # fmt: skip
    record("history", json.dumps(row))


def interval(results: sim.Results, metric: str, scenario: str) -> str:
    found = results.interval(Key("rail", "all", metric), scenario)
    assert found.half_width is not None
    return f"{found.mean:.2%} ± {found.half_width:.2%}"


def value(results: sim.Results, metric: str, scenario: str) -> float:
    found = results.value(f"rail.{metric}", scenario)
    assert found is not None
    return found


def dislike(scenario: sim.Scenario, share: float) -> float:
    """What shippers must hold against rail for that share [USD]."""
    found = sim.solve(scenario, target={"rail.share": share}, by=CONSTANT, replications=4).value
    assert found is not None
    return found


@pytest.mark.slow
def test_2001_is_the_year_it_was_fitted_to(record_property: Record) -> None:
    results = sim.run(sim.load_scenario("today"), replications=REPLICATIONS, jobs=1)
    fast, slow = (value(results, f"door_to_door_{part}", "today") for part in ("p5", "p95"))
    share = interval(results, "share", "today")
    told(
        record_property, "2001", "share of the million by rail", share,
        "5 % (the minister), 5.6 % in TEU (RZD/CCTT)", "fitted: no test",
    )  # fmt: skip
    told(
        record_property, "2001", "days by rail, nine of ten containers", f"{fast:.1f}-{slow:.1f}",
        "19-25 were usual", "not fitted",
    )  # fmt: skip
    assert 0.045 <= value(results, "share", "today") <= 0.06
    assert 17 <= fast <= slow <= 27


@pytest.mark.slow
def test_the_ramp_needs_a_dislike_that_falls(record_property: Record) -> None:
    # At constant freight the model says the same for each year: it has no adoption in it.
    wide = sim.load_scenario("today").with_changes({TRAINS: 400_000})
    dislikes = [dislike(wide, carried / 1e6) for carried in (15_100, 56_200, 155_400)]
    told(
        record_property, "1998-2004", "share at constant freight", "5 % in each year",
        "1.5, 5.6, 15.5 % in 1998, 2001, 2004", "cannot say: no adoption in it",
    )  # fmt: skip
    needed = ", ".join(f"{usd:,.0f}" for usd in dislikes)
    told(
        record_property, "1998-2004", "dislike of rail that these shares need [USD]", needed,
        "nobody measured it", "an inference",
    )  # fmt: skip
    assert dislikes[0] > dislikes[1] > dislikes[2]


@pytest.mark.slow
def test_in_2021_trains_bound(record_property: Record) -> None:
    base = sim.load_scenario("today")
    year_2019 = base.with_changes(
        {"routes.sea.freight_usd": 1_650, "routes.rail.freight_usd": 2_700}, name="2019"
    )
    year_2019 = year_2019.with_changes({CONSTANT: dislike(year_2019, 0.013)}, name="2019")
    late = {"routes.sea.freight_usd": 13_400, "routes.sea.stages.voyage.days": [36, 50]}
    free = late | {TRAINS: 3_000_000, "routes.rail.stages.feeder.every_days": 0.1}
    bound = late | {TRAINS: 27_000, "routes.rail.max_wait_days": 10}
    years = [
        year_2019, year_2019.with_changes(free, name="free"),
        year_2019.with_changes(bound, name="bound"),
    ]  # fmt: skip
    results = sim.run(years, replications=REPLICATIONS, jobs=1)
    for year, scenario, asked, happened, verdict in (
        ("2019", "2019", "share by rail", "1.3 %", "fitted: no test"),
        ("2021", "free", "share by rail, with trains for all", "2.7 %", "wrong: not all can go"),
        ("2021", "bound", "share by rail, with the trains there were", "2.7 %", "capacity put in"),
    ):
        told(
            record_property, year, asked, interval(results, "share", scenario), happened, verdict
        )  # fmt: skip
    wait = value(results, "wait_mean", "bound")
    told(
        record_property, "2021", "wait for a train [days]", f"{wait:.1f}",
        "border queues of about 10", "the limit of 10 was put in",
    )  # fmt: skip
    assert value(results, "share", "free") > 0.5, "trains bound, and no longer demand"
    assert value(results, "share", "bound") == pytest.approx(0.027, abs=0.001)
