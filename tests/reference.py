"""A plain model of the corridor, to test the fast one against.

The package `sim` is fast because its containers are rows of arrays and only vehicles are
processes; that is also where it could be wrong. This model is slow and says the same in the
plainest way: every container and every vehicle is a SimPy process. A container books, waits,
boards, rides and is delivered, and it chooses its route alone, from the state of that very moment.
It shares no code and no random numbers with `sim` and must never import it, so the two agree in
distribution, and exactly where nothing is random.

It reads the plain data of a scenario file that inherits nothing. It knows all kinds of stages and
rules, two directions, seasons, growth, classes of cargo, phases, quotas and inertia; anything else
is an error.
Times are in days, rates in a year of 365 days. Beside this file: `reference_clock`,
`reference_chance`, `reference_document`, `reference_stages`, `reference_demand`,
`reference_quotas`, `reference_metrics`.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from reference_clock import BOOKING, PHASE, POSTING, Clock, Level, Process
from reference_demand import Flow, classes
from reference_document import Document, Eras, Spec, eras, stages_of
from reference_metrics import Container, Figures, Part, measure
from reference_quotas import Quota, lets_book
from reference_stages import Between, Departures, Facility, Pool, Transit, Trip, headway, timetables

NEVER = 1e12
"""Days that are smoothed where no vehicle is to leave any more."""


def simulate(document: Mapping[str, Any], *, seed: int) -> Figures:
    """One replication of a scenario; metrics by "ROUTE.METRIC" and "ROUTE.PART.METRIC"."""
    corridor = Corridor(document, np.random.default_rng(seed))
    corridor.run()
    return measure(corridor)


class Posted(NamedTuple):
    """What a booker would expect now [days]."""

    wait: float
    time: float


class Route:
    """A chain of stages in one direction, and what holds on it now."""

    def __init__(self, name: str, flow: Flow, corridor: Corridor) -> None:
        self.name, self.direction, clock = name, flow.direction, corridor.clock
        self.under_way, self.backlog = Level(clock), Level(clock)
        self.booked: Counter[int] = Counter()  # by priority
        self.approach: list[Between] = []  # a container is there by itself
        self.stages: dict[str, Departures | Transit | Facility] = {}
        run = self.approach
        (_, base), *_ = corridor.eras
        for place, (stage, spec) in enumerate(stages_of(base, name, flow.direction).items()):
            if spec["kind"] == "departures":
                run, tables = [], timetables(self.specs(stage, corridor.eras))
                quota = Quota(clock, spec["quota"]) if "quota" in spec else None
                self.stages[stage] = Departures(clock, place, run, self.backlog, tables, quota)
            elif spec["kind"] == "transit":
                self.stages[stage] = transit = Transit(clock, corridor.rng)
                run.append(transit)
            elif spec["kind"] == "facility":
                pool = corridor.pool(spec["facility"], flow.direction)
                priority = base["routes"][name].get("priority", 0)
                self.stages[stage] = facility = Facility(pool, priority, corridor.rng)
                run.append(facility)
            else:
                raise NotImplementedError(f"stage of kind {spec['kind']}")
        self.departures = {n: s for n, s in self.stages.items() if isinstance(s, Departures)}
        self.quotas = [each.quota for each in self.departures.values() if each.quota]
        self.smoothed: dict[int, float] = {}  # posted time, by priority

    def specs(self, stage: str, eras: Eras) -> Iterator[tuple[float, Spec, bool]]:
        """A stage from some day on, and whether the route is open then."""
        for day, document in eras:
            yield day, stages_of(document, self.name, self.direction)[stage], self.open_in(document)

    def open_in(self, document: Document) -> bool:
        stages = stages_of(document, self.name, self.direction).values()
        return not document["routes"][self.name].get("closed", False) and all(
            headway(stage) < math.inf and ("quota" not in stage or lets_book(stage["quota"]))
            for stage in stages
            if stage["kind"] == "departures"
        )

    def adopt(self, document: Document) -> None:
        """What holds from now on."""
        route, stages = (
            document["routes"][self.name],
            stages_of(document, self.name, self.direction),
        )
        self.money: float = route.get("freight_usd", 0.0) + route.get("constant_usd", 0.0)
        limit = route.get("max_wait_days", "unlimited")
        self.max_wait: float = math.inf if limit == "unlimited" else limit
        self.is_open = self.open_in(document)
        for name, stage in self.stages.items():
            if isinstance(stage, Transit):
                stage.adopt(stages[name])
            elif isinstance(stage, Facility):
                stage.adopt(document["facilities"][stages[name]["facility"]])

    def posted(self, priority: int) -> Posted:
        wait = time = 0.0
        load = 1  # of the vehicle that a booker would be on
        for place, stage in enumerate(self.stages.values()):
            if not isinstance(stage, Departures):
                time += stage.posted(load)
                continue
            here = (
                stage.wait_on_arrival(priority, self.booked, time)
                if place
                else stage.wait_from_now(priority)
            )
            wait, time, load = wait + here, time + here, stage.table.capacity
        return Posted(wait, time)

    def smooth(self, weight: float, priorities: Iterable[int]) -> None:
        """What was posted so far counts less by a weight, what is posted now counts by it."""
        for priority in priorities:
            now = min(self.posted(priority).time, NEVER)
            past = self.smoothed.get(priority, now)
            self.smoothed[priority] = past + weight * (now - past)

    def time(self, priority: int) -> float:
        """By what bookers compare: the posted time, or its smoothed past."""
        if self.smoothed:
            return self.smoothed[priority]
        return self.posted(priority).time

    def refuses(self, priority: int) -> bool:
        too_long = self.posted(priority).wait > self.max_wait
        return too_long or any(quota.is_used_up() for quota in self.quotas)


class Shipper:
    """What a container brings: its class, its value of time [USD/day], its tastes [USD]."""

    def __init__(self, corridor: Corridor, flow: Flow) -> None:
        kind = flow.draw(corridor.kinds)
        self.kind, self.priority, self.direction = kind.name, kind.priority, flow.direction
        self.value_of_time = kind.value_of_time.draw()
        self.tastes = {
            name: corridor.scale * corridor.rng.gumbel() if corridor.scale else 0.0
            for name in corridor.names
        }

    def cost(self, route: Route) -> float:
        return route.money + self.value_of_time * route.time(self.priority)


# The rules: which of some routes, in alphabetical order, a container prefers. `min` settles a
# tie for the first.


def by_share(corridor: Corridor, routes: Sequence[Route], shipper: Shipper) -> Route | None:
    shares = corridor.shares.get(shipper.direction, corridor.shares)
    upto = list(accumulate(shares.get(route.name, 0.0) for route in routes))
    return routes[bisect(upto, corridor.rng.random() * upto[-1])] if upto[-1] > 0 else None


def by_time(_: Corridor, routes: Sequence[Route], shipper: Shipper) -> Route | None:
    return min(routes, key=lambda route: route.time(shipper.priority))


def by_cost(_: Corridor, routes: Sequence[Route], shipper: Shipper) -> Route | None:
    return min(routes, key=shipper.cost)


def by_cost_and_taste(_: Corridor, routes: Sequence[Route], shipper: Shipper) -> Route | None:
    return min(routes, key=lambda route: shipper.cost(route) - shipper.tastes[route.name])


RULES = {"share": by_share, "fastest": by_time, "cheapest": by_cost, "logit": by_cost_and_taste}


class Corridor:
    """All routes in all directions, and the containers that look for one."""

    def __init__(self, document: Mapping[str, Any], rng: np.random.Generator) -> None:
        self.eras = eras(document)
        base, run = self.eras[0][1], document.get("run", {})
        self.rng, self.clock, self.start = rng, Clock(**run), run.get("start")
        directions = base["demand"].get("directions") or [None]
        self.flows = [Flow(self.eras, direction, self.clock, rng) for direction in directions]
        self.facilities: Spec = base.get("facilities", {})
        self.pools: dict[str, dict[str | None, Pool]] = {}
        for name, facility in self.facilities.items():
            # One pool for both directions, or each has its own.
            ways = directions if facility.get("each_way") else [None]
            self.pools[name] = {way: Pool(self.clock, facility) for way in ways}
        self.names = sorted(base["routes"])
        self.promises = {name: base["routes"][name].get("promise_days") for name in self.names}
        self.routes = [Route(n, flow, self) for flow in self.flows for n in self.names]
        self.containers: list[Container] = []
        self.adopt(base)

    def pool(self, facility: str, direction: str | None) -> Pool:
        pools = self.pools[facility]
        return pools.get(direction) or pools[None]

    def adopt(self, document: Document) -> None:
        """What holds from now on; queues and vehicles under way stay as they are."""
        choice = document.get("choice", {"rule": "fastest"})
        self.rule = RULES[choice["rule"]]
        self.shares: Mapping[str | None, Any] = choice.get("shares") or {}
        self.scale: float = choice["scale_usd"] if choice["rule"] == "logit" else 0.0
        self.kinds = classes(document["demand"], self.rng)
        for name, pools in self.pools.items():
            for pool in pools.values():
                pool.adopt(document["facilities"][name].get("servers", 1))
        for route in self.routes:
            route.adopt(document)

    def run(self) -> None:
        self.clock.process(self.phases())
        self.clock.process(self.postings())
        for flow in self.flows:
            self.clock.process(self.bookings(flow))
        self.clock.run(until=self.clock.closes)

    def phases(self) -> Process:
        for day, document in self.eras[1:]:
            yield self.clock.at(day, PHASE)
            self.adopt(document)

    def postings(self) -> Process:
        """Where bookers have inertia: what is posted every so often, and in a new phase."""
        choice = self.eras[0][1].get("choice", {})
        if not (span := choice.get("inertia_days", 0)):
            return
        every = choice.get("posted_every_hours", 3) / 24
        moments = {n * every for n in range(math.ceil(self.clock.closes / every))}
        before = 0.0
        for now in sorted(moments | {day for day, _ in self.eras}):
            yield self.clock.at(now, POSTING)
            for route in self.routes:
                if route.is_open:
                    weight = 1 - math.exp(-(now - before) / span)
                    route.smooth(weight, {kind.priority for kind in self.kinds})
            before = now

    def bookings(self, flow: Flow) -> Process:
        for time in flow.times():
            yield self.clock.at(time, BOOKING)
            self.clock.process(self.container(flow))

    def container(self, flow: Flow) -> Process:
        """The life of one container."""
        clock, shipper = self.clock, Shipper(self, flow)
        log = Container(clock.now, flow.direction, shipper.kind)
        self.containers.append(log)
        route = self.choose(shipper, log)
        if route is None:
            return
        log.taken = route.name
        route.booked[shipper.priority] += 1
        for quota in route.quotas:
            quota.book()
        route.under_way.change(+1)
        yield from Trip(route.approach, load=1).ride()
        for stage in route.departures.values():
            ready = clock.now
            arrival = yield stage.join(shipper.priority)
            log.wait += clock.now - ready
            yield arrival
        route.under_way.change(-1)
        log.delivered = clock.now

    def choose(self, shipper: Shipper, log: Container) -> Route | None:
        """The route it prefers of those that have not refused it yet; None for the unserved."""
        candidates = [
            route for route in self.routes if route.is_open and route.direction == shipper.direction
        ]
        while candidates:
            preferred = self.rule(self, candidates, shipper)
            if preferred is None:
                break
            log.wanted = log.wanted or preferred.name
            if not preferred.refuses(shipper.priority):
                return preferred
            log.refused += (preferred.name,)
            candidates.remove(preferred)
        return None

    def nominal(self, part: Part) -> float:
        """The yearly demand of a part, as it is on its days."""
        kinds = sum(kind.share for kind in self.kinds if part.kind in (None, kind.name))
        flows = [flow for flow in self.flows if part.direction in (None, flow.direction)]
        return kinds * sum(flow.mean_rate(part.first, part.last) for flow in flows)
