"""The house: what is public, what stays light, and who may open what."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sim
from sim.results.metrics import METRICS

PACKAGE = Path(sim.__file__).parent
PUBLIC = [
    "load_scenario", "Scenario", "simulate", "Observations", "run", "compare", "Results",
    "one_more", "sweep", "sensitivity", "solve", "load_results", "trace", "explore", "plots",
    "TranssibError", "ScenarioError",
]  # fmt: skip


def modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split()) & {
        "matplotlib", "pandas", "scipy", "scipy.special", "scipy.stats", "numpy", "simpy",
        "typer", "pydantic", "rich", "tomlkit",
    }  # fmt: skip


MISTAKE = """
import contextlib, sim.cli
sys.argv = ["transsib", "run", "toady"]
with contextlib.suppress(SystemExit):
    sim.cli.main()
"""


def test_the_public_names() -> None:
    assert sim.__all__ == PUBLIC
    for name in PUBLIC:
        assert getattr(sim, name) is not None
    with pytest.raises(AttributeError):
        sim.nothing_of_the_kind  # noqa: B018


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import sim", set()),
        ("import sim.cli", {"typer"}),
        (MISTAKE, {"typer", "pydantic"}),
        ("import sim; sim.load_scenario('today').preview()", {"pydantic"}),
        (
            "from sim.experiments.workers import run_task",
            {"pydantic", "numpy", "simpy", "scipy", "scipy.special"},
        ),
    ],
    ids=["package", "command line", "mistake", "check", "worker"],
)
def test_heavy_packages_are_imported_where_they_are_used(statement: str, allowed: set[str]) -> None:
    assert modules_after(statement) <= allowed


def test_only_the_scenario_room_reads_and_writes_toml() -> None:
    modules = {p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py") if knows_toml(p)}
    assert modules <= {"scenario/files.py", "scenario/positions.py", "scenario/writing.py"}


def knows_toml(path: Path) -> bool:
    return bool(re.search(r"^\s*(import|from) (tomllib|tomlkit)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("room", ["corridor", "results"])
def test_no_figure_hangs_on_the_number_of_cores(room: str) -> None:
    # The sums of BLAS do: it splits long ones among its threads, whose waiting costs time besides.
    for path in (PACKAGE / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.MatMult), path
            name = node.attr if isinstance(node, ast.Attribute) else ""
            assert name not in {"dot", "inner", "vdot", "matmul", "einsum", "linalg"}, path


def test_every_metric_is_one_that_the_contract_names() -> None:
    assert set(METRICS) >= {
        "throughput", "share", "booked", "refused", "unserved", "door_to_door_mean",
        "door_to_door_p5", "door_to_door_p50", "door_to_door_p90", "door_to_door_p95",
        "wait_mean", "under_way_mean", "backlog_mean", "backlog_end", "load_factor",
        "on_time",
    }  # fmt: skip


def test_the_results_folder_knows_its_pictures() -> None:
    from sim.experiments.store import PICTURES
    from sim.views.pictures import FRONTIER, SWEEP, TORNADO
    from sim.views.pictures import PICTURES as DRAWN

    assert set(PICTURES) == {*DRAWN, FRONTIER, SWEEP, TORNADO}
