"""The picture of a frontier: the value that reaches the target, along what was varied."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from sim.results.solution import Frontier
from sim.views import solutions as told
from sim.views import words
from sim.views.style import BLUE, FAINT, INK, MUTED, dressed, headline, note, styled, value_places


@styled()
def plot_frontier(frontier: Frontier, *, ax: Axes | None = None) -> Axes:
    """The solved value over the varied one, with its interval; grey where there is none.

    A dotted line marks the value that the scenario holds. What is varied is an axis where it is
    numbers, else a place for each value.
    """
    ax = dressed(ax, 4.2, grid="y")
    first = frontier.solutions[0]
    path, _ = told.varied(first)
    places = value_places(ax, [told.varied(each)[1] for each in frontier.solutions])
    _solved(ax, frontier, places)
    _present(ax, frontier)
    _unsolved(ax, frontier, places)
    ax.set_xlabel(told.heading(path, first))
    ax.set_ylabel(told.heading(first.by, first))
    run = first.scenario.run
    sure = "" if run.replications == 1 else f"; whiskers: {100 * run.confidence:g} % interval"
    shown = f"{run.replications:,} replications on the same random numbers{sure}"
    if any(each.value is None for each in frontier.solutions):
        shown += "; grey: no value reaches it"
    headline(ax, told.finding(frontier), shown)
    return ax


def _solved(ax: Axes, frontier: Frontier, places: list[float]) -> None:
    """A line through the values, broken where there is none, with their intervals as whiskers."""
    order = sorted(range(len(places)), key=places.__getitem__)
    solutions = [frontier.solutions[n] for n in order]
    values = [math.nan if each.value is None else each.value for each in solutions]
    halves = [
        0.0 if each.value is None or each.high is None else each.high - each.value
        for each in solutions
    ]
    ax.errorbar(
        [places[n] for n in order], values, yerr=halves, color=BLUE, ecolor=INK, marker="o",
        markersize=4.5, linewidth=1.5, elinewidth=1.2, capsize=3,
    )  # fmt: skip
    if all(math.isnan(value) for value in values):
        tried = [end for each in frontier.solutions for end in each.tried]
        ax.set_ylim(min(tried), max(tried))


def _present(ax: Axes, frontier: Frontier) -> None:
    """The value that the scenario holds, where it is one and near enough to be seen."""
    present = {each.present for each in frontier.solutions}
    low, high = ax.get_ylim()
    value = present.pop()
    if present or not low - (high - low) < value < high + (high - low):
        return
    ax.axhline(value, color=MUTED, linewidth=1.0, linestyle=(0, (1, 2)))
    said, right = f"as it is: {words.written(value)}", ("axes fraction", "data")
    note(ax, said, (1, value), (0, 3), xycoords=right, ha="right", color=MUTED)


def _unsolved(ax: Axes, frontier: Frontier, places: list[float]) -> None:
    """A grey bar from top to bottom where no value reaches the target."""
    for x, each in zip(places, frontier.solutions, strict=True):
        if each.value is None:
            ax.axvline(x, color=FAINT, linewidth=7, zorder=0)
