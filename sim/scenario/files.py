"""Where scenario files are read."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.errors import Fault, ScenarioError, UsageError
from sim.scenario.changes import Change, Draft, Place, merged, with_change
from sim.scenario.distributions import MOST_BITS, show
from sim.scenario.model import Scenario
from sim.scenario.positions import positions
from sim.scenario.schema import did_you_mean
from sim.scenario.validate import validated

LARGEST_FILE = 1_000_000
DEEPEST = 32
"""Tables in tables, of which a scenario needs six, and files that extend files."""

MOST_PARTS = 120_000
"""Signs that begin a key, a table or a value: what is made of each is a hundred times as large."""

TOO_DEEP = f"is nested more than {DEEPEST} deep: no scenario is"
TOO_LONG = f"holds a whole number of more than {MOST_BITS} bits: no scenario does"


def load_scenario(
    source: str | os.PathLike[str],
    changes: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
) -> Scenario:
    """The scenario of a file, or of a bundled name like "link-200k".

    `changes` are applied over the file before it is validated, as `--set` does. Raises
    ScenarioError with every fault, each as FILE:LINE:COLUMN.
    """
    said = [Change(path, value, "changes") for path, value in _paths(changes or {})]
    return load_with_notes(source, said, name=name)[0]


def load_with_notes(
    source: str | os.PathLike[str], changes: Sequence[Change], *, name: str | None = None
) -> tuple[Scenario, tuple[str, ...]]:
    """The scenario, and what deserves a warning about how it was written."""
    path = Path(source)
    if not os.path.lexists(path):
        path = bundled().get(str(source), path)
    draft = _read(path, str(source), (), path.parent.resolve())
    paths = [change.path for change in changes]
    twice = [change for n, change in enumerate(changes) if change.path in paths[:n]]
    faults = tuple(Fault(c.said, 0, 0, c.path, "is said twice: say it once") for c in twice)
    for change in changes:
        draft = with_change(draft, change.path, change.value, said=change.said)
    notes = tuple(
        f"{path}: changed without restating its assumption in [assumptions]" for path in draft.stale
    )
    draft = replace(draft, faults=draft.faults + faults)
    return validated(draft, checked_name(name or path.stem)), notes


def changed(
    scenario: Scenario, changes: Mapping[str, Any], *, name: str, said: str = "with_changes"
) -> Scenario:
    """A scenario with changes, validated anew; `said` is how messages call what asked for them."""
    draft = Draft(said, scenario.to_data())
    for path, value in _paths(changes):
        draft = with_change(draft, path, value, said=said)
    return validated(draft, checked_name(name))


def _paths(changes: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Paths and values. Raises UsageError for what is no table of them."""
    if isinstance(changes, Mapping) and all(isinstance(path, str) for path in changes):
        return changes.items()
    raise UsageError(f'changes are values by path, {{"run.days": 60}} (got {changes!r:.60})')


def checked_name(name: str) -> str:
    """The name, where a file can be called so. Raises UsageError."""
    if not (
        isinstance(name, str) and name.isprintable() and re.fullmatch(r"[^./\\][^/\\]{0,99}", name)
    ):
        raise UsageError(f"a scenario's name must be fit for a file name (got {name!r:.60})")
    return name


def bundled() -> dict[str, Path]:
    """The scenarios that come with the package, by name."""
    package = Path(__file__).parents[1]
    installed = package / "scenarios"
    folder = installed if installed.is_dir() else package.parent / "scenarios"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _read(path: Path, file: str, above: tuple[Path, ...], folder: Path) -> Draft:
    """The draft of a file and of all that it extends; `above` are the files that extend it."""
    text = _text(path, file)
    if sum(map(_STRING_OR_COMMENT.sub("_", text).count, ".,=[")) > MOST_PARTS:
        raise _refused(file, f"holds more than {MOST_PARTS:,} keys and values: no scenario does")
    data = _parsed(text, file)
    places = {where: Place(file, position) for where, position in positions(text).items()}
    own = Draft(file, data, places)  # type: ignore[arg-type]
    if "extends" not in data:
        return merged(Draft(file, {}), own)
    above = (*above, path.resolve())
    base = _base(own, data.pop("extends"), path, above, folder)
    return merged(_read(base, _beside(file, base, path), above, folder), own)


def _beside(file: str, base: Path, path: Path) -> str:
    """How to call an extended file: as the extending one was called, where they are neighbours."""
    neighbours = base.parent.resolve() == path.parent.resolve() and Path(file).suffix == ".toml"
    return str(Path(file).with_name(base.name)) if neighbours else base.name


def _base(own: Draft, extends: Any, path: Path, above: tuple[Path, ...], folder: Path) -> Path:
    """The file that `extends` names: in the scenario's folder or below, or a bundled name."""

    def refuse(message: str) -> ScenarioError:
        return ScenarioError((own.fault(("extends",), message),))

    if not isinstance(extends, str) or not extends.isprintable():
        raise refuse(f"must be the name of a scenario file (got {show(extends)})")
    if extends in bundled():
        base = bundled()[extends]
    elif "://" in extends:
        raise refuse(f"must be a file beside this one, not an address (got {show(extends)})")
    else:
        base = path.parent / extends
        try:
            real, is_file, exists = base.resolve(), base.is_file(), base.exists()
        except (OSError, RuntimeError):  # a name too long, links in a circle
            raise refuse(f"cannot be found (got {show(extends)})") from None
        ours = real in {bundled_path.resolve() for bundled_path in bundled().values()}
        if not (ours or real.is_relative_to(folder)):
            raise refuse(f"must stay in the scenario's folder (got {show(extends)})")
        if exists and not is_file:
            raise refuse(f"is a directory or a device, not a file (got {show(extends)})")
        if not is_file:
            names, stem = [p.name for p in sorted(path.parent.glob("*.toml"))], Path(extends).stem
            near = [stem] if stem in bundled() else [*names, *bundled()]
            raise refuse(f"no such file: {show(extends)}{did_you_mean(extends, near)}")
    if len(above) > DEEPEST:
        raise refuse(f"goes through more than {DEEPEST} files: no scenario does")
    if sum(each.stat().st_size for each in (*above, base)) > LARGEST_FILE:
        raise refuse(f"goes through more than {LARGEST_FILE:,} bytes: no scenario does")
    if base.resolve() in above:
        circle = [p.name for p in above[above.index(base.resolve()) :]] + [base.name]
        raise refuse(f"goes in a circle: {' > '.join(circle)}")
    return base


def _text(path: Path, file: str) -> str:
    """The text of a regular UTF-8 file of at most a megabyte."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            kind = "a directory" if stat.S_ISDIR(about.st_mode) else "not a regular file"
            raise _refused(file, f"is {kind}")
        if about.st_size > LARGEST_FILE:
            raise _refused(file, f"is larger than {LARGEST_FILE:,} bytes: no scenario is")
        data = path.read_bytes()
    except FileNotFoundError:
        hint = did_you_mean(file, list(bundled()))
        raise _refused(file, f"no such file or bundled scenario{hint}") from None
    except (OSError, ValueError) as error:
        raise _refused(file, f"cannot be read: {getattr(error, 'strerror', error)}") from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _refused(file, "is UTF-16: save it as UTF-8")
    if b"\0" in data:
        raise _refused(file, "is binary, not a TOML file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        message = f"byte {data[error.start]:#x} is not UTF-8: save the file as UTF-8"
        raise ScenarioError((Fault(file, line, column, "", message),)) from None


def _refused(file: str, message: str) -> ScenarioError:
    told = file if file and file.isprintable() else repr(file)
    return ScenarioError((Fault(told, 0, 0, "", message),))


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        data = _loaded(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError((_syntax(text, file, str(error)),)) from None
    except ValueError as error:
        raise _refused(file, str(error)) from None
    if not data:
        need = "[demand] containers_per_year and [routes.NAME] with stages"
        first = "`transsib init FILE` writes a first one"
        raise _refused(file, f"is empty: a scenario needs {need}; {first}")
    return data


def _syntax(text: str, file: str, message: str) -> Fault:
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)", message)
    reason = message[: found.start()] if found else message
    if found and found[1]:
        line, column = int(found[1]), int(found[2])
    else:
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    return Fault(file, line, column, "", f"not TOML: {reason[:1].lower()}{reason[1:]}")


def value_of(written: str) -> Any:
    """What a text means as a value in a file, or as a bare word. Raises ValueError.

    What looks like a date and is none is a word.
    """
    if _WORD.fullmatch(written):
        return written
    try:
        document = _loaded(f"value = {written}")
    except ValueError:
        if _NO_DATE.fullmatch(written):
            return written  # whoever wants a date says how one is written
        raise
    if list(document) != ["value"]:
        raise ValueError("more than a value")
    return document["value"]


_WORD = re.compile(r"(?!(?:true|false|nan|inf)$)[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*")
_NO_DATE = re.compile(r"\d{4}([-./])\d\d?\1\d\d?|\d\d?([-./])\d\d?\2\d{4}")


def _loaded(text: str) -> dict[str, Any]:
    """The data of a TOML text. Raises ValueError, also for what would exhaust later code."""
    if _LONG_KEY.search(_STRING_OR_COMMENT.sub("_", text)):
        raise ValueError(TOO_DEEP)  # tomllib would take minutes
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    except ValueError:  # more digits than Python reads
        raise ValueError(TOO_LONG) from None
    for value, depth in _values(data):
        if depth > DEEPEST:
            raise ValueError(TOO_DEEP)
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise ValueError(TOO_LONG)
    return data


_STRING_OR_COMMENT = re.compile(
    r'''(?s:"""[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*(?:"{3,5}|\Z))'''
    r"""|"[^"\\\n]*(?:\\.[^"\\\n]*)*"?"""
    r"""|(?s:'''.*?(?:'{3,5}|\Z))|'[^'\n]*'?|\#[^\n]*"""
)
_LONG_KEY = re.compile(rf"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*){{{DEEPEST}}}")


def _values(data: Any) -> Iterator[tuple[Any, int]]:
    """Every value with its depth, to one level too deep, found without recursion."""
    waiting = [(data, 0)]
    while waiting:
        value, depth = waiting.pop()
        yield value, depth
        if isinstance(value, dict | list) and depth <= DEEPEST:
            inner = value.values() if isinstance(value, dict) else value
            waiting += [(v, depth + 1) for v in inner]


def load_text(text: str, name: str, file: str) -> Scenario:
    """The scenario of a text that `to_toml` made, nothing inherited."""
    return validated(merged(Draft(file, {}), Draft(file, _parsed(text, file))), checked_name(name))
