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
from sim.corridor.vehicles import Service


class Outlook:
    """Choices of the containers of a long block, by posting interval, where queues allow.

    first_row: the row of its first container
    waits: days to the first departure that each catches, 0 where none opens the route
        [routes, containers]
    """

    def __init__(self, desks: Sequence[Desk], score: Score, times: Floats, first_row: int) -> None:
        self._desks, self._score, self._first_row = desks, score, first_row
        self._waits = np.zeros((len(desks), len(times)))
        for row, desk in enumerate(desks):
            if desk.services and not desk.approached:
                caught = desk.services[0].timetable.caught(times)
                np.subtract(caught, times, out=self._waits[row])

    def decide(self, opens: float, rows: slice) -> Decision | None:
        """What containers of one posting interval take, as things are now; None where unsure."""
        prospects = [_Prospect(desk, opens) for desk in self._desks]
        here = slice(rows.start - self._first_row, rows.stop - self._first_row)
        waits, score = self._waits[:, here], self._score.of(here)
        days = waits + np.array([[each.days[0]] for each in prospects])
        for number in range(1, max(len(each.days) for each in prospects)):
            days += np.array([[sum(each.days[number : number + 1])] for each in prospects])
        taken = best(score(days))
        coming = np.bincount(taken[taken >= 0], minlength=len(prospects)).tolist()
        for each, wait, number in zip(prospects, waits, coming, strict=True):
            if number and not each.stands(wait, number):
                return None
        return Decision(taken, taken, None)


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

    def stands(self, waits: Floats, coming: int) -> bool:
        """Whether so many more board the departures that they catch, and wait no longer later."""
        desk, services = self._desk, self._desk.services
        last, wait = desk.levels.number - 1, 0.0
        if services and not desk.approached:
            if services[0].backlog.waiting(last) + coming > services[0].timetable.least_capacity:
                return False
            wait = float(waits.max())
        for service, there in self.later:
            ahead = desk.accepted_before(last) - service.backlog.boarded(last) + coming
            if ahead / service.rate > there:
                return False
            wait += service.headway / 2
        return wait <= desk.limit
