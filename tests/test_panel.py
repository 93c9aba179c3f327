"""The panel shows what the same change gives in Python, and offers what makes sense."""

from __future__ import annotations

import asyncio
import builtins
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import SMALL, loaded

import sim
from sim.errors import UsageError
from sim.experiments.study import once
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.views import readings, words
from sim.views.panel import CLOSED, LASTS, Panel
from sim.views.readings import _shadow, shares, table, times
from sim.views.sliders import NOTHING, Slider, disruptions, rules, sliders

SLOTS = "routes.rail.stages.trains.annual_capacity"
LINE = "routes.rail.stages.line.days"
WAIT = "routes.rail.max_wait_days"
VALUE = "demand.value_of_time_usd_per_day"
FREIGHT = "routes.rail.freight_usd"
STRIKES = "disruptions.strike.per_year"
RAIL = Key("rail", ALL, "throughput")

CLOSURE = {"target": "routes.rail.stages.line", "effect": "closed", "up_days": 90, "days": 20}

AIR = """
[routes.air]
freight_usd = 9_000
[routes.air.stages]
flight = { kind = "transit", days = 2 }
"""


@pytest.fixture
def figures_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the place of each picture what it would show: to draw is most of what a move takes."""

    def told(results: Results, before: Results | None = None) -> str:
        return f"{results.measures} after {before and before.measures}"

    for place in ("panel.shares", "panel.times", "readings.shares"):
        monkeypatch.setattr(f"sim.views.{place}", told)


undrawn = pytest.mark.usefixtures("figures_alone")


def offered(scenario: sim.Scenario) -> dict[str, Slider]:
    return {slider.path: slider for some in sliders(scenario).values() for slider in some}


def assumed(path: str, low: float, high: float) -> str:
    return f'\n[assumptions."{path}"]\nquality = "assumed"\nsource = "x"\nrange = [{low}, {high}]\n'


# What is offered


def test_every_route_has_its_capacity_time_freight_and_accepted_wait(tmp_path: Path) -> None:
    found = sliders(loaded(tmp_path))
    assert {name: [slider.label for slider in some] for name, some in found.items()} == {
        "sea": [
            "sailing: capacity [containers/year]", "voyage: mean time [days]", "freight [USD]",
            "accepted wait [days]",
        ],
        "rail": [
            "trains: capacity [containers/year]", "line: mean time [days]", "freight [USD]",
            "accepted wait [days]",
        ],
    }  # fmt: skip
    assert [slider.value for slider in found["rail"]] == [8_000, 15.5, 0, 3]
    assert found["sea"][0].path == "routes.sea.stages.sailing.annual_capacity"
    assert found["sea"][0].value == 365 * 200


def test_the_present_value_stands_among_round_ones(tmp_path: Path) -> None:
    crooked = SMALL.replace("[13, 18]", "15.4").replace("8_000", "7_777")
    for slider in offered(loaded(tmp_path, crooked)).values():
        stops = [stop for stop in slider.stops if math.isfinite(stop) and stop != slider.value]
        step = float(f"{min(b - a for a, b in pairwise(stops)):.9g}")
        assert f"{step:e}"[:4] in ("1.00", "2.00", "5.00")
        assert slider.value in slider.stops
        assert list(slider.stops) == sorted(set(slider.stops))
        assert 16 <= len(stops) <= 42
        assert [round(stop / step, 9) % 1 for stop in stops] == [0] * len(stops)
        assert len({text for text, _ in slider.options}) == len(slider.stops)
    assert ("7,777", 7_777) in offered(loaded(tmp_path, crooked))[SLOTS].options
    assert ("15.4", 15.4) in offered(loaded(tmp_path, crooked))[LINE].options


def test_ranges_come_from_the_assumptions(tmp_path: Path) -> None:
    text = SMALL + assumed(LINE, 12, 25) + assumed(SLOTS, 5_000, 12_000) + assumed(WAIT, 1, 7)
    found = offered(loaded(tmp_path, text))
    assert (found[LINE].stops[0], found[LINE].stops[-1]) == (12, 25)
    assert (found[SLOTS].stops[0], found[SLOTS].stops[-1]) == (0, 12_000)  # none is worth asking
    assert (found[WAIT].stops[0], found[WAIT].stops[-2:]) == (1, (7, math.inf))


def test_a_value_outside_of_its_assumption_widens_the_range(tmp_path: Path) -> None:
    found = offered(loaded(tmp_path, SMALL + assumed(LINE, 18, 25) + assumed(WAIT, -4, 2)))
    assert (found[LINE].stops[0], found[LINE].stops[-1]) == (15.5, 25)
    assert (found[WAIT].stops[0], found[WAIT].stops[-2]) == (0, 3)


def test_servers_are_whole_whatever_is_assumed(tmp_path: Path) -> None:
    servers, stages = "facilities.border.servers", "[routes.rail.stages]\n"
    border = 'border = { kind = "facility", facility = "border" }\n'
    text = SMALL.replace(stages, f"{stages}{border}")
    text += "\n[facilities.border]\nservers = 1\nservice_hours = 1\n"
    for low, high, stops in ((0.5, 1.5, (1, 2, 3, 4)), (0.5, 2.5, (1, 2))):
        slider = offered(loaded(tmp_path, text + assumed(servers, low, high)))[servers]
        assert slider.options == [(f"{stop}", stop) for stop in stops]


def test_a_timetable_is_a_capacity_whichever_way_it_is_said(tmp_path: Path) -> None:
    path = "routes.sea.stages.sailing"
    ships = offered(loaded(tmp_path, SMALL + assumed(f"{path}.every_days", 0.5, 2)))
    assert ships[f"{path}.annual_capacity"].stops[-1] == pytest.approx(2 * 365 * 200, rel=0.05)
    trains = SMALL.replace("annual_capacity = 8_000", "per_day = 2")
    found = offered(
        loaded(tmp_path, trains + assumed(SLOTS.replace("annual_capacity", "per_day"), 1, 4))
    )
    assert found[SLOTS].value == 2 * 365 * 10
    assert found[SLOTS].stops[-1] == pytest.approx(4 * 365 * 10, rel=0.05)


def test_without_assumptions_the_range_is_around_the_present_value(tmp_path: Path) -> None:
    found = offered(loaded(tmp_path))
    assert (found[SLOTS].stops[0], found[SLOTS].stops[-1]) == (0, 20_000)
    assert found[LINE].stops[0] == 7
    assert found[LINE].stops[-1] == 31  # half and double
    assert found[FREIGHT].stops[-1] == 2_000  # of nothing no multiple makes a range
    assert found["routes.sea.max_wait_days"].stops[-2:] == (14, math.inf)


@undrawn
def test_a_route_without_departures_has_neither_capacity_nor_wait(tmp_path: Path) -> None:
    text = (
        "[demand]\ncontainers_per_year = 900\n[routes.road.stages]\n"
        'hop = { kind = "transit", days = 1 }\ndrive = { kind = "transit", days = [4, 6] }\n'
    )
    scenario = loaded(tmp_path, text)
    assert list(offered(scenario)) == ["routes.road.stages.drive.days", "routes.road.freight_usd"]
    panel = sim.explore(scenario)
    panel.controls["routes.road.stages.drive.days"].value = 8
    key = Key("road", ALL, "door_to_door_mean")
    assert panel.results.measures["what-if"][0][key] == pytest.approx(9, abs=0.1)


@undrawn
def test_a_closed_route_has_nothing_to_move(tmp_path: Path) -> None:
    scenario = loaded(tmp_path).with_changes({"routes.rail.closed": True})
    assert sliders(scenario)["rail"] == []
    assert "closed in this scenario" in shown(sim.explore(scenario))


def test_money_says_of_which_year(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, "price_year = 2001\n" + SMALL)
    assert offered(scenario)[FREIGHT].label == "freight [USD of 2001]"


def test_only_rules_that_the_scenario_can_run_are_offered(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    assert [rule for _, rule in rules(scenario)] == ["fastest", "cheapest"]
    able = {"choice.shares": {"sea": 0.9, "rail": 0.1}, "choice.scale_usd": 100}
    changed = scenario.with_changes(able)
    assert [rule for _, rule in rules(changed)] == ["share", "fastest", "cheapest", "logit"]


# What a move does


def shown(widget: Any) -> str:
    """All that can be read on a widget and in it."""
    own = [str(getattr(widget, name, "")) for name in ("value", "description")]
    return " ".join([*own, *map(shown, getattr(widget, "children", ()))])


def by_hand(base: sim.Scenario, changes: dict[str, Any]) -> Results:
    """The same question in Python."""
    what_if = base.with_changes(changes, name="what-if")
    return sim.compare([base, what_if], replications=1, jobs=1)


def assert_shows(panel: Panel, changes: dict[str, Any]) -> None:
    """The panel has exactly the figures and the picture that `sim.compare` gives."""
    expected = by_hand(panel.base, changes)
    assert panel.changes == changes
    assert panel.results.measures == expected.measures
    text = shown(panel)
    assert readings.shares(expected, panel.before) in text
    assert table(expected, panel.before) in text
    throughput = expected.value("rail.throughput", "what-if")
    assert f"<td>{throughput:,.0f}<small>" in text
    assert "one replication" in text


def test_a_slider_gives_what_the_same_change_gives_in_python(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path))
    assert_shows(panel, {})
    panel.controls[SLOTS].value = 5_000
    assert_shows(panel, {SLOTS: 5_000})
    panel.controls[LINE].value = 20
    assert_shows(panel, {SLOTS: 5_000, LINE: 20})
    assert panel.scenario.routes["rail"].transit_days == pytest.approx(20)


@undrawn
def test_the_change_against_the_base_is_told(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path))
    panel.controls[SLOTS].value = 4_000
    key = Key("rail", ALL, "throughput")
    change = by_hand(panel.base, panel.changes).difference(key, "what-if").interval.mean
    assert change is not None
    assert change < -3_500
    assert f"<small>{change:,.0f}</small>" in shown(panel)


@undrawn
def test_without_capacity_all_go_by_sea(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path))
    panel.controls[SLOTS].value = 0
    assert_shows(panel, {SLOTS: 0})
    assert panel.results.value("rail.throughput", "what-if") == 0
    assert panel.results.value("sea.share", "what-if") == pytest.approx(1, abs=0.03)


@undrawn
def test_the_right_end_of_the_wait_is_unlimited(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path))
    panel.controls[WAIT].value = math.inf
    assert panel.controls[WAIT].label == "unlimited"
    assert_shows(panel, {WAIT: "unlimited"})
    assert panel.results.value("rail.refused", "what-if") == 0


@undrawn
def test_another_rule_is_another_choice(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path).with_changes({FREIGHT: 500}))
    panel.controls["choice.rule"].value = "cheapest"
    assert_shows(panel, {"choice.rule": "cheapest"})
    assert panel.results.value("rail.throughput", "what-if") == 0  # the sea asks nothing


@undrawn
def test_three_routes_three_columns(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path, SMALL + AIR).with_changes({VALUE: 100}))
    assert len(sliders(panel.base)) == 3
    panel.controls["choice.rule"].value = "cheapest"
    assert panel.results.value("air.share", "what-if") == 0
    panel.controls["routes.air.freight_usd"].value = 0
    assert panel.results.value("air.share", "what-if") == pytest.approx(1, abs=0.05)


@undrawn
def test_reset_brings_the_scenario_back(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path, SMALL.replace("[13, 18]", "15.37")))
    before = shown(panel)
    panel.controls[LINE].value = 20
    panel.controls["choice.rule"].value = "cheapest"
    panel.controls["days closed"].value = 33
    assert shown(panel) != before
    panel._reset.click()
    assert shown(panel) == before
    assert panel.changes == {}
    assert panel.controls["days closed"].value == 10


@undrawn
def test_for_how_long_nothing_is_closed_runs_nothing(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path))
    shown = panel.results
    panel.controls["days closed"].value = 33
    assert panel.results is shown


@undrawn
def test_a_fault_is_told_in_red_and_the_last_picture_stays(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path).with_changes({FREIGHT: 1e12}))
    picture = panel._shares.value
    panel.controls[FREIGHT].value = 2e12
    assert 'class="fault"' in panel._status.value
    assert f"{FREIGHT}: must be at most 1e+12" in panel._status.value
    assert panel._shares.value == picture
    panel.controls[FREIGHT].value = 0
    assert "fault" not in panel._status.value


@undrawn
def test_a_bug_is_told_and_raised(tmp_path: Path) -> None:
    def simulate(scenario: sim.Scenario) -> Results:
        if scenario.name == "what-if":
            raise ZeroDivisionError("no <way>")
        return once(scenario)

    panel = Panel(loaded(tmp_path), simulate)
    with pytest.raises(ZeroDivisionError):
        panel.controls[SLOTS].value = 5_000
    assert "a bug in transsib: ZeroDivisionError: no &lt;way&gt;" in panel._status.value


# What stood before, and what goes wrong


def test_the_move_before_stays_as_a_shadow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.views.panel.times", lambda _: "")
    panel = sim.explore(loaded(tmp_path))
    assert panel.before is None
    panel.controls[SLOTS].value = 5_000
    five = panel.results
    panel.controls[SLOTS].value = 6_000
    assert panel.before is five
    carried = words.interval(five.interval(RAIL, "what-if"), "containers/year")
    assert f'<small class="before">{carried}</small>' in panel._table.value
    assert shares(panel.results, five) == panel._shares.value != shares(panel.results)
    panel._reset.click()
    assert panel.before is None


@undrawn
def test_what_is_kept_stays(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path))
    panel.controls[SLOTS].value = 5_000
    five = panel.results
    panel._keep.value = True
    for slots in (6_000, 7_000):
        panel.controls[SLOTS].value = slots
        assert panel.before is five
    panel._keep.value = False
    seven = panel.results
    panel.controls[SLOTS].value = 5_000
    assert panel.before is seven


@undrawn
def test_the_shadow_is_where_the_bar_ended(tmp_path: Path) -> None:
    panel = sim.explore(loaded(tmp_path))
    panel.controls[SLOTS].value = 5_000
    before = panel.results
    panel.controls[SLOTS].value = 6_000
    ax = sim.plots.plot_shares(panel.results)
    bars = len(ax.lines)
    _shadow(ax, panel.results, before)
    sea, rail = ax.lines[bars:]
    carried = before.value("rail.throughput", "what-if") or 0
    assert np.asarray(rail.get_xdata()).tolist() == [carried / 1000] * 2
    assert np.asarray(rail.get_ydata()).mean() > np.asarray(sea.get_ydata()).mean()


@undrawn
def test_something_may_be_closed(tmp_path: Path) -> None:
    # From the middle of the window, day 90, on: no train runs for twenty days.
    panel = sim.explore(loaded(tmp_path))
    offered = dict(panel.controls[CLOSED].options)
    line = "routes.rail.stages.line"
    assert offered == {
        "nothing": NOTHING, "rail: trains": "routes.rail.stages.trains", "rail: line": line,
        "sea: sailing": "routes.sea.stages.sailing", "sea: voyage": "routes.sea.stages.voyage",
    }  # fmt: skip
    panel.controls[LASTS].value = 20
    assert panel.changes == {}
    panel.controls[CLOSED].value = line
    assert panel.results.detail("what-if").disruptions[0].spans == ((90, 110),)
    assert_shows(panel, {"disruptions": {"closure": CLOSURE}})
    panel.controls[CLOSED].value = NOTHING
    assert panel.changes == {}


@undrawn
def test_what_goes_wrong_can_be_moved_and_switched_off(tmp_path: Path) -> None:
    storm = """
[disruptions.storm]
target = "routes.sea.stages.voyage"
effect = "closed"
from = 2001-01-20
days = 6
[disruptions.strike]
target = "routes.rail.stages.trains"
effect = "closed"
per_year = 2
days = 3
"""
    text = SMALL.replace("[run]", "[run]\nstart = 2001-01-01") + storm
    panel = sim.explore(loaded(tmp_path, text))
    lasts, often = panel.controls["disruptions.storm.days"], panel.controls[STRIKES]
    assert lasts.options[0][1] == 0
    panel.controls["disruptions.storm.days"].value = 12
    assert panel.changes == {"disruptions.storm.days": 12}
    lasts.value, often.value = 0, 0
    assert panel.changes == {"disruptions.storm.per_year": 0, STRIKES: 0}
    assert [log.spans for log in panel.results.detail("what-if").disruptions] == [(), ()]


@undrawn
def test_what_is_closed_comes_to_what_goes_wrong(tmp_path: Path) -> None:
    # The scenario's own "closure", of the sea, stays as its slider says.
    own = {**CLOSURE, "target": "routes.sea.stages.voyage"}
    panel = sim.explore(loaded(tmp_path).with_changes({"disruptions": {"closure": own}}))
    panel.controls["disruptions.closure.days"].value = 10
    panel.controls[LASTS].value = 20
    panel.controls[CLOSED].value = CLOSURE["target"]
    logs = panel.results.detail("what-if").disruptions
    assert [log.spans[0] for log in logs] == [(90, 100), (90, 110)]


def test_how_often_how_long_and_by_how_much(tmp_path: Path) -> None:
    slow = {"target": "routes.rail.stages.line", "effect": "slower", "factor": 1.5}
    storms = {"storm": {**slow, "per_year": 2, "days": [2, 4]}}
    found = disruptions(loaded(tmp_path).with_changes({"disruptions": storms}))
    assert [(slider.label, slider.value, slider.stops[-1]) for slider in found] == [
        ("storm: slower [a year]", 2, 4), ("storm: slower [days]", 3, 6),
        ("storm: slower [times as long]", 1.5, 3),
    ]  # fmt: skip


def test_fleets_and_quotas_can_be_moved() -> None:
    fleet = offered(sim.load_scenario("fleet-500k"))["fleets.sets.vehicles"]
    assert (fleet.label, fleet.value) == ("sets: vehicles", 750)
    assert all(stop == int(stop) for stop in fleet.stops)
    quota = offered(sim.load_scenario("quota-monthly"))[
        "routes.rail.stages.trains.quota.containers"
    ]
    assert (quota.label, quota.value) == ("trains: quota [containers/month]", 16_667)


def test_times_are_those_of_the_what_if(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.views.panel.shares", lambda *_: "")
    panel = sim.explore(loaded(tmp_path))
    panel.controls[LINE].value = 20
    alone = once(panel.scenario)
    assert panel._times.value == times(alone)


# Many moves


class Counted:
    """A model that remembers what it was asked, and may be asked more meanwhile."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.meanwhile: Any = lambda: None

    def __call__(self, scenario: sim.Scenario) -> Results:
        self.asked.append(scenario.routes["rail"].yearly_capacity)
        self.meanwhile()
        return once(scenario)


async def settled() -> None:
    while len(asyncio.all_tasks()) > 1:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)


@undrawn
def test_of_many_moves_the_newest_wins(tmp_path: Path) -> None:
    model = Counted()
    panel = Panel(loaded(tmp_path), model)

    async def hand() -> None:
        for slots in (6_000, 5_000, 4_000):
            panel.controls[SLOTS].value = slots
        assert "simulating" in panel._status.value
        await settled()

    asyncio.run(hand())
    assert model.asked == [8_000, 4_000]
    assert_shows(panel, {SLOTS: 4_000})


@undrawn
def test_a_move_during_a_run_is_not_lost(tmp_path: Path) -> None:
    model = Counted()
    panel = Panel(loaded(tmp_path), model)

    def move_on() -> None:
        model.meanwhile = lambda: None
        panel.controls[SLOTS].value = 5_000

    async def hand() -> None:
        model.meanwhile = move_on
        panel.controls[SLOTS].value = 6_000
        await settled()

    asyncio.run(hand())
    assert model.asked == [8_000, 6_000, 5_000]
    assert_shows(panel, {SLOTS: 5_000})


# Around it


def test_one_replication_keeps_its_observations(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    results = once(scenario)
    assert results.measures == sim.run(scenario, replications=1, jobs=1).measures
    assert results.detail() is results.detail()


@undrawn
def test_pictures_of_the_panel_do_not_simulate_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = sim.explore(loaded(tmp_path))
    panel.controls[SLOTS].value = 5_000
    monkeypatch.setattr("sim.experiments.study.simulate", lambda *_: pytest.fail("once more"))
    sim.plots.plot_backlog(panel.results)


def test_a_missing_package_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "sim.views.panel":
            raise ModuleNotFoundError("No module named 'ipywidgets'", name="ipywidgets")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'transsib\[notebook\]'"):
        sim.explore(loaded(tmp_path))
