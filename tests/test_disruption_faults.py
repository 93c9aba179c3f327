"""What can be wrong with disruptions, fleets, quotas, detours and carbon in a file.

Each fault is told at its place with value, rule and remedy, and all of a file together.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from corridors import loaded, written
from every_key import A_DATE, EVERY_KEY, FREIGHT, RUN, changed, faults
from soon import soon
from test_faults import transsib

import sim
from sim.scenario.phases import CHANGEABLE

Row = tuple[str, ...]
"""What is replaced and by what, once or more (¦ marks the place that is told), and the fault."""

FORMS = (
    "is nothing that can be disrupted: say demand, routes.R.stages.S, facilities.F or "
    "facilities.F.servers"
)
MAY_CHANGE = f"stays for the whole run; a phase may change {', '.join(sorted(CHANGEABLE))}"
STRIKE = 'effect = "capacity", factor = 0.5, per_year = 2'
VOYAGE = '"routes.sea.stages.voyage"'

TARGETS: dict[str, Row] = {
    "unknown route": (
        VOYAGE, '¦"routes.see.stages.voyage"',
        ("disruptions.canal.target: no route of this name; did you mean sea? "
        "(got 'routes.see.stages.voyage')"),
    ),
    "unknown stage": (
        VOYAGE, '¦"routes.sea.stages.voyge"',
        ("disruptions.canal.target: no stage of this name; did you mean voyage? "
        "(got 'routes.sea.stages.voyge')"),
    ),
    "unknown facility": (
        'target = "facilities.dmz"', 'target = ¦"facilities.dmx"',
        ("disruptions.border.target: no facility of this name; did you mean dmz? "
        "(got 'facilities.dmx')"),
    ),
    "a facility stage": (
        VOYAGE, '¦"routes.rail.stages.border"',
        ("disruptions.canal.target: is a facility that other routes may pass too: say "
        "facilities.dmz (got 'routes.rail.stages.border')"),
    ),
    "a whole route": (
        VOYAGE, '¦"routes.sea"',
        ("disruptions.canal.target: is a whole route: say one of its stages, routes.sea.stages.S "
        "(got 'routes.sea')"),
    ),
    "the stages of a route": (
        VOYAGE, '¦"routes.sea.stages"',
        ("disruptions.canal.target: is a whole route: say one of its stages, routes.sea.stages.S "
        "(got 'routes.sea.stages')"),
    ),
    "a figure": (
        VOYAGE, '¦"routes.sea.freight_usd"',
        f"disruptions.canal.target: {FORMS} (got 'routes.sea.freight_usd')",
    ),
    "a fleet": (
        VOYAGE, '¦"fleets.sets"', f"disruptions.canal.target: {FORMS} (got 'fleets.sets')",
    ),
    "misspelt servers": (
        '"facilities.gauge.servers"', '¦"facilities.gauge.server"',
        f"disruptions.wear.target: {FORMS} (got 'facilities.gauge.server')",
    ),
    "a million servers": (
        '"khasan"\nchanges', '"khasan"\nservers = 1_000_000\nchanges',
        '"facilities.gauge.servers"', '¦"facilities.gauge.servers"',
        ("disruptions.wear.target: has more than 10,000 servers, too many to fail each by itself "
        "(got 'facilities.gauge.servers')"),
    ),
    "nothing": (
        VOYAGE, '¦""', "disruptions.canal.target: must not be empty (got '')",
    ),
    "a number": (VOYAGE, "¦3", "disruptions.canal.target: must be text (got 3)"),
    "none": (
        f"canal = {{ target = {VOYAGE}, ", "¦canal = { ",
        "disruptions.canal.target: is required",
    ),
}  # fmt: skip

EFFECTS: dict[str, Row] = {
    "misspelt": (
        f'{VOYAGE}, effect = "closed"', f'{VOYAGE}, effect = ¦"close"',
        ("disruptions.canal.effect: must be one of closed, slower, capacity, dearer (got 'close'); "
        "did you mean closed?"),
    ),
    "slower departures": (
        STRIKE, 'effect = ¦"slower", factor = 2, per_year = 2',
        ("disruptions.strike.effect: of departures may be closed, capacity or dearer "
        "(got 'slower')"),
    ),
    "capacity of a transit": (
        f'{VOYAGE}, effect = "closed"', f'{VOYAGE}, effect = ¦"capacity", factor = 0.5',
        ("disruptions.canal.effect: of a transit may be closed, slower or dearer "
        "(got 'capacity')"),
    ),
    "dearer demand": (
        'effect = "capacity", factor = 0.7', 'effect = ¦"dearer", factor = 0.7',
        "disruptions.slump.effect: of the demand may be closed or capacity (got 'dearer')",
    ),
    "slower single servers": (
        'servers", effect = "closed"', 'servers", effect = ¦"slower", factor = 2',
        "disruptions.wear.effect: of single servers may be closed (got 'slower')",
    ),
    "no factor": (
        STRIKE, STRIKE.replace("factor = 0.5, ", ""), "strike = {", "¦strike = {",
        "disruptions.strike.factor: is required by capacity",
    ),
    "a factor of closed": (
        f'{VOYAGE}, effect = "closed"', f'{VOYAGE}, effect = "closed", ¦factor = 0.5',
        "disruptions.canal.factor: has no meaning for closed: leave it out",
    ),
    "slower that is faster": (
        "factor = 1.5", "factor = ¦0.5",
        ("disruptions.winter.factor: must be at least 1: slower takes so many times as long "
        "(got 0.5)"),
    ),
    "more capacity": (
        "factor = 0.5", "factor = ¦50",
        ("disruptions.strike.factor: must be at most 1: the part of the capacity that is left "
        "(got 50)"),
    ),
    "a negative factor": (
        "factor = 1.5", "factor = ¦-1.5",
        "disruptions.winter.factor: must be at least 0 (got -1.5)",
    ),
    "hold of departures": (
        STRIKE, f'under_way = ¦"hold", {STRIKE}',
        ("disruptions.strike.under_way: capacity of departures holds nobody who is under way: "
        "leave it out"),
    ),
    "hold of demand": (
        'factor = 0.7', 'factor = 0.7, under_way = ¦"hold"',
        ("disruptions.slump.under_way: capacity of the demand holds nobody who is under way: "
        "leave it out"),
    ),
    "hold of what is dearer": (
        "factor = 1.3", 'factor = 1.3, under_way = ¦"hold"',
        ("disruptions.surcharge.under_way: dearer of departures holds nobody who is under way: "
        "leave it out"),
    ),
    "a server that fails and goes on": (
        'servers", effect', 'servers", under_way = ¦"continue", effect',
        ("disruptions.wear.under_way: a server that fails holds what it serves, which goes on when "
        "it is repaired"),
    ),
    "misspelt under way": (
        'under_way = "continue"', 'under_way = ¦"continues"',
        ("disruptions.border.under_way: must be one of continue, hold (got 'continues'); "
        "did you mean continue?"),
    ),
}  # fmt: skip

MANY = "happens more than 100,000 times in a run: say what lasts as one"
WHEN: dict[str, Row] = {
    "never said": (
        "canal = {", "canal = ¦{", "from = 2001-08-23, ", "",
        "disruptions.canal: needs one of from, per_year, up_days: when it happens",
    ),
    "said twice": (
        "from = 2001-08-23", "from = 2001-08-23, ¦per_year = 2",
        "disruptions.canal.per_year: say only one of from, per_year",
    ),
    "both at random": (
        "up_days = { exp", "per_year = 1, ¦up_days = { exp",
        "disruptions.wear.up_days: say only one of per_year, up_days",
    ),
    "before the run": (
        "from = 2001-08-23", "from = ¦2000-12-01",
        f"disruptions.canal.from: is outside {RUN} (got 2000-12-01)",
    ),
    "after the run": (
        "from = 2001-08-23", "from = ¦2003-01-01",
        f"disruptions.canal.from: is outside {RUN} (got 2003-01-01)",
    ),
    "a date as text": (
        "from = 2001-08-23", 'from = ¦"2001-08-23"',
        f"disruptions.canal.from: {A_DATE} (got '2001-08-23')",
    ),
    "misspelt from": (
        "from = 2001-08-23", "per_year = 1, ¦form = 2001-08-23",
        "disruptions.canal.form: unknown key; did you mean from?",
    ),
    "no days": (
        ", days = 6 }", " }", "canal = {", "¦canal = {", "disruptions.canal.days: is required",
    ),
    "days 0": (
        "days = 6 }", "days = ¦0 }",
        ("disruptions.canal.days: must be more than 0: a disruption lasts; per_year = 0 is for one "
        "that never comes"),
    ),
    "negative days": (
        "days = 6 }", "days = ¦-6 }",
        "disruptions.canal.days: must be between 0 and 1e+12 (got -6)",
    ),
    "a negative rate": (
        "per_year = 0.5", "per_year = ¦-1",
        "disruptions.border.per_year: must be at least 0 (got -1)",
    ),
    "hardly any time between": (
        "per_year = 0.5, days = { lognormal = { median = 5, p95 = 13 } }",
        "up_days = ¦1e-9, days = 1e-9", f"disruptions.border.up_days: {MANY}",
    ),
    "no time between": (
        "per_year = 0.5, days = { lognormal = { median = 5, p95 = 13 } }",
        "up_days = ¦0, days = 0.001", f"disruptions.border.up_days: {MANY}",
    ),
    "short ones but for one in a million": (
        "per_year = 0.5, days = { lognormal = { median = 5, p95 = 13 } }",
        "up_days = ¦0, days = { gamma = { mean = 10, sd = 1e6 } }",
        f"disruptions.border.up_days: {MANY}",
    ),
    "a rate in another unit": (
        "per_year = 2", "per_year = ¦1e9", "days = [3, 9]", "days = 1e-4",
        f"disruptions.strike.per_year: {MANY}",
    ),
    "a few, of each of many servers": (
        '"khasan"\nchanges', '"khasan"\nservers = 10_000\nchanges',
        "up_days = { exp", "up_days = ¦{ exp", f"disruptions.wear.up_days: {MANY}",
    ),
    "a name": (
        "canal = {", '¦"c d" = {',
        ("disruptions.c d: a name has letters a-z, digits, - and _ (at most 60, no - or _ first) "
        "(got 'c d')"),
    ),
}  # fmt: skip

FULL = 'dispatch = "full", longest_hold_days = 3'
DETOUR = "detour = { days = [40, 52], length_km = 27_000"
CAPE = 'via = ["busan", "cape", "moscow"]'
STAGES: dict[str, Row] = {
    "unknown fleet": (
        'fleet = "sets"', 'fleet = ¦"set"',
        "routes.rail.stages.trains.fleet: no fleet of this name (got 'set'); did you mean sets?",
    ),
    "a fleet of two stages": (
        'fleet = "feeders"', 'fleet = ¦"sets"',
        ("routes.short-sea.stages.feeder.fleet: sets are the vehicles of "
        "routes.rail.stages.trains: a fleet is of one stage"),
    ),
    "no vehicles": (
        "vehicles = 100", "vehicles = ¦0", "fleets.sets.vehicles: must be at least 1 (got 0)",
    ),
    "no turnaround": (
        "sets = { vehicles = 100, turnaround_days = [1, 3] }", "¦sets = { vehicles = 100 }",
        "fleets.sets.turnaround_days: is required",
    ),
    "full with a timetable": (
        FULL, f"{FULL}, ¦every_days = 1",
        ('routes.short-sea.stages.feeder.every_days: dispatch = "full" has no timetable: leave it '
        "out, or the dispatch"),
    ),
    "hold on a timetable": (
        FULL, "every_days = 1, ¦longest_hold_days = 3",
        ('routes.short-sea.stages.feeder.longest_hold_days: is for dispatch = "full": on a '
        "timetable vehicles hold for nobody"),
    ),
    "misspelt dispatch": (
        FULL, 'dispatch = ¦"ful", every_days = 1',
        ("routes.short-sea.stages.feeder.dispatch: must be one of timetable, full (got 'ful'); "
        "did you mean full?"),
    ),
    "misspelt unlimited": (
        "longest_hold_days = 3", 'longest_hold_days = ¦"unlimitd"',
        ("routes.short-sea.stages.feeder.longest_hold_days: must be a number of days or "
        "\"unlimited\" (got 'unlimitd')"),
    ),
    "a quota that is none": (
        "containers = 600", "containers = ¦-600",
        "routes.rail.stages.trains.quota.containers: must be at least 0 (got -600)",
    ),
    "a quota of an unknown period": (
        'per = "month"', 'per = ¦"week"',
        ("routes.rail.stages.trains.quota.per: must be one of year, month, day (got 'week')"),
    ),
    "a quota of no period": (
        'quota = { containers = 600, per = "month", carry', "¦quota = { containers = 600, carry",
        "routes.rail.stages.trains.quota.per: is required",
    ),
    "a detour that goes elsewhere": (
        CAPE, 'via = ¦["busan", "cape"]',
        ("routes.sea.stages.voyage.detour.via: must go from busan to moscow, as the leg does "
        "(got busan to cape)"),
    ),
    "an unknown place of a detour": (
        CAPE, 'via = ["busan", ¦"kape", "moscow"]',
        ("routes.sea.stages.voyage.detour.via.1: no place of this name (got 'kape'); "
        "did you mean cape?"),
    ),
    "a place twice in a row": (
        CAPE, 'via = ["busan", "cape", ¦"cape", "moscow"]',
        "routes.sea.stages.voyage.detour.via.2: names 'cape' twice in a row",
    ),
    "a gauge break inside": (
        "days = [8, 12],",
        'days = [8, 12], detour = { days = 20, via = ["khasan", "busan", ¦"moscow"] },',
        ("routes.rail.stages.main-line.detour.via.2: a gauge break inside one leg: 1435 mm to "
        "busan, 1520 mm at moscow; make two legs with a stage of a facility with changes_gauge = "
        "true between"),
    ),
    "neither days nor speed": (
        DETOUR, "detour = ¦{ length_km = 27_000",
        "routes.sea.stages.voyage.detour: needs one of days, km_per_day",
    ),
    "days and speed": (
        DETOUR, f"{DETOUR}, ¦km_per_day = 600",
        "routes.sea.stages.voyage.detour.km_per_day: say only one of days, km_per_day",
    ),
    "speed without a length": (
        "detour = { length_km = 9_000, ", "¦detour = { ",
        "routes.short-sea.stages.crossing.detour.length_km: is required by km_per_day",
    ),
    "a detour of departures": (
        "capacity = 400", "capacity = 400, ¦detour = { days = 3 }",
        ("routes.sea.stages.sailing.detour: unknown key; known here: kind, capacity, vehicle, "
        "place, every_days, per_day, annual_capacity, dispatch, longest_hold_days, fleet, quota, "
        "handling_usd"),
    ),
    "a detour of a facility": (
        'facility = "dmz"', 'facility = "dmz", ¦detour = { days = 3 }',
        "routes.rail.stages.border.detour: unknown key; known here: kind, facility",
    ),
    "carbon below nothing": (
        "rail_g_per_tonne_km = 22", "rail_g_per_tonne_km = ¦-22",
        "carbon.rail_g_per_tonne_km: must be at least 0 (got -22)",
    ),
    "carbon of an unknown mode": (
        "rail_g_per_tonne_km = 22", "¦rial_g_per_tonne_km = 22",
        "carbon.rial_g_per_tonne_km: unknown key; did you mean rail_g_per_tonne_km?",
    ),
    "carbon without a weight": (
        "[carbon]\ntonnes_per_container = 14", "[¦carbon]",
        "carbon.tonnes_per_container: is required",
    ),
    "negative handling": (
        "handling_usd = 20", "handling_usd = ¦-20",
        "facilities.dmz.handling_usd: must be at least 0 (got -20)",
    ),
    "negative inertia": (
        "inertia_days = 10", "inertia_days = ¦-1",
        "choice.inertia_days: must be at least 0 (got -1)",
    ),
}  # fmt: skip

PHASES: dict[str, Row] = {
    "a disruption": (
        FREIGHT, '¦"disruptions.canal.days" = 9',
        f'phases.boom.set."disruptions.canal.days": {MAY_CHANGE}',
    ),
    "a fleet": (
        FREIGHT, '¦"fleets.sets.vehicles" = 9',
        f'phases.boom.set."fleets.sets.vehicles": {MAY_CHANGE}',
    ),
    "a quota": (
        FREIGHT, '¦"routes.rail.stages.trains.quota.containers" = 9',
        f'phases.boom.set."routes.rail.stages.trains.quota.containers": {MAY_CHANGE}',
    ),
    "more servers than may fail": (
        "set = {", "set = ¦{", FREIGHT, '"facilities.gauge.servers" = 20_000',
        ('phases.boom.set: disruptions.wear.target: has more than '
        "10,000 servers, too many to fail each by itself (got 'facilities.gauge.servers')"),
    ),
    "a timetable where there is none": (
        FREIGHT, '¦"routes.short-sea.stages.feeder.every_days" = 2',
        ('phases.boom.set."routes.short-sea.stages.feeder.every_days": vehicles that leave when '
        'full do so for the whole run: dispatch = "full"'),
    ),
    "a detour where there is none": (
        FREIGHT, '¦"routes.rail.stages.korea.detour.days" = 2',
        ('phases.boom.set."routes.rail.stages.korea.detour.days": there is no '
        "routes.rail.stages.korea.detour to change"),
    ),
}  # fmt: skip

FAULTS = {
    f"{kind}: {what}": row
    for kind, rows in {
        "target": TARGETS, "effect": EFFECTS, "when": WHEN, "stage": STAGES, "phase": PHASES,
    }.items()
    for what, row in rows.items()
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_told_at_its_place_and_alone(what: str, tmp_path: Path) -> None:
    *replacements, fault = FAULTS[what]
    text = changed(EVERY_KEY, *replacements)
    before = text[: text.index("¦")].split("\n")
    path = written(tmp_path, text.replace("¦", ""))
    with soon(2):
        assert faults(path) == [f"{path}:{len(before)}:{len(before[-1]) + 1}: {fault}"]


TOGETHER = [
    "target: unknown stage", "target: a facility stage", "effect: slower that is faster",
    "effect: a factor of closed", "when: a negative rate", "stage: unknown fleet",
    "stage: full with a timetable", "stage: a quota that is none", "stage: a detour of a facility",
    "stage: carbon of an unknown mode", "phase: a disruption",
]  # fmt: skip


def test_all_faults_of_a_file_are_told_at_once_by_the_command_line(tmp_path: Path) -> None:
    text = EVERY_KEY
    for what in TOGETHER:
        if what not in ("target: a facility stage", "effect: a factor of closed"):  # one a stage
            text = changed(text, *FAULTS[what][:-1])
    written(tmp_path, text.replace("¦", ""))
    done = transsib("check", "small.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == len(TOGETHER) - 2
    assert "Traceback" not in done.stderr


def test_a_bad_run_is_told_without_its_disruptions(tmp_path: Path) -> None:
    text = changed(EVERY_KEY, "days = 730", "days = 'x'")
    assert [fault.split(": ")[1] for fault in faults(written(tmp_path, text))] == ["run.days"]


def test_phases_of_one_route_leave_disruptions_of_others_alone(tmp_path: Path) -> None:
    text = changed(EVERY_KEY, FREIGHT, '"routes.sea.freight_usd" = 900')
    assert len(loaded(tmp_path, text).eras) == 3


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("disruptions.canal.per_year", 10**400),
        ("disruptions.canal.days", float("nan")),
        ("disruptions.strike.factor", float("inf")),
        ("run.days", 10**400),
    ],
)
def test_numbers_that_are_none_are_told(path: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(sim.ScenarioError, match=path):
        loaded(tmp_path, EVERY_KEY).with_changes({path: value})
