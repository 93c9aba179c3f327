"""One replication: the clock, the vehicles and the bookings of a scenario, set going."""

from __future__ import annotations

from itertools import pairwise

from sim.corridor.bookings import Office, booking_days, bookings, shippers
from sim.corridor.clock import Clock
from sim.corridor.desks import Desk, OwnDays
from sim.corridor.recorder import checked, observed
from sim.corridor.vehicles import Service, departures
from sim.results.observations import Observations
from sim.scenario.model import Scenario


def simulate(scenario: Scenario, replication: int = 0) -> Observations:
    """One replication of a scenario, numbered from 0; the same numbers give the same result.

    Raises SimulationError when a law that the model must keep is broken: a bug.
    """
    clock = Clock()
    booked = booking_days(scenario, replication)
    desks = [_desk(scenario, name, replication, len(booked)) for name in scenario.open_routes]
    office = Office(scenario, booked, shippers(scenario, replication, len(booked)), desks)
    if desks:
        clock.process(bookings(clock, office))
    for desk in desks:
        for service in desk.services:
            clock.process(departures(clock, service))
    clock.run_to(scenario.run.horizon)
    return checked(observed(scenario, replication, office))


def _desk(scenario: Scenario, name: str, replication: int, containers: int) -> Desk:
    route, run = scenario.routes[name], scenario.run
    services = [
        Service(name, n, leg, room=containers, horizon=run.horizon, seed=run.seed, rep=replication)
        for n, leg in enumerate(route.legs)
    ]
    for service, onward in pairwise(services):
        service.onward = onward
    return Desk(name, route, services, OwnDays(scenario, name, replication, containers))
