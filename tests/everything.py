"""Small corridors at random with every feature at once.

Facilities of all kinds, two directions, classes, months, growth, phases, limits and all rules;
closures, breakdowns, detours, a fleet, vehicles that leave when full, and quotas.
"""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from corridors import loaded
from hypothesis import strategies as st

import sim
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
        headway = draw(headways(a_day))
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


def headways(a_day: float) -> st.SearchStrategy[float]:
    """Days between departures, of which some are full, however few come a day."""
    return numbers(0.4, 3) if a_day > 1 else numbers(2, 15)


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
        "posted_every_hours": 24 if days < 100 else 168,
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
                        changes[f"{path}.every_days"] = draw(headways(300 / days))
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


@st.composite
def single_routes(draw: st.DrawFn) -> Document:
    """One route that all take, with departures, transits of fixed days and a facility."""
    a_day, days = 10, 40
    timetable: Document = {"every_days": draw(numbers(0.4, 3))}
    when: Document = draw(st.sampled_from([timetable, WHEN_FULL]))
    stages: Document = {
        "trains": {"kind": "departures", "capacity": draw(st.integers(2, 20)), **when},
        "line": {"kind": "transit", "days": draw(numbers(0.3, 4))},
        "border": {"kind": "facility", "facility": "border"},
    }
    if draw(st.booleans()):
        capacity, headway = draw(st.integers(2, 20)), draw(numbers(0.4, 3))
        stages["ships"] = {"kind": "departures", "capacity": capacity, "every_days": headway}
        stages["voyage"] = {"kind": "transit", "days": draw(numbers(0.3, 4))}
    service = {"service_hours": draw(numbers(1, 30)), "servers": draw(st.integers(1, 3))}
    return {
        "run": {"warmup_days": 0, "days": days, "seed": draw(st.integers(0, 99))},
        "demand": {"containers_per_year": 365 * a_day},
        "facilities": {"border": service},
        "routes": {"rail": {"stages": stages}},
        "choice": {"posted_every_hours": 24},
    }


def read(document: Document) -> sim.Scenario:
    with tempfile.TemporaryDirectory() as folder:
        return loaded(Path(folder), document)
