"""The outlook of a long block: what its containers choose while nothing is in their way.

Timetables and bookings are known beforehand, so how long each container would wait for the first
departure that it catches is computed for many posting intervals at once. An interval then only adds
what queues at facilities are posted to cost. Where all who take a route board the departure that
they catch, and no queue further on delays them, their choices stand: a queue makes no route better.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.corridor.choice import Decision, best
from sim.corridor.desks import Desk
from sim.corridor.rules import Score
from sim.corridor.streams import Floats
from sim.corridor.timetable import Counts
from sim.corridor.vehicles import Service


class Outlook:
    """Choices of the containers of a long block, by posting interval, where queues allow.

    first_row: the row of its first container
    waits: days to the first departure that each catches, 0 where none opens the route
        [routes, containers]
    first: the number of the first place on it, None where none opens the route
        [routes][containers]
    """

    def __init__(self, desks: Sequence[Desk], score: Score, times: Floats, first_row: int) -> None:
        self._desks, self._score, self._first_row = desks, score, first_row
        self._waits = np.zeros((len(desks), len(times)))
        self._first: list[Counts | None] = []
        for desk, wait in zip(desks, self._waits, strict=True):
            if desk.services and not desk.approached:
                timetable = desk.services[0].timetable
                first = timetable.caught(times)
                np.subtract(timetable.days(first), times, out=wait)
                self._first.append(first)
            else:
                self._first.append(None)

    def decide(self, opens: float, rows: slice) -> Decision | None:
        """What containers of one posting interval take, as things are now; None where unsure."""
        prospects = [_Prospect(desk, opens) for desk in self._desks]
        here = slice(rows.start - self._first_row, rows.stop - self._first_row)
        waits, score = self._waits[:, here], self._score.of(here)
        days = waits + np.array([[each.days[0]] for each in prospects])
        for number in range(1, max(len(each.days) for each in prospects)):
            days += np.array([[sum(each.days[number : number + 1])] for each in prospects])
        taken = best(score(days))
        for row, each in enumerate(prospects):
            takers, first = np.flatnonzero(taken == row), self._first[row]
            if len(takers) and not (
                (first is None or each.all_board(first[here][takers]))
                and each.none_waits_later(len(takers), float(waits[row].max()))
            ):
                return None
        return Decision(taken, taken, None, is_calm=True)


class _Prospect:
    """What a desk posts now to whom nothing delays, beside the wait for departures that open it.

    days: up to the second departures, then over each later leg; one sum where none open the route
    later: departures stages that are yet to be reached, and the least days until there
    """

    def __init__(self, desk: Desk, now: float) -> None:
        self._desk = desk
        runs = [service.run.expected(now) for service in desk.services]
        self.later: list[tuple[Service, float]] = []
        if desk.approached or not runs:
            there = desk.approach.expected(now)
            self.days = [self._over(desk.services, runs, there)]
        else:
            self._over(desk.services[1:], runs[1:], runs[0])
            legs = zip(desk.services[1:], runs[1:], strict=True)
            self.days = [runs[0], *(service.headway / 2 + run for service, run in legs)]

    def _over(self, services: Sequence[Service], runs: Sequence[float], there: float) -> float:
        """Note the departures of some legs; the days after the last of them."""
        for service, run in zip(services, runs, strict=True):
            self.later.append((service, there))
            there += service.headway / 2 + run
        return there

    def all_board(self, first: Counts) -> bool:
        """Whether so many more all board the departure that they catch, behind those who wait.

        first: the number of the first place on it [containers that come]
        """
        service, number = self._desk.services[0], np.arange(len(first))
        free = service.timetable.first_place.item(service.departed)
        free += service.backlog.waiting(self._desk.levels.number - 1)
        room = service.timetable.least_capacity
        places = np.maximum(np.maximum.accumulate(first - number), free) + number
        return bool((places < first + room).all())

    def none_waits_later(self, coming: int, wait: float) -> bool:
        """Whether so many more wait for none but the next departure at later stages.

        wait: for the first departures; with those it must keep to the limit
        """
        desk, last = self._desk, self._desk.levels.number - 1
        for service, there in self.later:
            ahead = desk.accepted_before(last) - service.backlog.boarded(last) + coming
            if ahead / service.rate > there:
                return False
            wait += service.headway / 2
        return wait <= desk.limit
