"""The results folder: one SQLite file that holds everything, and scenarios to read beside it.

    DIR/results.sqlite       provenance, resolved scenarios, a row a metric and replication, and
                             what a goal seek found
    DIR/scenarios/NAME.toml  the same scenarios, each loads again

The SQLite file is made under another name and renamed when it is whole, so a run that fails or is
interrupted leaves nothing that reads as results.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sim.errors import ResultsError, TranssibError
from sim.experiments.provenance import resimulate
from sim.results.metrics import METRICS, Key, Measures
from sim.results.results import Results
from sim.results.solution import Frontier, Solution
from sim.scenario.files import load_text
from sim.scenario.writing import to_toml, write_whole

FILE = "results.sqlite"
DIGEST, PAIRED = "rows sha256", "paired"
PICTURES = ("shares", "times", "stages", "flows", "frontier")
OURS = 0x7472616E
"""SQLite's application id of our files: the letters "tran"."""

SCHEMA = """
CREATE TABLE provenance (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE failures (message TEXT NOT NULL) STRICT;
CREATE TABLE scenarios (
    position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
    seed TEXT NOT NULL, key TEXT NOT NULL, toml TEXT NOT NULL
) STRICT;
CREATE TABLE rows (
    scenario TEXT NOT NULL, replication INTEGER NOT NULL, route TEXT NOT NULL, part TEXT NOT NULL,
    metric TEXT NOT NULL, unit TEXT NOT NULL, value REAL,
    PRIMARY KEY (scenario, replication, route, part, metric)
) STRICT;
CREATE TABLE solutions (
    position INTEGER PRIMARY KEY, scenario TEXT NOT NULL, toml TEXT NOT NULL, found TEXT NOT NULL
) STRICT;
"""


def claim(folder: Path) -> None:
    """Make sure that results can be written into a folder, before anything is simulated.

    Raises ResultsError where it is a file, or holds what this program did not write.
    """
    if folder.exists() and not folder.is_dir():
        raise ResultsError(f"{folder}: is a file; name a folder for the results")
    if (folder / FILE).exists():
        load(folder)  # what cannot be read cannot be cleared away when its place is needed
    elif folder.is_dir() and not all(map(_is_ours, folder.iterdir())):
        raise ResultsError(f"{folder}: holds other files and no results; name another folder")
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{FILE}.{os.getpid()}"
        probe.touch()
        probe.unlink()


def _is_ours(path: Path) -> bool:
    """Whether a file is one that an interrupted run may leave behind."""
    name = path.name.removeprefix(".")
    return name.startswith((FILE, "scenarios", *(f"{picture}." for picture in PICTURES)))


def save(found: Results | Frontier, folder: Path) -> None:
    """Write results into a folder, in place of those that it held. Raises ResultsError.

    What belonged to former results is taken away first, so nothing old stands beside new rows.
    """
    claim(folder)
    results, solutions = (
        (found.results, found.solutions) if isinstance(found, Frontier) else (found, ())
    )
    with _told(folder):
        partly = folder / f".{FILE}.{os.getpid()}"
        try:
            _write(results, solutions, partly)
            _clear(folder)
            partly.replace(folder / FILE)
        finally:
            partly.unlink(missing_ok=True)
        (folder / "scenarios").mkdir(exist_ok=True)
        for scenario in results.scenarios:
            written = to_toml(scenario).encode()
            write_whole(folder / "scenarios" / f"{scenario.name}.toml", written)


def _clear(folder: Path) -> None:
    """Remove the scenarios and pictures of former results, and nothing else."""
    if not (folder / FILE).exists():
        return
    for name in load_results(folder).names:
        (folder / "scenarios" / f"{name}.toml").unlink(missing_ok=True)
    for picture in PICTURES:
        for kind in ("png", "svg"):
            (folder / f"{picture}.{kind}").unlink(missing_ok=True)
    (folder / FILE).unlink()


def _write(results: Results, solutions: Sequence[Solution], path: Path) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"PRAGMA application_id = {OURS}")
        database.executescript(SCHEMA)
        rows = list(_rows(results))
        sought = [
            (n, each.scenario.name, to_toml(each.scenario), json.dumps(each.to_data()))
            for n, each in enumerate(solutions)
        ]
        digest = _digest([*rows, *sought])
        facts = {**results.provenance, PAIRED: str(results.paired), DIGEST: digest}
        database.executemany("INSERT INTO provenance VALUES (?, ?)", facts.items())
        database.executemany("INSERT INTO failures VALUES (?)", [(f,) for f in results.failures])
        database.executemany(
            "INSERT INTO scenarios VALUES (?, ?, ?, ?, ?, ?)",
            [
                (n, each.name, each.title, str(each.run.seed), each.key, to_toml(each))
                for n, each in enumerate(results.scenarios)
            ],
        )
        database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        database.executemany("INSERT INTO solutions VALUES (?, ?, ?, ?)", sought)


def _rows(results: Results) -> Iterator[tuple[Any, ...]]:
    for name, replications in results.measures.items():
        for number, measures in replications.items():
            for key, value in measures.items():
                exact = None if value is None else value + 0.0  # SQLite keeps no minus zero
                yield (name, number, *key, METRICS[key.metric].unit, exact)


def load_results(folder: str | os.PathLike[str]) -> Results:
    """The results of a folder; of a goal seek those of the scenarios that it solved.

    Raises ResultsError where there are none, or where they are not whole.
    """
    found = load(folder)
    return found.results if isinstance(found, Frontier) else found


def load(folder: str | os.PathLike[str]) -> Results | Frontier:
    """What a folder holds: results, or what a goal seek found. Raises as `load_results`."""
    path = Path(folder) / FILE
    if not path.is_file():
        raise ResultsError(f"{folder}: no results here (no {FILE})")
    with closing(_open(path)) as database:
        try:
            return _read(database, path)
        except (sqlite3.Error, KeyError, ValueError, TranssibError) as error:
            raise ResultsError(f"{path}: damaged, {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    """A connection to one of our files that cannot change it. Raises ResultsError."""
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        (ours,) = database.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error as error:
        database.close()
        raise ResultsError(f"{path}: damaged, {error}") from error
    if ours != OURS:
        database.close()
        raise ResultsError(f"{path}: not written by transsib")
    return database


def _read(database: sqlite3.Connection, path: Path) -> Results | Frontier:
    (health,) = database.execute("PRAGMA integrity_check").fetchone()
    provenance = dict(database.execute("SELECT name, value FROM provenance"))
    rows = database.execute("SELECT * FROM rows ORDER BY rowid").fetchall()
    sought = _sought(database)
    if health != "ok" or provenance.pop(DIGEST, "") != _digest([*rows, *sought]):
        raise ResultsError(f"rows are missing or changed ({len(rows)} found; {health})")
    paired = provenance.pop(PAIRED) == str(True)
    scenarios = tuple(
        load_text(toml, name, str(path))
        for name, toml in database.execute("SELECT name, toml FROM scenarios ORDER BY position")
    )
    measures = _measures(rows)
    if sought:
        solutions = tuple(_solutions(sought, measures, str(path)))
        return Frontier(solutions, provenance, partial(resimulate, provenance))
    return Results(
        scenarios=scenarios,
        measures=measures,
        paired=paired,
        provenance=provenance,
        failures=tuple(message for (message,) in database.execute("SELECT * FROM failures")),
        resimulate=partial(resimulate, provenance),
    )


def _sought(database: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """The rows of a goal seek; a file of version 0.1.0 has no table for them."""
    if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'solutions'").fetchall():
        return []
    return database.execute("SELECT * FROM solutions ORDER BY position").fetchall()


def _solutions(
    sought: list[tuple[Any, ...]], measures: dict[str, dict[int, Measures]], file: str
) -> Iterator[Solution]:
    for _, name, toml, found in sought:
        solution = Solution.from_data(load_text(toml, name, file), json.loads(found))
        yield replace(solution, measures=measures.get(name))


def _digest(rows: list[tuple[Any, ...]]) -> str:
    """A checksum that any missing, changed or added row changes."""
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _measures(rows: list[tuple[Any, ...]]) -> dict[str, dict[int, Measures]]:
    found: dict[str, dict[int, Measures]] = {}
    for scenario, replication, route, part, metric, _, value in rows:
        replications = found.setdefault(scenario, {})
        replications.setdefault(replication, {})[Key(route, part, metric)] = value
    return found


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Tell an error of the file system with the folder that it concerns."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ResultsError(f"{folder}: cannot be written: {reason}") from error
