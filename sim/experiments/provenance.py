"""By which versions numbers were made, and whether they come out again."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

from sim.corridor import simulate
from sim.errors import ResultsError
from sim.results.metrics import Measures, measure
from sim.results.observations import Observations
from sim.scenario.model import Scenario

PACKAGES = ("numpy", "scipy", "simpy", "pydantic")
"""Packages on which the numbers depend."""

SAME_NUMBER = 1e-9
"""Relative difference below which two platforms agree."""


ROOMS = ("scenario", "corridor", "results")
"""What a replication is made by."""


@cache
def model() -> str:
    """A fingerprint of the model's source: two that differ may give other numbers."""
    found = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((Path(__file__).parents[1] / room).glob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:12]


def made_by() -> dict[str, str]:
    """The versions that determine numbers."""
    packages = {name: version(name) for name in PACKAGES}
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return {"transsib": version("transsib"), "model": model(), "python": python, **packages}


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Which of the versions that determine numbers differ, in words."""
    return [
        f"{name}: {before.get(name)} then, {now.get(name)} now"
        for name in made_by()
        if before.get(name) != now.get(name)
    ]


def resimulate(made_with: Mapping[str, str], scenario: Scenario, stored: Measures) -> Observations:
    """Replication 0 once more. Raises ResultsError unless it measures as what is stored."""
    observations = simulate(scenario, 0)
    found = measure(scenario, observations)
    differing = [key for key in stored if not _agree(stored[key], found.get(key))]
    if differing:
        versions = changed(made_with, made_by())
        raise ResultsError(
            f"{scenario.name}: replication 0 does not come out as stored ({differing[0]}, "
            f"{len(differing)} in all); {'; '.join(versions) or 'no version differs: a bug'}"
        )
    return observations


def _agree(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME_NUMBER * max(abs(one), abs(other), 1.0)
