"""Speed and memory of one replication, measured beside the per-container reference in one run.

    make bench              everything; takes some minutes
    make bench QUICK=1      without the reference and the tenfold demand

Each figure is the best of several runs in a process of its own: imports are excluded, metrics are
included, one core is used. Nothing here is a test: machines differ and are noisy.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_year import say_of_growth, say_of_limit, say_of_peers, say_of_profile
from benching import SHARE, apart, peak, say, scaled, simulated, timed, write_table

LOGIT = {"choice.rule": "logit", "routes.rail.constant_usd": 830}
"""As shippers choose; with this constant 45 % would go by rail, as under SHARE."""
SCENARIOS = Path(__file__).parents[1] / "scenarios"
TRANSSIB = Path(sys.executable).with_name("transsib")


CHEAP = {"routes.rail.freight_usd": 500}
"""With it more want the link than it can carry."""


def full(rule: str) -> dict[str, Any]:
    """A link that more want than it can carry, by time or by cost."""
    return {"choice.rule": rule, "routes.rail.constant_usd": 300}


def referenced() -> tuple[float, float]:
    """Seconds of the reference for the same replication, and its peak memory [MB]."""
    import reference

    import sim

    document = sim.load_scenario("link-500k", SHARE).to_data()
    return timed(lambda: reference.simulate(document, seed=1)), peak()


def study(jobs: int, folder: str) -> tuple[float, float]:
    """Replications a second of a durable compare, and the part of its time beside simulating [%].

    The clock starts when every worker has ended its first, so that their start is excluded. What is
    beside simulating (store, scheduling, intervals) is known with one job alone.
    """
    import sim
    from sim.experiments.tasks import Task

    simulating, ends = list[float](), list[float]()
    run = Task.run

    def timed_run(task: Task) -> Any:
        start = time.perf_counter()
        outcome = run(task)
        simulating.append(time.perf_counter() - start)
        return outcome

    Task.run = timed_run  # type: ignore[method-assign, assignment]
    scenarios = [sim.load_scenario(name) for name in ("today", "link-500k")]
    whole = timed(
        lambda: sim.compare(
            scenarios, replications=100, jobs=jobs, out=folder,
            progress=lambda done, _: ends.append(time.perf_counter()) if done >= jobs else None,
        )
    )  # fmt: skip
    return (len(ends) - 1) / (ends[-1] - ends[0]), 100 * (1 - sum(simulating) / whole)


def say_of_studies() -> None:
    """How a hundred paired replications use two cores, beside one in the same run."""
    with tempfile.TemporaryDirectory() as folder:
        (alone, beside), (pool, _) = (apart(study, jobs, f"{folder}/{jobs}") for jobs in (1, 2))
    say("compare of 100 replications, one process", f"{alone:.2f} a second", "")
    say("its time beside simulating", f"{beside:.1f} %", "below 2 %")
    say("the same on two cores, start excluded", f"{pool / alone / 2:.2f} of twice", "at least 0.9")


def clustered(folder: str) -> tuple[float, float]:
    """Part of twice a process's pace by two Dask workers here, and ms that asking takes a task."""
    from test_cluster import Site

    import sim
    from sim.experiments.cluster import on_cluster
    from sim.experiments.tasks import Task

    scenario = sim.load_scenario("link-500k")
    site = Site(Path(folder))
    try:
        for _ in range(2):
            site.worker()
        site.until_workers(2)
        tasks = [Task(scenario, number) for number in range(100)]
        Task(scenario, 0).run()
        alone = timed(lambda: [task.run() for task in tasks[:20]]) / 20
        with on_cluster(site.address) as crew:
            list(crew.finished(tasks[:10]))  # workers import, and it is known how long one takes
            asking = time.process_time()
            took = timed(lambda: list(crew.finished(tasks))) / len(tasks)
            asking = (time.process_time() - asking) / len(tasks)
    finally:
        site.close()
    return alone / took / 2, 1000 * asking


def say_of_clusters() -> None:
    """What a Dask scheduler with two workers, all on this machine, makes of the same work."""
    with tempfile.TemporaryDirectory() as folder:
        pace, asking = apart(clustered, folder)
    say("by a Dask scheduler and two workers here", f"{pace:.2f} of twice", "")
    say("what asking takes", f"{asking:.1f} ms a replication", "")


def moved(name: str) -> tuple[float, float]:
    """The median of ten moves of a slider of the panel, from hand to picture, on one core."""
    import os

    import sim

    os.sched_setaffinity(0, {0})
    panel = sim.explore(sim.load_scenario(name))
    slots = panel.controls["routes.rail.stages.trains.annual_capacity"]

    def move(value: float) -> None:
        slots.value = value

    took = [timed(lambda value=stop: move(value)) for _, stop in slots.options[-11:-1]]  # type: ignore[misc]
    return statistics.median(took), peak()


def command(*arguments: str) -> float:
    return timed(lambda: subprocess.run([TRANSSIB, *arguments], check=True, capture_output=True))


def main() -> int:
    """Print all of it; 1 where a peer does not agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    if not quick and not say_of_peers():
        return 1
    seconds, memory = apart(simulated, SHARE, 7)
    say("one replication, rule share at 0.45", f"{seconds:.3f} s", "at most 0.3 s")
    say("its peak memory", f"{memory:.0f} MB", "at most 250 MB")
    say("the same, rule logit", f"{apart(simulated, LOGIT, 7)[0]:.3f} s", "at most 0.35 s")
    for rule in ("fastest", "cheapest"):
        say(f"the full link, rule {rule}", f"{apart(simulated, full(rule), 3)[0]:.3f} s", "")
    say("the full link, rule logit", f"{apart(simulated, LOGIT | CHEAP, 3)[0]:.3f} s", "")
    for name in ("corridor-200k", "corridor-500k"):
        took, held = apart(simulated, {}, 3, name)
        say(f"{name}, leg by leg", f"{took:.2f} s, {held:.0f} MB", "at most 2 s and 400 MB")
    if not quick:
        tenfold = apart(simulated, scaled(10_000_000), 3)[0]
        ratio = f"{tenfold / seconds / 10:.2f} × proportional"
        say("10,000,000 containers a year", ratio, "at most 2.5 ×")
        reference = apart(referenced)[0]
        ratio = f"{reference / seconds:.0f} times faster"
        say(f"the reference takes {reference:.1f} s", ratio, "at least 60 times")
        say_of_limit()
        say_of_profile()
        say_of_growth()
        say_of_studies()
        say_of_clusters()
    for name in ("forecast-200k", "link-500k"):
        say(f"a move of the panel, {name}", f"{apart(moved, name)[0]:.2f} s", "at most 1 s")
    say("transsib --help", f"{min(command('--help') for _ in range(5)):.2f} s", "at most 0.4 s")
    with tempfile.TemporaryDirectory() as folder:
        files = [str(SCENARIOS / f"{name}.toml") for name in ("today", "link-200k", "link-500k")]
        took = command("compare", *files, "--out", folder)
    say("the headline compare, start to pictures", f"{took:.1f} s", "at most 30 s on 2 cores")
    if not quick:
        write_table()
    return 0


if __name__ == "__main__":
    sys.exit(main())
