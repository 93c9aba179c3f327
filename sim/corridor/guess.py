"""A good first guess at what a block takes where routes are full: who would find each too slow.

Only a guess: rounds of posting settle what is left. But with it a full route takes about one round,
without it some thirty.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sim.corridor.lanes import Rows
from sim.corridor.places import left_over
from sim.corridor.posters import Outlook
from sim.corridor.quotas import Offer
from sim.corridor.rules import Score
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts


def turned(
    outlook: Outlook,
    offers: Iterable[Offer],
    times: Floats,
    first: Counts,
    asks: Rows,
    patience: Floats,
) -> Rows:
    """Which of the rows `asks`, one after the other, wait longer than their patience [days].

    Or find no place in a quota. Who would leaves its place to the next. First come the places on
    the timetable that opens the route, then each later stage and each quota, as if it alone were
    in the way.
    """
    runs = outlook.first_days + sum(later.run_days for later in outlook.later)
    most = np.minimum(patience - runs, outlook.desk.limit)
    most -= sum(later.headway / 2 for later in outlook.later)
    stay = np.arange(len(asks))
    timetable = outlook.timetable
    if timetable and timetable.is_even and not outlook.holds(len(asks), first.item(0)):
        _, headway, capacity = timetable.even
        beyond = np.floor((times[asks] + most) / headway + 1) * capacity
        stay = stay[~left_over(first[asks], outlook.free[-1], beyond)]
    for later in outlook.later:
        places = (most[stay] + later.there) * later.rate - later.not_left[-1]
        stay = stay[_among_the_first(np.floor(places) + 1)]
    for offer in offers:
        stay = stay[~offer.turned(asks[stay])]
    gone = np.ones(len(asks), np.bool_)
    gone[stay] = False
    return asks[gone]


def patience(score: Score, scores: Floats, who: Rows, row: int) -> Floats:
    """The days that a route may post before containers like the best of the others more.

    scores: of the first in line, infinite for never [routes, containers]
    """
    others = [each for other, each in enumerate(scores) if other != row]
    if not others:
        return np.full(len(who), np.inf)
    best = functools.reduce(np.minimum, others)[who]
    with np.errstate(divide="ignore", invalid="ignore"):
        days: Floats = (best - score.fixed[row, who]) / score.a_day[who]
    days[np.isnan(days)] = np.inf
    return days


def _among_the_first(room: Floats) -> slice | NDArray[np.bool_]:
    """Which of them come while there is room: each may be behind so many less one at most."""
    if len(room) and (room == room[0]).all():
        return slice(int(min(max(room[0], 0), len(room))))
    return ~left_over(np.zeros(len(room), np.int64), 0, room)
