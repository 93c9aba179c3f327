"""Small corridors at random with every feature at once, and what must hold of each.

Facilities of all kinds, two directions, classes, months, growth, phases, limits and all rules;
closures, breakdowns, detours, a fleet, vehicles that leave when full, and quotas.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomlkit
from corridors import loaded
from disrupted import is_in
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import assert_lawful
from laws_facilities import Visits, down, moments_of, numbered, servers_at, visits
from support import figures

import sim
from sim.results.observations import FacilityLog, Floats, Passage, RouteLog, Way
from sim.scenario.disrupting import EFFECTS

Document = dict[str, Any]

# The horizon falls on no day of a timetable, so what a longer run does later is later.
START, WARMUP = date(2001, 11, 20), 3.3
FACILITIES = ("border", "track", "yard")
ROUTES = ("air", "rail", "sea")
WHEN_FULL = {"dispatch": "full", "longest_hold_days": 2.5}
FACTORS = {"slower": [1.5, 3], "capacity": [0, 0.4, 0.7], "dearer": [0.5, 4]}
HELD = ("transit", "facility")


@st.composite
def corridors(draw: st.DrawFn) -> Document:
    """A scenario of some three hundred containers in a month, or in more than a year."""
    days = draw(st.sampled_from([25, 40, 420]))
    a_day = 300 / days
    document: Document = {
        "run": {
            "warmup_days": WARMUP,
            "days": days,
            "start": START,
            "seed": draw(st.integers(0, 99)),
        },
        "demand": draw(demands(a_day)),
        "facilities": {name: draw(facilities()) for name in FACILITIES},
        "carbon": {"tonnes_per_container": 14, "sea_g_per_tonne_km": 8},
        "routes": draw(networks(a_day)),
    }
    document["choice"] = draw(choices(list(document["routes"]), days))
    document["phases"] = draw(phases(document))
    document["disruptions"] = draw(disruptions(document))
    used = {stage.get("fleet") for _, _, stage in stages_of(document)}
    turnaround = draw(distributions(0.1, 1))
    if "sets" in used:
        sets = {"vehicles": draw(st.integers(1, 6)), "turnaround_days": turnaround}
        document["fleets"] = {"sets": sets}
    return document


def stages_of(document: Document) -> list[tuple[str, str, Document]]:
    """Routes, names and what is said of all stages."""
    return [
        (route, stage, said)
        for route, spec in document["routes"].items()
        for stage, said in spec["stages"].items()
    ]


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda value: round(value, 3))


def distributions(low: float, high: float) -> st.SearchStrategy[Any]:
    spread = {
        "uniform": st.just([low, high]),
        "exponential": st.just((low + high) / 2),
        "lognormal": st.just({"median": low, "p95": high}),
    }
    return st.one_of(
        numbers(low, high), st.just([low, high]),
        *(st.fixed_dictionaries({kind: value}) for kind, value in spread.items()),
    )  # fmt: skip


@st.composite
def demands(draw: st.DrawFn, a_day: float) -> Document:
    return {
        "containers_per_year": 365 * a_day,
        "arrivals": draw(st.sampled_from(["poisson", "even"])),
        "directions": draw(st.sampled_from([{"out": 0.7, "home": 0.3}, {"out": 0.5, "home": 0.5}])),
        "monthly": draw(st.lists(st.integers(1, 4), min_size=12, max_size=12)),
        "growth_per_year": draw(st.sampled_from([-0.2, 0.5])),
        "value_of_time_usd_per_day": draw(distributions(5, 60)),
        "classes": {
            "plain": {"share": 0.6},
            "urgent": {"share": 0.3, "priority": 1, "value_of_time_usd_per_day": 80},
            "dull": {"share": 0.1, "priority": draw(st.integers(-1, 1))},
        },
    }


@st.composite
def facilities(draw: st.DrawFn) -> Document:
    return {
        draw(st.sampled_from(["service_hours", "headway_hours"])): draw(distributions(3, 20)),
        "hours_per_container": draw(st.sampled_from([0, 0.3])),
        "servers": draw(st.integers(1, 3)),
        "discipline": draw(st.sampled_from(["fifo", "priority"])),
        "each_way": draw(st.booleans()),
    }


@st.composite
def networks(draw: st.DrawFn, a_day: float) -> Document:
    """Two or three routes; the vehicles of the last departures may have to come back."""
    found = {name: draw(routes(a_day)) for name in ROUTES[: draw(st.integers(2, 3))]}
    stages = [stage for route in found.values() for stage in route["stages"].values()]
    leaving = [stage for stage in stages if stage["kind"] == "departures"]
    comes_back = draw(st.booleans())
    if leaving and comes_back:
        leaving[-1]["fleet"] = "sets"
    return found


@st.composite
def routes(draw: st.DrawFn, a_day: float) -> Document:
    """Up to two departures, each with what follows it, behind stages that open the route."""
    stages: Document = {}

    def run(least: int) -> None:
        for _ in range(draw(st.integers(least, 2))):
            name = draw(st.sampled_from(FACILITIES))
            facility = {"kind": "facility", "facility": name}
            stage: Document = draw(transits())
            stages[f"stage{len(stages)}"] = facility if draw(st.booleans()) else stage

    number = draw(st.integers(0, 2))
    run(0 if number else 1)
    for _ in range(number):
        headway = draw(numbers(0.4, 3))
        capacity = max(1, round(a_day * headway * draw(numbers(0.2, 0.9))))
        timetable: Document = {"every_days": headway}
        when: Document = draw(st.sampled_from([timetable, timetable, WHEN_FULL]))
        stages[f"stage{len(stages)}"] = {
            "kind": "departures", "capacity": capacity, "handling_usd": 5, **when,
            **draw(quotas(a_day)),
        }  # fmt: skip
        run(0)
    return {
        "freight_usd": draw(st.integers(1, 9)) * 100,
        "priority": draw(st.integers(0, 2)),
        "max_wait_days": draw(st.sampled_from(["unlimited", 0.5, 2, 6])),
        "stages": stages,
    }


@st.composite
def transits(draw: st.DrawFn) -> Document:
    stage: Document = {
        "kind": "transit", "days": draw(distributions(0.3, 4)), "length_km": 500, "mode": "sea",
    }  # fmt: skip
    if draw(st.booleans()):
        stage["detour"] = {"days": draw(distributions(3, 6)), "usd": 70, "length_km": 900}
    return stage


@st.composite
def quotas(draw: st.DrawFn, a_day: float) -> Document:
    """None, or one that stops some of the bookings."""
    if draw(st.integers(0, 2)):
        return {}
    per = draw(st.sampled_from(["day", "month"]))
    containers = a_day * {"day": 1, "month": 365 / 12}[per]
    return {
        "quota": {
            "containers": max(2, round(containers, 1)), "per": per,
            "carry_over": draw(st.booleans()),
        }
    }  # fmt: skip


@st.composite
def choices(draw: st.DrawFn, names: list[str], days: int) -> Document:
    even = {name: 1 / len(names) for name in names}
    return {
        "rule": draw(st.sampled_from(["share", "fastest", "cheapest", "logit"])),
        "shares": {"out": even, "home": {names[0]: 1}},
        "scale_usd": draw(st.sampled_from([0, 100])),
        "posted_every_hours": 3 if days < 100 else 24,
        "inertia_days": draw(st.sampled_from([0, 4])),
    }


@st.composite
def phases(draw: st.DrawFn, document: Document) -> Document:
    """Two, each with two changes."""
    found: Document = {}
    routes, days = document["routes"], document["run"]["days"]
    for name, after in (("early", days // 4), ("late", days // 2)):
        changes: Document = {
            "demand.containers_per_year": document["demand"]["containers_per_year"] * 1.5,
            "choice.scale_usd": 50,
        }
        changes |= {f"facilities.{each}.servers": draw(st.integers(1, 3)) for each in FACILITIES}
        for route, spec in routes.items():
            changes[f"routes.{route}.closed"] = draw(st.booleans())
            changes[f"routes.{route}.freight_usd"] = 450
            changes[f"routes.{route}.max_wait_days"] = draw(st.sampled_from(["unlimited", 1]))
            for stage, said in spec["stages"].items():
                path = f"routes.{route}.stages.{stage}"
                if said["kind"] == "departures":
                    if "every_days" in said:
                        changes[f"{path}.every_days"] = draw(numbers(0.4, 3))
                    changes[f"{path}.capacity"] = said["capacity"] + 1
                elif said["kind"] == "transit":
                    changes[f"{path}.days"] = draw(numbers(0.3, 4))
        paths = draw(
            st.lists(st.sampled_from(sorted(changes)), min_size=1, max_size=4, unique=True)
        )
        these = {path: changes[path] for path in paths}
        found[name] = {"from": START + timedelta(days=after), "set": these}
    return found


@st.composite
def disruptions(draw: st.DrawFn, document: Document) -> Document:
    """Three to six, of everything that there is."""
    targets = {
        "demand": ["demand"],
        "facility": [f"facilities.{name}" for name in FACILITIES],
        "servers": [f"facilities.{name}.servers" for name in FACILITIES],
    }
    for route, stage, said in stages_of(document):
        if said["kind"] != "facility":
            targets.setdefault(said["kind"], []).append(f"routes.{route}.stages.{stage}")
    found: Document = {}
    for kind in draw(st.lists(st.sampled_from(sorted(targets)), min_size=3, max_size=6)):
        effect = draw(st.sampled_from(EFFECTS[kind]))
        said = {"target": draw(st.sampled_from(targets[kind])), "effect": effect}
        if effect != "closed":
            said["factor"] = draw(st.sampled_from(FACTORS[effect]))
        if kind in HELD and effect in ("closed", "slower"):
            said["under_way"] = draw(st.sampled_from(["hold", "continue"]))
        found[f"trouble{len(found)}"] = said | draw(whens(document["run"]["days"], kind))
    return found


@st.composite
def whens(draw: st.DrawFn, days: int, kind: str) -> Document:
    """Once on a day, or again and again; single servers fail at random."""
    lasts = draw(distributions(0.5, days / 8))
    once = {"from": START + timedelta(days=draw(st.integers(0, days - 1)))}
    often = [{"per_year": 365 * 3 / days}, {"up_days": draw(distributions(days / 6, days / 2))}]
    return {**draw(st.sampled_from(often if kind == "servers" else [once, *often])), "days": lasts}


def read(document: Document) -> sim.Scenario:
    with tempfile.TemporaryDirectory() as folder:
        return loaded(Path(folder), tomlkit.dumps(document))


EXAMPLES = settings(derandomize=True, deadline=None, max_examples=40)


@EXAMPLES
@given(corridors())
def test_nothing_is_lost_and_nothing_takes_more_than_it_can(document: Document) -> None:
    scenario = read(document)
    observed = sim.simulate(scenario)
    assert_lawful(scenario, observed)
    found = figures(scenario, observed)
    assert_all_are_counted(observed)
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


@settings(EXAMPLES, max_examples=12)
@given(corridors(), st.integers(1, 30))
def test_a_longer_run_leaves_what_came_before(document: Document, more: int) -> None:
    scenario = read(document)
    longer = scenario.with_changes({"run.days": document["run"]["days"] + more})
    short, long = sim.simulate(scenario), sim.simulate(longer)
    for way, same in zip(short.ways, long.ways, strict=True):
        number = len(way.booked)
        assert (same.booked[:number] == way.booked).all()
        assert (same.booked[number:] >= short.horizon).all()
        assert (same.taken[:number] == way.taken).all()
        assert (same.wanted[:number] == way.wanted).all()
        for route, again in zip(way.routes, same.routes, strict=True):
            for leg, once_more in zip(route.legs, again.legs, strict=True):
                trips = len(leg.departed)
                assert (once_more.departed[:trips] == leg.departed).all()
                assert (once_more.loads[:trips] == leg.loads).all()
                assert (once_more.who[: leg.boarded] == leg.who[: leg.boarded]).all()
                came = np.isfinite(leg.arrived)
                assert (once_more.arrived[:trips][came] == leg.arrived[came]).all()
                assert (once_more.arrived[:trips][~came] >= short.horizon).all()


@settings(EXAMPLES, max_examples=12)
@given(corridors())
def test_names_and_the_order_of_tables_settle_nothing(document: Document) -> None:
    # Streams are named by routes and stages. Facilities, phases and classes are only told apart.
    scenario = read(document)
    turned = read(renamed(document, lambda name: f"z-{name}"))
    one, other = sim.simulate(scenario), sim.simulate(turned)
    assert list(turned.routes) == list(scenario.routes)[::-1]
    for way, same in zip(one.ways, other.ways, strict=True):
        assert (way.taken == same.taken).all()
        assert (way.wanted == same.wanted).all()
    assert (one.containers.delivered == other.containers.delivered).all()
    for log in one.facilities:
        again = next(
            each
            for each in other.facilities
            if (each.name, each.direction) == (f"z-{log.name}", log.direction)
        )
        began = np.sort(visits(scenario, one, log).started)
        assert (began == np.sort(visits(turned, other, again).started)).all()


def renamed(document: Document, name: Callable[[str], str]) -> Document:
    """With other names of facilities, classes and phases, tables of routes and others turned."""
    routes = {
        route: {
            **spec,
            "stages": {stage: relabelled(s, name) for stage, s in spec["stages"].items()},
        }
        for route, spec in document["routes"].items()
    }
    phases = {
        name(phase): {"from": spec["from"], "set": paths(spec["set"], name)}
        for phase, spec in document["phases"].items()
    }
    classes = {name(each): spec for each, spec in document["demand"]["classes"].items()}
    disruptions = {
        each: {**spec, "target": target(spec["target"], name)}
        for each, spec in document["disruptions"].items()
    }
    facilities = {name(each): spec for each, spec in document["facilities"].items()}
    return {
        **document,
        "demand": {**document["demand"], "classes": classes},
        "facilities": dict(reversed(facilities.items())),
        "routes": dict(reversed(routes.items())),
        "phases": dict(reversed(phases.items())),
        "disruptions": dict(reversed(disruptions.items())),
    }


def target(path: str, name: Callable[[str], str]) -> str:
    first, *rest = path.split(".")
    return ".".join([first, name(rest[0]), *rest[1:]]) if first == "facilities" else path


def relabelled(stage: Document, name: Callable[[str], str]) -> Document:
    return {**stage, "facility": name(stage["facility"])} if "facility" in stage else stage


def paths(changes: Document, name: Callable[[str], str]) -> Document:
    """The same changes, of facilities by their new names."""
    return {
        f"facilities.{name(path.split('.')[1])}.servers"
        if path.startswith("facilities.")
        else path: value
        for path, value in changes.items()
    }
