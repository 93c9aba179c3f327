"""Vehicles that leave when they are full: by hand, and against theory.

Containers book at 1/2, 3/2, 5/2, … days; a vehicle takes three, and a line of three days follows,
if nothing else is said.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from daily import arrived, daily, disruption, leg
from oracles import Record, assert_theory, oracle, params, rail, relaxed
from support import figures, lawful_run, sampled

import sim

TRAINS = "routes.rail.stages.trains"
FULL = """
[routes.rail.stages]
trains = { kind = "departures", dispatch = "full", capacity = 3 }
line = { kind = "transit", days = 3 }
"""


def holding(days: float, text: str = FULL) -> str:
    """The same, but none waits longer than so many days for a vehicle to fill."""
    return text.replace('"full"', f'"full", longest_hold_days = {days}')


def test_the_third_container_fills_a_vehicle(tmp_path: Path) -> None:
    # It leaves at once, so the first waits two days, the second one, and the third not at all.
    scenario = daily(tmp_path, FULL)
    observed = lawful_run(scenario)
    assert leg(observed).departed.tolist() == [2.5, 5.5, 8.5, 11.5, 14.5, 17.5]
    assert observed.containers.wait[:6].tolist() == [2, 1, 0, 2, 1, 0]
    assert arrived(observed)[2.5] == 5.5
    assert figures(scenario, observed)["rail.load_factor"] == 1


def test_those_who_never_fill_one_wait_for_ever(tmp_path: Path) -> None:
    observed = lawful_run(daily(tmp_path, FULL.replace("capacity = 3", "capacity = 30")))
    assert leg(observed).departed.tolist() == []
    assert len(leg(observed).who) == 20


def test_a_vehicle_leaves_when_the_first_has_waited_long_enough(tmp_path: Path) -> None:
    # A day and a half: those of 0.5 and 1.5 leave on 2, those of 2.5 and 3.5 on 4.
    scenario = daily(tmp_path, holding(1.5))
    observed = lawful_run(scenario)
    assert leg(observed).departed[:4].tolist() == [2, 4, 6, 8]
    assert set(leg(observed).loads.tolist()) == {2}
    assert figures(scenario, observed)["rail.load_factor"] == pytest.approx(2 / 3)


def test_whoever_comes_as_the_hold_ends_fills_it(tmp_path: Path) -> None:
    # Two days: the third comes as the first has waited two days, and boards.
    departures = leg(lawful_run(daily(tmp_path, holding(2))))
    assert departures.departed[:3].tolist() == [2.5, 5.5, 8.5]
    assert set(departures.loads.tolist()) == {3}


def test_without_a_hold_each_leaves_at_once(tmp_path: Path) -> None:
    departures = leg(lawful_run(daily(tmp_path, holding(0))))
    assert departures.departed[:3].tolist() == [0.5, 1.5, 2.5]
    assert set(departures.loads.tolist()) == {1}


def test_half_the_days_that_it_takes_to_fill_one_are_posted(tmp_path: Path) -> None:
    # Nobody came before 0.5: half of the hold, 5 days, and 3 of line, against 9 by road. Then one
    # a day comes and three fill a vehicle: a day or two are posted, and the road takes 5.5.
    text = """
    [routes.road.stages]
    drive = { kind = "transit", days = 9 }
    [choice]
    rule = "fastest"
    [phases.highway]
    from = 2001-01-02
    set = { "routes.road.stages.drive.days" = 5.5 }
    """
    observed = lawful_run(daily(tmp_path, holding(10) + text))
    assert (observed.way().taken == 0).all()


def test_a_crowd_fills_several_at_once(tmp_path: Path) -> None:
    # Seven come by ship on day 7 and on day 14: two trains leave with three, and the last one waits
    # for two more, who come seven days later.
    text = """
    [routes.rail.stages]
    feeder = { kind = "departures", every_days = 7, capacity = 9 }
    trains = { kind = "departures", dispatch = "full", capacity = 3 }
    line = { kind = "transit", days = 3 }
    """
    trains = leg(lawful_run(daily(tmp_path, text)), 1)
    assert trains.departed.tolist() == [7, 7, 14, 14]
    assert trains.who[:12].tolist() == list(range(12))


def test_a_later_leg_fills_as_ships_come(tmp_path: Path) -> None:
    # Ships leave when two wait, on 1.5, 3.5, 5.5, …, and are through a day later: on 2.5, 4.5, 6.5,
    # … two more are ready for a train of three, which leaves on 4.5 (one stays), 6.5, 10.5, 12.5.
    text = """
    [routes.rail.stages]
    feeder = { kind = "departures", dispatch = "full", capacity = 2 }
    crossing = { kind = "transit", days = 1 }
    trains = { kind = "departures", dispatch = "full", capacity = 3 }
    line = { kind = "transit", days = 3 }
    """
    observed = lawful_run(daily(tmp_path, text))
    assert leg(observed).departed[:4].tolist() == [1.5, 3.5, 5.5, 7.5]
    assert leg(observed, 1).departed.tolist() == [4.5, 6.5, 10.5, 12.5, 16.5, 18.5]
    # None holds longer than a day and a half: the two of 2.5 leave on 4 without a third.
    held = leg(lawful_run(daily(tmp_path, holding(1.5, text))), 1)
    assert held.departed[:3].tolist() == [4, 6, 8]
    assert held.loads[:3].tolist() == [2, 2, 2]


def test_the_urgent_board_first(tmp_path: Path) -> None:
    # Vehicles of two; those who waited while it was closed leave on day 11, as long as two are left
    # or one has waited for two days: first the urgent ones in order, then the others.
    text = holding(2, FULL.replace("capacity = 3", "capacity = 2"))
    demand = """
    [demand.classes]
    plain = { share = 0.5 }
    urgent = { share = 0.5, priority = 1 }
    """
    closure = disruption(TRAINS, "closed", day=3, days=8)
    observed = lawful_run(daily(tmp_path, text + closure, demand=demand))
    way, departures = observed.way(), leg(observed)
    assert way.class_of is not None
    is_urgent = way.class_of == way.classes.index("urgent")
    left = departures.boarding_days
    aboard = departures.who[left == 11].tolist()
    waited = set(range(11)) - set(departures.who[left < 11].tolist())
    in_order = sorted(waited, key=lambda number: (not is_urgent[number], number))
    assert aboard == in_order[: len(aboard)]
    assert len(aboard) >= 8
    assert 2 <= is_urgent[aboard].sum() <= len(aboard) - 2


def test_who_has_waited_longest_may_be_of_any_class(tmp_path: Path) -> None:
    # The hold is that of the first who came, though others would board before: each vehicle leaves
    # when its first has waited two days and a half, with three.
    demand = "[demand.classes]\nplain = { share = 0.5 }\nurgent = { share = 0.5, priority = 1 }\n"
    text = holding(2.5, FULL.replace("capacity = 3", "capacity = 9"))
    departures = leg(lawful_run(daily(tmp_path, text, demand=demand)))
    assert departures.departed.tolist() == [3, 6, 9, 12, 15, 18]
    assert set(departures.loads.tolist()) == {3}


# Closed, and with fewer places.


def test_who_is_due_while_it_is_closed_leaves_as_it_opens(tmp_path: Path) -> None:
    # Those of 6.5 to 10.5 wait until 11: three leave, and two wait for that of 11.5.
    observed = lawful_run(daily(tmp_path, FULL + disruption(TRAINS, "closed")))
    departures = leg(observed)
    assert departures.departed.tolist() == [2.5, 5.5, 11, 11.5, 14.5, 17.5]
    assert set(departures.loads.tolist()) == {3}


def test_a_hold_that_ends_while_it_is_closed_ends_as_it_opens(tmp_path: Path) -> None:
    # Without the closure two leave on 8; until 11 there are those of 6.5 to 10.5: three leave, and
    # so do the other two, for that of 9.5 has waited a day and a half.
    departures = leg(lawful_run(daily(tmp_path, holding(1.5) + disruption(TRAINS, "closed"))))
    assert departures.departed[2:6].tolist() == [6, 11, 11, 13]
    assert departures.loads[2:6].tolist() == [2, 3, 2, 2]


def test_smaller_vehicles_are_full_sooner(tmp_path: Path) -> None:
    # One place from day 7 on: that of 6.5 leaves on 7, each that follows at once; three again from
    # day 11 on.
    departures = leg(lawful_run(daily(tmp_path, FULL + disruption(TRAINS, "capacity 0.5"))))
    assert departures.departed.tolist() == [2.5, 5.5, 7, 7.5, 8.5, 9.5, 10.5, 13.5, 16.5, 19.5]
    assert departures.capacities[2:8].tolist() == [1, 1, 1, 1, 1, 3]


def test_without_a_place_none_leaves(tmp_path: Path) -> None:
    # Two leave on 1.5, 3.5, 5.5; those of 6.5 to 10.5 on day 11, three and two; those of 11.5 and
    # 12.5 as the first has waited a day.
    departures = leg(lawful_run(daily(tmp_path, holding(1) + disruption(TRAINS, "capacity 0"))))
    assert departures.departed[:6].tolist() == [1.5, 3.5, 5.5, 11, 11, 12.5]
    assert departures.loads[:6].tolist() == [2, 2, 2, 3, 2, 2]


def test_a_phase_makes_vehicles_larger_or_closes_the_route(tmp_path: Path) -> None:
    # From day 4 on five fit: those of 3.5 to 7.5 leave on 7.5. From day 10 on nobody leaves.
    phases = f"""
    [phases.larger]
    from = 2001-01-05
    set = {{ "{TRAINS}.capacity" = 5 }}
    [phases.shut]
    from = 2001-01-11
    set = {{ "routes.rail.closed" = true }}
    """
    road = '[routes.road.stages]\nway = { kind = "transit", days = 9 }\n'
    text = FULL + road + '[choice]\nrule = "share"\nshares = { rail = 1, road = 0 }\n' + phases
    departures = leg(lawful_run(daily(tmp_path, text)))
    assert departures.departed.tolist() == [2.5, 7.5]
    assert departures.loads.tolist() == [3, 5]


# With a fleet.

SHUTTLE = FULL.replace("capacity = 3", 'capacity = 3, fleet = "sets"').replace("= 3 }\n", "= 1 }\n")


def fleet(vehicles: int, turnaround: float) -> str:
    return f"[fleets]\nsets = {{ vehicles = {vehicles}, turnaround_days = {turnaround} }}\n"


def test_a_vehicle_that_comes_back_takes_who_waits(tmp_path: Path) -> None:
    # There and back is 2.5 days. Without a hold the first leaves with one on 0.5, and then with as
    # many as have come when it is back, three at most: on 3 those of 1.5 and 2.5, on 5.5 three.
    departures = leg(lawful_run(daily(tmp_path, fleet(1, 0.5) + holding(0, SHUTTLE))))
    assert departures.departed.tolist() == [0.5, 3, 5.5, 8, 10.5, 13, 15.5, 18]
    assert departures.loads.tolist() == [1, 2, 3, 2, 3, 2, 3, 2]


def test_a_vehicle_that_is_back_waits_until_it_is_full(tmp_path: Path) -> None:
    # Back on 5, full on 5.5.
    departures = leg(lawful_run(daily(tmp_path, fleet(1, 0.5) + SHUTTLE)))
    assert departures.departed.tolist() == [2.5, 5.5, 8.5, 11.5, 14.5, 17.5]
    # With four days there and back six have come by 6.5, and three of them leave.
    departures = leg(lawful_run(daily(tmp_path, fleet(1, 2) + SHUTTLE)))
    assert departures.departed.tolist() == [2.5, 6.5, 10.5, 14.5, 18.5]


def test_two_directions_send_each_other_vehicles(tmp_path: Path) -> None:
    # One set, which begins out: it fills on 2.5, is ready at home on 4, where it is full at once,
    # and out again on 5.5, and so on.
    demand = "directions = { out = 0.5, home = 0.5 }"
    text = fleet(1, 0.5) + SHUTTLE
    observed = lawful_run(daily(tmp_path, text, demand=demand, a_year=730))
    out, home = (observed.route("rail", way).legs[0] for way in ("out", "home"))
    assert out.departed[:4].tolist() == [2.5, 5.5, 8.5, 11.5]
    assert home.departed[:4].tolist() == [4, 7, 10, 13]


# Theory.

BULK = "M/D^[1,b]/1 (general bulk service)"
BULKS = params(BULK, "Wq")


@pytest.mark.parametrize("about", sampled(BULKS, BULKS[2::3]))
def test_a_shuttle_that_takes_who_waits(
    tmp_path: Path, record_property: Record, about: dict[str, float]
) -> None:
    # One vehicle that leaves as soon as it is back and anybody waits: half of D there, half back.
    stages = f"""
    shuttle = {{ kind = "departures", dispatch = "full", longest_hold_days = 0, fleet = "one", \
capacity = {about["capacity"]} }}
    line = {{ kind = "transit", days = {about["D"] / 2} }}
    """
    more = "[fleets]\none = { vehicles = 1, turnaround_days = 0 }\n"
    warmup = math.ceil(relaxed(about["rho"], int(about["capacity"]))) + 20
    scenario = rail(
        tmp_path, stages, a_day=about["lam"], days=2 * warmup + 500, warmup=warmup, more=more
    )
    told = "b {capacity}, rho {rho}".format_map(about)
    theory = {metric: oracle(BULK, metric, **about) for metric in ("Wq", "Lq")}
    assert_theory(record_property, BULK, told, scenario, waiting, theory)


def waiting(scenario: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
    found = figures(scenario, observed)
    return {"Wq": found["rail.wait_mean"], "Lq": found["rail.backlog_mean"]}


WHEN_FULL = "dispatch when full (unlimited vehicles)"


@pytest.mark.parametrize("about", params(WHEN_FULL, "mean_wait"))
def test_the_wait_for_a_vehicle_to_fill(
    tmp_path: Path, record_property: Record, about: dict[str, float]
) -> None:
    # The k-th of b waits for b - k more.
    stages = (
        f'trains = {{ kind = "departures", dispatch = "full", capacity = {about["capacity"]} }}'
    )
    days = 1_000 / about["lam"] ** 0.5
    scenario = rail(tmp_path, stages, a_day=about["lam"], days=days, warmup=20)
    told = "b {capacity}, lam {lam}".format_map(about)
    theory = {"Wq": oracle(WHEN_FULL, "mean_wait", **about)}
    assert_theory(record_property, WHEN_FULL, told, scenario, waiting, theory)
