"""Blocks of bookings are decided at once, and some early: as one container after the other would.

Random corridors with room to spare, where most blocks are decided early, and without it; with
facilities, classes that board first, two directions and phases. They are held against a loop that
knows nothing of blocks but the moments at which figures are posted.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import loaded
from laws_departures import timetable
from support import sampled

import sim
from sim.corridor.choice import NOBODY, Block, Decision, decide, decide_early
from sim.corridor.desks import Desk
from sim.corridor.rules import Rule
from sim.corridor.runs import Crossing, Run
from sim.corridor.vehicles import Service
from sim.scenario.stages import Transit

LONG_AFTER = 2_000.0
"""A day on which all that was ever booked has left."""


class Ledger:
    """What a desk posts to one container after the other of a block."""

    def __init__(self, desk: Desk, loop: Loop, now: float) -> None:
        self.desk, self.levels = desk, range(desk.levels.number)
        lane = desk._lane
        self.era = int(lane.way.days.searchsorted(now, "right")) - 1
        self.scenario, self.route = lane.way.scenarios[self.era], lane.routes[self.era]
        self.approach = self.run_days(desk.approach, 1, now)
        self.runs = [
            self.run_days(service.run, leg.departures.capacity, now)
            for service, leg in zip(desk.services, self.route.legs, strict=True)
        ]
        self.ahead = [0 for _ in self.levels]
        if desk.services and not self.route.approach:
            self.departures = loop.departures(desk, desk.services[0])
            waiting = desk.services[0].backlog.waiting()
            upcoming = bisect_left(self.departures[0], now)  # nobody left at this instant
            self.places = [self.place_behind(upcoming, number) for number in waiting]

    def run_days(self, run: Run, load: int, now: float) -> float:
        """Mean days over some stages, with what queues at facilities now."""
        days, queues = 0.0, 0.0
        for stage in run.stages:
            said = self.route.stages[stage.name]
            if isinstance(stage, Crossing):
                facility = self.scenario.facilities[stage.facility]
                holding = facility.holding_days(load)
                queues += stage.pool.queue(now) * holding / facility.servers
                queues += facility.service_days(load)
            else:
                assert isinstance(said, Transit)
                days += said.duration.mean
        return days + queues

    def place_behind(self, departure: int, number: int) -> tuple[int, int]:
        """The first place that is free behind so many others: its departure, and which on it."""
        _, capacities = self.departures
        while number >= capacities[departure]:
            number -= capacities[departure]
            departure += 1
        return departure, number

    def place(self, level: int, booked: float) -> tuple[int, int]:
        """The first that is neither taken nor left."""
        caught = bisect_left(self.departures[0], booked)
        return max(self.places[level], (caught, 0))

    def quote(self, booked: float, level: int) -> tuple[float, float]:
        """Wait and door-to-door days."""
        wait, days = 0.0, self.approach
        for number, service in enumerate(self.desk.services):
            if number or self.route.approach:
                queue = self.desk.not_left(service)[level] + self.ahead[level]
                here = max(queue / service.rate - days, 0.0) + service.headway(0, 0) / 2
            else:
                here = self.departures[0][self.place(level, booked)[0]] - booked
            wait, days = wait + here, days + here + self.runs[number]
        return wait, days

    def take(self, booked: float, level: int) -> None:
        """It goes before all of its level that book later, and before all of those behind."""
        for behind in self.levels[level:]:
            self.ahead[behind] += 1
            if self.desk.services and not self.route.approach:
                departure, number = self.place(behind, booked)
                self.places[behind] = self.place_behind(departure, number + 1)


class Loop:
    """Decides a block one container after the other."""

    def __init__(self, scenario: sim.Scenario) -> None:
        self.scenario = scenario
        self._departures: dict[tuple[str | None, str, str], tuple[list[float], list[int]]] = {}

    def departures(self, desk: Desk, service: Service) -> tuple[list[float], list[int]]:
        direction = desk._lane.way.direction
        key = direction, desk.name, service.name
        if key not in self._departures:
            self._departures[key] = timetable(self.scenario, *key, LONG_AFTER)
        return self._departures[key]

    def __call__(self, desks: list[Desk], _: Rule, block: Block, **__: object) -> Decision:
        ledgers = [Ledger(desk, self, block.opens) for desk in desks]
        wanted, taken = np.full((2, len(block.times)), NOBODY, np.int8)
        refused = np.zeros((len(desks), len(block.times)), np.bool_)
        for number, booked in enumerate(block.times.tolist()):
            level = 0 if block.levels is None else int(block.levels[number])
            quotes = [ledger.quote(booked, level) for ledger in ledgers]
            score = block.score.of(slice(number, number + 1))
            scores = score(np.array([[days] for _, days in quotes]))[:, 0]
            asked = [row for row in np.argsort(scores, kind="stable") if scores[row] < math.inf]
            wanted[number] = asked[0] if asked else NOBODY
            for row in asked:
                if quotes[row][0] <= desks[row].limit:
                    taken[number] = row
                    ledgers[row].take(booked, level)
                    break
                refused[row, number] = True
        return Decision(wanted, taken, refused)


class Drawn:
    """A corridor at random: one to three routes, half of them with room to spare.

    plain: only transits and departures, one direction, nothing that changes
    """

    def __init__(self, number: int, *, plain: bool) -> None:
        self.random, self.number, self.plain = np.random.default_rng(number), number, plain
        self.names = ["rail", "air", "sea"][: self.random.integers(1, 4)]
        self.a_day = float(self.random.choice([16, 40, 120]))
        self.room = float(self.random.choice([0.7, 4]))

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "run": {"warmup_days": 10, "days": 15, "seed": self.number},
            "demand": {
                "containers_per_year": 365 * self.a_day,
                "value_of_time_usd_per_day": self.value_of_time(),
            },
            "routes": {name: self.route() for name in self.names},
            "choice": {
                "rule": str(self.random.choice(["logit", "logit", "cheapest", "fastest", "share"])),
                "scale_usd": float(self.random.choice([0, 20, 150])),
                "shares": {name: 1 / len(self.names) for name in self.names},
                "posted_every_hours": float(self.random.choice([0.5, 2, 3, 7])),
            },
        }
        if not self.plain:
            self.enrich(document)
        return document

    def value_of_time(self) -> Any:
        values = [0, 20, {"lognormal": {"median": 20, "p95": 180}}, {"empirical": [0, 50]}]
        return values[self.random.integers(4)]

    def route(self) -> dict[str, Any]:
        kinds = self.random.integers(2, size=self.random.integers(1, 5))
        made = [(self.transit, self.departures)[kind]() for kind in kinds]
        limit = {"max_wait_days": float(self.random.uniform(0, 4))} if self.chance(0.4) else {}
        freight = int(self.random.integers(5, 15)) * 100
        stages = {f"stage{n}": stage for n, stage in enumerate(made)}
        return {"freight_usd": freight, "stages": stages, **limit}

    def departures(self) -> dict[str, Any]:
        headway = float(self.random.uniform(0.1, 2))
        places = self.a_day * headway / len(self.names) * self.room * self.random.uniform(0.8, 1.5)
        return {"kind": "departures", "every_days": headway, "capacity": int(places) + 1}

    def transit(self) -> dict[str, Any]:
        low = float(self.random.uniform(0, 2))
        return {"kind": "transit", "days": [low, low + float(self.random.uniform(0, 2))]}

    def enrich(self, document: dict[str, Any]) -> None:
        """Facilities, classes, directions and phases."""
        document["facilities"] = {name: self.facility() for name in ("border", "yard")}
        for route in document["routes"].values():
            route["priority"] = int(self.random.integers(2))
            for name in ("border", "yard"):
                if self.chance(0.5) or name == "border":
                    stage = {"kind": "facility", "facility": name}
                    place = int(self.random.integers(len(route["stages"]) + 1))
                    stages = [*route["stages"].items()]
                    route["stages"] = dict([*stages[:place], (name, stage), *stages[place:]])
        if self.chance(0.6):
            document["demand"]["classes"] = {
                "plain": {"share": 0.5, "value_of_time_usd_per_day": self.value_of_time()},
                "urgent": {"share": 0.3, "priority": 1},
                "dull": {"share": 0.2, "priority": -1, "value_of_time_usd_per_day": 0},
            }
        if self.chance(0.4):
            document["demand"]["directions"] = {"out": 0.7, "home": 0.3}
        if self.chance(0.7):
            document["run"]["start"] = date(2001, 3, 1)
            document["phases"] = self.phases(document)

    def facility(self) -> dict[str, Any]:
        return {
            str(self.random.choice(["service_hours", "headway_hours"])): [0.2, 4],
            "servers": int(self.random.integers(1, 4)),
            "discipline": str(self.random.choice(["fifo", "priority"])),
            "each_way": self.chance(0.5),
        }

    def phases(self, document: dict[str, Any]) -> dict[str, Any]:
        """One after five days, one after nine; a route that is closed opens again."""
        closed = f"routes.{self.names[0]}.closed"
        sets: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        if self.chance(0.5):
            sets[0][closed], sets[1][closed] = True, False
        for name, route in document["routes"].items():
            for stage, spec in route["stages"].items():
                if spec["kind"] == "departures" and self.chance(0.5):
                    said = f"routes.{name}.stages.{stage}"
                    sets[self.random.integers(2)][f"{said}.every_days"] = spec["every_days"] / 1.5
                    sets[self.random.integers(2)][f"{said}.capacity"] = spec["capacity"] + 3
        sets[0]["facilities.border.servers"] = 2
        sets[1]["demand.containers_per_year"] = 365 * self.a_day * 1.3
        starts = [date(2001, 3, 1) + timedelta(days) for days in (5, 9)]
        return {
            f"phase{n}": {"from": day, "set": these}
            for n, day, these in zip(count(), starts, sets, strict=False)
        }


def drawn(folder: Path, number: int, *, plain: bool) -> sim.Scenario:
    return loaded(folder, Drawn(number, plain=plain).document())


PLAIN, EVERYTHING = range(0, 80, 10), range(0, 40, 10)
SAMPLE = [(True, 20), (False, 30)]


@pytest.mark.parametrize(
    ("plain", "first"),
    sampled([*((True, n) for n in PLAIN), *((False, n) for n in EVERYTHING)], SAMPLE),
)
def test_blocks_decide_as_one_container_after_the_other_would(
    plain: bool, first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(first, first + 10):
        scenario = drawn(tmp_path, number, plain=plain)
        at_once = sim.simulate(scenario)
        with monkeypatch.context() as patch:
            patch.setattr("sim.corridor.bookings.decide", Loop(scenario))
            patch.setattr("sim.corridor.bookings.decide_early", lambda *_, **__: None)
            in_turn = sim.simulate(scenario)
        for way, same in zip(at_once.ways, in_turn.ways, strict=True):
            assert (way.taken == same.taken).all(), number
            assert (way.wanted == same.wanted).all(), number
            for one, other in zip(way.routes, same.routes, strict=True):
                assert (np.sort(one.refused) == np.sort(other.refused)).all(), number
        assert (at_once.containers.delivered == in_turn.containers.delivered).all(), number


@pytest.mark.slow
def test_most_blocks_of_a_calm_corridor_are_decided_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early: list[bool] = []

    def counted(*arguments: Any) -> Decision | None:
        decided = decide_early(*arguments)
        early.append(decided is not None)
        return decided

    monkeypatch.setattr("sim.corridor.bookings.decide_early", counted)
    for number in range(80):
        sim.simulate(drawn(tmp_path, number, plain=True))
    assert 0.2 < np.mean(early) < 0.9, "both ways are tried"


def test_blocks_of_a_corridor_with_everything_are_calm_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm: list[bool] = []

    def counted(*arguments: Any, **hint: Any) -> Decision:
        decided = decide(*arguments, **hint)
        calm.append(decided.is_calm)
        return decided

    monkeypatch.setattr("sim.corridor.bookings.decide", counted)
    for number in range(4):
        sim.simulate(drawn(tmp_path, number, plain=False))
    assert 0.1 < np.mean(calm) < 0.95, "both ways are tried"
