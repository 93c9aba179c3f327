"""From running objects to observations, and the laws that every replication must keep."""

from __future__ import annotations

import numpy as np

from sim.corridor.bookings import Office
from sim.corridor.desks import Desk
from sim.corridor.vehicles import Service
from sim.errors import SimulationError
from sim.results.observations import Floats, Leg, Observations, RouteLog
from sim.scenario.model import Scenario


def observed(scenario: Scenario, replication: int, office: Office) -> Observations:
    """What a replication leaves behind, without the machinery that made it."""
    return Observations(
        scenario=scenario.name,
        replication=replication,
        warmup_days=scenario.run.warmup_days,
        horizon=scenario.run.horizon,
        booked=office.booked,
        taken=office.taken,
        wanted=office.wanted,
        routes=tuple(_route_log(row, desk, office) for row, desk in enumerate(office.desks)),
    )


def _route_log(row: int, desk: Desk, office: Office) -> RouteLog:
    accepted = np.flatnonzero(office.taken == row).astype(np.int32)
    own_arrivals: Floats = np.empty(0)
    if not desk.services:
        own_arrivals = office.booked[accepted] + desk.own_days.of(accepted)
    refused = np.concatenate([*desk.refused, np.empty(0, np.int32)]).astype(np.int32)
    horizon = office.scenario.run.horizon
    legs = tuple(_leg(service, horizon) for service in desk.services)
    return RouteLog(desk.name, accepted, refused, legs, own_arrivals)


def _leg(service: Service, horizon: float) -> Leg:
    trips, backlog = len(service.loads), service.backlog
    return Leg(
        name=service.name,
        capacity=service.capacity,
        yearly_capacity=service.yearly_capacity,
        who=backlog.who[: backlog.tail],
        since=backlog.since[: backlog.tail],
        departed=service.times[:trips],
        loads=np.array(service.loads, np.int32),
        arrived=np.where(service.arrivals < horizon, service.arrivals, np.inf)[:trips],
    )


def checked(observations: Observations) -> Observations:
    """The same observations. Raises SimulationError where they break a law.

    Conservation: booked = delivered + moving + waiting + unserved, each counted by itself.
    """
    delivered = moving = waiting = 0
    for route in observations.routes:
        went, moves, waits = _fates(route, observations.horizon)
        delivered, moving, waiting = delivered + went, moving + moves, waiting + waits
        for leg in route.legs:
            _check_leg(leg, f"{route.name}.{leg.name}")
    unserved = int(np.count_nonzero(observations.taken < 0))
    fates = delivered + moving + waiting + unserved
    if fates != len(observations.booked):
        raise SimulationError(
            f"booked {len(observations.booked)} containers, but {delivered} delivered + {moving} "
            f"moving + {waiting} waiting + {unserved} unserved = {fates}"
        )
    return observations


def _fates(route: RouteLog, horizon: float) -> tuple[int, int, int]:
    """Containers of a route that are delivered, moving and waiting at the horizon."""
    if not route.legs:
        delivered = int(np.count_nonzero(route.own_arrivals < horizon))
        return delivered, len(route.own_arrivals) - delivered, 0
    not_ready = int(np.count_nonzero(route.legs[0].since >= horizon))
    waiting = sum(len(leg.who) - leg.boarded for leg in route.legs) - not_ready
    under_way = sum(int(leg.loads[np.isinf(leg.arrived)].sum()) for leg in route.legs)
    last = route.legs[-1]
    return int(last.loads[np.isfinite(last.arrived)].sum()), under_way + not_ready, waiting


def _check_leg(leg: Leg, name: str) -> None:
    """Nobody boards before being ready, no trip carries more than its capacity."""
    boarded = leg.boarded
    if len(leg.loads) and leg.loads.max() > leg.capacity:
        raise SimulationError(f"{name}: a trip carries more than its capacity")
    if (leg.boarding_days[:boarded] < leg.since[:boarded]).any():
        raise SimulationError(f"{name}: a container left before it was ready")
    if (np.diff(leg.since) < 0).any():
        raise SimulationError(f"{name}: the queue is out of order")
