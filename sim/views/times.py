"""The picture of times: how long containers take from door to door, and what was quoted."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes

from sim.results.curves import RouteCurves
from sim.results.observations import Floats
from sim.results.results import Results
from sim.scenario.model import Scenario
from sim.scenario.routes import Route
from sim.views import findings, words
from sim.views.lettering import line_count, shortened, wrapped
from sim.views.style import (
    MUTED,
    Look,
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

RIDGE = 0.85
"""Height of the highest curve [inches, as all vertical positions in that picture]."""

LINE = 0.17
"""Height of a line of small text [inches]."""

NARROW = 0.02
"""Times that vary by less than this part of the picture are a line, as high as there is room."""

FARTHEST = 1.5
"""A promise of more times the greatest day is told and not drawn: it would squeeze the rest."""


@styled()
def plot_times(results: Results, *, ax: Axes | None = None) -> Axes:
    """Door-to-door times by route, a row a scenario [days].

    Areas are shares of the containers delivered in the measured window of replication 0; a line
    marks the median over all replications, a bracket below the range that the transits quote, and
    a diamond the days promised. A route without a steady state has no such times and is named
    instead.
    """
    ax = dressed(ax, 4, grid="x")
    ax.set_xlim(*_span(results))
    top, scale = 0.0, _scale(ax, results)
    for scenario in results.scenarios:
        top = _row(ax, results, scenario, top, scale)
    ax.set_ylim(top, -0.15)
    row_labels(ax, {})
    ax.set_xlabel("door-to-door time [days]")
    headline(
        ax,
        findings.times(results),
        "Containers delivered in the measured window, replication 0; area: share of containers; "
        f"line: median of {findings.means(results)}; bracket: quoted range"
        + ("; diamond: days promised" if _promises(results) else ""),
    )
    set_height(ax, 1.5 + top)
    return ax


def _drawn(results: Results, name: str) -> dict[str, RouteCurves]:
    """The curves of the routes that delivered and have a steady state, without empty ends."""
    growing = findings.growing(results, name)
    found = results.curves(name).routes.items()
    return {n: _trimmed(curve) for n, curve in found if curve.density.any() and n not in growing}


def _trimmed(curve: RouteCurves) -> RouteCurves:
    first, last = np.flatnonzero(curve.density)[[0, -1]]
    inside = slice(first, last + 1)
    return replace(curve, edges=curve.edges[first : last + 2], density=curve.density[inside])


def _span(results: Results) -> tuple[float, float]:
    """From the least to the greatest day that is drawn, and a margin."""
    seen: list[float] = []
    for scenario in results.scenarios:
        for curve in _drawn(results, scenario.name).values():
            seen += curve.edges[[0, -1]].tolist()
        for route in _told(results, scenario).values():
            seen += _quoted(route)
    if seen:
        seen += [days for days in _promises(results) if days <= FARTHEST * max(seen)]
    low, high = (min(seen), max(seen)) if seen else (0.0, 1.0)
    margin = 0.04 * (high - low) or 1.0
    return max(low - margin, 0.0), high + margin


def _scale(ax: Axes, results: Results) -> float:
    """Inches for a density of one per day; what hardly varies is cut, not all else flattened."""
    left, right = ax.get_xlim()
    curves = [curve for name in results.names for curve in _drawn(results, name).values()]
    wide = [each for each in curves if np.ptp(each.edges) > NARROW * (right - left)]
    return RIDGE / max((float(each.density.max()) for each in wide or curves), default=1.0)


def _inches(densities: Floats, scale: float) -> Floats:
    heights: Floats = np.minimum(scale * densities, RIDGE)
    return heights


def _promises(results: Results) -> list[float]:
    """The days that routes promise."""
    routes = [
        route for scenario in results.scenarios for route in _told(results, scenario).values()
    ]
    return [route.promise_days for route in routes if route.promise_days is not None]


def _told(results: Results, scenario: Scenario) -> dict[str, Route]:
    """The routes that took part, by the alphabet: open ones, and those that a phase opened."""
    return {
        name: route
        for name, route in sorted(scenario.routes.items())
        if route.is_open or findings.mean(results, scenario.name, name, "throughput")
    }


def _quoted(route: Route) -> list[float]:
    """The quoted range in days, empty where there is none."""
    low, high = route.quoted_days
    return [low, high] if math.isfinite(high) and high > 0 else []


def _row(ax: Axes, results: Results, scenario: Scenario, top: float, scale: float) -> float:
    """One scenario's curves below `top`; returns where the next row starts."""
    curves, styles = _drawn(results, scenario.name), looks(results)
    medians = _medians(ax, results, scenario.name, scale)
    heights = [float(_inches(curve.density, scale).max()) for curve in curves.values()]
    notes = [words.rule(scenario), findings.remarks(results, scenario.name)]
    top += heading(ax, scenario.name, notes, top + 0.08)
    base = top + 0.3 + max([0.1, *heights, *(median.height + LINE for median in medians)])
    ax.axhline(base, color=MUTED, linewidth=0.8)
    for route, curve in curves.items():
        _ridge(ax, curve, styles[route], base, scale)
    for median in medians:
        _mark(ax, median, styles[median.route], base)
    below = base
    for route, about in _told(results, scenario).items():
        if text := _said(results, scenario.name, route):
            below = _bracket(ax, about, styles[route], text, below + LINE)
    return below + 0.3


def _ridge(ax: Axes, curve: RouteCurves, look: Look, base: float, scale: float) -> None:
    heights = base - _inches(curve.density, scale)
    ax.stairs(
        heights, curve.edges, baseline=base, fill=True, facecolor=(*look.colour, 0.35),
        hatch=look.hatch, edgecolor=(*look.colour, 0.6), linewidth=0,
    )  # fmt: skip
    ax.stairs(heights, curve.edges, baseline=base, color=look.colour, linewidth=1.2)


def _mark(ax: Axes, median: _Median, look: Look, base: float) -> None:
    """A line up to the curve, thin from there to the text."""
    ax.plot([median.x] * 2, [base, base - median.foot], color=look.ink, linewidth=1.6)
    y = base - median.height - 0.03
    ax.plot([median.x] * 2, [base - median.foot, y + 0.03], color=look.ink, linewidth=0.6)
    ax.text(median.at, y, median.text, color=look.ink, ha="center")


@dataclass
class _Median:
    """A median: where it and its text are, how high its mark and its text are above the base."""

    route: str
    x: float
    at: float
    text: str
    foot: float
    height: float
    half: float


def _medians(ax: Axes, results: Results, name: str, scale: float) -> list[_Median]:
    """A label a route that has a median, above the curves and clear of each other."""
    curves, placed = _drawn(results, name), list[_Median]()
    left, right = ax.get_xlim()
    for route, curve in curves.items():
        median = findings.mean(results, name, route, "door_to_door_p50")
        if median is None:
            continue
        text = shortened(f"{route} {findings.days(median)}", points(ax) - 6)
        half = text_width(ax, text) / 2
        at = max(min(median, right - half), left + half)
        height = max(_height(c, scale, at - half, at + half) for c in curves.values())
        for other in sorted(placed, key=lambda label: label.height):
            if abs(other.at - at) < other.half + half and abs(other.height - height) < LINE:
                height = other.height + LINE
        foot = _height(curve, scale, median, median)
        placed.append(_Median(route, median, at, text, foot, height, half))
    return placed


def _height(curve: RouteCurves, scale: float, low: float, high: float) -> float:
    """The greatest height of a curve between two days."""
    touched = (curve.edges[1:] >= low) & (curve.edges[:-1] <= high)
    return float(_inches(curve.density[touched], scale).max(initial=0.0))


def _said(results: Results, name: str, route: str) -> str:
    """What was quoted, promised and kept: rail quoted 13–18, promised 18, kept 93 %."""
    about, said = results.scenario(name).routes[route], []
    if quoted := _quoted(about):
        said.append("quoted " + "–".join(f"{each:g}" for each in sorted(set(quoted))))
    if about.promise_days is not None:
        said.append(f"promised {about.promise_days:g}")
        kept = findings.mean(results, name, route, "on_time")
        said += [] if kept is None else [f"kept {findings.kept(kept)}"]
    return f"{route} {', '.join(said)}" if said else ""


def _bracket(ax: Axes, about: Route, look: Look, text: str, y: float) -> float:
    """The quoted range and the promise; returns where their text stands.

    That is on the side where there is more room, or on a line of its own where there is not enough.
    """
    quoted = _quoted(about)
    ax.plot(quoted, [y] * len(quoted), color=look.ink, linewidth=1.6, marker="|", markersize=7)
    promise = [] if about.promise_days is None else [about.promise_days]
    ax.plot(promise, [y] * len(promise), color=look.ink, marker="D", markersize=4.5, zorder=3)
    left, right = ax.get_xlim()
    low, high = np.clip([min(quoted + promise), max(quoted + promise)], left, right)
    after = right - high > low - left
    width = text_width(ax, text)
    if width > max(right - high, low - left):
        text = wrapped(text, points(ax) - 6)
        start = max(left, min(low, right - min(width, right - left)))
        below = LINE * line_count(text)
        ax.text(start, y + (LINE + below) / 2, text, va="center", color=look.ink)
        return y + below
    at, shift = (high if after else low, y), (6 if after else -6, 0)
    note(ax, text, at, shift, va="center", color=look.ink)
    return y
