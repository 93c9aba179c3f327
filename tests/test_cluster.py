"""A Dask cluster on this machine: the same numbers as one process, whatever is killed meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import pytest
from corridors import loaded, pair
from processes import PATIENCE, begun, ended, kept, transsib, until
from soon import is_soon

import sim
from sim.errors import ResultsError, UsageError
from sim.experiments.batches import AHEAD, MOST, SECONDS, Batch, Ended, Work, work_through
from sim.experiments.cluster import Cluster, check_versions
from sim.experiments.provenance import made_by
from sim.experiments.store import load_results
from sim.experiments.tasks import Done, Failure, Outcome, Task

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no process groups")

DASK = str(Path(sys.executable).with_name("dask"))
TESTS = Path(__file__).parent
REPLICATIONS = 12
SOON = 5
"""Seconds after which an interrupted run must have ended."""


class Site:
    """A scheduler and its workers, each in a process group of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder, self._groups = folder, list[subprocess.Popen[bytes]]()
        self._env = {**os.environ, "DASK_CONFIG": str(folder), "PYTHONPATH": str(TESTS), **settings}
        file = folder / "scheduler.json"
        said = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file)
        self.scheduler = self._start("scheduler", *map(str, said))
        until(lambda: _address(file) is not None)
        self.address = str(_address(file))

    def worker(self, **settings: str) -> subprocess.Popen[bytes]:
        """One more worker, which may not have come yet."""
        said = ("--nthreads", "1", "--nworkers", "1", "--no-dashboard")
        room = ("--local-directory", str(self._folder))
        return self._start("worker", self.address, *said, *room, **settings)

    def _start(self, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            group = subprocess.Popen(
                [DASK, *arguments], stdout=log, stderr=log, start_new_session=True,
                env={**self._env, **settings},
            )  # fmt: skip
        self._groups.append(group)
        return group

    def until_workers(self, number: int) -> None:
        """Wait until so many have come."""
        waiting = "import sys; from distributed import Client; "
        waiting += "Client(sys.argv[1]).wait_for_workers(int(sys.argv[2]))"
        done = ended([sys.executable, "-c", waiting, self.address, str(number)])
        assert done.returncode == 0, done.stderr

    def close(self) -> None:
        """End every process, however it is."""
        for group in self._groups:
            kill(group)


def kill(group: subprocess.Popen[bytes]) -> None:
    """As if a machine lost its power."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group.pid, signal.SIGKILL)
    group.wait(PATIENCE)


def _address(file: Path) -> str | None:
    """The scheduler's, when it has written it."""
    with contextlib.suppress(OSError, ValueError):
        return str(json.loads(file.read_text())["address"])
    return None


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return pair(tmp_path_factory.mktemp("scenarios"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A scheduler with two workers."""
    with contextlib.closing(Site(tmp_path_factory.mktemp("site"))) as site:
        site.worker()
        site.worker()
        site.until_workers(2)
        yield site


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A scheduler without workers, by which a batch is given up when one worker died at it."""
    folder = tmp_path_factory.mktemp("bare")
    allowed = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with contextlib.closing(Site(folder, **allowed)) as site:
        yield site


def command(files: list[str], out: Path, *options: str) -> list[str]:
    number = ["--replications", str(REPLICATIONS), "--json", "--quiet"]
    return ["compare", *files, *number, "--out", str(out), "--no-pictures", *options]


def on_cluster(address: str, statements: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Statements in a process of their own, which shall know the tests' modules."""
    code = f"import sim.experiments.cluster as cluster\nADDRESS = {address!r}\n{statements}"
    env = {**os.environ, "PYTHONPATH": str(TESTS), **settings}
    return ended([sys.executable, "-c", code], env=env)


@pytest.fixture(scope="module")
def alone(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, sim.Results]:
    """What one process says, and what it keeps."""
    out = tmp_path_factory.mktemp("alone") / "out"
    done = transsib(*command(files, out, "--jobs", "1"))
    return done.stdout, load_results(out)


def assert_as(alone: tuple[str, sim.Results], output: str, out: Path) -> None:
    """The same document, metric for metric to the bit, and each replication once."""
    document, results = alone
    assert output == document
    found = load_results(out)
    assert found.measures == results.measures
    assert found.provenance == results.provenance
    assert kept(out) == 2 * REPLICATIONS


# --- Studies on a cluster -------------------------------------------------------------------------


def test_a_cluster_gives_what_one_process_gives(
    site: Site, files: list[str], alone: tuple[str, sim.Results], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = transsib(*command(files, out, "--cluster", site.address))
    assert done.stderr == ""
    assert_as(alone, done.stdout, out)


def test_an_interruption_ends_it_soon(site: Site, files: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--cluster", site.address, "--replications", "500")
    with begun(*command(files, out), *options) as process:
        until(lambda: kept(out) > 0)
        process.send_signal(signal.SIGINT)
        stopped = time.monotonic()
        output, error = process.communicate(timeout=PATIENCE)
        assert is_soon(time.monotonic() - stopped, SOON)
    assert (process.returncode, output) == (130, "")
    number = kept(out)
    assert error == (
        f"interrupted; {number} of 1,000 replications are kept in {out}; "
        "the same command goes on from there\n"
    )
    assert 0 < number < 1000


def test_a_lost_worker_changes_nothing(
    site: Site, files: list[str], alone: tuple[str, sim.Results], tmp_path: Path
) -> None:
    out, worker = tmp_path / "out", site.worker()
    site.until_workers(3)
    with begun(*command(files, out, "--cluster", site.address)) as process:
        until(lambda: kept(out) > 0)
        kill(worker)
        assert kept(out) < 2 * REPLICATIONS, "it was killed in the middle"
        output, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (0, "")
    assert_as(alone, output, out)


def test_what_a_site_has_to_have(bare: Site, tmp_path: Path) -> None:
    run = ["run", "today", "--cluster", bare.address, "--quiet"]
    done = transsib(*run, status=4)
    assert done.stdout == ""
    said = f"no workers at {bare.address}; start some: dask worker {bare.address}\n"
    assert done.stderr == said
    other = tmp_path / "transsib-9.9.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: transsib\nVersion: 9.9\n")
    worker = bare.worker(PYTHONPATH=str(tmp_path))
    bare.until_workers(1)
    done = transsib(*run, status=2)
    kill(worker)
    assert done.stdout == ""
    assert f"{bare.address}: would give other numbers: worker tcp://127.0.0.1:" in done.stderr
    assert done.stderr.endswith(f": transsib 9.9 there, {made_by()['transsib']} here\n")


class Deadly(Task):
    """A task in which the process always dies."""

    def run(self) -> Outcome:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("dead")


def test_a_task_that_kills_its_worker_harms_no_other(bare: Site, tmp_path: Path) -> None:
    worker = bare.worker()
    loaded(tmp_path)
    statements = f"""
from test_cluster import Deadly, Task, sim
small = sim.load_scenario({str(tmp_path / "small.toml")!r})
kinds = [Task, Deadly, Task, Task]
with cluster.on_cluster(ADDRESS) as crew:
    for task, outcome in crew.finished([kind(small, n) for n, kind in enumerate(kinds)]):
        print(task.replication, getattr(outcome, "error", "ended"))
"""
    bare.until_workers(1)
    done = on_cluster(bare.address, statements)
    kill(worker)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == [
        "0 ended", "1 its worker died 1 times (out of memory?)", "2 ended", "3 ended",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_lost_scheduler_is_told_and_the_rest_runs_without_it(
    bare: Site, files: list[str], alone: tuple[str, sim.Results], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    bare.worker()
    bare.until_workers(1)
    with begun(*command(files, out, "--cluster", bare.address)) as process:
        until(lambda: kept(out) > 0)
        kill(bare.scheduler)
        output, error = process.communicate(timeout=PATIENCE)
    number = kept(out)
    assert 0 < number < 2 * REPLICATIONS, "it was killed in the middle"
    assert (process.returncode, output) == (4, "")
    assert error == (
        f"the scheduler at {bare.address} was lost; {number} of {2 * REPLICATIONS} replications "
        f"are kept in {out}; the same command goes on from there\n"
    )
    done = transsib(*command(files, out, "--jobs", "1"))
    assert_as(alone, done.stdout, out)


# --- What is refused ------------------------------------------------------------------------------


def test_nobody_answers(tmp_path: Path) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{deaf.getsockname()[1]}"
        out = tmp_path / "out"
        done = on_cluster(
            address,
            "cluster.CONNECTING = 0.5\nimport sys; from sim.cli import main\n"
            f"sys.argv[1:] = ['run', 'today', '--cluster', ADDRESS, '--out', {str(out)!r}, '-q']\n"
            "main()",
        )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == f"no scheduler answers at {address}\n"
    assert not list(out.glob("*")), "nothing is begun"


def test_distributed_is_imported_for_a_cluster_alone(tmp_path: Path) -> None:
    loaded(tmp_path)
    small = str(tmp_path / "small.toml")
    done = on_cluster(
        "tcp://127.0.0.1:1",
        f"import sys, sim\nsim.run(sim.load_scenario({small!r}), replications=1, jobs=1)\n"
        "assert not {'distributed', 'dask'} & set(sys.modules)",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("address", ["", "127.0.0.1:8786", "tcp://host", "tcp://:", "host"])
def test_what_is_no_address(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--cluster: an address is tcp://HOST:PORT \(got '"):
        sim.run(loaded(tmp_path), cluster=address)


def test_a_cluster_takes_the_place_of_jobs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="take the place of --jobs"):
        sim.run(loaded(tmp_path), cluster="tcp://127.0.0.1:1", jobs=2)


def test_without_distributed_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'transsib\[cluster\]'"):
        sim.run(loaded(tmp_path), cluster="tcp://127.0.0.1:1")


def test_every_version_that_differs_is_told_with_its_place() -> None:
    ours = {**made_by(), "distributed": version("distributed")}
    check_versions("tcp://site:1", {"scheduler": ours, "worker a": {"model": ours["model"]}})
    there = {**ours, "numpy": "1.0", "simpy": None}
    places: dict[str, Mapping[str, str | None]] = {
        "scheduler": {**ours, "transsib": None, "numpy": None},
        **{f"worker {n}": there for n in range(4)},
        "worker 4": ours,
    }
    with pytest.raises(UsageError) as refused:
        check_versions("tcp://site:1", places)
    numpy, simpy = ours["numpy"], ours["simpy"]
    assert str(refused.value) == (
        "tcp://site:1: would give other numbers: scheduler: transsib is not installed; "
        f"worker 0: numpy 1.0 there, {numpy} here; worker 0: simpy missing there, {simpy} here; "
        f"worker 1: numpy 1.0 there, {numpy} here; worker 1: simpy missing there, {simpy} here; "
        "and 4 more"
    )


def test_a_worker_that_comes_later_with_other_versions_does_nothing(tmp_path: Path) -> None:
    tasks, made = [Task(loaded(tmp_path), 0)], made_by()
    assert work_through(Batch(tasks, made)).outcomes
    with pytest.raises(UsageError, match=r"model \w+ there, another here"):
        work_through(Batch(tasks, {**made, "model": "another"}))


class Empty:
    """A Dask client whose scheduler has no workers, and never ends anything."""

    status = "running"

    def scheduler_info(self, n_workers: int) -> dict[str, int]:
        assert n_workers == 0
        return {"total_threads": 0}

    def submit(self, *_: object, **__: object) -> Empty:
        return self

    def add_done_callback(self, _: object) -> None:
        """Never told."""


def test_when_all_workers_are_lost_for_long_it_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sim.experiments.cluster.PATIENCE", 0.3)
    monkeypatch.setattr("sim.experiments.cluster.LOOKING", 0.1)
    crew: Any = Cluster(cast(Any, Empty()), "tcp://site:1")
    begun = time.monotonic()
    with pytest.raises(ResultsError, match="no workers are left at tcp://site:1"):
        list(crew.finished([Task(loaded(tmp_path), 0)]))
    assert time.monotonic() - begun > 0.3


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="is a rule of glibc")
def test_workers_keep_the_memory_that_is_freed() -> None:
    statements = """
import resource
import numpy as np
from sim.experiments.memory import keep_freed_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        np.ones(10**6)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
given_back = faults()
keep_freed_memory()
faults()
print(given_back, faults())
"""
    done = on_cluster("tcp://127.0.0.1:1", statements, MALLOC_TRIM_THRESHOLD_="65536")
    given_back, kept = map(int, done.stdout.split())
    assert kept < given_back / 20


# --- Batches --------------------------------------------------------------------------------------


class Bench:
    """Workers of which the oldest batch always ends next, each task after so many seconds."""

    def __init__(self, tasks: Sequence[Task], seconds: float, deadly: Sequence[Task] = ()) -> None:
        self.work, self._seconds, self._deadly = Work(tasks), seconds, deadly
        self._sent = dict[int, Sequence[Task]]()
        self.batches: list[tuple[Sequence[Task], int]] = []
        self.done: list[Done] = []

    def send(self, tasks: Sequence[Task]) -> Hashable:
        number = len(self.batches)
        self._sent[number] = tasks
        self.batches.append((tasks, len(self._sent)))
        return number

    def run(self, jobs: int) -> Bench:
        while self.work:
            self.work.send(self.send, jobs)
            number = next(iter(self._sent))
            tasks = self._sent.pop(number)
            if set(tasks) & set(self._deadly):
                self.done += self.work.broken(number, Failure("dead"))
            else:
                ended: list[Outcome | Failure] = [Failure("")] * len(tasks)
                self.done += self.work.done(number, Ended(self._seconds * len(tasks), ended))
        return self


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> list[Task]:
    scenario = loaded(tmp_path_factory.mktemp("tasks"))
    return [Task(scenario, number) for number in range(1000)]


@pytest.mark.parametrize(("seconds", "jobs"), [(0.04, 2), (0.3, 7), (5.0, 4), (0.0, 3), (1.0, 400)])
def test_batches_take_about_a_second(tasks: list[Task], seconds: float, jobs: int) -> None:
    bench = Bench(tasks, seconds).run(jobs)
    assert [task for task, _ in bench.done] == tasks, "each once"
    most = max(SECONDS, jobs / MOST)
    sizes = [len(batch) for batch, _ in bench.batches]
    assert max(in_flight for _, in_flight in bench.batches) == min(AHEAD * jobs, len(tasks))
    assert all(size == 1 or size * seconds <= most for size in sizes)
    assert sizes[0] == sizes[-1] == 1, "nobody waits for a long last one"
    fair = len(tasks) / (AHEAD * jobs)
    assert max(sizes) >= min(most / max(seconds, 1e-9), fair) / 2 or max(sizes) == 1


def test_suspects_run_when_nothing_else_does(tasks: list[Task]) -> None:
    some, deadly = tasks[:200], tasks[50:150:40]
    bench = Bench(some, 0.1, deadly).run(jobs=2)
    outcomes = dict(bench.done)
    assert len(bench.done) == len(outcomes) == len(some), "each once"
    assert [task for task, outcome in outcomes.items() if outcome == Failure("dead")] == deadly
    last = {task: (batch, in_flight) for batch, in_flight in bench.batches for task in batch}
    assert all(last[task] == ([task], 1) for task in deadly), "found guilty alone"
