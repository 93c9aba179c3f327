"""What the benchmarks share: timing, memory, processes of their own, and the table of results."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

SHARE = {"choice.rule": "share", "choice.shares": {"rail": 0.45, "sea": 0.55}}
TABLE = Path(__file__).parents[1] / "out" / "verify" / "bench.md"

rows: list[str] = []


def simulated(changes: dict[str, Any], runs: int, name: str = "link-500k") -> tuple[float, float]:
    """Best seconds of a replication with its metrics, and the peak memory [MB]."""
    import sim
    from sim.results.metrics import measure

    scenario = sim.load_scenario(name, changes)

    def once() -> None:
        measure(scenario, sim.simulate(scenario))

    return min(timed(once) for _ in range(runs)), peak()


def scaled(a_year: float) -> dict[str, Any]:
    """The two-route year with fixed shares, its capacities scaled with its containers."""
    size = a_year / 1_000_000
    return SHARE | {
        "demand.containers_per_year": a_year,
        "routes.sea.stages.sailing.capacity": round(4_000 * size),
        "routes.rail.stages.trains.annual_capacity": 500_000 * size,
    }


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak() -> float:
    """The most memory that this process has had [MB]; what started it does not count, on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def apart(work: Callable[..., tuple[float, float]], *arguments: object) -> tuple[float, float]:
    """Run in a new process, so that memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def say(what: str, measured: str, bound: str = "") -> None:
    print(f"{what:50}{measured:>26}   {bound}", flush=True)
    rows.append(f"| {what} | {measured} | {bound} |")


def write_table() -> None:
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    head = ["| what | measured | |", "|---|---|---|"]
    TABLE.write_text("\n".join([*head, *rows]) + "\n")
