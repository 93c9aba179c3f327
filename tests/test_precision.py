"""Replications are added until intervals are narrow enough; and how often those cover."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from corridors import SMALL, loaded, written
from processes import transsib

import sim
from sim.errors import UsageError
from sim.experiments.precision import FIRST, Precision
from sim.results.metrics import ALL, Key, Measures

KEY = Key("rail", ALL, "throughput")


def made(scenario: sim.Scenario, values: np.ndarray) -> sim.Results:
    """Results in which one metric has these values."""
    asked = scenario.with_changes({"run.replications": len(values)})
    measures: dict[int, Measures] = {n: {KEY: float(x)} for n, x in enumerate(values)}
    return sim.Results((asked,), {asked.name: measures}, provenance={})


@pytest.mark.parametrize("relative", [True, False])
def test_it_stops_at_the_first_number_that_is_enough(tmp_path: Path, relative: bool) -> None:
    scenario, chance = loaded(tmp_path), np.random.default_rng(5)
    values = chance.normal(100, 20, 1_000)
    goal = 0.04 if relative else 4.0
    precision = Precision(goal, relative, ("rail.throughput",))
    number = FIRST
    while more := precision.next_number(made(scenario, values[:number])):
        assert number < more <= 2 * number
        number = more
    half = made(scenario, values[:number]).interval(KEY, "small").half_width
    assert half is not None
    assert half <= 4.2
    assert 60 <= number <= 180, "(1.96 · 20 / 4)² is 96"


@pytest.mark.parametrize(("half", "enough"), [(22, False), (19, True)])
def test_a_part_is_that_of_the_true_mean(tmp_path: Path, half: float, enough: bool) -> None:
    # Within a quarter of the true mean: a half width of 20 of an estimate of 100, which may be a
    # quarter too large (Law 2015, section 9.4.1). Of 20 values 100 ± d it is 2.093 d / √19.
    values = 100 + half * 19**0.5 / 2.093 * np.array([1, -1] * 10)
    asked = Precision(0.25, True, ("rail.throughput",))
    assert (asked.next_number(made(loaded(tmp_path), values)) is None) == enough


def test_the_cap_is_kept_and_what_is_missing_is_said(tmp_path: Path) -> None:
    results = made(loaded(tmp_path), np.random.default_rng(5).normal(100, 20, 30))
    precision = Precision(0.001, True, ("rail.throughput",), most=30)
    assert precision.next_number(results) is None
    (said,) = precision.unmet(results)
    assert said.startswith("small: rail.throughput: ± ")
    assert "after 30 replications, asked for 0.0" in said


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_what_never_varies_is_precise(tmp_path: Path, value: float) -> None:
    precision = Precision(0.01, True, ("rail.throughput",))
    assert precision.next_number(made(loaded(tmp_path), np.full(20, value))) is None


def test_a_mean_of_nothing_ends_at_the_cap(tmp_path: Path) -> None:
    values = np.array([1.0, -1.0] * 10)
    precision = Precision(0.01, True, ("rail.throughput",), most=100)
    assert precision.next_number(made(loaded(tmp_path), values)) == 40
    assert precision.next_number(made(loaded(tmp_path), np.tile(values, 5))) is None


def test_what_has_no_mean_is_told(tmp_path: Path) -> None:
    results = made(loaded(tmp_path), np.full(20, 7.0))
    asked, usual = Precision(0.01, True, ("rail.throughput",)), Precision(0.01)
    results.measures["small"][3][KEY] = None
    for each in (asked, usual):
        assert each.next_number(results) is None
        assert each.unmet(results) == [
            "small: rail.throughput: not defined in 1 of 20 replications, so no interval"
        ]
    for measures in results.measures["small"].values():
        measures[KEY] = None
    assert asked.unmet(results) == [
        "small: rail.throughput: no mean, so no interval, however many replications"
    ]
    assert usual.unmet(results) == []  # of a route that is closed, say: the tables show it


def test_one_replication_has_no_interval_to_look_at() -> None:
    with pytest.raises(UsageError, match="needs 2 replications"):
        Precision.parse("1%", (), 1)


def test_intervals_of_the_rule_cover_the_truth(tmp_path: Path) -> None:
    # 1,000 studies that stop by the rule, at 20 to 200 replications: gamma values of mean 10.
    scenario, chance = loaded(tmp_path), np.random.default_rng(2001)
    precision, covered, stops = Precision(0.06, True, ("rail.throughput",)), 0, []
    for values in chance.gamma(9.0, 10 / 9, (1_000, 400)):
        results, number = made(scenario, values[:FIRST]), FIRST
        while more := precision.next_number(results):
            number = more
            results = _more(results, values[:number])
        interval = results.interval(KEY, "small")
        assert interval.low is not None
        assert interval.high is not None
        covered += interval.low <= 10 <= interval.high
        stops.append(number)
    assert np.quantile(stops, 0.95) > np.quantile(stops, 0.05) >= FIRST
    assert 0.93 <= covered / 1_000 <= 0.97


def _more(results: sim.Results, values: np.ndarray) -> sim.Results:
    run = results.baseline.run.model_copy(update={"replications": len(values)})
    asked = results.baseline.model_copy(update={"run": run})
    measures: dict[int, Measures] = {n: {KEY: float(x)} for n, x in enumerate(values)}
    return replace(results, scenarios=(asked,), measures={asked.name: measures})


@pytest.mark.parametrize(
    ("text", "metrics", "said"),
    [
        ("0%", [], "must be above 0"),
        ("-1", ["rail.share"], "must be above 0"),
        ("nan", [], "must be above 0"),
        ("inf%", [], "must be above 0"),
        ("abc", [], r"such as 1% or 500 \(got 'abc'\)"),
        ("500", [], "say which by --metric"),
        ("500", ["rail.throughput", "rail.share"], "in the unit of a metric"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, metrics: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Precision.parse(text, metrics)


def test_a_study_goes_on_until_all_is_narrow_and_keeps_what_it_had(tmp_path: Path) -> None:
    scenario, out = loaded(tmp_path), tmp_path / "out"
    precision = Precision.parse("1%", ["sea.throughput", "rail.share"])
    results = sim.run(scenario, precision=precision, jobs=1, out=out)
    number = len(results.measures["small"])
    assert number > FIRST
    assert precision.unmet(results) == []
    assert results.scenario().run.replications == number
    assert sim.load_results(out).measures == results.measures
    assert results.measures == sim.run(scenario, replications=number, jobs=1).measures
    with pytest.raises(UsageError, match=r"--metric: no metric 'rail\.shar'"):
        sim.run(scenario, precision=Precision(0.01, metrics=("rail.shar",)), jobs=1)


def test_a_folder_keeps_the_replications_that_it_has_beyond_what_is_needed(tmp_path: Path) -> None:
    many, few, out = loaded(tmp_path), loaded(tmp_path, name="few"), tmp_path / "out"
    many = many.with_changes({"run.replications": 40})
    sim.run([many, few], jobs=1, out=out)
    found = sim.run([many, few], precision=Precision(1e-4, most=22), jobs=1, out=out)
    assert [len(found.measures[name]) for name in ("small", "few")] == [40, 22]
    assert sim.load_results(out).measures == found.measures


def test_the_command_says_what_was_not_reached(tmp_path: Path) -> None:
    path = str(written(tmp_path, SMALL))
    asked = ("--precision", "0.01%", "--replications", "22", "--jobs", "1")
    done = transsib("run", path, *asked, "-q", status=3)
    assert "22 replications" in done.stdout
    assert "the precision was not reached:" in done.stderr
    assert "small: sea.throughput: ± " in done.stderr
    assert math.isclose(Precision.parse("0.01%").goal, 1e-4)


def test_in_python_a_part_of_the_mean_is_a_word(tmp_path: Path) -> None:
    word = sim.run(loaded(tmp_path), precision="0.5%", replications=30, jobs=1)
    assert 20 < len(word.measures["small"]) <= 30
    said = sim.run(loaded(tmp_path), precision=Precision(0.005, most=30), jobs=1)
    assert word.measures == said.measures
    with pytest.raises(UsageError, match=r"--precision: must be above 0"):
        sim.run(loaded(tmp_path), precision="narrow")
