"""The headline at full size: ceilings, the calibration, forecasts, and what an open queue eats."""

from __future__ import annotations

import pytest

import sim

MILLION = 1_000_000
CONSTANT = "routes.rail.constant_usd"


@pytest.fixture(scope="module")
def results() -> sim.Results:
    names = ("today", "link-200k", "link-500k", "forecast-200k", "forecast-500k", "open-queue")
    return sim.compare([sim.load_scenario(name) for name in names], replications=1, jobs=1)


def test_today_one_in_twenty_goes_by_rail(results: sim.Results) -> None:
    # Demand binds: a quarter of the trains' capacity is used.
    assert results.value("rail.share", "today") == pytest.approx(0.05, rel=0.02)
    assert results.value("rail.load_factor", "today") == pytest.approx(0.25, rel=0.02)
    assert results.value("rail.refused", "today") == 0


@pytest.mark.parametrize(("name", "capacity"), [("link-200k", 200_000), ("link-500k", 500_000)])
def test_the_ceiling_is_the_capacity(name: str, capacity: int, results: sim.Results) -> None:
    assert results.value("rail.throughput", name) == pytest.approx(capacity, rel=0.003)
    assert results.value("rail.share", name) == pytest.approx(capacity / MILLION, rel=0.003)
    assert results.value("rail.refused", name) == pytest.approx(MILLION - capacity, rel=0.01)
    assert results.value("rail.load_factor", name) == pytest.approx(1, abs=1e-6)
    assert results.value("all.unserved", name) == 0
    # The line takes 13-18 days; who finds a place within three days of wait takes it.
    assert results.value("rail.door_to_door_mean", name) == pytest.approx(15.5 + 3, abs=0.1)
    assert results.value("sea.door_to_door_mean", name) == pytest.approx(35.5, abs=0.3)


def test_a_link_that_anyone_may_queue_for_is_no_faster_than_the_sea(results: sim.Results) -> None:
    assert results.value("rail.throughput", "open-queue") == pytest.approx(500_000, rel=0.003)
    rail = results.value("rail.door_to_door_mean", "open-queue")
    sea = results.value("sea.door_to_door_mean", "open-queue")
    assert rail == pytest.approx(sea, abs=0.5)
    assert results.value("rail.wait_mean", "open-queue") > 19  # type: ignore[operator]


@pytest.mark.slow
def test_todays_constant_is_the_one_that_brings_five_percent_to_rail() -> None:
    # As the file says it was found, with fewer replications: within the interval that they give.
    today = sim.load_scenario("today")
    found = sim.solve(today, target={"rail.share": 0.05}, by=CONSTANT, replications=4, jobs=2)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= today.routes["rail"].constant_usd <= found.high
    assert found.high - found.low < 100


def test_todays_constant_says_how_it_was_found() -> None:
    source = sim.load_scenario("today").assumptions[CONSTANT].source
    assert f"transsib solve today --target rail.share=0.05 --by {CONSTANT}" in source


def test_the_forecast_is_far_below_the_ceiling_and_capacity_hardly_moves_it(
    results: sim.Results,
) -> None:
    small, large = (results.value("rail.share", f"forecast-{size}") for size in ("200k", "500k"))
    assert small is not None
    assert large is not None
    assert 0.10 < small < 0.15
    assert large == pytest.approx(small, rel=0.02)
    assert results.value("rail.refused", "forecast-200k") == 0
    for name in ("forecast-200k", "forecast-500k"):
        constants = {results.scenario(n).routes["rail"].constant_usd for n in (name, "today")}
        assert len(constants) == 1
