"""Servers that fail by themselves: by hand, and against theory.

A server that fails keeps the vehicle that it serves, which goes on where it was when the server
works again; its clock runs while it works, busy or not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from daily import LINE, came, daily, disruption, leg
from laws_facilities import visits
from oracles import Record, assert_agrees, assert_theory, oracle, params, rail
from support import figures, lawful_run, sampled

import sim
from sim.results.observations import Passage

CUSTOMS = LINE.replace(
    'line = { kind = "transit", days = 3 }', 'customs = { kind = "facility", facility = "border" }'
)


def broken(
    folder: Path, hours: object, up: object, days: object, *, servers: int = 1, more: str = ""
) -> sim.Scenario:
    """A train comes to the border each day; each of its servers is up and down in turn."""
    text = f"""
    [facilities.border]
    service_hours = {hours}
    servers = {servers}
    {CUSTOMS}
    [disruptions.failure]
    target = "facilities.border.servers"
    effect = "closed"
    up_days = {up}
    days = {days}
    """
    return daily(folder, text + more)


def customs(observed: sim.Observations) -> Passage:
    return leg(observed).passages[0]


def test_a_server_that_fails_keeps_whom_it_serves(tmp_path: Path) -> None:
    # Down from 5 to 7, from 12 to 14, from 19 to 21. Services of two days begin on 1 and 3; that of
    # 5 comes as it fails and begins on 7, that of 11 is done with half on 12, and ends on 15.
    scenario = broken(tmp_path, 48, 5, 2)
    observed = lawful_run(scenario)
    assert came(customs(observed).started) == [1, 3, 7, 9, 11, 15, 17]
    assert customs(observed).left[:7].tolist() == [3, 5, 9, 11, 15, 17, 19]
    # Of the 20.5 days it is out of order for 5.5, and serves for 14.
    found = figures(scenario, observed)
    assert found["all.facility:border.down"] == pytest.approx(5.5 / 20.5)
    assert found["all.facility:border.utilisation"] == pytest.approx(14 / 20.5)


def test_a_server_fails_also_while_it_idles(tmp_path: Path) -> None:
    # Services of half a day: it is busy half of the time. Its clock always runs: up 5.25 days,
    # down 1.5, up 5.25, …
    scenario = broken(tmp_path, 12, 5.25, 1.5)
    observed = lawful_run(scenario)
    (log,) = observed.facilities
    assert [(out.first, out.end) for out in log.outages] == [
        (5.25, 6.75), (12, 13.5), (18.75, 20.25),
    ]  # fmt: skip
    # That of day 5 has a quarter of a day to go at 6.75, those of 6 and 7 follow; that of 12 comes
    # as it fails; it idles when it fails on 18.75, and that of 19 waits.
    started, left = customs(observed).started, customs(observed).left
    assert started[4:9].tolist() == [5, 7, 7.5, 8, 9]
    assert left[4:6].tolist() == [7, 7.5]
    assert started[11:16].tolist() == [13.5, 14, 14.5, 15, 16]
    assert started[17:19].tolist() == [18, 20.25]


def test_a_service_that_ends_as_its_server_fails_is_over(tmp_path: Path) -> None:
    # 36 hours: services end on 2.5, 4, 5.5, 7, and it fails from 7 to 8.
    passage = customs(lawful_run(broken(tmp_path, 36, 7, 1)))
    assert passage.left[:4].tolist() == [2.5, 4, 5.5, 7]
    assert passage.started[4] == 8


def test_one_service_may_meet_several_failures(tmp_path: Path) -> None:
    # Up for two days, down for one: 2-3, 5-6, 8-9, … Services of four days: from 1 to 7, with two
    # days lost, then to 13.
    passage = customs(lawful_run(broken(tmp_path, 96, 2, 1)))
    assert came(passage.started)[:3] == [1, 7, 13]


def test_each_server_fails_by_itself(tmp_path: Path) -> None:
    # Two servers, and failures at random: one may serve on while the other is down.
    scenario = broken(tmp_path, 30, "{ exponential = 3 }", "{ exponential = 1 }", servers=2)
    (log,) = lawful_run(scenario).facilities
    one, other = ([out.first for out in log.outages if out.server == n] for n in (0, 1))
    assert one
    assert other
    assert not set(one) & set(other)


def test_a_train_goes_to_the_server_that_works(tmp_path: Path) -> None:
    # Both are down from 5 to 7; trains take the first server that is free, and each keeps its own.
    observed = lawful_run(broken(tmp_path, 36, 5, 2, servers=2))
    passage = customs(observed)
    assert passage.server is not None
    # On 1 at the first, on 2 at the second, on 3, 4 again; that of 4 has half a day to go on day 5.
    assert passage.started[:7].tolist() == [1, 2, 3, 4, 7, 7.5, 8.5]
    assert passage.server[:6].tolist() == [0, 1, 0, 1, 0, 1]
    assert passage.left[3:6].tolist() == [7.5, 8.5, 9]


def test_a_closed_border_and_a_failed_server(tmp_path: Path) -> None:
    # It fails from 5 to 7, and the border is closed from 6 to 8.
    more = disruption("facilities.border", "closed", day=6, days=2)
    passage = customs(lawful_run(broken(tmp_path, 24, 5, 2, more=more)))
    assert passage.started[3:6].tolist() == [4, 8, 9]


def test_a_closed_border_holds_where_a_server_works_again(tmp_path: Path) -> None:
    # A service of two days from 4 on: a day until the server fails on 5; it works on 7, but the
    # border holds all until 8.
    hold = disruption("facilities.border", "closed", day=6, days=2, more='under_way = "hold"')
    scenario = broken(tmp_path, 48, 5, 2, more=hold)
    passage = customs(
        lawful_run(scenario.with_changes({"routes.rail.stages.trains.every_days": 4}))
    )
    assert passage.started[:2].tolist() == [4, 9]
    assert passage.left[0] == 9


def test_servers_that_a_phase_adds_fail_too(tmp_path: Path) -> None:
    # From day 2 on there are two; the second one's clock runs from day 0 as well.
    phase = '[phases.more]\nfrom = 2001-01-03\nset = { "facilities.border.servers" = 2 }\n'
    (log,) = lawful_run(broken(tmp_path, 36, 5, 2, more=phase)).facilities
    assert [out.server for out in log.outages if out.first == 5] == [0, 1]


def test_failures_move_no_other_service(tmp_path: Path) -> None:
    # Services are drawn by trip: with rare failures those before the first are the same to the bit.
    hours = "[12, 30]"
    plain = daily(tmp_path, f"[facilities.border]\nservice_hours = {hours}\n{CUSTOMS}")
    scenario = broken(tmp_path, hours, 9, 0.5)
    one, two = customs(lawful_run(plain)), customs(lawful_run(scenario))
    before = one.freed <= 9
    assert before.sum() > 5
    assert (one.freed[before] == two.freed[before]).all()


# Theory.

MM1 = "M/M/1 with breakdowns (fails also when idle, preemptive-resume)"


FAILING = params(MM1, "W")


@pytest.mark.parametrize("about", sampled(FAILING, FAILING[2:]))
def test_a_queue_at_a_server_that_fails(
    tmp_path: Path, record_property: Record, about: dict[str, float]
) -> None:
    # Containers on their own: bookings are Poisson, and a day is the mean service. L counts who
    # waits and who is in service, down or not; W is their time.
    stages = 'desk = { kind = "facility", facility = "desk" }'
    more = f"""
    [facilities.desk]
    service_hours = {{ exponential = {24 / about["mu"]} }}
    [disruptions.failure]
    target = "facilities.desk.servers"
    effect = "closed"
    up_days = {{ exponential = {about["mtbf"]} }}
    days = {{ exponential = {about["mttr"]} }}
    """
    scenario = rail(tmp_path, stages, a_day=about["lam"], days=2_000, warmup=600, more=more)

    def read(scenario: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
        found = figures(scenario, observed)
        return {"L": found["rail.under_way_mean"], "W": found["rail.door_to_door_mean"]}

    theory = {metric: oracle(MM1, metric, **about) for metric in ("L", "W")}
    told = "lam {lam}, up {mtbf}, down {mttr}".format_map(about)
    assert_theory(record_property, MM1, told, scenario, read, theory)


RENEWAL = "alternating renewal availability"


RENEWED = params(RENEWAL, "availability")


@pytest.mark.parametrize("about", sampled(RENEWED, RENEWED[::2]))
def test_the_part_of_time_that_a_server_works(
    tmp_path: Path, record_property: Record, about: dict[str, float]
) -> None:
    # Forty servers, each by itself, for ten years: the mean of the part that each works, what it
    # differs by from one to the other, and how many work on one day.
    servers, years = 40, 3_650
    more = f"""
    [facilities.yard]
    servers = {servers}
    service_hours = 1
    [disruptions.failure]
    target = "facilities.yard.servers"
    effect = "closed"
    up_days = {{ exponential = {about["mtbf"]} }}
    days = {{ exponential = {about["mttr"]} }}
    """
    stages = 'yard = { kind = "facility", facility = "yard" }'
    scenario = rail(tmp_path, stages, a_day=1 / about["mtbf"], days=years, more=more)
    lawful_run(scenario.with_changes({"run.days": 365}))
    worked, up = [], []
    for replication in range(10):
        observed = sim.simulate(scenario, replication)
        spans = [down_spans(observed, server) for server in range(servers)]
        worked += [1 - down.sum() / years for down in (np.diff(each).ravel() for each in spans)]
        up += [not any(first <= about["mttr"] < end for first, end in each) for each in spans]
        found = figures(scenario, observed)["all.facility:yard.down"]
        assert found == pytest.approx(1 - np.mean(worked[-servers:]), abs=1e-9)
    told, part = (
        "up {mtbf}, down {mttr}".format_map(about),
        oracle(RENEWAL, "availability", **about),
    )
    assert_agrees(record_property, "availability", worked, part, case=RENEWAL, about=told)
    sd = oracle(RENEWAL, "sd_of_uptime_fraction", **about)
    # The standard deviation of 400 has a standard error of a twenty-eighth, were they normal.
    assert float(np.std(worked, ddof=1)) == pytest.approx(sd, rel=4 / np.sqrt(2 * 400) + 0.05)
    # From day 0, when all work, fewer do with each day.
    theory = oracle(RENEWAL, "P_up(t)", **about)
    error = np.sqrt(theory * (1 - theory) / len(up))
    record_property("P_up", str((np.mean(up) - theory) / error))
    assert abs(np.mean(up) - theory) <= 4 * error


def down_spans(observed: sim.Observations, server: int) -> np.ndarray:
    """The days of the run on which a server is down [times, 2]."""
    (log,) = observed.facilities
    own = [(out.first, out.end) for out in log.outages if out.server == server]
    return np.array(own).reshape(-1, 2).clip(0, observed.horizon)


def test_visits_of_a_server_sum_to_its_days(tmp_path: Path) -> None:
    # Busy + idle + down = the horizon, for each server: busy is what trains had less what they
    # stood still, and idle is counted hour by hour. All that happens falls on whole half hours.
    scenario = broken(tmp_path, 36, 5, 2, servers=2)
    observed = lawful_run(scenario)
    (log,) = observed.facilities
    here, hours = visits(scenario, observed, log), np.arange(0, 20.5, 1 / 48)
    for server in (0, 1):
        mine = here.of((here.server == server) & (here.started < np.inf))
        spans = down_spans(observed, server)
        held = [
            np.maximum(np.minimum(mine.freed, end) - np.maximum(mine.started, first), 0).sum()
            for first, end in spans
        ]
        busy = (np.minimum(mine.freed, 20.5) - mine.started).sum() - sum(held)
        is_idle = mine.busy(hours) == 0
        for first, end in spans:
            is_idle &= (hours < first) | (hours >= end)
        down = (spans[:, 1] - spans[:, 0]).sum()
        assert busy + is_idle.sum() / 48 + down == pytest.approx(20.5)
