"""What is wrong with disruptions and fleets: targets that are none, effects that they cannot have.

Reads plain data; what is no value at all is told elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from typing import Any

from sim.errors import Fault
from sim.scenario.changes import Draft
from sim.scenario.distributions import LARGEST, Distribution, is_number, parse, show
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Run
from sim.scenario.schema import Path, did_you_mean, split, table_at

WHEN = ("from", "per_year", "up_days")

MOST_TIMES = 100_000
"""How often one thing may go wrong in a run."""

EFFECTS = {
    "demand": ("closed", "capacity"),
    "departures": ("closed", "capacity", "dearer"),
    "transit": ("closed", "slower", "dearer"),
    "facility": ("closed", "slower", "capacity", "dearer"),
    "servers": ("closed",),
}
"""What may happen to what."""

HELD = {"transit": ("closed", "slower"), "facility": ("closed", "slower"), "servers": ("closed",)}
"""What may hold those who are under way."""

FORMS = "say demand, routes.R.stages.S, facilities.F or facilities.F.servers"


def disruptions(draft: Draft) -> Iterator[Fault]:
    """Faults of each disruption."""
    for name, said in table_at(draft.data, "disruptions").items():
        if isinstance(said, dict):
            yield from _when(draft, ("disruptions", name), said)
            yield from _what(draft, ("disruptions", name), said)


def _when(draft: Draft, path: Path, said: dict[str, Any]) -> Iterator[Fault]:
    keys = [key for key in WHEN if key in said]
    if len(keys) > 1:
        yield draft.fault((*path, keys[1]), f"say only one of {', '.join(keys)}", key=True)
    elif not keys:
        yield draft.fault(path, f"needs one of {', '.join(WHEN)}: when it happens")
    if type(begins := said.get("from")) is date:
        yield from _date(draft, (*path, "from"), begins)
    lasts = _mean(said.get("days"))
    if lasts == 0:
        yield draft.fault((*path, "days"), "must be more than 0: a disruption lasts")
    gap = _mean(said.get("up_days"))
    if isinstance(rate := said.get("per_year"), int | float) and rate > 0:
        gap = DAYS_A_YEAR / rate
    if gap is not None and lasts and _horizon(draft) / (gap + lasts) > MOST_TIMES:
        rule = f"happens more than {MOST_TIMES:,} times in a run: say what lasts as one"
        yield draft.fault((*path, keys[0] if keys else "days"), rule)


def _date(draft: Draft, path: Path, begins: date) -> Iterator[Fault]:
    run = table_at(draft.data, "run")
    if "start" not in run:
        first_day = "the first day of the measured window, by which days have dates"
        yield draft.fault(
            ("run", "start"), f"is required where disruptions have dates: {first_day}"
        )
        return
    first, last = run_window(run)
    if not first <= begins <= last:
        outside = f"is outside the run, which goes from {first} to {last}, warm-up included"
        yield draft.fault(path, f"{outside} (got {begins})")


def run_window(run: dict[str, Any]) -> tuple[date, date]:
    """The first and the last day of a run; of all time where its figures are none."""
    start, defaults = run["start"], Run()
    warmup = run.get("warmup_days", defaults.warmup_days)
    days = run.get("days", defaults.days)
    if type(start) is not date or not all(
        is_number(n) and 0 <= n <= LARGEST for n in (warmup, days)
    ):
        return date.min, date.max
    first = max(start.toordinal() - math.floor(warmup), date.min.toordinal())
    last = min(start.toordinal() + math.ceil(days) - 1, date.max.toordinal())
    return date.fromordinal(first), date.fromordinal(last)


def _horizon(draft: Draft) -> float:
    run = table_at(draft.data, "run")
    days = [run.get("warmup_days", 120.0), run.get("days", DAYS_A_YEAR)]
    return sum(each for each in days if isinstance(each, int | float))


def _mean(value: object) -> float | None:
    """The mean of a distribution; None where the value is none."""
    try:
        said: Distribution | None = None if value is None else parse(value)
    except ValueError:
        return None
    return None if said is None else said.mean


def _what(draft: Draft, path: Path, said: dict[str, Any]) -> Iterator[Fault]:
    target = said.get("target")
    if not isinstance(target, str):
        return
    kind, message = _kind(draft.data, target)
    if message:
        yield draft.fault((*path, "target"), f"{message} (got {show(target)})")
        return
    effect, factor = said.get("effect"), said.get("factor")
    if not isinstance(effect, str) or effect not in EFFECTS["facility"]:
        return
    if effect not in EFFECTS[kind]:
        may = " or ".join(EFFECTS[kind])
        yield draft.fault((*path, "effect"), f"of {_words(kind)} may be {may} (got {show(effect)})")
    elif said.get("under_way") == "hold" and effect not in HELD.get(kind, ()):
        rule = f"{effect} of {_words(kind)} holds nobody who is under way: leave it out"
        yield draft.fault((*path, "under_way"), rule)
    elif said.get("under_way") == "continue" and kind == "servers":
        rule = "a server that fails holds what it serves, which goes on when it is repaired"
        yield draft.fault((*path, "under_way"), rule)
    yield from _factor(draft, path, effect, kind, factor)


def _factor(draft: Draft, path: Path, effect: str, kind: str, factor: object) -> Iterator[Fault]:
    if effect == "closed" and factor is not None:
        yield draft.fault((*path, "factor"), "has no meaning for closed: leave it out", key=True)
    if effect != "closed" and factor is None:
        yield draft.fault((*path, "factor"), f"is required by {effect}")
    if isinstance(factor, bool) or not isinstance(factor, int | float):
        return
    if effect == "slower" and factor < 1:
        rule = "must be at least 1: slower takes so many times as long"
        yield draft.fault((*path, "factor"), f"{rule} (got {show(factor)})")
    if effect == "capacity" and kind != "demand" and factor > 1:
        rule = "must be at most 1: the part of the capacity that is left"
        yield draft.fault((*path, "factor"), f"{rule} (got {show(factor)})")


def _words(kind: str) -> str:
    names = {"departures": "departures", "demand": "the demand", "servers": "single servers"}
    return names.get(kind, f"a {kind}")


def _kind(data: Any, target: str) -> tuple[str, str]:
    """What a target is, or what is wrong with it."""
    parts = split(target)
    if parts == ("demand",):
        return "demand", ""
    if parts[0] == "facilities" and len(parts) in (2, 3):
        facilities = table_at(data, "facilities")
        if parts[1] not in facilities:
            return "", f"no facility of this name{did_you_mean(parts[1], facilities)}"
        if parts[2:] in ((), ("servers",)):
            return ("servers" if parts[2:] else "facility"), ""
    if parts[0] == "routes" and len(parts) >= 2:
        routes = table_at(data, "routes")
        if parts[1] not in routes:
            return "", f"no route of this name{did_you_mean(parts[1], routes)}"
        if len(parts) == 4 and parts[2] == "stages":
            return _stage_kind(table_at(data, "routes", parts[1], "stages"), parts[3])
    return "", f"is nothing that can be disrupted: {FORMS}"


def _stage_kind(stages: dict[str, Any], name: str) -> tuple[str, str]:
    if name not in stages:
        return "", f"no stage of this name{did_you_mean(name, stages)}"
    kind = table_at(stages, name).get("kind")
    if kind == "facility":
        facility = table_at(stages, name).get("facility")
        return "", f"is a facility that other routes may pass too: say facilities.{facility}"
    return (kind, "") if kind in EFFECTS else ("", "is no stage that can be disrupted")


def fleets(draft: Draft) -> Iterator[Fault]:
    """Departures whose fleet is none, or is that of others."""
    known, used = table_at(draft.data, "fleets"), dict[str, str]()
    for route in table_at(draft.data, "routes"):
        for stage, said in table_at(draft.data, "routes", route, "stages").items():
            fleet = said.get("fleet") if isinstance(said, dict) else None
            path = ("routes", route, "stages", stage)
            if not isinstance(fleet, str) or said.get("kind") != "departures":
                continue
            if fleet not in known:
                hint = (
                    did_you_mean(fleet, known) if known else "; say where there are any: [fleets]"
                )
                message = f"no fleet of this name (got {show(fleet)}){hint}"
                yield draft.fault((*path, "fleet"), message)
            elif fleet in used:
                message = f"{fleet} are the vehicles of {used[fleet]}: a fleet is of one stage"
                yield draft.fault((*path, "fleet"), message)
            used.setdefault(fleet, ".".join(path))
