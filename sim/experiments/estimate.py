"""What a study would take, said before anything is allocated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sim.errors import TooLargeError
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Era, Scenario
from sim.scenario.stages import Departures, FacilityStage

SECONDS_A_CONTAINER = 2e-7
SECONDS_A_TRIP = 1e-5
SECONDS_A_BLOCK = 8e-4
BYTES_A_CONTAINER = 88
BYTES_A_CONTAINER_AND_ROUTE = 24
BYTES_A_TRIP = 400
BYTES_A_BLOCK = 50
BYTES_A_ROW = 220
"""Measured by `make bench` on one core; a guess within a factor of three is enough here."""

LONG_BLOCK_DAYS = 4.0

MOST_GROWTH = 25.0
"""Logarithm of a growth that is more than anybody would simulate."""

LONGEST_SECONDS = 3600.0
MOST_BYTES = 2e9


@dataclass(frozen=True)
class Estimate:
    """What a study would take: seconds with so many jobs, and bytes.

    memory_bytes: that one machine holds at a time; where `apart`, for each job
    disk_bytes: those of a results folder
    """

    scenarios: int
    replications: int
    jobs: int
    seconds: float
    memory_bytes: float
    disk_bytes: float
    apart: bool = False

    @property
    def time(self) -> str:
        """In words."""
        for unit, seconds in (("hours", 3600), ("minutes", 60)):
            if self.seconds > 2 * seconds:
                return f"{self.seconds / seconds:,.0f} {unit}"
        return _several(max(round(self.seconds), 1), "second")

    def __str__(self) -> str:
        """In a sentence."""
        return (
            f"{_several(self.replications, 'replication')} of "
            f"{_several(self.scenarios, 'scenario')} on {_several(self.jobs, 'job')}: "
            f"about {self.time}, {self.memory_bytes / 1e9:,.1f} GB of memory "
            f"{'for each ' * self.apart}and, with --out, {self.disk_bytes / 1e6:,.1f} MB on disk"
        )


def _several(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number > 1)}"


def estimate(scenarios: Sequence[Scenario], jobs: int, *, apart: bool = False) -> Estimate:
    """Time, memory and disk of all replications of some scenarios.

    apart: the jobs do not share one machine's memory, as on a cluster
    """
    seconds = sum(_seconds(scenario) * scenario.run.replications for scenario in scenarios)
    rows = sum(_rows(scenario) * scenario.run.replications for scenario in scenarios)
    together = 1 if apart else jobs
    return Estimate(
        scenarios=len(scenarios),
        replications=sum(each.run.replications for each in scenarios),
        jobs=jobs,
        seconds=seconds / jobs,
        memory_bytes=max(map(_bytes, scenarios)) * together,
        disk_bytes=1e5 + rows * BYTES_A_ROW,
        apart=apart,
    )


def refuse_if_large(
    scenarios: Sequence[Scenario], jobs: int, *, times: int = 1, apart: bool = False
) -> None:
    """Raise TooLargeError where so many times these take more than about an hour, or 2 GB.

    apart: as for `estimate`
    """
    needs = estimate(scenarios, jobs, apart=apart)
    needs = replace(needs, seconds=needs.seconds * times)
    if needs.seconds > LONGEST_SECONDS or needs.memory_bytes > MOST_BYTES:
        raise TooLargeError(
            f"this would take about {needs.time} and {needs.memory_bytes / 1e9:,.1f} GB of memory "
            f"on {_several(jobs, 'job')}; "
            "ask for less, or confirm with --yes (in Python: large=True)"
        )


def _containers(scenario: Scenario) -> float:
    """Bookings at most: with the demand of the phase that has most, growing to the last day."""
    demand, years = scenario.demand, scenario.run.horizon / DAYS_A_YEAR
    most = max(era.scenario.demand.containers_per_year for era in scenario.eras)
    growth = math.log1p(max(demand.growth_per_year, 0.0)) * scenario.run.days / DAYS_A_YEAR
    surges = (each.part for each in scenario.disruptions.values() if each.target == "demand")
    surge = math.prod(max(part, 1.0) for part in surges)
    return most * years * math.exp(min(growth, MOST_GROWTH)) * surge


def _trips(scenario: Scenario) -> float:
    """Departures at most, each with the facilities that its vehicle passes."""
    return max(map(_trips_a_year, scenario.eras)) * scenario.run.horizon / DAYS_A_YEAR


def _trips_a_year(era: Era) -> float:
    demand = era.scenario.demand.containers_per_year
    return sum(
        _departures_a_year(leg.departures, demand)
        * (1 + sum(isinstance(stage, FacilityStage) for _, stage in leg.run))
        for direction in era.scenario.directions
        for route in era.scenario.one_way(direction).open_routes.values()
        for leg in route.legs
    )


def _departures_a_year(stage: Departures, containers: float) -> float:
    """At most, where so many containers come in a year: full ones, and those held long enough."""
    if stage.on_timetable:
        return stage.departures_a_year
    held = DAYS_A_YEAR / stage.longest_hold if stage.longest_hold else math.inf
    return min(containers, containers / stage.capacity + held)


def _posts(scenario: Scenario) -> float:
    """How often figures are posted."""
    return len(scenario.directions) * scenario.run.horizon * 24 / scenario.choice.posted_every_hours


def _blocks(scenario: Scenario) -> float:
    """How often routes are chosen: with each post where queues for facilities are looked at."""
    if any(route.facilities for route in scenario.open_routes.values()):
        return _posts(scenario)
    return min(_posts(scenario), scenario.run.horizon / LONG_BLOCK_DAYS)


def _seconds(scenario: Scenario) -> float:
    blocks = min(_blocks(scenario), _containers(scenario))
    events = _trips(scenario) * SECONDS_A_TRIP + blocks * SECONDS_A_BLOCK
    return 0.02 + _containers(scenario) * SECONDS_A_CONTAINER + events


def _rows(scenario: Scenario) -> float:
    """Metrics of a replication, about."""
    years = scenario.run.days // DAYS_A_YEAR if scenario.run.start else 0
    parts = 1 + 2 * (len(scenario.directions) > 1) + len(scenario.demand.classes or {}) + years
    stages = sum(len(route.stages) for route in scenario.routes.values())
    return 27 * (len(scenario.routes) + 1) * parts + 4 * stages + 6 * len(scenario.facilities)


def _bytes(scenario: Scenario) -> float:
    each = BYTES_A_CONTAINER + BYTES_A_CONTAINER_AND_ROUTE * len(scenario.open_routes)
    rest = _trips(scenario) * BYTES_A_TRIP + _posts(scenario) * BYTES_A_BLOCK
    return 1e8 + _containers(scenario) * each + rest
