"""Replications that kept all laws, and how measured figures are held against theory."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from _pytest.mark import ParameterSet
from laws import assert_lawful

import sim
from sim.results.intervals import student
from sim.results.metrics import measure


def sampled(cases: Iterable[Any], kept: Container[Any]) -> list[ParameterSet]:
    """Cases of a test: `make test` runs those that are kept, `make verify` all of them."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=[] if case in kept else [pytest.mark.slow],
        )
        for case in cases
    ]


def lawful_run(scenario: sim.Scenario, replication: int = 0) -> sim.Observations:
    """One replication that kept all laws."""
    observed = sim.simulate(scenario, replication)
    assert_lawful(scenario, observed)
    return observed


def figures(scenario: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
    """The metrics that are defined, by "ROUTE.METRIC"."""
    measures = measure(scenario, observed)
    return {str(key): value for key, value in measures.items() if value is not None}


@dataclass(frozen=True)
class Agreement:
    """The mean of independent values against what theory expects.

    z: its distance from theory in standard errors
    width: half its 95 % confidence interval, relative to theory
    """

    z: float
    width: float

    def __str__(self) -> str:
        return f"z {self.z:+.2f}, ± {self.width:.2%}"


def agreement(values: Sequence[float], theory: float) -> Agreement:
    """How independent values agree with theory."""
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    half = student(list(values), 0.95).half_width
    assert half is not None
    return Agreement((float(np.mean(values)) - theory) / error, half / abs(theory))
