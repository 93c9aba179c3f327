"""What is known without simulating, and one route to hold against it.

`data/oracles.json` holds the values, each with the method that gave it. What is random has to lie
within four standard errors of theory. `make verify` makes every run so long that the interval is
within 3 % of theory; `make test` runs a sample of them, short, with wider ones.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from corridors import loaded
from support import agreement, lawful_run

import sim

ORACLES = json.loads((Path(__file__).parent / "data" / "oracles.json").read_text())
EXACT = 1e-9
SEED = 2001
REPLICATIONS = 20
VERIFY = "TRANSSIB_VERIFY" in os.environ
"""Whether `make verify` asked."""
NARROW = 0.03 if VERIFY else 0.2
"""The widest half of a 95 % confidence interval, relative to theory."""
Read = Callable[[sim.Scenario, sim.Observations], Mapping[str, float]]
"""What one replication measured, by the names in theory."""
Record = Callable[[str, object], None]
"""Pytest's record_property: tells the z values to --junitxml."""


def oracle(case: str, metric: str, **params: object) -> Any:
    """The value of the one row with this case, metric and parameters."""
    (value,) = [
        row["value"]
        for row in ORACLES
        if (row["case"], row["metric"]) == (case, metric)
        and params.items() <= row["params"].items()
    ]
    return value


def params(case: str, metric: str) -> list[Any]:
    """The parameters of all rows of a case and metric."""
    return [row["params"] for row in ORACLES if (row["case"], row["metric"]) == (case, metric)]


def rail(
    folder: Path, stages: str, *, a_day: float, days: float, warmup: float = 0, more: str = ""
) -> sim.Scenario:
    """One route that everybody takes; every case has random numbers of its own.

    more: tables that come before the routes, such as facilities
    """
    return loaded(
        folder,
        f"""
        [run]
        warmup_days = {warmup}
        days = {days}
        seed = {zlib.crc32(f"{stages} {a_day} {SEED}".encode())}
        [demand]
        containers_per_year = {a_day * 365}
        [choice]
        rule = "share"
        shares = {{ rail = 1 }}
        {more}
        [routes.rail.stages]
        {stages}
        """,
    )


def relaxed(load: float, servers: int = 1, variation: float = 1) -> float:
    """Five relaxation times of a queue [services], after which it has forgotten that it was empty.

    That of M/M/1, spread over the servers and stretched with the variation of the services.
    """
    stretched = max(1.0, (1 + variation**2) / 2)
    return 5 * stretched / (servers * (1 - math.sqrt(load)) ** 2)


def assert_theory(
    record: Record,
    case: str,
    about: str,
    scenario: sim.Scenario,
    read: Read,
    theory: Mapping[str, float],
    *,
    loose: Collection[str] = (),
) -> None:
    """Independent replications agree with theory, in intervals that are narrow if not loose."""
    narrow = {metric: value for metric, value in theory.items() if metric not in loose}
    found = replicated(scenario, read)
    while (more := how_much_more(found, narrow)) > 1:
        scenario = scenario.with_changes({"run.days": math.ceil(scenario.run.days * more)})
        found = replicated(scenario, read)
    for metric, expected in theory.items():
        width = NARROW if metric in narrow else math.inf
        assert_agrees(record, metric, found[metric], expected, width, case=case, about=about)


def how_much_more(found: Mapping[str, Sequence[float]], theory: Mapping[str, float]) -> float:
    """How many times as many days intervals of 3 % need, about; 1 where they are there."""
    widest = max(agreement(found[metric], value).width for metric, value in theory.items())
    if not VERIFY or widest <= NARROW:
        return 1.0
    return min(max((widest / (0.9 * NARROW)) ** 2, 1.3), 10)


def replicated(scenario: sim.Scenario, read: Read) -> dict[str, list[float]]:
    """What each of the replications measured; the first of them keeps all laws."""
    found = defaultdict[str, list[float]](list)
    for replication in range(REPLICATIONS):
        observed = (sim.simulate if replication else lawful_run)(scenario, replication)
        for metric, value in read(scenario, observed).items():
            found[metric].append(value)
    return found


def assert_agrees(
    record: Record,
    metric: str,
    values: Sequence[float],
    theory: float,
    width: float = 0.03,
    *,
    case: str,
    about: str = "",
) -> None:
    """Values lie within four standard errors of theory; the tables of VERIFICATION.md show them."""
    agrees = agreement(values, theory)
    row = {
        "case": case, "about": about, "metric": metric, "theory": theory,
        "z": agrees.z, "width": agrees.width, "narrow": width < math.inf,
    }  # fmt: skip
    record("theory", json.dumps(row))
    assert abs(agrees.z) <= 4, f"{metric}: {agrees}"
    assert agrees.width <= width, f"{metric}: {agrees}"
