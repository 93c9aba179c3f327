"""Files that nobody means well with: texts and documents made of bundled scenarios and damage."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from sim.scenario.files import bundled

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]
Lines = list[str]
Path = tuple[str | int, ...]

TEXTS: Final = {name: path.read_text("utf-8") for name, path in bundled().items()}
"""The bundled scenarios by name."""

DOCUMENTS: Final = {name: tomllib.loads(text) for name, text in TEXTS.items()}

ESCAPES: Final = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202egnp.exe\u2066x"
"""What a terminal obeys: a window's title, colours, a cleared screen, words turned round."""

WORDS: Final = (
    "", " ", "all", "con", "nan", "../../../etc/passwd", "/dev/zero", "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>", "]]>", "{{7*7}}", "$(touch x)", "[red]x[/red]", "%s%n{0}",
    "x" * 61, "x" * 5_000, "routes." * 40, "a\0b", ESCAPES, "a\nb", "\u202eabc", "\ud7ff\U0001f682",
    "شمال", "unlimited", "share", "facility", "2001-01-01",
)  # fmt: skip
"""Strings that mean something to some program."""

NUMBERS: Final = (
    "nan", "inf", "-inf", "1e999", "-1", "0", "-0.0", "1e-300", "1e300", "5e-324", "1e12", "0.1",
    "1", "2", "3.7", "100", "99999999999999999999", "9" * 70, "-9223372036854775809", "0x7f",
)  # fmt: skip

OTHERS: Final = (
    "true", "false", "1979-05-27", "0001-01-01", "9999-12-31", "2001-07-01T00:00:00Z", "07:32:00",
    "[]", "{}", "[[]]", "[0, 0]", "[1, 2]", "[2, 1]", "[nan, 1]", "[1e300, 1e300]", "{ a = 1 }",
    "{ pert = [0, 0, 0] }", "{ lognormal = { median = 1e-300, p95 = 1e300 } }",
    "{ gamma = { mean = 0, sd = 1 } }", "{ empirical = [] }", "{ exponential = 1e12 }",
    "[[[[[[1]]]]]]", "{ x = { x = { x = { x = [1] } } } }",
)  # fmt: skip


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


class Raw(str):
    """A value as it is written into a file, not as TOML would write it."""

    __slots__ = ()


VALUES: Final = st.sampled_from(
    [*map(Raw, NUMBERS), *map(Raw, OTHERS), *(Raw(quoted(word)) for word in WORDS)]
)
"""Values that a scenario does not expect, as a file writes them; some are no TOML."""

KEYS: Final = st.sampled_from(
    [*WORDS[:-4], "days", "kind", "order", "extends", "title", "name", "set", "capacity", "from"]
)


@st.composite
def damaged_text(draw: Draw[Any]) -> str:
    """A bundled scenario with lines and characters damaged."""
    lines: Lines = draw(st.sampled_from(sorted(TEXTS.values()))).splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        damage = draw(st.sampled_from(DAMAGES))
        lines = damage(draw, lines)
    return "".join(lines)


def _delete(draw: Draw[Any], lines: Lines) -> Lines:
    begin = draw(st.integers(0, len(lines)))
    return lines[:begin] + lines[begin + draw(st.integers(1, 5)) :]


def _double(draw: Draw[Any], lines: Lines) -> Lines:
    begin, to = draw(st.integers(0, len(lines))), draw(st.integers(0, len(lines)))
    return lines[:to] + lines[begin : begin + draw(st.integers(1, 5))] + lines[to:]


def _swap(draw: Draw[Any], lines: Lines) -> Lines:
    if len(lines) < 2:
        return lines
    one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    lines = list(lines)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def _splice(draw: Draw[Any], lines: Lines) -> Lines:
    """A section of another scenario in the middle."""
    sections = draw(st.sampled_from(sorted(TEXTS.values()))).split("\n\n")
    to = draw(st.integers(0, len(lines)))
    return [*lines[:to], f"\n{draw(st.sampled_from(sections))}\n\n", *lines[to:]]


def _rename(draw: Draw[Any], lines: Lines) -> Lines:
    number = _with(draw, lines, "=")
    key, equals, rest = lines[number].partition("=") if lines else ("", "", "")
    return _at(lines, number, f"{draw(KEYS) or key}{equals}{rest}")


def _revalue(draw: Draw[Any], lines: Lines) -> Lines:
    number = _with(draw, lines, "=")
    parts = lines[number].rstrip("\n").split("=") if lines else [""]
    here = draw(st.integers(1, max(len(parts) - 1, 1)))
    new = f" {draw(VALUES)}"
    # Of an inline table one value, of which what closes it stays.
    tail = parts[here][len(parts[here].rstrip(" }],")) :] if here < len(parts) else ""
    comma, later = ("", "") if here >= len(parts) - 1 else (", ", parts[here].rpartition(",")[2])
    parts[here : here + 1] = [f"{new}{tail if not later else ''}{comma}{later}"]
    return _at(lines, number, f"{'='.join(parts)}\n")


def _flip(draw: Draw[Any], lines: Lines) -> Lines:
    """A character that becomes another one."""
    text = "".join(lines)
    place = draw(st.integers(0, max(len(text) - 1, 0)))
    new = draw(st.sampled_from("[]{}=\"\\'#.,\n\r\t\0 0-x\x1b\u202e\ufeffé"))
    return f"{text[:place]}{new}{text[place + 1 :]}".splitlines(keepends=True)


DAMAGES: Final = (_delete, _double, _swap, _splice, _rename, _revalue, _revalue, _flip)


def _with(draw: Draw[Any], lines: Sequence[str], sign: str) -> int:
    """The number of a line that has this sign, where one has."""
    numbers = [n for n, line in enumerate(lines) if sign in line]
    return int(draw(st.sampled_from(numbers or [0])))


def _at(lines: Lines, number: int, line: str) -> Lines:
    return [*lines[:number], line, *lines[number + 1 :]]


@st.composite
def damaged_document(draw: Draw[Any]) -> str:
    """A bundled scenario in which parts were replaced, removed, moved or doubled."""
    document = copy.deepcopy(draw(st.sampled_from(list(DOCUMENTS.values()))))
    for _ in range(draw(st.integers(1, 3))):
        places = list(paths(document))
        path = draw(st.sampled_from(places)) if places else ("x",)
        kind = draw(st.sampled_from(["scale", "scale", "replace", "remove", "move", "double"]))
        if kind == "replace":
            put(document, path, draw(VALUES))
            continue
        if kind == "scale":
            _scale(draw, document, places)
            continue
        old = taken(document, path) if kind != "double" else copy.deepcopy(find(document, path))
        if kind != "remove":
            around = draw(st.sampled_from(places)) if places else ()
            put(document, (*around[:-1], draw(KEYS) or "x"), old)
    return written(document)


def _scale(draw: Draw[Any], document: Any, places: Sequence[Path]) -> None:
    """Some figures become much larger or smaller, or nothing."""
    figures = [path for path in places if type(find(document, path)) in (int, float)]
    for path in draw(st.lists(st.sampled_from(figures), max_size=4)) if figures else ():
        around, old = find(document, path[:-1]), find(document, path)
        around[path[-1]] = type(old)(old * draw(st.sampled_from(FACTORS)))


FACTORS: Final = (0, 1e-9, 1e-3, 0.1, 0.5, 2, 10, 1e3, 1e9, -1)


def paths(data: Any, path: Path = ()) -> Iterator[Path]:
    """Every path of a document."""
    inner = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in inner:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*path, key))


def find(data: Any, path: Path) -> Any:
    """What stands at a path, None where nothing does."""
    for part in path:
        try:
            data = data[part]
        except (LookupError, TypeError):
            return None
    return data


def put(data: Any, path: Path, value: Any) -> None:
    """Put a value where its table or list is there."""
    around = find(data, path[:-1])
    if isinstance(around, dict):
        around[str(path[-1])] = value
    elif isinstance(around, list):
        around.append(value)


def taken(data: Any, path: Path) -> Any:
    """What stood at a path and stands there no more."""
    value, around = find(data, path), find(data, path[:-1])
    if isinstance(around, dict):
        around.pop(path[-1], None)
    elif isinstance(around, list) and around:
        around.pop()
    return value


def written(document: Mapping[str, Any]) -> str:
    """The document as TOML: each top-level key on one line."""
    return "".join(f"{quoted(key)} = {value_of(value)}\n" for key, value in document.items())


def value_of(value: Any) -> str:
    """A value on one line; what is raw stays as it is."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{quoted(k)} = {value_of(v)}' for k, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(value_of, value))}]"
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, str):
        return quoted(value)
    return "false" if value is None else json.dumps(value)


LIKE_TOML: Final = st.lists(
    st.sampled_from(
        ["[", "]", "[[", "]]", "{", "}", "=", " = ", ".", ",", "\n", "\r\n", "#", '"', '"""', "'",
         "'''", "\\", "\\u", "\\U0010ffff", "a", "routes", "demand", "run", "stages", "kind", "1",
         "-", "_", "e", "0x", "nan", "inf", "true", "1979-05-27", "T", ":", "+", "\t", "\0", "é"]
    ),
    max_size=60,
).map("".join)  # fmt: skip
"""Text of what TOML is made of."""
