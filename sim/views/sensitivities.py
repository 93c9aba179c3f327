"""Sensitivity as text: what matters most, a row a figure with its range and its indices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain

from rich.console import Console
from rich.table import Table

from sim.results.indices import MORRIS, Indices
from sim.results.intervals import Interval
from sim.results.sensitivity import Effect, Sensitivity
from sim.views import fields, words
from sim.views.grid import new_table

HEADS = {"mu_star": "μ*", "sigma": "σ", "total": "total", "first": "alone"}
"""The indices of the table, in words; mu is left to who asks for it."""

LITTLE = 0.02
"""Of what the most does: less is not in the table."""


def print_sensitivity(found: Sensitivity, out: Console) -> None:
    """The finding, a table of what moves the metric, what does not, and what the indices mean."""
    out.print(finding(found), style="bold")
    out.print(f"Choice of a route: {words.rule(found.results.baseline)}.")
    shown = moving(found)
    if shown:
        out.print(_table(found, shown))
    for remark in _remarks(found, shown):
        out.print(remark)
    out.print(_about(found), style="dim")


def finding(found: Sensitivity) -> str:
    """What matters most, and how far the metric goes with it."""
    name = words.metric(found.key)
    if found.base.mean is None:
        return f"{name[:1].upper()}{name[1:]} is not defined in {found.results.baseline.name}"
    shown = moving(found)
    if not shown:
        return f"Nothing in the ledger surely moves {name}, {figure(found, found.base)}"
    first, *others = shown
    most = fields.name(first.path)
    matters = "matter" if most.endswith("s") and not most.endswith("ss") else "matters"
    then = f", then {fields.name(others[0].path)}" if others else ""
    return f"{most[:1].upper()}{most[1:]} {matters} most: {name} {reach(found, first)}{then}"


def moving(found: Sensitivity) -> tuple[Effect, ...]:
    """The figures that move the metric, one at a time or with others; undefined ones too.

    What does a little of what the most does, either way, is left out: it would bury the rest.
    """
    longest = max((e.span for e in found.effects if e.shows), default=0.0)
    strongest = max((_index_of(found, e) for e in found.effects), default=0.0)
    return tuple(
        e
        for e in found.effects
        if math.isnan(e.span)
        or (e.shows and e.span >= LITTLE * longest)
        or (_matters(found, e) and _index_of(found, e) >= LITTLE * strongest)
    )


def _index_of(found: Sensitivity, effect: Effect) -> float:
    """How much a figure does with all others anywhere in their ranges."""
    name = "mu_star" if found.method == MORRIS else "total"
    return found.indices[effect.path][name].mean or 0.0


def _matters(found: Sensitivity, effect: Effect) -> bool:
    """Whether that is more than nothing, in the digits that are told."""
    index = _index_of(found, effect)
    if found.method == MORRIS:
        return not words.is_nothing(index, words.unit(found.key))
    return abs(index) >= 0.005


def figure(found: Sensitivity, at: Interval) -> str:
    """The metric with its unit."""
    return words.amount(at.mean, found.key)


def reach(found: Sensitivity, effect: Effect) -> str:
    """From where to where the metric goes, from the least to the most: 2.80 to 30.45 %."""
    low, high = sorted((effect.at_low, effect.at_high), key=lambda e: e.mean or 0.0)
    return f"{_bare(found, low)} to {figure(found, high)}"


def _bare(found: Sensitivity, at: Interval) -> str:
    return words.figure(at.mean, words.unit(found.key)).removesuffix(" %")


def ends(effect: Effect) -> str:
    """A range in figures: 500 to 1,300."""
    return f"{words.written(effect.low)} to {words.written(effect.high)}"


def _table(found: Sensitivity, shown: tuple[Effect, ...]) -> Table:
    heads = [f"{HEADS[name]}{_index_unit(found)}" for name in _columns(found)]
    metric = f"{words.metric(found.key)}\nat the ends [{words.axis_unit(found.key)}]"
    table = new_table("figure", "range", "ledger", metric, *heads)
    table.columns[2].justify = "left"
    for effect in shown:
        at = f"{_bare(found, effect.at_low)} to {_bare(found, effect.at_high)}"
        indices = [_index(found, found.indices[effect.path], name) for name in _columns(found)]
        name = fields.labelled(effect.path, None)  # the year would break half of all names
        table.add_row(name, ends(effect), effect.quality, at, *indices)
    return table


def _columns(found: Sensitivity) -> tuple[str, ...]:
    return ("mu_star", "sigma") if found.method == MORRIS else ("total", "first")


def _index_unit(found: Sensitivity) -> str:
    """Morris' indices are differences of the metric; Sobol's are parts of its variance."""
    unit = words.unit(found.key)
    return f"\n[{'points' if unit == 'fraction' else unit}]" if found.method == MORRIS else ""


def _index(found: Sensitivity, indices: Indices, name: str) -> str:
    one = indices[name]
    if found.method == MORRIS:
        return words.interval(one, words.unit(found.key)).removesuffix(" %")
    if one.mean is None:
        return words.NONE
    text = f"{one.mean:z.2f}"
    return text if one.half_width is None else f"{text} ± {one.half_width:.2f}"


def _remarks(found: Sensitivity, shown: tuple[Effect, ...]) -> Iterator[str]:
    """What else to know: what does nothing, how sure the ends are, what the samples say."""
    still = [fields.name(e.path) for e in found.effects if e not in shown]
    if still:
        yield f"Nothing, or less than {100 * LITTLE:g} % of the most: {words.listed(still)}."
    if len(found.defined):
        least, most = (Interval(float(end)) for end in (min(found.defined), max(found.defined)))
        yield (
            f"As it is, {words.metric(found.key)} is {figure(found, found.base)}; in "
            f"{len(found.defined):,} samples over all ranges together it is from "
            f"{_bare(found, least)} to {figure(found, most)}."
        )
    if found.left_out:
        yield (
            f"{found.left_out} of {found.samples} {_samples(found)} are left out of the indices: "
            f"{words.metric(found.key)} is not defined there."
        )


def _samples(found: Sensitivity) -> str:
    return "trajectories" if found.method == MORRIS else "rows of samples"


def _about(found: Sensitivity) -> str:
    """What the columns mean."""
    both = chain.from_iterable((e.at_low, e.at_high) for e in found.effects)
    widest = max((each.half_width or 0.0 for each in both), default=0.0)
    unit = words.unit(found.key)
    most = words.figure(widest, unit).replace(" %", " points")
    sure = f", ± {most} at most" if widest else ""
    at = (
        f"At the ends, longest reach first: with the figure at the ends of its range, all else as "
        f"it is{sure}.{_year(found)}"
    )
    if found.method == MORRIS:
        return (
            f"{at} μ*: mean absolute change over the whole range, all else anywhere in its own "
            f"(Morris, {found.samples} trajectories); σ: how much that change depends on where; "
            "± of μ*: by resampling the trajectories."
        )
    return (
        f"{at} total: the part of the variance that would stay if all but this were known; alone: "
        f"the part that would go if this were known (Sobol, {found.samples} rows of samples); "
        "±: by resampling the rows."
    )


def _year(found: Sensitivity) -> str:
    """Of which year money is, where a figure is an amount."""
    dated, plain = (
        [fields.unit(path, year) for path in found.ranges]
        for year in (found.results.baseline.price_year, None)
    )
    return f" Money: {words.usd(found.results.baseline.price_year)}." if dated != plain else ""
