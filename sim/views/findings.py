"""What the numbers say, in one sentence each: the titles of the pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from sim.results.breakdown import most_used
from sim.results.breakdown import stages as breakdown
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.scenario.fields import DAYS_A_YEAR

MANY = 4
"""More values than this are not told one by one."""

Show = Callable[[float], str]


def shares(results: Results) -> str:
    """Who carries how much of the demand."""
    if not any(map(results.demand, results.names)):
        return "no demand: nothing is carried"
    return _told(results, "share", "carries", percent, " of the demand") or "nothing is carried"


def carried(results: Results, name: str) -> str:
    """How the demand of one scenario is carried, the greatest part first."""
    found = [(mean(results, name, r, "share") or 0.0, r) for r in results.scenario(name).routes]
    first, *others = sorted(found, key=lambda pair: -pair[0])
    if not first[0]:
        return "nothing is carried"
    parts = [f"{route} {percent(part)}" for part, route in others if part]
    return ", ".join([f"{first[1]} carries {percent(first[0])} of the demand", *parts])


def carries(results: Results, name: str, route: str) -> str:
    """What one route carries in a year, and which part of the demand that is."""
    throughput, part = (mean(results, name, route, metric) for metric in ("throughput", "share"))
    said = f"{route}: {number(throughput or 0.0)} containers a year"
    return said if part is None else f"{said}, {percent(part)}"


def times(results: Results) -> str:
    """How long the routes take in the median, and which have no steady state."""
    unsteady = [
        f"{route} has no steady state" + (f" ({scenario.name})" if _several(results) else "")
        for scenario in results.scenarios
        for route in growing(results, scenario.name)
    ]
    said = _told(results, "door_to_door_p50", "takes", days, " days in the median", least=True)
    return "; ".join([said, *unsteady[:1]] if said else unsteady[:1]) or "nothing is delivered"


def deliveries(results: Results) -> str:
    """How many containers the routes deliver a day."""
    said = _told(results, "throughput", "delivers", _a_day, " containers a day")
    return said or "nothing is delivered"


def backlog(results: Results) -> str:
    """How many containers wait for a departure, or where their number grows for ever."""
    growths = [
        (growth, route, scenario.name)
        for scenario in results.scenarios
        for route in growing(results, scenario.name)
        if (growth := mean(results, scenario.name, route, "backlog_growth")) is not None
    ]
    if not growths:
        said = _told(results, "backlog_mean", "keeps", number, " containers waiting on average")
        return said or "nothing waits"
    growth, route, name = max(growths)
    where = f" ({name})" if _several(results) else ""
    return f"{route} has no steady state{where}: its backlog grows by {growth:,.0f} a year"


def stages(results: Results) -> str:
    """Which stage of a route binds first, and how much of it is used."""
    if not _several(results):
        name = results.baseline.name
        found = [(route, _binding(results, name, route)) for route in results.baseline.routes]
        used = sorted(((b, route) for route, b in found if b), key=lambda p: -p[0].share)[:MANY]
        rest = [f"{route}: {b.stage}, {percent(b.share)}" for b, route in used[1:]]
        first = [f"{route}: {_bound(b)}" for b, route in used[:1]]
        return "; ".join(first + rest) or "nothing is delivered"
    route = most_changed(results, "throughput") or next(iter(results.baseline.routes))
    known = [(b, n) for n in results.names if (b := _binding(results, n, route))]
    groups = [list(group) for _, group in groupby(known, key=lambda pair: _bound(pair[0]))]
    groups = [groups[0], groups[-1]] if len(groups) > MANY else groups
    parts, before = list[str](), ""
    for group in groups:
        binding, names = group[0][0], ", ".join(name for _, name in group)
        again = binding.stage == before
        parts.append(f"{percent(binding.share) if again else _bound(binding)} ({names})")
        before = binding.stage
    return f"{route}: {', '.join(parts)}" if parts else "nothing is delivered"


class Binding(NamedTuple):
    """The stage that binds first, and the part of it that is used."""

    stage: str
    share: float


def _binding(results: Results, name: str, route: str) -> Binding | None:
    """Of a route that delivers; None where nothing is known to be used."""
    if route not in results.scenario(name).routes or not mean(results, name, route, "throughput"):
        return None
    first = most_used(breakdown(results, name, route))
    return None if first is None else Binding(first.name, first.used.mean or 0.0)


def _bound(binding: Binding) -> str:
    return f"{binding.stage} binds first, {percent(binding.share)} used"


def replications(results: Results) -> str:
    """How many replications stand behind a mean: "20 replications, 95 % intervals"."""
    counts = sorted({len(results.measures[name]) for name in results.names})
    if counts[-1] == 1:
        return "1 replication"
    levels = sorted({scenario.run.confidence for scenario in results.scenarios})
    said = " and ".join(f"{100 * level:g} %" for level in levels)
    least = f"{counts[0]:,}–" if len(counts) > 1 else ""
    return f"{least}{counts[-1]:,} replications, {said} intervals"


def means(results: Results) -> str:
    """Over what a mean is taken: "20 replications"."""
    return replications(results).split(", ")[0]


def growing(results: Results, name: str) -> list[str]:
    """The routes whose queue grows for ever."""
    return [route for route in results.scenario(name).routes if route in results.growing(name)]


def remarks(results: Results, name: str) -> str:
    """What cannot be drawn of a scenario: "rail: no steady state, air: closed"."""
    scenario = results.scenario(name)
    unsteady = growing(results, name)
    return ", ".join(
        f"{route}: {remark}"
        for route, about in scenario.routes.items()
        if (
            remark := "no steady state" if route in unsteady
            else "" if mean(results, name, route, "throughput")
            else "none delivered" if about.is_open
            else "closed"
        )
    )  # fmt: skip


def mean(results: Results, name: str, route: str, metric: str) -> float | None:
    """The mean of a route's metric; None where undefined or where there is no such metric."""
    key = Key(route, ALL, metric)
    return results.interval(key, name).mean if key in results.keys(name) else None


def capacity(results: Results, name: str, route: str) -> float | None:
    """Containers a year that the departures of a route can carry, both directions, over the window.

    None where it has none, or took no part.
    """
    stages = [
        found.capacity.mean
        for found in breakdown(results, name, route)
        if found.parts[0].kind == "wait" and found.capacity.mean is not None
    ]
    if stages:
        return min(stages)
    scenario = results.scenario(name)
    said = scenario.yearly_capacity(route) if scenario.routes[route].is_open else math.inf
    return said if math.isfinite(said) else None


def percent(share: float) -> str:
    """A fraction in percent, to a tenth below ten."""
    text = f"{100 * share:.0f}" if share >= 0.0995 else f"{100 * share:.1f}"
    return f"{text.removesuffix('.0')} %"


def kept(part: float) -> str:
    """A part that kept a promise in percent; what is not all is not told as all."""
    return percent(part) if part < 0.995 or part == 1 else f"{min(round(100 * part, 1), 99.9):g} %"


def days(value: float) -> str:
    """Days to a tenth."""
    return f"{value:,.1f}"


def number(value: float) -> str:
    """Containers, whole ones where there are at least ten."""
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:,.2g}"


def _a_day(a_year: float) -> str:
    return number(a_year / DAYS_A_YEAR)


def _several(results: Results) -> bool:
    return len(results.scenarios) > 1


def _told(
    results: Results, metric: str, verb: str, show: Show, unit: str, *, least: bool = False
) -> str:
    """A sentence on a metric: of every route, or of the one that changes most among scenarios.

    Empty where the metric is nowhere defined, or zero everywhere.
    """
    if not _several(results):
        name = results.baseline.name
        found = [(mean(results, name, r, metric), r) for r in results.baseline.routes]
        known = sorted(((v, r) for v, r in found if v), reverse=not least)[:MANY]
        parts = [f"{route} {show(value)}" for value, route in known[1:]]
        return ", ".join([f"{r} {verb} {show(v)}{unit}" for v, r in known[:1]] + parts)
    route = most_changed(results, metric)
    groups = list(_groups(results, route, metric, show)) if route else []
    if not groups:
        return ""
    (first, where), *rest = groups
    return ", ".join([f"{route} {verb} {first}{unit} ({where})", *(f"{v} ({n})" for v, n in rest)])


def _groups(results: Results, route: str, metric: str, show: Show) -> Iterator[tuple[str, str]]:
    """Values with the scenarios that have them; of many only the least and the greatest."""
    found = [(mean(results, name, route, metric), name) for name in results.names]
    known = [(value, name) for value, name in found if value is not None]
    groups = [list(members) for _, members in groupby(known, key=lambda pair: show(pair[0]))]
    if len(groups) > MANY:
        groups = [[min(known)], [max(known)]]
    for members in groups:
        yield show(members[0][0]), ", ".join(name for _, name in members)


def concerned(results: Results) -> str:
    """The route that scenarios concern most: by what it carries, or, where that stays, by days."""
    for metric in ("throughput", "door_to_door_mean"):
        route = most_changed(results, metric)
        if route and _move(results, route, metric):
            return route
    return next(iter(results.baseline.routes))


def change(results: Results, name: str) -> str:
    """What a scenario changes against the baseline, of the route that scenarios concern most."""
    route = concerned(results)
    carried, taken = (
        results.difference(Key(route, ALL, metric), name).interval.mean
        for metric in ("throughput", "door_to_door_mean")
    )
    said = [_by(carried, number, MORE_CARRIED), _by(taken, days, LONGER)]
    return f"{name}: {route} {' and '.join(filter(None, said)) or 'cannot be compared'}."


MORE_CARRIED = (
    "carries {} more containers a year", "carries {} fewer containers a year", "carries as many",
)  # fmt: skip
LONGER = ("takes {} days more", "takes {} days less", "takes as long")


def _by(move: float | None, show: Show, forms: tuple[str, str, str]) -> str:
    """A move in the form of more, less or the same; nothing where it is undefined."""
    more, less, same = forms
    if move is None:
        return ""
    shown = show(abs(move))
    return same if shown == show(0.0) else (more if move > 0 else less).format(shown)


def most_changed(results: Results, metric: str) -> str | None:
    """The route whose metric moves most from the baseline; None where all are zero or undefined."""
    routes = sorted({route for scenario in results.scenarios for route in scenario.routes})
    moves = {route: _move(results, route, metric) for route in routes}
    known = {route: move for route, move in moves.items() if move is not None}
    return max(known, key=lambda route: known[route]) if known else None


def _move(results: Results, route: str, metric: str) -> float | None:
    """The greatest move from the baseline, much as a term of Pearson's chi-squared.

    That weighs what a route gains by what it had: what a small one gains is news, what the large
    one loses by it is less so, even if it loses all. A tenth of what it has then counts too: what
    is next to nothing can grow many times and is no news.
    """
    start, *others = (mean(results, name, route, metric) for name in results.names)
    known = [value for value in others if value is not None]
    if not start and not any(known):
        return None
    if start is None:
        return 0.0
    return max(((v - start) ** 2 / (start + v / 10) for v in known if v + start), default=0.0)
