"""What may go wrong, and what fleets can keep up: for reading, without simulating."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from sim.scenario.disruptions import Disruption
from sim.scenario.model import Scenario
from sim.scenario.preview import DisruptionPreview, Preview
from sim.scenario.stages import Transit
from sim.views import words
from sim.views.grid import new_table

ROUND_TRIP = (
    "Round trip: there, back and turning round, full and without queueing. Departures a year: of "
    "both directions together."
)

OF_WHAT = {"demand": "bookings", "routes": "places", "facilities": "servers"}
"""What a part of is left where a disruption takes capacity, by the section of its target."""


def print_troubles(scenario: Scenario, preview: Preview, out: Console) -> None:
    """The fleets and the disruptions of a scenario, where it has any."""
    if preview.fleets:
        out.print(_fleets_table(preview))
        out.print(ROUND_TRIP, style="dim")
    if preview.disruptions:
        out.print(_disruptions_table(scenario, preview))


def _fleets_table(preview: Preview) -> Table:
    columns = ("fleet", "vehicles", "leaves at", "round trip", "departures a year", "timetable")
    table = new_table(*columns, title="What fleets can keep up")
    for use in preview.fleets:
        timetable = use.timetable_a_year
        table.add_row(
            f"{use.name}, {use.vehicle}",
            f"{use.vehicles:,}",
            f"{use.route} {use.stage}",
            f"{use.round_trip_days:.2f} d",
            f"{use.departures_a_year:,.4g}",
            "when full" if timetable is None else f"{timetable:,.4g}",
        )
    return table


def _disruptions_table(scenario: Scenario, preview: Preview) -> Table:
    columns = ("", "what", "when", "times a run", "days", "effect")
    table = new_table(*columns, title="What may go wrong")
    for number in (1, 2, 5):
        table.columns[number].justify = "left"
    for each in preview.disruptions:
        said = scenario.disruptions[each.name]
        times, days = f"{each.times:,.3g}", f"{each.days:,.3g}"
        row = [each.name, _what(said), _when(each, said), times, days, _effect(scenario, said)]
        table.add_row(*row)
    return table


def _what(said: Disruption) -> str:
    """What it happens to: sea voyage, dmz, each server of dmz."""
    if said.of_servers:
        return f"each server of {said.facility}"
    return said.facility or " ".join(said.stage or said.path)


def _when(each: DisruptionPreview, said: Disruption) -> str:
    if each.begins is not None:
        return f"from {each.begins}"
    if said.per_year is not None:
        return f"{said.per_year:,.4g} a year"
    return "" if said.gap is None else f"after {said.gap.mean:,.4g} d"


def _effect(scenario: Scenario, said: Disruption) -> str:
    """What it does, in words, and to those who are under way."""
    if said.effect == "closed":
        holds = "; who is under way waits" if said.holds else ""
        return f"closed{_around(scenario, said)}{holds}"
    if said.effect == "slower":
        holds = ", also for who is under way" if said.holds else ""
        return f"{said.part:,.4g} times as long{holds}"
    if said.effect == "dearer":
        return f"freight × {said.part:,.4g}"
    return f"{words.percent(said.part)} of the {OF_WHAT[said.path[0]]}"


def _around(scenario: Scenario, said: Disruption) -> str:
    """The detour of a closed transit, with the days that it takes."""
    if said.stage is None:
        return ""
    route, stage = said.stage
    leg = scenario.routes[route].stages[stage]
    if not isinstance(leg, Transit) or leg.detour is None:
        return ""
    return f", detour of {leg.detour.duration.mean:,.4g} d"
