"""The command line: parse, call, print, exit status. Results go to standard output alone."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, ParamSpec

import typer

from sim.errors import IncompleteError, ResultsError, TranssibError, UsageError

if TYPE_CHECKING:
    from sim.errors import Fault
    from sim.experiments.replicate import Progress
    from sim.results.results import Results
    from sim.results.solution import Frontier
    from sim.scenario.changes import Change
    from sim.scenario.model import Scenario

P = ParamSpec("P")

INTERRUPTED, TERMINATED, BROKEN_PIPE = 130, 143, 141

EXAMPLES = """
What would a freight corridor really carry?

\b
Examples:
  transsib init mine.toml
  transsib check link-200k
  transsib run link-500k --replications 5
  transsib compare today link-200k link-500k --out results
  transsib run today --set routes.rail.stages.line.days=20
  transsib solve forecast-200k --target rail.share=0.2 --by routes.rail.freight_usd

FILE is a scenario file or a bundled name: today, link-200k, link-500k, open-queue,
forecast-200k, forecast-500k.
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

Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="scenario files or bundled names")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="a results folder")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PATH=VALUE", help="change a value in every scenario; repeatable"
    ),
]
Replications = Annotated[int | None, typer.Option(min=1, help="in place of the scenario's own")]
Seed = Annotated[int | None, typer.Option(min=0, help="in place of the scenario's own")]
Jobs = Annotated[int | None, typer.Option(min=1, help="processes [default: one a core]")]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="keep results, scenarios and pictures there")
]
Json = Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar and no notes")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="go on where it takes hours or gigabytes")]


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what a command raises into a message and an exit status."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except TranssibError as error:
            _quit(str(error), error.exit_status)
        except KeyboardInterrupt:
            _quit("interrupted: nothing more was kept", INTERRUPTED)
        except SystemExit:
            _quit("terminated: nothing more was kept", TERMINATED)
        except BrokenPipeError:
            _quit("", BROKEN_PIPE)
        except MemoryError:
            _quit("out of memory: fewer --jobs need less", ResultsError.exit_status)
        except OSError as error:
            _quit(f"input or output failed: {error}", ResultsError.exit_status)
        except typer.Exit:
            raise
        except Exception:
            _quit(f"{traceback.format_exc()}\nthis is a bug in transsib: please report it", 1)

    return wrapped


def _quit(message: str, status: int) -> NoReturn:
    """Say why on standard error and leave; what standard output still holds is given up."""
    with contextlib.suppress(OSError, ValueError):
        if message:
            print(message, file=sys.stderr)  # noqa: T201 - a command line prints
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    if sys.stdout is not None and status in (BROKEN_PIPE, ResultsError.exit_status):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter flushes once more
    raise typer.Exit(status)


def _note(*lines: str, quiet: bool) -> None:
    if not quiet:
        for line in lines:
            print(line, file=sys.stderr)  # noqa: T201 - a command line prints


@app.command()
@told
def init(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="what to write; .toml is added where it lacks it")
    ],
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="NAME", help="a bundled scenario, not the small example"),
    ] = None,
) -> None:
    """Write a first scenario with comments, and the JSON Schema for editors beside it."""
    from sim.scenario.writing import write_first

    scenario, schema = write_first(file, from_)
    _note(f"written: {scenario}, and for editors {schema}", quiet=False)
    _note(f"next: transsib check {shlex.quote(str(scenario))}", quiet=False)


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
    from sim.views.previews import print_ledger, print_preview

    previews, warned = [], False
    for scenario, notes in _loaded(files, set_, {}):
        previews.append(to_json(scenario, notes))
        warned = warned or bool(previews[-1]["warnings"])
        if not as_json:
            print_preview(scenario, notes)
        if ledger and not as_json:
            print_ledger(scenario)
    if as_json:
        _print_json(previews[0] if len(previews) == 1 else previews)
    if warned and strict:
        raise UsageError("there are warnings, and --strict makes them errors")


@app.command()
@told
def run(
    files: Files,
    set_: Set = None,
    replications: Replications = None,
    seed: Seed = None,
    jobs: Jobs = None,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
    yes: Yes = False,
) -> None:
    """Simulate scenarios, each by itself."""
    from sim.experiments.study import run as study

    scenarios = _scenarios(files, set_, replications, seed, quiet=quiet)
    results = _studied(study, scenarios, jobs=jobs, out=out, quiet=quiet, yes=yes)
    _show(results, as_json=as_json)
    _finish(results, out, quiet=quiet)


@app.command()
@told
def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="the baseline")],
    files: Files,
    set_: Set = None,
    replications: Replications = None,
    seed: Seed = None,
    jobs: Jobs = None,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
    yes: Yes = False,
) -> None:
    """Simulate scenarios and pair them with a baseline, replication by replication."""
    from sim.experiments.study import compare as study

    scenarios = _scenarios([base, *files], set_, replications, seed, quiet=quiet)
    results = _studied(study, scenarios, jobs=jobs, out=out, quiet=quiet, yes=yes)
    _show(results, as_json=as_json)
    _finish(results, out, quiet=quiet)


@app.command()
@told
def solve(
    file: Annotated[str, typer.Argument(metavar="FILE", help="scenario file or bundled name")],
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
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
    yes: Yes = False,
) -> None:
    """Find the value of one unknown that brings a metric to a target."""
    from sim.experiments.solve import frontier as study
    from sim.scenario import options

    goal = options.target(target)
    varied = None if vary is None else dict([options.varying(vary)])
    ends = None if within is None else options.bounds(within)
    (scenario,) = _scenarios([file], set_, replications, seed, quiet=quiet)
    with _simulating(out, quiet=quiet) as progress:
        found = study(
            scenario, target=goal, by=by, vary=varied, within=ends,
            jobs=jobs, progress=progress, large=yes,
        )  # fmt: skip
    _show(found, as_json=as_json)
    _finish(found, out, quiet=quiet)
    if len(found.solutions) == 1 and found.solutions[0].value is not None:
        from sim.views.solutions import next_command

        _note(f"next: {next_command(found.solutions[0], file, set_ or [])}", quiet=quiet)


@app.command()
@told
def show(folder: Folder, as_json: Json = False) -> None:
    """Show results once more."""
    from sim.experiments.store import load

    found = load(folder)
    _show(found, as_json=as_json)
    _incomplete(found)


@app.command()
@told
def plot(
    folder: Folder,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="shares, times, flows; repeatable")
    ] = None,
    format_: Annotated[
        list[str] | None, typer.Option("--format", help="png or svg; repeatable")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Draw the pictures of results once more into their folder."""
    from sim.experiments.store import load

    _draw(load(folder), folder, quiet=quiet, only=only, formats=format_)


def _loaded(
    files: list[str], settings: list[str] | None, options: dict[str, Any]
) -> list[tuple[Scenario, tuple[str, ...]]]:
    """Every scenario with its notes, or the faults of all of them."""
    from sim.errors import ScenarioError
    from sim.scenario.changes import Change
    from sim.scenario.files import load_with_notes

    changes = _changes(settings)
    changes += [Change(f"run.{n}", v, f"--{n}") for n, v in options.items() if v is not None]
    loaded: list[tuple[Scenario, tuple[str, ...]]] = []
    faults: list[Fault] = []
    for file in files:
        try:
            loaded.append(load_with_notes(file, changes))
        except ScenarioError as error:
            faults += error.faults
    if faults:
        raise ScenarioError(tuple(dict.fromkeys(faults)))
    return loaded


def _changes(settings: list[str] | None) -> list[Change]:
    from sim.errors import ScenarioError
    from sim.scenario.options import setting

    changes: list[Change] = []
    faults: list[Fault] = []
    for text in settings or []:
        try:
            changes.append(setting(text))
        except ScenarioError as error:
            faults += error.faults
    if faults:
        raise ScenarioError(tuple(faults))
    return changes


def _scenarios(
    files: list[str],
    settings: list[str] | None,
    replications: int | None,
    seed: int | None,
    *,
    quiet: bool,
) -> list[Scenario]:
    """The scenarios to simulate; their warnings are told."""
    from sim.views.words import price_years

    loaded = _loaded(files, settings, {"replications": replications, "seed": seed})
    for scenario, notes in loaded:
        warnings = (*scenario.preview().warnings, *notes)
        _note(*(f"warning: {scenario.name}: {warning}" for warning in warnings), quiet=quiet)
    scenarios = [scenario for scenario, _ in loaded]
    _note(*(f"warning: {warning}" for warning in price_years(scenarios)), quiet=quiet)
    return scenarios


def _studied(
    study: Callable[..., Results],
    scenarios: list[Scenario],
    *,
    jobs: int | None,
    out: Path | None,
    quiet: bool,
    yes: bool,
) -> Results:
    """Simulate, after making sure that there is a place for what comes out."""
    tasks = sum(scenario.run.replications for scenario in scenarios)
    if jobs is not None and jobs > tasks:
        _note(f"--jobs {jobs}: there are {tasks} replications, so as many jobs", quiet=quiet)
    with _simulating(out, quiet=quiet) as progress:
        return study(scenarios, jobs=jobs, progress=progress, large=yes)


@contextlib.contextmanager
def _simulating(out: Path | None, *, quiet: bool) -> Iterator[Progress | None]:
    """A progress bar, after making sure that there is a place for what comes out."""
    from sim.experiments.store import claim
    from sim.views.progress import progress_bar

    if out is not None:
        claim(out)
    with progress_bar(quiet=quiet) as progress:
        yield progress


def _show(found: Results | Frontier, *, as_json: bool) -> None:
    from sim.results.solution import Frontier

    if isinstance(found, Frontier):
        from sim.views.solutions import print_solutions

        _print_json(found.to_data()) if as_json else print_solutions(found)
    elif as_json:
        from sim.results.results import to_json

        _print_json(to_json(found))
    else:
        from sim.views.tables import print_results

        print_results(found)


def _print_json(document: Any) -> None:
    print(json.dumps(document, ensure_ascii=False, allow_nan=False))  # noqa: T201


def _finish(found: Results | Frontier, out: Path | None, *, quiet: bool) -> None:
    """Keep and draw what was asked for, name the next command, tell of failures."""
    if out is not None:
        from sim.experiments.store import save

        sys.stdout.flush()
        save(found, out)
        _draw(found, out, quiet=quiet)
        _note(f"kept in {out}; once more: transsib show {out}", quiet=quiet)
    else:
        _note("nothing was kept; --out DIR keeps results and draws pictures", quiet=quiet)
    _incomplete(found)


def _draw(found: Results | Frontier, folder: Path, *, quiet: bool, **chosen: Any) -> None:
    from sim.views.pictures import save_pictures

    for path in save_pictures(found, folder, **chosen):
        _note(f"picture: {path}", quiet=quiet)


def _incomplete(found: Results | Frontier) -> None:
    """Raise IncompleteError where replications failed, or where no value reaches the target."""
    from sim.results.solution import Frontier

    if isinstance(found, Frontier):
        missing = sum(each.value is None for each in found.solutions)
        if missing:
            raise IncompleteError(f"{missing} of {len(found.solutions)} targets cannot be reached")
    elif found.failures:
        raise IncompleteError("\n".join(["some replications failed:", *found.failures]))


def _leave(*_: object) -> NoReturn:
    """End on SIGTERM as on an error, workers too; SystemExit is no failure that is recorded."""
    raise SystemExit(TERMINATED)


def main() -> None:
    """Run the command line: UTF-8 whatever the locale, and a word where nothing can be written."""
    if sys.stdout is None:
        os.write(2, b"standard output is closed: there is nowhere to write results\n")
        sys.exit(ResultsError.exit_status)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, _leave)
    app()


if __name__ == "__main__":
    main()
