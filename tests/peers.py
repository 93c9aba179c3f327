"""Other models of the same two-route year, for the benchmark: their figures must agree with ours.

`plain_year` is SimPy as its tutorials teach it: a process and events for each container. `ciw_year`
is Ciw, a library for queueing networks, which has no vehicles on a timetable: its year has a border
with servers in place of trains and ships, as has that of `ROADS`.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Generator
from typing import Any, NamedTuple

import simpy

WARMUP, END, SHARE, PER_YEAR = 120.0, 485.0, 0.45, 365.0
RAIL_DAYS, SEA_DAYS = (13.0, 18.0), (30.0, 40.0)

ROADS = """
[run]
warmup_days = 120
days = 365
[demand]
containers_per_year = {a_year}
[facilities]
border = {{ service_hours = {{ exponential = {hours} }}, servers = 2 }}
[routes.rail.stages]
border = {{ kind = "facility", facility = "border" }}
line = {{ kind = "transit", days = [13, 18] }}
[routes.sea.stages]
voyage = {{ kind = "transit", days = [30, 40] }}
[choice]
rule = "share"
shares = {{ rail = 0.45, sea = 0.55 }}
"""
LOAD = 0.8
"""That of the border's two servers."""

Figures = dict[str, float]
Steps = Generator[simpy.Event, Any, None]


def service_hours(a_year: float) -> float:
    """The mean service at the border with which its servers have their load."""
    return 24 * 2 * LOAD / (a_year * SHARE / PER_YEAR)


def pert(low: float, high: float) -> float:
    """PERT with its mode in the middle."""
    return low + (high - low) * random.betavariate(3, 3)


class Route:
    """Who waits for a vehicle, and what was delivered in the window."""

    def __init__(self, headway: float, capacity: int, days: tuple[float, float]) -> None:
        self.headway, self.capacity, self.days = headway, capacity, days
        self.waiting: deque[simpy.Event] = deque()
        self.took: list[float] = []
        self.waited: list[float] = []


def plain_year(a_year: float, seed: int) -> Figures:
    """The year of `link-500k` with fixed shares; capacities go with the containers a year."""
    random.seed(seed)
    env, size = simpy.Environment(), a_year / 1_000_000
    rail = Route(PER_YEAR * 62 / (500_000 * size), 62, RAIL_DAYS)
    sea = Route(1.0, round(4_000 * size), SEA_DAYS)
    for route in (rail, sea):
        env.process(vehicles(env, route))
    env.process(bookings(env, a_year, rail, sea))
    env.run(until=END)
    return figures(rail.took, sea.took, rail.waited, sea.waited)


def bookings(env: simpy.Environment, a_year: float, rail: Route, sea: Route) -> Steps:
    while True:
        yield env.timeout(random.expovariate(a_year / PER_YEAR))
        env.process(container(env, rail if random.random() < SHARE else sea))


def container(env: simpy.Environment, route: Route) -> Steps:
    booked, boarded = env.now, env.event()
    route.waiting.append(boarded)
    days = yield boarded
    wait = env.now - booked
    yield env.timeout(days)
    if env.now >= WARMUP:
        route.took.append(env.now - booked)
        route.waited.append(wait)


def vehicles(env: simpy.Environment, route: Route) -> Steps:
    while True:
        yield env.timeout(route.headway)
        days = pert(*route.days)
        for _ in range(min(route.capacity, len(route.waiting))):
            route.waiting.popleft().succeed(days)


def figures(
    rail: list[float], sea: list[float], rail_waited: list[float], sea_waited: list[float]
) -> Figures:
    """What every model tells, by the names of our metrics."""
    found = {}
    for name, took, waited in (("rail", rail, rail_waited), ("sea", sea, sea_waited)):
        found[f"{name}.throughput"] = len(took) * PER_YEAR / (END - WARMUP)
        found[f"{name}.door_to_door_mean"] = sum(took) / len(took)
        if waited:
            found[f"{name}.wait_mean"] = sum(waited) / len(waited)
    return found


class Visit(NamedTuple):
    """The part of a record of Ciw that is looked at."""

    who: int
    node: int
    came: float
    left: float


def ciw_year(a_year: float, seed: int) -> Figures:
    """The year of `ROADS` in Ciw. Raises ImportError where it is not installed."""
    import ciw

    class Pert(ciw.dists.Distribution):  # type: ignore[misc]
        def __init__(self, low: float, high: float) -> None:
            self.low, self.high = low, high

        def sample(self, t: float | None = None, ind: object = None) -> float:  # noqa: ARG002
            return pert(self.low, self.high)

    ciw.seed(seed)
    a_day = a_year / PER_YEAR
    network = ciw.create_network(
        arrival_distributions=[
            ciw.dists.Exponential(SHARE * a_day), None, ciw.dists.Exponential((1 - SHARE) * a_day)
        ],
        service_distributions=[
            ciw.dists.Exponential(24 / service_hours(a_year)), Pert(*RAIL_DAYS), Pert(*SEA_DAYS)
        ],
        routing=[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        number_of_servers=[2, float("inf"), float("inf")],
    )  # fmt: skip
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(END)
    visits = [
        Visit(r.id_number, r.node, r.arrival_date, r.exit_date)
        for r in simulation.get_all_records()
    ]
    came = {visit.who: visit.came for visit in visits if visit.node == 1}
    rail = [v.left - came[v.who] for v in visits if v.node == 2 and WARMUP <= v.left < END]
    sea = [v.left - v.came for v in visits if v.node == 3 and WARMUP <= v.left < END]
    return figures(rail, sea, [], [])
