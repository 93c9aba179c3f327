"""Vehicles: what leaves, travels, and hands over what it carried."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from itertools import count, pairwise

import numpy as np
import simpy

from sim.corridor.backlog import Backlog, Rows
from sim.corridor.clock import COMPLETION, DEPARTURE, Clock, Steps
from sim.corridor.course import Course, Span
from sim.corridor.disruptions import edges, left
from sim.corridor.lanes import Lane, Way
from sim.corridor.runs import Draws, Run
from sim.corridor.streams import Floats, quantile
from sim.corridor.timetable import NEVER, Stretch, Timetable


class Service:
    """The departures of one leg at work: who waits, what left with whom, when it arrives.

    Trips are numbered from 0 in the order of departure. Where all of a trip is known beforehand,
    so is the day of its arrival; else that is infinite until it comes.

    backlog: who waits, by level of boarding
    timetable: None where vehicles leave when full; fleet: None where there are always enough
    times, places, arrivals: day and room of each departure, day of its arrival [trips]
    loads: how many of each level left on each trip so far [levels][trips]
    open_in: whether vehicles leave, by era: those of a closed route stay; is_open: as it is now
    is_punctual, is_foreknown: whether all departures are known beforehand; whether all arrivals are
    """

    def __init__(self, lane: Lane, place: int, backlog: Backlog) -> None:
        legs = [route.legs[place] for route in lane.routes]
        way = lane.way
        self.name, self.direction = legs[0].name, way.direction
        self.rank = DEPARTURE + place
        self.departures = [leg.departures for leg in legs]
        self.open_in = [route.is_open for route in lane.routes]
        self._happens = list(way.disruptions.of_stage(lane.name, self.name).values())
        self._shut = Course.of(self._happens, self._closed(way.days, way.horizon))
        first = self.departures[0]
        self.fleet = way.fleets.get(first.fleet)
        self.timetable: Timetable | None = None
        if first.on_timetable:
            stretches = self._stretches(way.days)
            foreseen = partial(way.disruptions.ahead, lane.name, self.name)
            self.timetable = Timetable(stretches, way.horizon, foreseen if self._happens else None)
        draws = self._draws(backlog, way.horizon)
        names = [name for name, _ in legs[0].run]
        self.run = Run(lane, names, draws, [each.capacity for each in self.departures])
        self.is_punctual = self.timetable is not None and self.fleet is None
        self.is_foreknown = self.is_punctual and not self.run.crossings
        self._set_out(way, draws.trips)
        self.backlog = backlog
        self.loads: list[list[int]] = [[] for _ in backlog.queues]
        self.places: list[int] = []
        self.onward: Service | None = None
        self.stir: Callable[[], None] | None = None
        self._coming: list[tuple[float, int, list[Rows]]] = []
        self._number = count()

    def _draws(self, backlog: Backlog, horizon: float) -> Draws:
        """How many trips there are; when full, how many there may be at most."""
        if self.timetable is not None:
            return Draws(len(self.timetable.times), self.timetable.planned, self.timetable.rows)
        containers = backlog.levels.containers
        least = 1 if self._happens else min(each.capacity for each in self.departures)
        held = horizon / max(self.departures[0].longest_hold, 1e-9)
        most = math.ceil(min(containers, containers / least + held + 2))
        return Draws(most, most)

    def _set_out(self, way: Way, trips: int) -> None:
        """Reckon all that is known beforehand."""
        self.times, self.arrivals = np.full(trips, np.inf), np.full(trips, np.inf)
        if self.timetable is not None and self.is_punctual:
            self.times = self.timetable.times
            self.run.draw(slice(None), way.eras_of(self.times))
        if self.is_foreknown:
            self.arrivals = self.run.ends(slice(None), self.times)
        if self.fleet is not None:
            turns = way.stream(f"fleets.{self.departures[0].fleet}").random(trips)
            self._turns = quantile(self.fleet.said.turnaround_days, turns)

    @property
    def hold(self) -> float:
        """How long a vehicle that leaves when full waits for more, at most [days]."""
        return self._now.longest_hold

    @property
    def changes(self) -> list[float]:
        """The days on which a disruption begins or ends."""
        return edges(self._happens)

    def turn(self, era: int) -> None:
        """Let a phase begin."""
        self._now = self.departures[era]
        self.is_open = self.open_in[era]
        self.run.turn(era)
        if not self.is_punctual:  # each as on the day on which it will leave
            self.run.draw_from(self.departed, era)
        self.stirred()

    def headway(self, now: float, accepted: int) -> float:
        """Days between departures, as they are now; when full, as so many came since day 0."""
        if not self.is_open:
            return NEVER
        if self.timetable is not None:
            return self._now.headway
        hold = self.hold
        days = min(hold, self._now.capacity * now / accepted if accepted else hold)
        return days if math.isfinite(days) else 0.0

    @property
    def rate(self) -> float:
        """Containers a day that leave at most, as things are now."""
        if not self.is_open:
            return 1 / NEVER
        return min(self._now.rate, self._fleet_rate(), NEVER)

    def _fleet_rate(self) -> float:
        """What the fleet carries, at the mean time of a round trip that meets no queue."""
        if self.fleet is None:
            return math.inf
        ends, turns = (2 if self.fleet.both else 1), self.fleet.said.turnaround_days.mean
        there_and_back = 2 * self.run.free_days + ends * turns
        if not there_and_back:
            return math.inf
        return self.fleet.said.vehicles * self._now.capacity / there_and_back

    @property
    def planned(self) -> Floats | None:
        """The days of the timetable on which trips were to leave; None where all left on them."""
        if self.is_punctual or self.timetable is None:
            return None
        return self.timetable.times[: self.departed]

    @property
    def departed(self) -> int:
        """How many trips have left; the number of the next one."""
        return len(self.places)

    def opens(self, day: float) -> float:
        """The first day from a day on on which vehicles may leave; the horizon for none before."""
        return day if self._shut is None else self._shut.opens(day)

    def late(self, now: float) -> float:
        """Days by which the next departure is late already."""
        if self.is_punctual or self.timetable is None or self.departed >= len(self.timetable.times):
            return 0.0
        return max(now - self.timetable.times.item(self.departed), 0.0)

    def stirred(self) -> None:
        """Somebody has joined the queue: one who leaves when full may leave earlier."""
        if self.stir is not None:
            self.stir()

    def expect(self, clock: Clock, arrival: float, aboard: list[Rows]) -> None:
        """Let containers come that a trip hands over, by level."""
        heappush(self._coming, (arrival, next(self._number), aboard))
        if self.stir is not None and arrival < math.inf:
            clock.at(arrival, COMPLETION).callbacks.append(self._received)

    def _received(self, event: simpy.Event) -> None:
        self.receive(event.env.now)
        self.stirred()

    def receive(self, now: float) -> None:
        """Let those who have come by now join the queue."""
        while self._coming and self._coming[0][0] <= now:
            arrival, _, aboard = heappop(self._coming)
            for queue, who in zip(self.backlog.queues, aboard, strict=True):
                queue.join(who, arrival)

    def room(self, now: float) -> int:
        """Containers that the next vehicle takes: of what was planned, as things are now."""
        if self.timetable is None:
            said = self._now.capacity
        elif self.is_punctual:
            return self.timetable.capacities.item(self.departed)
        else:
            said = self.timetable.said.item(self.departed)
        return math.floor(said * left(self._happens, [now])[0] + 1e-9)

    def board(self, now: float) -> list[Rows]:
        """Load what waits, up to capacity; the containers that boarded, by level."""
        if self._coming:
            self.receive(now)
        room = self.room(now)
        self.places.append(room)
        aboard = []
        for queue, loads in zip(self.backlog.queues, self.loads, strict=True):
            load = queue.board(now, room)
            loads.append(load)
            room -= load
            aboard.append(queue.who[queue.head - load : queue.head])
        return aboard

    def depart(self, clock: Clock) -> None:
        """Let a vehicle leave now, empty or not, and its trip run by itself.

        A trip that meets no queue needs no events: it is known when it arrives.
        """
        now, number = clock.now, self.departed
        aboard = self.board(now)
        if self.is_foreknown:
            self._hand_over(clock, self.arrivals.item(number), aboard)
            return
        if not self.is_punctual:
            self.times[number] = now
        clock.follow(self._trip(clock, number, aboard))

    def _trip(self, clock: Clock, number: int, aboard: list[Rows]) -> Steps:
        """Travel to the end of the leg."""
        departed, load = self.times.item(number), sum(map(len, aboard))
        arrival = yield from self.run.travel(clock, number, departed, load)
        self.arrivals[number] = arrival
        if self.fleet is not None:
            self.fleet.comes(self.direction, departed, arrival, self._turns.item(number))
        self._hand_over(clock, arrival, aboard)

    def _hand_over(self, clock: Clock, arrival: float, aboard: list[Rows]) -> None:
        """Send containers on to the next departures, if there are any."""
        if self.onward is not None and any(map(len, aboard)):
            self.onward.expect(clock, arrival, aboard)

    def _closed(self, days: Floats, horizon: float) -> list[Span]:
        """When the route is closed."""
        eras = pairwise([*days.tolist(), horizon])
        return [Span(*era) for era, is_open in zip(eras, self.open_in, strict=True) if not is_open]

    def _stretches(self, days: Floats) -> list[Stretch]:
        """The timetable as the eras make it: one that changes begins anew."""
        found: list[Stretch] = []
        for each, is_open, day in zip(self.departures, self.open_in, days.tolist(), strict=True):
            headway = each.headway if is_open else math.inf
            if not found or found[-1][1:] != (headway, each.capacity):
                found.append(Stretch(day, headway, each.capacity))
        return found
