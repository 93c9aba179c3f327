"""Distributions as a scenario says them: what they are, not how they are drawn.

| written as                             | means                                                |
|----------------------------------------|------------------------------------------------------|
| `12`                                   | always 12                                            |
| `[13, 18]`                             | PERT between two quoted figures, mode at the middle  |
| `{ pert = [low, mode, high] }`         | PERT of shape 4 (Malcolm et al. 1959)                |
| `{ uniform = [low, high] }`            | uniform                                              |
| `{ triangular = [low, mode, high] }`   | triangular                                           |
| `{ lognormal = { median, p95 } }`      | lognormal by its median and 95th percentile          |
| `{ gamma = { mean, sd } }`             | gamma by its mean and standard deviation             |
| `{ exponential = mean }`               | exponential                                          |
| `{ empirical = [ … ] }`                | one of the listed values, each as likely             |

Values are never negative: they are days or dollars a day. All parameters are scales, so a
distribution of `f` times the value has `f` times the parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from numbers import Integral
from typing import Any, Literal, TypeGuard

from sim.errors import UsageError

NORMAL_P95 = 1.6448536269514722
"""The 95th percentile of the standard normal distribution."""

LARGEST = 1e12
"""Nothing in a scenario may be larger: arithmetic stays finite."""

WIDEST = 1e6
"""The most that a deviation and a mean differ by: beyond, figures overflow or lose all digits."""

MOST_BITS = 256
"""Whole numbers (seeds) may be larger than that, up to here: Python refuses to print huge ones."""


@dataclass(frozen=True)
class Form:
    """A kind of distribution: its parameters, how they are written, its mean and its bounds."""

    parameters: tuple[str, ...]
    written: Literal["number", "list", "table"]
    mean: Callable[..., float]
    bounds: Callable[..., tuple[float, float]] = lambda *_: (0.0, math.inf)


def lognormal_sigma(median: float, p95: float) -> float:
    """The standard deviation of the logarithm: `ln(p95 / median) / z(0.95)`."""
    return math.log(p95 / median) / NORMAL_P95


def _lognormal_mean(median: float, p95: float) -> float:
    return median * math.exp(lognormal_sigma(median, p95) ** 2 / 2)


def _ends(*numbers: float) -> tuple[float, float]:
    return min(numbers), max(numbers)


LOW_HIGH, LOW_MODE_HIGH = ("low", "high"), ("low", "mode", "high")

FORMS: dict[str, Form] = {
    "fixed": Form(("value",), "number", lambda value: value, _ends),
    "pert": Form(LOW_MODE_HIGH, "list", lambda low, mode, high: (low + 4 * mode + high) / 6, _ends),
    "uniform": Form(LOW_HIGH, "list", lambda low, high: (low + high) / 2, _ends),
    "triangular": Form(LOW_MODE_HIGH, "list", lambda *numbers: math.fsum(numbers) / 3, _ends),
    "lognormal": Form(("median", "p95"), "table", _lognormal_mean),
    "gamma": Form(("mean", "sd"), "table", lambda mean, sd: mean),  # noqa: ARG005
    "exponential": Form(("mean",), "number", lambda mean: mean),
    "empirical": Form((), "list", lambda *values: math.fsum(values) / len(values), _ends),
}

TABLES = tuple(kind for kind in FORMS if kind != "fixed")
"""The kinds that are written with their name."""


@dataclass(frozen=True)
class Distribution:
    """A kind of distribution with its parameters."""

    kind: str
    numbers: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The expected value."""
        return FORMS[self.kind].mean(*self.numbers)

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value that can come; the second may be infinite."""
        return FORMS[self.kind].bounds(*self.numbers)

    def scaled(self, factor: float) -> Distribution:
        """The distribution of `factor` times the value."""
        return Distribution(self.kind, tuple(number * factor for number in self.numbers))

    def to_data(self) -> Any:
        """The value that a scenario file holds for this distribution."""
        if self.kind == "fixed":
            return self.numbers[0]
        if self.kind == "pert" and self.numbers[1] == (self.numbers[0] + self.numbers[2]) / 2:
            return [self.numbers[0], self.numbers[2]]
        form = FORMS[self.kind]
        if form.written == "table":
            return {self.kind: dict(zip(form.parameters, self.numbers, strict=True))}
        return {self.kind: self.numbers[0] if form.written == "number" else list(self.numbers)}


def fixed(value: float) -> Distribution:
    """Always the same value."""
    return Distribution("fixed", (value,))


def pert(low: float, high: float) -> Distribution:
    """What two quoted figures mean."""
    return Distribution("pert", (low, (low + high) / 2, high))


def parse(data: object) -> Distribution:
    """The distribution that a scenario's value means.

    Raises ValueError with the rule that is broken and what was got.
    """
    if isinstance(data, Distribution):
        return data
    if isinstance(data, list | tuple):
        return pert(*_rising(data, 2, "two figures [low, high]"))
    if not isinstance(data, Mapping):
        return fixed(number(data))
    if len(data) != 1 or next(iter(data)) not in TABLES:
        raise ValueError(
            f"must be a number, [low, high], or one of {', '.join(TABLES)} (got {show(dict(data))})"
        )
    kind, value = next(iter(data.items()))
    return Distribution(kind, _numbers(kind, value))


def _numbers(kind: str, value: object) -> tuple[float, ...]:
    """The parameters of a kind. Raises ValueError."""
    form = FORMS[kind]
    if form.written == "number":
        return (number(value),)
    if form.written == "list" and form.parameters:
        return _rising(value, len(form.parameters), f"{kind} = [{', '.join(form.parameters)}]")
    if form.written == "list":
        if not isinstance(value, list | tuple) or not value:
            raise ValueError(f"{kind} needs a list of at least one number (got {show(value)})")
        return tuple(map(number, value))
    if not isinstance(value, Mapping) or set(value) != set(form.parameters):
        raise ValueError(f"{kind} needs {{ {', '.join(form.parameters)} }} (got {show(value)})")
    first, second = (number(value[parameter]) for parameter in form.parameters)
    if kind == "lognormal" and not 0 < first <= second <= WIDEST * first:
        raise ValueError(
            f"lognormal needs 0 < median <= p95 <= {WIDEST:g} medians (got {show(value)})"
        )
    if kind == "gamma" and second and not first / WIDEST <= second <= WIDEST * first:
        raise ValueError(
            f"gamma needs sd = 0 or within {WIDEST:g} times the mean (got {show(value)})"
        )
    return first, second


def number(value: object) -> float:
    """A finite number that is not negative; a boolean is no number. Raises ValueError."""
    if not is_number(value):
        raise ValueError(f"must be a number (got {show(value)})")
    if not 0 <= value <= LARGEST:
        raise ValueError(f"must be between 0 and {LARGEST:g} (got {show(value)})")
    return float(value)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value in a file is a number; a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rising(value: object, count: int, form: str) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise ValueError(f"must be {form} (got {show(value)})")
    numbers = tuple(map(number, value))
    if list(numbers) != sorted(numbers):
        raise ValueError(f"must rise: {form} (got {show(value)})")
    return numbers


def whole(said: str, value: object, least: int) -> int:
    """A whole number, of Python or numpy, that somebody gave. Raises UsageError."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise UsageError(f"{said}: must be a whole number, at least {least} (got {value!r:.60})")
    return int(value)


def show(value: object) -> str:
    """What was got, as TOML would write it and short enough for one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, date | time):
        return value.isoformat()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
