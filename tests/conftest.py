"""Where the tests run."""

from __future__ import annotations

import os


def pytest_configure() -> None:
    """Give each of several processes of tests a core of its own, where the system can.

    What it starts stays there too, and starts no workers by itself: who wants two says so.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})
