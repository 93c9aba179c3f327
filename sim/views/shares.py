"""The picture of shares: who carries how much, against demand and capacity."""

from __future__ import annotations

from matplotlib.axes import Axes

from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.scenario.model import Scenario
from sim.views import findings, words
from sim.views.lettering import LINE, SMALL, TEXT, line_count, wrapped
from sim.views.style import (
    INK,
    MUTED,
    dressed,
    heading,
    headline,
    looks,
    row_labels,
    set_height,
    styled,
)

PITCH = 0.27
"""From bar to bar [inches], where the routes' names take one line."""


@styled()
def plot_shares(results: Results, *, ax: Axes | None = None) -> Axes:
    """Throughput of each route against demand and capacity [thousand containers a year].

    A bar a route in a group a scenario, its interval as a whisker, the route's yearly capacity as
    an outline, the demand as a dashed line; beside it the throughput and the share.
    """
    bars = [_route_label(each, route) for each in results.scenarios for route in each.routes]
    pitch = max([PITCH, *(0.06 + LINE * SMALL / 72 * line_count(wrapped(said)) for said in bars)])
    ax = dressed(ax, 4, grid="x")
    top, more, ticks = 0.0, 0.0, dict[float, str]()
    demands = {words.count(results.demand(name)) for name in results.names}
    for scenario in results.scenarios:
        own = f"demand {words.count(results.demand(scenario.name))}" if len(demands) > 1 else ""
        notes = [words.rule(scenario), own, findings.remarks(results, scenario.name)]
        below = heading(ax, scenario.name, notes, top, labels=bars)
        more, top = more + below, top + below / pitch
        for slot, route in enumerate(scenario.routes):
            ticks[top + 0.95 + slot] = _route_label(scenario, route)
            _share_bar(ax, results, scenario.name, route, top + 0.95 + slot)
        if demand := results.demand(scenario.name):
            span = [top + 0.45, top + 0.45 + len(scenario.routes)]
            ax.plot([demand / 1000] * 2, span, color=INK, linewidth=1.2, linestyle=(0, (3, 2)))
        top += len(scenario.routes) + 1.4
    if len(demands) == 1 and demand:
        said = f"demand {words.count(demand)}"
        ax.text(demand / 1000, top - 0.9, said, ha="center", va="top")
    row_labels(ax, ticks)
    ax.set_ylim(top - 0.2, -0.4)
    ax.set_xlim(0, _widest(results) / 1000)
    ax.set_xlabel("containers delivered [thousand a year]")
    headline(
        ax,
        findings.shares(results),
        f"Throughput and share of the demand, {findings.replications(results)}; "
        f"outline: yearly capacity{_prices(results)}",
        labels=bars,
    )
    set_height(ax, 1.6 + pitch * len(bars) + 0.37 * len(results.scenarios) + more)
    return ax


def _route_label(scenario: Scenario, route: str) -> str:
    """A route's name, with its freight where money decides."""
    if not words.by_money(scenario):
        return route
    return f"{route} {words.money(scenario.routes[route].freight_usd)}"


def _prices(results: Results) -> str:
    """The year of the prices where money is shown; of each scenario where years differ."""
    names: dict[int | None, list[str]] = {}
    for scenario in filter(words.by_money, results.scenarios):
        names.setdefault(scenario.price_year, []).append(scenario.name)
    if not names:
        return ""
    if len(names) == 1:
        return f"; freight in {words.usd(*names)}"
    years = [f"{words.usd(year)} ({', '.join(those)})" for year, those in names.items()]
    return f"; freight in {words.listed(years)}"


def _share_bar(ax: Axes, results: Results, name: str, route: str, y: float) -> None:
    """One route's bar, whisker, outline and label."""
    look, capacity = looks(results)[route], findings.capacity(results, name, route)
    flow = results.interval(Key(route, ALL, "throughput"), name)
    value = (flow.mean or 0.0) / 1000
    ax.barh(y, value, 0.62, color=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0)
    if capacity is not None:
        ax.barh(y, capacity / 1000, 0.8, fill=False, edgecolor=MUTED, linewidth=0.9)
    if flow.low is not None and flow.high is not None and flow.high > flow.low:
        ends = [[value - flow.low / 1000], [flow.high / 1000 - value]]
        ax.errorbar(value, y, xerr=ends, color=INK, capsize=2.5, linewidth=1.2)
    share = findings.mean(results, name, route, "share")
    ax.text(
        1.015, y, _share_label(flow.mean, share), transform=ax.get_yaxis_transform(),
        color=look.ink, va="center", fontsize=TEXT,
    )  # fmt: skip


def _share_label(throughput: float | None, share: float | None) -> str:
    """Such as "500 k · 50.0 %"."""
    if not throughput:
        return "none"
    thousands = throughput / 1000
    said = f"{thousands:,.0f} k" if thousands >= 99.95 else f"{thousands:,.1f} k"
    return said if share is None else f"{said} · {100 * share:.1f} %"


def _widest(results: Results) -> float:
    """Where the axis ends: a capacity far above all flows runs out of the picture."""
    flows, ceilings = [0.0], [0.0]
    for scenario in results.scenarios:
        flows.append(results.demand(scenario.name))
        for route in scenario.routes:
            flow = results.interval(Key(route, ALL, "throughput"), scenario.name)
            flows.append(flow.high or flow.mean or 0.0)
            ceilings.append(findings.capacity(results, scenario.name, route) or 0.0)
    most = max(flows)
    return 1.03 * (max(most, min(max(ceilings), 1.5 * most)) or max(ceilings) or 1000)
