"""A results file as SQLite keeps it: how it is made, opened, and known to be one of ours.

Somebody else may have made it: nothing is read of a file before it is known what its tables are.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.errors import IncompleteError, ResultsError, TranssibError

OURS = 0x7472616E
"""SQLite's application id of our files: the letters "tran"."""

SCHEMA = """
CREATE TABLE provenance (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE failures (message TEXT NOT NULL) STRICT;
CREATE TABLE scenarios (
    position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
    seed TEXT NOT NULL, key TEXT NOT NULL, toml TEXT NOT NULL
) STRICT;
CREATE TABLE replications (
    scenario TEXT NOT NULL, replication INTEGER NOT NULL, sha256 TEXT NOT NULL,
    PRIMARY KEY (scenario, replication)
) STRICT;
CREATE TABLE rows (
    scenario TEXT NOT NULL, replication INTEGER NOT NULL, route TEXT NOT NULL, part TEXT NOT NULL,
    metric TEXT NOT NULL, unit TEXT NOT NULL, value REAL,
    PRIMARY KEY (scenario, replication, route, part, metric)
) STRICT;
CREATE TABLE daily (
    scenario TEXT NOT NULL, replication INTEGER NOT NULL, route TEXT NOT NULL,
    under_way TEXT NOT NULL, PRIMARY KEY (scenario, replication, route)
) STRICT;
CREATE TABLE solutions (
    position INTEGER PRIMARY KEY, scenario TEXT NOT NULL, toml TEXT NOT NULL, found TEXT NOT NULL
) STRICT;
"""

TABLES = {
    name: f"CREATE TABLE {name}{rest}"
    for name, rest in re.findall(r"CREATE TABLE (\w+)([^;]+)", SCHEMA)
}
"""How each table is made, by name."""

SIDES = ("", "-journal", "-wal", "-shm")
"""What SQLite opens together with a file."""


def remove(path: Path) -> None:
    """Remove a file, and first what a killed run may have left beside it.

    SQLite would take that for what belongs into the next file of this name.
    """
    for beside in reversed(SIDES):
        path.with_name(f"{path.name}{beside}").unlink(missing_ok=True)


def create(database: sqlite3.Connection) -> None:
    """Make the tables of a new file."""
    database.execute(f"PRAGMA application_id = {OURS}")
    database.executescript(SCHEMA)


WRONG = (
    sqlite3.Error, LookupError, ValueError, TypeError, AttributeError, OverflowError,
    RecursionError,
)  # fmt: skip
"""What reading raises where something else stands than what was written."""


@contextmanager
def intact(path: Path) -> Iterator[None]:
    """Tell of a file that does not hold what belongs into it."""
    try:
        yield
    except (ResultsError, IncompleteError):
        raise
    except (*WRONG, TranssibError) as error:
        raise ResultsError(f"{path}: damaged, {error}") from error


def opened(path: Path) -> sqlite3.Connection:
    """A connection to one of our files that cannot change it. Raises ResultsError."""
    for beside in SIDES:  # SQLite would wait for a pipe
        side = path.resolve().with_name(f"{path.resolve().name}{beside}")
        if os.path.lexists(side) and not stat.S_ISREG(side.lstat().st_mode):
            raise ResultsError(f"{side}: is no regular file")
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        (ours,) = database.execute("PRAGMA application_id").fetchone()
        others = set(tables(database)) - {"table"} if ours == OURS else {"view"}
    except (*WRONG, OSError) as error:
        database.close()
        raise ResultsError(f"{path}: damaged, {error}") from error
    if others:
        database.close()
        raise ResultsError(f"{path}: not written by transsib")
    return database


def tables(database: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """By kind, and then by name, how what is called as our tables was made."""
    found: dict[str, dict[str, str]] = {}
    every = database.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
    for kind, name, sql in every:
        if name in TABLES:
            virtual = str(sql).upper().startswith("CREATE VIRTUAL")
            found.setdefault("virtual" if virtual else kind, {})[name] = sql
    return found


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Tell an error of the file system with the folder that it concerns."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ResultsError(f"{folder}: cannot be written: {reason}") from error
