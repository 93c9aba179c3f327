"""The verbs that look: `trace`, and at what was computed `show`, `plot`, `report`, `animate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli import work
from sim.cli.commands import app
from sim.cli.exits import told
from sim.cli.options import File, Folder, Json, Quiet, Seed, Set, Yes, whole
from sim.errors import UsageError


@app.command()
@told
def trace(
    file: File,
    container: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=whole(0),
            help="numbered from 0 in booking order, all directions together",
        ),
    ],
    replication: Annotated[
        int,
        typer.Option(metavar="R", parser=whole(0), help="which replication, numbered from 0"),
    ] = 0,
    set_: Set = None,
    seed: Seed = None,
    as_json: Json = False,
    quiet: Quiet = False,
    yes: Yes = False,
) -> None:
    """Tell what happened to one container, day by day."""
    from sim.experiments.tracing import trace as traced
    from sim.views.story import print_story

    (scenario,) = work.to_simulate([file], set_, None, seed, quiet=quiet)
    story = traced(scenario, container, replication, large=yes)
    work.print_json(story.to_data()) if as_json else print_story(story)


@app.command()
@told
def show(
    folder: Folder,
    csv: Annotated[
        bool, typer.Option("--csv", help="print a row a scenario, replication and metric")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show results once more."""
    from sim.experiments.store import load, load_results

    if csv and as_json:
        raise UsageError("--csv or --json, not both")
    if csv:
        rows = load_results(folder)
        work.print_csv(rows)
        work.incomplete(rows)
    else:
        found = load(folder)
        work.show(found, as_json=as_json)
        work.incomplete(found)


@app.command()
@told
def plot(
    folder: Folder,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="shares, times, stages, flows, map, strings, warmup, frontier, sweep or "
            "tornado; repeatable",
        ),
    ] = None,
    format_: Annotated[
        list[str] | None, typer.Option("--format", metavar="NAME", help="png or svg; repeatable")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Draw the pictures of results once more."""
    from sim.experiments.store import load

    work.draw(load(folder), folder, quiet=quiet, only=only, formats=format_)


@app.command()
@told
def report(
    folder: Folder,
    also: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="further results, such as a sensitivity; repeatable"),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write a page for somebody who will never read a table."""
    from sim.experiments.store import load
    from sim.views.report import report as page

    found = load(folder)
    text = page(found, [load(each) for each in also or ()])
    work.write_page(text, folder / "report.html", quiet=quiet)
    work.incomplete(found)


@app.command()
@told
def animate(
    folder: Folder,
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME", help="which one [default: the last]")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write a page on which trains and ships move over the map."""
    from sim.experiments.store import load_results
    from sim.views.animation import animation

    results = load_results(folder)
    work.write_page(animation(results, scenario), folder / "animation.html", quiet=quiet)
    work.incomplete(results)
