"""Results by part, for reading: each direction, each class of cargo, each year."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from sim.results.metrics import Key
from sim.results.results import Results
from sim.views import words
from sim.views.grid import new_table

COLUMNS = {
    "throughput": "throughput [a year]",
    "share": "share of its demand",
    "door_to_door_mean": "door to door [days]",
}
"""The metrics of every part, in words; beside them what tells these parts apart."""

FULL, WAIT = {"load_factor": "load factor"}, {"wait_mean": "wait [days]"}


def print_parts(results: Results, name: str, out: Console) -> None:
    """A table for each kind of parts that a scenario has; nothing where it has none."""
    starts = results.scenario(name).run.start
    kinds = {
        "direction": ("By direction", FULL),
        "class": ("By class", WAIT),
        "year": (f"By year, each of 365 days, the first from {starts}", FULL),
    }
    for kind, (title, besides) in kinds.items():
        keys = [key for key in results.keys(name) if key.part.startswith(f"{kind}:")]
        if keys:
            said = words.titled(title, results, name)
            out.print(_table(results, name, keys, said, COLUMNS | besides))


def _table(
    results: Results, name: str, keys: Sequence[Key], title: str, columns: dict[str, str]
) -> Table:
    """A row for each part of each route."""
    table = new_table("", *columns.values(), title=title)
    for route in dict.fromkeys(key.route for key in keys):
        table.add_row(words.route(route), style="bold")
        for part in dict.fromkeys(key.part for key in keys if key.route == route):
            cells = [words.cell(results, name, Key(route, part, metric)) for metric in columns]
            table.add_row(f"  {part.partition(':')[2]}", *cells)
    return table
