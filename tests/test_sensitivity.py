"""Sensitivity: what varies, what is found of a known answer, and what people see of it."""

from __future__ import annotations

import json
import re
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import SMALL, loaded
from matplotlib.patches import Rectangle
from soon import soon
from support import sampled

import sim
from sim.errors import ScenarioError, TooLargeError, UsageError
from sim.experiments import sensitivity as study
from sim.experiments.store import save
from sim.results.indices import MORRIS, SOBOL
from sim.results.metrics import ALL, Key, Measures
from sim.results.results import SENSITIVITY, STUDY, Results
from sim.results.sensitivity import Sensitivity
from sim.scenario.files import bundled
from sim.scenario.stages import Transit
from sim.scenario.uncertain import idle, uncertain
from sim.views import fields
from sim.views.sensitivities import moving
from sim.views.tables import print_results

SLOTS = "routes.rail.stages.trains.annual_capacity"
LOAD = "routes.rail.stages.trains.capacity"
LINE = "routes.rail.stages.line.days"
MONEY = "routes.sea.freight_usd"
SHARE = Key("rail", ALL, "share")


def ledger(ranges: dict[str, str], text: str = SMALL) -> str:
    """A small corridor with these ranges by path."""
    parts = [
        f'[assumptions."{path}"]\nquality = "assumed"\nsource = "a test"\nrange = {limits}\n'
        for path, limits in ranges.items()
    ]
    return "\n".join([text.replace("[routes.rail]", FREIGHT), *parts])


FREIGHT = "[routes.sea]\nfreight_usd = 50\n\n[routes.rail]"
LEDGER = ledger({SLOTS: "[4_000, 12_000]", LOAD: "[8, 13]", LINE: "[12, 25]", MONEY: "[0, 100]"})
"""Under this rule all want the train, so slots decide and money does nothing."""


# What varies


KEPT = ("corridor-risks", "fleet-500k", "forecast-200k", "quota-monthly")


@pytest.mark.parametrize("name", sampled(bundled(), KEPT))
def test_every_bundled_scenario_can_be_varied(name: str) -> None:
    """Without --yes on two cores, and with scenarios that are valid at all ends and samples."""
    scenario = sim.load_scenario(name).with_changes({"run.replications": study.REPLICATIONS})
    plan = study.planned(scenario)
    assert len(plan.figures) >= 10
    study.refuse(scenario, plan, 2)
    few = study.planned(scenario, samples=2)
    scenarios, _ = study.laid_out(scenario, few)
    assert len(scenarios) == few.scenarios
    assert len({each.key for each in scenarios}) > 0.9 * len(scenarios)


def test_what_is_closed_does_not_vary() -> None:
    today = sim.load_scenario("corridor-today")
    paths = {figure.path for figure in uncertain(today)}
    assert not any(path.startswith("routes.link.") for path in paths)
    assert "facilities.khasan.servers" in idle(today)
    assert {"facilities.brest.servers", "routes.vostochny.freight_usd"} <= paths
    assert idle(sim.load_scenario("corridor-200k")) == ()


def test_the_usual_metric_is_the_share_of_the_fastest_open_route() -> None:
    names = {"today": "rail", "corridor-200k": "link", "corridor-today": "vostochny"}
    for name, route in names.items():
        assert study.usual_metric(sim.load_scenario(name)) == f"{route}.share"


def test_scenarios_are_the_ends_and_the_samples(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, LEDGER)
    plan = study.planned(scenario, samples=3)
    scenarios, tags = study.laid_out(scenario, plan)
    assert len(scenarios) == plan.scenarios == 1 + 8 + 15
    names = [each.name for each in scenarios]
    assert names[:4] == ["small", "small-low-0", "small-high-0", "small-low-1"]
    trains = [each.routes["rail"].departures["trains"] for each in scenarios]
    assert trains[1].yearly_capacity == pytest.approx(4_000)
    assert [each.capacity for each in trains[3:5]] == [8, 13]
    line = scenarios[6].routes["rail"].stages["line"]
    assert line == scenario.with_changes({LINE: 25}).routes["rail"].stages["line"]
    sample = np.array(json.loads(tags["sample"]))
    for each, row in zip(trains[9:], sample, strict=True):
        assert each.yearly_capacity == pytest.approx(row[0])
        assert each.capacity == round(row[1])
    assert tags[STUDY] == SENSITIVITY


SHARES = SMALL.replace('"fastest"', '"share"\nshares = { rail = 0.5, sea = 0.5 }')


@pytest.mark.parametrize(
    ("text", "asked", "message"),
    [
        (SMALL, {}, "small: nothing to vary"),
        (ledger({LOAD: "[8, 8]"}), {}, "nothing to vary"),
        (ledger({"choice.rule": "[1, 2]"}), {}, r'assumptions."choice.rule".range: .*fastest'),
        (ledger({"run.days": "[1, 2]"}), {}, "run.days: is no parameter"),
        (ledger({LINE: "[-3, 20]"}), {}, "low end of the range: .*line.days"),
        (ledger({LOAD: "[0, 20]"}), {}, "low end of the range: .*capacity"),
        (ledger({"choice.shares.rail": "[0.1, 0.9]"}, SHARES), {}, "low end of .*must sum to 1"),
        (LEDGER, {"method": "sobbol"}, "--method: no method 'sobbol'; did you mean sobol"),
        (LEDGER, {"metric": "rail.shar"}, "--metric: no metric .*did you mean rail.share"),
        (LEDGER, {"samples": 2.5}, "--samples: must be a whole number"),
        (LEDGER, {"samples": 100, "method": "sobol"}, "--samples: must be a power of 2"),
        (LEDGER, {"jobs": 0}, "jobs: must be a whole number, at least 1"),
    ],
)
def test_a_study_that_makes_no_sense(
    text: str, asked: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises((UsageError, ScenarioError), match=message):
        sim.sensitivity(loaded(tmp_path, text), **asked)


def test_too_much_is_refused_before_it_is_made(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, LEDGER)
    with soon(5), pytest.raises(TooLargeError, match="more than 100,000 scenarios"):
        sim.sensitivity(scenario, samples=10**9, large=True)
    with soon(5), pytest.raises(TooLargeError, match="--yes"):
        sim.sensitivity(scenario, samples=15_000, replications=500)


def test_without_salib_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "SALib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "SALib", None)
    with pytest.raises(UsageError, match=r"pip install 'transsib\[sensitivity\]'"):
        sim.sensitivity(loaded(tmp_path, LEDGER))


# What comes out


def made(
    folder: Path, method: str = MORRIS, samples: int = 8, *, noise: float = 0.0, load: float = 0.0
) -> Results:
    """A study whose share is a sum: slots / 20,000 + days / 100, and what its replications share.

    noise: standard deviation of what they do not share
    load: what a container more on a train adds
    """
    scenario = loaded(folder, LEDGER).with_changes({"run.replications": 3})
    scenarios, tags = study.laid_out(scenario, study.planned(scenario, None, method, samples))
    rng, measures = np.random.default_rng(7), dict[str, dict[int, Measures]]()
    common = 0.01 * rng.standard_normal(3)
    for each in scenarios:
        trains, line = each.routes["rail"].departures["trains"], each.routes["rail"].stages["line"]
        assert isinstance(line, Transit)
        assert line.days is not None
        known = trains.yearly_capacity / 20_000 + line.days.mean / 100 + load * trains.capacity
        own = noise * rng.standard_normal(3)
        measures[each.name] = {n: {SHARE: float(known + common[n] + own[n])} for n in range(3)}
    return Results(tuple(scenarios), measures, tags, paired=True)


def test_one_at_a_time_and_all_together_of_a_sum(tmp_path: Path) -> None:
    found = Sensitivity.of(made(tmp_path))
    slots, line, *others = found.effects
    assert (slots.path, line.path) == (SLOTS, LINE)
    assert (slots.to_low.mean, slots.to_high.mean) == pytest.approx((-0.2, 0.2))
    assert (line.to_low.mean, line.to_high.mean) == pytest.approx((-0.035, 0.095))
    assert slots.span == pytest.approx(0.4)
    assert slots.to_high.half_width == pytest.approx(0, abs=1e-9)  # what is common cancels
    assert (slots.at_high.half_width or 0) > 0.001
    assert [each.shows for each in found.effects] == [True, True, False, False]
    assert {each.path for each in others} == {LOAD, MONEY}
    for path, effect in ((SLOTS, 0.4), (LINE, 0.13), (LOAD, 0.0)):
        assert found.indices[path]["mu_star"].mean == pytest.approx(effect, abs=1e-9)
        assert found.indices[path]["sigma"].mean == pytest.approx(0, abs=1e-9)


def test_sobol_shares_out_the_variance_of_a_sum(tmp_path: Path) -> None:
    found = Sensitivity.of(made(tmp_path, SOBOL, 64))
    part = 0.4**2 / (0.4**2 + 0.13**2)
    for name in ("total", "first"):
        assert found.indices[SLOTS][name].mean == pytest.approx(part, abs=0.05)
        assert found.indices[LINE][name].mean == pytest.approx(1 - part, abs=0.05)
        assert found.indices[LOAD][name].mean == pytest.approx(0, abs=1e-9)


def test_what_is_lost_in_noise_does_not_show(tmp_path: Path) -> None:
    (slots,) = [e for e in Sensitivity.of(made(tmp_path, noise=2.0)).effects if e.path == SLOTS]
    assert slots.span > 0.4
    assert not slots.shows


def test_a_metric_that_samples_lack_is_told(tmp_path: Path) -> None:
    results = made(tmp_path)
    for number in (2, 7):
        results.measures[f"small-point-{number}"][1][SHARE] = None
    assert Sensitivity.of(results).left_out == 2
    assert "2 of 8 trajectories are left out of the indices" in " ".join(told(results).split())


def told(results: Results) -> str:
    out = StringIO()
    print_results(results, out)
    assert max(map(len, out.getvalue().splitlines())) <= 100
    return out.getvalue()


def test_the_table_says_what_matters_most(tmp_path: Path) -> None:
    text = told(made(tmp_path))
    first = "Rail trains yearly capacity matters most: rail share 35.51 to 75.51 %"
    assert text.startswith(first)
    assert "then rail line time" in text
    (row,) = [line for line in text.splitlines() if "4,000 to 12,000" in line]
    assert "assumed" in row
    assert "40.00 ± " in row
    (rest,) = [line for line in text.splitlines() if line.startswith("Nothing, or less than 2 %")]
    assert "sea freight" in rest
    assert "rail trains capacity" in rest
    assert "alone: the part" in " ".join(told(made(tmp_path, SOBOL)).split())


@pytest.mark.parametrize(("load", "is_shown"), [(0.001, False), (0.003, True)])
def test_the_table_leaves_out_what_does_little(load: float, is_shown: bool, tmp_path: Path) -> None:
    """Five containers more add 0.5 or 1.5 points, where slots do 40."""
    text = told(made(tmp_path, load=load))
    little = "rail trains capacity and sea freight"
    assert (" 8 to 13 " in text) == is_shown
    assert (f"Nothing, or less than 2 % of the most: {little}." in text) != is_shown


def test_the_tornado_shows_the_figures(tmp_path: Path) -> None:
    results = made(tmp_path)
    ax, found = sim.plots.plot_tornado(results), Sensitivity.of(results)
    bars = [each for each in ax.patches if isinstance(each, Rectangle)]
    assert [each.get_width() for each in bars] == pytest.approx([-20, 20, -3.5, 9.5])
    assert [each.get_x() for each in bars] == pytest.approx([100 * (found.base.mean or 0)] * 4)
    assert [bool(each.get_hatch()) for each in bars] == [True, False] * 2  # ends differ in grey
    texts = [each.get_text() for each in ax.texts]
    assert {"rail trains yearly capacity", "12,000", "4,000", "25", "12"} <= set(texts)
    assert "4,000 to 12,000 containers/year · assumed" in texts
    assert ax.get_title(loc="left").startswith("Rail trains yearly capacity matters most")
    assert sim.plots.plot_tornado(found).get_xlim() == ax.get_xlim()


@pytest.mark.parametrize("load", [0.001, 0.003])
def test_picture_and_table_show_the_same_figures(load: float, tmp_path: Path) -> None:
    results = made(tmp_path, load=load)
    found = Sensitivity.of(results)
    texts = {each.get_text() for each in sim.plots.plot_tornado(results).texts}
    drawn = [each.path for each in found.effects if fields.name(each.path) in texts]
    assert drawn == [each.path for each in moving(found)]


def test_half_a_width_of_a_share_is_in_points(tmp_path: Path) -> None:
    text = " ".join(told(made(tmp_path)).split())
    assert re.search(r"± \d+\.\d\d points at most", text)


def test_the_ends_are_those_of_scenarios_with_that_one_change(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, LEDGER)
    found = sim.sensitivity(scenario, samples=2, replications=2, jobs=1)
    (slots,) = [each for each in found.effects if each.path == SLOTS]
    assert (slots.low, slots.high) == (4_000, 12_000)
    for value, interval in ((4_000, slots.at_low), (12_000, slots.at_high)):
        alone = sim.run(scenario.with_changes({SLOTS: value}), replications=2, jobs=1)
        assert interval.mean == pytest.approx(alone.value("rail.share"), rel=1e-12)


def test_a_folder_knows_what_was_asked(tmp_path: Path) -> None:
    found = sim.sensitivity(loaded(tmp_path, LEDGER), samples=2, jobs=1, metric="rail.throughput")
    save(found.results, tmp_path / "out")
    again = Sensitivity.of(sim.load_results(tmp_path / "out"))
    assert again.to_data() == found.to_data()
    assert again.key.metric == "throughput"
    assert Sensitivity.of(again.results, "rail.share").key == SHARE
    frame = found.to_frame()
    assert frame.path[0] == SLOTS
    assert {"at_low", "to_high_low", "mu_star", "sigma"} <= set(frame.columns)
    (money,) = [each for each in found.effects if each.path == MONEY]
    assert money.span == 0  # the same random numbers, and nobody asks for money
    with pytest.raises(UsageError, match="no sensitivity study"):
        Sensitivity.of(sim.run(loaded(tmp_path), replications=1, jobs=1))
