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
    them for a state.
    """
    if scenario.moves:
        return
    known = {route.name for route in results.preview(scenario.name).routes if not route.steady}
    for name in scenario.routes:
        growth = _of(results, scenario, Key(name, ALL, "backlog_growth"))
        beyond = _beyond(growth, scenario.yearly_capacity(name))
        if name in known or beyond or _piling(results, scenario, name):
            yield from (name, ALL)


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
