"""The verb `trace`: the story of one container."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import work
from sim.cli.commands import app
from sim.cli.exits import told
from sim.cli.options import Json, Quiet, Seed, Set, Yes


@app.command()
@told
def trace(
    file: Annotated[str, typer.Argument(metavar="FILE", help="scenario file or bundled name")],
    container: Annotated[
        int,
        typer.Option(metavar="N", help="numbered from 0 in booking order, all directions together"),
    ],
    replication: Annotated[
        int, typer.Option(metavar="R", help="which replication, numbered from 0")
    ] = 0,
    set_: Set = None,
    seed: Seed = None,
    as_json: Json = False,
    quiet: Quiet = False,
    yes: Yes = False,
) -> None:
    """Tell what happened to one container, day by day, so that it can be checked by hand."""
    from sim.experiments.tracing import trace as traced
    from sim.views.story import print_story

    (scenario,) = work.to_simulate([file], set_, None, seed, quiet=quiet)
    story = traced(scenario, container, replication, large=yes)
    work.print_json(story.to_data()) if as_json else print_story(story)
