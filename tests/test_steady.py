"""Where a mean over time exists: the fluid sketch of the preview against what a run measures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from corridors import loaded
from support import sampled

import sim
from sim.corridor.streams import quantile
from sim.results.metrics import ALL, METRICS, Key
from sim.scenario.distributions import parse
from sim.scenario.spread import weighted

TWO = """
[run]
warmup_days = 100
days = 365
[demand]
containers_per_year = {demand}
arrivals = "{arrivals}"
value_of_time_usd_per_day = {value}
[routes.rail]
freight_usd = 1
{rail}
[routes.rail.stages]
trains = {{ kind = "departures", {trains} }}
{more}
line = {{ kind = "transit", days = 15 }}
[routes.sea]
freight_usd = 2
{sea}
[routes.sea.stages]
ships = {{ kind = "departures", annual_capacity = {ships}, capacity = 50 }}
voyage = {{ kind = "transit", days = 35 }}
[choice]
rule = "{rule}"
posted_every_hours = 12
{more_choice}
shares = {{ rail = 0.5, sea = 0.5 }}
"""
PORT = """quay = { kind = "transit", days = 1 }
weekly = { kind = "departures", every_days = 7, capacity = 2_000 }"""
BASE = {
    "demand": 100_000, "arrivals": "poisson", "value": 0, "rail": "", "sea": "", "more": "",
    "trains": "annual_capacity = 20_000, capacity = 10", "ships": 50_000, "rule": "cheapest",
    "more_choice": "",
}  # fmt: skip

CASES: dict[str, tuple[dict[str, object], dict[str, float]]] = {
    # Nobody values time: rail fills up to its limit, the rest queues for the sea.
    "cheapest, limited first": ({"rail": "max_wait_days = 3"}, {"sea": 30_000}),
    # Two thirds do not value time and queue for the cheap train, whatever waits.
    "some value nothing": (
        {"value": "{ empirical = [0, 0, 50] }", "ships": 100_000},
        {"rail": 46_667},
    ),
    "all value time": ({"value": "{ uniform = [1, 9] }", "ships": 100_000}, {}),
    # A weekly train that nobody waits for more than 0.2 days takes 0.2/7 of what comes.
    "a limit that keeps trains empty": (
        {
            "demand": 150_000, "rule": "fastest", "rail": "max_wait_days = 0.2",
            "trains": "every_days = 7, capacity = 1_200", "ships": 100_000,
        },
        {"sea": 45_714},
    ),
    # Half a week at the port is posted to all: with three days of patience nobody goes by rail.
    "a later stage beyond the limit": (
        {
            "rule": "share", "rail": "max_wait_days = 3", "more": PORT, "ships": 95_000,
            "trains": "annual_capacity = 50_000, capacity = 10",
        },
        {"sea": 5_000},
    ),
    "share overflows": ({"rule": "share", "rail": "max_wait_days = 3"}, {"sea": 30_000}),
    # Only money counts, and tastes differ by as much as the freights: softmax of -1 and -2. Whom
    # the train refuses goes by sea.
    "logit by money alone": ({"rule": "logit", "more_choice": "scale_usd = 1"}, {"rail": 53_106}),
    "logit by money alone, and a limit": (
        {"rule": "logit", "more_choice": "scale_usd = 1", "rail": "max_wait_days = 3"},
        {"sea": 30_000},
    ),
    # All mind a queue at last, so there is none that grows while some route has room.
    "logit with time": (
        {
            "rule": "logit", "more_choice": "scale_usd = 1", "value": "{ uniform = [1, 9] }",
            "ships": 100_000,
        },
        {},
    ),
    # Whom a quota refuses goes by sea. What it lets book has room on the trains, or queues there.
    "a quota below the places": (
        {"trains": 'per_day = 50, capacity = 10, quota = { containers = 50, per = "day" }'},
        {"sea": 31_750},
    ),
    "share and a quota below the places": (
        {
            "rule": "share",
            "trains": 'per_day = 50, capacity = 10, quota = { containers = 50, per = "day" }',
        },
        {"sea": 31_750},
    ),
    "a quota above the places": (
        {
            "trains": "annual_capacity = 20_000, capacity = 10, "
            'quota = { containers = 100, per = "day" }',
        },
        {"rail": 16_500, "sea": 13_500},
    ),
    "too many for all, and a quota above the places": (
        {
            "rule": "fastest", "sea": "max_wait_days = 3",
            "trains": "annual_capacity = 20_000, capacity = 10, "
            'quota = { containers = 70, per = "day" }',
        },
        {"rail": 5_550},
    ),
    "room for all": ({"demand": 65_000, "rule": "fastest"}, {}),
    "too many for all": ({"rule": "fastest", "rail": "max_wait_days = 3"}, {"sea": 30_000}),
    "all limited": ({"rail": "max_wait_days = 3", "sea": "max_wait_days = 3"}, {}),
}  # fmt: skip


def corridor(folder: Path, changes: Mapping[str, object]) -> sim.Scenario:
    return loaded(folder, TWO.format(**BASE | dict(changes)))


SAMPLE = [
    "cheapest, limited first",
    "some value nothing",
    "share overflows",
    "logit by money alone, and a limit",
    "a quota below the places",
    "too many for all, and a quota above the places",
    "all limited",
]


@pytest.mark.parametrize("case", sampled(CASES, SAMPLE))
def test_the_sketch_agrees_with_the_run(case: str, tmp_path: Path) -> None:
    changes, growing = CASES[case]
    scenario = corridor(tmp_path, changes)
    results = sim.run(scenario, replications=3, jobs=1)
    for route in scenario.preview().routes:
        measured = results.interval(Key(route.name, ALL, "backlog_growth"), "small")
        assert route.backlog_growth == pytest.approx(growing.get(route.name, 0), rel=1e-3)
        assert measured.mean == pytest.approx(route.backlog_growth, rel=0.06, abs=600)
        assert route.steady == (route.name not in growing)
        for metric in ("backlog_mean", "under_way_mean"):
            found = results.interval(Key(route.name, ALL, metric), "small")
            assert (found.mean is None) == (METRICS[metric].steady and not route.steady)


@pytest.mark.parametrize("rule", ["fastest", "share"])
@pytest.mark.parametrize("arrivals", ["poisson", "even"])
def test_demand_at_capacity_is_steady_only_without_chance(
    rule: str, arrivals: str, tmp_path: Path
) -> None:
    trains = {"trains": "annual_capacity = 50_000, capacity = 62"}
    preview = corridor(tmp_path, {"rule": rule, "arrivals": arrivals, **trains}).preview()
    assert [route.steady for route in preview.routes] == [arrivals == "even"] * 2
    assert preview.backlog_growth == 0


def test_what_nobody_carries_is_told(tmp_path: Path) -> None:
    limits = {"rail": "max_wait_days = 3", "sea": "max_wait_days = 3", "rule": "fastest"}
    (warning,) = corridor(tmp_path, limits).preview().warnings
    assert "about 30,000 a year are unserved" in warning


def test_a_backlog_that_grows_beyond_doubt_has_no_mean(tmp_path: Path) -> None:
    # The sketch expects a steady state, but 20 days of warm-up are too few to fill the queue.
    text = TWO.format(**BASE | {"rule": "fastest", "demand": 60_000}).replace(
        "warmup_days = 100\ndays = 365", "warmup_days = 1\ndays = 20"
    )
    scenario = loaded(tmp_path, text)
    results = sim.run(scenario, replications=3, jobs=1)
    assert scenario.preview().route("rail").steady
    assert results.growing("small") == {"rail", "all"}
    assert results.value("rail.wait_mean") is None
    assert results.value("sea.load_factor") is not None


@pytest.mark.parametrize(
    "value",
    ["{ lognormal = { median = 25, p95 = 180 } }", "{ gamma = { mean = 30, sd = 40 } }", "[5, 90]"],
)
@pytest.mark.parametrize("rule", ["cheapest", "logit"])
def test_first_choices_are_those_over_all_values_of_time(
    rule: str, value: str, tmp_path: Path
) -> None:
    # With room for all nothing ever waits long: the sketch's first choices are what is booked.
    changes = {
        "rule": rule, "value": value, "more_choice": "scale_usd = 150",
        "trains": "annual_capacity = 200_000, capacity = 100", "ships": 200_000,
    }  # fmt: skip
    scenario = corridor(tmp_path, changes).with_changes({"routes.rail.freight_usd": 700})
    booked = sim.run(scenario, replications=3, jobs=1).value("rail.booked")
    rail = scenario.preview().route("rail")
    assert booked == pytest.approx(rail.demand, rel=0.02)
    assert sum(route.demand for route in scenario.preview().routes) == pytest.approx(100_000)


@pytest.mark.parametrize(
    "data",
    [
        3, [13, 18], {"pert": [0, 0, 9]}, {"uniform": [1, 5]}, {"triangular": [1, 1, 4]},
        {"triangular": [1, 4, 4]}, {"lognormal": {"median": 25, "p95": 180}},
        {"gamma": {"mean": 40, "sd": 30}}, {"gamma": {"mean": 40, "sd": 90}},
        {"gamma": {"mean": 4, "sd": 0}}, {"exponential": 7}, {"exponential": 0},
        {"empirical": [1, 2, 2]},
    ],
    ids=str,
)  # fmt: skip
def test_the_sketch_spreads_values_as_the_engine_draws_them(data: object) -> None:
    # Two implementations: sums over a few hundred points, and transforms of many uniform numbers.
    distribution = parse(data)
    drawn = quantile(distribution, (np.arange(100_000) + 0.5) / 100_000)
    values, weights = np.array(weighted(distribution)).T
    for scale in (5, 20):
        assert weights @ np.exp(-values / scale) == pytest.approx(
            np.exp(-drawn / scale).mean(), abs=1e-3
        )


# Room for all over the year, and a window that ends otherwise than it begins.
SEASONAL = """
[run]
warmup_days = 0
days = {days}
start = 2001-{month:02}-01
[demand]
containers_per_year = 10_000
{demand}
[routes.rail.stages]
trains = {{ kind = "departures", every_days = 1, capacity = {capacity} }}
line = {{ kind = "transit", days = 5 }}
{more}
"""
SUMMER = "monthly = [5, 5, 5, 5, 5, 20, 20, 20, 5, 5, 5, 5]"
CLOSED = """
[disruptions.strike]
target = "routes.rail.stages.trains"
effect = "closed"
from = 2001-12-20
days = 60
"""
FEWER = """
[disruptions.slump]
target = "demand"
effect = "capacity"
factor = 0.5
up_days = 1
days = 1_000
"""


@pytest.mark.parametrize(
    ("days", "month", "demand", "capacity", "more"),
    [
        (240, 1, SUMMER, 40, ""),
        (365, 9, SUMMER, 40, ""),
        (365, 1, "", 40, CLOSED),
        (365, 1, "", 26, FEWER),
    ],
    ids=["part of a year", "from autumn on", "closed at the end", "demand that breaks down"],
)
def test_a_window_that_ends_otherwise_shows_no_queue_that_grows_for_ever(
    days: int, month: int, demand: str, capacity: int, more: str, tmp_path: Path
) -> None:
    text = SEASONAL.format(days=days, month=month, demand=demand, capacity=capacity, more=more)
    results = sim.run(loaded(tmp_path, text), replications=3, jobs=1)
    assert not results.growing("small")
    for route in ("rail", "all"):
        assert results.value(f"{route}.door_to_door_mean") is not None


def test_a_queue_that_grows_all_the_year_has_no_mean_in_a_season_either(tmp_path: Path) -> None:
    text = SEASONAL.format(days=365, month=9, demand=SUMMER, capacity=26, more=CLOSED)
    results = sim.run(loaded(tmp_path, text), replications=3, jobs=1)
    assert results.growing("small") == {"rail", "all"}
