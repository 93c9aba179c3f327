"""Shows that the suite can fail: each fault of `mutants` turns the test that is named for it red.

    python tests/run_mutants.py                    all; writes out/verify/mutants.md
    python tests/run_mutants.py "z instead of t"   some of them

A fault is put into a copy of the program, which comes before the program itself for all that a test
starts: also for its commands and worker processes. A copy without a fault has to pass first.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mutants import FAULTS, Fault

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "out" / "verify" / "mutants.md"
PATIENCE = 120
"""Seconds after which a run of tests is stopped."""

CRASH = re.compile(r"^E +((Attribute|Import|Name|Syntax|Type)Error.*)", re.MULTILINE)
"""A fault that only crashes shows nothing about the suite."""

SURVIVED = "**none**: "


@contextmanager
def copied(fault: Fault | None) -> Iterator[dict[str, str]]:
    """The environment in which a copy of the program is imported, with a fault or without."""
    with TemporaryDirectory() as folder:
        for part in ("sim", "scenarios"):
            passing = shutil.ignore_patterns("*.pyc.*")  # what Python is just writing
            shutil.copytree(ROOT / part, Path(folder) / part, ignore=passing)
        if fault is not None:
            file = Path(folder) / "sim" / fault.file
            file.write_text(fault.put_into(file.read_text("utf-8")), "utf-8")
        ours = {"PYTHONPATH": folder, "PYTHONSAFEPATH": "1"}
        # A process that tests begin may outlive them, and would write where all is being removed.
        yield {**os.environ, **ours, "PYTHONDONTWRITEBYTECODE": "1"}


def tested(fault: Fault | None, tests: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Some tests in a process of their own, until the first is red."""
    plain = ["-o", "addopts=", "-p", "no:nbmake"]  # which takes seconds to import
    options = ["-x", "-q", "-p", "no:cacheprovider", *plain, "-m", "not slow"]
    with copied(fault) as environment:
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options, *(f"tests/{test}" for test in tests)],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip


def noticed(fault: Fault) -> str:
    """The test that a fault turns red; where there is none, SURVIVED and why."""
    try:
        done = tested(fault, [fault.test])
    except subprocess.TimeoutExpired:
        return f"{SURVIVED}no end after {PATIENCE} s"
    red = re.search(r"^FAILED tests/(.+?)( - .*)?$", done.stdout, re.MULTILINE)
    if done.returncode != 1 or not red:
        return f"{SURVIVED}pytest ended with {done.returncode}"
    crash = CRASH.search(done.stdout)
    return f"{SURVIVED}{crash[1]}" if crash else f"`{red[1]}`"


def table(faults: Sequence[Fault], outcomes: Sequence[str]) -> str:
    """What became of each fault, as Markdown."""
    head = ["| fault | what is wrong | test that turns red |", "|---|---|---|"]
    rows = [
        f"| {fault.name} | {fault.wrong} | {outcome} |"
        for fault, outcome in zip(faults, outcomes, strict=True)
    ]
    return "\n".join([*head, *rows]) + "\n"


def main() -> int:
    """Run what is asked for; 1 where a fault survives."""
    parser = argparse.ArgumentParser(description="Put faults into the program, one at a time.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults; all without")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at a time")
    asked = parser.parse_args()
    if unknown := set(asked.names) - {fault.name for fault in FAULTS}:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    faults = [fault for fault in FAULTS if fault.name in (asked.names or [fault.name])]
    whole = tested(None, dict.fromkeys(fault.test for fault in faults))
    if whole.returncode:
        sys.stdout.write(f"{whole.stdout}\nwithout any fault these must pass\n")
        return 1
    with ThreadPoolExecutor(asked.jobs) as pool:
        outcomes = list(pool.map(noticed, faults))
    told = table(faults, outcomes)
    survivors = sum(outcome.startswith(SURVIVED) for outcome in outcomes)
    sys.stdout.write(f"{told}\n{len(faults)} faults, {survivors} survived\n")
    if not asked.names:
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        TABLE.write_text(told, "utf-8")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
