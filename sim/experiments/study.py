"""Studies: a scenario many times, or several against a baseline."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from importlib.metadata import version

from sim.corridor import simulate
from sim.errors import IncompleteError, ResultsError, UsageError
from sim.experiments.estimate import refuse_if_large
from sim.experiments.replicate import Progress, Task, replicate, usable_cores
from sim.results.metrics import Measures, measure
from sim.results.observations import Observations
from sim.results.results import STUDY, Results, unique_names
from sim.scenario.model import Scenario

PACKAGES = ("numpy", "scipy", "simpy", "pydantic")
"""Packages on which the numbers depend."""

SAME_NUMBER = 1e-9
"""Relative difference below which two platforms agree."""


def run(
    scenario: Scenario | Sequence[Scenario],
    *,
    replications: int | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    large: bool = False,
) -> Results:
    """Replications of a scenario (or of several, each with its own [run]).

    replications: in place of the scenario's own
    jobs: processes, by default one for each core; executor: any Executor in their place
    progress: called with the number of finished and of all replications
    large: go on where more than about an hour or 2 GB are needed

    Raises TooLargeError, IncompleteError when no replication ended well, UsageError.
    """
    scenarios = [scenario] if isinstance(scenario, Scenario) else list(scenario)
    if not scenarios:
        raise UsageError("nothing to run: give at least one scenario")
    unique_names(scenarios)
    if replications is not None:
        change = {"run.replications": replications}
        scenarios = [each.with_changes(change) for each in scenarios]
    tasks = sum(each.run.replications for each in scenarios)
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs must be at least 1 (got {jobs})")
    jobs = min(jobs or usable_cores(), tasks)
    if not large:
        refuse_if_large(scenarios, jobs)
    return _collected(scenarios, jobs, executor, progress)


def compare(
    scenarios: Sequence[Scenario],
    *,
    replications: int | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    large: bool = False,
) -> Results:
    """Scenarios against the first, paired by replication through common random numbers.

    Arguments and errors as `run`; besides, UsageError unless all have the same seed, replications
    and confidence.
    """
    scenarios = list(scenarios)
    if len(scenarios) < 2:
        raise UsageError("a comparison needs a baseline and at least one scenario")
    for field in ("seed", "confidence", *(["replications"] if replications is None else [])):
        values = {scenario.name: getattr(scenario.run, field) for scenario in scenarios}
        if len(set(values.values())) > 1:
            said = ", ".join(f"{name}: {value}" for name, value in values.items())
            raise UsageError(f"a comparison pairs replications: run.{field} must agree ({said})")
    results = run(
        scenarios,
        replications=replications,
        jobs=jobs,
        executor=executor,
        progress=progress,
        large=large,
    )
    return replace(results, paired=True)


def once(scenario: Scenario) -> Results:
    """Replication 0 alone, in this process, for whoever waits for it.

    Its observations are kept, so that pictures do not simulate again. Raises TooLargeError.
    """
    scenario = scenario.with_changes({"run.replications": 1})
    refuse_if_large([scenario], jobs=1)
    observations = simulate(scenario, 0)
    return Results(
        scenarios=(scenario,),
        measures={scenario.name: {0: measure(scenario, observations)}},
        provenance=made_by(),
        resimulate=lambda *_: observations,
    )


def _collected(
    scenarios: list[Scenario], jobs: int, executor: Executor | None, progress: Progress | None
) -> Results:
    tasks = [Task(each, number) for each in scenarios for number in range(each.run.replications)]
    outcomes = replicate(tasks, jobs=jobs, executor=executor, progress=progress)
    failures = [t.failed(e) for t in tasks if isinstance(e := outcomes[t], Exception)]
    broken = {t.replication for t in tasks if isinstance(outcomes[t], Exception)}
    measures: dict[str, dict[int, Measures]] = {each.name: {} for each in scenarios}
    for task in tasks:
        outcome = outcomes[task]
        if task.replication not in broken and not isinstance(outcome, Exception):
            measures[task.scenario.name][task.replication] = outcome
    if not all(measures.values()):
        raise IncompleteError("\n".join(["no replication ended well", *failures]))
    provenance = made_by()
    return Results(
        scenarios=tuple(scenarios),
        measures=measures,
        provenance=provenance,
        failures=tuple(failures),
        resimulate=partial(resimulate, provenance),
    )


def made_by() -> dict[str, str]:
    """The versions that determine numbers."""
    packages = {name: version(name) for name in PACKAGES}
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return {"transsib": version("transsib"), "python": python, **packages}


def resimulate(made_with: dict[str, str], scenario: Scenario, stored: Measures) -> Observations:
    """Replication 0 once more. Raises ResultsError unless it measures as what is stored."""
    observations = simulate(scenario, 0)
    found = measure(scenario, observations)
    differing = [key for key in stored if not _agree(stored[key], found.get(key))]
    if differing:
        now = made_by()
        changed = [
            f"{name}: {then} then, {now.get(name)} now"
            for name, then in made_with.items()
            if name != STUDY and now.get(name) != then
        ]
        raise ResultsError(
            f"{scenario.name}: replication 0 does not come out as stored ({differing[0]}, "
            f"{len(differing)} in all); {'; '.join(changed) or 'no version differs: a bug'}"
        )
    return observations


def _agree(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME_NUMBER * max(abs(one), abs(other), 1.0)
