"""How a study keeps what it computes: each replication as it ends, and never one twice.

A folder belongs to one study. The same study again goes on where the folder stands; another one is
refused, and so are other versions, for their numbers would not belong together.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sim.errors import ResultsError
from sim.experiments import store
from sim.experiments.opening import create, intact, remove, told
from sim.experiments.provenance import changed
from sim.experiments.tasks import Outcome, Task
from sim.results.results import ONE_MORE, SENSITIVITY, STUDY, SWEEP
from sim.scenario.model import Scenario

MOST_TOLD = 5
"""Differences between two studies that are told."""

KINDS = {
    ONE_MORE: "one more of everything", SWEEP: "a sweep", SENSITIVITY: "a sensitivity study",
}  # fmt: skip
"""How messages call studies that are more than a comparison."""


class Keeper:
    """An open results folder.

    scenarios: of the study, with as many replications as the folder was ever asked for
    known: what has ended before, by name of the scenario and number
    """

    def __init__(
        self, folder: Path, database: sqlite3.Connection, scenarios: Sequence[Scenario],
        known: store.Replications, provenance: Mapping[str, str], *, paired: bool,
    ) -> None:  # fmt: skip
        self.folder, self._database = folder, database
        self.known, self._provenance, self._paired = known, provenance, paired
        self.asked(scenarios)

    def keep(self, task: Task, outcome: Outcome) -> None:
        """Write what a task gave, safe from whatever comes. Raises ResultsError."""
        with self._written():
            store.put(self._database, task.scenario.name, task.replication, outcome)

    def asked(self, scenarios: Sequence[Scenario]) -> None:
        """Write what the study is now, in place of what it was."""
        self.scenarios = scenarios
        self.failed(())
        with told(self.folder):
            store.write_scenarios(self.folder, scenarios)

    def failed(self, failures: Sequence[str]) -> None:
        """Write which replications ended in an error, in place of those before."""
        with self._written():
            store.put_header(
                self._database, self.scenarios, self._provenance, paired=self._paired,
                failures=failures,
            )  # fmt: skip

    def state(self) -> str:
        """How much is kept, for who stops here."""
        (there,) = self._database.execute("SELECT count(*) FROM replications").fetchone()
        asked = sum(each.run.replications for each in self.scenarios)
        return (
            f"{there:,} of {asked:,} replications are kept in {self.folder}; "
            "the same command goes on from there"
        )

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            with self._database:
                yield
        except sqlite3.Error as error:
            raise ResultsError(f"{self.folder}: cannot be written: {error}") from error


@contextmanager
def keeping(
    folder: Path, scenarios: Sequence[Scenario], provenance: Mapping[str, str], *, paired: bool
) -> Iterator[Keeper]:
    """Open a folder for a study, alone. Raises ResultsError where it holds something else."""
    store.claim(folder)
    path = folder / store.FILE
    with ExitStack() as stack:
        stack.enter_context(store.alone(folder))
        with told(folder):
            if not path.exists():
                _begin(path, scenarios, provenance, paired=paired)
            database = stack.enter_context(closing(sqlite3.connect(path)))
        with intact(path):
            scenarios = _same(database, path, scenarios, provenance, paired=paired)
            known = store.replications(database, path)
        with told(folder):
            _journal(database, "WAL")  # readers see whole replications
            database.execute("PRAGMA synchronous = FULL")
        keeper = Keeper(folder, database, scenarios, known, provenance, paired=paired)
        try:
            yield keeper
        except BaseException as stop:
            stop.add_note(keeper.state())
            raise
        with suppress(sqlite3.Error):  # who reads at this moment keeps it as it is, also whole
            _journal(database, "DELETE")  # one plain file, also to copy


def _journal(database: sqlite3.Connection, mode: str) -> None:
    """Change how a file is written, when nobody reads it; SQLite itself would not wait."""
    for last in [False] * 50 + [True]:
        try:
            database.execute(f"PRAGMA journal_mode = {mode}")
        except sqlite3.OperationalError:
            if last:
                raise
            time.sleep(0.1)
        else:
            return


def _begin(
    path: Path, scenarios: Sequence[Scenario], provenance: Mapping[str, str], *, paired: bool
) -> None:
    """A new file, which is there as a whole or not at all."""
    partly = path.with_name(f".{path.name}.{os.getpid()}")
    for left in path.parent.glob(f".{path.name}.*"):
        left.unlink()
    remove(path)
    try:
        with closing(sqlite3.connect(partly)) as database, database:
            create(database)
            store.put_header(database, scenarios, provenance, paired=paired)
        partly.replace(path)
    finally:
        partly.unlink(missing_ok=True)


def _same(
    database: sqlite3.Connection, path: Path, scenarios: Sequence[Scenario],
    provenance: Mapping[str, str], *, paired: bool,
) -> list[Scenario]:  # fmt: skip
    """The scenarios to run, if the folder is theirs. Raises ResultsError, saying what differs."""
    facts, stored = store.facts(database, path), store.stored_scenarios(database, path)
    if database.execute("SELECT 1 FROM solutions").fetchall():
        now = _kind({**provenance, store.PAIRED: str(paired)})
        raise ResultsError(
            f"{path.parent}: holds another study (a goal seek then, {now} now); name another folder"
        )
    before, names = {each.name: each for each in stored}, dict.fromkeys(s.name for s in scenarios)
    kinds = list(_other_study(facts, provenance, paired=paired))
    gone = [f"without {name} now" for name in before if name not in names]
    new = [f"with {name} now" for name in names if name not in before]
    values = [said for each in scenarios for said in _changes(before.get(each.name, each), each)]
    if kinds or gone or values:
        changes = [*kinds, *gone, *new, *values]
        more = f"; and {len(changes) - MOST_TOLD} more" * (len(changes) > MOST_TOLD)
        raise ResultsError(
            f"{path.parent}: holds another study ({'; '.join(changes[:MOST_TOLD])}{more}); "
            "name another folder, or remove this one"
        )
    most = max(each.run.replications for each in (*stored, *scenarios)) if paired else 0
    return [_asked(each, before.get(each.name, each), most) for each in scenarios]


def _other_study(
    facts: Mapping[str, str], provenance: Mapping[str, str], *, paired: bool
) -> Iterator[str]:
    if facts.get(store.PAIRED) != str(paired) or facts.get(STUDY) != provenance.get(STUDY):
        then, now = _kind(facts), _kind({**provenance, store.PAIRED: str(paired)})
        yield f"{then} then, {now} now"
    yield from changed(facts, provenance)


def _kind(facts: Mapping[str, str]) -> str:
    """What kind of study it is, in words."""
    usual = "a comparison" if facts.get(store.PAIRED) == str(True) else "single runs"
    return KINDS.get(facts.get(STUDY, ""), usual)


def _asked(scenario: Scenario, before: Scenario, most: int) -> Scenario:
    """A scenario with the greatest number of replications that it was ever asked for."""
    number = max(scenario.run.replications, before.run.replications, most)
    return scenario.with_changes({"run.replications": number})


def _changes(before: Scenario, now: Scenario) -> Iterator[str]:
    """What differs between two scenarios, of that which determines the simulation."""
    if before.key == now.key:
        return
    then, here = _flat(before.to_data()), _flat(now.to_data())
    unlike = [path for path in dict.fromkeys((*then, *here)) if then.get(path) != here.get(path)]
    told = [path for path in unlike if not path.startswith(_NEUTRAL)]
    if not told:
        yield f"{now.name}: the order of stages, directions, classes or phases"
    for path in told:
        one, other = then.get(path, "nothing"), here.get(path, "nothing")
        yield f"{now.name}: {path}: {one} then, {other} now"


_NEUTRAL = ("title", "assumptions.", "run.replications", "run.confidence")


def _flat(table: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{path}{key}.")
        else:
            found[path + key] = value
    return found
