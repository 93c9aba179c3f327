"""The command that makes results again from the scenarios in their folder."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from sim.results.results import SHOWN, VARIED, WORTH, Results
from sim.results.sensitivity import METHOD, Sensitivity
from sim.results.solution import BOUNDS, Frontier


def again(found: Results | Frontier) -> str:
    """The command; empty where no scenario was kept, as of a goal that nothing reaches."""
    names = (found.results if isinstance(found, Frontier) else found).names
    if not names:
        return ""
    said = _solve(found) if isinstance(found, Frontier) else _study(found)
    return shlex.join(["transsib", *said, "--out", "again"])


def _study(results: Results) -> list[str]:
    known, (first, *others) = results.provenance, [f"scenarios/{n}.toml" for n in results.names]
    if results.is_one_more:
        return ["run", first, "--one-more"]
    if results.is_sweep:
        varied = _varied(json.loads(known[VARIED]))
        return ["sweep", first, *varied, "--metric", known[SHOWN], "--worth", known[WORTH]]
    if results.is_sensitivity:
        options = ("--metric", known[SHOWN], "--method", known[METHOD])
        numbers = ("--samples", Sensitivity.of(results).samples)
        replications = ("--replications", results.baseline.run.replications)
        return ["sensitivity", first, *options, *map(str, (*numbers, *replications))]
    return ["compare", first, *others] if results.paired else ["run", first, *others]


def _solve(frontier: Frontier) -> list[str]:
    """From the value that the unknown had, or the search would begin at its end."""
    first, file = frontier.solutions[0], f"scenarios/{frontier.results.names[0]}.toml"
    settings = [each.setting for each in frontier.solutions if each.setting]
    varied = {settings[0][0]: [value for _, value in settings]} if settings else {}
    before = ["--set", f"{first.by}={first.present:.10g}"]
    known = frontier.provenance
    bounds = ["--within", known[BOUNDS]] if BOUNDS in known else []
    return [
        "solve", file, *before, "--target", f"{first.target}={first.goal!r}", "--by", first.by,
        *bounds, *_varied(varied),
    ]  # fmt: skip


def _varied(values: Mapping[str, Iterable[Any]]) -> list[str]:
    """Values as a scenario file writes them."""
    return [
        part
        for path, each in values.items()
        for part in ("--vary", f"{path}={','.join(_written(value) for value in each)}")
    ]


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", " = "))
