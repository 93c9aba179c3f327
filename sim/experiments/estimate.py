"""What a study would take, said before anything is allocated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim.errors import TooLargeError
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Era, Scenario
from sim.scenario.routes import FacilityStage

SECONDS_A_CONTAINER = 5e-7
SECONDS_A_TRIP = 2e-5
BYTES_A_CONTAINER = 80
BYTES_A_CONTAINER_AND_ROUTE = 24
BYTES_A_TRIP = 400
BYTES_A_BLOCK = 50
"""Measured by `make bench` on one core; a guess within a factor of three is enough here."""

MOST_GROWTH = 25.0
"""Logarithm of a growth that is more than anybody would simulate."""

LONGEST_SECONDS = 3600.0
MOST_BYTES = 2e9


@dataclass(frozen=True)
class Estimate:
    """Seconds on all jobs together, and the bytes that they hold at one time."""

    seconds: float
    memory: float

    def __str__(self) -> str:
        """In words."""
        hours = self.seconds / 3600
        time = f"{hours:,.0f} hours" if hours > 2 else f"{self.seconds / 60:,.0f} minutes"
        return f"about {time} and {self.memory / 1e9:,.1f} GB of memory"


def estimate(scenarios: Sequence[Scenario], jobs: int) -> Estimate:
    """Time and memory of all replications of some scenarios."""
    seconds = sum(_seconds(scenario) * scenario.run.replications for scenario in scenarios)
    return Estimate(seconds / jobs, max(map(_bytes, scenarios)) * jobs)


def refuse_if_large(scenarios: Sequence[Scenario], jobs: int, *, times: int = 1) -> None:
    """Raise TooLargeError where so many times these take more than about an hour, or 2 GB."""
    needs = estimate(scenarios, jobs)
    needs = Estimate(needs.seconds * times, needs.memory)
    if needs.seconds > LONGEST_SECONDS or needs.memory > MOST_BYTES:
        raise TooLargeError(
            f"this would take {needs} on {jobs} job{'s' * (jobs > 1)}; "
            "ask for less, or confirm with --yes (in Python: large=True)"
        )


def _containers(scenario: Scenario) -> float:
    """Bookings at most: with the demand of the phase that has most, growing to the last day."""
    demand, years = scenario.demand, scenario.run.horizon / DAYS_A_YEAR
    most = max(era.scenario.demand.containers_per_year for era in scenario.eras)
    growth = math.log1p(max(demand.growth_per_year, 0.0)) * scenario.run.days / DAYS_A_YEAR
    return most * years * math.exp(min(growth, MOST_GROWTH))


def _trips(scenario: Scenario) -> float:
    """Departures at most, each with the facilities that its vehicle passes."""
    return max(map(_trips_a_year, scenario.eras)) * scenario.run.horizon / DAYS_A_YEAR


def _trips_a_year(era: Era) -> float:
    return sum(
        leg.departures.departures_a_year
        * (1 + sum(isinstance(stage, FacilityStage) for _, stage in leg.run))
        for direction in era.scenario.directions
        for route in era.scenario.one_way(direction).open_routes.values()
        for leg in route.legs
    )


def _blocks(scenario: Scenario) -> float:
    return scenario.run.horizon * 24 / scenario.choice.posted_every_hours


def _seconds(scenario: Scenario) -> float:
    blocks = min(_blocks(scenario), _containers(scenario))
    events = _trips(scenario) * SECONDS_A_TRIP + blocks * 10 * SECONDS_A_TRIP
    return 0.02 + _containers(scenario) * SECONDS_A_CONTAINER + events


def _bytes(scenario: Scenario) -> float:
    each = BYTES_A_CONTAINER + BYTES_A_CONTAINER_AND_ROUTE * len(scenario.open_routes)
    rest = _trips(scenario) * BYTES_A_TRIP + _blocks(scenario) * BYTES_A_BLOCK
    return 1e8 + _containers(scenario) * each + rest
