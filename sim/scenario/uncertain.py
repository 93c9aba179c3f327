"""What a ledger says may vary: each figure whose assumption has a range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sim.errors import UsageError
from sim.scenario.changes import outside
from sim.scenario.distributions import is_number, show
from sim.scenario.model import Scenario
from sim.scenario.schema import at, is_count, is_distribution, joined, split


@dataclass(frozen=True)
class Uncertain:
    """A figure that may be anywhere from low to high, of a distribution its mean."""

    path: str
    low: float
    high: float
    is_whole: bool = False

    def value(self, number: float) -> int | float:
        """A number as it may stand in the scenario."""
        return round(number) if self.is_whole else float(number)


def uncertain(scenario: Scenario) -> tuple[Uncertain, ...]:
    """The figures that may vary and take part, in the order of the ledger.

    A range of a single value varies nothing; see `idle` for what takes no part. Raises UsageError
    for a range over what is no number.
    """
    data, without = scenario.to_data(), idle(scenario)
    paths = (path for path in _ranged(scenario) if path not in without)
    return tuple(_uncertain(scenario, path, data) for path in paths)


def idle(scenario: Scenario) -> tuple[str, ...]:
    """Paths with a range that cannot matter: of closed routes, and of what only these have."""
    takes_part = _takes_part(scenario)
    found = ((path, split(path)) for path in _ranged(scenario))
    return tuple(
        p for p, (table, *rest) in found if rest and rest[0] not in takes_part.get(table, rest)
    )


def _takes_part(scenario: Scenario) -> dict[str, set[str]]:
    """By section, the names of what some route that is open at some time has to do with."""
    ever = [item for era in scenario.eras for item in era.scenario.routes.items()]
    routes = {name: route for name, route in ever if not route.closed}
    passed = {name for route in routes.values() for name in route.facilities}
    fleets = {s.fleet for route in routes.values() for s in route.departures.values() if s.fleet}
    found = {"routes": {*routes}, "facilities": passed, "fleets": fleets}
    disruptions = {
        name
        for name, said in scenario.disruptions.items()
        if said.path[0] == "demand" or said.path[1] in found[said.path[0]]
    }
    return found | {"disruptions": disruptions}


def _ranged(scenario: Scenario) -> Iterator[str]:
    for path, assumption in scenario.assumptions.items():
        if assumption.range is not None and assumption.range[0] < assumption.range[1]:
            yield path


def _uncertain(scenario: Scenario, path: str, data: Any) -> Uncertain:
    parts = split(path)
    value, (around, _) = at(data, parts), outside(data, parts)
    if not (is_number(value) or value == "unlimited" or is_distribution(parts, data)):
        where = joined(("assumptions", path, "range"))
        raise UsageError(
            f"{scenario.name}: {where}: there is no number to vary (got {show(value):.60})"
        )
    low, high = scenario.assumptions[path].range or (0.0, 0.0)
    return Uncertain(path, low, high, is_whole=is_count(parts, data) and around == parts)
