"""What changes while a scenario runs, by hand: the day from which it holds, and what it leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from corridors import loaded
from support import figures, lawful_run

import sim

# Bookings at 1/2, 3/2, 5/2, … days: 365 a year, evenly. Day 0 is 1 January.
DAILY = """
[run]
warmup_days = 0
days = 12
start = 2001-01-01
[demand]
containers_per_year = 365
arrivals = "even"
"""
RAIL = """
[routes.rail.stages]
trains = { kind = "departures", every_days = 2, capacity = 3 }
line = { kind = "transit", days = 1 }
"""


def phased(folder: Path, routes: str, day: int, change: str, more: str = "") -> sim.Scenario:
    """From so many days after the start on, `change` holds."""
    phase = f"[phases.later]\nfrom = 2001-01-{day + 1:02}\nset = {{ {change} }}\n"
    return loaded(folder, DAILY + routes + phase + more)


def departed(observed: sim.Observations) -> list[float]:
    days: list[float] = observed.route("rail").legs[0].departed.tolist()
    return days


def test_a_timetable_that_changes_begins_anew(tmp_path: Path) -> None:
    # Every second day until day 5, then 3, 6, … days after it.
    scenario = phased(tmp_path, RAIL, 5, '"routes.rail.stages.trains.every_days" = 3')
    assert departed(lawful_run(scenario)) == [2, 4, 8, 11]


def test_the_last_of_the_old_timetable_may_leave_on_the_date(tmp_path: Path) -> None:
    scenario = phased(tmp_path, RAIL, 4, '"routes.rail.stages.trains.every_days" = 3')
    assert departed(lawful_run(scenario)) == [2, 4, 7, 10]


def test_a_timetable_may_end_before_its_first_departure(tmp_path: Path) -> None:
    # Every 10 days until day 4: none leaves. Then every 3 days: who books at 1/2 is told that the
    # first train is there on day 8, in 7.5 days, and takes the road, which is 7 days long; at 3/2
    # rail is faster.
    rail = RAIL.replace("every_days = 2", "every_days = 10")
    road = '[routes.road.stages]\nway = { kind = "transit", days = 7 }\n'
    choice = '[choice]\nrule = "fastest"\n'
    scenario = phased(
        tmp_path, rail + road + choice, 4, '"routes.rail.stages.trains.every_days" = 3'
    )
    observed = lawful_run(scenario)
    assert departed(observed) == [7, 10]
    assert observed.way().taken.tolist() == [1] + [0] * 11
    assert observed.containers.delivered[:7].tolist() == [7.5, 8, 8, 8, 11, 11, 11]


def test_a_capacity_that_changes_begins_a_timetable_too(tmp_path: Path) -> None:
    # Trains of three leave on days 2 and 4, then two days after day 5, of one container each.
    scenario = phased(tmp_path, RAIL, 5, '"routes.rail.stages.trains.capacity" = 1')
    (leg,) = lawful_run(scenario).route("rail").legs
    assert leg.departed.tolist() == [2, 4, 7, 9, 11]
    assert leg.capacities.tolist() == [3, 3, 1, 1, 1]
    assert leg.loads.tolist() == [2, 2, 1, 1, 1]


def test_more_trains_of_a_yearly_capacity_leave_from_the_date_on(tmp_path: Path) -> None:
    rail = RAIL.replace("every_days = 2", "annual_capacity = 547.5")
    scenario = phased(tmp_path, rail, 6, '"routes.rail.stages.trains.annual_capacity" = 1_095')
    assert departed(lawful_run(scenario)) == [2, 4, 6, 7, 8, 9, 10, 11]


def test_what_changes_no_timetable_does_not_move_it(tmp_path: Path) -> None:
    scenario = phased(tmp_path, RAIL, 5, '"routes.rail.stages.trains.every_days" = 2.0')
    assert departed(lawful_run(scenario)) == [2, 4, 6, 8, 10]


def test_a_trip_keeps_the_transit_of_its_departure(tmp_path: Path) -> None:
    # The line takes 5 days until day 4, then 1: the train of day 4, the first by the new time,
    # overtakes that of day 2.
    scenario = phased(
        tmp_path,
        RAIL.replace("days = 1 }", "days = 5 }"),
        4,
        '"routes.rail.stages.line.days" = 1',
    )
    (leg,) = lawful_run(scenario).route("rail").legs
    assert leg.arrived.tolist() == [7, 5, 7, 9, 11]


CHOICE = """
[routes.sea]
freight_usd = 100
[routes.sea.stages]
voyage = { kind = "transit", days = 1 }
[choice]
rule = "cheapest"
"""


def test_a_freight_that_changes_moves_who_books_from_the_date_on(tmp_path: Path) -> None:
    # Rail costs nothing, from day 5 on 200; the sea costs 100. Who waits for a train still takes
    # it.
    scenario = phased(tmp_path, RAIL + CHOICE, 5, '"routes.rail.freight_usd" = 200')
    observed = lawful_run(scenario)
    assert observed.way().taken.tolist() == [0] * 5 + [1] * 7
    assert observed.route("rail").legs[0].loads.tolist() == [2, 2, 1, 0, 0]


def test_a_booking_on_the_date_belongs_to_the_phase(tmp_path: Path) -> None:
    # Two bookings in a day: at 1/4, 3/4, …; with one a day from day 2 on the next is at 2 + 1/2.
    text = DAILY.replace("= 365", "= 730").replace("days = 12", "days = 4")
    scenario = loaded(
        tmp_path,
        text + RAIL + "[phases.later]\nfrom = 2001-01-03\n"
        'set = { "demand.containers_per_year" = 365 }\n',
    )
    assert lawful_run(scenario).way().booked.tolist() == [0.25, 0.75, 1.25, 1.75, 2.5, 3.5]


def test_a_closed_route_moves_nobody_until_it_opens(tmp_path: Path) -> None:
    # Trains leave on day 2, are shut down on day 3, and begin anew on day 7: on 9 and 11. Who
    # booked at 5/2 waits for the whole time; in between all go by sea.
    scenario = phased(
        tmp_path,
        RAIL + CHOICE,
        3,
        '"routes.rail.closed" = true',
        '[phases.last]\nfrom = 2001-01-08\nset = { "routes.rail.closed" = false }\n',
    )
    observed = lawful_run(scenario)
    assert departed(observed) == [2, 9, 11]
    assert observed.way().taken.tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    assert observed.route("rail").legs[0].loads.tolist() == [2, 3, 2]
    assert figures(scenario, observed)["rail.load_factor"] == 7 / 9


@pytest.mark.parametrize(
    ("key", "off", "on"), [("closed", True, False), ("stages.trains.annual_capacity", 0, 1_095)]
)
def test_a_route_may_open_later(tmp_path: Path, key: str, off: object, on: object) -> None:
    # Until day 4 there is no train, and none takes part in what others queue for.
    rail = RAIL.replace("every_days = 2", "annual_capacity = 1_095")
    scenario = phased(tmp_path, rail + CHOICE, 4, f'"routes.rail.{key}" = {str(on).lower()}')
    scenario = scenario.with_changes({f"routes.rail.{key}": off})
    observed = lawful_run(scenario)
    assert departed(observed) == [5, 6, 7, 8, 9, 10, 11]
    assert observed.way().taken.tolist() == [1] * 4 + [0] * 8
    # Rail takes one and a half days from door to door, the sea one: told by the new timetable.
    assert sim.simulate(scenario.with_changes({"choice.rule": "fastest"})).way().taken.all()
    assert np.isfinite(observed.containers.delivered[:10]).all()
