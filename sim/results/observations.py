"""What one replication left behind: bookings, and for each departures stage who left when.

Containers of a direction are numbered in booking order from 0. The trips of a stage in order of
departure, with their loads, take the containers that left in order; so a trip's times are its
containers' times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.scenario.charges import Charges
from sim.scenario.disruptions import Disruption

if TYPE_CHECKING:
    from sim.results.containers import Containers

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]


class Outage(NamedTuple):
    """Days [first, end) on which a server is out of order, all servers where it is None.

    holds: whether what is served meanwhile stands still
    """

    first: float
    end: float
    server: int | None
    holds: bool
    disruption: str


@dataclass(frozen=True)
class Passage:
    """How trips, or containers on their own, went through one stage between departures.

    facility: its name, None for a transit
    entered, started, left: days, `started` that of the service [trips]
    freed: the day its server was free again [trips]
    detoured: whether each took the detour of the transit [trips]; None for nobody
    server: which one served it, where servers fail by themselves [trips]; None for a transit

    A day that has not come is infinite; a transit starts at once, unless it is closed.
    """

    stage: str
    facility: str | None
    entered: Floats
    started: Floats
    left: Floats
    freed: Floats
    detoured: NDArray[np.bool_] | None = None
    server: Rows | None = None


@dataclass(frozen=True)
class Leg:
    """A departures stage and the trips that left from it.

    who: containers in the order of boarding, then those that wait [containers that joined]
    since: the day each was ready there [as `who`]
    departed, arrived: the days of each trip, `arrived` infinite while under way [trips]
    loads, capacities: containers on each trip, and room for them [trips]
    yearly_capacity: containers a year that full departures carry, mean over the window
    passages: the stages that trips go through, in order
    in_order: whether `since` rises: all board in the order of joining
    planned: the days on which trips were to leave, where some wait for a vehicle [trips]
    """

    name: str
    yearly_capacity: float
    who: Rows
    since: Floats
    departed: Floats
    loads: Rows
    capacities: Rows
    arrived: Floats
    passages: tuple[Passage, ...] = ()
    in_order: bool = True
    planned: Floats | None = None

    @cached_property
    def boarded(self) -> int:
        """How many containers have left."""
        return int(self.loads.sum())

    @cached_property
    def joined(self) -> Floats:
        """The days on which containers were ready, rising [as `who`]."""
        return self.since if self.in_order else np.sort(self.since)

    @cached_property
    def boarding_days(self) -> Floats:
        """The day each container of `who` left, infinite for those that wait [as `who`]."""
        days = np.full(len(self.who), np.inf)
        days[: self.boarded] = np.repeat(self.departed, self.loads)
        return days


@dataclass(frozen=True)
class RouteLog:
    """What happened on one route in one direction.

    accepted: containers that took it, in booking order
    refused: containers that found its wait too long, once each
    own_arrivals: the day each accepted container arrives by itself, on a route without departures
    approach: the stages on which containers move on their own, in order [accepted]
    freight: what is asked at booking, (day, USD) for each day from which on it is so much
    """

    name: str
    accepted: Rows
    refused: Rows
    legs: tuple[Leg, ...]
    own_arrivals: Floats
    approach: tuple[Passage, ...] = ()
    freight: tuple[tuple[float, float], ...] = ((0.0, 0.0),)

    @property
    def arrivals(self) -> tuple[Rows, Floats, Rows]:
        """At the end of the route: who, in order of trips; the day and the containers of each trip.

        A container that moves on its own is a trip of one.
        """
        if self.legs:
            last = self.legs[-1]
            return last.who[: last.boarded], last.arrived, last.loads
        return self.accepted, self.own_arrivals, np.ones(len(self.accepted), np.int32)

    def passages(self) -> Iterator[tuple[Passage, Rows, Rows]]:
        """Each stage between departures: who went through it, and the containers of each trip."""
        for passage in self.approach:
            yield passage, self.accepted, np.ones(len(self.accepted), np.int32)
        for leg in self.legs:
            for passage in leg.passages:
                yield passage, leg.who[: leg.boarded], leg.loads


@dataclass(frozen=True)
class Way:
    """One direction of a replication; the only one where demand has none.

    booked: the day of each booking [containers]
    taken, wanted: rows of `routes`, -1 for none [containers]
    value_of_time: what a day less is worth to each [USD/day, containers]
    classes, class_of: kinds of cargo, and the row of each container's; None without [containers]
    """

    direction: str | None
    booked: Floats
    taken: NDArray[np.int8]
    wanted: NDArray[np.int8]
    value_of_time: Floats
    routes: tuple[RouteLog, ...]
    classes: tuple[str, ...] = ()
    class_of: NDArray[np.int8] | None = None

    def route(self, name: str) -> RouteLog:
        """One route's log by name. Raises KeyError."""
        return {route.name: route for route in self.routes}[name]


@dataclass(frozen=True)
class FacilityLog:
    """The servers of a facility, of one direction or of both.

    servers: how many there are, and since when: (day, servers)
    outages: when they are out of order
    """

    name: str
    direction: str | None
    servers: tuple[tuple[float, int], ...]
    outages: tuple[Outage, ...] = ()

    @property
    def periods(self) -> Iterator[tuple[float, float, int]]:
        """Days [first, end) on which there are so many servers; the last ones never end."""
        ends = [*(day for day, _ in self.servers[1:]), math.inf]
        for (first, servers), end in zip(self.servers, ends, strict=True):
            yield first, end, servers


@dataclass(frozen=True)
class DisruptionLog:
    """A disruption and the days [first, end) on which it held, in order; of servers, on each."""

    name: str
    said: Disruption
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Observations:
    """One replication of a scenario, from day 0 to the horizon; warm-up included.

    charges: what the stages of each route ask and emit, by route and stage
    """

    scenario: str
    replication: int
    warmup_days: float
    horizon: float
    ways: tuple[Way, ...]
    facilities: tuple[FacilityLog, ...] = ()
    disruptions: tuple[DisruptionLog, ...] = ()
    charges: Mapping[str, Charges] = field(default_factory=dict, repr=False)

    def way(self, direction: str | None = None) -> Way:
        """One direction by name; the first, mostly the only one, without. Raises KeyError."""
        if direction is None:
            return self.ways[0]
        return {way.direction: way for way in self.ways}[direction]

    def route(self, name: str, direction: str | None = None) -> RouteLog:
        """One route's log by name, in one direction. Raises KeyError."""
        return self.way(direction).route(name)

    @cached_property
    def containers(self) -> Containers:
        """The same, seen from the containers."""
        from sim.results.containers import containers

        return containers(self)
