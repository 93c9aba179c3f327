"""Whether what a file holds can have come from a study: checksums tell only what changed since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from sim.results.indices import block
from sim.results.metrics import ALL, METRICS, Measures
from sim.results.results import Results
from sim.results.sensitivity import Sensitivity
from sim.results.solution import BOUNDS, Frontier, Solution
from sim.results.sweep import Sweep
from sim.scenario.model import Scenario

ALWAYS = ("throughput", "share")
"""Metrics that every route has, and all of them together."""


LARGEST = 1e100
"""No figure is as large; beyond, squares of differences overflow."""


def check(found: Results | Frontier) -> None:
    """Raise ValueError, LookupError or TypeError where something does not fit together."""
    if isinstance(found, Frontier):
        for solution in found.solutions:
            _check_solution(solution)
        if BOUNDS in found.provenance:
            low, high = map(float, found.provenance[BOUNDS].split(":"))
            _check_figures((low, high))
        return
    for scenario in found.scenarios:
        _check_replications(scenario, found.measures[scenario.name])
    if found.is_sweep:
        _check_sweep(Sweep.of(found))
    if found.is_sensitivity:
        _check_sensitivity(Sensitivity.of(found))


def _check_replications(scenario: Scenario, replications: Mapping[int, Measures]) -> None:
    """Each replication is one that was asked for, and has the same metrics as the others."""
    first = next(iter(replications.values()))
    for key in first:
        if key.metric not in METRICS or key.route not in (ALL, *scenario.routes):
            raise ValueError(f"{scenario.name} has no {key}")
        if not key.part.isprintable():
            raise ValueError(f"no part is called {key.part!r:.60}")
    there = {(key.route, key.metric) for key in first if key.part == ALL}
    if not there.issuperset((route, m) for route in (ALL, *scenario.routes) for m in ALWAYS):
        raise ValueError(f"metrics of {scenario.name} are missing")
    for number, measures in replications.items():
        if number not in range(scenario.run.replications) or measures.keys() != first.keys():
            raise ValueError(f"replication {number} is none of {scenario.name}")
        _check_figures(measures.values())


def _check_figures(values: Iterable[float | None]) -> None:
    for value in values:
        if value is not None and not abs(value) < LARGEST:
            raise ValueError(f"{value!r:.20} is no figure")


def _check_solution(solution: Solution) -> None:
    about, metric = solution, solution.metric
    figures = (about.value, about.low, about.high, metric.mean, metric.low, metric.high)
    _check_figures((about.present, about.goal, *about.tried, *(about.reached or ()), *figures))
    if len(about.tried) != 2 or len(about.reached or (0, 0)) != 2:
        raise ValueError("a range has two ends")
    if not all(word.isprintable() for word in (about.by, about.target, about.why)):
        raise ValueError("a path is a line of text")
    METRICS[about.target.rpartition(".")[2]]


def _check_sweep(found: Sweep) -> None:
    json.dumps(found.values, allow_nan=False)
    if not 0 < found.worth <= 1:
        raise ValueError(f"{found.worth!r:.20} is worth nothing")
    tuple(found.points)


def _check_sensitivity(found: Sensitivity) -> None:
    if found.method not in ("morris", "sobol"):
        raise ValueError(f"no method {found.method!r:.20}")
    _check_figures(end for ends in found.ranges.values() for end in ends)
    _check_figures(found.sample.ravel())
    size, inputs = len(found.results.names) - 1 - 2 * len(found.ranges), len(found.ranges)
    if found.sample.shape != (size, inputs) or size % block(found.method, inputs):
        raise ValueError("the sample is not that of its scenarios")
    tuple(found.effects)
