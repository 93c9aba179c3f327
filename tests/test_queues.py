"""Facilities against queueing theory: a route without departures brings Poisson arrivals.

A container is a vehicle of one, a server serves one container in a day unless said otherwise. The
expected values stand in `data/oracles.json`, each with the method that gave it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from corridors import loaded
from oracles import EXACT, Record, assert_agrees, oracle, params, rail
from scipy.special import ndtri
from support import figures, lawful_run, sampled

import sim

HOURS = 24
REPLICATIONS = 20
EXPONENTIAL = "{ exponential = 24 }"


def border(
    folder: Path, service: str, servers: int, *, a_day: float, days: float, warmup: float = 0
) -> sim.Scenario:
    """Containers that pass one facility and are delivered."""
    more = f"[facilities.border]\nservice_hours = {service}\nservers = {servers}"
    stages = 'customs = { kind = "facility", facility = "border" }'
    return rail(folder, stages, a_day=a_day, days=days, warmup=warmup, more=more)


def measured(scenario: sim.Scenario) -> dict[str, list[float]]:
    """Figures of the border in independent replications, by their names in queueing theory."""
    found = defaultdict[str, list[float]](list)
    for replication in range(REPLICATIONS):
        observed = lawful_run(scenario, replication)
        measures = figures(scenario, observed)
        (customs,) = observed.route("rail").approach
        here = (customs.started >= observed.warmup_days) & (customs.started < math.inf)
        waits = (customs.started - customs.entered)[here]
        found["Wq"].append(measures["rail.stage:customs.queueing_mean"])
        found["W"].append(measures["rail.door_to_door_mean"])
        found["W_q95"].append(measures["rail.door_to_door_p95"])
        found["Wq_q95"].append(measures["rail.stage:customs.queueing_p95"])
        found["L"].append(measures["rail.under_way_mean"])
        found["Lq"].append(measures["all.facility:border.queue_mean"])
        found["P_wait"].append(float((waits > 0).mean()))
        found["utilisation"].append(measures["all.facility:border.utilisation"])
    return found


# Days of each of 20 replications are those that an interval of the stated width needs: near
# saturation they grow with 1 / (1 - load)^4. A warm-up lasts five relaxation times.

MARKOV = [  # case, servers, load, warm-up days, days, width
    ("M/M/1", 1, 0.5, 60, 10_000, 0.05),
    ("M/M/1", 1, 0.8, 450, 8_000, 0.06),
    ("M/M/1", 1, 0.9, 1_900, 8_000, 0.12),
    ("M/M/c", 2, 0.8, 225, 4_000, 0.07),
    ("M/M/c", 5, 0.7, 40, 1_500, 0.08),
    ("M/M/c", 5, 0.9, 380, 1_600, 0.12),
]


@pytest.mark.parametrize(
    ("case", "servers", "load", "warmup", "days", "width"), sampled(MARKOV, MARKOV[1::2])
)
def test_exponential_services(
    tmp_path: Path,
    record_property: Record,
    case: str,
    servers: int,
    load: float,
    warmup: float,
    days: float,
    width: float,
) -> None:
    a_day = round(load * servers, 9)
    scenario = border(tmp_path, EXPONENTIAL, servers, a_day=a_day, days=days, warmup=warmup)
    found = measured(scenario)
    for metric in ("Wq", "Lq", "W", "L", "P_wait"):
        theory = oracle(case, metric, lam=a_day, c=servers)
        assert_agrees(record_property, metric, found[metric], theory, width)
    assert_agrees(record_property, "utilisation", found["utilisation"], load)
    if (case, load) == ("M/M/1", 0.5):
        for metric in ("W_q95", "Wq_q95"):
            theory = oracle(case, metric, lam=a_day)
            assert_agrees(record_property, metric, found[metric], theory, width)


def lognormal(cv: float) -> str:
    """That of mean one day."""
    sigma = math.sqrt(math.log1p(cv**2))
    median = HOURS / math.sqrt(1 + cv**2)
    p95 = median * math.exp(sigma * ndtri(0.95))
    return f"{{ lognormal = {{ median = {median}, p95 = {p95} }} }}"


GENERAL = [  # case, what tells its row, service, warm-up days, days, width
    ("M/D/c", {"c": 1, "rho": 0.8}, "24", 250, 4_000, 0.08),
    ("M/D/c", {"c": 2, "rho": 0.8}, "24", 120, 2_000, 0.08),
    ("M/D/c", {"c": 3, "rho": 0.7}, "24", 60, 1_500, 0.08),
    ("M/D/c", {"c": 10, "rho": 0.9}, "24", 100, 800, 0.12),
    ("M/E_k/1", {"k": 4, "rho": 0.8}, "{ gamma = { mean = 24, sd = 12 } }", 300, 4_000, 0.08),
    ("M/G/1 lognormal", {"cv": 0.25, "rho": 0.8}, lognormal(0.25), 250, 4_000, 0.08),
    ("M/G/1 lognormal", {"cv": 2.0, "rho": 0.5}, lognormal(2), 200, 10_000, 0.12),
    (
        "M/G/1 triangular(0.5,1,1.5)", {"rho": 0.8}, "{ triangular = [12, 24, 36] }",
        250, 4_000, 0.08,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "about", "service", "warmup", "days", "width"), sampled(GENERAL, GENERAL[1::3])
)
def test_other_services(
    tmp_path: Path,
    record_property: Record,
    case: str,
    about: dict[str, float],
    service: str,
    warmup: float,
    days: float,
    width: float,
) -> None:
    (row,) = (p for p in params(case, "Wq") if about.items() <= p.items())
    servers = row.get("c", 1)
    scenario = border(tmp_path, service, servers, a_day=row["lam"], days=days, warmup=warmup)
    found = measured(scenario)
    assert_agrees(record_property, "Wq", found["Wq"], oracle(case, "Wq", **row), width)
    # Little's law for the queue.
    assert_agrees(record_property, "Lq", found["Lq"], row["lam"] * oracle(case, "Wq", **row), width)


@pytest.mark.parametrize(
    ("about", "warmup", "days", "width"),
    [(params("Jackson tandem", "W_total")[0], 300, 2_500, 0.06),
     (params("Jackson tandem", "W_total")[1], 60, 4_000, 0.04)],
)  # fmt: skip
def test_facilities_in_a_row(
    tmp_path: Path,
    record_property: Record,
    about: dict[str, list[float]],
    warmup: float,
    days: float,
    width: float,
) -> None:
    # What leaves a queue with exponential services is Poisson again (Burke 1956).
    names = [f"yard{number}" for number in range(len(about["mu"]))]
    facilities = "".join(
        f"[facilities.{name}]\nservers = {servers}\nservice_hours = {{ exponential = {24 / mu} }}\n"
        for name, mu, servers in zip(names, about["mu"], about["c"], strict=True)
    )
    stages = "\n".join(f'{name} = {{ kind = "facility", facility = "{name}" }}' for name in names)
    lam: float = about["lam"]  # type: ignore[assignment]
    scenario = rail(tmp_path, stages, a_day=lam, days=days, warmup=warmup, more=facilities)
    found = [figures(scenario, lawful_run(scenario, n)) for n in range(REPLICATIONS)]
    for name, theory in zip(names, oracle("Jackson tandem", "W_per_station", **about), strict=True):
        stage = f"rail.stage:{name}"
        times = [each[f"{stage}.queueing_mean"] + each[f"{stage}.service_mean"] for each in found]
        assert_agrees(record_property, name, times, theory, 2 * width)
    for metric, name in {"W_total": "door_to_door_mean", "L_total": "under_way_mean"}.items():
        theory = oracle("Jackson tandem", metric, **about)
        assert_agrees(
            record_property, metric, [each[f"rail.{name}"] for each in found], theory, width
        )


def test_one_class_goes_before_another(tmp_path: Path, record_property: Record) -> None:
    # Two routes of which one goes first and never interrupts a service.
    case = "M/M/1 nonpreemptive 2-class"
    (about,) = params(case, "Wq_high")
    both = about["lam1"] + about["lam2"]
    text = f"""
        [run]
        warmup_days = 200
        days = 6_000
        seed = 4
        [demand]
        containers_per_year = {both * 365}
        [facilities.border]
        service_hours = {EXPONENTIAL}
        discipline = "priority"
        [routes.high]
        priority = 1
        [routes.high.stages]
        customs = {{ kind = "facility", facility = "border" }}
        [routes.low.stages]
        customs = {{ kind = "facility", facility = "border" }}
        [choice]
        rule = "share"
        shares = {{ high = {about["lam1"] / both}, low = {about["lam2"] / both} }}
        """
    scenario = loaded(tmp_path, text)
    found = [figures(scenario, lawful_run(scenario, n)) for n in range(REPLICATIONS)]
    for name in ("high", "low"):
        waits = [each[f"{name}.stage:customs.queueing_mean"] for each in found]
        assert_agrees(record_property, name, waits, oracle(case, f"Wq_{name}"), 0.06)


# Nothing at random: even bookings at a fixed service.


def evenly(folder: Path, service: float, servers: int, gap: float, days: float) -> sim.Scenario:
    scenario = border(folder, str(service * HOURS), servers, a_day=1 / gap, days=days)
    return scenario.with_changes({"demand.arrivals": "even"})


@pytest.mark.parametrize("about", params("D/D/c", "Wq_max"))
def test_where_there_is_room_nobody_waits(tmp_path: Path, about: dict[str, float]) -> None:
    servers = int(about["c"])
    scenario = evenly(tmp_path, about["service"], servers, about["interarrival"], 100)
    (customs,) = lawful_run(scenario).route("rail").approach
    longest = float((customs.started - customs.entered).max())
    assert longest == pytest.approx(oracle("D/D/c", "Wq_max", **about), abs=EXACT)


@pytest.mark.parametrize("about", params("D/D/c overloaded", "waits"))
def test_where_more_come_than_are_served_each_waits_longer(
    tmp_path: Path, about: dict[str, float]
) -> None:
    number = int(about["n"])
    scenario = evenly(tmp_path, about["service"], int(about["c"]), about["interarrival"], 40)
    (customs,) = lawful_run(scenario).route("rail").approach
    waits = (customs.started - customs.entered)[:number]
    assert waits == pytest.approx(oracle("D/D/c overloaded", "waits", **about), abs=EXACT)
    took = np.max(customs.freed[:number]) - customs.entered[0]
    assert took == pytest.approx(oracle("D/D/c overloaded", "makespan", **about), abs=EXACT)
