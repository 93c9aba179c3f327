"""Scenario files: inheritance, order, changes, assumptions, and what can be told beforehand."""

from __future__ import annotations

import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest
from corridors import SMALL, loaded, written

import sim
from sim.errors import UsageError
from sim.scenario.changes import Change
from sim.scenario.distributions import Distribution
from sim.scenario.files import bundled, load_with_notes
from sim.scenario.options import setting
from sim.scenario.stages import Departures
from sim.scenario.writing import to_toml

TRAINS = "routes.rail.stages.trains"
LINE = "routes.rail.stages.line.days"


def child(tmp_path: Path, text: str) -> sim.Scenario:
    written(tmp_path, SMALL, "parent")
    return loaded(tmp_path, 'extends = "parent.toml"\n' + text, "child")


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(sim.ScenarioError) as error:
        child(tmp_path, text)
    return str(error.value).splitlines()


@pytest.mark.parametrize("name", sorted(bundled()))
def test_bundled_scenarios_load_and_say_where_their_figures_come_from(name: str) -> None:
    scenario = sim.load_scenario(name)
    assert scenario.preview().warnings == ()
    assert load_with_notes(name, [])[1] == ()
    for route, description in scenario.routes.items():
        for stage_name, stage in description.stages.items():
            for field in ("days", "km_per_day", "capacity", "every_days", "annual_capacity"):
                if getattr(stage, field, None) is not None:
                    path = f"routes.{route}.stages.{stage_name}.{field}"
                    assert path in scenario.assumptions


@pytest.mark.parametrize("name", sorted(bundled()))
def test_what_is_written_loads_again_as_the_same(name: str, tmp_path: Path) -> None:
    scenario = sim.load_scenario(name)
    again = sim.load_scenario(written(tmp_path, to_toml(scenario), name))
    assert again == scenario
    assert again.key == scenario.key
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_tables_merge_and_values_replace(tmp_path: Path) -> None:
    scenario = child(tmp_path, "[routes.rail]\nmax_wait_days = 1\n")
    assert scenario.routes["rail"].max_wait_days == 1
    assert list(scenario.routes["rail"].stages) == ["trains", "line"]


def test_unlimited_undoes_an_inherited_limit(tmp_path: Path) -> None:
    scenario = child(tmp_path, '[routes.rail]\nmax_wait_days = "unlimited"\n')
    assert scenario.routes["rail"].max_wait_days == float("inf")


def test_a_timetable_key_removes_the_inherited_one(tmp_path: Path) -> None:
    trains = child(tmp_path, f"[{TRAINS}]\nper_day = 2\n").routes["rail"].departures["trains"]
    assert (trains.per_day, trains.annual_capacity) == (2, None)


def test_only_the_dispatch_full_removes_an_inherited_timetable(tmp_path: Path) -> None:
    def trains(said: str) -> Departures:
        scenario = child(tmp_path, f"[{TRAINS}]\n{said}\n")
        return scenario.routes["rail"].departures["trains"]

    restated, full = trains('dispatch = "timetable"'), trains('dispatch = "full"')
    assert (restated.dispatch, restated.annual_capacity) == ("timetable", 8_000)
    assert (full.dispatch, full.annual_capacity) == ("full", None)
    other = trains('dispatch = "timetable"\nper_day = 2')
    assert (other.dispatch, other.per_day, other.annual_capacity) == ("timetable", 2, None)
    base = loaded(tmp_path)
    assert base.with_changes({f"{TRAINS}.dispatch": "timetable"}).routes == base.routes


@pytest.mark.parametrize("said", ["per_day = 2", 'per_day = 2\ndispatch = "timetable"'])
def test_a_timetable_removes_the_inherited_dispatch_full(said: str, tmp_path: Path) -> None:
    full = 'dispatch = "full", longest_hold_days = 3'
    written(tmp_path, SMALL.replace("annual_capacity = 8_000", full), "grand")
    scenario = loaded(tmp_path, f'extends = "grand.toml"\n[{TRAINS}]\n{said}\n', "child")
    trains = scenario.routes["rail"].departures["trains"]
    assert (trains.dispatch, trains.per_day) == ("timetable", 2)
    assert trains.longest_hold_days is None


def test_another_distribution_replaces_the_whole(tmp_path: Path) -> None:
    line = child(tmp_path, "[routes.rail.stages]\nline = { days = { uniform = [1, 3] } }\n")
    assert line.routes["rail"].transit_days == 2
    again = child(tmp_path, "[routes.rail.stages]\nline = { days = { exponential = 4 } }\n")
    assert again.routes["rail"].transit_days == 4


def test_another_kind_replaces_the_whole_stage(tmp_path: Path) -> None:
    text = '[routes.rail.stages]\ntrains = { kind = "transit", days = 1 }\n'
    assert child(tmp_path, text).routes["rail"].departures == {}


def test_added_stages_need_an_order(tmp_path: Path) -> None:
    lorry = '[routes.rail.stages]\nlorry = { kind = "transit", days = 1 }\n'
    assert "say order" in faults(tmp_path, lorry)[0]
    order = '[routes.rail]\norder = ["lorry", "trains", "line"]\n'
    assert list(child(tmp_path, order + lorry).routes["rail"].stages) == ["lorry", "trains", "line"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[routes.rial]\npromise_days = 9\n", ["rial.stages: is required; did you mean rail?"]),
        ("[routes.rial.stages.line]\ndays = 9\n", ["facility; did you mean rail?"]),
        (
            "[routes.rail.stages.lines]\ndays = 9\n",
            ["first to last; did you mean line?", "facility; did you mean line?"],
        ),
        ("[routes.road]\npromise_days = 9\n", ["road.stages: is required"]),
        (
            "[routes.road]\npromise_days = 9\n[routes.roads.stages.line]\nkind='transit'\ndays=9",
            ["road.stages: is required"],
        ),
    ],
    ids=["route", "stage of a route", "stage", "another route", "near one of the same file"],
)
def test_a_misspelt_inherited_name_is_guessed(text: str, said: list[str], tmp_path: Path) -> None:
    found = faults(tmp_path, text)
    assert len(found) == len(said)
    assert all(each.endswith(words) for each, words in zip(found, said, strict=True)), found


def test_order_drops_inherited_stages_with_their_assumptions(tmp_path: Path) -> None:
    ledger = f'[assumptions."{LINE}"]\nquality = "assumed"\nsource = "a guess"\n'
    written(tmp_path, SMALL + ledger, "grand")
    text = 'extends = "grand.toml"\n[routes.rail]\norder = ["trains"]\n'
    scenario = loaded(tmp_path, text, "child")
    assert list(scenario.routes["rail"].stages) == ["trains"]
    assert dict(scenario.assumptions) == {}


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ('["trains"]', "leaves out lorry"),
        ('["lorry", "trains", "linee"]', "did you mean line?"),
        ('["lorry", "trains", "line", "line"]', "twice"),
        ("3", "must be a list of stage names"),
    ],
)
def test_a_wrong_order_is_told(order: str, said: str, tmp_path: Path) -> None:
    lorry = '[routes.rail.stages]\nlorry = { kind = "transit", days = 1 }\n'
    assert said in "\n".join(faults(tmp_path, f"[routes.rail]\norder = {order}\n{lorry}"))


def test_a_value_changed_without_its_assumption_is_noted(tmp_path: Path) -> None:
    ledger = f'[assumptions."{LINE}"]\nquality = "assumed"\nsource = "a guess"\n'
    written(tmp_path, SMALL + ledger, "grand")
    text = 'extends = "grand.toml"\n[routes.rail.stages]\nline = { days = 9 }\n'
    path = written(tmp_path, text, "child")
    assert LINE in load_with_notes(path, [])[1][0]
    restated = written(tmp_path, text + ledger, "restated")
    assert load_with_notes(restated, [])[1] == ()


def test_the_child_file_is_named_for_its_own_faults_and_the_parent_for_its(tmp_path: Path) -> None:
    written(tmp_path, SMALL.replace("capacity = 200 ", "capacity = -200 "), "parent")
    with pytest.raises(sim.ScenarioError) as error:
        loaded(tmp_path, 'extends = "parent.toml"\n[run]\ndays = 0\n', "child")
    child_fault, parent_fault = sorted(error.value.faults)
    assert (Path(child_fault.file).name, child_fault.line) == ("child.toml", 3)
    assert (Path(parent_fault.file).name, parent_fault.path) == (
        "parent.toml",
        "routes.sea.stages.sailing.capacity",
    )


def test_a_bundled_scenario_can_be_extended_by_name(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, 'extends = "link-500k"\ntitle = "mine"\n')
    assert scenario.routes == sim.load_scenario("link-500k").routes


def test_a_number_over_a_distribution_scales_it() -> None:
    line = sim.load_scenario("link-200k").with_changes({LINE: 31}).routes["rail"].stages["line"]
    assert line.days == Distribution("pert", (26, 31, 36))  # type: ignore[union-attr]
    fixed = sim.load_scenario("link-200k").with_changes({LINE: [31, 31]})
    assert fixed.routes["rail"].quoted_days == (31, 31)


def test_changes_make_a_new_scenario_and_leave_the_old() -> None:
    base = sim.load_scenario("link-200k")
    bigger = base.with_changes({f"{TRAINS}.annual_capacity": 300_000}, name="300k")
    assert (base.name, bigger.name) == ("link-200k", "300k")
    assert base.routes["rail"].yearly_capacity == pytest.approx(200_000)
    assert bigger.routes["rail"].yearly_capacity == pytest.approx(300_000)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("routes.rial.freight_usd", 1, "did you mean rail?"),
        (f"{TRAINS}.capcity", 1, "did you mean capacity?"),
        (f"{TRAINS}.capacity", 1.5, "must be a whole number"),
        (f"{TRAINS}.capacity", True, "must be a whole number (got true)"),
        ("routes.rail.max_wait_days", float("nan"), "must be between 0"),
        ("run", 3, "must be a table"),
        ("name", "x", "no 'name' here"),
    ],
)
def test_a_wrong_change_is_told(path: str, value: Any, said: str) -> None:
    with pytest.raises(sim.ScenarioError, match=r"^with_changes: ") as error:
        sim.load_scenario("link-200k").with_changes({path: value})
    assert said in str(error.value)


def test_scenarios_are_frozen() -> None:
    scenario = sim.load_scenario("today")
    with pytest.raises(ValueError, match="frozen"):
        scenario.title = "other"  # type: ignore[misc]
    with pytest.raises(TypeError, match="frozen"):
        scenario.routes["x"] = scenario.routes["sea"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("choice.rule=fastest", Change("choice.rule", "fastest", "--set")),
        ("run.days = 30", Change("run.days", 30, "--set")),
        ("a.b=[1, 2]", Change("a.b", [1, 2], "--set")),
        ("a.b={ uniform = [1, 2] }", Change("a.b", {"uniform": [1, 2]}, "--set")),
    ],
)
def test_an_option_is_read_as_a_file_is(text: str, change: Change) -> None:
    assert setting(text) == change


def test_the_key_is_of_what_determines_the_simulation() -> None:
    base = sim.load_scenario("link-200k")
    same = {"run.replications": 3, "run.confidence": 0.9, "title": "other"}
    assert base.with_changes(same, name="other").key == base.key
    for path, value in {"run.seed": 1, "run.days": 1, f"{TRAINS}.capacity": 61}.items():
        assert base.with_changes({path: value}).key != base.key


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("urgent = { share = 0.2 }", "plain = { share = 0.8 }"),
        (
            'low = { from = 2001-02-01, set = { "routes.rail.freight_usd" = 1 } }',
            'high = { from = 2001-02-01, set = { "routes.rail.freight_usd" = 9 } }',
        ),
    ],
)
def test_the_key_is_also_of_orders_that_matter(before: str, after: str, tmp_path: Path) -> None:
    # Which container is of which class hangs on it, and which of two phases of a day comes last.
    text = SMALL.replace("[run]", "[run]\nstart = 2001-01-01")
    table = "[demand.classes]" if "share" in before else "[phases]"
    one, other = (
        loaded(tmp_path, f"{text}\n{table}\n{first}\n{last}")
        for first, last in ((before, after), (after, before))
    )
    assert one.key != other.key


def test_two_purposes_with_one_checksum_are_refused(tmp_path: Path) -> None:
    # Found by trying some 30,000 random names.
    name, other = "duxbdagnvvkn", "vvekwlpxlsfh"
    checksums = {zlib.crc32(f"routes.a.stages.{word}".encode()) for word in (name, other)}
    assert len(checksums) == 1
    stage = '{ kind = "transit", days = 1 }'
    text = (
        f"[demand]\ncontainers_per_year = 9\n[routes.a.stages]\n{name} = {stage}\n{other} = {stage}"
    )
    with pytest.raises(sim.ScenarioError, match="would share random numbers"):
        loaded(tmp_path, text)


def test_preview_of_the_bundled_link() -> None:
    rail = sim.load_scenario("link-200k").preview().route("rail")
    headway = 62 / 200_000 * 365
    assert rail.free_flow_days == pytest.approx(headway / 2 + 15.5)
    assert rail.stages[0].departures_a_year == pytest.approx(200_000 / 62)
    assert (rail.binds, rail.demand) == ("trains", 1_000_000)
    assert rail.steady  # nobody waits more than three days


def test_preview_of_a_route_that_is_none_suggests_one() -> None:
    with pytest.raises(UsageError, match=r"no route 'lnk' here; did you mean link\?"):
        sim.load_scenario("corridor-200k").preview().route("lnk")


def test_preview_finds_the_stage_that_binds_and_demand_that_does() -> None:
    rail = sim.load_scenario("today").preview().route("rail")
    assert [stage.yearly_capacity for stage in rail.stages] == pytest.approx([365_000, 200_000])
    assert rail.yearly_capacity == pytest.approx(200_000)
    assert rail.binds is None  # 50,000 want it


UNLIMITED = {"routes.rail.max_wait_days": "unlimited"}
TIMELESS = {"demand.value_of_time_usd_per_day": 0, "routes.rail.constant_usd": 0}


@pytest.mark.parametrize(
    ("changes", "growth"),
    [
        ({}, 0),
        ({"demand.containers_per_year": 2_000_000}, 0),  # sea takes what rail refuses: 1,460,000
        ({"choice.rule": "fastest", **UNLIMITED}, 0),  # the queue keeps the others away
        (
            {"choice.rule": "share", **UNLIMITED, "choice.shares": {"rail": 0.6, "sea": 0.4}},
            100_000,
        ),
        ({"routes.rail.closed": True}, 0),  # the sea has room for all: 1,460,000
        ({"choice.rule": "cheapest", **TIMELESS, **UNLIMITED}, 500_000),  # all queue
        ({"routes.sea.closed": True}, 0),  # the rest is unserved
        ({"routes.sea.closed": True, **UNLIMITED}, 500_000),
        ({"routes.sea.max_wait_days": 5, "demand.containers_per_year": 3e6}, 0),
    ],
)
def test_preview_says_how_fast_a_backlog_grows(changes: dict[str, Any], growth: float) -> None:
    preview = sim.load_scenario("link-500k", changes).preview()
    if changes == {"demand.containers_per_year": 2_000_000}:
        growth = 2_000_000 - 500_000 - 1_460_000
    assert preview.backlog_growth == pytest.approx(growth)


def test_an_assumption_restated_by_a_grandchild_is_no_longer_noted(tmp_path: Path) -> None:
    ledger = f'[assumptions."{LINE}"]\nquality = "assumed"\nsource = "a guess"\n'
    written(tmp_path, SMALL + ledger, "grand")
    changed = "[routes.rail.stages]\nline = { days = 9 }\n"
    written(tmp_path, 'extends = "grand.toml"\n' + changed, "parent")
    silent = written(tmp_path, 'extends = "parent.toml"\ntitle = "x"\n', "silent")
    assert LINE in load_with_notes(silent, [])[1][0]
    child = written(tmp_path, 'extends = "parent.toml"\n' + ledger, "child")
    assert load_with_notes(child, [])[1] == ()


def test_the_ledger_says_that_a_figure_was_set() -> None:
    path = f"{TRAINS}.annual_capacity"
    assumption = sim.load_scenario("link-200k").with_changes({path: 300_000}).assumptions[path]
    assert assumption.quality == "assumed"
    assert assumption.source.startswith(
        "changed by with_changes; before, 200,000: Railway Minister"
    )
    assert assumption.range == (100_000, 500_000)
