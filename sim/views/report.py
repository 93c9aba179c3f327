"""The report: what a study found, on one page for somebody who will never read a table.

Its tables and notes are those of the terminal, taken down as they are printed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from rich.console import Console

from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.results.solution import Frontier
from sim.results.warmup import warnings
from sim.scenario.model import Scenario
from sim.scenario.writing import to_toml
from sim.views import fields, findings, words
from sim.views.accounts import print_accounts
from sim.views.again import again
from sim.views.days import print_days
from sim.views.disruptions import print_disruptions, print_fleets
from sim.views.fates import print_fates
from sim.views.more import print_more
from sim.views.pages import page
from sim.views.parts import print_parts
from sim.views.pictures import WARMUP, drawings
from sim.views.pieces import Part, Section, noted, picture, table
from sim.views.previews import Assumed, ledger
from sim.views.solutions import print_solutions
from sim.views.style import styled
from sim.views.tables import alone, cautions, figures, print_differences, print_study

HEADLINE: Final = ("throughput", "share", "door_to_door_mean", "door_to_door_p95", "on_time")
"""What the first table tells; the whole one is folded below it."""

CHANGES: Final = {
    "throughput": "containers a year",
    "share": "share of demand",
    "door_to_door_mean": "door to door, mean [days]",
    "door_to_door_p95": "95 % within [days]",
}

CAPTIONS: Final = {
    "shares": "Who carries how much",
    "times": "How long it takes from door to door",
    "stages": "Where the days go",
    "flows": "What comes and what waits, day by day",
    "map": "Where it goes",
    "strings": "How vehicles go: distance over time",
    WARMUP: "When the measured days begin",
}


@styled()
def report(found: Results | Frontier, also: Sequence[Results | Frontier] = ()) -> str:
    """The page of what a study found; `also` are further ones, such as a sensitivity study.

    Raises ResultsError where a replication that pictures need does not come out as stored.
    """
    plain = _plain(found)
    others = also if plain is found else (found, *also)
    sections = list(_sections(plain)) if plain else []
    sections += [_other(each, number) for number, each in enumerate(others, 1)]
    answer = words.answer(plain) if plain else sections[0].parts.pop(0).text
    scenarios = plain.scenarios if plain else (_base(found),)
    sections += [_assumed(scenarios), _sure(found, plain), _made(found, scenarios)]
    return page(
        "report",
        title=_title(plain) if plain else _said(_base(found)),
        answer=answer,
        sections=[section for section in sections if section.parts],
    )


def _plain(found: Results | Frontier) -> Results | None:
    """Scenarios to compare; None where they are points of a sweep, ends of ranges or solutions."""
    if isinstance(found, Frontier) or found.is_sweep or found.is_sensitivity:
        return None
    return alone(found) if found.is_one_more else found


def _base(found: Results | Frontier) -> Scenario:
    return found.solutions[0].scenario if isinstance(found, Frontier) else found.baseline


def _said(scenario: Scenario) -> str:
    return scenario.title or scenario.name


def _title(results: Results) -> str:
    several = len(results.names) > 1
    return words.listed(results.names) if several else _said(results.baseline)


def _sections(results: Results) -> Iterator[Section]:
    """What scenarios have to say."""
    several, names = len(results.names) > 1, results.names
    pictures = drawings(results)
    titles = [
        Part("text", text=f"{s.name}: {s.title}") for s in results.scenarios if s.title and several
    ]
    whole = [table(figures(results, names))]
    yield Section("answer", "The answer", [
        Part("text", text=f"Choice of a route: {'; '.join(words.rules(results))}."),
        *titles,
        *(Part("text", text=warning) for warning in cautions(results)),
        table(figures(results, names, HEADLINE)),
        Part("fold", title="All figures", parts=whole),
    ])  # fmt: skip
    seen = [picture(pictures[name], CAPTIONS[name]) for name in ("shares", "map", "times")]
    yield Section("pictures", "Seen", seen)
    if results.paired and several:
        differing = noted(partial(print_differences, results))
        yield Section("differences", f"What changes against {results.baseline.name}", [
            *(Part("text", text=findings.change(results, name)) for name in names[1:]),
            _changes(results), Part("fold", title="All differences", parts=differing),
        ])  # fmt: skip
    yield Section("binds", "What binds", [
        Part("text", text=f"{findings.stages(results)}."),
        picture(pictures["stages"], CAPTIONS["stages"]),
        *(_fold(results, name) for name in names),
    ])  # fmt: skip
    days = [picture(pictures[name], CAPTIONS[name]) for name in ("flows", "strings")]
    yield Section("days", "Day by day", days)
    yield Section("troubles", "What went wrong", [
        *noted(partial(print_disruptions, results, names)),
        *noted(partial(print_fleets, results, names)),
    ])  # fmt: skip
    yield Section("costs", "Money and carbon", noted(partial(print_accounts, results, names)))


def _changes(results: Results) -> Part:
    """What changes against the baseline, a row a scenario and route."""
    rows = []
    for name in results.names[1:]:
        for route in results.scenario(name).routes:
            keys = [Key(route, ALL, metric) for metric in CHANGES]
            moves = [(results.difference(key, name).interval, words.unit(key)) for key in keys]
            rows.append([f"{name}, {route}", *(words.difference(*move) for move in moves)])
    return Part("table", heads=["", *CHANGES.values()], rows=rows)


def _fold(results: Results, name: str) -> Part:
    """Where the days of a scenario go, what became of its containers, and its parts."""
    parts = [
        part
        for printing in (print_days, print_fates, print_parts)
        for part in noted(partial(printing, results, name))
    ]
    return Part("fold", title=f"{name}, stage by stage", parts=parts)


def _other(found: Results | Frontier, number: int) -> Section:
    """A sweep, a sensitivity study or a goal seek, as the terminal tells it; or a comparison."""
    title, printing = _told(found)
    first, *rest = noted(printing)
    drawn = [picture(draw) for name, draw in drawings(found).items() if name not in CAPTIONS]
    return Section(f"study-{number}", title, [first, *drawn, *rest])


def _told(found: Results | Frontier) -> tuple[str, Callable[[Console], object]]:
    """A heading, and what prints the study."""
    if isinstance(found, Frontier):
        return "What it takes", partial(print_solutions, found)
    if found.is_one_more:
        return "What one more would give", partial(print_more, found)
    title = (
        "What moves the answer" if found.is_sensitivity
        else "What follows from what" if found.is_sweep
        else _title(found)
    )  # fmt: skip
    return title, partial(print_study, found)


def _assumed(scenarios: Sequence[Scenario]) -> Section:
    """The ledger of the first scenario, and what the others say otherwise."""
    heads = ["figure", "value", "may be", "quality", "source"]
    parts, known = list[Part](), set[Assumed]()
    for scenario in scenarios:
        own = [each for each in ledger(scenario) if each not in known]
        known |= set(own)
        title = f"{scenario.name}: {'what it says otherwise' if parts else 'assumptions'}"
        if own:
            rows = [(fields.name(each.path), *each[1:]) for each in own]
            inside = [Part("table", heads=heads, rows=rows)]
            parts.append(Part("fold", title=f"{title} ({len(own)})", parts=inside))
    return Section("assumptions", "What is assumed", parts)


def _sure(found: Results | Frontier, plain: Results | None) -> Section:
    """How sure the figures are; other studies have said so themselves."""
    results = found.results if isinstance(found, Frontier) else found
    said = [words.how_sure(plain)] if plain else []
    said += [SHARED] if results.paired else []
    said += [f"Warning: {warning}" for warning in warnings(results)]
    settling = drawings(plain).get(WARMUP) if plain else None
    return Section("sure", "How sure this is", [
        *(Part("text", text=each) for each in (*said, *results.failures)),
        *([picture(settling, CAPTIONS[WARMUP])] if settling else []),
        Part("text", text=LIMITS),
    ])  # fmt: skip


SHARED: Final = (
    "Scenarios share their random numbers: where the demand is the same, so are the bookings. "
    "Differences are taken replication by replication, so they hold less of the luck of the draw."
)

LIMITS: Final = (
    "A simulation answers for its assumptions: what is above is what follows from them. The "
    "intervals tell the luck of the draw, not whether an assumption is right. Capacity is a "
    "ceiling, not a forecast. Not in it: demand that answers to freight or time, freight that "
    "answers to demand, and whatever the scenario does not say."
)


def _made(found: Results | Frontier, scenarios: Sequence[Scenario]) -> Section:
    """By what it was made, and how to make it again."""
    rows = [(name, value) for name, value in found.provenance.items() if len(value) < 200]
    rows += [("seed", ", ".join(dict.fromkeys(str(each.run.seed) for each in scenarios)))]
    rows += [(f"{each.name}.toml", f"SHA-256 {_digest(each)}") for each in scenarios]
    command = again(found)
    parts = [
        Part("text", text="To make it again, in the folder of these results:"),
        Part("command", text=command),
    ]
    versions = Part("table", heads=("made by", ""), rows=rows)
    return Section("made", "How it was made", [versions, *(parts if command else [])])


def _digest(scenario: Scenario) -> str:
    """Of its file in the folder of results, the first half."""
    return hashlib.sha256(to_toml(scenario).encode()).hexdigest()[:32]
