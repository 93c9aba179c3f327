"""Classes of cargo by hand: who is of which, who boards first, whose time is worth what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from corridors import loaded
from hypothesis import given, settings
from hypothesis import strategies as st
from support import figures, lawful_run

import sim
from sim.corridor.shippers import dealt_out

# Two bookings a day, at 1/4, 3/4, 5/4, …, in turn urgent and plain.
EVEN = """
[run]
warmup_days = 0
days = 8
[demand]
containers_per_year = 730
arrivals = "even"
[demand.classes]
urgent = { share = 0.5, priority = 1 }
plain = { share = 0.5 }
"""
TRAINS = """
[routes.rail.stages]
trains = { kind = "departures", every_days = 2, capacity = 3 }
line = { kind = "transit", days = 1 }
"""


def classes(observed: sim.Observations) -> list[str]:
    """The class of each container of the first direction."""
    way = observed.way()
    assert way.class_of is not None
    return [way.classes[row] for row in way.class_of]


def test_even_bookings_deal_classes_out_evenly(tmp_path: Path) -> None:
    # Of any beginning of the sequence each class has its share, rounded; halves are rounded up.
    assert classes(sim.simulate(loaded(tmp_path, EVEN + TRAINS)))[:4] == ["urgent", "plain"] * 2
    three = EVEN.replace(
        "urgent = { share = 0.5, priority = 1 }\nplain = { share = 0.5 }",
        "dear = { share = 0.25 }\nfair = { share = 0.25 }\ncheap = { share = 0.5 }",
    )
    # A quarter: the 2nd, 6th, … of all. A third of what is left, 1, 3, 4, 5, 7, …: its 2nd, 5th, …
    assert classes(sim.simulate(loaded(tmp_path, three + TRAINS)))[:8] == [
        "cheap", "dear", "fair", "cheap", "cheap", "dear", "fair", "cheap",
    ]  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any), st.integers(0, 300))
def test_any_beginning_of_the_sequence_has_the_shares(parts: list[int], number: int) -> None:
    shares = [part / sum(parts) for part in parts]
    of = dealt_out(shares, number)
    for share_of, share in enumerate(shares):
        counted = np.cumsum(of == share_of)
        expected = share * np.arange(1, number + 1)
        # Each share is dealt out of what those before it leave, so roundings add up.
        assert (np.abs(counted - expected) <= 0.5 + 0.5 * share_of + 1e-9).all()


def test_random_bookings_draw_their_classes(tmp_path: Path) -> None:
    text = EVEN.replace('"even"', '"poisson"').replace("= 730", "= 730_000")
    way = sim.simulate(loaded(tmp_path, text + TRAINS)).way()
    assert way.class_of is not None
    urgent, number = (way.class_of == 0).mean(), len(way.booked)
    assert abs(urgent - 0.5) < 4 * 0.5 / number**0.5
    # Independent of what came before: as many pairs are alike as not.
    alike = (way.class_of[1:] == way.class_of[:-1]).mean()
    assert abs(alike - 0.5) < 4 * 0.5 / number**0.5


def test_classes_move_no_other_draw(tmp_path: Path) -> None:
    text = EVEN.replace('"even"', '"poisson"')
    with_classes = sim.simulate(loaded(tmp_path, text + TRAINS))
    without = sim.simulate(loaded(tmp_path, text[: text.index("[demand.classes]")] + TRAINS))
    assert (with_classes.way().booked == without.way().booked).all()
    mine, same = (run.route("rail").legs[0] for run in (with_classes, without))
    assert (mine.loads == same.loads).all(), "who boards first does not change how many board"


def test_the_greater_priority_boards_first(tmp_path: Path) -> None:
    # Urgent at 1/4, 5/4, 9/4, …, plain at 3/4, 7/4, …; three places every second day, four come.
    # Day 2: both urgent ones and the plain one of 3/4. Day 4: those of 9/4 and 13/4 before the
    # plain one of 7/4, which still goes. Day 6: plain 11/4. So plain ones wait ever longer.
    observed = lawful_run(loaded(tmp_path, EVEN + TRAINS))
    (leg,) = observed.route("rail").legs
    assert leg.departed.tolist() == [2, 4, 6]
    assert leg.who[:9].tolist() == [0, 2, 1, 4, 6, 3, 8, 10, 5]
    assert observed.containers.wait[[0, 2, 1, 4, 6, 3]].tolist() == [
        1.75, 0.75, 1.25, 1.75, 0.75, 2.25,
    ]  # fmt: skip
    assert not leg.in_order


def test_of_one_priority_who_is_ready_first_boards_first(tmp_path: Path) -> None:
    equal = lawful_run(loaded(tmp_path, EVEN.replace(", priority = 1", "") + TRAINS))
    (leg,) = equal.route("rail").legs
    assert leg.who[:9].tolist() == list(range(9))
    assert leg.in_order


def test_priority_counts_at_every_departures(tmp_path: Path) -> None:
    # A daily ship for all, behind it a train every fourth day for three. Ships bring 0 and 1 on day
    # 2, 2 and 3 on day 3, 4 and 5 on day 4, when the train leaves with the urgent ones; day 8 is
    # as day 4.
    chain = TRAINS.replace(
        "trains =",
        'ships = { kind = "departures", every_days = 1, capacity = 9 }\n'
        'crossing = { kind = "transit", days = 1 }\ntrains =',
    ).replace("every_days = 2, capacity = 3", "every_days = 4, capacity = 3")
    observed = lawful_run(loaded(tmp_path, EVEN.replace("days = 8", "days = 8.5") + chain))
    ships, trains = observed.route("rail").legs
    assert ships.who[:6].tolist() == [0, 1, 2, 3, 4, 5]
    assert ships.loads[:3].tolist() == [2, 2, 2]
    assert trains.who[:6].tolist() == [0, 2, 4, 6, 8, 10]
    assert trains.since[:6].tolist() == [2, 3, 4, 5, 6, 7]
    assert trains.loads.tolist() == [3, 3]
    assert set(trains.who[6:].tolist()) == {1, 3, 5, 7, 9, 11, 12, 13}


ROAD = """
[routes.road.stages]
way = { kind = "transit", days = 2.5 }
[choice]
rule = "fastest"
"""


def test_who_boards_first_counts_only_those_of_its_own_rank_ahead(tmp_path: Path) -> None:
    # By road two and a half days; by rail one, and trains with one place on 2, 4 and 6.
    # Urgent 1/4: there on 3, 2.75 days by rail: road. Plain 3/4: the place of day 2 is free, 2.25
    # days: rail. Urgent 5/4: it boards before that one, 1.75 days: rail. Plain 7/4: behind two, so
    # day 6: road. Urgent 9/4: nobody is ahead, day 4, 2.75 days: road. Plain 11/4: day 6: road.
    # Urgent 13/4: 1.75 days: rail, before the plain one of 3/4 once more, and so for ever.
    rail = TRAINS.replace("capacity = 3", "capacity = 1")
    observed = lawful_run(loaded(tmp_path, EVEN + rail + ROAD))
    assert observed.way().taken[:7].tolist() == [1, 0, 0, 1, 1, 1, 0]
    assert observed.route("rail").legs[0].who.tolist() == [2, 6, 10, 14, 1]


def test_at_later_departures_only_those_before_it_are_ahead(tmp_path: Path) -> None:
    # A day by lorry, a train in four days with one place, a day of line: 4 days are posted where
    # nobody is ahead, then 7, 11, 15, …; the road takes 9. Urgent 1/4 goes by rail, plain 3/4 has
    # it ahead, urgent 5/4 too and not the plain one: rail. Plain 7/4 has three ahead, urgent 9/4
    # two, and so on, until the train of day 4 takes one: urgent 17/4 has one ahead.
    rail = """
        [routes.rail.stages]
        lorry = { kind = "transit", days = 1 }
        trains = { kind = "departures", every_days = 4, capacity = 1 }
        line = { kind = "transit", days = 1 }
        """
    road = ROAD.replace("days = 2.5", "days = 9")
    observed = lawful_run(loaded(tmp_path, EVEN + rail + road))
    assert observed.way().taken[:10].tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 0, 1]


VALUE = """
[routes.air]
freight_usd = 300
[routes.air.stages]
flight = { kind = "transit", days = 1 }
[routes.sea]
freight_usd = 100
[routes.sea.stages]
voyage = { kind = "transit", days = 5 }
[choice]
rule = "cheapest"
"""


def test_the_value_of_time_of_its_class_decides(tmp_path: Path) -> None:
    # Four days cost 200 USD: worth it above 50 USD a day. Plain ones have the demand's 40.
    text = EVEN.replace("containers", "value_of_time_usd_per_day = 40\ncontainers")
    text = text.replace("priority = 1", "value_of_time_usd_per_day = 60")
    observed = lawful_run(loaded(tmp_path, text + VALUE))
    air, sea = 0, 1
    assert observed.way().taken.tolist() == [air, sea] * 8
    # From day 4 on everybody's time is worth 60 a day, from day 6 on that of the urgent 30.
    more = text.replace("days = 8", "days = 8\nstart = 2001-01-01") + VALUE
    more += phase("one", 5, '"demand.value_of_time_usd_per_day" = 60')
    more += phase("two", 7, '"demand.classes.urgent.value_of_time_usd_per_day" = 30')
    observed = lawful_run(loaded(tmp_path, more))
    assert observed.way().taken.tolist() == [air, sea] * 4 + [air, air] * 2 + [sea, air] * 2


def phase(name: str, day: int, change: str) -> str:
    return f"[phases.{name}]\nfrom = 2001-01-{day:02}\nset = {{ {change} }}\n"


def test_a_class_has_figures_of_its_own(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, EVEN + TRAINS)
    found = figures(scenario, observed := lawful_run(scenario))
    arrived = observed.containers.delivered < np.inf
    own = np.array(classes(observed))
    for name in ("urgent", "plain"):
        here = arrived & (own == name)
        assert found[f"rail.class:{name}.throughput"] == here.sum() * 365 / 8
        assert found[f"rail.class:{name}.share"] == here.sum() / 8
        assert found[f"rail.class:{name}.booked"] == 365
        took = observed.containers.delivered[here] - observed.containers.booked[here]
        assert found[f"rail.class:{name}.door_to_door_mean"] == pytest.approx(took.mean())
        waits = observed.containers.wait[here]
        assert found[f"rail.class:{name}.wait_mean"] == pytest.approx(waits.mean())
