"""What one more of everything would give, for reading: the most valuable first."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from sim.results.intervals import Interval
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.scenario.more import More, one_more
from sim.views import words
from sim.views.grid import new_table

UNSTEADY = "its queue grows"
"""Stands where a time has no mean."""


@dataclass(frozen=True)
class Effect:
    """What one more gives a route that passes it: in throughput [a year], in days door to door."""

    route: str
    throughput: Interval
    days: Interval
    grows: bool
    breaks: bool
    """Whether its queue grows for ever now, and did not before."""

    @property
    def gain(self) -> tuple[bool, float, float]:
        """By which effects are ordered: containers, then days saved; what may be none is none.

        What makes a queue grow for ever comes last.
        """
        return not self.breaks, _sure(self.throughput), -_sure(self.days)


@dataclass(frozen=True)
class Gain:
    """One more of something, what it gives all routes together, and each that passes it."""

    more: More
    all_routes: Interval
    effects: tuple[Effect, ...]

    @property
    def best(self) -> Effect:
        """The effect on the route that gains most."""
        return max(self.effects, key=lambda effect: effect.gain)


def gains(results: Results) -> list[Gain]:
    """What each one more gives, the most valuable first."""
    known = [more for more in one_more(results.baseline) if more.scenario.name in results.names]
    found = [_gain(results, more) for more in known]
    return sorted(found, key=lambda each: each.best.gain, reverse=True)


def _gain(results: Results, more: More) -> Gain:
    name = more.scenario.name
    effects = tuple(
        Effect(
            route,
            results.difference(Key(route, ALL, "throughput"), name).interval,
            results.difference(Key(route, ALL, "door_to_door_mean"), name).interval,
            grows=route in results.growing(name),
            breaks=route in results.growing(name) - results.growing(results.baseline.name),
        )
        for route in more.routes
    )
    return Gain(more, results.difference(Key(ALL, ALL, "throughput"), name).interval, effects)


def _sure(found: Interval) -> float:
    """The mean of a difference, 0 where its interval holds 0."""
    return 0.0 if found.mean is None or found.holds_zero else found.mean


def print_more(results: Results, out: Console) -> None:
    """The table, and what is worth most in one sentence."""
    found = gains(results)
    out.print(_table(found, several=len(results.baseline.routes) > 1))
    out.print(finding(found), style="bold")
    out.print(PAIRED, style="dim")


PAIRED = (
    "Against the scenario as it is, paired by replication; ± as above, of each by itself. "
    "Ordered by the containers that a route gains, then by the days it saves, where the interval "
    "does not hold 0."
)


def _table(found: list[Gain], *, several: bool) -> Table:
    """A row for each route that passes what there is one more of."""
    together = ["all routes"] if several else []
    columns = ("", *together, "route", "its containers", "its days")
    title = "What one more would give [containers a year, days from door to door]"
    table = new_table(*columns, title=title)
    table.columns[1 + len(together)].justify = "left"
    for each in found:
        first = [each.more.scenario.name]
        if several:
            first.append(words.difference(each.all_routes, "containers/year"))
        for effect in each.effects:
            days = UNSTEADY if effect.grows else words.difference(effect.days, "days")
            carried = words.difference(effect.throughput, "containers/year")
            table.add_row(*first, effect.route, carried, days)
            first = [""] * len(first)
    return table


def finding(found: list[Gain]) -> str:
    """Which one more is worth most."""
    best = found[0].best
    containers, days = _sure(best.throughput), _sure(best.days)
    if best.breaks or (containers <= 0 and days >= 0):
        return "One more of anything gives nothing that these replications can tell."
    said = []
    if containers:
        carried = words.difference(best.throughput, "containers/year")
        said.append(f"carries {carried} containers a year")
    if days:
        said.append(f"takes {words.difference(best.days, 'days')} days")
    return f"Worth most: {found[0].more.said}: {best.route} {words.listed(said)}."
