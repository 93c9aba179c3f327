"""Distributions as a scenario says them: what they are, not how they are drawn.

| written as                              | means                                              |
|-----------------------------------------|----------------------------------------------------|
| `12`                                    | always 12                                          |
| `[13, 18]`                              | PERT between two quoted figures, mode at the middle |
| `{ pert = [low, mode, high] }`          | PERT, the beta distribution of project planning     |
| `{ uniform = [low, high] }`             | uniform                                            |
| `{ triangular = [low, mode, high] }`    | triangular                                         |
| `{ lognormal = { median, p95 } }`       | lognormal by its median and 95th percentile         |
| `{ gamma = { mean, sd } }`              | gamma by mean and standard deviation                |
| `{ exponential = mean }`                | exponential                                        |
| `{ empirical = [ … ] }`                 | one of the listed values, each as likely            |

Values are never negative: they are days or dollars a day.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, time
from typing import Any, ClassVar, Self

NORMAL_P95 = 1.6448536269514722
"""The 95th percentile of the standard normal distribution."""

LARGEST = 1e12
"""Nothing in a scenario may be larger: arithmetic stays finite."""


@dataclass(frozen=True)
class Distribution(ABC):
    """What all distributions share; `low` and `high` bound them (`high` may be infinite)."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def mean(self) -> float:
        """The expected value."""

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value that can come."""
        return 0.0, math.inf

    def scaled(self, factor: float) -> Self:
        """The distribution of `factor` times the value: every parameter is a scale."""
        return replace(
            self,
            **{f.name: _times(getattr(self, f.name), factor) for f in fields(self)},
        )

    def to_data(self) -> Any:
        """The value that a scenario file holds for this distribution."""
        return {self.kind: [getattr(self, f.name) for f in fields(self)]}


def _times(value: float | tuple[float, ...], factor: float) -> float | tuple[float, ...]:
    return tuple(v * factor for v in value) if isinstance(value, tuple) else value * factor


@dataclass(frozen=True)
class Fixed(Distribution):
    """Always the same value."""

    kind = "fixed"
    value: float

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    @property
    def bounds(self) -> tuple[float, float]:
        """The value, twice."""
        return self.value, self.value

    def to_data(self) -> float:
        """A bare number."""
        return self.value


@dataclass(frozen=True)
class Pert(Distribution):
    """PERT with shape 4 (Malcolm et al. 1959): mean `(low + 4 mode + high) / 6`."""

    kind = "pert"
    low: float
    mode: float
    high: float

    @property
    def mean(self) -> float:
        """`(low + 4 mode + high) / 6`."""
        return (self.low + 4 * self.mode + self.high) / 6

    @property
    def bounds(self) -> tuple[float, float]:
        """The quoted figures."""
        return self.low, self.high

    def to_data(self) -> Any:
        """`[low, high]` where the mode is at the middle."""
        if self.mode == (self.low + self.high) / 2:
            return [self.low, self.high]
        return super().to_data()


@dataclass(frozen=True)
class Uniform(Distribution):
    """Every value between the bounds as likely."""

    kind = "uniform"
    low: float
    high: float

    @property
    def mean(self) -> float:
        """The middle."""
        return (self.low + self.high) / 2

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds."""
        return self.low, self.high


@dataclass(frozen=True)
class Triangular(Distribution):
    """A triangle over the bounds with its top at the mode."""

    kind = "triangular"
    low: float
    mode: float
    high: float

    @property
    def mean(self) -> float:
        """`(low + mode + high) / 3`."""
        return (self.low + self.mode + self.high) / 3

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds."""
        return self.low, self.high


@dataclass(frozen=True)
class Lognormal(Distribution):
    """The exponential of a normal value."""

    kind = "lognormal"
    median: float
    p95: float

    @property
    def sigma(self) -> float:
        """The standard deviation of the logarithm: `ln(p95 / median) / z(0.95)`."""
        return math.log(self.p95 / self.median) / NORMAL_P95

    @property
    def mean(self) -> float:
        """`median · exp(sigma² / 2)`."""
        return self.median * math.exp(self.sigma**2 / 2)

    def to_data(self) -> Any:
        """A table of its two figures."""
        return {self.kind: {"median": self.median, "p95": self.p95}}


@dataclass(frozen=True)
class Gamma(Distribution):
    """Gamma with shape `(mean / sd)²`."""

    kind = "gamma"
    mean_: float
    sd: float

    @property
    def mean(self) -> float:
        """As given."""
        return self.mean_

    def to_data(self) -> Any:
        """A table of its two figures."""
        return {self.kind: {"mean": self.mean_, "sd": self.sd}}


@dataclass(frozen=True)
class Exponential(Distribution):
    """Without memory."""

    kind = "exponential"
    mean_: float

    @property
    def mean(self) -> float:
        """As given."""
        return self.mean_

    def to_data(self) -> Any:
        """The mean."""
        return {self.kind: self.mean_}


@dataclass(frozen=True)
class Empirical(Distribution):
    """One of the values that were seen."""

    kind = "empirical"
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of the values."""
        return math.fsum(self.values) / len(self.values)

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest of the values."""
        return min(self.values), max(self.values)

    def to_data(self) -> Any:
        """The list of values."""
        return {self.kind: list(self.values)}


def parse(data: object) -> Distribution:
    """The distribution that a scenario's value means.

    Raises ValueError with the rule that is broken and what was got.
    """
    if isinstance(data, Distribution):
        return data
    if isinstance(data, list | tuple):
        low, high = _ordered(data, 2, "two figures [low, high]")
        return Pert(low, (low + high) / 2, high)
    if isinstance(data, Mapping):
        return _parse_table(data)
    return Fixed(number(data))


def _parse_table(data: Mapping[str, object]) -> Distribution:
    if len(data) != 1 or next(iter(data)) not in KINDS:
        raise ValueError(
            f"must be a number, [low, high], or one of {', '.join(KINDS)} (got {show(dict(data))})"
        )
    kind, value = next(iter(data.items()))
    return KINDS[kind](value)


def _pert(value: object) -> Distribution:
    return Pert(*_ordered(value, 3, "pert = [low, mode, high]"))


def _uniform(value: object) -> Distribution:
    return Uniform(*_ordered(value, 2, "uniform = [low, high]"))


def _triangular(value: object) -> Distribution:
    return Triangular(*_ordered(value, 3, "triangular = [low, mode, high]"))


def _lognormal(value: object) -> Distribution:
    median, p95 = _table(value, "median", "p95", "lognormal")
    if not 0 < median <= p95:
        raise ValueError(f"lognormal needs 0 < median <= p95 (got {show(value)})")
    return Lognormal(median, p95)


def _gamma(value: object) -> Distribution:
    mean, sd = _table(value, "mean", "sd", "gamma")
    if mean == 0 and sd > 0:
        raise ValueError(f"gamma needs a mean above 0 (got {show(value)})")
    return Gamma(mean, sd)


def _exponential(value: object) -> Distribution:
    return Exponential(number(value))


def _empirical(value: object) -> Distribution:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"empirical needs a list of at least one number (got {show(value)})")
    return Empirical(tuple(number(v) for v in value))


KINDS: dict[str, Callable[[object], Distribution]] = {
    "pert": _pert,
    "uniform": _uniform,
    "triangular": _triangular,
    "lognormal": _lognormal,
    "gamma": _gamma,
    "exponential": _exponential,
    "empirical": _empirical,
}


def number(value: object) -> float:
    """A finite number that is not negative; a boolean is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number (got {show(value)})")
    if not 0 <= value <= LARGEST:
        raise ValueError(f"must be between 0 and {LARGEST:g} (got {show(value)})")
    return float(value)


def _ordered(value: object, count: int, form: str) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise ValueError(f"must be {form} (got {show(value)})")
    numbers = tuple(number(v) for v in value)
    if list(numbers) != sorted(numbers):
        raise ValueError(f"must rise: {form} (got {show(value)})")
    return numbers


def _table(value: object, first: str, second: str, kind: str) -> tuple[float, float]:
    if not isinstance(value, Mapping) or set(value) != {first, second}:
        raise ValueError(f"{kind} needs {{ {first}, {second} }} (got {show(value)})")
    return number(value[first]), number(value[second])


def show(value: object) -> str:
    """What was got, as TOML would write it and short enough for one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 256:  # Python refuses to print huge ones
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, date | time):
        return value.isoformat()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
