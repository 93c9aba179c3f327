"""Disruptions at the edges: past the end of a run, with phases, with servers that come and go.

Containers book at 1/2, 3/2, 5/2, … days and a train leaves each day, as in `daily`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from daily import LINE, daily, disruption, leg
from support import figures, lawful_run

import sim
from sim.results.disruptions import disruptions
from sim.results.window import Window

TRAINS = "routes.rail.stages.trains"
CUSTOMS = LINE.replace(
    'line = { kind = "transit", days = 3 }', 'customs = { kind = "facility", facility = "border" }'
)


def border(hours: float, servers: int, *more: str, up: object = 0, down: object = 0) -> str:
    """A train comes to the border each day; each of its servers is up and down in turn."""
    failure = f"""
    [disruptions.failure]
    target = "facilities.border.servers"
    effect = "closed"
    up_days = {up}
    days = {down}
    """
    said = f"[facilities.border]\nservice_hours = {hours}\nservers = {servers}\n"
    return "\n".join([said, CUSTOMS, failure if up else "", *more])


# What has not come by the end.


def test_who_is_not_there_at_the_end_is_not_delayed(tmp_path: Path) -> None:
    # Trains are closed from day 7 past the end, day 20.5. A lorry of five days comes before them:
    # at 5.5 the first container (gone on 6), at 6.5, 7.5, …, 19.5 those that wait: 14. Those that
    # are still on the lorry do not.
    lorry = LINE.replace("trains =", 'lorry = { kind = "transit", days = 5 }\ntrains =')
    scenario = daily(tmp_path, lorry + disruption(TRAINS, "closed", days=100))
    found = figures(scenario, lawful_run(scenario))
    assert found["all.disruption:closed-from-7.delayed"] == 14
    assert found["all.disruption:closed-from-7.peak_backlog"] == 14


def test_a_window_counts_what_came_in_it(tmp_path: Path) -> None:
    # Closed from day 7 to day 407: the first year ends with the containers of 6.5 to 364.5.
    scenario = daily(tmp_path, LINE + disruption(TRAINS, "closed", days=400), days=730)
    first = disruptions(sim.simulate(scenario), Window(0, 365))["closed-from-7"]
    assert (first["delayed"], first["peak_backlog"]) == (359, 359)
    assert first["days_to_clear"] is None


# A fleet and a phase.


def test_a_late_departure_waits_for_its_route_to_open(tmp_path: Path) -> None:
    # One vehicle: off on 1, there on 4, back on 7, ready on 8. That is the day on which the route
    # closes, until 15; then what should have left on 2 leaves.
    text = (
        LINE.replace("capacity = 3", 'capacity = 3, fleet = "sets"')
        + """
    [fleets.sets]
    vehicles = 1
    turnaround_days = 1
    [phases.shut]
    from = 2001-01-09
    set = { "routes.rail.closed" = true }
    [phases.open]
    from = 2001-01-16
    set = { "routes.rail.closed" = false }
    """
    )
    trains = leg(lawful_run(daily(tmp_path, text)))
    assert trains.departed.tolist() == [1, 15]
    assert trains.planned is not None
    assert trains.planned.tolist() == [1, 2]


# Servers that fail, while their number changes.


def test_a_server_that_is_not_there_yet_serves_nobody(tmp_path: Path) -> None:
    # One server, and a second one from day 15 on. While the first is down trains wait, whether the
    # other, whose clock runs from day 0 too, would work or not.
    more = '[phases.more]\nfrom = 2001-01-16\nset = { "facilities.border.servers" = 2 }\n'
    scenario = daily(tmp_path, border(12, 1, more, up="{ exponential = 3 }", down=2))
    observed = sim.simulate(scenario)
    passage, (log,) = leg(observed).passages[0], observed.facilities
    assert passage.server is not None
    early = passage.started[passage.started < 15]
    assert (passage.server[: len(early)] == 0).all()
    assert (passage.server[len(early) :] == 1).any()
    down = [(out.first, out.end) for out in log.outages if out.server == 0]
    assert any(first < day < end for day in leg(observed).departed for first, end in down)
    assert not any(first <= day < end for day in early for first, end in down)


def test_servers_that_are_not_there_are_not_down(tmp_path: Path) -> None:
    # Three servers from day 18 on, none before. All three are down on days 4 to 8 and 12 to 16,
    # when there are none, and from 20 to the end at 20.5: half a day of two and a half.
    gone = disruption("facilities.border", "capacity 0", day=0, days=18)
    scenario = daily(tmp_path, border(12, 3, gone, up=4, down=4))
    found = figures(scenario, sim.simulate(scenario))
    assert found["all.facility:border.down"] == pytest.approx(0.5 / 2.5)
    assert found["all.facility:border.yearly_capacity"] > 0


def test_what_goes_on_at_servers_that_are_gone_is_not_less_than_down(tmp_path: Path) -> None:
    # Services of 80 hours go on beyond day 5, when the border closes and its servers go.
    both = [disruption("facilities.border", each, day=5, days=20) for each in
            ("capacity 0", "closed")]  # fmt: skip
    scenario = daily(tmp_path, border(80, 3, *both))
    assert figures(scenario, sim.simulate(scenario))["all.facility:border.down"] == 0
