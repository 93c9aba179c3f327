"""Disruptions: what goes wrong, from when on, for how long, and what happens to who is under way.

| target                 | may be                           | who is under way may            |
|------------------------|----------------------------------|---------------------------------|
| `demand`               | closed, capacity                 |                                 |
| `routes.R.stages.S`    |                                  |                                 |
|   departures           | closed, capacity, dearer         |                                 |
|   transit              | closed, slower, dearer           | continue, or hold on the way    |
| `facilities.F`         | closed, slower, capacity, dearer | continue, or hold in service    |
| `facilities.F.servers` | closed: each server by itself    | only hold (preemptive-resume)   |

Dearer is the freight of the routes that pass what is disrupted.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.distributions import LARGEST, Distribution, fixed
from sim.scenario.fields import DAYS_A_YEAR, Model, NonNegative, Positive, Varying

Effect = Literal["closed", "slower", "capacity", "dearer"]


class Disruption(Model):
    """Something that goes wrong: once, from a date on, or again and again at random.

    Exactly one of `from`, `per_year` and `up_days` says when. At random, the time from the end of
    one to the beginning of the next is drawn, so what is down does not fail.
    """

    target: Annotated[str, Field(min_length=1, max_length=300)] = Field(
        description="To what: demand, routes.R.stages.S, facilities.F, or facilities.F.servers, "
        "each server by itself"
    )
    effect: Effect = Field(
        description="closed: nobody starts; slower: factor times as long; capacity: factor of the "
        "places, servers or bookings; dearer: factor times the freight"
    )
    factor: NonNegative | None = Field(
        None, description="By how much, for slower, capacity and dearer: 0.5 is half"
    )
    starts: date | None = Field(
        None, alias="from", description="One of three: the date on which it begins"
    )
    per_year: NonNegative | None = Field(
        None,
        description="One of three: how often it begins at random, in a year without it; 0 is never "
        "[1/year]",
    )
    up_days: Varying | None = Field(
        None, description="One of three: the days from the end of one to the next, drawn [days]"
    )
    days: Varying = Field(description="How long it lasts, drawn for each [days]")
    under_way: Literal["continue", "hold"] | None = Field(
        None,
        description="Who is in the leg or in service: continue as if nothing were, also if not "
        "said; hold until it ends, or go on slower while it lasts",
    )

    @property
    def part(self) -> float:
        """The factor; without one 1."""
        return 1.0 if self.factor is None else self.factor

    @property
    def gap(self) -> Distribution | None:
        """The days from the end of one to the beginning of the next; None for a date."""
        if self.per_year is None:
            return self.up_days
        if not self.per_year:
            return fixed(LARGEST)  # after the end of any run
        return Distribution("exponential", (min(DAYS_A_YEAR / self.per_year, LARGEST),))

    def times(self, horizon: float) -> float:
        """How often it begins in a run of so many days, about; each server by itself."""
        return 1.0 if self.gap is None else horizon / (self.gap.mean + self.days.mean)

    @property
    def of_servers(self) -> bool:
        """Whether each server of a facility fails by itself."""
        return self.path[0] == "facilities" and len(self.path) == 3

    @property
    def holds(self) -> bool:
        """Whether it also stops who is under way or in service."""
        return self.under_way == "hold" or self.of_servers

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of the target."""
        return tuple(self.target.split("."))

    @property
    def facility(self) -> str | None:
        """The facility that it happens to."""
        return self.path[1] if self.path[0] == "facilities" else None

    @property
    def stage(self) -> tuple[str, str] | None:
        """The route and the stage that it happens to."""
        return (self.path[1], self.path[3]) if self.path[0] == "routes" else None


class Fleet(Model):
    """Vehicles that must come back before they leave again.

    With two directions a vehicle comes back as a departure of the opposite one, and half of them
    start at either end. Without, it goes back empty, as long as it took, and passes no facility.
    """

    vehicles: Annotated[int, Field(ge=1, le=10**6)] = Field(
        description="Train sets or ships, all together"
    )
    turnaround_days: Varying = Field(
        description="From the end of a trip until the vehicle can leave again, drawn for each "
        "[days]"
    )


class Carbon(Model):
    """What is emitted: by mode of transport, for the length of each leg."""

    tonnes_per_container: Positive = Field(description="Mean weight of a container [t]")
    rail_g_per_tonne_km: NonNegative | None = Field(
        None, description="Of legs with the mode rail [g CO2e/tonne-km]"
    )
    sea_g_per_tonne_km: NonNegative | None = Field(
        None, description="Of legs with the mode sea [g CO2e/tonne-km]"
    )
    road_g_per_tonne_km: NonNegative | None = Field(
        None, description="Of legs with the mode road [g CO2e/tonne-km]"
    )
    air_g_per_tonne_km: NonNegative | None = Field(
        None, description="Of legs with the mode air [g CO2e/tonne-km]"
    )

    def kg(self, length_km: float, mode: str | None) -> float | None:
        """What a container emits over a length [kg CO2e]; None for a mode without a factor."""
        grams: float | None = getattr(self, f"{mode}_g_per_tonne_km", None)
        return None if grams is None else length_km * self.tonnes_per_container * grams / 1000
