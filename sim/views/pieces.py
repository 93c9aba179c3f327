"""Pieces of a page: what is printed, taken down as words, and pictures as part of the page."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from sim.views.pictures import METADATA


@dataclass(frozen=True)
class Part:
    """A piece of a section: a paragraph, a table, a picture, or a fold with pieces of its own."""

    kind: Literal["text", "table", "picture", "fold", "command"]
    title: str = ""
    text: str = ""
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    parts: Sequence[Part] = ()


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it."""

    key: str
    title: str
    parts: list[Part] = field(default_factory=list)


class Notes(Console):
    """Takes down what is printed on it."""

    def __init__(self) -> None:
        super().__init__(file=io.StringIO(), width=100)
        self.parts: list[Part] = []

    def print(self, *objects: Any, **how: Any) -> None:  # noqa: ARG002, D102
        self.parts += [
            table(each) if isinstance(each, Table) else Part("text", text=str(each))
            for each in objects
        ]


def table(printed: Table) -> Part:
    """A table as words; a row without figures is a heading."""
    columns = [[str(cell) for cell in column.cells] for column in printed.columns]
    return Part(
        "table",
        title=str(printed.title or "").strip(),
        heads=[str(column.header) for column in printed.columns],
        rows=list(zip(*columns, strict=True)),
    )


def noted(printing: Callable[[Console], object]) -> list[Part]:
    """What something prints, piece by piece."""
    notes = Notes()
    printing(notes)
    return notes.parts


def picture(draw: Callable[[], Figure], caption: str = "") -> Part:
    """A picture as a data address, with its finding for who cannot see it.

    Paths to a hundredth of a point, a quarter of the size less.
    """
    figure, svg = draw(), io.StringIO()
    figure.savefig(svg, format="svg", metadata=METADATA["svg"])
    small = re.sub(
        r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), svg.getvalue()
    )
    said = [ax.get_title(loc="left").replace("\n", " ") for ax in figure.axes]
    address = f"data:image/svg+xml;base64,{b64encode(small.encode()).decode()}"
    return Part("picture", title=caption, text=". ".join(filter(None, said)), heads=[address])
