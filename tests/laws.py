"""What every replication must obey, read off what it left behind and what the scenario says.

The laws share nothing with the engine's own check.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

import sim
from sim.results.observations import FacilityLog, Floats, Leg, Passage, RouteLog, Way
from sim.scenario.network import Facility
from sim.scenario.stages import FacilityStage, Transit

Numbers = NDArray[np.integer]
ROUNDING = 1e-9
"""What days may be off by where they are not computed as the engine computes them."""


def assert_lawful(scenario: sim.Scenario, observed: sim.Observations) -> None:
    """Each container has one fate; who is first goes first; nothing holds more than it can."""
    for way in observed.ways:
        assert_lawful_way(scenario, way, observed.horizon)
    for log in observed.facilities:
        assert_lawful_facility(scenario, observed, log)
    assert {(log.name, log.direction) for log in observed.facilities} == pools(scenario)


def assert_lawful_way(scenario: sim.Scenario, way: Way, horizon: float) -> None:
    """One direction: bookings in order, each container delivered, moving, waiting or unserved."""
    assert (np.diff(way.booked) >= 0).all()
    assert ((way.booked >= 0) & (way.booked < horizon)).all()
    fates: list[Numbers] = [np.flatnonzero(way.taken < 0)]
    for row, route in enumerate(way.routes):
        assert np.array_equal(route.accepted, np.flatnonzero(way.taken == row))
        assert_lawful_refusals(way, row)
        assert_lawful_times(scenario, way, route)
        fates += assert_lawful_route(scenario, way, route, horizon)
    counted = np.bincount(np.concatenate(fates), minlength=len(way.booked))
    assert (counted == 1).all(), "each container is delivered, moving, waiting or unserved"
    if not scenario.phases and scenario.choice.rule != "share":
        limits = [route.max_wait_days for route in scenario.open_routes.values()]
        if any(map(math.isinf, limits)):
            assert (way.taken >= 0).all(), "nobody is unserved where a route takes all"


def assert_lawful_refusals(way: Way, row: int) -> None:
    """A route refuses nobody twice and nobody that takes it; who wanted it in vain was refused."""
    refused = way.routes[row].refused
    assert (np.bincount(refused) <= 1).all()
    assert not (way.taken[refused] == row).any()
    in_vain = np.flatnonzero((way.wanted == row) & (way.taken != row))
    assert np.isin(in_vain, refused).all()


# Containers on a route.


def assert_lawful_route(
    scenario: sim.Scenario, way: Way, route: RouteLog, horizon: float
) -> list[Numbers]:
    """The containers of a route by their fate; those of a leg go on to the next."""
    ready = way.booked[route.accepted]
    assert_lawful_run(route.approach, ready)
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
        assert_lawful_leg(leg, levels, horizon)
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


def assert_lawful_leg(leg: Leg, levels: Numbers | None, horizon: float) -> None:
    """A departure takes who is ready, by level and then longest: all that fit, nobody else."""
    assert (np.bincount(leg.who) <= 1).all(), "nobody queues twice"
    own = np.zeros(len(leg.who), np.int64) if levels is None else levels[leg.who]
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


def before(moments: Floats, horizon: float) -> Floats:
    """Moments, infinite where they are not before the horizon."""
    return np.where(moments < horizon, moments, math.inf)


# What trips go through, and how long that takes.


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
            assert (each.started == each.entered).all()
            assert (each.freed == each.left).all()
        else:
            assert ((each.left == each.freed) | (each.left == each.started)).all()


def assert_lawful_times(scenario: sim.Scenario, way: Way, route: RouteLog) -> None:
    """Vehicles leave on their timetables; each trip takes what its stages took when it began."""
    ones = np.ones(len(route.accepted), np.int64)
    assert_times_in_force(scenario, route, route.approach, way.booked[route.accepted], ones)
    for leg in route.legs:
        end = scenario.run.horizon
        days, capacities = timetable(scenario, way.direction, route.name, leg.name, end)
        assert leg.departed.tolist() == days
        assert leg.capacities.tolist() == capacities
        assert_times_in_force(scenario, route, leg.passages, leg.departed, leg.loads)


def timetable(
    scenario: sim.Scenario, direction: str | None, route: str, stage: str, end: float
) -> tuple[list[float], list[int]]:
    """Days and capacities of the departures of a stage: a timetable that changes begins anew."""
    tables: list[tuple[float, float, int]] = []
    for day, era in scenario.eras:
        now = era.one_way(direction).routes[route]
        departures = now.departures[stage]
        headway = departures.headway if now.is_open else math.inf
        if not tables or tables[-1][1:] != (headway, departures.capacity):
            tables.append((day, headway, departures.capacity))
    lasts = [*(day for day, *_ in tables[1:]), math.inf]
    days: list[float] = []
    capacities: list[int] = []
    for (day, headway, capacity), last in zip(tables, lasts, strict=True):
        number = 1
        while (leaves := day + number * headway) < end and leaves <= last:
            days.append(leaves)
            capacities.append(capacity)
            number += 1
    return days, capacities


def assert_times_in_force(
    scenario: sim.Scenario,
    route: RouteLog,
    passages: Sequence[Passage],
    starts: Floats,
    loads: NDArray[np.integer],
) -> None:
    """Transits and services are within what the scenario said when a trip began."""
    eras = [era.scenario for era in scenario.eras]
    number = np.searchsorted([era.day for era in scenario.eras], starts, "right") - 1
    for passage in passages:
        stages = [era.routes[route.name].stages[passage.stage] for era in eras]
        low, high, more = np.array(
            [said(era, stage) for era, stage in zip(eras, stages, strict=True)]
        ).T[:, number]
        done = np.isfinite(passage.freed)
        took = (passage.freed - np.where(done, passage.started, 0) - more * loads)[done]
        assert (took >= low[done] - ROUNDING).all()
        assert (took <= high[done] + ROUNDING).all()


def said(scenario: sim.Scenario, stage: object) -> tuple[float, float, float]:
    """Days that a stage takes at least and at most, and on top for each container."""
    if isinstance(stage, Transit):
        return (*stage.duration.bounds, 0)
    assert isinstance(stage, FacilityStage)
    facility = scenario.facilities[stage.facility]
    low, high = facility.holding_hours.bounds
    return low / 24, high / 24, facility.hours_per_container / 24


# Facilities.


@dataclass(frozen=True)
class Visits:
    """Vehicles at the servers of a facility: when each came, was served, and freed its server."""

    entered: Floats
    started: Floats
    freed: Floats
    priority: Numbers

    def of(self, here: NDArray[np.bool_]) -> Visits:
        """Some of them."""
        return Visits(self.entered[here], self.started[here], self.freed[here], self.priority[here])

    def waiting(self, moments: Floats) -> Numbers:
        """How many have come and not begun, when all of a moment has happened."""
        return count_to(self.entered, moments) - count_to(self.started, moments)

    def busy(self, moments: Floats) -> Numbers:
        """How many have begun and not ended."""
        return count_to(self.started, moments) - count_to(self.freed, moments)


def count_to(days: Floats, moments: Floats) -> Numbers:
    """How many days have come at each moment."""
    return np.asarray(np.sort(days).searchsorted(moments, "right"))


def pools(scenario: sim.Scenario) -> set[tuple[str, str | None]]:
    """Each facility, or each of its directions where they have servers of their own."""
    return {
        (name, direction)
        for name, facility in scenario.facilities.items()
        for direction in (scenario.directions if facility.each_way else [None])
    }


def visits(scenario: sim.Scenario, observed: sim.Observations, log: FacilityLog) -> Visits:
    """All vehicles and lone containers that came to some servers before the horizon."""
    parts = [
        (passage.entered, passage.started, passage.freed, np.full(len(passage.entered), priority))
        for passage, priority in _passages(scenario, observed, log)
    ]
    empty = (np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.int64))
    every = Visits(*(np.concatenate(each) for each in zip(empty, *parts, strict=True)))
    return every.of(every.entered < observed.horizon)


def _passages(
    scenario: sim.Scenario, observed: sim.Observations, log: FacilityLog
) -> Iterator[tuple[Passage, int]]:
    for way in observed.ways:
        for route in way.routes:
            runs = [route.approach, *(leg.passages for leg in route.legs)]
            for passage in (passage for run in runs for passage in run):
                if passage.facility == log.name and log.direction in (None, way.direction):
                    yield passage, scenario.routes[route.name].priority


def assert_lawful_facility(
    scenario: sim.Scenario, observed: sim.Observations, log: FacilityLog
) -> None:
    """Servers serve one vehicle each, none idles while a vehicle waits, who is next goes next."""
    facility = scenario.facilities[log.name]
    said = [(era.day, era.scenario.facilities[log.name].servers) for era in scenario.eras]
    kept = [True, *(one[1] != other[1] for one, other in pairwise(said))]
    assert log.servers == tuple(compress(said, kept))
    here = visits(scenario, observed, log)
    assert (here.started[np.isfinite(here.started)] < observed.horizon).all()
    changes = [day for day, _ in log.servers]
    moments = np.unique(np.concatenate([here.entered, here.started, here.freed, changes]))
    moments = moments[np.isfinite(moments)]
    servers = servers_at(log, moments)
    begins = np.isin(moments, here.started)
    assert (here.busy(moments) <= servers)[begins].all(), "a vehicle a server"
    idle = here.busy(moments) < servers
    assert (here.waiting(moments)[idle] == 0).all(), "no server idles while a vehicle waits"
    assert_next_goes_next(facility, here)


def servers_at(log: FacilityLog, moments: Floats) -> Numbers:
    """How many servers there are at each moment."""
    days, servers = np.array(log.servers).T
    now: Numbers = servers[days.searchsorted(moments, "right") - 1].astype(np.int64)
    return now


def assert_next_goes_next(facility: Facility, here: Visits) -> None:
    """Whoever came first, of the greatest priority that waits where that counts."""
    if facility.discipline == "fifo":
        assert_first_come_first_served(here)
        return
    for priority in np.unique(here.priority):
        these, lower = here.of(here.priority == priority), here.of(here.priority < priority)
        assert_first_come_first_served(these)
        for start in lower.started[np.isfinite(lower.started)]:
            passed_over = (these.entered < start) & (these.started > start)
            assert not passed_over.any(), "the greater priority goes first"


def assert_first_come_first_served(here: Visits) -> None:
    """Of two that come one after the other the first begins first."""
    started = here.started[np.lexsort((here.started, here.entered))]
    assert (started[1:] >= started[:-1]).all()
