"""The use of facilities: how much their servers do, how long vehicles queue, what could pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from sim.results.figures import Figures
from sim.results.observations import FacilityLog, Floats, Observations, Outage, Passage, Rows
from sim.results.spans import Spans
from sim.results.window import Window


class Visit(NamedTuple):
    """How trips of one direction went through a stage, with the containers on each."""

    passage: Passage
    loads: Rows
    direction: str | None


def visits(observations: Observations) -> Iterator[tuple[str, Visit]]:
    """Every passage through a stage, with its route."""
    for way in observations.ways:
        for route in way.routes:
            for passage, _, loads in route.passages():
                yield route.name, Visit(passage, loads, way.direction)


def facilities(observations: Observations, window: Window) -> dict[str, Figures]:
    """The use of each facility by name: of all vehicles together.

    utilisation: time that its servers serve, over the time that they are there
    down: time that its servers are out of order and serve nobody, over the same
    vehicles: a year, whose service begins in the window
    queue_mean: vehicles in its queue, time average
    queueing_mean: days a vehicle waits in it, of those whose service begins in the window
    queue_growth: vehicles a year by which it grew over the window
    yearly_capacity: containers that would pass in a year if its servers always served while they
        are in order, at the loads that vehicles have
    """
    through = [visit for _, visit in visits(observations)]
    found: dict[str, Figures] = {}
    for name in dict.fromkeys(log.name for log in observations.facilities):
        logs = [log for log in observations.facilities if log.name == name]
        here = [visit for visit in through if visit.passage.facility == name]
        found[name] = _use(logs, here, window)
    return found


def _use(logs: Sequence[FacilityLog], here: Sequence[Visit], window: Window) -> Figures:
    there = sum(_server_days(log, window) for log in logs)
    taken = queued = queueing = vehicles = containers = 0.0
    for passage, loads, _ in here:
        started, entered = passage.started, passage.entered
        taken += _overlap(started, passage.freed, window)
        queued += _overlap(entered, started, window)
        began = window.holds(started)
        vehicles += int(began.sum())
        containers += float(loads[began].sum())
        queueing += float((started[began] - entered[began]).sum())
    out_of_order = [_out_of_order(log, here, window) for log in logs if log.outages]
    taken -= sum(still for still, _ in out_of_order)
    down = sum(days for _, days in out_of_order)
    used, free = (taken / there, 1 - down / there) if there else (None, 1.0)
    return {
        "utilisation": used,
        "down": down / there if there else None,
        "vehicles": window.per_year(vehicles),
        "queue_mean": queued / window.days,
        "queueing_mean": queueing / vehicles if vehicles else None,
        "queue_growth": window.per_year(_queued(here, window.end) - _queued(here, window.start)),
        "yearly_capacity": window.per_year(containers) / (used / free) if used else None,
    }


def _out_of_order(log: FacilityLog, here: Sequence[Visit], window: Window) -> tuple[float, float]:
    """Days that vehicles stand still on servers, and that servers serve nobody for they cannot."""
    own = [visit for visit in here if log.direction in (None, visit.direction)]
    still = down = 0.0
    for server in _numbers(log):
        theirs = [out for out in log.outages if out.server in (None, server)]
        every = Spans(_while_there(log, server, theirs))
        holding = [out for out in theirs if out.holds]
        held = Spans((out.first, out.end) for out in holding)
        held_there = Spans(_while_there(log, server, holding))
        works = 0.0
        for passage, _, _ in own:
            on = np.isfinite(passage.started)
            if server is not None and passage.server is not None:
                on &= passage.server == server
            first, end = (
                moments[on].clip(window.start, window.end)
                for moments in (passage.started, passage.freed)
            )
            works += every.between(first, end) - held_there.between(first, end)
            still += held.between(first, end)
        servers = 1 if server is not None else _mean_servers(log, every, window)
        # Who is in service when servers are taken away may keep more of them than there are.
        down += max(servers * every.within(window.start, window.end) - works, 0.0)
    return still, down


def _while_there(
    log: FacilityLog, server: int | None, outages: Sequence[Outage]
) -> Iterator[tuple[float, float]]:
    """The days of outages on which a server is one of those that there are; of None all."""
    for first, end, servers in log.periods:
        if server is None or server < servers:
            for out in outages:
                if out.first < end and out.end > first:
                    yield max(out.first, first), min(out.end, end)


def _numbers(log: FacilityLog) -> Sequence[int | None]:
    """The servers that fail by themselves, or None for all alike."""
    if all(out.server is None for out in log.outages):
        return (None,)
    return range(max(servers for _, servers in log.servers))


def _mean_servers(log: FacilityLog, spans: Spans, window: Window) -> float:
    """How many servers there are in some spans, mean."""
    days = spans.within(window.start, window.end)
    total = sum(
        servers * spans.within(max(first, window.start), min(end, window.end))
        for first, end, servers in log.periods
        if max(first, window.start) < min(end, window.end)
    )
    return total / days if days else 0.0


def _queued(visits: Sequence[Visit], moment: float) -> int:
    """Vehicles in the queue at a moment."""
    return sum(
        int(np.count_nonzero((each.passage.entered < moment) & (each.passage.started >= moment)))
        for each in visits
    )


def _overlap(first: Floats, last: Floats, window: Window) -> float:
    """The days of the window that lie between moments, summed; infinite ones are to come."""
    came = np.isfinite(first)
    begins = first[came].clip(window.start, window.end)
    ends = last[came].clip(window.start, window.end)
    return float((ends - begins).sum())


def _server_days(log: FacilityLog, window: Window) -> float:
    """How many server-days there are in a window."""
    return sum(
        servers * max(0.0, min(end, window.end) - max(first, window.start))
        for first, end, servers in log.periods
    )
