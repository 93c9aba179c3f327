"""Limits of time that hold on a machine of any speed, and while others are at work on it."""

from __future__ import annotations

import contextlib
import time
import tomllib
from collections.abc import Iterator

from corridors import SMALL

ORDINARY = 0.02
"""Seconds for the work of `slowness`, 121 million instructions, at two a cycle of 3 GHz."""


def slowness() -> float:
    """How many times as long as on an ordinary machine things take here just now, at least 1."""
    begun = time.process_time()
    for _ in range(100):
        tomllib.loads(SMALL)
    return max(1.0, (time.process_time() - begun) / ORDINARY)


def is_soon(seconds: float, limit: float) -> bool:
    """Whether so many seconds are within a limit, which is in those of an ordinary machine."""
    return seconds < limit or seconds < limit * slowness()


@contextlib.contextmanager
def soon(limit: float) -> Iterator[None]:
    """What is done here takes so many seconds of processor time at most, however it ends."""
    begun = time.process_time()
    try:
        yield
    finally:
        seconds = time.process_time() - begun
        assert is_soon(seconds, limit), f"took {seconds:.3g} s"
