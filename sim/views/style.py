"""One look for every picture: a route keeps its colour, marker, line and hatch everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, Final, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.typing import RcKeyType
from scipy.optimize import isotonic_regression

from sim.results.results import Results
from sim.scenario.distributions import is_number
from sim.views import words
from sim.views.lettering import (
    FONT,
    LABEL,
    LINE,
    SMALL,
    TEXT,
    TITLE,
    line_count,
    text_points,
    wrapped,
)

INK: Final = "#222222"
MUTED: Final = "#666666"
FAINT: Final = "#d9d9d9"
SHADE: Final = "#f2f2f2"
BLUE: Final = "#0072b2"
"""Where no route is meant."""

WIDTH: Final = 7.0
"""Inches of a full page's column; at half of it the small text is still legible."""

RC: Final[dict[RcKeyType, Any]] = {
    "font.family": FONT,
    "font.size": SMALL,
    "text.color": INK,
    "text.parse_math": False,  # a name may hold dollar signs and underscores
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": TEXT,
    "axes.linewidth": 0.8,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.1,
    "hatch.linewidth": 0.6,
    "lines.solid_capstyle": "butt",
    "svg.hashsalt": "transsib",
    "svg.fonttype": "path",
}


_ONE_AT_A_TIME = RLock()
"""Matplotlib has one look for a whole process: of two threads one would restore the other's."""


@contextmanager
def styled() -> Iterator[None]:
    """The look, as a context or a decorator."""
    with _ONE_AT_A_TIME, matplotlib.rc_context(RC):
        yield


_OKABE_ITO: Final = matplotlib.color_sequences["okabe_ito"]
_COLOURS: Final = (
    *(_OKABE_ITO[n] for n in (5, 1, 3, 6, 7, 2, 0)),
    "0.55",
)  # its yellow is too light
_MARKERS: Final = "osD^vPX*"
_HATCHES: Final = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "||||", "++++")
DASHES: Final = (
    "-",
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (6, 1.5, 1, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (2, 3)),
)
"""Line styles: of the routes where there is one scenario, of the scenarios where there are more."""

Dashes = str | tuple[float, Sequence[float]]


@dataclass(frozen=True)
class Look:
    """How one route looks, in colour and in grey."""

    colour: tuple[float, float, float]
    marker: str
    dashes: Dashes
    hatch: str

    @property
    def ink(self) -> tuple[float, float, float]:
        """The colour, dark enough for text on white."""
        red, green, blue = self.colour
        factor = min(1.0, 0.36 / max(0.3 * red + 0.59 * green + 0.11 * blue, 0.01))
        return red * factor, green * factor, blue * factor


@dataclass(frozen=True)
class Fill:
    """How time of one kind looks, in colour and in grey; unlike any route."""

    colour: str
    hatch: str

    @property
    def patch(self) -> dict[str, Any]:
        """What a rectangle is drawn with."""
        edge = INK if self.hatch else self.colour
        return {"facecolor": self.colour, "hatch": self.hatch, "edgecolor": edge, "linewidth": 0}


FILLS: Final = {
    "wait": Fill("#f0e442", "////"),
    "queueing": Fill("#8f1d21", ""),
    "service": Fill("#8f8f8f", "...."),
    "transit": Fill("#dedede", ""),
}
"""By kind of time; what is lost stands out."""


def looks(results: Results) -> dict[str, Look]:
    """The look of every route, given in the order of the alphabet."""
    names = sorted({name for scenario in results.scenarios for name in scenario.routes})
    return {name: _look(number) for number, name in enumerate(names)}


def _look(number: int) -> Look:
    return Look(
        to_rgb(_COLOURS[number % len(_COLOURS)]),
        _MARKERS[number % len(_MARKERS)],
        DASHES[number % len(DASHES)],
        _HATCHES[number % len(_HATCHES)],
    )


class Page(Figure):
    """A figure of our own, of a page's width: as high as what is on it, in inches."""

    def __init__(self, height: float) -> None:
        super().__init__(figsize=(WIDTH, height), layout="constrained")
        self._above = 0.0

    def set_body(self, height: float) -> None:
        """The height without what long headlines take."""
        self.set_size_inches(WIDTH, height + self._above)

    def make_room(self, above: float) -> None:
        """Room for a long headline."""
        self._above += above
        self.set_size_inches(WIDTH, self.get_size_inches()[1] + above)


def new_axes(height: float) -> Axes:
    """Axes of a page's width and a height in inches, on a figure of their own."""
    return Page(height).subplots()


def dressed(ax: Axes | None, height: float, *, grid: Literal["x", "y"]) -> Axes:
    """The axes given, or new ones of a height in inches, with a grid along which to read."""
    ax = ax or new_axes(height)
    dress(ax, grid=grid)
    return ax


def set_height(ax: Axes, height: float) -> None:
    """Give a page a height in inches that is known only when all is drawn.

    A figure of somebody else keeps its size.
    """
    page = figure_of(ax)
    if isinstance(page, Page):
        page.set_body(height)


def figure_of(ax: Axes) -> Figure:
    """The figure on which axes are."""
    figure = ax.get_figure(root=True)
    assert figure is not None, "axes are on a figure"
    return figure


def dress(ax: Axes, *, grid: Literal["x", "y"]) -> None:
    """Spines, ticks and a grid along which to read numbers; said here, for ticks are made late."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=SMALL, color=MUTED, labelcolor=INK, length=3, width=0.8)
    ax.grid(visible=True, axis=grid, color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    along = ax.xaxis if grid == "x" else ax.yaxis
    along.set_major_formatter(commas)


def commas(value: float, _: object) -> str:
    """How a tick is told."""
    return f"{value:,.10g}"


def row_labels(ax: Axes, labels: Mapping[float, str]) -> None:
    """What rows are called, by their height, in place of a scale."""
    ax.set_yticks(list(labels), list(map(wrapped, labels.values())), parse_math=False)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def value_places(ax: Axes, values: Sequence[Any]) -> list[float]:
    """Where values stand on the horizontal axis: each has a place unless all are numbers."""
    if all(map(is_number, values)):
        ax.xaxis.set_major_formatter(commas)
        return list(values)
    places = [float(number) for number in range(len(values))]
    ax.set_xticks(places, list(map(words.written, values)))
    return places


def headline(
    ax: Axes, finding: str, shown: str, *, labels: Sequence[str] = (), usual: int = 2
) -> None:
    """The finding as a title, and below it a line saying what is shown.

    Both begin where the axes begin; `labels` are what stands left of the axes. A page becomes
    higher by the lines of each that are more than the usual.
    """
    room = points(ax, labels)
    title, subtitle = wrapped(finding, room, TITLE, "bold"), wrapped(shown, room)
    above = 9 + LINE * SMALL * line_count(subtitle)
    ax.set_title(title, loc="left", pad=above, fontsize=TITLE, fontweight="bold")
    below = note(ax, subtitle, (0, 1), (0, 6), xycoords="axes fraction", color=MUTED, va="bottom")
    below.set_in_layout(False)
    page = figure_of(ax)
    if isinstance(page, Page):
        more = ((title, TITLE), (subtitle, SMALL))
        page.make_room(sum(LINE / 72 * size * max(line_count(t) - usual, 0) for t, size in more))


def points(ax: Axes, labels: Sequence[str] | None = None) -> float:
    """The width of axes in points, on the safe side.

    With the labels that stand left of them, that once they are laid out, up to the figure's edge.
    """
    if labels is None:
        return 72 * _size(ax)[0]
    beside = 20 + 1.6 * TEXT * bool(ax.get_ylabel())
    left = max([58.0, *(beside + min(text_points(label), LABEL) for label in labels)])
    return 72 * 1.29 * _size(ax)[0] - left  # axes begin as 1 / 1.29 of their room


def points_up(ax: Axes) -> float:
    """The height of axes in points, before they are laid out."""
    return 72 * _size(ax)[1]


def _size(ax: Axes) -> tuple[float, float]:
    """Width and height of axes in inches, before they are laid out."""
    box, (width, height) = ax.get_position(), figure_of(ax).get_size_inches()
    return float(box.width * width), float(box.height * height)


def note(
    ax: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], **look: Any
) -> Annotation:
    """Words so many points beside a place, on the side to which they are shifted."""
    look = {"ha": "right" if shift[0] < 0 else "left", **look}
    return ax.annotate(text, at, xytext=shift, textcoords="offset points", **look)


def heading(
    ax: Axes, name: str, notes: Sequence[str], y: float, *, labels: Sequence[str] = ()
) -> float:
    """A scenario's name above its rows, at the left edge, and notes behind it.

    Notes that have no room there have lines of their own. Returns the inches that this takes
    beyond one line; `labels` are what stands left of the axes.
    """
    room, place = points(ax, labels), ax.get_yaxis_transform()
    said, called = " · ".join(filter(None, notes)), wrapped(name, room, TEXT, "bold")
    below = LINE * TEXT * (line_count(called) - 1)
    title = note(
        ax, called, (0, y), (0, -below / 2), xycoords=place, fontsize=TEXT, fontweight="bold",
        va="center",
    )  # fmt: skip
    title.set_in_layout(False)
    beside = text_points(called.split("\n")[-1], TEXT, "bold") + 8 + text_points(said) <= room
    if said and beside and not below:
        behind = note(ax, said, (1, 0), (8, 0), xycoords=title, color=MUTED, va="bottom")
    elif said:
        lines = wrapped(said, room)
        behind = note(ax, lines, (0, 0), (0, -1), xycoords=title, color=MUTED, va="top")
        below += LINE * SMALL * line_count(lines)
    else:
        return below / 72
    behind.set_in_layout(False)
    return below / 72


def text_width(
    ax: Axes, text: str, size: float = SMALL, *, labels: Sequence[str] | None = None
) -> float:
    """The width of a text with a space around it, in units of the horizontal axis.

    Nearer to the truth with the labels that stand left of the axes.
    """
    left, right = ax.get_xlim()
    return (6 + text_points(text, size)) / points(ax, labels) * (right - left)


def line_height(ax: Axes, lines: float = 1) -> float:
    """The height that lines of text need, in units of the vertical axis, on the safe side."""
    bottom, top = ax.get_ylim()
    return (0.25 + LINE * lines) * SMALL / points_up(ax) * (top - bottom)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions at least `gap` apart within [low, high], as near to the wanted ones as can be.

    Where there is no room for such gaps they are even.
    """
    order = np.argsort(wanted, kind="stable")
    gap = min(gap, (high - low) / max(len(order) - 1, 1))
    steps = gap * np.arange(len(order))
    moved = isotonic_regression(np.asarray(wanted, float)[order] - steps).x
    moved = np.maximum(np.minimum(moved, high - steps[-1]), low) + steps
    return [float(moved[place]) for place in np.argsort(order, kind="stable")]
