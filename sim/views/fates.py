"""Fates, for reading: where the containers booked in the measured window ended."""

from __future__ import annotations

from rich.console import Console

from sim.results.containers import FATES
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.views import words
from sim.views.grid import new_table

TITLE = "Where those booked in the window ended [containers/year]"

NOTE = "Refused is told beside it: who was refused by a route took another, or is unserved."


def print_fates(results: Results, name: str, out: Console) -> None:
    """A row a route: delivered, moving or waiting at the end, unserved; refused beside it."""
    title = words.titled(TITLE, results, name)
    out.print(title, style="italic")  # wider than the table, which would break it
    table = new_table("", *FATES, "refused")
    known = set(results.keys(name))
    routes = results.scenario(name).routes
    for route in words.and_all(routes):
        keys = [Key(route, f"fate:{fate}", "containers") for fate in FATES]
        keys[-1] = keys[-1]._replace(route=ALL if len(routes) == 1 else route)
        cells = [
            words.figure(results.interval(key, name).mean, words.unit(key)) if key in known else ""
            for key in [*keys, Key(route, ALL, "refused")]
        ]
        table.add_row(words.route(route), *cells)
    out.print(table)
    out.print(NOTE, style="dim")
