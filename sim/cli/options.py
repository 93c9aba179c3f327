"""The options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.scenario.distributions import show


def whole(least: int) -> Callable[[Any], int]:
    """Reads a whole number that is not less; 1_000 is one, as in a file."""

    def read(text: Any) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise typer.BadParameter(f"must be a whole number, at least {least} (got {show(text)})")
        return number

    return read


def number(text: Any) -> float:
    """Reads a number."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"must be a number (got {show(text)})") from None


Files = Annotated[list[str], typer.Argument(metavar="FILE", help="scenario files or bundled names")]
File = Annotated[str, typer.Argument(metavar="FILE", help="scenario file or bundled name")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="a results folder")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PATH=VALUE", help="change a value of what FILE says; repeatable"
    ),
]
Replications = Annotated[
    int | None, typer.Option(metavar="N", parser=whole(1), help="in place of the scenario's own")
]
Seed = Annotated[
    int | None, typer.Option(metavar="N", parser=whole(0), help="in place of the scenario's own")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        parser=whole(1),
        help="processes [default: one a core, for a second's work one]",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="work on the Dask cluster at tcp://HOST:PORT, not in processes here"
    ),
]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="keep results, scenarios and pictures there")
]
NoPictures = Annotated[
    bool, typer.Option("--no-pictures", help="draw none; transsib plot draws them later")
]
Json = Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar and no notes")]
Precise = Annotated[
    str | None,
    typer.Option(
        "--precision", metavar="GOAL",
        help="add replications until intervals are ± 1% or ± 500; --replications is the most",
    ),
]  # fmt: skip
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric", metavar="METRIC",
        help="what --precision looks at [default: throughput, share, days of every route]",
    ),
]  # fmt: skip
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="say how long it would take, and simulate nothing")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="go on where it takes hours or gigabytes")]
