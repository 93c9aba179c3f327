"""The scenario: everything that a simulation is told, frozen and validated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field

from sim.scenario.assumptions import Assumption
from sim.scenario.demand import Choice, Demand
from sim.scenario.distributions import MOST_BITS
from sim.scenario.fields import DAYS_A_YEAR, MOST, Model, Named, NonNegative, Positive, Table, Text
from sim.scenario.routes import Route

if TYPE_CHECKING:
    from sim.scenario.preview import Preview


class Run(Model):
    """How long and how often is simulated, and with which random numbers."""

    warmup_days: NonNegative = Field(
        120.0, description="Simulated before measuring begins, until the routes have filled [days]"
    )
    days: Positive = Field(DAYS_A_YEAR, description="Length of the measured window [days]")
    replications: Annotated[int, Field(ge=1, le=10**12)] = Field(
        20, description="Independent runs, from which the intervals come"
    )
    seed: Annotated[int, Field(ge=0, lt=2**MOST_BITS)] = Field(
        1, description="Chooses the random numbers: the same seed gives the same answer"
    )
    confidence: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.95, description="Of the intervals: 0.95 is 95 %"
    )

    @property
    def horizon(self) -> float:
        """The replication covers `[0, horizon)` days."""
        return self.warmup_days + self.days


class Scenario(Model):
    """A corridor, its shippers and its question.

    Made by `load_scenario` and `with_changes`, which validate; equal scenarios are equal values.
    """

    name: str
    title: Text = Field("", description="One line that tables, pictures and reports show")
    price_year: Annotated[int, Field(ge=1, le=9999)] | None = Field(
        None, description="The year whose prices the USD are, a label on all amounts of money"
    )
    run: Run = Field(Run(), description="How long and how often is simulated")
    demand: Demand = Field(description="Who ships: the yearly flow and what its time is worth")
    routes: Annotated[Table[Route], Field(min_length=1, max_length=MOST)] = Field(
        description="The alternatives from origin to destination, by name"
    )
    choice: Choice = Field(Choice(), description="How each container's route is chosen at booking")
    assumptions: Table[Assumption] = Field(
        Named[Assumption]({}),
        description="What stands behind the figures, by path in quotes; changes no result",
    )

    def with_changes(self, changes: Mapping[str, Any], *, name: str | None = None) -> Self:
        """A new, validated scenario with the values at some paths changed.

        `changes` maps paths as in a file ("routes.rail.freight_usd") to values as in a file. A
        number over a distribution replaces its mean: the distribution is scaled. Raises
        ScenarioError with every fault.
        """
        from sim.scenario.files import changed

        return changed(self, changes, name=name or self.name)  # type: ignore[return-value]

    def preview(self) -> Preview:
        """What can be said without simulating: free-flow days, capacities, what binds."""
        from sim.scenario.preview import preview

        return preview(self)

    def to_data(self) -> dict[str, Any]:
        """The plain data of a scenario file that means the same, nothing inherited."""
        return self.model_dump(exclude={"name"}, exclude_none=True)

    @property
    def open_routes(self) -> dict[str, Route]:
        """The routes that take part, by name in alphabetical order.

        The alphabet settles ties, so the order of the tables in a file settles nothing.
        """
        return {
            name: self.routes[name] for name in sorted(self.routes) if self.routes[name].is_open
        }

    @property
    def stream_names(self) -> list[str]:
        """The purposes for which random numbers are drawn, one stream each."""
        names = ["demand.bookings", "demand.value_of_time"]
        for route, description in self.routes.items():
            names.append(f"choice.luck.{route}")
            names += [f"routes.{route}.stages.{stage}" for stage in description.stages]
        return names

    @property
    def key(self) -> str:
        """A hash of all that determines a replication besides its number."""
        data = self.to_data()
        for without in ("title", "price_year", "assumptions"):
            data.pop(without, None)
        for without in ("replications", "confidence"):
            data["run"].pop(without)
        for route in data["routes"].values():  # their order matters, that of the routes does not
            route["stages"] = list(route["stages"].items())
        text = json.dumps(data, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
