"""Money and carbon: what the containers delivered in a window cost, and what they emitted.

A total is counted by trips: how many containers took each, at so much a container. The table of
containers tells the same container by container. Money is in the prices of the scenario's
`price_year`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.results.containers import freight_at
from sim.results.observations import Floats, RouteLog, Rows, Way
from sim.results.window import Window
from sim.scenario.charges import Charges

GRAMS = 1000.0
"""Grams in a kilogram, and kilograms in a tonne."""


@dataclass(frozen=True)
class Bill:
    """What some containers cost together [USD] and emitted [kg CO2e, NaN where not known].

    time: the value of their time from door to door
    """

    containers: int
    freight: float
    handling: float
    detour: float
    time: float
    kg: float


def billed(way: Way, log: RouteLog, charges: Charges, who: Rows, days: Floats) -> Bill:
    """The bill of containers of a route that took so many days from door to door [who]."""
    number = len(who)
    round_about = dict(_detours(log, who, len(way.booked)))
    return Bill(
        number,
        _freight(way, log, who),
        number * math.fsum(charge.handling_usd for charge in charges.values()),
        math.fsum(charges[stage].detour_usd * took for stage, took in round_about.items()),
        float((way.value_of_time[who] * days).sum()),
        _emitted(number, charges, round_about),
    )


def _emitted(number: int, charges: Charges, round_about: Mapping[str, int]) -> float:
    """The kg CO2e of so many containers of a route; a leg that nobody took adds nothing unknown."""
    legs = list[tuple[int, float]]()
    for stage, charge in charges.items():
        took = round_about.get(stage, 0)
        legs += [(number - took, charge.kg), (took, charge.detour_kg)]
    return math.fsum(count * kg for count, kg in legs if count)


def _freight(way: Way, log: RouteLog, who: Rows) -> float:
    if len(log.freight) == 1:
        return len(who) * log.freight[0][1]
    return float(freight_at(log, way.booked[who]).sum())


def _detours(log: RouteLog, who: Rows, containers: int) -> Iterator[tuple[str, int]]:
    """Of some containers how many took the detour of each leg that anybody took."""
    here = np.empty(0, np.bool_)
    for passage, aboard, loads in log.passages():
        if passage.detoured is None or not passage.detoured.any():
            continue
        if not len(here):
            here = np.zeros(containers, np.bool_)
            here[who] = True
        took = here[aboard][np.repeat(passage.detoured, loads)]
        yield passage.stage, int(np.count_nonzero(took))


def figures(bills: Sequence[Bill], window: Window, *, any_carbon: bool) -> dict[str, float | None]:
    """Means a container and totals a year, of some bills together.

    any_carbon: whether the scenario says what transport emits; else nobody knows
    """
    number = sum(bill.containers for bill in bills)
    amounts = {
        "freight": math.fsum(bill.freight for bill in bills),
        "handling": math.fsum(bill.handling for bill in bills),
        "detour": math.fsum(bill.detour for bill in bills),
        "time_cost": math.fsum(bill.time for bill in bills),
    }
    amounts["cost"] = math.fsum(amounts.values())
    kg = sum((bill.kg for bill in bills), 0.0) if any_carbon else math.nan
    known = not math.isnan(kg)
    return {
        **{f"{name}_mean": usd / number if number else None for name, usd in amounts.items()},
        **{f"{name}_total": window.per_year(usd) for name, usd in amounts.items()},
        "co2e_mean": kg / number if number and known else None,
        "co2e_total": window.per_year(kg) / GRAMS if known else None,
    }
