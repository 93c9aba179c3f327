"""What a panel shows: pictures and figures of a what-if, against the base and the move before."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from html import escape
from io import BytesIO

from matplotlib.axes import Axes

from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.views import findings, words
from sim.views.pictures import METADATA
from sim.views.shares import plot_shares
from sim.views.style import MUTED, figure_of, styled
from sim.views.times import plot_times

DPI = 120
"""The pictures are shown at about 90 pixels an inch: sharp enough, and soon drawn."""

COLUMNS = {
    "share": "share of demand",
    "throughput": "containers a year",
    "door_to_door_mean": "door to door [days]",
    "wait_mean": "wait [days]",
}
"""The metrics of the answer, in words."""


def beside(base: Results, other: Results) -> Results:
    """Two studies of one scenario each as a comparison that shares its random numbers."""
    kept = {each.baseline.name: each for each in (base, other)}
    both = replace(
        base,
        scenarios=(base.baseline, other.baseline),
        measures={**base.measures, **other.measures},
        paired=True,
        resimulate=lambda scenario, _: kept[scenario.name].detail(),
    )
    for name, each in kept.items():
        both._previews[name] = each.preview(name)  # what takes time is kept from move to move
    return both


@styled()
def shares(results: Results, before: Results | None = None) -> str:
    """The picture of shares as an HTML element; where the bars ended before is marked."""
    ax = plot_shares(results)
    if before is not None:
        _shadow(ax, results, before)
    said = f"Bars of what each route carries in {words.listed(results.names)}"
    return _element(ax, said)


def _shadow(ax: Axes, results: Results, before: Results) -> None:
    """A grey line over each bar of the last scenario, where it ended before."""
    name, routes = before.names[-1], results.scenarios[-1].routes
    for y, route in zip(ax.get_yticks()[-len(routes) :], routes, strict=True):
        carried = findings.mean(before, name, route, "throughput")
        if carried is not None:
            ax.plot([carried / 1000] * 2, [y - 0.5, y + 0.5], color=MUTED, linewidth=3, alpha=0.7)


@styled()
def times(what_if: Results) -> str:
    """The picture of door-to-door times of the what-if alone."""
    return _element(plot_times(what_if), "Door-to-door times by route")


def _element(ax: Axes, said: str) -> str:
    """A picture with its finding for who cannot see it; an `Image` widget could not hold a text."""
    png = BytesIO()
    figure_of(ax).savefig(png, format="png", dpi=DPI, metadata=METADATA["png"])
    finding = ax.get_title(loc="left").replace("\n", " ")
    address = f"data:image/png;base64,{b64encode(png.getvalue()).decode()}"
    return f'<img alt="{escape(f"{said}: {finding}")}" src="{address}">'


def table(results: Results, before: Results | None = None) -> str:
    """The figures of the what-if, a line a route, each with its change against the base.

    Below them those of the move before.
    """
    base, name = results.names
    routes = words.and_all(results.baseline.routes)
    lines = "".join(_line(results, name, route, before) for route in routes)
    heads = "".join(f"<th>{head}</th>" for head in COLUMNS.values())
    said = f"{name}; below each figure its change against {base}"
    said += "" if before is None else "; grey: before the last move"
    return f"<table><tr><th></th>{heads}</tr>{lines}</table><small>{escape(said)}</small>"


def _line(results: Results, name: str, route: str, before: Results | None) -> str:
    keys = [Key(route, ALL, metric) for metric in COLUMNS]
    cells = "".join(f"<td>{_cell(results, name, key)}{_before(before, key)}</td>" for key in keys)
    return f"<tr><th>{escape(words.route(route))}</th>{cells}</tr>"


def _cell(results: Results, name: str, key: Key) -> str:
    unit, change = words.unit(key), results.difference(key, name).interval
    said = words.difference(change, unit)
    if change.mean is not None and words.is_nothing(change.mean, unit):
        said = "±0"
    return f"{words.interval(results.interval(key, name), unit)}<small>{said}</small>"


def _before(before: Results | None, key: Key) -> str:
    if before is None:
        return ""
    said = words.cell(before, before.names[-1], key) or words.NONE
    return f'<small class="before">{said}</small>'
