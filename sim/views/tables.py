"""Tables of results for reading, the answer first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import IO

from rich.console import Console
from rich.table import Table

from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.results.rows import better
from sim.results.sensitivity import Sensitivity
from sim.views import findings, words
from sim.views.accounts import print_accounts
from sim.views.days import print_days
from sim.views.disruptions import print_disruptions, print_fleets
from sim.views.fates import print_fates
from sim.views.grid import console, new_table
from sim.views.more import print_more
from sim.views.parts import print_parts
from sim.views.sensitivities import print_sensitivity
from sim.views.sweeps import print_sweep

ABREAST = 3
"""Scenarios beside each other."""

LINES = {
    "throughput": "throughput [containers/year]",
    "share": "share of demand",
    "refused": "refused [containers/year]",
    "unserved": "unserved [containers/year]",
    "door_to_door_mean": "door to door, mean [days]",
    "door_to_door_p5": "  fastest 5 % within [days]",
    "door_to_door_p50": "  half within [days]",
    "door_to_door_p95": "  95 % within [days]",
    "on_time": "on time",
    "wait_mean": "wait, mean [days]",
    "load_factor": "load factor",
    "busiest_month": "busiest month [of a mean one]",
    "backlog_mean": "backlog, mean [containers]",
    "backlog_growth": "backlog growth [containers/year]",
    "under_way_mean": "under way, mean [containers]",
}
"""The metrics of the table in their order, in words."""

COMPARED = (
    "throughput",
    "door_to_door_mean",
    "door_to_door_p95",
    "on_time",
    "wait_mean",
    "load_factor",
)
"""The metrics whose differences are worth a line."""


def print_results(results: Results, file: IO[str] | None = None) -> None:
    """Print a study."""
    print_study(results, console(file))


def print_study(results: Results, out: Console) -> None:
    """The answer, every scenario, where its days go or how it differs, and how sure all this is."""
    if results.is_one_more:
        _print_scenarios(alone(results), out)
        print_more(results, out)
    elif results.is_sweep:
        print_sweep(results.along(), out)
    elif results.is_sensitivity:
        print_sensitivity(Sensitivity.of(results), out)
    else:
        _print_scenarios(results, out)
    out.print(words.how_sure(results), style="dim")


def alone(results: Results) -> Results:
    """The baseline by itself."""
    base = results.baseline
    return replace(
        results, scenarios=(base,), measures={base.name: results.measures[base.name]}, paired=False
    )


def _print_scenarios(results: Results, out: Console) -> None:
    out.print(words.answer(results), style="bold")
    out.print(f"Choice of a route: {'; '.join(words.rules(results))}.")
    for caution in cautions(results):
        out.print(caution, style="yellow" if caution.startswith("warning: ") else None)
    for names in _abreast(results.names):
        out.print(figures(results, names))
    groups = [results.names] if results.paired else [(name,) for name in results.names]
    for names in groups:
        print_disruptions(results, names, out)
        print_fleets(results, names, out)
        print_accounts(results, names, out)
        if not results.paired:  # a comparison stays lean
            for printing in OF_ONE:
                printing(results, names[0], out)
    if results.paired:
        print_differences(results, out)


OF_ONE = (print_fates, print_parts, print_days)
"""What is printed of one scenario alone: what became of its containers, its parts, its days."""


def print_differences(results: Results, out: Console) -> None:
    """How the scenarios differ from the baseline."""
    out.print(_differences(results))
    out.print(PAIRED, style="dim")
    if results.comparisons > 1:
        out.print(
            f"± of the differences holds for all {results.comparisons} scenarios together with "
            f"{100 * results.baseline.run.confidence:g} % confidence (Bonferroni), so it is wider "
            "than for one alone.",
            style="dim",
        )


PAIRED = (
    "better: in how many of the replications the scenario is better than the baseline; – where the "
    "interval holds 0. variance ÷: the variance of a difference of independent runs over that of "
    "these, which share their random numbers; below 1 sharing did not help."
)


def _abreast(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Scenarios for one table each, the baseline in all of them."""
    base, others = names[:1], names[1:]
    for first in range(0, max(len(others), 1), ABREAST - 1):
        yield (*base, *others[first : first + ABREAST - 1])


def cautions(results: Results) -> list[str]:
    """What to know before one reads the figures."""
    unsteady = [f"{name}: {said}" for name in results.names for said in _unsteady(results, name)]
    return [*(f"warning: {each}" for each in words.price_years(results.scenarios)), *unsteady]


def _unsteady(results: Results, name: str) -> Iterator[str]:
    """Why some means are missing: queues that grow without end; and what nobody carries."""
    preview = results.preview(name)
    yield from (w for w in preview.warnings if "no steady state" in w or "unserved" in w)
    for route in preview.routes:
        growth = results.interval(Key(route.name, ALL, "backlog_growth"), name)
        if route.steady and route.name in results.growing(name):
            yield (
                f"{route.name}: its backlog grew by {words.interval(growth, 'containers/year')} "
                "containers a year: no steady state, or too short a warm-up"
            )


def figures(results: Results, names: Sequence[str], metrics: Collection[str] = LINES) -> Table:
    """Metrics of each route, a column a scenario."""
    table = new_table("", *names)
    for route in words.and_all(r for name in names for r in results.scenario(name).routes):
        lines = [line for line in _lines(results, route, names, metrics) if any(line[1:])]
        if lines:
            table.add_row(words.route(route), style="bold")
            for label, *cells in lines:
                table.add_row(f"  {label}", *cells)
    return table


def _lines(
    results: Results, route: str, names: Sequence[str], metrics: Collection[str]
) -> Iterator[list[str]]:
    for metric in metrics:
        key = Key(route, ALL, metric)
        if route == ALL and "_p" in metric:  # percentiles of a mixture of routes say little
            continue
        if metric in ZEROS_UNSAID and not any(
            findings.mean(results, n, route, metric) for n in names
        ):
            continue
        if metric == "backlog_growth" and not any(map(results.growing, names)):
            continue
        cells = [words.cell(results, name, key) for name in names]
        yield [_label(results, metric, route, names), *cells]


def _label(results: Results, metric: str, route: str, names: Sequence[str]) -> str:
    """A metric in words, with the days promised where a route keeps its promise."""
    if metric != "on_time" or route == ALL:
        return LINES[metric]
    return f"{LINES[metric]}, {words.promised([results.scenario(n) for n in names], route)}"


ZEROS_UNSAID = ("refused", "unserved")
"""Metrics that are left out where they are zero in all scenarios."""


def _differences(results: Results) -> Table:
    against = f"Against {results.baseline.name}, paired by replication"
    table = new_table("", "difference", "better", "variance ÷", title=against)
    for name in results.names[1:]:
        for route in words.and_all(results.scenario(name).routes):
            lines = list(_difference_lines(results, name, route))
            if lines:
                table.add_row(f"{name}, {words.route(route)}", style="bold")
            for line in lines:
                table.add_row(*line)
    return table


def _difference_lines(results: Results, name: str, route: str) -> Iterator[tuple[str, ...]]:
    for metric in COMPARED:
        key = Key(route, ALL, metric)
        difference = results.difference(key, name)
        if difference.interval.mean is None or (route == ALL and "_p" in metric):
            continue
        found, unit = difference.interval, words.unit(key)
        if (found.holds_zero and metric != "throughput") or words.is_nothing(found.mean, unit):
            continue
        ahead = None if found.holds_zero else better(key, difference)
        yield (
            f"  {_label(results, metric, route, [results.baseline.name, name]).strip()}",
            words.difference(found, unit),
            words.NONE if ahead is None else f"{100 * ahead:.0f} %",
            words.factor(difference.variance_reduction),
        )
