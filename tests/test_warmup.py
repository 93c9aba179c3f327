"""Warm-up: MSER-5 against known answers, daily means by hand, and the warning."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from corridors import SMALL, loaded, written
from processes import transsib

import sim
from sim.results.intervals import paired, student
from sim.results.warmup import daily_under_way, mser5, warm_ups, warnings

KNOWN = json.loads((Path(__file__).parent / "data" / "statistics.json").read_text())


def cases(name: str) -> list[dict[str, object]]:
    found = [case for case in KNOWN if case["case"] == name]
    assert found, name
    return found


@pytest.mark.parametrize("case", cases("MSER-5 known answer"))
def test_mser5_known_answers(case: dict[str, object]) -> None:
    data, metric = case["params"]["data"], case["metric"]  # type: ignore[index]
    left_out = mser5(data)
    if metric == "truncation_point_observations":
        assert left_out == case["value"]
    else:
        assert metric == "truncated_mean"
        assert np.mean(data[left_out:]) == pytest.approx(case["value"], rel=1e-9)


@pytest.mark.parametrize("case", cases("t confidence interval known answer"))
def test_intervals_known_answers(case: dict[str, object]) -> None:
    params = case["params"]
    found = student(params["data"], params.get("level", 0.95))  # type: ignore[index,attr-defined]
    value = {
        "mean": found.mean,
        "half_width": found.half_width,
        "sample_variance_ddof1": np.var(params["data"], ddof=1),  # type: ignore[index]
    }[str(case["metric"])]
    assert value == pytest.approx(case["value"], rel=1e-9)


@pytest.mark.parametrize("metric", ["mean_diff", "half_width_paired"])
def test_paired_differences_known_answers(metric: str) -> None:
    (case,) = (c for c in cases("paired-t comparison (CRN)") if c["metric"] == metric)
    params = case["params"]
    interval = paired(params["x"], params["y"], params["level"]).interval  # type: ignore[index]
    value = {"mean_diff": interval.mean, "half_width_paired": interval.half_width}[metric]
    assert value == pytest.approx(case["value"], rel=1e-9)


def test_short_series_leave_nothing_out() -> None:
    assert mser5([]) == 0
    assert mser5([5.0, 4.0, 3.0]) == 0


def test_daily_means_are_those_of_every_container(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    observed = sim.simulate(scenario)
    containers, horizon = observed.containers, int(observed.horizon)
    for row, name in enumerate(containers.routes):
        here = containers.route == row
        came, went = containers.booked[here], np.minimum(containers.delivered[here], horizon)
        days = np.arange(horizon)
        inside = np.clip(np.minimum.outer(went, days + 1) - np.maximum.outer(came, days), 0, None)
        assert daily_under_way(observed)[name] == pytest.approx(inside.sum(axis=0), abs=0.051)


def test_a_window_that_starts_too_early_is_warned_of(tmp_path: Path) -> None:
    early = "warmup_days = 2\ndays = 300"
    text = SMALL.replace("warmup_days = 60\ndays = 60", early)
    assert early in text
    results = sim.run(loaded(tmp_path, text), jobs=1)
    suggested = {each.route: each.suggested for each in warm_ups(results, "small")}
    assert 10 <= suggested["rail"] <= 40, "a trip takes 13 to 18 days"
    assert 25 <= suggested["sea"] <= 90, "a voyage takes 30 to 40 days"
    done = transsib("run", written(tmp_path, text))
    for route, days in suggested.items():
        said = f"warning: small: {route}: containers under way settle later than on day 2: "
        assert f"{said}MSER-5 suggests run.warmup_days of {days}" in done.stderr
    most = f"{max(suggested.values())}\ndays = 300"
    late = loaded(tmp_path, SMALL.replace("60\ndays = 60", most))
    assert not [line for line in warnings(sim.run(late, jobs=1)) if "sea" in line]


def test_scenarios_alike_are_warned_of_together(tmp_path: Path) -> None:
    early = loaded(tmp_path).with_changes({"run.warmup_days": 0, "run.replications": 1})
    cases = [
        early.with_changes({"run.days": days}, name=f"of-{days}") for days in (20, 21, 22, 23, 90)
    ]
    routes = [[each.split(": ")[:2] for each in warnings(sim.run(cases[:n]))] for n in (3, 4)]
    assert routes[0] == [["of-20, of-21, of-22", "sea"], ["of-20, of-21, of-22", "rail"]]
    assert routes[1] == [["of-20 and 3 more", "sea"], ["of-20 and 3 more", "rail"]]
    said = list(warnings(sim.run(cases)))
    assert said[0].endswith("try run.days of 46 or more")
    assert said[2].startswith("of-90: sea: containers under way settle later than on day 0")


def test_what_changes_over_the_year_has_no_warm_up(tmp_path: Path) -> None:
    seasons = "containers_per_year = 20_000\nmonthly = [1.5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.5]"
    text = SMALL.replace("containers_per_year = 20_000", seasons)
    text = text.replace("[run]", "[run]\nstart = 2001-01-01")
    results = sim.run(loaded(tmp_path, text), jobs=1)
    assert not list(warm_ups(results, "small"))


def test_it_is_kept_and_read_again(tmp_path: Path) -> None:
    results = sim.run(loaded(tmp_path), jobs=1, out=tmp_path / "out")
    again = sim.load_results(tmp_path / "out")
    for number, series in results.daily["small"].items():
        for route, days in series.items():
            assert again.daily["small"][number][route].tolist() == days.tolist()
    assert list(warnings(again)) == list(warnings(results))
