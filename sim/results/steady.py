"""Which queues grow without end: there no mean over time exists, and no interval is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.results.intervals import Interval, student
from sim.results.metrics import ALL, Key
from sim.scenario.model import Scenario

if TYPE_CHECKING:
    from sim.results.results import Results

BEYOND_DOUBT = 0.01
"""A backlog that surely grows by more than this part of the capacity a year has no steady state."""


def unsteady(results: Results, scenario: Scenario) -> Iterator[str]:
    """The routes of a scenario whose queue grows without end, each with "all"; some twice.

    Where figures change from year to year none is named: means are of the window, and nobody takes
    them for a state. The sketch knows nothing of disrupted demand, and what a window shows is no
    evidence where its end is unlike its beginning.
    """
    if scenario.moves:
        return
    disrupts_demand = any(each.path[0] == "demand" for each in scenario.disruptions.values())
    sketched = () if disrupts_demand else results.preview(scenario.name).routes
    known = {route.name for route in sketched if not route.steady}
    is_evidence = not _ends_otherwise(scenario)
    for name in scenario.routes:
        if name in known or (is_evidence and _grows(results, scenario, name)):
            yield from (name, ALL)


def _ends_otherwise(scenario: Scenario) -> bool:
    """Whether a window may end in another season, or with something going wrong since a date."""
    run = scenario.run
    dates = [each.starts for each in scenario.disruptions.values() if each.starts is not None]
    has_begun = any(run.day_of(date) < run.horizon for date in dates)
    return has_begun or scenario.demand.monthly is not None


def _grows(results: Results, scenario: Scenario, name: str) -> bool:
    """Whether the queue of a route surely grew over the windows of the replications."""
    growth = _of(results, scenario, Key(name, ALL, "backlog_growth"))
    return _beyond(growth, scenario.yearly_capacity(name)) or _piling(results, scenario, name)


def _piling(results: Results, scenario: Scenario, name: str) -> bool:
    """Whether vehicles of a route surely pile up before a facility."""
    for facility in scenario.routes[name].facilities:
        growth, vehicles = (
            _of(results, scenario, Key(ALL, f"facility:{facility}", metric))
            for metric in ("queue_growth", "vehicles")
        )
        if _beyond(growth, vehicles.mean or 0.0):
            return True
    return False


def _of(results: Results, scenario: Scenario, key: Key) -> Interval:
    return student(results.values(key, scenario.name), scenario.run.confidence)


def _beyond(growth: Interval, a_year: float) -> bool:
    return growth.low is not None and growth.low > BEYOND_DOUBT * a_year
