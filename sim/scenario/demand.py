"""Who ships, and how a route is chosen."""

from __future__ import annotations

from typing import Literal

from sim.scenario.distributions import fixed
from sim.scenario.fields import Model, NonNegative, Positive, Share, Table, Varying

Rule = Literal["share", "fastest", "cheapest", "logit"]


class Demand(Model):
    """The yearly flow of containers and how it arrives."""

    containers_per_year: NonNegative
    arrivals: Literal["poisson", "even"] = "poisson"
    value_of_time_usd_per_day: Varying = fixed(0.0)


class Choice(Model):
    """How a container's route is chosen at booking."""

    rule: Rule = "fastest"
    shares: Table[Share] | None = None
    scale_usd: NonNegative | None = None
    posted_every_hours: Positive = 3.0
