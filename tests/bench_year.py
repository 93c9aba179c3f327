"""The two-route year: beside other models, beside what it cannot do without, and where it goes."""

from __future__ import annotations

import cProfile
import importlib.util
import pstats
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import peers
import simpy
from benching import SHARE, apart, peak, say, scaled, simulated, timed

import sim
from sim.corridor import lanes, streams
from sim.results.metrics import measure
from sim.results.observations import Observations

# Beside other models. Times count only where the figures agree.


def say_of_peers() -> bool:
    """Whether all agree: no figure of a peer is more than four standard errors from ours."""
    agreed = compared("one SimPy process a container", peers.plain_year, (100_000, 1_000_000))
    if importlib.util.find_spec("ciw") is None:
        say("Ciw", "not installed", "pip install 'transsib[bench]'")
        return agreed
    return agreed and compared("Ciw", peers.ciw_year, (3_000, 10_000, 30_000))


Peer = Callable[[float, int], peers.Figures]


def compared(name: str, peer: Peer, sizes: Sequence[int]) -> bool:
    """Whether a peer agrees; only then seconds of it and of ours, by containers a year."""
    found = [beside(peer, a_year) for a_year in sizes]
    worst = max(each for *_, each in found)
    say(f"{name}: worst z of its figures", f"{worst:.2f}", "at most 4")
    if worst > 4:
        return False
    for a_year, (slow, quick, _) in zip(sizes, found, strict=True):
        say(f"{name}, {a_year:,} a year", f"{slow:.2f} s, {slow / quick:,.0f} times ours")
    return True


def beside(peer: Peer, a_year: float) -> tuple[float, float, float]:
    """Mean seconds of a peer and of ours; the worst distance of a figure in standard errors."""
    scenario = same_year(peer, a_year)
    seeds = range(10 if a_year <= 10_000 else 3 if a_year <= 100_000 else 1)
    theirs: list[peers.Figures] = []
    ours: list[dict[str, float]] = []
    slow = timed(lambda: theirs.extend(peer(a_year, seed) for seed in seeds)) / len(seeds)
    quick = timed(lambda: ours.extend(measured(scenario, number) for number in range(20))) / 20
    return slow, quick, max(abs(distance(ours, theirs, metric)) for metric in theirs[0])


def same_year(peer: object, a_year: float) -> sim.Scenario:
    """The scenario that a peer simulates."""
    if peer is peers.plain_year:
        return sim.load_scenario("link-500k", scaled(a_year))
    text = peers.ROADS.format(a_year=a_year, hours=peers.service_hours(a_year))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roads.toml"
        path.write_text(text)
        return sim.load_scenario(path)


def measured(scenario: sim.Scenario, replication: int) -> dict[str, float]:
    measures = measure(scenario, sim.simulate(scenario, replication))
    return {str(key): value for key, value in measures.items() if value is not None}


def distance(ours: list[dict[str, float]], theirs: list[peers.Figures], metric: str) -> float:
    """The difference of means in standard errors, from the variance of both together."""
    mine, other = [each[metric] for each in ours], [each[metric] for each in theirs]
    squares = np.var(mine) * len(mine) + np.var(other) * len(other)
    error = (squares / (len(mine) + len(other) - 2) * (1 / len(mine) + 1 / len(other))) ** 0.5
    return float((np.mean(other) - np.mean(mine)) / error)


# Beside what it cannot do without: its random numbers, and SimPy moving the same vehicles.


def say_of_limit() -> None:
    """The replication and its metrics over the limit, the best of nine, each after the other."""
    scenario = sim.load_scenario("link-500k", SHARE)
    drawn, observed = recorded(scenario)
    parts: dict[str, Callable[[], object]] = {
        "random": lambda: draw(drawn),
        "vehicles": lambda: move(observed),
        "simulate": lambda: sim.simulate(scenario),
        "whole": lambda: measure(scenario, sim.simulate(scenario)),
    }
    took = defaultdict[str, list[float]](list)
    for _ in range(9):
        for name, work in parts.items():
            took[name].append(timed(work))
    best = {name: min(seconds) for name, seconds in took.items()}
    limit = best["random"] + best["vehicles"]
    numbers = sum(size for *_, size in drawn)
    say("the limit: its random numbers", f"{best['random']:.3f} s, {numbers:,}")
    trips = sum(len(leg.departed) for way in observed.ways for r in way.routes for leg in r.legs)
    say("and its vehicles in plain SimPy, empty", f"{best['vehicles']:.3f} s, {trips:,} trips")
    say("a replication, to the limit", f"{best['simulate'] / limit:.2f}", "at most 2.5")
    say("a replication and its metrics, to the limit", f"{best['whole'] / limit:.2f}")


Drawn = list[tuple[tuple[Any, ...], str, int]]
"""Address of a stream, the method of its generator, how many numbers."""


def recorded(scenario: sim.Scenario) -> tuple[Drawn, Observations]:
    """What a replication draws, and what it does."""
    drawn: Drawn = []

    class Recorder:
        def __init__(self, *address: Any) -> None:
            self.address, self.generator = address, streams.stream(*address)

        def __getattr__(self, method: str) -> Callable[..., Any]:
            def call(*args: Any, **named: Any) -> Any:
                found = getattr(self.generator, method)(*args, **named)
                drawn.append((self.address, method, np.size(found)))
                return found

            return call

    lanes.stream = Recorder  # type: ignore[attr-defined, assignment]
    try:
        return drawn, sim.simulate(scenario)
    finally:
        lanes.stream = streams.stream  # type: ignore[attr-defined]


def draw(drawn: Drawn) -> None:
    generators = {address: streams.stream(*address) for address, *_ in drawn}
    for address, method, size in drawn:
        getattr(generators[address], method)(size)


def move(observed: Observations) -> None:
    """The same departures and trips in plain SimPy, with nobody aboard."""
    env = simpy.Environment()

    def trip(days: float) -> peers.Steps:
        yield env.timeout(days)

    def depart(days: list[float], arrivals: list[float]) -> peers.Steps:
        for day, arrival in zip(days, arrivals, strict=True):
            yield env.timeout(day - env.now)
            env.process(trip(min(arrival, 2 * observed.horizon) - day))

    for route in (route for way in observed.ways for route in way.routes):
        for leg in route.legs:
            env.process(depart(leg.departed.tolist(), leg.arrived.tolist()))
    env.run(until=observed.horizon)


# Where the time goes.

PARTS = {
    "random numbers and what containers bring": ("streams", "shippers", "distributions"),
    "choice and booking": (
        "bookings", "choice", "guess", "posters", "places", "rules", "desks", "quotas",
    ),
    "SimPy": ("simpy", "clock"),
    "vehicles": ("vehicles", "dispatch", "backlog", "timetable", "runs"),
    "what is kept, and its check": ("recorder",),
    "metrics": ("results",),
}  # fmt: skip


def say_of_profile() -> None:
    """The part of each room in the time of a replication; numpy counts where it is called from."""
    scenario = sim.load_scenario("link-500k", SHARE)
    profile = cProfile.Profile()
    profile.runcall(lambda: measure(scenario, sim.simulate(scenario)))
    stats: Stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    spent = Counter[str]()
    for place, (_, _, own, _, _) in stats.items():
        for part, share in owners(stats, place, 0).items():
            spent[part] += own * share  # type: ignore[assignment]
    total = sum(spent.values())
    for part, seconds in spent.most_common():
        say(f"profile: {part}", f"{seconds / total:.0%}")


Place = tuple[str, int, str]
Stats = dict[Place, tuple[int, int, float, float, dict[Place, tuple[int, int, float, float]]]]


def owners(stats: Stats, place: Place, depth: int) -> dict[str, float]:
    """The parts to which the time of a function belongs, sums to 1: its own, or its callers'."""
    words = Path(place[0]).with_suffix("").parts
    for part, names in PARTS.items():
        if any(name in words for name in names):
            return {part: 1.0}
    callers = stats[place][4]
    total = sum(own for _, _, own, _ in callers.values())
    if "sim" in words or not total or depth > 5:
        return {"the rest": 1.0}
    found = defaultdict[str, float](float)
    for caller, (_, _, own, _) in callers.items():
        for part, share in owners(stats, caller, depth + 1).items():
            found[part] += share * own / total
    return found


# Growth.


def say_of_growth() -> None:
    """Time and memory beside what would be proportional."""
    base, _ = apart(simulated, scaled(100_000), 5)
    for a_year in (300_000, 1_000_000, 3_000_000, 10_000_000):
        took, memory = apart(simulated, scaled(a_year), 3)
        ratio = took / base / (a_year / 100_000)
        say(
            f"{a_year:,} containers a year, to 100,000",
            f"{took:.2f} s, {ratio:.2f} of proportional, {memory:.0f} MB",
        )
    one, _ = apart(studied, 1)
    for number in (10, 100):
        took, memory = apart(studied, number)
        ratio = took / one / number
        say(f"{number} replications, to one", f"{ratio:.2f} of proportional, {memory:.0f} MB")
    four, _ = apart(staged, 4)
    for number in (8, 32):
        took, memory = apart(staged, number)
        ratio = took / four / (number / 4)
        say(f"{number} stages, to four", f"{ratio:.2f} of proportional, {memory:.0f} MB")


def studied(number: int) -> tuple[float, float]:
    """Seconds of a study of so many replications, and its peak memory [MB]."""
    scenario = sim.load_scenario("link-500k", scaled(100_000))
    sim.simulate(scenario)
    return timed(lambda: sim.run(scenario, replications=number, jobs=1)), peak()


def staged(number: int) -> tuple[float, float]:
    """A route of so many stages, departures and transits in turn, for 300,000 containers."""
    stages = "\n".join(
        f'leg{n} = {{ kind = "departures", every_days = 0.1, capacity = 120 }}\n'
        f'way{n} = {{ kind = "transit", days = [1, 2] }}'
        for n in range(number // 2)
    )
    text = f"""
    [run]
    warmup_days = 120
    [demand]
    containers_per_year = 300_000
    [routes.rail.stages]
    {stages}
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "staged.toml"
        path.write_text(text)
        scenario = sim.load_scenario(path)
    return min(timed(lambda: measured(scenario, 0)) for _ in range(3)), peak()
