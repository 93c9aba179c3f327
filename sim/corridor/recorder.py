"""From running objects to observations, and the laws that every replication must keep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from sim.corridor.bookings import Office
from sim.corridor.desks import Desk
from sim.corridor.disruptions import Disruptions
from sim.corridor.facilities import Pools
from sim.corridor.runs import Run, Timed
from sim.corridor.vehicles import Service
from sim.errors import SimulationError
from sim.results.observations import (
    DisruptionLog,
    Floats,
    Leg,
    Observations,
    Passage,
    RouteLog,
    Way,
)
from sim.scenario.charges import charges
from sim.scenario.model import Scenario


def observed(
    scenario: Scenario,
    replication: int,
    pools: Pools,
    disruptions: Disruptions,
    offices: Sequence[Office],
) -> Observations:
    """What a replication leaves behind, without the machinery that made it."""
    return Observations(
        scenario=scenario.name,
        replication=replication,
        warmup_days=scenario.run.warmup_days,
        horizon=scenario.run.horizon,
        ways=tuple(map(_way, offices)),
        facilities=tuple(pools.logs),
        disruptions=tuple(_disruptions(scenario, disruptions, pools)),
        charges=charges(scenario),
    )


def _disruptions(
    scenario: Scenario, disruptions: Disruptions, pools: Pools
) -> Iterator[DisruptionLog]:
    """When each disruption held; of servers, when any of them was down."""
    for name, said in scenario.disruptions.items():
        if name in disruptions.spans:
            yield DisruptionLog(name, said, tuple(disruptions.spans[name]))
            continue
        outages = [out for log in pools.logs for out in log.outages]
        own = sorted((out.first, out.end) for out in outages if out.disruption == name)
        yield DisruptionLog(name, said, tuple(own))


def _way(office: Office) -> Way:
    return Way(
        direction=office.way.direction,
        booked=office.booked,
        taken=office.taken,
        wanted=office.wanted,
        value_of_time=office.shippers.value_of_time,
        routes=tuple(_route_log(row, desk, office) for row, desk in enumerate(office.desks)),
        classes=office.cargo.names,
        class_of=office.cargo.of,
    )


def _route_log(row: int, desk: Desk, office: Office) -> RouteLog:
    accepted = np.flatnonzero(office.taken == row).astype(np.int32)
    booked = office.booked[accepted]
    own = desk.ready if desk.approached else office.booked
    refused = np.concatenate([*desk.refused, np.empty(0, np.int32)]).astype(np.int32)
    return RouteLog(
        name=desk.name,
        accepted=accepted,
        refused=refused,
        legs=tuple(_leg(service, office) for service in desk.services),
        own_arrivals=np.empty(0) if desk.services else own[accepted],
        approach=tuple(_passages(desk.approach, accepted, booked, office.way.horizon)),
        freight=tuple(_freight(desk.name, office)),
    )


def _freight(route: str, office: Office) -> Iterator[tuple[float, float]]:
    """What is asked at booking, and from which day on."""
    asked = None
    for day, scenario in zip(office.way.days.tolist(), office.way.scenarios, strict=True):
        if scenario.routes[route].freight_usd != asked:
            asked = scenario.routes[route].freight_usd
            yield day, asked


def _leg(service: Service, office: Office) -> Leg:
    horizon, trips = office.way.horizon, service.departed
    service.receive(math.nextafter(horizon, 0))
    who, since = _boarded_in_order(service)
    return Leg(
        name=service.name,
        yearly_capacity=_yearly_capacity(service, office),
        who=who,
        since=since,
        departed=service.times[:trips],
        planned=service.planned,
        loads=np.sum(service.loads, axis=0, dtype=np.int32).reshape(trips),
        capacities=np.array(service.places, np.int32),
        arrived=_until(horizon, service.arrivals[:trips]),
        passages=tuple(_passages(service.run, slice(0, trips), service.times[:trips], horizon)),
        in_order=len(service.loads) == 1,
    )


def _boarded_in_order(service: Service) -> tuple[np.ndarray, Floats]:
    """The containers in the order of boarding, then those that wait, and since when."""
    queues = service.backlog.queues
    if len(queues) == 1:
        return queues[0].who[: queues[0].tail], queues[0].since[: queues[0].tail]
    trips = np.arange(service.departed)
    trip = [
        np.concatenate([np.repeat(trips, loads), np.full(queue.waiting, len(trips))])
        for queue, loads in zip(queues, service.loads, strict=True)
    ]
    order = np.concatenate(trip).argsort(kind="stable")
    who = np.concatenate([queue.who[: queue.tail] for queue in queues])
    since = np.concatenate([queue.since[: queue.tail] for queue in queues])
    return who[order], since[order]


def _yearly_capacity(service: Service, office: Office) -> float:
    """Containers a year that full departures carry, mean over the window; may be infinite."""
    capacities = [
        each.yearly_capacity if is_open else 0.0
        for each, is_open in zip(service.departures, service.open_in, strict=True)
    ]
    if len(capacities) == 1:
        return capacities[0]
    run = office.way.first.run
    edges = np.maximum([*office.way.days, run.horizon], run.warmup_days)
    lasts, each = np.diff(edges), np.array(capacities)
    return float((lasts[lasts > 0] * each[lasts > 0]).sum() / run.days)


def _passages(
    run: Run, trips: slice | np.ndarray, starts: Floats, horizon: float
) -> Iterator[Passage]:
    """How trips that started at these moments went through the stages of a run."""
    entered = starts
    for stage in run.stages:
        if isinstance(stage, Timed):
            started, left, detoured = stage.passed(trips, entered)
            started, left = _until(horizon, started), _until(horizon, left)
            yield Passage(stage.name, None, entered, started, left, left, detoured)
        else:
            entered, started = stage.entered[trips], _until(horizon, stage.started[trips])
            freed = _until(horizon, stage.freed[trips])
            left, server = (started if stage.passes else freed), stage.server[trips]
            yield Passage(stage.name, stage.facility, entered, started, left, freed, server=server)
        entered = left


def _until(horizon: float, days: Floats) -> Floats:
    """Days, infinite where they do not come any more."""
    return np.where(days < horizon, days, np.inf)


def checked(observations: Observations) -> Observations:
    """The same observations. Raises SimulationError where they break a law.

    Conservation: booked = delivered + moving + waiting + unserved, each counted by itself.
    """
    for way in observations.ways:
        _check_conservation(way, observations.horizon)
        for route in way.routes:
            for leg in route.legs:
                _check_leg(leg, f"{route.name}.{leg.name}")
                _check_passages(leg.passages, f"{route.name}.{leg.name}")
            _check_passages(route.approach, route.name)
    return observations


def _check_conservation(way: Way, horizon: float) -> None:
    delivered = moving = waiting = 0
    for route in way.routes:
        went, moves, waits = _fates(route, horizon)
        delivered, moving, waiting = delivered + went, moving + moves, waiting + waits
    unserved = int(np.count_nonzero(way.taken < 0))
    fates = delivered + moving + waiting + unserved
    if fates != len(way.booked):
        raise SimulationError(
            f"booked {len(way.booked)} containers, but {delivered} delivered + {moving} "
            f"moving + {waiting} waiting + {unserved} unserved = {fates}"
        )


def _fates(route: RouteLog, horizon: float) -> tuple[int, int, int]:
    """Containers of a route that are delivered, moving and waiting at the horizon."""
    if not route.legs:
        delivered = int(np.count_nonzero(route.own_arrivals < horizon))
        return delivered, len(route.own_arrivals) - delivered, 0
    not_ready = _on_approach(route, horizon)
    waiting = sum(len(leg.who) - leg.boarded for leg in route.legs)
    waiting -= int(np.count_nonzero(route.legs[0].since >= horizon))
    under_way = sum(int(leg.loads[np.isinf(leg.arrived)].sum()) for leg in route.legs)
    last = route.legs[-1]
    return int(last.loads[np.isfinite(last.arrived)].sum()), under_way + not_ready, waiting


def _on_approach(route: RouteLog, horizon: float) -> int:
    """Containers that have not come to the first departures."""
    if not route.approach:
        return 0
    return int(np.count_nonzero(~(route.approach[-1].left < horizon)))


def _check_leg(leg: Leg, name: str) -> None:
    """Nobody boards before being ready, no trip carries more than its capacity."""
    boarded = leg.boarded
    if (leg.loads > leg.capacities).any():
        raise SimulationError(f"{name}: a trip carries more than its capacity")
    if (leg.boarding_days[:boarded] < leg.since[:boarded]).any():
        raise SimulationError(f"{name}: a container left before it was ready")
    if leg.in_order and (np.diff(leg.since) < 0).any():
        raise SimulationError(f"{name}: the queue is out of order")


def _check_passages(passages: Sequence[Passage], name: str) -> None:
    """Stages follow each other, and service begins when a vehicle has come."""
    for passage in passages:
        came = np.isfinite(passage.started)
        early = passage.started[came] < passage.entered[came]
        if early.any() or (passage.left[came] < passage.started[came]).any():
            raise SimulationError(f"{name}.{passage.stage}: out of order in time")
    for one, other in pairwise(passages):
        came = np.isfinite(other.entered)
        if (other.entered[came] != one.left[came]).any():
            raise SimulationError(f"{name}.{other.stage}: entered when {one.stage} was not left")
