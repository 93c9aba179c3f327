"""What all tables are printed on: at most 100 columns, plain where nobody looks.

It takes words as they are: what a scenario says is no markup.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table

WIDEST = 100


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


def new_table(*columns: str, title: str | None = None) -> Table:
    """An empty table: words at the left, figures at the right; a free line above its title."""
    table = Table(
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
