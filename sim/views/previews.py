"""What is known of a scenario without simulating it, for reading: previews and ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sim.scenario.model import Scenario
from sim.scenario.preview import Preview, RoutePreview, StagePreview
from sim.scenario.schema import at
from sim.views import words
from sim.views.tables import console, new_table


def print_preview(scenario: Scenario, notes: Sequence[str], file: IO[str] | None = None) -> None:
    """What is known of a scenario without simulating it."""
    out, preview = console(file), scenario.preview()
    title = f": {preview.title}" if preview.title else ""
    out.print(Text(f"{preview.scenario}{title}", style="bold"))
    out.print(Text(f"{words.demand(scenario)}; {words.rule(scenario)}; valid."))
    out.print(_routes_table(preview))
    for route in preview.routes:
        out.print(Text(f"{route.name}: {_binding(route)}"))
        if asked := _asked(scenario, route.name):
            out.print(Text(f"    {asked}"))
    for warning in (*preview.warnings, *notes):
        out.print(Text(f"warning: {warning}", style="yellow"))


def _routes_table(preview: Preview) -> Table:
    columns = (
        "route",
        "free flow",
        "in transit",
        "stage, vehicle",
        "a year × places",
        "every",
        "places a year",
    )
    table = new_table(*columns)
    table.columns[3].justify = "left"
    for route in preview.routes:
        first = [route.name, _days(route), _quoted(route)]
        for number, stage in enumerate(route.stages or (None,)):
            table.add_row(*map(Text, [*(first if number == 0 else ["", "", ""]), *_stage(stage)]))
    return table


def _days(route: RoutePreview) -> str:
    return words.NONE if route.free_flow_days is None else f"{route.free_flow_days:.2f} d"


def _quoted(route: RoutePreview) -> str:
    low, high = route.quoted_days
    return f"{low:g} d" if low == high else f"{low:g}–{high:g} d"


def _stage(stage: StagePreview | None) -> list[str]:
    if stage is None:
        return ["none", words.NONE, "", "unlimited"]
    often = f"{stage.departures_a_year:,.6g} × {stage.capacity:,}"
    days = 365 / stage.departures_a_year if stage.departures_a_year else None
    every = words.NONE if days is None else f"{days:.3g} d" if days >= 1 else f"{24 * days:.3g} h"
    return [f"{stage.name}, {stage.vehicle}", often, every, f"{stage.yearly_capacity:,.0f}"]


def _asked(scenario: Scenario, name: str) -> str:
    """What a route asks where money decides, and what it promises."""
    route, said = scenario.routes[name], []
    if words.by_money(scenario):
        said.append(f"freight {words.money(route.freight_usd, scenario.price_year)}")
        if route.constant_usd:
            said.append(f"constant {words.money(route.constant_usd, scenario.price_year)}")
    if route.promise_days is not None:
        said.append(f"promised within {route.promise_days:,.10g} days")
    return ", ".join(said)


def _binding(route: RoutePreview) -> str:
    if not route.is_open:
        return "closed: it takes no part"
    if not route.demand:
        return "no container's first choice while nothing waits; it takes what others refuse"
    wanted = f"{words.count(route.demand)} containers a year want it while nothing waits"
    if route.binds:
        return f"{wanted}; {route.binds} binds at {words.count(route.yearly_capacity)}"
    return f"{wanted}; demand binds, not capacity"


def print_ledger(scenario: Scenario, file: IO[str] | None = None) -> None:
    """Every assumption: the value, how far it may vary, its quality and its source."""
    out, data = console(file), scenario.to_data()
    out.print(Text("\nAssumptions", style="bold"))
    for path, assumption in scenario.assumptions.items():
        bounds = ""
        if assumption.range is not None:
            low, high = assumption.range
            bounds = f", may be {low:,.12g} to {high:,.12g}"
        value = _shown(at(data, path.split(".")))
        unit = words.path_unit(path, scenario.price_year)
        out.print(Text(f"{path} = {f'{value} {unit}'.strip()}{bounds} ({assumption.quality})"))
        out.print(Padding(Text(assumption.source, style="dim"), (0, 0, 0, 4)))


def _shown(data: Any) -> str:
    if isinstance(data, list):
        return "–".join(map(_shown, data))
    if isinstance(data, dict):
        return ", ".join(f"{key} {_shown(value)}" for key, value in data.items())
    return f"{data:,.12g}" if isinstance(data, int | float) else str(data)
