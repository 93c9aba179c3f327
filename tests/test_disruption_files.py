"""Files that say what goes wrong: how they extend each other, what is known beforehand."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from corridors import loaded, written
from every_key import EVERY_KEY, FREIGHT, changed

import sim
from sim.corridor import streams
from sim.errors import UsageError
from sim.experiments.trials import check_known
from sim.scenario.files import load_with_notes
from sim.scenario.fleets import fleets, within_fleets
from sim.scenario.fluid import flows
from sim.scenario.options import setting, varying
from sim.scenario.preview import to_json
from sim.scenario.uncertain import idle, uncertain
from sim.scenario.writing import to_toml
from sim.views.previews import print_preview

# --- Laid over one another ------------------------------------------------------------------------


def child(tmp_path: Path, text: str) -> sim.Scenario:
    written(tmp_path, EVERY_KEY, "parent")
    return loaded(tmp_path, f'extends = "parent.toml"\n{text}', "child")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("canal", "per_year = 2"),
        ("canal", "up_days = 30"),
        ("strike", "from = 2001-05-05"),
        ("strike", "up_days = [20, 30]"),
        ("wear", "per_year = 3"),
    ],
)
def test_another_when_takes_the_place_of_the_inherited_one(
    name: str, said: str, tmp_path: Path
) -> None:
    data = child(tmp_path, f"[disruptions]\n{name} = {{ {said} }}\n").to_data()
    keys = data["disruptions"][name].keys() & {"from", "per_year", "up_days"}
    assert keys == {said.partition(" ")[0]}


def test_an_inherited_disruption_is_switched_off_by_a_rate_of_0(tmp_path: Path) -> None:
    scenario = child(tmp_path, "[disruptions]\ncanal = { per_year = 0 }\n")
    gap = scenario.disruptions["canal"].gap
    assert gap is not None
    assert gap.bounds[0] > scenario.run.horizon  # it never comes
    assert "canal" not in {each.name for each in scenario.preview().disruptions}


FEEDER = "[routes.short-sea.stages]\nfeeder = "
TRAINS = "[routes.rail.stages]\ntrains = "


def test_full_takes_the_place_of_an_inherited_timetable(tmp_path: Path) -> None:
    scenario = child(tmp_path, f'{TRAINS}{{ dispatch = "full", longest_hold_days = 2 }}\n')
    trains = scenario.routes["rail"].departures["trains"]
    assert (trains.on_timetable, trains.annual_capacity, trains.longest_hold) == (False, None, 2)


def test_a_timetable_takes_the_place_of_an_inherited_full(tmp_path: Path) -> None:
    feeder = child(tmp_path, f"{FEEDER}{{ per_day = 0.5 }}\n").routes["short-sea"].departures
    assert feeder["feeder"].on_timetable
    assert feeder["feeder"].longest_hold_days is None


@pytest.mark.parametrize("said", ['dispatch = "full"', "longest_hold_days = 9", "capacity = 7"])
def test_what_does_not_change_the_dispatch_keeps_it(said: str, tmp_path: Path) -> None:
    feeder = child(tmp_path, f"{FEEDER}{{ {said} }}\n").routes["short-sea"].departures["feeder"]
    assert not feeder.on_timetable
    assert feeder.longest_hold_days == (9 if "9" in said else 3)


def test_a_detour_by_speed_takes_the_place_of_one_by_days(tmp_path: Path) -> None:
    text = "[routes.sea.stages]\nvoyage = { detour = { km_per_day = 540 } }\n"
    voyage: Any = child(tmp_path, text).routes["sea"].stages["voyage"]
    assert voyage.detour.days is None
    assert voyage.detour.duration.mean == 27_000 / 540


@pytest.mark.parametrize(
    ("option", "path", "value"),
    [
        ("disruptions.canal.days=10", ("disruptions", "canal", "days"), 10),
        ("disruptions.canal.from=2002-02-02", ("disruptions", "canal", "from"), date(2002, 2, 2)),
        ("disruptions.canal.per_year=2", ("disruptions", "canal", "per_year"), 2),
        ("disruptions.strike.days=12", ("disruptions", "strike", "days"), [6, 18]),
        ("disruptions.winter.factor=2", ("disruptions", "winter", "factor"), 2),
        ("disruptions.canal.under_way=hold", ("disruptions", "canal", "under_way"), "hold"),
        ("disruptions.wear.up_days=30", ("disruptions", "wear", "up_days"), {"exponential": 30}),
        ("fleets.sets.vehicles=5", ("fleets", "sets", "vehicles"), 5),
        ("fleets.sets.turnaround_days=4", ("fleets", "sets", "turnaround_days"), [2, 6]),
        ("carbon.rail_g_per_tonne_km=5", ("carbon", "rail_g_per_tonne_km"), 5),
        (
            "routes.sea.stages.voyage.detour.days=23",
            ("routes", "sea", "stages", "voyage", "detour", "days"), [20, 26],
        ),
        (
            "routes.rail.stages.trains.quota.per=day",
            ("routes", "rail", "stages", "trains", "quota", "per"), "day",
        ),
        (
            "routes.rail.stages.trains.dispatch=full",
            ("routes", "rail", "stages", "trains", "dispatch"), "full",
        ),
    ],
)  # fmt: skip
def test_every_path_can_be_set(
    option: str, path: tuple[str, ...], value: Any, tmp_path: Path
) -> None:
    data: Any = load_with_notes(written(tmp_path, EVERY_KEY), [setting(option)])[0].to_data()
    for part in path:
        data = data[part]
    assert data == value


def test_rates_and_fleets_can_be_swept(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, EVERY_KEY)
    for option in ("disruptions.strike.per_year=0:4:1", "fleets.sets.vehicles=1,5,9"):
        path, values = varying(option)
        assert len({scenario.with_changes({path: value}).key for value in values}) == len(values)


def test_an_option_that_sets_no_disruption_is_told(tmp_path: Path) -> None:
    with pytest.raises(sim.ScenarioError, match=r"no 'canl' here; did you mean canal\?"):
        load_with_notes(written(tmp_path, EVERY_KEY), [setting("disruptions.canl.days=1")])


def test_a_phase_changes_the_vehicles_of_any_dispatch_and_the_days_of_a_detour(
    tmp_path: Path,
) -> None:
    sets = '"routes.short-sea.stages.feeder.capacity" = 30, "routes.sea.stages.voyage.detour.days"'
    last = loaded(tmp_path, changed(EVERY_KEY, FREIGHT, f"{sets} = 60")).eras[-1].scenario
    assert last.routes["short-sea"].departures["feeder"].capacity == 30
    voyage: Any = last.routes["sea"].stages["voyage"]
    assert voyage.detour.duration.mean == 60


# --- Assumptions ----------------------------------------------------------------------------------

RANGES = {
    "disruptions.strike.per_year": (0.0, 4.0),
    "disruptions.canal.days": (3.0, 30.0),
    "fleets.sets.vehicles": (50.0, 150.0),
    "carbon.rail_g_per_tonne_km": (10.0, 30.0),
    "routes.sea.stages.voyage.detour.days": (40.0, 60.0),
}
LEDGER = "\n".join(
    f'[assumptions."{path}"]\nquality = "assumed"\nsource = "a guess"\nrange = {list(ends)}'
    for path, ends in RANGES.items()
)


def test_figures_of_what_goes_wrong_can_be_assumed_and_varied(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, EVERY_KEY + LEDGER)
    figures = {each.path: each for each in uncertain(scenario)}
    assert RANGES.items() <= {path: (f.low, f.high) for path, f in figures.items()}.items()
    for path, ends in RANGES.items():
        for end in ends:
            assert scenario.with_changes({path: figures[path].value(end)}).key != scenario.key
    assert figures["fleets.sets.vehicles"].value(50.4) == 50


def test_what_only_a_closed_route_has_does_not_vary(tmp_path: Path) -> None:
    phase = '"routes.rail.freight_usd" = 900.0, '
    text = changed(EVERY_KEY, phase, "", "[routes.rail]\n", "[routes.rail]\nclosed = true\n")
    closed = idle(loaded(tmp_path, text + LEDGER))
    assert {"disruptions.strike.per_year", "fleets.sets.vehicles"} <= set(closed)
    assert not {"disruptions.canal.days", "carbon.rail_g_per_tonne_km"} & set(closed)


# --- What is known without simulating -------------------------------------------------------------

SHUTTLE = """
[run]
warmup_days = 0
days = 365

[demand]
containers_per_year = 3_000

[fleets.sets]
vehicles = 4
turnaround_days = 2

[facilities.border]
service_hours = 24
servers = 2

[routes.rail.stages]
trains = { kind = "departures", every_days = 1, capacity = 10, fleet = "sets" }
line = { kind = "transit", days = 7 }
border = { kind = "facility", facility = "border" }
"""
TWO_WAYS = ("[fleets", "directions = { out = 0.5, back = 0.5 }\n[fleets")


def test_a_fleet_that_comes_back_empty(tmp_path: Path) -> None:
    """8 days there, as long back, 2 to turn round: 4 sets leave 4 × 365 / 18 times a year."""
    scenario = loaded(tmp_path, SHUTTLE)
    (use,) = fleets(scenario)
    assert use.round_trip_days == 2 * (7 + 1) + 2
    assert use.departures_a_year == pytest.approx(4 * 365 / 18)
    assert (use.timetable_a_year, use.is_short, use.needed) == (365, True, 18)
    assert scenario.yearly_capacity("rail") == pytest.approx(10 * 4 * 365 / 18)
    assert scenario.with_changes({"fleets.sets.vehicles": 18}).yearly_capacity("rail") == 3650


def test_a_fleet_that_comes_back_as_the_opposite_departure(tmp_path: Path) -> None:
    """Both trips take 8 days and 2 to turn round: a departure each way in 20 days a set."""
    scenario = loaded(tmp_path, changed(SHUTTLE, *TWO_WAYS))
    (use,) = fleets(scenario)
    assert use.round_trip_days == 2 * (7 + 1 + 2)
    assert use.departures_a_year == pytest.approx(2 * 4 * 365 / 20)
    assert (use.timetable_a_year, use.needed) == (730, 20)
    assert scenario.yearly_capacity("rail") == pytest.approx(10 * 2 * 4 * 365 / 20)


@pytest.mark.parametrize("timetable", ["annual_capacity = 7_300", "per_day = 1"])
def test_two_directions_share_a_yearly_capacity(timetable: str, tmp_path: Path) -> None:
    scenario = loaded(tmp_path, changed(SHUTTLE, *TWO_WAYS, "every_days = 1", timetable))
    assert scenario.yearly_capacity("rail") == pytest.approx(10 * 2 * 4 * 365 / 20)


def test_the_engine_makes_as_many_departures_as_the_sketch_says(tmp_path: Path) -> None:
    daily = "\n[choice]\nposted_every_hours = 24\n"
    scenario = loaded(tmp_path, changed(SHUTTLE, "days = 365", "days = 3650") + daily)
    (leg,) = sim.simulate(scenario).ways[0].route("rail").legs
    a_year = len(leg.departed) / 10
    assert a_year == pytest.approx(fleets(scenario)[0].departures_a_year, rel=0.01)


def test_a_fleet_limits_vehicles_that_leave_when_full(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, changed(SHUTTLE, "every_days = 1", 'dispatch = "full"'))
    assert scenario.yearly_capacity("rail") == pytest.approx(10 * 4 * 365 / 18)
    (use,) = fleets(scenario)
    assert (use.timetable_a_year, use.is_short) == (None, False)
    free = changed(SHUTTLE, "every_days = 1", 'dispatch = "full"', ', fleet = "sets"', "")
    assert loaded(tmp_path, free).yearly_capacity("rail") == float("inf")


def test_flows_and_warnings_are_of_what_the_fleet_can_carry(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, SHUTTLE)
    assert flows(within_fleets(scenario)) == {"rail": pytest.approx(4 * 3650 / 18)}
    preview = scenario.preview()
    rail = preview.route("rail")
    assert (rail.binds, rail.steady) == ("trains", False)
    assert rail.stages[0].departures_a_year == 365  # as the timetable has them
    assert rail.stages[0].yearly_capacity == pytest.approx(4 * 3650 / 18)
    assert preview.warnings[1] == (
        "fleets.sets: 4 vehicles (vehicle) with a round trip of 18 days make 81.11 departures a "
        "year, and the timetable of routes.rail.stages.trains has 365: they leave late; 18 could "
        "keep it"
    )


@pytest.mark.parametrize(
    ("quota", "carried"),
    [
        ("containers = 1_200, per = 'year'", 1_200),
        ("containers = 100.9, per = 'month'", 1_200),  # a tenth of a container never books
        ("containers = 100.9, per = 'month', carry_over = true", 1_210.8),
        ("containers = 3, per = 'day'", 1_095),
        ("containers = 0.5, per = 'day'", 0),
        ("containers = 99_999, per = 'day'", 3_650),
    ],
)
def test_a_quota_limits_what_a_year_carries(quota: str, carried: float, tmp_path: Path) -> None:
    text = changed(SHUTTLE, 'fleet = "sets"', f"quota = {{ {quota} }}")
    assert loaded(tmp_path, text).yearly_capacity("rail") == pytest.approx(carried)


STEAMER = changed(SHUTTLE, "vehicles = 4", "vehicles = 40")
DETOURED = "days = 7, detour = { days = 5 } }"
ODD = {
    "longer than the run": (
        'target = "demand", effect = "closed", per_year = 1, days = 400',
        "disruptions.x.days: it lasts 400 days and 365 are simulated",
    ),
    "more often than once a week": (
        'target = "demand", effect = "closed", per_year = 73, days = 1',
        (
            "disruptions.x: 73 a year is one in 5 days without it; what is always so belongs in "
            "the figures themselves"
        ),
    ),
    "half a server": (
        'target = "facilities.border", effect = "capacity", factor = 0.4, per_year = 1, days = 1',
        "disruptions.x.factor: 0.4 of 2 servers is less than one: nothing is left",
    ),
    "less than a place": (
        (
            'target = "routes.rail.stages.trains", effect = "capacity", factor = 0.05, '
            "per_year = 1, days = 1"
        ),
        "disruptions.x.factor: 0.05 of 10 places is less than one: nothing is left",
    ),
}


@pytest.mark.parametrize("what", ODD)
def test_a_disruption_that_is_probably_not_meant_is_warned_of(what: str, tmp_path: Path) -> None:
    said, warning = ODD[what]
    text = f"{STEAMER}[disruptions]\nx = {{ {said} }}\n"
    assert loaded(tmp_path, text).preview().warnings == (warning,)
    off = text.replace("per_year = 73", "per_year = 0").replace("per_year = 1", "per_year = 0")
    assert loaded(tmp_path, off).preview().warnings == ()


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        (
            "days = 7 }", DETOURED,
            "routes.rail.stages.line.detour: 5 days are less than the 7 of the leg itself",
        ),
        (
            'fleet = "sets"', "quota = { containers = 400, per = 'month' }",
            "fleets.sets: no departures use it: it changes nothing",
        ),
        (
            'fleet = "sets"', "fleet = 'sets', quota = { containers = 400, per = 'month' }",
            ("routes.rail.stages.trains.quota: 400 containers a month are more than the 304.2 that "
            "its departures carry: it hardly ever binds"),
        ),
        (
            'fleet = "sets"', "fleet = 'sets', quota = { containers = 0.5, per = 'day' }",
            ("routes.rail.stages.trains.quota: 0.5 containers a day is less than one, and nothing "
            "is carried over: nobody ever books"),
        ),
        (
            "every_days = 1", "dispatch = 'full', longest_hold_days = 20",
            "routes.rail.stages.trains.longest_hold_days: a container waits up to 20 days",
        ),
    ],
)  # fmt: skip
def test_what_is_probably_not_meant_is_warned_of(
    old: str, new: str, warning: str, tmp_path: Path
) -> None:
    assert warning in loaded(tmp_path, changed(STEAMER, old, new)).preview().warnings


def printed(scenario: sim.Scenario) -> list[str]:
    out = StringIO()
    print_preview(scenario, (), out)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 100
    return [" ".join(line.split()) for line in lines]


def test_check_tells_what_may_go_wrong(tmp_path: Path) -> None:
    lines = printed(loaded(tmp_path, EVERY_KEY))
    for line in (
        "canal sea voyage from 2001-08-23 1 6 closed, detour of 46 d",
        "strike rail trains 2 a year 4.03 6 50 % of the places",
        "surcharge sea sailing 1 a year 1.79 60 freight × 1.3",
        "border dmz 0.5 a year 1.03 5.92 closed",
        "tracks gauge from 2002-02-01 1 30 2 times as long",
        "slump demand from 2002-09-01 1 120 70 % of the bookings",
        "feeders, vehicle 4 short-sea feeder 42.00 d 69.52 when full",
        (
            "trains: at most 600 may book a month, half of them each way, what is left is added to "
            "later ones"
        ),
    ):
        assert line in lines
    text = " ".join(lines)
    assert "wear each server of gauge after 60 d 12.3 2 closed; who is under way waits" in text
    assert "1.5 times as long, also for" in text
    assert "when full × 20 held at most 3" in text
    assert "inf" not in text.replace("information", "")


def test_check_tells_of_vehicles_that_hold_without_limit(tmp_path: Path) -> None:
    text = changed(SHUTTLE, "every_days = 1", 'dispatch = "full"', ', fleet = "sets"', "")
    text = " ".join(printed(loaded(tmp_path, text)))
    assert "when full × 10 until full unlimited" in text
    assert "inf" not in text


def test_check_as_json_has_no_infinite_number(tmp_path: Path) -> None:
    plain = to_json(loaded(tmp_path, EVERY_KEY))
    document = json.loads(json.dumps(plain, allow_nan=False))
    assert document["disruptions"][0] == {
        "name": "canal", "target": "routes.sea.stages.voyage", "effect": "closed", "factor": None,
        "begins": "2001-08-23", "times": 1.0, "days": 6.0,
    }  # fmt: skip
    assert document["fleets"][0]["vehicles"] == 100
    assert document["routes"][2]["stages"][0]["departures_a_year"] is None
    assert document["routes"][2]["stages"][0]["longest_hold_days"] == 3


def test_every_stream_that_is_drawn_from_has_a_name_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = set()

    def noted(seed: int, replication: int, purpose: str) -> Any:
        asked.add(purpose)
        return streams.stream(seed, replication, purpose)

    monkeypatch.setattr("sim.corridor.lanes.stream", noted)
    monkeypatch.setattr("sim.corridor.disruptions.stream", noted)
    scenario = loaded(tmp_path, changed(EVERY_KEY, '"share"\n', '"logit"\n'))
    sim.simulate(scenario)
    assert {"disruptions.canal", "disruptions.wear.0", "fleets.sets.eastbound"} <= asked
    assert asked <= set(scenario.stream_names)


def test_what_is_written_means_the_same(tmp_path: Path) -> None:
    """Also where single servers fail, which always hold."""
    scenario = loaded(tmp_path, EVERY_KEY)
    assert scenario.with_changes({"run.seed": 7}) == scenario
    again = sim.load_scenario(written(tmp_path, to_toml(scenario)))
    assert again == scenario
    assert again.disruptions["wear"].holds
    assert not again.disruptions["border"].holds


def test_a_path_can_be_set_without_quotes() -> None:
    change = setting("disruptions.suez.target=facilities.khasan")
    assert change.value == "facilities.khasan"


def test_a_metric_of_a_disruption_with_a_date_is_known() -> None:
    scenario = sim.load_scenario("border-closed")
    check_known("--metric", scenario, "all.disruption:khasan.days_to_clear")
    with pytest.raises(UsageError, match="no metric"):
        check_known("--metric", scenario, "all.disruption:khasan.days_to_cleer")
