"""What routes share and where things are: facilities and places."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.distributions import Distribution
from sim.scenario.fields import Count, Model, NonNegative, Text, Varying, Word

HOURS_A_DAY = 24


class Place(Model):
    """A point that legs join."""

    latitude: Annotated[float, Field(ge=-90, le=90)] = Field(description="North is positive [°]")
    longitude: Annotated[float, Field(ge=-180, le=180)] = Field(description="East is positive [°]")
    country: Text = Field(
        "", description="ISO 3166 code or name; none for a point at sea that only bends a line"
    )
    gauge_mm: Annotated[
        tuple[Annotated[int, Field(ge=1, le=10_000)], ...], Field(strict=False, max_length=10)
    ] = Field((), description="Gauges of the tracks here, such as [1435, 1520]; none by default")


class Facility(Model):
    """A pool of servers that vehicles queue for: a border, a gauge change, a single track.

    Exactly one of `service_hours` and `headway_hours` says how long a vehicle holds a server.
    """

    servers: Count = Field(1, description="Vehicles served at one time: tracks, berths, gangs")
    service_hours: Varying | None = Field(
        None, description="How long a vehicle is served, drawn for each [hours]"
    )
    headway_hours: Varying | None = Field(
        None,
        description="Instead: how long a vehicle that has passed keeps the next one off, as on a "
        "track with train paths; it goes on at once itself [hours]",
    )
    hours_per_container: NonNegative = Field(
        0.0, description="On top for each container aboard [hours]"
    )
    discipline: Literal["fifo", "priority"] = Field(
        "fifo",
        description="Who is next: fifo, whoever came first; priority, the route with the greater "
        "priority",
    )
    each_way: bool = Field(
        False, description="true: each direction has servers of its own, as on a double track"
    )
    handling_usd: NonNegative = Field(
        0.0, description="What passing it costs, for each container [USD]"
    )
    place: Word | None = Field(None, description="Where it stands, a name in [places]")
    changes_gauge: bool = Field(False, description="true where vehicles or loads change gauge")

    @property
    def holding_hours(self) -> Distribution:
        """How long an empty vehicle holds a server."""
        hours = self.service_hours if self.headway_hours is None else self.headway_hours
        assert hours is not None, "checked when the scenario was loaded"
        return hours

    def holding_days(self, load: float) -> float:
        """Mean days that a vehicle with so many containers holds a server."""
        return (self.holding_hours.mean + self.hours_per_container * load) / HOURS_A_DAY

    def service_days(self, load: float) -> float:
        """Mean days that a vehicle with so many containers spends here, once it is served."""
        return 0.0 if self.headway_hours is not None else self.holding_days(load)
