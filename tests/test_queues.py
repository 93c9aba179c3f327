"""Facilities against queueing theory: a route without departures brings Poisson arrivals.

A container is a vehicle of one, a server serves one container in a day unless said otherwise. The
expected values stand in `data/oracles.json`, each with the method that gave it.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from corridors import loaded
from oracles import EXACT, ORACLES, Record, assert_theory, oracle, params, rail, relaxed
from scipy.special import ndtri
from support import figures, lawful_run, sampled

import sim

HOURS = 24
EXPONENTIAL = "{ exponential = 24 }"


def border(
    folder: Path, service: str, servers: int, *, a_day: float, days: float, warmup: float = 0
) -> sim.Scenario:
    """Containers that pass one facility and are delivered."""
    more = f"[facilities.border]\nservice_hours = {service}\nservers = {servers}"
    stages = 'customs = { kind = "facility", facility = "border" }'
    return rail(folder, stages, a_day=a_day, days=days, warmup=warmup, more=more)


def at_the_border(scenario: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
    """Figures of the border by their names in queueing theory."""
    measures = figures(scenario, observed)
    (customs,) = observed.route("rail").approach
    here = (customs.started >= observed.warmup_days) & (customs.started < math.inf)
    return {
        "Wq": measures["rail.stage:customs.queueing_mean"],
        "W": measures["rail.door_to_door_mean"],
        "W_q95": measures["rail.door_to_door_p95"],
        "Wq_q95": measures["rail.stage:customs.queueing_p95"],
        "L": measures["rail.under_way_mean"],
        "Lq": measures["all.facility:border.queue_mean"],
        "P_wait": float((customs.started > customs.entered)[here].mean()),
        "utilisation": measures["all.facility:border.utilisation"],
    }


def assert_queue(
    folder: Path, record: Record, case: str, about: Row, service: str, *, variation: float = 0
) -> None:
    """A border with this service agrees with all that theory says of it, and with Little's law."""
    load, lam, servers = about["rho"], about["lam"], int(about.get("c", 1))
    warmup = relaxed(load, servers, variation)
    days = round(4 * warmup + 4_000 / servers)
    scenario = border(folder, service, servers, a_day=lam, days=days, warmup=warmup)
    theory = {m: oracle(case, m, **about) for m in measured(case) if about in params(case, m)}
    theory |= {"Lq": lam * theory["Wq"], "utilisation": load}
    told = ", ".join(f"{name} {value}" for name, value in about.items() if name in SHOWN)
    assert_theory(record, case, told, scenario, at_the_border, theory)


Row = dict[str, float]
SHOWN = ("c", "k", "cv", "rho")
"""What tells one row of a case from another."""


def measured(case: str) -> list[str]:
    """What the border measures of what theory says of a case."""
    known = {row["metric"] for row in ORACLES if row["case"] == case}
    return sorted(known & {"Wq", "W", "W_q95", "Wq_q95", "L", "Lq", "P_wait"})


def rows(*cases: str) -> list[tuple[str, Row]]:
    """The rows of some cases with loads up to 0.9."""
    return [(case, about) for case in cases for about in params(case, "Wq") if about["rho"] < 0.91]


def lognormal(cv: float) -> str:
    """That of mean one day."""
    sigma = math.sqrt(math.log1p(cv**2))
    median = HOURS / math.sqrt(1 + cv**2)
    p95 = median * math.exp(sigma * ndtri(0.95))
    return f"{{ lognormal = {{ median = {median}, p95 = {p95} }} }}"


MARKOV = rows("M/M/1", "M/M/c")


@pytest.mark.parametrize(("case", "about"), sampled(MARKOV, MARKOV[1::10]))
def test_exponential_services(
    tmp_path: Path, record_property: Record, case: str, about: Row
) -> None:
    assert_queue(tmp_path, record_property, case, about, EXPONENTIAL, variation=1)


FIXED = rows("M/D/c")


@pytest.mark.parametrize(("case", "about"), sampled(FIXED, FIXED[8:9]))
def test_fixed_services(tmp_path: Path, record_property: Record, case: str, about: Row) -> None:
    assert_queue(tmp_path, record_property, case, about, "24")


OTHERS = rows("M/E_k/1", "M/G/1 lognormal", "M/G/1 triangular(0.5,1,1.5)")


@pytest.mark.parametrize(("case", "about"), sampled(OTHERS, OTHERS[3:9:5]))
def test_other_services(tmp_path: Path, record_property: Record, case: str, about: Row) -> None:
    cv = about.get("cv", about.get("k", 24) ** -0.5)  # 24: that of the triangle
    service = "{ triangular = [12, 24, 36] }"
    if "k" in about:
        service = f"{{ gamma = {{ mean = 24, sd = {24 * cv} }} }}"
    elif "cv" in about:
        service = lognormal(cv)
    assert_queue(tmp_path, record_property, case, about, service, variation=cv)


TANDEM = "Jackson tandem"
IN_A_ROW = params(TANDEM, "W_total")


@pytest.mark.parametrize("about", sampled(IN_A_ROW, IN_A_ROW[2:]))
def test_facilities_in_a_row(
    tmp_path: Path, record_property: Record, about: dict[str, list[float]]
) -> None:
    # What leaves a queue with exponential services is Poisson again (Burke 1956).
    lam: float = about["lam"]  # type: ignore[assignment]
    names = [f"yard{number}" for number in range(len(about["mu"]))]
    facilities = "".join(
        f"[facilities.{name}]\nservers = {servers}\nservice_hours = {{ exponential = {24 / mu} }}\n"
        for name, mu, servers in zip(names, about["mu"], about["c"], strict=True)
    )
    stages = "\n".join(f'{name} = {{ kind = "facility", facility = "{name}" }}' for name in names)
    load = max(lam / mu / servers for mu, servers in zip(about["mu"], about["c"], strict=True))
    warmup = relaxed(load)
    scenario = rail(
        tmp_path, stages, a_day=lam, days=round(4 * warmup + 1_500), warmup=warmup, more=facilities
    )
    stations = zip(names, oracle(TANDEM, "W_per_station", **about), strict=True)
    theory = {"W": oracle(TANDEM, "W_total", **about), "L": oracle(TANDEM, "L_total", **about)}
    told = ", ".join(f"{mu:g} × {c}" for mu, c in zip(about["mu"], about["c"], strict=True))
    assert_theory(
        record_property,
        TANDEM,
        told,
        scenario,
        in_a_row,
        theory | {f"W {n}": w for n, w in stations},
    )


def in_a_row(scenario: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
    """Days in all, containers under way, and days at each facility."""
    found = figures(scenario, observed)
    times = {
        f"W {name}": found[f"rail.stage:{name}.queueing_mean"]
        + found[f"rail.stage:{name}.service_mean"]
        for name in scenario.facilities
    }
    return {"W": found["rail.door_to_door_mean"], "L": found["rail.under_way_mean"], **times}


def test_one_class_goes_before_another(tmp_path: Path, record_property: Record) -> None:
    # Two routes of which one goes first and never interrupts a service.
    case = "M/M/1 nonpreemptive 2-class"
    (about,) = params(case, "Wq_high")
    both = about["lam1"] + about["lam2"]
    text = f"""
        [run]
        warmup_days = 200
        days = 3_000
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

    def read(scenario: sim.Scenario, observed: sim.Observations) -> dict[str, float]:
        found = figures(scenario, observed)
        return {n: found[f"{n}.stage:customs.queueing_mean"] for n in ("high", "low")}

    theory = {name: oracle(case, f"Wq_{name}") for name in ("high", "low")}
    assert_theory(record_property, case, f"rho {both:g}", loaded(tmp_path, text), read, theory)


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
