"""The map: routes as wide as what they carry, between the places where something happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from sim.results.metrics import ALL, Key
from sim.results.observations import Floats
from sim.results.results import Results
from sim.views import findings
from sim.views.geography import Geography, Spot, geography
from sim.views.lettering import SMALL, line_count, text_points, wrapped
from sim.views.style import INK, WIDTH, Look, headline, looks, new_axes, note, set_height, styled

LAND: Final = "#e6e6e3"

LEGEND: Final = 0.19
"""Height of a line of the legend [inches]."""

CARRIES: Final = 240.0
"""Points that what a route carries may be wide, beside the symbols."""

WIDEST: Final = 9.0
"""The width of all demand, in points."""

THINNEST: Final = 0.8

MARKED: Final = 4.0
"""The size of the route's marker, besides half its width: they tell routes apart in grey."""

MARGIN: Final = 0.06
"""Of the extent of the lines, left free around them."""

SYMBOLS: Final = {
    "gauge": ("D", "change of gauge"),
    "facility": ("s", "facility"),
    "departures": ("o", "departures"),
    "border": ("|", "border"),
}
"""What stands at a place, the first of what is there: a marker and a name."""

DOT: Final = "."


class Frame:
    """What of the map is shown, and how far a point on paper goes there."""

    def __init__(self, where: Geography, width: float) -> None:
        self.low, self.high = where.extent(MARGIN)
        across, up = (self.high - self.low).tolist()
        self.a_point = across / (72 * width)
        self.height = width * up / across

    def paper(self, at: Sequence[float] | Floats) -> tuple[float, float]:
        """A place in points from the lower left."""
        x, y = ((np.asarray(at) - self.low) / self.a_point).tolist()
        return x, y


@styled()
def plot_map(results: Results, *, scenario: str | None = None, ax: Axes | None = None) -> Axes:
    """One scenario's routes on a map, the last one's by default, as wide as their throughput.

    Detours are dashed. Without places, a schematic. Raises UsageError for an unknown scenario.
    """
    said = results.scenario(scenario or results.names[-1])
    where, styles = geography(said), looks(results)
    ax = ax or new_axes(4)
    frame = Frame(where, ax.get_position().width * WIDTH * 1.25)
    for outline in where.land:
        ax.fill(*outline.T, facecolor=LAND, edgecolor="none", zorder=0)
    for (route, _), line in where.detours.items():
        look = styles[route]
        ax.plot(*line.T, color=look.colour, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    for route, line, width in _ribbons(results, said.name, where, frame):
        ax.plot(
            *line.T, color=styles[route].colour, linewidth=width, zorder=2, label=route,
            marker=styles[route].marker, markevery=[len(line) // 2], markersize=MARKED + width / 2,
            markeredgecolor="white", markeredgewidth=0.8,
        )  # fmt: skip
    _spots(ax, where, frame)
    ax.set_xlim(frame.low[0], frame.high[0])
    ax.set_ylim(frame.low[1], frame.high[1])
    ax.set_aspect("equal", anchor="N")  # what is left of the height is the legend's
    ax.set_axis_off()
    lines = _legend(ax, results, said.name, where, styles)
    set_height(ax, 1.02 * frame.height + 0.7 + LEGEND * lines)
    shown = _shown(results, said.name, where)
    headline(ax, findings.carried(results, said.name), shown, usual=1)
    return ax


def _shown(results: Results, name: str, where: Geography) -> str:
    parts = [f"{name}; widths: containers delivered a year, {findings.means(results)}"]
    parts += ["dashed: detours"] * bool(where.detours)
    parts += ["along: days under way, for no places are given"] * (not where.land)
    return "; ".join(parts)


def _ribbons(
    results: Results, name: str, where: Geography, frame: Frame
) -> Iterator[tuple[str, Floats, float]]:
    """Each stage's line and width in points; routes that share a line run side by side."""
    widths = {route: _width(results, name, route) for route, _ in where.lines}
    lines = [(line.tobytes(), route, line) for (route, _), line in where.lines.items()]
    for _, group in groupby(sorted(lines, key=lambda each: each[:2]), key=lambda each: each[0]):
        shared = [(route, line) for _, route, line in group if len(line) > 1]
        beside = -sum(widths[route] for route, _ in shared) / 2
        for route, line in shared:
            middle = beside + widths[route] / 2
            yield route, line + _left_of(line) * middle * frame.a_point, widths[route]
            beside += widths[route]


def _width(results: Results, name: str, route: str) -> float:
    carried = results.interval(Key(route, ALL, "throughput"), name).mean or 0.0
    return max(THINNEST, WIDEST * carried / (results.demand(name) or 1.0))


def _left_of(line: Floats) -> Floats:
    """Unit vectors to the left of a line at each of its points [points, 2]."""
    along = np.gradient(line, axis=0)
    length = np.hypot(*along.T)[:, None]
    along = np.divide(along, length, out=np.zeros_like(along), where=length > 0)
    return np.stack([-along[:, 1], along[:, 0]], axis=1)


def _spots(ax: Axes, where: Geography, frame: Frame) -> None:
    """A symbol at each place; its name where that hides nothing, those first where most happens."""
    points = [spot.at for spot in where.spots]
    points += [at for line in where.lines.values() for at in line]
    taken = [Bbox([frame.paper(at)] * 2).padded(3) for at in points]
    for spot in where.spots:
        marker = next((mark for kind, (mark, _) in SYMBOLS.items() if kind in spot.kinds), DOT)
        ax.plot(
            *([value] for value in spot.at), marker=marker, markersize=3 if marker == DOT else 5,
            color=INK, markerfacecolor=INK if marker == DOT else "white", zorder=3,
        )  # fmt: skip
        place = next(_free(spot, frame, taken), None) if spot.name else None
        if place is not None:
            shift, side, box = place
            taken.append(box)
            rim = [withStroke(linewidth=2, foreground="white", alpha=0.8)]
            note(ax, spot.name, spot.at, shift, ha=side, va="center", zorder=4, path_effects=rim)


def _free(
    spot: Spot, frame: Frame, taken: Sequence[Bbox]
) -> Iterator[tuple[tuple[float, float], str, Bbox]]:
    """Where a name would be inside the frame and over nothing: its offset, side and rectangle."""
    x, y = frame.paper(spot.at)
    right, top = frame.paper(frame.high)
    wide, high = text_points(spot.name), 1.1 * SMALL
    for dx, dy, side in (
        (6, 0, "left"), (-6, 0, "right"), (0, 10, "center"), (0, -10, "center"),
        (6, 8, "left"), (6, -8, "left"), (-6, 8, "right"), (-6, -8, "right"),
    ):  # fmt: skip
        left = x + dx - {"left": 0, "center": wide / 2, "right": wide}[side]
        box = Bbox.from_bounds(left, y + dy - high / 2, wide, high)
        inside = box.x0 > 0 and box.x1 < right and box.y0 > 0 and box.y1 < top
        if inside and not box.count_overlaps(taken):
            yield (dx, dy), side, box


def _legend(
    ax: Axes, results: Results, name: str, where: Geography, styles: dict[str, Look]
) -> int:
    """What each route carries, and what the symbols are; returns how many lines that takes."""
    handles = [
        Line2D([], [], color=styles[route].colour, linewidth=_width(results, name, route),
               marker=styles[route].marker, markeredgecolor="white",
               label=wrapped(findings.carries(results, name, route), CARRIES))
        for route in dict.fromkeys(route for route, _ in where.lines)
    ]  # fmt: skip
    ax.add_artist(_legend_at(ax, 0, handles))
    there = {kind for spot in where.spots for kind in spot.kinds}
    symbols = [
        Line2D([], [], color=INK, marker=mark, markerfacecolor="white", linewidth=0, label=said)
        for kind, (mark, said) in SYMBOLS.items()
        if kind in there
    ]
    ax.add_artist(_legend_at(ax, 1, symbols))
    return sum(line_count(str(each.get_label())) for each in handles)


def _legend_at(ax: Axes, side: int, handles: list[Line2D]) -> Legend:
    """A legend below the map, at its left or its right."""
    return Legend(
        ax, handles, [str(each.get_label()) for each in handles], borderpad=0, frameon=False,
        loc=("upper left", "upper right")[side], bbox_to_anchor=(side, -0.01),
        ncols=1 + side, labelcolor=INK, columnspacing=1.6, handlelength=1.6,
    )  # fmt: skip
