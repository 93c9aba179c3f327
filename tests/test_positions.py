"""Positions in TOML texts: worked by hand for each construct, then properties against tomllib."""

import json
import re
import tomllib
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import VERIFY

from sim.scenario.positions import MAX_DEPTH, Path, positions

Places = dict[Path, tuple[int, int, int, int]]  # line and column of the key, then of the value

EXAMPLES: dict[str, tuple[str, Places]] = {
    "nothing": ("", {}),
    "only a comment": ("# a = 1\n\n", {}),
    "a pair": ("days = 365", {("days",): (1, 1, 1, 8)}),
    "blanks": ("\n \t days\t=  365 \n", {("days",): (2, 4, 2, 12)}),
    "windows line ends": (
        'a = 1\r\nb = """\r\n"""\r\nc = 3\r\n',
        {("a",): (1, 1, 1, 5), ("b",): (2, 1, 2, 5), ("c",): (4, 1, 4, 5)},
    ),
    "columns in characters, lines only at line ends": (
        "x = { 'é𝄞\u2028' = 1, b = 2 }",
        {("x",): (1, 1, 1, 5), ("x", "é𝄞\u2028"): (1, 7, 1, 15), ("x", "b"): (1, 18, 1, 22)},
    ),
    "dotted key": (
        "a . b.c = 1\na.d = 2",
        {
            ("a",): (1, 1, 1, 1),
            ("a", "b"): (1, 5, 1, 5),
            ("a", "b", "c"): (1, 7, 1, 11),
            ("a", "d"): (2, 3, 2, 7),
        },
    ),
    "numbers are dotted keys": ("1.2 = 3.4", {("1",): (1, 1, 1, 1), ("1", "2"): (1, 3, 1, 7)}),
    "quoted keys": (
        '"a.b" = 1\n\'\' = 2\n"\\u0041\\"]" = 3\n\'\\\' = 4',
        {
            ("a.b",): (1, 1, 1, 9),
            ("",): (2, 1, 2, 6),
            ('A"]',): (3, 1, 3, 15),
            ("\\",): (4, 1, 4, 7),
        },
    ),
    "header": (
        "[ routes . 'rail' ] # [x]\nfreight_usd = 1",
        {
            ("routes",): (1, 3, 1, 3),
            ("routes", "rail"): (1, 12, 1, 12),
            ("routes", "rail", "freight_usd"): (2, 1, 2, 15),
        },
    ),
    "a table's own header, after its part in another": (
        "[a.b]\n[a]\n[a.c]",
        {("a",): (2, 2, 2, 2), ("a", "b"): (1, 4, 1, 4), ("a", "c"): (3, 4, 3, 4)},
    ),
    "a table's own header, before its part in another": (
        "[a]\n[a.b]",
        {("a",): (1, 2, 1, 2), ("a", "b"): (2, 4, 2, 4)},
    ),
    "array of tables": (
        "[[x]]\n[x.y]\n[[x]]\na = 1\n[[x.z]]",
        {
            ("x",): (1, 3, 1, 3),
            ("x", 0): (1, 3, 1, 3),
            ("x", 0, "y"): (2, 4, 2, 4),
            ("x", 1): (3, 3, 3, 3),
            ("x", 1, "a"): (4, 1, 4, 5),
            ("x", 1, "z"): (5, 5, 5, 5),
            ("x", 1, "z", 0): (5, 5, 5, 5),
        },
    ),
    "array": (
        "x = [ 1, # ] 2,\n  [],\n [3,],\n]\ny = 4",
        {
            ("x",): (1, 1, 1, 5),
            ("x", 0): (1, 7, 1, 7),
            ("x", 1): (2, 3, 2, 3),
            ("x", 2): (3, 2, 3, 2),
            ("x", 2, 0): (3, 3, 3, 3),
            ("y",): (5, 1, 5, 5),
        },
    ),
    "inline table": (
        "days = { pert = [9, 11], 'of'.x = {} }",
        {
            ("days",): (1, 1, 1, 8),
            ("days", "pert"): (1, 10, 1, 17),
            ("days", "pert", 0): (1, 18, 1, 18),
            ("days", "pert", 1): (1, 21, 1, 21),
            ("days", "of"): (1, 26, 1, 26),
            ("days", "of", "x"): (1, 31, 1, 35),
        },
    ),
    "array of inline tables": (
        "x = [{a = 1}, {a = 2}]",
        {
            ("x",): (1, 1, 1, 5),
            ("x", 0): (1, 6, 1, 6),
            ("x", 0, "a"): (1, 7, 1, 11),
            ("x", 1): (1, 15, 1, 15),
            ("x", 1, "a"): (1, 16, 1, 20),
        },
    ),
}

SCALARS = [
    *("-1_000.5e3", "+inf", "true", "0xff", "07:32:00"),
    *("1979-05-27", "1979-05-27 07:32:00", "1979-05-27T07:32:00.5+01:00"),
    *('""', '"]"', '"# , }"', r'"\""', r'"\\"', "''", "'\"'", r"'\'"),
    *('""""""', '""" "" """', '"""1""""', '"""2"""""', '""""3"""', '"""""4"""""'),
    *(r'"""\""""""', r'"""\\"""', '"""\\\n  ] """', '"""\n[x]\n# """', '"""\'\'\'"""'),
    *("''''''", "'''1''''", "'''2'''''", "''''3'''", r"'''\'''", "'''\n[x]\n\"\"\" # '''"),
]


@pytest.mark.parametrize(("text", "places"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_worked_by_hand(text: str, places: Places) -> None:
    assert positions(text) == {(): (1, 1, 1, 1), **places}
    assert dict(nodes(tomllib.loads(text))).keys() == positions(text).keys()


@pytest.mark.parametrize("scalar", SCALARS)
def test_a_scalar_is_stepped_over(scalar: str) -> None:
    text = f"x = [{scalar},{scalar} ,\n{{a={scalar}}}]#"
    data = tomllib.loads(text)
    assert positions(text).keys() == dict(nodes(data)).keys()
    assert text[offset(text, *positions(text)["x", 2, "a"][2:]) :] == f"{scalar}}}]#"


def test_line_ends_and_last_commas_in_inline_tables_as_in_toml_1_1() -> None:
    text = "x = { # }\n  a = 1, # ,\n  b.c = [],\n}\ny = 2"
    assert positions(text) == {
        (): (1, 1, 1, 1),
        ("x",): (1, 1, 1, 5),
        ("x", "a"): (2, 3, 2, 7),
        ("x", "b"): (3, 3, 3, 3),
        ("x", "b", "c"): (3, 5, 3, 9),
        ("y",): (5, 1, 5, 5),
    }


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 10_000 + "]" * 10_000,
        "x = " + "{a=" * 10_000 + "1" + "}" * 10_000,
        ".".join("a" * 10_000) + " = 1",
        "[" + ".".join("a" * 10_000) + "]\nb.c = 1",
        "[[" + ".".join("a" * 10_000) + "]]\nb.c = 1",
    ],
    ids=["arrays", "inline tables", "dotted key", "header", "array of tables"],
)
def test_what_lies_too_deep_is_left_out(text: str) -> None:
    assert [len(path) for path in positions(text)] == list(range(MAX_DEPTH + 1))


# Documents are generated as trees whose leaves are literals, and written in random styles.

Table = dict[str, Any]  # of tables, lists and literals

KEYS = ["a", "b", "c", "1", "-", "", " ", "a.b", "]", "# =", '"', "'", "\"'", "\\", "é", "\n"]
LITERALS = [
    *("N", "N.5e3", "0xN", "1979-05-27 07:32:00.N", "1979-05-27T07:32:00.NZ"),
    *('"N ] # = , }"', r'"N \" \\"', "'N \\'", "'N \" ] #'"),
    *('"""\n"N" \\""" # ] """""', '"""N \\\n [x]\n = """', "'''\n''N\n[x] \"\"\" = '''''"),
]
COMMENTS = ["", "", "\n", " # ] } = , \" '''", '\n# [x] """\n']
GAPS = ["", " ", "\n\t", " # ] } = , \" '''\n"]
KEY_PART = re.compile(r"""[\w-]+|'[^']*'|("(\\.|[^"\\])*")""")

literals = st.builds(
    lambda literal, n: literal.replace("N", str(n)), st.sampled_from(LITERALS), st.integers(1, 9999)
)
values = st.recursive(
    literals,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
        | st.lists(st.dictionaries(st.sampled_from(KEYS), inner, max_size=3), max_size=3)
    ),
    max_leaves=12,
)
tables = st.dictionaries(st.sampled_from(KEYS), values, max_size=5)


class Writer:
    """Writes a table as TOML, in styles that it chooses at random."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def document(self, table: Table) -> str:
        pairs, sections = self.body(table, "")
        return "".join(line + self.rng.choice(COMMENTS) + "\n" for line in pairs + sections)

    def body(self, table: Table, header: str) -> tuple[list[str], list[str]]:
        """The lines of a table before the next header, and those from there on."""
        below = [key for key in table if may_have_header(table[key]) and self.rng.random() < 0.6]
        pairs = self.pairs({key: table[key] for key in table if key not in below}, "")
        sections = [self.section(table[key], header + self.key(key)) for key in below]
        return list(pairs), [line for section in sections for line in section]

    def section(self, node: Any, header: str) -> list[str]:
        if isinstance(node, list):
            bodies = [self.body(table, header + ".") for table in node]
            return [line for body in bodies for line in (f"[[{header}]]", *body[0], *body[1])]
        pairs, sections = self.body(node, header + ".")
        own = [f"[{header}]", *pairs] if pairs or not sections or self.rng.random() < 0.5 else []
        return self.rng.choice([own + sections, sections + own])

    def pairs(self, table: Table, parents: str) -> Iterator[str]:
        for key, node in table.items():
            name = parents + self.key(key)
            if isinstance(node, dict) and node and self.rng.random() < 0.5:
                yield from self.pairs(node, name + self.rng.choice([".", " .\t"]))
            else:
                yield name + self.rng.choice(["=", " =\t"]) + self.value(node)

    def value(self, node: Any) -> str:
        if isinstance(node, dict):
            return "{" + self.rng.choice([",", " , "]).join(self.pairs(node, "")) + "}"
        if isinstance(node, list):
            gap = self.rng.choice(GAPS)
            return "[" + gap + (gap + "," + gap).join(map(self.value, node)) + gap + "]"
        return str(node)

    def key(self, key: str) -> str:
        spellings = [json.dumps(key), json.dumps(key, ensure_ascii=False)]
        if not re.search("['\n]", key):
            spellings.append(f"'{key}'")
        if re.fullmatch("[a-z0-9-]+", key):
            spellings.append(key)
        return self.rng.choice(spellings)


def may_have_header(node: Any) -> bool:
    if isinstance(node, list):
        return bool(node) and all(isinstance(element, dict) for element in node)
    return isinstance(node, dict)


def nodes(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """A node and what is below it, each with its path."""
    yield path, node
    if isinstance(node, dict | list):
        for key, below in node.items() if isinstance(node, dict) else enumerate(node):
            yield from nodes(below, (*path, key))


def offset(text: str, line: int, column: int) -> int:
    return sum(len(before) + 1 for before in text.split("\n")[: line - 1]) + column - 1


@st.composite
def documents(draw: st.DrawFn) -> tuple[Table, str]:
    table, rng = draw(tables), draw(st.randoms(use_true_random=False))
    return table, Writer(rng).document(table)


RANDOM = settings(derandomize=True, deadline=None, max_examples=300 if VERIFY else 100)


@RANDOM
@given(documents(), st.sampled_from(["\n", "\r\n"]))
def test_paths_are_those_of_tomllib(document: tuple[Table, str], line_end: str) -> None:
    text = document[1].replace("\n", line_end)
    assert positions(text).keys() == dict(nodes(tomllib.loads(text))).keys()


@RANDOM
@given(documents())
def test_what_stands_at_a_position_reads_as_that_path(document: tuple[Table, str]) -> None:
    table, text = document
    data, places = dict(nodes(tomllib.loads(text))), positions(text)
    for path, node in list(nodes(table))[1:]:
        key, value = offset(text, *places[path][:2]), offset(text, *places[path][2:])
        if isinstance(node, str):  # a literal, cut out with its key if it has one
            cut = (text[key:value] or f"{path[-1]} = ") + text[value : value + len(node)]
            assert tomllib.loads(cut) == {str(path[-1]): data[path]}
        elif isinstance(path[-1], str):  # a table's or an array's key, of which there are many
            part = KEY_PART.match(text, key)
            assert part
            assert tomllib.loads(f"{part[0]} = 0") == {path[-1]: 0}
