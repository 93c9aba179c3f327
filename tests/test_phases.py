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


def test_the_yearly_capacity_is_the_mean_over_the_window(tmp_path: Path) -> None:
    # Three places every second day for five days of the twelve, then six for seven.
    scenario = phased(tmp_path, RAIL, 5, '"routes.rail.stages.trains.capacity" = 6')
    found = figures(scenario, lawful_run(scenario))
    mean = (5 * 1.5 + 7 * 3) / 12 * 365
    assert found["rail.stage:trains.yearly_capacity"] == pytest.approx(mean)


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


# Facilities. Trains come on days 1, 2, 3, …; each is served for two and a half days.

BORDER = """
[facilities.border]
servers = {servers}
service_hours = 60
{more}
[routes.rail.stages]
trains = {{ kind = "departures", every_days = 1, capacity = 3 }}
customs = {{ kind = "facility", facility = "border" }}
line = {{ kind = "transit", days = 1 }}
"""


def served(observed: sim.Observations) -> list[float]:
    """The days on which services began before the horizon."""
    (leg,) = observed.route("rail").legs
    started = leg.passages[0].started
    days: list[float] = started[started < np.inf].tolist()
    return days


@pytest.mark.parametrize("discipline", ["fifo", "priority"])
def test_more_servers_take_who_waits_at_once(tmp_path: Path, discipline: str) -> None:
    # Trains come on 1.5, 3, 4.5, 6, … to one server: 1.5, 4. On day 5, when none comes and none is
    # done, there are three, and the train of 4.5 begins.
    more = f'discipline = "{discipline}"'
    routes = BORDER.format(servers=1, more=more).replace("every_days = 1", "every_days = 1.5")
    observed = lawful_run(phased(tmp_path, routes, 5, '"facilities.border.servers" = 3'))
    assert served(observed) == [1.5, 4, 5, 6, 7.5, 9, 10.5]


def test_fewer_servers_finish_what_they_began(tmp_path: Path) -> None:
    # Three servers take trains of days 1, 2 and 3 at once. From day 4 on there is one: two are
    # still being served, and nobody begins before both are done, on day 5.5.
    routes = BORDER.format(servers=3, more="")
    scenario = phased(tmp_path, routes, 4, '"facilities.border.servers" = 1')
    observed = lawful_run(scenario)
    assert served(observed) == [1, 2, 3, 5.5, 8, 10.5]
    # Three servers for 4 days and one for 8; services of 2.5 days, the last of 1.5.
    utilisation = figures(scenario, observed)["all.facility:border.utilisation"]
    assert utilisation == pytest.approx((5 * 2.5 + 1.5) / (3 * 4 + 8))


def test_a_trip_keeps_the_service_of_its_departure(tmp_path: Path) -> None:
    # From day 4 on half a day: the train of day 3 begins on day 6 and still takes two and a half.
    routes = BORDER.format(servers=1, more="")
    observed = lawful_run(phased(tmp_path, routes, 4, '"facilities.border.service_hours" = 12'))
    assert served(observed) == [1, 3.5, 6, 8.5, 9, 9.5, 10, 10.5, 11, 11.5]


def test_a_lone_container_keeps_the_service_of_its_booking(tmp_path: Path) -> None:
    routes = """
        [facilities.border]
        service_hours = 36
        hours_per_container = 12
        [routes.rail.stages]
        lorry = { kind = "transit", days = 1.5 }
        customs = { kind = "facility", facility = "border" }
        """
    changes = '"facilities.border.hours_per_container" = 0, "facilities.border.service_hours" = 12'
    observed = lawful_run(phased(tmp_path, routes, 2, changes))
    # Booked on 1/2 and 3/2: two days from 2 and 4 on; then half a day from 6, 6.5, 7 on.
    assert observed.containers.delivered[:5].tolist() == [4, 6, 6.5, 7, 7.5]


# What is posted and what is accepted.


def test_a_limit_that_changes_counts_from_the_date_on(tmp_path: Path) -> None:
    # Trains of one on days 2, 4, 6, …: until day 5 everybody queues, then nobody who would wait.
    rail = RAIL.replace("capacity = 3", "capacity = 1")
    scenario = phased(tmp_path, rail, 5, '"routes.rail.max_wait_days" = 1')
    observed = lawful_run(scenario)
    assert observed.way().taken.tolist() == [0] * 5 + [-1] * 6 + [0]
    # The five go with the trains of 2, …, 10. That of day 12 is taken half a day before; with a
    # limit of 2 days already at 21/2.
    wider = scenario.with_changes({'phases.later.set."routes.rail.max_wait_days"': 2})
    assert lawful_run(wider).way().taken.tolist()[-3:] == [-1, 0, -1]


def test_a_limit_that_comes_later_also_counts_for_shares(tmp_path: Path) -> None:
    # As above, with no limit at first, and everybody wants the train.
    rail = RAIL.replace("capacity = 3", "capacity = 1")
    choice = '[choice]\nrule = "share"\nshares = { rail = 1 }\n'
    scenario = phased(tmp_path, rail + choice, 5, '"routes.rail.max_wait_days" = 1')
    observed = lawful_run(scenario)
    assert observed.way().taken.tolist() == [0] * 5 + [-1] * 6 + [0]


def test_shares_change_with_the_date(tmp_path: Path) -> None:
    choice = '[choice]\nrule = "share"\nshares = { rail = 1, sea = 0 }\n'
    routes = RAIL + CHOICE[: CHOICE.index("[choice]")] + choice
    scenario = phased(tmp_path, routes, 5, '"choice.shares" = { rail = 0, sea = 1 }')
    assert lawful_run(scenario).way().taken.tolist() == [0] * 5 + [1] * 7


@pytest.mark.parametrize(
    ("stage", "change"),
    [
        ('{ kind = "transit", days = 1 }', '"routes.rail.stages.line.days" = 3'),
        ('{ kind = "facility", facility = "border" }', '"facilities.border.service_hours" = 72'),
    ],
)
def test_days_that_change_are_posted_from_the_date_on(
    tmp_path: Path, stage: str, change: str
) -> None:
    # Half a day until the train and one day on the way, from day 5 on three; the road takes two.
    facility = "[facilities.border]\nservers = 3\nservice_hours = 24\n"
    rail = f"""
        [routes.rail.stages]
        trains = {{ kind = "departures", every_days = 1, capacity = 3 }}
        line = {stage}
        """
    road = '[routes.road.stages]\nway = { kind = "transit", days = 2 }\n'
    choice = '[choice]\nrule = "fastest"\n'
    used = facility if "border" in change else ""
    observed = lawful_run(phased(tmp_path, used + rail + road + choice, 5, change))
    assert observed.way().taken.tolist() == [0] * 5 + [1] * 7


def test_a_rate_that_changes_is_posted_from_the_date_on(tmp_path: Path) -> None:
    # A lorry of a day, then trains: by rail a day, half a headway, a day of line; by sea 3.25. With
    # a train in four days it is 4 days until day 6; then one in a day, 2.5 days.
    rail = RAIL.replace(
        "[routes.rail.stages]", '[routes.rail.stages]\nlorry = { kind = "transit", days = 1 }'
    )
    rail = rail.replace("every_days = 2", "every_days = 4").replace("capacity = 3", "capacity = 9")
    sea = '[routes.sea.stages]\nvoyage = { kind = "transit", days = 3.25 }\n'
    choice = '[choice]\nrule = "fastest"\n'
    scenario = phased(
        tmp_path, rail + sea + choice, 6, '"routes.rail.stages.trains.every_days" = 1'
    )
    observed = lawful_run(scenario)
    assert observed.way().taken.tolist() == [1] * 6 + [0] * 6
    assert departed(observed) == [4, 7, 8, 9, 10, 11]


# Which scenario holds when.


def test_the_warm_up_is_before_what_begins_with_the_window(tmp_path: Path) -> None:
    scenario = phased(tmp_path, RAIL, 0, '"routes.rail.stages.trains.every_days" = 3')
    assert departed(lawful_run(scenario)) == [3, 6, 9]
    with_warm_up = scenario.with_changes({"run.warmup_days": 4})
    assert departed(lawful_run(with_warm_up)) == [2, 4, 7, 10, 13]


def test_each_phase_is_laid_over_those_before_it(tmp_path: Path) -> None:
    # By date, whatever their order in the file; of one date in that order.
    more = (
        '[phases.first]\nfrom = 2001-01-05\nset = { "routes.rail.stages.trains.capacity" = 1 }\n'
        '[phases.last]\nfrom = 2001-01-09\nset = { "routes.rail.stages.line.days" = 3 }\n'
    )
    scenario = phased(tmp_path, RAIL, 8, '"routes.rail.stages.line.days" = 2', more)
    (leg,) = lawful_run(scenario).route("rail").legs
    assert leg.departed.tolist() == [2, 4, 6, 8, 10]
    assert leg.capacities.tolist() == [3, 3, 1, 1, 1]
    assert (leg.arrived - leg.departed)[:4].tolist() == [1, 1, 1, 3]


@pytest.mark.parametrize("day", [8, 9])
def test_what_two_phases_set_on_one_date_is_told(tmp_path: Path, day: int) -> None:
    days = '"routes.rail.stages.line.days"'
    again = f"[phases.again]\nfrom = 2001-01-09\nset = {{ {days} = 3 }}\n"
    said = (
        "phases.again: routes.rail.stages.line.days is set by phases.later, too, from 2001-01-09 "
        "on: what phases.again says holds"
    )
    warnings = phased(tmp_path, RAIL, day, f"{days} = 2", again).preview().warnings
    assert [each for each in warnings if each.startswith("phases")] == [said] * (day == 8)


def test_a_number_scales_a_distribution(tmp_path: Path) -> None:
    # Between 2 and 4 days; with a mean of 1.5 between 1 and 2.
    rail = RAIL.replace("days = 1 }", "days = { uniform = [2, 4] } }")
    scenario = phased(tmp_path, rail, 5, '"routes.rail.stages.line.days" = 1.5')
    observed = lawful_run(scenario.with_changes({"run.days": 400}))
    (leg,) = observed.route("rail").legs
    here = leg.arrived < np.inf
    took, later = (leg.arrived - leg.departed)[here], leg.departed[here] >= 5
    assert ((took[~later] >= 2) & (took[~later] <= 4)).all()
    assert took[later].min() == pytest.approx(1, abs=0.05)
    assert took[later].max() == pytest.approx(2, abs=0.05)


def test_a_yearly_capacity_stays_of_both_directions(tmp_path: Path) -> None:
    text = DAILY.replace("= 365", "= 730") + "[demand.directions]\nout = 0.5\nhome = 0.5\n"
    rail = RAIL.replace("every_days = 2", "annual_capacity = 1_095")
    phase = "[phases.later]\nfrom = 2001-01-07\n"
    phase += 'set = { "routes.rail.stages.trains.annual_capacity" = 2_190 }\n'
    observed = lawful_run(loaded(tmp_path, text + rail + phase))
    for direction in ("out", "home"):
        (leg,) = observed.route("rail", direction).legs
        assert leg.departed.tolist() == [2, 4, 6, 7, 8, 9, 10, 11]


def test_what_never_changes_is_as_without_phases(tmp_path: Path) -> None:
    # A phase of another route leaves bookings, trips and choices on the first as they were.
    text = DAILY.replace('arrivals = "even"', 'arrivals = "poisson"') + RAIL + CHOICE
    plain = loaded(tmp_path, text)
    phase = '[phases.later]\nfrom = 2001-01-07\nset = { "routes.sea.stages.voyage.days" = 2 }\n'
    one, other = lawful_run(plain), lawful_run(loaded(tmp_path, text + phase))
    assert (one.way().booked == other.way().booked).all()
    assert (one.way().taken == other.way().taken).all()
    assert (one.containers.delivered == other.containers.delivered).all()


def test_who_books_when_a_phase_begins_is_asked(tmp_path: Path) -> None:
    # 216 times 7 / 24 days is a bit more than 63 days in floating point.
    daily = DAILY.replace("days = 12", "days = 70").replace("365", "182.5")
    port = (
        "[routes.rail]\nmax_wait_days = 50\n"
        + RAIL
        + 'port = { kind = "facility", facility = "port" }\n'
    )
    port += "[facilities.port]\nservice_hours = 1\n"
    port += '[choice]\nrule = "share"\nshares = { rail = 1 }\nposted_every_hours = 7\n'
    phase = '[phases.later]\nfrom = 2001-03-05\nset = { "routes.rail.freight_usd" = 10 }\n'
    observed = lawful_run(loaded(tmp_path, daily + port + phase))
    assert 63.0 in observed.containers.booked
    assert (observed.containers.route >= 0).all()
