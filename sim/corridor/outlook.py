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
from sim.corridor.posters import Catch, later_departures
from sim.corridor.rules import Score
from sim.corridor.timetable import Counts


class Outlook:
    """Choices of the containers of a long block, by posting interval, where queues allow.

    first_row: the row of its first container
    """

    def __init__(self, desks: Sequence[Desk], score: Score, catch: Catch, first_row: int) -> None:
        self._desks, self._score, self._catch = desks, score, catch
        self._first_row = first_row

    def catch(self, rows: slice) -> Catch:
        """The departures that some of its containers catch."""
        return self._catch.of(self._inside(rows))

    def _inside(self, rows: slice) -> slice:
        return slice(rows.start - self._first_row, rows.stop - self._first_row)

    def decide(self, opens: float, rows: slice) -> Decision | None:
        """What containers of one posting interval take, as things are now; None where unsure."""
        prospects = [_Prospect(desk, opens) for desk in self._desks]
        catch, score = self.catch(rows), self._score.of(self._inside(rows))
        days = catch.waits + np.array([[each.days[0]] for each in prospects])
        for number in range(1, max(len(each.days) for each in prospects)):
            days += np.array([[sum(each.days[number : number + 1])] for each in prospects])
        taken = best(score(days))
        for row, each in enumerate(prospects):
            takers, first = np.flatnonzero(taken == row), catch.first[row]
            if len(takers) and not (
                (first is None or each.all_board(first[takers]))
                and each.none_waits_later(len(takers), float(catch.waits[row].max()))
            ):
                return None
        return Decision(taken, taken, None, is_calm=True)


class _Prospect:
    """What a desk posts now to whom nothing delays, beside the wait for departures that open it.

    days: up to the second departures, then over each later leg; one sum where none open the route
    later: departures that are yet to be reached, and the least days until there
    """

    def __init__(self, desk: Desk, now: float) -> None:
        self._desk, there = desk, desk.approach.expected(now)
        runs = [service.run.expected(now) for service in desk.services]
        self.later = later_departures(desk, runs, there)
        legs = [service.headway / 2 + run for service, run in zip(desk.services, runs, strict=True)]
        if desk.approached or not runs:
            for leg in legs:
                there += leg
            self.days = [there]
        else:
            self.days = [runs[0], *legs[1:]]

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
