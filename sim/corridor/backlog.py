"""Containers that wait for the departures of one stage, first in first out.

Containers are rows: `who` holds their numbers in the order of joining and `since` the day each was
ready. Rows before `head` have boarded, rows from `head` to `tail` wait. Nothing is ever moved, so
the same rows tell afterwards who boarded which trip.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.corridor.streams import Floats

Rows = NDArray[np.int32]


class Backlog:
    """The queue of one departures stage, with room for every container of the replication."""

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
        load = int(self.since[self.head : end].searchsorted(now, "right"))
        self.head += load
        return load
