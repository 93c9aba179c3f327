"""What is wrong with the dates of a scenario: they stand in the run, which says when it starts.

Reads plain data; what is no date at all is told elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from typing import Any

from sim.errors import Fault
from sim.scenario.changes import Draft
from sim.scenario.distributions import LARGEST, is_number
from sim.scenario.model import Run
from sim.scenario.schema import table_at

DATED = ("phases", "disruptions")
"""Sections whose tables may say from when on."""

NO_START = (
    "is required where anything has a date: the first day of the measured window, by which days "
    "have dates"
)


def dates(draft: Draft) -> Iterator[Fault]:
    """Dates outside the run, or without a start to count them from."""
    run = table_at(draft.data, "run")
    for section in DATED:
        for name in table_at(draft.data, section):
            moment = table_at(draft.data, section, name).get("from")
            if type(moment) is not date:
                continue
            if "start" not in run:
                yield draft.fault(("run", "start"), NO_START)
                return
            first, last = _window(run)
            if not first <= moment <= last:
                rule = f"is outside the run, which goes from {first} to {last}, warm-up included"
                yield draft.fault((section, name, "from"), f"{rule} (got {moment})")


def _window(run: dict[str, Any]) -> tuple[date, date]:
    """The first and the last day of a run; of all time where its figures are none."""
    start, lengths = run["start"], _lengths(run)
    if type(start) is not date or not lengths:
        return date.min, date.max
    warmup, days = lengths
    first = max(start.toordinal() - math.floor(warmup), date.min.toordinal())
    last = min(start.toordinal() + math.ceil(days) - 1, date.max.toordinal())
    return date.fromordinal(first), date.fromordinal(last)


def horizon(draft: Draft) -> float:
    """The days that a run takes, warm-up included; none where its figures are none."""
    return sum(_lengths(table_at(draft.data, "run")))


def _lengths(run: dict[str, Any]) -> list[float]:
    """The days of the warm-up and of the measured window; nothing where one is none."""
    defaults = Run()
    lengths = [run.get(key, getattr(defaults, key)) for key in ("warmup_days", "days")]
    return lengths if all(is_number(each) and 0 <= each <= LARGEST for each in lengths) else []
