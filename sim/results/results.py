"""Results: every metric of every replication of one or more scenarios, and what they say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.errors import IncompleteError, UsageError
from sim.results.curves import Curves, curves
from sim.results.intervals import UNDEFINED, Difference, Interval, paired, student
from sim.results.metrics import METRICS, Key, Measures
from sim.results.observations import Observations
from sim.results.rows import described, difference_rows
from sim.results.steady import unsteady
from sim.results.warmup import Daily
from sim.scenario.calendar import yearly_demand
from sim.scenario.model import Scenario
from sim.scenario.preview import Preview
from sim.scenario.schema import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.sweep import Sweep

STUDY, ONE_MORE = "study", "one more"
"""What a provenance says of a study that compares a scenario with one more of everything."""

SWEEP, VARIED, SHOWN, WORTH = "sweep", "varied", "metric", "worth"
"""The same of a sweep: the values by path as JSON, the metric to show, what a slot must carry."""

SENSITIVITY = "sensitivity"
"""The same of a study over the ranges of the ledger, with the ranges by path and the metric."""

Resimulate = Callable[[Scenario, Measures], Observations]
"""Makes replication 0 once more, and holds it against what is stored of it."""


@dataclass(frozen=True, eq=False)
class Results:
    """What came out of a study; the first scenario is the baseline.

    measures: for each scenario, by the number of the replication, its metrics
    daily: for each scenario, by the number of the replication, containers under way by route
    paired: whether the replications of the scenarios share their random numbers, as those that
        `compare` made do
    failures: replications that ended in an error, as sentences
    provenance: version, seed and packages that made these numbers
    """

    scenarios: tuple[Scenario, ...]
    measures: Mapping[str, Mapping[int, Measures]]
    provenance: Mapping[str, str]
    paired: bool = False
    failures: tuple[str, ...] = ()
    daily: Mapping[str, Mapping[int, Daily]] = field(default_factory=dict, repr=False)
    resimulate: Resimulate | None = field(default=None, repr=False)

    @property
    def baseline(self) -> Scenario:
        """The first scenario."""
        return self.scenarios[0]

    @property
    def is_one_more(self) -> bool:
        """Whether the others are the baseline with one more of something."""
        return self.provenance.get(STUDY) == ONE_MORE

    @property
    def is_sweep(self) -> bool:
        """Whether the scenarios are one, at each of some values."""
        return self.provenance.get(STUDY) == SWEEP

    @property
    def is_sensitivity(self) -> bool:
        """Whether the scenarios are one, over the ranges of its ledger."""
        return self.provenance.get(STUDY) == SENSITIVITY

    def along(self, metric: str | None = None) -> Sweep:
        """A sweep as a line or a grid of points, with its knee. Raises UsageError for others."""
        from sim.results.sweep import Sweep

        return Sweep.of(self, metric)

    @property
    def names(self) -> tuple[str, ...]:
        """The scenarios' names in order."""
        return tuple(scenario.name for scenario in self.scenarios)

    def scenario(self, name: str | None = None) -> Scenario:
        """A scenario by name, the only one without. Raises UsageError with a suggestion."""
        if name is None:
            if len(self.scenarios) > 1:
                known = did_you_mean("", self.names)
                raise UsageError(f"several scenarios are in these results: name one{known}")
            return self.scenarios[0]
        for scenario in self.scenarios:
            if scenario.name == name:
                return scenario
        raise UsageError(f"no scenario {name!r} in these results{did_you_mean(name, self.names)}")

    def keys(self, scenario: str) -> list[Key]:
        """What was measured of a scenario, in order. Raises UsageError with a suggestion."""
        if scenario not in self.measures:
            self.scenario(scenario)
        return list(next(iter(self.measures[scenario].values()), {}))

    def values(self, key: Key, scenario: str) -> list[float | None]:
        """One metric in each replication."""
        return [measures[key] for measures in self.measures[scenario].values()]

    def interval(self, key: Key, scenario: str) -> Interval:
        """The mean of a metric with its confidence interval; undefined without a steady state.

        That of one that is only of what happened is over the replications in which it did.
        """
        about, values = self.scenario(scenario), self.values(key, scenario)
        if not self._exists(key, about):
            return UNDEFINED
        if METRICS[key.metric].of_what_happened:
            values = [value for value in values if value is not None]
        return student(values, about.run.confidence)

    @property
    def comparisons(self) -> int:
        """How many scenarios are compared at the same time: their intervals hold together.

        One for a sweep or one more of everything, which ask about each by itself.
        """
        return 1 if STUDY in self.provenance else max(len(self.scenarios) - 1, 1)

    def difference(self, key: Key, scenario: str) -> Difference:
        """A metric of a scenario minus that of the baseline, paired by replication.

        Of several scenarios the intervals hold together with the confidence asked for: by
        Bonferroni each is told with 1 - (1 - confidence) / scenarios (Law 2015, section 10.4.1).
        """
        self._check_paired()
        about = self.scenario(scenario)
        known = all(key in self.keys(name) for name in (scenario, self.baseline.name))
        if not known or not (self._exists(key, about) and self._exists(key, self.baseline)):
            return Difference(UNDEFINED)
        return paired(
            self.values(key, scenario),
            self.values(key, self.baseline.name),
            1 - (1 - about.run.confidence) / self.comparisons,
        )

    def _check_paired(self) -> None:
        if not self.paired:
            raise UsageError("these scenarios were not compared: there are no differences")

    def preview(self, scenario: str) -> Preview:
        """What was known of a scenario without simulating; kept, for many ask."""
        if scenario not in self._previews:
            self._previews[scenario] = self.scenario(scenario).preview()
        return self._previews[scenario]

    @cached_property
    def _previews(self) -> dict[str, Preview]:
        return {}

    def demand(self, scenario: str) -> float:
        """Containers a year that book in the window, of which shares are told."""
        about = self.scenario(scenario)
        run = about.run
        return math.fsum(yearly_demand(about, run.warmup_days, run.horizon).values())

    def growing(self, scenario: str) -> frozenset[str]:
        """The routes whose queue grows without end, and "all" if there is one: no steady state.

        Those that the preview knows, and those whose backlog grew in the window beyond doubt.
        Raises UsageError with a suggestion.
        """
        if scenario not in self._growing:
            self.scenario(scenario)
        return self._growing[scenario]

    @cached_property
    def _growing(self) -> dict[str, frozenset[str]]:
        return {each.name: frozenset(unsteady(self, each)) for each in self.scenarios}

    def _exists(self, key: Key, scenario: Scenario) -> bool:
        """Whether a mean over time exists: its queue must not grow for ever."""
        return not METRICS[key.metric].steady or key.route not in self.growing(scenario.name)

    def value(self, metric: str, scenario: str | None = None) -> float | None:
        """The mean of a metric such as "rail.share" or "rail.stage:trains.load_factor"."""
        return self.interval(self.key(metric, scenario), self.scenario(scenario).name).mean

    def key(self, metric: str, scenario: str | None = None) -> Key:
        """The key of a metric's name. Raises UsageError with a suggestion."""
        known = {str(key): key for key in self.keys(self.scenario(scenario).name)}
        if metric not in known:
            raise UsageError(f"no metric {metric!r}{did_you_mean(metric, list(known))}")
        return known[metric]

    def summary(self) -> pd.DataFrame:
        """A row a metric: scenario, route, part, metric, unit, mean, low, high."""
        return _frame(
            {"scenario": name, **described(key), **vars(self.interval(key, name))}
            for name in self.names
            for key in self.keys(name)
        )

    def differences(self) -> pd.DataFrame:
        """The same for each scenario minus the baseline, paired by replication.

        With the fraction of replications in which the scenario is better, and the factor by which
        common random numbers reduced the variance.
        """
        self._check_paired()
        return _frame(difference_rows(self))

    def replications(self) -> pd.DataFrame:
        """A row a replication and metric, as measured."""
        return _frame(
            {"scenario": name, "replication": number, **described(key), "value": value}
            for name in self.names
            for number, measures in self.measures[name].items()
            for key, value in measures.items()
        )

    def detail(self, scenario: str | None = None) -> Observations:
        """Replication 0 once more, with every container, if it still measures as stored.

        Raises ResultsError where it does not, naming the versions.
        """
        about = self.scenario(scenario)
        if self.resimulate is None:
            raise UsageError("these results cannot simulate again")
        if 0 not in self.measures[about.name]:
            raise IncompleteError(f"replication 0 of {about.name} failed: there is no detail of it")
        return self.resimulate(about, self.measures[about.name][0])

    def curves(self, scenario: str | None = None) -> Curves:
        """What pictures show of replication 0; kept, for it is small."""
        name = self.scenario(scenario).name
        if name not in self._curves:
            self._curves[name] = curves(self.detail(name))
        return self._curves[name]

    @cached_property
    def _curves(self) -> dict[str, Curves]:
        return {}


def _frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(rows))


def unique_names(scenarios: Sequence[Scenario]) -> None:
    """Raise UsageError where two scenarios of one study have the same name."""
    names = [scenario.name for scenario in scenarios]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two scenarios are called {name!r}: give one another name")
