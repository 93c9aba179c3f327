"""What one replication left behind: bookings, and for each departures stage who left when.

Containers are numbered in booking order from 0. The trips of a stage in order of departure, with
their loads, take the containers of its queue in order; so a trip's times are its containers' times.
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
class Leg:
    """A departures stage and the trips that left from it.

    who: containers in the order of joining the queue [containers that joined]
    since: the day each was ready there [as `who`]
    departed, arrived: the days of each trip, `arrived` infinite while under way [trips]
    loads: containers on each trip [trips]
    """

    name: str
    capacity: int
    yearly_capacity: float
    who: Rows
    since: Floats
    departed: Floats
    loads: Rows
    arrived: Floats

    @property
    def boarded(self) -> int:
        """How many containers have left."""
        return int(self.loads.sum())

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
    """What happened on one route.

    accepted: containers that took it, in booking order
    refused: containers that found its wait too long, once each
    own_arrivals: the day each accepted container arrives by itself, on a route without departures
    """

    name: str
    accepted: Rows
    refused: Rows
    legs: tuple[Leg, ...]
    own_arrivals: Floats


@dataclass(frozen=True)
class Containers:
    """Every container of a replication, in booking order.

    booked, delivered: days, `delivered` infinite while under way or unserved [containers]
    route: the row of its route in `routes`, -1 unserved [containers]
    wait: days waited for departures so far boarded [containers]
    """

    routes: tuple[str, ...]
    booked: Floats
    delivered: Floats
    wait: Floats
    route: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.booked)

    def to_frame(self) -> pd.DataFrame:
        """A row a container: route, booked, delivered, wait_days, door_to_door_days."""
        import pandas as pd

        names = np.array([*self.routes, None], dtype=object)
        delivered = np.where(np.isinf(self.delivered), np.nan, self.delivered)
        return pd.DataFrame(
            {
                "route": pd.Categorical(names[self.route], categories=list(self.routes)),
                "booked": self.booked,
                "delivered": delivered,
                "wait_days": self.wait,
                "door_to_door_days": delivered - self.booked,
            }
        ).rename_axis("container")


@dataclass(frozen=True)
class Observations:
    """One replication of a scenario, from day 0 to the horizon; warm-up included.

    booked: the day of each booking [containers]
    taken, wanted: rows of `routes`, -1 for none [containers]
    """

    scenario: str
    replication: int
    warmup_days: float
    horizon: float
    booked: Floats
    taken: NDArray[np.int8]
    wanted: NDArray[np.int8]
    routes: tuple[RouteLog, ...]

    def route(self, name: str) -> RouteLog:
        """One route's log by name. Raises KeyError."""
        return {route.name: route for route in self.routes}[name]

    @cached_property
    def containers(self) -> Containers:
        """The same, seen from the containers."""
        delivered = np.full(len(self.booked), np.inf)
        wait = np.zeros(len(self.booked))
        for route in self.routes:
            for leg in route.legs:
                boarded = leg.boarded
                wait[leg.who[:boarded]] += leg.boarding_days[:boarded] - leg.since[:boarded]
            if route.legs:
                last = route.legs[-1]
                delivered[last.who[: last.boarded]] = last.arrival_days
            else:
                delivered[route.accepted] = route.own_arrivals
        delivered[delivered >= self.horizon] = np.inf
        names = tuple(route.name for route in self.routes)
        return Containers(names, self.booked, delivered, wait, self.taken)
