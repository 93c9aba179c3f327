"""Workers keep the memory that a replication frees for the next one."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of mallopt(3): what may stay free at the end of the heap, and what is not taken from it."""

KEPT = 256 * 2**20
LARGEST = 32 * 2**20
"""Bytes: more than the arrays of a replication together, and than each of them."""


@cache
def keep_freed_memory() -> None:
    """Let this process keep what is freed, where it has glibc; elsewhere nothing happens.

    Arrays of some megabytes come and go in each replication. What is given back has to be cleared
    when it is taken again, a tenth of the time by glibc's own rule. Dask lets its workers give back
    whatever is more than 64 KB (MALLOC_TRIM_THRESHOLD_): there it is more than half.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(M_TRIM_THRESHOLD, KEPT)
            mallopt(M_MMAP_THRESHOLD, LARGEST)
