"""The corridor's scenario files: figures with sources, legs that fit the globe, no pile-ups."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import sim
from sim.corridor.streams import quantile
from sim.scenario.distributions import parse
from sim.scenario.files import bundled
from sim.scenario.network import Facility, Place
from sim.scenario.schema import at
from sim.scenario.stages import Transit

CORRIDORS = [f"corridor-{name}" for name in ("base", "today", "200k", "500k")]
EARTH_RADIUS_KM = 6_371.0
COORDINATES = ("latitude", "longitude")
FIGURES = ("demand", "places", "facilities", "routes", "choice")


# --- Where the figures come from ------------------------------------------------------------------


def written(table: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all numbers in a table; a list of numbers is one."""
    if isinstance(table, dict):
        for key, value in table.items():
            yield from written(value, (*path, key))
    elif isinstance(table, int | float | list) and not isinstance(table, bool):
        texts = isinstance(table, list) and all(isinstance(each, str) for each in table)
        if path[-1] not in COORDINATES and not texts:
            yield path


@pytest.mark.parametrize("name", CORRIDORS)
def test_every_figure_says_where_it_comes_from(name: str) -> None:
    said = tomllib.loads(bundled()[name].read_text(encoding="utf-8"))
    assumptions = sim.load_scenario(name).assumptions
    paths = [path for section in FIGURES for path in written(said.get(section, {}), (section,))]
    assert paths or name == "corridor-today"
    # a distribution has one assumption for all its parameters
    lacking = [
        ".".join(path)
        for path in paths
        if not any(".".join(path[:depth]) in assumptions for depth in range(2, len(path) + 1))
    ]
    assert lacking == []


@pytest.mark.parametrize("name", CORRIDORS)
def test_figures_lie_in_the_ranges_that_they_may_be_varied_over(name: str) -> None:
    scenario = sim.load_scenario(name)
    data, outside = scenario.to_data(), []
    for path, assumption in scenario.assumptions.items():
        if assumption.range is not None:
            low, high = assumption.range
            if not low <= parse(at(data, path.split("."))).mean <= high:
                outside.append(path)
    assert outside == []


# --- Who ships ------------------------------------------------------------------------------------


def test_the_classes_together_are_the_shippers_of_today() -> None:
    u = (np.arange(100_000) + 0.5) / 100_000
    classes = sim.load_scenario("corridor-base").demand.classes or {}
    values, weights = [], []
    for each in classes.values():
        assert each.value_of_time_usd_per_day is not None
        values.append(quantile(each.value_of_time_usd_per_day, u))
        weights.append(np.full(len(u), each.share / len(u)))
    of_all, weight = np.concatenate(values), np.concatenate(weights)
    today = quantile(sim.load_scenario("today").demand.value_of_time_usd_per_day, u)
    assert of_all @ weight == pytest.approx(today.mean(), rel=0.02)
    for part in (0.5, 0.75, 0.9, 0.95, 0.99):  # rail is for those above the median
        assert weight[of_all <= np.quantile(today, part)].sum() == pytest.approx(part, abs=0.01)


def test_less_comes_back_than_goes() -> None:
    directions = sim.load_scenario("corridor-base").demand.directions
    assert directions is not None
    assert list(directions) == ["westbound", "eastbound"]
    assert directions["eastbound"] / directions["westbound"] == pytest.approx(0.75, abs=0.01)


def test_a_new_railway_is_disliked_as_much_as_that_of_today() -> None:
    for name in CORRIDORS:
        routes = sim.load_scenario(name).routes
        assert routes["link"].constant_usd == routes["vostochny"].constant_usd


# --- Where ----------------------------------------------------------------------------------------


def great_circle_km(one: Place, other: Place) -> float:
    """Haversine formula, on a sphere."""
    p, q = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude - one.longitude)
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))


def legs() -> list[tuple[str, Transit]]:
    routes = sim.load_scenario("corridor-base").routes
    return [
        (f"{name}.{stage_name}", stage)
        for name, route in routes.items()
        for stage_name, stage in route.stages.items()
        if isinstance(stage, Transit) and stage.via
    ]


@pytest.mark.parametrize(("name", "leg"), legs(), ids=[name for name, _ in legs()])
def test_a_leg_is_no_shorter_than_the_globe_allows(name: str, leg: Transit) -> None:  # noqa: ARG001
    places = sim.load_scenario("corridor-base").places
    assert leg.via is not None
    assert leg.length_km is not None
    via = [places[place] for place in leg.via]
    straight = sum(great_circle_km(a, b) for a, b in pairwise(via))
    # a coast line winds more than a main line; a place in the wrong hemisphere does not fit
    assert 0.98 * straight <= leg.length_km <= 1.5 * straight


def test_gauge_changes_stand_at_both_breaks_and_nowhere_else() -> None:
    base = sim.load_scenario("corridor-base")
    changes = {name for name, each in base.facilities.items() if each.changes_gauge}
    assert changes == {"khasan", "brest"}
    assert {base.facilities[name].place for name in changes} <= {
        name for name, place in base.places.items() if len(place.gauge_mm) == 2
    }


def test_the_routes_share_one_main_line() -> None:
    routes = sim.load_scenario("corridor-base").routes
    link, vostochny = (list(routes[name].stages.items()) for name in ("link", "vostochny"))
    shared = [stage for stage, _ in link if stage in dict(vostochny)]
    assert shared == [
        "trains", "paths", "main-line", "moscow-brest", "gauge-brest", "customs-brest",
        "brest-berlin",
    ]  # fmt: skip
    for name in shared[1:]:
        assert dict(link)[name] == dict(vostochny)[name]


# --- What comes out -------------------------------------------------------------------------------


def trains_a_day(scenario: sim.Scenario, facility: str) -> list[tuple[float, int]]:
    """Trips a day of both directions, with the places of each, that a timetable sends through."""
    return [
        (leg.departures.departures_a_year / 365, leg.departures.capacity)
        for route in scenario.open_routes.values()
        for leg in route.legs
        for _, stage in leg.run
        if getattr(stage, "facility", "") == facility
    ]


def fullness(scenario: sim.Scenario, name: str, load: float) -> float:
    """The part of their time that the servers are taken, if all trains had so much of a load."""
    facility: Facility = scenario.facilities[name]
    servers = facility.servers * (2 if facility.each_way else 1)
    trains = trains_a_day(scenario, name)
    return sum(n * facility.holding_days(places * load) for n, places in trains) / servers


def test_no_timetable_piles_up_trains() -> None:
    # Empty trains run too: a facility that their number alone overloads would never be free.
    for name in CORRIDORS:
        scenario = sim.load_scenario(name)
        full = {each: fullness(scenario, each, load=0.15) for each in scenario.facilities}
        assert max(full.values()) < 0.95, name


def test_full_trains_bind_at_200_000_and_gauge_changes_are_next_at_500_000() -> None:
    large, small = (sim.load_scenario(f"corridor-{size}") for size in ("500k", "200k"))
    for scenario in (small, large):
        full = {each: fullness(scenario, each, load=1) for each in scenario.facilities}
        assert max(full.values()) < 1  # every facility passes what the timetables bring, full
    assert fullness(large, "brest", load=1) > 0.9
    assert fullness(large, "khasan", load=1) > 0.85
    # The four tracks that carry 200,000 do not carry 500,000; seven are just too few.
    tracks = fullness(large, "khasan", load=1) * large.facilities["khasan"].servers
    assert 7 < tracks < 8
    assert small.facilities["khasan"].servers == 4


def test_free_flow_is_what_railways_have_shown() -> None:
    base = sim.load_scenario("corridor-base")
    for direction in base.directions:
        way = base.one_way(direction)
        assert 13 < way.free_flow_days("link") < 18  # the Railway Minister's figures
        assert 19 < way.free_flow_days("vostochny") < 25  # in practice, the land bridge of 2019
        assert 30 < way.free_flow_days("sea") < 40


def test_a_closed_link_takes_no_part_and_one_in_twenty_goes_over_vostochny() -> None:
    today = sim.load_scenario("corridor-today")
    assert today.routes["link"].closed
    assert "link" not in today.open_routes
    results = sim.run(today, replications=1, jobs=1)
    assert results.value("link.throughput") in (None, 0)
    assert results.value("vostochny.share") == pytest.approx(0.05, abs=0.002)
