"""Demand over the year and from year to year: exact counts, and the same random numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import loaded
from support import figures, lawful_run

import sim

MONTH = 365 / 12
YEAR = """
[run]
warmup_days = 0
days = 365
[demand]
containers_per_year = 1_200
arrivals = "even"
[routes.road.stages]
way = { kind = "transit", days = 1 }
"""
RISING = list(range(1, 13))
"""Months from 1 to 12, of which the mean is 6.5: 1,200 a year are 200/13 times that in each."""


def booked(folder: Path, changes: dict[str, Any], text: str = YEAR) -> np.ndarray:
    """The days of all bookings of the first direction."""
    return lawful_run(loaded(folder, text).with_changes(changes)).way().booked


def counts(days: np.ndarray, edges: list[float]) -> list[int]:
    """How many fall between one edge and the next."""
    found: list[int] = np.histogram(days, edges)[0].tolist()
    return found


def by_month(days: np.ndarray, number: int = 12, first: float = 0) -> list[int]:
    return counts(days, [first + month * MONTH for month in range(number + 1)])


def test_months_bring_what_they_are_said_to(tmp_path: Path) -> None:
    # 1,300 a year are 16 2/3 in January and twice, … twelve times that in the others; the k-th of
    # all bookings comes when k - 1/2 were expected.
    found = booked(tmp_path, {"demand.monthly": RISING, "demand.containers_per_year": 1_560})
    assert by_month(found) == [20 * month for month in RISING]


def test_within_a_month_bookings_are_evenly_spaced(tmp_path: Path) -> None:
    found = booked(tmp_path, {"demand.monthly": RISING, "demand.containers_per_year": 1_560})
    january, december = found[found < MONTH], found[found > 11 * MONTH]
    assert january == pytest.approx((np.arange(20) + 0.5) * MONTH / 20)
    assert december == pytest.approx(365 - (np.arange(240)[::-1] + 0.5) * MONTH / 240)


def test_only_proportions_count(tmp_path: Path) -> None:
    one = booked(tmp_path, {"demand.monthly": RISING})
    tenfold = booked(tmp_path, {"demand.monthly": [10 * month for month in RISING]})
    assert one == pytest.approx(tenfold, rel=1e-12)
    alike = booked(tmp_path, {"demand.monthly": [7] * 12})
    assert (alike == booked(tmp_path, {})).all()


def test_in_a_month_of_nothing_nobody_books(tmp_path: Path) -> None:
    winter = [0, 0, *[3] * 9, 0]
    assert by_month(booked(tmp_path, {"demand.monthly": winter})) == [
        0, 0, 133, 134, 133, 133, 134, 133, 133, 134, 133, 0,
    ]  # fmt: skip


def test_the_warm_up_is_the_end_of_the_year_before(tmp_path: Path) -> None:
    # Without a start the window begins on 1 January; a month and a half before it are half a
    # November and a December.
    changes = {"demand.monthly": RISING, "demand.containers_per_year": 1_560}
    found = booked(tmp_path, {**changes, "run.warmup_days": 1.5 * MONTH})
    edges = [0, 0.5 * MONTH, 1.5 * MONTH, 2.5 * MONTH]
    assert counts(found, edges) == [110, 240, 20]


def test_a_start_in_mid_year_begins_in_its_month(tmp_path: Path) -> None:
    # 16 April is the middle of a month of 30 days: half an April, then May, …
    text = YEAR.replace("days = 365", "days = 365\nstart = 2001-04-16")
    changes = {"demand.monthly": RISING, "demand.containers_per_year": 1_560}
    found = booked(tmp_path, changes, text)
    edges = [0, *((month + 0.5) * MONTH for month in range(12)), 365]
    assert counts(found, edges) == [40, 100, 120, 140, 160, 180, 200, 220, 240, 20, 40, 60, 40]


def test_each_direction_has_months_of_its_own(tmp_path: Path) -> None:
    text = YEAR.replace(
        'arrivals = "even"',
        f"""arrivals = "even"
        directions = {{ out = 0.25, home = 0.75 }}
        monthly = {{ out = {RISING} }}""",
    )
    observed = lawful_run(loaded(tmp_path, text.replace("1_200", "6_240")))
    assert by_month(observed.way("out").booked) == [20 * month for month in RISING]
    assert by_month(observed.way("home").booked) == [390] * 12


# Growth.


def test_each_year_brings_more_than_the_one_before(tmp_path: Path) -> None:
    # In a step, of 365 days from the start; the fifth of a year before it counts as the first.
    changes = {"demand.growth_per_year": 0.5, "run.days": 1095, "run.warmup_days": 73}
    found = booked(tmp_path, {**changes, "demand.containers_per_year": 1_000})
    assert counts(found, [0, 73, 438, 803, 1168]) == [200, 1_000, 1_500, 2_250]


def test_it_may_shrink(tmp_path: Path) -> None:
    changes = {"demand.growth_per_year": -0.5, "run.days": 1095}
    found = booked(tmp_path, {**changes, "demand.containers_per_year": 1_000})
    assert counts(found, [0, 365, 730, 1095]) == [1_000, 500, 250]


def test_months_and_growth_multiply(tmp_path: Path) -> None:
    changes = {"demand.monthly": RISING, "demand.containers_per_year": 1_560}
    grown = {**changes, "demand.growth_per_year": 0.5, "run.days": 730}
    years = [20 * month for month in RISING] + [30 * month for month in RISING]
    assert by_month(booked(tmp_path, grown), 24) == years
    # The warm-up is a November and a December of the first year.
    warm = booked(tmp_path, {**grown, "run.warmup_days": 2 * MONTH})
    assert by_month(warm, 26) == [220, 240, *years]


def test_demand_that_a_phase_sets_grows_from_there(tmp_path: Path) -> None:
    # 1,000 in the first year, half of 1,500 in the first half of the second. What is said for its
    # second half is the demand of that year, and the third brings half as much again.
    text = YEAR.replace("days = 365", "days = 1095\nstart = 2001-01-01").replace("1_200", "1_000")
    text = text.replace('"even"', '"even"\ngrowth_per_year = 0.5')
    phase = '[phases.more]\nfrom = 2002-07-02\nset = { "demand.containers_per_year" = 3_650 }\n'
    found = booked(tmp_path, {}, text + phase)
    # 2 July is 182 days into the year: 748 before it (of 747.9), 183 days of ten, 365 of fifteen.
    assert counts(found, [0, 365, 365 + 182, 730, 1095]) == [1_000, 748, 1_830, 5_475]


def test_demand_said_anew_grows_from_there_though_it_is_the_same(tmp_path: Path) -> None:
    text = YEAR.replace("days = 365", "days = 1460\nstart = 2001-01-01").replace("1_200", "1_000")
    text = text.replace('"even"', '"even"\ngrowth_per_year = 0.5')
    phases = """
[phases.back]
from = 2003-01-01
set = { "demand.containers_per_year" = 1_000 }
[phases.other]
from = 2004-01-01
set = { "routes.road.freight_usd" = 1 }
"""
    years = [365.0 * n for n in range(5)]
    assert counts(booked(tmp_path, {}, text + phases), years) == [1_000, 1_500, 1_000, 1_500]


# Chance: bookings of a unit rate are stretched, whatever the year looks like.


def test_a_season_moves_bookings_and_draws_no_others(tmp_path: Path) -> None:
    random = YEAR.replace('"even"', '"poisson"')
    flat = booked(tmp_path, {}, random)
    seasonal = booked(tmp_path, {"demand.monthly": RISING}, random)
    edges = np.arange(13) * MONTH
    cumulated = np.concatenate([[0], np.cumsum(RISING)]) / 78 * 1_200
    number = min(len(flat), len(seasonal))
    ones = np.interp(seasonal, edges, cumulated)[:number]
    assert ones == pytest.approx(flat[:number] * 1_200 / 365, rel=1e-9)


def test_a_month_of_random_bookings_is_poisson(tmp_path: Path) -> None:
    text = YEAR.replace('"even"', '"poisson"').replace("1_200", "156_000")
    found = booked(tmp_path, {"demand.monthly": RISING}, text)
    for count, month in zip(by_month(found), RISING, strict=True):
        assert abs(count - 2_000 * month) < 4 * (2_000 * month) ** 0.5


def test_a_longer_run_keeps_its_beginning(tmp_path: Path) -> None:
    text = YEAR.replace('"even"', '"poisson"')
    changes = {"demand.monthly": RISING, "demand.growth_per_year": 0.2, "run.days": 500}
    short = booked(tmp_path, changes, text)
    long = booked(tmp_path, {**changes, "run.days": 900}, text)
    assert (long[: len(short)] == short).all()
    assert long[len(short)] >= 500


# Years as parts of the results.


def test_years_count_from_the_start(tmp_path: Path) -> None:
    # Two years and a half: parts are the whole years, named by the year in which they begin. Who
    # books on a year's last day is delivered in the next one.
    text = YEAR.replace("days = 365", "days = 900\nstart = 2001-07-01")
    scenario = loaded(tmp_path, text).with_changes({"demand.growth_per_year": 0.5})
    found = figures(scenario, lawful_run(scenario))
    years = sorted({key.split(".")[1] for key in found if ".year:" in key})
    assert years == ["year:2001", "year:2002"]
    assert found["road.year:2001.booked"] == 1_200
    assert found["road.year:2002.booked"] == 1_800
    day = {2001: 1_200 / 365, 2002: 1_800 / 365}
    assert found["road.year:2001.throughput"] == pytest.approx(364 * day[2001], abs=1)
    delivered = day[2001] + 364 * day[2002]
    assert found["road.year:2002.throughput"] == pytest.approx(delivered, abs=1)
    # A share is of the demand of that year.
    assert found["road.year:2002.share"] == pytest.approx(delivered / 1_800, abs=1e-3)


def test_one_year_needs_no_parts(tmp_path: Path) -> None:
    text = YEAR.replace("days = 365", "days = 365\nstart = 2001-07-01")
    scenario = loaded(tmp_path, text)
    assert not any(".year:" in key for key in figures(scenario, sim.simulate(scenario)))


def test_the_busiest_month_has_so_many_times_the_deliveries_of_a_mean_one(tmp_path: Path) -> None:
    # 200 in January, 100 in each other month but for December, in which there is none.
    changes = {
        "demand.monthly": [2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0],
        "routes.road.stages.way.days": 0,
    }
    scenario = loaded(tmp_path, YEAR).with_changes(changes)
    found = figures(scenario, sim.simulate(scenario))
    assert found["road.busiest_month"] == found["all.busiest_month"] == 2


@pytest.mark.parametrize("warmup", [0, 147.3, 294.1])
def test_years_are_whole_after_any_warm_up(warmup: float, tmp_path: Path) -> None:
    # (147.3 + 365) - 147.3 is a bit less than 365 in floating point.
    text = YEAR.replace("days = 0\ndays = 365", f"days = {warmup}\ndays = 730\nstart = 2001-01-01")
    text = text.replace("[routes", "growth_per_year = 0.5\n[routes", 1)
    text += '[phases.p]\nfrom = 2002-01-01\nset = { "demand.containers_per_year" = 1_200 }\n'
    scenario = loaded(tmp_path, text)
    found = figures(scenario, lawful_run(scenario))
    for year in (2001, 2002):
        assert found[f"all.year:{year}.booked"] == pytest.approx(1_200, abs=1)
