"""Where the days go and what binds: worked by hand, told in tables, predicted, and one more."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from corridors import SMALL, loaded, written
from processes import transsib

import sim
from sim.errors import UsageError
from sim.experiments.estimate import estimate
from sim.results.breakdown import little, most_used, stages
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.scenario.files import load_text
from sim.scenario.more import one_more
from sim.scenario.preview import to_json
from sim.views.more import finding, gains
from sim.views.previews import print_preview
from sim.views.sliders import sliders
from sim.views.tables import print_results

BY_HAND = """
[run]
warmup_days = 30
days = 100
replications = 1
[demand]
containers_per_year = 3_650
arrivals = "even"
[facilities.gate]
service_hours = 4.8
hours_per_container = 0.48
[routes.rail.stages]
drayage = { kind = "transit", days = 1 }
trains = { kind = "departures", every_days = 1, capacity = 10 }
out = { kind = "facility", facility = "gate" }
line = { kind = "transit", days = 0.75 }
back = { kind = "facility", facility = "gate" }
haul = { kind = "transit", days = 2.2 }
"""
"""Ten containers a day, booked at 0.05, 0.15, …, leave together, and pass one gate twice."""


def ran(text: str, **changes: Any) -> Results:
    """The scenario of a text, simulated here; `__` stands for a dot in a path."""
    return sim.run(scenario(text, **changes), jobs=1)


def scenario(text: str, **changes: Any) -> sim.Scenario:
    paths = {path.replace("__", "."): value for path, value in changes.items()}
    return load_text(text, "small", "small").with_changes(paths)


def table(results: Results) -> str:
    out = io.StringIO()
    print_results(results, out)
    return out.getvalue()


def preview(about: sim.Scenario) -> str:
    out = io.StringIO()
    print_preview(about, (), out)
    return out.getvalue()


# Where the days go


def test_the_time_at_each_stage_is_that_of_the_timetable() -> None:
    # A train of ten takes 4.8 + 10 × 0.48 = 9.6 hours at the gate, 0.4 of a day. It leaves at k,
    # has passed the gate at k + 0.4 and is back at k + 1.15; there the next train, which left at
    # k + 1, holds the gate until k + 1.4: a quarter of a day in the queue.
    results = ran(BY_HAND)
    means = {
        "drayage.transit": 1, "trains.wait": 0.5, "out.queueing": 0, "out.service": 0.4,
        "line.transit": 0.75, "back.queueing": 0.25, "back.service": 0.4, "haul.transit": 2.2,
    }  # fmt: skip
    found = {
        f"{stage.name}.{part.kind}": part.mean.mean
        for stage in stages(results, "small", "rail")
        for part in stage.parts
    }
    assert list(found) == list(means)
    assert found == pytest.approx(means)
    assert results.value("rail.stage:trains.wait_p95") == pytest.approx(0.95)
    assert results.value("rail.door_to_door_mean") == pytest.approx(sum(means.values()))


def test_the_use_of_a_facility_is_that_of_all_that_pass_it() -> None:
    results = ran(BY_HAND)
    expected = {
        "utilisation": 0.8,  # two passages of 0.4 a day
        "vehicles": 730,
        "queue_mean": 0.25,  # one train a day, for a quarter of it
        "queueing_mean": 0.125,  # over both passages
        "queue_growth": 0,
        "yearly_capacity": 7_300 / 0.8,
    }
    found = {metric: results.value(f"all.facility:gate.{metric}") for metric in expected}
    assert found == pytest.approx(expected)
    first = most_used(stages(results, "small", "rail"))
    assert first is not None
    assert first.name == "trains"  # full: ten on each, of ten


SHARED = """
[run]
start = 2001-01-01
warmup_days = 50
days = 200
replications = 2
[demand]
containers_per_year = 20_000
directions = { westbound = 0.6, eastbound = 0.4 }
[demand.classes]
urgent = { share = 0.2, priority = 1 }
ordinary = { share = 0.8 }
[facilities]
border = { servers = 2, service_hours = [4, 8], hours_per_container = 0.02 }
paths = { headway_hours = 3, each_way = true }
[routes.sea.stages]
ships = { kind = "departures", every_days = 1, capacity = 100 }
canal = { kind = "facility", facility = "paths" }
voyage = { kind = "transit", days = [30, 40] }
[routes.rail]
max_wait_days = 3
[routes.rail.stages]
trains = { kind = "departures", annual_capacity = 8_000, capacity = 20 }
gauge = { kind = "facility", facility = "border" }
change = { kind = "departures", annual_capacity = 9_000, capacity = 20 }
track = { kind = "facility", facility = "paths" }
line = { kind = "transit", length_km = 9_000, km_per_day = [600, 900] }
[choice]
rule = "fastest"
posted_every_hours = 12
"""
"""Both directions of two routes that share paths; a border before the second train."""

ONE_WAY = SHARED.replace("directions = { westbound = 0.6, eastbound = 0.4 }\n", "").replace(
    ", each_way = true", ""
)


@cache
def shared() -> Results:
    return ran(SHARED)


def test_stages_sum_to_door_to_door_in_every_replication() -> None:
    results = shared()
    for route in ("sea", "rail"):
        for measures in results.measures["small"].values():
            parts = [
                value
                for key, value in measures.items()
                if key.route == route
                and key.part.startswith("stage:")
                and key.metric in ("wait_mean", "queueing_mean", "service_mean", "transit_mean")
            ]
            assert None not in parts
            total = measures[Key(route, ALL, "door_to_door_mean")]
            assert sum(value or 0 for value in parts) == pytest.approx(total, rel=1e-12)


def test_tables_tell_stages_facilities_directions_and_classes() -> None:
    said = table(shared())
    assert max(map(len, said.splitlines())) <= 100
    for text in (
        "By direction", "westbound", "By class", "urgent", "Where the days go", "queueing",
        "Facilities, all routes together", "1 each way", "Little's law",
    ):  # fmt: skip
        assert text in said, text
    (marked,) = [line for line in rail_part(said).splitlines() if "◄" in line]
    assert marked.split()[:2] == ["trains", "wait"]


def rail_part(said: str) -> str:
    """The lines of the rail route in a table of stages, of results or of a preview."""
    stages = said.partition("Where the days")[2]
    return re.split(r"\n rail +door to door", stages)[1].partition("servers")[0]


def test_a_scenario_without_all_this_gains_only_littles_law(tmp_path: Path) -> None:
    said = table(sim.run(loaded(tmp_path), replications=2, jobs=1))
    for text in ("By direction", "By class", "By year", "Where the days go", "Facilities"):
        assert text not in said
    assert "throughput × time gives" in said
    assert "Where" not in preview(loaded(tmp_path))


def test_a_comparison_stays_lean() -> None:
    base = scenario(SHARED, run__days=30)
    said = table(sim.compare([base, base.with_changes({}, name="same")], jobs=1))
    assert "Where the days go" not in said
    assert "By direction" not in said


GROWING = (
    SHARED.replace("\ndays = 200", "\ndays = 900")
    + """
[phases.grow]
from = 2002-01-01
set = { "facilities.border.servers" = 3, "routes.rail.stages.line.km_per_day" = [700, 900] }
"""
)


def test_years_have_a_row_each() -> None:
    results = ran(GROWING, run__days=2 * 365, run__replications=1, choice__posted_every_hours=24)
    said = table(results)
    rows = said.partition("the first from 2001-01-01")[2].partition("Where the days go")[0]
    assert [rows.count(year) for year in ("2001", "2002", "2003")] == [3, 3, 0]
    assert "2, then 3" in said
    assert "small: it changes over the window" in said
    assert max(map(len, said.splitlines())) <= 100


# What is known without simulating


def test_a_preview_names_what_binds_and_how_much_of_it_is_used() -> None:
    said = preview(scenario(SHARED))
    assert max(map(len, said.splitlines())) <= 100
    (marked,) = [line for line in rail_part(said).splitlines() if "◄" in line]
    assert marked.split() == ["trains", "wait", "0.91", "100.00", "%", "◄", "8,000"]
    assert "60 % westbound and 40 % eastbound, of them 20 % urgent and 80 % ordinary" in said
    assert "every: each way" in said


def test_a_preview_tells_the_headway_of_each_direction() -> None:
    (line,) = [line for line in preview(scenario(SHARED)).splitlines() if "ships, vehicle" in line]
    assert "730 × 100" in line
    assert "  1 d " in line


def test_a_preview_tells_what_changes_when_and_what_is_used_then() -> None:
    said = preview(scenario(GROWING))
    before, _, after = said.partition("from 2002-01-01 (grow): border servers = 3")
    assert "rail line speed = 700–900 km/day" in after
    used = [text.partition("border")[2].split()[0] for text in (before, after) if "border" in text]
    assert used[0] == "2"
    assert "After the last change" in after
    border = next(line for line in after.splitlines() if line.startswith(" border "))
    assert border.split()[1] == "3"


def test_previews_are_json_also_where_something_never_ends() -> None:
    data = to_json(scenario(SHARED, facilities__border__service_hours=600))
    plain = json.loads(json.dumps(data, allow_nan=False))
    assert plain["facilities"][0]["queueing_days"] is None
    said = preview(scenario(SHARED, facilities__border__service_hours=600))
    assert "More wants to pass border than can" in said
    assert "Little's law" not in said
    assert [use["stage"] for use in plain["routes"][1]["uses"]] == [
        "trains", "gauge", "change", "track", "line",
    ]  # fmt: skip


def test_next_to_no_service_keeps_nobody_waiting() -> None:
    # Its square is 0, which the spread of services was divided by.
    data = to_json(scenario(SHARED, facilities__paths__headway_hours=1e-200))
    assert data["facilities"][1]["queueing_days"] == 0


# Little's law


@pytest.mark.parametrize("rule", ["fastest", "share"])
def test_containers_under_way_are_throughput_times_time(rule: str) -> None:
    shares = {"sea": 0.7, "rail": 0.3}
    changes = {"run__days": 800, "run__replications": 1, "choice__shares": shares}
    results = ran(SHARED, choice__rule=rule, choice__posted_every_hours=24, **changes)
    for route in ("sea", "rail"):
        law = little(results, "small", route)
        assert law is not None
        assert law.by_law == pytest.approx(law.counted.mean, rel=0.01)
        # The sketch knows the days, and nothing of those who by chance find too long a wait.
        sketch = results.preview("small").route(route)
        days = results.value(f"{route}.door_to_door_mean")
        assert sketch.free_flow_days is not None
        assert sketch.free_flow_days + sketch.queue_days == pytest.approx(days, rel=0.015)
        assert law.predicted == pytest.approx(law.counted.mean, rel=0.1)


@pytest.mark.parametrize("limit", [3, 12])
def test_the_wait_for_a_full_route_is_known_beforehand(limit: float) -> None:
    # Places are sold as soon as their departure is near enough; beyond a lead nobody waits.
    about = scenario(ONE_WAY, routes__rail__max_wait_days=limit)
    route = about.preview().route("rail")
    results = sim.run(about, replications=1, jobs=1)
    waited = results.value("rail.wait_mean")
    usual = sum(d.headway / 2 for d in about.routes["rail"].departures.values())
    assert waited == pytest.approx(usual + route.queue_days, rel=0.08)


def test_without_a_steady_state_the_law_is_not_told() -> None:
    text = SHARED.replace('rule = "fastest"', 'rule = "share"\nshares = { sea = 0.1, rail = 0.9 }')
    results = ran(text, routes__rail__max_wait_days="unlimited")
    law = little(results, "small", "rail")
    assert law is not None
    assert "no steady state" in law.why
    assert law.predicted is None
    assert "rail: its queue grows for ever: no steady state" in table(results)


# What one more would give


SATURATED = """
[run]
warmup_days = 60
days = 200
replications = 3
[demand]
containers_per_year = 20_000
[facilities]
border = { service_hours = 3 }
port = { servers = 3, service_hours = 2 }
idle = { service_hours = 1 }
[routes.sea.stages]
ships = { kind = "departures", every_days = 1, capacity = 200 }
harbour = { kind = "facility", facility = "port" }
voyage = { kind = "transit", days = [30, 40] }
[routes.rail]
max_wait_days = 3
[routes.rail.stages]
trains = { kind = "departures", per_day = 7, capacity = 2 }
gauge = { kind = "facility", facility = "border" }
line = { kind = "transit", days = 12 }
[choice]
rule = "fastest"
posted_every_hours = 24
"""
"""Trains are full, and take 21 of the 24 hours of a border: an eighth a day would fill it."""


@cache
def saturated() -> Results:
    return sim.one_more(scenario(SATURATED, run__replications=2), jobs=1)


def test_there_is_one_more_of_all_that_is_passed() -> None:
    assert saturated().names == (
        "small", "border +1 server", "port +1 server", "sea ships +1 a day", "rail trains +1 a day",
    )  # fmt: skip
    assert saturated().scenario("border +1 server").facilities["border"].servers == 2
    assert saturated().scenario("rail trains +1 a day").routes["rail"].departures[
        "trains"
    ].per_day == pytest.approx(8)


def test_a_route_that_a_phase_closes_stays_closed(tmp_path: Path) -> None:
    text = SMALL.replace("replications = 3", "start = 2001-01-01")
    path = "routes.rail.stages.trains.annual_capacity"
    text += f'[phases.p]\nfrom = 2001-02-01\nset = {{ "{path}" = 0 }}\n'
    made = {each.scenario.name: each.scenario for each in one_more(loaded(tmp_path, text))}
    more = made["rail trains +1 a day"]
    assert more.phases["p"].set == {path: 0}
    assert more.routes["rail"].departures["trains"].annual_capacity == 8_000 + 365 * 10


def test_one_more_of_what_does_not_bind_gives_nothing() -> None:
    results = saturated()
    key = Key("rail", ALL, "throughput")
    for name in ("port +1 server", "border +1 server"):
        found = results.difference(key, name).interval
        assert found.mean == pytest.approx(0, abs=10)
    days = Key("sea", ALL, "door_to_door_mean")
    assert results.difference(days, "port +1 server").interval.mean == 0  # never two at once


def test_one_more_train_carries_more_until_the_border_is_full() -> None:
    eight = saturated().difference(Key("rail", ALL, "throughput"), "rail trains +1 a day")
    assert eight.interval.mean == pytest.approx(2 * 365, rel=0.02)
    found = {each.more.scenario.name: each for each in gains(saturated())}
    assert "rail" in saturated().growing("rail trains +1 a day")  # 24 of 24 hours
    assert found["rail trains +1 a day"].best.breaks
    assert list(found)[-1] == "rail trains +1 a day"


def test_what_is_worth_most_comes_first_and_is_said() -> None:
    wide = {"facilities__border__servers": 2, "run__replications": 2}
    results = sim.one_more(scenario(SATURATED, **wide), jobs=1)
    found = gains(results)
    assert found[0].more.scenario.name == "rail trains +1 a day"
    assert finding(found).startswith(
        "Worth most: one more vehicle a day of rail trains: rail carries +7"
    )
    said = table(results)
    assert max(map(len, said.splitlines())) <= 100
    order = [said.index(f" {each.more.scenario.name}") for each in found]
    assert order == sorted(order)


def test_a_queue_in_which_trains_bunch_is_shortened_by_a_second_server() -> None:
    random = SATURATED.replace("service_hours = 3", "service_hours = { exponential = 3 }")
    results = sim.one_more(scenario(random), jobs=1)
    days = results.difference(Key("rail", ALL, "door_to_door_mean"), "border +1 server").interval
    assert days.high is not None
    assert days.high < -0.1
    best = gains(results)[0]
    assert best.more.scenario.name == "border +1 server"


def test_one_more_departure_is_one_more_whatever_a_quota_lets_book() -> None:
    path = "routes.rail.stages.trains"
    quota = {"containers": 1_000, "per": "year"}
    more = one_more(scenario(SHARED).with_changes({f"{path}.quota": quota}))
    (made,) = [each.scenario for each in more if each.scenario.name == "rail trains +1 a day"]
    before = scenario(SHARED).routes["rail"].departures["trains"]
    after = made.routes["rail"].departures["trains"]
    ways = len(made.directions)
    assert after.departures_a_year == pytest.approx(before.departures_a_year + ways * 365)


def test_vehicles_that_leave_when_full_have_no_timetable_with_one_more() -> None:
    full = {"kind": "departures", "dispatch": "full", "capacity": 20}
    more = one_more(scenario(SHARED).with_changes({"routes.rail.stages.change": full}))
    names = [each.scenario.name for each in more]
    assert "rail trains +1 a day" in names
    assert "rail change +1 a day" not in names


def test_one_more_is_also_more_in_every_phase() -> None:
    longer = '"routes.rail.stages.trains.capacity" = 40, "routes.rail'
    text = GROWING.replace('"routes.rail', longer)
    found = {each.scenario.name: each.scenario for each in one_more(scenario(text))}
    border = found["border +1 server"]
    assert [era.scenario.facilities["border"].servers for era in border.eras] == [3, 4]
    trains = found["rail trains +1 a day"]
    often = [e.scenario.routes["rail"].departures["trains"].departures_a_year for e in trains.eras]
    assert often == pytest.approx([400 + 2 * 365, 200 + 2 * 365])  # one more a day each way
    ships = found["sea ships +1 a day"].routes["sea"].departures["ships"]
    assert ships.every_days == pytest.approx(0.5)


def test_there_may_be_nothing_to_have_more_of() -> None:
    road = (
        '[demand]\ncontainers_per_year = 9\n[routes.a.stages]\nb = { kind = "transit", days = 1 }'
    )
    with pytest.raises(UsageError, match="nothing to have more of"):
        sim.one_more(load_text(road, "road", "road"))


def test_the_command_keeps_what_it_shows(tmp_path: Path) -> None:
    written(tmp_path, SATURATED)
    few = ["--replications", "2", "--set", "run.days=40", "--jobs", "1", "--no-pictures", "-q"]
    done = transsib("run", "small.toml", "--one-more", *few, "--out", "out", cwd=tmp_path)
    assert "What one more would give" in done.stdout
    assert (tmp_path / "out" / "scenarios" / "border +1 server.toml").is_file()
    transsib("plot", "out", "--only", "stages", "--format", "png", cwd=tmp_path)
    assert (tmp_path / "out" / "stages.png").is_file()
    shown = transsib("show", "out", cwd=tmp_path)
    assert shown.stdout == done.stdout
    assert sim.load_results(tmp_path / "out").detail("small").scenario == "small"


def test_one_more_asks_about_one_file(tmp_path: Path) -> None:
    written(tmp_path, SATURATED)
    done = transsib("run", "small.toml", "small.toml", "--one-more", cwd=tmp_path, status=2)
    assert done.stderr == "--one-more asks about one FILE (got 2)\n"


# Around it


def test_sliders_move_speeds_and_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for picture in ("shares", "times"):  # to draw them is most of what a move takes
        monkeypatch.setattr(f"sim.views.panel.{picture}", lambda *_: "")
    found = {s.path: s for some in sliders(scenario(SHARED)).values() for s in some}
    speed = found["routes.rail.stages.line.km_per_day"]
    assert (speed.label, speed.value) == ("line: mean speed [km/day]", 750)
    servers = found["facilities.border.servers"]
    assert servers.stops == (1, 2, 3, 4)
    assert found["routes.sea.stages.ships.annual_capacity"].value == 2 * 36_500
    panel = sim.explore(scenario(SHARED, run__days=20))
    panel.controls["facilities.border.servers"].value = 3
    panel.controls["routes.rail.stages.line.km_per_day"].value = speed.stops[0]
    assert panel.scenario.facilities["border"].servers == 3
    assert panel.scenario.routes["rail"].transit_days > 20
    assert "fault" not in panel._status.value


def test_an_estimate_counts_both_directions_and_the_greatest_phase() -> None:
    base = scenario(SHARED)
    growing = base.with_changes({"demand.growth_per_year": 1, "run.days": 3_650})
    assert estimate([growing], 1).memory_bytes > 10 * estimate([base], 1).memory_bytes
    often = {"routes__sea__stages__ships__every_days": 1e-5}
    both, one = (estimate([scenario(text, **often)], 1).seconds for text in (SHARED, ONE_WAY))
    assert both == pytest.approx(2 * one, rel=0.05)


def test_a_phase_may_hold_a_range() -> None:
    about = scenario(GROWING)
    assert hash(about) == hash(scenario(GROWING))
    assert about.phases["grow"].starts == date(2002, 1, 1)


def test_of_train_paths_there_is_one_more_a_day() -> None:
    # A path an hour and a half is 16 a day; the 17th leaves 24/17 hours for each.
    base = scenario(SATURATED, facilities__border__servers=1)
    text = {"facilities.border.headway_hours": 1.5}
    (paths,) = (each for each in one_more(base.with_changes(text)) if "path" in each.said)
    assert paths.scenario.name == "border +1 path a day"
    border = paths.scenario.facilities["border"]
    assert border.holding_hours.mean == pytest.approx(24 / 17)
    assert border.servers == 1
