"""The verbs that ask a question of many scenarios: `solve`, `sensitivity`, `sweep`."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from sim.cli import work
from sim.cli.commands import app
from sim.cli.exits import note, told
from sim.cli.options import (
    Cluster,
    DryRun,
    File,
    Jobs,
    Json,
    NoPictures,
    Out,
    Precise,
    Quiet,
    Replications,
    Seed,
    Set,
    Yes,
    number,
    whole,
)


@app.command()
@told
def solve(
    file: File,
    target: Annotated[
        str, typer.Option(metavar="METRIC=NUMBER", help="what should come out: rail.share=0.05")
    ],
    by: Annotated[str, typer.Option(metavar="PATH", help="the unknown: routes.rail.freight_usd")],
    vary: Annotated[
        str | None,
        typer.Option(metavar="PATH=A:B:STEP", help="a solution for each value; also PATH=a,b,c"),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(metavar="LOW:HIGH", help="bounds [default: outward from the present value]"),
    ] = None,
    set_: Set = None,
    replications: Replications = None,
    seed: Seed = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    out: Out = None,
    no_pictures: NoPictures = False,
    as_json: Json = False,
    quiet: Quiet = False,
    yes: Yes = False,
) -> None:
    """Find the value that brings a metric to a target."""
    from sim.experiments.solve import frontier as study
    from sim.experiments.store import for_a_goal_seek
    from sim.scenario import options
    from sim.views.progress import progress_bar

    goal = options.target(target)
    varied = None if vary is None else dict([options.varying(vary)])
    options.unset(varied or (), set_ or ())
    ends = None if within is None else options.bounds(within)
    (scenario,) = work.to_simulate([file], set_, replications, seed, quiet=quiet)
    with contextlib.nullcontext() if out is None else for_a_goal_seek(out):
        with progress_bar(quiet=quiet) as progress:
            found = study(
                scenario, target=goal, by=by, vary=varied, within=ends,
                jobs=jobs, cluster=cluster, progress=progress, large=yes,
            )  # fmt: skip
        work.show(found, as_json=as_json)
        work.finish(found, out, pictures=not no_pictures, quiet=quiet)
    if len(found.solutions) == 1 and found.solutions[0].value is not None:
        from sim.views.solutions import next_command

        note(f"next: {next_command(found.solutions[0], file, set_ or [])}", quiet=quiet)


@app.command()
@told
def sensitivity(
    file: File,
    metric: Annotated[
        str | None,
        typer.Option(metavar="METRIC", help="to look at [default: share of the fastest route]"),
    ] = None,
    method: Annotated[
        str, typer.Option(metavar="METHOD", help="morris, or sobol with many more runs")
    ] = "morris",
    samples: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=whole(2),
            help="trajectories of Morris [default: 4 to 20], rows of Sobol, a power of 2 "
            "[default: 64]",
        ),
    ] = None,
    set_: Set = None,
    replications: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole(1), help="of every scenario [default: 2]"),
    ] = None,
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
    """Vary all that the ledger gives a range; find what matters."""
    from sim.experiments.sensitivity import REPLICATIONS, laid_out, planned, refuse
    from sim.scenario.uncertain import idle

    number = REPLICATIONS if replications is None else replications
    (scenario,) = work.to_simulate([file], set_, number, seed, quiet=quiet)
    plan = planned(scenario, metric, method, samples)
    if not (yes or dry_run):
        refuse(scenario, plan, jobs, cluster)
    scenarios, tags = laid_out(scenario, plan)
    silent = quiet or dry_run
    if metric is None:
        note(f"looking at {plan.metric}; --metric looks at another", quiet=silent)
    if without := len(idle(scenario)):
        note(f"{without} ranges of what is closed or not passed are left out", quiet=silent)
    if not silent:
        note(str(work.what_it_takes(scenarios, jobs, cluster)), quiet=silent)
    work.study(
        scenarios, paired=True, tags=tags, jobs=jobs, cluster=cluster,
        out=out, pictures=not no_pictures, as_json=as_json, quiet=quiet, dry_run=dry_run, yes=yes,
    )  # fmt: skip


@app.command()
@told
def sweep(
    file: File,
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
        typer.Option(
            metavar="X",
            parser=number,
            help="the knee is where one more slot carries less than so much container",
        ),
    ] = 0.05,
    set_: Set = None,
    replications: Replications = None,
    precision: Precise = None,
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
    """Simulate a scenario at many values; see where more helps."""
    from sim.experiments.sweep import asked, laid_out, refuse
    from sim.results.results import SHOWN
    from sim.scenario.options import unset, varyings

    values = asked(varyings(vary))
    unset(values, set_ or ())
    (scenario,) = work.to_simulate([file], set_, replications, seed, quiet=quiet)
    if not (yes or dry_run):
        refuse(scenario, values, jobs, cluster)
    points, tags = laid_out(scenario, values, metric, worth)
    goal = work.goal(precision, [tags[SHOWN]] if precision else None, replications)
    work.study(
        points, paired=True, tags=tags, jobs=jobs, cluster=cluster,
        out=out, pictures=not no_pictures, as_json=as_json, quiet=quiet, dry_run=dry_run, yes=yes,
        precision=goal,
    )  # fmt: skip
