"""From a draft to a scenario: every fault at once, each with its place, rule and remedy."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sim.errors import Fault, ScenarioError
from sim.scenario.changes import Draft
from sim.scenario.distributions import LARGEST, show
from sim.scenario.model import Scenario
from sim.scenario.schema import (
    did_you_mean,
    is_model,
    is_table_of_tables,
    keys_at,
    split,
    table_at,
    type_at,
)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
MOST_FAULTS = 100
"""Who made more mistakes mends these first; a megabyte of them would take minutes to tell."""

TIMETABLES = ("every_days", "per_day", "annual_capacity")

MESSAGES = {
    "missing": "is required",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "mapping_type": "must be a table",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "tuple_type": "must be a list of two numbers",
    "too_short": "needs at least {min_length}",
    "too_long": "holds at most {max_length}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "literal_error": "must be one of {expected}",
    "union_tag_invalid": "must be one of {expected_tags}",
}


def validated(draft: Draft, name: str) -> Scenario:
    """The scenario that a draft means. Raises ScenarioError with all its faults."""
    faults = [*draft.faults, *islice(_across(draft), MOST_FAULTS)]
    if "name" in draft.data:
        faults.append(draft.fault(("name",), "unknown key: the file's name is the name", key=True))
    try:
        scenario = Scenario.model_validate({**draft.data, "name": name})
    except ValidationError as error:
        faults += _from_pydantic(draft, error)
    else:
        faults += _streams(draft, scenario)
        if not faults:
            return scenario
    raise ScenarioError(tuple(sorted(set(faults))))


def _from_pydantic(draft: Draft, error: ValidationError) -> Iterator[Fault]:
    errors = error.errors(include_url=False)[:MOST_FAULTS]
    details = [(_path(e["loc"]), e) for e in errors]
    misspelt = {
        (*path[:-1], near)
        for path, e in details
        if e["type"] == "extra_forbidden" and (near := _nearest(draft, path))
    }
    for path, detail in details:
        if detail["type"] == "missing" and path in misspelt:
            continue  # the suggestion at the misspelt key says it already
        yield _fault(draft, path, detail)


def _path(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Pydantic's location without the kind that it adds after a stage's name."""
    return loc[:4] + loc[5:] if loc[2:3] == ("stages",) else loc


def _nearest(draft: Draft, path: tuple[str | int, ...]) -> str | None:
    hint = did_you_mean(path[-1], keys_at(path[:-1], draft.data))
    return hint.removeprefix("; did you mean ").removesuffix("?") if "mean" in hint else None


def _fault(draft: Draft, path: tuple[str | int, ...], detail: ErrorDetails) -> Fault:
    kind, context, got = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "extra_forbidden":
        hint = did_you_mean(path[-1], keys_at(path[:-1], draft.data))
        return draft.fault(path, f"unknown key{hint}", key=True)
    if kind in ("missing", "union_tag_not_found"):
        path = path if kind == "missing" else (*path, "kind")
        kinds = ": one of departures, transit" if path[-1] == "kind" else ""
        return draft.fault(path, f"is required{kinds}")
    if kind == "value_error":
        return draft.fault(path, str(context["error"]))
    if kind == "union_tag_invalid":
        return _bad_word(draft, (*path, "kind"), context["expected_tags"], context["tag"])
    if kind == "literal_error":
        return _bad_word(draft, path, context["expected"], got)
    limits = {k: f"{v:g}" if isinstance(v, float) else v for k, v in context.items()}
    message = MESSAGES.get(kind, detail["msg"]).format(**limits)
    return draft.fault(path, f"{message} (got {show(got)})")


def _bad_word(draft: Draft, path: tuple[str | int, ...], expected: str, got: object) -> Fault:
    words = re.findall(r"[\w-]+", expected.replace(" or ", " "))
    near = did_you_mean(got, words) if isinstance(got, str) else ""
    hint = near if "mean" in near else ""
    return draft.fault(path, f"must be one of {', '.join(words)} (got {show(got)}){hint}")


def _across(draft: Draft) -> Iterator[Fault]:
    """What concerns more than one field; reads plain data, so that no other fault hides it."""
    routes = table_at(draft.data, "routes")
    yield from _names(draft, ("routes",), routes)
    for name, route in routes.items():
        stages = table_at(route, "stages")
        yield from _names(draft, ("routes", name, "stages"), stages)
        for stage, fields in stages.items():
            yield from _timetable(draft, ("routes", name, "stages", stage), fields)
    yield from _choice(draft, routes)
    yield from _assumptions(draft)


def _names(draft: Draft, path: tuple[str, ...], table: dict[str, Any]) -> Iterator[Fault]:
    for name in table:
        if not NAME.fullmatch(name):
            rule = "a name has letters, digits, - and _ (at most 60, no - or _ first)"
            yield draft.fault((*path, name), f"{rule} (got {show(name)})", key=True)
        if path == ("routes",) and name == "all":
            yield draft.fault((*path, name), "'all' stands for all routes together", key=True)


def _timetable(draft: Draft, path: tuple[str, ...], stage: Any) -> Iterator[Fault]:
    if not isinstance(stage, dict) or stage.get("kind") != "departures":
        return
    said = [key for key in TIMETABLES if key in stage]
    if len(said) > 1:
        yield draft.fault((*path, said[1]), f"say only one of {', '.join(said)}", key=True)
    elif not said:
        unknown = [key for key in stage if key not in keys_at(path, draft.data)]
        if not any("mean" in did_you_mean(key, TIMETABLES) for key in unknown):
            yield draft.fault(path, f"needs one of {', '.join(TIMETABLES)}")


def _choice(draft: Draft, routes: dict[str, Any]) -> Iterator[Fault]:
    choice = table_at(draft.data, "choice")
    if len(routes) > 1 and "rule" not in choice:
        yield draft.fault(("choice", "rule"), "is required where there are several routes")
    if choice.get("rule") == "share" and "shares" not in choice:
        yield draft.fault(("choice", "shares"), "is required by the rule share")
    if choice.get("rule") == "logit" and "scale_usd" not in choice:
        yield draft.fault(("choice", "scale_usd"), "is required by the rule logit")
    shares = table_at(choice, "shares")
    for name in shares:
        if name not in routes:
            hint = did_you_mean(name, routes)
            yield draft.fault(("choice", "shares", name), f"no route of this name{hint}", key=True)
    numbers = [v for v in shares.values() if _is_number(v) and 0 <= v <= LARGEST]
    countable = isinstance(choice.get("shares"), dict) and len(numbers) == len(shares)
    if countable and abs((total := math.fsum(numbers)) - 1) > 1e-9:
        percent = "; a share is a fraction: 5 % is 0.05" if total > 1.5 else ""
        yield draft.fault(("choice", "shares"), f"must sum to 1 (got {total:.12g}){percent}")


def _assumptions(draft: Draft) -> Iterator[Fault]:
    for path, assumption in table_at(draft.data, "assumptions").items():
        place, parts = ("assumptions", path), split(path)
        node = type_at(parts, draft.data)
        if node is None or _unnamed(draft, parts):
            depth = next(
                (n for n in range(len(parts)) if parts[n] not in keys_at(parts[:n], draft.data)), 0
            )
            hint = did_you_mean(parts[depth], keys_at(parts[:depth], draft.data))
            yield draft.fault(place, f"speaks of nothing in this scenario{hint}", key=True)
        elif is_model(node) or is_table_of_tables(node):
            said = 'a path with dots stands in quotes, like "routes.rail.freight_usd"'
            yield draft.fault(place, f"speaks of a table, not of a value; {said}", key=True)
        limits = assumption.get("range") if isinstance(assumption, dict) else None
        numbers = limits if isinstance(limits, list) and all(map(_is_number, limits)) else []
        if len(numbers) == 2 and numbers[0] > numbers[1]:
            yield draft.fault((*place, "range"), f"must rise (got {show(limits)})")


def _unnamed(draft: Draft, parts: tuple[str, ...]) -> bool:
    """Whether a path goes through a route or stage that the scenario does not have."""
    tables = [n for n in range(len(parts)) if n and parts[n - 1] in ("routes", "stages", "shares")]
    return any(parts[n] not in keys_at(parts[:n], draft.data) for n in tables)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _streams(draft: Draft, scenario: Scenario) -> Iterator[Fault]:
    """Streams are addressed by a checksum of their name: two names must not share one."""
    seen: dict[int, str] = {}
    for name in scenario.stream_names:
        other = seen.setdefault(zlib.crc32(name.encode()), name)
        if other != name:
            yield draft.fault(
                ("routes",), f"{name} and {other} would share random numbers: rename one"
            )
