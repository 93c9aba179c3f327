"""Tasks: one replication of one scenario each, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sim.corridor import simulate
from sim.experiments.provenance import resimulate
from sim.results.metrics import Measures, measure
from sim.results.results import Results
from sim.results.warmup import Daily, daily_under_way
from sim.scenario.model import Scenario

Progress = Callable[[int, int], None]
"""Told how many replications are done, and of how many."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one replication leaves: its metrics, and containers under way on each day by route."""

    measures: Measures
    daily: Daily


@dataclass(frozen=True)
class Failure:
    """What ended a replication: the kind of error, and its words."""

    error: str

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """An error as words, which every worker can send."""
        return cls(f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class Task:
    """One replication of one scenario."""

    scenario: Scenario
    replication: int

    def run(self) -> Outcome:
        """Simulate and measure."""
        observations = simulate(self.scenario, self.replication)
        return Outcome(measure(self.scenario, observations), daily_under_way(observations))

    def failed(self, failure: Failure) -> str:
        """What went wrong, with what reproduces it."""
        return (
            f"{self.scenario.name}, replication {self.replication}: {failure.error} "
            f"(seed {self.scenario.run.seed}; "
            f"sim.simulate(scenario, {self.replication}) repeats it)"
        )


Replications = Mapping[str, Mapping[int, Outcome]]
"""What came of each replication, by scenario and number."""


def gathered(
    scenarios: Sequence[Scenario], ended: Replications, provenance: Mapping[str, str], *,
    paired: bool, failures: Sequence[str],
) -> Results:  # fmt: skip
    """The results of what has ended."""
    return Results(
        scenarios=tuple(scenarios),
        measures={n: {k: o.measures for k, o in each.items()} for n, each in ended.items()},
        daily={n: {k: o.daily for k, o in each.items()} for n, each in ended.items()},
        provenance=provenance,
        paired=paired,
        failures=tuple(failures),
        resimulate=partial(resimulate, provenance),
    )


Done = tuple[Task, Outcome | Failure]


def run_task(task: Task) -> Outcome | Failure:
    """Run a task: a function at the top of a module, which every executor can send."""
    try:
        return task.run()
    except Exception as error:
        return Failure.of(error)
