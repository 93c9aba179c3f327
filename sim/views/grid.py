"""What all tables are printed on: at most 100 columns, plain where nobody looks.

It takes words as they are: what a scenario says is no markup.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table

WIDEST = 100
SHORTEST = 9
"""Of the names in the first column, where there is little room."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 - the command line knows what it means; rich would exit with 1


def console(file: IO[str] | None = None) -> Console:
    """Where tables are printed: plain where nobody looks, never wider than 100 columns."""
    out = _Console(
        file=file or sys.stdout,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=None if "NO_COLOR" in os.environ else "auto",
    )
    out.width = min(out.width, WIDEST) if out.is_terminal else WIDEST
    return out


class _Grid(Table):
    """A table that, where there is little room, breaks headings, then names, last figures."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        def width(of: RenderableType) -> int:
            return Measurement.get(console, options.update_width(WIDEST), of).maximum

        for column in self.columns:
            column.width = None  # it may have been printed where there was other room
        cells = [max(map(width, column.cells), default=0) for column in self.columns]
        heads = [str(column.header) for column in self.columns]
        whole = [max(cell, width(head)) for cell, head in zip(cells, heads, strict=True)]
        least = [max([c, *map(len, h.split())]) for c, h in zip(cells, heads, strict=True)]
        room = options.max_width - (width(self) - sum(whole))
        least[0] = max(min(least[0], room - sum(least[1:])), SHORTEST)
        if sum(least) <= room < sum(whole):
            room -= sum(least)
            for column, narrow, wide in zip(self.columns, least, whole, strict=True):
                column.width = min(wide, narrow + room)
                room -= column.width - narrow
        yield from super().__rich_console__(console, options)


def new_table(*columns: str, title: str | None = None) -> Table:
    """An empty table: words at the left, figures at the right; a free line above its title."""
    table = _Grid(
        box=box.SIMPLE_HEAD,
        title=title and f"\n{title}",
        title_justify="left",
        pad_edge=False,
        collapse_padding=True,
    )
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    return table


def stage_rows(
    name: str, days: Mapping[str, Sequence[str]], use: Sequence[str]
) -> Iterator[list[str]]:
    """A row for each kind of time at a stage; in the first its name and how much it is used."""
    for number, (kind, cells) in enumerate(days.items()):
        yield ["", kind, *cells] if number else [f"  {name}", kind, *cells, *use]
