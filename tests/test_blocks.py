"""Blocks of bookings are decided at once, and some early: as one container after the other would.

Random corridors with room to spare, where most blocks are decided early, and without it; held
against a loop that knows nothing of blocks but the moments at which figures are posted.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomlkit
from corridors import loaded

import sim
from sim.corridor.choice import NOBODY, Decision, decide_early
from sim.corridor.desks import Desk
from sim.corridor.rules import Rule, Score
from sim.corridor.streams import Floats


class Ledger:
    """What a desk posts to one container after the other of a block."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.ahead, self.place = desk, 0, 0
        self.first = 0 if desk.approached or not desk.services else 1
        if self.first:
            service = desk.services[0]
            self.place = service.next_departure * service.capacity + service.backlog.waiting

    def quote(self, booked: float) -> tuple[float, float]:
        """Wait and door-to-door days."""
        wait, days = 0.0, self.desk.own_days.mean
        for number, service in enumerate(self.desk.services):
            if number or not self.first:
                queue = self.desk.accepted - service.backlog.head + self.ahead
                here = max(queue / service.rate - days, 0.0) + service.headway / 2
            else:
                while self.place // service.capacity * service.headway < booked:
                    self.place += service.capacity - self.place % service.capacity
                here = self.place // service.capacity * service.headway - booked
            wait, days = wait + here, days + here + service.transit_days
        return wait, days

    def take(self) -> None:
        self.ahead, self.place = self.ahead + 1, self.place + 1


def one_by_one(desks: list[Desk], _: Rule, score: Score, times: Floats) -> Decision:
    ledgers = [Ledger(desk) for desk in desks]
    wanted, taken = np.full((2, len(times)), NOBODY, np.int8)
    refused = np.zeros((len(desks), len(times)), np.bool_)
    for number, booked in enumerate(times.tolist()):
        quotes = [ledger.quote(booked) for ledger in ledgers]
        scores = score.of(slice(number, number + 1))(np.array([[days] for _, days in quotes]))[:, 0]
        asked = [row for row in np.argsort(scores, kind="stable") if scores[row] < math.inf]
        wanted[number] = asked[0] if asked else NOBODY
        for row in asked:
            if quotes[row][0] <= desks[row].limit:
                taken[number] = row
                ledgers[row].take()
                break
            refused[row, number] = True
    return Decision(wanted, taken, refused)


def corridor(number: int) -> dict[str, Any]:
    """One to three routes of transits and departures; half of them with room to spare."""
    random = np.random.default_rng(number)
    names = ["rail", "air", "sea"][: random.integers(1, 4)]
    a_day, room = float(random.choice([16, 40, 120])), float(random.choice([0.7, 4]))

    def departures() -> dict[str, Any]:
        headway = float(random.uniform(0.1, 2))
        places = a_day * headway / len(names) * room * random.uniform(0.8, 1.5)
        return {"kind": "departures", "every_days": headway, "capacity": int(places) + 1}

    def transit() -> dict[str, Any]:
        low = float(random.uniform(0, 2))
        return {"kind": "transit", "days": [low, low + float(random.uniform(0, 2))]}

    def route() -> dict[str, Any]:
        kinds = random.integers(2, size=random.integers(1, 5))
        stages = {f"stage{n}": (transit, departures)[kind]() for n, kind in enumerate(kinds)}
        limit = {"max_wait_days": float(random.uniform(0, 4))} if random.random() < 0.4 else {}
        return {"freight_usd": int(random.integers(5, 15)) * 100, "stages": stages, **limit}

    values: list[Any] = [0, 20, {"lognormal": {"median": 20, "p95": 180}}, {"empirical": [0, 50]}]
    return {
        "run": {"warmup_days": 10, "days": 15, "seed": number},
        "demand": {
            "containers_per_year": 365 * a_day,
            "value_of_time_usd_per_day": values[random.integers(4)],
        },
        "routes": {name: route() for name in names},
        "choice": {
            "rule": str(random.choice(["logit", "logit", "cheapest", "fastest", "share"])),
            "scale_usd": float(random.choice([0, 20, 150])),
            "shares": {name: 1 / len(names) for name in names},
            "posted_every_hours": float(random.choice([0.5, 2, 3, 7])),
        },
    }


@pytest.mark.parametrize("first", range(0, 120, 10))
def test_blocks_decide_as_one_container_after_the_other_would(
    first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(first, first + 10):
        scenario = loaded(tmp_path, tomlkit.dumps(corridor(number)))
        at_once = sim.simulate(scenario)
        with monkeypatch.context() as patch:
            patch.setattr("sim.corridor.bookings.decide", one_by_one)
            patch.setattr("sim.corridor.bookings.decide_early", lambda *_: None)
            in_turn = sim.simulate(scenario)
        assert (at_once.taken == in_turn.taken).all(), number
        assert (at_once.wanted == in_turn.wanted).all(), number
        for one, other in zip(at_once.routes, in_turn.routes, strict=True):
            assert (np.sort(one.refused) == np.sort(other.refused)).all(), number
        assert (at_once.containers.delivered == in_turn.containers.delivered).all(), number


def test_most_blocks_of_a_calm_corridor_are_decided_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early: list[bool] = []

    def counted(*arguments: Any) -> Decision | None:
        decided = decide_early(*arguments)
        early.append(decided is not None)
        return decided

    monkeypatch.setattr("sim.corridor.bookings.decide_early", counted)
    for number in range(120):
        sim.simulate(loaded(tmp_path, tomlkit.dumps(corridor(number))))
    assert 0.2 < np.mean(early) < 0.9, "both ways are tried"
