"""The picture of a sensitivity study: a bar a figure, from one end of its range to the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from sim.results.results import Results
from sim.results.sensitivity import Effect, Sensitivity
from sim.views import fields, words
from sim.views import sensitivities as told
from sim.views.style import (
    INK,
    dressed,
    heading,
    headline,
    note,
    row_labels,
    set_height,
    styled,
    text_width,
)

MOST_BARS = 12
"""More bars tell nothing: each is shorter than the last."""


class End(NamedTuple):
    """How the bar to one end of a range looks, in colour and in grey."""

    colour: str
    hatch: str


LOW: Final = End("#cfe3f2", "////")
HIGH: Final = End("#0072b2", "")

PITCH = 0.48
"""From row to row [inches]; vertical positions are in rows."""

THICK = 0.42
"""Of a bar."""


@styled()
def plot_tornado(
    results: Results | Sensitivity, *, ax: Axes | None = None, metric: str | None = None
) -> Axes:
    """The metric at both ends of each figure's range, all else as in the scenario.

    The longest reach is on top. Whiskers are the intervals of the differences to the scenario,
    which is the vertical line. `metric` in place of that of the study. Raises UsageError where
    nothing was varied over a ledger.
    """
    found = _asked(results, metric)
    moving = [each for each in told.moving(found) if not math.isnan(each.span)]
    shown = moving[:MOST_BARS]
    ax = dressed(ax, 4, grid="x")
    rows, bottom = list[float](), 0.0
    for effect in shown:
        rows.append(_row(ax, found, effect, bottom))
        bottom = rows[-1] + 1
    row_labels(ax, {})
    ax.set_ylim(max(bottom, 1) - 0.1, -0.4)
    ax.set_xlabel(words.axis(found.key))
    _label(ax, found, shown, rows)
    headline(ax, told.finding(found), _shown(found, shown, len(moving) - len(shown)))
    set_height(ax, 1.6 + PITCH * max(bottom, 1))
    return ax


def _asked(results: Results | Sensitivity, metric: str | None) -> Sensitivity:
    if isinstance(results, Sensitivity):
        return Sensitivity.of(results.results, metric or str(results.key))
    return Sensitivity.of(results, metric)


def _row(ax: Axes, found: Sensitivity, effect: Effect, row: float) -> float:
    """What a figure is and how well it is known, above its bars; returns their row."""
    unit = fields.unit(effect.path, found.results.baseline.price_year)
    said = f"{told.ends(effect)} {unit}".rstrip()
    row += heading(ax, fields.name(effect.path), [said, effect.quality], row) / PITCH
    for text in ax.texts[-2:]:  # no line of the grid runs through words
        text.set_bbox({"facecolor": ax.get_facecolor(), "edgecolor": "none", "pad": 0.5})
    scale, base = words.scale(found.key), found.base.mean or 0.0
    ax.plot([scale * base] * 2, [row + 0.22, row + 0.78], color=INK, linewidth=1.2)
    tos = (effect.to_low, effect.to_high)
    for end, to, (y, thick) in zip((LOW, HIGH), tos, _places(effect, row), strict=True):
        mean, half = scale * (to.mean or 0.0), scale * (to.half_width or 0.0)
        ax.barh(
            y, mean, thick, left=scale * base, facecolor=end.colour, hatch=end.hatch,
            edgecolor=INK, linewidth=0.6,
        )  # fmt: skip
        if half:
            ax.errorbar(scale * base + mean, y, xerr=half, color=INK, capsize=2.5, linewidth=1.2)
    return row


def _sides(effect: Effect) -> tuple[int, int]:
    """On which side of the scenario each end lies, -1 or 1; what does not move leaves room."""
    low, high = (int(np.sign(to.mean or 0)) for to in (effect.to_low, effect.to_high))
    low = low or -high or -1
    return low, high or -low


def _places(effect: Effect, row: float) -> list[tuple[float, float]]:
    """Height and thickness of both bars: beside each other, or above where both are on one side."""
    low, high = _sides(effect)
    if low != high:
        return [(row + 0.5, THICK)] * 2
    return [(row + 0.5 + shift, THICK / 2) for shift in (-0.14, 0.14)]


def _label(ax: Axes, found: Sensitivity, shown: Sequence[Effect], rows: Sequence[float]) -> None:
    """The value of each figure at the end of its bar, after making room for it."""
    base, scale = found.base.mean or 0.0, words.scale(found.key)
    ends = list[tuple[str, float, float, int]]()  # what it says, where, and on which side
    for row, effect in zip(rows, shown, strict=True):
        values, tos = (effect.low, effect.high), (effect.to_low, effect.to_high)
        for value, to, (y, _), side in zip(
            values, tos, _places(effect, row), _sides(effect), strict=True
        ):
            x = scale * (base + (to.mean or 0.0) + side * (to.half_width or 0.0))
            ends.append((words.written(value), x, y, side))
    reach = [scale * base, *(x for _, x, _, _ in ends)]
    low, high = min(reach), max(reach)
    if low == high:
        return
    ax.set_xlim(low, high)
    room = max(text_width(ax, said) for said, _, _, _ in ends) / (high - low)
    more = (high - low) * min(room, 0.3) / (1 - 2 * min(room, 0.3))
    ax.set_xlim(low - more, high + more)
    for said, x, y, side in ends:
        note(ax, said, (x, y), (4 * side, 0), va="center")
    if low >= 0:  # room for a label is no reason for a negative share
        left, right = ax.get_xlim()
        ax.set_xticks([tick for tick in ax.get_xticks() if max(left, 0) <= tick <= right])


def _shown(found: Sensitivity, shown: Sequence[Effect], more: int) -> str:
    """What is shown, below the finding."""
    number_ = len(found.results.measures[found.results.baseline.name])
    said = [
        "each alone at the low (hatched) and high (dark) end of its range",
        f"line: as it is, {told.figure(found, found.base)}",
        f"{number_:,} replication{'s' * (number_ > 1)}, the same random numbers",
    ]
    if number_ > 1:
        said.append(f"whiskers: {100 * found.results.baseline.run.confidence:g} % interval")
    if not all(each.shows for each in shown):
        said.append("without a bar: what matters only together with others")
    if more:
        said.append(f"{more} shorter ones are not shown")
    text = "; ".join(said)
    return text[:1].upper() + text[1:]
