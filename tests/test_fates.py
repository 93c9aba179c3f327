"""Fates: each container booked in the window ends in exactly one way."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from corridors import SMALL, loaded
from costly import COSTLY
from support import figures

import sim
from sim.results.containers import FATES
from sim.views.tables import print_results

BY_HAND = """
[run]
warmup_days = 2
days = 5

[demand]
containers_per_year = 730
arrivals = "even"

[routes.rail]
max_wait_days = 2.2

[routes.rail.stages]
truck = { kind = "transit", days = 1 }
trains = { kind = "departures", every_days = 2, capacity = 2 }
line = { kind = "transit", days = 1.5 }

[choice]
rule = "fastest"
"""


NO_ROAD = {"routes.road.closed": True, "run.days": 200}
"""Without the road, which takes all, some are unserved."""


def test_fates_by_hand(tmp_path: Path) -> None:
    # Two bookings a day, a day by truck to the trains of days 2, 4 and 6, which take two each and
    # arrive a day and a half later. The window is days 2 to 7.
    frame = sim.simulate(loaded(tmp_path, BY_HAND)).containers.to_frame().set_index("booked")
    assert frame["fate"][frame.index >= 2].to_dict() == {
        2.25: "delivered",  # by the train of day 4, beside one that was left behind on day 2
        2.75: "moving",  # ready on day 3.75, left behind on day 4, on the train of day 6
        3.25: "unserved",  # two are ahead: the wait would be too long
        3.75: "unserved",
        4.25: "moving",  # on the train of day 6, too
        4.75: "waiting",  # ready on day 5.75, left behind on day 6
        5.25: "unserved",
        5.75: "unserved",
        6.25: "moving",  # on its truck
        6.75: "moving",
    }


def test_fates_are_counted_a_year_of_those_booked_in_the_window(tmp_path: Path) -> None:
    # The ten above, in 5 days.
    scenario = loaded(tmp_path, BY_HAND)
    found = figures(scenario, sim.simulate(scenario))
    by_hand = {"delivered": 1, "moving": 4, "waiting": 1, "unserved": 4}
    for fate, number in by_hand.items():
        assert found[f"all.fate:{fate}.containers"] == pytest.approx(number * 73)
    assert found["rail.fate:moving.containers"] == pytest.approx(4 * 73)
    assert "rail.fate:unserved.containers" not in found  # who is unserved is on no route


@pytest.mark.parametrize("rule", ["share", "fastest", "cheapest", "logit"])
def test_a_recount_from_the_table_of_containers(rule: str, tmp_path: Path) -> None:
    scenario = loaded(tmp_path, COSTLY).with_changes({"choice.rule": rule, **NO_ROAD})
    observed = sim.simulate(scenario)
    found, frame = figures(scenario, observed), observed.containers.to_frame()
    here = frame[frame["booked"] >= scenario.run.warmup_days]
    a_year = 365 / scenario.run.days
    for fate in FATES:
        some = here[here["fate"] == fate]
        assert found[f"all.fate:{fate}.containers"] == pytest.approx(len(some) * a_year)
        for route in scenario.routes if fate != "unserved" else ():
            own = (some["route"] == route).sum() * a_year
            assert found[f"{route}.fate:{fate}.containers"] == pytest.approx(own)


@pytest.mark.parametrize("rule", ["share", "logit"])
def test_fates_sum_to_what_was_booked(rule: str, tmp_path: Path) -> None:
    scenario = loaded(tmp_path, COSTLY).with_changes({"choice.rule": rule, **NO_ROAD})
    found = figures(scenario, sim.simulate(scenario))
    for route in scenario.routes:
        ended = [found[f"{route}.fate:{fate}.containers"] for fate in FATES[:3]]
        assert sum(ended) == pytest.approx(found[f"{route}.booked"])
    ended = [found[f"all.fate:{fate}.containers"] for fate in FATES]
    assert sum(ended) == pytest.approx(found["all.booked"] + found["all.unserved"])
    assert found["all.fate:unserved.containers"] > 0


def test_the_run_tells_where_containers_ended(tmp_path: Path) -> None:
    out = io.StringIO()
    results = sim.run(loaded(tmp_path, SMALL), replications=1, jobs=1)
    print_results(results, out)
    row = next(
        line.split()
        for line in out.getvalue().partition("Where those booked")[2].splitlines()
        if line.split()[:1] == ["rail"]
    )
    rail = [results.value(f"rail.fate:{fate}.containers") for fate in FATES[:3]]
    told = [float(figure.replace(",", "")) for figure in row[1:]]
    assert told == pytest.approx([*rail, results.value("rail.refused")], abs=0.5)
