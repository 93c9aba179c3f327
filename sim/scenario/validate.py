"""From a draft to a scenario: every fault at once, each with its place, rule and remedy."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import islice

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sim.errors import Fault, ScenarioError
from sim.scenario.across import across
from sim.scenario.changes import Draft, Place
from sim.scenario.distributions import show
from sim.scenario.model import Scenario
from sim.scenario.phasing import phases
from sim.scenario.schema import did_you_mean, keys_at, nearest, perhaps, table_at

MOST_FAULTS = 100
"""Who made more mistakes mends these first; a megabyte of them would take minutes to tell."""

MESSAGES = {
    "missing": "is required",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "mapping_type": "must be a table",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "date_type": "must be a date such as 2001-01-01, without quotes and time",
    "tuple_type": "must be a list",
    "too_short": "needs at least {min_length}",
    "too_long": "holds at most {max_length}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "literal_error": "must be one of {expected}",
    "union_tag_invalid": "must be one of {expected_tags}",
}

LISTS = {
    "range": " of two numbers",
    "via": " of at least two places",
    "gauge_mm": " of whole numbers",
}
"""What the lists are of that are no list."""


def validated(draft: Draft, name: str) -> Scenario:
    """The scenario that a draft means. Raises ScenarioError with all its faults."""
    faults, scenario = _examined(draft, name)
    if scenario is not None and not faults:
        faults += _streams(draft, scenario)
    later = phases(draft, faults, lambda changed: _examined(changed, name)[0])
    faults += [*draft.faults, *islice(later, MOST_FAULTS)]
    if "name" in draft.data:
        faults.append(draft.fault(("name",), "unknown key: the file's name is the name", key=True))
    if scenario is None or faults:
        raise ScenarioError(tuple(sorted(set(faults))))
    return scenario


def _examined(draft: Draft, name: str) -> tuple[list[Fault], Scenario | None]:
    """What is wrong with a draft as it begins, and the scenario where each field is right."""
    faults = list(islice(across(draft), MOST_FAULTS))
    try:
        return faults, Scenario.model_validate({**draft.data, "name": name})
    except ValidationError as error:
        return [*faults, *_from_pydantic(draft, error)], None


def _from_pydantic(draft: Draft, error: ValidationError) -> Iterator[Fault]:
    errors = error.errors(include_url=False)[:MOST_FAULTS]
    details = [(_path(e["loc"]), e) for e in errors]
    misspelt = {
        (*path[:-1], near)
        for path, e in details
        if e["type"] == "extra_forbidden"
        and (near := nearest(path[-1], keys_at(path[:-1], draft.data)))
    }
    told = {("missing", path) for path in misspelt}  # by the suggestion at the misspelt key
    told.add(("too_long", ("demand", "directions")))  # with their names
    for path, detail in details:
        if (detail["type"], path) not in told:
            yield _fault(draft, path, detail)


def _path(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Pydantic's location without the kind that it adds after a stage's name."""
    return loc[:4] + loc[5:] if loc[2:3] == ("stages",) else loc


def _fault(draft: Draft, path: tuple[str | int, ...], detail: ErrorDetails) -> Fault:
    kind, context, got = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "extra_forbidden":
        hint = did_you_mean(path[-1], keys_at(path[:-1], draft.data))
        return draft.fault(path, f"unknown key{hint}", key=True)
    if kind in ("missing", "union_tag_not_found"):
        path = path if kind == "missing" else (*path, "kind")
        kinds = ": one of departures, transit, facility" if path[-1] == "kind" else ""
        return draft.fault(path, f"is required{kinds}{_inherited(draft, path)}")
    if kind == "value_error":
        return draft.fault(path, str(context["error"]))
    if kind == "union_tag_invalid":
        return _bad_word(draft, (*path, "kind"), context["expected_tags"], context["tag"])
    if kind == "literal_error":
        return _bad_word(draft, path, context["expected"], got)
    if kind == "too_short" and isinstance(got, str):
        kind = "string_too_short"
    limits = {k: f"{v:g}" if isinstance(v, float) else v for k, v in context.items()}
    message = MESSAGES.get(kind, detail["msg"]).format(**limits)
    if kind == "tuple_type":
        message += LISTS.get(str(path[-1]), "")
    return draft.fault(path, f"{message} (got {show(got)})")


def _inherited(draft: Draft, path: tuple[str | int, ...]) -> str:
    """A hint at a name near one on the path, of which an extended file says what is required."""
    parts = tuple(map(str, path))
    file = draft.places.get(parts[:-1], Place(draft.file)).file
    for depth, name in enumerate(parts[:-1]):
        around, rest = parts[:depth], parts[depth + 1 :]
        there = {n: draft.places.get((*around, n, *rest)) for n in table_at(draft.data, *around)}
        known = [near for near, place in there.items() if place and place.file != file]
        if hint := perhaps(name, known):
            return hint
    return ""


def _bad_word(draft: Draft, path: tuple[str | int, ...], expected: str, got: object) -> Fault:
    words = re.findall(r"[\w-]+", expected.replace(" or ", " "))
    hint = perhaps(got, words) if isinstance(got, str) else ""
    return draft.fault(path, f"must be one of {', '.join(words)} (got {show(got)}){hint}")


def _streams(draft: Draft, scenario: Scenario) -> Iterator[Fault]:
    """Streams are addressed by a checksum of their name: two names must not share one."""
    seen: dict[int, str] = {}
    for name in scenario.stream_names:
        other = seen.setdefault(zlib.crc32(name.encode()), name)
        if other != name:
            yield draft.fault(
                ("routes",), f"{name} and {other} would share random numbers: rename one"
            )
