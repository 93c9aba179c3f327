"""Stages: what a route is a chain of."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.distributions import Distribution, fixed, pert
from sim.scenario.fields import (
    DAYS_A_YEAR,
    MOST,
    Count,
    Model,
    NonNegative,
    Positive,
    Speed,
    Text,
    Varying,
    Wait,
    Word,
)

PERIODS = {"year": DAYS_A_YEAR, "month": DAYS_A_YEAR / 12, "day": 1.0}
"""Days of the periods that a quota counts in."""


Via = Annotated[tuple[Word, ...], Field(strict=False, min_length=2, max_length=MOST)]
"""Names of places, in order."""


class Quota(Model):
    """So many containers may book a place in each period, whatever the timetable could carry."""

    containers: NonNegative = Field(
        description="Containers that may book in a period; with two directions half each way"
    )
    per: Literal["year", "month", "day"] = Field(
        description="The period, counted from day 0: 365 days, a twelfth of that, or a day"
    )
    carry_over: bool = Field(
        False, description="true: what is left of a period is added to those that follow"
    )

    @property
    def period_days(self) -> float:
        """Days of a period."""
        return PERIODS[self.per]

    @property
    def yearly(self) -> float:
        """Containers that may book in 365 days; a part of one is lost unless it is carried over."""
        each = self.containers if self.carry_over else math.floor(self.containers)
        return each * DAYS_A_YEAR / self.period_days


class Departures(Model):
    """Vehicles leaving with what waits, up to their capacity: on a timetable, or when full.

    Exactly one of `every_days`, `per_day` and `annual_capacity` sets a timetable. With two
    directions the first two are of each; a yearly capacity counts both together, half each way.
    """

    kind: Literal["departures"] = Field(description="Vehicles leave with the containers that wait")
    capacity: Count = Field(description="Containers that one vehicle takes")
    vehicle: Annotated[Text, Field(min_length=1)] = Field(
        "vehicle", description='What leaves, in words: "block train"'
    )
    place: Word | None = Field(None, description="Where they leave, a name in [places]")
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
    dispatch: Literal["timetable", "full"] = Field(
        "timetable",
        description="timetable: leave on it, full or not; full: without a timetable, as soon as a "
        "vehicle is full",
    )
    longest_hold_days: Wait | None = Field(
        None,
        description="For the dispatch full: leave anyway when a container has waited so long; "
        '"unlimited", as if not said, never [days]',
    )
    fleet: Word | None = Field(
        None, description="The vehicles that leave here and must come back, a name in [fleets]"
    )
    quota: Quota | None = Field(
        None, description="How many containers may book in a period, beside what can be carried"
    )
    handling_usd: NonNegative = Field(
        0.0, description="What loading and unloading costs, for each container [USD]"
    )

    @property
    def on_timetable(self) -> bool:
        """Whether vehicles leave on a timetable, not when full."""
        return self.dispatch == "timetable"

    @property
    def longest_hold(self) -> float:
        """How long a vehicle that leaves when full waits for more, at most [days]."""
        return math.inf if self.longest_hold_days is None else self.longest_hold_days

    @property
    def departures_a_year(self) -> float:
        """Departures in 365 days; need not be a whole number, and has no limit when full."""
        if not self.on_timetable:
            return math.inf
        if self.every_days is not None:
            return DAYS_A_YEAR / self.every_days
        if self.per_day is not None:
            return self.per_day * DAYS_A_YEAR
        assert self.annual_capacity is not None, "checked when the scenario was loaded"
        return self.annual_capacity / self.capacity

    @property
    def places_a_year(self) -> float:
        """Containers that 365 days of full departures carry; without limit when full."""
        if self.annual_capacity is not None:  # as said, and not an ulp beside it
            return self.annual_capacity
        return self.departures_a_year * self.capacity

    @property
    def yearly_capacity(self) -> float:
        """Containers that 365 days of full departures carry and their quota lets book."""
        return min(self.places_a_year, self.quota.yearly if self.quota else math.inf)

    @property
    def headway(self) -> float:
        """Days between two departures; when full, the longest that one holds for more."""
        if not self.on_timetable:
            return self.longest_hold if math.isfinite(self.longest_hold) else 0.0
        return self.every_days or DAYS_A_YEAR / self.departures_a_year

    @property
    def rate(self) -> float:
        """Containers a day that vehicles take; without limit where they leave when full."""
        return self.capacity / self.headway if self.on_timetable else math.inf

    def one_way(self) -> Departures:
        """Those of one of two directions, which share a yearly capacity and a quota by halves."""
        capacity, quota = self.annual_capacity, self.quota
        return self.model_copy(
            update={
                "annual_capacity": capacity and capacity / 2,
                "quota": quota and quota.model_copy(update={"containers": quota.containers / 2}),
            }
        )


class Detour(Model):
    """Another way round a leg, taken by trips that would start on it while it is closed."""

    days: Varying | None = Field(None, description="Drawn for each trip in place of the leg's")
    length_km: Positive | None = Field(None, description="Its length, which counts for carbon [km]")
    km_per_day: Speed | None = Field(
        None, description="Instead of days, as for the leg itself [km/day]"
    )
    usd: NonNegative = Field(0.0, description="What it costs on top for each container [USD]")
    via: Via | None = Field(
        None, description="The places that it joins; it begins and ends where the leg does"
    )

    @property
    def duration(self) -> Distribution:
        """The days that it takes."""
        return _duration(self.days, self.length_km, self.km_per_day)


class Transit(Model):
    """Time under way, the same for everything on one vehicle.

    Said in `days`, or by `length_km` and `km_per_day`.
    """

    kind: Literal["transit"] = Field(description="Time under way")
    days: Varying | None = Field(
        None, description="Drawn for each trip, shared by its containers [days]"
    )
    length_km: Positive | None = Field(None, description="Length of the leg [km]")
    km_per_day: Speed | None = Field(
        None,
        description="Instead of days: a number, or [slow, fast], which quotes the days of the leg "
        "as [length / fast, length / slow] does [km/day]",
    )
    mode: Literal["rail", "sea", "road", "air"] | None = Field(
        None, description="By what it goes; gauges are checked by rail"
    )
    via: Via | None = Field(
        None, description="The places that it joins, from first to last, names in [places]"
    )
    detour: Detour | None = Field(
        None, description="Another way, for trips that would start here while it is closed"
    )

    @property
    def duration(self) -> Distribution:
        """The days that a trip takes."""
        return _duration(self.days, self.length_km, self.km_per_day)


def _duration(
    days: Distribution | None, length_km: float | None, km_per_day: Distribution | None
) -> Distribution:
    """Days, or the days that a length takes at a speed."""
    if days is not None:
        return days
    assert length_km is not None, "checked when the scenario was loaded"
    assert km_per_day is not None, "checked when the scenario was loaded"
    slow, fast = km_per_day.bounds
    low, high = length_km / fast, length_km / slow
    return fixed(low) if low == high else pert(low, high)


class FacilityStage(Model):
    """A pool of servers that vehicles of any route queue for."""

    kind: Literal["facility"] = Field(
        description="Vehicles queue for a server of a facility: a border, a track, a crane"
    )
    facility: Word = Field(description="Which one, a name in [facilities]")


Stage = Annotated[Departures | Transit | FacilityStage, Field(discriminator="kind")]
Steps = tuple[tuple[str, Transit | FacilityStage], ...]
"""What a trip runs over: stages with their names, from first to last."""
