"""Goal seeking: the questions, and what would make no sense of them; `search` finds the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypedDict, Unpack, overload

from sim.errors import UsageError
from sim.experiments.estimate import estimate, refuse_if_large
from sim.experiments.provenance import made_by, resimulate
from sim.experiments.search import Bounds, search
from sim.experiments.tasks import Progress
from sim.experiments.trials import Laboratory, Unknown, check_metric
from sim.experiments.varied import Values, points, varied
from sim.experiments.workers import places, workers
from sim.results.solution import BOUNDS, Frontier, Solution
from sim.scenario.changes import plain
from sim.scenario.distributions import is_number
from sim.scenario.model import Scenario, a_scenario, replicated

EVALUATIONS = 12
"""How often all replications run in a usual search, for the estimate."""


class How(TypedDict, total=False):
    """How a search is run.

    within: bounds of the unknown; by default it goes outward from the present value
    replications, jobs, executor, cluster, large: as for `run`; progress: told of each batch of runs
    """

    within: Bounds | None
    replications: int | None
    jobs: int | None
    executor: Executor | None
    cluster: str | None
    progress: Progress | None
    large: bool


@overload
def solve(
    scenario: Scenario,
    *,
    target: Mapping[str, float],
    by: str,
    vary: None = None,
    **how: Unpack[How],
) -> Solution: ...


@overload
def solve(
    scenario: Scenario,
    *,
    target: Mapping[str, float],
    by: str,
    vary: Mapping[str, Iterable[Any]],
    **how: Unpack[How],
) -> Frontier: ...


def solve(
    scenario: Scenario,
    *,
    target: Mapping[str, float],
    by: str,
    vary: Mapping[str, Iterable[Any]] | None = None,
    **how: Unpack[How],
) -> Solution | Frontier:
    """The value of the unknown at path `by` for which a metric's mean is what it should be.

    target: one metric with its value, such as {"rail.share": 0.2}
    vary: one path with values, for a solution at each of them
    how: see `How`

    A target that cannot be reached is no error: the solution then has no value, says why, and what
    can be reached. Of several values that would do, one near the present value is found. Raises
    ScenarioError, UsageError, TooLargeError, and IncompleteError when a replication fails.
    """
    found = frontier(scenario, target=target, by=by, vary=vary, **how)
    return found.solutions[0] if vary is None else found


def frontier(
    scenario: Scenario,
    *,
    target: Mapping[str, float],
    by: str,
    vary: Mapping[str, Iterable[Any]] | None = None,
    within: Bounds | None = None,
    replications: int | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
    large: bool = False,
) -> Frontier:
    """As `solve`, which explains the arguments; a single solution is a frontier of one."""
    a_scenario(scenario)
    if replications is not None:
        scenario = replicated(scenario, replications)
    metric, goal = _target(target)
    bounds = None if within is None else _bounds(within)
    values = None if vary is None else _varied(vary, by)
    times = 1 if values is None else sum(map(len, values.values()))
    seconds = estimate([scenario], 1).seconds * EVALUATIONS * times
    most = places(jobs, cluster, executor, seconds=seconds)
    jobs = min(most, scenario.run.replications * times)
    apart = cluster is not None
    if not large:
        refuse_if_large([scenario], jobs, times=EVALUATIONS * times, apart=apart)
    check_metric(scenario, metric, goal)
    unknowns = [Unknown(each, by, metric, goal, said) for each, said in _settings(scenario, values)]
    if not large:
        refuse_if_large([each.scenario for each in unknowns], jobs, times=EVALUATIONS, apart=apart)
    with workers(jobs, executor, cluster) as crew:
        laboratory = Laboratory(crew, jobs, apart, progress, large)
        solutions = tuple(search(unknowns, bounds, laboratory))
    provenance = made_by()
    if bounds is not None:
        provenance[BOUNDS] = "{!r}:{!r}".format(*bounds)
    return Frontier(solutions, provenance, partial(resimulate, provenance))


def _target(target: Mapping[str, float]) -> tuple[str, float]:
    if not isinstance(target, Mapping) or len(target) != 1:
        raise UsageError(f"the target is one metric with its value (got {target!r:.60})")
    ((metric, goal),) = target.items()
    return metric, _finite(goal, f"--target: {metric}: must be a finite number")


def _bounds(within: Bounds) -> Bounds:
    if not isinstance(within, tuple | list) or len(within) != 2:
        raise UsageError(f"--within: must be two numbers, low and high (got {within!r:.60})")
    low, high = (_finite(end, "--within: must be finite numbers") for end in within)
    if not low < high:
        raise UsageError(f"--within: must rise (got {low:g}:{high:g})")
    return low, high


def _finite(value: Any, rule: str) -> float:
    value = plain(value)
    if not is_number(value) or not abs(value) < 1e300:
        raise UsageError(f"{rule} (got {value!r:.60})")
    return float(value)


def _varied(vary: Mapping[str, Iterable[Any]], by: str) -> Values:
    """The path that a frontier varies, with its values."""
    if not isinstance(vary, Mapping) or len(vary) != 1:
        raise UsageError(f"--vary: a frontier varies one path (got {vary!r:.60})")
    if by in vary:
        raise UsageError(f"--vary: {by}: is the unknown")
    return varied(vary)


def _settings(
    scenario: Scenario, values: Values | None
) -> list[tuple[Scenario, tuple[str, Any] | None]]:
    """The scenarios to solve, each with what is varied in it."""
    if values is None:
        return [(scenario, None)]
    (path,) = values
    return [(each, (path, value)) for each, (value,) in points(scenario, values)]
