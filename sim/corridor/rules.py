"""The rules of choice: by what containers compare routes, and what has to be known for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.corridor.streams import Floats
from sim.scenario.model import Scenario


@dataclass(frozen=True)
class Shippers:
    """What belongs to containers: value of time [USD/day] and luck by route [routes, containers].

    Luck is standard exponential, empty where the rule does not ask for it.
    """

    value_of_time: Floats
    luck: Floats

    def of(self, rows: slice) -> Shippers:
        """Some of them."""
        return Shippers(self.value_of_time[rows], self.luck[:, rows])


@dataclass(frozen=True)
class Score:
    """By what containers compare routes: every rule is linear in the posted days.

    fixed: whatever they post, infinite for never [routes, containers]
    a_day: for each posted day, never negative [containers]

    The least score wins; of equals the route first in the alphabet.
    """

    fixed: Floats
    a_day: Floats

    def of(self, rows: slice) -> Score:
        """That of some containers."""
        return Score(self.fixed[:, rows], self.a_day[rows])

    def __call__(self, days: Floats) -> Floats:
        """Of routes that post so many days [routes, containers]."""
        held: Floats = self.a_day * days
        held += self.fixed
        return held


@dataclass(frozen=True)
class Rule:
    """A way to prefer routes, and what it has to know."""

    prepare: Callable[[Scenario, Sequence[str], Shippers], Score]
    """Makes a score of routes by name, of which those that are closed get none."""
    sees_posted_days: bool = True
    uses_luck: bool = False


def _share(scenario: Scenario, routes: Sequence[str], shippers: Shippers) -> Score:
    """Fixed probabilities, as a race of exponential clocks that run at the shares.

    Whoever is refused at the winner takes the second: that is a choice by the remaining shares.
    """
    shares, is_open = scenario.choice.shares_of(None), scenario.open_routes
    luck = shippers.luck
    for row, name in enumerate(routes):
        if share := shares.get(name, 0.0) if name in is_open else 0.0:
            luck[row] *= 1 / share
        else:
            luck[row] = np.inf
    return Score(luck, np.broadcast_to(0.0, luck.shape[1]))


def _fastest(scenario: Scenario, routes: Sequence[str], shippers: Shippers) -> Score:
    """The least posted time."""
    a_day = np.broadcast_to(1.0, len(shippers.value_of_time))
    return Score(_of_each(_zero(scenario, routes), shippers), a_day)


def _cheapest(scenario: Scenario, routes: Sequence[str], shippers: Shippers) -> Score:
    """The least generalised cost: freight + value of time × posted time + constant."""
    return Score(_of_each(_money(scenario, routes), shippers), shippers.value_of_time)


def _logit(scenario: Scenario, routes: Sequence[str], shippers: Shippers) -> Score:
    """The least generalised cost minus scale × a standard Gumbel draw (McFadden 1974).

    Minus the logarithm of a standard exponential number is a standard Gumbel number.
    """
    with np.errstate(divide="ignore"):  # the luckiest of all is infinitely so
        fixed = np.log(shippers.luck, out=shippers.luck)
    fixed *= scenario.choice.scale_usd or 0.0
    fixed += _money(scenario, routes)
    return Score(fixed, shippers.value_of_time)


def _of_each(figures: Floats, shippers: Shippers) -> Floats:
    """Figures of routes, the same for every container."""
    return np.broadcast_to(figures, (len(figures), len(shippers.value_of_time)))


def _zero(scenario: Scenario, routes: Sequence[str]) -> Floats:
    """Nothing, or infinite for a closed route [routes, 1]."""
    is_open = scenario.open_routes
    return np.array([0.0 if name in is_open else np.inf for name in routes]).reshape(-1, 1)


def _money(scenario: Scenario, routes: Sequence[str]) -> Floats:
    """Freight and constant of each route [routes, 1], in USD; infinite for a closed one.

    Less those of the cheapest: what all ask alike settles nothing, not even by how it is rounded.
    """
    every = [scenario.routes[name] for name in routes]
    money = np.array([route.freight_usd + route.constant_usd for route in every])
    money -= money.min(initial=np.inf)
    return money.reshape(-1, 1) + _zero(scenario, routes)


RULES: dict[str, Rule] = {
    "share": Rule(_share, sees_posted_days=False, uses_luck=True),
    "fastest": Rule(_fastest),
    "cheapest": Rule(_cheapest),
    "logit": Rule(_logit, uses_luck=True),
}
