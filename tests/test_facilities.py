"""Facilities by hand: who is served when, what holds a server, what is posted to who books."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import loaded
from hypothesis import given, settings
from hypothesis import strategies as st
from support import figures, lawful_run

import sim
from sim.corridor.clock import BOOKING, COMPLETION, Clock, Steps
from sim.corridor.facilities import Computed, Pool, Queued, Slot, Staff
from sim.results.observations import Passage

# Bookings at 1/2, 3/2, 5/2, … days: 365 a year, evenly.
DAILY = """
[run]
warmup_days = 0
days = 10
[demand]
containers_per_year = 365
arrivals = "even"
[choice]
rule = "fastest"
"""
# A train at the end of each day, which then has to pass the border.
TRAINS = """
[routes.rail.stages]
trains = { kind = "departures", every_days = 1, capacity = 4 }
customs = { kind = "facility", facility = "border" }
line = { kind = "transit", days = 1 }
"""


def border(folder: Path, facility: str, routes: str = TRAINS, **run: Any) -> sim.Scenario:
    scenario = loaded(folder, f"{DAILY}[facilities.border]\n{facility}\n{routes}")
    return scenario.with_changes({f"run.{key}": value for key, value in run.items()})


def customs(observed: sim.Observations, route: str = "rail") -> Passage:
    """How its trips passed the border."""
    log = observed.route(route)
    runs = [log.approach, *(leg.passages for leg in log.legs)]
    (passage,) = (each for run in runs for each in run if each.facility == "border")
    return passage


def served(observed: sim.Observations, route: str = "rail") -> list[float]:
    """The days on which services began before the horizon."""
    started = customs(observed, route).started
    days: list[float] = started[started < np.inf].tolist()
    return days


# Who is served when.


def test_two_servers_take_who_comes_first(tmp_path: Path) -> None:
    # Trains come on days 1, 2, 3, …; each is served for 2.5 days by one of two servers: the third
    # starts when the first is done, on day 3.5, the fourth on 4.5.
    scenario = border(tmp_path, "servers = 2\nservice_hours = 60")
    observed = lawful_run(scenario)
    assert customs(observed).entered.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert served(observed) == [1, 2, 3.5, 4.5, 6, 7, 8.5, 9.5]
    assert observed.route("rail").legs[0].arrived[:4].tolist() == [4.5, 5.5, 7, 8]
    # Six services of 2.5 days, 1.5 days of one and 0.5 of another, in 20 days of servers.
    found = figures(scenario, observed)
    assert found["all.facility:border.utilisation"] == (6 * 2.5 + 1.5 + 0.5) / 20
    assert found["all.facility:border.queueing_mean"] == (0.5 + 0.5 + 1 + 1 + 1.5 + 1.5) / 8
    assert found["all.facility:border.queue_mean"] == pytest.approx((6 + 1) / 10)  # 9 waits on
    assert found["all.facility:border.queue_growth"] == 365 / 10


def test_a_queue_grows_by_what_was_not_in_it_at_the_start(tmp_path: Path) -> None:
    # A train a day, each served for four days. Seven have come by 7.5 and eleven by 11.5, of whom
    # two and three are or were served.
    scenario = border(tmp_path, "service_hours = 96", warmup_days=7.5, days=4)
    observed = lawful_run(scenario)
    assert served(observed) == [1, 5, 9]
    growth = (11 - 3) - (7 - 2)
    assert figures(scenario, observed)["all.facility:border.queue_growth"] == growth * 365 / 4


def test_as_many_servers_as_trains_and_none_queues(tmp_path: Path) -> None:
    # Every day at each of three servers, for three days: the fourth comes as the first is done.
    observed = lawful_run(border(tmp_path, "servers = 3\nservice_hours = 72"))
    assert served(observed) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_what_is_aboard_takes_time_on_top(tmp_path: Path) -> None:
    # Trains leave at 1.5, 3, 4.5, 6, … with 2, 1, 2, 1, … containers, served for half a day and
    # one more for each container: 2.5, 1.5, 2.5, … days.
    routes = TRAINS.replace("every_days = 1", "every_days = 1.5")
    observed = lawful_run(border(tmp_path, "service_hours = 12\nhours_per_container = 24", routes))
    assert observed.route("rail").legs[0].loads.tolist() == [2, 1, 2, 1, 2, 1]
    assert served(observed) == [1.5, 4, 5.5, 8, 9.5]


def test_an_empty_train_is_served_too(tmp_path: Path) -> None:
    scenario = border(tmp_path, "service_hours = 36")
    observed = lawful_run(scenario.with_changes({"demand.containers_per_year": 0}))
    assert served(observed) == [1, 2.5, 4, 5.5, 7, 8.5]


def test_a_headway_keeps_the_next_train_off(tmp_path: Path) -> None:
    # A train goes on at once, and the next one follows 1.5 days behind it.
    observed = lawful_run(border(tmp_path, "headway_hours = 36"))
    passage = customs(observed)
    assert served(observed) == [1, 2.5, 4, 5.5, 7, 8.5]
    assert (passage.left == passage.started).all()
    assert passage.freed[:5].tolist() == [2.5, 4, 5.5, 7, 8.5]
    assert observed.route("rail").legs[0].arrived[:5].tolist() == [2, 3.5, 5, 6.5, 8]


def test_who_comes_as_a_server_comes_free_is_served_at_once(tmp_path: Path) -> None:
    observed = lawful_run(border(tmp_path, "service_hours = 24"))
    assert served(observed) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


# Two routes share a border. Slow trains come on days 1, 2, 3, …, the express a quarter of a day
# later; each is served for three quarters of a day, so more come than can be served.

SHARED = """
[routes.slow.stages]
trains = { kind = "departures", every_days = 1, capacity = 4 }
customs = { kind = "facility", facility = "border" }
line = { kind = "transit", days = 3 }
[routes.express]
priority = 1
[routes.express.stages]
trains = { kind = "departures", every_days = 1, capacity = 4 }
run = { kind = "transit", days = 0.25 }
customs = { kind = "facility", facility = "border" }
line = { kind = "transit", days = 1 }
"""


def test_trains_of_all_routes_queue_together(tmp_path: Path) -> None:
    observed = lawful_run(border(tmp_path, "service_hours = 18", SHARED))
    assert served(observed, "slow") == [1, 2.5, 4, 5.5, 7, 8.5]
    assert served(observed, "express") == [1.75, 3.25, 4.75, 6.25, 7.75, 9.25]


def test_by_priority_the_express_goes_first(tmp_path: Path) -> None:
    # 2.5: the express of 2.25 goes before the slow train that came on day 2. 3.25: that of 3.25,
    # which comes at this very instant. 4: no express is there, so the slow train of day 2 goes,
    # and it is not interrupted when an express comes at 4.25.
    facility = 'service_hours = 18\ndiscipline = "priority"'
    observed = lawful_run(border(tmp_path, facility, SHARED))
    assert served(observed, "express") == [1.75, 2.5, 3.25, 4.75, 5.5, 6.25, 7.75, 8.5, 9.25]
    assert served(observed, "slow") == [1, 4, 7]


def test_of_equal_priority_who_came_first_goes_first(tmp_path: Path) -> None:
    equal = SHARED.replace("priority = 1", "priority = 0")
    by_priority = border(tmp_path, 'service_hours = 18\ndiscipline = "priority"', equal)
    observed = lawful_run(by_priority)
    assert served(observed, "slow") == [1, 2.5, 4, 5.5, 7, 8.5]
    assert served(observed, "express") == [1.75, 3.25, 4.75, 6.25, 7.75, 9.25]


# A single track, on which trains of both directions come from either end: it takes a train a day
# to run through it. One way it is half a day behind the departures, the other way a day.

TRACK = """
[demand.directions]
out = 0.5
home = 0.5
[routes.rail.stages]
trains = { kind = "departures", every_days = 2, capacity = 4 }
run = { kind = "transit", days = 0.5 }
track = { kind = "facility", facility = "border" }
line = { kind = "transit", days = 1 }
"""


@pytest.mark.parametrize(
    ("each_way", "home"), [(False, [3.5, 5.5, 7.5, 9.5]), (True, [3, 5, 7, 9])]
)
def test_a_single_track_is_used_from_both_ends(
    tmp_path: Path, each_way: bool, home: list[float]
) -> None:
    # Out: at the track on 2.5, 4.5, …; home: on 3, 5, …, when it is taken for half a day more;
    # with a track for each direction it is not.
    facility = f"service_hours = 24\neach_way = {str(each_way).lower()}"
    observed = lawful_run(border(tmp_path, facility, TRACK))
    for direction, days in {"out": [2.5, 4.5, 6.5, 8.5], "home": home}.items():
        (leg,) = observed.route("rail", direction).legs
        (track,) = (each for each in leg.passages if each.facility)
        assert track.started.tolist() == days
    (leg,) = observed.route("rail", "home").legs
    assert leg.arrived[:3].tolist() == [day + 1.5 for day in home[:3]]


def test_a_train_that_meets_another_waits_for_the_whole_of_it(tmp_path: Path) -> None:
    # With two servers two trains may be in it at once: nobody waits.
    observed = lawful_run(border(tmp_path, "service_hours = 24\nservers = 2", TRACK))
    (leg,) = observed.route("rail", "home").legs
    assert leg.arrived[:3].tolist() == [4.5, 6.5, 8.5]


# Containers on their own.


def test_a_container_passes_alone_before_the_first_departures(tmp_path: Path) -> None:
    # One at a time for a day and a half: ready at 2, 3.5, 5, 6.5, 8, 9.5, boarding the train of
    # that instant or the next. At the end the others are at the border.
    routes = """
        [routes.rail.stages]
        customs = { kind = "facility", facility = "border" }
        trains = { kind = "departures", every_days = 1, capacity = 4 }
        line = { kind = "transit", days = 1 }
        """
    scenario = border(tmp_path, "service_hours = 12\nhours_per_container = 24", routes)
    observed = lawful_run(scenario)
    assert served(observed) == [0.5, 2, 3.5, 5, 6.5, 8, 9.5]
    (leg,) = observed.route("rail").legs
    assert leg.since.tolist() == [2, 3.5, 5, 6.5, 8, 9.5]
    assert observed.containers.wait.tolist() == [0, 0.5, 0, 0.5, 0, 0, 0, 0, 0, 0]
    assert observed.containers.delivered[:5].tolist() == [3, 5, 6, 8, 9]
    assert figures(scenario, observed)["rail.backlog_end"] == 1
    stages = figures(scenario, observed)
    assert stages["rail.stage:customs.queueing_mean"] == (0 + 0.5 + 1 + 1.5 + 2) / 5
    assert stages["rail.stage:customs.service_mean"] == 1.5


def test_a_container_passes_alone_on_a_route_without_departures(tmp_path: Path) -> None:
    routes = """
        [routes.rail.stages]
        lorry = { kind = "transit", days = 0.25 }
        customs = { kind = "facility", facility = "border" }
        line = { kind = "transit", days = 1 }
        """
    observed = lawful_run(border(tmp_path, "servers = 2\nservice_hours = 60", routes))
    assert customs(observed).entered[:4].tolist() == [0.75, 1.75, 2.75, 3.75]
    assert served(observed)[:4] == [0.75, 1.75, 3.25, 4.25]
    assert observed.containers.delivered[:4].tolist() == [4.25, 5.25, 6.75, 7.75]


def test_containers_and_trains_queue_for_one_server(tmp_path: Path) -> None:
    # The lorry of 1/2 is through at 1.25, so the train of day 1 starts then, for as long.
    routes = """
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 1, capacity = 4 }
        customs = { kind = "facility", facility = "border" }
        [routes.road.stages]
        customs = { kind = "facility", facility = "border" }
        """
    scenario = border(tmp_path, "service_hours = 18", routes, days=3)
    observed = lawful_run(scenario)
    assert served(observed, "road") == [0.5, 2]
    assert served(observed, "rail") == [1.25, 2.75]


# What is posted. Rail passes the border, the road takes four days.

ROAD = """
[routes.road.stages]
way = { kind = "transit", days = 4 }
"""


@pytest.mark.parametrize("discipline", ["fifo", "priority"])
def test_who_books_counts_the_queue_at_a_facility(tmp_path: Path, discipline: str) -> None:
    # Two days of service, a day of line: 3 days by rail and 2 more for each that waits. At 1/2, 3/2
    # and 5/2 nobody waits: at 5/2 the second has just begun. At 7/2 the third waits: 5 days, so the
    # road. At 9/2 that has begun; from now on one waits at every second booking.
    rail = """
        [routes.rail.stages]
        customs = { kind = "facility", facility = "border" }
        line = { kind = "transit", days = 1 }
        """
    facility = f'service_hours = 48\ndiscipline = "{discipline}"'
    observed = lawful_run(border(tmp_path, facility, rail + ROAD))
    assert observed.way().taken.tolist() == [0, 0, 0, 1, 0, 1, 0, 1, 0, 1]
    assert served(observed) == [0.5, 2.5, 4.5, 6.5, 8.5]


@pytest.mark.parametrize(("way", "taken"), [(2.6, 1), (2.7, 0)])
def test_service_is_posted_for_a_full_vehicle(tmp_path: Path, way: float, taken: int) -> None:
    # Half a day until the train, 28 hours for a full one, a day of line: 2.67 days. Trains carry
    # one container and pass in 10 hours.
    facility = "service_hours = 4\nhours_per_container = 6"
    road = ROAD.replace("days = 4", f"days = {way}")
    observed = lawful_run(border(tmp_path, facility, TRAINS + road))
    assert (observed.way().taken == taken).all()


def test_a_queue_of_trains_is_posted_by_what_they_hold_a_server(tmp_path: Path) -> None:
    # Trains come on days 1, 2, 3, … and follow each other in 2 days: on 1, 3, 5, …. By rail half a
    # day until the train, a day of line, and 2 days for each train that waits: 1.5, 1.5, 3.5, 3.5
    # days; at 9/2 those of days 3 and 4 wait, 5.5 days: from then on the road is faster. Trains
    # that nobody takes go on queueing.
    observed = lawful_run(border(tmp_path, "headway_hours = 48", TRAINS + ROAD))
    assert observed.way().taken.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]


def test_each_that_waits_is_posted_as_a_full_vehicle(tmp_path: Path) -> None:
    # A full train takes two days, one with a single container a day and a quarter. By rail half a
    # day until the train, two of service, one of line, and two more for each that waits; the road
    # takes 5. Trains begin on 1, 2.25, 3.5, 4.75: at 1/2, 3/2, 5/2 and 7/2 none waits, at 9/2 the
    # fourth does: 5.5 days. From then on there is always one.
    facility = "service_hours = 24\nhours_per_container = 6"
    road = ROAD.replace("days = 4", "days = 5")
    observed = lawful_run(border(tmp_path, facility, TRAINS + road))
    assert served(observed)[:4] == [1, 2.25, 3.5, 4.75]
    assert observed.way().taken.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]


def test_servers_share_the_queue_that_is_posted(tmp_path: Path) -> None:
    # Two servers, four days each: trains of days 1 and 2 are served until 5 and 6, those of 3 and 4
    # wait. With a day and a half of line: 0.5 + 4 + 1.5 = 6 days by rail and 2 for each that waits;
    # the road takes 8.5. At 1/2, 3/2 and 5/2: 6; 7/2: 8; 9/2: 10; at 11/2 the train of day 3 is
    # being served, 4 and 5 wait.
    rail = TRAINS.replace("days = 1 }", "days = 1.5 }")
    road = ROAD.replace("days = 4", "days = 8.5")
    observed = lawful_run(border(tmp_path, "servers = 2\nservice_hours = 96", rail + road, days=6))
    assert observed.way().taken.tolist() == [0, 0, 0, 0, 1, 1]


# Pools whose starts are computed, and pools with a queue.

ARRIVALS = st.lists(
    st.tuples(st.sampled_from([0, 0, 0.25, 0.5, 1, 1.7]), st.sampled_from([0, 0.25, 0.7, 1, 3.1])),
    max_size=60,
)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(ARRIVALS, st.integers(1, 4))
def test_computed_starts_are_those_of_a_queue(
    arrivals: list[tuple[float, float]], servers: int
) -> None:
    one, other = Clock(), Clock()
    computed = through(one, Computed(servers), arrivals)
    assert computed == through(
        other, Queued(other, Staff([(0, servers)]), math.inf, by_priority=False), arrivals
    )


def through(
    clock: Clock, pool: Pool, arrivals: list[tuple[float, float]]
) -> tuple[list[float], list[int]]:
    """When vehicles of (gap before it, days of service) begin, and how many wait after each."""
    begun, waiting = [math.nan] * len(arrivals), []

    def vehicle(number: int, now: float, days: float) -> Steps:
        yield clock.at(now, COMPLETION)
        slot = pool.start(now, days, 0)
        begun[number], *_ = slot if isinstance(slot, Slot) else (yield slot)

    def ask(now: float) -> Steps:
        yield clock.at(now, BOOKING)
        waiting.append(pool.queue(now))

    now = 0.0
    for number, (gap, days) in enumerate(arrivals):
        now += gap
        clock.follow(vehicle(number, now, days))
        clock.follow(ask(now))
    clock.run_to(1e6)
    assert not any(map(math.isnan, begun))
    return begun, waiting


@pytest.mark.parametrize("kind", ["service_hours", "headway_hours"])
@pytest.mark.parametrize("seed", range(5))
def test_a_computed_facility_is_one_with_a_queue(tmp_path: Path, kind: str, seed: int) -> None:
    # By priority with equal priorities is first in first out: the same days to the last bit.
    facility = f"{kind} = {{ exponential = 20 }}\nservers = 2\nhours_per_container = 0.5"
    computed = border(tmp_path, facility, SHARED, days=100, seed=seed).with_changes(
        {"routes.express.priority": 0, "demand.arrivals": "poisson"}
    )
    queued = computed.with_changes({"facilities.border.discipline": "priority"})
    one, other = lawful_run(computed), lawful_run(queued)
    assert (one.way().taken == other.way().taken).all()
    for route in ("slow", "express"):
        for field in ("entered", "started", "left", "freed"):
            days, same = (getattr(customs(run, route), field) for run in (one, other))
            assert days.tolist() == same.tolist()
    assert (one.containers.delivered == other.containers.delivered).all()
    assert (customs(one, "slow").started > customs(one, "slow").entered).any()


def test_servers_that_nobody_needs_take_no_memory() -> None:
    pool, days = Computed(10**9), [1.0, 1.5, 1.75, 9.0]
    assert [pool.start(day, 1.0, 0).begins for day in days] == days
