"""Batches of tasks for workers far away: how large, how many at a time, and what came of them."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sim.errors import UsageError
from sim.experiments.memory import keep_freed_memory
from sim.experiments.provenance import made_by
from sim.experiments.tasks import Done, Failure, Outcome, Task, run_task

SECONDS = 1.0
"""How long a batch takes on a worker, about."""

MOST = 50
"""Batches a second from all workers together: where there are many, batches are longer."""

AHEAD = 2
"""Batches in flight for each job: none waits for the next one."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Some tasks, and the versions by which they have to be worked through."""

    tasks: Sequence[Task]
    made_by: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Ended:
    """The seconds that a batch took, and what came of its tasks, in their order."""

    seconds: float
    outcomes: Sequence[Outcome | Failure]


def work_through(batch: Batch) -> Ended:
    """Work through a batch, at the worker. Raises UsageError where that has other versions.

    Versions are checked before a study starts, but workers may come later.
    """
    if differing := differences(_made_here(), batch.made_by):
        raise UsageError(f"a worker came that would give other numbers: {differing[0]}")
    keep_freed_memory()
    begun = time.perf_counter()
    outcomes = [run_task(task) for task in batch.tasks]
    return Ended(time.perf_counter() - begun, outcomes)


@cache
def _made_here() -> dict[str, str]:
    """The versions here, which are looked up once."""
    return made_by()


def differences(there: Mapping[str, str | None], here: Mapping[str, str]) -> list[str]:
    """In which versions another place differs from ours, of those that are known of it."""
    if "transsib" in there and there["transsib"] is None:
        return ["transsib is not installed"]
    return [
        f"{name} {found or 'missing'} there, {here[name]} here"
        for name, found in there.items()
        if found != here[name]
    ]


class Work:
    """The tasks that wait, those in flight by what stands for their batch, and the suspects.

    A suspect was in a batch that ended in an error, as when its worker died. It runs again when
    nothing else does, so that what dies then is what kills, and nothing beside it is harmed.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._waiting, self._suspects = deque(tasks), deque[Task]()
        self._in_flight: dict[Hashable, Sequence[Task]] = {}
        self._alone = False
        self._seconds, self._ended = 0.0, 0

    def __bool__(self) -> bool:
        """Whether anything is left to do."""
        return bool(self._waiting or self._in_flight or self._suspects)

    def send(self, submit: Callable[[Sequence[Task]], Hashable], jobs: int) -> None:
        """Send as much as so many jobs need, by a function that gives what stands for a batch."""
        while self._waiting and len(self._in_flight) < AHEAD * jobs:
            batch = [self._waiting.popleft() for _ in range(self._size(jobs))]
            self._in_flight[submit(batch)] = batch
        if self._suspects and not self._in_flight:
            self._alone = True
            batch = [self._suspects.popleft()]
            self._in_flight[submit(batch)] = batch

    def _size(self, jobs: int) -> int:
        """Tasks in the next batch: one until it is known how long they take; few at the end."""
        if not self._ended:
            return 1
        seconds = max(SECONDS, jobs / MOST)
        fair = math.ceil(len(self._waiting) / (AHEAD * jobs))
        return max(1, min(fair, int(seconds * self._ended / max(self._seconds, 1e-9))))

    def done(self, sent: Hashable, ended: Ended) -> Iterator[Done]:
        """What came of a batch."""
        tasks = self._in_flight.pop(sent)
        self._seconds += ended.seconds
        self._ended += len(tasks)
        yield from zip(tasks, ended.outcomes, strict=True)

    def broken(self, sent: Hashable, failure: Failure) -> Iterator[Done]:
        """A batch that ended in an error: its tasks are suspects, or one is found guilty."""
        tasks = self._in_flight.pop(sent)
        if self._alone:
            yield tasks[0], failure
        else:
            self._suspects.extend(tasks)
