"""Pictures as files: written whole or not at all, and the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.errors import UsageError
from sim.results.results import Results
from sim.results.solution import Frontier
from sim.scenario.schema import did_you_mean
from sim.views import flows, plots
from sim.views.style import Page, figure_of, styled

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
        for figure in (_laid_out(pictures[name]()),)
        for kind in formats or METADATA
    ]


def drawings(found: Results | Frontier) -> dict[str, Callable[[], Figure]]:
    """What there is to draw; of a single solution, the scenario that it solved."""
    if isinstance(found, Frontier) and found.solutions[0].setting is not None:
        return {FRONTIER: lambda: figure_of(plots.plot_frontier(found))}
    results = found.results if isinstance(found, Frontier) else found
    pictures = PICTURES
    if results.is_sweep:
        pictures = {SWEEP: plots.plot_sweep}
    elif results.is_sensitivity:
        pictures = {TORNADO: plots.plot_tornado}
    return {
        name: partial(_drawn, plot, results)
        for name, plot in pictures.items()
        if results.scenarios and (results.daily or name != WARMUP)
    }


def _drawn(plot: Callable[[Results], Axes], results: Results) -> Figure:
    return figure_of(plot(results))


def _flows(results: Results) -> Axes:
    """Deliveries above the backlog, over the same days."""
    above, below = Page(2 * flows.tall(results)).subplots(2, 1, sharex=True)
    plots.plot_deliveries(results, ax=above)
    above.label_outer()
    return plots.plot_backlog(results, ax=below)


FRONTIER, SWEEP, TORNADO, WARMUP = "frontier", "sweep", "tornado", "warmup"

PICTURES: dict[str, Callable[[Results], Axes]] = {
    "shares": plots.plot_shares,
    "times": plots.plot_times,
    "stages": plots.plot_stages,
    "flows": _flows,
    "map": plots.plot_map,
    "strings": plots.plot_string_lines,
    WARMUP: plots.plot_warmup,
}


def _laid_out(figure: Figure) -> Figure:
    """With everything at its place: to find it takes as long as to draw, and is the same twice."""
    figure.set_dpi(DPI)  # letters are not as wide at another
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
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
