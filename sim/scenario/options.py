"""What the options of the command line say: PATH=VALUE, PATH=A:B:STEP, METRIC=NUMBER, LOW:HIGH."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sim.errors import Fault, ScenarioError
from sim.scenario.changes import Change
from sim.scenario.distributions import show
from sim.scenario.files import value_of

MOST_VALUES = 100_000


def setting(text: str) -> Change:
    """What `--set PATH=VALUE` asks for; VALUE may be a bare word. Raises ScenarioError."""
    path, written = _parted("--set", text, "PATH=VALUE")
    try:
        return Change(path, value_of(written), "--set")
    except ValueError:
        rule = f"the value is neither TOML nor a word (got {show(written)})"
        raise _refused("--set", path, rule) from None


def varying(text: str) -> tuple[str, list[Any]]:
    """The path and the values of `--vary`: A:B:STEP, B included, or a,b,c. Raises ScenarioError."""
    path, written = _parted("--vary", text, "PATH=A:B:STEP or PATH=a,b,c")
    if re.fullmatch(r"[^\[\]{}\"',]+:[^\[\]{}\"',]+", written):
        return path, _stepped(path, written)
    try:
        return path, list(value_of(f"[{written}]"))
    except ValueError:
        pass  # bare words stand for themselves
    try:
        return path, [value_of(each.strip()) for each in written.split(",")]
    except ValueError:
        rule = f"must be A:B:STEP or values with commas (got {show(written)})"
        raise _refused("--vary", path, rule) from None


def varyings(texts: Sequence[str]) -> dict[str, list[Any]]:
    """The values by path of several `--vary`. Raises ScenarioError."""
    found: dict[str, list[Any]] = {}
    for text in texts:
        path, values = varying(text)
        if path in found:
            raise _refused("--vary", path, "is said twice: say it once")
        found[path] = values
    return found


def unset(paths: Iterable[str], settings: Sequence[str]) -> None:
    """Raise ScenarioError where `--set` fixes what is to be varied."""
    fixed = {setting(text).path for text in settings}
    if both := sorted(fixed.intersection(paths)):
        raise _refused("--vary", both[0], "is fixed by --set: say one of the two")


def _stepped(path: str, written: str) -> list[int | float]:
    """A, A + STEP, … up to B; whole numbers where all three are."""
    try:
        first, last, step = map(_decimal, written.split(":"))
    except ValueError:
        raise _refused("--vary", path, f"must be A:B:STEP (got {show(written)})") from None
    if step == 0 or (last - first) / step < 0:
        raise _refused("--vary", path, f"STEP does not lead from A to B (got {show(written)})")
    if (last - first) / step > MOST_VALUES:
        raise _refused("--vary", path, f"is more than {MOST_VALUES:,} values")
    values = [first + n * step for n in range(int((last - first) / step) + 1)]
    whole = not any(character in written for character in ".eE")
    return [int(value) if whole else float(value) for value in values]


def target(text: str) -> dict[str, float]:
    """The metric and the value of `--target METRIC=NUMBER`. Raises ScenarioError."""
    metric, written = _parted("--target", text, "METRIC=NUMBER, such as rail.share=0.05")
    try:
        return {metric: float(_decimal(written))}
    except ValueError:
        raise _refused("--target", metric, f"must be a number (got {show(written)})") from None


def bounds(text: str) -> tuple[float, float]:
    """The bounds that `--within LOW:HIGH` sets. Raises ScenarioError."""
    try:
        low, high = map(_decimal, text.split(":"))
    except ValueError:
        raise _refused("--within", "", f"must be LOW:HIGH (got {show(text)})") from None
    return float(low), float(high)


def _decimal(written: str) -> Decimal:
    """A finite decimal number, underscores allowed as in a file. Raises ValueError."""
    try:
        number = Decimal(written.strip())
    except InvalidOperation:
        raise ValueError(written) from None
    if not number.is_finite() or abs(number.adjusted()) > 300:
        raise ValueError(written)
    return number


def _parted(option: str, text: str, form: str) -> tuple[str, str]:
    left, equals, right = (part.strip() for part in text.partition("="))
    if not (left and equals and right):
        raise _refused(option, show(text), f"must be {form}")
    return left, right


def _refused(option: str, path: str, message: str) -> ScenarioError:
    return ScenarioError((Fault(option, 0, 0, path, message),))
