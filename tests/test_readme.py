"""What the README shows works as it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from processes import transsib

import sim
from sim.scenario.options import setting

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_first_scenario_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(block("toml"), encoding="utf-8")
    done = transsib("check", "mine.toml", cwd=tmp_path)
    assert "trains binds at 300,000" in done.stdout
    assert "changed without restating its assumption" in done.stdout


def test_the_mistake_is_told_as_shown(tmp_path: Path) -> None:
    wrong = block("toml").replace(" capacity = 70", " capcity = 70")
    (tmp_path / "mine.toml").write_text(wrong, encoding="utf-8")
    done = transsib("check", "mine.toml", cwd=tmp_path, status=2)
    assert done.stdout == ""
    (shown,) = re.findall(r"^    (mine\.toml:.*)$", README, re.MULTILINE)
    assert done.stderr.strip() == shown


def test_the_options_that_change_a_value() -> None:
    for option in re.findall(r"--set (\S+=[\w.]+)", README):
        path, value, _ = setting(option)
        changed = sim.load_scenario("link-200k", {path: value})
        assert changed != sim.load_scenario("link-200k")


FEW = {"demand.containers_per_year": 50_000, "run.days": 10, "run.warmup_days": 30}


def test_the_python_example() -> None:
    small = {"demand.containers_per_year": 1_000_000, "run.days": 40}
    code = block("python").replace("replications=10", "replications=2, jobs=1")
    code = code.replace('load_scenario("link-200k")', f'load_scenario("link-200k", {small})')
    code = code.replace("replications=5)", "replications=1, jobs=1)")
    code = code.replace('load_scenario("corridor-200k")', f'load_scenario("corridor-200k", {FEW})')
    code = code.replace('by="routes.rail.freight_usd")', 'by="routes.rail.freight_usd", **FEW)')
    names: dict[str, Any] = {"FEW": {"replications": 1, "jobs": 2}}
    exec(compile(code, "README.md", "exec"), names)
    results: sim.Results = names["results"]
    assert results.value("rail.share", scenario="300k") == pytest.approx(0.3, rel=0.02)
    assert names["found"].value == pytest.approx(304, abs=15)


@pytest.mark.slow
def test_the_commands_that_ask_backwards(tmp_path: Path) -> None:
    told = README.replace("\\\n", " ")
    commands = re.findall(r"^ {4}transsib (solve .*)$", told, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        few = [*command.split(), "--replications", "1", "--set", "run.days=60"]
        transsib(*few, cwd=tmp_path)
    assert (tmp_path / "frontier" / "frontier.png").is_file()


def test_links_lead_somewhere() -> None:
    root = Path(__file__).parents[1]
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (root / target).is_file(), target
