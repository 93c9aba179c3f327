"""Which input of a function matters: Morris' elementary effects and Sobol's indices, by SALib.

A study is laid out by `sampled`, evaluated by whoever knows the function, and told by `estimated`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError
from sim.results.intervals import UNDEFINED, Interval

Floats = NDArray[np.float64]
Bounds = Sequence[tuple[float, float]]
Indices = dict[str, Interval]
"""Of one input, by name."""

MORRIS, SOBOL = "morris", "sobol"

NAMES = {
    MORRIS: {"mu_star": "mu_star", "mu": "mu", "sigma": "sigma"},
    SOBOL: {"total": "ST", "first": "S1"},
}
"""The indices of each method, and what SALib calls them.

mu_star, mu, sigma: mean of the absolute elementary effects, mean and standard deviation of the
    effects [unit of the output, over the whole range of the input]
total, first: the parts of the output's variance that an input has with and without interactions
"""

LEVELS = 4
"""Of the grid on which Morris' trajectories step, as usual."""


def block(method: str, inputs: int) -> int:
    """How many evaluations one sample takes: a trajectory, or a row of Saltelli's scheme."""
    return inputs + (1 if method == MORRIS else 2)


def sampled(method: str, bounds: Bounds, samples: int, seed: int) -> Floats:
    """Where to evaluate: a row an evaluation, a column an input.

    Morris: so many trajectories (Morris 1991), each of inputs + 1 evaluations. Sobol: so many
    rows of a scrambled Sobol sequence, a power of 2, each of inputs + 2 evaluations (Saltelli et
    al. 2010). Raises UsageError where SALib is not installed.
    """
    if method == MORRIS:
        found = _salib("sample.morris").sample(_problem(bounds), samples, LEVELS, seed=_fit(seed))
    else:
        found = _salib("sample.sobol").sample(
            _problem(bounds), samples, calc_second_order=False, seed=_fit(seed)
        )
    return np.asarray(found, dtype=np.float64)


def estimated(
    method: str, bounds: Bounds, sample: Floats, outputs: Floats, *, confidence: float, seed: int
) -> list[Indices]:
    """The indices of every input, from the outputs at the rows of a sample, whole numbers rounded.

    Samples with an output that is NaN are left out as a whole; where fewer than two are left, or
    Sobol finds no variance to share out, indices are undefined. Intervals are those of resampled
    samples (Morris: Campolongo et al. 2007; Sobol: Saltelli et al. 2010), so they say nothing of
    replications. Raises UsageError where SALib is not installed.
    """
    size = block(method, len(bounds))
    whole = complete(method, len(bounds), outputs)
    rows = np.repeat(whole, size)
    x, y = sample[rows], outputs[rows]
    if whole.sum() < 2 or (method == SOBOL and not _varies(y, size)):
        return [dict.fromkeys(NAMES[method], UNDEFINED) for _ in bounds]
    how: dict[str, Any] = {"conf_level": confidence, "seed": _fit(seed)}
    if method == MORRIS:
        y = _by_step(x.reshape(-1, size, len(bounds)), y.reshape(-1, size), bounds)
        found = _salib("analyze.morris").analyze(_problem(bounds), x, y, num_levels=LEVELS, **how)
    else:
        found = _salib("analyze.sobol").analyze(_problem(bounds), y, calc_second_order=False, **how)
    return [
        {name: _interval(found, theirs, n) for name, theirs in NAMES[method].items()}
        for n in range(len(bounds))
    ]


def _by_step(x: Floats, y: Floats, bounds: Bounds) -> Floats:
    """Outputs that differ as those of steps of one length would, at the slope of the real ones.

    SALib takes all steps for equally long parts of their range, and those of whole numbers are
    not. Each step of a trajectory changes one input.

    x: inputs [trajectories, rows, inputs]; y: their outputs [trajectories, rows]
    """
    low, high = np.array(bounds).T
    steps = np.abs(np.diff(x, axis=1) / (high - low)).max(axis=2)
    usual = LEVELS / (2 * (LEVELS - 1))
    factors = np.divide(usual, steps, out=np.zeros_like(steps), where=steps > 0)
    rises = np.cumsum(np.diff(y, axis=1) * factors, axis=1)
    return np.column_stack([y[:, :1], y[:, :1] + rises]).ravel()


def complete(method: str, inputs: int, outputs: Floats) -> NDArray[np.bool_]:
    """Of each sample, whether every output is defined."""
    missing = np.isnan(outputs.reshape(-1, block(method, inputs)))
    return np.asarray(~missing.any(axis=1), dtype=np.bool_)


def _varies(outputs: Floats, size: int) -> bool:
    """Whether there is variance in the two independent rows of Saltelli's scheme."""
    return bool(np.ptp(outputs.reshape(-1, size)[:, [0, -1]]) > 0)


def _interval(found: Mapping[str, Any], name: str, n: int) -> Interval:
    """An index of an input; SALib gives some of them half an interval."""
    mean = float(found[name][n])
    half = float(found[f"{name}_conf"][n]) if f"{name}_conf" in found else math.nan
    return Interval(mean) if math.isnan(half) else Interval(mean, mean - half, mean + half)


def _problem(bounds: Bounds) -> dict[str, Any]:
    """How SALib is told of inputs; a new one each time, for SALib writes into it."""
    names = [f"x{n}" for n in range(len(bounds))]
    return {"num_vars": len(bounds), "names": names, "bounds": [list(each) for each in bounds]}


def _fit(seed: int) -> int:
    """A seed of any size as one that SALib takes, which reads 0 as none."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0]) or 1


def check_installed() -> None:
    """Raise UsageError where SALib is not installed."""
    _salib("sample.morris")


def _salib(module: str) -> ModuleType:
    import importlib

    try:
        return importlib.import_module(f"SALib.{module}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "SALib":
            raise
        raise UsageError("sensitivity needs SALib: pip install 'transsib[sensitivity]'") from None
