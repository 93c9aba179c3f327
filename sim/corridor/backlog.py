"""Containers that wait for the departures of one stage, first in first out within each level.

Containers are rows: `who` holds their numbers in the order of joining and `since` the day each was
ready. Rows before `head` have boarded, rows from `head` to `tail` wait. Nothing is ever moved, so
the same rows tell afterwards who boarded which trip.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from sim.corridor.streams import Floats

Rows = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Levels:
    """Who boards first: containers of level 0, then those of level 1, and so on.

    of: the level of each container; None where all are of one [containers]
    """

    number: int
    of: NDArray[np.int8] | None
    containers: int

    @cached_property
    def sizes(self) -> list[int]:
        """How many containers there are of each."""
        if self.of is None:
            return [self.containers]
        counts: list[int] = np.bincount(self.of, minlength=self.number).tolist()
        return counts

    def split(self, who: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        """Some containers by level."""
        if self.of is None:
            return [who]
        levels = self.of[who]
        return [who[levels == level] for level in range(self.number)]


class Backlog:
    """The queues of one departures stage, one for each level, with room for every container."""

    def __init__(self, levels: Levels) -> None:
        self.levels = levels
        self.queues = [Queue(size) for size in levels.sizes]

    def waiting(self) -> list[int]:
        """How many wait, by level at most."""
        return list(accumulate([queue.waiting for queue in self.queues]))

    def boarded(self) -> list[int]:
        """How many have boarded, by level at most."""
        return list(accumulate([queue.head for queue in self.queues]))


class Queue:
    """The containers of one level."""

    def __init__(self, room: int) -> None:
        self.who: Rows = np.empty(room, np.int32)
        self.since: Floats = np.empty(room)
        self.head = 0
        self.tail = 0

    @property
    def waiting(self) -> int:
        """How many have joined and not boarded."""
        return self.tail - self.head

    def join(self, who: NDArray[np.intp] | Rows, since: Floats | float) -> None:
        """Append containers; `since` must not be earlier than that of those before."""
        end = self.tail + len(who)
        self.who[self.tail : end] = who
        self.since[self.tail : end] = since
        self.tail = end

    def join_in_order(self, who: NDArray[np.intp] | Rows, since: Floats) -> None:
        """Add containers that become ready in any order, each to its place by that time."""
        before = self.tail
        self.join(who, since)
        first = self.head + int(self.since[self.head : before].searchsorted(since.min(), "right"))
        order = self.since[first : self.tail].argsort(kind="stable")
        self.since[first : self.tail] = self.since[first : self.tail][order]
        self.who[first : self.tail] = self.who[first : self.tail][order]

    def board(self, now: float, capacity: int) -> int:
        """Take those who are ready now, up to a capacity, off the head; how many they are."""
        end = min(self.tail, self.head + capacity)
        if end > self.head and self.since.item(end - 1) > now:
            end = self.head + int(self.since[self.head : end].searchsorted(now, "right"))
        load, self.head = end - self.head, end
        return load
