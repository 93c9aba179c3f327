"""One replication: the clock, the vehicles and the bookings of a scenario, set going."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sim.corridor.backlog import Backlog, Levels
from sim.corridor.bookings import Office, bookings
from sim.corridor.clock import PHASE, Clock, Steps
from sim.corridor.desks import Desk
from sim.corridor.dispatch import dispatch
from sim.corridor.disruptions import Disruptions
from sim.corridor.facilities import Pools
from sim.corridor.fleets import Fleet
from sim.corridor.lanes import Lane, Way
from sim.corridor.recorder import checked, observed
from sim.corridor.shippers import booking_days, cargo, shippers
from sim.corridor.vehicles import Service
from sim.results.observations import Observations
from sim.scenario.calendar import pieces
from sim.scenario.distributions import whole
from sim.scenario.model import Era, Scenario, a_scenario


def simulate(scenario: Scenario, replication: int = 0) -> Observations:
    """One replication of a scenario, numbered from 0; the same numbers give the same result.

    Raises UsageError for what is no scenario or no number, SimulationError when a law that the
    model must keep is broken: a bug.
    """
    scenario, replication = a_scenario(scenario), whole("replication", replication, 0)
    clock, disruptions = Clock(), Disruptions(scenario, replication)
    eras = disruptions.dearer(scenario.eras)
    pools = Pools(clock, eras, scenario.directions, disruptions)
    fleets: dict[str | None, Fleet] = {
        name: Fleet(clock, said, scenario.directions) for name, said in scenario.fleets.items()
    }
    offices = [
        _office(Way(eras, direction, replication, pools, fleets, disruptions))
        for direction in scenario.directions
    ]
    clock.follow(phases(clock, eras, offices))
    for office in offices:
        if office.desks:
            clock.follow(bookings(clock, office))
        for desk in office.desks:
            for service in desk.services:
                dispatch(clock, service, scenario.run.horizon)
    clock.run_to(scenario.run.horizon)
    return checked(observed(scenario, replication, pools, disruptions, offices))


def _office(way: Way) -> Office:
    demand = way.disruptions.demand(pieces(way.eras, way.direction))
    booked = booking_days(way, demand)
    classes = cargo(way, len(booked))
    desks = [_desk(way.lane(name), classes.levels) for name in way.routes]
    return Office(way, booked, classes, shippers(way, classes, way.eras_of(booked)), desks)


def _desk(lane: Lane, levels: Levels) -> Desk:
    services = [Service(lane, n, Backlog(levels)) for n in range(len(lane.routes[0].legs))]
    for service, onward in pairwise(services):
        service.onward = onward
    return Desk(lane, services, levels)


def phases(clock: Clock, eras: Sequence[Era], offices: Sequence[Office]) -> Steps:
    """Let each phase begin on its day, before all else that happens then."""
    for number, era in enumerate(eras[1:], start=1):
        yield clock.at(era.day, PHASE)
        for office in offices:
            for desk in office.desks:
                desk.turn(number)
