"""What can be wrong with places, facilities, directions, classes, seasons, phases and dates.

Each fault is told at its place with value, rule and remedy, and all of a file together.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corridors import loaded, written
from every_key import (
    A_DATE,
    DAYS,
    DIRECTIONS,
    EVERY_KEY,
    FREIGHT,
    MONTHS,
    RUN,
    SHARES,
    changed,
    faults,
)
from soon import soon
from support import sampled

import sim
from sim.scenario.changes import Draft
from sim.scenario.phases import CHANGEABLE
from sim.scenario.validate import validated

MAY_CHANGE = f"stays for the whole run; a phase may change {', '.join(sorted(CHANGEABLE))}"
A_NAME = "a name has letters a-z, digits, - and _ (at most 60, no - or _ first)"

Row = tuple[str, ...]
"""What is replaced and by what, once or more (¦ marks the place that is told), and the fault."""

NAMES: dict[str, Row] = {
    "unknown facility": (
        'facility = "gauge"', 'facility = ¦"guage"',
        ("routes.rail.stages.change.facility: no facility of this name (got 'guage'); "
        "did you mean gauge?"),
    ),
    "nothing like any facility": (
        'facility = "dmz"', 'facility = ¦"x"',
        ("routes.rail.stages.border.facility: no facility of this name (got 'x'); "
        "known here: dmz, paths, gauge"),
    ),
    "unknown place of a leg": (
        '"chita", "moscow"', '¦"chta", "moscow"',
        ("routes.rail.stages.main-line.via.1: no place of this name (got 'chta'); "
        "did you mean chita?"),
    ),
    "unknown place of departures": (
        'place = "busan"', 'place = ¦"pusan"',
        ("routes.rail.stages.trains.place: no place of this name (got 'pusan'); "
        "did you mean busan?"),
    ),
    "unknown place of a facility": (
        'place = "khasan"', 'place = ¦"kasan"',
        "facilities.gauge.place: no place of this name (got 'kasan'); did you mean khasan?",
    ),
    "unknown kind of stage": (
        'kind = "facility", facility = "gauge"', 'kind = ¦"facilty", facility = "gauge"',
        ("routes.rail.stages.change.kind: must be one of departures, transit, facility "
        "(got 'facilty'); did you mean facility?"),
    ),
    "no kind of stage": (
        'change = { kind = "facility", ', "¦change = { ",
        "routes.rail.stages.change.kind: is required: one of departures, transit, facility",
    ),
    "name of a place": (
        "suez = {", "¦_x = { latitude = 1, longitude = 1 }\nsuez = {",
        f"places._x: {A_NAME} (got '_x')",
    ),
    "name of a facility": (
        "paths = { head", '¦"p q" = { service_hours = 1 }\npaths = { head',
        f"facilities.p q: {A_NAME} (got 'p q')",
    ),
    "name of a class": (
        "ordinary = {", '¦"a.b" = { share = 0 }\nordinary = {',
        f"demand.classes.\"a.b\": {A_NAME} (got 'a.b')",
    ),
    "name of a phase": (
        "[phases.bust.set]", ("[phases.¦'é']\nfrom = 2002-01-01\n"
        "set = { 'routes.sea.closed' = true }\n[phases.bust.set]"),
        f"phases.é: {A_NAME} (got 'é')",
    ),
    "a direction called all": (
        DIRECTIONS, "{ westbound = 0.6, ¦all = 0.4 }",
        "eastbound = { rail = 0.4", "all = { rail = 0.4",
        "shares.eastbound", "shares.all",
        "demand.directions.all: 'all' stands for all directions together",
    ),
    "ledger of an unknown facility": (
        '"facilities.gauge.service_hours"]', '¦"facilities.guage.service_hours"]',
        ('assumptions."facilities.guage.service_hours": speaks of nothing in this scenario; '
        "did you mean gauge?"),
    ),
    "ledger of an unknown class": (
        '"demand.classes.urgent.share"]', '¦"demand.classes.urgnt.share"]',
        ('assumptions."demand.classes.urgnt.share": speaks of nothing in this scenario; '
        "did you mean urgent?"),
    ),
    "ledger of an unknown place": (
        '"places.khasan.gauge_mm"]', '¦"places.kasan.gauge_mm"]',
        ('assumptions."places.kasan.gauge_mm": speaks of nothing in this scenario; '
        "did you mean khasan?"),
    ),
    "ledger of what no phase sets": (
        """'phases.boom.set."facilities.dmz.servers"']""",
        """¦'phases.boom.set."facilities.dmz.server"']""",
        ("""assumptions."phases.boom.set."facilities.dmz.server"": speaks of nothing in this """
        "scenario; did you mean facilities.dmz.servers?"),
    ),
    "a facility called all": (
        "[facilities]", "[facilities]\n¦all = { service_hours = 1 }",
        "facilities.all: 'all' stands for all facilities together",
    ),
    "a class called all": (
        "ordinary = {", "¦all = { share = 0 }\nordinary = {",
        "demand.classes.all: 'all' stands for all classes together",
    ),
}  # fmt: skip

LEGS: dict[str, Row] = {
    "no hours of a facility": (
        "paths = { headway_hours = 1, ", "paths = ¦{ ",
        "facilities.paths: needs one of service_hours, headway_hours",
    ),
    "hours of both kinds": (
        "headway_hours = 1", "service_hours = 1, ¦headway_hours = 1",
        "facilities.paths.headway_hours: say only one of service_hours, headway_hours",
    ),
    "misspelt hours": (
        "headway_hours = 1", "¦headway_hour = 1",
        "facilities.paths.headway_hour: unknown key; did you mean headway_hours?",
    ),
    "no time of a leg": (
        '{ kind = "transit", days = 0.5 }', '¦{ kind = "transit" }',
        "routes.rail.stages.customs: needs one of days, km_per_day",
    ),
    "time said twice": (
        "km_per_day = [400, 700]", "days = 2, ¦km_per_day = 400",
        "routes.rail.stages.korea.km_per_day: say only one of days, km_per_day",
    ),
    "speed without a length": (
        "korea = {", "¦korea = {", "length_km = 1_100, ", "",
        "routes.rail.stages.korea.length_km: is required by km_per_day",
    ),
    "no speed": (
        "[400, 700]", "¦[0, 700]",
        ("routes.rail.stages.korea.km_per_day: must be a number or [slow, fast], above 0 "
        "(got [0, 700])"),
    ),
    "unknown mode": (
        'mode = "sea"', 'mode = ¦"see"',
        ("routes.sea.stages.voyage.mode: must be one of rail, sea, road, air (got 'see'); "
        "did you mean sea?"),
    ),
    "a place for places": (
        'via = ["busan", "khasan"]', 'via = ¦"busan"',
        "routes.rail.stages.korea.via: must be a list of at least two places (got 'busan')",
    ),
    "a place twice in a row": (
        '"khasan", "chita"', '"khasan", ¦"khasan", "chita"',
        "routes.rail.stages.main-line.via.1: names 'khasan' twice in a row",
    ),
    "legs that do not join": (
        '["khasan", "chita", "moscow"]', '[¦"chita", "moscow"]',
        ("routes.rail.stages.main-line.via.0: begins at chita, but change before it stands at "
        "khasan: legs must join"),
    ),
    "legs that do not join over a wait between": (
        'place = "khasan"\n', "", '["khasan", "chita", "moscow"]', '[¦"chita", "moscow"]',
        ("routes.rail.stages.main-line.via.0: begins at chita, but korea before it ends at khasan: "
        "legs must join"),
    ),
    "departures where the route is not": (
        'change = {', ('next = { kind = "departures", place = ¦"chita", every_days = 1, '
        "capacity = 9 }\nchange = {"),
        ("routes.rail.stages.next.place: vehicles leave at chita, but korea before it ends at "
        "khasan: the route is not there"),
    ),
    "a facility where the route is not": (
        'facility = "dmz"', 'facility = ¦"gauge"',
        ("routes.rail.stages.border.facility: the facility stands at khasan, but trains before it "
        "stands at busan: the route is not there"),
    ),
    "latitude beyond the pole": (
        "latitude = 35.1", "latitude = ¦95",
        "places.busan.latitude: must be at most 90 (got 95)",
    ),
    "gauge that is no list": (
        "gauge_mm = [1435] }", "gauge_mm = ¦1435 }",
        "places.busan.gauge_mm: must be a list of whole numbers (got 1435)",
    ),
    "gauge in metres": (
        "gauge_mm = [1435] }", "gauge_mm = [¦1.435] }",
        "places.busan.gauge_mm.0: must be a whole number (got 1.435)",
    ),
}  # fmt: skip

CHANGE = "with changes_gauge = true between"

GAUGES: dict[str, Row] = {
    "a break inside one leg": (
        'place = "khasan"\n', "", '["busan", "khasan"]', '["busan", "khasan", ¦"chita"]',
        '["khasan", "chita", "moscow"]', '["chita", "moscow"]',
        ("routes.rail.stages.korea.via.2: a gauge break inside one leg: 1435 mm to khasan, 1520 mm "
        f"at chita; make two legs with a stage of a facility {CHANGE}"),
    ),
    "nothing changes gauge": (
        "changes_gauge = true", "changes_gauge = false", "main-line = {", "main-line = ¦{",
        ("routes.rail.stages.main-line: rail changes from 1435 mm (korea) to 1520 mm (main-line) "
        f"and nothing changes gauge: put a stage of a facility {CHANGE} them"),
    ),
    "a leg on both gauges does not join two of one": (
        "changes_gauge = true", "changes_gauge = false",
        "longitude = 32.57 }", "longitude = 32.57, gauge_mm = [1520, 1435] }",
        "main-line = {", ('spur = { kind = "transit", mode = "rail", via = ["khasan", "suez"], '
        "days = 1 }\nmain-line = ¦{"), '["khasan", "chita"', '["suez", "chita"',
        ("routes.rail.stages.main-line: rail changes from 1435 mm (spur) to 1520 mm (main-line) "
        f"and nothing changes gauge: put a stage of a facility {CHANGE} them"),
    ),
}  # fmt: skip

FLAT_SHARES = (SHARES, "{ rail = 0.5, sea = 0.5 }", '"choice.shares.eastbound"', '"choice.shares"')
UNDIRECTED = (f"directions = {DIRECTIONS}\n", "")
DEMAND: dict[str, Row] = {
    "three directions": (
        DIRECTIONS, "¦{ westbound = 0.6, eastbound = 0.3, southbound = 0.1 }",
        "demand.directions: needs exactly two directions (got westbound, eastbound, southbound)",
    ),
    "directions that do not sum": (
        DIRECTIONS, "¦{ westbound = 0.6, eastbound = 0.3 }",
        "demand.directions: must sum to 1 (got 0.9)",
    ),
    "directions in percent": (
        DIRECTIONS, "¦{ westbound = 60, eastbound = 40 }",
        "demand.directions: must sum to 1 (got 100); a share is a fraction: 5 % is 0.05",
    ),
    "a direction as text": (
        DIRECTIONS, "{ westbound = 0.6, eastbound = ¦'0.4' }",
        "demand.directions.eastbound: must be a number (got '0.4')",
    ),
    "classes that do not sum": (
        "[demand.classes]", "[demand.¦classes]", "share = 0.75", "share = 0.7",
        "demand.classes: their shares must sum to 1 (got 0.95)",
    ),
    "classes in percent": (
        "[demand.classes]", "[demand.¦classes]", "share = 0.75", "share = 75", "= 0.25", "= 25",
        "demand.classes: their shares must sum to 1 (got 100); a share is a fraction: 5 % is 0.05",
    ),
    "a class without share": (
        "ordinary = { share = 0.75 }", "¦ordinary = {}",
        "demand.classes.ordinary.share: is required",
    ),
    "a priority between two": (
        "priority = 1 }", "priority = ¦1.5 }",
        "demand.classes.urgent.priority: must be a whole number (got 1.5)",
    ),
    "eleven months": (
        "monthly = {", "monthly = ¦{", MONTHS, "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
        ("demand.monthly: must be 12 numbers, January first, or a table of them by direction "
        "(got [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])"),
    ),
    "no month with demand": (
        "monthly = {", "monthly = ¦{", MONTHS, f"{[0] * 12}",
        "demand.monthly: needs a month above 0",
    ),
    "months of an unknown direction": (
        MONTHS, f"{MONTHS}, ¦eastbond = {MONTHS}",
        "demand.monthly.eastbond: no direction of this name; did you mean eastbound?",
    ),
    "months by direction without directions": (
        *UNDIRECTED, *FLAT_SHARES, "monthly = {", "monthly = ¦{",
        "demand.monthly: is by direction, but there are no demand.directions",
    ),
    "shrinking to less than nothing": (
        "growth_per_year = 0.05", "growth_per_year = ¦-1",
        "demand.growth_per_year: must be greater than -1 (got -1)",
    ),
    "shares of routes and of directions": (
        SHARES, "¦{ rail = 0.5, westbound = { rail = 0.4, sea = 0.6 } }",
        '"choice.shares.eastbound" = { rail = 0.1, sea = 0.9 }\n', "",
        "choice.shares: holds the shares of routes, or such a table for each direction: not both",
    ),
    "shares of an unknown direction": (
        "{ westbound = { rail", "{ south = { rail = 0, sea = 1 }, westbound = { rail",
        "{ south", "{ ¦south",
        "choice.shares.south: no direction of this name; known here: westbound, eastbound",
    ),
    "shares of one direction alone": (
        SHARES, "¦{ westbound = { rail = 0.5, sea = 0.5 } }",
        '"choice.shares.eastbound" = { rail = 0.1, sea = 0.9 }\n', "",
        "choice.shares: says nothing of the direction eastbound",
    ),
    "shares of a direction that do not sum": (
        "{ rail = 0.5, sea = 0.5 }", "¦{ rail = 0.5, sea = 0.6 }",
        "choice.shares.westbound: must sum to 1 (got 1.1)",
    ),
    "a share of an unknown route": (
        "{ rail = 0.5, sea = 0.5 }", "{ rail = 0.5, ¦see = 0.5 }",
        "choice.shares.westbound.see: no route of this name; did you mean sea?",
    ),
    "shares by direction without directions": (
        *UNDIRECTED, "{ westbound = [", "[", ", 1.5] }", ", 1.5]",
        '[assumptions."demand.monthly.westbound"]', '[assumptions."demand.monthly"]',
        "shares = {", "shares = ¦{",
        "choice.shares: is by direction, but there are no demand.directions",
    ),
}  # fmt: skip

PHASES: dict[str, Row] = {
    "no start": (
        "start = 2001-01-01\n", "", "[run]", "[¦run]",
        ("run.start: is required where anything has a date: the first day of the measured window, "
        "by which days have dates"),
    ),
    "start as text": (
        "start = 2001-01-01", 'start = ¦"2001-01-01"', f"run.start: {A_DATE} (got '2001-01-01')",
    ),
    "start at an hour": (
        "start = 2001-01-01", "start = ¦2001-01-01T06:00:00",
        f"run.start: {A_DATE} (got 2001-01-01T06:00:00)",
    ),
    "from as text": (
        "from = 2002-01-01", 'from = ¦"2002-01-01"',
        f"phases.boom.from: {A_DATE} (got '2002-01-01')",
    ),
    "from an hour": (
        "from = 2002-01-01", "from = ¦2002-01-01 06:00:00Z",
        f"phases.boom.from: {A_DATE} (got 2002-01-01T06:00:00+00:00)",
    ),
    "no from": (
        "[phases.boom]\nfrom = 2002-01-01", "[phases.¦boom]", "phases.boom.from: is required",
    ),
    "after the run": (
        "from = 2002-01-01", "from = ¦2003-01-01",
        f"phases.boom.from: is outside {RUN} (got 2003-01-01)",
    ),
    "before the run": (
        "from = 2002-01-01", "from = ¦2000-12-01",
        f"phases.boom.from: is outside {RUN} (got 2000-12-01)",
    ),
    "nothing set": (
        "[phases.bust]", "[phases.later]\nfrom = 2002-02-02\nset = ¦{}\n[phases.bust]",
        "phases.later.set: is empty: say what changes",
    ),
    "unknown route": (
        FREIGHT, '¦"routes.rial.freight_usd" = 900',
        """phases.boom.set."routes.rial.freight_usd": no 'rial' here; did you mean rail?""",
    ),
    "misspelt key": (
        FREIGHT, '¦"routes.rail.fright_usd" = 900',
        ("""phases.boom.set."routes.rail.fright_usd": no 'fright_usd' here; """
        "did you mean freight_usd?"),
    ),
    "a key that stays": (
        FREIGHT, '¦"facilities.dmz.discipline" = "fifo"',
        f'phases.boom.set."facilities.dmz.discipline": {MAY_CHANGE}',
    ),
    "the kind of a stage": (
        FREIGHT, '¦"routes.rail.stages.customs.kind" = "facility"',
        f'phases.boom.set."routes.rail.stages.customs.kind": {MAY_CHANGE}',
    ),
    "the days of the run": (
        FREIGHT, '¦"run.days" = 3', f'phases.boom.set."run.days": {MAY_CHANGE}',
    ),
    "dots without quotes": (
        FREIGHT, "¦routes.rail.freight_usd = 900",
        ("phases.boom.set.routes: a path with dots stands in quotes, all of it: "
        '"routes.rail.freight_usd"'),
    ),
    "half of the path in quotes": (
        FREIGHT, '¦"routes.rail".freight_usd = 900',
        ('phases.boom.set."routes.rail": a path with dots stands in quotes, all of it: '
        '"routes.rail.freight_usd"'),
    ),
    "a bad value": (
        FREIGHT, '"routes.rail.freight_usd" = ¦-900',
        'phases.boom.set."routes.rail.freight_usd": must be at least 0 (got -900)',
    ),
    "a bad value under a header": (
        "{ uniform = [9, 14] }", "¦[14, 9]",
        f'phases.bust.set."{DAYS}": must rise: two figures [low, high] (got [14, 9])',
    ),
    "shares that no longer sum": (
        "{ rail = 0.1, sea = 0.9 }", "¦{ rail = 0.1, sea = 0.8 }",
        'phases.bust.set."choice.shares.eastbound": must sum to 1 (got 0.9)',
    ),
    "one share of several": (
        'eastbound" = { rail = 0.1, sea = 0.9 }', 'eastbound.rail" = ¦0.5',
        ('phases.bust.set."choice.shares.eastbound.rail": choice.shares.eastbound: must sum to 1 '
        "(got 1.1)"),
    ),
    "an unknown route inside": (
        "{ rail = 0.1, sea = 0.9 }", "{ rail = 0.4, ¦see = 0 }",
        'phases.bust.set."choice.shares.eastbound".see: no route of this name; did you mean sea?',
    ),
    "headway for service": (
        FREIGHT, '¦"facilities.dmz.headway_hours" = 3',
        ('phases.boom.set."facilities.dmz.headway_hours": a facility keeps service_hours for the '
        "whole run: set that instead"),
    ),
    "a key that needs another": (
        "set = {", "set = ¦{", FREIGHT, '"routes.rail.stages.customs.km_per_day" = 900',
        "phases.boom.set: routes.rail.stages.customs.length_km: is required by km_per_day",
    ),
    "what was wrong before is told once": (
        "freight_usd = 1_300", "freight_usd = ¦-1",
        "routes.sea.freight_usd: must be at least 0 (got -1)",
    ),
}  # fmt: skip

FAULTS = {
    f"{kind}: {what}": row
    for kind, rows in {
        "names": NAMES, "legs": LEGS, "gauges": GAUGES, "demand": DEMAND, "phases": PHASES,
    }.items()
    for what, row in rows.items()
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_told_at_its_place_and_alone(what: str, tmp_path: Path) -> None:
    *replacements, fault = FAULTS[what]
    text = changed(EVERY_KEY, *replacements)
    before = text[: text.index("¦")].split("\n")
    path = written(tmp_path, text.replace("¦", ""))
    assert faults(path) == [f"{path}:{len(before)}:{len(before[-1]) + 1}: {fault}"]


TOGETHER = [
    "names: unknown facility", "names: unknown place of a leg", "names: name of a place",
    "names: ledger of an unknown class", "legs: hours of both kinds", "legs: no time of a leg",
    "demand: classes that do not sum", "demand: eleven months", "phases: after the run",
    "demand: shares of a direction that do not sum", "phases: shares that no longer sum",
    "phases: a key that stays", "phases: a bad value under a header",
]  # fmt: skip


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = EVERY_KEY
    for what in TOGETHER:
        text = changed(text, *FAULTS[what][:-1])
    told = faults(written(tmp_path, text.replace("¦", "")))
    assert len(told) == len(TOGETHER)
    for what in TOGETHER:
        assert sum(line.endswith(f": {FAULTS[what][-1]}") for line in told) == 1, what
    lines = [int(line.split(":")[1]) for line in told]
    assert lines == sorted(lines)


ODD: list[Any] = [None, True, -1, 1e300, "x", [], {}, [[1]], {"a": {}}]


@pytest.mark.parametrize("odd", sampled(ODD, [-1, "x", [[1]], {"a": {}}]), ids=str)
def test_any_value_that_is_none_is_told_without_a_traceback(odd: Any) -> None:
    whole = tomllib.loads(EVERY_KEY)
    told = 0
    for path in paths(whole):
        data = with_value(whole, path, odd)
        try:
            validated(Draft("odd.toml", data), "odd")
        except sim.ScenarioError as error:
            told += bool(error.faults)
    assert told > 60


def paths(data: Any) -> Iterator[tuple[str, ...]]:
    """All paths to values and tables."""
    for key, value in data.items() if isinstance(data, dict) else ():
        yield (key,)
        yield from ((key, *inner) for inner in paths(value))


def with_value(data: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    inner = value if len(path) == 1 else with_value(data[path[0]], path[1:], value)
    return {**data, path[0]: inner}


def test_an_earlier_phase_is_told_once_and_a_later_one_builds_on_it(tmp_path: Path) -> None:
    boom = '"routes.rail.stages.customs.km_per_day" = 900'
    text = changed(EVERY_KEY, FREIGHT, boom)
    assert len(faults(written(tmp_path, text))) == 1
    later = changed(text, "[phases.bust.set]", '[phases.bust.set]\n"run.days" = 3')
    assert len(faults(written(tmp_path, later))) == 2


def test_phases_are_checked_in_the_order_of_their_dates(tmp_path: Path) -> None:
    first = '[phases.a_later]\nfrom = 2002-03-01\nset = { "choice.shares.westbound.sea" = 1.0 }\n'
    text = changed(EVERY_KEY, "[phases.boom]", f"{first}[phases.boom]")
    text = changed(text, FREIGHT, '"choice.shares.westbound" = { rail = 0.0, sea = 1 }')
    assert loaded(tmp_path, text).eras[-1].scenario.choice.shares_of("westbound")["sea"] == 1


def test_a_big_corridor_is_refused_at_once(tmp_path: Path) -> None:
    """100 routes of 20 legs over 1,000 places, and 50 phases: too many mistakes in a moment."""
    text = (
        "[run]\nstart = 2001-01-01\n[demand]\ncontainers_per_year = 9\n"
        "[choice]\nrule = 'fastest'\n[places]\n"
    )
    place = "= { latitude = 1, longitude = 2, gauge_mm = [1520] }"
    text += "".join(f"p{n} {place}\n" for n in range(1000))
    for route in range(100):
        text += f"[routes.r{route}.stages]\n"
        text += "t = { kind = 'departures', every_days = 1, capacity = 9 }\n"
        for n in range(20):
            leg = f"mode = 'rail', days = 1, via = ['p{n}', 'p{n + 1}']"
            text += f"l{n} = {{ kind = 'transit', {leg} }}\n"
    for phase in range(50):
        sets = ", ".join(f"'routes.r{n}.freight_usd' = {phase}" for n in range(10))
        text += (
            f"[phases.f{phase}]\nfrom = 2001-02-01\nset = {{ {sets}, 'routes.r1.fright' = 1 }}\n"
        )
    path = written(tmp_path, text)
    with soon(2):
        assert len(faults(path)) == 50
