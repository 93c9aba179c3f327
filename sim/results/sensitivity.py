"""Sensitivity: what a metric does over the ranges of the ledger, one figure at a time and all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import UsageError
from sim.results import indices
from sim.results.indices import Floats, Indices
from sim.results.intervals import UNDEFINED, Interval
from sim.results.metrics import METRICS, Key
from sim.results.results import SHOWN, VARIED, Results
from sim.results.rows import about_run

if TYPE_CHECKING:
    import pandas as pd

METHOD, SAMPLE = "method", "sample"
"""What a provenance says besides: morris or sobol, and where was evaluated, as JSON."""


@dataclass(frozen=True)
class Effect:
    """What one figure of the ledger does to the metric.

    at_low, at_high: the metric at the ends of the figure's range, all else as in the scenario
    to_low, to_high: these less the metric of the scenario, paired by replication
    """

    path: str
    low: float
    high: float
    quality: str
    at_low: Interval
    at_high: Interval
    to_low: Interval
    to_high: Interval

    @property
    def span(self) -> float:
        """How far the metric goes between the ends and the scenario; NaN where it is undefined."""
        ends = [0.0, *(math.nan if e.mean is None else e.mean for e in (self.to_low, self.to_high))]
        return math.nan if any(map(math.isnan, ends)) else max(ends) - min(ends)

    @property
    def shows(self) -> bool:
        """Whether the metric moves at one of the ends, surely where there are intervals."""
        return _moves(self.to_low) or _moves(self.to_high)


def _moves(found: Interval) -> bool:
    return bool(found.mean) and not found.holds_zero


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Results over the ranges of a ledger.

    The first scenario is the one asked about; two for each figure follow, with it at its low and
    at its high end; the rest are the samples.

    ranges: low and high of each path
    sample: a row a sampled scenario, a column a path, in the figures' own units
    """

    results: Results
    key: Key
    method: str
    ranges: Mapping[str, tuple[float, float]]
    sample: Floats = field(repr=False)

    @classmethod
    def of(cls, results: Results, metric: str | None = None) -> Sensitivity:
        """What the provenance says of results; `metric` in place of the one that was asked for.

        Raises UsageError where nothing was varied over a ledger, or there is no such metric.
        """
        if not results.is_sensitivity:
            raise UsageError("these results are no sensitivity study")
        said = results.provenance
        key = results.key(metric or said[SHOWN], results.baseline.name)
        ranges = {path: (low, high) for path, (low, high) in json.loads(said[VARIED]).items()}
        return cls(results, key, said[METHOD], ranges, np.array(json.loads(said[SAMPLE]), float))

    def interval(self, name: str) -> Interval:
        """The metric of a scenario."""
        known = self.key in self.results.keys(name)
        return self.results.interval(self.key, name) if known else UNDEFINED

    @property
    def base(self) -> Interval:
        """The metric of the scenario as it is."""
        return self.interval(self.results.baseline.name)

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """Of every figure, the longest span first; undefined ones last."""
        found = [self._effect(number, path) for number, path in enumerate(self.ranges)]
        return tuple(sorted(found, key=lambda e: (math.isnan(e.span), -e.span)))

    def _effect(self, number: int, path: str) -> Effect:
        low, high = self.results.names[1 + 2 * number : 3 + 2 * number]
        return Effect(
            path,
            *self.ranges[path],
            self.results.baseline.assumptions[path].quality,
            self.interval(low),
            self.interval(high),
            self.results.difference(self.key, low).interval,
            self.results.difference(self.key, high).interval,
        )

    @cached_property
    def outputs(self) -> Floats:
        """The metric's mean in every sampled scenario, NaN where it is undefined."""
        means = [self.interval(n).mean for n in self.results.names[1 + 2 * len(self.ranges) :]]
        return np.array([math.nan if mean is None else mean for mean in means])

    @property
    def defined(self) -> Floats:
        """Those of them that are defined."""
        return self.outputs[~np.isnan(self.outputs)]

    @property
    def samples(self) -> int:
        """How many trajectories, or rows of Saltelli's scheme, there are."""
        return len(self.sample) // indices.block(self.method, len(self.ranges))

    @property
    def left_out(self) -> int:
        """How many of them the metric is not defined in as a whole."""
        whole = indices.complete(self.method, len(self.ranges), self.outputs)
        return self.samples - int(whole.sum())

    @cached_property
    def indices(self) -> dict[str, Indices]:
        """The indices of every path, see `sim.results.indices`; UsageError without SALib."""
        run = self.results.baseline.run
        found = indices.estimated(
            self.method, list(self.ranges.values()), self.sample, self.outputs,
            confidence=run.confidence, seed=run.seed,
        )  # fmt: skip
        return dict(zip(self.ranges, found, strict=True))

    def to_frame(self) -> pd.DataFrame:
        """A row a figure, the longest span first.

        Columns: path, low, high, quality; the metric at_low and at_high and its differences
        to_low and to_high with _low, _high ends; then the indices with theirs.
        """
        import pandas as pd

        frame = pd.json_normalize(self._rows(), sep="_")
        return frame.rename(columns=lambda name: name.removesuffix("_mean"))

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        name = self.results.baseline.name
        return {
            "study": "sensitivity",
            "scenario": name,
            "metric": str(self.key),
            "unit": METRICS[self.key.metric].unit,
            "method": self.method,
            "samples": self.samples,
            "left_out": self.left_out,
            **about_run(self.results, name),
            **asdict(self.base),
            "assumptions": self._rows(),
        }

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {**asdict(each), **{name: asdict(one) for name, one in self.indices[each.path].items()}}
            for each in self.effects
        ]
