"""Where each key and each value of a TOML text stands.

A fault in a scenario is told as FILE:LINE:COLUMN, but `tomllib`, which decides what a text means,
forgets where it read it. So a text that it accepted is walked a second time, for the places alone.
Nothing is checked on this walk, and little has to be told apart: a header, a key, an opening or a
closing bracket, a scalar to step over. What is open is kept on a list: recursion could overflow.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

Path = tuple[str | int, ...]

# Longer paths are not recorded, and the loader refuses them: every beginning of a dotted key is a
# path, so that a key of 10,000 parts would fill memory with 50 million of them.
MAX_DEPTH = 64

# Unrolled, so that no text can be matched in two ways: nothing is tried twice. Possessive repeats
# would say it shorter, but Python 3.11.0 to 3.11.4 (Debian 12 has 3.11.2) match them wrongly.
_BETWEEN = re.compile(r"[ \t\r\n,=]*(?:#[^\n]*[ \t\r\n,=]*)*")
_BRACKETS = re.compile(r"[\[\]]{1,2}[ \t]*")
_KEY_PART = re.compile(
    r"""([A-Za-z0-9_-]+ | "[^"\\]*(?:\\.[^"\\]*)*" | '[^']*') [ \t]* (\.?) [ \t]*""", re.VERBOSE
)
_SCALAR = re.compile(
    r'''
      """[^"\\]* (?: (?: \\. | "{1,2}(?!") ) [^"\\]* )* "{3,5}   # may end on five
    | \'\'\' .*? '{3,5}
    | "[^"\\]* (?: \\. [^"\\]* )* "
    | '[^']*'
    | [^\n,\]}#]+                                               # 1.5, true, 1979-05-27 07:32:00
    ''',
    re.DOTALL | re.VERBOSE,
)


class Position(NamedTuple):
    """Where a key and its value stand in a file; lines and columns count from 1, in characters.

    A header's key is its last part, and an array's element is its own key. A table that no value
    opens (a header's, or a parent in a dotted key) has its value where its key is.
    """

    line: int
    column: int
    value_line: int
    value_column: int


def positions(text: str) -> dict[Path, Position]:
    """The place of every path of at most `MAX_DEPTH` parts, in a text that `tomllib` accepted.

    Keys are as `tomllib` gives them; elements of arrays, and arrays' tables, count from 0. A table
    stands where it is first mentioned, or else at the header of its own that comes later.
    """
    return _Scan(text).run()


class _Scan:
    """One walk through a text; `at` is the offset of what is read next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line_starts = [0, *(newline.end() for newline in re.finditer("\n", text))]
        self.found: dict[Path, Position] = {(): Position(1, 1, 1, 1)}
        self.last_table: dict[Path, int] = {}  # the index, by array of tables
        # The header's table and the containers open in it; an array's with its indexes to come.
        self.open: list[tuple[Path, Iterator[int] | None]] = [((), None)]

    def run(self) -> dict[Path, Position]:
        while self.take(_BETWEEN).end() < len(self.text):
            self.step(self.text[self.at])
        return self.found

    def step(self, char: str) -> None:
        path, indexes = self.open[-1]
        if char in "]}":
            self.at += 1
            self.open.pop()
        elif indexes is not None:
            self.value(_below(path, next(indexes)), self.at)
        elif char == "[":
            self.header()
        else:
            path, key = self.key(path)
            self.take(_BETWEEN)
            self.value(path, key)

    def header(self) -> None:
        of_array = self.take(_BRACKETS)[0].startswith("[[")
        path, key = self.key(())
        if of_array:
            self.mention(path, key)
            self.last_table[path] = self.last_table.get(path, -1) + 1
            path = _below(path, self.last_table[path])
        self.record(path, key, key)
        self.open = [(path, None)]
        self.take(_BRACKETS)

    def key(self, path: Path) -> tuple[Path, int]:
        """The path that the dotted key here leads to from `path`, and where its last part is."""
        part = self.take(_KEY_PART)
        while part[2]:
            path = _below(path, _unquoted(part[1]))
            self.mention(path, part.start())
            if path in self.last_table:
                path = _below(path, self.last_table[path])
            part = self.take(_KEY_PART)
        return _below(path, _unquoted(part[1])), part.start()

    def value(self, path: Path, key: int) -> None:
        self.record(path, key, self.at)
        char = self.text[self.at]
        if char in "[{":
            self.at += 1
            self.open.append((path, count() if char == "[" else None))
        else:
            self.take(_SCALAR)

    def mention(self, path: Path, key: int) -> None:
        if path not in self.found:
            self.record(path, key, key)

    def record(self, path: Path, key: int, value: int) -> None:
        if len(path) <= MAX_DEPTH:
            self.found[path] = Position(*self.place(key), *self.place(value))

    def place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self.text, self.at)
        assert match, "tomllib accepted this text"
        self.at = match.end()
        return match


def _below(path: Path, part: str | int) -> Path:
    """One step down; a path that is already too long stays as it is."""
    return (*path, part) if len(path) <= MAX_DEPTH else path


def _unquoted(key: str) -> str:
    if "\\" in key:
        return str(tomllib.loads(f"key = {key}")["key"])
    return key[1:-1] if key[0] in "\"'" else key
