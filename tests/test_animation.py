"""The moving map: what its page has of every vehicle."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import loaded
from daily import daily, disruption
from processes import transsib
from test_sensitivity import LEDGER

import sim
from sim.errors import UsageError
from sim.results.observations import Floats
from sim.views.animation import animation

PLACES = """
[places]
west = { latitude = 0, longitude = 0, country = "GA" }
middle = { latitude = 0, longitude = 30, country = "KE" }
east = { latitude = 0, longitude = 60, country = "KE" }
cape = { latitude = -30, longitude = 30, country = "ZA" }
[facilities]
border = { place = "middle", service_hours = 12 }
[routes.rail.stages]
trains = { kind = "departures", vehicle = "train", every_days = 1, capacity = 3 }
first = { kind = "transit", via = ["west", "middle"], days = 2 }
customs = { kind = "facility", facility = "border" }
[routes.rail.stages.second]
kind = "transit"
via = ["middle", "east"]
days = 4
detour = { days = 9, via = ["middle", "cape", "east"] }
"""
SECOND = "routes.rail.stages.second"


def content(scenario: sim.Scenario) -> dict[str, Any]:
    """What the page of a scenario knows."""
    text = animation(sim.run(scenario, replications=1, jobs=1))
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def days(data: dict[str, Any], leg: dict[str, Any]) -> Floats:
    """The day of each mark [trips, marks]."""
    steps = np.frombuffer(b64decode(leg["days"]), "<u2").reshape(leg["trips"], -1)
    found: Floats = steps * data["a_step"]
    return found


def test_every_piece_of_a_trip_has_its_line_and_its_days(tmp_path: Path) -> None:
    # From day 1: two days to the border, half a day at it, four days on.
    data = content(daily(tmp_path, PLACES))
    (leg,) = data["legs"]
    step = data["a_step"]
    assert days(data, leg)[0] == pytest.approx([1, 3, 3.5, 7.5], abs=step)
    assert [(piece["from"], piece["to"]) for piece in leg["pieces"]] == [(0, 1)] * 3
    lines = [data["lines"][piece["line"]] for piece in leg["pieces"]]
    assert [len(line) // 2 for line in lines] == [31, 1, 31]  # a point a degree
    assert lines[0][-2:] == lines[1] == lines[2][:2]
    assert days(data, leg)[-1] == pytest.approx([20, 22, 22, 26], abs=step)  # as it would go on
    loads = np.frombuffer(b64decode(leg["loads"]), "<u2")
    assert loads.tolist() == [1] * 20


def test_the_opposite_direction_goes_backwards(tmp_path: Path) -> None:
    both = {"demand.directions": {"eastbound": 0.5, "westbound": 0.5}}
    there, back = content(daily(tmp_path, PLACES).with_changes(both))["legs"]
    assert [(piece["from"], piece["to"]) for piece in back["pieces"]] == [(1, 0)] * 3
    assert back["pieces"][-1]["line"] == there["pieces"][0]["line"]


def test_who_takes_the_detour_is_told(tmp_path: Path) -> None:
    # Closed from day 7 to 11: those are at the border then that left from day 5 to 8.
    data = content(daily(tmp_path, PLACES + disruption(SECOND, "closed")))
    (leg,) = data["legs"]
    assert leg["pieces"][-1]["detoured"] == [4, 5, 6, 7]
    assert data["lines"][leg["pieces"][-1]["around"]] != data["lines"][leg["pieces"][-1]["line"]]
    (trouble,) = data["troubles"]
    assert trouble["spans"] == [[7, 11]]
    assert trouble["lines"] == [leg["pieces"][-1]["line"]]


def test_terminals_hold_the_backlog(tmp_path: Path) -> None:
    # Bookings at half past each day, trains at midnight: on average half a container waits.
    busy = daily(tmp_path, PLACES, a_year=3650)
    (terminal,) = content(busy)["terminals"]
    (leg,) = sim.simulate(busy).route("rail").legs
    for day, waiting in enumerate(terminal["waiting"][:20]):
        moments = np.linspace(day, day + 1, 2001)[:-1] + 1 / 4000
        joined = leg.joined.searchsorted(moments, "right")
        left = leg.loads.cumsum()[leg.departed.searchsorted(moments, "right") - 1]
        left = np.where(moments < leg.departed[0], 0, left)
        assert waiting == pytest.approx((joined - left).mean(), abs=0.6)


def test_deliveries_add_up(tmp_path: Path) -> None:
    scenario = loaded(tmp_path).with_changes({"run.warmup_days": 60.6, "run.days": 59.5})
    data = content(scenario)
    results = sim.run(scenario, replications=1, jobs=1)
    for route in data["routes"]:
        assert len(route["delivered"]) == 60
        measured = results.value(f"{route['name']}.throughput") or 0
        assert route["delivered"][-1] == pytest.approx(measured * scenario.run.days / 365)


def test_where_every_route_is_closed_nothing_moves(tmp_path: Path) -> None:
    closed = {f"routes.{name}.closed": True for name in ("rail", "sea")}
    data = content(loaded(tmp_path).with_changes(closed))
    assert data["legs"] == data["terminals"] == []
    assert [sum(route["delivered"]) for route in data["routes"]] == [0, 0]


def test_the_same_results_give_the_same_page(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    one, other = (animation(sim.run(scenario, replications=1, jobs=1)) for _ in range(2))
    assert one == other


def test_a_year_of_the_headline_is_small() -> None:
    page = animation(sim.run(sim.load_scenario("link-500k"), replications=1, jobs=1))
    assert len(page.encode()) < 1_000_000


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    sim.run(loaded(tmp_path), replications=1, jobs=1, out=tmp_path / "out")
    done = transsib("animate", "out", cwd=tmp_path)
    assert done.stdout == ""
    assert done.stderr == f"page: {Path('out') / 'animation.html'}\n"
    text = (tmp_path / "out" / "animation.html").read_text("utf-8")
    assert str(tmp_path) not in text
    wrong = transsib("animate", "out", "--scenario", "smal", cwd=tmp_path, status=2)
    assert "no scenario 'smal' in these results; did you mean small?" in wrong.stderr


def test_of_a_sensitivity_study_the_baseline_is_shown(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, LEDGER)
    results = sim.sensitivity(scenario, samples=2, jobs=1).results
    assert results.names[-1] != scenario.name
    assert f"Replication 0 of {scenario.name}," in animation(results)


def test_only_scenarios_that_are_there(tmp_path: Path) -> None:
    results = sim.run(loaded(tmp_path), replications=1, jobs=1)
    with pytest.raises(UsageError, match="no scenario"):
        animation(results, "other")
