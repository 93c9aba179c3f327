"""Inertia by hand: the smoothed past by which bookers compare routes, and what stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import loaded
from daily import HEAD
from support import lawful_run

import sim
from sim.corridor.inertia import Inertia

Changes = dict[str, Any]

HALF = 1 / np.log(2)
"""Days of inertia after which half of the past is left after a day."""

# One booking a day, at 1/2, 3/2, … Figures are posted once a day. A train leaves every ten days.
TRAINS = (
    HEAD.format(days=21, a_year=365, demand="")
    + """
[routes.rail.stages]
trains = { kind = "departures", every_days = 10, capacity = 100 }
line = { kind = "transit", days = 1 }
[routes.truck.stages]
road = { kind = "transit", days = 6.2 }
[choice]
rule = "fastest"
posted_every_hours = 24
"""
)


def chosen(scenario: sim.Scenario) -> str:
    """The first letter of what each container took."""
    return "".join("rt"[row] for row in lawful_run(scenario).way().taken)


def with_inertia(
    folder: Path, days: float, text: str = TRAINS, changes: Changes | None = None
) -> sim.Scenario:
    return loaded(folder, text).with_changes({"choice.inertia_days": days, **(changes or {})})


def test_all_switch_on_the_day_on_which_the_smoothed_figure_does(tmp_path: Path) -> None:
    # Rail posts 11, 10, 9, … on days 0, 1, 2, …, so S is 11, 10.5, 9.75, 8.875, 7.94, 6.97 and on
    # day 6 5.98, less than the road. On day 10, with the train about to leave, 1 is posted and S is
    # 2.00; then 10 is: 6.00, 7.50, 7.75, 7.37, 6.69 and on day 16 5.84.
    scenario = with_inertia(tmp_path, HALF)
    assert chosen(scenario) == 6 * "t" + 6 * "r" + 4 * "t" + 5 * "r"


def test_half_of_what_is_posted_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smoothed, post = [], Inertia.post

    def listen(inertia: Inertia, now: float) -> None:
        post(inertia, now)
        smoothed.append(inertia.days[:, 0].tolist())

    monkeypatch.setattr(Inertia, "post", listen)
    sim.simulate(with_inertia(tmp_path, HALF))
    by_hand = [11, 10.5, 9.75, 8.875, 7.9375, 6.96875]
    assert [rail for rail, _ in smoothed[:6]] == pytest.approx(by_hand)
    assert all(truck == 6.2 for _, truck in smoothed)


def test_with_hardly_any_inertia_the_last_figures_posted_count(tmp_path: Path) -> None:
    # On days 5 and 15 six days are posted, on day 10 one day.
    last = with_inertia(tmp_path, 1e-6)
    assert chosen(last) == 5 * "t" + 6 * "r" + 4 * "t" + 6 * "r"
    # Without any each sees the figure of its own moment: at 21/2 it is 10.5 days, at 41/2 too.
    assert chosen(loaded(tmp_path, TRAINS)) == 5 * "t" + 5 * "r" + 5 * "t" + 5 * "r" + "t"


def test_waits_that_are_too_long_are_those_of_the_moment(tmp_path: Path) -> None:
    # Of days 6 to 11 and from 16 on, who books at most three days before the train takes it.
    scenario = with_inertia(tmp_path, HALF, changes={"routes.rail.max_wait_days": 3})
    assert chosen(scenario) == 7 * "t" + 3 * "r" + 7 * "t" + 3 * "r" + "t"
    refused = lawful_run(scenario).route("rail").refused.tolist()
    assert refused == [6, 10, 11, 16, 20]


LINES = (
    HEAD.format(days=8, a_year=365, demand="")
    + """
[routes.rail.stages]
line = { kind = "transit", days = 8 }
[routes.truck.stages]
road = { kind = "transit", days = 5.5 }
[choice]
rule = "fastest"
posted_every_hours = 24
"""
)
REOPENS = """
[phases.closed]
from = 2001-01-03
set = { "routes.rail.closed" = true, "routes.rail.stages.line.days" = 4 }
[phases.open]
from = 2001-01-05
set = { "routes.rail.closed" = false }
"""
OPENS = """
[phases.open]
from = 2001-01-03
set = { "routes.rail.closed" = false, "routes.rail.stages.line.days" = 4 }
"""


def test_a_closed_route_posts_nothing(tmp_path: Path) -> None:
    # S is 8 until rail opens again on day 4, then 6, 5, 4.5, …
    assert chosen(with_inertia(tmp_path, HALF, LINES + REOPENS)) == "tttttrrr"


def test_a_route_that_opens_first_begins_with_what_it_posts_then(tmp_path: Path) -> None:
    closed = LINES.replace(
        "[routes.rail.stages]", "[routes.rail]\nclosed = true\n[routes.rail.stages]"
    )
    assert chosen(with_inertia(tmp_path, HALF, closed + OPENS)) == "ttrrrrrr"


def test_figures_are_posted_when_a_phase_begins_too(tmp_path: Path) -> None:
    # Posted on days 0, 2 and 5: S is 8, then 4 + 4/4 = 5; else nobody would know it.
    text = LINES + OPENS
    posted = {"choice.posted_every_hours": 120}
    assert chosen(with_inertia(tmp_path, HALF, text, posted)) == "ttrrrrrr"


def test_a_timetable_in_step_with_the_posting_is_warned_of(tmp_path: Path) -> None:
    # Every day a train is about to leave when times are posted; every 0.9 days it is not.
    for every, is_in_step in ((0.5, True), (1, True), (0.9, False), (10, False)):
        changes = {"routes.rail.stages.trains.every_days": every}
        warnings = with_inertia(tmp_path, 5, changes=changes).preview().warnings
        assert any("about to leave" in each for each in warnings) == is_in_step
    assert not loaded(tmp_path, TRAINS.replace("= 10, c", "= 1, c")).preview().warnings


CAPACITY = "routes.rail.stages.trains.capacity"
RANDOM: Changes = {
    "demand.arrivals": "poisson", "demand.containers_per_year": 3_650, "run.days": 100,
    CAPACITY: 40,
}  # fmt: skip


def test_shares_do_not_look_at_days(tmp_path: Path) -> None:
    share = {**RANDOM, "choice.rule": "share", "choice.shares": {"rail": 0.4, "truck": 0.6}}
    without = lawful_run(loaded(tmp_path, TRAINS).with_changes(share))
    with_it = lawful_run(with_inertia(tmp_path, 5, changes=share))
    assert (without.way().taken == with_it.way().taken).all()
    assert (without.containers.delivered == with_it.containers.delivered).all()


LOGIT: Changes = {
    **RANDOM, "choice.rule": "logit", "choice.scale_usd": 50,
    "demand.value_of_time_usd_per_day": 20,
}  # fmt: skip


def test_no_inertia_is_as_if_nothing_were_said(tmp_path: Path) -> None:
    without = sim.simulate(loaded(tmp_path, TRAINS).with_changes(LOGIT)).way()
    assert (
        without.taken == sim.simulate(with_inertia(tmp_path, 0, changes=LOGIT)).way().taken
    ).all()
    assert (
        without.taken != sim.simulate(with_inertia(tmp_path, 9, changes=LOGIT)).way().taken
    ).any()


def test_a_longer_run_leaves_what_came_before(tmp_path: Path) -> None:
    scenario = with_inertia(tmp_path, 5, changes=LOGIT)
    short = sim.simulate(scenario).way().taken
    longer = sim.simulate(scenario.with_changes({"run.days": 150})).way().taken
    assert len(longer) > len(short) > 900
    assert (longer[: len(short)] == short).all()


def test_inertia_dampens_swings(tmp_path: Path) -> None:
    # What rail posts falls from day to day until a train leaves: bookings swing with it.
    many = {**LOGIT, "run.days": 400, "demand.containers_per_year": 36_500, CAPACITY: 2_000}

    def swings(days: float) -> float:
        observed = sim.simulate(with_inertia(tmp_path, days, changes=many))
        booked = observed.way().booked[observed.route("rail").accepted]
        return float(np.std(np.bincount(booked.astype(int), minlength=400)[100:]))

    assert swings(0) > 2 * swings(5) > 2 * swings(40)
