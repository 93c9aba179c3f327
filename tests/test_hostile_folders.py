"""Results folders in which something else stands than what was written, and who is run by them."""

from __future__ import annotations

import ast
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from hostile_folders import kept_folders, seal
from processes import PATIENCE, transsib
from support import sampled

import sim
from sim.errors import ResultsError
from sim.experiments import store
from sim.experiments.store import FILE, load, load_results


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return kept_folders(tmp_path_factory.mktemp("kept"))


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _elsewhere(path: Path) -> None:
    """A link out of the folder, to what is not ours."""
    outside = path.parents[2] / "outside"
    outside.mkdir()
    (outside / "letter").write_text("dear")
    path.symlink_to(outside if path.name == "scenarios" else outside / "letter")


def _noise(path: Path) -> None:
    path.write_bytes(bytes(5_000))


ENTRIES: Final[dict[str, Callable[[Path], None]]] = {
    "folder": Path.mkdir, "pipe": _fifo, "device": _device, "loop": _loop, "link": _elsewhere,
    "noise": _noise,
}  # fmt: skip

NAMES: Final = {
    FILE: ["show"], f"{FILE}-journal": ["show"], f"{FILE}-wal": ["show"], f"{FILE}-shm": ["show"],
    store.LOCK: ["show"], "scenarios": ["show"], "report.html": ["report"],
    "shares.png": ["plot", "--only", "shares"], ".shares.png.part": ["plot", "--only", "shares"],
}  # fmt: skip
"""What may be something else, and the command that looks at it."""

FEW: Final = [(FILE, "pipe"), (store.LOCK, "link")]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such files")
@pytest.mark.parametrize(("name", "entry"), sampled(product(NAMES, ENTRIES), FEW))
def test_entries_that_are_something_else(
    name: str, entry: str, folders: Mapping[str, Path], tmp_path: Path
) -> None:
    """No command waits for a pipe, reads a device, or writes through a link."""
    small = folders["pair"].parent / "small.toml"
    folder = tmp_path / "in" / "out"
    sim.run(sim.load_scenario(small), replications=1, jobs=1, out=folder)
    remove(folder / name)
    ENTRIES[entry](folder / name)
    looking, *options = NAMES[name]
    again = ["run", str(small), "--replications", "2", "--jobs", "1", "--out", str(folder)]
    for command in ([looking, str(folder), *options], again):
        done = transsib(*command, status=None)
        assert done.returncode in (0, 2, 3, 4), done.stderr
        assert "Traceback" not in done.stderr
    outside = tmp_path / "outside"
    if outside.exists():
        assert [path.name for path in outside.iterdir()] == ["letter"]
        assert (outside / "letter").read_text() == "dear"


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def test_names_that_lead_out_of_the_folder(folders: Mapping[str, Path], tmp_path: Path) -> None:
    """Of former results only what was written is removed, whatever they are called."""
    (tmp_path / "out" / "scenarios").mkdir(parents=True)
    (tmp_path / "letter.toml").write_text("dear")
    shutil.copy(folders["pair"] / FILE, tmp_path / "out")
    with closing(sqlite3.connect(tmp_path / "out" / FILE)) as database, database:
        database.execute("UPDATE scenarios SET name = '../../letter' WHERE position = 0")
        seal(database)
    with pytest.raises(ResultsError, match="must be fit for a file name"):
        store.save(load(folders["goal"]), tmp_path / "out")
    assert (tmp_path / "letter.toml").read_text() == "dear"


ENDLESS: Final = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"


@pytest.mark.parametrize("table", ["rows", "replications", "scenarios", "provenance"])
@pytest.mark.parametrize(
    "made",
    [
        f"CREATE VIEW {{}} AS {ENDLESS} SELECT n AS scenario, n AS name FROM c",
        "CREATE VIRTUAL TABLE {} USING fts5(name, scenario)",
        "CREATE TABLE {} (name, scenario, value AS (zeroblob(1000000000)))",
    ],
    ids=["endless view", "virtual", "computed"],
)
def test_tables_that_are_none_of_ours(
    made: str, table: str, folders: Mapping[str, Path], tmp_path: Path
) -> None:
    shutil.copy(folders["pair"] / FILE, tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
        database.execute(f"DROP TABLE {table}")
        try:
            database.execute(made.format(table))
        except sqlite3.OperationalError:
            pytest.skip("this SQLite has no such tables")
        database.executemany(
            f"INSERT INTO {table} (name, scenario) VALUES (?, ?)", [("x", "y")]
        ) if "VIEW" not in made else None
    with pytest.raises(ResultsError, match=r"not written by transsib|by an earlier version"):
        load_results(tmp_path)
    small = sim.load_scenario(folders["pair"].parent / "small.toml")
    with pytest.raises(ResultsError):
        sim.run(small, replications=2, jobs=1, out=tmp_path)


AUDITED: Final = """
import sys
seen = []
sys.addaudithook(lambda event, _: seen.append(event) if event in (
    "pickle.find_class", "marshal.loads", "os.system", "subprocess.Popen", "socket.connect",
) and ready else None)
ready = False
import sim, sim.cli.work
from sim.experiments.store import load
from sim.views.tables import print_results
import sim.views.report, pandas, sim.results.document
ready = True
found = load(sys.argv[1])
print_results(found)
ready = False
print(sorted(set(seen)), file=sys.stderr)
"""


def test_nothing_is_unpickled_or_run(folders: Mapping[str, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AUDITED, folders["pair"]],
        capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] in ("[]", "['marshal.loads']"), done.stderr


NEVER: Final = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "joblib"}
NEVER_CALLED: Final = {"eval", "exec", "compile", "read_pickle", "loadtxt", "system", "popen"}


def test_no_module_can_unpickle_or_evaluate_a_file() -> None:
    for path in Path(sim.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {getattr(node, "module", "") or ""} | {each.name for each in node.names}
                assert not {name.partition(".")[0] for name in names} & NEVER, path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in NEVER_CALLED, path
