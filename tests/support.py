"""What every replication must obey, and how measured figures are held against theory.

The laws are read off observations alone and share nothing with the engine's own check.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import sim
from sim.results.intervals import student
from sim.results.metrics import measure
from sim.results.observations import Leg, RouteLog

Numbers = NDArray[np.int64]


def lawful_run(scenario: sim.Scenario, replication: int = 0) -> sim.Observations:
    """One replication that kept all laws, with the vehicles that the scenario asks for."""
    observed = sim.simulate(scenario, replication)
    assert_lawful(observed)
    for route in observed.routes:
        for leg in route.legs:
            stage = scenario.routes[route.name].departures[leg.name]
            numbers = np.arange(1, len(leg.departed) + 1)
            assert leg.capacity == stage.capacity
            assert (leg.departed == numbers * stage.headway).all()
            assert (len(numbers) + 1) * stage.headway >= observed.horizon
    takes_all = any(math.isinf(route.max_wait_days) for route in scenario.open_routes.values())
    if takes_all and scenario.choice.rule != "share":
        assert (observed.taken >= 0).all(), "nobody is unserved where a route takes all"
    return observed


def figures(scenario: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
    """The metrics that are defined, by "ROUTE.METRIC"."""
    measures = measure(scenario, observed)
    return {str(key): value for key, value in measures.items() if value is not None}


def assert_lawful(observed: sim.Observations) -> None:
    """Each container has one fate; queues are first in first out; no vehicle is overloaded."""
    booked = observed.booked
    assert (np.diff(booked) >= 0).all()
    assert ((booked >= 0) & (booked < observed.horizon)).all()
    fates = [np.flatnonzero(observed.taken < 0)]
    for row, route in enumerate(observed.routes):
        assert np.array_equal(route.accepted, np.flatnonzero(observed.taken == row))
        assert_lawful_refusals(observed, row)
        fates += assert_lawful_route(observed, route)
    counted = np.bincount(np.concatenate(fates), minlength=len(booked))
    assert (counted == 1).all(), "each container is delivered, moving, waiting or unserved"
    seen = observed.containers
    assert (seen.delivered - booked >= seen.wait - 1e-9).all(), "door to door is at least the wait"


def assert_lawful_refusals(observed: sim.Observations, row: int) -> None:
    """A route refuses nobody twice and nobody that takes it; who wanted it in vain was refused."""
    refused = observed.routes[row].refused
    assert (np.bincount(refused) <= 1).all()
    assert not (observed.taken[refused] == row).any()
    in_vain = np.flatnonzero((observed.wanted == row) & (observed.taken != row))
    assert np.isin(in_vain, refused).all()


def assert_lawful_route(observed: sim.Observations, route: RouteLog) -> list[Numbers]:
    """The containers of a route by their fate; those of a leg go on to the next."""
    if not route.legs:
        assert (route.own_arrivals >= observed.booked[route.accepted]).all()
        return [route.accepted.astype(np.int64)]
    first, fates = route.legs[0], []
    assert np.array_equal(np.sort(first.who), route.accepted), "who is accepted queues, once"
    assert (first.since >= observed.booked[first.who]).all(), "ready after booking"
    for leg, onward in zip(route.legs, [*route.legs[1:], None], strict=True):
        assert_lawful_leg(leg, observed.horizon)
        aboard, arrived = leg.who[: leg.boarded], np.repeat(leg.arrived, leg.loads)
        here = arrived < math.inf
        fates += [leg.who[leg.boarded :], aboard[~here]]  # waiting and moving
        if onward is None:
            fates.append(aboard[here])  # delivered
        else:
            handed_over = sorted(zip(arrived[here].tolist(), aboard[here].tolist(), strict=True))
            ready = sorted(zip(onward.since.tolist(), onward.who.tolist(), strict=True))
            assert handed_over == ready, "who arrives is ready for the next departures"
    return [fate.astype(np.int64) for fate in fates]


def assert_lawful_leg(leg: Leg, horizon: float) -> None:
    """A departure takes those ready longest: all that fit, and nobody who is not ready."""
    assert (np.bincount(leg.who) <= 1).all(), "nobody queues twice"
    assert (np.diff(leg.since) >= 0).all(), "first in, first out"
    assert ((leg.loads >= 0) & (leg.loads <= leg.capacity)).all(), "loads within capacity"
    waiting = ready_at_departures(leg)
    assert (leg.loads == np.minimum(waiting, leg.capacity)).all(), "as many as are ready and fit"
    assert (leg.departed < horizon).all()
    assert (leg.arrived >= leg.departed).all()
    assert (leg.arrived[np.isfinite(leg.arrived)] < horizon).all()


def ready_at_departures(leg: Leg) -> Numbers:
    """Containers that wait when each vehicle is about to leave [trips]."""
    left_before = np.cumsum(leg.loads) - leg.loads
    return leg.since.searchsorted(leg.departed, "right") - left_before


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
