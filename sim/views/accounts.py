"""Money and carbon, for reading: what a container costs by each route, and all of them a year."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from sim.results.intervals import Interval
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.views import findings, words
from sim.views.grid import new_table

COLUMNS = {
    "freight_mean": "freight",
    "handling_mean": "handling",
    "detour_mean": "detours",
    "time_cost_mean": "time",
    "cost_mean": "sum",
    "cost_total": "all [million a year]",
    "co2e_mean": "CO2e [kg]",
    "co2e_total": "all [t/year]",
}
"""The metrics, in words."""

UNSAID = "handling_mean", "detour_mean", "co2e_mean", "co2e_total"
"""Columns that are left out where nothing stands in them."""

NOTE = "Of the containers delivered. Time: the value of time of each × its days from door to door."
CARBON = "CO2e: what the scenario's factors give for the lengths of its legs."


def print_accounts(results: Results, names: Sequence[str], out: Console) -> None:
    """What containers cost and emit in some scenarios; nothing where none speaks of it."""
    if not any(_seen(results, name, metric) for name in names for metric in COLUMNS):
        return
    out.print(_table(results, names))
    out.print(NOTE, style="dim")
    if any(_seen(results, name, "co2e_mean") for name in names):
        out.print(CARBON, style="dim")


def _seen(results: Results, name: str, metric: str) -> bool:
    """Whether any route has something of this."""
    return any(
        findings.mean(results, name, route, metric)
        for route in (*results.scenario(name).routes, ALL)
    )


def _table(results: Results, names: Sequence[str]) -> Table:
    columns = {
        metric: title
        for metric, title in COLUMNS.items()
        if metric not in UNSAID or any(_seen(results, name, metric) for name in names)
    }
    years = {results.scenario(name).price_year for name in names}
    unit = words.usd(years.pop() if len(years) == 1 else None)
    table = new_table("", *columns.values(), title=f"What a container costs [{unit}]")
    for name in names:
        indent = "  " * (len(names) > 1)
        if indent:
            table.add_row(name, style="bold")
        for route in words.and_all(results.scenario(name).routes):
            keys = [Key(route, ALL, metric) for metric in columns]
            cells = [_cell(key, results.interval(key, name)) for key in keys]
            table.add_row(f"{indent}{words.route(route)}", *cells)
    return table


def _cell(key: Key, found: Interval) -> str:
    """The sum with its half width, all else as means; the sum of all in millions."""
    if key.metric == "cost_mean":
        return words.interval(found, words.unit(key))
    if key.metric == "cost_total":
        return words.NONE if found.mean is None else f"{found.mean / 1e6:,.2f}"
    return words.figure(found.mean, words.unit(key))
