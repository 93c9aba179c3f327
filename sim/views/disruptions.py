"""What went wrong and what vehicles were late, for reading."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

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
            table.add_row(Text(name, style="bold"))
        for disruption in disruptions:
            cells = _cells(results, name, ALL, f"disruption:{disruption}", DISRUPTED)
            table.add_row(Text(f"  {disruption}"), *cells)
    if table.row_count:
        out.print(table)
        out.print(Text(NOTE, style="dim"))


def print_fleets(results: Results, names: Sequence[str], out: Console) -> None:
    """A row for each departures stage that has a fleet; nothing where none has."""
    table = new_table("departures", "vehicles", *LATE.values(), "on the way", title="Fleets")
    for name in names:
        if results.scenario(name).fleets and len(names) > 1:
            table.add_row(Text(name, style="bold"))
        for route, about in results.scenario(name).routes.items():
            for stage, said in about.departures.items():
                if said.fleet is None:
                    continue
                cells = _cells(results, name, route, f"stage:{stage}", LATE)
                use = _cells(results, name, ALL, f"fleet:{said.fleet}", {"utilisation": ""})
                vehicles = f"{results.scenario(name).fleets[said.fleet].vehicles:,}"
                table.add_row(Text(f"  {route} {stage}"), Text(vehicles), *cells, *use)
    if table.row_count:
        out.print(table)


def _cells(
    results: Results, name: str, route: str, part: str, metrics: dict[str, str]
) -> list[Text]:
    known = set(results.keys(name))
    keys = [Key(route, part, metric) for metric in metrics]
    return [
        Text(words.interval(results.interval(key, name), words.unit(key)) if key in known else "")
        for key in keys
    ]
