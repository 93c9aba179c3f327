"""Goal seeking: against closed forms, and told clearly where there is nothing to find."""

from __future__ import annotations

import io
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import loaded, written
from processes import transsib
from soon import soon
from support import sampled

import sim
from sim.errors import ScenarioError, TooLargeError, UsageError
from sim.experiments.solve import frontier
from sim.experiments.store import load, save
from sim.results.metrics import Key
from sim.results.solution import Frontier, Solution
from sim.views.grid import console
from sim.views.solutions import answer, print_solutions

FREIGHT = "routes.rail.freight_usd"
DAYS = "routes.rail.stages.line.days"

ROADS = """
price_year = 2001
[run]
warmup_days = 0
days = 60
replications = 8
[demand]
containers_per_year = 20_000
value_of_time_usd_per_day = 25
[routes.sea]
freight_usd = 1_000
[routes.sea.stages]
voyage = { kind = "transit", days = 35 }
[routes.rail]
freight_usd = 1_250
[routes.rail.stages]
line = { kind = "transit", days = 15 }
[choice]
rule = "logit"
scale_usd = 150
"""
"""Two routes without a queue: shares are a logistic function of the difference in cost."""


def break_even(share: float, days: float) -> float:
    """The rail freight [USD] at which so many go by rail: log-odds = cost difference / scale."""
    return 1_000 + 25 * (35 - days) - 150 * math.log(share / (1 - share))


def booked(share: float) -> dict[str, float]:
    """What is booked a year where so many go by rail; unlike deliveries it needs no warm-up."""
    return {"rail.booked": share * 20_000}


@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
def test_the_break_even_freight_of_a_logit(share: float, tmp_path: Path) -> None:
    found = sim.solve(loaded(tmp_path, ROADS), target=booked(share), by=FREIGHT, jobs=1)
    assert found.value is not None
    assert found.high is not None
    assert abs(found.value - break_even(share, 15)) < 2 * (found.high - found.value)
    assert found.metric.mean == pytest.approx(20_000 * share, rel=2e-3)
    assert found.scenario.routes["rail"].freight_usd == found.value
    assert found.present == 1_250


def test_a_frontier_has_the_slope_of_the_value_of_time(tmp_path: Path) -> None:
    # A day more costs every container 25 USD, and all share their luck: freight makes up for it.
    found = sim.solve(
        loaded(tmp_path, ROADS), target=booked(0.3), by=FREIGHT, vary={DAYS: [12, 15, 21]}, jobs=1
    )
    freights = found.to_frame()["value"].to_numpy()
    assert np.diff(freights) == pytest.approx([-75, -150], abs=1)
    assert freights[0] == pytest.approx(break_even(0.3, 12), abs=15)
    assert found.results.names == ("small-days-12", "small-days-15", "small-days-21")
    assert found.results.value("rail.booked", "small-days-21") == pytest.approx(6_000, rel=2e-3)


@pytest.mark.slow
def test_the_interval_covers_the_truth_as_often_as_it_says(tmp_path: Path) -> None:
    base = loaded(tmp_path, ROADS).with_changes(
        {"run.replications": 5, "run.days": 20, FREIGHT: 1_600}
    )
    found = [
        sim.solve(base.with_changes({"run.seed": seed}), target=booked(0.3), by=FREIGHT, jobs=1)
        for seed in range(40)
    ]
    covering = [each for each in found if covers(each, break_even(0.3, 15))]
    assert 33 <= len(covering) < 40  # 95 %: binomial, five times out of a thousand outside


def covers(found: Solution, truth: float) -> bool:
    assert found.low is not None
    assert found.high is not None
    return found.low <= truth <= found.high


def test_a_calibration_recovers_the_constant_that_made_the_data(tmp_path: Path) -> None:
    changes = {
        "demand.value_of_time_usd_per_day": {"lognormal": {"median": 25, "p95": 180}},
        "run.warmup_days": 60, "run.days": 100,
    }  # fmt: skip
    base = loaded(tmp_path, ROADS).with_changes(changes)
    truth = base.with_changes({"routes.rail.constant_usd": 420, "run.seed": 99})
    data = sim.run(truth, replications=40, jobs=1).value("rail.share")
    assert data is not None
    found = sim.solve(base, target={"rail.share": data}, by="routes.rail.constant_usd", jobs=1)
    assert found.present == 0
    assert covers(found, 420)
    assert found.high is not None
    assert found.value is not None
    assert found.high - found.value < 25


def test_one_process_and_two_find_the_same_to_the_bit(tmp_path: Path) -> None:
    base = loaded(tmp_path, ROADS)
    one, two = (
        sim.solve(base, target=booked(0.3), by=FREIGHT, replications=3, jobs=jobs)
        for jobs in (1, 2)
    )
    assert one.to_data() == two.to_data()
    assert one.measures == two.measures


def test_the_mean_of_a_distribution_is_an_unknown_too(tmp_path: Path) -> None:
    text = ROADS.replace("days = 15", "days = [10, 20]")
    found = sim.solve(loaded(tmp_path, text), target=booked(0.5), by=DAYS, jobs=1)
    # The mean time at which 250 USD more and 25 USD a day are even: 35 - 10.
    assert found.value == pytest.approx(25, abs=0.5)
    assert found.value is not None
    scale = found.value / 15
    assert found.scenario.routes["rail"].quoted_days == pytest.approx((10 * scale, 20 * scale))


def test_a_parameter_inside_a_distribution_is_an_unknown_too(tmp_path: Path) -> None:
    spread = {"demand.value_of_time_usd_per_day": {"lognormal": {"median": 5, "p95": 50}}}
    base = loaded(tmp_path, ROADS).with_changes({**spread, FREIGHT: 1_800})
    by = "demand.value_of_time_usd_per_day.lognormal.p95"
    found = sim.solve(base, target=booked(0.1), by=by, jobs=1)
    assert found.value is not None
    again = base.with_changes({by: found.value})
    assert sim.run(again, jobs=1).value("rail.booked") == pytest.approx(2_000, rel=0.01)


TRAINS = """
[run]
warmup_days = 30
days = 100
replications = 4
[demand]
containers_per_year = 20_000
[routes.rail]
max_wait_days = 2
[routes.rail.stages]
trains = { kind = "departures", every_days = 1, capacity = 10 }
line = { kind = "transit", days = 5 }
"""


@pytest.mark.parametrize("present", sampled([300, 1_000, 4_000], [1_000]))
def test_a_metric_that_turns_just_above_the_target_is_seen_to(
    present: float, tmp_path: Path
) -> None:
    # Revenue p / (1 + exp((p - 1,500) / 150)) is greatest at p = 1,207: 1,057 a container.
    scenario = loaded(tmp_path, ROADS).with_changes({FREIGHT: present, "run.warmup_days": 20})
    best = max(p / (1 + math.exp((p - 1_500) / 150)) for p in np.linspace(900, 1_500, 601))
    goal = 0.985 * 20_000 * best
    found = sim.solve(scenario, target={"rail.freight_total": goal}, by=FREIGHT, jobs=1)
    assert found.value is not None
    assert 1_100 < found.value < 1_450
    assert found.metric is not None
    assert found.metric.mean == pytest.approx(goal, rel=1e-3)
    above = sim.solve(
        scenario, target={"rail.freight_total": 1.1 * goal}, by=FREIGHT, jobs=1, replications=2
    )
    assert above.why == "it is out of reach"


def test_what_a_phase_sets_is_solved_for(tmp_path: Path) -> None:
    phase = f'[phases.later]\nfrom = 2001-02-01\nset = {{ "{FREIGHT}" = 900 }}\n'
    text = ROADS.replace("days = 60", "days = 60\nstart = 2001-01-01") + phase
    by = f'phases.later.set."{FREIGHT}"'
    found = sim.solve(loaded(tmp_path, text), target=booked(0.5), by=by, jobs=1)
    assert found.present == 900
    assert not found.whole
    # At 1,250 USD 0.841 go by rail in 31 days, so in the other 29 a part of 0.135.
    assert found.value == pytest.approx(break_even((0.5 * 60 - 0.8411 * 31) / 29, 15), abs=30)


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    # 54.8 containers a day: 41 places a day carry three quarters of them.
    by = "routes.rail.stages.trains.capacity"
    found = sim.solve(loaded(tmp_path, TRAINS), target={"rail.share": 0.75}, by=by, jobs=1)
    assert found.value == 41
    assert found.scenario.routes["rail"].departures["trains"].capacity == 41
    assert found.metric.mean == pytest.approx(41 * 365 / 20_000, abs=1e-3)  # 74.8 %, not 75 %
    assert "74.8" in answer(found)
    assert "the whole number nearest to 75 %" in answer(found)
    with pytest.raises(UsageError, match="the bounds hold no whole number"):
        sim.solve(
            loaded(tmp_path, TRAINS),
            target={"rail.share": 0.75},
            by=by,
            within=(10.2, 10.4),
            jobs=1,
        )


@pytest.mark.parametrize(
    ("target", "by", "why"),
    [
        ({"rail.share": 0.5}, "routes.rail.promise_days", "it does not respond"),
        ({"rail.share": 1}, "routes.rail.max_wait_days", "it is out of reach"),
        ({"rail.door_to_door_mean": 4}, "routes.rail.max_wait_days", "it is out of reach"),
    ],
)
def test_what_cannot_be_reached_says_why_and_what_can(
    target: dict[str, float], by: str, why: str, tmp_path: Path
) -> None:
    text = TRAINS.replace("max_wait_days = 2", "max_wait_days = 2\npromise_days = 9")
    found = sim.solve(loaded(tmp_path, text), target=target, by=by, jobs=1)
    assert found.value is None
    assert why in found.why
    assert found.reached is not None
    assert found.tried[0] < found.tried[1]


def test_the_range_that_can_be_reached_is_that_of_the_bounds(tmp_path: Path) -> None:
    by, bounds = "routes.rail.stages.trains.capacity", (10, 30)
    base = loaded(tmp_path, TRAINS)
    found = sim.solve(base, target={"rail.share": 0.75}, by=by, within=bounds, jobs=1)
    assert found.value is None
    assert found.tried == bounds
    assert found.reached == pytest.approx((0.1825, 0.5475), rel=0.01)  # 10 and 30 a day of 54.8


def test_what_falls_as_the_unknown_rises_is_told_in_that_order(tmp_path: Path) -> None:
    bounds, rail = (1_000, 1_400), {"rail.share": 0.99}
    found = sim.solve(loaded(tmp_path, ROADS), target=rail, by=FREIGHT, within=bounds, jobs=1)
    assert found.tried == bounds
    cheap, dear = found.reached or (0, 0)
    assert cheap > dear
    assert f"gave {100 * cheap:.2f} % to {100 * dear:.2f} %" in answer(found)


def test_a_metric_that_jumps_over_its_target_is_no_solution(tmp_path: Path) -> None:
    # All take the faster of two routes: at 35 days all change at once.
    text = ROADS.replace('"logit"', '"fastest"')
    found = sim.solve(loaded(tmp_path, text), target=booked(0.5), by=DAYS, jobs=1)
    assert found.value is None
    assert found.why == "it jumps over the target"
    assert found.tried == pytest.approx((35, 35), abs=1e-3)
    assert found.reached == pytest.approx((20_000, 0), rel=0.05)


def test_a_target_where_there_is_no_steady_state(tmp_path: Path) -> None:
    # Everybody queues for trains of 60 places: less often than every 1.09 days the queue grows, and
    # a mean time does not exist. Just before, it is long; 40 days would need more days than these.
    text = TRAINS.replace("max_wait_days = 2\n", "").replace("capacity = 10", "capacity = 60")
    by, target = "routes.rail.stages.trains.every_days", {"rail.door_to_door_mean": 40}
    found = sim.solve(loaded(tmp_path, text), target=target, by=by, within=(0.5, 1.5), jobs=1)
    assert found.value is None
    assert found.why == "it is out of reach"
    assert found.reached is not None
    assert max(found.reached) < 10


def test_bounds_hold_with_one_replication_too(tmp_path: Path) -> None:
    base = loaded(tmp_path, ROADS).with_changes({"run.replications": 1})
    found = sim.solve(base, target=booked(0.3), by=FREIGHT, within=(1_700, 1_800), jobs=1)
    assert found.value is None
    assert found.tried == (1_700, 1_800)


def test_all_replications_say_what_is_out_of_reach(tmp_path: Path) -> None:
    # A goal between what two replications give at a bound and what all of them give there.
    base = loaded(tmp_path, ROADS).with_changes({"run.replications": 12, FREIGHT: 1_700})
    measured = sim.run(base, jobs=1)
    key = Key("rail", "all", "booked")
    first_two = [measures[key] for measures in measured.measures["small"].values()][:2]
    few, every = float(np.mean(np.array(first_two, float))), measured.value("rail.booked")
    assert every is not None
    assert few != every
    bounds = (1_600.0, 1_700.0) if few > every else (1_700.0, 1_800.0)
    goal = {"rail.booked": (few + every) / 2}
    found = sim.solve(base, target=goal, by=FREIGHT, within=bounds, jobs=1)
    assert found.value is not None
    assert found.replications == 12


def test_a_goal_that_is_met_is_left_alone(tmp_path: Path) -> None:
    found = sim.solve(loaded(tmp_path, ROADS), target={"rail.backlog_mean": 0}, by=FREIGHT, jobs=1)
    assert found.value == found.present == 1_250
    assert found.low is None


def test_a_metric_that_is_nowhere_defined(tmp_path: Path) -> None:
    # A line of five days cannot deliver anything in a window of four.
    text = TRAINS.replace("warmup_days = 30\ndays = 100", "warmup_days = 0\ndays = 4")
    by, target = "routes.rail.max_wait_days", {"rail.door_to_door_mean": 6}
    found = sim.solve(loaded(tmp_path, text), target=target, by=by, jobs=1)
    assert "not defined" in found.why
    assert found.reached is None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"target": {"rail.shar": 0.5}, "by": FREIGHT}, "did you mean rail.share?"),
        ({"target": {"rail": 0.5}, "by": FREIGHT}, "a metric is ROUTE.NAME|did you mean"),
        ({"target": {"rail.share": 50}, "by": FREIGHT}, "is a fraction: 5 % is 0.05"),
        ({"target": {"rail.booked": 10**400}, "by": FREIGHT}, "finite number"),
        ({"target": "rail.share", "by": FREIGHT}, "one metric"),
        ({"target": {"rail.share": 0.5}, "by": "run.seed"}, "no parameter"),
        ({"target": {"rail.share": 0.5}, "by": FREIGHT, "vary": {"run.days": [9]}}, "no parameter"),
        ({"target": {"rail.share": 0.5}, "by": FREIGHT, "vary": {FREIGHT: [9]}}, "is the unknown"),
        ({"target": {"rail.share": 0.5}, "by": FREIGHT, "vary": {DAYS: 9}}, "must be a list"),
        ({"target": {"rail.share": 0.5}, "by": FREIGHT, "within": (5,)}, "must be two numbers"),
        ({"target": {"rail.share": 0.5}, "by": FREIGHT, "within": (-9, -5)}, "at least 0"),
        ({"target": {"rail.share": math.nan}, "by": FREIGHT}, "finite number"),
        ({"target": {}, "by": FREIGHT}, "one metric"),
        ({"target": {"rail.share": 0.5}, "by": "choice.rule"}, "must be a number"),
        ({"target": {"rail.share": 0.5}, "by": "routes.rail"}, "no number"),
        ({"target": {"rail.share": 0.5}, "by": "routes.rail.promise_days"}, "nothing stands there"),
        ({"target": {"rail.share": 0.5}, "by": FREIGHT, "within": (5, 1)}, "must rise"),
        ({"target": {"rail.share": 0.5}, "by": FREIGHT, "vary": {DAYS: []}}, "no value"),
        ({"target": {"rail.share": 0.5}, "by": FREIGHT, "vary": {DAYS: [5, 5.0]}}, "says 5 twice"),
        (
            {"target": {"rail.share": 0.5}, "by": FREIGHT, "jobs": 0},
            "jobs: must be a whole number, at least 1",
        ),
    ],
)
def test_a_question_that_makes_no_sense(
    asked: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        sim.solve(loaded(tmp_path, ROADS), **{"jobs": 1, **asked})


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"--by: .*did you mean freight_usd"):
        sim.solve(loaded(tmp_path, ROADS), target=booked(0.5), by="routes.rail.freight", jobs=1)


def test_what_would_take_hours_is_refused_first(tmp_path: Path) -> None:
    base = loaded(tmp_path, ROADS).with_changes({"run.replications": 1_000_000})
    with pytest.raises(TooLargeError):
        sim.solve(base, target=booked(0.5), by=FREIGHT, jobs=1)


def test_a_million_values_are_refused_at_once(tmp_path: Path) -> None:
    base = loaded(tmp_path, ROADS)
    with soon(5), pytest.raises(TooLargeError):
        sim.solve(base, target=booked(0.5), by=FREIGHT, vary={DAYS: range(10**6)})


def test_numbers_of_numpy_are_values_too(tmp_path: Path) -> None:
    found = sim.solve(
        loaded(tmp_path, ROADS), target=booked(0.3), by=FREIGHT, vary={DAYS: np.arange(14, 16)},
        replications=2, jobs=1,
    )  # fmt: skip
    assert [each.setting for each in found.solutions] == [(DAYS, 14), (DAYS, 15)]


def some_frontier(folder: Path) -> Frontier:
    return frontier(
        loaded(folder, ROADS), target=booked(0.5), by=FREIGHT, vary={DAYS: [10, 20, 34]},
        within=(1_100, 1_900), replications=2, jobs=1,
    )  # fmt: skip


def test_a_frontier_is_kept_and_drawn(tmp_path: Path) -> None:
    found = some_frontier(tmp_path)
    save(found, tmp_path / "out")
    again = load(tmp_path / "out")
    assert isinstance(again, Frontier)
    assert again.to_data() == found.to_data()
    assert again.results.measures == found.results.measures
    ax = sim.plots.plot_frontier(again)
    solved, *_, missing = (line.get_xydata() for line in ax.lines)
    values = [each.value for each in found.solutions]
    assert values[2] is None
    assert np.asarray(solved)[:2] == pytest.approx(np.array([[10, values[0]], [20, values[1]]]))
    assert np.asarray(missing)[:, 0].tolist() == [34, 34]
    assert ax.get_xlabel() == "rail line time [days]"
    assert ax.get_ylabel() == "rail freight [USD of 2001]"


def test_a_switch_that_is_varied_is_told_as_files_say_it(tmp_path: Path) -> None:
    third = "[routes.road]\nfreight_usd = 1_000\n[routes.road.stages]\n"
    roads = ROADS.replace("[choice]", f'{third}lorry = {{ kind = "transit", days = 35 }}\n[choice]')
    found = frontier(
        loaded(tmp_path, roads), target=booked(0.3), by=FREIGHT,
        vary={"routes.road.closed": [True, False]}, replications=2, jobs=1,
    )  # fmt: skip
    printed = io.StringIO()
    print_solutions(found, console(printed))
    assert "with road closed true," in printed.getvalue()
    assert [row.split()[0] for row in printed.getvalue().splitlines()[5:7]] == ["true", "false"]
    ax = sim.plots.plot_frontier(found)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["true", "false"]


def test_the_command_prints_the_value_with_its_precision(tmp_path: Path) -> None:
    written(tmp_path, ROADS)
    ask = ["solve", "small.toml", "--target", "rail.booked=6_000", "--by", FREIGHT, "--jobs", "1"]
    done = transsib(*ask, cwd=tmp_path)
    said = " ".join(done.stdout.split())
    value = r"1,6\d\d\.\d ± \d\.\d USD of 2001"
    assert re.match(rf"small: {FREIGHT} = {value} gives rail.booked = (6,000|5,999) ± \d+", said)
    (command,) = re.findall(r"next: transsib (run small.toml --set \S+=16.*)", done.stderr)
    again = json.loads(transsib(*command.split(), "--jobs", "1", "--json", cwd=tmp_path).stdout)
    assert again["replications"] == 8
    (measured,) = (m for m in again["metrics"] if (m["route"], m["metric"]) == ("rail", "booked"))
    assert measured["mean"] == pytest.approx(6_000, rel=1e-3)
    document = json.loads(transsib(*ask, "--json", cwd=tmp_path).stdout)
    assert document["low"] < document["value"] < document["high"]
    assert document["price_year"] == 2001


def test_a_single_solution_is_kept_with_the_pictures_of_its_scenario(tmp_path: Path) -> None:
    written(tmp_path, ROADS)
    ask = ["solve", "small.toml", "--target", "rail.booked=6_000", "--by", FREIGHT, "--out", "out"]
    transsib(*ask, "--replications", "2", "--jobs", "1", cwd=tmp_path)
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {
        "shares.png", "times.png", "stages.png", "flows.png", "map.png",
        "strings.png",
    }  # fmt: skip
    assert sim.load_results(tmp_path / "out").value("rail.booked") == pytest.approx(6_000, rel=2e-3)


def test_the_command_says_what_cannot_be_reached(tmp_path: Path) -> None:
    written(tmp_path, ROADS)
    ask = ["solve", "small.toml", "--target", "rail.booked=15_000", "--by", FREIGHT]
    ask += ["--within", "1_300:1_800", "--vary", f"{DAYS}=5:25:10", "--out", "out"]
    ask += ["--replications", "2", "--jobs", "1"]
    done = transsib(*ask, cwd=tmp_path, status=3)
    assert (
        "25: it is out of reach (tried from 1,300 to 1,800 USD of 2001, which gave" in done.stdout
    )
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out" / "frontier.png").stat().st_size > 10_000
    shown = transsib("show", "out", cwd=tmp_path, status=3)
    assert shown.stdout == done.stdout
    transsib("plot", "out", "--only", "frontier", cwd=tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--target", "rail.share"], "--target: 'rail.share': must be METRIC=NUMBER"),
        (["--target", "rail.share=much"], "--target: rail.share: must be a number"),
        (["--vary", f"{DAYS}=3:1:1"], f"--vary: {DAYS}: STEP does not lead from A to B"),
        (["--vary", f"{DAYS}=1:2"], f"--vary: {DAYS}: must be A:B:STEP"),
        (["--vary", "routes.rail.frieght_usd=1,2"], "did you mean freight_usd?"),
        (["--within", "1-2"], "--within: must be LOW:HIGH"),
        (["--within", "9:1"], "--within: must rise"),
    ],
)
def test_options_that_make_no_sense(options: list[str], said: str, tmp_path: Path) -> None:
    written(tmp_path, ROADS)
    ask = ["solve", "small.toml", "--by", FREIGHT]
    ask += options if "--target" in options else ["--target", "rail.share=0.5", *options]
    done = transsib(*ask, cwd=tmp_path, status=2)
    assert done.stdout == ""
    assert said in done.stderr
