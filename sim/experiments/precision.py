"""How many replications a study needs: as many as make its intervals narrow enough.

The sequential procedure of Law 2015, section 9.4.1: replications are added until the half width of
every interval is at most the goal. A relative goal is that of the true mean, so the half width is
held against goal / (1 + goal) of the estimated one. At least 20 come first: with fewer, intervals
that happen to be too narrow end the study too soon.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim.errors import UsageError
from sim.results.metrics import ALL, METRICS, Key
from sim.results.results import Results

FIRST = 20
MOST = 1_000
"""Replications at first, and at most if nothing else is said."""

USUAL = ("throughput", "share", "door_to_door_mean")
"""What is looked at of every route if nothing else is said."""


@dataclass(frozen=True)
class Wide:
    """An interval that is wider than asked for.

    half_width, goal: as it is and as it should be, in the unit of the metric
    """

    scenario: str
    key: Key
    half_width: float
    goal: float

    @property
    def factor(self) -> float:
        """How many times more replications would do, about."""
        return (self.half_width / self.goal) ** 2 if self.goal else math.inf

    def said(self, replications: int) -> str:
        """What is too wide, in words."""
        return (
            f"{self.scenario}: {self.key}: ± {self.half_width:.3g} {METRICS[self.key.metric].unit} "
            f"after {replications:,} replications, asked for {self.goal:.3g}"
        )


@dataclass(frozen=True)
class Precision:
    """How narrow intervals have to be.

    goal: half width, as a part of the mean where it is relative, else in the unit of the metrics
    metrics: such as "rail.share"; throughput, share and door_to_door_mean of every route if none
    most: replications at most
    """

    goal: float
    relative: bool = True
    metrics: tuple[str, ...] = ()
    most: int = MOST

    def __post_init__(self) -> None:
        if self.most < 2:
            raise UsageError("--precision: an interval needs 2 replications (got 1 at most)")

    @classmethod
    def parse(cls, text: str, metrics: Sequence[str] = (), most: int | None = None) -> Precision:
        """That of an option: `1%` is relative, `500` is not. Raises UsageError."""
        if not isinstance(text, str):
            raise UsageError(f'--precision: must be a text such as "1%" (got {text!r:.40})')
        relative = text.strip().endswith("%")
        try:
            goal = float(text.strip().removesuffix("%").replace("_", ""))
        except ValueError:
            goal = math.nan
        if not 0 < goal < math.inf:
            raise UsageError(f"--precision: must be above 0, such as 1% or 500 (got {text!r:.40})")
        if not relative and len({metric.rpartition(".")[2] for metric in metrics}) != 1:
            raise UsageError(
                f"--precision {text}: is in the unit of a metric: say which by --metric; "
                f"{text}% is a part of the mean"
            )
        return cls(goal / 100 if relative else goal, relative, tuple(metrics), most or MOST)

    @property
    def first(self) -> int:
        """How many replications come first."""
        return min(FIRST, self.most)

    def next_number(self, results: Results) -> int | None:
        """How many replications to go on to; None where that is enough, or no more allowed."""
        number = min(scenario.run.replications for scenario in results.scenarios)
        factors = [each.factor for each in self.wide(results)]
        if not factors or number >= self.most:
            return None
        needed = number * min(max(factors), 2.0)
        return min(max(math.ceil(needed), number + 1), self.most)

    def wide(self, results: Results) -> list[Wide]:
        """The intervals that are still too wide; what has no mean has no interval to wait for."""
        return [
            Wide(name, key, half, goal)
            for name in results.names
            for key, mean, half in self._intervals(results, name)
            if half > (goal := self._goal(mean))
        ]

    def unmet(self, results: Results) -> list[str]:
        """A sentence for each of them, and for each metric that has no interval, though asked for.

        Of those that nobody named, where only some replications lack them.
        """
        wide = [each.said(len(results.measures[each.scenario])) for each in self.wide(results)]
        return [*wide, *self._without(results)]

    def _without(self, results: Results) -> Iterator[str]:
        for name in results.names:
            for key in self._keys(results, name):
                if results.interval(key, name).half_width is not None:
                    continue
                values = results.values(key, name)
                lacking = sum(value is None for value in values)
                if 0 < lacking < len(values):
                    number = f"{lacking:,} of {len(values):,}"
                    yield f"{name}: {key}: not defined in {number} replications, so no interval"
                elif self.metrics:
                    yield f"{name}: {key}: no mean, so no interval, however many replications"

    def _goal(self, mean: float) -> float:
        return abs(mean) * self.goal / (1 + self.goal) if self.relative else self.goal

    def _intervals(self, results: Results, name: str) -> Iterator[tuple[Key, float, float]]:
        for key in self._keys(results, name):
            interval = results.interval(key, name)
            if interval.mean is not None and interval.half_width is not None:
                yield key, interval.mean, interval.half_width

    def _keys(self, results: Results, name: str) -> list[Key]:
        if self.metrics:
            return [results.key(metric, name) for metric in self.metrics]
        return [
            k for k in results.keys(name) if k.part == ALL and k.route != ALL and k.metric in USUAL
        ]
