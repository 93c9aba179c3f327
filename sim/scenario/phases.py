"""Phases: what changes in a scenario from some date on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import Field

from sim.scenario.fields import Model, Table

if TYPE_CHECKING:
    from sim.scenario.model import Era, Scenario

CHANGEABLE = frozenset(
    {
        "containers_per_year", "value_of_time_usd_per_day", "freight_usd", "constant_usd",
        "max_wait_days", "closed", "capacity", "every_days", "per_day", "annual_capacity",
        "days", "km_per_day", "servers", "service_hours", "headway_hours", "hours_per_container",
        "shares", "scale_usd",
    }
)  # fmt: skip
"""The keys whose values may change while a scenario runs; the others are its structure."""


class Phase(Model):
    """A date and what holds from it on; queues carry over.

    A trip keeps the times in force when it departed. A timetable that changes begins anew: its
    first departure leaves one headway after the date.
    """

    starts: date = Field(alias="from", description="The date from which on it holds")
    set: Table[Any] = Field(
        description='What changes: paths in quotes, as of --set, and values: { "a.b" = 1 }'
    )

    def __hash__(self) -> int:  # a value may be a list
        return hash((self.starts, tuple(self.set)))


def in_order(phases: Mapping[str, Phase]) -> list[tuple[str, Phase]]:
    """By date; of one date in the order of the file."""
    return sorted(phases.items(), key=lambda item: item[1].starts)


YEARLY_DEMAND = ("demand", "containers_per_year")


def phased(scenario: Scenario) -> Iterator[tuple[str, Scenario]]:
    """The name of each phase and the scenario as it is then, each over those before."""
    from sim.scenario.files import changed

    for name, phase in in_order(scenario.phases):
        said, now = f"phases.{name}", scenario.without_phases()
        scenario = changed(now, phase.set, name=scenario.name, said=said)
        yield name, scenario


@lru_cache(maxsize=64)  # whoever simulates, measures and draws a scenario asks again
def eras(scenario: Scenario) -> tuple[Era, ...]:
    """The scenario from day 0 on, and as it is from each phase on."""
    from sim.scenario.model import Era
    from sim.scenario.schema import split

    found = [Era(0.0, scenario)]
    for name, now in phased(scenario):
        day = scenario.run.day_of(scenario.phases[name].starts)
        says_demand = YEARLY_DEMAND in map(split, scenario.phases[name].set)
        since = day if says_demand else found[-1].demand_since
        if day <= found[-1].day:
            found.pop()  # it holds from the first moment of the one before
        found.append(Era(day, now, since))
    return tuple(found)
