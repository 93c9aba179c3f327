"""What is disrupted on which days, reckoned from what a replication says of it: for the laws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

import sim
from sim.results.observations import DisruptionLog, Floats

Spans = Sequence[tuple[float, float]]
Flags = NDArray[np.bool_]


def happened(observed: sim.Observations, target: str, *effects: str) -> list[DisruptionLog]:
    """The disruptions of a target that had one of these effects."""
    return [
        log
        for log in observed.disruptions
        if log.said.target == target and log.said.effect in effects
    ]


def is_in(spans: Spans, days: Floats) -> Flags:
    """Whether each day is one of [first, end)."""
    found = np.zeros(len(days), np.bool_)
    for first, end in spans:
        found |= (first <= days) & (days < end)
    return found


def closed(observed: sim.Observations, target: str) -> Spans:
    """The days on which nothing begins at a target; they may overlap."""
    return [span for log in happened(observed, target, "closed") for span in log.spans]


def opens(spans: Spans, days: Floats) -> Floats:
    """The first day from each on that is none of these."""
    days = days.copy()
    while is_in(spans, days).any():
        for first, end in spans:
            days[(first <= days) & (days < end)] = end
    return days


def factors(logs: Iterable[DisruptionLog], days: Floats) -> Floats:
    """The product of the factors of all that holds on each day."""
    found = np.ones(len(days))
    for log in logs:
        found[is_in(log.spans, days)] *= 1.0 if log.said.factor is None else log.said.factor
    return found


def edges(logs: Iterable[DisruptionLog]) -> list[float]:
    """The days on which something begins or ends."""
    return sorted({day for log in logs for span in log.spans for day in span})


def worked(
    observed: sim.Observations, target: str, started: Floats, ended: Floats, more: Spans = ()
) -> Floats:
    """How much of the work that goes on from day to day is done in that time.

    It stands still while the target is closed and holds who is under way, and in `more` spans; it
    goes slower where that is said; who began while it was slower without holding has so much more
    to do.
    """
    logs = [log for log in happened(observed, target, "closed", "slower") if log.said.holds]
    still = [span for log in logs if log.said.effect == "closed" for span in log.spans]
    slower = [log for log in logs if log.said.effect == "slower"]
    cuts = sorted({*edges(logs), *(day for span in more for day in span)})
    done = ended - started
    for first, end in pairwise(cuts):
        at = np.array([first])
        speed = 0.0 if is_in([*still, *more], at)[0] else 1 / factors(slower, at)[0]
        done = done - (1 - speed) * np.maximum(
            np.minimum(ended, end) - np.maximum(started, first), 0
        )
    other = [log for log in happened(observed, target, "slower") if not log.said.holds]
    result: Floats = done / factors(other, started)
    return result
