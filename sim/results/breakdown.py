"""Where the days of a route go, stage by stage, with intervals: what tables and pictures show.

In every replication the means of the stages sum to the mean door-to-door time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sim.results.bottleneck import KINDS
from sim.results.intervals import UNDEFINED, Interval, student
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.stages import FacilityStage, Stage

MOVES = "it changes over the window, so its means are of no steady state"
GROWS = "its queue grows for ever: no steady state"
"""Why Little's law says nothing of some means."""


@dataclass(frozen=True)
class Spent:
    """Days of one kind that a stage adds: their mean and their 95th percentile."""

    kind: str
    mean: Interval
    p95: Interval


@dataclass(frozen=True)
class StageFigures:
    """A stage of a route as it was simulated.

    parts: what it adds, by kind, in the order of KINDS
    used: the load factor of departures, the utilisation of a facility; undefined for a transit
    capacity: containers that could pass it in a year, undefined for a transit
    """

    name: str
    parts: tuple[Spent, ...]
    used: Interval
    capacity: Interval


@dataclass(frozen=True)
class Little:
    """Containers under way on a route three ways, or why they cannot be compared.

    counted: time average over the window
    by_law: throughput × mean door-to-door time, its mean over replications
    predicted: the same without simulating; None where that cannot know
    why: why the law says nothing here, empty where it does
    """

    counted: Interval
    by_law: float | None
    predicted: float | None
    why: str = ""


def stages(results: Results, name: str, route: str) -> tuple[StageFigures, ...]:
    """The stages of a route in order; none of a route that took no part."""
    known, scenario = set(results.keys(name)), results.scenario(name)
    found = []
    for stage, about in scenario.routes[route].stages.items():
        part = f"stage:{stage}"
        parts = tuple(
            Spent(kind, *(results.interval(key, name) for key in keys))
            for kind in KINDS
            if (keys := [Key(route, part, f"{kind}_{which}") for which in ("mean", "p95")])[0]
            in known
        )
        if parts:
            used, capacity = (
                results.interval(key, name) if key in known else UNDEFINED
                for key in _use(route, stage, about)
            )
            found.append(StageFigures(stage, parts, used, capacity))
    return tuple(found)


def _use(route: str, name: str, stage: Stage) -> tuple[Key, Key]:
    """Where it stands how much is used and how much could pass; of a transit nowhere."""
    if isinstance(stage, FacilityStage):
        part = f"facility:{stage.facility}"
        return Key(ALL, part, "utilisation"), Key(ALL, part, "yearly_capacity")
    part = f"stage:{name}"
    return Key(route, part, "load_factor"), Key(route, part, "yearly_capacity")


def most_used(stages: Iterable[StageFigures]) -> StageFigures | None:
    """The stage of which most is used: the one that binds first. Of equals to a percent the first.

    As before a run, where what is as wide as the one before it binds no sooner.
    """
    used = [stage for stage in stages if stage.used.mean is not None]
    return max(used, key=lambda stage: round(stage.used.mean or 0.0, 2), default=None)


def little(results: Results, name: str, route: str) -> Little | None:
    """Little's law for a route; None where nothing was delivered."""
    counted, flow, days = (
        Key(route, ALL, metric) for metric in ("under_way_mean", "throughput", "door_to_door_mean")
    )
    products = [
        None if x is None or y is None else x * y / DAYS_A_YEAR
        for x, y in zip(results.values(flow, name), results.values(days, name), strict=True)
    ]
    if not any(results.values(flow, name)):
        return None
    scenario, why = results.scenario(name), ""
    if scenario.moves:
        why = MOVES
    elif route in results.growing(name):
        why = GROWS
    preview = results.preview(name)
    predicted = None if preview.overloaded else preview.route(route).under_way
    by_law = student(products, scenario.run.confidence).mean
    return Little(results.interval(counted, name), by_law, predicted, why)
