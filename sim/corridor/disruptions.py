"""Disruptions: on which days of a replication each of them holds, and what it holds for."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from sim.corridor.course import Happening, Span
from sim.corridor.streams import quantile, stream
from sim.scenario.calendar import Piece
from sim.scenario.disruptions import Disruption
from sim.scenario.fields import Named
from sim.scenario.model import Era, Scenario, suffix
from sim.scenario.routes import Route

PAIRS = 64
"""Gaps and durations drawn at a time."""


class Disruptions:
    """What goes wrong in one replication, the same for both directions.

    spans: of each disruption by name, without those of single servers
    """

    def __init__(self, scenario: Scenario, replication: int) -> None:
        self._scenario, self._replication = scenario, replication
        self.spans = {
            name: tuple(self._spans(said, f"disruptions.{name}"))
            for name, said in scenario.disruptions.items()
            if not said.of_servers
        }

    @cached_property
    def happenings(self) -> dict[str, Happening]:
        """Every disruption of a place, by name, with its days."""
        return {n: Happening(self._scenario.disruptions[n], s) for n, s in self.spans.items()}

    def of_stage(self, route: str, stage: str) -> dict[str, Happening]:
        """What happens to a stage of a route."""
        return {n: h for n, h in self.happenings.items() if h.said.stage == (route, stage)}

    def ahead(self, route: str, stage: str, until: float) -> list[Happening]:
        """The same, of all that begins before a day that may be beyond the horizon."""
        return [
            Happening(said, self._spans(said, f"disruptions.{name}", until))
            for name, (said, _) in self.of_stage(route, stage).items()
        ]

    def of_facility(self, facility: str) -> dict[str, Happening]:
        """What happens to a facility as a whole."""
        return {n: h for n, h in self.happenings.items() if h.said.facility == facility}

    def of_server(self, facility: str, direction: str | None, server: int) -> dict[str, Happening]:
        """How one server of a facility fails."""
        own = f"{server}{suffix(direction)}"
        return {
            name: Happening(said, self._spans(said, f"disruptions.{name}.{own}"))
            for name, said in self._scenario.disruptions.items()
            if said.of_servers and said.facility == facility
        }

    def _spans(self, said: Disruption, purpose: str, until: float | None = None) -> list[Span]:
        """The days on which a disruption holds, of those that begin before a day: the horizon."""
        run = self._scenario.run
        random = stream(run.seed, self._replication, purpose)
        if said.starts is not None:
            first = run.day_of(said.starts)
            days = float(quantile(said.days, random.random(1))[0])
            return [Span(first, first + days)] if days else []
        return list(_alternating(said, random, run.horizon if until is None else until))

    def dearer(self, eras: Sequence[Era]) -> Sequence[Era]:
        """The scenario as it is on each day, with the freight that is asked then."""
        found = [each for each in self.happenings.values() if each.said.effect == "dearer"]
        if not found:
            return eras
        horizon = self._scenario.run.horizon
        cuts = {era.day for era in eras} | {day for day in edges(found) if 0 < day < horizon}
        return [_dearer(_in_force(eras, day), found, day) for day in sorted(cuts)]

    def demand(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Demand by pieces, less what is not booked."""
        found = [each for each in self.happenings.values() if each.said.path[0] == "demand"]
        cuts = edges(found)
        return [
            part._replace(per_year=part.per_year * _left(found, part.first))
            for piece in pieces
            for part in _parts(piece, cuts)
        ]


def _alternating(said: Disruption, random: np.random.Generator, until: float) -> Iterator[Span]:
    """Working and disrupted in turn, from day 0: the times of both are drawn."""
    gap, day = said.gap, 0.0
    assert gap is not None, "checked when the scenario was loaded"
    while True:
        u = random.random((PAIRS, 2))
        pairs = zip(
            quantile(gap, u[:, 0]).tolist(), quantile(said.days, u[:, 1]).tolist(), strict=True
        )
        for up, down in pairs:
            first = day + up
            if first >= until:
                return
            day = first + down
            if down:
                yield Span(first, day)


def _in_force(eras: Sequence[Era], day: float) -> Era:
    return next(era for era in reversed(eras) if era.day <= day)


def _dearer(era: Era, dearer: Sequence[Happening], day: float) -> Era:
    """An era from one day on, with the freight of that day."""
    scenario = era.scenario
    factors = dict.fromkeys(scenario.routes, 1.0)
    for said, spans in dearer:
        if _holds(spans, day):
            for name in (name for name, r in scenario.routes.items() if _concerns(said, name, r)):
                factors[name] *= said.part
    routes = {
        name: route.model_copy(update={"freight_usd": route.freight_usd * factors[name]})
        for name, route in scenario.routes.items()
    }
    return era._replace(day=day, scenario=scenario.model_copy(update={"routes": Named(routes)}))


def _concerns(said: Disruption, name: str, route: Route) -> bool:
    """Whether a route goes through what is disrupted."""
    if said.stage is not None:
        return said.stage[0] == name
    return said.facility in route.facilities


def _holds(spans: Sequence[Span], day: float) -> bool:
    """Whether a day is in one of some spans, which are in order and apart."""
    place = bisect_right(spans, (day, math.inf)) - 1
    return place >= 0 and day < spans[place].end


def _left(happenings: Sequence[Happening], day: float) -> float:
    """The part of something that is left on a day."""
    left = 1.0
    for said, spans in happenings:
        if _holds(spans, day):
            left *= 0.0 if said.effect == "closed" else said.part
    return left


def _parts(piece: Piece, cuts: Sequence[float]) -> Iterator[Piece]:
    """A piece, cut at some days."""
    first = piece.first
    for cut in (*(cut for cut in cuts if piece.first < cut < piece.end), piece.end):
        yield piece._replace(first=first, end=cut)
        first = cut


def left(happenings: Sequence[Happening], days: Sequence[float]) -> list[float]:
    """The part of a capacity that is left on each day."""
    some = [each for each in happenings if each.said.effect == "capacity"]
    return [_left(some, day) for day in days]


def changes(happenings: Sequence[Happening]) -> list[float]:
    """The days on which a capacity changes."""
    return edges([each for each in happenings if each.said.effect == "capacity"])


def edges(happenings: Sequence[Happening]) -> list[float]:
    """The days on which something begins or ends."""
    return sorted({day for each in happenings for span in each.spans for day in span})
