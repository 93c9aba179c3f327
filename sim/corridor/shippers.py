"""Shippers: when containers book, of which class they are, and what moves their choice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.corridor.backlog import Levels
from sim.corridor.lanes import Rows, Way, by_era
from sim.corridor.rules import RULES, Shippers
from sim.corridor.streams import Floats
from sim.scenario.calendar import Piece
from sim.scenario.fields import DAYS_A_YEAR


def booking_days(way: Way, pieces: Sequence[Piece]) -> Floats:
    """The days of all bookings before the horizon, rising, at a demand that changes by pieces.

    Bookings at a rate of one are stretched by the inverse of the cumulated rate: a longer horizon
    keeps the earlier ones, and a changed rate the order of all (Law 2015, section 8.6.2).
    """
    horizon = way.horizon
    if not any(piece.per_year for piece in pieces):
        return np.empty(0)
    even = way.first.demand.arrivals == "even"
    if len(pieces) == 1:
        gap = DAYS_A_YEAR / pieces[0].per_year
        return _even(gap, horizon) if even else _random(way, gap, horizon)
    total = math.fsum(piece.containers for piece in pieces)
    ones = _even(1.0, total) if even else _random(way, 1.0, total)
    days = _stretched(ones, pieces)
    return days[days < horizon]


def _stretched(ones: Floats, pieces: Sequence[Piece]) -> Floats:
    """The moments at which so many bookings were expected, rising.

    Reckoned from the first day of each piece, so where a later one ends or begins changes nothing.
    """
    some = [piece for piece in pieces if piece.per_year]
    before = np.cumsum([0.0, *(piece.containers for piece in some[:-1])])
    edges = [*ones.searchsorted(before).tolist(), len(ones)]
    number = np.repeat(np.arange(len(some)), np.diff(edges))
    first = np.array([piece.first for piece in some])
    end = np.array([piece.end for piece in some])
    gap = np.array([DAYS_A_YEAR / piece.per_year for piece in some])
    days: Floats = first[number] + (ones - before[number]) * gap[number]
    return days.clip(max=end[number])


def _even(gap: float, end: float) -> Floats:
    days: Floats = (np.arange(math.ceil(end / gap) + 1, dtype=float) + 0.5) * gap
    return days[days < end]


def _random(way: Way, gap: float, end: float) -> Floats:
    """Cumulated exponential gaps, up to an end."""
    random = way.stream("demand.bookings")
    expected = end / gap
    more = int(expected + 6 * math.sqrt(expected) + 16)
    gaps: list[Floats] = []
    while not gaps or gaps[-1][-1] * gap < end:
        new = random.standard_exponential(more)
        new[0] += gaps[-1][-1] if gaps else 0.0
        gaps.append(np.cumsum(new, out=new))
    days = gaps[0] if len(gaps) == 1 else np.concatenate(gaps)
    days *= gap
    return days[: days.searchsorted(end)]


@dataclass(frozen=True, eq=False)
class Cargo:
    """The classes of containers: which there are, of which each is, and who boards first.

    of: the row of its class in `names`; None where there are no classes [containers]
    """

    names: tuple[str, ...]
    of: NDArray[np.int8] | None
    levels: Levels


def cargo(way: Way, containers: int) -> Cargo:
    """Draw each container's class; where bookings come evenly, deal classes out evenly."""
    classes = way.first.demand.classes
    if not classes:
        return Cargo((), None, Levels(1, None, containers))
    shares = [each.share for each in classes.values()]
    if way.first.demand.arrivals == "even":
        of = dealt_out(shares, containers)
    else:
        u = way.stream("demand.class").random(containers)
        inner = np.cumsum(shares)[:-1]
        of = inner.searchsorted(u, "right").astype(np.int8)
    priorities = [each.priority for each in classes.values()]
    first = sorted(set(priorities), reverse=True)
    level = np.array([first.index(priority) for priority in priorities], np.int8)
    levels = Levels(len(first), level[of] if len(first) > 1 else None, containers)
    return Cargo(tuple(classes), of, levels)


def dealt_out(shares: Sequence[float], number: int) -> NDArray[np.int8]:
    """Numbers of shares, each as often as its share of any beginning of the sequence.

    The k-th of what is left takes a share where the share of k, rounded half up, rises.
    """
    of = np.full(number, len(shares) - 1, np.int8)
    left, rest = np.arange(number), 1.0
    for share_of, share in enumerate(shares[:-1]):
        part = share / rest if rest > 0 else 0.0
        counts = np.floor(np.arange(len(left) + 1) * part + 0.5)
        takes = np.diff(counts) > 0
        of[left[takes]] = share_of
        left, rest = left[~takes], rest - share
    return of


def shippers(way: Way, cargo: Cargo, eras: Rows) -> Shippers:
    """What belongs to each container, drawn in booking order; luck where the rule asks for it."""
    rule, containers = RULES[way.first.choice.rule], len(eras)
    luck = np.empty((0, containers))
    if rule.uses_luck:
        luck = np.empty((len(way.routes), containers))
        for row, route in zip(luck, way.routes, strict=True):
            way.stream(f"choice.luck.{route}").standard_exponential(out=row)
    return Shippers(_values_of_time(way, cargo, eras), luck)


def _values_of_time(way: Way, cargo: Cargo, eras: Rows) -> Floats:
    """Each container's value of time, as its class has it in its era; not drawn where all agree."""
    names = cargo.names or (None,)
    every = {each.demand.value_of_time(name) for each in way.scenarios for name in names}
    if len(every) == 1 and (one := every.pop()).kind == "fixed":
        return np.broadcast_to(one.mean, len(eras))
    u = way.stream("demand.value_of_time").random(len(eras))
    if cargo.of is None:
        return by_era([each.demand.value_of_time(None) for each in way.scenarios], eras, u)
    for row, name in enumerate(names):
        here = cargo.of == row
        each = [scenario.demand.value_of_time(name) for scenario in way.scenarios]
        u[here] = by_era(each, eras[here], u[here])
    return u
