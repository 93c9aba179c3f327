"""Every container of a replication: where it ended, when, and what it cost and emitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sim.results.observations import Floats, Observations, RouteLog, Way
from sim.scenario.charges import Charges

if TYPE_CHECKING:
    import pandas as pd

FATES: Final = ("delivered", "moving", "waiting", "unserved")
"""What a container is at the horizon, exactly one of these."""

DELIVERED, MOVING, WAITING, UNSERVED = range(4)


@dataclass(frozen=True, eq=False)
class Bills:
    """What each container cost and emitted, NaN for those that are not delivered [containers].

    freight, handling, detour, time: [USD], the last at its value of time
    kg: [kg CO2e], NaN where that is not known
    """

    freight: Floats
    handling: Floats
    detour: Floats
    time: Floats
    kg: Floats

    @property
    def cost(self) -> Floats:
        """Money and time together [USD]."""
        return self.freight + self.handling + self.detour + self.time


@dataclass(frozen=True, eq=False)
class Containers:
    """Every container of a replication, in booking order over all directions.

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
    observed: Observations = field(repr=False)

    def __len__(self) -> int:
        return len(self.booked)

    @cached_property
    def fate(self) -> NDArray[np.int8]:
        """The row of its fate in FATES [containers]."""
        ways, horizon = self.observed.ways, self.observed.horizon
        return np.concatenate([ended_as(way, horizon) for way in ways])[numbering(ways)]

    @cached_property
    def bills(self) -> Bills:
        """What each cost and emitted."""
        ways = self.observed.ways
        lines = np.concatenate([_bills(way, self.observed.charges) for way in ways], axis=1)
        freight, handling, detour, kg, value_of_time = lines[:, numbering(ways)]
        came = np.isfinite(self.delivered)
        days = np.where(came, self.delivered, np.nan) - self.booked
        freight, handling, detour, kg = np.where(came, (freight, handling, detour, kg), np.nan)
        return Bills(freight, handling, detour, value_of_time * days, kg)

    def to_frame(self) -> pd.DataFrame:
        """A row a container: route, booked, delivered, wait_days, door_to_door_days.

        With its direction, where there are two. Then what it cost: freight_usd, handling_usd,
        detour_usd, time_usd, cost_usd, co2e_kg, and its fate.
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
        bills = self.bills
        columns |= {
            "freight_usd": bills.freight,
            "handling_usd": bills.handling,
            "detour_usd": bills.detour,
            "time_usd": bills.time,
            "cost_usd": bills.cost,
            "co2e_kg": bills.kg,
            "fate": pd.Categorical(np.array(FATES, object)[self.fate], categories=list(FATES)),
        }
        return pd.DataFrame(columns).rename_axis("container")


def containers(observed: Observations) -> Containers:
    """The containers of a replication."""
    ways = observed.ways
    routes = tuple(sorted({log.name for way in ways for log in way.routes}))
    ends = [_ends(way, observed.horizon) for way in ways]
    order = numbering(ways)
    return Containers(
        routes,
        tuple(way.direction for way in ways),
        np.concatenate([way.booked for way in ways])[order],
        np.concatenate([delivered for delivered, _ in ends])[order],
        np.concatenate([wait for _, wait in ends])[order],
        np.concatenate([_rows(way, routes)[way.taken] for way in ways])[order],
        np.repeat(np.arange(len(ways), dtype=np.int8), [len(way.booked) for way in ways])[order],
        observed,
    )


def numbering(ways: tuple[Way, ...]) -> NDArray[np.intp] | slice:
    """The containers of one direction after those of another, in the order of their numbers."""
    if len(ways) == 1:
        return slice(None)
    return np.concatenate([way.booked for way in ways]).argsort(kind="stable")


def _rows(way: Way, routes: tuple[str, ...]) -> NDArray[np.int8]:
    """The rows in `routes` of those of one direction, and -1 for none."""
    return np.array([*(routes.index(log.name) for log in way.routes), -1], np.int8)


def _ends(way: Way, horizon: float) -> tuple[Floats, Floats]:
    """When each container is delivered, infinite for not, and how long it waited."""
    delivered = np.full(len(way.booked), np.inf)
    wait = np.zeros(len(way.booked))
    for route in way.routes:
        for leg in route.legs:
            boarded = leg.boarded
            wait[leg.who[:boarded]] += leg.boarding_days[:boarded] - leg.since[:boarded]
        who, arrived, loads = route.arrivals
        delivered[who] = np.repeat(arrived, loads)
    delivered[delivered >= horizon] = np.inf
    return delivered, wait


def ended_as(way: Way, horizon: float) -> NDArray[np.int8]:
    """The row in FATES of each container of a direction: where nothing else is said, moving."""
    fate = np.full(len(way.booked), MOVING, np.int8)
    fate[way.taken < 0] = UNSERVED
    for route in way.routes:
        for leg in route.legs:
            left, since = leg.who[leg.boarded :], leg.since[leg.boarded :]
            fate[left[since < horizon]] = WAITING
        who, arrived, loads = route.arrivals
        fate[who[np.repeat(arrived < horizon, loads)]] = DELIVERED
    return fate


def _bills(way: Way, charges: Mapping[str, Charges]) -> Floats:
    """Freight, handling, detours, kg and value of time of each container of a direction.

    What it would be of those that are not delivered is left to the caller [5, containers].
    """
    lines = np.zeros((5, len(way.booked)))
    freight, handling, detour, kg, lines[4] = *lines[:4], way.value_of_time
    for route in way.routes:
        freight[route.accepted] = freight_at(route, way.booked[route.accepted])
        asked = charges[route.name]
        for leg in route.legs:
            handling[leg.who] += asked[leg.name].handling_usd
        for passage, who, loads in route.passages():
            charge = asked[passage.stage]
            took = passage.detoured
            round_about = np.zeros(len(loads), np.bool_) if took is None else took
            handling[who] += charge.handling_usd
            detour[who] += np.repeat(np.where(round_about, charge.detour_usd, 0.0), loads)
            kg[who] += np.repeat(np.where(round_about, charge.detour_kg, charge.kg), loads)
    return lines


def freight_at(route: RouteLog, booked: Floats) -> Floats:
    """What was asked of containers booked on these days [USD]."""
    days, usd = np.array(route.freight).T
    asked: Floats = usd[days.searchsorted(booked, "right") - 1]
    return asked
