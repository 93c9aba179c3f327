"""What must hold of every corridor with every feature at once.

`make test` tries 200 of them, `make verify` 5,000.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from disrupted import is_in
from everything import Document, corridors, read, single_routes
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from laws import assert_lawful
from laws_facilities import Visits, down, moments_of, numbered, servers_at, visits
from support import figures

import sim
from sim.corridor.streams import stream
from sim.results.observations import FacilityLog, Floats, Passage, RouteLog, Rows, Way

NUMBER = int(os.environ.get("TRANSSIB_EXAMPLES", "200"))
PARTS = 4
"""In so many parts, which several processes share."""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_law_holds_of_every_corridor(part: int) -> None:
    about = settings(max_examples=NUMBER // PARTS, deadline=None, database=None)
    seed(part)(about(given(corridors(), st.integers(1, 9))(assert_all_laws)))()


def assert_all_laws(document: Document, more: int) -> None:
    scenario = read(document)
    observed = sim.simulate(scenario)
    assert_nothing_is_lost(scenario, observed)
    assert_other_is_the_same(document, scenario, observed, more)


def assert_nothing_is_lost(scenario: sim.Scenario, observed: sim.Observations) -> None:
    """And nothing takes more than it can."""
    assert_lawful(scenario, observed)
    found = figures(scenario, observed)
    assert_all_are_counted(observed)
    assert_conserved_at_every_event(observed)
    assert_little(scenario, observed, found)
    assert_shares_sum_to_one(scenario, observed, found)
    for way in observed.ways:
        for route in way.routes:
            assert_stages_sum_to_the_way(observed, way, route)
    for name in scenario.routes:
        assert_means_sum_to_the_mean(found, name)
        assert_means_are_of_the_delivered(observed, found, name)
    for facility in scenario.facilities:
        logs = [log for log in observed.facilities if log.name == facility]
        assert_servers_are_busy_or_idle(scenario, observed, logs, found)


def assert_all_are_counted(observed: sim.Observations) -> None:
    """Booked = delivered + moving + waiting + unserved, by the containers and by the logs."""
    seen = observed.containers
    delivered, unserved = np.isfinite(seen.delivered).sum(), (seen.route < 0).sum()
    by_logs = moving = waiting = 0
    for route in (route for way in observed.ways for route in way.routes):
        on_the_way, queues = under_way(route, observed.horizon)
        moving, waiting = moving + on_the_way, waiting + queues
        by_logs += len(route.accepted) - on_the_way - queues
    assert by_logs == delivered
    assert len(seen) == delivered + moving + waiting + unserved
    assert len(seen) == sum(len(way.booked) for way in observed.ways)
    assert unserved == sum((way.taken < 0).sum() for way in observed.ways)
    assert (seen.delivered - seen.booked >= seen.wait - 1e-9).all()


def under_way(route: RouteLog, horizon: float) -> tuple[int, int]:
    """How many move at the horizon, and how many wait for departures."""
    ready = route.approach[-1].left if route.approach else np.zeros(len(route.accepted))
    moving, waiting = int((ready >= horizon).sum()), 0
    for leg in route.legs:
        moving += int(leg.loads[leg.arrived == math.inf].sum())
        waiting += int((leg.since < horizon).sum() - leg.loads.sum())
    return moving, waiting


def assert_conserved_at_every_event(observed: sim.Observations) -> None:
    """Booked = delivered + moving + waiting + unserved, whenever anything happens."""
    moments = np.unique(np.concatenate(list(events(observed))))
    moments = moments[moments < observed.horizon]
    seen = observed.containers

    def until(days: Floats, weights: Floats | Rows | None = None) -> Floats:
        """How many of what happens on these days have happened at each moment."""
        order = np.argsort(days)
        total = np.cumsum(np.ones(len(days)) if weights is None else weights[order])
        found: Floats = np.concatenate([[0.0], total])[days[order].searchsorted(moments, "right")]
        return found

    booked, delivered = until(seen.booked), until(seen.delivered)
    unserved = until(seen.booked[seen.route < 0])
    moving, waiting = np.zeros(len(moments)), np.zeros(len(moments))
    for way in observed.ways:
        for route in way.routes:
            if route.approach:  # on their own, before any departure
                moving += until(way.booked[route.accepted]) - until(route.approach[-1].left)
            for leg in route.legs:
                left = until(leg.departed, leg.loads)
                here, under_way = until(leg.since) - left, left - until(leg.arrived, leg.loads)
                assert (here >= 0).all()
                assert (under_way >= 0).all()
                waiting, moving = waiting + here, moving + under_way
    assert (booked == delivered + moving + waiting + unserved).all()


def events(observed: sim.Observations) -> Iterator[Floats]:
    """The days of all that happens."""
    yield observed.containers.booked
    yield observed.containers.delivered
    for route in (route for way in observed.ways for route in way.routes):
        yield from (passage.left for passage in route.approach)
        for leg in route.legs:
            yield from (leg.since, leg.departed, leg.arrived)


def assert_little(
    scenario: sim.Scenario, observed: sim.Observations, found: dict[str, float]
) -> None:
    """The mean number under way is the days that all spent, over those of the window (Little)."""
    seen, start, end = observed.containers, observed.warmup_days, observed.horizon
    for name in (*scenario.open_routes, "all"):
        mine = seen.route >= 0 if name == "all" else seen.route == seen.routes.index(name)
        days = np.minimum(seen.delivered[mine], end) - np.maximum(seen.booked[mine], start)
        level = float(np.maximum(days, 0).sum()) / (end - start)
        assert found[f"{name}.under_way_mean"] == pytest.approx(level, rel=1e-9, abs=1e-9)


def assert_shares_sum_to_one(
    scenario: sim.Scenario, observed: sim.Observations, found: dict[str, float]
) -> None:
    """Of those who booked in the window each took one of the routes, or none."""
    took = sum(found[f"{name}.booked"] for name in scenario.routes) + found["all.unserved"]
    days = observed.horizon - observed.warmup_days
    came = (observed.containers.booked >= observed.warmup_days).sum() * 365 / days
    assert took == pytest.approx(came, rel=1e-9)


def assert_stages_sum_to_the_way(observed: sim.Observations, way: Way, route: RouteLog) -> None:
    """What a container spends at the stages is its door-to-door time."""
    days = np.zeros(len(way.booked))
    days[route.accepted] += spent(route.approach, np.zeros(len(route.accepted)))
    for leg in route.legs:
        who = leg.who[: leg.boarded]
        days[who] += np.repeat(leg.departed, leg.loads) - leg.since[: leg.boarded]
        days[who] += np.repeat(spent(leg.passages, np.zeros(len(leg.loads))), leg.loads)
    seen = observed.containers
    here = seen.direction == seen.directions.index(way.direction)
    delivered = seen.delivered[here][route.accepted]
    came = np.isfinite(delivered)
    door_to_door = delivered[came] - way.booked[route.accepted][came]
    assert days[route.accepted][came] == pytest.approx(door_to_door, abs=1e-9)


def spent(passages: tuple[Passage, ...], days: Floats) -> Floats:
    """Days in the queue and in service or transit, by trip; infinite where it is not over."""
    for each in passages:
        began, ended = np.isfinite(each.started), np.isfinite(each.left)
        queueing = np.subtract(
            each.started, each.entered, out=np.full(len(days), math.inf), where=began
        )
        service = np.subtract(
            each.left, each.started, out=np.full(len(days), math.inf), where=ended
        )
        days = days + queueing + service
    return days


def assert_means_sum_to_the_mean(found: dict[str, float], route: str) -> None:
    """The same of the metrics: each stage's part in the mean."""
    total = found.get(f"{route}.door_to_door_mean")
    kinds = ("wait_mean", "queueing_mean", "service_mean", "transit_mean")
    parts = [
        days
        for key, days in found.items()
        if key.startswith(f"{route}.stage:") and key.endswith(kinds)
    ]
    if total is None:
        assert not parts
    else:
        assert sum(parts) == pytest.approx(total)


def assert_means_are_of_the_delivered(
    observed: sim.Observations, found: dict[str, float], route: str
) -> None:
    """Of those that came in the window: door to door, and the wait at all departures."""
    seen = observed.containers
    here = np.isfinite(seen.delivered) & (seen.delivered >= observed.warmup_days)
    if route in seen.routes:
        here &= seen.route == seen.routes.index(route)
        if here.any():
            took = seen.delivered[here] - seen.booked[here]
            assert found[f"{route}.door_to_door_mean"] == pytest.approx(took.mean())
            assert found[f"{route}.wait_mean"] == pytest.approx(seen.wait[here].mean())
        days = observed.horizon - observed.warmup_days
        assert found[f"{route}.throughput"] == pytest.approx(here.sum() * 365 / days)


def assert_servers_are_busy_or_idle(
    scenario: sim.Scenario,
    observed: sim.Observations,
    logs: list[FacilityLog],
    found: dict[str, float],
) -> None:
    """Of all days of servers in the window those are used on which vehicles held one that works.

    Those on which it does not, and no vehicle stands on it that goes on, it is out of order.
    """
    start, end = observed.warmup_days, observed.horizon
    busy = there = queue = down = 0.0
    for log in logs:
        here = visits(scenario, observed, log)
        edges = np.unique([start, end, *moments_of(here, log)])
        edges = edges[(edges >= start) & (edges <= end)]
        first, lasts = edges[:-1], np.diff(edges)
        works, fails = at_work(log, here, first)
        busy, down = busy + float((works * lasts).sum()), down + float((fails * lasts).sum())
        queue += float((here.waiting(first) * lasts).sum())
        there += float((servers_at(log, first) * lasts).sum())
    name = f"all.facility:{logs[0].name}"
    assert found[f"{name}.queue_mean"] == pytest.approx(queue / (end - start), abs=1e-9)
    if there:
        assert found[f"{name}.utilisation"] == pytest.approx(busy / there, abs=1e-9)
        assert found[f"{name}.down"] == pytest.approx(down / there, abs=1e-9)


def at_work(log: FacilityLog, here: Visits, days: Floats) -> tuple[Floats, Floats]:
    """How many servers serve, and how many are out of order without serving, on each day."""
    whole = [out for out in log.outages if out.server is None]
    holds = is_in([(out.first, out.end) for out in whole if out.holds], days)
    shut = is_in([(out.first, out.end) for out in whole], days)
    if not numbered(log):
        busy = here.busy(days)
        works = np.where(holds, 0, busy)
        return works, np.where(shut, servers_at(log, days) - works, 0)
    works, fails = np.zeros(len(days)), np.zeros(len(days))
    for server in numbered(log):
        own = is_in(down(log, server), days)
        serves = (here.of(here.server == server).busy(days) > 0) & ~own & ~holds
        works += serves
        fails += (own | shut) & ~serves & (server < servers_at(log, days))
    return works, fails


def assert_other_is_the_same(
    document: Document, scenario: sim.Scenario, short: sim.Observations, more: int
) -> None:
    """More days and more replications leave what came before.

    Names and the order of tables settle nothing but the streams, which have their old names; nor
    does a dislike of all routes alike.
    """
    run = scenario.run
    longer = document["run"] | {"days": run.days + more, "replications": run.replications + more}
    disliked = {name: said | {"constant_usd": 1_024} for name, said in document["routes"].items()}
    other = read(renamed(document | {"run": longer, "routes": disliked}))
    assert list(other.routes) == [f"z-{name}" for name in reversed(list(scenario.routes))]
    with pytest.MonkeyPatch.context() as patch:
        for room in ("lanes", "disruptions"):
            patch.setattr(f"sim.corridor.{room}.stream", stream_of_the_old_name)
        long = sim.simulate(other)
    for way, same in zip(short.ways, long.ways, strict=True):
        number = len(way.booked)
        assert (same.booked[:number] == way.booked).all()
        assert (same.booked[number:] >= short.horizon).all()
        assert (same.taken[:number] == way.taken).all()
        assert (same.wanted[:number] == way.wanted).all()
        for route, again in zip(way.routes, same.routes, strict=True):
            assert again.name == f"z-{route.name}"
            assert_goes_on(route, again, short.horizon)
    logs = {(log.name, log.direction): log for log in long.facilities}
    for log in short.facilities:
        direction = log.direction and f"z-{log.direction}"
        later = logs[f"z-{log.name}", direction]
        began, once_more = (
            np.sort(days[days < short.horizon])
            for days in (visits(scenario, short, log).started, visits(other, long, later).started)
        )
        assert np.array_equal(began, once_more)


def assert_goes_on(route: RouteLog, longer: RouteLog, horizon: float) -> None:
    """What a longer run does later than the horizon, it does besides."""
    assert_as_before(route.own_arrivals, longer.own_arrivals, horizon)
    for leg, once_more in zip(route.legs, longer.legs, strict=True):
        trips = len(leg.departed)
        assert (once_more.departed[:trips] == leg.departed).all()
        assert (once_more.loads[:trips] == leg.loads).all()
        assert (once_more.who[: leg.boarded] == leg.who[: leg.boarded]).all()
        assert_as_before(leg.arrived, once_more.arrived, horizon)


def assert_as_before(days: Floats, once_more: Floats, horizon: float) -> None:
    """The same arrivals; what had not come by the horizon comes later."""
    came, again = days < horizon, once_more[: len(days)]
    assert (again[came] == days[came]).all()
    assert (again[~came] >= horizon).all()


def stream_of_the_old_name(seed: int, replication: int, purpose: str) -> np.random.Generator:
    return stream(seed, replication, purpose.replace("z-", ""))


def renamed(document: Document) -> Document:
    """With other names of all that has one, and with tables turned that have no order."""
    demand, routes = document["demand"], document["routes"]
    tables: list[Document] = [demand["directions"], demand["classes"], routes]
    tables += [document.get(each, {}) for each in ("facilities", "fleets", "phases", "disruptions")]
    tables += [route["stages"] for route in routes.values()]
    names = {name for table in tables for name in table}

    def path(said: str) -> str:
        return ".".join(f"z-{part}" if part in names else part for part in said.split("."))

    def new(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            path(key): path(each) if key in ("facility", "fleet", "target") else new(each)
            for key, each in value.items()
        }

    found: Document = new(document)
    for table in ("facilities", "routes", "phases", "disruptions"):
        found[table] = dict(reversed(found[table].items()))
    return found


@settings(max_examples=NUMBER, deadline=None, derandomize=True)
@given(single_routes(), st.integers(1, 9))
def test_more_room_delivers_no_less(document: Document, more: int) -> None:
    # All take as long, whenever they leave: else who leaves sooner may well come later. A vehicle
    # that waits until it is full may have left later with more room: that costs its own load.
    stages = document["routes"]["rail"]["stages"]
    scenario = read(document)
    bigger = scenario.with_changes(
        {
            f"routes.rail.stages.{name}.capacity": stage["capacity"] + more
            for name, stage in stages.items()
            if stage["kind"] == "departures"
        }
    )
    fewer, most = (
        np.isfinite(sim.simulate(s).containers.delivered).sum() for s in (scenario, bigger)
    )
    loads = [stage["capacity"] + more for stage in stages.values() if stage["kind"] == "departures"]
    assert most >= fewer - max(loads)
