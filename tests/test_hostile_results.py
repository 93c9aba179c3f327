"""Results folders that were damaged or made to hurt: what was stored, or an error that means it."""

from __future__ import annotations

import io
import json
import math
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any, Final

import pytest
from hostile import find, paths
from hostile_folders import KINDS, kept_folders, seal
from soon import soon

from sim.cli.work import print_csv
from sim.errors import IncompleteError, ResultsError, ScenarioError, UsageError
from sim.experiments.opening import TABLES
from sim.experiments.store import FILE, load
from sim.results.results import Results
from sim.results.solution import Frontier
from sim.views.grid import console
from sim.views.solutions import print_solutions
from sim.views.tables import print_results

NUMBER = max(100, int(os.environ.get("TRANSSIB_EXAMPLES", "100")))
SOON = 2.0

VALUES: Final[tuple[Any, ...]] = (
    None, 0, -1, 1, 10**18, 1e300, -1e300, float("inf"), 5e-324, "", "x", "0", "nan", "[]", "{}",
    "[" * 5_000, "null", '"x"', '{"a": [1]}', "[1, null]", '[1e999]', "[[1], 2]", "x" * 100_000,
    b"cos\nsystem\n(S'true'\ntR.", b"\xff\xfe\x00", "../../../etc/passwd", "all", "rail",
    "\x1b[31m\x9b2J", "=1+1", "True", "sweep", "one more", "sensitivity",
)  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return kept_folders(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def known(folders: Mapping[str, Path]) -> dict[str, Any]:
    """What is stored, by folder."""
    return {name: stored(load(folder)) for name, folder in folders.items()}


def stored(found: Results | Frontier) -> Any:
    """All that was kept, to be compared."""
    results = found.results if isinstance(found, Frontier) else found
    solutions = found.to_data() if isinstance(found, Frontier) else None
    daily = {
        (name, number, route): series.tolist()
        for name, replications in results.daily.items()
        for number, routes in replications.items()
        for route, series in routes.items()
    }
    return results.measures, results.provenance, results.scenarios, solutions, daily


def shown(found: Results | Frontier) -> str:
    """What `show` prints, also as rows and as JSON."""
    from sim.results.document import to_json

    out = io.StringIO()
    if isinstance(found, Frontier):
        print_solutions(found, console(out))
        json.dumps(found.to_data(), allow_nan=False)
        return out.getvalue()
    with redirect_stdout(out):
        print_results(found)
        print_csv(found)
        print(json.dumps(to_json(found), allow_nan=False))  # noqa: T201
    return out.getvalue()


def assert_as_stored_or_refused(folder: Path, before: Any) -> None:
    with soon(SOON):
        try:
            found = load(folder)
        except (IncompleteError, ResultsError) as error:
            told = str(error)
        else:
            told = str(folder)
            assert stored(found) == before
    assert str(folder) in told


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_bytes(
    kind: str, folders: Mapping[str, Path], known: Mapping[str, Any], tmp_path: Path
) -> None:
    whole, chance = (folders[kind] / FILE).read_bytes(), random.Random(kind)
    for _ in range(NUMBER // 3):
        data, damage = bytearray(whole), chance.choice(BYTES)
        damage(data, chance)
        (tmp_path / FILE).write_bytes(data)
        assert_as_stored_or_refused(tmp_path, known[kind])


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 1, 3, 50])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _flip_head(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(120)] = chance.randrange(256)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _blank(data: bytearray, chance: random.Random) -> None:
    page = 4096 * chance.randrange(len(data) // 4096)
    data[page : page + 4096] = bytes(4096)


def _swap(data: bytearray, chance: random.Random) -> None:
    one, other = (4096 * chance.randrange(len(data) // 4096) for _ in range(2))
    first, second = data[one : one + 4096], data[other : other + 4096]
    data[one : one + 4096], data[other : other + 4096] = second, first


def _more(data: bytearray, chance: random.Random) -> None:
    data += chance.randbytes(chance.choice([1, 4096, 100_000]))


BYTES: Final[tuple[Callable[[bytearray, random.Random], None], ...]] = (
    _flip, _flip, _flip_head, _cut, _blank, _swap, _more,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sealed", [False, True], ids=["as it is", "with new checksums"])
def test_other_values(
    kind: str, sealed: bool, folders: Mapping[str, Path], known: Mapping[str, Any], tmp_path: Path
) -> None:
    """Where somebody made checksums anew, it is another study: whole, or refused."""
    chance = random.Random(f"{kind} {sealed}")
    for _ in range(NUMBER // 6):
        shutil.copy(folders[kind] / FILE, tmp_path)
        with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
            for _ in range(chance.choice([1, 1, 2])):
                change(database, chance)
            if sealed:
                seal(database)
        if sealed:
            assert_whole_or_refused(tmp_path)
        else:
            assert_as_stored_or_refused(tmp_path, known[kind])


def change(database: sqlite3.Connection, chance: random.Random) -> None:
    """Something else in one of the tables, where SQLite lets it be."""
    table = chance.choice(list(TABLES))
    try:
        rows = database.execute(f"SELECT rowid, * FROM {table}")
    except sqlite3.OperationalError:  # it was dropped before
        return
    columns = [column[0] for column in rows.description[1:]]
    every = rows.fetchall()
    row = chance.choice(every)[0] if every else 0
    how = chance.random()
    try:
        if how < 0.1:
            database.execute(f"DELETE FROM {table}")
        elif how < 0.2:
            database.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
        elif how < 0.25:
            database.execute(f"DROP TABLE {table}")
        else:
            where = "" if how < 0.35 else f" WHERE rowid = {row}"
            column, value = chance.choice(columns), chance.choice(VALUES)
            if how > 0.6 and column in ("value", "found", "under_way"):
                old = database.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,))
                value = inside(old.fetchone(), chance)
            database.execute(f"UPDATE {table} SET {column} = ?{where}", (value,))
    except (sqlite3.IntegrityError, sqlite3.OperationalError, OverflowError):
        return


def inside(stored: tuple[Any] | None, chance: random.Random) -> Any:
    """The value with one of the parts that JSON gives it changed."""
    try:
        document = [json.loads(stored[0])] if stored else [0]
    except (ValueError, TypeError):
        return chance.choice(VALUES)
    path = chance.choice(list(paths(document)))
    around, new = find(document, path[:-1]), chance.choice(VALUES[:17])
    if chance.random() < 0.2 and len(path) > 1:
        del around[path[-1]]
    else:
        around[path[-1]] = new
    return json.dumps(document[0])


def assert_whole_or_refused(folder: Path) -> None:
    try:
        with soon(2 * SOON):
            found = load(folder)
            text = shown(found)
    except (ScenarioError, UsageError, IncompleteError, ResultsError):
        return
    assert all(char.isprintable() or char in "\n\t" for char in text)
    results = found.results if isinstance(found, Frontier) else found
    for replications in results.measures.values():
        for measures in replications.values():
            assert all(value is None or math.isfinite(value) for value in measures.values())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("metric", "beauty"), ("route", "nowhere"), ("part", "\x1b[2J"), ("value", float("inf")),
    ],
    ids=["metric", "route", "part", "value"],
)  # fmt: skip
def test_figures_that_no_study_has(
    column: str, value: Any, folders: Mapping[str, Path], tmp_path: Path
) -> None:
    """Refused also where the checksums are right."""
    shutil.copy(folders["pair"] / FILE, tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
        key = "route = 'rail' AND part = 'all' AND metric = 'wait_mean'"
        database.execute(f"UPDATE rows SET {column} = ? WHERE {key}", (value,))
        seal(database)
    with pytest.raises(ResultsError, match="damaged") as told:
        load(tmp_path)
    assert str(told.value).isprintable()
