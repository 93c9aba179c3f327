"""Results folders to damage, and checksums made anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from corridors import SMALL, loaded

import sim
from sim.experiments import store
from sim.experiments.solve import frontier

KINDS: Final = ("pair", "sweep", "goal", "ranges")


def kept_folders(here: Path) -> dict[str, Path]:
    """A comparison, a sweep, a goal seek and a sensitivity study, of two replications each."""
    base = loaded(here, f'title = "Small"\n{SMALL}')
    more = base.with_changes({"routes.rail.freight_usd": 900}, name="more")
    how: Any = {"replications": 2, "jobs": 1}
    sim.compare([base, more], out=here / "pair", **how)
    places = "routes.rail.stages.trains.annual_capacity"
    sim.sweep(base, {places: [4_000, 8_000, 12_000]}, out=here / "sweep", **how)
    found = frontier(
        base, target={"rail.share": 0.3}, by=places, vary={"routes.rail.freight_usd": [1, 2]}, **how
    )
    store.save(found, here / "goal")
    ledger = '[assumptions]\n"routes.rail.stages.line.days" = { quality = "assumed", source = "x"'
    about = loaded(here, f"{SMALL}{ledger}, range = [12, 20] }}\n", "ledger")
    sim.sensitivity(about, metric="rail.share", samples=2, out=here / "ranges", **how)
    return {name: here / name for name in KINDS}


def seal(database: sqlite3.Connection) -> None:
    """Make all checksums anew."""
    try:
        every = database.execute("SELECT scenario, replication FROM replications").fetchall()
        for key in every:
            where = "WHERE scenario = ? AND replication = ?"
            rows = [
                row
                for table in ("rows", "daily")
                for row in database.execute(f"SELECT * FROM {table} {where}", key)
            ]
            digest = store._digest(rows)
            database.execute(f"UPDATE replications SET sha256 = ? {where}", (digest, *key))
        header = store._header(database)
        database.execute("UPDATE provenance SET value = ? WHERE name = ?", (header, store.DIGEST))
    except sqlite3.OperationalError:  # a table is gone
        return
