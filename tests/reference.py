"""A plain model of the corridor, to test the fast one against.

The package `sim` is fast because its containers are rows of arrays and only vehicles are
processes; that is also where it could be wrong. This model is slow and says the same in the
plainest way: every container is a SimPy process that books, waits, boards, rides and is
delivered, and it chooses its route alone, from the state of that very moment. It shares no code
and no random numbers with `sim` and must never import it, so the two agree in distribution, and
exactly where nothing is random.

It knows stages of kind `departures` and `transit` and the rules `share`, `fastest`, `cheapest`
and `logit`; anything else is an error. Times are in days, rates in a year of 365 days.
"""

import heapq
import math
from bisect import bisect
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import simpy
from simpy.events import NORMAL, EventPriority

YEAR = 365.0

# What happens first at one instant. A departures stage adds its place in the route: who gets
# from one to the next in no time is ready there at that instant, and boards.
COMPLETION, BOOKING, DEPARTURE = NORMAL, EventPriority(2), 3

Process = Generator[simpy.Event, Any, None]


def simulate(document: Mapping[str, Any], *, seed: int) -> dict[str, float | None]:
    """One replication of a resolved scenario; metrics by "ROUTE.METRIC", None where undefined."""
    corridor = Corridor(document, np.random.default_rng(seed))
    corridor.run()
    return corridor.metrics()


class Clock(simpy.Environment):
    """SimPy's clock; it also knows the measured window [opens, closes), where the run ends."""

    def __init__(self, warmup_days: float = 120, days: float = 365, **_: Any) -> None:
        super().__init__()
        self.opens, self.days, self.closes = warmup_days, days, warmup_days + days

    @property
    def measuring(self) -> bool:
        return self.now >= self.opens

    def at(self, time: float, priority: EventPriority) -> simpy.Event:
        """An event at exactly `time`.

        `schedule` takes a delay, and now + (time - now) may miss `time` by the last bit: enough
        to miss a vehicle that leaves at that instant.
        """
        event = simpy.Event(self)
        event._ok, event._value = True, None
        heapq.heappush(self._queue, (time, priority, next(self._eid), event))
        return event


class Level:
    """How many there are now, and the exact time average over the measured window."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.value, self.area, self.since = clock, 0, 0.0, 0.0

    def change(self, by: int) -> None:
        now = self.clock.now
        if now > self.clock.opens:
            self.area += self.value * (now - max(self.since, self.clock.opens))
        self.since = now
        self.value += by

    def mean(self) -> float:
        self.change(0)
        return self.area / self.clock.days


@dataclass(frozen=True, eq=False)
class Transit:
    """A stage that only takes time (and, where a scenario asks for one, any distribution)."""

    mean: float
    draw: Callable[[], float]


class Trip(dict[Transit, float]):
    """One vehicle's run: each transit is drawn once, and all who are aboard share it."""

    def __missing__(self, transit: Transit) -> float:
        self[transit] = days = transit.draw()
        return days


class Departures:
    """A stage with a timetable, and the containers that wait for it, first in first out."""

    def __init__(self, clock: Clock, stage: Mapping[str, Any], place: int, backlog: Level) -> None:
        self.clock, self.backlog = clock, backlog
        self.priority = EventPriority(DEPARTURE + place)
        self.capacity: int = stage["capacity"]
        self.headway = headway(stage)
        self.rate: float = self.capacity / self.headway  # containers a day
        self.queue: deque[simpy.Event] = deque()
        self.departed = self.boarded = 0  # vehicles; containers
        self.carried = self.offered = 0  # in the measured window: containers; room for them

    def timetable(self) -> Process:
        """Departure k leaves at k headways, full or empty."""
        for k in count(1):
            yield self.clock.at(k * self.headway, self.priority)
            self.departed = k
            self.depart(min(self.capacity, len(self.queue)))

    def depart(self, load: int) -> None:
        trip = Trip()
        for _ in range(load):
            self.queue.popleft().succeed(trip)
        self.boarded += load
        self.backlog.change(-load)
        if self.clock.measuring:
            self.carried += load
            self.offered += self.capacity

    def join(self) -> simpy.Event:
        """The event of boarding; its value is the trip."""
        boarding = simpy.Event(self.clock)
        self.queue.append(boarding)
        self.backlog.change(+1)
        return boarding

    def wait_from_now(self) -> float:
        """Time to the departure that would take one who joins now, behind all who wait."""
        k = self.departed + 1 + len(self.queue) // self.capacity
        return k * self.headway - self.clock.now

    def wait_on_arrival(self, booked: int, time_to_get_there: float) -> float:
        """The same for one who arrives later, when some of the `booked` ahead will have left."""
        ahead = booked - self.boarded
        return max(0.0, ahead / self.rate - time_to_get_there) + self.headway / 2


def headway(stage: Mapping[str, Any]) -> float:
    """Days between departures, infinite where there are none."""
    if "every_days" in stage:
        return float(stage["every_days"])
    if "per_day" in stage:
        return 1 / float(stage["per_day"]) if stage["per_day"] else math.inf
    yearly = float(stage["annual_capacity"])
    return YEAR * float(stage["capacity"]) / yearly if yearly else math.inf


class Posted(NamedTuple):
    """What a booker would expect now [days]."""

    wait: float
    time: float


class Route:
    """A chain of stages, and the record of those who took it."""

    def __init__(
        self, name: str, route: Mapping[str, Any], clock: Clock, rng: np.random.Generator
    ) -> None:
        self.name, self.clock = name, clock
        self.money: float = route.get("freight_usd", 0.0) + route.get("constant_usd", 0.0)
        limit = route.get("max_wait_days", "unlimited")
        self.max_wait: float = math.inf if limit == "unlimited" else limit
        self.promise: float | None = route.get("promise_days")
        self.under_way, self.backlog = Level(clock), Level(clock)
        chain = enumerate(route["stages"].values())
        self.stages = [stage_of(stage, place, self, rng) for place, stage in chain]
        self.departures = [stage for stage in self.stages if isinstance(stage, Departures)]
        self.is_open = not route.get("closed", False) and all(s.rate > 0 for s in self.departures)
        self.booked_ever = 0
        self.booked = self.refused = 0  # in the measured window, as the two lists
        self.times: list[float] = []  # door to door
        self.kept: list[bool] = []  # whether within the promise, where there is one
        self.waits: list[float] = []

    def posted(self) -> Posted:
        wait = time = 0.0
        for place, stage in enumerate(self.stages):
            if isinstance(stage, Transit):
                time += stage.mean
                continue
            first = place == 0
            here = stage.wait_from_now() if first else stage.wait_on_arrival(self.booked_ever, time)
            wait, time = wait + here, time + here
        return Posted(wait, time)

    def book(self) -> None:
        self.booked_ever += 1
        self.booked += self.clock.measuring
        self.under_way.change(+1)

    def deliver(self, time: float, wait: float) -> None:
        self.under_way.change(-1)
        if self.clock.measuring:
            self.times.append(time)
            self.waits.append(wait)
            if self.promise is not None:
                self.kept.append(time <= self.promise + 1e-9)  # a float's last bits keep it

    def load_factor(self) -> float | None:
        """That of the departures stage with the least yearly capacity."""
        narrowest = min(self.departures, key=lambda stage: stage.rate, default=None)
        return narrowest.carried / narrowest.offered if narrowest and narrowest.offered else None


def stage_of(
    stage: Mapping[str, Any], place: int, route: Route, rng: np.random.Generator
) -> Departures | Transit:
    if stage["kind"] == "departures":
        return Departures(route.clock, stage, place, route.backlog)
    if stage["kind"] == "transit":
        return distribution(stage["days"], rng)
    raise NotImplementedError(f"stage of kind {stage['kind']}")


class Shipper:
    """What a container brings: its value of time [USD/day], and a taste for each route [USD]."""

    def __init__(self, corridor: "Corridor") -> None:
        self.value_of_time: float = corridor.value_of_time.draw()
        self.tastes = {
            route: corridor.scale * corridor.rng.gumbel() if corridor.scale else 0.0
            for route in corridor.routes
        }

    def cost(self, route: Route) -> float:
        return route.money + self.value_of_time * route.posted().time


# The rules: which of some routes, in alphabetical order, a container prefers. `min` settles a
# tie for the first.


def by_share(corridor: "Corridor", routes: Sequence[Route], _: Shipper) -> Route | None:
    upto = list(accumulate(corridor.shares.get(route.name, 0.0) for route in routes))
    return routes[bisect(upto, corridor.rng.random() * upto[-1])] if upto[-1] > 0 else None


def by_time(_: "Corridor", routes: Sequence[Route], __: Shipper) -> Route | None:
    return min(routes, key=lambda route: route.posted().time)


def by_cost(_: "Corridor", routes: Sequence[Route], shipper: Shipper) -> Route | None:
    return min(routes, key=shipper.cost)


def by_cost_and_taste(_: "Corridor", routes: Sequence[Route], shipper: Shipper) -> Route | None:
    return min(routes, key=lambda route: shipper.cost(route) - shipper.tastes[route])


RULES = {"share": by_share, "fastest": by_time, "cheapest": by_cost, "logit": by_cost_and_taste}


class Corridor:
    """All routes, and the containers that look for one."""

    def __init__(self, document: Mapping[str, Any], rng: np.random.Generator) -> None:
        demand, choice = document["demand"], document.get("choice", {"rule": "fastest"})
        self.rng, self.clock = rng, Clock(**document.get("run", {}))
        self.routes = [Route(n, r, self.clock, rng) for n, r in sorted(document["routes"].items())]
        self.rule = RULES[choice["rule"]]
        self.shares: Mapping[str, float] = choice.get("shares", {})
        self.scale: float = choice["scale_usd"] if choice["rule"] == "logit" else 0.0
        self.demand: float = demand["containers_per_year"]
        self.even = demand.get("arrivals") == "even"
        self.value_of_time = distribution(demand.get("value_of_time_usd_per_day", 0), rng)
        self.refused = self.unserved = 0  # in the measured window

    def run(self) -> None:
        for route in self.routes:
            for stage in route.departures if route.is_open else []:
                self.clock.process(stage.timetable())
        if self.demand > 0:
            self.clock.process(self.bookings())
        self.clock.run(until=self.clock.closes)

    def bookings(self) -> Process:
        for time in self.booking_times():
            yield self.clock.at(time, BOOKING)
            self.clock.process(self.container())

    def booking_times(self) -> Iterator[float]:
        gap = YEAR / self.demand
        if self.even:
            return ((k + 0.5) * gap for k in count())
        return accumulate(self.rng.exponential(gap) for _ in count())

    def container(self) -> Process:
        """The life of one container."""
        clock, booked = self.clock, self.clock.now
        route = self.choose()
        if route is None:
            return
        route.book()
        trip, wait = Trip(), 0.0  # until its first departure it moves on its own
        for stage in route.stages:
            if isinstance(stage, Departures):
                ready = clock.now
                trip = yield stage.join()
                wait += clock.now - ready
            else:
                yield clock.at(clock.now + trip[stage], COMPLETION)
        route.deliver(clock.now - booked, wait)

    def choose(self) -> Route | None:
        """The route it prefers of those that have not refused it yet; None for the unserved."""
        shipper, measuring = Shipper(self), self.clock.measuring
        candidates = [route for route in self.routes if route.is_open]
        turned_away = False
        while candidates:
            preferred = self.rule(self, candidates, shipper)
            if preferred is None:
                break
            if preferred.posted().wait <= preferred.max_wait:
                return preferred
            preferred.refused += measuring
            self.refused += measuring and not turned_away
            turned_away = True
            candidates.remove(preferred)
        self.unserved += measuring
        return None

    def metrics(self) -> dict[str, float | None]:
        a_year = YEAR / self.clock.days
        found: dict[str, float | None] = {}
        for name, routes in {**{r.name: [r] for r in self.routes}, "all": self.routes}.items():
            found |= {f"{name}.{metric}": value for metric, value in self.measure(routes).items()}
        for route in self.routes:
            found[f"{route.name}.refused"] = route.refused * a_year
            found[f"{route.name}.load_factor"] = route.load_factor()
        found["all.refused"] = self.refused * a_year
        found["all.unserved"] = self.unserved * a_year
        return found

    def measure(self, routes: Sequence[Route]) -> dict[str, float | None]:
        """What one route and all of them have in common."""
        a_year = YEAR / self.clock.days
        times = [time for route in routes for time in route.times]
        waits = [wait for route in routes for wait in route.waits]
        kept = [each for route in routes for each in route.kept]
        throughput = len(times) * a_year
        return {
            "throughput": throughput,
            "share": throughput / self.demand if self.demand else None,
            "booked": sum(route.booked for route in routes) * a_year,
            "door_to_door_mean": float(np.mean(times)) if times else None,
            **{
                f"door_to_door_p{p}": float(np.percentile(times, p)) if times else None
                for p in (5, 50, 90, 95)
            },
            "on_time": float(np.mean(kept)) if kept else None,
            "wait_mean": float(np.mean(waits)) if waits else None,
            "under_way_mean": sum(route.under_way.mean() for route in routes),
            "backlog_mean": sum(route.backlog.mean() for route in routes),
            "backlog_end": float(sum(route.backlog.value for route in routes)),
        }


def distribution(spec: Any, rng: np.random.Generator) -> Transit:
    """The mean and the sampler of a distribution as a scenario writes it."""
    if isinstance(spec, int | float):
        return Transit(spec, lambda: spec)
    if isinstance(spec, list):
        low, high = spec
        return pert(low, (low + high) / 2, high, rng)
    [(kind, value)] = spec.items()
    match kind:
        case "pert":
            low, mode, high = value
            return pert(low, mode, high, rng)
        case "uniform":
            low, high = value
            return Transit((low + high) / 2, lambda: rng.uniform(low, high))
        case "triangular":
            low, mode, high = value
            return Transit((low + mode + high) / 3, lambda: rng.triangular(low, mode, high))
        case "lognormal":
            mu = math.log(value["median"])
            sigma = (math.log(value["p95"]) - mu) / NormalDist().inv_cdf(0.95)
            return Transit(math.exp(mu + sigma**2 / 2), lambda: rng.lognormal(mu, sigma))
        case "gamma":
            shape = (value["mean"] / value["sd"]) ** 2
            return Transit(value["mean"], lambda: rng.gamma(shape, value["mean"] / shape))
        case "exponential":
            return Transit(value, lambda: rng.exponential(value))
        case "empirical":
            return Transit(float(np.mean(value)), lambda: value[rng.integers(len(value))])
    raise NotImplementedError(f"distribution {kind}")


def pert(low: float, mode: float, high: float, rng: np.random.Generator) -> Transit:
    """A beta distribution on [low, high] whose mean is (low + 4 mode + high) / 6."""
    width = high - low
    if width == 0:
        return Transit(low, lambda: low)
    a, b = 1 + 4 * (mode - low) / width, 1 + 4 * (high - mode) / width
    return Transit((low + 4 * mode + high) / 6, lambda: low + width * rng.beta(a, b))
