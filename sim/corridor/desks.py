"""Booking desks: whom a route has accepted, and how they come to its first departures."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np

from sim.corridor.backlog import Levels
from sim.corridor.clock import COMPLETION, Clock, Steps
from sim.corridor.lanes import Lane, Rows
from sim.corridor.quotas import Offer, Sale
from sim.corridor.runs import Draws, Run
from sim.corridor.streams import Floats
from sim.corridor.vehicles import Service


class Desk:
    """The booking desk of a route in one direction.

    approach: the stages on which each container moves on its own, before departures or without
    opening: the departures that open its route on a timetable; None for other stages, or none
    timetable: theirs
    approached: whether there are such stages
    ready: when accepted containers are through with it, infinite before that [containers]
    accepted: how many have been so far, by level
    """

    def __init__(self, lane: Lane, services: list[Service], levels: Levels) -> None:
        self.name, self.services, self._lane = lane.name, services, lane
        self.levels = levels
        names = [name for name, _ in lane.routes[0].approach]
        containers = levels.containers if names else 0
        alone = Draws(containers, containers)
        self.approach = Run(lane, names, alone, [1] * len(lane.routes))
        self.approached = bool(names)
        first = services[0] if services and not names else None
        self.timetable = None if first is None else first.timetable
        self.opening = None if self.timetable is None else first
        asked = names and (not services or self.approach.crossings)  # when they are through
        self.ready = np.full(levels.containers if asked else 0, np.inf)
        self.refused: list[Rows] = []
        self.accepted = [0] * levels.number
        quotas = [leg.departures.quota for leg in lane.routes[0].legs]
        self._sales = [Sale(quota, lane.way.horizon) for quota in quotas if quota is not None]
        self.turn(0)

    @property
    def never_refuses(self) -> bool:
        """Whether no wait is ever too long, in any era, and no quota used up."""
        return not self._sales and all(
            math.isinf(route.max_wait_days) for route in self._lane.routes
        )

    def turn(self, era: int) -> None:
        """Let a phase begin."""
        self.limit = self._lane.routes[era].max_wait_days
        self.is_open = self._lane.routes[era].is_open
        self.approach.turn(era)
        for service in self.services:
            service.turn(era)

    @property
    def is_steady(self) -> bool:
        """Whether the times on its way never change in a phase: no facility, no disruption."""
        runs = [self.approach, *(service.run for service in self.services)]
        return all(run.is_steady for run in runs)

    @property
    def foresees(self) -> bool:
        """Whether its figures are exact and so do not depend on when they are posted.

        A timetable tells who leaves when, unless a queue further on is still to come.
        """
        opening = self.opening
        one = not self.services or (len(self.services) == 1 and opening is not None)
        return one and self.is_steady and (opening is None or opening.is_punctual)

    @property
    def is_clear(self) -> bool:
        """Whether no queue further on will delay who books now and finds nobody else booking."""
        if not self.is_steady or not all(service.is_punctual for service in self.services):
            return False
        days = self.approach.expected(0)
        for number, service in enumerate(self.services):
            if number or self.approached:
                if self.not_left(service)[-1] / service.rate > days:
                    return False
                days += service.headway(0, 0) / 2
            days += service.run.expected(0)
        return True

    def not_left(self, service: Service) -> list[int]:
        """How many have been accepted that have not left from some departures, by level at most."""
        accepted, boarded = accumulate(self.accepted), service.backlog.boarded()
        return [one - other for one, other in zip(accepted, boarded, strict=True)]

    def offers(self, times: Floats) -> list[Offer]:
        """What the quotas of its departures offer to containers that book at these moments."""
        return [sale.offer(times) for sale in self._sales]

    def accept(self, clock: Clock, who: Rows, booked: Floats) -> None:
        """Let containers join the queue of the first departures, or move on their own."""
        for sale in self._sales:
            sale.sell(booked[who])
        for level, some in enumerate(self.levels.split(who)):
            self.accepted[level] += len(some)
            if len(some):
                self._let_go(clock, level, some, booked)

    def _let_go(self, clock: Clock, level: int, who: Rows, booked: Floats) -> None:
        if not self.approached:
            if self.services:
                self.services[0].backlog.queues[level].join(who, booked[who])
                self.services[0].stirred()
            return
        starts = booked[who]
        self.approach.draw(who, self._lane.way.eras_of(starts))
        if self.approach.crossings:
            for container, start in zip(who.tolist(), starts.tolist(), strict=True):
                clock.follow(self._walk(clock, level, container, start))
            return
        ready = self.approach.ends(who, starts)
        if self.services:
            self.services[0].backlog.queues[level].join_in_order(who, ready)
            self.services[0].stirred()
        else:
            self.ready[who] = ready

    def _walk(self, clock: Clock, level: int, container: int, start: float) -> Steps:
        """Go through the approach on its own."""
        ready = yield from self.approach.travel(clock, container, start, 1)
        self.ready[container] = ready
        if self.services:
            yield clock.at(ready, COMPLETION)
            self.services[0].backlog.queues[level].join(np.array([container]), ready)
            self.services[0].stirred()
