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
        self.route = route
        self.services = services
        self.own_days = own_days
        self.limit = route.max_wait_days
        self.refused: list[Rows] = []
        self.accepted = 0

    def accept(self, who: Rows, booked: Floats) -> None:
        """Let containers join the queue of the first departures, or move on their own."""
        self.accepted += len(who)
        if not self.services or not len(who):
            return
        backlog = self.services[0].backlog
        if self.route.approach:
            backlog.join_in_order(who, booked[who] + self.own_days.of(who))
        else:
            backlog.join(who, booked[who])

    def post(self, times: Floats, ahead: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Wait and door-to-door days that containers booking at `times` would have.

        `ahead` counts those of the same block that take this route before each.
        """
        wait: Floats = np.zeros(len(times))
        days = np.full(len(times), self.own_days.mean)
        for number, service in enumerate(self.services):
            if number or self.route.approach:
                here = self._wait_later(service, ahead, days)
            else:
                here = self._wait_first(service, times, ahead)
            wait += here
            days += here + service.transit_days
        return wait, days

    def may_refuse(self, times: Floats) -> bool:
        """Whether the wait might pass the limit even if all of a block came here."""
        if math.isinf(self.limit):
            return False
        wait, _ = self.post(times[-1:], np.array([len(times)]))
        return bool(wait[0] + times[-1] - times[0] > self.limit)

    @staticmethod
    def _wait_first(service: Service, times: Floats, ahead: NDArray[np.int64]) -> Floats:
        """Days to the departure with room for one more, behind all that are ahead.

        Departure k has the places k·c … k·c + c - 1; a container takes the first place that is
        neither taken nor left already.
        """
        soon = service.times[service.next_departure - 1 : int(times[-1] / service.headway) + 2]
        first = soon.searchsorted(times) + service.next_departure
        unlost = np.maximum.accumulate(first * service.capacity - ahead)
        place = ahead + np.maximum(
            unlost, service.next_departure * service.capacity + service.backlog.waiting
        )
        return place // service.capacity * service.headway - times

    def _wait_later(self, service: Service, ahead: NDArray[np.int64], days: Floats) -> Floats:
        """Days at a departures stage that is yet to be reached, `days` after booking.

        All of the route's containers that have not left from there are ahead.
        """
        before = self.accepted - service.backlog.head + ahead
        return np.maximum(before / service.rate - days, 0) + service.headway / 2


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

    def of(self, who: Rows) -> Floats:
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
    """What a block of containers wanted, took [rows of desks, -1 for none] and was refused."""

    wanted: NDArray[np.intp]
    taken: NDArray[np.intp]
    refused: NDArray[np.bool_]


def decide(desks: list[Desk], score: Score, rule: Rule, times: Floats, rows: slice) -> Decision:
    """Decide a block of containers one after the other, all at once."""
    if not rule.sees_posted_days and not any(desk.may_refuse(times) for desk in desks):
        scores = score(rows, np.empty(0))
        wanted = _best(scores)
        return Decision(wanted, wanted, np.zeros(scores.shape, np.bool_))
    limits = np.array([[desk.limit] for desk in desks])
    taken = np.zeros(len(times), np.intp)
    while True:
        posted = post(desks, times, taken)
        scores = score(rows, posted.days)
        too_long = posted.wait > limits
        again = _best(np.where(too_long, math.inf, scores))
        if np.array_equal(again, taken):
            break
        taken = again
    wanted = _best(scores)
    return Decision(wanted, taken, _turned_away(scores, too_long, taken))


def post(desks: list[Desk], times: Floats, taken: NDArray[np.intp]) -> Posted:
    """What all desks post to containers, given what those before them took."""
    takes = taken == np.arange(len(desks))[:, np.newaxis]
    ahead = takes.cumsum(axis=1) - takes
    wait, days = zip(*(desk.post(times, row) for desk, row in zip(desks, ahead, strict=True)), strict=True)
    return Posted(np.array(wait), np.array(days))


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
