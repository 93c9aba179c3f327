"""Words in pictures: how large they are, how wide a text is, and how it is broken into lines."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

FONT: Final = "DejaVu Sans"

TITLE: Final = 12.0
TEXT: Final = 10.0
SMALL: Final = 9.0
"""Sizes of text in points; words in a picture are small where nothing else is said."""

LABEL: Final = 140.0
"""Points that a label beside axes may be wide; what is longer has more lines."""

LINE: Final = 1.25
"""From one line of a text to the next, in sizes of the text."""

HINTED: Final = 1.04
"""At few dots an inch a text is drawn up to so much wider than its outlines."""

BREAKS: Final = (r"(?<=[,;] )(?![^(]*\))", r"(?<=[^0-9] )", r"(?<=[-_])")
"""Where a text is broken into lines: behind commas, else between words, else within names.

A number stays with its unit.
"""


def wrapped(text: str, room: float = LABEL, size: float = SMALL, weight: str = "normal") -> str:
    """The text in lines of so many points, broken behind commas if that will do.

    What cannot be broken and is still too long loses its middle.
    """
    lines = [""]
    for piece in _pieces(text, room, size, weight, BREAKS):
        if lines[-1] and text_points(lines[-1] + piece.rstrip(), size, weight) > room:
            lines.append(piece)
        else:
            lines[-1] += piece
    return "\n".join(map(str.rstrip, lines))


def _pieces(
    text: str, room: float, size: float, weight: str, breaks: Sequence[str]
) -> Iterator[str]:
    """A text in parts that each have room, as few as can be."""
    if text_points(text.rstrip(), size, weight) <= room:
        yield text
    elif breaks:
        for part in re.split(breaks[0], text):
            yield from _pieces(part, room, size, weight, breaks[1:])
    else:
        yield shortened(text, room, size, weight)


def shortened(text: str, room: float, size: float = SMALL, weight: str = "normal") -> str:
    """The text in one line of so many points, without its middle where it is longer."""

    def short(kept: int) -> str:
        return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"

    def is_wide(kept: int) -> bool:
        return text_points(short(kept), size, weight) > room

    if len(text) < 2 or text_points(text, size, weight) <= room:
        return text
    return short(1 + bisect_left(range(2, len(text)), x=True, key=is_wide))  # one is always kept


def line_count(text: str) -> int:
    """How many lines a text has."""
    return 1 + text.count("\n")


@lru_cache(maxsize=10_000)
def text_points(text: str, size: float = SMALL, weight: str = "normal") -> float:
    """The width of a text in points, on the safe side."""
    font, measure = FontProperties(family=FONT, size=size, weight=weight), text_to_path
    lines = text.split("\n")
    return HINTED * max(
        measure.get_text_width_height_descent(line, font, ismath=False)[0] for line in lines
    )
