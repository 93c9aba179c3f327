"""The plain model's figures: filters over the list of all containers and vehicles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from reference_clock import YEAR, Clock

if TYPE_CHECKING:
    from reference import Corridor, Route
    from reference_stages import Departures, Pool

Figures = dict[str, float | None]


@dataclass(slots=True, eq=False)
class Container:
    """What became of one."""

    booked: float
    direction: str | None
    kind: str | None
    wanted: str | None = None
    refused: tuple[str, ...] = ()
    taken: str | None = None
    delivered: float = math.inf
    wait: float = 0.0


@dataclass(frozen=True)
class Part:
    """Some of the containers: of some days, of a direction and a class or of all (None)."""

    name: str
    first: float
    last: float
    direction: str | None = None
    kind: str | None = None

    def within(self, day: float) -> bool:
        return self.first <= day < self.last

    def has(self, container: Container) -> bool:
        return self.direction in (None, container.direction) and self.kind in (None, container.kind)

    def a_year(self, number: int) -> float:
        return number * YEAR / (self.last - self.first)


def measure(corridor: Corridor) -> Figures:
    """By "ROUTE.METRIC" and "ROUTE.PART.METRIC"; None where undefined."""
    found: Figures = {}
    for name in [*dict.fromkeys(route.name for route in corridor.routes), "all"]:
        routes = [route for route in corridor.routes if name in (route.name, "all")]
        for part in parts(corridor):
            found |= named(name, part.name, flow(corridor, name, part))
            if part.kind is None and name != "all":
                some = [r for r in routes if part.direction in (None, r.direction)]
                found |= named(name, part.name, loads(some, part, corridor.clock))
        found |= named(name, "", queues(routes))
    for name, pools in corridor.pools.items():
        found |= named("all", f"facility:{name}.", use([*pools.values()], parts(corridor)[0]))
    return found


def named(route: str, part: str, figures: Figures) -> Figures:
    return {f"{route}.{part}{metric}": figure for metric, figure in figures.items()}


def parts(corridor: Corridor) -> list[Part]:
    """All, the directions, the classes, and the years where there is more than one.

    They are the whole ones, of 365 days each from start on, named from the year of that day on.
    """
    opens, closes, start = corridor.clock.opens, corridor.clock.closes, corridor.start
    directions = [flow.direction for flow in corridor.flows if flow.direction]
    kinds = [kind.name for kind in corridor.kinds if kind.name]
    whole = 0 if start is None or closes - opens <= YEAR else int((closes - opens) // YEAR)
    since = 0 if start is None else start.year
    return [
        Part("", opens, closes),
        *(Part(f"direction:{name}.", opens, closes, direction=name) for name in directions),
        *(Part(f"class:{name}.", opens, closes, kind=name) for name in kinds),
        *(
            Part(f"year:{since + n}.", opens + n * YEAR, opens + (n + 1) * YEAR)
            for n in range(whole)
        ),
    ]


def flow(corridor: Corridor, route: str, part: Part) -> Figures:
    """What was booked and delivered, and how long that took."""
    mine = [c for c in corridor.containers if part.has(c)]
    booked = [c for c in mine if part.within(c.booked)]
    came = [c for c in mine if part.within(c.delivered) and route in (c.taken, "all")]
    times = [c.delivered - c.booked for c in came]
    throughput, demand = part.a_year(len(came)), corridor.nominal(part)
    return {
        "throughput": throughput,
        "share": throughput / demand if demand else None,
        "booked": part.a_year(
            sum(c.taken is not None and route in (c.taken, "all") for c in booked)
        ),
        "refused": part.a_year(
            sum(route in c.refused or (route == "all" and c.refused != ()) for c in booked)
        ),
        "unserved": part.a_year(
            sum(c.taken is None and route in (c.wanted, "all") for c in booked)
        ),
        "door_to_door_mean": mean(times),
        **{
            f"door_to_door_p{p}": float(np.percentile(times, p)) if times else None
            for p in (5, 50, 90, 95)
        },
        "wait_mean": mean([c.wait for c in came]),
        "on_time": mean(
            [
                time <= promise + 1e-9  # a float's last bits keep it
                for time, c in zip(times, came, strict=True)
                if c.taken and (promise := corridor.promises[c.taken]) is not None
            ]
        ),
    }


def mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def queues(routes: Sequence[Route]) -> Figures:
    return {
        "under_way_mean": sum(route.under_way.mean() for route in routes),
        "backlog_mean": sum(route.backlog.mean() for route in routes),
        "backlog_end": float(sum(route.backlog.value for route in routes)),
    }


def loads(routes: Sequence[Route], part: Part, clock: Clock) -> Figures:
    """Load factors of each departures stage, and of that with the least yearly capacity."""
    found: Figures = {}
    names = list(routes[0].departures)
    narrowest = min(names, key=lambda n: mean_rate(routes[0].departures[n], clock), default=None)
    for name in names:
        stages = [route.departures[name] for route in routes]
        left = [(load, room) for s in stages for day, load, room in s.left if part.within(day)]
        full = sum(load for load, _ in left) / sum(room for _, room in left) if left else None
        if part.name == "":
            found[f"stage:{name}.load_factor"] = full
        if name == narrowest:
            found["load_factor"] = full
    return found


def mean_rate(stage: Departures, clock: Clock) -> float:
    """Containers a day by its timetables and its quota, averaged over the measured window."""
    most = stage.quota.rate if stage.quota else math.inf
    return sum(
        min(table.rate, most)
        * max(0, min(table.last, clock.closes) - max(table.begins, clock.opens))
        for table in stage.tables
    ) / (clock.closes - clock.opens)


def use(pools: Sequence[Pool], part: Part) -> Figures:
    """How busy servers were, and how long a vehicle queued whose service began in these days."""
    servers = sum(pool.servers.mean() for pool in pools)
    return {
        "utilisation": sum(pool.busy.mean() for pool in pools) / servers if servers else None,
        "queueing_mean": mean(
            [days for pool in pools for day, days in pool.starts if part.within(day)]
        ),
    }
