"""What all tables are printed on: at most 100 columns, plain where nobody looks."""

from __future__ import annotations

import os
import sys
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

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
        table.add_column(Text(column), justify="right" if number else "left", overflow="fold")
    return table
