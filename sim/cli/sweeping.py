"""The verb `sweep`: a scenario at every value, and where more stops helping."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from sim.cli import work
from sim.cli.commands import app
from sim.cli.exits import told
from sim.cli.options import (
    Cluster,
    DryRun,
    Jobs,
    Json,
    Out,
    Precise,
    Quiet,
    Replications,
    Seed,
    Set,
    Yes,
)


@app.command()
@told
def sweep(
    file: Annotated[str, typer.Argument(metavar="FILE", help="scenario file or bundled name")],
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="PATH=A:B:STEP", help="what to vary, also PATH=a,b,c; said twice: a grid"
        ),
    ],
    metric: Annotated[
        str | None,
        typer.Option(metavar="METRIC", help="to show [default: throughput of the varied route]"),
    ] = None,
    worth: Annotated[
        float,
        typer.Option(help="the knee is where one more slot carries less than so much container"),
    ] = 0.05,
    set_: Set = None,
    replications: Replications = None,
    precision: Precise = None,
    seed: Seed = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Simulate a scenario at each of some values, and find where more stops helping."""
    from sim.experiments.study import studied
    from sim.experiments.sweep import asked, laid_out, refuse
    from sim.results.results import SHOWN
    from sim.scenario.options import varyings

    values = asked(varyings(vary))
    (scenario,) = work.to_simulate([file], set_, replications, seed, quiet=quiet)
    if not (yes or dry_run):
        refuse(scenario, values, jobs, cluster)
    points, tags = laid_out(scenario, values, metric, worth)
    goal = work.goal(precision, [tags[SHOWN]] if precision else None, replications)
    if dry_run:
        work.say_what_it_takes(points, jobs, cluster)
        return
    study = partial(studied, paired=True, tags=tags)
    results = work.studied(
        study, points, jobs=jobs, cluster=cluster, out=out, quiet=quiet, yes=yes, precision=goal
    )
    work.show(results, as_json=as_json)
    work.finish(results, out, quiet=quiet, precision=goal)
