"""Money and carbon, for reading: what a container costs by each route, and all of them a year."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.results.intervals import Interval
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.views import words
from sim.views.grid import new_table

MILLION = 1e6


@dataclass(frozen=True)
class _Column:
    """A metric, what people call it, and how its interval is written."""

    metric: str
    title: str
    write: Callable[[Interval], str]


def _mean(found: Interval) -> str:
    return words.figure(found.mean, "USD")


def _mean_and_half(found: Interval) -> str:
    return words.interval(found, "USD")


def _millions(found: Interval) -> str:
    return words.NONE if found.mean is None else f"{found.mean / MILLION:,.2f}"


def _kilograms(found: Interval) -> str:
    return words.figure(found.mean, "kg")


COLUMNS = (
    _Column("freight_mean", "freight", _mean),
    _Column("handling_mean", "handling", _mean),
    _Column("detour_mean", "detours", _mean),
    _Column("time_cost_mean", "time", _mean),
    _Column("cost_mean", "sum", _mean_and_half),
    _Column("cost_total", "all [million a year]", _millions),
    _Column("co2e_mean", "CO2e [kg]", _kilograms),
    _Column("co2e_total", "all [t/year]", _kilograms),
)

UNSAID = "handling_mean", "detour_mean", "co2e_mean", "co2e_total"
"""Columns that are left out where nothing stands in them."""

NOTE = "Of the containers delivered. Time: the value of time of each × its days from door to door."
CARBON = "CO2e: what the scenario's factors give for the lengths of its legs."


def print_accounts(results: Results, names: Sequence[str], out: Console) -> None:
    """What containers cost and emit in some scenarios; nothing where none speaks of it."""
    if not any(_seen(results, name, column.metric) for name in names for column in COLUMNS):
        return
    out.print(_table(results, names))
    out.print(Text(NOTE, style="dim"))
    if any(_seen(results, name, "co2e_mean") for name in names):
        out.print(Text(CARBON, style="dim"))


def _seen(results: Results, name: str, metric: str) -> bool:
    """Whether any route has something of this."""
    return any(
        bool(_interval(results, name, route, metric).mean)
        for route in (*results.scenario(name).routes, ALL)
    )


def _interval(results: Results, name: str, route: str, metric: str) -> Interval:
    return results.interval(Key(route, ALL, metric), name)


def _table(results: Results, names: Sequence[str]) -> Table:
    columns = [
        each
        for each in COLUMNS
        if each.metric not in UNSAID or any(_seen(results, name, each.metric) for name in names)
    ]
    years = {results.scenario(name).price_year for name in names}
    unit = words.usd(years.pop() if len(years) == 1 else None)
    table = new_table(
        "", *(each.title for each in columns), title=f"What a container costs [{unit}]"
    )
    for name in names:
        indent = "  " * (len(names) > 1)
        if indent:
            table.add_row(Text(name, style="bold"))
        routes = list(results.scenario(name).routes)
        for route in [*routes, ALL] if len(routes) > 1 else routes:
            cells = [each.write(_interval(results, name, route, each.metric)) for each in columns]
            table.add_row(Text(f"{indent}{words.route(route)}"), *map(Text, cells))
    return table
