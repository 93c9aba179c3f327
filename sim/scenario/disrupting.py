"""What is wrong with disruptions: targets that are none, effects that they cannot have.

Reads plain data; what is no value at all is told elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, get_args

from sim.errors import Fault
from sim.scenario.changes import WHEN, Draft
from sim.scenario.dates import horizon
from sim.scenario.disruptions import Effect
from sim.scenario.distributions import LARGEST, Distribution, is_number, parse, show
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.schema import Path, at, no_such, table_at
from sim.scenario.spread import weighted

MOST_TIMES = 100_000
"""How often one thing may go wrong in a run."""

MOST_SERVERS = 10_000
"""Servers of a facility that may fail each by itself."""

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

CALLED = {
    "demand": "the demand",
    "departures": "departures",
    "transit": "a transit",
    "facility": "a facility",
    "servers": "single servers",
}
"""How messages call what may be disrupted."""

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
    lasts = _distribution(said.get("days"))
    if lasts is not None and lasts.mean == 0:
        rule = "must be more than 0: a disruption lasts; per_year = 0 is for one that never comes"
        yield draft.fault((*path, "days"), rule)
    elif lasts is not None and keys and _times(draft, said, lasts) > MOST_TIMES:
        rule = f"happens more than {MOST_TIMES:,} times in a run: say what lasts as one"
        yield draft.fault((*path, keys[0]), rule)


def _times(draft: Draft, said: dict[str, Any], lasts: Distribution) -> float:
    """How often something goes wrong in a run, about, counted over all servers that fail."""
    run, rate = horizon(draft), said.get("per_year")
    gap = _distribution(said.get("up_days"))
    if is_number(rate) and 0 < rate <= LARGEST:
        gap = Distribution("exponential", (DAYS_A_YEAR / rate,))
    if gap is None or not run:
        return 0.0
    each, servers = _within(gap, run) + _within(lasts, run), _servers(draft, said.get("target"))
    several = servers if servers <= MOST_SERVERS else 1  # too many are told once
    return several * run / each if each else math.inf


@lru_cache(maxsize=1024)  # every phase and change asks again
def _within(days: Distribution, run: float) -> float:
    """The mean of as much of some days as a run has: rare long ones hide no short ones."""
    return math.fsum(min(each, run) * weight for each, weight in weighted(days))


def _servers(draft: Draft, target: object) -> float:
    """The servers that fail, each by itself; 1 for any other target."""
    parts = target.split(".") if isinstance(target, str) else []
    if len(parts) != 3:
        return 1
    facility = table_at(draft.data, "facilities", parts[1])
    servers = facility.get("servers", 1)
    ways = 2 if facility.get("each_way") is True else 1
    return ways * servers if is_number(servers) and 0 < servers <= LARGEST else 1


def _distribution(value: object) -> Distribution | None:
    """The distribution that a value means; None where it means none."""
    try:
        return parse(value)
    except ValueError:
        return None


def _what(draft: Draft, path: Path, said: dict[str, Any]) -> Iterator[Fault]:
    target, effect = said.get("target"), said.get("effect")
    if not isinstance(target, str) or not target:
        return
    try:
        kind = _kind(draft.data, target)
    except ValueError as error:
        yield draft.fault((*path, "target"), f"{error} (got {show(target)})")
        return
    if kind == "servers" and _servers(draft, target) > MOST_SERVERS:
        rule = f"has more than {MOST_SERVERS:,} servers, too many to fail each by itself"
        yield draft.fault((*path, "target"), f"{rule} (got {show(target)})")
    elif isinstance(effect, str) and effect in get_args(Effect):
        yield from _effect(draft, path, effect, kind)
        yield from _under_way(draft, path, said, kind)
        yield from _factor(draft, path, said, kind)


def _effect(draft: Draft, path: Path, effect: str, kind: str) -> Iterator[Fault]:
    if effect not in EFFECTS[kind]:
        *others, last = EFFECTS[kind]
        may = f"{', '.join(others)} or {last}" if others else last
        rule = f"of {CALLED[kind]} may be {may} (got {show(effect)})"
        yield draft.fault((*path, "effect"), rule)


def _under_way(draft: Draft, path: Path, said: dict[str, Any], kind: str) -> Iterator[Fault]:
    effect, under_way = said["effect"], said.get("under_way")
    if under_way == "hold" and effect in EFFECTS[kind] and effect not in HELD.get(kind, ()):
        rule = f"{effect} of {CALLED[kind]} holds nobody who is under way: leave it out"
        yield draft.fault((*path, "under_way"), rule)
    elif under_way == "continue" and kind == "servers":
        rule = "a server that fails holds what it serves, which goes on when it is repaired"
        yield draft.fault((*path, "under_way"), rule)


def _factor(draft: Draft, path: Path, said: dict[str, Any], kind: str) -> Iterator[Fault]:
    effect, factor = said["effect"], said.get("factor")
    if effect == "closed" and factor is not None:
        yield draft.fault((*path, "factor"), "has no meaning for closed: leave it out", key=True)
    elif effect != "closed" and factor is None:
        yield draft.fault((*path, "factor"), f"is required by {effect}")
    elif is_number(factor) and effect == "slower" and 0 <= factor < 1:
        rule = "must be at least 1: slower takes so many times as long"
        yield draft.fault((*path, "factor"), f"{rule} (got {show(factor)})")
    elif is_number(factor) and effect == "capacity" and kind != "demand" and factor > 1:
        rule = "must be at most 1: the part of the capacity that is left"
        yield draft.fault((*path, "factor"), f"{rule} (got {show(factor)})")


def _kind(data: Any, target: str) -> str:
    """What a target is. Raises ValueError with what is wrong with it."""
    match target.split("."):
        case ["demand"]:
            return "demand"
        case ["facilities", name, *servers] if servers in ([], ["servers"]):
            _named(table_at(data, "facilities"), name, "facility")
            return "servers" if servers else "facility"
        case ["routes", name] | ["routes", name, "stages"]:
            _named(table_at(data, "routes"), name, "route")
            raise ValueError(f"is a whole route: say one of its stages, routes.{name}.stages.S")
        case ["routes", name, "stages", stage]:
            _named(table_at(data, "routes"), name, "route")
            return _stage_kind(table_at(data, "routes", name, "stages"), stage)
    raise ValueError(f"is nothing that can be disrupted: {FORMS}")


def _named(known: dict[str, Any], name: str, what: str) -> None:
    if name not in known:
        raise ValueError(no_such(what, name, known))


def _stage_kind(stages: dict[str, Any], name: str) -> str:
    _named(stages, name, "stage")
    kind, facility = (at(stages, [name, key]) for key in ("kind", "facility"))
    if kind in ("departures", "transit"):
        return str(kind)
    if kind == "facility":
        others = f"say facilities.{facility!s:.60}"
        raise ValueError(f"is a facility that other routes may pass too: {others}")
    raise ValueError("is no stage that can be disrupted")
