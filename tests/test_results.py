"""Results: intervals, frames, JSON, and the folder that keeps them."""

from __future__ import annotations

import io
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from corridors import SMALL, loaded, written
from processes import transsib
from rich.console import Console

import sim
from sim.errors import ResultsError, SimulationError, TooLargeError, UsageError
from sim.experiments.store import FILE, load_results, save
from sim.results.document import comparison, document
from sim.results.intervals import paired, student
from sim.results.metrics import ALL, METRICS, Key, Measures
from sim.views.grid import new_table
from sim.views.words import answer

OF_FACILITIES = {
    "queueing_mean", "queueing_p95", "service_mean", "service_p95", "utilisation", "vehicles",
    "queue_mean", "queue_growth", "down",
}  # fmt: skip
"""Metrics that only scenarios with facilities have."""

OF_TROUBLES = {
    "disrupted", "delayed", "peak_backlog", "days_to_clear", "late", "lateness_mean",
}  # fmt: skip
"""Metrics that only scenarios with disruptions or fleets have."""

UNKNOWN = {"co2e_mean", "co2e_total", "busiest_month"}
"""What is not known without factors of carbon, and in less than two months."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> sim.Results:
    base = loaded(tmp_path_factory.mktemp("small"))
    bigger = base.with_changes({"routes.rail.stages.trains.annual_capacity": 12_000}, name="bigger")
    return sim.compare([base, bigger], jobs=1)


def test_an_interval_needs_two_values_and_all_of_them() -> None:
    assert student([3.0], 0.95).low is None
    assert student([3.0, None], 0.95).mean is None
    assert student([3.0, 3.0], 0.95).low == 3.0


def test_a_paired_difference_of_what_moves_together_is_exact() -> None:
    difference = paired([2.0, 5.0, 4.0], [1.0, 4.0, 3.0], 0.95)
    assert (difference.interval.low, difference.interval.high) == (1.0, 1.0)
    assert (difference.higher, difference.lower) == (1.0, 0.0)
    assert difference.variance_reduction is None  # nothing is left of it
    half = paired([2.0, 5.0, 4.0], [1.0, 2.0, 3.0], 0.95)
    assert half.variance_reduction == pytest.approx((7 / 3 + 1) / (4 / 3))


def test_a_pair_of_which_one_failed_is_left_out(
    results: sim.Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(scenario: sim.Scenario, replication: int) -> sim.Observations:
        if (scenario.name, replication) == ("bigger", 1):
            raise SimulationError("broken")
        return sim.simulate(scenario, replication)

    monkeypatch.setattr("sim.experiments.tasks.simulate", failing)
    found = sim.compare(results.scenarios, jobs=1)
    assert [list(found.measures[name]) for name in found.names] == [[0, 2], [0, 2]]
    assert [said.startswith("bigger, replication 1: ") for said in found.failures] == [True]
    key = Key("rail", ALL, "throughput")
    small, bigger = (results.values(key, name)[::2] for name in found.names)
    assert found.difference(key, "bigger").interval == paired(bigger, small, 0.95).interval


def test_what_did_not_happen_in_a_replication_is_not_in_the_mean(results: sim.Results) -> None:
    key = Key("all", "disruption:storm", "days_to_clear")
    days: dict[int, Measures] = {0: {key: 2.0}, 1: {key: None}, 2: {key: 4.0}}
    stormy = replace(results, measures={**results.measures, "small": days})
    assert stormy.interval(key, "small") == student([2.0, 4.0], 0.95)


def test_more_delivered_is_better_and_more_refused_is_not(results: sim.Results) -> None:
    rows = results.differences().query("route == 'rail' and part == 'all'").set_index("metric")
    more, better = rows["mean"].to_dict(), rows["better"].to_dict()
    assert more["throughput"] > 0 > more["refused"]
    assert better["throughput"] == better["refused"] == 1


def test_frames_have_the_columns_of_the_contract(results: sim.Results) -> None:
    columns = ["scenario", "route", "part", "metric", "unit", "mean", "low", "high"]
    summary = results.summary()
    assert list(summary.columns) == columns
    assert list(results.differences().columns)[:8] == columns
    assert set(METRICS) - set(summary["metric"]) == OF_FACILITIES | OF_TROUBLES
    assert set(summary["route"]) == {"sea", "rail", "all"}
    assert len(results.replications()) == 3 * len(summary)


def test_a_value_by_its_name(results: sim.Results) -> None:
    assert results.value("rail.throughput", scenario="bigger") == pytest.approx(12_000, rel=0.01)
    part = results.value("rail.stage:trains.load_factor", scenario="small")
    assert part == results.value("rail.load_factor", scenario="small")
    with pytest.raises(UsageError, match=r"did you mean rail.share\?"):
        results.value("rail.shar", scenario="small")
    with pytest.raises(UsageError, match="did you mean bigger"):
        results.value("rail.share", scenario="biger")
    with pytest.raises(UsageError, match=r"several scenarios .*: name one; .*: small, bigger$"):
        results.value("rail.share")


def test_the_difference_is_that_of_each_replication(results: sim.Results) -> None:
    key = Key("rail", ALL, "throughput")
    gaps = [
        results.measures["bigger"][number][key] - results.measures["small"][number][key]  # type: ignore[operator]
        for number in range(3)
    ]
    assert results.difference(key, "bigger").interval == student(gaps, 0.95)
    assert results.difference(key, "bigger").higher == 1.0


def test_documents_are_json_without_surprises(results: sim.Results) -> None:
    whole = json.loads(json.dumps(comparison(results), allow_nan=False))
    assert whole["baseline"] == "small"
    assert [each["scenario"] for each in whole["scenarios"]] == ["small", "bigger"]
    assert whole["scenarios"][1] == json.loads(json.dumps(document(results, "bigger")))
    row = whole["differences"][0]
    assert list(row)[:8] == [
        "scenario", "route", "part", "metric", "unit", "mean", "low", "high",
    ]  # fmt: skip
    head = whole["scenarios"][0]
    assert {k: head[k] for k in ("seed", "replications", "confidence", "warmup_days", "days")} == {
        "seed": 1, "replications": 3, "confidence": 0.95, "warmup_days": 60, "days": 60,
    }  # fmt: skip


def test_a_comparison_refuses_what_cannot_be_paired(tmp_path: Path) -> None:
    base = loaded(tmp_path)
    with pytest.raises(UsageError, match=r"run\.seed must agree"):
        sim.compare([base, base.with_changes({"run.seed": 9}, name="other")])
    with pytest.raises(UsageError, match="two scenarios are called 'small'"):
        sim.compare([base, base.with_changes({"run.days": 9})])
    with pytest.raises(UsageError, match="a baseline and at least one"):
        sim.compare([base])


def test_what_would_take_hours_is_refused_before_it_starts(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    with pytest.raises(TooLargeError, match="hours"):
        sim.run(scenario, replications=10**9)
    with pytest.raises(TooLargeError, match="GB"):
        sim.run(scenario.with_changes({"demand.containers_per_year": 1e9}), replications=1)


def test_overload_has_no_interval_for_a_mean_that_does_not_exist(tmp_path: Path) -> None:
    scenario = loaded(tmp_path).with_changes(
        {"routes.sea.closed": True, "routes.rail.max_wait_days": "unlimited"}
    )
    results = sim.run(scenario, jobs=1)
    assert scenario.preview().backlog_growth == pytest.approx(12_000)
    growth = results.interval(Key("rail", ALL, "backlog_growth"), "small")
    assert growth.low is not None
    assert growth.mean == pytest.approx(12_000, rel=0.05)
    for key in results.keys("small"):
        if key.route == "rail" and key.metric not in UNKNOWN:
            found = results.interval(key, "small")
            assert (found.mean is None) == METRICS[key.metric].steady, key
    stored = results.measures["small"][0][Key("rail", ALL, "door_to_door_mean")]
    assert stored is not None  # what happened is kept; it is no mean over time


def test_a_folder_holds_everything_and_loads_as_the_same(
    results: sim.Results, tmp_path: Path
) -> None:
    folder = tmp_path / "out put é"
    save(results, folder)
    again = load_results(folder)
    assert again.scenarios == results.scenarios
    assert again.measures == results.measures
    assert again.provenance == results.provenance
    assert comparison(again) == comparison(results)
    assert sim.load_scenario(folder / "scenarios" / "bigger.toml") == results.scenario("bigger")
    assert sorted(path.name for path in folder.iterdir()) == [FILE, "scenarios"]
    assert len(again.detail("bigger").containers.to_frame()) > 5_000


def test_analysts_read_the_rows_with_sqlite(results: sim.Results, tmp_path: Path) -> None:
    save(results, tmp_path / "out")
    with sqlite3.connect(tmp_path / "out" / FILE) as database:
        ((unit, mean),) = database.execute(
            "SELECT unit, avg(value) FROM rows WHERE scenario = 'bigger' AND route = 'rail'"
            " AND part = 'all' AND metric = 'throughput' GROUP BY unit"
        )
    database.close()
    assert unit == "containers/year"
    assert mean == pytest.approx(results.value("rail.throughput", "bigger"))


def damage_rows(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM rows WHERE rowid = 7")
    database.close()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def flip_bits(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in range(9_000, len(data), 5_000):
        data[place] ^= 0x01
    path.write_bytes(bytes(data))


def another_database(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE rows (value REAL)")
    database.close()


def not_a_database(path: Path) -> None:
    path.write_text("hello " * 1000)


@pytest.mark.parametrize(
    "damage", [damage_rows, truncate, flip_bits, another_database, not_a_database]
)
def test_damaged_results_are_never_read_as_whole(
    damage: Any, results: sim.Results, tmp_path: Path
) -> None:
    save(results, tmp_path / "out")
    damage(tmp_path / "out" / FILE)
    with pytest.raises(ResultsError):
        load_results(tmp_path / "out")


def test_detail_is_refused_where_it_would_not_be_what_was_stored(results: sim.Results) -> None:
    key = Key("rail", ALL, "throughput")
    changed = {0: {**results.measures["small"][0], key: 1.0}}
    other = replace(results, measures={**results.measures, "small": changed})
    with pytest.raises(ResultsError, match=r"rail\.throughput"):
        other.detail("small")


def test_other_peoples_files_are_left_alone(results: sim.Results, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(ResultsError, match="other files and no results"):
        save(results, tmp_path / "mine")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ResultsError, match="is a file"):
        save(results, tmp_path / "file")
    save(results, tmp_path / "out")
    (tmp_path / "out" / "letter.txt").write_text("dear")
    save(results, tmp_path / "out")  # in place of the former results
    assert (tmp_path / "out" / "letter.txt").read_text() == "dear"


def test_the_command_line_prints_what_python_returns(tmp_path: Path) -> None:
    path, folder = written(tmp_path, SMALL), tmp_path / "out"
    command = ["compare", str(path), "link-200k", "--jobs", "1", "-q", "--json"]
    small = ["--replications", "2", "--seed", "5", "--out", str(folder)]
    for each in ("demand.containers_per_year=10_000", "run.days=30", "run.warmup_days=60"):
        small += ["--set", each]
    done = transsib(*command, *small)
    assert json.loads(done.stdout) == json.loads(json.dumps(comparison(load_results(folder))))
    pictures = {"shares", "times", "stages", "flows", "map", "strings", "warmup"}
    assert (
        {p.stem for p in folder.glob("*.png")} == {p.stem for p in folder.glob("*.svg")} == pictures
    )
    shown = transsib("show", folder, "--json")
    assert shown.stdout == done.stdout
    before = (folder / "times.svg").read_bytes()
    (folder / "times.svg").unlink()
    transsib("plot", folder, "--quiet", "--only", "times")
    assert (folder / "times.svg").read_bytes() == before


def test_tables_are_no_wider_than_100_columns_and_begin_with_the_answer(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL)
    run = transsib("run", path, "--jobs", "1", "--quiet").stdout
    check = transsib("check", path, "link-500k", "--ledger").stdout
    assert max(map(len, f"{run}{check}".splitlines())) <= 100
    assert run.startswith("Of 20,000 containers a year, small carries")


def test_what_was_not_compared_has_no_differences(tmp_path: Path) -> None:
    base = loaded(tmp_path)
    other = base.with_changes({"run.replications": 2, "run.seed": 9}, name="other")
    results = sim.run([base, other], jobs=1)
    with pytest.raises(UsageError, match="not compared"):
        results.differences()
    save(results, tmp_path / "out")
    shown = transsib("show", tmp_path / "out").stdout
    assert "paired" not in shown
    listed = json.loads(transsib("show", tmp_path / "out", "--json").stdout)
    assert [(each["scenario"], each["replications"]) for each in listed] == [
        ("small", 3), ("other", 2),
    ]  # fmt: skip


def test_new_results_take_the_place_of_all_of_the_old(results: sim.Results, tmp_path: Path) -> None:
    save(results, tmp_path / "out")
    (tmp_path / "out" / "shares.png").write_bytes(b"old")
    (tmp_path / "out" / "scenarios" / "mine.toml").write_text("x")
    save(sim.run(results.scenario("bigger"), replications=1, jobs=1), tmp_path / "out")
    assert not (tmp_path / "out" / "shares.png").exists()
    names = sorted(path.name for path in (tmp_path / "out" / "scenarios").iterdir())
    assert names == ["bigger.toml", "mine.toml"]


def test_what_an_interrupted_run_left_does_not_lock_the_folder(
    results: sim.Results, tmp_path: Path
) -> None:
    (tmp_path / "out" / "scenarios").mkdir(parents=True)
    for name in (f".{FILE}.123", ".shares.png.part", "times.svg"):
        (tmp_path / "out" / name).write_text("half")
    save(results, tmp_path / "out")
    assert load_results(tmp_path / "out").names == ("small", "bigger")


def test_several_comparisons_hold_together(results: sim.Results) -> None:
    # By Bonferroni: with two scenarios each difference is told with 97.5 % in place of 95 %.
    base = results.baseline
    more = [
        base.with_changes({"demand.containers_per_year": n}, name=f"n{n}") for n in (21_000, 9_000)
    ]
    three = sim.compare([base, *more], jobs=1)
    two = sim.compare([base, more[0]], jobs=1)
    key = Key("sea", ALL, "throughput")
    values, at_base = three.values(key, "n21000"), three.values(key, base.name)
    assert three.difference(key, "n21000").interval == paired(values, at_base, 0.975).interval
    assert two.difference(key, "n21000").interval == paired(values, at_base, 0.95).interval
    assert three.interval(key, base.name) == two.interval(key, base.name)


def test_where_there_is_little_room_headings_break_and_then_names_but_no_figures() -> None:
    table = new_table("", "of many words here", "mean")
    table.add_row("a-very-long-name", "1,234 ± 56", "78.90 ± 0.12 %")
    out = io.StringIO()
    Console(file=out, width=46).print(table)
    assert "of many words here" not in out.getvalue()
    assert "a-very-long-name  1,234 ± 56  78.90 ± 0.12 %" in out.getvalue()
    out = io.StringIO()
    Console(file=out, width=43).print(table)
    assert "1,234 ± 56  78.90 ± 0.12 %" in out.getvalue()
    assert "a-very-long-name" not in out.getvalue()


def test_the_answer_is_of_the_route_that_becomes_news(tmp_path: Path) -> None:
    base = loaded(tmp_path, SMALL.replace("annual_capacity = 8_000", "annual_capacity = 1_000"))
    more = base.with_changes({"routes.rail.stages.trains.annual_capacity": 80_000}, name="more")
    found = sim.compare([base, more], replications=1, jobs=1)
    assert (found.value("sea.throughput", "more") or 0) < 1_000
    assert "rail carries" in answer(found)
