"""The verb `sensitivity`: which of the assumptions matters most."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from sim.cli import work
from sim.cli.commands import app
from sim.cli.exits import note, told
from sim.cli.options import Cluster, DryRun, Jobs, Json, Out, Quiet, Seed, Set, Yes


@app.command()
@told
def sensitivity(
    file: Annotated[str, typer.Argument(metavar="FILE", help="scenario file or bundled name")],
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
            help="trajectories of Morris [default: 4 to 20], rows of Sobol, a power of 2 "
            "[default: 64]",
        ),
    ] = None,
    set_: Set = None,
    replications: Annotated[
        int | None, typer.Option(min=1, help="of every scenario [default: 2]")
    ] = None,
    seed: Seed = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Vary everything that [assumptions] gives a range, and find what matters most."""
    from sim.experiments.sensitivity import REPLICATIONS, laid_out, planned, refuse
    from sim.experiments.study import studied
    from sim.scenario.uncertain import idle

    number = REPLICATIONS if replications is None else replications
    (scenario,) = work.to_simulate([file], set_, number, seed, quiet=quiet)
    plan = planned(scenario, metric, method, samples)
    if not (yes or dry_run):
        refuse(scenario, plan, jobs, cluster)
    scenarios, tags = laid_out(scenario, plan)
    if dry_run:
        work.say_what_it_takes(scenarios, jobs, cluster)
        return
    if metric is None:
        note(f"looking at {plan.metric}; --metric looks at another", quiet=quiet)
    if without := len(idle(scenario)):
        note(f"{without} ranges of what is closed or not passed are left out", quiet=quiet)
    if not quiet:
        note(work.what_it_takes(scenarios, jobs, cluster), quiet=quiet)
    study = partial(studied, paired=True, tags=tags)
    results = work.studied(
        study, scenarios, jobs=jobs, cluster=cluster, out=out, quiet=quiet, yes=yes
    )
    work.show(results, as_json=as_json)
    work.finish(results, out, quiet=quiet)
