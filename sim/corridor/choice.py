"""How containers choose a route: what each rule prefers, and who is refused.

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
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.corridor.desks import Desk, Poster, Teller
from sim.corridor.streams import Floats
from sim.scenario.model import Scenario

Taken = NDArray[np.intp]
NOBODY: Final = -1
"""Stands for a row of desks where there is none."""

MOST_ROUNDS = 100
"""Rounds after which a block is decided in a loop: about what the loop costs."""


@dataclass(frozen=True)
class Shippers:
    """What belongs to containers: value of time [USD/day] and luck by route [routes, containers].

    Luck is standard exponential; an array is empty where the rule does not ask for it.
    """

    value_of_time: Floats
    luck: Floats


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
    fixed = _money(scenario)
    return lambda rows, days: fixed + shippers.value_of_time[rows] * days


def _logit(scenario: Scenario, shippers: Shippers) -> Score:
    """The least generalised cost minus scale × a standard Gumbel draw (McFadden 1974).

    Minus the logarithm of a standard exponential number is a standard Gumbel number.
    """
    luck = np.maximum(shippers.luck, np.finfo(float).tiny)
    tastes = np.log(luck, out=luck)
    tastes *= scenario.choice.scale_usd or 0.0
    tastes += _money(scenario)
    return lambda rows, days: tastes[:, rows] + shippers.value_of_time[rows] * days


def _money(scenario: Scenario) -> Floats:
    """Freight and constant of each route [routes, 1], in USD."""
    routes = scenario.open_routes.values()
    return np.array([[route.freight_usd + route.constant_usd] for route in routes])


RULES: dict[str, Rule] = {
    "share": Rule(_share, sees_posted_days=False, uses_luck=True),
    "fastest": Rule(_fastest),
    "cheapest": Rule(_cheapest, uses_value_of_time=True),
    "logit": Rule(_logit, uses_luck=True, uses_value_of_time=True),
}


@dataclass(frozen=True)
class Decision:
    """What a block of containers wanted and took: rows of desks, or NOBODY.

    `refused` is true where a container was turned away [routes, containers]; None for nowhere.
    """

    wanted: Taken
    taken: Taken
    refused: NDArray[np.bool_] | None


def decide(desks: list[Desk], rule: Rule, score: Score, times: Floats, rows: slice) -> Decision:
    """Decide a block of containers, booked at `times`, one after the other, all at once."""
    if not rule.sees_posted_days:
        wanted = _best(score(rows, np.empty(0)))
        coming = [int(np.count_nonzero(wanted == row)) for row in range(len(desks))]
        if not any(desk.may_refuse(times, n) for desk, n in zip(desks, coming, strict=True)):
            return Decision(wanted, wanted, None)
    posters = [desk.poster(times) for desk in desks]
    limits = np.array([[desk.limit] for desk in desks])
    alone = post(posters, np.full(len(times), NOBODY))
    scores = np.where(alone.wait > limits, math.inf, score(rows, alone.days))
    taken = _guess(desks, times, scores)
    for rounds in count(1):
        posted = post(posters, taken)
        scores = score(rows, posted.days)
        too_long = posted.wait > limits
        again = _best(np.where(too_long, math.inf, scores))
        if (again == taken).all():
            return Decision(_best(scores), taken, _turned_away(scores, too_long, taken))
        taken = again if rounds != MOST_ROUNDS else _one_by_one(desks, score, times, rows)
    raise AssertionError("rounds are counted without end")


def _one_by_one(desks: list[Desk], score: Score, times: Floats, rows: slice) -> Taken:
    """What a block takes, decided in a loop: for routes so alike that rounds settle little."""
    tellers = [Teller(desk) for desk in desks]
    limits = np.array([[desk.limit] for desk in desks])
    taken = np.full(len(times), NOBODY)
    for number, time in enumerate(times.tolist()):
        quotes = np.array([teller.quote(time) for teller in tellers])
        row = slice(rows.start + number, rows.start + number + 1)
        scores = np.where(quotes[:, :1] > limits, math.inf, score(row, quotes[:, 1:]))
        best = int(scores.argmin())
        if scores[best, 0] < math.inf:
            tellers[best].take()
            taken[number] = best
    return taken


def _guess(desks: list[Desk], times: Floats, scores: Floats) -> Taken:
    """What a block would take if each stood first in line, and full desks refused the rest.

    Only where rounds begin: with it the 500,000 link takes 2 rounds a block, without it some 7.
    """
    taken = _best(scores)
    for row, desk in enumerate(desks):
        places = desk.places(times) if math.isfinite(desk.limit) else None
        asks = np.flatnonzero(taken == row)
        if places is not None and len(asks):
            turned = asks[~places.admitted(times, desk.limit, asks)]
            scores[row, turned] = math.inf
            taken[turned] = _best(scores[:, turned])
    return taken


def post(posters: list[Poster], taken: Taken) -> Posted:
    """What all desks post to containers, given what those before them took."""
    posted = Posted(*np.empty((2, len(posters), len(taken))))
    for row, poster in enumerate(posters):
        takes = taken == row
        posted.wait[row], posted.days[row] = poster(takes.cumsum() - takes)
    return posted


def _best(scores: Floats) -> Taken:
    """The row of the least score, NOBODY where all are infinite."""
    best: Taken = scores.argmin(axis=0)
    best[np.isinf(scores.min(axis=0))] = NOBODY
    return best


def _turned_away(scores: Floats, too_long: NDArray[np.bool_], taken: Taken) -> NDArray[np.bool_]:
    """Where a container asked before it found its route: full desks that it liked better."""
    rows = np.arange(len(scores))[:, np.newaxis]
    accepted = np.where(taken < 0, math.inf, scores[taken, np.arange(len(taken))])
    better = (scores < accepted) | ((scores == accepted) & (rows < taken))
    turned: NDArray[np.bool_] = too_long & better & np.isfinite(scores)
    return turned
