"""The scenario: everything that a simulation is told, frozen and validated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

from pydantic import Field

from sim.errors import UsageError
from sim.scenario.assumptions import Assumption
from sim.scenario.demand import Choice, Demand, Monthly
from sim.scenario.disruptions import Carbon, Disruption, Fleet
from sim.scenario.distributions import MOST_BITS, whole
from sim.scenario.fields import DAYS_A_YEAR, MOST, Model, Named, NonNegative, Positive, Table, Text
from sim.scenario.network import Facility, Place
from sim.scenario.phases import Phase
from sim.scenario.routes import Route
from sim.scenario.stages import FacilityStage, Transit

MOST_PLACES = 1000

OPTIONAL = ("places", "facilities", "fleets", "phases", "disruptions")
"""Sections that are not written where they are empty."""

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
    start: date | None = Field(
        None, description="The first day of the measured window, a date such as 2001-01-01"
    )

    @property
    def horizon(self) -> float:
        """The replication covers `[0, horizon)` days."""
        return self.warmup_days + self.days

    def day_of(self, moment: date) -> float:
        """The day on which a date begins, counted from the start of the warm-up."""
        assert self.start is not None, "checked when the scenario was loaded"
        return self.warmup_days + (moment - self.start).days


class Era(NamedTuple):
    """A scenario as it is from some day on, until the next.

    demand_since: the day from which on its yearly demand is as it was said; growth goes on from it
    """

    day: float
    scenario: Scenario
    demand_since: float = 0.0


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
    places: Annotated[Table[Place], Field(max_length=MOST_PLACES)] = Field(
        Named[Place]({}), description="Points that legs join, by name"
    )
    facilities: Annotated[Table[Facility], Field(max_length=MOST)] = Field(
        Named[Facility]({}), description="What vehicles of any route queue for, by name"
    )
    fleets: Annotated[Table[Fleet], Field(max_length=MOST)] = Field(
        Named[Fleet]({}),
        description="Vehicles that must come back before they leave again, by name",
    )
    carbon: Carbon | None = Field(None, description="What transport emits, by mode")
    routes: Annotated[Table[Route], Field(min_length=1, max_length=MOST)] = Field(
        description="The alternatives from origin to destination, by name"
    )
    choice: Choice = Field(Choice(), description="How each container's route is chosen at booking")
    phases: Annotated[Table[Phase], Field(max_length=MOST)] = Field(
        Named[Phase]({}), description="What changes from some date on, by name"
    )
    disruptions: Annotated[Table[Disruption], Field(max_length=MOST)] = Field(
        Named[Disruption]({}), description="What goes wrong, by name"
    )
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

        return changed(self, changes, name=self.name if name is None else name)  # type: ignore[return-value]

    def preview(self) -> Preview:
        """What can be said without simulating: free-flow days, capacities, what binds."""
        from sim.scenario.preview import preview

        return preview(self)

    def to_data(self) -> dict[str, Any]:
        """The plain data of a scenario file that means the same, nothing inherited."""
        data = self.model_dump(exclude={"name"}, exclude_none=True, by_alias=True)
        return {key: value for key, value in data.items() if value != {} or key not in OPTIONAL}

    @property
    def directions(self) -> tuple[str | None, ...]:
        """The names of the two directions, or None alone."""
        return tuple(self.demand.directions or (None,))

    def one_way(self, direction: str | None) -> Scenario:
        """One direction as a scenario without directions.

        Its part of the demand, its half of the yearly capacities, its order of stages. Facilities
        stay those of both.
        """
        if direction is None or self.demand.directions is None:
            return self
        demand, parts = self.demand, self.demand.directions
        monthly = demand.monthly and Monthly((("", demand.monthly.of(direction)),))
        forwards = direction == next(iter(parts))
        routes = {
            name: (route if forwards else route.backwards()).one_way()
            for name, route in self.routes.items()
        }
        change = {
            "containers_per_year": demand.containers_per_year * parts[direction],
            "directions": None,
            "monthly": monthly,
        }
        shares = {"shares": Named(self.choice.shares_of(direction) or {}) or None}
        return self.model_copy(
            update={
                "demand": demand.model_copy(update=change),
                "routes": Named(routes),
                "choice": self.choice.model_copy(update=shares),
            }
        )

    def free_flow_days(self, name: str) -> float:
        """Door-to-door days of a route with nothing ahead, service at facilities included.

        Each way: of yearly capacities a direction has half.
        """
        route = self.one_way(self.directions[0]).routes[name]
        runs = [(route.approach, 1), *((leg.run, leg.departures.capacity) for leg in route.legs)]
        services = [
            self.facilities[stage.facility].service_days(load)
            for run, load in runs
            for _, stage in run
            if isinstance(stage, FacilityStage)
        ]
        return route.free_flow_days + sum(services)

    def yearly_capacity(self, name: str) -> float:
        """Containers a year that can pass the departures of a route, both directions together.

        As far as its fleets keep its timetables, and its quotas let them book.
        """
        from sim.scenario.fleets import within_fleets

        ways = map(within_fleets(self).one_way, self.directions)
        return sum(each.routes[name].yearly_capacity for each in ways)

    @property
    def moves(self) -> bool:
        """Whether it changes from year to year: then means are of the window, not of a state."""
        return bool(self.phases) or self.demand.growth_per_year != 0

    def without_phases(self) -> Scenario:
        """The same, as if nothing ever changed; without its ledger, which speaks of the start."""
        return self.model_copy(update={"phases": Named({}), "assumptions": Named({})})

    @property
    def eras(self) -> tuple[Era, ...]:
        """The scenario from day 0 on, and as each phase changes it from its day on."""
        from sim.scenario.phases import eras

        return eras(self)

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
        names = ["demand.bookings", "demand.value_of_time", "demand.class"]
        for route, description in self.routes.items():
            names.append(f"choice.luck.{route}")
            for stage, about in description.stages.items():
                names.append(f"routes.{route}.stages.{stage}")
                if isinstance(about, Transit) and about.detour is not None:
                    names.append(f"routes.{route}.stages.{stage}.detour")
        names += [f"fleets.{fleet}" for fleet in self.fleets]
        own = [f"{name}{suffix(each)}" for each in self.directions for name in names]
        return [*own, *self._disruption_streams()]

    def _disruption_streams(self) -> Iterator[str]:
        """Those of what goes wrong, in both directions alike; of each server that fails by itself.

        A server that a phase adds later has one more, which is not here.
        """
        for name, said in self.disruptions.items():
            facility = self.facilities.get(said.facility or "")
            if not said.of_servers or facility is None:
                yield f"disruptions.{name}"
                continue
            for direction in self.directions if facility.each_way else (None,):
                for server in range(facility.servers):
                    yield f"disruptions.{name}.{server}{suffix(direction)}"

    @property
    def key(self) -> str:
        """A hash of all that determines a replication besides its number."""
        data = self.to_data()
        for without in ("title", "price_year", "assumptions"):
            data.pop(without, None)
        for without in ("replications", "confidence"):
            data["run"].pop(without)
        ordered = [(route, "stages") for route in data["routes"].values()]
        ordered += [(data["demand"], "directions"), (data["demand"], "classes"), (data, "phases")]
        for around, table in ordered:  # their order matters, that of all others does not
            if table in around:
                around[table] = list(around[table].items())
        text = json.dumps(data, sort_keys=True, allow_nan=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def a_scenario(value: object) -> Scenario:
    """What is a scenario. Raises UsageError for all else, such as the name of one."""
    if isinstance(value, Scenario):
        return value
    raise UsageError(f"needs a scenario, as sim.load_scenario gives one (got {value!r:.60})")


def replicated(scenario: Scenario, number: int) -> Scenario:
    """The scenario with so many replications. Raises UsageError."""
    return scenario.with_changes({"run.replications": whole("replications", number, 1)})


def suffix(direction: str | None) -> str:
    """What a stream's name ends on, so that each direction has streams of its own."""
    return "" if direction is None else f".{direction}"
