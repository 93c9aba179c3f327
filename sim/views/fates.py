"""Fates, for reading: where the containers booked in the measured window ended."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from sim.results.containers import FATES
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.views import words
from sim.views.grid import new_table

TITLE = "Where those booked in the window ended [containers/year]"

NOTE = "Refused is told beside it: who was refused by a route took another, or is unserved."


def print_fates(results: Results, name: str, out: Console) -> None:
    """A row a route: delivered, moving or waiting at the end, unserved; refused beside it."""
    of = f": {name}" if len(results.scenarios) > 1 else ""
    out.print(Text(f"{TITLE}{of}", style="italic"))  # wider than the table, which would break it
    table = new_table("", *FATES, "refused")
    known = set(results.keys(name))
    routes = list(results.scenario(name).routes)
    for route in [*routes, ALL] if len(routes) > 1 else routes:
        keys = [Key(route, f"fate:{fate}", "containers") for fate in FATES]
        keys[-1] = keys[-1]._replace(route=ALL if len(routes) == 1 else route)
        cells = [
            words.figure(results.interval(key, name).mean, words.unit(key)) if key in known else ""
            for key in [*keys, Key(route, ALL, "refused")]
        ]
        table.add_row(Text(words.route(route)), *map(Text, cells))
    out.print(table)
    out.print(Text(NOTE, style="dim"))
