"""A good first guess at what a block takes where routes are full: who would find each too slow.

Only a guess: rounds of posting settle what is left. But with it a full route takes about one round,
without it some thirty.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.corridor.posters import Poster
from sim.corridor.rules import Score
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts

Rows = NDArray[np.intp]


def turned(poster: Poster, asks: Rows, patience: Floats) -> Rows:
    """Which of the rows `asks`, one after the other, wait longer than their patience [days].

    Who would leaves its place to the next. First come the places on the timetable that opens the
    route, then each later stage, as if its queue alone were in the way.
    """
    most = np.minimum(patience - sum(poster.run_days), poster.desk.limit)
    most -= sum(service.headway / 2 for service, _ in poster.later)
    stay, places = np.arange(len(asks)), poster.places
    if places is not None and places.timetable.is_even:
        _, headway, capacity = places.timetable.even
        beyond = np.floor((poster.times[asks] + most) / headway + 1) * capacity
        stay = stay[~_left_over(places.first[asks], places.free, beyond)]
    for service, there in poster.later:
        ahead = poster.not_left(service)
        beyond = np.floor((most[stay] + there) * service.rate - ahead) + 1
        stay = stay[~_left_over(np.zeros(len(stay), np.int64), 0, beyond)]
    gone = np.ones(len(asks), np.bool_)
    gone[stay] = False
    return asks[gone]


def patience(score: Score, scores: Floats, who: Rows, row: int) -> Floats:
    """The days that a route may post before containers like the best of the others more.

    scores: of the first in line, infinite for never [routes, containers]
    """
    others = np.full(len(who), np.inf)
    for other in range(len(scores)):
        if other != row:
            np.minimum(others, scores[other, who], out=others)
    with np.errstate(divide="ignore", invalid="ignore"):
        days: Floats = (others - score.fixed[row, who]) / score.a_day[who]
    days[np.isnan(days)] = np.inf
    return days


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
