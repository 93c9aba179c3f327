"""Commands as processes: run to their end, or begun and disturbed, and what they keep meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sim.experiments.store import FILE

TRANSSIB = str(Path(sys.executable).with_name("transsib"))
PATIENCE = 300
"""Seconds after which something will not happen any more."""


def ended(arguments: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, capture_output=True, text=True, timeout=PATIENCE, check=False, **how
    )


def transsib(
    *arguments: str | Path, status: int = 0, **how: Any
) -> subprocess.CompletedProcess[str]:
    """The command, which has to end with this status."""
    done = ended([TRANSSIB, *map(str, arguments)], **how)
    assert done.returncode == status, done
    return done


@contextlib.contextmanager
def begun(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A run in a process group of its own, as in a terminal."""
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=interruptible,  # noqa: PLW1509 - here are no threads
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


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
