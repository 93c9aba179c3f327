"""Trying values of one unknown: each simulated once, and the metric that came of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sim.corridor import simulate
from sim.errors import IncompleteError, ScenarioError, TooLargeError, UsageError
from sim.experiments.estimate import estimate, refuse_if_large
from sim.experiments.tasks import Failure, Outcome, Progress, Task
from sim.experiments.workers import Crew
from sim.results.intervals import Interval
from sim.results.metrics import METRICS, Measures, measure
from sim.results.results import Results
from sim.scenario.changes import Draft, with_change
from sim.scenario.distributions import parse
from sim.scenario.files import changed
from sim.scenario.model import Scenario
from sim.scenario.schema import at, did_you_mean, is_count, split

MOST_TIMES = 10
"""A value that takes so many times longer than the present one is not tried."""

NO_PARAMETERS = ("run", "title", "price_year", "assumptions")
"""Tables of a scenario that say how it is simulated and told, not what it is."""


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
    refused: str = ""
    """Why a value could not be tried; the last one."""

    def __post_init__(self) -> None:
        """Raise UsageError or ScenarioError for a path that holds no number that can be set."""
        self._scenarios: dict[float, Scenario] = {}
        self._intervals: dict[tuple[float, int], Interval] = {}
        if not isinstance(self.by, str):
            raise UsageError(f"--by: must be a path as in a file (got {self.by!r:.60})")
        data = self.scenario.to_data()
        path = split(self.by)
        value = at(data, path)
        self.is_whole = is_count(path, data)
        draft = with_change(Draft("--by", data), self.by, value, said="--by")
        if draft.faults:  # no such path
            raise ScenarioError(draft.faults)
        check_parameter("--by", self.by)
        self.present = _number(self.by, value)

    def at(self, value: float) -> Scenario:
        """The scenario with the unknown at a value. Raises ScenarioError."""
        if value not in self._scenarios:
            said = round(value) if self.is_whole else value
            name, changes = self.scenario.name, {self.by: said}
            self._scenarios[value] = changed(self.scenario, changes, name=name, said="--by")
        return self._scenarios[value]

    def interval(self, value: float, replications: int) -> Interval:
        """The metric at a value that was tried in so many replications."""
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

    def defined(self, replications: int) -> list[float]:
        """Those of them at which the metric is defined."""
        return [x for x in self.tried(replications) if not math.isnan(self.gap(x, replications))]

    def nearest(self, values: Iterable[float], replications: int) -> float:
        """The value whose metric is nearest to the goal; of equals that nearest to the present."""
        return min(values, key=lambda x: (abs(self.gap(x, replications)), abs(x - self.present), x))

    def bracket(self, replications: int) -> tuple[float, float] | None:
        """The neighbours between which the target lies; of several those nearest to the present."""
        return self._crossing(self.tried(replications), replications)

    def hole(self, replications: int) -> tuple[float, float] | None:
        """The same with values between them at which the metric is not defined."""
        return self._crossing(self.defined(replications), replications)

    def _crossing(self, values: list[float], replications: int) -> tuple[float, float] | None:
        gaps = [(x, self.gap(x, replications)) for x in values]
        pairs = [(a, b) for (a, f), (b, g) in pairwise(gaps) if f * g <= 0]
        return min(pairs, key=lambda p: (self._away(*p), p[1] - p[0]), default=None)

    def _away(self, low: float, high: float) -> float:
        return max(low - self.present, self.present - high, 0.0)


def check_parameter(option: str, path: str) -> None:
    """Raise UsageError for a path that says how a scenario is simulated or told."""
    if path.partition(".")[0] in NO_PARAMETERS:
        raise UsageError(f"{option}: {path}: is no parameter of the corridor")


def check_known(option: str, scenario: Scenario, metric: str) -> None:
    """Raise UsageError for a metric that there is not.

    A run without demand has every metric, and takes little time.
    """
    scenario = scenario.with_changes({"demand.containers_per_year": 0})
    known = [str(key) for key in measure(scenario, simulate(scenario))]
    if metric not in known:
        hint = did_you_mean(metric, known) or "; a metric is ROUTE.NAME, such as all.throughput"
        raise UsageError(f"{option}: no metric {metric!r:.60}{hint}")


def check_metric(scenario: Scenario, metric: str, goal: float) -> None:
    """Raise UsageError for a metric that there is not, or a goal that it cannot have."""
    check_known("--target", scenario, metric)
    if METRICS[metric.rpartition(".")[2]].unit == "fraction" and not 0 <= goal <= 1:
        raise UsageError(f"--target: {metric}: is a fraction: 5 % is 0.05 (got {goal:g})")


def _number(path: str, value: Any) -> float:
    """The present value as a number, of a distribution its mean. Raises UsageError."""
    start = f"set a number to start from: --set {path}=…"
    if value is None:
        raise UsageError(f"--by: {path}: nothing stands there; {start}")
    if value == "unlimited":
        raise UsageError(f"--by: {path}: is unlimited; {start}")
    if isinstance(value, bool | str):
        raise UsageError(f"--by: {path}: must be a number to be solved for (got {value!r:.60})")
    if isinstance(value, int | float):
        return float(value)
    try:
        return parse(value).mean
    except ValueError:
        raise UsageError(f"--by: {path}: is no number to be solved for") from None


@dataclass
class Laboratory:
    """Where values are tried, many at a time, on some workers.

    jobs: how many work at a time; apart: they do not share one machine's memory
    """

    crew: Crew
    jobs: int
    apart: bool
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
        failures, outcomes = [], dict[Task, Outcome]()
        for number, (task, outcome) in enumerate(self.crew.finished(list(tasks)), start=1):
            if isinstance(outcome, Failure):
                failures.append(task.failed(outcome))
            else:
                outcomes[task] = outcome
            if self.progress:
                self.progress(number, len(tasks))
        if failures:
            raise IncompleteError("\n".join(["some replications failed:", *failures]))
        for task, (unknown, x) in tasks.items():
            unknown.measures.setdefault(x, {})[task.replication] = outcomes[task].measures

    def allows(self, unknown: Unknown, value: float) -> bool:
        """Whether a value may be tried: it makes a scenario, and one that ends in good time."""
        try:
            there = unknown.at(value)
            if not self.large:
                refuse_if_large([there], self.jobs, apart=self.apart)
        except (ScenarioError, TooLargeError) as error:
            unknown.refused = str(error).partition("\n")[0]
            return False
        usual, now = (estimate([each], 1).seconds for each in (unknown.scenario, there))
        return now < MOST_TIMES * max(usual, 1.0)
