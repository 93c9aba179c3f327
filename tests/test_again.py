"""The command that a report ends with makes the same results again."""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from corridors import SMALL, loaded
from processes import transsib
from rich.console import Console
from support import sampled

import sim
from sim.experiments.solve import frontier
from sim.experiments.store import load, save
from sim.results.results import Results
from sim.results.solution import Frontier
from sim.scenario.writing import to_toml
from sim.views.again import again
from sim.views.solutions import print_solutions
from sim.views.tables import print_study

LINE, WAIT = "routes.rail.stages.line.days", "routes.rail.max_wait_days"
SLOTS = "routes.rail.stages.trains.annual_capacity"
RANGES = f"""
[assumptions."{LINE}"]
quality = "assumed"
range = [12, 25]
source = "the test"
"""
LONG_TAIL = {"lognormal": {"median": 9, "p95": 12}}
BOOKED = {"rail.booked": 6_000}

Study = Callable[[sim.Scenario], Results | Frontier]

STUDIES: dict[str, Study] = {
    "run": lambda it: sim.run(it, jobs=1),
    "compare": lambda it: sim.compare([it, it.with_changes({WAIT: 1}, name="b")], jobs=1),
    "one more": lambda it: sim.one_more(it, jobs=1),
    "sweep": lambda it: sim.sweep(
        it, {SLOTS: [4_000, 8_000], LINE: [[9, 11], LONG_TAIL]}, worth=0.1, jobs=1
    ),
    "sensitivity": lambda it: sim.sensitivity(it, metric="sea.share", samples=2, jobs=1).results,
    "solve": lambda it: frontier(it, target=BOOKED, by=SLOTS, jobs=1),
    "frontier": lambda it: frontier(it, target=BOOKED, by=SLOTS, vary={WAIT: [1, 3]}, jobs=1),
    "within": lambda it: frontier(it, target=BOOKED, by=SLOTS, within=(5_000, 6_500.5), jobs=1),
}


@pytest.mark.parametrize("name", sampled(STUDIES, ("run", "sweep", "solve", "within")))
def test_it_makes_the_same_results(name: str, tmp_path: Path) -> None:
    base = loaded(tmp_path, SMALL.replace("20_000", "9_000") + RANGES)
    found = STUDIES[name](base.with_changes({"run.replications": 2, "run.seed": 7}))
    (tmp_path / "scenarios").mkdir()
    for scenario in (found.results if isinstance(found, Frontier) else found).scenarios:
        path = tmp_path / "scenarios" / f"{scenario.name}.toml"
        path.write_text(to_toml(scenario), "utf-8")
    program, *command, out, folder = shlex.split(again(found))
    assert (program, out, folder) == ("transsib", "--out", "again")
    done = transsib(*command, "--quiet", "--jobs", "1", cwd=tmp_path)
    assert done.stderr == ""
    assert done.stdout == told(found)


def told(found: Results | Frontier) -> str:
    """What results say, as the terminal shows it."""
    out = io.StringIO()
    console = Console(file=out, width=100, markup=False)
    print_solutions(found, console) if isinstance(found, Frontier) else print_study(found, console)
    return out.getvalue()


def test_a_folder_knows_the_bounds_of_a_goal_seek(tmp_path: Path) -> None:
    base, folder = loaded(tmp_path).with_changes({"run.replications": 1}), tmp_path / "out"
    for within, said in (((5_000, 6_500.5), ["--within", "5000.0:6500.5"]), (None, [])):
        save(frontier(base, target=BOOKED, by=SLOTS, within=within, jobs=1), folder)
        command = shlex.split(again(load(folder)))
        assert command[command.index(SLOTS) + 1 : -2] == said


def test_a_name_is_no_command(tmp_path: Path) -> None:
    """It is copied into a shell: what a file is called must not run."""
    scenario = loaded(tmp_path, name="$(true) & it's")
    results = Results((scenario,), {scenario.name: {}}, {})
    assert shlex.split(again(results)) == [
        "transsib", "run", f"scenarios/{scenario.name}.toml", "--out", "again",
    ]  # fmt: skip
