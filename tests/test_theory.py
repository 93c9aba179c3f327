"""The shipped loader and engine against results that are known without simulating.

`data/oracles.json` holds the values, each with the method that gave it. What is random has to lie
within four standard errors of theory, with an interval as narrow as stated; what is not, on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corridors import loaded
from laws import ready_at_departures
from oracles import (
    EXACT,
    ORACLES,
    REPLICATIONS,
    Record,
    assert_agrees,
    assert_theory,
    oracle,
    params,
    rail,
    relaxed,
)  # fmt: skip
from scipy.special import ndtr, stdtrit
from support import Agreement, agreement, figures, lawful_run, sampled

import sim
from sim.corridor.streams import quantile, stream
from sim.results.intervals import paired, student
from sim.scenario.stages import Transit

# The scheduled transport queue: Poisson arrivals, a vehicle each day with room for `capacity`.

QUEUE = "scheduled transport queue M/D^[b]/1 (fixed timetable)"
TIMETABLES = [  # near saturation runs grow with 1 / (1 - load)^4: 0.98 only of large vehicles
    about for about in params(QUEUE, "mean_wait") if about["rho"] < 0.96 or about["capacity"] >= 50
]
RARE = ("mean_left_behind_per_departure", "P_some_left_behind", "P_departs_full")


@pytest.mark.parametrize("about", sampled(TIMETABLES, TIMETABLES[::3]))
def test_scheduled_transport_queue(
    tmp_path: Path, record_property: Record, about: dict[str, float]
) -> None:
    # No transit: who is carried in the window is delivered in it, and it holds whole headways.
    capacity, load = int(about["capacity"]), about["rho"]
    warmup = math.ceil(relaxed(load, capacity, variation=0) / 2) + 20
    days = 4 * warmup + 400
    stages = f'trains = {{ kind = "departures", every_days = 1, capacity = {capacity} }}'
    scenario = rail(tmp_path, stages, a_day=about["lam"], days=days, warmup=warmup)
    left_behind = REPLICATIONS * days * oracle(QUEUE, "P_some_left_behind", **about)
    metrics = [row["metric"] for row in ORACLES if row["params"] == about]
    theory = {
        metric: oracle(QUEUE, metric, **about)
        for metric in metrics
        if not metric.startswith(("sd_", "q95_"))
        and (metric not in RARE or left_behind > 200)  # fewer: their mean is not normal
    }
    told = f"b {capacity}, rho {load}"
    assert_theory(record_property, QUEUE, told, scenario, queue_figures, theory, loose=RARE)


def queue_figures(scenario: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
    (leg,) = observed.route("rail").legs
    measured = figures(scenario, observed)
    here = leg.departed >= observed.warmup_days
    waiting = ready_at_departures(leg.since, leg.departed, leg.loads)[here]
    left_behind = np.maximum(waiting - leg.capacities[here], 0)
    return {
        "mean_wait": measured["rail.wait_mean"],
        "mean_queue_time_average": measured["rail.backlog_mean"],
        "mean_load_factor": measured["rail.load_factor"],
        "mean_waiting_just_before_departure": float(waiting.mean()),
        "mean_left_behind_per_departure": float(left_behind.mean()),
        "P_some_left_behind": float((left_behind > 0).mean()),
        "P_departs_full": float((waiting >= leg.capacities[here]).mean()),
    }


@pytest.mark.parametrize("headway", [0.5, 1.0, 7.0])
def test_wait_for_a_vehicle_that_takes_all(
    tmp_path: Path, record_property: Record, headway: float
) -> None:
    # A random moment falls anywhere between two departures: the wait is uniform.
    case = "scheduled departures, unlimited capacity"
    stages = f'trains = {{ kind = "departures", every_days = {headway}, capacity = 1_000_000 }}'
    scenario = rail(tmp_path, stages, a_day=200, days=140, warmup=7)
    theory = {"mean_wait": oracle(case, "mean_wait", headway=headway)}
    if headway >= 1:
        theory["wait_q95"] = oracle(case, "wait_q95", headway=headway)
    assert_theory(record_property, case, f"H {headway:g}", scenario, waits, theory)


def waits(scenario: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
    came = observed.containers.delivered < observed.horizon
    return {
        "mean_wait": figures(scenario, observed)["rail.wait_mean"],
        "wait_q95": float(np.percentile(observed.containers.wait[came], 95)),
    }


# Transit without departures is the M/G/∞ queue: who is on the way is Poisson, whatever the shape.


IN_TRANSIT = [
    ("rail 13-18 d uniform", 13, 18, 10, 50),
    ("rail 13-18 d uniform, 100k", 13, 18, 20, 50),
    ("sea 30-40 d uniform", 30, 40, 10, 20),
    ("sea 30-40 d uniform, 800k", 30, 40, 10, 15),
]


@pytest.mark.parametrize(
    ("label", "low", "high", "replications", "looks"), sampled(IN_TRANSIT, IN_TRANSIT[:1])
)
def test_containers_in_transit(
    tmp_path: Path,
    record_property: Record,
    label: str,
    low: int,
    high: int,
    replications: int,
    looks: int,
) -> None:
    case = "M/G/inf"
    (about,) = (p for p in params(case, "mean_in_transit") if p["label"] == label)
    stage = f'line = {{ kind = "transit", days = {{ uniform = [{low}, {high}] }} }}'
    scenario = rail(tmp_path, stage, a_day=about["lam_per_day"], days=high * looks, warmup=high)
    moments = high * np.arange(1.0, looks + 1)  # so far apart that nobody is counted twice
    averages, counts = [], []
    for replication in range(replications):
        run = lawful_run(scenario, replication)
        averages.append(figures(scenario, run)["rail.under_way_mean"])
        arrivals = np.sort(run.route("rail").own_arrivals)
        counts.append(run.way().booked.searchsorted(moments) - arrivals.searchsorted(moments))
    mean = oracle(case, "mean_in_transit", label=label)
    assert_agrees(record_property, "mean", averages, mean, case=case, about=label)
    spread = spread_agreement(np.concatenate(counts), oracle(case, "sd_in_transit", label=label))
    record_property("sd", str(spread))
    assert abs(spread.z) <= 4
    assert spread.width <= 0.12


def spread_agreement(values: np.ndarray, theory: float) -> Agreement:
    """The standard deviation of independent, nearly normal values against theory."""
    error = 1 / math.sqrt(2 * (len(values) - 1))
    return Agreement((float(np.std(values, ddof=1)) / theory - 1) / error, 1.96 * error)


# Distributions of transit: their figures exactly, and those of what the engine delivers.

TRANSITS: dict[str, tuple[str, dict[str, object]]] = {
    "{ uniform = [13, 18] }": ("uniform transit", {"lo": 13}),
    "{ uniform = [30, 40] }": ("uniform transit", {"lo": 30}),
    "{ triangular = [13, 15, 18] }": ("triangular transit", {"lo": 13}),
    "{ triangular = [30, 34, 40] }": ("triangular transit", {"lo": 30}),
    "{ lognormal = { median = 15.4230764483, p95 = 18.1730771302 } }": (
        "lognormal(mean,cv) transit",
        {"mean": 15.5},
    ),
    "{ lognormal = { median = 34.8885347488, p95 = 39.7868610592 } }": (
        "lognormal(mean,cv) transit",
        {"mean": 35.0},
    ),
}


def known_figures(days: str) -> tuple[float, float, list[float]]:
    """Mean, standard deviation and the 5th, 50th and 95th percentile."""
    case, about = TRANSITS[days]
    if case.startswith("uniform"):
        mean, sd = oracle(case, "mean_sd", **about)
        reach = sd * math.sqrt(12)
        return mean, sd, [mean - 0.45 * reach, mean, mean + 0.45 * reach]
    percentiles = oracle(case, "p05_p50_p95", **about)
    if case.startswith("triangular"):
        return oracle(case, "mean", **about), oracle(case, "sd", **about), percentiles
    mu, sigma = oracle(case, "mu_sigma", **about)
    mean = math.exp(mu + sigma**2 / 2)
    return mean, mean * math.sqrt(math.expm1(sigma**2)), percentiles


@pytest.mark.parametrize("days", TRANSITS)
def test_transit_distributions_are_what_the_file_says(tmp_path: Path, days: str) -> None:
    scenario = rail(tmp_path, f'line = {{ kind = "transit", days = {days} }}', a_day=1, days=1)
    stage = scenario.routes["rail"].stages["line"]
    assert isinstance(stage, Transit)
    case, about = TRANSITS[days]
    mean, _, percentiles = known_figures(days)
    assert stage.duration.mean == pytest.approx(mean, rel=EXACT)
    assert quantile(stage.duration, np.array([0.05, 0.5, 0.95])) == pytest.approx(
        percentiles, rel=EXACT
    )
    if case.startswith("lognormal"):
        one_sigma, median = quantile(stage.duration, ndtr(np.array([1, 0])))
        mu_sigma = math.log(median), math.log(one_sigma / median)
        assert mu_sigma == pytest.approx(oracle(case, "mu_sigma", **about), rel=EXACT)


@pytest.mark.parametrize("days", TRANSITS)
def test_delivered_containers_took_what_the_file_says(
    tmp_path: Path, record_property: Record, days: str
) -> None:
    stage = f'line = {{ kind = "transit", days = {days} }}'
    scenario = rail(tmp_path, stage, a_day=200, days=100, warmup=80)
    mean, sd, (p5, p50, p95) = known_figures(days)
    theory = {"mean": mean, "p5": p5, "p50": p50, "p95": p95}
    assert_theory(record_property, TRANSITS[days][0], days, scenario, door_to_door, theory)
    run = lawful_run(scenario)
    took = (run.containers.delivered - run.way().booked)[
        run.way().booked < 100
    ]  # all of these have arrived
    assert abs(spread_agreement(took, sd).z) <= 4


def door_to_door(scenario: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
    found = figures(scenario, observed)
    return {name: found[f"rail.door_to_door_{name}"] for name in ("mean", "p5", "p50", "p95")}


# More demand than capacity.


OVERLOADS = params("fluid overload (annual)", "backlog_end_of_year")


@pytest.mark.parametrize("about", sampled(OVERLOADS, OVERLOADS[1:2]))
def test_overload_of_a_year(tmp_path: Path, record_property: Record, about: dict[str, int]) -> None:
    # What was not carried waits; the last of the year waits until all of that has left.
    case, demand, capacity = (
        "fluid overload (annual)",
        about["demand_per_year"],
        about["capacity_per_year"],
    )
    stages = f'trains = {{ kind = "departures", annual_capacity = {capacity}, capacity = 62 }}'
    year = rail(tmp_path, stages, a_day=demand / 365, days=365)
    longer = year.with_changes({"run.days": 365 + 160})
    backlogs, waits = [], []
    for replication in range(6):
        backlogs.append(figures(year, lawful_run(year, replication))["rail.backlog_end"])
        run = lawful_run(longer, replication)
        waits.append(float(run.containers.wait[run.way().booked < 365].max()))
    measured = {"backlog_end_of_year": backlogs, "max_FIFO_wait_days": waits}
    for metric, values in measured.items():
        theory, told = oracle(case, metric, **about), f"{demand} on {capacity}"
        assert_agrees(record_property, metric, values, theory, case=case, about=told)


def test_saturated_routes_deliver_their_capacity(tmp_path: Path) -> None:
    # 2,500 trains with room for 80 and 250 ships with room for 2,000 leave in the year, all full.
    scenario = loaded(
        tmp_path,
        """
        [run]
        warmup_days = 100.07
        [demand]
        containers_per_year = 1_000_000
        [routes.rail.stages]
        trains = { kind = "departures", annual_capacity = 200_000, capacity = 80 }
        line = { kind = "transit", days = 15 }
        [routes.sea.stages]
        sailing = { kind = "departures", annual_capacity = 500_000, capacity = 2_000 }
        voyage = { kind = "transit", days = 35 }
        [choice]
        rule = "fastest"
        """,
    )
    measured = figures(scenario, lawful_run(scenario))
    about = {"demand": 1_000_000, "rail_cap": 200_000, "sea_cap": 500_000}
    most = oracle("capacity bound", "max_delivered_per_year", **about)
    assert measured["all.throughput"] == pytest.approx(most, rel=EXACT)
    share = oracle("capacity bound", "max_rail_share_of_delivered_when_both_saturated", **about)
    assert measured["rail.throughput"] / measured["all.throughput"] == pytest.approx(
        share, rel=EXACT
    )
    assert measured["rail.load_factor"] == measured["sea.load_factor"] == 1


@pytest.mark.parametrize("about", params("departures in a 365-day horizon", "departures"))
def test_departures_in_a_year(tmp_path: Path, about: dict[str, int]) -> None:
    case, headway, capacity = "departures in a 365-day horizon", about["headway"], about["capacity"]
    stages = f'ships = {{ kind = "departures", every_days = {headway}, capacity = {capacity} }}'
    scenario = rail(tmp_path, stages, a_day=2_000, days=about["horizon_days"])
    (leg,) = lawful_run(scenario).route("rail").legs
    assert leg.departed[0] == about["first_departure"]
    assert len(leg.departed) == oracle(case, "departures")
    slots = oracle(case, "slots", first_departure=headway)
    assert leg.capacities.sum() == slots
    assert leg.boarded == slots  # 14,000 come a week: all are full


# Choice: the shares of the multinomial logit (McFadden 1974), with luck drawn by container.

LOGIT, ILLUSTRATED = "multinomial logit", "multinomial logit corridor (illustrative costs)"


@pytest.mark.parametrize("about", params(LOGIT, "shares"), ids=lambda about: about["label"])
def test_shares_of_the_logit(
    tmp_path: Path, record_property: Record, about: dict[str, Any]
) -> None:
    # A route's constant is a dislike [USD]: utilities of opposite sign, times the scale.
    names = [f"route{number}" for number in range(len(about["V"]))]
    routes = {
        name: f"constant_usd = {-100 * utility}"
        for name, utility in zip(names, about["V"], strict=True)
    }
    theory = dict(zip(names, oracle(LOGIT, "shares", **about), strict=True))
    scenario = loaded(tmp_path, chosen(routes, scale=100))
    assert_theory(record_property, LOGIT, about["label"], scenario, shares, theory)


@pytest.mark.parametrize(  # at 0.01 one container in four millions takes the rail
    "about", [p for p in params(ILLUSTRATED, "rail_share") if p["theta_per_usd"] == 0.001]
)
def test_shares_of_freight_and_time(
    tmp_path: Path, record_property: Record, about: dict[str, Any]
) -> None:
    routes = {name: f"freight_usd = {usd}" for name, usd in about["freight_usd"].items()}
    value = about["vot_usd_per_day"]
    text = chosen(routes, about["days"], scale=1 / about["theta_per_usd"], value=value)
    theory = {"rail": oracle(ILLUSTRATED, "rail_share", **about)}
    told = f"{value} USD a day"
    assert_theory(record_property, ILLUSTRATED, told, loaded(tmp_path, text), shares, theory)


def chosen(
    routes: dict[str, str], days: dict[str, float] | None = None, *, scale: float, value: float = 0
) -> str:
    """Routes that have room for all, of which each container takes one."""
    tables = "".join(
        f"[routes.{name}]\n{said}\n"
        f"[routes.{name}.stages.way]\n"
        f'kind = "transit"\ndays = {(days or {}).get(name, 1)}\n'
        for name, said in routes.items()
    )
    return f"""
    [run]
    warmup_days = 0
    days = 40
    [demand]
    containers_per_year = 180_000
    value_of_time_usd_per_day = {value}
    [choice]
    rule = "logit"
    scale_usd = {scale}
    {tables}
    """


def shares(_: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
    way = observed.way()
    return {
        route.name: float((way.taken == number).mean()) for number, route in enumerate(way.routes)
    }


# Worked by hand: the engine with given bookings.


def replay(
    folder: Path, monkeypatch: pytest.MonkeyPatch, booked: Sequence[float], stages: str, days: float
) -> tuple[sim.Scenario, sim.Observations]:
    """The engine's run of one route for containers that book at given days."""
    monkeypatch.setattr("sim.corridor.replication.booking_days", lambda *_: np.array(booked, float))
    scenario = rail(folder, stages, a_day=1, days=days)
    return scenario, lawful_run(scenario)


def test_deterministic_timetable_from_one_instant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = "deterministic timetable"
    about = params(case, "delivery_times")[0]
    stages = """
        trains = { kind = "departures", every_days = 1, capacity = 4 }
        line = { kind = "transit", days = 15 }
        """
    _, run = replay(tmp_path, monkeypatch, about["arrivals"], stages, days=20)
    assert run.containers.wait.tolist() == oracle(case, "waits", transit_days=15)
    assert run.containers.delivered.tolist() == oracle(case, "delivery_times")


def test_deterministic_timetable_with_a_full_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = "deterministic timetable"
    about = params(case, "left_behind")[0]
    stages = 'trains = { kind = "departures", every_days = 1, capacity = 2 }'
    scenario, run = replay(tmp_path, monkeypatch, about["arrivals"], stages, days=4.5)
    waits = oracle(case, "waits", arrivals=about["arrivals"])
    assert run.containers.wait[:8] == pytest.approx(waits, abs=EXACT)
    assert figures(scenario, run)["rail.backlog_end"] == oracle(case, "left_behind")


def test_time_average_of_a_backlog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Three come on day 2, a train takes two of them on day 5, three come on day 9; ten days.
    stages = 'trains = { kind = "departures", every_days = 5, capacity = 2 }'
    scenario, run = replay(tmp_path, monkeypatch, [2, 2, 2, 9, 9, 9], stages, days=10)
    mean = oracle("time-weighted average known answer", "mean")
    assert figures(scenario, run)["rail.backlog_mean"] == pytest.approx(mean, rel=EXACT)


# Statistics.


SHARES = params("emergent share sampling error", "sd")


@pytest.mark.parametrize("about", sampled(SHARES, SHARES[1:2]))
def test_sampling_error_of_a_share(
    tmp_path: Path, record_property: Record, about: dict[str, Any]
) -> None:
    # Independent choices: of n containers a binomial number takes the rail.
    n, p = about["n"], about["p"]
    groups, width = (250, 0.05) if n < 1_000_000 else (3, 0.45)
    scenario = loaded(
        tmp_path,
        f"""
        [run]
        warmup_days = 0
        days = {groups * n + 1}
        [demand]
        containers_per_year = 365
        arrivals = "even"
        [choice]
        rule = "share"
        shares = {{ rail = {p}, sea = {1 - p} }}
        [routes.rail.stages]
        line = {{ kind = "transit", days = 1 }}
        [routes.sea.stages]
        voyage = {{ kind = "transit", days = 1 }}
        """,
    )
    shares = []
    for replication in range(4):
        run = lawful_run(scenario, replication)
        shares.append((run.way().taken[: groups * n] == 0).reshape(groups, n).mean(axis=1))
    spread = spread_agreement(
        np.concatenate(shares), oracle("emergent share sampling error", "sd", **about)
    )
    record_property("sd", str(spread))
    assert abs(spread.z) <= 4
    assert spread.width <= width
    assert abs(agreement(np.concatenate(shares).tolist(), p).z) <= 4


def test_student_interval() -> None:
    case = "t confidence interval known answer"
    data = params(case, "mean")[0]["data"]
    for level in (0.9, 0.95):
        interval = student(data, level)
        assert interval.mean == pytest.approx(oracle(case, "mean"), rel=EXACT)
        assert interval.half_width == pytest.approx(
            oracle(case, "half_width", level=level), rel=EXACT
        )
        variance = 10 * (oracle(case, "half_width", level=level) / stdtrit(9, (1 + level) / 2)) ** 2
        assert variance == pytest.approx(oracle(case, "sample_variance_ddof1"), rel=EXACT)


def test_paired_comparison() -> None:
    case = "paired-t comparison (CRN)"
    about = params(case, "mean_diff")[0]
    difference = paired(about["x"], about["y"], about["level"])
    assert difference.interval.mean == pytest.approx(oracle(case, "mean_diff"), rel=EXACT)
    half = oracle(case, "half_width_paired")
    assert difference.interval.half_width == pytest.approx(half, rel=EXACT)
    # The gain of pairing is the variance of the mean of unpaired runs over that of paired ones.
    welch = oracle(case, "half_width_welch") / stdtrit(oracle(case, "welch_df"), 0.975)
    gain = (welch / (half / stdtrit(9, 0.975))) ** 2
    assert difference.variance_reduction == pytest.approx(gain, rel=EXACT)


def test_streams_are_those_of_numpy() -> None:
    # A stream's name counts by its checksum: 0 is that of no letters, 7 that of "brkavfs".
    entropy = 20260901
    raw = stream(entropy, 0, "").bit_generator.random_raw(4)
    first = oracle("RNG known answer", "first_4_raw_uint64_hex", bit_generator="PCG64")
    assert [hex(number) for number in raw] == first
    seeds = stream(entropy, 3, "brkavfs").bit_generator.seed_seq
    state = oracle("RNG known answer", "SeedSequence_state_4xuint32", spawn_key=[3, 7])
    assert seeds.generate_state(4).tolist() == state
