"""What a goal seek found: the value of an unknown that brings a metric to a target, how surely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sim.results.intervals import UNDEFINED, Interval
from sim.results.metrics import METRICS, Measures
from sim.results.results import Resimulate, Results
from sim.scenario.model import Scenario

if TYPE_CHECKING:
    import pandas as pd


_AS_TOLD = (
    "by", "present", "target", "goal", "value", "low", "high", "whole", "replications", "why",
)  # fmt: skip
"""What plain data says of a solution as it is."""

BOUNDS = "within"
"""What a provenance says of the bounds of the unknown, where there were any: LOW:HIGH."""


@dataclass(frozen=True)
class Solution:
    """The answer to "which value of one unknown brings this metric to that target?".

    scenario: with the unknown at the value, or as it was where there is none
    by: the path of the unknown
    present: what the scenario held there
    target, goal: the metric ("rail.share") and what its mean should be
    value, low, high: of the unknown, with the interval that follows from that of the metric; None
        where the target cannot be reached, and without an interval from one replication
    whole: whether the unknown is a whole number, so that the target is met only nearly
    metric: the metric at the value, with its interval
    replications: how many stand behind all this
    tried, reached: the least and the greatest value that was tried, and metric that came of it,
        in the order of the values
    why: why there is no value, empty where there is one
    setting: the path and the value that were varied
    measures: all metrics of every replication at the value
    """

    scenario: Scenario
    by: str
    present: float
    target: str
    goal: float
    replications: int
    tried: tuple[float, float]
    reached: tuple[float, float] | None
    whole: bool = False
    value: float | None = None
    low: float | None = None
    high: float | None = None
    metric: Interval = UNDEFINED
    why: str = ""
    setting: tuple[str, Any] | None = None
    measures: Mapping[int, Measures] | None = None

    @classmethod
    def from_data(cls, scenario: Scenario, data: Mapping[str, Any]) -> Solution:
        """The solution that `to_data` told, without its replications. Raises KeyError."""
        return cls(
            scenario=scenario,
            **{name: data[name] for name in _AS_TOLD},
            tried=tuple(data["tried"]),
            reached=None if data["reached"] is None else tuple(data["reached"]),
            metric=Interval(**data["metric"]),
            setting=(data["vary"], data["at"]) if "vary" in data else None,
        )

    @property
    def unit(self) -> str:
        """The unit of the metric."""
        return METRICS[self.target.rpartition(".")[2]].unit

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "scenario": self.scenario.name,
            "price_year": self.scenario.price_year,
            **({} if self.setting is None else {"vary": self.setting[0], "at": self.setting[1]}),
            "by": self.by,
            "present": self.present,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "target": self.target,
            "goal": self.goal,
            "unit": self.unit,
            "metric": asdict(self.metric),
            "whole": self.whole,
            "replications": self.replications,
            "tried": self.tried,
            "reached": self.reached,
            "why": self.why,
        }


@dataclass(frozen=True)
class Frontier:
    """Solutions along the values of another parameter: the break-even freight by transit time.

    solutions: one for each value, in their order
    provenance, resimulate: as in Results
    """

    solutions: tuple[Solution, ...]
    provenance: Mapping[str, str]
    resimulate: Resimulate | None = field(default=None, repr=False, compare=False)

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON: the solution, or all of them where something was varied."""
        first = self.solutions[0]
        if first.setting is None:
            return first.to_data()
        return {"vary": first.setting[0], "solutions": [each.to_data() for each in self.solutions]}

    def to_frame(self) -> pd.DataFrame:
        """A row a solution: at, value, low, high, metric, why."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "at": None if each.setting is None else each.setting[1],
                    "value": each.value,
                    "low": each.low,
                    "high": each.high,
                    "metric": each.metric.mean,
                    "why": each.why,
                }
                for each in self.solutions
            ]
        )

    @property
    def results(self) -> Results:
        """The scenarios that were solved, at their values, with all their metrics."""
        found = {each.scenario: each.measures for each in self.solutions if each.measures}
        measures = {scenario.name: known for scenario, known in found.items()}
        return Results(tuple(found), measures, self.provenance, resimulate=self.resimulate)
