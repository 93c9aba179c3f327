"""What concerns more than one field of a scenario, or a field and a name.

Reads plain data, so that no other fault hides these: a value that is none at all is told elsewhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sim.errors import Fault
from sim.scenario.changes import HOURS, TIMES, TIMETABLES, Draft
from sim.scenario.dates import dates
from sim.scenario.disrupting import disruptions
from sim.scenario.distributions import LARGEST, is_number, show
from sim.scenario.joins import joins
from sim.scenario.schema import (
    Path,
    at,
    did_you_mean,
    is_section,
    keys_at,
    nearest,
    no_such,
    split,
    table_at,
    type_at,
)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")

ALL = "all"
"""What results call everything together, so that no part of them may be called so."""


def across(draft: Draft) -> Iterator[Fault]:
    """Faults of names, of keys that exclude or need each other, of sums, joints and the ledger."""
    for section in ("places", "facilities", "fleets", "routes", "phases", "disruptions"):
        yield from _names(draft, (section,))
    for name, facility in table_at(draft.data, "facilities").items():
        yield from _one_of(draft, ("facilities", name), facility, HOURS)
    for name, route in table_at(draft.data, "routes").items():
        path = ("routes", name, "stages")
        yield from _names(draft, path)
        for stage, fields in table_at(route, "stages").items():
            yield from _stage(draft, (*path, stage), fields)
    yield from joins(draft)
    yield from dates(draft)
    yield from disruptions(draft)
    yield from _demand(draft)
    yield from _choice(draft)
    yield from _assumptions(draft)


def _names(draft: Draft, path: Path) -> Iterator[Fault]:
    for name in table_at(draft.data, *path):
        if not NAME.fullmatch(name):
            rule = "a name has letters a-z, digits, - and _ (at most 60, no - or _ first)"
            yield draft.fault((*path, name), f"{rule} (got {show(name)})", key=True)
        if name == ALL and path[-1] in ("routes", "facilities", "classes", "directions"):
            yield draft.fault((*path, name), f"'all' stands for all {path[-1]} together", key=True)


def _stage(draft: Draft, path: Path, stage: Any) -> Iterator[Fault]:
    kind = stage.get("kind") if isinstance(stage, dict) else None
    if kind == "departures":
        yield from _dispatch(draft, path, stage)
    if kind == "transit":
        yield from _times(draft, path, stage)
        if isinstance(stage.get("detour"), dict):
            yield from _times(draft, (*path, "detour"), stage["detour"])


def _times(draft: Draft, path: Path, leg: dict[str, Any]) -> Iterator[Fault]:
    yield from _one_of(draft, path, leg, TIMES)
    if "km_per_day" in leg and "length_km" not in leg:
        yield draft.fault((*path, "length_km"), "is required by km_per_day")


def _dispatch(draft: Draft, path: Path, stage: dict[str, Any]) -> Iterator[Fault]:
    """A timetable, or none where vehicles leave when full."""
    if stage.get("dispatch") != "full":
        yield from _one_of(draft, path, stage, TIMETABLES)
        if "longest_hold_days" in stage:
            only = 'is for dispatch = "full": on a timetable vehicles hold for nobody'
            yield draft.fault((*path, "longest_hold_days"), only, key=True)
        return
    for key in (key for key in TIMETABLES if key in stage):
        rule = 'dispatch = "full" has no timetable: leave it out, or the dispatch'
        yield draft.fault((*path, key), rule, key=True)


def _one_of(draft: Draft, path: Path, table: Any, keys: tuple[str, ...]) -> Iterator[Fault]:
    """Of these keys a table has exactly one."""
    if not isinstance(table, dict):
        return
    said = [key for key in keys if key in table]
    if len(said) > 1:
        yield draft.fault((*path, said[1]), f"say only one of {', '.join(said)}", key=True)
    elif not said:
        unknown = [key for key in table if key not in keys_at(path, draft.data)]
        if not any(nearest(key, keys) for key in unknown):
            yield draft.fault(path, f"needs one of {', '.join(keys)}")


def _demand(draft: Draft) -> Iterator[Fault]:
    demand = table_at(draft.data, "demand")
    directions, classes = table_at(demand, "directions"), table_at(demand, "classes")
    yield from _names(draft, ("demand", "directions"))
    yield from _names(draft, ("demand", "classes"))
    if isinstance(demand.get("directions"), dict):
        yield from _two(draft, directions)
    if isinstance(demand.get("classes"), dict):
        shares = [table_at(classes, name).get("share") for name in classes]
        yield from _sum(draft, ("demand", "classes"), shares, "their shares must sum to 1")
    yield from _directed(draft, ("demand", "monthly"), table_at(demand, "monthly"))


def _two(draft: Draft, directions: dict[str, Any]) -> Iterator[Fault]:
    path = ("demand", "directions")
    if len(directions) == 2:
        yield from _sum(draft, path, directions.values(), "must sum to 1")
    else:
        got = ", ".join(f"{name:.60}" for name in list(directions)[:5]) or "none"
        yield draft.fault(path, f"needs exactly two directions (got {got})")


def _directed(draft: Draft, path: Path, table: Collection[str]) -> Iterator[Fault]:
    """Names in a table by direction that are none."""
    directions = table_at(draft.data, "demand", "directions")
    if table and not directions:
        yield draft.fault(path, "is by direction, but there are no demand.directions")
    else:
        yield from _known(draft, path, table, directions, "direction")


def _known(
    draft: Draft, path: Path, names: Iterable[str], known: Collection[str], what: str
) -> Iterator[Fault]:
    """Keys that name nothing."""
    for name in (name for name in names if name not in known):
        yield draft.fault((*path, name), no_such(what, name, known), key=True)


def _sum(draft: Draft, path: Path, parts: Iterable[Any], rule: str) -> Iterator[Fault]:
    """Parts that do not sum to 1; what is no number is told elsewhere."""
    parts = list(parts)
    numbers = [part for part in parts if is_number(part) and 0 <= part <= LARGEST]
    if len(numbers) == len(parts) and abs((total := math.fsum(numbers)) - 1) > 1e-9:
        percent = "; a share is a fraction: 5 % is 0.05" if total > 1.5 else ""
        yield draft.fault(path, f"{rule} (got {total:.12g}){percent}")


def _choice(draft: Draft) -> Iterator[Fault]:
    choice, routes = table_at(draft.data, "choice"), table_at(draft.data, "routes")
    if len(routes) > 1 and "rule" not in choice:
        yield draft.fault(("choice", "rule"), "is required where there are several routes")
    if choice.get("rule") == "share" and "shares" not in choice:
        yield draft.fault(("choice", "shares"), "is required by the rule share")
    if choice.get("rule") == "logit" and "scale_usd" not in choice:
        yield draft.fault(("choice", "scale_usd"), "is required by the rule logit")
    if isinstance(choice.get("shares"), dict):
        yield from _shares(draft, choice["shares"])


def _shares(draft: Draft, shares: dict[str, Any]) -> Iterator[Fault]:
    """Shares by route, or by direction and then by route."""
    path = ("choice", "shares")
    by_direction = {name: part for name, part in shares.items() if isinstance(part, dict)}
    if not by_direction:
        yield from _by_route(draft, path, shares)
        return
    if len(by_direction) < len(shares):
        rule = "holds the shares of routes, or such a table for each direction: not both"
        yield draft.fault(path, rule)
        return
    directions = table_at(draft.data, "demand", "directions")
    yield from _directed(draft, path, by_direction)
    for name in directions:
        if name not in shares and len(directions) == 2:
            yield draft.fault(path, f"says nothing of the direction {name:.60}")
    for name, table in by_direction.items():
        yield from _by_route(draft, (*path, name), table)


def _by_route(draft: Draft, path: Path, shares: dict[str, Any]) -> Iterator[Fault]:
    yield from _known(draft, path, shares, table_at(draft.data, "routes"), "route")
    yield from _sum(draft, path, shares.values(), "must sum to 1")


def _assumptions(draft: Draft) -> Iterator[Fault]:
    for path, assumption in table_at(draft.data, "assumptions").items():
        place, parts = ("assumptions", path), split(path)
        node = type_at(parts, draft.data)
        levels = ((part, keys_at(parts[:n], draft.data)) for n, part in enumerate(parts))
        wrong = next(((part, known) for part, known in levels if part not in known), None)
        if wrong and at(draft.data, parts) is None:
            hint = did_you_mean(*wrong)
            yield draft.fault(place, f"speaks of nothing in this scenario{hint}", key=True)
        elif is_section(node):
            said = 'a path with dots stands in quotes, like "routes.rail.freight_usd"'
            yield draft.fault(place, f"speaks of a table, not of a value; {said}", key=True)
        limits = assumption.get("range") if isinstance(assumption, dict) else None
        numbers = limits if isinstance(limits, list) and all(map(is_number, limits)) else []
        if len(numbers) == 2 and numbers[0] > numbers[1]:
            yield draft.fault((*place, "range"), f"must rise (got {show(limits)})")
