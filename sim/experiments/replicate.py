"""Replications on one or many processes, through one seam: `concurrent.futures.Executor`."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker

from sim.corridor import simulate
from sim.errors import IncompleteError
from sim.results.metrics import Measures, measure
from sim.scenario.model import Scenario

Progress = Callable[[int, int], None]
"""Told how many replications are done, and of how many."""

AHEAD = 2
"""Tasks in flight for each worker: none starves, and an interruption has few to wait for."""


@dataclass(frozen=True)
class Task:
    """One replication of one scenario."""

    scenario: Scenario
    replication: int

    def run(self) -> Measures:
        """Simulate and measure."""
        return measure(self.scenario, simulate(self.scenario, self.replication))

    def failed(self, error: Exception) -> str:
        """What went wrong, with what reproduces it."""
        return (
            f"{self.scenario.name}, replication {self.replication}: "
            f"{type(error).__name__}: {error} (seed {self.scenario.run.seed}; "
            f"sim.simulate(scenario, {self.replication}) repeats it)"
        )


def run_task(task: Task) -> Measures:
    """Run a task: a function at the top of a module, which every executor can send."""
    return task.run()


def replicate(
    tasks: Sequence[Task],
    *,
    jobs: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> dict[Task, Measures | Exception]:
    """The measures of every task, or the error that ended it.

    With one job and no executor everything happens in this process.
    """
    outcomes: dict[Task, Measures | Exception] = {}
    with workers(jobs, executor) as pool:
        for task, future in _finished(tasks, pool, AHEAD * jobs):
            outcomes[task] = _outcome(future)
            if progress:
                progress(len(outcomes), len(tasks))
    return outcomes


def _outcome(future: Future[Measures]) -> Measures | Exception:
    try:
        return future.result()
    except BrokenProcessPool:
        raise IncompleteError(
            "a worker process died (out of memory?): nothing was kept; fewer --jobs need less"
        ) from None
    except Exception as error:
        return error


def _finished(
    tasks: Sequence[Task], pool: Executor, most: int
) -> Iterator[tuple[Task, Future[Measures]]]:
    """Submit tasks, a few ahead of the workers, and give each back when it is done."""
    waiting, under_way = iter(tasks), dict[Future[Measures], Task]()
    while True:
        for task in waiting:
            under_way[pool.submit(run_task, task)] = task
            if len(under_way) >= most:
                break
        if not under_way:
            return
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            yield under_way.pop(future), future


@contextlib.contextmanager
def workers(jobs: int, executor: Executor | None = None) -> Iterator[Executor]:
    """The executor, or as many processes as jobs for as long as the context lasts."""
    if executor is not None:
        yield executor
    elif jobs == 1:
        yield _Here()
    else:
        context = multiprocessing.get_context("spawn")
        pool = _Pool(jobs, mp_context=context, initializer=_leave_interrupts)
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _Pool(ProcessPoolExecutor):
    """A pool whose workers, which start as tasks are submitted, do not run the caller's script."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        with _without_main(), _interrupts_blocked():
            return super().submit(fn, *args, **kwargs)


class _Here(Executor):
    """An executor that works at once, in this process."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        future: Future[Measures] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _leave_interrupts() -> None:
    """Let the parent decide what an interruption means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start workers that no Ctrl-C reaches, not even while they import: a mask is inherited.

    Windows has no such masks; there `_leave_interrupts` begins a little later.
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


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
