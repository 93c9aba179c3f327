"""Fleets by hand: vehicles that must come back before they leave again.

Containers book at 1/2, 3/2, 5/2, … days, and a train is to leave every second day, if nothing else
is said.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from daily import daily, disruption, leg
from support import figures, lawful_run

import sim
from sim.results.observations import Leg

TRAINS = "routes.rail.stages.trains"
RAIL = """
[routes.rail.stages]
trains = { kind = "departures", every_days = 2, capacity = 3, fleet = "sets" }
line = { kind = "transit", days = 3 }
"""
BOTH = "directions = { out = 0.5, home = 0.5 }"


def fleet(vehicles: int, turnaround: object = 0.5) -> str:
    return f"[fleets]\nsets = {{ vehicles = {vehicles}, turnaround_days = {turnaround} }}\n"


def ends(observed: sim.Observations) -> list[Leg]:
    """The departures of both directions."""
    return [observed.route("rail", way).legs[0] for way in ("out", "home")]


# One direction: a vehicle goes back as long as it came.


def test_a_departure_waits_for_a_set_and_those_behind_it_too(tmp_path: Path) -> None:
    # Two sets: there and back is 6.5 days, so the first is there again on 8.5, the second on 10.5.
    # The train of day 6 leaves on 8.5, that of 8 on 10.5, that of 10 when the first is back, on 15.
    scenario = daily(tmp_path, fleet(2) + RAIL)
    observed = lawful_run(scenario)
    trains = leg(observed)
    assert trains.departed.tolist() == [2, 4, 8.5, 10.5, 15, 17]
    assert trains.planned is not None
    assert trains.planned.tolist() == [2, 4, 6, 8, 10, 12]
    # Two each, then all that wait: four at 8.5 of whom three fit, one and two at 10.5, three.
    assert trains.loads.tolist() == [2, 2, 3, 3, 3, 3]
    found = figures(scenario, observed)
    assert found["rail.stage:trains.late"] == pytest.approx(4 / 6)
    assert found["rail.stage:trains.lateness_mean"] == pytest.approx((2.5 + 2.5 + 5 + 5) / 6)
    # On the way, there and back, six days each, the last two until 20.5: of two sets' 41 days.
    assert found["all.fleet:sets.utilisation"] == pytest.approx((4 * 6 + 5.5 + 3.5) / 41)


def test_enough_sets_are_never_late(tmp_path: Path) -> None:
    # There and back is 6.5 days, so four are enough for a train every second day.
    scenario = daily(tmp_path, fleet(4) + RAIL)
    trains = leg(observed := lawful_run(scenario))
    assert trains.departed.tolist() == [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]
    assert figures(scenario, observed)["rail.stage:trains.late"] == 0


def test_a_set_that_is_there_as_its_train_is_to_leave_is_in_time(tmp_path: Path) -> None:
    # Two days there and back and two to turn round: one set for a train every fourth day.
    text = RAIL.replace("every_days = 2", "every_days = 4").replace("days = 3", "days = 1")
    scenario = daily(tmp_path, fleet(1, turnaround=2) + text)
    assert leg(lawful_run(scenario)).departed.tolist() == [4, 8, 12, 16, 20]


def test_late_trains_catch_up(tmp_path: Path) -> None:
    # The only set takes five days for its first round, since the line is slower until day 3, then
    # three days each. Trains of 2, 4, 6, 8 leave on 2, 7, 10, 13: none of them is left out.
    text = RAIL.replace("days = 3", "days = 1")
    slow = disruption("routes.rail.stages.line", "slower 2", day=0, days=3)
    trains = leg(lawful_run(daily(tmp_path, fleet(1, turnaround=1) + text + slow)))
    assert trains.departed.tolist() == [2, 7, 10, 13, 16, 19]
    assert trains.planned is not None
    assert trains.planned.tolist() == [2, 4, 6, 8, 10, 12]


def test_empty_trains_leave_and_must_come_back_too(tmp_path: Path) -> None:
    # A container in eight days: those of 4, 12, 20, …; trains of 2, 8.5, 15 leave, two of them
    # empty, and the second with the first.
    scenario = daily(tmp_path, fleet(1) + RAIL, a_year=365 / 8)
    observed = lawful_run(scenario)
    assert leg(observed).departed.tolist() == [2, 8.5, 15]
    assert leg(observed).loads.tolist() == [0, 1, 1]
    found = figures(scenario, observed)
    assert found["rail.stage:trains.departures"] == pytest.approx(3 / 20.5 * 365)
    assert found["rail.stage:trains.empties"] == pytest.approx(1 / 20.5 * 365)


def test_a_set_that_queues_at_the_border_comes_back_later(tmp_path: Path) -> None:
    # A day's service and a day's way, and back as long: a set leaves on 2 and 6, and is there again
    # on 10. The border is closed from 7 to 11, so now it waits a day: there in three days, back in
    # three.
    text = """
    [facilities.border]
    service_hours = 24
    [routes.rail.stages]
    trains = { kind = "departures", every_days = 2, capacity = 3, fleet = "sets" }
    customs = { kind = "facility", facility = "border" }
    line = { kind = "transit", days = 1 }
    """
    closure = disruption("facilities.border", "closed")
    trains = leg(lawful_run(daily(tmp_path, fleet(1, turnaround=0) + text + closure)))
    assert trains.departed.tolist() == [2, 6, 10, 16, 20]
    assert trains.arrived[:4].tolist() == [4, 8, 13, 18]


def test_late_trains_load_who_is_ready_when_they_leave(tmp_path: Path) -> None:
    # The set is back on 8.5, and at that instant the container of 8.5 is ready: it boards.
    observed = lawful_run(daily(tmp_path, fleet(1) + RAIL.replace("capacity = 3", "capacity = 9")))
    assert leg(observed).departed.tolist() == [2, 8.5, 15]
    assert leg(observed).loads.tolist() == [2, 7, 6]


# Two directions: a set that arrives is there for the opposite one.


@pytest.mark.parametrize(("vehicles", "out", "home"), [(1, 1, 0), (2, 1, 1), (3, 2, 1), (5, 3, 2)])
def test_half_of_the_sets_begin_at_either_end(
    tmp_path: Path, vehicles: int, out: int, home: int
) -> None:
    # A line that takes longer than the run: only the first ones leave. Of an odd number the first
    # direction has one more.
    text = fleet(vehicles) + RAIL.replace("days = 3", "days = 30")
    observed = lawful_run(daily(tmp_path, text, demand=BOTH))
    assert [len(each.departed) for each in ends(observed)] == [out, home]


def test_one_set_goes_to_and_fro(tmp_path: Path) -> None:
    # Out on 2, there on 5, home on 5.5, back on 8.5, out on 9: every 3.5 days, either end in turn.
    observed = lawful_run(daily(tmp_path, fleet(1) + RAIL, demand=BOTH, a_year=730))
    out, home = ends(observed)
    assert out.departed.tolist() == [2, 9, 16]
    assert home.departed.tolist() == [5.5, 12.5, 19.5]
    assert out.planned is not None
    assert out.planned.tolist() == [2, 4, 6]


def test_two_sets_meet(tmp_path: Path) -> None:
    # One from either end on 2, there on 5, ready on 5.5: each train after the first is late, at
    # both ends by the same.
    out, home = ends(lawful_run(daily(tmp_path, fleet(2) + RAIL, demand=BOTH, a_year=730)))
    assert out.departed.tolist() == home.departed.tolist() == [2, 5.5, 9, 12.5, 16, 19.5]


def test_three_sets(tmp_path: Path) -> None:
    # Two begin out: they leave on 2 and 4, and are ready at the other end on 5.5 and 7.5. The one
    # there leaves on 2 and is ready on 5.5, for the train of 6. Home leave those of 4 (late, on
    # 5.5) and 6 (late, on 7.5), and the set that left on 6 is there on 9.5, for that of 8.
    out, home = ends(lawful_run(daily(tmp_path, fleet(3) + RAIL, demand=BOTH, a_year=730)))
    assert out.departed[:6].tolist() == [2, 4, 6, 9, 11, 13]
    assert home.departed[:6].tolist() == [2, 5.5, 7.5, 9.5, 12.5, 14.5]


def test_sets_come_back_empty_where_nobody_books(tmp_path: Path) -> None:
    # Homeward trains are not needed by the containers, but the sets are: all trains home are empty.
    demand = "directions = { out = 1, home = 0 }"
    scenario = daily(tmp_path, fleet(2) + RAIL, demand=demand)
    observed = lawful_run(scenario)
    out, home = ends(observed)
    assert home.loads.tolist() == [0] * 6
    assert (out.loads > 0).all()
    found = figures(scenario, observed)
    assert found["rail.stage:trains.empties"] == pytest.approx(6 / 20.5 * 365)


# With disruptions.


def test_trains_left_out_need_no_set(tmp_path: Path) -> None:
    # Closed from 7 to 11: trains of 8 and 10 do not leave. The only set leaves on 2, is back on 8.5
    # for the train of 4, which waits until it opens on 11; that of 6 leaves on 17.5.
    closure = disruption(TRAINS, "closed")
    trains = leg(lawful_run(daily(tmp_path, fleet(1) + RAIL + closure)))
    assert trains.departed.tolist() == [2, 11, 17.5]
    assert trains.planned is not None
    assert trains.planned.tolist() == [2, 4, 6]
    # Three sets are back in time: two trains are left out, and that of 12 leaves on time.
    trains = leg(lawful_run(daily(tmp_path, fleet(3) + RAIL + closure)))
    assert trains.departed.tolist() == [2, 4, 6, 12, 14, 16, 18.5]


def test_sets_that_are_held_on_the_line_are_missed(tmp_path: Path) -> None:
    # Closed from 5 to 9, and held. Two sets: that of day 2 has just arrived; that of day 4 stands
    # still from 5 to 9, arrives on 11, and comes back as long as it took: on 18.5. The first, back
    # on 8.5, leaves then, and starts when the line opens on 9: arrives on 12, back on 16.
    hold = disruption("routes.rail.stages.line", "closed", day=5, more='under_way = "hold"')
    trains = leg(lawful_run(daily(tmp_path, fleet(2) + RAIL + hold)))
    assert trains.departed.tolist() == [2, 4, 8.5, 16, 18.5]
    assert trains.arrived[:4].tolist() == [5, 11, 12, 19]


def test_a_phase_with_another_timetable_keeps_late_trains(tmp_path: Path) -> None:
    # Trains of 2, 4, 6 and then, from day 7 on, every five days: 12, 17. With one set they leave on
    # 2, 8.5 and 15: the places are those that were planned.
    phase = (
        "[phases.fewer]\nfrom = 2001-01-08\n"
        f'set = {{ "{TRAINS}.every_days" = 5, "{TRAINS}.capacity" = 9 }}\n'
    )
    trains = leg(lawful_run(daily(tmp_path, fleet(1) + RAIL + phase, days=28)))
    assert trains.departed.tolist() == [2, 8.5, 15, 21.5]
    assert trains.planned is not None
    assert trains.planned.tolist() == [2, 4, 6, 12]
    assert trains.capacities.tolist() == [3, 3, 3, 9]


def test_a_late_train_is_as_small_as_on_the_day_on_which_it_leaves(tmp_path: Path) -> None:
    # Planned for 2, 4, 6, with one set on 2, 8.5, 15: half of four from day 3 to 5 concerns none,
    # from day 8 to 9 the second, which was planned for day 4.
    text = fleet(1) + RAIL.replace("capacity = 3", "capacity = 4")
    for day, days, places in ((3, 2, [4, 4, 4]), (8, 1, [4, 2, 4])):
        fewer = disruption(TRAINS, "capacity 0.5", day=day, days=days)
        trains = leg(lawful_run(daily(tmp_path, text + fewer)))
        assert trains.departed.tolist() == [2, 8.5, 15]
        assert trains.capacities.tolist() == places


def test_turnarounds_are_drawn_for_each_trip(tmp_path: Path) -> None:
    # Between one and two days: trips are the same however many sets there are.
    text = RAIL.replace("every_days = 2", "every_days = 8")
    one = leg(lawful_run(daily(tmp_path, fleet(1, [1, 2]) + text, days=200)))
    gaps = one.departed[1:] - one.departed[:-1]
    assert (gaps >= 8).all()
    more = leg(lawful_run(daily(tmp_path, fleet(9, [1, 2]) + text, days=200)))
    assert (more.departed == one.departed).all()
    assert (more.arrived == one.arrived).all()


# What is posted to who books.


def road(days: float) -> str:
    return f"""
    [routes.road.stages]
    drive = {{ kind = "transit", days = {days} }}
    [choice]
    rule = "fastest"
    """


def test_a_late_train_is_posted_as_about_to_leave(tmp_path: Path) -> None:
    # A train a day. Without a wait rail takes 3 days, the road 3.2: who books at 0.5 or 1.5 would
    # wait for half a day. The only set leaves on 1, 7.5 and 14, so from day 2 on there is always a
    # train that should have left, and who books may hope to be on it at once.
    rail = RAIL.replace("every_days = 2, capacity = 3", "every_days = 1, capacity = 99")
    observed = lawful_run(daily(tmp_path, fleet(1) + rail + road(3.2)))
    assert leg(observed).departed.tolist() == [1, 7.5, 14]
    assert observed.way().taken.tolist() == [1, 1, *[0] * 18]


def test_a_queue_is_posted_by_what_the_fleet_can_carry(tmp_path: Path) -> None:
    # A lorry of half a day, then a train of one place, whose set is there again after four days:
    # they leave on 1, 5, 9, … Posted are 2 days where nobody is ahead; for one who is, four days
    # until he has left, half a day of waiting for the next and one of travel, 5.5 in all; the road
    # takes 4. By the timetable of a train a day it would be 2.5.
    rail = """
    [routes.rail.stages]
    lorry = { kind = "transit", days = 0.5 }
    trains = { kind = "departures", every_days = 1, capacity = 1, fleet = "sets" }
    line = { kind = "transit", days = 1 }
    """
    observed = lawful_run(daily(tmp_path, fleet(1, turnaround=2) + rail + road(4)))
    assert leg(observed).departed.tolist() == [1, 5, 9, 13, 17]
    assert observed.way().taken[:10].tolist() == [0, 0, 1, 1, 1, 0, 1, 1, 1, 0]
