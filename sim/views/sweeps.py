"""Sweeps as text: where more stops helping, a row a value, or a matrix of two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from sim.results.intervals import Interval
from sim.results.metrics import ALL
from sim.results.sweep import Knee, Point, Sweep
from sim.scenario.distributions import is_number
from sim.scenario.schema import split
from sim.views import fields, words
from sim.views.grid import WIDEST, new_table

BESIDE = ("share", "door_to_door_mean")
"""What a throughput is told with: is it much, and how long does it take?"""


def print_sweep(sweep: Sweep, out: Console) -> None:
    """The finding, the figures, and the knees of a grid."""
    out.print(finding(sweep), style="bold")
    rules = {words.rule(scenario) for scenario in sweep.results.scenarios}
    if len(rules) == 1:
        out.print(f"Choice of a route: {rules.pop()}.")
    if len(sweep.paths) == 1:
        out.print(_line(sweep))
    else:
        for table in _matrices(sweep):
            out.print(table)
        if sweep.knees:
            out.print(_knees(sweep))
    out.print(_remark(sweep), style="dim")


def finding(sweep: Sweep) -> str:
    """What a sweep says: the knee, or how the metric changes from one end to the other."""
    if len(sweep.knees) == 1 and sweep.key.metric == "throughput":
        return _knee_finding(sweep, sweep.knees[0])
    metric = words.metric(sweep.key)
    known = [p for p in sweep.points if sweep.interval(p).mean is not None]
    if not known:
        return f"{metric} is not defined at any value"
    if len(known) == 1:
        return f"{metric} is {figure(sweep, known[0])} {at(sweep, known[0])}"
    if len(sweep.paths) == 1:
        (path,), first, last = sweep.paths, known[0], known[-1]
        start = f"{metric} goes from {figure(sweep, first)} {at(sweep, first)}"
        how = "at" if is_number(last.at[0]) else f"with {fields.name(path)}"
        return f"{start} to {figure(sweep, last)} {how} {words.written(last.at[0])}"
    least, most = (end(known, key=lambda p: sweep.interval(p).mean or 0.0) for end in (min, max))
    low = figure(sweep, least).partition(" ")[0]
    return f"{metric} runs from {low} to {figure(sweep, most)}"


def _knee_finding(sweep: Sweep, knee: Knee) -> str:
    path, worth = str(sweep.capacity), f"{sweep.worth:g}"
    route = split(path)[1]
    if knee.point is None:
        last = knee.marginals[-1].mean
        return (
            f"No knee up to {at(sweep, knee.points[-1]).removeprefix('at ')}"
            f"{sure(sweep, knee) if knee.low else ''}: "
            f"one more slot still carries {last or 0:.2f} more container by {route}"
        )
    return (
        f"Knee {at(sweep, knee.point)}{sure(sweep, knee)}: one more slot "
        f"carries less than {worth} more container by {route}"
    )


def sure(sweep: Sweep, knee: Knee) -> str:
    """The interval of a knee in brackets; nothing where there is none."""
    if not knee.has_interval:
        return ""
    return f" ({100 * sweep.results.baseline.run.confidence:g} %: {between(sweep, knee)})"


def between(sweep: Sweep, knee: Knee) -> str:
    """The ends of the interval of a knee: 350,000 to 450,000, from 350,000 on."""
    low, high = (None if p is None else _value(sweep, p) for p in (knee.low, knee.high))
    if low is None:
        return "beyond all values"
    if high is None:
        return f"from {low} on, no end in sight"
    return low if low == high else f"{low} to {high}"


def _value(sweep: Sweep, point: Point) -> str:
    """What the capacity is at a point."""
    return words.written(point.at[sweep.paths.index(str(sweep.capacity))])


def at(sweep: Sweep, point: Point) -> str:
    """Where a point is: at a rail freight of 900 USD and with choice rule logit."""
    price_year = sweep.results.baseline.price_year
    parts = []
    for path, value in zip(sweep.paths, point.at, strict=True):
        name, unit = fields.name(path), fields.unit(path, price_year)
        article = "" if name.endswith("s") else "a "
        said = words.written(value)
        number = f"at {article}{name} of {said} {unit}".rstrip()
        parts.append(number if is_number(value) else f"with {name} {said}")
    return words.listed(parts).replace(" and at ", " and ")


def heading(sweep: Sweep, path: str) -> str:
    """What is varied, with its unit: rail freight [USD of 2001]."""
    return fields.labelled(path, sweep.results.baseline.price_year)


def _metric_heading(sweep: Sweep) -> str:
    """The metric with its unit, but for fractions, which are told as 5.00 %."""
    fraction = words.unit(sweep.key) == "fraction"
    return words.metric(sweep.key) if fraction else words.axis(sweep.key)


def figure(sweep: Sweep, point: Point) -> str:
    """The metric at a point with its unit."""
    return words.amount(sweep.interval(point).mean, sweep.key)


def _line(sweep: Sweep) -> Table:
    """A row a value: the metric, what goes with it, what one more slot carries, the knee."""
    (path,), key = sweep.paths, sweep.key
    beside = _beside(sweep)
    heads = [_folded(heading(sweep, path)), _folded(_metric_heading(sweep))]
    more = ["one more\nslot carries", ""] if sweep.knees else []
    table = new_table(*heads, *(_HEADS[each] for each in beside), *more)
    for point in sweep.points:
        cells = [words.interval(sweep.interval(point), words.unit(key))]
        for name in beside:
            unit = words.unit(key._replace(metric=name))
            cells.append(words.interval(sweep.interval(point, name), unit))
        table.add_row(words.written(point.at[0]), *cells, *_of_knee(sweep, point))
    return table


def _beside(sweep: Sweep) -> tuple[str, ...]:
    is_throughput = (sweep.key.part, sweep.key.metric) == (ALL, "throughput")
    return BESIDE if is_throughput and len(sweep.paths) == 1 else ()


_HEADS = {"share": "share\nof demand", "door_to_door_mean": "door to door\n[days]"}


def _folded(heading: str) -> str:
    return heading.replace(" [", "\n[")


def _of_knee(sweep: Sweep, point: Point) -> Iterator[str]:
    """What one more slot carries from here on, and whether the knee is here."""
    for knee in sweep.knees:
        one = sweep.marginals.get(point)
        yield words.NONE if one is None else marginal(one)
        yield _mark(knee, point)


def marginal(found: Interval) -> str:
    """Containers that one more slot carries: 0.998 ± 0.002."""
    if found.mean is None:
        return words.NONE
    text = f"{found.mean:z.3f}"
    return text if found.half_width is None else f"{text} ± {words.half(found.half_width, 3)}"


def _mark(knee: Knee, point: Point) -> str:
    if point == knee.point:
        return "knee"
    places = [knee.points.index(end) for end in (knee.low, knee.high) if end is not None]
    if knee.low is None or not places:
        return ""
    last = places[1] if knee.high is not None else len(knee.points) - 1
    return "perhaps" if places[0] <= knee.points.index(point) <= last else ""


def _matrices(sweep: Sweep) -> Iterator[Table]:
    """The means, a row a value of the first path, a column of the second; wide ones in parts."""
    down, across = sweep.values.values()
    told = [words.figure(sweep.interval(p).mean, words.unit(sweep.key)) for p in sweep.points]
    cells = [told[first : first + len(across)] for first in range(0, len(told), len(across))]
    rows = [_folded(heading(sweep, sweep.paths[0])), *map(words.written, down)]
    labels = list(map(words.written, across))
    for some in _fitting(rows, labels, cells):
        title = f"{_metric_heading(sweep)}, across: {heading(sweep, sweep.paths[1])}"
        table = new_table(rows[0], *(labels[n] for n in some), title=title)
        for label, row in zip(rows[1:], cells, strict=True):
            table.add_row(label, *(row[n] for n in some))
        yield table


def _fitting(
    rows: Sequence[str], labels: Sequence[str], cells: Sequence[Sequence[str]]
) -> Iterator[list[int]]:
    """Columns in groups that fit beside the labels of the rows."""
    start = 2 + max(len(line) for row in rows for line in row.split("\n"))
    some, room = list[int](), WIDEST - start
    for n, label in enumerate(labels):
        width = 2 + max(len(text) for text in [label, *(row[n] for row in cells)])
        if some and width > room:
            yield some
            some, room = [], WIDEST - start
        some.append(n)
        room -= width
    yield some


def _knees(sweep: Sweep) -> Table:
    """The knee for each value of the other path of a grid."""
    place = 1 - sweep.paths.index(str(sweep.capacity))
    name = fields.name(str(sweep.capacity))
    confidence = f"{100 * sweep.results.baseline.run.confidence:g} %"
    table = new_table(heading(sweep, sweep.paths[place]), f"knee: {name}", confidence)
    for knee in sweep.knees:
        value = "none" if knee.point is None else _value(sweep, knee.point)
        ends = between(sweep, knee) if knee.has_interval else words.NONE
        table.add_row(words.written(knee.points[0].at[place]), value, ends)
    return table


def _remark(sweep: Sweep) -> str:
    """What the knee is, or why there is none; how sure a matrix is; why figures are missing."""
    said = [_about_knee(sweep), _about_cells(sweep), _about_missing(sweep)]
    return " ".join(filter(None, said))


def _about_cells(sweep: Sweep) -> str:
    """The widest interval of a matrix, which shows means alone."""
    found = [sweep.interval(point) for point in sweep.points]
    widest = max((each.half_width or 0.0 for each in found), default=0.0)
    if len(sweep.paths) == 1 or not widest:
        return ""
    return f"Intervals of the means are ± {words.figure(widest, words.unit(sweep.key))} at most."


def _about_knee(sweep: Sweep) -> str:
    if sweep.knees:
        perhaps = "; perhaps: within its interval" if len(sweep.paths) == 1 else ""
        return (
            "knee: the smallest capacity at which one more slot a year carries less than "
            f"{sweep.worth:g} more container, up to the next value, paired by replication{perhaps}."
        )
    if all(len(values) < 2 for values in sweep.values.values()):
        return "No knee: it takes two values."
    said = words.listed([fields.name(path) for path in sweep.paths])
    return f"No knee: {said} {'sets' if len(sweep.paths) == 1 else 'set'} no slots of departures."


def _about_missing(sweep: Sweep) -> str:
    means = [sweep.interval(p, name).mean for p in sweep.points for name in (None, *_beside(sweep))]
    return f"{words.NONE}: no steady state, or nothing delivered." if None in means else ""
