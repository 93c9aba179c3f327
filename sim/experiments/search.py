"""How a goal seek finds the value of an unknown that brings a metric to its target.

All values are tried on the same random numbers, so the mean of a metric over the replications is a
function of the unknown, and scipy finds its root. A few replications first show between which
values the target lies, looking ever further around the present one; then all of them settle it.
Where the few find nothing, all of them say whether the value that comes nearest falls short too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import elementwise

from sim.errors import UsageError
from sim.experiments.trials import Laboratory, Unknown
from sim.results.solution import Solution

PILOT = 2
"""Replications that look for a bracket."""

RINGS = 9
"""How often the search goes four times further: at most 4,096 times as far as the present value."""

WITHIN = 9
"""Values that are tried first where bounds are given."""

HALVINGS = 6
"""How often the search looks closer where a metric turns before it reaches the target."""

ENOUGH, FINEST = 1e-4, 1e-6
"""Relative distances from the target and of values at which the search ends: far within noise."""

Bounds = tuple[float, float]


def search(
    unknowns: Sequence[Unknown], within: Bounds | None, laboratory: Laboratory
) -> Iterator[Solution]:
    """Look around on a few replications, settle on all; for all unknowns at the same time."""
    every = unknowns[0].scenario.run.replications
    few = min(PILOT, every)
    _look_around(unknowns, within, laboratory, few)
    laboratory.run([(each, x) for each in unknowns for x in _worth_all(each, few)], every)
    promising = [each for each in unknowns if _may_cross(each, few, every)]
    _look_around(promising, within, laboratory, every)
    _settle([each for each in unknowns if each.bracket(every)], laboratory, every)
    for each in unknowns:
        settled = each.bracket(every) or each.hole(every)
        yield _solved(each, every) if settled else _unsolved(each, few)


def _worth_all(unknown: Unknown, few: int) -> tuple[float, ...]:
    """The values to try on all replications: around the target, or the nearest to it."""
    known = unknown.defined(few)
    nearest = (unknown.nearest(known, few),) if known else ()
    return unknown.bracket(few) or nearest


def _may_cross(unknown: Unknown, few: int, every: int) -> bool:
    """Whether the target may lie between values, on all replications."""
    if unknown.bracket(few) or unknown.bracket(every):
        return True
    return any(unknown.gap(x, few) * unknown.gap(x, every) <= 0 for x in unknown.defined(every))


def _look_around(
    unknowns: Sequence[Unknown], within: Bounds | None, laboratory: Laboratory, replications: int
) -> None:
    """Try values ever further from the present ones until the target lies between two of them.

    Where the metric turns before it gets there, ever closer ones around the turn.
    """
    for number in range(RINGS + 1):
        trials = [
            (unknown, x)
            for unknown in unknowns
            if unknown.bracket(replications) is None
            for x in _ring(unknown, within, number)
            if laboratory.allows(unknown, x)
        ]
        laboratory.run(trials, replications)
    for _ in range(HALVINGS):
        trials = [
            (unknown, x)
            for unknown in unknowns
            if unknown.bracket(replications) is None
            for x in _around_the_turn(unknown, replications)
            if laboratory.allows(unknown, x)
        ]
        laboratory.run(trials, replications)
    for unknown in unknowns:
        if not unknown.tried(replications):
            reason = unknown.refused or "the bounds hold no whole number"
            raise UsageError(f"no value of {unknown.by} can be tried: {reason}")


def _ring(unknown: Unknown, within: Bounds | None, number: int) -> list[float]:
    """The values to try next: on both sides and towards 0, or the same number within bounds."""
    present = unknown.present
    step = (abs(present) / 16 or 1.0) * 4.0 ** (number - 1)
    if within is not None:
        values = np.linspace(*within, WITHIN).tolist() if number == 0 else []
    elif number == 0:
        values = [present]
    else:
        values = [present - step, present + step, present / 4.0**number]
    if not unknown.is_whole:
        return values
    whole = {float(round(x)) for x in values}
    return sorted(x for x in whole if within is None or within[0] <= x <= within[1])


def _around_the_turn(unknown: Unknown, replications: int) -> list[float]:
    """The middles on both sides of the value that comes nearest, where those beside it fall off."""
    values = unknown.defined(replications)
    gaps = [abs(unknown.gap(x, replications)) for x in values]
    for (low, x, high), (before, least, after) in zip(
        zip(values, values[1:], values[2:], strict=False),
        zip(gaps, gaps[1:], gaps[2:], strict=False),
        strict=True,
    ):
        if least == min(gaps) and least < min(before, after):
            found = [(low + x) / 2, (x + high) / 2]
            return [float(round(each)) for each in found] if unknown.is_whole else found
    return []


def _settle(unknowns: Sequence[Unknown], laboratory: Laboratory, replications: int) -> None:
    """Find the roots on all replications (Chandrupatla 1997), all unknowns abreast."""
    if not unknowns:
        return

    def gaps(values: NDArray[np.float64], index: NDArray[np.int64]) -> NDArray[np.float64]:
        pairs = zip(index.ravel().tolist(), values.ravel().tolist(), strict=True)
        trials = [(unknowns[n], float(round(x)) if unknowns[n].is_whole else x) for n, x in pairs]
        laboratory.run(trials, replications)
        return np.array([each.gap(x, replications) for each, x in trials]).reshape(values.shape)

    lows, highs = np.array([each.bracket(replications) for each in unknowns]).T
    first = unknowns[0]
    elementwise.find_root(
        gaps,
        (lows, highs),
        args=(np.arange(len(unknowns)),),
        tolerances={
            "xatol": 0.5 if first.is_whole else 0.0,
            "xrtol": FINEST,
            "fatol": ENOUGH * abs(first.goal),
            "frtol": 0.0,
        },
        maxiter=60,
    )


def _solved(unknown: Unknown, replications: int) -> Solution:
    """The better end of what the search has closed in, unless the metric jumps there."""
    ends = unknown.bracket(replications)
    if ends is None:
        return _unsolved(unknown, replications)
    best = unknown.nearest(ends, replications)
    metric = unknown.interval(best, replications)
    noise, gap = metric.half_width or 0.0, abs(unknown.gap(best, replications))
    if gap > max(noise, 10 * ENOUGH * abs(unknown.goal)) and not unknown.is_whole:
        return _told(unknown, list(ends), replications, why="it jumps over the target")
    half = _half_width(unknown, best, replications)
    return _told(
        unknown,
        unknown.tried(replications),
        replications,
        scenario=unknown.at(best),
        value=best,
        low=best - half if half is not None else None,
        high=best + half if half is not None else None,
        metric=metric,
        measures=unknown.measures[best],
    )


def _half_width(unknown: Unknown, best: float, replications: int) -> float | None:
    """Half the interval of the value: that of the metric over the slope, None without a slope.

    The slope is that of the secant to the nearest value whose metric is beyond the interval.
    """
    noise, here = unknown.interval(best, replications).half_width, unknown.gap(best, replications)
    rises = {x: unknown.gap(x, replications) - here for x in unknown.defined(replications)}
    beyond = [x for x, rise in rises.items() if noise is not None and abs(rise) >= noise and rise]
    if noise is None or not beyond:
        return None
    nearest = min(beyond, key=lambda x: abs(x - best))
    return noise * abs((nearest - best) / rises[nearest])


def _unsolved(unknown: Unknown, replications: int) -> Solution:
    """Why there is no value, and what there is instead."""
    tried, hole = unknown.tried(replications), unknown.hole(replications)
    reached = _reached(unknown, tried, replications)
    if reached is None:
        why = "it is not defined at any value that was tried"
    elif hole is not None:
        why = "it is not defined all the way (no steady state, or nothing delivered)"
        return _told(unknown, list(hole), replications, why=why)
    elif len(tried) == 1 and unknown.refused:
        why = f"no other value can be tried: {unknown.refused}"
    elif abs(reached[1] - reached[0]) <= 1e-9 * max(map(abs, reached)):
        why = "it does not respond"
    else:
        why = "it is out of reach"
    return _told(unknown, tried, replications, why=why)


def _told(unknown: Unknown, tried: list[float], replications: int, **found: Any) -> Solution:
    """What was tried, what came of it, and what was found; else the scenario as it was."""
    return Solution(
        by=unknown.by,
        present=unknown.present,
        target=unknown.metric,
        goal=unknown.goal,
        whole=unknown.is_whole,
        replications=replications,
        tried=(tried[0], tried[-1]),
        reached=_reached(unknown, tried, replications),
        setting=unknown.setting,
        **{"scenario": unknown.scenario, **found},
    )


def _reached(unknown: Unknown, tried: list[float], replications: int) -> Bounds | None:
    """The least and the greatest metric that came of values that rise, in the order of those."""
    means = [unknown.interval(x, replications).mean for x in tried]
    known = [mean for mean in means if mean is not None]
    if not known:
        return None
    ends = sorted((min(known), max(known)), key=known.index)
    return ends[0], ends[1]
