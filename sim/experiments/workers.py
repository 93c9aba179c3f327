"""Who works: this process, processes of our own that are watched, an executor, or a cluster.

Each watched worker is a pool of one process, so it is known which task was in it when it died: that
task is tried again, and nothing else is touched. All hold one end of a lifeline; when the parent
lets go of the other, or is killed, they end at once.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import types
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Protocol

from sim.errors import UsageError
from sim.experiments.memory import keep_freed_memory
from sim.experiments.tasks import Done, Failure, Outcome, Task, run_task
from sim.scenario.distributions import whole

AHEAD = 2
"""Tasks in flight for each worker: none starves, and an interruption has few to wait for."""

RETRIES = 2
"""How often a task is tried again whose worker died."""


STARTING_SECONDS = 1.0
"""About what the first workers take to start."""


class Crew(Protocol):
    """Those who work through tasks."""

    def finished(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """Each task with what came of it, in the order in which they end."""
        ...


class Here:
    """The process that asks, alone."""

    def finished(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """One after the other."""
        for task in tasks:
            yield task, run_task(task)


class Borrowed:
    """Somebody's executor, which gets some tasks at a time."""

    def __init__(self, executor: Executor, jobs: int) -> None:
        self._executor, self._most = executor, AHEAD * jobs

    def finished(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """As they end; nothing is left with the executor where that is not waited for."""
        waiting, under_way = deque(tasks), dict[Future[Outcome | Failure], Task]()
        try:
            while waiting or under_way:
                while waiting and len(under_way) < self._most:
                    task = waiting.popleft()
                    under_way[self._executor.submit(run_task, task)] = task
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    yield under_way.pop(future), future.result()
        finally:
            for future in under_way:
                future.cancel()


class Watched:
    """So many processes of our own."""

    def __init__(self, jobs: int) -> None:
        self._theirs, self._ours = multiprocessing.Pipe(duplex=False)
        self._workers = [_Worker(self._theirs) for _ in range(jobs)]

    def finished(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """As they end; a task whose worker died comes again, and at last as a failure."""
        waiting, deaths = deque(tasks), dict[Task, int]()
        while True:
            for worker in self._workers:
                while waiting and len(worker.under_way) < AHEAD:
                    worker.take(waiting.popleft())
            futures = [future for worker in self._workers for _, future in worker.under_way]
            if not futures:
                return
            wait(futures, return_when=FIRST_COMPLETED)
            for worker in self._workers:
                yield from worker.done()
                if lost := worker.lost():
                    victim, *behind = lost
                    waiting.extendleft(reversed(behind))
                    died = deaths[victim] = deaths.get(victim, 0) + 1
                    if died <= RETRIES:
                        waiting.appendleft(victim)
                    else:
                        yield victim, Failure(f"its process died {died} times (out of memory?)")

    def end(self, *, now: bool) -> None:
        """Let the workers go: when they have finished, or at once."""
        if now:
            self._ours.close()
        for worker in self._workers:
            worker.pool.shutdown(wait=True, cancel_futures=True)
        self._ours.close()
        self._theirs.close()


class _Worker:
    """One process, and the tasks that it has been given, the first of which it is at."""

    def __init__(self, lifeline: Connection) -> None:
        self._lifeline = lifeline
        self.under_way: deque[tuple[Task, Future[Outcome | Failure]]] = deque()
        self._start()

    def _start(self) -> None:
        self.pool = ProcessPoolExecutor(
            1,
            mp_context=_begin(),
            initializer=_live_by,
            initargs=(self._lifeline,),
        )

    def take(self, task: Task) -> None:
        """One more task; where the process has died meanwhile, that shows when it should end."""
        try:
            # Processes start as tasks are submitted.
            with _without_main(), _interrupts_blocked(), _with_our_path():
                future = self.pool.submit(run_task, task)
        except BrokenProcessPool as error:
            future = Future()
            future.set_exception(error)
        self.under_way.append((task, future))

    def done(self) -> Iterator[Done]:
        """What it has finished."""
        while self.under_way and self.under_way[0][1].done():
            task, future = self.under_way[0]
            try:
                outcome = future.result()
            except BrokenProcessPool:
                return
            except Exception as error:  # what cannot be sent, there or back
                outcome = Failure.of(error)
            self.under_way.popleft()
            yield task, outcome

    def lost(self) -> list[Task]:
        """The task at which it died and those behind; another process takes its place."""
        if not (self.under_way and self.under_way[0][1].done()):
            return []
        self.pool.shutdown(wait=True)
        self._start()
        tasks = [task for task, _ in self.under_way]
        self.under_way.clear()
        return tasks


@contextlib.contextmanager
def workers(
    jobs: int, executor: Executor | None = None, cluster: str | None = None
) -> Iterator[Crew]:
    """The cluster, the executor, or as many processes as jobs for as long as the context lasts.

    With one job and no executor everything happens in this process. Where the context is left by
    an error or an interruption, what is under way is given up. Raises what `on_cluster` raises.
    """
    if cluster is not None:
        from sim.experiments.cluster import on_cluster

        with on_cluster(cluster) as there:
            yield there
    elif executor is not None:
        yield Borrowed(executor, jobs)
    elif jobs == 1:
        yield Here()
    else:
        crew = Watched(jobs)
        now = True
        try:
            yield crew
            now = False
        finally:
            crew.end(now=now)


@cache
def _begin() -> BaseContext:
    """How workers begin: as forks of a process that has imported what they need.

    It stays until this process ends: only the first workers wait for imports, and none sees what
    is edited meanwhile. Where forks are not safe, or no socket can ask for them: from nothing.
    """
    if sys.platform != "linux" or not _sockets_fit():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([run_task.__module__])
    return context


def _sockets_fit() -> bool:
    """Whether temporary files have a place of which the 107 bytes of a socket's path leave room."""
    try:
        folder = os.fsencode(tempfile.gettempdir())
    except FileNotFoundError:
        return False
    return len(folder + b"/pymp-12345678/listener-12345678") <= 107


def _live_by(lifeline: Connection) -> None:
    """Let the parent decide what an interruption means, and end when it is no more."""
    keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()  # nothing is ever sent: it ends when the other end does
    os._exit(1)


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start workers that no Ctrl-C reaches, not even while they import: a mask is inherited.

    Windows has no such masks; there `_live_by` begins a little later.
    """
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # or it would be started within, and unblock
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Start workers that do not import the caller's script again.

    Tasks are functions of this package, so nothing of `__main__` is needed; and a script without
    `if __name__ == "__main__"` would start itself for ever.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _with_our_path() -> Iterator[None]:
    """Let workers, and what they are forks of, import the program from where this process has it.

    Before 3.12.8 Python tells the latter nothing of `sys.path`: it would look into the working
    directory, and then for whatever version is installed. What is no text there, which Python
    passes over, could not be told.
    """
    path = sys.path
    sys.path = [each for each in path if isinstance(each, str)]
    ours = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONSAFEPATH": "1"}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        sys.path = path
        for name, value in before.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value


def places(
    jobs: int | None,
    cluster: str | None,
    executor: Executor | None = None,
    *,
    seconds: float = math.inf,
) -> int:
    """How many tasks run at a time if there are enough: as many as jobs, or as the cluster can.

    seconds: that all tasks take one after the other, about; where nobody says how many jobs, what
        is done sooner than workers start is done by this process alone

    Raises UsageError, and where there is a cluster what `on_cluster` raises.
    """
    jobs = None if jobs is None else whole("jobs", jobs, 1)
    if cluster is None:
        at_once = executor is None and seconds < STARTING_SECONDS
        return jobs or (1 if at_once else usable_cores())
    if jobs is not None or executor is not None:
        said = "--jobs" if jobs is not None else "an executor"
        raise UsageError(f"--cluster: its workers take the place of {said}: leave that out")
    from sim.experiments.cluster import on_cluster

    with on_cluster(cluster) as there:
        return there.jobs


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
