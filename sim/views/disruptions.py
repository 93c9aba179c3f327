"""What went wrong and what vehicles were late, for reading."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.views import words
from sim.views.grid import new_table

DISRUPTED = {
    "disrupted": "of the time",
    "delayed": "delayed",
    "peak_backlog": "most waiting",
    "days_to_clear": "cleared in [days]",
}
"""What is told of each disruption, in words."""

LATE = {
    "departures": "a year",
    "late": "late",
    "lateness_mean": "by [days]",
    "empties": "empty a year",
}
"""What is told of departures that wait for vehicles."""

NOTE = (
    "Delayed: containers that met it or the backlog that it left. Most waiting: containers in the "
    "queue there. Cleared: from its end until no more wait than the most in the 30 days before; "
    "mean over the replications in which it was."
)


def print_disruptions(results: Results, names: Sequence[str], out: Console) -> None:
    """A row for each disruption of each scenario; nothing where there is none."""
    table = new_table("", *DISRUPTED.values(), title="What went wrong [containers]")
    for name in names:
        disruptions = results.scenario(name).disruptions
        if disruptions and len(names) > 1:
            table.add_row(name, style="bold")
        for disruption in disruptions:
            keys = [Key(ALL, f"disruption:{disruption}", metric) for metric in DISRUPTED]
            table.add_row(f"  {disruption}", *(words.cell(results, name, key) for key in keys))
    if table.row_count:
        out.print(table)
        out.print(NOTE, style="dim")


def print_fleets(results: Results, names: Sequence[str], out: Console) -> None:
    """A row for each departures stage that has a fleet; nothing where none has."""
    table = new_table("departures", "vehicles", *LATE.values(), "on the way", title="Fleets")
    for name in names:
        scenario = results.scenario(name)
        if scenario.fleets and len(names) > 1:
            table.add_row(name, style="bold")
        for route, about in scenario.routes.items():
            for stage, said in about.departures.items():
                if said.fleet is not None:
                    keys = [Key(route, f"stage:{stage}", metric) for metric in LATE]
                    keys.append(Key(ALL, f"fleet:{said.fleet}", "utilisation"))
                    cells = [words.cell(results, name, key) for key in keys]
                    vehicles = f"{scenario.fleets[said.fleet].vehicles:,}"
                    table.add_row(f"  {route} {stage}", vehicles, *cells)
    if table.row_count:
        out.print(table)
