"""Goal seeking: the value of one unknown that brings a metric to a target.

All values are tried on the same random numbers, so the mean of a metric over the replications is a
function of the unknown, and scipy finds its root. Some replications first show between which values
the target lies, looking ever further around the present one; all of them then settle it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise

from sim.errors import UsageError
from sim.experiments.estimate import refuse_if_large
from sim.experiments.replicate import Progress, usable_cores, workers
from sim.experiments.study import made_by, resimulate
from sim.experiments.trials import Laboratory, Unknown
from sim.results.results import unique_names
from sim.results.solution import Frontier, Solution
from sim.scenario.files import changed
from sim.scenario.model import Scenario

PILOT = 2
"""Replications that look for a bracket."""

RINGS = 9
"""How often the search goes four times further: at most 4,096 times as far as the present value."""

WITHIN = 9
"""Values that are tried first where bounds are given."""

ENOUGH, FINEST = 1e-4, 1e-6
"""Relative distances from the target and of values at which the search ends: far within noise."""

EVALUATIONS = 12
"""How often all replications run in a usual search, for the estimate."""

Bounds = tuple[float, float]


@overload
def solve(
    scenario: Scenario,
    *,
    target: Mapping[str, float],
    by: str,
    vary: None = None,
    within: Bounds | None = None,
    replications: int | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    large: bool = False,
) -> Solution: ...


@overload
def solve(
    scenario: Scenario,
    *,
    target: Mapping[str, float],
    by: str,
    vary: Mapping[str, Iterable[Any]],
    within: Bounds | None = None,
    replications: int | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    large: bool = False,
) -> Frontier: ...


def solve(
    scenario: Scenario,
    *,
    target: Mapping[str, float],
    by: str,
    vary: Mapping[str, Iterable[Any]] | None = None,
    within: Bounds | None = None,
    replications: int | None = None,
    jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    large: bool = False,
) -> Solution | Frontier:
    """The value of the unknown at path `by` for which a metric's mean is what it should be.

    target: one metric with its value, such as {"rail.share": 0.2}
    vary: one path with values, for a solution at each of them
    within: bounds of the unknown; by default the search goes outward from the present value
    replications, jobs, executor, large: as for `run`; progress: told of each batch of runs

    A target that cannot be reached is no error: the solution then has no value, says why, and what
    can be reached. Of several values that would do, one near the present value is found. Raises
    ScenarioError, UsageError, TooLargeError, and IncompleteError when a replication fails.
    """
    how: dict[str, Any] = {"within": within, "replications": replications, "jobs": jobs}
    how |= {"executor": executor, "progress": progress, "large": large}
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
    progress: Progress | None = None,
    large: bool = False,
) -> Frontier:
    """As `solve`, which explains the arguments; a single solution is a frontier of one."""
    if replications is not None:
        scenario = scenario.with_changes({"run.replications": replications})
    metric, goal = _target(target)
    unknowns = [Unknown(each, by, metric, goal, said) for each, said in _settings(scenario, vary)]
    jobs = usable_cores() if jobs is None else jobs
    if jobs < 1:
        raise UsageError(f"jobs must be at least 1 (got {jobs})")
    if within is not None and not -math.inf < within[0] < within[1] < math.inf:
        raise UsageError(f"bounds must be finite and rise (got {within[0]:g}:{within[1]:g})")
    if not large:
        refuse_if_large([each.scenario for each in unknowns] * EVALUATIONS, jobs)
    with workers(jobs, executor) as pool:
        laboratory = Laboratory(pool, jobs, progress, large)
        solutions = tuple(_search(unknowns, within, laboratory))
    provenance = made_by()
    return Frontier(solutions, provenance, partial(resimulate, provenance))


def _target(target: Mapping[str, float]) -> tuple[str, float]:
    if len(target) != 1:
        raise UsageError(f"the target is one metric with its value (got {len(target)})")
    ((metric, goal),) = target.items()
    if isinstance(goal, bool) or not isinstance(goal, int | float) or not math.isfinite(goal):
        raise UsageError(f"the target of {metric} must be a finite number (got {goal!r:.60})")
    return metric, float(goal)


def _settings(
    scenario: Scenario, vary: Mapping[str, Iterable[Any]] | None
) -> list[tuple[Scenario, tuple[str, Any] | None]]:
    """The scenarios to solve, each with what is varied in it."""
    if vary is None:
        return [(scenario, None)]
    if len(vary) != 1:
        raise UsageError(f"a frontier varies one path (got {len(vary)})")
    ((path, values),) = vary.items()
    stem, settings = f"{scenario.name}-{path.rpartition('.')[2]}", list(values)
    if not settings:
        raise UsageError(f"{path}: no value to solve for")
    varied = [
        changed(scenario, {path: value}, name=f"{stem}-{_fit(value, number)}", said="vary")
        for number, value in enumerate(settings)
    ]
    unique_names(varied)
    return [(each, (path, value)) for each, value in zip(varied, settings, strict=True)]


def _fit(value: Any, number: int) -> str:
    """A value as a part of a name; what is no number or word is counted."""
    return f"{value}" if isinstance(value, int | float | str) else f"{number}"


def _search(
    unknowns: Sequence[Unknown], within: Bounds | None, laboratory: Laboratory
) -> Iterator[Solution]:
    """Look around on some replications, settle on all; for all unknowns at the same time."""
    every = unknowns[0].scenario.run.replications
    few = min(PILOT, every)
    first = unknowns[0]
    laboratory.run([(first, first.present)], 1)
    first.interval(first.present, 1)  # a metric that there is not is told now
    _look_around(unknowns, within, laboratory, few)
    ends = [(each, x) for each in unknowns for x in each.bracket(few) or ()]
    laboratory.run(ends, every)
    _look_around([each for each in unknowns if each.bracket(few)], within, laboratory, every)
    _settle([each for each in unknowns if each.bracket(every)], laboratory, every)
    for each in unknowns:
        yield _solved(each, every) if each.bracket(every) else _unsolved(each, few)


def _look_around(
    unknowns: Sequence[Unknown], within: Bounds | None, laboratory: Laboratory, replications: int
) -> None:
    """Try values ever further from the present ones until the target lies between two of them."""
    for number in range(RINGS + 1):
        trials = [
            (unknown, x)
            for unknown in unknowns
            if unknown.bracket(replications) is None
            for x in _ring(unknown, within, number)
            if laboratory.allows(unknown, x)
        ]
        laboratory.run(trials, replications)


def _ring(unknown: Unknown, within: Bounds | None, number: int) -> list[float]:
    """The values to try next: on both sides and towards 0, or the same number within bounds."""
    present = unknown.present
    step = (abs(present) / 16 or 1.0) * 4.0 ** (number - 1)
    if within is not None:
        values = np.linspace(*within, WITHIN).tolist() if number == 0 else []
    elif number == 0:
        values = [present]
    else:
        values = [present - step, present + step, present / 4.0**number]
    return [float(round(x)) if unknown.is_whole else x for x in values]


def _settle(unknowns: Sequence[Unknown], laboratory: Laboratory, replications: int) -> None:
    """Find the roots on all replications (Chandrupatla 1997), all unknowns abreast."""
    if not unknowns:
        return

    def gaps(values: NDArray[np.float64], index: NDArray[np.int64]) -> NDArray[np.float64]:
        pairs = zip(index.ravel().tolist(), values.ravel().tolist(), strict=True)
        trials = [(unknowns[n], round(x) if unknowns[n].is_whole else x) for n, x in pairs]
        laboratory.run(trials, replications)
        return np.array([each.gap(x, replications) for each, x in trials]).reshape(values.shape)

    lows, highs = np.array([each.bracket(replications) for each in unknowns]).T
    first = unknowns[0]
    elementwise.find_root(
        gaps,
        (lows, highs),
        args=(np.arange(len(unknowns)),),
        tolerances={
            "xatol": 0.5 if first.is_whole else 0.0,
            "xrtol": FINEST,
            "fatol": ENOUGH * abs(first.goal),
            "frtol": 0.0,
        },
        maxiter=60,
    )


def _solved(unknown: Unknown, replications: int) -> Solution:
    """The best of the values that were tried, unless the metric jumps over its target there."""
    known = [x for x in unknown.tried(replications) if not math.isnan(unknown.gap(x, replications))]
    best = min(known, key=lambda x: abs(unknown.gap(x, replications)))
    metric = unknown.interval(best, replications)
    noise, gap = metric.half_width or 0.0, abs(unknown.gap(best, replications))
    if gap > max(noise, 10 * ENOUGH * abs(unknown.goal)) and not unknown.is_whole:
        low, high = unknown.bracket(replications) or (best, best)
        ends = [unknown.interval(x, replications).mean for x in (low, high)]
        why = f"it jumps over the target at {best:.8g}, from {ends[0]:.6g} to {ends[1]:.6g}"
        return replace(_unsolved(unknown, replications), why=why)
    half = _half_width(unknown, best, known, replications)
    return Solution(
        scenario=unknown.at(best),
        by=unknown.by,
        present=unknown.present,
        target=unknown.metric,
        goal=unknown.goal,
        value=best,
        low=best - half if half is not None else None,
        high=best + half if half is not None else None,
        metric=metric,
        tried=(known[0], known[-1]),
        reached=_reached(unknown, replications),
        setting=unknown.setting,
        measures=unknown.measures[best],
    )


def _half_width(
    unknown: Unknown, best: float, known: list[float], replications: int
) -> float | None:
    """Half the interval of the value: that of the metric over the slope, None without a slope.

    The slope is that of the secant to the nearest value whose metric is beyond the interval.
    """
    noise, here = unknown.interval(best, replications).half_width, unknown.gap(best, replications)
    rises = {x: unknown.gap(x, replications) - here for x in known}
    beyond = [x for x, rise in rises.items() if noise is not None and abs(rise) >= noise and rise]
    if noise is None or not beyond:
        return None
    nearest = min(beyond, key=lambda x: abs(x - best))
    return noise * abs((nearest - best) / rises[nearest])


def _reached(unknown: Unknown, replications: int) -> Bounds | None:
    """The least and the greatest metric that came of what was tried."""
    means = [unknown.interval(x, replications).mean for x in unknown.tried(replications)]
    known = [mean for mean in means if mean is not None]
    return (min(known), max(known)) if known else None


def _unsolved(unknown: Unknown, replications: int) -> Solution:
    """Why there is no value, and what there is instead."""
    tried, reached = unknown.tried(replications), _reached(unknown, replications)
    if reached is None:
        why = "it is not defined at any value that was tried"
    elif reached[1] - reached[0] <= 1e-9 * max(map(abs, reached)):
        why = f"it does not respond: it stays at {reached[0]:.6g}"
    else:
        why = "it is out of reach"
    return Solution(
        scenario=unknown.scenario,
        by=unknown.by,
        present=unknown.present,
        target=unknown.metric,
        goal=unknown.goal,
        tried=(tried[0], tried[-1]),
        reached=reached,
        why=why,
        setting=unknown.setting,
    )
