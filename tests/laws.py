"""What every replication must obey, read off what it left behind and what the scenario says.

The laws share nothing with the engine's own check. Those of departures, of facilities and of what
takes how long stand in modules of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from disrupted import closed, edges, factors, is_in
from laws_departures import assert_lawful_departures
from laws_facilities import assert_alternates, assert_lawful_facility, pools
from laws_times import ROUNDING, assert_times_in_force, before, eras
from numpy.typing import NDArray

import sim
from sim.results.observations import DisruptionLog, Floats, Leg, Passage, RouteLog, Way
from sim.scenario.routes import Route

Numbers = NDArray[np.integer]


def assert_lawful(scenario: sim.Scenario, observed: sim.Observations) -> None:
    """Each container has one fate; who is first goes first; nothing holds more than it can."""
    assert [log.name for log in observed.disruptions] == list(scenario.disruptions)
    for disruption in observed.disruptions:
        assert_happens_as_said(scenario, disruption)
    for way in observed.ways:
        assert_lawful_way(scenario, observed, way)
    for log in observed.facilities:
        assert_lawful_facility(scenario, observed, log)
    assert {(log.name, log.direction) for log in observed.facilities} == pools(scenario)


def assert_happens_as_said(scenario: sim.Scenario, log: DisruptionLog) -> None:
    """Once on its day, or again and again as far apart as was said, and as long."""
    said, run = log.said, scenario.run
    assert said == scenario.disruptions[log.name]
    if said.starts is not None:
        assert [first for first, _ in log.spans] == [run.day_of(said.starts)]
        assert_alternates(log.spans, (-math.inf, math.inf), said.days.bounds)
    elif not said.of_servers:
        assert said.gap is not None
        assert all(0 <= first < run.horizon for first, _ in log.spans)
        assert_alternates(log.spans, said.gap.bounds, said.days.bounds)


def assert_lawful_way(scenario: sim.Scenario, observed: sim.Observations, way: Way) -> None:
    """One direction: bookings in order, each container delivered, moving, waiting or unserved."""
    horizon = observed.horizon
    assert (np.diff(way.booked) >= 0).all()
    assert not is_in(closed(observed, "demand"), way.booked).any(), "nobody books"
    assert ((way.booked >= 0) & (way.booked < horizon)).all()
    fates: list[Numbers] = [np.flatnonzero(way.taken < 0)]
    for row, route in enumerate(way.routes):
        assert np.array_equal(route.accepted, np.flatnonzero(way.taken == row))
        assert_lawful_refusals(way, row)
        assert_lawful_freight(scenario, observed, route)
        assert_lawful_quota(scenario, way, route)
        fates += assert_lawful_route(scenario, observed, way, route)
    counted = np.bincount(np.concatenate(fates), minlength=len(way.booked))
    assert (counted == 1).all(), "each container is delivered, moving, waiting or unserved"
    chosen = not scenario.phases and scenario.choice.rule != "share"
    if chosen and any(map(takes_all, scenario.open_routes.values())):
        assert (way.taken >= 0).all(), "nobody is unserved where a route takes all"


def takes_all(route: Route) -> bool:
    """Whether a route refuses nobody."""
    quotas = [departures.quota for departures in route.departures.values()]
    return math.isinf(route.max_wait_days) and not any(quotas)


def assert_lawful_refusals(way: Way, row: int) -> None:
    """A route refuses nobody twice and nobody that takes it; who wanted it in vain was refused."""
    refused = way.routes[row].refused
    assert (np.bincount(refused) <= 1).all()
    assert not (way.taken[refused] == row).any()
    in_vain = np.flatnonzero((way.wanted == row) & (way.taken != row))
    assert np.isin(in_vain, refused).all()


def assert_lawful_freight(
    scenario: sim.Scenario, observed: sim.Observations, route: RouteLog
) -> None:
    """What is asked is what was said, times what makes it dearer."""
    stages = [f"routes.{route.name}.stages.{stage}" for stage in scenario.routes[route.name].stages]
    crossed = scenario.routes[route.name].facilities
    targets = {*stages, *(f"facilities.{name}" for name in crossed)}
    dearer = [log for log in observed.disruptions if log.said.effect == "dearer"]
    dearer = [log for log in dearer if log.said.target in targets]
    days = [*(era.day for era in eras(scenario)), *edges(dearer), *(d for d, _ in route.freight)]
    for day in {day for day in days if 0 <= day < observed.horizon}:
        asked = [usd for since, usd in route.freight if since <= day][-1]
        said = [era for era in eras(scenario) if era.day <= day][-1].scenario
        now = said.routes[route.name].freight_usd * factors(dearer, np.array([day]))[0]
        assert math.isclose(asked, now)


def assert_lawful_quota(scenario: sim.Scenario, way: Way, route: RouteLog) -> None:
    """No period lets more book than it has, with what others left where that carries over."""
    one_way = scenario.one_way(way.direction).routes[route.name]
    for quota in (each.quota for each in one_way.departures.values()):
        if quota is not None:
            period = (way.booked[route.accepted] / quota.period_days + ROUNDING).astype(int)
            booked = np.bincount(period, minlength=1)
            if not quota.carry_over:
                assert (booked <= math.floor(quota.containers)).all()
            there = quota.containers * np.arange(1, len(booked) + 1)
            assert (booked.cumsum() <= there + ROUNDING).all()


# Containers on a route.


def assert_lawful_route(
    scenario: sim.Scenario, observed: sim.Observations, way: Way, route: RouteLog
) -> list[Numbers]:
    """The containers of a route by their fate; those of a leg go on to the next."""
    ready, horizon = way.booked[route.accepted], observed.horizon
    assert_lawful_run(route.approach, ready)
    ones = np.ones(len(ready), np.int64)
    assert_times_in_force(scenario, observed, way, route, route.approach, ready, ones)
    ready = route.approach[-1].left if route.approach else ready
    if not route.legs:
        assert (route.own_arrivals[ready < horizon] == ready[ready < horizon]).all()
        return [route.accepted]
    fates: list[Numbers] = [
        route.accepted[ready >= horizon]
    ]  # on their way to the first departures
    assert_handed_over(ready, route.accepted, route.legs[0], horizon)
    levels = boarding_levels(scenario, way)
    for leg, onward in zip(route.legs, [*route.legs[1:], None], strict=True):
        own = np.zeros(len(leg.who), np.int64) if levels is None else levels[leg.who]
        assert_lawful_leg(leg, own, horizon)
        assert_lawful_departures(scenario, observed, way, route.name, leg, own)
        assert_times_in_force(scenario, observed, way, route, leg.passages, leg.departed, leg.loads)
        aboard, arrived = leg.who[: leg.boarded], np.repeat(leg.arrived, leg.loads)
        fates += [aboard[arrived == math.inf], left_behind(leg, horizon)]  # moving and waiting
        if onward is None:
            fates.append(aboard[arrived < math.inf])  # delivered
        else:
            assert_handed_over(arrived, aboard, onward, horizon)
    return fates


def assert_handed_over(ready: Floats, who: Numbers, leg: Leg, horizon: float) -> None:
    """Who comes before the horizon queues for the departures, once, and nobody else does."""
    came, queued = ready < horizon, leg.since < horizon
    for one, other in zip(
        in_order(ready[came], who[came]), in_order(leg.since[queued], leg.who[queued]), strict=True
    ):
        assert np.array_equal(one, other), "who arrives is ready for the next departures"
    assert np.isin(leg.who[~queued], who[~came]).all()


def in_order(days: Floats, who: NDArray[np.integer]) -> tuple[Floats, NDArray[np.integer]]:
    """Containers by day, of one day by number."""
    order = np.lexsort((who, days))
    return days[order], who[order]


def left_behind(leg: Leg, horizon: float) -> Numbers:
    """Containers that are ready before the horizon and have not left."""
    return leg.who[leg.boarded :][leg.since[leg.boarded :] < horizon]


def boarding_levels(scenario: sim.Scenario, way: Way) -> Numbers | None:
    """Of each container who boards before it: those of lower levels; None where all are alike."""
    if way.class_of is None:
        return None
    classes = scenario.demand.classes or {}
    assert way.classes == tuple(classes)
    return np.array([-each.priority for each in classes.values()])[way.class_of]


def assert_lawful_leg(leg: Leg, own: Numbers, horizon: float) -> None:
    """A departure takes who is ready, by level and then longest: all that fit, nobody else.

    own: the level of each [as `who` of the leg]
    """
    assert (np.bincount(leg.who) <= 1).all(), "nobody queues twice"
    trip = np.repeat(np.arange(len(leg.loads)), leg.loads)
    room = leg.capacities.astype(np.int64)
    for level in np.unique(own):
        mine = own == level
        since, loads = leg.since[mine], np.bincount(trip[mine[: leg.boarded]], minlength=len(room))
        assert (np.diff(since) >= 0).all(), "first in, first out"
        waiting = ready_at_departures(since, leg.departed, loads)
        assert (loads == np.minimum(waiting, room)).all(), "as many as are ready and fit"
        room = room - loads
    assert (room >= 0).all(), "loads within capacity"
    aboard = own[: leg.boarded]
    assert (np.diff(aboard)[np.diff(trip) == 0] >= 0).all(), "the first level boards first"
    assert (leg.departed < horizon).all()
    assert (leg.arrived >= leg.departed).all()
    assert (leg.arrived[np.isfinite(leg.arrived)] < horizon).all()
    assert_lawful_run(leg.passages, leg.departed)
    if leg.passages:
        assert (leg.arrived == before(leg.passages[-1].left, horizon)).all()


def ready_at_departures(since: Floats, departed: Floats, loads: Numbers) -> Numbers:
    """Containers that wait when each vehicle is about to leave [trips]."""
    left_before = np.cumsum(loads) - loads
    return np.asarray(since.searchsorted(departed, "right") - left_before)


# What trips go through.


def assert_lawful_run(passages: Sequence[Passage], starts: Floats) -> None:
    """Stages follow each other without a gap; service begins on coming or later."""
    if passages:
        came = np.isfinite(passages[0].entered)
        assert (passages[0].entered[came] == starts[came]).all()
    for one, onward in pairwise(passages):
        assert (one.left == onward.entered).all(), "who leaves a stage enters the next"
    for each in passages:
        assert (each.started >= each.entered).all()
        assert (each.left >= each.started).all()
        if each.facility is None:
            assert (each.freed == each.left).all()
        else:
            assert ((each.left == each.freed) | (each.left == each.started)).all()
