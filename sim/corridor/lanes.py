"""Lanes: a route in one direction, as it is in each era, with what its luck is drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.corridor.disruptions import Disruptions
from sim.corridor.facilities import Pools
from sim.corridor.fleets import Fleet
from sim.corridor.streams import Floats, quantile, stream
from sim.scenario.distributions import Distribution
from sim.scenario.model import Era, Scenario, suffix
from sim.scenario.routes import Route

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Way:
    """One direction of a replication, and what it shares with the other.

    fleets: by name, None for those that vehicles without one belong to
    """

    eras: Sequence[Era]
    direction: str | None
    replication: int
    pools: Pools
    fleets: Mapping[str | None, Fleet]
    disruptions: Disruptions

    @cached_property
    def scenarios(self) -> list[Scenario]:
        """The scenario as this direction has it in each era."""
        return [era.scenario.one_way(self.direction) for era in self.eras]

    @cached_property
    def days(self) -> Floats:
        """The first day of each era, 0 for the first [eras]."""
        return np.array([era.day for era in self.eras])

    @property
    def first(self) -> Scenario:
        """The scenario at the start."""
        return self.scenarios[0]

    @property
    def horizon(self) -> float:
        """The replication covers `[0, horizon)` days."""
        return self.first.run.horizon

    @cached_property
    def routes(self) -> tuple[str, ...]:
        """The routes that take part in some era, in alphabetical order."""
        return tuple(sorted({name for each in self.scenarios for name in each.open_routes}))

    def eras_of(self, moments: Floats) -> Rows:
        """The number of the era of each moment."""
        if len(self.days) == 1:
            return np.zeros(len(moments), np.intp)
        return self.days.searchsorted(moments, "right") - 1

    def stream(self, purpose: str) -> np.random.Generator:
        """The generator of one purpose, own to this direction."""
        name = f"{purpose}{suffix(self.direction)}"
        return stream(self.first.run.seed, self.replication, name)

    def lane(self, name: str) -> Lane:
        """One route of this direction."""
        return Lane(self, name, [each.routes[name] for each in self.scenarios])


@dataclass(frozen=True, eq=False)
class Lane:
    """A route in one direction, as it is in each era."""

    way: Way
    name: str
    routes: Sequence[Route]

    def stream(self, stage: str) -> np.random.Generator:
        """The generator of one of its stages."""
        return self.way.stream(f"routes.{self.name}.stages.{stage}")


def by_era(each: Sequence[Distribution], eras: Rows, u: Floats) -> Floats:
    """The values at uniform numbers of the distribution that holds in the era of each."""
    if all(one == each[0] for one in each):
        return quantile(each[0], u)
    if len(eras) and (eras == eras[0]).all():  # as of most who book together
        return quantile(each[eras.item(0)], u)
    found = np.empty(len(eras))
    for era, one in enumerate(each):
        here = eras == era
        found[here] = quantile(one, u[here])
    return found
