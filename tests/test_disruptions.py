"""Disruptions by hand: what each effect does to each target, and to whom.

Containers book at 1/2, 3/2, 5/2, … days; what happens lasts from day 7 to day 11, if nothing else
is said. A train leaves each day for a line of three days.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from daily import LINE, arrived, came, daily, disruption, leg
from support import figures, lawful_run

import sim
from sim.results.observations import Passage

ON_LINE = "routes.rail.stages.line"
TRAINS = "routes.rail.stages.trains"
BORDER = "facilities.border"
HOLD = 'under_way = "hold"'


def run(folder: Path, text: str, days: float = 20.5) -> sim.Observations:
    return lawful_run(daily(folder, text, days=days))


# A line that is closed.


def test_who_starts_on_a_closed_line_waits_until_it_opens(tmp_path: Path) -> None:
    # The train of day 6 is on its way and goes on, that of day 7 comes as it closes and waits; that
    # of day 11 comes as it opens and goes.
    observed = run(tmp_path, LINE + disruption(ON_LINE, "closed"))
    came_on = arrived(observed)
    assert [came_on[day] for day in (5, 6, 7, 8, 10, 11, 12)] == [8, 9, 14, 14, 14, 14, 15]
    line = leg(observed).passages[0]
    assert line.started[5:12].tolist() == [6, 11, 11, 11, 11, 11, 12]
    assert observed.disruptions[0].spans == ((7, 11),)


def test_who_is_on_a_line_that_holds_stands_still(tmp_path: Path) -> None:
    # The train of day 4 arrives as it closes, and is through. Those of days 5 and 6 have one day
    # and two to go, and do so from day 11 on.
    came_on = arrived(run(tmp_path, LINE + disruption(ON_LINE, "closed", more=HOLD)))
    assert [came_on[day] for day in (4, 5, 6, 7, 11)] == [7, 12, 13, 14, 14]


def test_a_line_that_is_slower_is_so_for_who_starts_meanwhile(tmp_path: Path) -> None:
    # Six days instead of three, also for what is left when it is over.
    came_on = arrived(run(tmp_path, LINE + disruption(ON_LINE, "slower 2")))
    assert [came_on[day] for day in (6, 7, 10, 11)] == [9, 13, 16, 14]


def test_a_line_that_is_slower_for_all_is_so_while_it_lasts(tmp_path: Path) -> None:
    # Half as fast from day 7 to 11. The train of day 5 has a day to go: two days. That of 6 has
    # two: until 11, to the hour. That of 7 does two days' way until 11 and the third after it; that
    # of day 10 half a day's.
    came_on = arrived(run(tmp_path, LINE + disruption(ON_LINE, "slower 2", more=HOLD)))
    assert [came_on[day] for day in (4, 5, 6, 7, 10, 11)] == [7, 9, 11, 12, 13.5, 14]


def test_trips_wait_that_come_to_a_line_behind_another(tmp_path: Path) -> None:
    # A branch of half a day comes first: the train of day 6 is on it when the line closes.
    text = LINE.replace("line =", 'branch = { kind = "transit", days = 0.5 }\nline =')
    came_on = arrived(run(tmp_path, text + disruption(ON_LINE, "closed", day=6, days=0.5)))
    assert [came_on[day] for day in (5, 6, 7)] == [8.5, 9.5, 10.5]  # 6.5 is when it opens
    came_on = arrived(run(tmp_path, text + disruption(ON_LINE, "closed", day=6, days=0.75)))
    assert [came_on[day] for day in (5, 6, 7)] == [8.5, 9.75, 10.5]


# Another way round.

AROUND = LINE.replace("days = 3", "days = 3, detour = { days = 5 }")


def test_who_would_start_on_a_closed_line_takes_the_detour(tmp_path: Path) -> None:
    observed = run(tmp_path, AROUND + disruption(ON_LINE, "closed"))
    came_on = arrived(observed)
    assert [came_on[day] for day in (6, 7, 10, 11)] == [9, 12, 15, 14]
    detoured = leg(observed).passages[0].detoured
    assert detoured is not None
    assert leg(observed).departed[detoured].tolist() == [7, 8, 9, 10]


def test_a_detour_takes_days_of_its_own(tmp_path: Path) -> None:
    # Who would be fast on the line is not therefore fast on the way round.
    line = "days = { uniform = [2, 4] }, detour = { days = { uniform = [5, 9] } }"
    text = LINE.replace("days = 3", line)
    scenario = daily(tmp_path, text + disruption(ON_LINE, "closed", day=0, days=300), days=300)
    around = leg(lawful_run(scenario))
    along = leg(lawful_run(daily(tmp_path, text, days=300)))
    short, long = ((trips.arrived - trips.departed)[:280] for trips in (along, around))
    assert short.max() <= 4
    assert long.min() >= 5
    assert abs(np.asarray(np.corrcoef(short, long))[0, 1]) < 4 / 280**0.5


def test_who_is_on_the_line_is_held_and_takes_no_detour(tmp_path: Path) -> None:
    came_on = arrived(run(tmp_path, AROUND + disruption(ON_LINE, "closed", more=HOLD)))
    assert [came_on[day] for day in (5, 6, 7, 10)] == [12, 13, 12, 15]


def test_a_detour_rejoins_at_the_next_stage(tmp_path: Path) -> None:
    # Behind the line a border serves each train for a day. Those of 7, 8, 9 come by the detour on
    # days 12, 13, 14; that of 11 comes by the line on day 14 too, behind that of day 9, and that of
    # 10 with that of 12 on day 15.
    text = AROUND + 'customs = { kind = "facility", facility = "border" }\n'
    text = "[facilities.border]\nservice_hours = 24\n" + text
    came_on = arrived(run(tmp_path, text + disruption(ON_LINE, "closed")))
    assert [came_on[day] for day in (6, 7, 8, 9)] == [10, 13, 14, 15]
    assert sorted([came_on[11], came_on[9]]) == [15, 16]
    assert sorted([came_on[10], came_on[12]]) == [17, 18]


def test_a_slower_line_has_no_detour(tmp_path: Path) -> None:
    came_on = arrived(run(tmp_path, AROUND + disruption(ON_LINE, "slower 2")))
    assert [came_on[day] for day in (6, 7, 10, 11)] == [9, 13, 16, 14]


# Departures.


def test_trains_that_were_to_leave_meanwhile_do_not(tmp_path: Path) -> None:
    # Ready at 6.5, 7.5, … are five at 11, of whom three leave; at 12 the other two and one more.
    departures = leg(run(tmp_path, LINE + disruption(TRAINS, "closed")))
    assert departures.departed[5:9].tolist() == [6, 11, 12, 13]
    assert departures.loads[5:9].tolist() == [1, 3, 3, 1]


def test_trains_have_fewer_places(tmp_path: Path) -> None:
    # Two a day want to leave, and a half of three places, rounded down, is one: after four trains
    # four are left behind, and one goes with each train from day 11 on.
    scenario = daily(tmp_path, LINE + disruption(TRAINS, "capacity 0.5"), a_year=730)
    departures = leg(lawful_run(scenario))
    assert departures.departed[5:15].tolist() == list(range(6, 16))
    assert departures.capacities[5:15].tolist() == [3, 1, 1, 1, 1, 3, 3, 3, 3, 3]
    assert departures.loads[5:15].tolist() == [2, 1, 1, 1, 1, 3, 3, 3, 3, 2]


def test_trains_without_a_place_leave_empty(tmp_path: Path) -> None:
    departures = leg(run(tmp_path, LINE + disruption(TRAINS, "capacity 0")))
    assert departures.capacities[5:12].tolist() == [3, 0, 0, 0, 0, 3, 3]
    assert departures.loads[5:12].tolist() == [1, 0, 0, 0, 0, 3, 3]


def test_a_part_of_places_is_rounded_as_on_paper(tmp_path: Path) -> None:
    # 0.29 of 100 is 29, though 100 × 0.29 is less than that in binary numbers.
    assert math.floor(100 * 0.29) == 28
    text = LINE.replace("capacity = 3", "capacity = 100") + disruption(TRAINS, "capacity 0.29")
    assert leg(run(tmp_path, text)).capacities[6] == 29


CHAIN = """
[routes.rail.stages]
feeder = { kind = "departures", every_days = 1, capacity = 9 }
crossing = { kind = "transit", days = 0.5 }
trains = { kind = "departures", every_days = 1, capacity = 9 }
line = { kind = "transit", days = 3 }
"""


def test_who_is_delayed_and_how_long_it_takes_until_all_is_as_usual(tmp_path: Path) -> None:
    # No train from 7 to 11, two places on each: on 10.5 the fifth comes, and trains leave three,
    # two and on 13 one behind, which is no more than waited before, from 1/2 to 1, 3/2 to 2, …
    scenario = daily(
        tmp_path, LINE.replace("= 3 }\nline", "= 2 }\nline") + disruption(TRAINS, "closed")
    )
    found = figures(scenario, lawful_run(scenario))
    name = "all.disruption:closed-from-7"
    assert found[f"{name}.peak_backlog"] == 5
    assert found[f"{name}.days_to_clear"] == 13 - 11
    assert found[f"{name}.delayed"] == 1 + 6  # of 6.5, and of 7.5 to 12.5
    assert found[f"{name}.disrupted"] == pytest.approx(4 / 20.5)


def test_departures_behind_others_close_too(tmp_path: Path) -> None:
    # A ship each day, which is through half a day later, and a train half a day after that. Who
    # came on 6.5, 7.5, … with a ship waits for the train of day 11: five in all.
    observed = run(tmp_path, CHAIN + disruption(TRAINS, "closed"))
    assert leg(observed).loads[:12].tolist() == [1] * 12
    trains = leg(observed, 1)
    assert trains.departed[5:8].tolist() == [6, 11, 12]
    assert trains.loads[5:8].tolist() == [1, 5, 1]
    assert observed.containers.wait[9] == pytest.approx(0.5 + 0.5)
    assert observed.containers.wait[5] == pytest.approx(0.5 + 4.5)  # ready at 6.5, left on 11


# A border: a train comes each day.

FACILITY = "[facilities.border]\nservice_hours = {hours}\nservers = {servers}\n"
CUSTOMS = LINE.replace(
    'line = { kind = "transit", days = 3 }', 'customs = { kind = "facility", facility = "border" }'
)


def at_border(folder: Path, hours: float, text: str, servers: int = 1) -> Passage:
    facility = FACILITY.format(hours=hours, servers=servers)
    return leg(run(folder, facility + CUSTOMS + text)).passages[0]


@pytest.mark.parametrize("more", ["", HOLD])
def test_a_service_that_ends_as_the_border_closes_is_over(tmp_path: Path, more: str) -> None:
    # 36 hours each: services end on 2.5, 4, 5.5 and 7; the next begins as it opens.
    border = at_border(tmp_path, 36, disruption(BORDER, "closed", more=more))
    assert border.left[:4].tolist() == [2.5, 4, 5.5, 7]
    assert border.started[3:6].tolist() == [5.5, 11, 12.5]


def test_a_train_in_service_goes_on_when_the_border_closes(tmp_path: Path) -> None:
    # 60 hours each: the third is served from day 6 to 8.5.
    border = at_border(tmp_path, 60, disruption(BORDER, "closed"))
    assert border.started[:4].tolist() == [1, 3.5, 6, 11]
    assert border.left[:4].tolist() == [3.5, 6, 8.5, 13.5]


def test_a_train_in_service_is_held_when_the_border_closes(tmp_path: Path) -> None:
    # It has had a day, and has the other day and a half from 11 on.
    border = at_border(tmp_path, 60, disruption(BORDER, "closed", more=HOLD))
    assert border.started[:4].tolist() == [1, 3.5, 6, 12.5]
    assert border.left[:4].tolist() == [3.5, 6, 12.5, 15]


def test_services_are_slower_that_begin_meanwhile(tmp_path: Path) -> None:
    # From 6 to 8.5 as ever; from 8.5 on five days instead of two and a half.
    border = at_border(tmp_path, 60, disruption(BORDER, "slower 2"))
    assert border.left[:5].tolist() == [3.5, 6, 8.5, 13.5, 16]


def test_all_services_are_slower_while_it_lasts(tmp_path: Path) -> None:
    # The third has a day and a half to go on day 7: three days, until 10. The fourth does half a
    # day's work until 11, and has two days to go.
    border = at_border(tmp_path, 60, disruption(BORDER, "slower 2", more=HOLD))
    assert border.left[:5].tolist() == [3.5, 6, 10, 13, 15.5]


def test_fewer_servers_end_what_they_have_begun(tmp_path: Path) -> None:
    # Two servers, two days each: a train begins each day. From 7 on there is one: that of 6 goes on
    # until 8, those of 7, 8, … wait their turn, and on day 11 there are two again: the train of day
    # 9 begins beside that of 8, which has been served since 10.
    border = at_border(tmp_path, 48, disruption(BORDER, "capacity 0.5"), servers=2)
    assert border.started[4:12].tolist() == [5, 6, 8, 10, 11, 12, 13, 14]


def test_without_a_server_all_wait(tmp_path: Path) -> None:
    scenario = daily(
        tmp_path,
        FACILITY.format(hours=12, servers=1) + CUSTOMS + disruption(BORDER, "capacity 0"),
    )
    observed = lawful_run(scenario)
    # Half a day each: those of 7, 8, 9, 10, 11 one after the other from 11 on, then that of 12, …
    assert leg(observed).passages[0].started[5:14].tolist() == [
        6, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5,
    ]  # fmt: skip
    assert observed.facilities[0].servers == ((0, 1), (7, 0), (11, 1))


def test_a_path_that_is_held_keeps_who_goes_on_and_not_who_has_gone(tmp_path: Path) -> None:
    # Paths of two days: a train goes on at once, the next one two days later. The path taken on day
    # 5 has a day to go as it closes on 6, and is free a day after it opens.
    text = CUSTOMS.replace("customs", "path")
    facility = "[facilities.border]\nheadway_hours = 48\n"
    closure = disruption(BORDER, "closed", day=6, days=2, more=HOLD)
    path = leg(run(tmp_path, facility + text + closure)).passages[0]
    assert path.started[:5].tolist() == [1, 3, 5, 9, 11]
    assert path.left[:3].tolist() == [1, 3, 5]


def test_containers_on_their_own_wait_at_a_closed_border(tmp_path: Path) -> None:
    # Lorries of one container come at 1/2, 3/2, … and are served for half a day. That of 6.5 is
    # through on day 7, those of 7.5 to 10.5 one after the other from 11 on.
    text = """
    [facilities.border]
    service_hours = 12
    [routes.rail.stages]
    customs = { kind = "facility", facility = "border" }
    trains = { kind = "departures", every_days = 1, capacity = 3 }
    line = { kind = "transit", days = 3 }
    """
    observed = run(tmp_path, text + disruption(BORDER, "closed"))
    customs = observed.route("rail").approach[0]
    assert customs.left[6:12].tolist() == [7, 11.5, 12, 12.5, 13, 13.5]
    assert leg(observed).loads[6:14].tolist() == [1, 0, 0, 0, 0, 2, 2, 2]


def test_containers_on_their_own_wait_for_a_closed_line(tmp_path: Path) -> None:
    text = '[routes.road.stages]\nway = { kind = "transit", days = 2 }\n'
    observed = run(tmp_path, text + disruption("routes.road.stages.way", "closed"))
    arrivals = observed.route("road").own_arrivals
    assert arrivals[6:12].tolist() == [8.5, 13, 13, 13, 13, 13.5]


# The demand.


def test_nobody_books_while_the_demand_is_closed(tmp_path: Path) -> None:
    # A container is due for each day with demand: that of 6.5, then that of 11.5.
    booked = run(tmp_path, LINE + disruption("demand", "closed")).way().booked
    assert booked[5:9].tolist() == [5.5, 6.5, 11.5, 12.5]


def test_half_of_the_demand_is_one_booking_in_two_days(tmp_path: Path) -> None:
    # The demand from 7 on comes to a half on day 8, to one and a half on day 10, to two on day 11.
    booked = run(tmp_path, LINE + disruption("demand", "capacity 0.5")).way().booked
    assert booked[6:10] == pytest.approx([6.5, 8, 10, 11.5])


def test_half_as_much_demand_again(tmp_path: Path) -> None:
    # Six in four days: the k-th when the demand of (k - 1/2) gaps of 2/3 days has come.
    booked = run(tmp_path, LINE + disruption("demand", "capacity 1.5")).way().booked
    assert booked[6:14] == pytest.approx([6.5, *(7 + np.arange(0.5, 6) * 2 / 3), 11.5])


# Freight.

TWO = """
[routes.rail]
freight_usd = 100
[routes.rail.stages]
line = { kind = "transit", days = 3 }
customs = { kind = "facility", facility = "border" }
trains = { kind = "departures", every_days = 1, capacity = 99 }
[routes.sea]
freight_usd = 150
[routes.sea.stages]
voyage = { kind = "transit", days = 3 }
[choice]
rule = "cheapest"
"""


@pytest.mark.parametrize("target", [ON_LINE, BORDER, TRAINS])
def test_who_books_while_rail_is_dearer_goes_by_sea(tmp_path: Path, target: str) -> None:
    # 200 USD instead of 100 from day 7 to 11, against 150 by sea.
    facility = FACILITY.format(hours=0, servers=1)
    scenario = daily(tmp_path, facility + TWO + disruption(target, "dearer 2"))
    observed = lawful_run(scenario)
    assert observed.way().booked[observed.way().taken == 1].tolist() == [7.5, 8.5, 9.5, 10.5]
    assert observed.route("rail").freight == ((0, 100), (7, 200), (11, 100))
    assert observed.route("sea").freight == ((0, 150),)


IN_A_DAY = """
[facilities.border]
service_hours = 12
[routes.rail.stages]
customs = { kind = "facility", facility = "border" }
line = { kind = "transit", days = 1, detour = { days = 4 } }
[routes.road.stages]
way = { kind = "transit", days = 2 }
[choice]
rule = "fastest"
"""
"""Rail takes a day and a half, the road two days."""


@pytest.mark.parametrize(
    ("target", "effect"), [(BORDER, "slower 3"), (ON_LINE, "slower 2"), (ON_LINE, "closed")]
)
def test_who_books_knows_what_goes_wrong_now(tmp_path: Path, target: str, effect: str) -> None:
    # A day and a half at the border, two on the line or four around it are posted from 7 to 11.
    observed = run(tmp_path, IN_A_DAY + disruption(target, effect))
    assert observed.way().booked[observed.way().taken == 1].tolist() == [7.5, 8.5, 9.5, 10.5]


def test_two_things_that_are_dearer_are_so_together(tmp_path: Path) -> None:
    # 1.2 × 1.3 of 100 USD is 156; either alone is less than the 150 by sea.
    facility = FACILITY.format(hours=0, servers=1)
    both = disruption(ON_LINE, "dearer 1.2") + disruption(BORDER, "dearer 1.3", day=9, days=9)
    observed = lawful_run(daily(tmp_path, facility + TWO + both))
    assert observed.way().booked[observed.way().taken == 1].tolist() == [9.5, 10.5]
    days, usd = zip(*observed.route("rail").freight, strict=True)
    assert days == (0, 7, 9, 11, 18)
    assert usd == pytest.approx((100, 120, 156, 130, 100))


def test_a_phase_changes_the_freight_that_is_dearer(tmp_path: Path) -> None:
    facility = FACILITY.format(hours=0, servers=1)
    phase = '[phases.rise]\nfrom = 2001-01-10\nset = { "routes.rail.freight_usd" = 70 }\n'
    text = facility + TWO + phase + disruption(ON_LINE, "dearer 2")
    observed = lawful_run(daily(tmp_path, text))
    assert observed.route("rail").freight == ((0, 100), (7, 200), (9, 140), (11, 70))
    assert observed.way().booked[observed.way().taken == 1].tolist() == [7.5, 8.5]


def test_who_books_knows_how_small_trains_will_be(tmp_path: Path) -> None:
    # Three bookings a day, at 1/6, 3/6 and 5/6, and four places a train; one from day 7 to day 10.
    # Who finds no place would wait a day longer, and goes away.
    text = "[routes.rail]\nmax_wait_days = 1\n" + LINE.replace("capacity = 3", "capacity = 4")
    smaller = text + disruption(TRAINS, "capacity 0.25")
    observed = lawful_run(daily(tmp_path, smaller, days=12.4, a_year=3 * 365))
    aboard = [3] * 6 + [1] * 4 + [3] * 2
    assert leg(observed).loads.tolist() == aboard
    taken = [place < room for room in aboard for place in range(3)]
    assert (observed.way().taken == 0).tolist()[: len(taken)] == taken


# When: on a date, or again and again.


def again(target: str, effect: str, up: float, days: float) -> str:
    return (
        f'[disruptions.again]\ntarget = "{target}"\neffect = "{effect}"\n'
        f"up_days = {up}\ndays = {days}\n"
    )


def test_up_for_five_days_and_down_for_two(tmp_path: Path) -> None:
    # Down from 5 to 7, 12 to 14 and 19 to 21.
    observed = run(tmp_path, LINE + again(TRAINS, "closed", 5, 2))
    assert observed.disruptions[0].spans == ((5, 7), (12, 14), (19, 21))
    departures = leg(observed)
    days = [1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18]
    assert departures.departed.tolist() == days
    assert departures.loads.tolist() == [1, 1, 1, 1, 3, 1, 1, 1, 1, 3, 1, 1, 1, 1]


def test_what_begins_at_the_horizon_is_none(tmp_path: Path) -> None:
    observed = run(tmp_path, LINE + again(TRAINS, "closed", 5, 2), days=19)
    assert observed.disruptions[0].spans == ((5, 7), (12, 14))


@pytest.mark.parametrize("effect", ["closed", "capacity"])
def test_who_books_at_the_end_of_a_run_knows_what_is_closed_beyond_it(
    tmp_path: Path, effect: str
) -> None:
    # No trains from 5 to 7, and so on: who books at 4.5 would wait until 7, and goes away. Of five
    # bookings a day, one place a train, the later ones expect a train of day 16 and more.
    head = "[routes.rail]\nmax_wait_days = {}\n"
    none = again(TRAINS, effect, 5, 2) + ("factor = 0\n" if effect == "capacity" else "")
    observed = run(tmp_path, head.format(2) + LINE + none, days=4.9)
    assert observed.way().taken.tolist() == [0, 0, 0, 0, -1]
    text = head.format(12) + LINE.replace("= 3 }\nline", "= 1 }\nline") + none
    short, long = (
        lawful_run(daily(tmp_path, text, days=days, a_year=5 * 365)).way().taken
        for days in (4.9, 60)
    )
    assert short.tolist() == long[: len(short)].tolist()
    assert -1 in short[:20]


def test_bookings_as_it_begins_and_as_it_ends(tmp_path: Path) -> None:
    # Dearer from 5.5 to 7.5: who books at 5.5 pays more, who books at 7.5 does not.
    facility = FACILITY.format(hours=0, servers=1)
    text = again(ON_LINE, "dearer", 5.5, 2) + "factor = 2\n"
    observed = lawful_run(daily(tmp_path, facility + TWO + text, days=12))
    assert observed.way().booked[observed.way().taken == 1].tolist() == [5.5, 6.5]


def test_what_begins_on_the_first_day_holds_from_the_start(tmp_path: Path) -> None:
    came_on = arrived(run(tmp_path, LINE + disruption(ON_LINE, "closed", day=0, days=2.5)))
    assert [came_on[day] for day in (1, 2, 3)] == [5.5, 5.5, 6]


# Two at once.


def test_two_closures_are_one(tmp_path: Path) -> None:
    # From 7 to 11 and from 9 to 13: who comes on day 7 waits until 13. What touches is one, too.
    other = disruption(ON_LINE, "closed", day=9)
    came_on = arrived(run(tmp_path, LINE + disruption(ON_LINE, "closed") + other))
    assert [came_on[day] for day in (6, 7, 12, 13)] == [9, 16, 16, 16]
    touching = disruption(ON_LINE, "closed", day=11, days=2)
    assert arrived(run(tmp_path, LINE + disruption(ON_LINE, "closed") + touching)) == came_on


def test_a_closure_that_holds_within_one_that_does_not(tmp_path: Path) -> None:
    # Closed from 7 to 11, and from 8 to 9 even for who is on the way: that of 6 loses a day.
    held = disruption(ON_LINE, "closed", day=8, days=1, more=HOLD)
    came_on = arrived(run(tmp_path, LINE + disruption(ON_LINE, "closed") + held))
    assert [came_on[day] for day in (5, 6, 7, 11)] == [8, 10, 14, 14]


def test_slower_and_closed(tmp_path: Path) -> None:
    # Who waits until 11 starts while it is slower; who starts on 13 does not.
    both = disruption(ON_LINE, "closed") + disruption(ON_LINE, "slower 2", day=9)
    came_on = arrived(run(tmp_path, LINE + both))
    assert [came_on[day] for day in (6, 7, 12, 13)] == [9, 17, 18, 16]


def test_twice_slower_is_four_times(tmp_path: Path) -> None:
    # From 9 to 11 both, a quarter as fast: the train of day 8 does half a day's way until 9, half
    # a day's until 11, one until 13, and the rest a day later.
    both = [disruption(ON_LINE, "slower 2", day=day, more=HOLD) for day in (7, 9)]
    assert arrived(run(tmp_path, LINE + "".join(both)))[8] == 14
    both = [disruption(ON_LINE, "slower 2", day=day) for day in (7, 9)]
    came_on = arrived(run(tmp_path, LINE + "".join(both)), 0)
    assert [came_on[day] for day in (8, 11)] == [14, 17]
    later = run(tmp_path, LINE + "".join(both), days=30)
    assert [arrived(later)[day] for day in (9, 10)] == [21, 22]


def test_a_half_of_a_half(tmp_path: Path) -> None:
    text = LINE.replace("capacity = 3", "capacity = 8")
    both = disruption(TRAINS, "capacity 0.5") + disruption(TRAINS, "capacity 0.5", day=9)
    places = leg(run(tmp_path, text + both)).capacities
    assert places[5:14].tolist() == [8, 4, 4, 2, 2, 4, 4, 8, 8]


# With directions, and with phases.


def test_both_directions_have_the_same_days(tmp_path: Path) -> None:
    # Up for 5 days, down for 2 to 4, drawn once for both.
    demand = "directions = { out = 0.5, home = 0.5 }"
    text = LINE + again(TRAINS, "closed", 5, 2).replace("days = 2\n", "days = [2, 4]\n")
    observed = lawful_run(daily(tmp_path, text, a_year=730, demand=demand))
    out, home = (observed.route("rail", way).legs[0].departed for way in ("out", "home"))
    assert out.tolist() == home.tolist()
    assert len(observed.disruptions) == 1
    assert len(out) < 20


def test_one_direction_of_servers_is_closed_with_the_other(tmp_path: Path) -> None:
    text = FACILITY.format(hours=12, servers=1) + "each_way = true\n" + CUSTOMS
    scenario = daily(
        tmp_path,
        text + disruption(BORDER, "closed"),
        a_year=730,
        demand="directions = { out = 0.5, home = 0.5 }",
    )
    observed = lawful_run(scenario)
    assert [log.outages for log in observed.facilities] == [observed.facilities[0].outages] * 2
    for way in ("out", "home"):
        customs = observed.route("rail", way).legs[0].passages[0]
        assert came(customs.started)[5:8] == [6, 11, 11.5]


def test_a_timetable_that_begins_anew_while_it_is_closed(tmp_path: Path) -> None:
    # Trains leave each day, and from day 9 on each second day: 11, 13, …
    phase = f'[phases.fewer]\nfrom = 2001-01-10\nset = {{ "{TRAINS}.every_days" = 2 }}\n'
    departures = leg(run(tmp_path, LINE + phase + disruption(TRAINS, "closed")))
    assert departures.departed[4:9].tolist() == [5, 6, 11, 13, 15]
    assert departures.loads[4:9].tolist() == [1, 1, 3, 3, 3]


def test_a_line_that_gets_faster_while_it_is_closed(tmp_path: Path) -> None:
    # Trains that left before day 9 need three days once it opens, those from then on one.
    phase = f'[phases.faster]\nfrom = 2001-01-10\nset = {{ "{ON_LINE}.days" = 1 }}\n'
    came_on = arrived(run(tmp_path, LINE + phase + disruption(ON_LINE, "closed")))
    assert [came_on[day] for day in (7, 8, 9, 10, 11)] == [14, 14, 12, 12, 12]


def test_a_half_of_the_servers_of_a_phase(tmp_path: Path) -> None:
    # Two servers, and from day 9 on four: half of them until 11.
    phase = '[phases.more]\nfrom = 2001-01-10\nset = { "facilities.border.servers" = 4 }\n'
    facility = FACILITY.format(hours=48, servers=2)
    text = facility + CUSTOMS + phase + disruption(BORDER, "capacity 0.5")
    observed = run(tmp_path, text)
    assert observed.facilities[0].servers == ((0, 2), (7, 1), (9, 2), (11, 4))


# What else stays as it was.

RANDOM = """
[routes.rail.stages]
trains = { kind = "departures", every_days = 1, capacity = 3 }
line = { kind = "transit", days = [2, 6] }
"""


def test_what_never_comes_changes_nothing(tmp_path: Path) -> None:
    plain = daily(tmp_path, RANDOM)
    never = '[disruptions.never]\ntarget = "TARGET"\neffect = "closed"\nper_year = 0\ndays = 3\n'
    for target in (ON_LINE, TRAINS, "demand"):
        other = daily(tmp_path, RANDOM + never.replace("TARGET", target))
        one, two = lawful_run(plain), lawful_run(other)
        assert two.disruptions[0].spans == ()
        assert (one.containers.delivered == two.containers.delivered).all()
        found = figures(other, two)
        assert {key: found[key] for key in figures(plain, one)} == figures(plain, one)


def test_what_comes_shifts_no_other_draw(tmp_path: Path) -> None:
    # Trips before it are the same to the bit, and so are those after it, those left out or not.
    one = leg(run(tmp_path, RANDOM))
    two = leg(run(tmp_path, RANDOM + disruption(TRAINS, "closed")))
    kept = np.isin(one.departed, two.departed)
    assert one.departed[~kept].tolist() == [7, 8, 9, 10]
    assert (one.arrived[kept] == two.arrived).all()
    three = leg(run(tmp_path, RANDOM + disruption(ON_LINE, "closed")))
    apart = (one.departed < 7) | (one.departed >= 11)
    assert (one.arrived[apart] == three.arrived[apart]).all()
    around = RANDOM.replace("[2, 6]", "[2, 6], detour = { days = [9, 11] }")
    four = leg(run(tmp_path, around + disruption(ON_LINE, "closed")))
    assert (one.arrived[apart] == four.arrived[apart]).all()
    assert ((four.arrived - four.departed)[6:10] >= 9).all()


def test_cancelled_departures_shift_no_draw_of_a_fleet(tmp_path: Path) -> None:
    # Trips of vehicles that must come back are drawn by the order in which they leave; with enough
    # of them it is that of the timetable.
    plain = leg(run(tmp_path, RANDOM))
    sets = "[fleets]\nsets = { vehicles = 99, turnaround_days = 1 }\n"
    enough = sets + RANDOM.replace("capacity = 3", 'capacity = 3, fleet = "sets"')
    assert (leg(run(tmp_path, enough)).arrived == plain.arrived).all()
    closure = disruption(TRAINS, "closed")
    one, two = leg(run(tmp_path, RANDOM + closure)), leg(run(tmp_path, enough + closure))
    assert (one.arrived == two.arrived).all()
