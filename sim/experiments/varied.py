"""What `--vary` asks for: a scenario at each of some values, each with a name of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice, product
from typing import Any

from sim.errors import TooLargeError, UsageError
from sim.experiments.trials import check_parameter
from sim.scenario.changes import plain
from sim.scenario.files import changed
from sim.scenario.model import Scenario
from sim.scenario.schema import split

MOST_POINTS = 100_000
"""More scenarios than this are not even made."""

Values = dict[str, list[Any]]
"""What is varied: values by path."""


def varied(vary: Mapping[str, Iterable[Any]]) -> Values:
    """The values of each path as plain data, counted before anything is made of them.

    Raises UsageError, TooLargeError for more than MOST_POINTS values or points.
    """
    found: Values = {}
    points = 1
    for path, values in vary.items():
        found[path] = _listed(path, values)
        points *= len(found[path])
        if points > MOST_POINTS:
            raise TooLargeError(f"--vary: {path}: makes more than {MOST_POINTS:,} points")
    return found


def _listed(path: str, values: Iterable[Any]) -> list[Any]:
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise UsageError(f"--vary: {path}: must be a list of values (got {values!r:.60})")
    check_parameter("--vary", path)
    found = [plain(value) for value in islice(values, MOST_POINTS + 1)]
    if not found:
        raise UsageError(f"--vary: {path}: no value is said")
    if len(found) > MOST_POINTS:
        raise TooLargeError(f"--vary: {path}: is more than {MOST_POINTS:,} values")
    said = set[str]()
    for text in map(_written, found):
        if text in said:
            raise UsageError(f"--vary: {path}: says {text} twice")
        said.add(text)
    return found


def _written(value: Any) -> str:
    """A value in a form in which equal ones are equal: 5.0 as 5."""
    if isinstance(value, float):
        return f"{value:.12g}"
    return f"{value}" if isinstance(value, int | str) else json.dumps(value, default=str)


def points(scenario: Scenario, values: Values) -> list[tuple[Scenario, tuple[Any, ...]]]:
    """The scenario at every combination of the values, the last path varying fastest.

    Called "link-200k-annual_capacity-300000". Raises ScenarioError with the fault of the first
    value that is none, UsageError where one path replaces what another has set.
    """
    found = [
        (changed(scenario, dict(zip(values, at, strict=True)), name=name, said="--vary"), at)
        for name, at in zip(_names(scenario, values), product(*values.values()), strict=True)
    ]
    names: dict[str, str] = {}
    for each, _ in found:
        other = names.setdefault(each.key, each.name)
        if other != each.name:
            raise UsageError(
                f"--vary: {other} and {each.name} are the same scenario: "
                f"{' or '.join(values)} changes nothing, or takes back what the other has set"
            )
    return found


def _names(scenario: Scenario, values: Values) -> list[str]:
    """A name for every point, with the last word of each path."""
    parts = [
        [f"-{split(path)[-1]}-{_fit(value, number)}" for number, value in enumerate(those)]
        for path, those in values.items()
    ]
    return [scenario.name + "".join(some) for some in product(*parts)]


def _fit(value: Any, number: int) -> str:
    """A value as a part of a name; what is no number or word is counted."""
    return _written(value) if isinstance(value, int | float | str) else f"{number}"
