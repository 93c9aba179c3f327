"""Where the days go, for reading: stage by stage, at facilities, and by Little's law."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.results.breakdown import MOVES, Little, StageFigures, little, most_used, stages
from sim.results.intervals import Interval
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Scenario
from sim.views import words
from sim.views.grid import new_table, stage_rows

COLUMNS = ("", "", "mean [days]", "95 % within", "in use", "at most a year")
SHARED = ("facility", "servers", "vehicles a day", "in use", "queue [vehicles]", "queueing [days]")

IN_USE = (
    "In use: the load factor of departures; the time that the servers of a facility are taken. ◄ "
    "the most used stage of a route: it binds first. At most: containers that could pass, at a "
    "facility with its servers always taken and vehicles as full as they are."
)


def print_days(results: Results, name: str, out: Console) -> None:
    """Where the days go in a scenario with facilities, and Little's law in every one."""
    scenario = results.scenario(name)
    if scenario.facilities and any(stages(results, name, route) for route in scenario.routes):
        out.print(_stages_table(results, scenario))
        out.print(_facilities_table(results, scenario))
        out.print(IN_USE, style="dim")
    if lines := list(_laws(results, scenario)):
        out.print("Little's law: containers under way = throughput × time", style="bold")
    for line in lines:
        out.print(line)


def _stages_table(results: Results, scenario: Scenario) -> Table:
    """A row for each kind of time at each stage; they sum to the time from door to door."""
    table = new_table(*COLUMNS, title=words.titled("Where the days go", results, scenario.name))
    table.columns[1].justify = "left"
    for route in scenario.routes:
        found = stages(results, scenario.name, route)
        if not found:
            continue
        days = [
            results.interval(Key(route, ALL, f"door_to_door_{which}"), scenario.name)
            for which in ("mean", "p95")
        ]
        table.add_row(Text(route, style="bold"), "door to door", *_days(*days))
        first = most_used(found)
        for stage in found:
            for row in _rows(stage, binds=stage is first):
                table.add_row(*row)
    return table


def _rows(stage: StageFigures, *, binds: bool) -> Iterator[list[str]]:
    """The lines of one stage; a service that takes no time goes without saying."""
    use = list[str]()
    if stage.used.mean is not None:
        used = words.marked(words.interval(stage.used, "fraction"), binds=binds)
        use = [used, words.figure(stage.capacity.mean, "containers/year")]
    days = {
        part.kind: _days(part.mean, part.p95)
        for part in stage.parts
        if part.kind != "service" or part.mean.mean != 0
    }
    return stage_rows(stage.name, days, use)


def _days(mean: Interval, p95: Interval) -> list[str]:
    return [words.interval(mean, "days"), words.figure(p95.mean, "days")]


def _facilities_table(results: Results, scenario: Scenario) -> Table:
    """What is shared: how much it is used, and who queues for it."""
    title = words.titled("Facilities, all routes together", results, scenario.name)
    table = new_table(*SHARED, title=title)
    known = results.keys(scenario.name)
    for name in scenario.facilities:
        if Key(ALL, f"facility:{name}", "utilisation") not in known:
            continue
        vehicles, used, queue, queueing = (
            results.interval(Key(ALL, f"facility:{name}", metric), scenario.name)
            for metric in ("vehicles", "utilisation", "queue_mean", "queueing_mean")
        )
        table.add_row(
            name,
            servers(scenario, name),
            words.interval(daily(vehicles), "days"),
            words.interval(used, "fraction"),
            words.interval(queue, "days"),
            words.interval(queueing, "days"),
        )
    return table


def servers(scenario: Scenario, name: str) -> str:
    """How many a facility has: 4, or 1 each way; one after the other where phases change it."""
    counts = [era.scenario.facilities[name].servers for era in scenario.eras]
    each_way = " each way" if scenario.facilities[name].each_way else ""
    changes = [n for at, n in enumerate(counts) if at == 0 or n != counts[at - 1]]
    return f"{', then '.join(map(str, changes))}{each_way}"


def daily(a_year: Interval) -> Interval:
    """So many a year, as so many a day."""
    ends = (a_year.mean, a_year.low, a_year.high)
    return Interval(*(None if end is None else end / DAYS_A_YEAR for end in ends))


def _laws(results: Results, scenario: Scenario) -> Iterator[str]:
    """A line for each route that delivered; one for all where there is no state to speak of."""
    if scenario.moves:
        yield f"  {scenario.name}: {MOVES}"
        return
    of = f"{scenario.name}, " if len(results.scenarios) > 1 else ""
    for route in scenario.routes:
        law = little(results, scenario.name, route)
        if law is not None:
            yield f"  {of}{route}: {_law(law)}"


def _law(law: Little) -> str:
    if law.why:
        return law.why
    said = f"{words.count(law.counted.mean)} under way"
    said += f"; throughput × time gives {words.count(law.by_law)}"
    if law.predicted is not None:
        said += f"; predicted without simulation {words.count(law.predicted)}"
    return said
