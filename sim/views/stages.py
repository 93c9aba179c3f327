"""The picture of stages: where the days from door to door go, and which stage binds first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from scipy.optimize import isotonic_regression

from sim.results.bottleneck import KINDS
from sim.results.breakdown import StageFigures, most_used, stages
from sim.results.results import Results
from sim.scenario.model import Scenario
from sim.views import findings, words
from sim.views.lettering import SMALL, shortened
from sim.views.style import (
    FILLS,
    MUTED,
    dressed,
    heading,
    headline,
    looks,
    note,
    points,
    row_labels,
    set_height,
    styled,
    text_width,
)

HEADING, LABEL, BAR, BELOW = 0.2, 0.21, 0.24, 0.1
"""Heights [inches, as all vertical positions in that picture]."""

NEAR = 20.0
"""Points that a name may stand away from its stage."""

LEGEND = 0.3
"""Height of the line that says what the fills mean [inches]."""


@styled()
def plot_stages(results: Results, *, ax: Axes | None = None) -> Axes:
    """Mean door-to-door time of each route by stage, a bar a route in a group a scenario [days].

    Each stage is split into waiting for departures, queueing, service and transit. Stages are named
    where there is room, the one that binds first always, in bold; the sum stands at the end. A
    route without a steady state has no such times and is named instead.
    """
    ax = dressed(ax, 4, grid="x")
    bars = {scenario.name: _bars(results, scenario) for scenario in results.scenarios}
    totals = [bar.total for some in bars.values() for bar in some]
    ax.set_xlim(0, 1.14 * max(totals, default=1.0))
    top, ticks, routes = LEGEND, dict[float, str](), list(looks(results))
    for scenario in results.scenarios:
        notes = [words.rule(scenario), findings.remarks(results, scenario.name)]
        top += HEADING + heading(ax, scenario.name, notes, top + 0.1, labels=routes)
        for bar in bars[scenario.name]:
            ticks[top + LABEL + BAR / 2] = bar.route
            _draw(ax, bar, top + LABEL, routes)
            top += LABEL + BAR + BELOW
        top += BELOW
    _legend(ax, [bar for some in bars.values() for bar in some])
    ax.set_ylim(top, -0.05)
    row_labels(ax, ticks)
    for tick, route in zip(ax.get_yticklabels(), ticks.values(), strict=True):
        tick.set_color(looks(results)[route].ink)
    ax.set_xlabel("door-to-door time, mean [days]")
    headline(
        ax,
        findings.stages(results),
        "Where the days go, stage by stage, containers delivered in the measured window, "
        f"{findings.means(results)}; bold: the stage that binds first",
        labels=list(ticks.values()),
    )
    set_height(ax, 1.72 + top)
    return ax


@dataclass(frozen=True)
class _Piece:
    """A stage on a bar: from where to where, and of which kinds it is made [days]."""

    name: str
    first: float
    parts: tuple[tuple[str, float], ...]
    binds: bool

    @property
    def days(self) -> float:
        return sum(days for _, days in self.parts)

    @property
    def middle(self) -> float:
        return self.first + self.days / 2


@dataclass(frozen=True)
class _Bar:
    """A route: its pieces in order."""

    route: str
    pieces: tuple[_Piece, ...]

    @property
    def total(self) -> float:
        return sum(piece.days for piece in self.pieces)


def _bars(results: Results, scenario: Scenario) -> list[_Bar]:
    """The routes that delivered and have a steady state."""
    growing = findings.growing(results, scenario.name)
    bars = [
        _Bar(route, _pieces(stages(results, scenario.name, route)))
        for route in scenario.routes
        if route not in growing
    ]
    return [bar for bar in bars if bar.total]


def _pieces(known: Sequence[StageFigures]) -> tuple[_Piece, ...]:
    pieces, day, binds = list[_Piece](), 0.0, most_used(known)
    for stage in known:
        parts = tuple((part.kind, part.mean.mean or 0.0) for part in stage.parts)
        pieces.append(_Piece(stage.name, day, parts, stage is binds))
        day += pieces[-1].days
    return tuple(pieces)


def _draw(ax: Axes, bar: _Bar, y: float, routes: Sequence[str]) -> None:
    """The bar below `y`, its sum, and the names that have room above it."""
    before = ""
    for piece in bar.pieces:
        left = piece.first
        for kind, days in piece.parts:
            ax.barh(y + BAR / 2, days, BAR, left=left, **FILLS[kind].patch)
            if kind == before:  # where fills differ, no line hides what is short
                ax.vlines(left, y, y + BAR, color="white", linewidth=0.8)
            left += days
            before = kind if days else before
    said = f"{findings.days(bar.total)} days"
    note(ax, said, (bar.total, y + BAR / 2), (4, 0), va="center", fontweight="bold")
    for piece, x, half in _labels(ax, bar, routes):
        under = max(min(piece.middle, x + 0.8 * half), x - 0.8 * half)
        ax.plot([under, piece.middle], [y - 0.03, y], color=MUTED, linewidth=0.7)
        weight = "bold" if piece.binds else "normal"
        name = shortened(piece.name, points(ax, routes) - 6, weight=weight)
        ax.text(x, y - 0.05, name, ha="center", va="bottom", fontweight=weight)


def _labels(ax: Axes, bar: _Bar, routes: Sequence[str]) -> list[tuple[_Piece, float, float]]:
    """Which stages are named, where, and half the widths: the one that binds, then the longest.

    Names move aside for each other as long as each stays near its stage.
    """
    left, right = ax.get_xlim()
    named = list[tuple[_Piece, float, float]]()
    for piece in sorted(bar.pieces, key=lambda piece: (not piece.binds, -piece.days)):
        size = 1.15 * SMALL if piece.binds else SMALL  # bold is wider
        half = min(text_width(ax, piece.name, size, labels=routes), right - left) / 2
        tried = sorted([*((p, h) for p, _, h in named), (piece, half)], key=lambda t: t[0].middle)
        places = _side_by_side([(p.middle, h) for p, h in tried], left, right)
        near = NEAR / points(ax, routes) * (right - left)
        if not named or all(
            abs(x - p.middle) <= h + p.days / 2 + near and x + h <= 1.0001 * right
            for (p, h), x in zip(tried, places, strict=True)
        ):
            named = [(p, x, h) for (p, h), x in zip(tried, places, strict=True)]
    return named


def _side_by_side(wanted: Sequence[tuple[float, float]], left: float, right: float) -> list[float]:
    """Where names stand of which each wants a middle and has half a width, from left to right."""
    middles, halves = np.array(wanted).T
    steps = np.concatenate([[0.0], np.cumsum(halves[:-1] + halves[1:])])
    moved = isotonic_regression(middles - steps).x
    moved = np.maximum(np.minimum(moved, right - halves[-1] - steps[-1]), left + halves[0])
    return [float(x) for x in moved + steps]


def _legend(ax: Axes, bars: Sequence[_Bar]) -> None:
    """What the fills mean, those that are to be seen."""
    seen = {kind for bar in bars for piece in bar.pieces for kind, days in piece.parts if days > 0}
    handles = [Patch(label=KIND_WORDS[kind], **FILLS[kind].patch) for kind in KINDS if kind in seen]
    if handles:
        ax.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(0, 0),
            bbox_transform=ax.get_yaxis_transform(), ncols=len(handles), frameon=False,
            borderpad=0, borderaxespad=0, columnspacing=1.5, handlelength=1.6,
        )  # fmt: skip


KIND_WORDS = {
    "wait": "waiting for a departure",
    "queueing": "queueing",
    "service": "service",
    "transit": "transit",
}
"""The kinds of time, in words."""
