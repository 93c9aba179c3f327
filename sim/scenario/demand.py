"""Who ships, and how a route is chosen."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sim.scenario.distributions import fixed
from sim.scenario.fields import Model, NonNegative, Positive, Share, Table, Varying

Rule = Literal["share", "fastest", "cheapest", "logit"]


class Demand(Model):
    """The yearly flow of containers and how it arrives."""

    containers_per_year: NonNegative = Field(
        description="Bookings in 365 days, all routes together [containers/year]"
    )
    arrivals: Literal["poisson", "even"] = Field(
        "poisson", description="poisson: bookings come at random; even: at equal distances"
    )
    value_of_time_usd_per_day: Varying = Field(
        fixed(0.0),
        description="What a shipper would pay to have a container a day earlier, drawn for each "
        "container [USD/day]",
    )


class Choice(Model):
    """How a container's route is chosen at booking."""

    rule: Rule = Field(
        "fastest",
        description="share: fixed probabilities; fastest: least posted time; cheapest: least "
        "generalised cost; logit: least generalised cost less a taste of its own",
    )
    shares: Table[Share] | None = Field(
        None, description="For the rule share: each route's part of the containers; they sum to 1"
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
