"""The verbs, each of which parses, calls and prints; heavy rooms are imported by who needs them."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

import sim
from sim.cli import work
from sim.cli.exits import note, told
from sim.cli.options import (
    Cluster,
    DryRun,
    Files,
    Jobs,
    Json,
    Metrics,
    NoPictures,
    Out,
    Precise,
    Quiet,
    Replications,
    Seed,
    Set,
    Yes,
)  # fmt: skip
from sim.errors import UsageError

EXAMPLES = """
What would a freight corridor really carry?

\b
Examples:
  transsib init mine.toml
  transsib check link-200k
  transsib run link-500k --replications 5
  transsib compare today link-200k link-500k --out results
  transsib run today --set routes.rail.stages.line.days=20
  transsib run corridor-500k --one-more
  transsib sweep forecast-200k --vary routes.rail.freight_usd=600:1_400:200
  transsib solve forecast-200k --target rail.share=0.15 --by routes.rail.freight_usd
  transsib sensitivity forecast-200k
  transsib trace link-200k --container 500_000
  transsib report results
  transsib animate results

FILE is a scenario file or a bundled name: today, link-200k, link-500k, open-queue,
forecast-200k, forecast-500k; leg by leg corridor-base, corridor-today, corridor-200k,
corridor-500k, corridor-canal; disrupted suez-blocked, cape-diversion, border-closed,
line-blocked, winter, corridor-risks; fleet-500k; quota-daily, quota-monthly, quota-yearly.

Exit status: 0 done; 2 a mistake in what was asked; 3 ended without all that was asked for; 4 a
file, folder or scheduler that cannot be used; 130 interrupted; 1 a bug.
"""

app = typer.Typer(
    name="transsib",
    help=EXAMPLES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def say_version(asked: bool) -> None:
    """Of what is installed: results of another version are told apart by it."""
    if asked:
        typer.echo(f"transsib {sim.__version__}")
        raise typer.Exit


@app.callback()
def transsib(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=say_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """All that stands before the verb."""


@app.command()
@told
def init(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="what to write; .toml is added where it lacks it")
    ],
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="NAME", help="a bundled scenario, not the small example"),
    ] = None,
) -> None:
    """Write a first scenario, and beside it a schema for editors."""
    from sim.scenario.writing import write_first

    if file.endswith(("/", os.sep)):
        raise UsageError(f"{file}: is a folder's name; name a file in it")
    scenario, schema = write_first(Path(file), from_)
    note(f"written: {scenario}, and for editors {schema}", quiet=False)
    note(f"next: transsib check {shlex.quote(str(scenario))}", quiet=False)


@app.command()
@told
def check(
    files: Files,
    set_: Set = None,
    strict: Annotated[bool, typer.Option("--strict", help="warnings are errors")] = False,
    ledger: Annotated[bool, typer.Option("--ledger", help="show the assumptions")] = False,
    as_json: Json = False,
) -> None:
    """Validate scenarios and preview them without simulating."""
    from sim.scenario.preview import to_json

    previews, warned = [], False
    loaded = work.load(files, set_, {})
    from sim.views.previews import print_ledger, print_preview  # mistakes are told without NumPy

    for scenario, notes in loaded:
        previews.append(to_json(scenario, notes))
        if ledger:
            previews[-1]["assumptions"] = scenario.to_data().get("assumptions", {})
        warned = warned or bool(previews[-1]["warnings"])
        if not as_json:
            print_preview(scenario, notes)
        if ledger and not as_json:
            print_ledger(scenario)
    if as_json:
        work.print_json(previews[0] if len(previews) == 1 else previews)
    if warned and strict:
        raise UsageError("there are warnings, and --strict makes them errors")


@app.command()
@told
def run(
    files: Files,
    set_: Set = None,
    one_more: Annotated[
        bool,
        typer.Option(
            "--one-more",
            help="what one more server, track, daily path or daily departure would give",
        ),
    ] = False,
    replications: Replications = None,
    precision: Precise = None,
    metric: Metrics = None,
    seed: Seed = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    out: Out = None,
    no_pictures: NoPictures = False,
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Simulate scenarios, each by itself."""
    if one_more and len(files) > 1:
        raise UsageError(f"--one-more asks about one FILE (got {len(files)})")
    goal = work.goal(precision, metric, replications)
    number = goal.first if goal else replications
    scenarios = work.to_simulate(files, set_, number, seed, quiet=quiet)
    from sim.experiments.one_more import TAGS, with_one_more

    asked = with_one_more(scenarios[0]) if one_more else scenarios
    work.study(
        asked, paired=one_more, tags=TAGS if one_more else None, jobs=jobs, cluster=cluster,
        out=out, pictures=not no_pictures, as_json=as_json, quiet=quiet, dry_run=dry_run, yes=yes,
        precision=goal,
    )  # fmt: skip


@app.command()
@told
def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="the baseline")],
    files: Files,
    set_: Set = None,
    replications: Replications = None,
    precision: Precise = None,
    metric: Metrics = None,
    seed: Seed = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    out: Out = None,
    no_pictures: NoPictures = False,
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Simulate scenarios, paired with a baseline by replication."""
    goal = work.goal(precision, metric, replications)
    number = goal.first if goal else replications
    scenarios = work.to_simulate([base, *files], set_, number, seed, quiet=quiet)
    work.study(
        scenarios, paired=True, jobs=jobs, cluster=cluster,
        out=out, pictures=not no_pictures, as_json=as_json, quiet=quiet, dry_run=dry_run, yes=yes,
        precision=goal,
    )  # fmt: skip
