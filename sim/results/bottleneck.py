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

from sim.results.figures import Figures, Lane
from sim.results.observations import Floats, Leg, Passage
from sim.results.window import Window

KINDS: Final = ("wait", "queueing", "service", "transit")
"""Into what door-to-door time is divided."""

Counts = NDArray[np.int64]

Spent = tuple[str, str, Floats, Counts | None]
"""A stage, one of the kinds, days, and how many containers spent each of them; None for one."""


def stages(lanes: Sequence[Lane], window: Window) -> dict[str, Figures]:
    """What each stage of a route adds to door-to-door time: mean and 95th percentile [days].

    With the yearly capacity of departures [containers/year].
    """
    spent: dict[tuple[str, str], list[tuple[Floats, Counts | None]]] = defaultdict(list)
    for lane in lanes:
        for stage, kind, days, weights in _spent(lane, window):
            spent[stage, kind].append((days, weights))
    found: dict[str, Figures] = {}
    for (stage, kind), parts in spent.items():
        mean, p95 = _mean_and_p95(parts)
        found.setdefault(stage, {}).update({f"{kind}_mean": mean, f"{kind}_p95": p95})
    for lane in lanes:
        for leg in lane.log.legs:
            figures = found[leg.name]
            figures["yearly_capacity"] = (
                figures.get("yearly_capacity") or 0.0
            ) + leg.yearly_capacity
            if math.isinf(figures["yearly_capacity"] or 0.0):
                figures["yearly_capacity"] = None
    return found


def _mean_and_p95(
    parts: Sequence[tuple[Floats, Counts | None]],
) -> tuple[float | None, float | None]:
    """Of days that so many containers spent each."""
    days = np.concatenate([some for some, _ in parts])
    if not len(days):
        return None, None
    if parts[0][1] is None:
        place = math.ceil(0.95 * len(days)) - 1
        return float(days.mean()), float(np.partition(days, place)[place])
    weights = np.concatenate([weights for _, weights in parts if weights is not None])
    order, total = days.argsort(), int(weights.sum())
    place = int(weights[order].cumsum().searchsorted(math.ceil(0.95 * total)))
    return float((days * weights).sum()) / total, float(days[order[place]])


def _spent(lane: Lane, window: Window) -> Iterator[Spent]:
    """What the containers delivered in a window spent at each stage."""
    log = lane.log
    if not log.legs:
        here = window.holds(log.own_arrivals)
        yield from _passed(log.approach, here.astype(np.int64))
        return
    who = _delivered(log.legs[-1], window)
    is_one = np.zeros(len(lane.way.booked), np.bool_)
    is_one[who] = True
    yield from _passed(log.approach, is_one[log.accepted].astype(np.int64))
    for leg in log.legs:
        boarded = leg.who[: leg.boarded]
        here = is_one[boarded]
        wait = (leg.boarding_days[: leg.boarded] - leg.since[: leg.boarded])[here]
        yield leg.name, "wait", wait, None
        trip = np.repeat(np.arange(len(leg.loads)), leg.loads)[here]
        yield from _passed(leg.passages, np.bincount(trip, minlength=len(leg.loads)))


def _delivered(last: Leg, window: Window) -> NDArray[np.int32]:
    return last.who[: last.boarded][np.repeat(window.holds(last.arrived), last.loads)]


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
