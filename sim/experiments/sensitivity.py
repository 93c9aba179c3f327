"""Sensitivity: a scenario over the ranges of its ledger, all on the same random numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Unpack

from sim.errors import TooLargeError, UsageError
from sim.experiments.estimate import refuse_if_large
from sim.experiments.study import How, studied
from sim.experiments.trials import check_known, check_parameter
from sim.experiments.varied import MOST_POINTS
from sim.experiments.workers import places
from sim.results.indices import MORRIS, SOBOL, block, check_installed, sampled
from sim.results.results import SENSITIVITY, SHOWN, STUDY, VARIED
from sim.results.sensitivity import METHOD, SAMPLE, Sensitivity
from sim.scenario.distributions import whole
from sim.scenario.fields import Named
from sim.scenario.files import changed
from sim.scenario.model import Scenario, a_scenario, replicated
from sim.scenario.schema import did_you_mean
from sim.scenario.uncertain import Uncertain, uncertain

REPLICATIONS = 2
"""Of every scenario, in place of its own: the least with an interval.

All share their random numbers, so two settle what matters: the forecast's shares are then ± 0.6
points at most, where a range moves them by 17. More samples tell more than more replications.
"""

SAMPLES = {MORRIS: (4, 20), SOBOL: (64, 64)}
"""Fewest and most samples, unless said: Morris (1991) took 4 trajectories, later authors 10.

With 15 the longest effect of forecast-200k, 16 points, is known to ± 5; with four times as many
to half of that.
"""

USUAL_POINTS = 225
"""Scenarios that Morris' trajectories should have in all, if there are so few parameters.

With the ends of 14 ranges that is about two minutes for a bundled forecast, on two idle cores.
"""


@dataclass(frozen=True)
class Plan:
    """What a sensitivity study does: which metric, which figures, how often."""

    metric: str
    method: str
    samples: int
    figures: tuple[Uncertain, ...]

    @property
    def scenarios(self) -> int:
        """How many there are: as it is, both ends of every range, and the samples."""
        return 1 + 2 * len(self.figures) + self.samples * block(self.method, len(self.figures))


def sensitivity(
    scenario: Scenario,
    *,
    metric: str | None = None,
    method: str = MORRIS,
    samples: int | None = None,
    **how: Unpack[How],
) -> Sensitivity:
    """What a metric does over the ranges of the scenario's ledger.

    metric: by default the share of the route that is fastest with nothing ahead
    method: "morris" (elementary effects) or "sobol" (parts of the variance, many more runs)
    samples: Morris: trajectories; Sobol: rows of Saltelli's scheme, a power of 2
    how: as for `run`; without `replications` each scenario has 2

    Every figure with a range is also set to both ends of it, all else as in the scenario. Raises
    UsageError (also without SALib, or where no assumption has a range), ScenarioError for a range
    that makes no scenario, TooLargeError, IncompleteError and ResultsError.
    """
    number = how.get("replications")
    scenario = replicated(a_scenario(scenario), REPLICATIONS if number is None else number)
    plan = planned(scenario, metric, method, samples)
    if not how.get("large"):
        refuse(scenario, plan, how.get("jobs"), how.get("cluster"))
    scenarios, tags = laid_out(scenario, plan)
    return Sensitivity.of(studied(scenarios, paired=True, tags=tags, **how))


def planned(
    scenario: Scenario, metric: str | None = None, method: str = MORRIS, samples: int | None = None
) -> Plan:
    """What to do. Raises UsageError, TooLargeError for more scenarios than anybody wants."""
    if method not in SAMPLES:
        raise UsageError(f"--method: no method {method!r:.60}{did_you_mean(method, list(SAMPLES))}")
    check_installed()
    figures = uncertain(scenario)
    if not figures:
        raise UsageError(
            f"{scenario.name}: nothing to vary: no assumption about what takes part has a range"
        )
    for figure in figures:
        check_parameter("assumptions", figure.path)
    asked = _samples(method, samples, len(figures))
    if metric is not None:
        check_known("--metric", scenario, metric)
    plan = Plan(metric or usual_metric(scenario), method, asked, figures)
    if plan.scenarios > MOST_POINTS:
        raise TooLargeError(f"--samples: makes more than {MOST_POINTS:,} scenarios")
    return plan


def _samples(method: str, samples: int | None, figures: int) -> int:
    fewest, most = SAMPLES[method]
    if samples is None:
        return min(max(USUAL_POINTS // block(method, figures), fewest), most)
    samples = whole("--samples", samples, 2)
    if method == SOBOL and samples & (samples - 1):
        raise UsageError(f"--samples: must be a power of 2 for Sobol, such as 64 (got {samples})")
    return samples


def usual_metric(scenario: Scenario) -> str:
    """The share of the open route that is fastest with nothing ahead. Raises UsageError."""
    if not scenario.open_routes:
        raise UsageError(f"{scenario.name}: no route is open: there is no share to look at")
    return f"{min(scenario.open_routes, key=scenario.free_flow_days)}.share"


def refuse(scenario: Scenario, plan: Plan, jobs: int | None, cluster: str | None = None) -> None:
    """Raise TooLargeError where it would take too long; no scenario is made yet."""
    apart = cluster is not None
    refuse_if_large([scenario], places(jobs, cluster), times=plan.scenarios, apart=apart)


def laid_out(scenario: Scenario, plan: Plan) -> tuple[list[Scenario], dict[str, str]]:
    """All scenarios, and what the provenance says of the study. Raises ScenarioError."""
    bare = scenario.model_copy(update={"assumptions": Named({})})  # they speak of what it was
    scenarios = [scenario]
    for number, figure in enumerate(plan.figures):
        for end, value in (("low", figure.low), ("high", figure.high)):
            name, said = f"{scenario.name}-{end}-{number}", f"{end} end of the range"
            changes = {figure.path: figure.value(value)}
            scenarios.append(changed(bare, changes, name=name, said=said))
    bounds = [(figure.low, figure.high) for figure in plan.figures]
    sample = sampled(plan.method, bounds, plan.samples, scenario.run.seed).tolist()
    values = [[f.value(x) for f, x in zip(plan.figures, row, strict=True)] for row in sample]
    for number, row in enumerate(values):
        changes = {figure.path: x for figure, x in zip(plan.figures, row, strict=True)}
        name, said = f"{scenario.name}-point-{number}", f"sample {number} of the ranges"
        scenarios.append(changed(bare, changes, name=name, said=said))
    ranges = {figure.path: (figure.low, figure.high) for figure in plan.figures}
    return scenarios, {
        STUDY: SENSITIVITY,
        SHOWN: plan.metric,
        METHOD: plan.method,
        VARIED: json.dumps(ranges),
        SAMPLE: json.dumps(values),
    }
