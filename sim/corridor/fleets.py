"""Fleets: vehicles that must come back before they leave again."""

from __future__ import annotations

from collections.abc import Sequence

import simpy

from sim.corridor.clock import COMPLETION, Clock
from sim.scenario.disruptions import Fleet as Said


class Fleet:
    """The vehicles of one departures stage in both directions, or in the only one.

    there: vehicles that could leave now, at the end where each direction begins
    """

    def __init__(self, clock: Clock, said: Said, directions: Sequence[str | None]) -> None:
        self.said, self._clock = said, clock
        self.both = len(directions) == 2
        first, other = directions[0], directions[-1]
        self._opposite = {first: other, other: first}
        half = said.vehicles // 2 if self.both else 0
        self.there = {other: half, first: said.vehicles - half}
        self._asked: dict[str | None, list[simpy.Event]] = {each: [] for each in directions}

    def take(self, direction: str | None) -> bool:
        """Let a vehicle leave; False where none is there."""
        if not self.there[direction]:
            return False
        self.there[direction] -= 1
        return True

    def next(self, direction: str | None) -> simpy.Event:
        """The event of the next vehicle being there."""
        event = simpy.Event(self._clock)
        self._asked[direction].append(event)
        return event

    def comes(self, direction: str | None, departed: float, arrived: float, turns: float) -> None:
        """Let the vehicle of a trip be ready again after it has turned round in so many days.

        That is at the other end; where there is one direction, it first goes back as long as it
        came.
        """
        back = 0.0 if self.both else arrived - departed
        ready = self._clock.at(arrived + back + turns, COMPLETION)
        end = self._opposite[direction]
        ready.callbacks.append(lambda _: self._is_there(end))

    def _is_there(self, direction: str | None) -> None:
        self.there[direction] += 1
        asked, self._asked[direction] = self._asked[direction], []
        for event in asked:
            event.succeed()
