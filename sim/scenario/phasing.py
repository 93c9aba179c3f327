"""What is wrong with phases: their dates, the paths they set, and the scenario they make.

A phase is checked as it will be used: its changes are laid over the scenario of the phases before
it, and what that makes is examined as any scenario is. What was already wrong is not told again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

from sim.errors import Fault
from sim.scenario.changes import HOURS, TIMETABLES, Draft, outside, with_change
from sim.scenario.fields import MOST
from sim.scenario.phases import CHANGEABLE
from sim.scenario.schema import (
    at,
    is_distribution,
    is_model,
    is_section,
    joined,
    split,
    table_at,
    type_at,
)

SECTIONS = ("demand", "facilities", "routes", "choice")
"""Where the keys that may change stand: `days` of a leg do, those of a run do not."""

MOST_CHANGES = 2_000
"""Values that all phases together set; each is laid over the whole scenario."""

Examine = Callable[[Draft], Iterable[Fault]]


def phases(draft: Draft, faults: Iterable[Fault], examine: Examine) -> Iterator[Fault]:
    """Faults of a draft's phases; `faults` are those it has without them."""
    named = table_at(draft.data, "phases")
    if not named or len(named) > MOST:
        return
    number = sum(len(table_at(named, name, "set")) for name in named)
    if number > MOST_CHANGES:
        said = f"change at most {MOST_CHANGES:,} values, all together (got {number:,})"
        yield draft.fault(("phases",), said)
        return
    told = {(fault.path, fault.message) for fault in faults}
    start = {
        key: value for key, value in draft.data.items() if key not in ("phases", "assumptions")
    }
    now = Draft(draft.file, start)
    for name in sorted(named, key=lambda name: _moment(table_at(named, name))):
        changes = table_at(named, name, "set")
        now, refused = _laid(draft, now, name, changes)
        yield from refused
        for fault in examine(_touched(now, changes)):
            if (fault.path, fault.message) not in told:
                told.add((fault.path, fault.message))
                yield _retold(draft, name, changes, fault)


def _moment(phase: dict[str, Any]) -> date:
    """When a phase begins; one that does not say it comes last."""
    moment = phase.get("from")
    return moment if type(moment) is date else date.max


def _laid(
    draft: Draft, now: Draft, name: str, changes: dict[str, Any]
) -> tuple[Draft, list[Fault]]:
    """A phase's changes over the scenario so far, and those that cannot be."""
    faults = []
    if table_at(draft.data, "phases", name).get("set") == {}:
        faults.append(draft.fault(("phases", name, "set"), "is empty: say what changes"))
    for path, value in changes.items():
        after = with_change(now, path, value, said=f"phases.{name}")
        refused = "".join(fault.message for fault in after.faults[:1])
        message = _nested(now.data, path, value) or refused or _structural(now.data, path)
        if message:
            faults.append(draft.fault(("phases", name, "set", path), message, key=True))
        else:
            now = after
    return now, faults


def _touched(now: Draft, changes: Iterable[str]) -> Draft:
    """A scenario with the routes that a phase touches: in the others nothing new is wrong.

    Routes meet in the shares alone, so that a phase of those is examined with all of them. What
    disrupts routes stays the same.
    """
    parts = [split(path) for path in changes]
    if any(part[0] == "choice" for part in parts):
        return now
    routes = table_at(now.data, "routes")
    names = {part[1] for part in parts if part[0] == "routes" and len(part) > 1}
    kept = {name: route for name, route in routes.items() if name in names}
    kept = kept or dict(islice(routes.items(), 1))
    others = {
        name: said
        for name, said in table_at(now.data, "disruptions").items()
        if not str(at(said, ["target"])).startswith("routes")
    }
    alone = {"routes": kept, "choice": {"rule": "fastest"}, "disruptions": others}
    return Draft(now.file, {**now.data, **alone})


def _nested(data: Any, path: str, value: Any) -> str:
    """What to say of a path that TOML read as tables in tables, since its dots were not quoted."""
    parts = split(path)
    node = type_at(parts, data)
    if not isinstance(value, dict) or not is_section(node):
        return ""
    while isinstance(value, dict) and value and not is_distribution(parts, data):
        key = next(iter(value))
        parts, value = (*parts, key), value[key]
    return f'a path with dots stands in quotes, all of it: "{joined(parts):.200}"'


def _structural(data: Any, path: str) -> str:
    """What to say of a path to something that does not change while a scenario runs."""
    parts, _ = outside(data, split(path))
    key, around = parts[-1], parts[:-1]
    changes = parts[0] in SECTIONS and key in CHANGEABLE and is_model(type_at(around, data))
    if not changes and parts[:2] != ("choice", "shares"):
        return f"stays for the whole run; a phase may change {', '.join(sorted(CHANGEABLE))}"
    table = at(data, around)
    if table is None:
        return f"there is no {joined(around)} to change"
    if key in HOURS and key not in table:
        kept = next((other for other in HOURS if other in table), "")
        return kept and f"a facility keeps {kept} for the whole run: set that instead"
    if key in TIMETABLES and table.get("dispatch") == "full":
        return 'vehicles that leave when full do so for the whole run: dispatch = "full"'
    return ""


def _retold(draft: Draft, name: str, changes: Iterable[str], fault: Fault) -> Fault:
    """A fault of the changed scenario, told at what the phase sets."""
    around = ("phases", name, "set")
    message = f"{fault.path}: {fault.message}"
    for change in changes:
        path = joined(split(change))
        if f"{fault.path}.".startswith(f"{path}."):
            inside = split(fault.path)[len(split(path)) :]
            return draft.fault((*around, change, *inside), fault.message, key=bool(inside))
        if path.startswith(f"{fault.path}."):
            return draft.fault((*around, change), message)
    return draft.fault(around, message)
