"""Sweeps: the same as single runs at every value, and a knee as sure as it says."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from corridors import SMALL, loaded, written
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from processes import transsib
from soon import soon
from typer.testing import CliRunner

import sim
from sim.cli.commands import app
from sim.errors import ScenarioError, TooLargeError, UsageError
from sim.experiments.store import save
from sim.experiments.varied import points
from sim.results.intervals import student
from sim.results.metrics import ALL, Key, Measures
from sim.results.results import SHOWN, STUDY, SWEEP, VARIED, WORTH, Results
from sim.results.sweep import Knee, Point, usual_metric
from sim.views.tables import print_results

TRAINS = "routes.rail.stages.trains"
SLOTS = f"{TRAINS}.annual_capacity"
FREIGHT = "routes.rail.freight_usd"
CARRIED = Key("rail", ALL, "throughput")


def swept(folder: Path, vary: dict[str, Sequence[Any]], **asked: Any) -> Results:
    return sim.sweep(loaded(folder), vary, **{"replications": 2, "jobs": 1, **asked})


def made(
    base: sim.Scenario, path: str, values: Sequence[Any], flows: NDArray[np.float64],
    worth: float = 0.05,
) -> Results:  # fmt: skip
    """Results with these throughputs: a row a replication, a column a value."""
    scenarios = [each for each, _ in points(base, {path: list(values)})]
    measures: dict[str, dict[int, Measures]] = {
        scenario.name: {n: {CARRIED: float(flow)} for n, flow in enumerate(column)}
        for scenario, column in zip(scenarios, flows.T, strict=True)
    }
    said = {STUDY: SWEEP, VARIED: json.dumps({path: values}), SHOWN: str(CARRIED)}
    return Results(tuple(scenarios), measures, {**said, WORTH: str(worth)}, paired=True)


def ends(knee: Knee) -> tuple[Any, Any, Any]:
    """The knee and its interval as values."""
    return tuple(None if p is None else p.at[0] for p in (knee.point, knee.low, knee.high))  # type: ignore[return-value]


def told(results: Results) -> str:
    out = StringIO()
    print_results(results, out)
    assert max(map(len, out.getvalue().splitlines())) <= 100
    return out.getvalue()


def sentence(results: Results) -> str:
    return " ".join(told(results).split())


def test_each_point_is_what_a_single_run_gives(tmp_path: Path) -> None:
    found = swept(tmp_path, {SLOTS: [4_000, 8_000]})
    alone = loaded(tmp_path).with_changes({SLOTS: 8_000})
    assert found.names == ("small-annual_capacity-4000", "small-annual_capacity-8000")
    expected = sim.run(alone, replications=2, jobs=1).measures["small"]
    assert found.measures["small-annual_capacity-8000"] == expected


def test_a_grid_has_every_pair_the_second_path_fastest(tmp_path: Path) -> None:
    found = swept(tmp_path, {SLOTS: [4_000, 8_000], "choice.rule": ["fastest", "cheapest"]})
    at = [point.at for point in found.along().points]
    assert at == [(a, b) for a in (4_000, 8_000) for b in ("fastest", "cheapest")]
    for point in found.along().points:
        scenario = found.scenario(point.name)
        assert scenario.yearly_capacity("rail") == point.at[0]
        assert scenario.choice.rule == point.at[1]


def test_the_ceiling_ends_at_the_demand(tmp_path: Path) -> None:
    # All want the train, and 20,000 a year want to go: a slot beyond is worth nothing.
    found = swept(tmp_path, {SLOTS: range(8_000, 40_001, 8_000)}, replications=8)
    knee = found.along().knees[0]
    assert ends(knee) == (24_000, 24_000, 24_000)
    carried = [each.mean for each in knee.marginals]
    assert carried == pytest.approx([1, 0.5, 0, 0], abs=0.05)
    assert "Knee at a rail trains yearly capacity of 24,000 containers/year" in sentence(found)


def test_the_knee_of_known_figures(tmp_path: Path) -> None:
    slots = np.arange(2_000, 16_001, 2_000)
    flows = np.minimum(slots, 9_500) + np.array([[-7.0], [0.0], [7.0]])  # pairing cancels these
    along = made(loaded(tmp_path), SLOTS, slots.tolist(), flows).along()
    (knee,) = along.knees
    assert [round(each.mean or 0, 12) for each in knee.marginals] == [1, 1, 1, 0.75, 0, 0, 0]
    assert ends(knee) == (10_000, 10_000, 10_000)
    frame = along.to_frame()
    assert frame["mean"].tolist() == [2_000, 4_000, 6_000, 8_000, 9_500, 9_500, 9_500, 9_500]
    assert frame["one_more"].isna().tolist() == [False] * 7 + [True]


def test_worth_is_what_a_slot_must_carry(tmp_path: Path) -> None:
    slots = [2_000, 4_000, 6_000, 8_000]
    flows = np.array([[2_000.0, 3_000, 3_400, 3_420]] * 2)  # 0.5, 0.2, 0.01 a slot
    knees = [
        made(loaded(tmp_path), SLOTS, slots, flows, worth).along().knees[0]
        for worth in (0.6, 0.3, 0.1)
    ]
    assert [ends(knee)[0] for knee in knees] == [2_000, 4_000, 6_000]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (f"{TRAINS}.per_day", [0.5, 1, 2, 4]),
        (f"{TRAINS}.every_days", [2, 1, 0.5, 0.25]),
        (f"{TRAINS}.every_days", [0.25, 0.5, 1, 2]),
        (f"{TRAINS}.capacity", [5, 10, 20, 40]),
    ],
    ids=["departures", "headway falling", "headway rising", "longer trains"],
)
def test_slots_are_containers_a_year_whatever_sets_them(
    path: str, values: list[float], tmp_path: Path
) -> None:
    base = loaded(tmp_path, SMALL.replace("annual_capacity = 8_000", "every_days = 1"))
    slots = np.array([base.with_changes({path: x}).yearly_capacity("rail") for x in values])
    flows = np.minimum(slots, np.sort(slots)[2]) * np.ones((2, 1))
    (knee,) = made(base, path, values, flows).along().knees
    assert knee.slots == tuple(np.sort(slots))
    assert [each.mean for each in knee.marginals] == pytest.approx([1, 1, 0])
    assert ends(knee)[0] == values[int(np.argsort(slots)[2])]


def test_no_knee_where_one_more_always_helps(tmp_path: Path) -> None:
    flows = np.array([[2_000.0, 4_000, 6_000]] * 2)
    found = made(loaded(tmp_path), SLOTS, [2_000, 4_000, 6_000], flows)
    assert ends(found.along().knees[0]) == (None, None, None)
    assert "No knee up to a rail trains yearly capacity of 6,000" in told(found)
    assert "one more slot still carries 1.00 more container by rail" in sentence(found)


def test_one_replication_has_a_knee_without_an_interval(tmp_path: Path) -> None:
    flows = np.array([[2_000.0, 2_000, 2_000]])
    found = made(loaded(tmp_path), SLOTS, [2_000, 4_000, 6_000], flows)
    (knee,) = found.along().knees
    assert not knee.has_interval
    assert ends(knee)[0] == 2_000
    assert "95 %:" not in told(found)


@pytest.mark.parametrize(
    ("path", "values", "why"),
    [
        (FREIGHT, [900, 1_000], "No knee: rail freight sets no slots of departures."),
        (f"{TRAINS}.vehicle", ["train", "long train"], "sets no slots"),
        (SLOTS, [4_000], "No knee: it takes two values."),
    ],
)
def test_it_is_said_why_there_is_no_knee(
    path: str, values: list[Any], why: str, tmp_path: Path
) -> None:
    found = made(loaded(tmp_path), path, values, np.ones((2, len(values))))
    assert found.along().knees == ()
    assert why in sentence(found)


SLOPES = {
    "falling": [1, 0.3, 0.08, 0.05, 0.049, 0.02, 0],
    "long at the edge": [0.05] * 12 + [0],
    "just below the edge": [1, 0.0499, 0.0499, 0.0499],
    "up and down": [0.3, 0.049, 0.4, 0, 0.3, 0],
    "always worth it": [1, 0.5, 0.05],
}


@pytest.mark.parametrize("slopes", SLOPES.values(), ids=SLOPES.keys())
def test_the_interval_covers_the_knee_as_often_as_it_says(slopes: list[float]) -> None:
    rng, worth, times = np.random.default_rng(5), 0.05, 1_000
    truth = next((n for n, slope in enumerate(slopes) if slope < worth), len(slopes))
    names = tuple(Point(f"{n}", (n,)) for n in range(len(slopes) + 1))
    covered = 0
    for _ in range(times):
        flows = np.cumsum([0, *slopes]) + 0.04 * rng.standard_normal((8, len(slopes) + 1))
        steps = tuple(student(column, 0.95) for column in np.diff(flows).T.tolist())
        knee = Knee(names, tuple(range(len(names))), steps, worth)
        low, high = (len(slopes) if p is None else p.at[0] for p in (knee.low, knee.high))
        if knee.point is not None:
            assert low <= knee.point.at[0] <= high
        covered += low <= truth <= high
    assert covered / times > 0.93  # 95 %, three standard errors of 1,000 experiments below


def test_more_replications_narrow_the_interval() -> None:
    rng, names = np.random.default_rng(8), tuple(Point(f"{n}", (n,)) for n in range(11))
    truth = np.cumsum([0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    widths = []
    for number in (3, 100):
        flows = truth + 0.1 * rng.standard_normal((number, 11))
        steps = tuple(student(column, 0.95) for column in np.diff(flows).T.tolist())
        knee = Knee(names, tuple(range(11)), steps, 0.05)
        low, high = (10 if p is None else p.at[0] for p in (knee.low, knee.high))
        widths.append(high - low)
    assert widths[1] <= 1 < widths[0]


def test_the_metric_is_that_of_what_is_varied() -> None:
    corridor = sim.load_scenario("corridor-500k")
    assert usual_metric(corridor, [SLOTS.replace("rail", "sea")]) == "sea.throughput"
    assert usual_metric(corridor, ["choice.scale_usd", FREIGHT]) == "rail.throughput"
    assert usual_metric(corridor, ["demand.containers_per_year"]) == "all.throughput"
    assert usual_metric(corridor, ["facilities.khasan.servers"]) == "link.throughput"
    assert usual_metric(corridor, [f'phases.later.set."{FREIGHT}"']) == "rail.throughput"


@pytest.mark.parametrize(
    ("vary", "asked", "message"),
    [
        ({"routes.rail.frieght_usd": [1]}, {}, r"--vary: .*did you mean freight_usd"),
        ({FREIGHT: ["cheap"]}, {}, rf"--vary: {FREIGHT}: must be"),
        ({FREIGHT: [5, 5.0]}, {}, rf"--vary: {FREIGHT}: says 5 twice"),
        ({FREIGHT: []}, {}, "no value"),
        ({FREIGHT: 5}, {}, "must be a list of values"),
        ({}, {}, "varies one path or two"),
        ({FREIGHT: [1], SLOTS: [2], "choice.rule": ["fastest"]}, {}, "varies one path or two"),
        ({"run.seed": [1, 2]}, {}, "no parameter of the corridor"),
        ({SLOTS: [4_000, 8_000], f"{TRAINS}.per_day": [1]}, {}, "are the same scenario"),
        ({SLOTS: [4_000]}, {"metric": "rail.thruput"}, "--metric: no metric .*rail.throughput"),
        ({SLOTS: [4_000]}, {"worth": 0}, "--worth: must be above 0"),
        ({SLOTS: [4_000]}, {"worth": float("nan")}, "--worth: must be above 0"),
        ({SLOTS: [4_000]}, {"jobs": 0}, "jobs: must be a whole number, at least 1"),
    ],
)
def test_a_sweep_that_makes_no_sense(
    vary: Any, asked: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises((UsageError, ScenarioError), match=message):
        swept(tmp_path, vary, **asked)


@pytest.mark.parametrize(
    "vary",
    [
        {SLOTS: range(1, 10**9)},
        {SLOTS: itertools.count(1)},
        {SLOTS: range(1, 1_001), FREIGHT: range(1_000)},
    ],
    ids=["a billion", "without end", "a grid"],
)
def test_a_million_points_are_never_made(vary: dict[str, Any], tmp_path: Path) -> None:
    with soon(2), pytest.raises(TooLargeError, match="more than 100,000"):
        swept(tmp_path, vary, large=True)


def test_hours_are_refused_before_scenarios_are_made(tmp_path: Path) -> None:
    with soon(2), pytest.raises(TooLargeError, match="--yes"):
        swept(tmp_path, {SLOTS: range(1, 100_001)}, replications=100)


def test_results_that_are_no_sweep_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no sweep"):
        sim.run(loaded(tmp_path), replications=1, jobs=1).along()


def test_a_folder_knows_what_was_asked(tmp_path: Path) -> None:
    found = swept(tmp_path, {SLOTS: [4_000, 8_000]}, metric="rail.wait_mean", worth=0.5)
    save(found, tmp_path / "out")
    again = sim.load_results(tmp_path / "out")
    assert again.along().to_data() == found.along().to_data()
    assert again.along().worth == 0.5
    assert again.along("rail.share").key.metric == "share"


def test_the_line_shows_the_figures(tmp_path: Path) -> None:
    slots = [2_000, 4_000, 6_000, 8_000]
    flows = np.minimum(slots, 5_000) + np.array([[-40.0], [0.0], [40.0]])
    found = made(loaded(tmp_path), SLOTS, slots, flows)
    ax = sim.plots.plot_sweep(found)
    means, capacity = ax.lines[0], ax.lines[1]
    assert np.asarray(means.get_xydata()).tolist() == [
        [2e3, 2e3],
        [4e3, 4e3],
        [6e3, 5e3],
        [8e3, 5e3],
    ]
    assert np.asarray(capacity.get_ydata()).tolist() == slots
    (band,) = [each for each in ax.collections if isinstance(each, PolyCollection)]
    interval = found.interval(CARRIED, found.names[0])
    edges = np.asarray(band.get_paths()[0].vertices)
    assert edges[:, 1].min() == pytest.approx(interval.low)
    assert np.asarray(ax.lines[-1].get_xdata()).tolist() == [6_000, 6_000]
    assert ax.get_ylim()[1] > flows.max()
    assert "knee: 6,000" in [text.get_text() for text in ax.texts]


def test_a_knee_among_tables_stands_at_its_place(tmp_path: Path) -> None:
    quotas = [{"containers": number, "per": "day"} for number in (40, 5, 20)]
    flows = np.array([[7_000.0, 1_825.0, 7_000.0]]) + np.array([[-40.0], [0.0], [40.0]])
    ax = sim.plots.plot_sweep(made(loaded(tmp_path), f"{TRAINS}.quota", quotas, flows))
    assert np.asarray(ax.lines[-1].get_xdata()).tolist() == [2, 2]
    assert f"knee: {quotas[2]}" in [text.get_text() for text in ax.texts]


def test_the_map_shows_the_figures_and_reads_in_grey(tmp_path: Path) -> None:
    found = swept(tmp_path, {SLOTS: [10_000, 30_000, 60_000], FREIGHT: [900, 1_000]})
    ax = sim.plots.plot_sweep(found)
    (mesh,) = [each for each in ax.collections if isinstance(each, QuadMesh)]
    cells = np.asarray(mesh.get_array()).reshape(2, 3)
    for point in found.along().points:
        row, column = [900, 1_000].index(point.at[1]), [10_000, 30_000, 60_000].index(point.at[0])
        assert cells[row, column] == found.interval(CARRIED, point.name).mean
    frames = [each for each in ax.patches if isinstance(each, Rectangle) and not each.get_fill()]
    assert len(frames) == 2  # a knee at each freight
    colours = matplotlib.colormaps[mesh.get_cmap().name](np.linspace(0, 1, 20))[:, :3]
    assert np.all(np.diff(colours @ [0.299, 0.587, 0.114]) < 0)


def test_a_map_of_what_is_nowhere_defined_is_drawn(tmp_path: Path) -> None:
    found = swept(tmp_path, {SLOTS: [10, 20], FREIGHT: [900, 1_100]})
    ax = sim.plots.plot_sweep(found, metric="rail.door_to_door_mean")
    assert " ".join(ax.get_title(loc="left").split()).endswith("is not defined at any value")


def test_tables_fit_and_a_wide_grid_is_told_in_parts(tmp_path: Path) -> None:
    freights = list(range(1_000, 2_600, 100))
    found = swept(tmp_path, {SLOTS: [4_000, 8_000], FREIGHT: freights}, replications=1)
    text = told(found)
    for freight in freights:
        assert f"{freight:,}" in text


def command(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["sweep", *arguments])


def test_the_command_keeps_shows_and_draws(tmp_path: Path) -> None:
    file, out = str(written(tmp_path, SMALL)), str(tmp_path / "out")
    asked = (file, "--vary", f"{SLOTS}=10_000:30_000:10_000", "--replications", "2", "--jobs", "1")
    done = command(*asked, "--out", out)
    assert done.exit_code == 0
    assert "Knee at a rail trains yearly capacity of 20,000" in done.stdout
    assert {"sweep.png", "sweep.svg"} <= {path.name for path in (tmp_path / "out").iterdir()}
    again = CliRunner().invoke(app, ["show", out])
    assert again.stdout == done.stdout
    document = json.loads(CliRunner().invoke(app, ["show", out, "--json"]).stdout)
    assert document == json.loads(command(*asked, "--json").stdout)
    assert document["vary"] == {SLOTS: [10_000, 20_000, 30_000]}
    assert document["knees"][0]["at"] == {SLOTS: 20_000}
    drawn = CliRunner().invoke(app, ["plot", out, "--only", "sweep", "--format", "png"])
    assert drawn.exit_code == 0


def test_every_point_is_as_precise_as_asked(tmp_path: Path) -> None:
    file, out = str(written(tmp_path, SMALL)), tmp_path / "out"
    asked = (file, "--vary", f"{FREIGHT}=1_000,1_600", "--jobs", "1", "--quiet")
    done = command(*asked, "--precision", "0.4%", "--out", str(out), "--no-pictures")
    assert done.exit_code == 0, done.stderr
    results = sim.load_results(out)
    for name in results.names:
        carried = results.interval(CARRIED, name)
        assert carried.mean
        assert carried.half_width
        assert carried.half_width <= 0.004 / 1.004 * carried.mean
        assert len(results.measures[name]) > 20, "the first 20 do not do"
    done = command(*asked, "--precision", "0.01%", "--replications", "3")
    assert done.exit_code == 3
    assert "rail.throughput" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([f"{SLOTS}=1:1e9:1"], f"--vary: {SLOTS}: is more than 100,000 values"),
        ([f"{SLOTS}=1:9e4:1", f"{FREIGHT}=1,2"], f"--vary: {FREIGHT}: makes more than"),
        ([f"{SLOTS}=1,2", f"{SLOTS}=3"], f"--vary: {SLOTS}: is said twice"),
        ([f"{SLOTS}=many,more"], f"--vary: {SLOTS}: must be a number"),
        (["routes.rial.freight_usd=1"], "did you mean rail?"),
    ],
)
def test_a_wrong_command_is_told_in_a_line(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    varied = [part for each in arguments for part in ("--vary", each)]
    done = command(str(written(tmp_path, SMALL)), *varied, "--yes", "--quiet")
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize("verb", ["sweep", "solve"])
def test_what_is_set_cannot_vary(verb: str, tmp_path: Path) -> None:
    asked = ["--target", "rail.share=0.5", "--by", SLOTS] if verb == "solve" else []
    fixed = ["--vary", f"{FREIGHT}=1,2", "--set", f"{FREIGHT}=3"]
    done = CliRunner().invoke(app, [verb, str(written(tmp_path, SMALL)), *asked, *fixed])
    assert done.exit_code == 2
    assert done.stderr == f"--vary: {FREIGHT}: is fixed by --set: say one of the two\n"


def test_the_command_as_people_run_it(tmp_path: Path) -> None:
    asked = ["--vary", f"{SLOTS}=4_000,8_000", "--replications", "2"]
    done = transsib("sweep", written(tmp_path, SMALL), *asked)
    assert "8,000" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
