"""The engine against the plain model: facilities, directions, classes, seasons, growth, phases.

As in `test_reference.py`: means over replications are at most four standard errors apart, and
where nothing is random the figures are the same.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import loaded
from support import figures, sampled
from test_reference import Record, assert_alike, referenced

import sim

REPLICATIONS = 20
SEED = 1
START = date(2001, 4, 10)

HEAD = """
[run]
warmup_days = 25
days = 40
start = 2001-03-01
[demand]
containers_per_year = 9_000
"""

SEA = """
[routes.sea]
freight_usd = 1_000
[routes.sea.stages]
sailing = { kind = "departures", every_days = 1, capacity = 40 }
voyage = { kind = "transit", days = [20, 24] }
"""

SCENARIOS = {
    "trains and lone trucks share a border": """
        [facilities.border]
        servers = 2
        service_hours = { gamma = { mean = 4, sd = 2 } }
        hours_per_container = 0.05
        [routes.rail]
        promise_days = 12
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 7_000, capacity = 10 }
        line = { kind = "transit", days = [3, 8] }
        border = { kind = "facility", facility = "border" }
        rest = { kind = "transit", length_km = 2_000, km_per_day = [400, 800] }
        [routes.road.stages]
        first = { kind = "transit", days = { uniform = [1, 3] } }
        border = { kind = "facility", facility = "border" }
        rest = { kind = "transit", days = [2, 5] }
        [choice]
        rule = "share"
        shares = { rail = 0.7, road = 0.3 }
        """,
    "a track with a headway, by priority, and a crane": """
        [facilities.crane]
        service_hours = { uniform = [2, 10] }
        [facilities.track]
        headway_hours = { exponential = 4 }
        discipline = "priority"
        [routes.fast]
        priority = 1
        [routes.fast.stages]
        trains = { kind = "departures", every_days = 0.5, capacity = 6 }
        line = { kind = "transit", days = [1, 2] }
        track = { kind = "facility", facility = "track" }
        rest = { kind = "transit", days = 3 }
        [routes.slow.stages]
        trains = { kind = "departures", every_days = 0.4, capacity = 7 }
        line = { kind = "transit", days = [1, 4] }
        track = { kind = "facility", facility = "track" }
        crane = { kind = "facility", facility = "crane" }
        rest = { kind = "transit", days = 2 }
        [choice]
        rule = "share"
        shares = { fast = 0.4, slow = 0.6 }
        """,
    "who books sees the queue at a facility": """
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 1, capacity = 40 }
        voyage = { kind = "transit", days = [13, 15] }
        [facilities.border]
        service_hours = { triangular = [2, 5, 9] }
        hours_per_container = 0.1
        [routes.rail.stages]
        ferries = { kind = "departures", every_days = 0.6, capacity = 15 }
        crossing = { kind = "transit", days = [1, 3] }
        border = { kind = "facility", facility = "border" }
        trains = { kind = "departures", every_days = 0.5, capacity = 12 }
        line = { kind = "transit", days = [8, 12] }
        border_again = { kind = "facility", facility = "border" }
        [choice]
        rule = "fastest"
        posted_every_hours = 0.5
        """,
    "two directions": """
        directions = { west = 0.65, east = 0.35 }
        [facilities.border]
        service_hours = [2, 6]
        [facilities.line]
        headway_hours = [8, 14]
        each_way = true
        [routes.rail.stages]
        road = { kind = "transit", days = [0.5, 2] }
        ferries = { kind = "departures", every_days = 0.5, capacity = 12 }
        crossing = { kind = "transit", days = [1, 2] }
        border = { kind = "facility", facility = "border" }
        trains = { kind = "departures", annual_capacity = 11_000, capacity = 10 }
        line = { kind = "facility", facility = "line" }
        rest = { kind = "transit", days = [5, 8] }
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 2, capacity = 40 }
        voyage = { kind = "transit", days = [20, 24] }
        [choice]
        rule = "share"
        [choice.shares]
        west = { rail = 0.9, sea = 0.1 }
        east = { rail = 0.6, sea = 0.4 }
        """,
    "classes of cargo": """
        [demand.classes.urgent]
        share = 0.3
        priority = 2
        value_of_time_usd_per_day = { lognormal = { median = 90, p95 = 200 } }
        [demand.classes.plain]
        share = 0.5
        value_of_time_usd_per_day = [10, 30]
        [demand.classes.cold]
        share = 0.2
        priority = 1
        value_of_time_usd_per_day = 60
        [routes.rail]
        freight_usd = 1_500
        max_wait_days = 3
        promise_days = 14
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 4_000, capacity = 6 }
        line = { kind = "transit", days = [8, 12] }
        """
    + SEA
    + """
        [choice]
        rule = "logit"
        scale_usd = 150
        """,
    "seasons and growth": """
        growth_per_year = 0.3
        monthly = [1, 1, 2, 3, 2, 1, 1, 1, 0, 1, 1, 2]
        [routes.rail]
        max_wait_days = 4
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 700, capacity = 6 }
        line = { kind = "transit", days = [8, 12] }
        """,
    "phases": SEA
    + """
        [facilities.border]
        service_hours = [4, 8]
        [routes.rail]
        freight_usd = 1_200
        max_wait_days = 5
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 5_000, capacity = 8 }
        line = { kind = "transit", days = [6, 10] }
        border = { kind = "facility", facility = "border" }
        [routes.air]
        closed = true
        freight_usd = 1_150
        [routes.air.stages]
        flight = { kind = "transit", days = { exponential = 8 } }
        [choice]
        rule = "logit"
        scale_usd = 200
        posted_every_hours = 0.5
        [phases.more]
        from = 2001-03-08
        [phases.more.set]
        "routes.rail.stages.trains.annual_capacity" = 9_000
        "facilities.border.servers" = 2
        "facilities.border.service_hours" = 7
        "demand.containers_per_year" = 14_000
        [phases.other]
        from = 2001-03-23
        [phases.other.set]
        "routes.air.closed" = false
        "routes.rail.freight_usd" = 1_350
        "routes.rail.stages.line.days" = 6
        "facilities.border.servers" = 1
        """,
    "everything at once": """
        directions = { west = 0.6, east = 0.4 }
        growth_per_year = 0.2
        monthly = { west = [1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1] }
        [demand.classes.urgent]
        share = 0.25
        priority = 1
        value_of_time_usd_per_day = { gamma = { mean = 80, sd = 30 } }
        [demand.classes.plain]
        share = 0.75
        value_of_time_usd_per_day = [10, 40]
        [facilities.border]
        service_hours = [3, 6]
        hours_per_container = 0.1
        discipline = "priority"
        [facilities.line]
        headway_hours = [8, 12]
        each_way = true
        [routes.link]
        freight_usd = 1_300
        max_wait_days = 6
        promise_days = 16
        priority = 1
        [routes.link.stages]
        short = { kind = "departures", annual_capacity = 6_000, capacity = 6 }
        korea = { kind = "transit", length_km = 1_200, km_per_day = [300, 700] }
        border = { kind = "facility", facility = "border" }
        block = { kind = "departures", annual_capacity = 6_000, capacity = 12 }
        line = { kind = "facility", facility = "line" }
        siberia = { kind = "transit", days = [8, 11] }
        [routes.feeder]
        freight_usd = 1_150
        [routes.feeder.stages]
        road = { kind = "transit", days = [0.5, 1.5] }
        ferry = { kind = "departures", every_days = 1.5, capacity = 20 }
        crossing = { kind = "transit", days = [1, 2] }
        border = { kind = "facility", facility = "border" }
        line = { kind = "facility", facility = "line" }
        siberia = { kind = "transit", days = [9, 12] }
        [choice]
        rule = "logit"
        scale_usd = 150
        posted_every_hours = 0.5
        [phases.growth]
        from = 2001-03-20
        [phases.growth.set]
        "routes.link.stages.block.annual_capacity" = 9_000
        "facilities.border.servers" = 2
        "routes.feeder.freight_usd" = 1_250
        """
    + SEA,
}

SAMPLE = ["a track with a headway, by priority, and a crane"]


@pytest.mark.parametrize("name", sampled(SCENARIOS, SAMPLE))
def test_they_agree(tmp_path: Path, record_property: Record, name: str) -> None:
    head = HEAD
    if name == "seasons and growth":  # two years at a tenth of the flow
        head = HEAD.replace("days = 40", "days = 730").replace("9_000", "900")
    scenario = loaded(tmp_path, head + SCENARIOS[name])
    ours = [figures(scenario, sim.simulate(scenario, n)) for n in range(REPLICATIONS)]
    theirs = [referenced(scenario, seed=SEED * 1_000 + n) for n in range(REPLICATIONS)]
    assert_alike(record_property, name, ours, theirs)


@pytest.mark.parametrize("number", sampled(range(36), [0, 6, 12, 24]))
def test_they_are_the_same_where_nothing_is_random(tmp_path: Path, number: int) -> None:
    scenario = loaded(tmp_path, Drawn(number).document())
    ours, theirs = figures(scenario, sim.simulate(scenario)), referenced(scenario, seed=1)
    assert {metric: ours.get(metric) for metric in theirs} == pytest.approx(
        theirs, rel=1e-9, abs=1e-9
    )


class Drawn:
    """A corridor at random in which nothing else is.

    Bookings are at multiples of the posting interval, so between posting and booking nothing
    happens; where seasons or growth move them, nobody looks at what is posted. All other times
    are drawn from a continuum: no two vehicles come to a facility at one instant, which is where
    no rule says who is first.
    """

    def __init__(self, number: int) -> None:
        self.random = np.random.default_rng(number)
        self.seasonal = number % 3 == 0
        self.a_day = 3 if self.seasonal else int(self.random.choice([8, 16]))
        self.names = ["rail", "air", "sea"][: self.random.integers(1, 4)]
        self.two_ways = self.chance(0.5)

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def between(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def document(self) -> dict[str, Any]:
        warmup = int(self.random.integers(0, 40))
        self.days = int(self.random.choice([400, 730])) if self.seasonal else 60
        facilities = {f"facility{n}": self.facility() for n in range(self.random.integers(1, 4))}
        self.facilities = list(facilities)
        document = {
            "run": {"warmup_days": warmup, "days": self.days, "start": START},
            "demand": self.demand(),
            "facilities": facilities,
            "routes": {name: self.route() for name in self.names},
            "choice": self.choice(),
        }
        if self.chance(0.7):
            document["phases"] = {f"phase{n}": self.phase(document) for n in range(2)}
        return document

    def demand(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "containers_per_year": 365 * self.a_day,
            "arrivals": "even",
            "value_of_time_usd_per_day": int(self.random.choice([1, 16, 64])),
        }
        if self.two_ways:
            found["directions"] = {"west": 0.5, "east": 0.5}
        if self.chance(0.5):
            found["classes"] = {
                "plain": {"share": 0.75},
                "urgent": {"share": 0.25, "priority": 1, "value_of_time_usd_per_day": 100},
            }
        if self.seasonal:
            found["growth_per_year"] = self.between(-0.2, 0.5)
            found["monthly"] = self.months()
        return found

    def months(self) -> Any:
        def twelve() -> list[float]:
            return [self.between(0.3, 1) for _ in range(12)]

        return {"west": twelve()} if self.two_ways and self.chance(0.5) else twelve()

    def facility(self) -> dict[str, Any]:
        kind = "service_hours" if self.chance(0.6) else "headway_hours"
        return {
            kind: self.between(1, 12),
            "servers": int(self.random.integers(1, 4)),
            "hours_per_container": self.between(0, 0.5) if self.chance(0.5) else 0,
            "discipline": "priority" if self.chance(0.4) else "fifo",
            "each_way": self.chance(0.3),
        }

    def route(self) -> dict[str, Any]:
        """A transit is first and last of each run, so the directions are apart at facilities."""
        stages: list[dict[str, Any]] = self.run() if self.chance(0.4) else []
        for _ in range(self.random.integers(0 if stages else 1, 3)):
            stages += [self.departures(), *self.run()]
        found: dict[str, Any] = {
            "freight_usd": int(self.random.integers(500, 700)),
            "priority": int(self.random.integers(0, 3)),
            "promise_days": self.between(2, 20),
            "closed": self.chance(0.1),
            "stages": {f"stage{n}": stage for n, stage in enumerate(stages)},
        }
        if self.chance(0.5) and not self.seasonal:
            found["max_wait_days"] = self.between(0.2, 5)
        return found

    def run(self) -> list[dict[str, Any]]:
        passed = self.random.choice(self.facilities, size=self.random.integers(0, 3))
        stages = [{"kind": "facility", "facility": str(name)} for name in passed]
        return [self.transit(), *stages, self.transit()]

    def transit(self) -> dict[str, Any]:
        if self.chance(0.3):
            speed = self.between(300, 900)
            return {"kind": "transit", "length_km": self.between(100, 2000), "km_per_day": speed}
        return {"kind": "transit", "days": self.between(0.1, 3)}

    def departures(self) -> dict[str, Any]:
        headway = self.between(0.3, 2)
        fair = self.a_day / len(self.names) / (2 if self.two_ways else 1) * headway
        capacity = int(fair * self.between(0.6, 2)) + 1
        said = (
            {"every_days": headway},
            {"per_day": 1 / headway},
            {"annual_capacity": 365 * capacity / headway * (2 if self.two_ways else 1)},
        )
        return {"kind": "departures", "capacity": capacity, **said[self.random.integers(3)]}

    def choice(self) -> dict[str, Any]:
        if self.seasonal:
            one = {name: float(name == self.names[0]) for name in self.names}
            last = {name: float(name == self.names[-1]) for name in self.names}
            return {
                "rule": "share",
                "shares": {"west": one, "east": last} if self.two_ways else one,
            }
        return {
            "rule": str(self.random.choice(["fastest", "cheapest", "logit"])),
            "scale_usd": 0,
            "posted_every_hours": 24 / 64,
        }

    def phase(self, document: dict[str, Any]) -> dict[str, Any]:
        """Two or three of the values that may change."""
        day = int(self.random.integers(1, self.days - 1))
        found: dict[str, Any] = {"demand.containers_per_year": 365 * int(self.a_day / 2)}
        for name, route in document["routes"].items():
            found[f"routes.{name}.freight_usd"] = int(self.random.integers(500, 700))
            found[f"routes.{name}.max_wait_days"] = self.between(0.2, 5)
            found[f"routes.{name}.closed"] = self.chance(0.5)
            for stage, spec in route["stages"].items():
                path = f"routes.{name}.stages.{stage}"
                if spec["kind"] == "departures":
                    found[f"{path}.every_days"] = self.between(0.3, 2)
                    found[f"{path}.capacity"] = int(self.random.integers(1, 20))
                if spec["kind"] == "transit":
                    found[f"{path}.days"] = self.between(0.1, 3)
        for name, facility in document["facilities"].items():
            kind = "service_hours" if "service_hours" in facility else "headway_hours"
            found[f"facilities.{name}.{kind}"] = self.between(1, 8)
            found[f"facilities.{name}.servers"] = int(self.random.integers(1, 4))
        paths = self.random.choice(list(found), size=min(3, len(found)), replace=False)
        changes = {str(path): found[str(path)] for path in paths}
        return {"from": START + timedelta(days=day), "set": changes}
