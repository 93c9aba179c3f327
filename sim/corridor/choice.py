"""How containers choose a route: what is posted, what each rule prefers, who is refused.

Every container decides on what is posted at its own moment, counting those that chose before it.
A block is decided at once: choices are guessed, the figures that they imply are posted to all of
its containers, and all choose again. A container whose predecessors have not changed their minds
does not change its own, so each round settles at least one more, and what stands still is what
deciding one by one would give.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.corridor.backlog import Rows
from sim.corridor.streams import Floats, quantile, stream
from sim.corridor.vehicles import Service
from sim.scenario.model import Scenario
from sim.scenario.routes import Route


Counts = NDArray[np.int64]
Poster = Callable[[Counts], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Shippers:
    """What belongs to containers: value of time [USD/day] and luck by route [routes, containers].

    Luck is standard exponential; an array is empty where the rule does not ask for it.
    """

    value_of_time: Floats
    luck: Floats


class Desk:
    """The booking desk of a route: what it posts, and whom it has accepted."""

    def __init__(self, name: str, route: Route, services: list[Service], own_days: OwnDays) -> None:
        self.name = name
        self.services = services
        self.own_days = own_days
        self.limit = route.max_wait_days
        self.refused: list[NDArray[np.intp]] = []
        self.accepted = 0
        self.approached = bool(route.approach)

    @property
    def foresees(self) -> bool:
        """Whether its figures are exact and so do not depend on when they are posted.

        A timetable tells who leaves when, unless a queue further on is still to come.
        """
        return not self.services or (len(self.services) == 1 and not self.approached)

    def accept(self, who: NDArray[np.intp], booked: Floats) -> None:
        """Let containers join the queue of the first departures, or move on their own."""
        self.accepted += len(who)
        if not self.services or not len(who):
            return
        backlog = self.services[0].backlog
        if self.approached:
            backlog.join_in_order(who, booked[who] + self.own_days.of(who))
        else:
            backlog.join(who, booked[who])

    def poster(self, times: Floats) -> Poster:
        """What this desk posts to containers that book at `times`, as things are now.

        The function that is returned takes, for each container, how many of the same block take
        this route before it, and gives the wait and the door-to-door time, in days.
        """
        places = self.places(times)

        def post(ahead: Counts) -> tuple[Floats, Floats]:
            wait: Floats = np.zeros(len(times))
            days = np.full(len(times), self.own_days.mean)
            for number, service in enumerate(self.services):
                if number or places is None:
                    here = self._wait_later(service, ahead, days)
                else:
                    here = places.departure(places.taken(ahead)) - times
                wait += here
                days += here + service.transit_days
            return wait, days

        return post

    def places(self, times: Floats) -> Places | None:
        """The places on the departures that open this route; None where others stages do."""
        if self.approached or not self.services:
            return None
        return Places(self.services[0], times)

    def may_refuse(self, times: Floats, coming: int) -> bool:
        """Whether the wait of some of those coming might pass the limit; True when unsure."""
        if math.isinf(self.limit) or not self.services:
            return False
        if not self.foresees:
            return True
        service = self.services[0]
        behind_queue = service.next_departure + (service.backlog.waiting + coming) / service.capacity
        after_booking = times[-1] / service.headway + 1 + coming / service.capacity
        return bool(max(behind_queue, after_booking) * service.headway - times[0] > self.limit)

    def _wait_later(self, service: Service, ahead: Counts, days: Floats) -> Floats:
        """Days at a departures stage that is yet to be reached, `days` after booking.

        All of the route's containers that have not left from there are ahead.
        """
        before = self.accepted - service.backlog.head + ahead
        return np.maximum(before / service.rate - days, 0) + service.headway / 2


class Places:
    """The numbered places on a timetable: departure k has k·c … k·c + c - 1.

    A container takes the first place that is neither taken nor left when it books.
    """

    def __init__(self, service: Service, times: Floats) -> None:
        upcoming, self._service = service.next_departure, service
        soon = service.times[upcoming - 1 : int(times[-1] / service.headway) + 2]
        self.free = upcoming * service.capacity + service.backlog.waiting
        self.first: Counts = (soon.searchsorted(times) + upcoming) * service.capacity

    def taken(self, ahead: Counts) -> Counts:
        """The place of each container with `ahead` of its block before it."""
        unlost = np.maximum.accumulate(self.first - ahead)
        return ahead + np.maximum(unlost, self.free)

    def departure(self, places: Counts) -> Floats:
        """The days on which places leave."""
        return places // self._service.capacity * self._service.headway

    def admitted(self, times: Floats, limit: float, asks: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of the rows `asks` find a place that leaves within `limit` days of booking.

        The number of places taken follows x → min(max(x, first) + 1, last): a clamp, and clamps
        in a row are running extremes while a block is shorter than the limit.
        """
        row = np.arange(len(asks))
        last = ((times[asks] + limit) // self._service.headway + 1) * self._service.capacity
        low = np.maximum(np.maximum.accumulate(self.first[asks] - row), self.free)
        high = np.minimum.accumulate(last - row)
        low[1:] = np.minimum(low[1:], high[:-1] - 1)
        return row + low < last


class OwnDays:
    """The days that each container moves on its own, before departures or without them."""

    def __init__(self, scenario: Scenario, name: str, replication: int, containers: int) -> None:
        route = scenario.routes[name]
        self.mean = math.fsum(transit.days.mean for _, transit in route.approach)
        self._draws = [
            (
                transit.days,
                stream(scenario.run.seed, replication, f"routes.{name}.stages.{stage}").random(
                    containers
                ),
            )
            for stage, transit in route.approach
        ]

    def of(self, who: NDArray[Any]) -> Floats:
        """The days of some containers."""
        days: Floats = np.zeros(len(who))
        for distribution, u in self._draws:
            days += quantile(distribution, u[who])
        return days


@dataclass(frozen=True)
class Posted:
    """What is posted to the containers of a block: arrays of [routes, containers], in days."""

    wait: Floats
    days: Floats


Score = Callable[[slice, Floats], Floats]
"""From a block's rows and its posted days to what is liked least, both [routes, containers].

Infinite stands for never. The least score wins; of equals the route first in the alphabet.
"""


@dataclass(frozen=True)
class Rule:
    """A way to prefer routes, and what it has to know."""

    prepare: Callable[[Scenario, Shippers], Score]
    sees_posted_days: bool = True
    uses_luck: bool = False
    uses_value_of_time: bool = False


def _share(scenario: Scenario, shippers: Shippers) -> Score:
    """Fixed probabilities, as a race of exponential clocks that run at the shares.

    Whoever is refused at the winner takes the second: that is a choice by the remaining shares.
    """
    shares = scenario.choice.shares or {}
    with np.errstate(divide="ignore"):
        slowness = 1 / np.array([[shares.get(name, 0.0)] for name in scenario.open_routes])
    return lambda rows, _: shippers.luck[:, rows] * slowness


def _fastest(_scenario: Scenario, _shippers: Shippers) -> Score:
    """The least posted time."""
    return lambda _, days: days


def _cheapest(scenario: Scenario, shippers: Shippers) -> Score:
    """The least generalised cost: freight + value of time × posted time + constant."""
    routes = scenario.open_routes.values()
    fixed = np.array([[route.freight_usd + route.constant_usd] for route in routes])
    return lambda rows, days: fixed + shippers.value_of_time[rows] * days


RULES: dict[str, Rule] = {
    "share": Rule(_share, sees_posted_days=False, uses_luck=True),
    "fastest": Rule(_fastest),
    "cheapest": Rule(_cheapest, uses_value_of_time=True),
}


@dataclass(frozen=True)
class Decision:
    """What a block of containers wanted and took [rows of desks, -1 for none].

    `refused` is true where a container was turned away [routes, containers]; None for nowhere.
    """

    wanted: NDArray[np.intp]
    taken: NDArray[np.intp]
    refused: NDArray[np.bool_] | None


def decide(desks: list[Desk], score: Score, rule: Rule, times: Floats, rows: slice) -> Decision:
    """Decide a block of containers one after the other, all at once."""
    if not rule.sees_posted_days:
        wanted = _best(score(rows, np.empty(0)))
        coming = [int(np.count_nonzero(wanted == row)) for row in range(len(desks))]
        if not any(desk.may_refuse(times, n) for desk, n in zip(desks, coming, strict=True)):
            return Decision(wanted, wanted, None)
    limits = np.array([[desk.limit] for desk in desks])
    posters = [desk.poster(times) for desk in desks]
    taken = _guess(desks, posters, limits, score, times, rows)
    while True:
        posted = post(posters, taken)
        scores = score(rows, posted.days)
        too_long = posted.wait > limits
        again = _best(np.where(too_long, math.inf, scores))
        if (again == taken).all():
            break
        taken = again
    return Decision(_best(scores), taken, _turned_away(scores, too_long, taken))


def _guess(
    desks: list[Desk], posters: list[Poster], limits: Floats, score: Score, times: Floats, rows: slice
) -> NDArray[np.intp]:
    """What a block would take if nobody stood ahead, and full desks refused the rest."""
    alone = post(posters, np.full(len(times), -1))
    scores = score(rows, alone.days)
    scores = np.where(alone.wait > limits, math.inf, scores)
    taken = _best(scores)
    for row, desk in enumerate(desks):
        places = desk.places(times) if math.isfinite(desk.limit) else None
        asks = np.flatnonzero(taken == row)
        if places is None or not len(asks):
            continue
        turned = asks[~places.admitted(times, desk.limit, asks)]
        scores[row, turned] = math.inf
        taken[turned] = _best(scores[:, turned])
    return taken


def post(posters: list[Poster], taken: NDArray[np.intp]) -> Posted:
    """What all desks post to containers, given what those before them took."""
    posted = Posted(*np.empty((2, len(posters), len(taken))))
    for row, poster in enumerate(posters):
        takes = taken == row
        posted.wait[row], posted.days[row] = poster(takes.cumsum() - takes)
    return posted


def _best(scores: Floats) -> NDArray[np.intp]:
    """The row of the least score, -1 where all are infinite."""
    best = scores.argmin(axis=0)
    best[np.isinf(scores.min(axis=0))] = -1
    return best


def _turned_away(scores: Floats, too_long: Any, taken: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Where a container asked before it found its route: full desks that it liked better."""
    rows = np.arange(len(scores))[:, np.newaxis]
    accepted = np.where(taken < 0, math.inf, scores[taken, np.arange(len(taken))])
    better = (scores < accepted) | ((scores == accepted) & (rows < taken))
    return too_long & better & np.isfinite(scores)
