"""Morris' and Sobol's indices by our own path, against the Ishigami function."""

from __future__ import annotations

import numpy as np
import pytest

from sim.results.indices import MORRIS, SOBOL, Indices, estimated, sampled
from sim.results.intervals import UNDEFINED

BOUNDS = [(-np.pi, np.pi)] * 3
A, B = 7.0, 0.1


def ishigami(x: np.ndarray) -> np.ndarray:
    """Sin x1 + a sin² x2 + b x3⁴ sin x1 (Ishigami and Homma 1990)."""
    found: np.ndarray = (
        np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])
    )
    return found


def indices(method: str, samples: int) -> list[Indices]:
    sample = sampled(method, BOUNDS, samples, seed=2001)
    return estimated(method, BOUNDS, sample, ishigami(sample), confidence=0.95, seed=2001)


def test_sobol_finds_what_is_known() -> None:
    # Variances by hand: of x1 with x3, of x2, of the interaction of x1 and x3.
    v1 = 0.5 * (1 + B * np.pi**4 / 5) ** 2
    v2, v13 = A**2 / 8, B**2 * np.pi**8 * 8 / 225
    every = v1 + v2 + v13
    first, total = (v1 / every, v2 / every, 0.0), ((v1 + v13) / every, v2 / every, v13 / every)
    for found, s1, st in zip(indices(SOBOL, 4096), first, total, strict=True):
        for name, value in (("first", s1), ("total", st)):
            interval = found[name]
            assert interval.mean == pytest.approx(value, abs=0.02)
            assert interval.low is not None
            assert interval.high is not None
            assert interval.low - 0.01 <= value <= interval.high + 0.01


def test_morris_orders_inputs_as_the_grid_has_it() -> None:
    # On a grid of four levels x2 steps from -π, -π/3, π/3, π by 2/3 of the range: sin² x2 changes
    # by 3/4, so each effect is ± a · 3/4 / (2/3) = 7.875 over the whole range.
    x1, x2, x3 = indices(MORRIS, 400)
    assert x2["mu_star"].mean == pytest.approx(7.875, rel=1e-9)
    assert x2["mu"].mean == pytest.approx(0, abs=1.0)
    means = [each["mu_star"].mean for each in (x1, x2, x3)]
    assert all(mean is not None and mean > 0 for mean in means)
    sigma = x3["sigma"].mean
    assert sigma is not None
    assert sigma > 0.5 * (x3["mu_star"].mean or 0), "x3 acts by interaction alone"


@pytest.mark.parametrize("method", [MORRIS, SOBOL])
def test_the_same_seed_gives_the_same_and_samples_stay_in_bounds(method: str) -> None:
    one, other = (sampled(method, [(1.0, 3.0), (-5.0, 0.0)], 8, seed=3) for _ in range(2))
    assert (one == other).all()
    assert (one >= [1.0, -5.0]).all()
    assert (one <= [3.0, 0.0]).all()
    assert (one != sampled(method, [(1.0, 3.0), (-5.0, 0.0)], 8, seed=4)).any()


@pytest.mark.parametrize("method", [MORRIS, SOBOL])
def test_what_changes_nothing_matters_not(method: str) -> None:
    sample = sampled(method, BOUNDS, 16, seed=1)
    found = estimated(method, BOUNDS, sample, np.ones(len(sample)), confidence=0.95, seed=1)
    for each in found:
        if method == MORRIS:
            assert each["mu_star"].mean == 0
        else:
            assert each["total"] == UNDEFINED
