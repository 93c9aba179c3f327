"""The same numbers, whoever computes them; and random numbers that scenarios share."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import SMALL, loaded, written
from processes import TRANSSIB

import sim
from sim.corridor.streams import quantile, stream
from sim.experiments import workers
from sim.experiments.estimate import estimate
from sim.scenario.distributions import parse


def test_any_number_and_kind_of_workers_measures_the_same(tmp_path: Path) -> None:
    scenario = loaded(tmp_path).with_changes({"run.replications": 8})
    one = sim.run(scenario, jobs=1).measures
    for jobs in (2, 8):
        assert sim.run(scenario, jobs=jobs).measures == one
    with ThreadPoolExecutor(3) as executor:
        assert sim.run(scenario, executor=executor).measures == one


def test_a_second_of_work_starts_no_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StartedError(Exception):
        pass

    def starts(jobs: int) -> None:
        raise StartedError(jobs)

    monkeypatch.setattr(workers, "Watched", starts)
    monkeypatch.setattr(workers, "usable_cores", lambda: 2)
    scenario = loaded(tmp_path).with_changes({"run.replications": 2})
    assert estimate([scenario], 1).seconds < 0.5
    sim.run(scenario)
    goal = {"rail.share": 0.5}
    sim.solve(scenario, target=goal, by="routes.rail.constant_usd", replications=1)
    with pytest.raises(StartedError, match="2"):
        sim.run(scenario, jobs=2)
    with pytest.raises(StartedError, match="2"):
        sim.run(scenario.with_changes({"run.replications": 60}))
    with pytest.raises(StartedError, match="2"):  # nobody knows how many that needs
        sim.run(scenario, precision="50%")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], bytes]:
    """What a run and its JSON print, by the command."""
    path = str(written(tmp_path_factory.mktemp("printed"), SMALL))
    command = ("run", path, "--replications", "2", "--jobs", "1")
    return {
        said: subprocess.run([TRANSSIB, *said], capture_output=True, check=True).stdout
        for said in (command, (*command, "--json"))
    }


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        ([], {"PYTHONHASHSEED": "1"}),
        ([], {"PYTHONHASHSEED": "77", "TZ": "Asia/Seoul", "LC_ALL": "C"}),
        (["-O"], {"PYTHONHASHSEED": "random", "PYTHONIOENCODING": "ascii"}),
    ],
    ids=["hash seed", "time zone and locale", "optimised"],
)
def test_the_printed_bytes_are_the_same(
    options: list[str], environment: dict[str, str], printed: dict[tuple[str, ...], bytes]
) -> None:
    for command, plain in printed.items():
        other = subprocess.run(
            [sys.executable, *options, TRANSSIB, *command],
            capture_output=True,
            check=True,
            env=os.environ | environment,
        )
        assert other.stdout == plain
        assert plain.strip()


def test_the_order_of_the_route_tables_settles_nothing(tmp_path: Path) -> None:
    head, sea, rail, tail = (
        SMALL[: SMALL.index("[routes.sea")],
        SMALL[SMALL.index("[routes.sea") : SMALL.index("[routes.rail]")],
        SMALL[SMALL.index("[routes.rail]") : SMALL.index("[choice]")],
        SMALL[SMALL.index("[choice]") :],
    )
    one = loaded(tmp_path, head + sea + rail + tail)
    other = loaded(tmp_path, head + rail + sea + tail)
    assert list(one.routes) != list(other.routes)
    assert sim.run(one, jobs=1).measures == sim.run(other, jobs=1).measures
    assert one.key == other.key


def test_a_longer_horizon_keeps_what_happened_before(tmp_path: Path) -> None:
    short = sim.simulate(loaded(tmp_path))
    long = sim.simulate(loaded(tmp_path).with_changes({"run.days": 200}))
    count = len(short.way().booked)
    assert (long.way().booked[:count] == short.way().booked).all()
    assert (long.way().taken[:count] == short.way().taken).all()
    arrived = np.isfinite(short.containers.delivered)
    assert (long.containers.delivered[:count][arrived] == short.containers.delivered[arrived]).all()


def test_more_replications_leave_the_first_ones(tmp_path: Path) -> None:
    few = sim.run(loaded(tmp_path), replications=2, jobs=1).measures["small"]
    many = sim.run(loaded(tmp_path), replications=4, jobs=1).measures["small"]
    assert {number: many[number] for number in few} == few
    assert many[0] != many[1]


def test_scenarios_share_bookings_voyages_and_luck(tmp_path: Path) -> None:
    shares = 'share"\nshares = { rail = 0.2, sea = 0.8 }'
    base = loaded(tmp_path, SMALL.replace('fastest"', shares))
    other = base.with_changes({"choice.shares": {"rail": 0.3, "sea": 0.7}})
    one, two = sim.simulate(base), sim.simulate(other)
    assert (one.way().booked == two.way().booked).all()
    assert (one.route("sea").legs[0].arrived == two.route("sea").legs[0].arrived).all()
    moved = one.way().taken != two.way().taken
    assert (two.way().taken[moved] == 0).all()  # whoever changes, changes to rail
    assert moved.mean() == pytest.approx(0.1, abs=0.01)


DISTRIBUTIONS: list[Any] = [
    3, [13, 18], [4, 4], {"pert": [1, 1, 9]}, {"uniform": [2, 5]}, {"triangular": [13, 15, 18]},
    {"triangular": [2, 2, 2]}, {"lognormal": {"median": 25, "p95": 180}},
    {"lognormal": {"median": 7, "p95": 7}}, {"gamma": {"mean": 5, "sd": 2}},
    {"gamma": {"mean": 3, "sd": 0}}, {"gamma": {"mean": 3, "sd": 1e-5}}, {"exponential": 4},
    {"exponential": 0}, {"empirical": [6, 1, 2]},
]  # fmt: skip


@pytest.mark.parametrize("data", DISTRIBUTIONS, ids=str)
def test_a_draw_has_the_mean_and_the_bounds_that_the_scenario_says(data: Any) -> None:
    distribution = parse(data)
    assert parse(distribution.to_data()) == distribution
    # The mid points of a fine grid of probabilities integrate the quantile function.
    u = (np.arange(40_000) + 0.5) / 40_000
    values = quantile(distribution, u)
    low, high = distribution.bounds
    assert values.mean() == pytest.approx(distribution.mean, rel=3e-3)
    assert low <= values.min()
    assert values.max() <= high
    assert (np.diff(values) >= 0).all()
    scaled = quantile(distribution.scaled(2.5), u)
    assert np.allclose(scaled, 2.5 * values, rtol=1e-9, atol=1e-12)


def test_streams_are_addressed_by_seed_replication_and_purpose() -> None:
    first = stream(5, 0, "demand.bookings").random(4)
    assert (stream(5, 0, "demand.bookings").random(4) == first).all()
    others = [stream(6, 0, "demand.bookings"), stream(5, 1, "demand.bookings"), stream(5, 0, "x")]
    assert all((other.random(4) != first).all() for other in others)
    assert stream(2**200, 0, "x").random() != stream(2**200 + 1, 0, "x").random()
