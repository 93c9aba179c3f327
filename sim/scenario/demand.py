"""Who ships, when, and how a route is chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator

from sim.scenario.distributions import Distribution, fixed, number, show
from sim.scenario.fields import MOST, Model, Named, NonNegative, Positive, Share, Table, Varying

Rule = Literal["share", "fastest", "cheapest", "logit"]

MONTHS = 12


@dataclass(frozen=True)
class Monthly:
    """Demand of each month beside the others; only proportions count.

    by_direction: twelve figures for each direction named; "" stands for all that are not
    """

    by_direction: tuple[tuple[str, tuple[float, ...]], ...]

    def of(self, direction: str | None) -> tuple[float, ...]:
        """Factors of mean 1 for the months of one direction; all 1 where nothing is said."""
        table = dict(self.by_direction)
        figures = table.get(direction or "", table.get("", (1.0,) * MONTHS))
        mean = math.fsum(figures) / MONTHS
        return tuple(figure / mean for figure in figures)

    def to_data(self) -> Any:
        """The value that a scenario file holds."""
        table = {name: list(figures) for name, figures in self.by_direction}
        return table.get("", table)


def parse_monthly(value: object) -> Monthly:
    """Twelve numbers, or a table of them by direction. Raises ValueError with what was got."""
    if isinstance(value, Monthly):
        return value
    if isinstance(value, Mapping):
        return Monthly(tuple((str(name), _twelve(figures)) for name, figures in value.items()))
    return Monthly((("", _twelve(value)),))


def _twelve(value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or len(value) != MONTHS:
        raise ValueError(
            f"must be {MONTHS} numbers, January first, or a table of them by direction "
            f"(got {show(value)})"
        )
    figures = tuple(map(number, value))
    if not any(figures):
        raise ValueError("needs a month above 0")
    return figures


def parse_part(value: object) -> float | Mapping[str, float]:
    """A route's part of the containers, or those of all routes in one direction.

    Raises ValueError with what was got.
    """
    if isinstance(value, Mapping):
        return Named({str(name): number(part) for name, part in value.items()})
    return number(value)


SharePart = Annotated[float | Mapping[str, float], PlainValidator(parse_part)]


class Class(Model):
    """A kind of cargo: its part of the containers, what its time is worth, who boards first."""

    share: Share = Field(description="Part of the containers; those of all classes sum to 1")
    value_of_time_usd_per_day: Varying | None = Field(
        None, description="In place of the demand's [USD/day]"
    )
    priority: int = Field(
        0, description="Of those ready at a departure the class of the greater boards first"
    )


class Demand(Model):
    """The yearly flow of containers and how it arrives."""

    containers_per_year: NonNegative = Field(
        description="Bookings in 365 days, all routes and both directions together "
        "[containers/year]"
    )
    directions: Annotated[Table[Share], Field(max_length=2)] | None = Field(
        None,
        description="Two directions and their parts of the containers, which sum to 1; routes are "
        "written in the order of the first",
    )
    arrivals: Literal["poisson", "even"] = Field(
        "poisson", description="poisson: bookings come at random; even: at equal distances"
    )
    monthly: Annotated[
        Monthly | None,
        PlainValidator(parse_monthly),
        PlainSerializer(lambda monthly: monthly and monthly.to_data()),
    ] = Field(
        None,
        description="Twelve numbers, January first, of which only proportions count; or a table "
        "of them by direction",
    )
    growth_per_year: Annotated[float, Field(gt=-1, le=100)] = Field(
        0.0,
        description="By what part each year of 365 days brings more than the one before; the "
        "first begins at start [1/year]",
    )
    value_of_time_usd_per_day: Varying = Field(
        fixed(0.0),
        description="What a shipper would pay to have a container a day earlier, drawn for each "
        "container [USD/day]",
    )
    classes: Annotated[Table[Class], Field(max_length=MOST)] | None = Field(
        None, description="Kinds of cargo, by name"
    )

    def value_of_time(self, name: str | None) -> Distribution:
        """That of a class; of all containers where there are none."""
        own = self.classes[name].value_of_time_usd_per_day if self.classes and name else None
        return self.value_of_time_usd_per_day if own is None else own


class Choice(Model):
    """How a container's route is chosen at booking."""

    rule: Rule = Field(
        "fastest",
        description="share: fixed probabilities; fastest: least posted time; cheapest: least "
        "generalised cost; logit: least generalised cost less a taste of its own",
    )
    shares: Table[SharePart] | None = Field(
        None,
        description="For the rule share: each route's part of the containers; they sum to 1. "
        "Or a table of such parts for each direction",
    )
    scale_usd: NonNegative | None = Field(
        None,
        description="For the rule logit: how much tastes differ between containers; 0 is "
        "cheapest [USD]",
    )
    posted_every_hours: Positive = Field(
        3.0,
        description="How often booking desks post new times, by which routes are chosen [hours]",
    )
    inertia_days: NonNegative = Field(
        0.0,
        description="Over how many days bookers smooth the times that they saw posted, "
        "exponentially; 0 for the times of the moment [days]",
    )

    def shares_of(self, direction: str | None) -> Mapping[str, float]:
        """The shares by route of one direction; a route that is not named has none."""
        shares = self.shares or {}
        own = shares.get(direction or "")
        if isinstance(own, Mapping):
            return own
        return {name: part for name, part in shares.items() if not isinstance(part, Mapping)}
