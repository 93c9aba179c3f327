"""Where the days would go, without simulating: what each stage adds, what is used, what binds."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.preview import Preview, RoutePreview
from sim.scenario.usage import StageUse
from sim.views import words
from sim.views.grid import new_table, stage_rows

EXPECTED = (
    "Days: on full vehicles, the first to leave; queueing as if they came at random (those on a "
    "timetable queue less). ◄ the most used stage of a route: it binds first. At most: containers "
    "that could pass, at a facility with its servers always taken and vehicles as full as they "
    "would be."
)


def print_expected(preview: Preview, out: Console) -> None:
    """What each stage of the open routes adds, the facilities, and how many are under way."""
    out.print(_stages_table(preview))
    out.print(_facilities_table(preview))
    out.print(EXPECTED, style="dim")
    if preview.overloaded:
        names = words.listed(preview.overloaded)
        out.print(f"More wants to pass {names} than can: what goes where then is simulated.")
        return
    for route in preview.routes:
        if route.is_open:
            out.print(f"{route.name}: {_under_way(route)}")


def _under_way(route: RoutePreview) -> str:
    """What Little's law says of a route."""
    if route.under_way is None:
        return "its queue grows for ever: no steady state"
    waited = f" and {route.queue_days:.2f} of waiting" if route.queue_days else ""
    return (
        f"{words.count(route.flow / DAYS_A_YEAR)} containers a day × "
        f"{route.free_flow_days:.2f} days of free flow{waited} = "
        f"{words.count(route.under_way)} under way (Little's law)"
    )


def _stages_table(preview: Preview) -> Table:
    """A row for each kind of time at each stage of the open routes."""
    columns = ("", "", "days", "in use", "at most a year")
    table = new_table(*columns, title="Where the days would go, without simulating")
    table.columns[1].justify = "left"
    for route in filter(lambda route: route.is_open, preview.routes):
        table.add_row(Text(route.name, style="bold"), "door to door", _door_to_door(route))
        for use in route.uses:
            for row in _rows(use, binds=use is route.narrowest):
                table.add_row(*row)
    return table


def _door_to_door(route: RoutePreview) -> str:
    """All that the stages add; unknown where some queue has no steady state."""
    queueing = [use.queueing_days for use in route.uses if use.kind == "service"]
    if None in queueing:
        return words.NONE
    return _figure(sum(use.days for use in route.uses) + math.fsum(filter(None, queueing)))


def _rows(use: StageUse, *, binds: bool) -> Iterator[list[str]]:
    """The lines of one stage; a service that takes no time goes without saying."""
    used = list[str]()
    if use.utilisation is not None:
        share = words.marked(words.figure(use.utilisation, "fraction"), binds=binds)
        used = [share, words.figure(use.yearly_capacity, "containers/year")]
    days = {"queueing": use.queueing_days} if use.kind == "service" else {}
    if use.kind != "service" or use.days:
        days[use.kind] = use.days
    return stage_rows(use.stage, {kind: [_figure(each)] for kind, each in days.items()}, used)


def _figure(days: float | None) -> str:
    finite = days if days is not None and math.isfinite(days) else None
    return words.figure(finite, "days")


def _facilities_table(preview: Preview) -> Table:
    table = new_table("facility", "servers", "vehicles a day", "hours each", "in use")
    for use in preview.facilities:
        table.add_row(
            use.name,
            f"{use.servers}{' each way' if use.each_way else ''}",
            words.figure(use.vehicles / DAYS_A_YEAR, "days"),
            words.figure(use.hours, "days"),
            words.figure(use.utilisation, "fraction"),
        )
    return table
