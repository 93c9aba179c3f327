"""Sensitivity through the command: what is told before, kept, shown again and drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corridors import SMALL, written
from typer.testing import CliRunner, Result

from sim.cli.commands import app

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


def transsib(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_the_command_keeps_shows_and_draws(tmp_path: Path) -> None:
    file, out = written(tmp_path, SMALL + LEDGER), tmp_path / "out"
    few = ("--metric", "rail.share", "--samples", "2", "--replications", "2", "--jobs", "1")
    done = transsib("sensitivity", file, *few, "--out", out, "--json")
    assert done.exit_code == 0, done.stderr
    assert (out / "tornado.png").exists()
    shown = transsib("show", out, "--json")
    assert shown.stdout == done.stdout
    assert json.loads(done.stdout)
    table = transsib("show", out).stdout
    assert max(map(len, table.splitlines())) <= 100
    assert "sourced" in table
    assert "assumed" in table


def test_it_says_what_it_would_take(tmp_path: Path) -> None:
    file = written(tmp_path, SMALL + LEDGER)
    for method, points in (("sobol", 64 * 4), ("morris", 20 * 3)):
        done = transsib("sensitivity", file, "--method", method, "--dry-run")
        assert done.exit_code == 0
        assert f"{2 * (5 + points)} replications of {5 + points} scenarios" in done.stdout


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
    assert done.exit_code == 2, done
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr
