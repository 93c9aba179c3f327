"""One path grammar, one way to merge: what `extends`, `--set` and `with_changes` have in common.

A draft is a scenario in the making: plain data as TOML gives it, and where each value was written.
A file that extends another, an option and a change in Python are all a draft merged over a draft.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any, NamedTuple

from sim.errors import Fault
from sim.scenario.distributions import is_number, parse, show
from sim.scenario.fields import MOST
from sim.scenario.positions import Position
from sim.scenario.schema import (
    Path,
    at,
    did_you_mean,
    is_distribution,
    is_section,
    joined,
    keys_at,
    perhaps,
    split,
    table_at,
    type_at,
)

TIMETABLES = ("every_days", "per_day", "annual_capacity")
FULL = "full"
"""The only dispatch that goes without them."""

WHEN = ("from", "per_year", "up_days")
TIMES = ("days", "km_per_day")
HOURS = ("service_hours", "headway_hours")
EXCLUSIVE = [
    {*TIMETABLES, "dispatch"}, {*TIMETABLES, "longest_hold_days"}, {*WHEN}, {*TIMES}, {*HOURS},
]  # fmt: skip
"""Keys that exclude each other: a child's, if it changes anything, removes the inherited others."""

SHARES = ("choice", "shares")
BY_DIRECTION = (("demand", "directions"), ("demand", "monthly"), SHARES)
"""Tables by direction; shares may be by route."""

_NOWHERE = Position(0, 0, 0, 0)


@dataclass(frozen=True)
class Place:
    """Where something was written: a file's name, or the option that said it."""

    file: str
    position: Position = _NOWHERE


class Change(NamedTuple):
    """A value to put at a path, and how messages call what asked for it."""

    path: str
    value: Any
    said: str


@dataclass(frozen=True)
class Draft:
    """Plain data, where it was written, what is already wrong, what deserves a warning."""

    file: str
    data: dict[str, Any]
    places: dict[Path, Place] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    stale: tuple[str, ...] = ()
    """Paths whose value a child changed without restating the assumption."""

    def fault(self, path: tuple[str | int, ...], message: str, *, key: bool = False) -> Fault:
        """A fault at a path's value (or key), or at the nearest table around it."""
        depth = len(path)
        while depth and path[:depth] not in self.places:
            depth -= 1
        place = self.places.get(path[:depth], Place(self.file))  # type: ignore[arg-type]
        line, column, *value = place.position
        if not key and depth == len(path):
            line, column = value
        told = joined(f"{part!s:.200}" for part in path)  # a key may be as long as a file
        return Fault(place.file, line, column, told, message)


def merged(parent: Draft, child: Draft, *, said: str = "") -> Draft:
    """The child over the parent: tables merge, values, arrays and distributions replace.

    said: who changes what, for the ledger; by default the child's file
    """
    data = _merged(parent.data, child.data, (), parent.data)
    places, stale = {**parent.places, **child.places}, tuple(_stale(parent, child.data))
    draft = Draft(child.file, data, places, parent.faults + child.faults, stale)
    faults = tuple(_put_in_order(draft, parent.data, child.data))
    _forget_assumptions(data, child.data)
    for path in stale:
        before, now = (at(each, split(path)) for each in (parent.data, data))
        if now != before:
            _say_changed(data, path, before, said or f"in {PurePath(child.file).name}")
    return replace(draft, faults=draft.faults + faults)


def _merged(parent: Any, child: Any, path: Path, root: Any) -> dict[str, Any]:
    changes = {key for key, value in child.items() if key not in parent or parent[key] != value}
    if child.get("dispatch") != FULL:
        changes.discard("dispatch")  # on a timetable, which may be the inherited one
    dropped = {key for group in EXCLUSIVE if group & changes for key in group - child.keys()}
    result = {key: value for key, value in parent.items() if key not in dropped}
    for key, value in child.items():
        old, here = result.get(key), (*path, key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merges = both and not _replaces(old, value, here, root)
        result[key] = _merged(old, value, here, root) if merges else value
    return result


def _replaces(old: Any, new: Any, path: Path, root: Any) -> bool:
    """Whether a table takes the place of the inherited one.

    So does another kind of stage, a distribution, a value of a phase, a table by other directions,
    and shares by direction those without. A single key always goes into the inherited table.
    """
    if path in BY_DIRECTION and len(new) > 1:
        tables = [any(isinstance(value, dict) for value in table.values()) for table in (old, new)]
        if tables[0] != tables[1]:
            return True
        return (tables[1] or path != SHARES) and not new.keys() <= old.keys()
    other_kind = "kind" in new and "kind" in old and new["kind"] != old["kind"]
    in_phase = path[:1] == ("phases",) and path[2:3] == ("set",) and len(path) > 3
    return other_kind or in_phase or is_distribution(path, root)


def _put_in_order(draft: Draft, parent: Any, child: Any) -> Iterator[Fault]:
    """Sort each route's stages by its `order` and take the key away."""
    for name, route in table_at(draft.data, "routes").items():
        if not isinstance(route, dict):
            continue
        said = table_at(child, "routes", name)
        inherited = table_at(parent, "routes", name, "stages")
        own = [stage for stage in table_at(said, "stages") if stage not in inherited]
        order = route.pop("order", None)
        if order is not None:
            yield from _ordered(draft, name, route, order, own)
        elif inherited and own:
            yield draft.fault(
                ("routes", name, "stages", own[0]),
                f"adds a stage to inherited ones: say order = [...], all stages of {name} "
                f"from first to last{perhaps(own[0], inherited)}",
                key=True,
            )


def _ordered(draft: Draft, name: str, route: Any, order: Any, own: list[str]) -> Iterator[Fault]:
    stages, path = table_at(route, "stages"), ("routes", name, "order")
    names = order if isinstance(order, list) and len(order) <= MOST else [None]
    if not all(isinstance(stage, str) for stage in names):
        yield draft.fault(path, f"must be a list of stage names, at most {MOST}")
        return
    for stage in dict.fromkeys(order):
        if stage not in stages:
            yield draft.fault(path, f"no stage named {stage!r:.60}{did_you_mean(stage, stages)}")
    if len(set(order)) < len(order):
        yield draft.fault(path, "names a stage twice")
    for stage in own:
        if stage not in order:
            yield draft.fault(path, f"leaves out {stage:.60}, a stage of the same file")
    route["stages"] = {stage: stages[stage] for stage in order if stage in stages}


def _stale(parent: Draft, child: Any) -> Iterator[str]:
    """Inherited assumptions about values that were changed and are not restated by the child."""
    restated = table_at(child, "assumptions")
    for path in table_at(parent.data, "assumptions"):
        old, new = at(parent.data, split(path)), at(child, split(path))
        changed = new is not None and new != old
        if path not in restated and (changed or path in parent.stale):
            yield path


def _forget_assumptions(data: dict[str, Any], child: Any) -> None:
    """Inherited assumptions leave with the value they speak of."""
    ledger, restated = table_at(data, "assumptions"), table_at(child, "assumptions")
    for path in list(ledger):
        if path not in restated and at(data, split(path)) is None:
            del ledger[path]


def plain(value: Any) -> Any:
    """A value as a file could say it: of what numpy and pandas count with, numbers and lists."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value.tolist() if hasattr(value, "tolist") else value


def with_change(draft: Draft, path: str, value: Any, *, said: str) -> Draft:
    """The draft with the value at one path changed; `said` names the option in messages.

    A number over a distribution scales it to that mean; a path may also lead to a parameter of
    one ("….lognormal.p95"). Names of routes and stages must exist.
    """
    parts, inner, value = *outside(draft.data, split(path)), plain(value)
    fault = _unknown(draft.data, parts, said) or _no_parameter(draft.data, parts, inner, said)
    if fault is not None:
        return replace(draft, faults=(*draft.faults, fault))
    before = at(draft.data, parts)
    data = _replaced(before, inner, value) if inner else _rescaled(draft.data, parts, value)
    for part in reversed(parts):
        data = {part: data}
    after = merged(draft, Draft(draft.file, data, {parts: Place(said)}), said=f"by {said}")
    return replace(after, stale=draft.stale)


def _say_changed(data: dict[str, Any], path: str, before: Any, said: str) -> None:
    """Let the ledger tell that a figure is no longer what its source says."""
    ledger = table_at(data, "assumptions")
    if isinstance(old := ledger.get(path), dict):
        source = f"changed {said}; before, {_in_words(before)}: {old.get('source', '')}"
        changed = {**old, "quality": "assumed", "source": source[:1000]}
        data["assumptions"] = {**ledger, path: changed}


def _in_words(value: Any) -> str:
    """A value as a reader would write it: 200,000 · [13, 18]."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_in_words, value))}]"
    return f"{value:,.10g}" if is_number(value) else show(value)


def _unknown(data: Any, parts: Path, said: str) -> Fault | None:
    """The fault of a path that leads nowhere; a new name in a table of tables is one."""
    for depth, part in enumerate(parts):
        around = type_at(parts[:depth], data)
        known = keys_at(parts[:depth], data)
        if is_section(around) and part not in (*known, "order"):
            message = f"no {part!r:.60} here{did_you_mean(part, known)}"
            return Fault(said, 0, 0, joined(parts), message)
        if around is None:
            return Fault(said, 0, 0, joined(parts), "leads nowhere in a scenario")
    return None


def outside(data: Any, parts: Path) -> tuple[Path, Path]:
    """A path in two: up to a distribution, and inside it (mostly nothing)."""
    for depth in range(len(parts)):
        if is_distribution(parts[:depth], data):
            return parts[:depth], parts[depth:]
    return parts, ()


def _no_parameter(data: Any, parts: Path, inner: Path, said: str) -> Fault | None:
    """The fault of a path into a distribution that has no such parameter."""
    for depth, part in enumerate(inner, len(parts)):
        path = (*parts, *inner)[: depth + 1]
        known = table_at(data, *path[:-1])
        if part not in known:
            rule = f"no such parameter of this distribution{did_you_mean(part, known)}"
            return Fault(said, 0, 0, joined(path), rule)
    return None


def _replaced(table: Any, path: Path, value: Any) -> Any:
    """A copy of nested tables with one value replaced."""
    if not path:
        return value
    return {**table, path[0]: _replaced(table[path[0]], path[1:], value)}


def _rescaled(data: Any, parts: Path, value: Any) -> Any:
    """A number over a distribution becomes that distribution with the number as its mean."""
    old = at(data, parts)
    if not is_number(value) or old is None or not is_distribution(parts, data):
        return value
    try:
        before, after = parse(old), parse(value)
    except ValueError:
        return value  # told when the whole is validated
    if not (before.mean > 0 and after.mean > 0):
        return value  # nothing to scale, or to nothing
    return before.scaled(after.mean / before.mean).to_data()
