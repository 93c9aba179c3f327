"""Small corridors for tests, read by the shipped loader from the text of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import sim

SMALL = """
[run]
warmup_days = 60
days = 60
replications = 3

[demand]
containers_per_year = 20_000

[routes.sea.stages]
sailing = { kind = "departures", vehicle = "ship", every_days = 1, capacity = 200 }
voyage = { kind = "transit", days = [30, 40] }

[routes.rail]
max_wait_days = 3
promise_days = 18

[routes.rail.stages]
trains = { kind = "departures", vehicle = "train", annual_capacity = 8_000, capacity = 10 }
line = { kind = "transit", days = [13, 18] }

[choice]
rule = "fastest"
"""
"""A corridor like the bundled ones at a fiftieth of the flow."""


def written(folder: Path, text: str, name: str = "small") -> Path:
    """A scenario file with this text."""
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, said: str | dict[str, Any] = SMALL, name: str = "small") -> sim.Scenario:
    """The scenario of a text, or of a document."""
    text = said if isinstance(said, str) else "\n".join(map(" = ".join, _items(said)))
    return sim.load_scenario(written(folder, text, name))


def _items(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys and values in TOML, tables in braces."""
    return ((json.dumps(key), _toml(value)) for key, value in document.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(map(' = '.join, _items(value)))} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def pair(folder: Path) -> list[str]:
    """The files of two scenarios of which a replication takes some hundredths of a second."""
    text = SMALL.replace("= 20_000", "= 300_000").replace("= 8_000", "= 100_000")
    assert text.count("00_000") >= 2
    more = text.replace("[routes.rail]", "[routes.rail]\nfreight_usd = 900", 1)
    return [str(written(folder, text, "one")), str(written(folder, more, "other"))]
