"""Pictures as files: written whole or not at all, and the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from sim.errors import UsageError
from sim.results.results import Results
from sim.results.solution import Frontier
from sim.scenario.schema import did_you_mean
from sim.views.plots import (
    plot_backlog,
    plot_deliveries,
    plot_frontier,
    plot_map,
    plot_shares,
    plot_stages,
    plot_string_lines,
    plot_sweep,
    plot_times,
    plot_tornado,
    plot_warmup,
)
from sim.views.style import WIDTH, styled

METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}
"""What matplotlib would say about itself and the day, left out."""

DPI = 200


@styled()
def save_pictures(
    found: Results | Frontier,
    folder: Path,
    *,
    only: Collection[str] | None = None,
    formats: Collection[str] | None = None,
) -> list[Path]:
    """Write the pictures of results as PNG and SVG; returns the files written.

    `shares`, `times`, `stages`, `flows`, the `map` and the `strings` of the last scenario and
    `warmup`, the `sweep`, the `tornado` of a sensitivity study, or the `frontier` that a goal seek
    found. Raises UsageError for the name of a picture or a format that there is not.
    """
    pictures = drawings(found)
    for asked, known in ((only or (), pictures), (formats or (), METADATA)):
        for word in set(asked) - set(known):
            raise UsageError(f"no picture or format {word!r}{did_you_mean(word, list(known))}")
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _saved(figure, folder / f"{name}.{kind}")
        for name in only or pictures
        for figure in (pictures[name](),)
        for kind in formats or METADATA
    ]


def drawings(found: Results | Frontier) -> dict[str, Callable[[], Figure]]:
    """What there is to draw; of a single solution, the scenario that it solved."""
    if isinstance(found, Frontier) and found.solutions[0].setting is not None:
        return {FRONTIER: lambda: _figure(plot_frontier(found).get_figure(root=True))}
    results = found.results if isinstance(found, Frontier) else found
    if results.is_sweep:
        return {SWEEP: lambda: _figure(plot_sweep(results).get_figure(root=True))}
    if results.is_sensitivity:
        return {TORNADO: lambda: _figure(plot_tornado(results).get_figure(root=True))}
    return {
        name: partial(draw, results)
        for name, draw in PICTURES.items()
        if results.scenarios and (results.daily or name != WARMUP)
    }


def _shares(results: Results) -> Figure:
    return _figure(plot_shares(results).get_figure(root=True))


def _times(results: Results) -> Figure:
    return _figure(plot_times(results).get_figure(root=True))


def _stages(results: Results) -> Figure:
    return _figure(plot_stages(results).get_figure(root=True))


def _flows(results: Results) -> Figure:
    """Deliveries above the backlog, over the same days."""
    lines = sum(len(scenario.routes) for scenario in results.scenarios)
    figure = Figure(figsize=(WIDTH, max(7.2, 3.0 + 0.4 * lines)), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    plot_deliveries(results, ax=above)
    plot_backlog(results, ax=below)
    above.label_outer()
    return figure


def _map(results: Results) -> Figure:
    return _figure(plot_map(results).get_figure(root=True))


def _strings(results: Results) -> Figure:
    return _figure(plot_string_lines(results).get_figure(root=True))


def _warmup(results: Results) -> Figure:
    return _figure(plot_warmup(results).get_figure(root=True))


FRONTIER, SWEEP, TORNADO, WARMUP = "frontier", "sweep", "tornado", "warmup"

PICTURES: dict[str, Callable[[Results], Figure]] = {
    "shares": _shares,
    "times": _times,
    "stages": _stages,
    "flows": _flows,
    "map": _map,
    "strings": _strings,
    WARMUP: _warmup,
}


def _figure(figure: Figure | None) -> Figure:
    assert figure is not None, "axes are on a figure"
    return figure


def _saved(figure: Figure, path: Path) -> Path:
    """Write beside the path and rename, so that nobody sees half a picture."""
    unfinished = path.with_name(f".{path.name}.part")
    kind = path.suffix.removeprefix(".")
    unfinished.unlink(missing_ok=True)  # it may lead elsewhere
    try:
        figure.savefig(unfinished, format=kind, dpi=DPI, metadata=METADATA[kind])
        return unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
