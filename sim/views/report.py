"""The report: what a study found, on one page for somebody who will never read a table.

Its tables and notes are those of the terminal, taken down as they are printed.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.results.solution import Frontier
from sim.views import findings, words
from sim.views.accounts import print_accounts
from sim.views.days import print_days
from sim.views.disruptions import print_disruptions, print_fleets
from sim.views.fates import print_fates
from sim.views.pages import page
from sim.views.parts import print_parts
from sim.views.pictures import METADATA, WARMUP, drawings
from sim.views.previews import Assumed, ledger
from sim.views.solutions import print_solutions
from sim.views.style import styled
from sim.views.tables import figures, print_differences, print_study

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


@dataclass(frozen=True)
class Part:
    """A piece of a section: a paragraph, a table, a picture, or a fold with pieces of its own."""

    kind: Literal["text", "table", "picture", "fold", "command"]
    title: str = ""
    text: str = ""
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    parts: Sequence[Part] = ()


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it."""

    key: str
    title: str
    parts: list[Part] = field(default_factory=list)


class Notes(Console):
    """Takes down what is printed on it."""

    def __init__(self) -> None:
        super().__init__(file=io.StringIO(), width=100)
        self.parts: list[Part] = []

    def print(self, *objects: Any, **how: Any) -> None:  # noqa: ARG002, D102
        self.parts += [
            _table(each) if isinstance(each, Table) else Part("text", text=str(each))
            for each in objects
        ]


def _table(table: Table) -> Part:
    """A table as words; a row without figures is a heading."""
    columns = [[str(cell) for cell in column.cells] for column in table.columns]
    return Part(
        "table",
        title=str(table.title or "").strip(),
        heads=[str(column.header) for column in table.columns],
        rows=list(zip(*columns, strict=True)),
    )


def _noted(printing: Callable[[Console], object]) -> list[Part]:
    notes = Notes()
    printing(notes)
    return notes.parts


@styled()
def report(found: Results | Frontier, also: Sequence[Results | Frontier] = ()) -> str:
    """The page of what a study found; `also` are further ones, such as a sensitivity study.

    Raises ResultsError where a replication that pictures need does not come out as stored.
    """
    plain = _is_plain(found)
    sections = [*(_sections(found) if plain else [_other(found, 0)])]
    sections += [_other(each, number) for number, each in enumerate(also, 1)]
    results = _results(found)
    sections += [_assumed(results), _sure(results, plain=plain), _made(found)]
    return page(
        "report",
        title=_title(results) if plain else sections[0].title,
        answer=words.answer(results) if plain else sections[0].parts[0].text,
        sections=[section for section in sections if section.parts],
    )


def _results(found: Results | Frontier) -> Results:
    return found.results if isinstance(found, Frontier) else found


def _is_plain(found: Results | Frontier) -> bool:
    """Whether these are scenarios to compare, not points of a sweep or ends of ranges."""
    return isinstance(found, Results) and not (
        found.is_sweep or found.is_sensitivity or found.is_one_more
    )


def _title(results: Results) -> str:
    first = results.baseline
    return (first.title or first.name) if len(results.names) == 1 else words.listed(results.names)


def _sections(results: Results | Frontier) -> Iterator[Section]:
    """What scenarios have to say."""
    assert isinstance(results, Results), "plain results"
    several, names = len(results.names) > 1, results.names
    pictures = drawings(results)
    titles = [
        Part("text", text=f"{s.name}: {s.title}") for s in results.scenarios if s.title and several
    ]
    whole = [_table(figures(results, names))]
    yield Section("answer", "The answer", [
        Part("text", text=f"Choice of a route: {'; '.join(words.rules(results))}."),
        *titles,
        _table(figures(results, names, HEADLINE)),
        Part("fold", title="All figures", parts=whole),
    ])  # fmt: skip
    seen = [_picture(pictures[name], CAPTIONS[name]) for name in ("shares", "map", "times")]
    yield Section("pictures", "Seen", seen)
    if results.paired and several:
        differing = _noted(lambda out: print_differences(results, out))
        yield Section("differences", f"What changes against {results.baseline.name}", [
            _changes(results), Part("fold", title="All differences", parts=differing),
        ])  # fmt: skip
    yield Section("binds", "What binds", [
        Part("text", text=f"{findings.stages(results)}."),
        _picture(pictures["stages"], CAPTIONS["stages"]),
        *(_fold(results, name) for name in names),
    ])  # fmt: skip
    days = [_picture(pictures[name], CAPTIONS[name]) for name in ("flows", "strings")]
    yield Section("days", "Day by day", days)
    yield Section("troubles", "What went wrong", [
        *_noted(lambda out: print_disruptions(results, names, out)),
        *_noted(lambda out: print_fleets(results, names, out)),
    ])  # fmt: skip
    costs = _noted(lambda out: print_accounts(results, names, out))
    yield Section("costs", "Money and carbon", costs)


def _changes(results: Results) -> Part:
    """What changes against the baseline, a row a scenario and route."""
    rows = [
        [f"{name}, {words.route(route)}", *(_change(results, name, route, m) for m in CHANGES)]
        for name in results.names[1:]
        for route in results.scenario(name).routes
    ]
    return Part("table", heads=["", *CHANGES.values()], rows=rows)


def _change(results: Results, name: str, route: str, metric: str) -> str:
    key = Key(route, ALL, metric)
    return words.difference(results.difference(key, name).interval, words.unit(key))


def _fold(results: Results, name: str) -> Part:
    """Where the days of a scenario go, what became of its containers, and its parts."""
    parts = [
        part
        for printing in (print_days, print_fates, print_parts)
        for part in _noted(lambda out, told=printing: told(results, name, out))  # type: ignore[misc]
    ]
    return Part("fold", title=f"{name}, stage by stage", parts=parts)


def _other(found: Results | Frontier, number: int) -> Section:
    """A sweep, a sensitivity study or a goal seek, as the terminal tells it; or a comparison."""
    if isinstance(found, Frontier):
        parts, title = _noted(lambda out: print_solutions(found, out)), "What it takes"
    else:
        parts = _noted(lambda out: print_study(found, out))
        title = (
            "What moves the answer" if found.is_sensitivity
            else "What one more would give" if found.is_one_more
            else "What follows from what" if found.is_sweep
            else _title(found)
        )  # fmt: skip
    drawn = [_picture(draw) for name, draw in drawings(found).items() if name not in CAPTIONS]
    return Section(f"study-{number}", title, [*parts[:1], *drawn, *parts[1:]])


def _assumed(results: Results) -> Section:
    """The ledger of the first scenario, and what the others say otherwise."""
    heads = ["figure", "value", "may be", "quality", "source"]
    parts, known = list[Part](), set[Assumed]()
    for scenario in results.scenarios:
        own = [each for each in ledger(scenario) if each not in known]
        known |= set(own)
        title = f"{scenario.name}: {'what it says otherwise' if parts else 'assumptions'}"
        if own:
            table = Part("table", heads=heads, rows=own)
            parts.append(Part("fold", title=f"{title} ({len(own)})", parts=[table]))
    return Section("assumptions", "What is assumed", parts)


def _sure(results: Results, *, plain: bool) -> Section:
    """How sure the figures are."""
    from sim.results.warmup import warnings

    pictures = drawings(results) if plain else {}
    return Section("sure", "How sure this is", [
        Part("text", text=words.how_sure(results)),
        *(Part("text", text=f"Warning: {warning}") for warning in warnings(results)),
        *(Part("text", text=failure) for failure in results.failures),
        *(_picture(pictures[name], CAPTIONS[name]) for name in pictures if name == WARMUP),
        Part("text", text=LIMITS),
    ])  # fmt: skip


LIMITS: Final = (
    "A simulation answers for its assumptions: what is above is what follows from them. The "
    "intervals tell the luck of the draw, not whether an assumption is right. Capacity is a "
    "ceiling, not a forecast."
)


def _made(found: Results | Frontier) -> Section:
    """By what it was made, and how to make it again."""
    results = _results(found)
    rows = [(name, value) for name, value in results.provenance.items() if len(value) < 200]
    rows += [("seed", ", ".join(dict.fromkeys(str(s.run.seed) for s in results.scenarios)))]
    parts = [Part("table", heads=("made by", ""), rows=rows)]
    if _is_plain(found):
        verb = "compare" if len(results.names) > 1 else "run"
        files = " ".join(f"scenarios/{name}.toml" for name in results.names)
        parts += [
            Part("text", text="To make it again, in the folder of these results:"),
            Part("command", text=f"transsib {verb} {files} --out again"),
        ]
    return Section("made", "How it was made", parts)


def _picture(draw: Callable[[], Figure], caption: str = "") -> Part:
    """A picture as a data address, with its finding for who cannot see it."""
    figure, svg = draw(), io.BytesIO()
    figure.savefig(svg, format="svg", metadata=METADATA["svg"])
    said = [ax.get_title(loc="left").replace("\n", " ") for ax in figure.axes]
    address = f"data:image/svg+xml;base64,{b64encode(svg.getvalue()).decode()}"
    return Part("picture", title=caption, text=". ".join(filter(None, said)), heads=[address])
