"""Hand-worked timetables with exact times: what a student can check with a pencil."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from corridors import loaded
from support import figures

import sim
from sim.corridor.course import Happening, Span
from sim.corridor.timetable import Foreseen, Stretch, Timetable
from sim.results.metrics import measure
from sim.scenario.disruptions import Disruption

# Bookings at 1/2, 3/2, 5/2, … days: 365 a year, evenly.
EVEN = """
[run]
warmup_days = 0
days = {days}
[demand]
containers_per_year = {demand}
arrivals = "even"
[choice]
rule = "{rule}"
"""


def replication(tmp_path: Path, routes: str, days: float, demand: float = 365) -> sim.Observations:
    head = EVEN.format(days=days, demand=demand, rule="fastest")
    return sim.simulate(loaded(tmp_path, head + routes))


def test_departures_take_what_waits_first_in_first_out(tmp_path: Path) -> None:
    # Four bookings a day at 1/8, 3/8, 5/8, 7/8; a train at the end of each day takes three.
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 1, capacity = 3 }
        line = { kind = "transit", days = 2 }
        """,
        days=5,
        demand=4 * 365,
    )
    (leg,) = observed.route("rail").legs
    assert leg.departed.tolist() == [1, 2, 3, 4]  # not 0, and not 5: the window is half open
    assert leg.loads.tolist() == [3, 3, 3, 3]
    assert leg.arrived.tolist() == [3, 4, np.inf, np.inf]  # day 5 is not simulated any more
    boarded = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    booked = (np.arange(12) + 0.5) / 4
    assert observed.containers.wait[:12] == pytest.approx(boarded - booked, abs=1e-12)
    assert observed.containers.delivered[:6].tolist() == [3, 3, 3, 4, 4, 4]
    assert np.isinf(observed.containers.delivered[6:]).all()


def test_who_is_ready_at_the_instant_of_departure_boards(tmp_path: Path) -> None:
    # Bookings at 1/2, 3/2, 5/2, 7/2; trains at 1/2, 1, 3/2, …: each leaves with its own train.
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 0.5, capacity = 1 }
        line = { kind = "transit", days = 0 }
        """,
        days=4,
    )
    (leg,) = observed.route("rail").legs
    assert leg.loads.tolist() == [1, 0, 1, 0, 1, 0, 1]
    assert observed.containers.wait.tolist() == [0, 0, 0, 0]


def test_who_books_as_figures_are_posted_boards_at_that_instant(tmp_path: Path) -> None:
    # As above, with figures posted at 3/2 and 5/2, too: bookings come before departures.
    text = """
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 0.5, capacity = 1 }
        line = { kind = "transit", days = 0 }
        """
    scenario = loaded(tmp_path, EVEN.format(days=4, demand=365, rule="fastest") + text)
    observed = sim.simulate(scenario.with_changes({"choice.inertia_days": 1}))
    assert observed.containers.wait.tolist() == [0, 0, 0, 0]


def test_an_empty_train_leaves_and_counts_as_a_trip(tmp_path: Path) -> None:
    # One booking in two days, four trains: three of four leave empty, all arrive.
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 0.5, capacity = 4 }
        line = { kind = "transit", days = 0.25 }
        """,
        days=2.25,
        demand=365 / 2,
    )
    (leg,) = observed.route("rail").legs
    assert leg.loads.tolist() == [0, 1, 0, 0]
    assert leg.arrived.tolist() == [0.75, 1.25, 1.75, np.inf]


def test_who_leaves_together_arrives_together(tmp_path: Path) -> None:
    # Four a day, a train at the end of each: its containers are delivered at one moment, and
    # each train takes days of its own.
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 1, capacity = 4 }
        line = { kind = "transit", days = { uniform = [2, 9] } }
        """,
        days=40,
        demand=4 * 365,
    )
    delivered = observed.containers.delivered[: 30 * 4].reshape(30, 4)
    assert (delivered == delivered[:, :1]).all()
    assert len({*(delivered[:, 0] - np.arange(1, 31)).round(6)}) == 30


def test_containers_queue_again_at_each_departures(tmp_path: Path) -> None:
    # A feeder every 2 days with room for 4 (crossing 1/2 day), then a train every day with 1 place.
    # Bookings 1/2, 3/2 | 5/2, 7/2 leave at 2 | 4, reach the port at 2.5 | 4.5;
    # trains at 3, 4 | 5, 6 take one each; the line takes 10.
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        feeder = { kind = "departures", every_days = 2, capacity = 4 }
        crossing = { kind = "transit", days = 0.5 }
        trains = { kind = "departures", every_days = 1, capacity = 1 }
        line = { kind = "transit", days = 10 }
        """,
        days=20,
    )
    feeder, trains = observed.route("rail").legs
    assert feeder.loads[:3].tolist() == [2, 2, 2]
    assert trains.since[:4].tolist() == [2.5, 2.5, 4.5, 4.5]
    assert trains.loads[:6].tolist() == [0, 0, 1, 1, 1, 1]
    assert observed.containers.delivered[:4].tolist() == [13, 14, 15, 16]
    assert observed.containers.wait[:4].tolist() == [2.0, 2.0, 2.0, 2.0]


def test_the_load_factor_of_a_route_is_that_of_its_narrowest_departures(tmp_path: Path) -> None:
    # One booking a day. Nine feeders with four places carry nine; the first of nine trains with
    # two places finds nobody, the others one each.
    scenario = loaded(
        tmp_path,
        EVEN.format(days=10, demand=365, rule="fastest")
        + """
        [routes.rail.stages]
        feeder = { kind = "departures", every_days = 1, capacity = 4 }
        crossing = { kind = "transit", days = 0.5 }
        trains = { kind = "departures", every_days = 1, capacity = 2 }
        line = { kind = "transit", days = 1 }
        """,
    )
    found = figures(scenario, sim.simulate(scenario))
    assert found["rail.stage:feeder.load_factor"] == 9 / 36
    assert found["rail.stage:trains.load_factor"] == found["rail.load_factor"] == 8 / 18
    wider = scenario.with_changes({"routes.rail.stages.trains.capacity": 8})
    assert figures(wider, sim.simulate(wider))["rail.load_factor"] == 9 / 36


def test_an_arrival_boards_the_departure_of_the_same_instant(tmp_path: Path) -> None:
    # The feeder of day 2 arrives at 3, when the train leaves: completions come before departures.
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        feeder = { kind = "departures", every_days = 2, capacity = 9 }
        crossing = { kind = "transit", days = 1 }
        trains = { kind = "departures", every_days = 1, capacity = 9 }
        line = { kind = "transit", days = 1 }
        """,
        days=8,
    )
    assert observed.route("rail").legs[1].loads[:5].tolist() == [0, 0, 2, 0, 2]


def test_before_departures_each_container_moves_on_its_own(tmp_path: Path) -> None:
    # A lorry takes 1.25 days: bookings at 1/2, 3/2, … are ready at 1.75, 2.75, …; trains daily.
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        lorry = { kind = "transit", days = 1.25 }
        trains = { kind = "departures", every_days = 1, capacity = 9 }
        line = { kind = "transit", days = 3 }
        """,
        days=10,
    )
    (leg,) = observed.route("rail").legs
    assert leg.since[:3].tolist() == [1.75, 2.75, 3.75]
    assert observed.containers.wait[:3].tolist() == [0.25, 0.25, 0.25]
    assert observed.containers.delivered[:3].tolist() == [5, 6, 7]


def test_lorries_overtake_and_the_queue_is_in_order_of_readiness(tmp_path: Path) -> None:
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        lorry = { kind = "transit", days = { uniform = [0, 6] } }
        trains = { kind = "departures", every_days = 1, capacity = 5 }
        line = { kind = "transit", days = 1 }
        """,
        days=60,
        demand=4 * 365,
    )
    (leg,) = observed.route("rail").legs
    assert (np.diff(leg.since) >= 0).all()
    assert (np.diff(leg.who) < 0).any()  # somebody did overtake


def test_a_route_without_departures_never_waits(tmp_path: Path) -> None:
    observed = replication(
        tmp_path,
        """
        [routes.road.stages]
        drive = { kind = "transit", days = 7 }
        """,
        days=20,
    )
    assert observed.containers.delivered[:3].tolist() == [7.5, 8.5, 9.5]
    assert not observed.containers.wait.any()


def test_departure_times_are_computed_and_never_accumulated(tmp_path: Path) -> None:
    # 0.1 is no binary fraction: 3,000 additions of it would drift, k × 0.1 does not.
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 0.1, capacity = 1 }
        line = { kind = "transit", days = 0 }
        """,
        days=300,
    )
    departed = observed.route("rail").legs[0].departed
    assert departed.tolist() == [k * 0.1 for k in range(1, len(departed) + 1)]
    assert departed[-1] < 300 <= (len(departed) + 1) * 0.1


def test_fastest_takes_the_route_that_delivers_first(tmp_path: Path) -> None:
    # Bookings a day apart. Rail: a train each 4 days with 2 places, line 5 days. Sea: every day, 8.
    # Booked 1/2: rail leaves 4, there at 9; sea leaves 1, there at 9: equal in days, the alphabet
    # says rail. 3/2: rail 9, sea 10: rail. 5/2: that train is full, the next one is there at 13,
    # sea at 11: sea. 7/2: sea at 12. 9/2 and 11/2: train of day 8, there at 13; sea 13, 14: rail.
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 4, capacity = 2 }
        line = { kind = "transit", days = 5 }
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 1, capacity = 100 }
        voyage = { kind = "transit", days = 8 }
        """,
        days=8,
    )
    rail, sea = 0, 1
    assert observed.way().taken.tolist() == [rail, rail, sea, sea, rail, rail, sea, sea]
    assert observed.route("rail").refused.tolist() == []


def test_who_books_as_a_train_leaves_knows_that_it_will_be_aboard(tmp_path: Path) -> None:
    # Trains on 3/2, 3, 9/2 take three days, the road 16/5. Who books at 3/2 or 9/2 waits for
    # nothing; 1/2 and 7/2 would wait a day, 5/2 half a day.
    observed = replication(
        tmp_path,
        """
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 1.5, capacity = 9 }
        line = { kind = "transit", days = 3 }
        [routes.road.stages]
        drive = { kind = "transit", days = 3.2 }
        """,
        days=5,
    )
    rail, road = 0, 1
    assert observed.way().taken.tolist() == [road, rail, road, road, rail]


def test_nobody_waits_longer_than_accepted(tmp_path: Path) -> None:
    # Trains on days 2, 4, 6 with one place and at most 2 days of wait; the sea has room for all.
    # 1/2 boards day 2 (waits 1.5). 3/2 would board day 4 (2.5): refused. 5/2 boards day 4 (1.5).
    observed = replication(
        tmp_path,
        """
        [routes.rail]
        max_wait_days = 2
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 2, capacity = 1 }
        line = { kind = "transit", days = 1 }
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 1, capacity = 100 }
        voyage = { kind = "transit", days = 30 }
        """,
        days=6,
    )
    assert observed.way().taken.tolist() == [0, 1, 0, 1, 0, 1]
    assert observed.way().wanted.tolist() == [0] * 6
    assert observed.route("rail").refused.tolist() == [1, 3, 5]


def test_refused_by_all_is_unserved(tmp_path: Path) -> None:
    observed = replication(
        tmp_path,
        """
        [routes.rail]
        max_wait_days = 2
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 2, capacity = 1 }
        line = { kind = "transit", days = 1 }
        """,
        days=6,
    )
    assert observed.way().taken.tolist() == [0, -1, 0, -1, 0, -1]


def test_a_later_stage_posts_its_whole_queue(tmp_path: Path) -> None:
    # Feeder daily without limit, crossing 1 day, then a train every 10 days with 1 place, line 1.
    # A container of the chain is posted: wait for the feeder w, 1 day, then
    # max(0, n / 0.1 - (w + 1)) + 5 for the n that have booked and not left the port, then 1 day.
    # Sea is posted w + 20. So the chain is taken while n / 0.1 <= 20 - 5 + ... : n = 0 gives
    # w + 7 < w + 20; n = 1: 10 + 6 = 16 < w + 20; n = 2: 20 + 6 = 26 > w + 20 = 20.5: sea.
    observed = replication(
        tmp_path,
        """
        [routes.chain.stages]
        feeder = { kind = "departures", every_days = 1, capacity = 100 }
        crossing = { kind = "transit", days = 1 }
        trains = { kind = "departures", every_days = 10, capacity = 1 }
        line = { kind = "transit", days = 1 }
        [routes.sea.stages]
        sailing = { kind = "departures", every_days = 1, capacity = 100 }
        voyage = { kind = "transit", days = 20 }
        """,
        days=21,
    )
    chain, sea = 0, 1
    expected = [chain, chain] + [sea] * 8  # until the first train takes one at day 10
    expected += [chain] + [sea] * 9 + [chain]  # one place more after each train
    assert observed.way().taken.tolist() == expected


def on_time(scenario: sim.Scenario) -> dict[str, float | None]:
    """The part delivered as promised, by route; routes without that metric are missing."""
    measures = measure(scenario, sim.simulate(scenario))
    return {key.route: part for key, part in measures.items() if key.metric == "on_time"}


def test_a_promise_is_kept_on_its_last_day(tmp_path: Path) -> None:
    # The first timetable of this file: days from door to door are
    # 23/8, 21/8, 19/8 by the train of day 1 and 25/8, 23/8, 21/8 by that of day 2.
    # A promise of 23/8 is kept to five of six, two of them on its very last moment; one of 22/8 to
    # three.
    text = (
        EVEN.format(days=5, demand=4 * 365, rule="fastest")
        + """
        [routes.rail]
        promise_days = 2.875
        [routes.rail.stages]
        trains = { kind = "departures", every_days = 1, capacity = 3 }
        line = { kind = "transit", days = 2 }
        """
    )
    scenario = loaded(tmp_path, text)
    assert on_time(scenario) == {"rail": 5 / 6, "all": 5 / 6}
    tighter = scenario.with_changes({"routes.rail.promise_days": 2.75})
    assert on_time(tighter) == {"rail": 3 / 6, "all": 3 / 6}
    # Of the train of day 2 alone, which arrives on day 4, two of three are on time.
    late = scenario.with_changes({"run.warmup_days": 4, "run.days": 1})
    assert on_time(late) == {"rail": 2 / 3, "all": 2 / 3}


TWO_PROMISES = """
    [routes.rail]
    max_wait_days = 2
    promise_days = 2.5
    [routes.rail.stages]
    trains = { kind = "departures", every_days = 2, capacity = 1 }
    line = { kind = "transit", days = 1 }
    [routes.sea]
    promise_days = 3
    [routes.sea.stages]
    sailing = { kind = "departures", every_days = 1, capacity = 100 }
    voyage = { kind = "transit", days = 3 }
    """


def test_all_routes_together_keep_what_each_of_them_promises(tmp_path: Path) -> None:
    # Bookings 1/2, 5/2, 9/2 go by rail and take 5/2 days; 3/2 and 7/2 find no place within two
    # days and go by sea, 7/2 days; who books later arrives after day 8. So rail keeps 3 of 3, the
    # sea 0 of 2, together 3 of 5; if the sea promises nothing, its containers do not count.
    scenario = loaded(tmp_path, EVEN.format(days=8, demand=365, rule="fastest") + TWO_PROMISES)
    assert on_time(scenario) == {"rail": 1, "sea": 0, "all": 3 / 5}
    text = EVEN.format(days=8, demand=365, rule="fastest") + TWO_PROMISES
    silent = loaded(tmp_path, text.replace("promise_days = 3", ""))
    assert on_time(silent) == {"rail": 1, "all": 1}
    text = text.replace("promise_days = 3", "").replace("promise_days = 2.5", "")
    assert on_time(loaded(tmp_path, text)) == {}


def test_without_a_delivery_no_promise_is_kept_or_broken(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, EVEN.format(days=8, demand=365, rule="fastest") + TWO_PROMISES)
    early = scenario.with_changes({"run.days": 2})
    assert on_time(early) == {"rail": None, "sea": None, "all": None}
    closed = scenario.with_changes({"routes.rail.closed": True})
    assert on_time(closed) == {"rail": None, "sea": 0, "all": 0}


def test_a_fixed_time_keeps_a_promise_of_as_much_to_the_last_bit(tmp_path: Path) -> None:
    # booked + 14.1 - booked is often not 14.1 in floating point.
    text = (
        EVEN.format(days=60, demand=3_333, rule="fastest")
        + """
        [routes.road]
        promise_days = 14.1
        [routes.road.stages]
        drive = { kind = "transit", days = 14.1 }
        """
    )
    scenario = loaded(tmp_path, text)
    assert on_time(scenario) == {"road": 1, "all": 1}
    assert on_time(scenario.with_changes({"routes.road.promise_days": 14.0999}))["road"] == 0


def closures(up: float, down: float) -> Foreseen:
    """Departures that are closed for some days, again and again."""
    target = "routes.rail.stages.trains"
    said = Disruption.model_validate(
        {"target": target, "effect": "closed", "days": down, "up_days": up}
    )

    def foreseen(until: float) -> list[Happening]:
        first = np.arange(up, until, up + down)
        return [Happening(said, [Span(day, day + down) for day in first.tolist()])]

    return foreseen


def test_a_timetable_tells_the_same_days_however_far_it_was_made() -> None:
    # Closed from 5 to 7.5, from 12.5 to 15, …. Two places a day; from 3.5 on three each 18 hours.
    stretches = [Stretch(0, 1, 2), Stretch(3.5, 0.75, 3)]
    planned = [(1, 2), (2, 2), (3, 2), *((3.5 + 0.75 * k, 3) for k in range(1, 1500))]
    leaves = [day for day, room in planned for _ in range(room) if day % 7.5 < 5]
    places = np.arange(2, 2 + len(leaves))
    for horizon in (4, 900):
        timetable = Timetable(stretches, horizon, closures(5, 2.5))
        assert timetable.days(places).tolist() == leaves
        assert [timetable.day(place) for place in (2, 900)] == [leaves[0], leaves[898]]


def test_what_is_closed_for_ever_opens_after_ten_years_for_who_looks_ahead() -> None:
    days = Timetable([Stretch(0, 1, 1)], 10, closures(5, 1e6)).days(np.arange(1, 8))
    assert days[:4].tolist() == [1, 2, 3, 4]
    assert (days[4:] > 3653).all()
