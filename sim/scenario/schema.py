"""What may stand where in a scenario: the paths that files, options and Python share."""

from __future__ import annotations

import difflib
import types
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.scenario.distributions import Distribution
from sim.scenario.model import Scenario

Path = tuple[str, ...]

LONGEST_WORD, MOST_WORDS = 60, 200
"""Bounds on looking for a near word: its cost grows with both."""

_QUOTED_DOT = "\0"


def split(path: str) -> Path:
    """The parts of a dotted path; what stands in quotes, and an assumption's path, is one part."""
    head, _, rest = path.partition(".")
    if head == "assumptions" and '"' not in rest:
        return (head, rest)
    pieces = enumerate(path.split('"'))  # every second one was quoted
    text = "".join(piece.replace(".", _QUOTED_DOT) if n % 2 else piece for n, piece in pieces)
    return tuple(part.replace(_QUOTED_DOT, ".") for part in text.split("."))


def joined(path: Iterable[str | int]) -> str:
    """The dotted path that `split` reads: a part with dots stands in quotes."""
    return ".".join(f'"{part}"' if "." in str(part) else str(part) for part in path)


def at(data: Any, path: Iterable[str | int]) -> Any:
    """The value at a path, None where there is none."""
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def table_at(data: Any, *path: str) -> dict[str, Any]:
    """The table at a path; empty where there is none, or something else (told elsewhere)."""
    value = at(data, path)
    return value if isinstance(value, dict) else {}


def type_at(path: Iterable[str | int], data: Any) -> Any:
    """The type that the schema has at a path, None where it knows no such place.

    `data` is the scenario so far: a stage's kind and the names of tables are read from it.
    """
    node: Any = Scenario
    for part in path:
        data = at(data, [part])
        node = _child(node, part, data)
        if node is None:
            break
    return node


def is_count(path: Path, data: Any) -> bool:
    """Whether whole numbers stand at a path, also at one that a phase sets."""
    if path[0] == "phases" and path[2:3] == ("set",) and len(path) == 4:
        path = split(path[3])
    return type_at(path, data) is int


def _child(node: Any, part: str | int, data: Any) -> Any:
    if is_model(node):
        field = fields_of(node).get(str(part))
        return _resolve(field.annotation, data) if field else None
    if is_table(node):
        return _resolve(get_args(node)[1], data)
    return None


def _resolve(annotation: Any, data: Any) -> Any:
    """Look through Annotated and None; pick the member of a union that `kind` names."""
    members, kinds = _members(annotation)
    if len(members) == 1:
        return members[0]
    if kinds:
        kind = at(data, ["kind"])
        return kinds.get((kind,)) if isinstance(kind, str) else None
    tables = [m for m in members if is_table(m)]
    return tables[0] if tables and isinstance(data, Mapping) else members[0]


@cache
def _members(annotation: Any) -> tuple[tuple[Any, ...], dict[tuple[str, ...], Any]]:
    """The types that an annotation allows, but None, and by their kind those that name it."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, types.UnionType):
        return (annotation,), {}
    members = tuple(m for m in get_args(annotation) if m is not type(None))
    if len(members) == 1:
        return _members(members[0])
    models = [m for m in members if is_model(m)]
    return members, {get_args(m.model_fields["kind"].annotation): m for m in models}


@cache
def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a table by the key that a file writes; a scenario's name is no key."""
    return {
        field.alias or name: field
        for name, field in model.model_fields.items()
        if not (model is Scenario and name == "name")
    }


def is_model(node: Any) -> bool:
    """Whether a type is a table with fixed keys."""
    return isinstance(node, type) and issubclass(node, BaseModel)


def is_table(node: Any) -> bool:
    """Whether a type is a table of named things."""
    return get_origin(node) is Mapping


def is_section(node: Any) -> bool:
    """Whether a type is a table with fixed keys, or one of named things that are tables."""
    if is_table(node):
        return _resolve(get_args(node)[1], None) not in (float, Any)
    return is_model(node)


def is_distribution(path: Iterable[str | int], data: Any) -> bool:
    """Whether a distribution stands at a path."""
    return type_at(path, data) is Distribution


def keys_at(path: Iterable[str | int], data: Any) -> list[str]:
    """The keys that may stand in the table at a path: fields, or the names that exist."""
    node = type_at(path, data)
    if is_model(node):
        return list(fields_of(node))
    return list(table_at(data, *map(str, path)))


def nearest(word: object, known: Collection[str]) -> str | None:
    """The known word that is nearly this one."""
    words = [each for each in known if len(each) <= LONGEST_WORD][:MOST_WORDS]
    return next(iter(difflib.get_close_matches(str(word)[:LONGEST_WORD], words, n=1)), None)


def perhaps(word: object, known: Collection[str]) -> str:
    """A hint at the nearest known word, if one is near."""
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else ""


def did_you_mean(word: object, known: Collection[str]) -> str:
    """A hint at the nearest known word, or at all of them where there are few."""
    if hint := perhaps(word, known):
        return hint
    words = [each for each in known if len(each) <= LONGEST_WORD]
    return f"; known here: {', '.join(words)}" if 0 < len(words) <= 12 else ""


def no_such(what: str, name: str, known: Collection[str]) -> str:
    """What to say of a name that nothing has."""
    return f"no {what} of this name{did_you_mean(name, known)}"
