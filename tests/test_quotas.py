"""Quotas by hand: who finds a place, in which period, and what becomes of the others."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import loaded
from daily import HEAD
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import VERIFY
from support import figures, lawful_run

import sim
from sim.scenario.stages import Quota

# Four bookings a day, at 1/8, 3/8, 5/8 and 7/8. Rail is faster, and its trains have room for all.
DAILY = (
    HEAD.format(days=4, a_year="1_460", demand="")
    + """
[routes.rail.stages]
trains = { kind = "departures", every_days = 1, capacity = 9 }
line = { kind = "transit", days = 3 }
[routes.sea]
freight_usd = 100
[routes.sea.stages]
voyage = { kind = "transit", days = 20 }
[choice]
rule = "fastest"
"""
)
TRAINS = "routes.rail.stages.trains"

Changes = dict[str, Any]
YEARLY = 365 * 2

# A phase from day 2 on.
LATER = "[phases.later]\nfrom = 2001-01-03\nset = {{ {} }}\n"


def limited(
    folder: Path,
    containers: float,
    per: str = "day",
    *,
    carry_over: bool = False,
    text: str = DAILY,
    changes: Changes | None = None,
) -> sim.Scenario:
    """With a quota on the trains."""
    quota = {"containers": containers, "per": per, "carry_over": carry_over}
    return loaded(folder, text).with_changes({f"{TRAINS}.quota": quota, **(changes or {})})


def chosen(observed: sim.Observations, direction: str | None = None) -> str:
    """The first letter of what each container took, - for nothing; a word a day."""
    way = observed.way(direction)
    letters = [route.name[0] for route in way.routes] + ["-"]
    words = [""] * int(observed.horizon)
    for day, row in zip(way.booked.tolist(), way.taken.tolist(), strict=True):
        words[int(day)] += letters[row]
    return " ".join(words)


def days_of_rail(observed: sim.Observations) -> list[float]:
    """When those booked who took it."""
    way = observed.way()
    days: list[float] = way.booked[observed.route("rail").accepted].tolist()
    return days


# Periods.


def test_so_many_book_each_day(tmp_path: Path) -> None:
    assert chosen(lawful_run(limited(tmp_path, 2))) == "rrss rrss rrss rrss"


def test_a_part_of_a_container_never_books(tmp_path: Path) -> None:
    assert chosen(lawful_run(limited(tmp_path, 1.9))) == "rsss rsss rsss rsss"


def test_parts_of_a_container_carry_over(tmp_path: Path) -> None:
    # 1 1/2 a day: 1, 3, 4 and 6 places are there by the end of each day.
    scenario = limited(tmp_path, 1.5, carry_over=True)
    assert chosen(lawful_run(scenario)) == "rsss rrss rsss rrss"


def test_decimals_are_counted_as_they_are_written(tmp_path: Path) -> None:
    # 100 times 0.29 are 29, though 0.29 in binary is a little less.
    scenario = limited(tmp_path, 0.29, carry_over=True, changes={"run.days": 100})
    assert len(days_of_rail(lawful_run(scenario))) == 29


def test_a_month_is_a_twelfth_of_365_days(tmp_path: Path) -> None:
    # One booking a day, at 1/2, 3/2, …; months begin on days 0, 30.42, 60.83 and 91.25.
    changes = {"demand.containers_per_year": 365, "run.days": 100}
    scenario = limited(tmp_path, 3, "month", changes=changes)
    assert days_of_rail(lawful_run(scenario)) == [
        0.5, 1.5, 2.5, 30.5, 31.5, 32.5, 61.5, 62.5, 63.5, 91.5, 92.5, 93.5,
    ]  # fmt: skip


def test_a_year_is_365_days_from_day_0(tmp_path: Path) -> None:
    # Whatever the date and the warm-up.
    changes = {"demand.containers_per_year": 365, "run.days": 720, "run.warmup_days": 20}
    observed = lawful_run(limited(tmp_path, 2, "year", changes=changes))
    assert days_of_rail(observed) == [0.5, 1.5, 365.5, 366.5, 730.5, 731.5]


def test_a_booking_at_the_turn_of_a_period_belongs_to_the_new_one(tmp_path: Path) -> None:
    # Three bookings in two days; one of them on day 1, one on day 3.
    scenario = limited(tmp_path, 1, changes={"demand.containers_per_year": 1.5 * 365})
    way = lawful_run(scenario).way()
    assert way.booked.tolist() == pytest.approx([1 / 3, 1, 5 / 3, 7 / 3, 3, 11 / 3])
    assert chosen(lawful_run(scenario)) == "r rs r rs"


FEW_THEN_MANY = DAILY.replace("1_460", "365") + LATER.format("'demand.containers_per_year' = 1_460")


def test_what_nobody_booked_is_lost(tmp_path: Path) -> None:
    assert chosen(lawful_run(limited(tmp_path, 2, text=FEW_THEN_MANY))) == "r r rrss rrss"


def test_what_nobody_booked_carries_over(tmp_path: Path) -> None:
    # By the end of day 2 six places were there, of which two are sold before it, and then four.
    scenario = limited(tmp_path, 2, text=FEW_THEN_MANY, carry_over=True)
    assert chosen(lawful_run(scenario)) == "r r rrrr rrss"


# Refusal.


def test_who_finds_no_place_is_refused_and_takes_the_second_choice(tmp_path: Path) -> None:
    observed = lawful_run(limited(tmp_path, 2))
    rail = observed.route("rail")
    assert rail.refused.tolist() == [2, 3, 6, 7, 10, 11, 14, 15]
    assert (observed.way().wanted == 0).all()  # by what is posted, as if there were room
    assert observed.route("sea").accepted.tolist() == rail.refused.tolist()


def test_refusals_by_quota_are_counted_like_others(tmp_path: Path) -> None:
    scenario = limited(tmp_path, 2)
    found = figures(scenario, lawful_run(scenario))
    assert found["rail.booked"] == found["rail.refused"] == found["sea.booked"] == YEARLY
    assert found["all.unserved"] == 0


def test_whom_all_refuse_is_unserved(tmp_path: Path) -> None:
    ships = 'sail = { kind = "departures", every_days = 1, capacity = 9, quota = { containers = 1'
    text = DAILY.replace("voyage", f'{ships}, per = "day" }} }}\nvoyage')
    scenario = limited(tmp_path, 2, text=text)
    observed = lawful_run(scenario)
    assert chosen(observed) == "rrs- rrs- rrs- rrs-"
    assert observed.route("sea").refused.tolist() == [3, 7, 11, 15]
    # Of four a day the third is refused by rail, the fourth by both.
    found = figures(scenario, observed)
    assert (found["rail.refused"], found["sea.refused"]) == (2 * 365, 365)
    assert found["all.refused"] == 2 * 365, "who is refused twice counts once"
    assert found["all.unserved"] == 365


def test_it_stands_beside_a_wait_that_is_too_long(tmp_path: Path) -> None:
    # Trains take one container, and a wait may be 1.5 days. Day 0: who books at 1/8 goes on day 1;
    # the place is the only one. Day 1: two places. At 9/8 for the train of day 2; at 11/8 that of
    # day 3 is too late; at 13/8 not. Days 2 and 3: the next train leaves in less than 1.5 days from
    # 5/8 on, so that a place of day 3 is never sold.
    changes = {f"{TRAINS}.capacity": 1, "routes.rail.max_wait_days": 1.5}
    base = limited(tmp_path, 1.5, carry_over=True).with_changes(changes)
    assert chosen(lawful_run(base)) == "rsss rsrs ssrs ssrs"
    assert chosen(lawful_run(loaded(tmp_path, DAILY).with_changes(changes))) == (
        "rsrs ssrs ssrs ssrs"
    )


def test_places_are_sold_in_the_order_of_booking_whatever_the_class(tmp_path: Path) -> None:
    # Of the three places of a day the first three that book take one, the urgent not before them.
    kinds = "[demand.classes]\nplain = { share = 0.5 }\nurgent = { share = 0.5, priority = 1 }\n"
    observed = lawful_run(limited(tmp_path, 3, text=DAILY + kinds))
    way = observed.way()
    assert way.class_of is not None
    assert [way.classes[row] for row in way.class_of[:4]] == ["plain", "urgent"] * 2
    assert chosen(observed) == "rrrs rrrs rrrs rrrs"


CHOICES: dict[str, dict[str, Any]] = {
    "fastest": {},
    "cheapest": {"choice.rule": "cheapest"},
    "cheapest by value of time": {
        "choice.rule": "cheapest", "demand.value_of_time_usd_per_day": {"exponential": 20},
        "routes.rail.freight_usd": 250,
    },
    "logit": {"choice.rule": "logit", "choice.scale_usd": 100},
    "share": {"choice.rule": "share", "choice.shares": {"rail": 0.6, "sea": 0.4}},
}  # fmt: skip


@pytest.mark.parametrize("changes", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("arrivals", ["even", "poisson"])
def test_by_every_rule_the_first_who_want_it_get_it(
    changes: dict[str, Any], arrivals: str, tmp_path: Path
) -> None:
    # What is wanted depends on no quota; two who want rail get it each day, and others the sea.
    changes = {**changes, "run.days": 200, "demand.arrivals": arrivals}
    without = sim.simulate(loaded(tmp_path, DAILY).with_changes(changes)).way()
    observed = lawful_run(limited(tmp_path, 2).with_changes(changes))
    way, sold = observed.way(), Counter[int]()
    assert (way.wanted == without.wanted).all()
    for day, wanted, taken in zip(way.booked, way.wanted, way.taken, strict=True):
        found = wanted == 0 and sold[int(day)] < 2
        assert taken == (0 if found else 1)
        sold[int(day)] += found
    assert (observed.route("rail").refused == np.flatnonzero(way.wanted < way.taken)).all()
    assert len(observed.route("rail").refused) > 100


def test_where_the_remaining_shares_are_zero_it_is_unserved(tmp_path: Path) -> None:
    shares = {"choice.rule": "share", "choice.shares": {"rail": 1, "sea": 0}}
    observed = lawful_run(limited(tmp_path, 2).with_changes(shares))
    assert chosen(observed) == "rr-- rr-- rr-- rr--"


# Stages, directions, blocks, phases.

CHAIN = DAILY.replace(
    "[routes.rail.stages]",
    """[routes.rail.stages]
    lorry = { kind = "transit", days = 0.5 }
    ferries = { kind = "departures", every_days = 1, capacity = 9 }
    crossing = { kind = "transit", days = 1 }""",
)


def test_of_two_stages_each_must_have_room(tmp_path: Path) -> None:
    # Seven on the ferries of the year, and three a day on the trains.
    ferries = {"containers": 7, "per": "year"}
    scenario = limited(tmp_path, 3, text=CHAIN)
    scenario = scenario.with_changes({"routes.rail.stages.ferries.quota": ferries})
    assert chosen(lawful_run(scenario)) == "rrrs rrrs rsss ssss"


def test_who_is_refused_at_one_stage_takes_no_place_at_the_other(tmp_path: Path) -> None:
    # Two a day on the trains. Of the ferries' one and a half that are there each day, to which
    # what is left is added, 1, 3, 4 and 6 are there so far: 1, 2, 1 and 2 a day.
    ferries = {"containers": 1.5, "per": "day", "carry_over": True}
    scenario = limited(tmp_path, 2, text=CHAIN)
    scenario = scenario.with_changes({"routes.rail.stages.ferries.quota": ferries})
    assert chosen(lawful_run(scenario)) == "rsss rrss rsss rrss"


BOTH = DAILY.replace("1_460", "2_920") + "[demand.directions]\nout = 0.5\nhome = 0.5\n"


@pytest.mark.parametrize("direction", ["out", "home"])
def test_each_direction_has_half(direction: str, tmp_path: Path) -> None:
    # Of five each has two, and half of one, which never books or carries over.
    observed = lawful_run(limited(tmp_path, 5, text=BOTH))
    assert chosen(observed, direction) == "rrss rrss rrss rrss"
    observed = lawful_run(limited(tmp_path, 5, text=BOTH, carry_over=True))
    assert chosen(observed, direction) == "rrss rrrs rrss rrrs"


@pytest.mark.parametrize("hours", [1, 7, 24, 1_000])
@pytest.mark.parametrize("text", [DAILY, CHAIN], ids=["simple", "chained"])
def test_it_does_not_matter_when_figures_are_posted(
    text: str, hours: float, tmp_path: Path
) -> None:
    # A block of bookings may begin and end within a period, or go on over several of them.
    posted = {"choice.posted_every_hours": hours}
    assert chosen(lawful_run(limited(tmp_path, 2, text=text).with_changes(posted))) == (
        "rrss rrss rrss rrss"
    )
    carried = limited(tmp_path, 1.5, text=text, carry_over=True)
    assert chosen(lawful_run(carried.with_changes(posted))) == "rsss rrss rsss rrss"


@pytest.mark.parametrize("text", [DAILY, CHAIN], ids=["simple", "chained"])
def test_rounds_and_the_loop_decide_the_same(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"demand.arrivals": "poisson", "run.days": 60, f"{TRAINS}.capacity": 2}
    scenario = limited(tmp_path, 2.5, text=text, carry_over=True).with_changes(changes)
    by_rounds = sim.simulate(scenario).way()
    monkeypatch.setattr("sim.corridor.choice.MOST_ROUNDS", 1)
    assert (sim.simulate(scenario).way().taken == by_rounds.taken).all()


OPENS = DAILY.replace("[routes.sea]", "[routes.rail]\nclosed = true\n[routes.sea]")
OPENS += LATER.format("'routes.rail.closed' = false")


def test_while_a_route_is_closed_places_carry_over(tmp_path: Path) -> None:
    # Three places are there on day 2, when it opens, or one.
    observed = lawful_run(limited(tmp_path, 1, text=OPENS, carry_over=True))
    assert chosen(observed) == "ssss ssss rrrs rsss"
    assert observed.route("rail").refused.tolist() == [11, 13, 14, 15]
    assert chosen(lawful_run(limited(tmp_path, 1, text=OPENS))) == "ssss ssss rsss rsss"


@pytest.mark.parametrize("containers", [0, 0.9])
def test_a_quota_that_lets_nobody_book_closes_the_route(containers: float, tmp_path: Path) -> None:
    scenario = limited(tmp_path, containers)
    observed = lawful_run(scenario)
    assert chosen(observed) == "ssss ssss ssss ssss"
    assert "rail" not in scenario.open_routes
    assert not [route for route in observed.way().routes if route.name == "rail"]
    assert figures(scenario, observed)["all.refused"] == 0


# Any quotas, recounted.

ANY = """
[run]
warmup_days = 0
days = 40
[demand]
containers_per_year = 4_000
[demand.directions]
out = 0.7
home = 0.3
[demand.classes]
plain = { share = 0.75 }
urgent = { share = 0.25, priority = 1 }
[routes.rail.stages]
trains = { kind = "departures", every_days = 0.8, capacity = 6 }
line = { kind = "transit", days = [8, 12] }
[routes.link.stages]
ferries = { kind = "departures", every_days = 1.5, capacity = 12 }
crossing = { kind = "transit", days = [1, 2] }
trains = { kind = "departures", every_days = 1, capacity = 5 }
line = { kind = "transit", days = [6, 9] }
[routes.sea]
freight_usd = 40
[routes.sea.stages]
sailing = { kind = "departures", every_days = 3, capacity = 20 }
voyage = { kind = "transit", days = [14, 20] }
[choice]
rule = "fastest"
shares = { rail = 0.4, link = 0.3, sea = 0.3 }
"""
PERIODS = {"year": 365.0, "month": 365 / 12, "day": 1.0}

EXAMPLES = settings(derandomize=True, deadline=None, max_examples=20 if VERIFY else 8)


def any_quota() -> st.SearchStrategy[Changes]:
    """Up to the demand of one direction, in quarters, of which halves are exact."""

    def quota(per: str) -> st.SearchStrategy[Changes]:
        quarters = st.integers(8, max(16, int(30 * PERIODS[per])))
        return st.fixed_dictionaries(
            {
                "containers": quarters.map(lambda number: number / 4),
                "per": st.just(per),
                "carry_over": st.booleans(),
            }
        )

    return st.sampled_from(list(PERIODS)).flatmap(quota)


STAGES = [
    "routes.rail.stages.trains",
    "routes.link.stages.ferries",
    "routes.link.stages.trains",
    "routes.sea.stages.sailing",
]
QUOTAS = st.dictionaries(st.sampled_from(STAGES), any_quota(), min_size=1).map(
    lambda found: {f"{stage}.quota": quota for stage, quota in found.items()}
)
BOOKERS = st.fixed_dictionaries(
    {
        "choice.rule": st.sampled_from(["fastest", "cheapest", "logit", "share"]),
        "choice.scale_usd": st.sampled_from([0, 30]),
        "choice.posted_every_hours": st.sampled_from([3, 20, 500]),
        "choice.inertia_days": st.sampled_from([0, 2]),
        "demand.value_of_time_usd_per_day": st.sampled_from([0, 5]),
    }
)
LIMITS = st.dictionaries(
    st.sampled_from([f"routes.{name}.max_wait_days" for name in ("rail", "link", "sea")]),
    st.sampled_from([0.5, 3, 8]),
)


@cache
def base() -> sim.Scenario:
    with tempfile.TemporaryDirectory() as folder:
        return loaded(Path(folder), ANY)


class Places:
    """How many of a quota are left, one booking after the other."""

    def __init__(self, quota: Quota) -> None:
        self.quota, self.booked = quota, Counter[int]()

    def left(self, day: float) -> int:
        period = int(day / PERIODS[self.quota.per])
        if self.quota.carry_over:
            there = math.floor(self.quota.containers * (period + 1))
            return there - self.booked.total()
        return math.floor(self.quota.containers) - self.booked[period]

    def book(self, day: float) -> None:
        self.booked[int(day / PERIODS[self.quota.per])] += 1


def places(scenario: sim.Scenario, direction: str | None, route: str) -> list[Places]:
    """Those of each departures stage of a route with a quota, in one direction."""
    stages = scenario.one_way(direction).routes[route].departures.values()
    return [Places(stage.quota) for stage in stages if stage.quota]


@settings(EXAMPLES, max_examples=30 if VERIFY else 10)
@given(QUOTAS, LIMITS, BOOKERS)
def test_who_books_finds_a_place_and_whom_a_quota_refuses_finds_none(
    quotas: Changes, limits: Changes, bookers: Changes
) -> None:
    scenario = base().with_changes({**bookers, **quotas, **limits})
    for way in lawful_run(scenario).ways:
        for route in way.routes:
            stages = places(scenario, way.direction, route.name)
            patient = math.isinf(scenario.routes[route.name].max_wait_days)
            refused = route.refused.tolist() if patient else []
            asked = [(row, True) for row in route.accepted.tolist()] + [(r, False) for r in refused]
            for row, finds in sorted(asked):
                day = way.booked.item(row)
                assert all(stage.left(day) > 0 for stage in stages) == finds
                for stage in stages if finds else ():
                    stage.book(day)


@EXAMPLES
@given(LIMITS, BOOKERS, st.sampled_from(list(PERIODS)))
def test_a_quota_that_is_never_used_up_changes_nothing(
    limits: Changes, bookers: Changes, per: str
) -> None:
    scenario = base().with_changes({**bookers, **limits})
    quota = {"containers": 10_000, "per": per}
    huge = scenario.with_changes({f"{stage}.quota": quota for stage in STAGES})
    without, observed = sim.simulate(scenario), sim.simulate(huge)
    assert (observed.containers.delivered == without.containers.delivered).all()
    for way, other in zip(observed.ways, without.ways, strict=True):
        assert (way.taken == other.taken).all()
        assert (way.wanted == other.wanted).all()
        for route, same in zip(way.routes, other.routes, strict=True):
            assert (route.refused == same.refused).all()


RAIL = "routes.rail.stages.trains.quota"


@EXAMPLES
@given(any_quota(), st.sampled_from([0.5, 1, 2, 5]), st.sampled_from([3, 20, 500]))
def test_who_is_refused_waits_too_long_or_finds_it_sold_out(
    quota: Changes, limit: float, hours: float
) -> None:
    # All want rail, and each is asked after: the first train with room, the places that are left.
    changes = {
        "routes.rail.max_wait_days": limit, "choice.posted_every_hours": hours, RAIL: quota,
        "choice.rule": "share", "choice.shares": {"rail": 1, "link": 0, "sea": 0},
        "demand.classes.urgent.priority": 0,
    }  # fmt: skip
    scenario = base().with_changes(changes)
    for way in lawful_run(scenario).ways:
        (stage,), aboard = places(scenario, way.direction, "rail"), Counter[int]()
        rail = next(row for row, route in enumerate(way.routes) if route.name == "rail")
        for day, taken in zip(way.booked.tolist(), way.taken.tolist(), strict=True):
            train = next(n for n in count(1) if n * 0.8 >= day and aboard[n] < 6)
            finds = train * 0.8 - day <= limit and stage.left(day) > 0
            assert (taken == rail) == finds
            if finds:
                aboard[train] += 1
                stage.book(day)
