"""What is known without simulating, and one route to hold against it.

`data/oracles.json` holds the values, each with the method that gave it. What is random has to lie
within four standard errors of theory, with an interval as narrow as stated.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from corridors import loaded
from support import agreement

import sim

ORACLES = json.loads((Path(__file__).parent / "data" / "oracles.json").read_text())
EXACT = 1e-9
SEED = 2001
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


def assert_agrees(
    record: Record, metric: str, values: Sequence[float], theory: float, width: float = 0.03
) -> None:
    agrees = agreement(values, theory)
    record(metric, str(agrees))
    assert abs(agrees.z) <= 4, metric
    assert agrees.width <= width, metric
