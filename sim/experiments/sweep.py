"""Sweeps: a scenario at every value of a path, or at every pair of values of two."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from sim.errors import UsageError
from sim.experiments.estimate import refuse_if_large
from sim.experiments.study import How, studied
from sim.experiments.trials import check_known
from sim.experiments.varied import Values, points, varied
from sim.experiments.workers import places
from sim.results.results import SHOWN, STUDY, SWEEP, VARIED, WORTH, Results
from sim.results.sweep import usual_metric
from sim.scenario.distributions import is_number
from sim.scenario.model import Scenario, a_scenario, replicated

MOST_PATHS = 2
"""More can be simulated, but neither shown nor understood."""

USUAL_WORTH = 0.05
"""Containers that one more slot has to carry, to be worth it."""


def sweep(
    scenario: Scenario,
    vary: Mapping[str, Iterable[Any]],
    *,
    metric: str | None = None,
    worth: float = USUAL_WORTH,
    **how: Unpack[How],
) -> Results:
    """A scenario at each of some values, all on the same random numbers.

    vary: one path with values for a line, two for a grid
    metric: what to show; by default the throughput of the route that is varied
    worth: the knee is where one more slot carries less than so much more container
    how: as for `run`

    The results' `along()` has the points and the knee. Raises ScenarioError, UsageError,
    TooLargeError, IncompleteError and ResultsError.
    """
    a_scenario(scenario)
    if (number := how.get("replications")) is not None:
        scenario = replicated(scenario, number)
    values = asked(vary)
    if not how.get("large"):
        refuse(scenario, values, how.get("jobs"), how.get("cluster"))
    scenarios, tags = laid_out(scenario, values, metric, worth)
    return studied(scenarios, paired=True, tags=tags, **how)


def asked(vary: Mapping[str, Iterable[Any]]) -> Values:
    """The values by path. Raises UsageError, TooLargeError for more points than anybody wants."""
    if not isinstance(vary, Mapping) or not 1 <= len(vary) <= MOST_PATHS:
        raise UsageError(f"--vary: a sweep varies one path or two (got {_paths(vary)})")
    return varied(vary)


def _paths(vary: object) -> str:
    return ", ".join(map(str, vary)) if isinstance(vary, Mapping) else f"{vary!r:.60}"


def refuse(
    scenario: Scenario, values: Values, jobs: int | None, cluster: str | None = None
) -> None:
    """Raise TooLargeError where points like the scenario would take too long; none is made yet."""
    times, apart = math.prod(map(len, values.values())), cluster is not None
    refuse_if_large([scenario], places(jobs, cluster), times=times, apart=apart)


def laid_out(
    scenario: Scenario, values: Values, metric: str | None = None, worth: float = USUAL_WORTH
) -> tuple[list[Scenario], dict[str, str]]:
    """The scenario at every point, and what the provenance says of the study.

    Raises ScenarioError, and UsageError for a metric or a worth that makes no sense.
    """
    if not is_number(worth) or not 0 < worth <= 1:
        raise UsageError(f"--worth: must be above 0 and at most 1 container (got {worth!r:.60})")
    scenarios = [each for each, _ in points(scenario, values)]
    shown = metric or usual_metric(scenario, list(values))
    check_known("--metric", scenarios[0], shown)
    said = json.dumps(values, default=str)
    return scenarios, {STUDY: SWEEP, VARIED: said, SHOWN: shown, WORTH: repr(float(worth))}
