"""The results folder: one SQLite file that holds everything, and scenarios to read beside it.

    DIR/results.sqlite       provenance, resolved scenarios, a row a metric and replication, and
                             what a goal seek found
    DIR/scenarios/NAME.toml  the same scenarios, each loads again

The SQLite file is made under another name and renamed when it is whole. A study then adds one
replication after the other (`keeping`), each in one transaction with a checksum of its rows.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import IncompleteError, ResultsError
from sim.experiments.opening import TABLES, create, intact, opened, remove, tables, told
from sim.experiments.provenance import resimulate
from sim.experiments.sound import check
from sim.experiments.tasks import Outcome, gathered
from sim.results.metrics import METRICS, Key
from sim.results.results import Results
from sim.results.solution import Frontier, Solution
from sim.scenario.files import checked_name, load_text
from sim.scenario.model import Scenario
from sim.scenario.writing import to_toml, write_whole

FILE, LOCK = "results.sqlite", ".lock"
DIGEST, PAIRED = "header sha256", "paired"
PICTURES = (
    "shares", "times", "stages", "flows", "map", "strings", "warmup", "frontier", "sweep",
    "tornado",
)  # fmt: skip
PAGES = ("animation", "report")
Replications = dict[str, dict[int, Outcome]]
"""What came of each replication, by scenario and number."""


def claim(folder: Path) -> None:
    """Make sure that results can be written into a folder, before anything is simulated.

    Raises ResultsError where it is a file, or holds what this program did not write.
    """
    if folder.exists() and not folder.is_dir():
        raise ResultsError(f"{folder}: is a file; name a folder for the results")
    for each in (FILE, LOCK, "scenarios"):
        if (folder / each).is_symlink():
            raise ResultsError(f"{folder / each}: is a link: results stay in their own folder")
    if (folder / FILE).exists():
        opened(folder / FILE).close()  # what is not ours is not written to
    elif folder.is_dir() and not all(map(_is_ours, folder.iterdir())):
        raise ResultsError(f"{folder}: holds other files and no results; name another folder")
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{FILE}.{os.getpid()}"
        probe.touch()
        probe.unlink()


def _is_ours(path: Path) -> bool:
    """Whether a file is one that an interrupted run may leave behind."""
    name = path.name.removeprefix(".")
    return name.startswith(
        (FILE, "scenarios", "lock", *(f"{name}." for name in (*PICTURES, *PAGES)))
    )


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with the process however that ends.

    Raises ResultsError where somebody else holds it.
    """
    if sys.platform == "win32":  # no such locks there
        yield
        return
    import fcntl

    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise ResultsError(
                f"{folder}: another run writes here (process {lock.read() or 'unknown'})"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        lock.truncate(0)


@contextmanager
def for_a_goal_seek(folder: Path) -> Iterator[None]:
    """Hold a folder for what a goal seek will find, alone, before anything is simulated.

    Raises ResultsError where it holds a study, which took longer than to seek a goal once more.
    """
    claim(folder)
    with alone(folder):
        path = folder / FILE
        if path.exists():
            with closing(opened(path)) as database, intact(path):
                if not database.execute("SELECT 1 FROM solutions").fetchall():
                    raise ResultsError(f"{folder}: holds a study; name another folder")
        yield


def save(found: Results | Frontier, folder: Path) -> None:
    """Write results into a folder, in place of those that it held. Raises ResultsError.

    What belonged to former results is taken away first, so nothing old stands beside new rows.
    """
    claim(folder)
    results, solutions = (
        (found.results, found.solutions) if isinstance(found, Frontier) else (found, ())
    )
    with told(folder):
        partly = folder / f".{FILE}.{os.getpid()}"
        try:
            with closing(sqlite3.connect(partly)) as database, database:
                create(database)
                _put_solutions(database, solutions)
                for name, replications in results.measures.items():
                    for number, measures in replications.items():
                        daily = results.daily.get(name, {}).get(number, {})
                        put(database, name, number, Outcome(measures, daily))
                put_header(database, results.scenarios, results.provenance, paired=results.paired,
                           failures=results.failures)  # fmt: skip
            _clear(folder)
            partly.replace(folder / FILE)
        finally:
            partly.unlink(missing_ok=True)
        write_scenarios(folder, results.scenarios)


def write_scenarios(folder: Path, scenarios: Sequence[Scenario]) -> None:
    """Write the scenarios of a study to be read, each into a file of its own."""
    (folder / "scenarios").mkdir(exist_ok=True)
    for scenario in scenarios:
        write_whole(folder / "scenarios" / f"{scenario.name}.toml", to_toml(scenario).encode())


def _clear(folder: Path) -> None:
    """Remove the scenarios and pictures of former results, and nothing else."""
    if not (folder / FILE).exists():
        return
    with closing(opened(folder / FILE)) as database, intact(folder / FILE):
        for (name,) in database.execute("SELECT name FROM scenarios").fetchall():
            (folder / "scenarios" / f"{checked_name(name)}.toml").unlink(missing_ok=True)
    drawn = [f"{picture}.{kind}" for picture in PICTURES for kind in ("png", "svg")]
    for name in (*drawn, *(f"{page}.html" for page in PAGES)):
        (folder / name).unlink(missing_ok=True)
    remove(folder / FILE)


def put(database: sqlite3.Connection, name: str, number: int, outcome: Outcome) -> None:
    """Add a replication of a scenario, in the transaction of the caller."""
    rows = [
        # SQLite keeps no minus zero
        (name, number, *key, METRICS[key.metric].unit, None if value is None else value + 0.0)
        for key, value in outcome.measures.items()
    ]
    days = [
        (name, number, route, json.dumps(series.tolist()))
        for route, series in outcome.daily.items()
    ]
    digest = _digest([*rows, *days])
    database.execute("INSERT INTO replications VALUES (?, ?, ?)", (name, number, digest))
    database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    database.executemany("INSERT INTO daily VALUES (?, ?, ?, ?)", days)


def put_header(
    database: sqlite3.Connection,
    scenarios: Sequence[Scenario],
    provenance: Mapping[str, str],
    *,
    paired: bool,
    failures: Sequence[str] = (),
) -> None:
    """Write what a study is, in place of what was said before, in the transaction of the caller."""
    for table in ("provenance", "scenarios", "failures"):
        database.execute(f"DELETE FROM {table}")
    database.executemany("INSERT INTO failures VALUES (?)", [(each,) for each in failures])
    database.executemany(
        "INSERT INTO scenarios VALUES (?, ?, ?, ?, ?, ?)",
        [
            (n, each.name, each.title, str(each.run.seed), each.key, to_toml(each))
            for n, each in enumerate(scenarios)
        ],
    )
    facts = {**provenance, PAIRED: str(paired)}
    database.executemany("INSERT INTO provenance VALUES (?, ?)", facts.items())
    header = _header(database)
    database.execute("INSERT INTO provenance VALUES (?, ?)", (DIGEST, header))


def _put_solutions(database: sqlite3.Connection, solutions: Sequence[Solution]) -> None:
    database.executemany(
        "INSERT INTO solutions VALUES (?, ?, ?, ?)",
        [
            (n, each.scenario.name, to_toml(each.scenario), json.dumps(each.to_data()))
            for n, each in enumerate(solutions)
        ],
    )


def _header(database: sqlite3.Connection) -> str:
    """A checksum of what a study is."""
    rows: list[tuple[Any, ...]] = []
    for table in ("provenance", "scenarios", "failures", "solutions"):
        rows += database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
    return _digest([row for row in rows if row[0] != DIGEST])


def _digest(rows: Iterable[tuple[Any, ...]]) -> str:
    """A checksum that any missing, changed or added row changes, in whatever order they come."""
    return hashlib.sha256(repr(sorted(rows, key=repr)).encode()).hexdigest()


def load_results(folder: str | os.PathLike[str]) -> Results:
    """The results of a folder; of a goal seek those of the scenarios that it solved.

    Of a study that is not finished: the replications that have ended so far. Raises ResultsError
    where there are none, or where they are not whole.
    """
    found = load(folder)
    return found.results if isinstance(found, Frontier) else found


def load(folder: str | os.PathLike[str]) -> Results | Frontier:
    """What a folder holds: results, or what a goal seek found. Raises as `load_results`."""
    path = Path(folder) / FILE
    if not path.is_file():
        raise ResultsError(f"{folder}: no results here (no {FILE})")
    with closing(opened(path)) as database, intact(path):
        database.execute("BEGIN")  # one moment of a study that goes on
        found = _read(database, path)
        check(found)
        return found


def _read(database: sqlite3.Connection, path: Path) -> Results | Frontier:
    provenance = facts(database, path)
    paired = provenance.pop(PAIRED) == str(True)
    scenarios = stored_scenarios(database, path)
    outcomes = replications(database, path)
    solutions = tuple(_solutions(database, outcomes, str(path)))
    if solutions:
        return Frontier(solutions, provenance, partial(resimulate, provenance))
    ended = {each.name: outcomes.get(each.name, {}) for each in scenarios}
    if paired:
        common = set.intersection(*(set(each) for each in ended.values()))
        ended = {
            name: {n: m for n, m in each.items() if n in common} for name, each in ended.items()
        }
    if not all(ended.values()):
        there = sum(map(len, outcomes.values()))
        where = f" in all of {len(scenarios)} scenarios ({there:,} in some)" if there else ""
        raise IncompleteError(f"{path.parent}: no replication has ended yet{where}")
    failures = [message for (message,) in database.execute("SELECT * FROM failures")]
    return gathered(scenarios, ended, provenance, paired=paired, failures=failures)


def facts(database: sqlite3.Connection, path: Path) -> dict[str, str]:
    """The provenance of a file. Raises ResultsError where what it says of itself was changed."""
    if tables(database).get("table") != TABLES:
        raise ResultsError(f"{path}: written by an earlier version; run it once more")
    (health,) = database.execute("PRAGMA integrity_check").fetchone()
    provenance = dict(database.execute("SELECT name, value FROM provenance"))
    if health != "ok" or provenance.pop(DIGEST, "") != _header(database):
        raise ResultsError(f"{path}: damaged, its scenarios or provenance were changed ({health})")
    return provenance


def stored_scenarios(database: sqlite3.Connection, path: Path) -> tuple[Scenario, ...]:
    """The scenarios of a file, in order."""
    every = database.execute("SELECT name, toml FROM scenarios ORDER BY position")
    return tuple(load_text(toml, name, str(path)) for name, toml in every)


def replications(database: sqlite3.Connection, path: Path) -> Replications:
    """All that have ended. Raises ResultsError, naming those whose rows were changed."""
    rows: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
    days: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
    for found_by, table in ((rows, "rows"), (days, "daily")):
        for row in database.execute(f"SELECT * FROM {table} ORDER BY rowid"):
            found_by.setdefault(row[:2], []).append(row)
    every = database.execute("SELECT scenario, replication, sha256 FROM replications ORDER BY 1, 2")
    digests = {(name, number): digest for name, number, digest in every}
    for name, number in rows.keys() | days.keys() | digests.keys():
        its = (name, number)
        if digests.get(its) != _digest([*rows.get(its, []), *days.get(its, [])]):
            raise ResultsError(
                f"{path}: damaged, rows of {name}, replication {number}, are missing or changed"
            )
    found: Replications = {}
    for name, number in digests:
        measures = {
            Key(route, part, metric): value
            for _, _, route, part, metric, _, value in rows[name, number]
        }
        daily = {
            route: np.array(json.loads(series), dtype=float)
            for _, _, route, series in days.get((name, number), [])
        }
        found.setdefault(name, {})[number] = Outcome(measures, daily)
    return found


def _solutions(
    database: sqlite3.Connection, outcomes: Replications, file: str
) -> Iterator[Solution]:
    for _, name, toml, found in database.execute("SELECT * FROM solutions ORDER BY position"):
        solution = Solution.from_data(load_text(toml, name, file), json.loads(found))
        its = outcomes.get(name)
        measures = None if its is None else {n: each.measures for n, each in its.items()}
        yield replace(solution, measures=measures)
