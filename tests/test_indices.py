"""Morris' and Sobol's indices by our own path, against the Ishigami function."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.results.indices import MORRIS, SOBOL, estimated, sampled
from sim.results.intervals import UNDEFINED

Floats = NDArray[np.float64]

BOUNDS = [(-pi, pi)] * 3
A, B = 7.0, 0.1


def ishigami(x: Floats) -> Floats:
    """Sin x1 + a sin² x2 + b x3⁴ sin x1 (Ishigami and Homma 1990)."""
    first, second, third = x.T
    found: Floats = np.sin(first) + A * np.sin(second) ** 2 + B * third**4 * np.sin(first)
    return found


def test_sobol_finds_what_is_known() -> None:
    # Variances by hand: of x1 with x3, of x2, of the interaction of x1 and x3.
    v1 = 0.5 * (1 + B * pi**4 / 5) ** 2
    v2, v13 = A**2 / 8, B**2 * pi**8 * 8 / 225
    every = v1 + v2 + v13
    first, total = (v1 / every, v2 / every, 0.0), ((v1 + v13) / every, v2 / every, v13 / every)
    sample = sampled(SOBOL, BOUNDS, 4096, seed=2001)
    indices = estimated(SOBOL, BOUNDS, sample, ishigami(sample), confidence=0.95, seed=2001)
    for found, s1, st in zip(indices, first, total, strict=True):
        for name, value in (("first", s1), ("total", st)):
            interval = found[name]
            assert interval.mean == pytest.approx(value, abs=0.02)
            assert interval.low is not None
            assert interval.high is not None
            assert interval.low - 0.01 <= value <= interval.high + 0.01


@pytest.mark.parametrize("seed", [0, 2**70])
def test_morris_finds_what_can_be_counted(seed: int) -> None:
    """On the grid -pi, -pi/3, pi/3, pi an effect is 3/2 of what a step of 2/3 changes."""
    mean, gap = (pi**4 + (pi / 3) ** 4) / 2, pi**4 - (pi / 3) ** 4  # of the fourth powers
    sine = 3**0.5 / 2
    effects = [1.5 * sine * (1 + B * mean), 1.5 * A * sine**2, 1.5 * B * gap * sine / 2]
    spread = [1.5 * sine * B * gap / 2, effects[1], 1.5 * B * gap * sine / 2**0.5]
    sample = sampled(MORRIS, BOUNDS, 1_000, seed)
    found = estimated(MORRIS, BOUNDS, sample, ishigami(sample), confidence=0.999, seed=seed)
    assert [one["mu_star"].mean for one in found] == pytest.approx(effects, rel=0.08)
    assert [one["sigma"].mean for one in found] == pytest.approx(spread, rel=0.08)
    assert found[1]["mu"].mean == pytest.approx(0, abs=1)
    for one, effect in zip(found, effects, strict=True):
        low, high = one["mu_star"].low, one["mu_star"].high
        assert low is not None
        assert high is not None
        assert low - 1e-9 <= effect <= high + 1e-9
        assert high - low < 0.25 * effect


def test_steps_between_whole_numbers_count_for_what_they_are() -> None:
    bounds, slopes = [(1.0, 2.0), (1.0, 3.0), (1.0, 11.0), (0.0, 0.4)], [365.0, -2.0, 7.0, 3.0]
    sample = np.round(sampled(MORRIS, bounds, 20, seed=1))
    found = estimated(MORRIS, bounds, sample, sample @ slopes, confidence=0.95, seed=1)
    assert [one["mu"].mean for one in found] == pytest.approx([365, -4, 70, 0])
    assert [one["mu_star"].mean for one in found] == pytest.approx([365, 4, 70, 0])
    assert [one["sigma"].mean for one in found] == pytest.approx([0, 0, 0, 0], abs=1e-9)


def test_intervals_widen_with_the_confidence() -> None:
    for method, name in ((MORRIS, "mu_star"), (SOBOL, "total")):
        sample = sampled(method, BOUNDS, 64, 3)
        narrow, wide = (
            estimated(method, BOUNDS, sample, ishigami(sample), confidence=each, seed=3)[0][name]
            for each in (0.5, 0.99)
        )
        assert narrow.mean == wide.mean
        assert 0 < (narrow.half_width or 0) < (wide.half_width or 0) / 3


@pytest.mark.parametrize("method", [MORRIS, SOBOL])
def test_samples_that_are_not_defined_are_left_out_as_a_whole(method: str) -> None:
    sample = sampled(method, BOUNDS, 64, 5)
    outputs, size = ishigami(sample), len(sample) // 64
    holes = outputs.copy()
    holes[[0, size, 2 * size - 1]] = np.nan  # of the first two samples
    ask: dict[str, Any] = {"confidence": 0.95, "seed": 5}
    kept = estimated(method, BOUNDS, sample[2 * size :], outputs[2 * size :], **ask)
    assert estimated(method, BOUNDS, sample, holes, **ask) == kept
    nowhere = estimated(method, BOUNDS, sample, np.full_like(outputs, np.nan), **ask)
    assert all(each.mean is None for one in nowhere for each in one.values())


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
