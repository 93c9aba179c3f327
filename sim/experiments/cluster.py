"""A Dask cluster that runs already: its versions are checked, then it gets batches of tasks.

distributed is imported here alone, and only where a cluster is asked for.
"""

from __future__ import annotations

import logging
import re
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from sim.errors import ResultsError, TranssibError, UsageError
from sim.experiments.batches import Batch, Work, differences, work_through
from sim.experiments.provenance import PACKAGES, made_by, model
from sim.experiments.tasks import Done, Failure, Task

if TYPE_CHECKING:
    from distributed import Client, Future

Places = Mapping[str, Mapping[str, str | None]]
"""The versions of each place, as far as they are told."""

CONNECTING = 10.0
"""Seconds in which a scheduler has to answer."""

LEAVING = 2.0
"""Seconds in which it is told that we leave."""

PATIENCE = 60.0
"""Seconds in which workers may come when none is left."""

LOOKING = 1.0
"""Seconds after which it is looked again how many workers there are."""

RETRIES = 2
"""How often Dask tries a batch again that could not be read or sent."""

MOST_TOLD = 5
"""Differences of versions that are told."""


@contextmanager
def on_cluster(address: str) -> Iterator[Cluster]:
    """The cluster of the scheduler at an address such as tcp://host:8786, after checking it.

    Raises UsageError where distributed is missing, where that is no address, and where versions
    differ from ours; ResultsError where no scheduler answers, or one without workers.
    """
    if not re.fullmatch(r"[a-z]+://\S+:\d+", address):
        raise UsageError(f"--cluster: an address is tcp://HOST:PORT (got {address!r:.60})")
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        client = _connected(address)
        stack.callback(_leave, client)
        cluster = Cluster(client, address)
        cluster.check()
        yield cluster


class Cluster:
    """The workers of a scheduler: a crew of as many as there are at each moment.

    jobs: threads of all workers together
    """

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address
        self._ended: SimpleQueue[Future[Any]] = SimpleQueue()
        self._made_by = made_by()
        self._looked = self._seen = time.monotonic()
        self.jobs = 1

    def check(self) -> None:
        """Raise ResultsError where there are no workers, UsageError where versions differ."""
        with self._reached():
            if not self._client.scheduler_info(n_workers=0)["total_threads"]:
                raise ResultsError(
                    f"no workers at {self._address}; start some: dask worker {self._address}"
                )
            check_versions(self._address, self._packages())
            check_versions(self._address, self._models())
            self._look()

    def finished(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """As they end. Raises ResultsError where the scheduler is lost, or all workers are."""
        work = Work(tasks)
        with self._reached():
            while work:
                work.send(self._submit, self.jobs)
                for future in self._some():
                    failure = self._failure(future)
                    if failure is None:
                        yield from work.done(future, future.result())
                    else:
                        yield from work.broken(future, failure)

    def _submit(self, tasks: Sequence[Task]) -> Future[Any]:
        batch = Batch(tasks, self._made_by)
        future = self._client.submit(work_through, batch, pure=False, retries=RETRIES)
        future.add_done_callback(self._ended.put)
        return future

    def _some(self) -> list[Future[Any]]:
        """A batch that has ended, if one does soon."""
        if time.monotonic() - self._looked > LOOKING:
            self._look()
        try:
            return [self._ended.get(timeout=LOOKING)]
        except Empty:
            return []

    def _look(self) -> None:
        """See how many there are. Raises ResultsError where there have been none for long."""
        if self._client.status == "closed":
            raise CancelledError
        self._looked = time.monotonic()
        found = self._client.scheduler_info(n_workers=0).get("total_threads", 0)
        if found:
            self.jobs, self._seen = found, self._looked
        elif self._looked - self._seen > PATIENCE:
            raise ResultsError(f"no workers are left at {self._address}")

    @staticmethod
    def _failure(future: Future[Any]) -> Failure | None:
        """Why a batch ended in an error. Raises what ends all."""
        from distributed import KilledWorker

        if future.status == "finished":
            return None
        if future.cancelled():  # as all are when the scheduler is lost
            raise CancelledError
        error = future.exception()
        if isinstance(error, TranssibError):
            raise error
        if isinstance(error, KilledWorker):
            return Failure(f"its worker died {error.allowed_failures + 1} times (out of memory?)")
        return Failure.of(error)

    def _packages(self) -> Places:
        """Python and packages of the scheduler and of every worker, as Dask itself tells them."""
        found: Any = self._client.get_versions(packages=["transsib", *PACKAGES])
        workers = {f"worker {name}": _told(system) for name, system in found["workers"].items()}
        return {"scheduler": _told(found["scheduler"]), **workers}

    def _models(self) -> Places:
        """Fingerprints of the model of the scheduler and of every worker."""
        told = self._client.run(model, on_error="return")
        workers = {f"worker {w}": m if isinstance(m, str) else None for w, m in told.items()}
        try:
            there = self._client.run_on_scheduler(model)
        except (ImportError, AttributeError):  # an older transsib of the same number
            there = None
        every = {"scheduler": there, **workers}
        return {place: {"model": found} for place, found in every.items()}

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Say that the scheduler was lost, where that is what ends something."""
        from distributed.client import ClosedClientError

        try:
            yield
        except (CancelledError, ClosedClientError, OSError) as error:
            raise ResultsError(f"the scheduler at {self._address} was lost") from error


def check_versions(address: str, places: Places) -> None:
    """Raise UsageError where the versions of some places, as far as they are told, are not ours."""
    ours = {**made_by(), "distributed": version("distributed")}
    found = [f"{place}: {how}" for place, told in places.items() for how in differences(told, ours)]
    if found:
        more = f"; and {len(found) - MOST_TOLD} more" * (len(found) > MOST_TOLD)
        raise UsageError(
            f"{address}: would give other numbers: {'; '.join(found[:MOST_TOLD])}{more}"
        )


def _told(system: Mapping[str, Any]) -> dict[str, str | None]:
    """What Dask tells of a place, in our words."""
    host, packages = system["host"], system["packages"]
    python = ".".join(host["python"].split(".")[:3])
    names = ("transsib", *PACKAGES, "distributed")
    return {"python": f"{python} on {host['OS']} {host['machine']}"} | {
        name: packages.get(name) for name in names
    }


def _connected(address: str) -> Client:
    try:
        from distributed import Client
        from distributed.versions import VersionMismatchWarning
    except ImportError as error:
        raise UsageError("a cluster needs distributed: pip install 'transsib[cluster]'") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VersionMismatchWarning)  # we look ourselves
        try:
            return Client(address, timeout=CONNECTING, set_as_default=False)
        except ValueError as error:
            raise UsageError(f"--cluster: {address}: {error}") from error
        except OSError as error:
            raise ResultsError(f"no scheduler answers at {address}") from error


def _leave(client: Client) -> None:
    """Go; what is in flight is forgotten there, when the batches that run have ended."""
    with suppress(OSError):  # it may be lost
        client.close(timeout=LEAVING)


@contextmanager
def _quiet() -> Iterator[None]:
    """Let Dask not speak on standard error: what matters is told in our words."""
    with suppress(ImportError):
        import distributed  # noqa: F401 - it sets its loggers up
    loggers = [
        logging.getLogger(name)
        for name in list(logging.root.manager.loggerDict)
        if name.partition(".")[0] in {"distributed", "tornado"}
    ]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
