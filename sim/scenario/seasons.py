"""How demand moves over the year: twelve months, for all directions or for each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.scenario.distributions import number, show

MONTHS = 12


@dataclass(frozen=True)
class Monthly:
    """Demand of each month beside the others; only proportions count.

    by_direction: twelve figures for each direction named; "" stands for all that are not
    """

    by_direction: tuple[tuple[str, tuple[float, ...]], ...]

    def of(self, direction: str | None) -> tuple[float, ...]:
        """Factors of mean 1 for the months of one direction; all 1 where nothing is said."""
        table = dict(self.by_direction)
        figures = table.get(direction or "", table.get("", (1.0,) * MONTHS))
        mean = math.fsum(figures) / MONTHS
        return tuple(figure / mean for figure in figures)

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions that are named."""
        return tuple(name for name, _ in self.by_direction if name)

    def to_data(self) -> Any:
        """The value that a scenario file holds."""
        table = {name: list(figures) for name, figures in self.by_direction}
        return table.get("", table)


def parse_monthly(value: object) -> Monthly:
    """Twelve numbers, or a table of them by direction. Raises ValueError with what was got."""
    if isinstance(value, Monthly):
        return value
    if isinstance(value, Mapping):
        return Monthly(tuple((str(name), _twelve(figures)) for name, figures in value.items()))
    return Monthly((("", _twelve(value)),))


def _twelve(value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or len(value) != MONTHS:
        raise ValueError(
            f"must be {MONTHS} numbers, January first, or a table of them by direction "
            f"(got {show(value)})"
        )
    figures = tuple(map(number, value))
    if not any(figures):
        raise ValueError("needs a month above 0")
    return figures
