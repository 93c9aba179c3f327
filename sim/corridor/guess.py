"""A good first guess at what a block takes where routes are full: who would find each too slow.

Only a guess: rounds of posting settle what is left. But with it a full route takes about one round,
without it some thirty.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from sim.corridor.posters import Outlook
from sim.corridor.rules import Score
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts

Rows = NDArray[np.intp]


def turned(outlook: Outlook, times: Floats, first: Counts, asks: Rows, patience: Floats) -> Rows:
    """Which of the rows `asks`, one after the other, wait longer than their patience [days].

    Who would leaves its place to the next. First come the places on the timetable that opens the
    route, then each later stage, as if its queue alone were in the way.
    """
    runs = outlook.first_days + sum(later.run_days for later in outlook.later)
    most = np.minimum(patience - runs, outlook.desk.limit)
    most -= sum(later.headway / 2 for later in outlook.later)
    stay = np.arange(len(asks))
    timetable = outlook.timetable
    if timetable and timetable.is_even and not outlook.holds(len(asks), first.item(0)):
        _, headway, capacity = timetable.even
        beyond = np.floor((times[asks] + most) / headway + 1) * capacity
        stay = stay[~_left_over(first[asks], outlook.free[-1], beyond)]
    for later in outlook.later:
        places = (most[stay] + later.there) * later.rate - later.not_left[-1]
        stay = stay[_among_the_first(np.floor(places) + 1)]
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
    if not len(room) or (room == room[0]).all():
        return slice(int(min(max(room[0], 0), len(room)))) if len(room) else slice(0)
    return ~_left_over(np.zeros(len(room), np.int64), 0, room)


def _left_over(first: Counts, free: int, beyond: Floats) -> NDArray[np.bool_]:
    """Whether each finds no place: each takes the first that is free, from `first` on.

    Only one before `beyond` will do. Where who comes later also accepts later places, the number
    of places taken follows x → min(max(x, first) + 1, beyond): a clamp, and clamps in a row are
    running extremes.
    """
    row = np.arange(len(first))
    low = np.maximum(np.maximum.accumulate(first - row), free)
    if len(row) and (beyond[1:] < beyond[:-1]).any():
        return _left_over_one_by_one(first, free, beyond)
    low[1:] = np.minimum(low[1:], np.minimum.accumulate(beyond - row)[:-1] - 1)
    left: NDArray[np.bool_] = row + low >= beyond
    return left


def _left_over_one_by_one(first: Counts, free: int, beyond: Floats) -> NDArray[np.bool_]:
    left = np.zeros(len(first), np.bool_)
    for number, (soonest, end) in enumerate(zip(first.tolist(), beyond.tolist(), strict=True)):
        place = soonest if soonest > free else free
        if place < end:
            free = place + 1
        else:
            left[number] = True
    return left
