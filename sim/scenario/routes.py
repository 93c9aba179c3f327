"""Routes: alternatives from origin to destination, each an ordered chain of stages.

Where demand has two directions, the stages stand in the order of the first; the opposite goes
through them `backwards`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sim.scenario.distributions import Distribution
from sim.scenario.fields import MOST, Model, Named, NonNegative, Number, Positive, Table, Wait
from sim.scenario.stages import Departures, FacilityStage, Stage, Steps, Transit


@dataclass(frozen=True)
class Leg:
    """A departures stage with the stages that its trips run over, up to the next one."""

    name: str
    departures: Departures
    run: Steps

    @property
    def transit_days(self) -> float:
        """Mean days in transit from departure to the end of the leg."""
        return sum(s.duration.mean for _, s in self.run if isinstance(s, Transit))


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
    priority: int = Field(
        0, description="At facilities with that discipline the route of the greater goes first"
    )
    closed: bool = Field(False, description="true takes the route out")

    @property
    def departures(self) -> dict[str, Departures]:
        """Its departures stages by name, in order."""
        return {n: s for n, s in self.stages.items() if isinstance(s, Departures)}

    @property
    def approach(self) -> Steps:
        """The stages before the first departures: there each container moves on its own."""
        return self._runs[0][1]

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The departures stages, each with the stages that follow it."""
        departures = self.departures
        return tuple(Leg(name, departures[name], run) for name, run in self._runs[1:])

    @property
    def _runs(self) -> list[tuple[str, Steps]]:
        """What stands before the first departures (named ""), then what follows each."""
        runs: list[tuple[str, Steps]] = [("", ())]
        for name, stage in self.stages.items():
            if isinstance(stage, Departures):
                runs.append((name, ()))
            else:
                before, run = runs[-1]
                runs[-1] = (before, (*run, (name, stage)))
        return runs

    def backwards(self) -> Route:
        """The route in the opposite direction.

        It goes through the runs between departures, each beginning with its departures, and the
        stages inside each from last to first.
        """
        stages: dict[str, Stage] = {}
        for departures, run in reversed(self._runs):
            if departures:
                stages[departures] = self.departures[departures]
            stages |= dict(reversed(run))
        return self.model_copy(update={"stages": Named(stages)})

    def one_way(self) -> Route:
        """The route with the capacity that one of two directions has."""
        stages = {
            name: stage.one_way() if isinstance(stage, Departures) else stage
            for name, stage in self.stages.items()
        }
        return self.model_copy(update={"stages": Named(stages)})

    @property
    def facilities(self) -> tuple[str, ...]:
        """The facilities that it passes, in order, each once."""
        passed = (s.facility for s in self.stages.values() if isinstance(s, FacilityStage))
        return tuple(dict.fromkeys(passed))

    @property
    def transit_days(self) -> float:
        """Mean days in transit over the whole route."""
        return sum(t.mean for t in self._durations)

    @property
    def quoted_days(self) -> tuple[float, float]:
        """The least and the greatest sum of its transits; the second may be infinite."""
        bounds = [duration.bounds for duration in self._durations]
        return sum(low for low, _ in bounds), sum(high for _, high in bounds)

    @property
    def _durations(self) -> list[Distribution]:
        return [s.duration for s in self.stages.values() if isinstance(s, Transit)]

    @property
    def free_flow_days(self) -> float:
        """Door-to-door days with nothing ahead: half a headway at each departures, transits.

        Service at facilities comes on top; it is the scenario's `free_flow_days` that knows it.
        """
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
        return min(self.places_a_year, self.may_book)

    @property
    def places_a_year(self) -> float:
        """Those that its vehicles have places for, whatever its quotas let book."""
        return min((d.places_a_year for d in self.departures.values()), default=math.inf)

    @property
    def may_book(self) -> float:
        """Those that its quotas let book, whatever its vehicles have places for."""
        quotas = (d.quota for d in self.departures.values())
        return min((quota.yearly for quota in quotas if quota), default=math.inf)

    @property
    def queues_up(self) -> bool:
        """Whether more may book than there are places for, and wait without a limit."""
        return math.isinf(self.max_wait_days) and self.may_book > self.places_a_year

    def accepts(self, arriving: float) -> float:
        """Containers a year that may book and accept the wait, of so many arriving evenly."""
        if math.isinf(self.max_wait_days) or not self.departures:
            return min(arriving, self.may_book)
        first, *later = (stage.headway for stage in self.departures.values())
        halves = [headway / 2 for headway in later] + [first / 2 if self.approach else 0]
        if sum(halves) > self.max_wait_days:
            return 0.0
        near = 1.0 if self.approach or not first else min(1.0, self.max_wait_days / first)
        return min(self.yearly_capacity, arriving * near)

    @property
    def is_open(self) -> bool:
        """Whether it takes part: neither closed nor without capacity."""
        return not self.closed and self.yearly_capacity > 0
