"""The story of one container: what happened to it, day by day, to be checked by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import UsageError
from sim.results.bottleneck import KINDS
from sim.results.containers import FATES, freight_at, numbering
from sim.results.observations import Leg, Observations, Passage, RouteLog, Way
from sim.scenario.model import Run, Scenario

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Event:
    """Something that happened to a container.

    what: booked, ready, departed, entered, began, left, delivered; or horizon, where the run ends
    stage: where; None for booked, delivered and horizon
    details: what more there is to say, by name; durations in days
    """

    day: float
    date: date | None
    what: str
    stage: str | None
    details: Mapping[str, Any]

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        said = None if self.date is None else self.date.isoformat()
        return {
            "day": self.day,
            "date": said,
            "what": self.what,
            "stage": self.stage,
            **self.details,
        }


@dataclass(frozen=True)
class Story:
    """What happened to one container of a replication, and what it comes to.

    containers: how many there are, numbered from 0 in booking order over all directions
    fate: delivered, moving, waiting or unserved
    days: wait, queueing, service, transit: they sum to the time from door to door, so far
    usd: freight, handling, detour, time and their sum, of one that is delivered; else empty
    co2e_kg: None where it is not known, or not delivered
    """

    scenario: str
    replication: int
    container: int
    containers: int
    price_year: int | None
    direction: str | None
    route: str | None
    fate: str
    events: tuple[Event, ...]
    days: Mapping[str, float]
    door_to_door_days: float | None
    usd: Mapping[str, float] = field(default_factory=dict)
    co2e_kg: float | None = None

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "events": [event.to_data() for event in self.events],
            "days": dict(self.days),
            "usd": dict(self.usd),
        }

    def to_frame(self) -> pd.DataFrame:
        """A row an event: day, date where there is one, stage, what, and the days that it took."""
        import pandas as pd

        rows = [event.to_data() for event in self.events]
        columns = ["day", *["date"] * any(event.date for event in self.events), "stage", "what"]
        frame = pd.DataFrame(rows).reindex(columns=[*columns, "days"])
        return frame.fillna({"stage": ""})


def story(scenario: Scenario, observed: Observations, container: int) -> Story:
    """The story of a container by its number. Raises UsageError where there is none of it."""
    containers = observed.containers
    if not 0 <= container < len(containers):
        there = (
            f"there are {len(containers):,}, numbered from 0" if len(containers) else "none came"
        )
        raise UsageError(f"no container {container:,} in {observed.scenario}: {there}")
    way, row = _place(observed, container)
    facts = _Facts(scenario, observed, way, row)
    facts.tell(FATES[containers.fate[container]])
    days = dict.fromkeys(KINDS, 0.0)
    for kind, spent in facts.spent:
        days[kind] += spent
    delivered, bills = float(containers.delivered[container]), containers.bills
    came = math.isfinite(delivered)
    kg = float(bills.kg[container])
    lines = {
        "freight": bills.freight, "handling": bills.handling, "detour": bills.detour,
        "time": bills.time, "sum": bills.cost,
    }  # fmt: skip
    return Story(
        scenario=observed.scenario,
        replication=observed.replication,
        container=container,
        containers=len(containers),
        price_year=scenario.price_year,
        direction=way.direction,
        route=facts.log.name if facts.log else None,
        fate=FATES[containers.fate[container]],
        events=tuple(facts.events),
        days=days,
        door_to_door_days=delivered - float(containers.booked[container]) if came else None,
        usd={name: float(line[container]) for name, line in lines.items()} if came else {},
        co2e_kg=None if math.isnan(kg) else kg,
    )


def _place(observed: Observations, container: int) -> tuple[Way, int]:
    """The direction of a container, and its number there."""
    sizes = [len(way.booked) for way in observed.ways]
    row = int(np.arange(sum(sizes))[numbering(observed.ways)][container])
    for way, size in zip(observed.ways, sizes, strict=True):
        if row < size:
            return way, row
        row -= size
    raise AssertionError("the number was looked at")


class _Facts:
    """Collects what happened to one container.

    events, spent: in order; the days of each kind that it spent at what is over
    """

    def __init__(self, scenario: Scenario, observed: Observations, way: Way, row: int) -> None:
        self.run: Run = scenario.run
        self.way, self.row, self.horizon = way, row, observed.horizon
        taken = int(way.taken[row])
        self.log: RouteLog | None = way.routes[taken] if taken >= 0 else None
        self.eras = [(era.day, era.scenario.one_way(way.direction).routes) for era in scenario.eras]
        self.events: list[Event] = []
        self.spent: list[tuple[str, float]] = []
        self.where: dict[str, Any] = {}

    def tell(self, fate: str) -> None:
        """All that happened, to its end or to that of the run."""
        booked = float(self.way.booked[self.row])
        self._add(booked, "booked", None, **self._choice())
        if self.log is None:
            return
        if self._goes(self.log):
            arrived = self.events[-1].day
            self._add(arrived, "delivered", None, days=arrived - booked)
        else:
            self._add(self.horizon, "horizon", None, fate=fate, **self.where)

    def _add(self, day: float, what: str, stage: str | None, **details: Any) -> None:
        start = self.run.start
        on = start and start + timedelta(days=math.floor(day - self.run.warmup_days))
        self.events.append(Event(day, on, what, stage, details))

    def _choice(self) -> dict[str, Any]:
        """What it was, wanted, and took; who refused it, the one that it wanted first of all."""
        way, row = self.way, self.row
        wanted = way.routes[way.wanted[row]].name if way.wanted[row] >= 0 else None
        refused = sorted(log.name for log in way.routes if row in log.refused)
        said: dict[str, Any] = {
            "direction": way.direction,
            "class": None if way.class_of is None else way.classes[way.class_of[row]],
            "value_of_time_usd_per_day": float(way.value_of_time[row]),
            "wanted": wanted,
            "refused": sorted(refused, key=lambda name: name != wanted),
            "took": self.log.name if self.log else None,
        }
        if self.log is not None:
            said["freight_usd"] = float(freight_at(self.log, way.booked[row : row + 1])[0])
        return said

    def _goes(self, log: RouteLog) -> bool:
        """Go through all stages, or as far as it came; whether that is all."""
        place = int(log.accepted.searchsorted(self.row))
        return all(self._passes(each, place) for each in log.approach) and all(
            self._boards(leg) and all(self._passes(each, self.trip) for each in leg.passages)
            for leg in log.legs
        )

    def _boards(self, leg: Leg) -> bool:
        """Wait for a departure, if it has come to it; whether it left."""
        place = int(np.flatnonzero(leg.who == self.row)[0])
        since = float(leg.since[place])
        self._add(since, "ready", leg.name, ahead=_ahead(leg, place))
        if place >= leg.boarded:
            ahead = place - leg.boarded
            self.where = {"at": leg.name, "ahead": ahead, "days": self.horizon - since}
            self.spent.append(("wait", self.horizon - since))
            return False
        self.trip = int(leg.loads.cumsum().searchsorted(place, "right"))
        left = float(leg.departed[self.trip])
        self._add(left, "departed", leg.name, **self._departure(leg, self.trip), days=left - since)
        self.spent.append(("wait", left - since))
        return True

    def _departure(self, leg: Leg, trip: int) -> dict[str, Any]:
        """What left: its number, on the timetable where that says so, its load and its room."""
        assert self.log is not None, "only who took a route departs"
        left = float(leg.departed[trip])
        planned = left if leg.planned is None else float(leg.planned[trip])
        headway = self._headway(leg.name, planned)
        return {
            "vehicle": self.eras[0][1][self.log.name].departures[leg.name].vehicle,
            "number": trip + 1 if headway is None else round(planned / headway),
            "headway_days": headway,
            "late_days": left - planned,
            "load": int(leg.loads[trip]),
            "capacity": int(leg.capacities[trip]),
        }

    def _headway(self, stage: str, planned: float) -> float | None:
        """That of a timetable which nothing changed before a departure: k leaves after k of it."""
        assert self.log is not None, "only who took a route departs"
        before = [routes[self.log.name] for first, routes in self.eras if first < planned]
        if not all(route.is_open for route in before):
            return None
        stages = [route.departures[stage] for route in before]
        said = {(each.headway, each.capacity) for each in stages if each.on_timetable}
        return said.pop()[0] if len(said) == 1 else None

    def _passes(self, passage: Passage, place: int) -> bool:
        """Go through a stage between departures, as far as it came; whether it is through."""
        entered, started, left = (
            float(days[place]) for days in (passage.entered, passage.started, passage.left)
        )
        about: dict[str, Any] = {} if passage.facility is None else {"facility": passage.facility}
        if passage.detoured is not None and passage.detoured[place]:
            about["detour"] = True
        self._add(entered, "entered", passage.stage, **about)
        is_queue = passage.facility is not None
        for kind, what, first, last in _steps(is_queue, entered, started, left):
            if last >= self.horizon:
                self.where = {"at": passage.stage, "in": kind, "days": self.horizon - first}
                self.spent.append((kind, self.horizon - first))
                return False
            held = {"held_days": started - first} if kind == "transit" and started > first else {}
            self._add(last, what, passage.stage, **held, days=last - first)
            self.spent.append((kind, last - first))
        return True


def _steps(
    is_queue: bool, entered: float, started: float, left: float
) -> Iterator[tuple[str, str, float, float]]:
    """The kinds of time at a stage: what ends each, from when to when."""
    if not is_queue:
        yield "transit", "left", entered, left
        return
    yield "queueing", "began", entered, started
    yield "service", "left", started, left


def _ahead(leg: Leg, place: int) -> int:
    """How many waited when it was ready that left before it, or with it and before it."""
    since = leg.since[place]
    gone = int(leg.loads[: leg.departed.searchsorted(since)].sum())
    return int(np.count_nonzero(leg.since[gone:place] <= since))
