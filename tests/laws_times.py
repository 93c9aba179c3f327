"""How long things take: what each stage was said to take, and what disruptions explain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from disrupted import Spans, closed, is_in, opens, worked
from numpy.typing import NDArray

import sim
from sim.results.observations import Floats, Passage, RouteLog, Way
from sim.scenario.model import Era
from sim.scenario.stages import FacilityStage, Transit

ROUNDING = 1e-9
"""What days may be off by where they are not computed as the engine computes them."""


def before(moments: Floats, horizon: float) -> Floats:
    """Moments, infinite where they are not before the horizon."""
    return np.where(moments < horizon, moments, np.inf)


LAST: list[tuple[sim.Scenario, tuple[Era, ...]]] = []


def eras(scenario: sim.Scenario) -> tuple[Era, ...]:
    """The eras of a scenario, worked out once: it takes a while, and laws ask often."""
    if not LAST or LAST[0][0] is not scenario:
        LAST[:] = [(scenario, scenario.eras)]
    return LAST[0][1]


def eras_of(scenario: sim.Scenario, days: Floats) -> NDArray[np.intp]:
    """The row of the era that each day is in."""
    return np.searchsorted([era.day for era in eras(scenario)], days, "right") - 1


def assert_times_in_force(
    scenario: sim.Scenario,
    observed: sim.Observations,
    way: Way,
    route: RouteLog,
    passages: Sequence[Passage],
    starts: Floats,
    loads: NDArray[np.integer],
) -> None:
    """Transits and services take what the scenario said when a trip began, and what went wrong."""
    number = eras_of(scenario, starts)
    for passage in passages:
        stages = [era.scenario.routes[route.name].stages[passage.stage] for era in eras(scenario)]
        if isinstance(stages[0], Transit):
            target = f"routes.{route.name}.stages.{passage.stage}"
            detoured = assert_begins(observed, target, passage, stages[0])
            if detoured.any():
                bounds = np.array([s.detour.duration.bounds for s in stages]).T[:, number]  # type: ignore[union-attr]
                assert_takes(observed, "", passage, bounds, detoured)
            bounds = np.array([stage.duration.bounds for stage in stages]).T[:, number]  # type: ignore[union-attr]
            assert_takes(observed, target, passage, bounds, ~detoured)
        else:
            said = [service(era.scenario, s) for era, s in zip(eras(scenario), stages, strict=True)]
            low, high, more = np.array(said).T[:, number]
            bounds = np.array([low + more * loads, high + more * loads])
            own, on = outages(observed, way, passage), passage.server
            assert on is not None
            for server in np.unique(on):
                assert_takes(
                    observed, f"facilities.{passage.facility}", passage, bounds, on == server,
                    own.get(int(server), []),
                )  # fmt: skip


def service(scenario: sim.Scenario, stage: object) -> tuple[float, float, float]:
    """Days that a service takes at least and at most, and on top for each container."""
    assert isinstance(stage, FacilityStage)
    facility = scenario.facilities[stage.facility]
    low, high = facility.holding_hours.bounds
    return low / 24, high / 24, facility.hours_per_container / 24


def outages(
    observed: sim.Observations, way: Way, passage: Passage
) -> dict[int, list[tuple[float, float]]]:
    """The days on which each server that fails by itself is down."""
    found: dict[int, list[tuple[float, float]]] = {}
    for log in observed.facilities:
        if log.name == passage.facility and log.direction in (None, way.direction):
            for out in log.outages:
                if out.server is not None:
                    found.setdefault(out.server, []).append((out.first, out.end))
    return found


def assert_begins(
    observed: sim.Observations, target: str, passage: Passage, stage: Transit
) -> NDArray[np.bool_]:
    """A trip starts at once, or when it opens; where there is a detour, it takes that: who does."""
    shut, entered = closed(observed, target), passage.entered
    detoured = np.zeros(len(entered), np.bool_)
    if stage.detour is None:
        assert passage.detoured is None
        assert (passage.started == before(opens(shut, entered), observed.horizon)).all()
        return detoured
    assert (passage.started == entered).all()
    if passage.detoured is not None:
        detoured = passage.detoured
    here = np.isfinite(entered)
    assert (detoured == is_in(shut, entered))[here].all(), "a detour is for who would start"
    return detoured


def assert_takes(
    observed: sim.Observations,
    target: str,
    passage: Passage,
    bounds: Floats,
    here: NDArray[np.bool_],
    still: Spans = (),
) -> None:
    """The work between start and end is within bounds; what has not ended could go on."""
    here = here & np.isfinite(passage.started)
    low, high = bounds[:, here]
    started, freed = passage.started[here], passage.freed[here]
    done = np.isfinite(freed)
    took = worked(observed, target, started, np.where(done, freed, observed.horizon), still)
    assert (took[done] >= low[done] - ROUNDING).all()
    assert (took <= high + ROUNDING).all()
