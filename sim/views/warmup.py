"""The picture of the warm-up: containers under way day by day, and when they have settled."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sim.results.observations import Floats
from sim.results.results import Results
from sim.results.warmup import WarmUp, under_way, warm_ups
from sim.scenario.model import Scenario
from sim.views import findings, words
from sim.views.style import (
    INK,
    MUTED,
    SHADE,
    Look,
    dressed,
    heading,
    headline,
    looks,
    row_labels,
    set_height,
    styled,
)

PITCH = 0.46
"""From row to row [inches]; vertical positions are in rows."""

HIGH = 0.75
"""How high the curve of a route rises at most."""

GAP = 0.9
"""Above the first row of a scenario, for its name."""


@styled()
def plot_warmup(results: Results, *, ax: Axes | None = None) -> Axes:
    """Containers under way on each route from day 0 on, mean over replications, a row a route.

    Each curve has a scale of its own. A diamond marks the day from which MSER-5 would measure; what
    the scenario leaves out is grey. Beside a route without a steady state stands why it has none.
    """
    ax = dressed(ax, 4, grid="x")
    top, ticks = 0.0, dict[float, str]()
    for scenario in results.scenarios:
        top += _heading(ax, results, scenario, top) / PITCH
        ticks |= _scenario(ax, results, scenario, top)
        top += GAP + len(under_way(results, scenario.name))
    row_labels(ax, {y - 0.25: route for y, route in ticks.items()})
    ax.set_ylim(top + 0.15, 0)
    ax.set_xlim(0, max(scenario.run.horizon for scenario in results.scenarios))
    ax.set_xlabel("time from the start of the simulation [days]")
    headline(ax, finding(results), _shown(results), labels=list(ticks.values()))
    set_height(ax, 1.7 + PITCH * top)
    return ax


def _shown(results: Results) -> str:
    said = (
        f"Containers under way, daily mean of {findings.means(results)}, each route on its own "
        "scale; grey: left out as warm-up"
    )
    settled = any(each.is_settled for name in results.names for each in warm_ups(results, name))
    return said + ("; diamond: where MSER-5 would begin to measure" if settled else "")


def _heading(ax: Axes, results: Results, scenario: Scenario, top: float) -> float:
    """Inches that its heading takes beyond one line."""
    routes = list(under_way(results, scenario.name))
    notes = [
        f"{scenario.run.warmup_days:g} days of warm-up",
        _why(scenario),
        "" if routes else "nothing is under way",
    ]
    return heading(ax, scenario.name, notes, top + 0.45, labels=list(looks(results)))


def _scenario(ax: Axes, results: Results, scenario: Scenario, top: float) -> dict[float, str]:
    """A scenario's rows below `top`; returns where the baseline of each is, with its label."""
    series, why = under_way(results, scenario.name), _why(scenario)
    settled = {each.route: each for each in warm_ups(results, scenario.name)}
    until, bottom = scenario.run.warmup_days, top + GAP + len(series)
    if series and until:
        ax.fill_between([0, until], top + GAP - 0.1, bottom, color=SHADE, linewidth=0, zorder=0)
    rows = {top + GAP + row: route for row, route in enumerate(series, 1)}
    for base, route in rows.items():
        about = settled.get(route)
        _curve(ax, series[route], looks(results)[route], base)
        if about and about.is_settled:
            _mark(ax, about, base)
        ax.text(
            1.015, base - 0.25, _said(about, changes=bool(why)),
            transform=ax.get_yaxis_transform(), va="center",
        )  # fmt: skip
    return rows


def _heights(values: Floats) -> Floats:
    scaled: Floats = HIGH * values / values.max()
    return scaled


def _curve(ax: Axes, values: Floats, look: Look, base: float) -> None:
    days, heights = np.arange(len(values) + 1), base - _heights(values)
    ax.stairs(heights, days, baseline=base, fill=True, facecolor=(*look.colour, 0.25), linewidth=0)
    ax.stairs(heights, days, baseline=None, color=look.colour, linewidth=1.3)
    ax.plot([0, len(values)], [base, base], color=MUTED, linewidth=0.8)


def _mark(ax: Axes, about: WarmUp, base: float) -> None:
    """A line from the baseline to the curve on the day that is suggested, a diamond on it."""
    day = about.suggested
    height = base - float(_heights(about.series)[day])
    ax.plot([day, day], [base, height], color=INK, linewidth=1.2)
    ax.plot([day], [height], color=INK, marker="D", markersize=4.5, zorder=3, clip_on=False)


def _said(about: WarmUp | None, *, changes: bool) -> str:
    """What stands beside a row: from which day on it has settled, or why there is no such day."""
    if about is None:
        return words.NONE if changes else "queue grows"
    if not about.is_told:
        return "too few days"
    return f"from day {about.suggested}" if about.is_settled else "does not settle"


def _why(scenario: Scenario) -> str:
    """Why nothing can settle, empty where it can."""
    if scenario.moves:
        return "changes from year to year"
    return "demand changes with the months" if scenario.demand.monthly else ""


def finding(results: Results) -> str:
    """What never settles, and whether the warm-up is long enough for all else."""
    found = [each for name in results.names for each in warm_ups(results, name)]
    if not found:
        return "; ".join([*_growing(results), "no steady state, so no end of a warm-up"])
    never = [*_growing(results), *_changing(results)]
    return "; ".join([*never, _settling(found, results, "all other" if never else "all")])


def _growing(results: Results) -> list[str]:
    """The routes whose rows say that their queue grows."""
    where = dict[str, list[str]]()
    for scenario in results.scenarios:
        for route in under_way(results, scenario.name):
            if route in results.growing(scenario.name) and not _why(scenario):
                where.setdefault(route, []).append(scenario.name)
    return [f"{route}'s queue grows{_in(results, *names)}" for route, names in where.items()]


def _changing(results: Results) -> list[str]:
    """The scenarios in which nothing can settle, all together."""
    names = [
        each.name for each in results.scenarios if _why(each) and under_way(results, each.name)
    ]
    return [f"no steady state{_in(results, *names)}"] if names else []


def _settling(found: list[WarmUp], results: Results, routes: str) -> str:
    """Of the route that needs most beyond what it has; of the last one if none does."""
    worst = max(found, key=lambda each: (not each.is_settled, each.suggested - each.configured))
    where = _in(results, worst.scenario)
    if not worst.is_told:
        days = "1 day is" if len(worst.series) == 1 else f"{len(worst.series)} days are"
        return f"{days} too few to tell what settles{where}"
    if not worst.is_settled:
        return f"{worst.route} does not settle within the run{where}"
    if worst.is_short:
        after = f"after a warm-up of {worst.configured:g} days"
        return f"{worst.route} settles by day {worst.suggested}, {after}{where}"
    last = max(found, key=lambda each: each.suggested)
    which = f"{last.route}, {last.scenario}" if len(results.scenarios) > 1 else last.route
    return f"{routes} routes settle within the warm-up, the last by day {last.suggested} ({which})"


def _in(results: Results, *names: str) -> str:
    """The scenarios that are meant, where there are several."""
    return f" ({', '.join(names)})" if len(results.scenarios) > 1 else ""
