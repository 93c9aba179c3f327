"""Where scenario files are written: first ones for people, resolved ones beside results."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from sim.errors import ResultsError, UsageError
from sim.scenario.distributions import is_number
from sim.scenario.files import bundled, checked_name, load_scenario
from sim.scenario.model import Scenario
from sim.scenario.schema import did_you_mean

SCHEMA_FILE = "scenario.schema.json"
SCHEMA_LINE = f"#:schema ./{SCHEMA_FILE}\n"
"""By this first line editors find the schema that stands beside a scenario."""


def write_first(file: Path, origin: str | None = None) -> tuple[Path, Path]:
    """Write a scenario to start from, with the JSON Schema beside it, and return both paths.

    `origin` is a bundled scenario, written with all that it extends; without it, a small example.
    The file's name gets ".toml" where it lacks it. Raises UsageError where something would be
    overwritten, or a name is none; ResultsError where nothing can be written.
    """
    from sim.scenario.editors import schema_text

    example = Path(__file__).with_name("first.toml")
    text = example.read_text(encoding="utf-8") if origin is None else _merged(origin)
    path = _free(file)
    beside = path.with_name(SCHEMA_FILE)
    is_new = _may_write_schema(beside)
    try:
        write_whole(beside, schema_text().encode())
        write_whole(path, f"{SCHEMA_LINE}{text}".encode())
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        if is_new and not os.path.lexists(path):
            beside.unlink(missing_ok=True)
    return path, beside


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is never seen half-written."""
    partly = path.with_name(f".{path.name}.{os.getpid()}")
    partly.unlink(missing_ok=True)  # it may lead elsewhere
    try:
        with partly.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partly.replace(path)
    finally:
        partly.unlink(missing_ok=True)


def _free(file: Path) -> Path:
    """The path of a scenario that is not there yet. Raises UsageError, ResultsError."""
    is_whole = file.suffix == ".toml" or not file.name
    path = file if is_whole else file.with_name(f"{file.name}.toml")
    for each in (file, path):
        if os.path.lexists(each):
            there = "is a folder" if each.is_dir() else "is there already"
            raise UsageError(f"{each}: {there}, and init overwrites nothing: choose another name")
    checked_name(path.stem)
    if not path.parent.is_dir():
        raise ResultsError(f"{path}: there is no folder {path.parent}: make it first")
    return path


def _may_write_schema(path: Path) -> bool:
    """Whether there is no schema yet. Raises UsageError where there is one that is not ours."""
    from sim.scenario.editors import SCHEMA_ID

    if not os.path.lexists(path):
        return True
    try:
        ours = path.is_file() and json.loads(path.read_bytes())["$id"] == SCHEMA_ID
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        ours = False
    if not ours:
        raise UsageError(f"{path}: was not written by transsib: choose another folder")
    return False


def _merged(name: str) -> str:
    """A bundled scenario with all that it extends, and what its file says of it."""
    if name not in bundled():
        hint = did_you_mean(name, bundled())
        raise UsageError(f"--from: no bundled scenario {name!r:.60}{hint}")
    lines = bundled()[name].read_text(encoding="utf-8").removeprefix(SCHEMA_LINE).splitlines()
    header = [
        *takewhile(lambda line: line.startswith("#"), lines),
        f"# This is the bundled scenario {name} with all that it extends. Where a figure changes,",
        "# change what stands behind it in [assumptions], too.",
    ]
    return "\n".join([*header, to_toml(load_scenario(name), explained=True)])


def to_toml(scenario: Scenario, *, explained: bool = False) -> str:
    """The text of a file that means the scenario, nothing inherited; sections may be explained."""
    import tomlkit

    document = tomlkit.document()
    for key, value in scenario.to_data().items():
        if value == {}:
            continue
        meaning = Scenario.model_fields[key].description
        if explained and meaning and isinstance(value, Mapping):
            document.add(tomlkit.nl())
            document.add(tomlkit.comment(f"{meaning}."))
        document[key] = _item(value, (key,))
    return re.sub(r"^(#.*\n)\n", r"\1", tomlkit.dumps(document), flags=re.MULTILINE)


def _item(value: Any, path: tuple[str, ...]) -> Any:
    """Sections as tables, a stage or a distribution as an inline table, numbers for people."""
    import tomlkit

    if isinstance(value, list | tuple):
        array = tomlkit.array()
        array.extend(_item(inner, path) for inner in value)
        return array
    if not isinstance(value, Mapping):
        # A phase's value has no type yet: 9.0 would come back as 9, another value to `key`.
        for_people = is_number(value) and not (path[0] == "phases" and isinstance(value, float))
        return tomlkit.value(_digits(value, path[-1])) if for_people else value
    table = tomlkit.inline_table() if _on_a_line(path) else tomlkit.table()
    for key, inner in value.items():
        if path[0] != "places" or inner not in ("", ()):  # what is not known of a place
            table[key] = _item(inner, (*path, key))
    return table


def _on_a_line(path: tuple[str, ...]) -> bool:
    """Whether a table is written inline."""
    if path[:2] == ("demand", "classes"):
        return len(path) > 3
    return len(path) > _DEPTHS.get(path[0], len(path))


def _digits(value: float, key: str) -> str:
    """A whole number without its ".0" and in groups of three, unless it is a label."""
    if key in _LABELS or not float(value).is_integer() or str(value) == "-0.0":
        return str(value)
    return f"{int(value):_}"


_DEPTHS = {"demand": 1, "choice": 1, "places": 1, "facilities": 1, "routes": 3, "phases": 3}
"""How deep in a section tables have lines of their own: those of a stage, a place, a distribution
or of shares stand on one."""

_LABELS = ("seed", "price_year", "gauge_mm")
