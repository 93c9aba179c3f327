"""Routes: alternatives from origin to destination, each an ordered chain of stages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.fields import (
    DAYS_A_YEAR,
    MOST,
    Count,
    Model,
    NonNegative,
    Number,
    Positive,
    Table,
    Text,
    Varying,
    Wait,
)


class Departures(Model):
    """Vehicles leaving on a timetable with what waits, up to their capacity.

    Exactly one of `every_days`, `per_day` and `annual_capacity` sets the timetable.
    """

    kind: Literal["departures"] = Field(
        description="Vehicles leave on a timetable with the containers that wait"
    )
    capacity: Count = Field(description="Containers that one vehicle takes")
    vehicle: Annotated[Text, Field(min_length=1)] = Field(
        "vehicle", description='What leaves, in words: "block train"'
    )
    every_days: Positive | None = Field(
        None, description="One of three timetables: the time between departures [days]"
    )
    per_day: NonNegative | None = Field(
        None, description="One of three timetables: departures a day; 0.5 is one in two days"
    )
    annual_capacity: NonNegative | None = Field(
        None,
        description="One of three timetables: as many departures, evenly spaced, as carry so many "
        "[containers/year]",
    )

    @property
    def departures_a_year(self) -> float:
        """Departures in 365 days; need not be a whole number."""
        if self.every_days is not None:
            return DAYS_A_YEAR / self.every_days
        if self.per_day is not None:
            return self.per_day * DAYS_A_YEAR
        assert self.annual_capacity is not None, "checked when the scenario was loaded"
        return self.annual_capacity / self.capacity

    @property
    def yearly_capacity(self) -> float:
        """Containers that 365 days of full departures carry."""
        if self.annual_capacity is not None:  # as said, and not an ulp beside it
            return self.annual_capacity
        return self.departures_a_year * self.capacity

    @property
    def headway(self) -> float:
        """Days between two departures."""
        return self.every_days or DAYS_A_YEAR / self.departures_a_year

    @property
    def rate(self) -> float:
        """Containers a day."""
        return self.capacity / self.headway


class Transit(Model):
    """Time under way, the same for everything on one vehicle."""

    kind: Literal["transit"] = Field(description="Time under way")
    days: Varying = Field(description="Drawn for each trip, shared by its containers [days]")


Stage = Annotated[Departures | Transit, Field(discriminator="kind")]


@dataclass(frozen=True)
class Leg:
    """A departures stage with the stages that its trips run over, up to the next one."""

    name: str
    departures: Departures
    transits: tuple[tuple[str, Transit], ...]

    @property
    def transit_days(self) -> float:
        """Mean days from departure to the end of the leg."""
        return sum(transit.days.mean for _, transit in self.transits)


class Route(Model):
    """One way from origin to destination."""

    stages: Annotated[Table[Stage], Field(min_length=1, max_length=MOST)] = Field(
        description="What a container goes through, by name, from first to last"
    )
    freight_usd: NonNegative = Field(0.0, description="Money asked for one container [USD]")
    constant_usd: Number = Field(
        0.0,
        description="A dislike in money beside freight and time; negative where the route is "
        "liked [USD]",
    )
    max_wait_days: Wait = Field(
        math.inf,
        description='Who would wait longer for a departure is refused; or "unlimited" [days]',
    )
    promise_days: Positive | None = Field(
        None, description="Promised door-to-door time; the metric on_time tells how often [days]"
    )
    closed: bool = Field(False, description="true takes the route out")

    @property
    def departures(self) -> dict[str, Departures]:
        """Its departures stages by name, in order."""
        return {n: s for n, s in self.stages.items() if isinstance(s, Departures)}

    @property
    def approach(self) -> tuple[tuple[str, Transit], ...]:
        """The transits before the first departures: there each container moves on its own."""
        return self._transits_after(None)

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The departures stages, each with the transits that follow it."""
        return tuple(Leg(n, s, self._transits_after(n)) for n, s in self.departures.items())

    def _transits_after(self, departures: str | None) -> tuple[tuple[str, Transit], ...]:
        current, found = None, []
        for name, stage in self.stages.items():
            if isinstance(stage, Departures):
                current = name
            elif current == departures:
                found.append((name, stage))
        return tuple(found)

    @property
    def transit_days(self) -> float:
        """Mean days in transit over the whole route."""
        return sum(s.days.mean for s in self.stages.values() if isinstance(s, Transit))

    @property
    def quoted_days(self) -> tuple[float, float]:
        """The least and the greatest sum of its transits; the second may be infinite."""
        bounds = [s.days.bounds for s in self.stages.values() if isinstance(s, Transit)]
        return sum(low for low, _ in bounds), sum(high for _, high in bounds)

    @property
    def free_flow_days(self) -> float:
        """Door-to-door days with nothing ahead: half a headway at each departures, transits."""
        waits = sum(d.headway / 2 for d in self.departures.values())
        return waits + self.transit_days

    @property
    def binding_stage(self) -> str | None:
        """The departures stage with the least yearly capacity; the first of equals."""
        stages = self.departures
        return min(stages, key=lambda n: stages[n].yearly_capacity) if stages else None

    @property
    def yearly_capacity(self) -> float:
        """Containers a year that can pass its narrowest stage; infinite without departures."""
        return min((d.yearly_capacity for d in self.departures.values()), default=math.inf)

    def accepts(self, arriving: float) -> float:
        """Containers a year that find a wait within the limit, of so many arriving evenly."""
        if math.isinf(self.max_wait_days) or not self.departures:
            return arriving
        first, *later = (stage.headway for stage in self.departures.values())
        posted_at_least = sum(headway / 2 for headway in later) + (
            first / 2 if self.approach else 0
        )
        if posted_at_least > self.max_wait_days:
            return 0.0
        near = 1.0 if self.approach else min(1.0, self.max_wait_days / first)
        return min(self.yearly_capacity, arriving * near)

    @property
    def is_open(self) -> bool:
        """Whether it takes part: neither closed nor without capacity."""
        return not self.closed and self.yearly_capacity > 0
