"""Facilities: who is served when, and by which server."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from disrupted import Spans, closed, edges, factors, happened, is_in
from laws_times import ROUNDING
from numpy.typing import NDArray

import sim
from sim.results.observations import FacilityLog, Floats, Passage
from sim.scenario.network import Facility

Numbers = NDArray[np.integer]


@dataclass(frozen=True)
class Visits:
    """Vehicles at the servers of a facility: when each came, was served, and freed its server."""

    entered: Floats
    started: Floats
    freed: Floats
    priority: Numbers
    server: Numbers

    def of(self, here: NDArray[np.bool_]) -> Visits:
        """Some of them."""
        return Visits(
            self.entered[here], self.started[here], self.freed[here], self.priority[here],
            self.server[here],
        )  # fmt: skip

    def waiting(self, moments: Floats) -> Numbers:
        """How many have come and not begun, when all of a moment has happened."""
        return count_to(self.entered, moments) - count_to(self.started, moments)

    def busy(self, moments: Floats) -> Numbers:
        """How many have begun and not ended."""
        return count_to(self.started, moments) - count_to(self.freed, moments)


def count_to(days: Floats, moments: Floats) -> Numbers:
    """How many days have come at each moment."""
    return np.asarray(np.sort(days).searchsorted(moments, "right"))


def pools(scenario: sim.Scenario) -> set[tuple[str, str | None]]:
    """Each facility, or each of its directions where they have servers of their own."""
    return {
        (name, direction)
        for name, facility in scenario.facilities.items()
        for direction in (scenario.directions if facility.each_way else [None])
    }


def visits(scenario: sim.Scenario, observed: sim.Observations, log: FacilityLog) -> Visits:
    """All vehicles and lone containers that came to some servers before the horizon."""
    parts = [
        (
            passage.entered, passage.started, passage.freed,
            np.full(len(passage.entered), priority), passage.server,
        )
        for passage, priority in _passages(scenario, observed, log)
    ]  # fmt: skip
    none, nobody = np.empty(0), np.empty(0, np.int64)
    empty = (none, none, none, nobody, nobody)
    every = Visits(*(np.concatenate(each) for each in zip(empty, *parts, strict=True)))
    return every.of(every.entered < observed.horizon)


def _passages(
    scenario: sim.Scenario, observed: sim.Observations, log: FacilityLog
) -> Iterator[tuple[Passage, int]]:
    for way in observed.ways:
        for route in way.routes:
            runs = [route.approach, *(leg.passages for leg in route.legs)]
            for passage in (passage for run in runs for passage in run):
                if passage.facility == log.name and log.direction in (None, way.direction):
                    yield passage, scenario.routes[route.name].priority


def assert_lawful_facility(
    scenario: sim.Scenario, observed: sim.Observations, log: FacilityLog
) -> None:
    """Servers serve one vehicle each, none idles while a vehicle waits, who is next goes next."""
    assert list(log.servers) == steps(scenario, observed, log.name)
    assert_outages_as_said(scenario, observed, log)
    here = visits(scenario, observed, log)
    assert (here.started[np.isfinite(here.started)] < observed.horizon).all()
    shut = closed(observed, f"facilities.{log.name}")
    assert not is_in(shut, here.started).any(), "nothing begins while it is closed"
    moments = moments_of(here, log)
    moments = moments[moments < observed.horizon]
    servers = servers_at(log, moments)
    begins = np.isin(moments, here.started)
    assert (here.busy(moments) <= servers)[begins].all(), "a vehicle a server"
    could = (here.busy(moments) < servers) & ~is_in(shut, moments) & (free(log, here, moments) > 0)
    assert (here.waiting(moments)[could] == 0).all(), "no server idles while a vehicle waits"
    assert_lawful_servers(observed, log, here)
    assert_next_goes_next(scenario.facilities[log.name], here)


def steps(
    scenario: sim.Scenario, observed: sim.Observations, name: str
) -> list[tuple[float, float]]:
    """How many servers a facility has from which day on, as phases and disruptions have it."""
    fewer = happened(observed, f"facilities.{name}", "capacity")
    eras = scenario.eras
    found: list[tuple[float, float]] = []
    for day in sorted({*edges(fewer), *(era.day for era in eras)}):
        said = [era for era in eras if era.day <= day][-1].scenario.facilities[name].servers
        servers = np.floor(round(said * factors(fewer, np.array([day]))[0], 9))
        if not found or found[-1][1] != servers:
            found.append((day, servers))
    return found


def moments_of(here: Visits, log: FacilityLog) -> Floats:
    """All days on which anything happens at a facility."""
    changes = [day for day, _ in log.servers]
    changes += [day for out in log.outages for day in (out.first, out.end)]
    moments: Floats = np.unique(np.concatenate([here.entered, here.started, here.freed, changes]))
    return moments[moments < math.inf]


def servers_at(log: FacilityLog, moments: Floats) -> Numbers:
    """How many servers there are at each moment."""
    days, servers = np.array(log.servers).T
    now: Numbers = servers[days.searchsorted(moments, "right") - 1].astype(np.int64)
    return now


def numbered(log: FacilityLog) -> range:
    """The servers that fail each by itself; none where they have no numbers."""
    alike = all(out.server is None for out in log.outages)
    return range(0 if alike else max(servers for _, servers in log.servers))


def down(log: FacilityLog, server: int) -> list[tuple[float, float]]:
    """The days on which one server is out of order by itself."""
    return [(out.first, out.end) for out in log.outages if out.server == server]


def free(log: FacilityLog, here: Visits, moments: Floats) -> Numbers:
    """How many servers work and serve nobody; where they have no numbers, one."""
    if not numbered(log):
        return np.ones(len(moments), np.int64)
    found = np.zeros(len(moments), np.int64)
    for server in numbered(log):
        busy = here.of(here.server == server).busy(moments) > 0
        there = server < servers_at(log, moments)
        found += there & ~busy & ~is_in(down(log, server), moments)
    return found


def assert_lawful_servers(observed: sim.Observations, log: FacilityLog, here: Visits) -> None:
    """A server that fails by itself serves one at a time, and begins while it works."""
    end = observed.horizon
    for server in numbered(log):
        mine = here.of((here.server == server) & np.isfinite(here.started))
        order = mine.started.argsort(kind="stable")
        started, freed = mine.started[order], np.minimum(mine.freed[order], end)
        assert (started[1:] >= freed[:-1]).all(), "one at a time"
        out = down(log, server)
        assert not is_in(out, started).any(), "none begins at a server that is down"
    if numbered(log):
        assert np.isin(here.server, numbered(log)).all()


def assert_outages_as_said(
    scenario: sim.Scenario, observed: sim.Observations, log: FacilityLog
) -> None:
    """Whole closures are those of the disruptions; each server fails as was said, by itself."""
    whole = [(out.first, out.end) for out in log.outages if out.server is None]
    assert sorted(whole) == sorted(closed(observed, f"facilities.{log.name}"))
    for name, said in scenario.disruptions.items():
        if said.target == f"facilities.{log.name}.servers" and said.gap is not None:
            for server in numbered(log):
                own = [
                    (out.first, out.end)
                    for out in log.outages
                    if (out.server, out.disruption) == (server, name)
                ]
                assert_alternates(own, said.gap.bounds, said.days.bounds)


def assert_alternates(spans: Spans, up: tuple[float, float], down: tuple[float, float]) -> None:
    """It works, is down, works again, each time as long as was said."""
    ends = [0.0, *(end for _, end in spans)]
    for (first, end), last in zip(spans, ends, strict=False):
        assert up[0] - ROUNDING <= first - last <= up[1] + ROUNDING
        assert down[0] - ROUNDING <= end - first <= down[1] + ROUNDING


def assert_next_goes_next(facility: Facility, here: Visits) -> None:
    """Whoever came first, of the greatest priority that waits where that counts."""
    if facility.discipline == "fifo":
        assert_first_come_first_served(here)
        return
    for priority in np.unique(here.priority):
        these, lower = here.of(here.priority == priority), here.of(here.priority < priority)
        assert_first_come_first_served(these)
        for start in lower.started[np.isfinite(lower.started)]:
            passed_over = (these.entered < start) & (these.started > start)
            assert not passed_over.any(), "the greater priority goes first"


def assert_first_come_first_served(here: Visits) -> None:
    """Of two that come one after the other the first begins first."""
    started = here.started[np.lexsort((here.started, here.entered))]
    assert (started[1:] >= started[:-1]).all()
