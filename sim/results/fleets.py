"""Vehicles that leave: how many, how late, how many empty, how much of a fleet is under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sim.results.figures import ROUNDING_DAYS, Figures
from sim.results.observations import Leg, Observations
from sim.results.window import Window
from sim.scenario.model import Scenario


def departures(legs: Sequence[Leg], window: Window) -> Figures:
    """The departures of a stage in the window.

    departures, empties: a year, all of them and those without a container
    late, lateness_mean: the part that left after its time for want of a vehicle, and by how many
        days all did, mean; only where vehicles are those of a fleet and leave on a timetable
    """
    left = [(leg, window.holds(leg.departed)) for leg in legs]
    found: Figures = {
        "departures": window.per_year(sum(int(here.sum()) for _, here in left)),
        "empties": window.per_year(sum(int((leg.loads[here] == 0).sum()) for leg, here in left)),
    }
    delays = [(leg.departed - leg.planned)[here] for leg, here in left if leg.planned is not None]
    if delays:
        days = np.concatenate(delays)
        found["late"] = float((days > ROUNDING_DAYS).mean()) if len(days) else None
        found["lateness_mean"] = float(days.mean()) if len(days) else None
    return found


def fleets(scenario: Scenario, observations: Observations, window: Window) -> Mapping[str, Figures]:
    """Each fleet by name: the part of its vehicles that is on the way, there or back.

    Turning round, and waiting to leave, is not on the way. Where there is one direction a vehicle
    goes back as long as it came.
    """
    found: dict[str, Figures] = {}
    for name, fleet in scenario.fleets.items():
        days = 0.0
        for way in observations.ways:
            for route in way.routes:
                for leg in route.legs:
                    if scenario.routes[route.name].departures[leg.name].fleet == name:
                        back = leg.arrived - leg.departed if way.direction is None else 0.0
                        there = window.days_after(leg.arrived + back)
                        days += window.days_after(leg.departed) - there
        found[name] = {"utilisation": days / (fleet.vehicles * window.days)}
    return found
