"""A results file as SQLite keeps it: how it is made, opened, and known to be one of ours.

Somebody else may have made it: nothing is read of a file before it is known what its tables are.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
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

JOURNAL = bytes.fromhex("d9d505f920a163d7")
"""Begins a journal of SQLite (sqlite.org/fileformat.html), and ends one that names another."""

LONGEST_JOURNAL = 2**16
"""Bytes of one that a change of how the file is written leaves: of a page, and a header."""

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
    """A connection to one of our files that cannot change it. Raises ResultsError.

    Where a run was killed while it changed how the file is written, that is undone first.
    """
    for beside in SIDES:  # SQLite would wait for a pipe
        side = path.resolve().with_name(f"{path.resolve().name}{beside}")
        if os.path.lexists(side) and not stat.S_ISREG(side.lstat().st_mode):
            raise ResultsError(f"{side}: is no regular file")
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        ours = _application(database, path.resolve())
        others = set(tables(database)) - {"table"} if ours == OURS else {"view"}
    except (*WRONG, OSError) as error:
        database.close()
        raise ResultsError(f"{path}: damaged, {error}") from error
    if others:
        database.close()
        raise ResultsError(f"{path}: not written by transsib")
    return database


def _application(database: sqlite3.Connection, path: Path) -> int:
    """Whose file it is, by SQLite's application id."""
    try:
        (found,) = database.execute("PRAGMA application_id").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_READONLY_ROLLBACK" or not _may_be_undone(path):
            raise
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as writer:
            writer.execute("PRAGMA trusted_schema = OFF")
            (found,) = writer.execute("PRAGMA application_id").fetchone()
    return int(found)


def _may_be_undone(path: Path) -> bool:
    """Whether a journal left beside a file is as ours are: of the file as long as it is.

    Somebody else's could make it longer, or name another journal, which SQLite would remove
    before it looks how this one begins.
    """
    journal = path.with_name(f"{path.name}-journal")
    with path.open("rb") as file:
        file.seek(68)
        ours = file.read(4) == OURS.to_bytes(4)
    if not ours or journal.stat().st_size > LONGEST_JOURNAL:
        return False
    said = journal.read_bytes()
    pages, page = int.from_bytes(said[16:20]), int.from_bytes(said[24:28])
    of_one_file = said.startswith(JOURNAL) and not said.endswith(JOURNAL)
    return of_one_file and pages * page == path.stat().st_size


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
