"""Sensitivity through the command: what is varied, kept, shown again and drawn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from corridors import SMALL, loaded, written

import sim
from sim.results.sensitivity import Sensitivity

TRANSSIB = str(Path(sys.executable).with_name("transsib"))
LEDGER = """
[assumptions."routes.rail.stages.line.days"]
range = [12, 25]
quality = "sourced"
source = "a minister"
[assumptions."demand.containers_per_year"]
range = [15_000, 25_000]
quality = "assumed"
source = "a guess"
"""


def transsib(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TRANSSIB, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
    )


def test_the_command_keeps_shows_and_draws(tmp_path: Path) -> None:
    file, out = written(tmp_path, SMALL + LEDGER), tmp_path / "out"
    few = ("--metric", "rail.share", "--samples", "2", "--replications", "2", "--jobs", "1")
    done = transsib("sensitivity", file, *few, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    assert (out / "tornado.png").exists()
    shown = transsib("show", out, "--json")
    assert shown.stdout == done.stdout
    assert json.loads(done.stdout)
    table = transsib("show", out).stdout
    assert max(map(len, table.splitlines())) <= 100
    assert "sourced" in table
    assert "assumed" in table


def test_the_ends_are_those_of_scenarios_with_that_one_change(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, SMALL + LEDGER)
    found = sim.sensitivity(scenario, metric="rail.share", samples=2, replications=2, jobs=1)
    effects = {each.path: each for each in found.effects}
    demand = effects["demand.containers_per_year"]
    assert (demand.low, demand.high) == (15_000, 25_000)
    for value, interval in ((15_000, demand.at_low), (25_000, demand.at_high)):
        alone = scenario.with_changes({"demand.containers_per_year": value})
        results = sim.run(alone, replications=2, jobs=1)
        assert interval.mean == pytest.approx(results.value("rail.share"), rel=1e-12)
    assert isinstance(found, Sensitivity)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (SMALL, [], "range"),
        (SMALL + LEDGER, ["--method", "guess"], "guess"),
        (SMALL + LEDGER, ["--metric", "rail.shar"], "did you mean rail.share?"),
        (SMALL + LEDGER, ["--samples", "0"], "--samples"),
    ],
)
def test_what_makes_no_sense_is_refused(
    text: str, options: list[str], said: str, tmp_path: Path
) -> None:
    done = transsib("sensitivity", written(tmp_path, text), *options)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr
