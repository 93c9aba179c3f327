"""What commands have in common: load scenarios, simulate, show, keep and draw what came out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sim.cli.exits import note
from sim.errors import Fault, IncompleteError, ScenarioError

if TYPE_CHECKING:
    from sim.experiments.estimate import Estimate
    from sim.experiments.precision import Precision
    from sim.experiments.tasks import Progress
    from sim.results.results import Results
    from sim.results.solution import Frontier
    from sim.scenario.model import Scenario

T = TypeVar("T")

MOST_TOLD = 5
"""Scenarios of which each is told what it lacks."""


def load(
    files: list[str], settings: list[str] | None, options: dict[str, Any]
) -> list[tuple[Scenario, tuple[str, ...]]]:
    """Every scenario with its notes, or the faults of all of them."""
    from sim.scenario.changes import Change
    from sim.scenario.files import load_with_notes
    from sim.scenario.options import setting

    changes = _each(setting, settings or [])
    changes += [Change(f"run.{n}", v, f"--{n}") for n, v in options.items() if v is not None]
    return _each(lambda file: load_with_notes(file, changes), files)


def _each(read: Callable[[str], T], texts: Iterable[str]) -> list[T]:
    """What each text says, or the faults of all of them."""
    found, faults = list[T](), list[Fault]()
    for text in texts:
        try:
            found.append(read(text))
        except ScenarioError as error:
            faults += error.faults
    if faults:
        raise ScenarioError(tuple(dict.fromkeys(faults)))
    return found


def to_simulate(
    files: list[str],
    settings: list[str] | None,
    replications: int | None,
    seed: int | None,
    *,
    quiet: bool,
) -> list[Scenario]:
    """The scenarios to simulate; their warnings are told."""
    loaded = load(files, settings, {"replications": replications, "seed": seed})
    from sim.views.words import price_years  # heavy, and mistakes are told without it

    for scenario, notes in loaded:
        warnings = (*scenario.preview().warnings, *notes)
        note(*(f"warning: {scenario.name}: {warning}" for warning in warnings), quiet=quiet)
    scenarios = [scenario for scenario, _ in loaded]
    note(*(f"warning: {warning}" for warning in price_years(scenarios)), quiet=quiet)
    return scenarios


def study(
    scenarios: list[Scenario],
    *,
    paired: bool,
    tags: Mapping[str, str] | None = None,
    jobs: int | None,
    cluster: str | None,
    out: Path | None,
    pictures: bool,
    as_json: bool,
    quiet: bool,
    dry_run: bool,
    yes: bool,
    precision: Precision | None = None,
) -> None:
    """Simulate, show, keep and draw; or only say what it would take."""
    from sim.experiments.study import studied
    from sim.results.warmup import warnings
    from sim.views.progress import progress_bar

    if dry_run:
        needs = what_it_takes(scenarios, jobs, cluster, precision)
        print_json(asdict(needs)) if as_json else print(needs)  # noqa: T201
        return
    tasks = sum(scenario.run.replications for scenario in scenarios)
    if jobs is not None and jobs > tasks:
        note(f"--jobs {jobs}: there are {tasks} replications, so as many jobs", quiet=quiet)
    with progress_bar(quiet=quiet) as progress:
        counting = _said_before(progress, quiet=quiet)
        results = studied(
            scenarios, paired=paired, tags=tags, jobs=jobs, cluster=cluster, progress=counting,
            large=yes, out=out, precision=precision,
        )  # fmt: skip
    note(*(f"warning: {warning}" for warning in warnings(results)), quiet=quiet)
    show(results, as_json=as_json)
    finish(results, out, pictures=pictures, quiet=quiet, precision=precision)


def what_it_takes(
    scenarios: list[Scenario],
    jobs: int | None,
    cluster: str | None,
    precision: Precision | None = None,
) -> Estimate:
    """The estimate of time, memory and disk."""
    from sim.experiments.estimate import estimate
    from sim.experiments.study import at_a_time

    jobs = at_a_time(scenarios, jobs, cluster, precision=precision)
    return estimate(scenarios, jobs, apart=cluster is not None)


def _said_before(progress: Progress | None, *, quiet: bool) -> Progress:
    """Tell of what was kept before, as the first thing that a study does."""
    begun = False

    def counting(done: int, total: int) -> None:
        nonlocal begun
        if done and not begun:
            note(f"{done:,} of {total:,} replications were kept before", quiet=quiet)
        begun = True
        if progress:
            progress(done, total)

    return counting


def show(found: Results | Frontier, *, as_json: bool) -> None:
    """Print what came out, as tables or as JSON."""
    from sim.results.solution import Frontier

    if isinstance(found, Frontier):
        from sim.views.grid import console
        from sim.views.solutions import print_solutions

        print_json(found.to_data()) if as_json else print_solutions(found, console())
    elif as_json:
        from sim.results.document import to_json

        print_json(to_json(found))
    else:
        from sim.views.tables import print_results

        print_results(found)


def print_json(document: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(document, ensure_ascii=False, allow_nan=False))  # noqa: T201


def print_csv(results: Results) -> None:
    """Print every metric of every replication.

    A spreadsheet takes words that begin like a formula for one, also between quotes: an apostrophe
    goes before them.
    """
    rows = results.replications()
    for column in rows.select_dtypes(exclude="number"):
        rows[column] = rows[column].replace("^(?=[=+@-])", "'", regex=True)
    rows.to_csv(sys.stdout, index=False, lineterminator="\n")


def finish(
    found: Results | Frontier,
    out: Path | None,
    *,
    pictures: bool,
    quiet: bool,
    precision: Precision | None = None,
) -> None:
    """Keep a goal seek, draw what was asked for, name the next command, tell of failures."""
    from sim.results.solution import Frontier

    if out is not None:
        from sim.experiments.store import save

        sys.stdout.flush()
        if isinstance(found, Frontier):  # a study keeps itself
            save(found, out)
        if pictures:
            draw(found, out, quiet=quiet)
        note(f"kept in {out}; once more: transsib show {out}", quiet=quiet)
    else:
        note("nothing was kept; --out DIR keeps results and draws pictures", quiet=quiet)
    incomplete(found)
    if precision and not isinstance(found, Frontier) and (unmet := precision.unmet(found)):
        raise IncompleteError("\n".join(["the precision was not reached:", *unmet]))


def goal(
    precision: str | None, metrics: list[str] | None, replications: int | None
) -> Precision | None:
    """How narrow intervals have to be, if that was asked for. Raises UsageError."""
    from sim.errors import UsageError

    if precision is None:
        if metrics:
            raise UsageError("--metric: is what --precision looks at: say how precise")
        return None
    from sim.experiments.precision import Precision

    return Precision.parse(precision, metrics or (), replications)


def draw(found: Results | Frontier, folder: Path, *, quiet: bool, **chosen: Any) -> None:
    """Draw the pictures into a folder and name them."""
    from sim.views.pictures import save_pictures

    paths = save_pictures(found, folder, **chosen)
    note(*(f"picture: {path}" for path in paths), quiet=quiet)
    if not paths:
        note("no picture: there is nothing to draw", quiet=quiet)


def write_page(text: str, path: Path, *, quiet: bool) -> None:
    """Write a page and name it."""
    from sim.scenario.writing import write_whole

    write_whole(path, text.encode())
    note(f"page: {path}", quiet=quiet)


def incomplete(found: Results | Frontier) -> None:
    """Raise IncompleteError where replications failed, or where no value reaches the target."""
    from sim.results.solution import Frontier

    if isinstance(found, Frontier):
        missing, asked = sum(s.value is None for s in found.solutions), len(found.solutions)
        if missing:
            where = f" at {missing} of {asked} values" if asked > 1 else ""
            raise IncompleteError(f"the target cannot be reached{where}")
    elif found.failures:
        raise IncompleteError("\n".join(["some replications failed:", *found.failures]))
    elif lines := _missing(found):
        raise IncompleteError("\n".join(["not finished; the same command goes on:", *lines]))


def _missing(results: Results) -> list[str]:
    """What has not been simulated yet, by scenario; of many scenarios, as of a sweep, together."""
    counts = [
        (s.name, len(results.measures[s.name]), s.run.replications) for s in results.scenarios
    ]
    short = [count for count in counts if count[1] < count[2]]
    if len(short) > MOST_TOLD:
        _, ended, asked = zip(*counts, strict=True)
        short = [(f"{len(counts)} scenarios", sum(ended), sum(asked))]
    return [f"{name}: {ended:,} of {asked:,} replications" for name, ended, asked in short]
