"""What is known of a scenario without simulating it, for reading: previews and ledgers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sim.scenario.distributions import is_number
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Scenario
from sim.scenario.phases import in_order
from sim.scenario.preview import Preview, RoutePreview, StagePreview
from sim.scenario.schema import at, split
from sim.views import fields, words
from sim.views.expected import print_expected
from sim.views.grid import console, new_table
from sim.views.troubles import print_troubles


def print_preview(scenario: Scenario, notes: Sequence[str], file: IO[str] | None = None) -> None:
    """What is known of a scenario without simulating it, also after the last of its phases."""
    out, preview = console(file), scenario.preview()
    title = f": {preview.title}" if preview.title else ""
    out.print(f"{preview.scenario}{title}", style="bold")
    out.print(f"{words.demand(scenario)}; {words.rule(scenario)}; valid.")
    _print_use(scenario, preview, out)
    print_troubles(scenario, preview, out)
    if scenario.phases:
        for line in changes(scenario):
            out.print(line)
        last = scenario.eras[-1].scenario
        out.print("After the last change", style="bold")
        out.print(f"{words.demand(last)}.")
        _print_use(last, last.preview(), out)
    for warning in (*preview.warnings, *notes):
        out.print(f"warning: {warning}", style="yellow")


def _print_use(scenario: Scenario, preview: Preview, out: Console) -> None:
    """Routes, what binds each of them, and where their days would go."""
    out.print(_routes_table(preview, len(scenario.directions)))
    if len(scenario.directions) > 1:
        out.print(BOTH_DIRECTIONS, style="dim")
    for route in preview.routes:
        out.print(f"{route.name}: {_binding(route, preview.demand)}")
        for line in (_asked(scenario, route.name), *_quotas(scenario, route.name)):
            if line:
                out.print(f"    {line}")
    if scenario.facilities:
        print_expected(preview, out)


BOTH_DIRECTIONS = (
    "Departures, places and containers a year are of both directions together; every: each way."
)


def changes(scenario: Scenario) -> Iterator[str]:
    """What changes when: a line for each date and figure."""
    for name, phase in in_order(scenario.phases):
        for path, value in phase.set.items():
            unit = fields.unit(path, scenario.price_year)
            said = f"{fields.name(path)} = {_shown(value)} {unit}".rstrip()
            yield f"from {phase.starts} ({name}): {said}"


def _routes_table(preview: Preview, ways: int) -> Table:
    timetable = ("stage, vehicle", "a year × places", "every", "places a year")
    table = new_table("route", "free flow", "in transit", *timetable)
    table.columns[3].justify = "left"
    for route in preview.routes:
        days = route.free_flow_days
        free_flow = words.NONE if days is None else f"{days:.2f} d"
        first = [route.name, free_flow, _quoted(route)]
        for number, stage in enumerate(route.stages or (None,)):
            table.add_row(*(first if number == 0 else ["", "", ""]), *_stage(stage, ways))
    return table


def _quoted(route: RoutePreview) -> str:
    low, high = (f"{end:.4g}" for end in route.quoted_days)
    if math.isinf(route.quoted_days[1]):
        return f"from {low} d"
    return f"{low} d" if low == high else f"{low}–{high} d"


def _stage(stage: StagePreview | None, ways: int) -> list[str]:
    """A departures stage; how often it is left is of each way."""
    if stage is None:
        return ["none", words.NONE, "", "unlimited"]
    said = f"{stage.name}, {stage.vehicle}"
    most = "unlimited" if math.isinf(stage.yearly_capacity) else f"{stage.yearly_capacity:,.0f}"
    if stage.longest_hold_days is not None:
        return [said, f"when full × {stage.capacity:,}", _held(stage.longest_hold_days), most]
    often = f"{stage.departures_a_year:,.6g} × {stage.capacity:,}"
    days = ways * DAYS_A_YEAR / stage.departures_a_year if stage.departures_a_year else None
    every = words.NONE if days is None else f"{days:.3g} d" if days >= 1 else f"{24 * days:.3g} h"
    return [said, often, every, most]


def _held(days: float) -> str:
    """How long a vehicle that leaves when full is held for more."""
    return "until full" if math.isinf(days) else f"held at most {days:.3g}\u00a0d"


def _quotas(scenario: Scenario, name: str) -> Iterator[str]:
    """How many containers may book the departures of a route."""
    for stage, departures in scenario.routes[name].departures.items():
        if departures.quota is not None:
            each_way = ", half of them each way" if len(scenario.directions) > 1 else ""
            rest = ", what is left is added to later ones" if departures.quota.carry_over else ""
            most = words.count(departures.quota.containers)
            yield f"{stage}: at most {most} may book a {departures.quota.per}{each_way}{rest}"


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


def _binding(route: RoutePreview, demand: float) -> str:
    if not route.is_open:
        return "closed: it takes no part"
    if not demand:
        return "nothing to carry: the demand is 0"
    if not route.demand:
        return "no container's first choice while nothing waits; it takes what others refuse"
    wanted = f"{words.count(route.demand)} containers a year want it while nothing waits"
    if route.binds:
        return f"{wanted}; {route.binds} binds at {words.count(route.yearly_capacity)}"
    return f"{wanted}; demand binds, not capacity"


def print_ledger(scenario: Scenario, file: IO[str] | None = None) -> None:
    """Every assumption: the value, how far it may vary, its quality and its source."""
    out = console(file)
    out.print("\nAssumptions", style="bold")
    for each in ledger(scenario):
        bounds = f", may be {each.bounds}" if each.bounds else ""
        out.print(f"{each.path} = {each.value}{bounds} ({each.quality})")
        out.print(Padding(Text(each.source, style="dim"), (0, 0, 0, 4)))


class Assumed(NamedTuple):
    """An entry of the ledger in words."""

    path: str
    value: str
    bounds: str
    quality: str
    source: str


def ledger(scenario: Scenario) -> Iterator[Assumed]:
    """Every assumption of a scenario, in the order of the file."""
    data = scenario.to_data()
    for path, said in scenario.assumptions.items():
        bounds = " to ".join(map(_shown, said.range or ()))
        value = _shown(at(data, split(path)))
        unit = fields.unit(path, scenario.price_year)
        yield Assumed(path, f"{value} {unit}".strip(), bounds, said.quality, said.source)


def _shown(data: Any) -> str:
    if isinstance(data, list | tuple):
        return "–".join(map(_shown, data))
    if isinstance(data, dict):
        return ", ".join(f"{key} {_shown(value)}" for key, value in data.items())
    if is_number(data) and data != round(data):
        data = float(f"{data:.6g}")  # what was solved for or swept has all its digits
    return f"{data:,.12g}" if is_number(data) else words.written(data)
