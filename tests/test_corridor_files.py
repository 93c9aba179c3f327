"""Corridor files: what is right loads, is written back as it is, can be extended and set."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from corridors import loaded, written
from every_key import A_DATE, DAYS, DIRECTIONS, EVERY_KEY, FREIGHT, MONTHS, RUN, changed, faults
from test_init import SCHEMA, accepts

import sim
from sim.scenario.editors import schema_text
from sim.scenario.files import load_with_notes
from sim.scenario.options import setting
from sim.scenario.writing import SCHEMA_FILE, SCHEMA_LINE, to_toml

RIGHT = {
    "every key": (),
    "a ship between two gauges": (
        'kind = "facility", facility = "gauge"',
        'kind = "transit", mode = "sea", days = 1, via = ["khasan", "suez"]',
        '["khasan", "chita"', '["suez", "chita"',
    ),
    "a leg that ends nobody says where": (
        'place = "khasan"\n', "", "days = 0.5", 'days = 0.5, mode = "road"',
        '["khasan", "chita"', '["chita"', "changes_gauge = true", "changes_gauge = false",
    ),
    "places that say no gauge": (
        "113.5, gauge_mm = [1520]", "113.5", '"RU", gauge_mm = [1520]', '"RU"',
        "changes_gauge = true", "",
    ),
    "a phase on the first and on the last day": (
        "from = 2002-01-01", "from = 2000-12-02", "from = 2002-07-01", "from = 2002-12-31",
    ),
    "a phase that changes another one's value": (
        "dmz.servers", "dmz.service_hours", "dmz.servers", "dmz.service_hours",
    ),
    "speed for days in a phase": (
        FREIGHT, f'"{DAYS.replace(".days", ".km_per_day")}" = [700, 900]',
    ),
    "another timetable in a phase": (FREIGHT, '"routes.sea.stages.sailing.per_day" = 2'),
    "one direction has all": (DIRECTIONS, "{ westbound = 1, eastbound = 0 }"),
    "seasons of all directions": (
        f"{{ westbound = {MONTHS} }}", MONTHS, "demand.monthly.westbound", "demand.monthly",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", RIGHT)
def test_what_is_right_loads_and_is_written_back_as_it_is(what: str, tmp_path: Path) -> None:
    path = written(tmp_path, changed(EVERY_KEY, *RIGHT[what]))
    scenario, notes = load_with_notes(path, [])
    assert notes == ()
    again = sim.load_scenario(written(tmp_path, to_toml(scenario, explained=True)))
    assert again == scenario
    assert again.key == scenario.key
    assert len(again.eras) in (2, 3)  # one where a phase holds from day 0 on


def test_every_key_is_there() -> None:
    keys = {key for table in SCHEMA["$defs"].values() for key in table["properties"]}
    missing = {key for key in keys if not re.search(rf"\b{key}\b", EVERY_KEY)}
    assert missing == {"per_day", "order"}  # another timetable, and only over inherited stages


def test_it_is_written_for_people(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, EVERY_KEY)
    lines = to_toml(scenario).splitlines()
    for line in (
        "start = 2001-01-01",
        'khasan = {latitude = 42.4, longitude = 130.6, country = "RU", gauge_mm = [1435, 1520]}',
        "suez = {latitude = 29.97, longitude = 32.57}",
        "[demand.classes.ordinary]",
        "from = 2002-01-01",
        '"routes.rail.freight_usd" = 900.0',
        '"choice.shares.eastbound" = {rail = 0.1, sea = 0.9}',
    ):
        assert line in lines
    assert any(line.startswith("dmz = {servers = 2, service_hours = [2, 6], ") for line in lines)
    bare = changed(EVERY_KEY, EVERY_KEY[EVERY_KEY.index("[assumptions") :], "")
    assert "assumptions" not in to_toml(loaded(tmp_path, bare))


def test_editors_accept_it(tmp_path: Path) -> None:
    (tmp_path / SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")
    written(tmp_path, SCHEMA_LINE + EVERY_KEY, "first")
    written(tmp_path, SCHEMA_LINE + to_toml(loaded(tmp_path, EVERY_KEY)), "second")
    tombi = Path(sys.executable).with_name("tombi")
    lint = [str(tombi), "lint", "--offline", "--quiet", "first.toml", "second.toml"]
    done = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert accepts(EVERY_KEY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("servers = 2", "server = 2"),
        ("servers = 2", "servers = 0"),
        ('discipline = "priority"', 'discipline = "lifo"'),
        ('mode = "sea"', 'mode = "see"'),
        ('via = ["busan", "khasan"]', 'via = ["busan"]'),
        ("km_per_day = [400, 700]", "km_per_day = { uniform = [400, 700] }"),
        (MONTHS, "[1, 2, 3]"),
        ("westbound = 0.6", "westbound = '0.6'"),
        ("{ rail = 0.5, sea = 0.5 }", "{ rail = 'all' }"),
        ("latitude = 35.1", "latitude = 91"),
        ("from = 2002-01-01", "until = 2002-01-01"),
        ("ordinary = { share", "ordinary = { part"),
        ('effect = "closed", from', 'effect = "close", from'),
        ("from = 2001-08-23", "form = 2001-08-23"),
        ('under_way = "hold"', 'under_way = "held"'),
        ("vehicles = 100", "vehicles = 0"),
        ('per = "month"', 'per = "week"'),
        ("containers = 600", "container = 600"),
        ('dispatch = "full"', 'dispatch = "fill"'),
        ("usd = 200", "usd = -200"),
        ("rail_g_per_tonne_km", "train_g_per_tonne_km"),
    ],
)
def test_editors_flag_what_the_loader_refuses(old: str, new: str, tmp_path: Path) -> None:
    text = changed(EVERY_KEY, old, new)
    assert not accepts(text)
    assert faults(written(tmp_path, text))


# --- Laid over one another ------------------------------------------------------------------------


def child(tmp_path: Path, text: str) -> tuple[sim.Scenario, tuple[str, ...]]:
    written(tmp_path, EVERY_KEY, "parent")
    return load_with_notes(written(tmp_path, f'extends = "parent.toml"\n{text}', "child"), [])


def test_named_tables_merge(tmp_path: Path) -> None:
    text = """
[places]
minsk = { latitude = 53.9, longitude = 27.6 }
moscow = { country = "" }
[facilities.dmz]
servers = 3
[demand.classes.urgent]
priority = 5
[phases.boom.set]
"routes.rail.freight_usd" = 800
[phases.third]
from = 2002-09-01
set = { "routes.rail.closed" = true }
"""
    scenario, notes = child(tmp_path, text)
    assert scenario.places["minsk"].latitude == 53.9
    assert (scenario.places["moscow"].country, scenario.places["moscow"].gauge_mm) == ("", (1520,))
    assert scenario.facilities["dmz"].holding_hours.bounds == (2, 6)
    assert scenario.demand.classes is not None
    assert scenario.demand.classes["urgent"].share == 0.25
    assert dict(scenario.phases["boom"].set) == {
        "routes.rail.freight_usd": 800,
        "facilities.dmz.servers": 3,
    }
    assert list(scenario.phases) == ["boom", "bust", "third"]
    assert notes == ()  # nothing that an assumption speaks of has changed


def test_a_headway_replaces_an_inherited_service_and_its_assumption(tmp_path: Path) -> None:
    gauge = child(tmp_path, "[facilities.gauge]\nheadway_hours = 1\n")[0]
    assert gauge.facilities["gauge"].service_hours is None
    assert "facilities.gauge.service_hours" not in gauge.assumptions
    assert "places.khasan.gauge_mm" in gauge.assumptions


def test_changes_that_leave_an_assumption_behind_are_noted(tmp_path: Path) -> None:
    text = """
[facilities.gauge]
service_hours = 9
[demand.classes]
urgent = { share = 0.5 }
ordinary = { share = 0.5 }
[phases.boom.set]
"facilities.dmz.servers" = 4
"""
    stale = [note.partition(": changed without")[0] for note in child(tmp_path, text)[1]]
    assert stale == [
        "facilities.gauge.service_hours",
        "demand.classes.urgent.share",
        'phases.boom.set."facilities.dmz.servers"',
    ]
    ledger = child(tmp_path, text)[0].assumptions
    assert {ledger[path].quality for path in stale} == {"assumed"}
    assert ledger[stale[1]].source.startswith("changed in child.toml; before, 0.25: ")
    assert ledger[stale[2]].source.startswith("changed in child.toml; before, 3: ")


def test_a_distribution_in_a_phase_is_replaced_whole(tmp_path: Path) -> None:
    text = f'[phases.bust.set]\n"{DAYS}" = {{ gamma = {{ mean = 11, sd = 2 }} }}\n'
    last = child(tmp_path, text)[0].eras[-1].scenario
    assert last.routes["rail"].stages["main-line"].duration.mean == 11  # type: ignore[union-attr]


def test_other_directions_replace_the_inherited_ones(tmp_path: Path) -> None:
    text = f"""
[demand]
directions = {{ up = 0.5, down = 0.5 }}
monthly = {{ up = {MONTHS}, down = {MONTHS} }}
[choice]
shares = {{ up = {{ rail = 1 }}, down = {{ rail = 0.2, sea = 0.8 }} }}
[phases.bust.set]
"choice.shares.eastbound" = {{ rail = 1 }}
"""
    with pytest.raises(sim.ScenarioError) as error:
        child(tmp_path, text)
    (fault,) = error.value.faults  # what a phase sets is the inherited file's to tell
    assert fault.message == "no direction of this name; known here: up, down"
    bust = '"choice.shares.eastbound" = { rail = 0.1, sea = 0.9 }\n'
    written(tmp_path, changed(EVERY_KEY, bust, ""), "grand")
    above, _, _ = text.partition("[phases")
    scenario = loaded(tmp_path, f'extends = "grand.toml"\n{above}', "child")
    assert scenario.directions == ("up", "down")
    assert dict(scenario.choice.shares_of("up")) == {"rail": 1}


def test_shares_of_routes_replace_those_by_direction(tmp_path: Path) -> None:
    text = EVERY_KEY.replace('"choice.shares.eastbound" = { rail = 0.1, sea = 0.9 }\n', "")
    written(tmp_path, text, "grand")
    flat = 'extends = "grand.toml"\n[choice]\nshares = { rail = 0.2, sea = 0.8 }\n'
    scenario = loaded(tmp_path, flat, "child")
    assert dict(scenario.choice.shares_of("eastbound")) == {"rail": 0.2, "sea": 0.8}


def at(scenario: sim.Scenario, *path: str) -> Any:
    value: Any = scenario.to_data()
    for part in path:
        value = value[part]
    return value


@pytest.mark.parametrize(
    ("options", "path", "value"),
    [
        (
            ["demand.directions.westbound=0.7", "demand.directions.eastbound=0.3"],
            ("demand", "directions"), {"westbound": 0.7, "eastbound": 0.3},
        ),
        (["run.start=2001-06-01"], ("run", "start"), date(2001, 6, 1)),
        (["facilities.dmz.servers=5"], ("facilities", "dmz", "servers"), 5),
        (["facilities.dmz.service_hours=8"], ("facilities", "dmz", "service_hours"), [4, 12]),
        (["facilities.dmz.headway_hours=2"], ("facilities", "dmz", "headway_hours"), 2),
        (["facilities.gauge.service_hours.uniform=[1, 3]"],
            ("facilities", "gauge", "service_hours"), {"uniform": [1, 3]},
        ),
        (["places.busan.latitude=36"], ("places", "busan", "latitude"), 36),
        (["demand.classes.urgent.priority=9"], ("demand", "classes", "urgent", "priority"), 9),
        (["demand.monthly.eastbound=[1,1,1,1,1,1,1,1,1,1,1,2]"],
            ("demand", "monthly", "eastbound"), [1.0] * 11 + [2.0],
        ),
        (
            ["choice.shares.eastbound.rail=0.3", "choice.shares.eastbound.sea=0.7"],
            ("choice", "shares", "eastbound"), {"rail": 0.3, "sea": 0.7},
        ),
        (
            ["routes.rail.stages.korea.km_per_day=500"],
            ("routes", "rail", "stages", "korea", "km_per_day"), [400 * 10 / 11, 700 * 10 / 11],
        ),
        (["phases.boom.from=2002-03-01"], ("phases", "boom", "from"), date(2002, 3, 1)),
        (
            ['phases.boom.set."routes.rail.freight_usd"=700'],
            ("phases", "boom", "set", "routes.rail.freight_usd"), 700,
        ),
        (
            ['phases.boom.set."routes.sea.freight_usd"=700'],
            ("phases", "boom", "set", "routes.sea.freight_usd"), 700,
        ),
    ],
)  # fmt: skip
def test_every_path_can_be_set(
    options: list[str], path: tuple[str, ...], value: Any, tmp_path: Path
) -> None:
    changes = [setting(option) for option in options]
    scenario = load_with_notes(written(tmp_path, EVERY_KEY), changes)[0]
    expected = pytest.approx(value) if path[-1] == "km_per_day" else value
    assert at(scenario, *path) == expected


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (
            "facilities.dmx.servers=5",
            "--set: facilities.dmx.servers: no 'dmx' here; did you mean dmz?",
        ),
        ("phases.bom.from=2002-01-01", "--set: phases.bom.from: no 'bom' here; did you mean boom?"),
        (
            'phases.boom.set."routes.rail.freight_usd"=-1',
            '--set: phases.boom.set."routes.rail.freight_usd": must be at least 0 (got -1)',
        ),
        (
            "phases.boom.from=1999-01-01",
            f"--set: phases.boom.from: is outside {RUN} (got 1999-01-01)",
        ),
        ("demand.classes.new.share=0.1", "--set: demand.classes.new.share: no 'new' here"),
        ("run.start=2001", f"--set: run.start: {A_DATE} (got 2001)"),
    ],
)  # fmt: skip
def test_an_option_that_sets_nothing_is_told(option: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(sim.ScenarioError) as error:
        load_with_notes(written(tmp_path, EVERY_KEY), [setting(option)])
    assert str(error.value).startswith(told)


def test_the_ledger_says_what_was_set_in_a_phase(tmp_path: Path) -> None:
    path = 'phases.boom.set."facilities.dmz.servers"'
    scenario = loaded(tmp_path, EVERY_KEY).with_changes({path: 7})
    assert scenario.assumptions[path].source == "changed by with_changes; before, 3: a guess"
