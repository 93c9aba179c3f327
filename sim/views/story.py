"""The story of one container, for reading: a line for each thing that happened, then the sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from rich.table import Table

from sim.results.story import Event, Story
from sim.views import words
from sim.views.grid import console, new_table

IN = {
    "transit": "in transit at {at}",
    "queueing": "in the queue at {at}",
    "service": "in service at {at}",
}
"""Where a container is that moves when the run ends."""


def print_story(story: Story, file: IO[str] | None = None) -> None:
    """What it was and became, what happened to it, and what that comes to."""
    out = console(file)
    out.print(_title(story), style="bold")
    out.print(_table(story))
    for line in _sums(story):
        out.print(line)


def _title(story: Story) -> str:
    way = "" if story.direction is None else f", {story.direction}"
    named = f"Container {story.container:,} of {story.containers:,} in {story.scenario}{way}"
    by = "" if story.route is None else f" by {story.route}"
    when = "" if story.fate in ("delivered", "unserved") else " when the run ends"
    return f"{named}, replication {story.replication}: {story.fate}{by}{when}."


def _table(story: Story) -> Table:
    dated = any(event.date for event in story.events)
    table = new_table("day", *["date"] * dated, "where", "what happened")
    table.columns[0].justify = "right"
    for column in table.columns[1:]:
        column.justify = "left"
    for event in story.events:
        date = [str(event.date)] * dated
        said = "; ".join(SAYS[event.what](event, words.usd(story.price_year)))
        table.add_row(_days(event.day), *date, event.stage or "", said)
    return table


def _days(days: float) -> str:
    """To four decimals: enough to check sums by hand."""
    return f"{days:,.4f}"


def _lasted(event: Event) -> str:
    return f"{_days(event.details['days'])} days"


def _booked(event: Event, usd: str) -> Iterator[str]:
    about = event.details
    cargo = "" if about["class"] is None else f", {about['class']}"
    yield f"booked{cargo}"
    if about["value_of_time_usd_per_day"]:
        yield f"a day less is worth {_usd(about['value_of_time_usd_per_day'])} {usd} to it"
    if about["wanted"] != about["took"] or about["took"] is None:
        yield f"wanted {about['wanted'] or 'no route'}"
    if about["refused"]:
        yield f"refused by {words.listed(about['refused'])}"
    if about["took"] is None:
        yield "no route accepted it"
    else:
        freight = about["freight_usd"]
        yield f"took {about['took']}" + (f", freight {_usd(freight)} {usd}" if freight else "")


def _ready(event: Event, _: str) -> Iterator[str]:
    yield f"ready, {_ahead(event.details['ahead'])}"


def _ahead(number: int) -> str:
    return f"{number:,} ahead" if number else "nobody ahead"


def _departed(event: Event, _: str) -> Iterator[str]:
    about = event.details
    yield f"left on {about['vehicle']} {about['number']:,} after a wait of {_lasted(event)}"
    if about["headway_days"] is not None:
        yield f"timetable: {about['number']:,} × {about['headway_days']:.10g} days"
    if about["late_days"]:
        yield f"{_days(about['late_days'])} days late"
    yield f"{about['load']:,} of {about['capacity']:,} places taken"


def _entered(event: Event, _: str) -> Iterator[str]:
    facility = event.details.get("facility")
    yield "entered" if facility is None else f"came to the facility {facility}"
    if event.details.get("detour"):
        yield "closed: by the detour"


def _began(event: Event, _: str) -> Iterator[str]:
    yield f"queued {_lasted(event)}" if event.details["days"] else "no queue"
    yield "service began"


def _left(event: Event, _: str) -> Iterator[str]:
    if held := event.details.get("held_days"):
        yield f"closed: held for {_days(held)} days"
    yield f"through after {_lasted(event)}"


def _delivered(event: Event, _: str) -> Iterator[str]:
    yield f"delivered, {_lasted(event)} from door to door"


def _horizon(event: Event, _: str) -> Iterator[str]:
    yield "the run ends"
    about = event.details
    if about["fate"] == "waiting":
        yield f"waiting at {about['at']} for {_lasted(event)}, {_ahead(about['ahead'])}"
    else:
        yield f"{IN[about['in']].format(**about)} for {_lasted(event)}"


SAYS: Mapping[str, Callable[[Event, str], Iterator[str]]] = {
    "booked": _booked,
    "ready": _ready,
    "departed": _departed,
    "entered": _entered,
    "began": _began,
    "left": _left,
    "delivered": _delivered,
    "horizon": _horizon,
}
"""How each thing that happens is told; with the unit of money."""


def _sums(story: Story) -> Iterator[str]:
    """What its days and its costs sum to, and what it emitted."""
    if story.fate == "unserved":
        return
    days = _summed({kind: _days(days) for kind, days in story.days.items() if days})
    if story.door_to_door_days is None:
        yield f"So far: {days or 'nothing'} [days]"
        return
    yield f"Door to door {_days(story.door_to_door_days)} days = {days}"
    if story.usd["sum"]:
        parts = {name: _usd(usd) for name, usd in story.usd.items() if usd and name != "sum"}
        yield f"Cost {_usd(story.usd['sum'])} {words.usd(story.price_year)} = {_summed(parts)}"
    if story.co2e_kg is not None:
        yield f"Emitted {_usd(story.co2e_kg)} kg CO2e"


def _summed(parts: Mapping[str, Any]) -> str:
    return " + ".join(f"{name} {said}" for name, said in parts.items())


def _usd(amount: float) -> str:
    """To the cent; whole amounts without."""
    return f"{amount:,.2f}".removesuffix(".00")
