"""Where routes lead: names that exist, legs that join, gauges that trains run on.

Only the order of the file is looked at: the opposite direction goes through the same joints.
A transit that says neither `via` nor how it moves passes time where it is (customs, a yard); one
that moves without `via` ends nobody knows where, and joins with anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sim.errors import Fault
from sim.scenario.changes import Draft
from sim.scenario.distributions import show
from sim.scenario.schema import Path, at, did_you_mean, table_at

MOVES = ("mode", "length_km", "km_per_day")
"""Keys by which a transit without `via` is known to go somewhere."""

KINDS = ("departures", "transit", "facility")

CALLED = {"places": "place", "facilities": "facility", "fleets": "fleet"}
"""How messages call one of a section."""

ANY: frozenset[int] = frozenset()
"""Gauges of which nothing is known."""


def joins(draft: Draft) -> Iterator[Fault]:
    """What is wrong with places, facilities' names, legs and gauges; reads plain data."""
    for name, facility in table_at(draft.data, "facilities").items():
        yield from _known(draft, ("facilities", name, "place"), at(facility, ["place"]), "places")
    used: dict[str, str] = {}
    for name in table_at(draft.data, "routes"):
        stages = {
            stage: fields
            for stage, fields in table_at(draft.data, "routes", name, "stages").items()
            if isinstance(fields, dict)
        }
        path = ("routes", name, "stages")
        for stage, fields in stages.items():
            yield from _names(draft, (*path, stage), fields, used)
        yield from _legs(draft, path, stages)
        yield from _gauges(draft, path, stages)


def _names(
    draft: Draft, path: Path, stage: dict[str, Any], used: dict[str, str]
) -> Iterator[Fault]:
    """Names in a stage that nothing has; `used` is what departures each fleet belongs to."""
    kind = stage.get("kind")
    if kind == "facility":
        yield from _known(draft, (*path, "facility"), stage.get("facility"), "facilities")
    elif kind == "departures":
        yield from _known(draft, (*path, "place"), stage.get("place"), "places")
        yield from _fleet(draft, (*path, "fleet"), stage.get("fleet"), used)
    elif kind == "transit":
        yield from _places(draft, (*path, "via"), stage)
        yield from _detour(draft, (*path, "detour"), stage)


def _fleet(draft: Draft, path: Path, fleet: Any, used: dict[str, str]) -> Iterator[Fault]:
    """A fleet that is none, or is that of others."""
    yield from _known(draft, path, fleet, "fleets")
    if isinstance(fleet, str) and fleet in table_at(draft.data, "fleets"):
        here = ".".join(path[:-1])
        if (owner := used.setdefault(fleet, here)) != here:
            message = f"{fleet} are the vehicles of {owner}: a fleet is of one stage"
            yield draft.fault(path, message)


def _places(draft: Draft, path: Path, leg: dict[str, Any]) -> Iterator[Fault]:
    """Places along a leg that are none, or that it does not leave."""
    via = _listed(leg.get("via"))
    for n, place in enumerate(via):
        yield from _known(draft, (*path, n), place, "places")
        if n and place == via[n - 1]:
            yield draft.fault((*path, n), f"names {show(place)} twice in a row")


def _detour(draft: Draft, path: Path, leg: dict[str, Any]) -> Iterator[Fault]:
    """A way round a leg that leads somewhere else, or by rail over a break of gauge."""
    detour = table_at(leg, "detour")
    yield from _places(draft, (*path, "via"), detour)
    there, here = _via(leg), _via(detour)
    if there and here and (here[0], here[-1]) != (there[0], there[-1]):
        ends = f"must go from {there[0]} to {there[-1]}, as the leg does"
        yield draft.fault((*path, "via"), f"{ends} (got {here[0]} to {here[-1]})")
    if leg.get("mode") == "rail":
        yield from _within(draft, (*path, "via"), here)[2]


def _known(draft: Draft, path: tuple[str | int, ...], name: Any, section: str) -> Iterator[Fault]:
    known, what = table_at(draft.data, section), CALLED[section]
    if isinstance(name, str) and name not in known:
        hint = did_you_mean(name, known) if known else f"; say where there are any: [{section}]"
        yield draft.fault(path, f"no {what} of this name (got {show(name)}){hint}")


def _legs(draft: Draft, path: Path, stages: dict[str, dict[str, Any]]) -> Iterator[Fault]:
    """Stages that do not begin where the ones before them end."""
    places = table_at(draft.data, "places")
    here: str | None = None
    before = ""
    for name, stage in stages.items():
        ends = _ends(draft, stage)
        if ends is None:
            here = None if _moves(stage) else here
            continue
        key, first, last = ends
        if here not in (None, first) and {here, first} <= places.keys():
            yield _apart(draft, (*path, name, key), stage["kind"], first, before)
            if first == last:
                continue  # what comes next is held against the same place
        verb = "ends" if stage["kind"] == "transit" else "stands"
        here, before = last, f"but {name} before it {verb} at {last}"


def _ends(draft: Draft, stage: dict[str, Any]) -> tuple[str, str, str] | None:
    """The key that says where a stage is, its first place and its last."""
    places: list[Any]
    match stage.get("kind"):
        case "transit":
            key, places = "via", _via(stage)
        case "departures":
            key, places = "place", [stage.get("place")]
        case "facility":
            key, places = "facility", [_facility(draft, stage).get("place")]
        case _:
            return None
    return (key, places[0], places[-1]) if places and isinstance(places[0], str) else None


def _moves(stage: dict[str, Any]) -> bool:
    """Whether a stage without `via` goes nobody knows where, as one of an unknown kind may."""
    return stage.get("kind") not in KINDS or any(key in stage for key in MOVES)


def _apart(draft: Draft, path: Path, kind: str, place: str, before: str) -> Fault:
    if kind == "transit":
        return draft.fault((*path, 0), f"begins at {place}, {before}: legs must join")
    what = "vehicles leave" if kind == "departures" else "the facility stands"
    return draft.fault(path, f"{what} at {place}, {before}: the route is not there")


def _gauges(draft: Draft, path: Path, stages: dict[str, dict[str, Any]]) -> Iterator[Fault]:
    """Rail legs that no gauge leads through, without a change between them.

    What a train may run on narrows from leg to leg: two legs on both gauges still tie the one
    before them to the one after. Only a change, or a leg that is not by rail, sets it free.
    """
    gauges, before = ANY, ""
    for name, stage in stages.items():
        if _sets_free(draft, stage):
            gauges = ANY
        if stage.get("kind") != "transit" or stage.get("mode") != "rail":
            continue
        first, last, faults = _within(draft, (*path, name, "via"), _via(stage))
        yield from faults
        if gauges and first and not gauges & first:
            yield draft.fault(
                (*path, name),
                f"rail changes from {_mm(gauges)} ({before}) to {_mm(first)} ({name}) and nothing "
                "changes gauge: put a stage of a facility with changes_gauge = true between them",
            )
            gauges = ANY
        gauges = last if faults else _common(gauges, last)
        before = name if first else before


def _sets_free(draft: Draft, stage: dict[str, Any]) -> bool:
    """Whether what comes after a stage may run on any gauge."""
    if stage.get("kind") == "facility":
        facility = _facility(draft, stage)  # one that nobody knows is told elsewhere
        return not facility or facility.get("changes_gauge", False) is not False
    return stage.get("mode") != "rail" and (_moves(stage) or "via" in stage)


def _within(
    draft: Draft, path: Path, via: list[str]
) -> tuple[frozenset[int], frozenset[int], list[Fault]]:
    """The gauges on which a leg begins and on which it ends, and its breaks."""
    first, now, faults, before = ANY, ANY, [], ""
    for n, place in enumerate(via):
        gauges = _listed(table_at(draft.data, "places", place).get("gauge_mm"))
        here = frozenset(gauge for gauge in gauges if isinstance(gauge, int))
        if now and here and not now & here:
            message = (
                f"a gauge break inside one leg: {_mm(now)} to {before}, {_mm(here)} at {place}; "
                "make two legs with a stage of a facility with changes_gauge = true between"
            )
            faults.append(draft.fault((*path, n), message))
            now = ANY
        now = _common(now, here)
        first = first if faults else now
        before = place if here else before
    return first, now, faults


def _common(some: frozenset[int], others: frozenset[int]) -> frozenset[int]:
    return some & others if some and others else some | others


def _mm(gauges: frozenset[int]) -> str:
    return f"{' or '.join(map(str, sorted(gauges)))} mm"


def _facility(draft: Draft, stage: dict[str, Any]) -> dict[str, Any]:
    name = stage.get("facility")
    return table_at(draft.data, "facilities", name) if isinstance(name, str) else {}


def _via(stage: dict[str, Any]) -> list[str]:
    """The places of a transit; none where they are no list of names."""
    via = _listed(stage.get("via"))
    return via if all(isinstance(place, str) for place in via) else []


def _listed(value: Any) -> list[Any]:
    """A list; of what is none, nothing."""
    return list(value) if isinstance(value, list | tuple) else []
