"""The picture of a sweep: a line with its interval and the knee, or a map of two parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from sim.results.metrics import ALL
from sim.results.results import Results
from sim.results.sweep import Knee, Point, Sweep
from sim.scenario.distributions import is_number
from sim.scenario.schema import split
from sim.views import sweeps, words
from sim.views.lettering import SMALL
from sim.views.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    SHADE,
    WIDTH,
    commas,
    dress,
    figure_of,
    headline,
    looks,
    new_axes,
    note,
    styled,
    text_width,
    value_places,
)

MAP = "Blues"
"""Light to dark, so that it can be read in grey."""

MOST_TICKS = 12
"""Labels along an axis of the map."""


@styled()
def plot_sweep(results: Results, *, ax: Axes | None = None, metric: str | None = None) -> Axes:
    """A metric over what was varied: with one path a line, with two a map.

    The line has its interval as a band, and dashed the capacity that was varied. A vertical line
    marks the knee, grey its interval; in a map frames mark the knees. `metric` in place of that
    of the study. Raises UsageError where nothing was varied.
    """
    sweep = results.along(metric)
    ax = ax or new_axes(4.4)
    if len(sweep.paths) == 1:
        _draw_line(ax, sweep)
    else:
        _draw_map(ax, sweep)
    return ax


def _draw_line(ax: Axes, sweep: Sweep) -> None:
    dress(ax, grid="y")
    (path,) = sweep.paths
    places = value_places(ax, sweep.values[path])
    _curve(ax, sweep, places)
    for knee in sweep.knees:
        _draw_knee(ax, knee, dict(zip(sweep.points, places, strict=True)))
    ax.set_xlabel(sweeps.heading(sweep, path))
    ax.set_ylabel(words.axis(sweep.key))
    headline(ax, sweeps.finding(sweep), _shown(sweep))


def _curve(ax: Axes, sweep: Sweep, places: Sequence[float]) -> None:
    """The means over their band, broken where there is none; points where nothing lies between."""
    order = sorted(range(len(places)), key=places.__getitem__)
    x = [places[n] for n in order]
    found = [sweep.interval(sweep.points[n]) for n in order]
    low, mean, high = (
        words.scale(sweep.key) * np.array([math.nan if end is None else end for end in ends])
        for ends in zip(*((each.low, each.mean, each.high) for each in found), strict=True)
    )
    look = looks(sweep.results).get(sweep.key.route)
    colour, marker = (BLUE, "o") if look is None else (look.colour, look.marker)
    if all(map(is_number, *sweep.values.values())):
        ax.fill_between(x, low, high, color=colour, alpha=0.25, linewidth=0)
        ax.plot(x, mean, color=colour, marker=marker, markersize=4.5, linewidth=1.5)
    else:
        half = np.nan_to_num(high - mean)
        ax.errorbar(x, mean, yerr=half, color=colour, ecolor=INK, fmt=marker, capsize=3)
        ax.margins(x=0.15)
    _capacity(ax, sweep, x, [sweep.points[n].name for n in order])


def _capacity(ax: Axes, sweep: Sweep, x: Sequence[float], names: Sequence[str]) -> None:
    """What could be carried at most, dashed, as far as the picture goes."""
    slots = _slots(sweep)
    if slots:
        top = 1.05 * ax.dataLim.ymax
        dashes = (0, (3, 2))
        offered = [slots[name] for name in names]
        ax.plot(x, offered, color=MUTED, linewidth=1.0, linestyle=dashes, zorder=1)
        ax.set_ylim(0, top)


def _slots(sweep: Sweep) -> dict[str, float]:
    """The capacity at each point, where the throughput of its route is drawn."""
    if sweep.capacity is None:
        return {}
    if sweep.key != (split(sweep.capacity)[1], ALL, "throughput"):
        return {}
    return {p.name: n for k in sweep.knees for p, n in zip(k.points, k.slots, strict=True)}


def _draw_knee(ax: Axes, knee: Knee, places: Mapping[Point, float]) -> None:
    """A line where the knee is, over its interval in grey; without an end it goes to the last."""
    left, right = ax.get_xlim()
    if knee.has_interval and knee.low is not None:
        far = knee.points[-1] if knee.high is None else knee.high
        low, high = sorted((places[knee.low], places[far]))
        ax.axvspan(low, high, color=SHADE, zorder=0)
        for end in (low, high):
            ax.axvline(end, color=FAINT, linewidth=1.0, zorder=0)
    ax.set_xlim(left, right)
    if knee.point is None:
        return
    x = places[knee.point]
    ax.axvline(x, color=INK, linewidth=1.2, zorder=1.5)
    said = f"knee: {words.written(knee.point.at[0])}"
    fits = x + text_width(ax, said) < right
    note(ax, said, (x, 0), (4 if fits else -4, 6), xycoords=("data", "axes fraction"))


def _shown(sweep: Sweep) -> str:
    """What is shown, below the finding."""
    run, number = sweep.results.baseline.run, len(sweep.results.measures[sweep.results.names[0]])
    said = [f"{number:,} replication{'s' * (number > 1)} on the same random numbers at all values"]
    if len(sweep.paths) == 1:
        if number > 1:
            kind = "band" if all(map(is_number, *sweep.values.values())) else "whiskers"
            said.append(f"{kind}: {100 * run.confidence:g} % interval")
        if _slots(sweep):
            said.append("dashed: capacity")
        if any(knee.has_interval and knee.low and knee.low != knee.high for knee in sweep.knees):
            said.append("grey: interval of the knee")
    elif any(knee.point for knee in sweep.knees):
        said.append(
            f"framed: the knee, where one more slot carries less than {sweep.worth:g} container"
        )
    return "; ".join(said)


def _draw_map(ax: Axes, sweep: Sweep) -> None:
    """Cells as dark as the metric is great, the first path from left to right."""
    across, up = sweep.values.values()
    means = [math.nan if (m := sweep.interval(p).mean) is None else m for p in sweep.points]
    cells = np.array(means).reshape(len(across), len(up)).T
    ax.set_facecolor(FAINT)
    mesh = ax.pcolormesh(
        np.ma.masked_invalid(words.scale(sweep.key) * cells), cmap=MAP, edgecolors="white",
        linewidth=0.5,
    )  # fmt: skip
    _label(ax, sweep)
    _write_cells(ax, sweep, cells)
    for knee in sweep.knees:
        if knee.point is not None:
            x, y = (values.index(v) for values, v in zip((across, up), knee.point.at, strict=True))
            frame = Rectangle(
                (x + 0.04, y + 0.04), 0.92, 0.92, fill=False, edgecolor=INK, linewidth=1.6
            )
            ax.add_patch(frame)
    bar = figure_of(ax).colorbar(mesh, ax=ax, format=FuncFormatter(commas))
    bar.ax.tick_params(labelsize=SMALL, color=MUTED, length=3)
    bar.outline.set_visible(False)
    bar.set_label(words.axis(sweep.key))
    headline(ax, sweeps.finding(sweep), _shown(sweep))


def _label(ax: Axes, sweep: Sweep) -> None:
    """Both axes, with the values at the middle of the cells, of many some."""
    for axis, (path, values) in zip((ax.xaxis, ax.yaxis), sweep.values.items(), strict=True):
        every = math.ceil(len(values) / MOST_TICKS)
        some = range(0, len(values), every)
        axis.set_ticks([n + 0.5 for n in some], [words.written(values[n]) for n in some])
        axis.set_label_text(sweeps.heading(sweep, path))
    ax.tick_params(labelsize=SMALL, length=0)
    ax.spines[:].set_visible(False)


def _write_cells(ax: Axes, sweep: Sweep, cells: np.ndarray) -> None:
    """The figures in the cells, where they fit; light on dark."""
    unit, known = words.unit(sweep.key), cells[np.isfinite(cells)]
    texts = [words.figure(None if math.isnan(each) else each, unit) for each in cells.flat]
    texts = [text.removesuffix(" %") for text in texts]
    if text_width(ax, max(texts, key=len)) > 0.85 or len(cells) > 2 * WIDTH:
        return
    span = np.ptp(known) if len(known) else 0
    for ((y, x), cell), text in zip(np.ndenumerate(cells), texts, strict=True):
        dark = span > 0 and (cell - known.min()) / span > 0.55
        ax.text(x + 0.5, y + 0.5, text, ha="center", va="center", color="white" if dark else INK)
