"""Commands as processes: run to their end, or begun and disturbed, and what they keep meanwhile."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pkgutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Any, NamedTuple

from forked import run

import sim
from sim.experiments.store import FILE

TRANSSIB = str(Path(sys.executable).with_name("transsib"))
PATIENCE = 300
"""Seconds after which something will not happen any more."""


def ended(arguments: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, capture_output=True, text=True, timeout=PATIENCE, check=False, **how
    )


def transsib(
    *arguments: str | Path, status: int | None = 0, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which has to end with this status.

    A fork of one that has imported the program already: most of what a command takes is that.
    """
    command = [TRANSSIB, *map(str, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        said = [str(Path(folder) / name) for name in ("output", "errors")]
        process = FORKS.Process(
            target=run, args=(command, dict(os.environ), str(cwd or Path.cwd()), *said)
        )
        process.start()
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
        output, errors = (Path(name).read_text("utf-8") for name in said)
    assert process.exitcode is not None, "it did not end"
    done = subprocess.CompletedProcess(command, process.exitcode, output, errors)
    assert status in (None, done.returncode), done
    return done


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *(room for _, room, _ in pkgutil.walk_packages(sim.__path__, "sim.") if "__" not in room),
        "matplotlib.backends.backend_agg",
        "matplotlib.backends.backend_svg",
    ]
)
ensure_running()  # before a study here lets it import only what workers need


@contextlib.contextmanager
def begun(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a process group of its own, as in a terminal."""
    process = subprocess.Popen(
        [TRANSSIB, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=interruptible,  # noqa: PLW1509 - here are no threads
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def living(group: int) -> dict[int, int]:
    """The processes of a group that live, each with its parent: where /proc tells, as on Linux."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            state, parent, belongs = (process / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(belongs) == group and state != "Z":
                found[int(process.name)] = int(parent)
    return found


def at_work(group: int) -> list[int]:
    """The workers of a command that has begun: its grandchildren, forks of one of its children."""
    found = living(group)
    return [process for process, parent in found.items() if parent in found and parent != group]


def interruptible() -> None:
    """As in a terminal, also where these tests run in the background, which ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def kept(out: Path) -> int:
    """How many replications a folder holds."""
    if not (out / FILE).exists():
        return 0
    with contextlib.closing(sqlite3.connect(f"{(out / FILE).as_uri()}?mode=ro", uri=True)) as open_:
        (number,) = open_.execute("SELECT count(*) FROM replications").fetchone()
    return int(number)


WATCHED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
said = process.stdout.read()
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
sys.stdout.buffer.write(said)
print(process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, file=sys.stderr)
"""


class Cost(NamedTuple):
    """What a command said, its exit status, seconds of processor time, megabytes at most."""

    said: str
    status: int
    seconds: float
    megabytes: float


def cost(*command: str | Path) -> Cost:
    """Watched by a small process: a child begins with the memory of whoever starts it."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, TRANSSIB, *map(str, command)],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    status, seconds, megabytes = done.stderr.split()
    return Cost(done.stdout, int(status), float(seconds), float(megabytes))
