"""The pictures over time: what is delivered each day, and what waits for a departure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from sim.results.curves import RouteCurves
from sim.results.observations import Floats
from sim.results.results import Results
from sim.views import findings, words
from sim.views.lettering import line_count, wrapped
from sim.views.style import (
    DASHES,
    MUTED,
    SHADE,
    Dashes,
    Look,
    dress,
    headline,
    line_height,
    looks,
    new_axes,
    note,
    points_up,
    spread,
    styled,
)

MOST_NAMED = 6
"""Disruptions that are told by name; more would hide the lines."""

END = 195.0
"""Points that the label at the end of a line may be wide."""

WINDOWS = (28, 7, 1)
"""Days over which deliveries are averaged, for trips come in one by one; the longest that fits."""


@styled()
def plot_deliveries(results: Results, *, ax: Axes | None = None) -> Axes:
    """Containers delivered a day over the days of replication 0, a line a scenario and route.

    Its label says how full the vehicles are: the load factor, the mean of all replications.
    """
    ax = ax or new_axes(tall(results))
    shortest = min(scenario.run.horizon for scenario in results.scenarios)
    days = next((window for window in WINDOWS if 4 * window <= shortest), 1)
    _over_time(ax, results, lambda curve: _moving_mean(curve.deliveries, days), full=True)
    averaged = f", {days}-day moving mean" if days > 1 else ""
    ax.set_ylabel(f"containers delivered\n[a day{averaged}]")
    headline(ax, findings.deliveries(results), f"Deliveries over time, {_shown(results)}", usual=3)
    return ax


@styled()
def plot_backlog(results: Results, *, ax: Axes | None = None) -> Axes:
    """Containers waiting for a departure over the days of replication 0, as `plot_deliveries`."""
    ax = ax or new_axes(tall(results))
    _over_time(ax, results, lambda curve: curve.backlog)
    ax.set_ylabel("backlog\n[containers, daily mean]")
    headline(ax, findings.backlog(results), f"Waiting for a departure, {_shown(results)}", usual=3)
    return ax


def _shown(results: Results) -> str:
    """The lines are of one replication, the title is of all; the rules are those of choice."""
    shown = f"replication 0; in the title: measured window, {findings.means(results)}"
    return "; ".join([shown, *words.rules(results)])


def tall(results: Results) -> float:
    """Inches for so many lines with a label each."""
    lines = _lines(results, lambda curve: curve.backlog, full=True)
    return max(3.6, 1.5 + (0.04 + 0.16 * _most_lines(lines)) * len(lines))


def _most_lines(lines: list[_Line]) -> int:
    """Of text, in a label."""
    return max((line_count(line.label) for line in lines), default=0)


def _moving_mean(daily: Floats, days: int) -> Floats:
    """The mean over the days around each, NaN where some of them are not simulated."""
    means = np.convolve(daily, np.full(days, 1 / days), mode="valid")
    missing = len(daily) - len(means)
    before = np.full(missing // 2, np.nan)
    return np.concatenate([before, means, np.full(missing - len(before), np.nan)])


@dataclass(frozen=True)
class _Line:
    """One route of one scenario: containers by day, and how it is drawn."""

    label: str
    look: Look
    dashes: Dashes
    values: Floats

    @property
    def marked(self) -> tuple[int, int]:
        """The first day with a marker, and the days between two."""
        return len(self.values) // 10, max(len(self.values) // 8, 1)

    @property
    def end(self) -> tuple[int, float]:
        """The last day that has a value, and the value."""
        day = int(np.flatnonzero(np.isfinite(self.values))[-1])
        return day, float(self.values[day])


def _lines(results: Results, what: Callable[[RouteCurves], Floats], *, full: bool) -> list[_Line]:
    """Colour tells the route; dashes the scenario, or the route again where there is but one."""
    styles, several = looks(results), len(results.scenarios) > 1
    return [
        _Line(
            wrapped(
                (f"{name} {route}" if several else route)
                + (_load_factor(results, name, route) if full else ""),
                END,
            ),
            styles[route],
            DASHES[number % len(DASHES)] if several else styles[route].dashes,
            what(curve),
        )
        for number, name in enumerate(results.names)
        for route, curve in results.curves(name).routes.items()
    ]


def _load_factor(results: Results, name: str, route: str) -> str:
    part = findings.mean(results, name, route, "load_factor")
    return "" if part is None else f", {findings.percent(part)} full"


def _over_time(
    ax: Axes, results: Results, what: Callable[[RouteCurves], Floats], *, full: bool = False
) -> None:
    """Lines over days with a label at the end of each, the warm-up shaded."""
    dress(ax, grid="y")
    lines = _lines(results, what, full=full)
    for line in lines:
        ax.plot(
            np.arange(len(line.values)), line.values, label=line.label, linewidth=1.5,
            color=line.look.colour, linestyle=line.dashes,
            marker=line.look.marker, markersize=4, markevery=line.marked,
        )  # fmt: skip
    ax.set_xlim(0, max(scenario.run.horizon for scenario in results.scenarios))
    ax.set_ylim(0, 1.15 * max([float(np.nanmax(line.values)) for line in lines], default=0) or 1)
    _shade_warmup(ax, results)
    _shade_disruptions(ax, results)
    _end_labels(ax, lines)
    ax.set_xlabel("time from the start of the simulation [days]")


def _shade_warmup(ax: Axes, results: Results) -> None:
    """Grey up to the end of the warm-up, of the longest one where they differ."""
    until = max(scenario.run.warmup_days for scenario in results.scenarios)
    if until > 0:
        ax.axvspan(0, until, color=SHADE, zorder=0)
        note(ax, "warm-up", (0, 1), (5, -4), xycoords="axes fraction", va="top", color=MUTED)


def _shade_disruptions(ax: Axes, results: Results) -> None:
    """The days on which something was disrupted, with its name where there are few."""
    spans = {span for name in results.names for span in results.curves(name).disrupted}
    for name, first, end in sorted(spans, key=lambda span: (span[1], span[0])):
        ax.axvspan(
            first, min(end, ax.get_xlim()[1]), facecolor="none", edgecolor=MUTED, alpha=0.5,
            hatch="////", linewidth=0, zorder=0,
        )  # fmt: skip
        if len(spans) <= MOST_NAMED:
            top = ("data", "axes fraction")
            said = wrapped(name, points_up(ax))
            note(ax, said, (first, 1), (-3, -5), xycoords=top, va="top", rotation=90, color=MUTED)


def _end_labels(ax: Axes, lines: list[_Line]) -> None:
    """Names right of the lines' ends, moved apart, each tied to its end by a piece of its line."""
    if not lines:
        return
    (_, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    gap = line_height(ax, 1.5 * _most_lines(lines) - 0.5)  # axes may become lower by a third
    over = (gap - line_height(ax)) / 2  # more lines reach as far beyond the axes as one does
    places = spread([line.end[1] for line in lines], gap, low + over, high - over)
    for line, y in zip(lines, places, strict=True):
        ax.plot(
            [line.end[0], 1.04 * right], [line.end[1], y], clip_on=False, linewidth=1.2,
            color=line.look.colour, linestyle=line.dashes,
        )  # fmt: skip
        ax.text(1.05 * right, y, line.label, color=line.look.ink, va="center")
