"""Where vehicles are at each moment: the trips of every leg, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.results.observations import Floats, Leg, Observations, Passage, Rows
from sim.scenario.model import Scenario
from sim.scenario.stages import Departures, Stage, Transit

Mark = tuple[str, float]
"""A stage of a route, and the part of it that lies behind: 0 its first end, 1 its last, in the
order of the file."""


@dataclass(frozen=True, eq=False)
class Movement:
    """The trips of one departures stage in one direction.

    marks: what they come to, in order; between two marks of one place they stand [marks]
    days: when each trip is at each mark, rising along a trip [trips, marks]
    loads: containers on each [trips]
    detoured: which trips took the detour of a stage, where it has one, by stage [trips]

    A vehicle on its way at the horizon is taken to go on in the mean time, one that queues there
    to stand.
    """

    route: str
    vehicle: str
    marks: tuple[Mark, ...]
    days: Floats
    loads: Rows
    detoured: Mapping[str, NDArray[np.bool_]]


def movements(scenario: Scenario, observed: Observations) -> Iterator[Movement]:
    """All trips that leave before the horizon, by route and leg, of the first direction first."""
    for number, way in enumerate(observed.ways):
        begins = float(number)  # the opposite direction goes from the last end of a stage
        for log in way.routes:
            for leg in log.legs:
                marks, days = _times(scenario, log.name, leg, begins, observed.horizon)
                stage = scenario.routes[log.name].stages[leg.name]
                assert isinstance(stage, Departures), "legs are named by their departures"
                yield Movement(
                    route=log.name,
                    vehicle=stage.vehicle,
                    marks=marks,
                    days=days,
                    loads=leg.loads,
                    detoured={
                        each.stage: each.detoured
                        for each in leg.passages
                        if each.detoured is not None
                    },
                )


def _times(
    scenario: Scenario, route: str, leg: Leg, begins: float, horizon: float
) -> tuple[tuple[Mark, ...], Floats]:
    """The marks of a leg, and the days at which its trips come to them."""
    first = leg.passages[0].stage if leg.passages else leg.name
    marks: list[Mark] = [(first, begins)]
    days = [leg.departed]
    for passage in leg.passages:
        takes = _expected(scenario.routes[route].stages[passage.stage], passage)
        for at, when, more in (
            (begins, passage.entered, 0.0),
            (begins, passage.started, 0.0),
            (1 - begins, passage.left, takes),
        ):
            marks.append((passage.stage, at))
            later = np.maximum(days[-1] + more, horizon)
            days.append(np.where(np.isfinite(when), when, later))
    return tuple(marks), np.stack(days, axis=1)


def _expected(stage: Stage, passage: Passage) -> float | Floats:
    """Mean days of a transit, or of the detour for the trips that took it [trips]."""
    if not isinstance(stage, Transit):
        return 0.0
    if stage.detour is None or passage.detoured is None:
        return stage.duration.mean
    return np.where(passage.detoured, stage.detour.duration.mean, stage.duration.mean)
