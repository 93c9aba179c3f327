"""What one replication left behind: bookings, and for each departures stage who left when.

Containers of a direction are numbered in booking order from 0. The trips of a stage in order of
departure, with their loads, take the containers that left in order; so a trip's times are its
containers' times.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]


@dataclass(frozen=True)
class Passage:
    """How trips, or containers on their own, went through one stage between departures.

    facility: its name, None for a transit
    entered, started, left: days, `started` that of the service [trips]
    freed: the day its server was free again [trips]

    A day that has not come is infinite; in a transit service starts at once.
    """

    stage: str
    facility: str | None
    entered: Floats
    started: Floats
    left: Floats
    freed: Floats


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

    @property
    def arrival_days(self) -> Floats:
        """The day each container that left arrives [boarded]."""
        return np.repeat(self.arrived, self.loads)


@dataclass(frozen=True)
class RouteLog:
    """What happened on one route in one direction.

    accepted: containers that took it, in booking order
    refused: containers that found its wait too long, once each
    own_arrivals: the day each accepted container arrives by itself, on a route without departures
    approach: the stages on which containers move on their own, in order [accepted]
    """

    name: str
    accepted: Rows
    refused: Rows
    legs: tuple[Leg, ...]
    own_arrivals: Floats
    approach: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Way:
    """One direction of a replication; the only one where demand has none.

    booked: the day of each booking [containers]
    taken, wanted: rows of `routes`, -1 for none [containers]
    classes, class_of: kinds of cargo, and the row of each container's; None without [containers]
    """

    direction: str | None
    booked: Floats
    taken: NDArray[np.int8]
    wanted: NDArray[np.int8]
    routes: tuple[RouteLog, ...]
    classes: tuple[str, ...] = ()
    class_of: NDArray[np.int8] | None = None

    def route(self, name: str) -> RouteLog:
        """One route's log by name. Raises KeyError."""
        return {route.name: route for route in self.routes}[name]


@dataclass(frozen=True)
class FacilityLog:
    """The servers of a facility, and since when: (day, servers); of one direction or of both."""

    name: str
    direction: str | None
    servers: tuple[tuple[float, int], ...]


@dataclass(frozen=True)
class Containers:
    """Every container of a replication, in booking order.

    booked, delivered: days, `delivered` infinite while under way or unserved [containers]
    route: the row of its route in `routes`, -1 unserved [containers]
    wait: days waited for departures so far boarded [containers]
    direction: the row of its direction in `directions` [containers]
    """

    routes: tuple[str, ...]
    directions: tuple[str | None, ...]
    booked: Floats
    delivered: Floats
    wait: Floats
    route: NDArray[np.int8]
    direction: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.booked)

    def to_frame(self) -> pd.DataFrame:
        """A row a container: route, booked, delivered, wait_days, door_to_door_days.

        With its direction, where there are two.
        """
        import pandas as pd

        names = np.array([*self.routes, None], dtype=object)
        delivered = np.where(np.isinf(self.delivered), np.nan, self.delivered)
        columns = {
            "route": pd.Categorical(names[self.route], categories=list(self.routes)),
            "booked": self.booked,
            "delivered": delivered,
            "wait_days": self.wait,
            "door_to_door_days": delivered - self.booked,
        }
        if len(self.directions) > 1:
            directions = np.array(self.directions, dtype=object)
            columns["direction"] = pd.Categorical(
                directions[self.direction], categories=list(self.directions)
            )
        return pd.DataFrame(columns).rename_axis("container")


@dataclass(frozen=True)
class Observations:
    """One replication of a scenario, from day 0 to the horizon; warm-up included."""

    scenario: str
    replication: int
    warmup_days: float
    horizon: float
    ways: tuple[Way, ...]
    facilities: tuple[FacilityLog, ...] = ()

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
        routes = tuple(sorted({log.name for way in self.ways for log in way.routes}))
        each = [_containers(way, n, routes, self.horizon) for n, way in enumerate(self.ways)]
        if len(each) == 1:
            return each[0]
        order = np.concatenate([some.booked for some in each]).argsort(kind="stable")
        return Containers(
            routes,
            tuple(way.direction for way in self.ways),
            np.concatenate([some.booked for some in each])[order],
            np.concatenate([some.delivered for some in each])[order],
            np.concatenate([some.wait for some in each])[order],
            np.concatenate([some.route for some in each])[order],
            np.concatenate([some.direction for some in each])[order],
        )


def _containers(way: Way, number: int, routes: tuple[str, ...], horizon: float) -> Containers:
    """The containers of one direction."""
    delivered, wait = _ends(way, horizon)
    rows = np.array([*(routes.index(log.name) for log in way.routes), -1], np.int8)
    numbers = np.full(len(way.booked), number, np.int8)
    taken = rows[way.taken]
    return Containers(routes, (way.direction,), way.booked, delivered, wait, taken, numbers)


def _ends(way: Way, horizon: float) -> tuple[Floats, Floats]:
    """When each container is delivered, infinite for not, and how long it waited."""
    delivered = np.full(len(way.booked), np.inf)
    wait = np.zeros(len(way.booked))
    for route in way.routes:
        for leg in route.legs:
            boarded = leg.boarded
            wait[leg.who[:boarded]] += leg.boarding_days[:boarded] - leg.since[:boarded]
        if route.legs:
            last = route.legs[-1]
            delivered[last.who[: last.boarded]] = last.arrival_days
        else:
            delivered[route.accepted] = route.own_arrivals
    delivered[delivered >= horizon] = np.inf
    return delivered, wait
