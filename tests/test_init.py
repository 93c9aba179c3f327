"""First scenarios, and the JSON Schema by which editors complete, explain and flag their keys."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corridors import SMALL, written
from jsonschema import Draft202012Validator
from pydantic import BaseModel
from support import sampled
from test_faults import transsib

import sim
from sim.errors import ResultsError, UsageError
from sim.scenario.assumptions import Assumption
from sim.scenario.demand import Choice, Class, Demand
from sim.scenario.disruptions import Carbon, Disruption, Fleet
from sim.scenario.editors import schema_text
from sim.scenario.files import bundled
from sim.scenario.model import Run, Scenario
from sim.scenario.network import Facility, Place
from sim.scenario.phases import Phase
from sim.scenario.routes import Route
from sim.scenario.schema import fields_of
from sim.scenario.stages import Departures, Detour, FacilityStage, Quota, Transit
from sim.scenario.writing import SCHEMA_FILE, SCHEMA_LINE, write_first

SCHEMA = json.loads(schema_text())
FEW = [None, "corridor-risks"]


# --- What is written ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sampled([None, *sorted(bundled())], FEW))
def test_what_init_writes_passes_a_strict_check(name: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "a b é"
    folder.mkdir()
    done = transsib("init", "mine.toml", *(["--from", name] if name else []), cwd=folder)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "next: transsib check mine.toml" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["mine.toml", SCHEMA_FILE]
    text = (folder / "mine.toml").read_text(encoding="utf-8")
    assert text.startswith(f"{SCHEMA_LINE}# ")
    assert text.count("#:schema") == 1
    checked = transsib("check", "mine.toml", "--strict", cwd=folder)
    assert checked.returncode == 0, checked.stderr
    assert accepts(text)


@pytest.mark.parametrize("name", sorted(bundled()))
def test_from_a_bundled_scenario_nothing_is_inherited_and_nothing_lost(
    name: str, tmp_path: Path
) -> None:
    path, _ = write_first(tmp_path / name, name)
    assert "extends" not in tomllib.loads(path.read_text(encoding="utf-8"))
    assert sim.load_scenario(path) == sim.load_scenario(name)
    assert sim.load_scenario(path).key == sim.load_scenario(name).key


def test_the_example_has_two_routes_that_both_carry(tmp_path: Path) -> None:
    path, _ = write_first(tmp_path / "mine")
    results = sim.run(sim.load_scenario(path), replications=1, jobs=1)
    assert 0.1 < (results.value("rail.share") or 0) < 0.5  # the most that it could carry
    assert results.value("all.share") == pytest.approx(1, abs=0.02)


def test_numbers_are_written_for_people(tmp_path: Path) -> None:
    path, _ = write_first(tmp_path / "mine", "today")
    text = path.read_text(encoding="utf-8")
    assert "containers_per_year = 1_000_000\n" in text
    assert "days = [30, 40]" in text
    assert "seed = 2001\n" in text
    assert "confidence = 0.95\n" in text


def test_a_file_name_gets_its_ending(tmp_path: Path) -> None:
    assert write_first(tmp_path / "mine")[0] == tmp_path / "mine.toml"
    assert write_first(tmp_path / "link.v2")[0] == tmp_path / "link.v2.toml"


# --- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("there.toml", "there.toml: is there already"),
        ("there", "there.toml: is there already"),
        ("folder", "folder: is a folder"),
        ("link", "link: is there already"),
        ("", ".: is a folder"),
    ],
)
def test_nothing_is_overwritten(file: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "there.toml").write_text("mine")
    (tmp_path / "link").symlink_to("nowhere")
    before = snapshot(tmp_path)
    done = transsib("init", file, cwd=tmp_path)
    assert done.returncode == 2
    assert f"{said}, and init overwrites nothing" in done.stderr
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("text", ["{}", "[" * 100_000, '{"$id": "other"}', "3", "\udcff"])
def test_the_schema_of_somebody_else_stays(text: str, tmp_path: Path) -> None:
    (tmp_path / SCHEMA_FILE).write_bytes(text.encode(errors="surrogateescape"))
    before = snapshot(tmp_path)
    with pytest.raises(UsageError, match=r"schema\.json: was not written by transsib"):
        write_first(tmp_path / "mine.toml")
    assert snapshot(tmp_path) == before


def test_an_older_schema_of_ours_is_renewed(tmp_path: Path) -> None:
    (tmp_path / SCHEMA_FILE).write_text(json.dumps(SCHEMA | {"title": "older"}))
    write_first(tmp_path / "mine.toml")
    assert (tmp_path / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize(
    ("file", "name", "status", "said"),
    [
        ("mine.toml", "link-20k", 2, "no bundled scenario 'link-20k'; did you mean link-200k?"),
        (".toml", None, 2, "must be fit for a file name"),
        ("x" * 101, None, 2, "must be fit for a file name"),
        ("gone/mine.toml", None, 4, "there is no folder gone: make it first"),
        ("file/mine.toml", None, 4, "there is no folder file: make it first"),
        ("世" * 100, "today", 4, "cannot be written: File name too long"),
    ],
    ids=["name", "no stem", "long stem", "no folder", "no folder but a file", "too many bytes"],
)
def test_where_nothing_can_be_written_nothing_is_left(
    file: str, name: str | None, status: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    before = snapshot(tmp_path)
    done = transsib("init", file, *(["--from", name] if name else []), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("synced", [0, 1], ids=["schema", "scenario"])
def test_a_disk_that_fills_leaves_nothing(
    synced: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: Iterator[OSError | None] = iter([*[None] * synced, OSError(28, "No space left")])

    def fsync(_: int) -> None:
        if error := next(outcomes):
            raise error

    monkeypatch.setattr("os.fsync", fsync)
    with pytest.raises(ResultsError, match=r"mine\.toml: cannot be written: No space left"):
        write_first(tmp_path / "mine.toml")
    assert list(tmp_path.iterdir()) == []


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every file of a folder with what it holds."""
    return {p.name: p.read_bytes() if p.is_file() else None for p in sorted(folder.iterdir())}


# --- The schema -----------------------------------------------------------------------------------


def accepts(text: str) -> bool:
    document = json.dumps(tomllib.loads(text), default=str)  # to JSON a date is a text
    return bool(Draft202012Validator(SCHEMA).is_valid(json.loads(document)))


def test_the_repository_has_the_schema_that_the_program_writes() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    folder = next(iter(bundled().values())).parent
    assert (folder / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text(), (
        "re-make it: transsib init scenarios/x.toml && rm scenarios/x.toml"
    )
    for path in bundled().values():
        assert path.read_text(encoding="utf-8").startswith(SCHEMA_LINE), path.name


@pytest.mark.parametrize("name", sorted(bundled()))
def test_the_schema_accepts_every_bundled_file(name: str) -> None:
    assert accepts(bundled()[name].read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        SMALL,
        'extends = "today"',
        'extends = "today"\n[routes.rail.stages]\ntrains = { annual_capacity = 500_000 }',
        'extends = "today"\n[routes.rail]\norder = ["line"]\nmax_wait_days = "unlimited"',
    ],
    ids=["whole", "only extends", "one value of a stage", "order"],
)
def test_the_schema_accepts_whole_files_and_those_that_extend(text: str) -> None:
    assert accepts(text)


WRITTEN = [
    "12", "[13, 18]", "{ pert = [1, 2, 3] }", "{ uniform = [1, 2] }", "{ triangular = [1, 2, 3] }",
    "{ lognormal = { median = 25, p95 = 180 } }", "{ gamma = { mean = 9, sd = 0 } }",
    "{ exponential = 4 }", "{ empirical = [3] }",
]  # fmt: skip


@pytest.mark.parametrize("days", WRITTEN)
def test_the_schema_accepts_what_the_loader_accepts(days: str, tmp_path: Path) -> None:
    text = SMALL.replace("[13, 18]", days)
    assert sim.load_scenario(written(tmp_path, text))
    assert accepts(text)


WRONG = {
    "misspelt section": ("[choice]", "[chioce]"),
    "misspelt key of a section": ("warmup_days", "warm_up_days"),
    "misspelt key of a route": ("max_wait_days", "max_weight_days"),
    "misspelt key of a stage": ("annual_capacity", "anual_capacity"),
    "misspelt kind": ('"departures"', '"departure"'),
    "key of another kind of stage": ("days = [13, 18]", "days = [13, 18], capacity = 3"),
    "misspelt rule": ('"fastest"', '"fastets"'),
    "negative capacity": ("capacity = 10 ", "capacity = -3 "),
    "no days": ("days = 60\nrep", "days = 0\nrep"),
    "boolean for a number": ("20_000", "true"),
    "text for a number": ("20_000", '"20_000"'),
    "fraction for a whole number": ("replications = 3", "replications = 1.5"),
    "unknown distribution": ("[13, 18]", "{ normal = [13, 18] }"),
    "misspelt parameter": ("[13, 18]", "{ gamma = { mean = 1, st = 1 } }"),
    "missing parameter": ("[13, 18]", "{ gamma = { mean = 1 } }"),
    "two distributions": ("[13, 18]", "{ uniform = [1, 2], exponential = 3 }"),
    "three figures": ("[13, 18]", "[13, 15, 18]"),
    "negative days": ("[13, 18]", "[-13, 18]"),
    "misspelt unlimited": ("max_wait_days = 3", 'max_wait_days = "unlimitd"'),
    "misspelt quality": ("[choice]", '[assumptions."run.days"]\nquality = "guess"\n[choice]'),
    "misspelt key of an assumption": ("[choice]", '[assumptions."run.days"]\nrnge = 3\n[choice]'),
    "a name": ("[run]", 'name = "x"\n[run]'),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_schema_refuses_what_the_loader_refuses(what: str, tmp_path: Path) -> None:
    old, new = WRONG[what]
    assert old in SMALL
    text = SMALL.replace(old, new, 1)
    assert not accepts(text)
    with pytest.raises(sim.ScenarioError):
        sim.load_scenario(written(tmp_path, text))


MODELS: list[type[BaseModel]] = [
    Run, Demand, Class, Place, Facility, Fleet, Carbon, Route, Departures, Quota, Transit, Detour,
    FacilityStage, Choice, Phase, Disruption, Assumption,
]  # fmt: skip


def test_every_key_is_explained_on_one_line() -> None:
    tables = [(Scenario, SCHEMA)] + [(each, SCHEMA["$defs"][each.__name__]) for each in MODELS]
    for model, table in tables:
        assert set(fields_of(model)) == set(table["properties"]) - {"extends", "order"}
        for key, described in table["properties"].items():
            assert 5 < len(described["description"]) < 150, f"{model.__name__}.{key}"
            assert "\n" not in described["description"]


def test_every_model_is_among_those() -> None:
    assert {each.__name__ for each in MODELS} == set(SCHEMA["$defs"])


def test_a_key_with_a_unit_says_it() -> None:
    units = {"_days": "[days]", "_hours": "[hours]", "_usd": "[USD]", "_per_year": "/year]"}
    explained = {k: v for each in SCHEMA["$defs"].values() for k, v in each["properties"].items()}
    for key, described in explained.items():
        for ending, unit in units.items():
            assert not key.endswith(ending) or unit in described["description"], key


def test_nothing_is_required_since_a_file_may_extend_another() -> None:
    assert not any("required" in node or "oneOf" in node for node in tables_in(SCHEMA))


def tables_in(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from tables_in(inner)


def test_help_names_every_bundled_scenario(tmp_path: Path) -> None:
    told = transsib("--help", cwd=tmp_path).stdout
    assert set(bundled()) <= set(re.findall(r"[\w-]+", re.sub(r"-\s+", "-", told)))
    assert "..." not in told.partition("Commands:")[2]  # what a command does is said in a line


def test_the_ledger_is_in_the_json_that_is_asked_for_it(tmp_path: Path) -> None:
    path = "routes.rail.stages.trains.annual_capacity"
    without, with_it = (
        json.loads(transsib("check", "link-200k", "--json", *more, cwd=tmp_path).stdout)
        for more in ([], ["--ledger"])
    )
    assert with_it.pop("assumptions")[path]["quality"] == "sourced"
    assert with_it == without
