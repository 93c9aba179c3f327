"""Trying values of one unknown: each simulated once, and the metric that came of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sim.errors import IncompleteError, ScenarioError, TooLargeError, UsageError
from sim.experiments.estimate import estimate, refuse_if_large
from sim.experiments.replicate import Progress, Task, replicate
from sim.results.intervals import Interval
from sim.results.metrics import Measures
from sim.results.results import Results
from sim.scenario.changes import Draft, with_change
from sim.scenario.distributions import parse
from sim.scenario.model import Scenario
from sim.scenario.schema import at

MOST_TIMES = 10
"""A value that takes so many times longer than the present one is not tried."""


@dataclass
class Unknown:
    """One unknown of one scenario, its goal, and what came of the values that were tried."""

    scenario: Scenario
    by: str
    metric: str
    goal: float
    setting: tuple[str, Any] | None = None
    measures: dict[float, dict[int, Measures]] = field(default_factory=dict)
    """By value of the unknown and number of the replication."""

    def __post_init__(self) -> None:
        """Raise UsageError or ScenarioError for a path that holds no number that can be set."""
        data = self.scenario.to_data()
        value = at(data, self.by.split("."))
        self.is_whole = isinstance(value, int) and not isinstance(value, bool)
        self._scenarios: dict[float, Scenario] = {}
        self._intervals: dict[tuple[float, int], Interval] = {}
        draft = with_change(Draft("by", data), self.by, value, said="by")
        if draft.faults:  # no such path
            raise ScenarioError(draft.faults)
        self.present = _number(self.by, value)

    def at(self, value: float) -> Scenario:
        """The scenario with the unknown at a value. Raises ScenarioError."""
        if value not in self._scenarios:
            said = round(value) if self.is_whole else value
            self._scenarios[value] = self.scenario.with_changes({self.by: said})
        return self._scenarios[value]

    def interval(self, value: float, replications: int) -> Interval:
        """The metric at a value that was tried in so many replications. Raises UsageError."""
        if (value, replications) not in self._intervals:
            scenario, known = self.at(value), self.measures[value]
            first = {number: known[number] for number in range(replications)}
            results = Results((scenario,), {scenario.name: first}, {})
            found = results.interval(results.key(self.metric), scenario.name)
            self._intervals[value, replications] = found
        return self._intervals[value, replications]

    def gap(self, value: float, replications: int) -> float:
        """The metric less its goal at a value, NaN where it is undefined."""
        mean = self.interval(value, replications).mean
        return math.nan if mean is None else mean - self.goal

    def tried(self, replications: int) -> list[float]:
        """The values tried in so many replications, rising."""
        return sorted(x for x, known in self.measures.items() if len(known) >= replications)

    def bracket(self, replications: int) -> tuple[float, float] | None:
        """The neighbours between which the target lies, those nearest to the present value."""
        gaps = [(x, self.gap(x, replications)) for x in self.tried(replications)]
        pairs = [(a, b) for (a, f), (b, g) in pairwise(gaps) if f * g <= 0]
        return min(pairs, key=lambda p: abs(p[0] + p[1] - 2 * self.present), default=None)


def _number(path: str, value: Any) -> float:
    """The present value as a number, of a distribution its mean. Raises UsageError."""
    if value is None:
        raise UsageError(f"{path}: nothing stands there; set a value to start from")
    if isinstance(value, bool | str):
        raise UsageError(f"{path}: must be a number to be solved for (got {value!r:.60})")
    if isinstance(value, int | float):
        return float(value)
    try:
        return parse(value).mean
    except ValueError:
        raise UsageError(f"{path}: is no number to be solved for") from None


@dataclass
class Laboratory:
    """Where values are tried, many at a time, on some workers."""

    pool: Executor
    jobs: int
    progress: Progress | None
    large: bool

    def run(self, trials: Iterable[tuple[Unknown, float]], replications: int) -> None:
        """Simulate what is not known yet. Raises IncompleteError when a replication fails."""
        tasks = {
            Task(unknown.at(x), number): (unknown, x)
            for unknown, x in trials
            for number in range(replications)
            if number not in unknown.measures.get(x, {})
        }
        outcomes = replicate(
            list(tasks), jobs=self.jobs, executor=self.pool, progress=self.progress
        )
        failures = [t.failed(e) for t, e in outcomes.items() if isinstance(e, Exception)]
        if failures:
            raise IncompleteError("\n".join(["some replications failed:", *failures]))
        for task, (unknown, x) in tasks.items():
            outcome = outcomes[task]
            assert not isinstance(outcome, Exception), "failures are told above"
            unknown.measures.setdefault(x, {})[task.replication] = outcome

    def allows(self, unknown: Unknown, value: float) -> bool:
        """Whether a value may be tried: it makes a scenario, and one that ends in good time."""
        try:
            changed = unknown.at(value)
            if not self.large:
                refuse_if_large([changed], self.jobs)
        except (ScenarioError, TooLargeError):
            return False
        usual, now = (estimate([each], 1).seconds for each in (unknown.scenario, changed))
        return now < MOST_TIMES * max(usual, 1.0)
