"""Scenario files made to hurt: each is a scenario, or is refused by fault and place.

`make test` tries 100 of them; `TRANSSIB_EXAMPLES=20000` tries as many.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile import ESCAPES, LIKE_TOML, damaged_document, damaged_text, quoted
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from processes import transsib
from soon import soon

import sim
from sim.errors import ScenarioError, TooLargeError, legible
from sim.experiments.estimate import estimate
from sim.results.metrics import measure
from sim.scenario.files import bundled, load_text, load_with_notes
from sim.scenario.preview import to_json
from sim.scenario.writing import to_toml
from sim.views.previews import print_ledger, print_preview

NUMBER = max(100, int(os.environ.get("TRANSSIB_EXAMPLES", "100")))
PARTS = 3
"""In so many parts of each kind, which several processes share."""

SOON = 2.0
"""Seconds of work in which a file is read or refused."""

SMALL_SECONDS, SMALL_BYTES = 0.3, 3e8
"""Estimates of what is simulated besides."""

MOST_LINES, LONGEST_LINE = 500, 2_000
"""Of the message of a refused file."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all bundled scenarios, which others may extend."""
    here = tmp_path_factory.mktemp("hostile")
    for path in bundled().values():
        shutil.copy(path, here)
    return here


KINDS: dict[str, tuple[int, st.SearchStrategy[Any]]] = {
    # of six files so many
    "bytes": (1, st.binary(max_size=300) | LIKE_TOML.map(str.encode)),
    "texts": (3, damaged_text().map(lambda text: text.encode("utf-8", "surrogatepass"))),
    "documents": (2, damaged_document().map(lambda text: text.encode("utf-8", "surrogatepass"))),
}


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_a_scenario_or_is_refused(kind: str, part: int, folder: Path) -> None:
    path = folder / f"{kind}-{part}.toml"
    of_six, files = KINDS[kind]

    def law(data: bytes) -> None:
        path.write_bytes(data)
        assert_told(path)

    tried(law, files, NUMBER * of_six // 6 // PARTS, part)


def tried(law: Callable[[Any], None], made: st.SearchStrategy[Any], number: int, part: int) -> None:
    """Hold a law against so many cases; each part has its own."""
    about = settings(
        max_examples=number, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    seed(part)(about(given(made)(law)))()


def assert_told(path: Path) -> None:
    """A scenario that works, or faults with their places."""
    with soon(SOON):
        try:
            scenario, notes = load_with_notes(path, ())
        except ScenarioError as error:
            assert_located(error, path)
            return
        assert_previewed(scenario, notes)
    assert_simulated(scenario)


def assert_located(error: ScenarioError, path: Path) -> None:
    """Every fault has a file of the folder, a place in it, and nothing that a terminal obeys."""
    lines = str(error).split("\n")
    assert 0 < len(error.faults) == len(lines) <= MOST_LINES
    for fault, line in zip(error.faults, lines, strict=True):
        assert line.isprintable()
        assert len(line) < LONGEST_LINE
        assert "Traceback" not in line
        assert fault.message
        file = Path(fault.file)
        assert file == path or file.parent == path.parent or file.stem in bundled()
        assert (fault.line > 0) == (fault.column > 0)
        assert fault.line > 0 or not fault.path, "what is about a key has its place"


def assert_previewed(scenario: sim.Scenario, notes: tuple[str, ...]) -> None:
    """What `check` says, and the file beside results, which means the same."""
    out = io.StringIO()
    print_preview(scenario, notes, out)
    print_ledger(scenario, out)
    assert_harmless(out.getvalue())
    json.dumps(to_json(scenario, notes), allow_nan=False)
    again = load_text(to_toml(scenario), scenario.name, "again")
    assert again == scenario
    assert again.key == scenario.key


def assert_harmless(text: str) -> None:
    """Nothing that a terminal obeys."""
    assert legible(text) == text


def assert_simulated(scenario: sim.Scenario) -> None:
    """Where it is small: it runs, or is refused by what it means."""
    try:
        tiny = scenario.with_changes(
            {
                "run.warmup_days": min(scenario.run.warmup_days, 5.0),
                "run.days": min(scenario.run.days, 10.0),
                "run.replications": 1,
            }
        )
    except ScenarioError:  # a date beyond the end
        return
    needs = estimate([tiny], 1)
    if needs.seconds > SMALL_SECONDS or needs.memory_bytes > SMALL_BYTES:
        return
    try:
        measure(tiny, sim.simulate(tiny))
    except TooLargeError:
        return


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", ESCAPES], ["show", ESCAPES], ["init", f"{ESCAPES}.toml"],
        ["init", "../a\x1b.toml"], ["init", "a.toml", "--from", ESCAPES],
        ["check", "today", "--set", f"{ESCAPES}=1"],
        ["check", "today", "--set", f"title={quoted(ESCAPES)}"],
        ["check", "today", "--set", ESCAPES],
        ["run", "today", "--metric", ESCAPES, "--precision", "1%"],
        ["sweep", "today", "--vary", f"{ESCAPES}=1,2"], ["run", "today", "--out", ESCAPES],
        ["solve", "today", "--target", f"{ESCAPES}=1", "--by", ESCAPES], ["plot", ESCAPES],
        ["run", "today", "--cluster", ESCAPES], ["report", ESCAPES], ["animate", ESCAPES],
    ],
    ids=lambda arguments: f"{arguments[0]}-{len(arguments)}",
)  # fmt: skip
def test_words_of_a_command_are_spelt_out(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / ESCAPES.replace("/", "")).write_text("")
    done = transsib(*arguments, cwd=tmp_path, status=None)
    assert done.returncode in (2, 4), done
    assert "Traceback" not in done.stderr
    assert legible(done.stderr) == done.stderr
