"""The kinds of value that scenario fields hold, with their bounds stated once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator

from sim.errors import legible
from sim.scenario.distributions import LARGEST, Distribution, number, parse, show

DAYS_A_YEAR = 365.0
"""A year in a rate."""

MOST = 100
"""Routes of a scenario, stages of a route."""

_V = TypeVar("_V")


class Model(BaseModel):
    """Strict, frozen and closed: no coercion, no change, no unknown key."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True
    )


class Named(dict[str, _V]):
    """A frozen table of named things, in the order of the file."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a scenario is frozen: use with_changes")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __eq__(self, other: object) -> bool:  # the order of stages is part of a route
        return isinstance(other, dict) and list(self.items()) == list(other.items())

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Named, (dict(self),)


def _printable(text: str) -> str:
    if "\n" in text or legible(text) != text:
        raise ValueError(f"must not hold line breaks or control characters (got {text!r:.60})")
    return text


def parse_speed(value: object) -> Distribution:
    """Kilometres a day: a number or [slow, fast]. Raises ValueError with what was got."""
    speed = parse(value)
    if speed.kind not in ("fixed", "pert") or speed.bounds[0] <= 0:
        raise ValueError(f"must be a number or [slow, fast], above 0 (got {show(value)})")
    return speed


def parse_wait(value: object) -> float:
    """Days of a wait; "unlimited" is infinite. Raises ValueError with what was got."""
    if value == "unlimited":
        return math.inf
    if isinstance(value, str):
        raise ValueError(f'must be a number of days or "unlimited" (got {value!r:.60})')
    return number(value)


Table = Annotated[Mapping[str, _V], AfterValidator(Named)]
Positive = Annotated[float, Field(gt=0, le=LARGEST)]
NonNegative = Annotated[float, Field(ge=0, le=LARGEST)]
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Share = Annotated[float, Field(ge=0, le=LARGEST)]
Count = Annotated[int, Field(ge=1, le=10**9)]
Text = Annotated[str, Field(max_length=1000), AfterValidator(_printable)]
Word = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_printable)]
"""A name of something in the scenario, whose being there is checked elsewhere."""
Wait = Annotated[
    float,
    PlainValidator(parse_wait),
    PlainSerializer(lambda days: "unlimited" if math.isinf(days) else days),
]
"""Days, or "unlimited", which is infinite."""
Varying = Annotated[Distribution, PlainValidator(parse), PlainSerializer(Distribution.to_data)]
"""A distribution, written as a number, a range or a table."""
Speed = Annotated[Distribution, PlainValidator(parse_speed), PlainSerializer(Distribution.to_data)]
"""Kilometres a day, a number or [slow, fast]."""
