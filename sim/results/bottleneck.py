"""Where the days go: each stage's part in door-to-door time.

The containers of a route are those that were delivered in the window, in both directions. What each
of them spent at a stage (waiting for a departure, in the queue of a facility, in service, in
transit) sums to its door-to-door time.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.results.figures import Figures, Sample, by_stage, load_factor
from sim.results.fleets import departures
from sim.results.observations import Floats, Passage
from sim.results.window import Window

KINDS: Final = ("wait", "queueing", "service", "transit")
"""Into what door-to-door time is divided."""

Counts = NDArray[np.integer]

Spent = tuple[str, str, Floats, Counts | None]
"""A stage, one of the kinds, days, and how many containers spent each of them; None for one."""


def stages(samples: Sequence[Sample], window: Window) -> dict[str, Figures]:
    """Each stage of a route: what it adds to door-to-door time, mean and 95th percentile [days].

    Of departures also how full they were, what left, and yearly capacity [containers/year].
    """
    found: dict[str, Figures] = {}
    for stage, legs in by_stage(samples).items():
        found[stage] = {"load_factor": load_factor(legs, window)} | departures(legs, window)
    spent: dict[tuple[str, str], list[tuple[Floats, Counts | None]]] = defaultdict(list)
    for sample in samples:
        for stage, kind, days, weights in _spent(sample):
            spent[stage, kind].append((days, weights))
    for (stage, kind), parts in spent.items():
        mean, p95 = _mean_and_p95(parts)
        found.setdefault(stage, {}).update({f"{kind}_mean": mean, f"{kind}_p95": p95})
    for stage, legs in by_stage(samples).items():
        capacity = sum(leg.yearly_capacity for leg in legs)
        found[stage]["yearly_capacity"] = None if math.isinf(capacity) else capacity
    return found


def _mean_and_p95(
    parts: Sequence[tuple[Floats, Counts | None]],
) -> tuple[float | None, float | None]:
    """Of days that so many containers spent each."""
    days = np.concatenate([some for some, _ in parts])
    if not len(days):
        return None, None
    if parts[0][1] is None:
        mean, place = float(days.mean()), math.ceil(0.95 * len(days)) - 1
        days.partition(place)
        return mean, float(days[place])
    weights = np.concatenate([weights for _, weights in parts if weights is not None])
    order, total = days.argsort(), int(weights.sum())
    place = int(weights[order].cumsum().searchsorted(math.ceil(0.95 * total)))
    return float((days * weights).sum()) / total, float(days[order[place]])


def _spent(sample: Sample) -> Iterator[Spent]:
    """What the containers delivered in a window spent at each stage."""
    log, went = sample.lane.log, sample.journeys
    _, arrived, loads = log.arrivals
    carried = np.where(sample.window.holds(arrived), loads, 0)
    if not log.legs:
        yield from _passed(log.approach, carried)
        return
    *earlier, last = log.legs
    is_one = np.zeros(len(sample.lane.way.booked), np.bool_)
    if log.approach or earlier:
        is_one[went.who] = True
        yield from _passed(log.approach, is_one[log.accepted].astype(np.int32))
    for leg in earlier:
        here = is_one[leg.who[: leg.boarded]]
        yield leg.name, "wait", (leg.boarding_days - leg.since)[: leg.boarded][here], None
        trip = np.repeat(np.arange(len(leg.loads)), leg.loads)[here]
        yield from _passed(leg.passages, np.bincount(trip, minlength=len(leg.loads)))
    if earlier:  # then containers have waited before
        here = np.repeat(carried > 0, loads)
        yield last.name, "wait", (last.boarding_days - last.since)[: last.boarded][here], None
    else:
        yield last.name, "wait", went.wait, None
    yield from _passed(last.passages, carried)


def _passed(passages: Sequence[Passage], weights: Counts) -> Iterator[Spent]:
    """What trips spent at stages, weighted by their containers."""
    here = weights > 0
    for each in passages:
        entered, started, left = each.entered[here], each.started[here], each.left[here]
        if each.facility is None:
            yield each.stage, "transit", left - entered, weights[here]
        else:
            yield each.stage, "queueing", started - entered, weights[here]
            yield each.stage, "service", left - started, weights[here]
