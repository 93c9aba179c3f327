"""Studies: a scenario many times, or several against a baseline."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import TypedDict, Unpack

from sim.corridor import simulate
from sim.errors import IncompleteError, UsageError
from sim.experiments.estimate import estimate, refuse_if_large
from sim.experiments.keeping import Keeper, keeping
from sim.experiments.precision import Precision
from sim.experiments.provenance import made_by
from sim.experiments.store import Replications
from sim.experiments.tasks import Failure, Outcome, Progress, Task, gathered
from sim.experiments.trials import check_known
from sim.experiments.workers import Crew, places, workers
from sim.results.metrics import measure
from sim.results.results import Results, unique_names
from sim.scenario.distributions import whole
from sim.scenario.model import Scenario, a_scenario, replicated


class How(TypedDict, total=False):
    """How a study is run.

    replications: in place of the scenarios' own
    jobs: processes, by default one for each core, or this one alone for about a second's work; in
        their place
    executor: any Executor, or cluster: the address of a Dask scheduler, such as tcp://host:8786
    progress: called with the number of finished and of all replications
    large: go on where more than about an hour or 2 GB are needed
    out: a folder that keeps each replication as it ends; what it holds already is not run again
    precision: replications are added until intervals are as narrow: "1%", or a `Precision`
    """

    replications: int | None
    jobs: int | None
    executor: Executor | None
    cluster: str | None
    progress: Progress | None
    large: bool
    out: str | os.PathLike[str] | None
    precision: Precision | str | None


def run(scenario: Scenario | Sequence[Scenario], **how: Unpack[How]) -> Results:
    """Replications of a scenario (or of several, each with its own [run]); `How` has the options.

    Raises TooLargeError, IncompleteError when no replication ended well, UsageError, and
    ResultsError where the folder cannot be used.
    """
    return studied(_several(scenario), paired=False, **how)


def compare(scenarios: Sequence[Scenario], **how: Unpack[How]) -> Results:
    """Scenarios against the first, paired by replication through common random numbers.

    Options and errors as `run`; besides, UsageError unless all have the same seed, replications
    and confidence.
    """
    several = _several(scenarios)
    if len(several) < 2:
        raise UsageError("a comparison needs a baseline and at least one scenario")
    return studied(several, paired=True, **how)


def _several(scenarios: Scenario | Iterable[Scenario]) -> list[Scenario]:
    """Those that are to be simulated. Raises UsageError."""
    is_list = isinstance(scenarios, Iterable) and not isinstance(scenarios, Scenario | str)
    return [a_scenario(each) for each in (scenarios if is_list else [scenarios])]


def studied(
    scenarios: Sequence[Scenario],
    *,
    paired: bool,
    tags: Mapping[str, str] | None = None,
    replications: int | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
    large: bool = False,
    out: str | os.PathLike[str] | None = None,
    precision: Precision | str | None = None,
) -> Results:
    """What every study does: `tags` say in its provenance which it is. Errors as `compare`."""
    if replications is not None:
        replications = whole("replications", replications, 1)
    if precision is not None and not isinstance(precision, Precision):
        precision = Precision.parse(precision, most=replications)
    scenarios = _asked(scenarios, replications, precision, paired=paired)
    jobs, apart = at_a_time(scenarios, jobs, cluster, executor, precision), cluster is not None
    if not large:
        refuse_if_large(scenarios, jobs, apart=apart)
    provenance = {**made_by(), **(tags or {})}
    with ExitStack() as stack:
        keeper = None
        if out is not None:
            kept = keeping(Path(out), scenarios, provenance, paired=paired)
            keeper = stack.enter_context(kept)
            scenarios = keeper.scenarios
        crew = stack.enter_context(workers(jobs, executor, cluster))
        known = keeper.known if keeper else {}
        while True:
            outcomes = _outcomes(scenarios, crew, keeper, known, progress)
            failures = [t.failed(o) for t, o in outcomes.items() if isinstance(o, Failure)]
            ended = _complete(scenarios, outcomes, failures, paired=paired)
            results = gathered(scenarios, ended, provenance, paired=paired, failures=failures)
            number = precision.next_number(results) if precision and not failures else None
            if number is None:
                break
            scenarios = [replicated(each, max(each.run.replications, number)) for each in scenarios]
            if not large:
                refuse_if_large(scenarios, jobs, apart=apart)
            if keeper:
                keeper.asked(scenarios)
        if keeper and failures:
            keeper.failed(failures)
    return results


def at_a_time(
    scenarios: Sequence[Scenario], jobs: int | None, cluster: str | None,
    executor: Executor | None = None, precision: Precision | None = None,
) -> int:  # fmt: skip
    """How many replications of a study run at a time. Raises as `places`."""
    tasks = sum(each.run.replications for each in scenarios)
    seconds = math.inf if precision else estimate(scenarios, 1).seconds
    return min(places(jobs, cluster, executor, seconds=seconds), tasks)


def _asked(
    scenarios: Sequence[Scenario], replications: int | None, precision: Precision | None, *,
    paired: bool,
) -> Sequence[Scenario]:  # fmt: skip
    """The scenarios with the replications to begin with, if they make a study."""
    if not scenarios:
        raise UsageError("nothing to run: give at least one scenario")
    unique_names(scenarios)
    if paired:
        _check_pairs(scenarios, ["seed", "confidence", *(["replications"] * (not replications))])
    if precision is not None:
        replications = precision.first
        for scenario, metric in product(scenarios, precision.metrics):
            check_known("--metric", scenario, metric)
    if replications is not None:
        scenarios = [replicated(each, replications) for each in scenarios]
    return scenarios


def _check_pairs(scenarios: Sequence[Scenario], fields: Sequence[str]) -> None:
    for field in fields:
        values = {scenario.name: getattr(scenario.run, field) for scenario in scenarios}
        if len(set(values.values())) > 1:
            said = ", ".join(f"{name}: {value}" for name, value in values.items())
            raise UsageError(f"a comparison pairs replications: run.{field} must agree ({said})")


def _outcomes(
    scenarios: Sequence[Scenario], crew: Crew, keeper: Keeper | None, known: Replications,
    progress: Progress | None,
) -> dict[Task, Outcome | Failure]:  # fmt: skip
    """What came of each replication, in the order of tasks; what is known is not simulated again.

    Replication by replication, so that what is there after an interruption can be paired.
    """
    most = max(each.run.replications for each in scenarios)
    tasks = [
        Task(each, number)
        for number in range(most)
        for each in scenarios
        if number < each.run.replications
    ]
    found: dict[Task, Outcome | Failure | None] = {
        task: known.get(task.scenario.name, {}).get(task.replication) for task in tasks
    }
    missing = [task for task, outcome in found.items() if outcome is None]
    if progress:
        progress(len(tasks) - len(missing), len(tasks))
    for number, (task, outcome) in enumerate(crew.finished(missing), len(tasks) - len(missing) + 1):
        if isinstance(outcome, Outcome):
            known.setdefault(task.scenario.name, {})[task.replication] = outcome
            if keeper:
                keeper.keep(task, outcome)
        found[task] = outcome
        if progress:
            progress(number, len(tasks))
    return {task: outcome for task, outcome in found.items() if outcome is not None}


def _complete(
    scenarios: Sequence[Scenario], outcomes: Mapping[Task, Outcome | Failure],
    failures: Sequence[str], *, paired: bool,
) -> dict[str, dict[int, Outcome]]:  # fmt: skip
    """What came of those replications that ended well; of pairs, in every scenario."""
    ended: dict[str, dict[int, Outcome]] = {each.name: {} for each in scenarios}
    failed = {task.replication for task, o in outcomes.items() if isinstance(o, Failure)}
    for task, outcome in outcomes.items():
        if isinstance(outcome, Outcome) and not (paired and task.replication in failed):
            ended[task.scenario.name][task.replication] = outcome
    if not all(ended.values()):
        raise IncompleteError("\n".join(["no replication ended well", *failures]))
    return ended


def once(scenario: Scenario) -> Results:
    """Replication 0 alone, in this process, for whoever waits for it.

    Its observations are kept, so that pictures do not simulate again. Raises TooLargeError.
    """
    scenario = replicated(a_scenario(scenario), 1)
    refuse_if_large([scenario], jobs=1)
    observations = simulate(scenario, 0)
    return Results(
        scenarios=(scenario,),
        measures={scenario.name: {0: measure(scenario, observations)}},
        provenance=made_by(),
        resimulate=lambda *_: observations,
    )
