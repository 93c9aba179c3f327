"""Figures as rows, of tables and of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.results.intervals import Difference
from sim.results.metrics import METRICS, Key

if TYPE_CHECKING:
    from sim.results.results import Results


def described(key: Key) -> dict[str, str]:
    """Route, part, metric and unit of a figure."""
    return {**key._asdict(), "unit": METRICS[key.metric].unit}


def about_run(results: Results, name: str) -> dict[str, Any]:
    """How a scenario was simulated."""
    run = results.scenario(name).run
    return {
        "seed": run.seed,
        "replications": len(results.measures[name]),
        "confidence": run.confidence,
        "warmup_days": run.warmup_days,
        "days": run.days,
    }


def better(key: Key, difference: Difference) -> float | None:
    """The fraction of replications in which the scenario is better; None for a neutral metric."""
    sign = METRICS[key.metric].better
    return {1: difference.higher, -1: difference.lower, 0: None}[sign]


def difference_rows(results: Results) -> Iterator[dict[str, Any]]:
    """Each metric that a scenario and the baseline share, as a row."""
    for name in results.names[1:]:
        for key in results.keys(name):
            if key in results.keys(results.baseline.name):
                difference = results.difference(key, name)
                yield {
                    "scenario": name,
                    **described(key),
                    **vars(difference.interval),
                    "better": better(key, difference),
                    "variance_reduction": difference.variance_reduction,
                }
