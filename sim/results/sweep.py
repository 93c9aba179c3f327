"""A sweep: a metric along what was varied, and the knee beyond which more hardly helps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

from sim.errors import UsageError
from sim.results.intervals import UNDEFINED, Interval, paired
from sim.results.metrics import ALL, METRICS, Key
from sim.results.results import SHOWN, VARIED, WORTH, Results
from sim.results.rows import about_run
from sim.scenario.model import Scenario
from sim.scenario.schema import split

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Point:
    """A scenario of a sweep, and what each path was set to in it."""

    name: str
    at: tuple[Any, ...] = field(compare=False)  # may hold tables, which have no hash


@dataclass(frozen=True)
class Knee:
    """The smallest capacity at which one more slot carries less than `worth` more container.

    points: by rising capacity, all else equal
    slots: capacity at each of them [containers a year]
    marginals: from each point to the next, containers that one more slot carries, paired by
        replication; one fewer than points
    """

    points: tuple[Point, ...]
    slots: tuple[float, ...]
    marginals: tuple[Interval, ...]
    worth: float

    @property
    def point(self) -> Point | None:
        """The first whose mean marginal is below worth; None where one more is always worth it."""
        return self._first([_below(each.mean, self.worth) for each in self.marginals])

    @property
    def low(self) -> Point | None:
        """The lower end of the interval: the first whose marginal may be below worth.

        Together with `high` it holds the knee of the true means as often as the confidence says,
        however many points there are: it begins too late only where the marginal at the true knee
        is misjudged, and ends too early only where that at the point before it is. Each of the
        two happens with half of what confidence leaves. None from one replication, and where the
        knee lies beyond all points.
        """
        return self._first([_below(each.low, self.worth) for each in self.marginals])

    @property
    def high(self) -> Point | None:
        """The upper end: from here on every marginal is surely below worth; None without an end."""
        surely = [_below(each.high, self.worth) for each in self.marginals]
        while surely and surely[-1]:
            surely.pop()
        return self.points[len(surely)] if len(surely) < len(self.marginals) else None

    def _first(self, below: Sequence[bool]) -> Point | None:
        return next(
            (point for point, is_so in zip(self.points, below, strict=False) if is_so), None
        )

    @property
    def has_interval(self) -> bool:
        """Whether anything is known of how sure it is."""
        return all(each.low is not None for each in self.marginals)


def _below(value: float | None, worth: float) -> bool:
    return value is not None and value < worth


@dataclass(frozen=True, eq=False)
class Sweep:
    """Results along one path or two.

    values: what each path was set to
    key: the metric that is looked at
    worth: containers that one more slot must carry to be worth it
    """

    results: Results
    values: dict[str, list[Any]]
    key: Key
    worth: float

    @classmethod
    def of(cls, results: Results, metric: str | None = None) -> Sweep:
        """What the provenance says of results; `metric` in place of the one that was asked for.

        Raises UsageError where they are no sweep, or there is no such metric.
        """
        if not results.is_sweep:
            raise UsageError("these results are no sweep: nothing was varied")
        said = results.provenance
        key = results.key(metric or said[SHOWN], results.baseline.name)
        return cls(results, json.loads(said[VARIED]), key, float(said[WORTH]))

    @property
    def paths(self) -> tuple[str, ...]:
        """What was varied, one path or two."""
        return tuple(self.values)

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """All scenarios in order, the last path varying fastest."""
        every = product(*self.values.values())
        return tuple(Point(n, at) for n, at in zip(self.results.names, every, strict=True))

    def interval(self, point: Point, metric: str | None = None) -> Interval:
        """The metric at a point, or another one of the same route and part."""
        key = self.key if metric is None else self.key._replace(metric=metric)
        known = key in self.results.keys(point.name)
        return self.results.interval(key, point.name) if known else UNDEFINED

    @cached_property
    def capacity(self) -> str | None:
        """The path that sets how many slots a departures stage has; None where none does."""
        return next((path for path in self.paths if self._sets_slots(path)), None)

    def _sets_slots(self, path: str) -> bool:
        if len(self.values[path]) < 2:
            return False
        lines = [
            [_slots(self.results, each.name, path) for each in line] for line in self._lines(path)
        ]
        return all(None not in line and len(set(line)) == len(line) for line in lines)

    def _lines(self, path: str) -> list[list[Point]]:
        """The points in lines along a path, all else equal."""
        place = self.paths.index(path)
        lines: dict[str, list[Point]] = {}
        for point in self.points:
            lines.setdefault(repr(point.at[:place] + point.at[place + 1 :]), []).append(point)
        return list(lines.values())

    @cached_property
    def knees(self) -> tuple[Knee, ...]:
        """The knee, in a grid one for each value of the other path; none without a capacity."""
        if self.capacity is None:
            return ()
        return tuple(self._knee(line, self.capacity) for line in self._lines(self.capacity))

    def _knee(self, line: Sequence[Point], path: str) -> Knee:
        offered = {each: _slots(self.results, each.name, path) or 0.0 for each in line}
        rising = sorted(line, key=offered.__getitem__)
        slots = tuple(offered[each] for each in rising)
        key = Key(split(path)[1], ALL, "throughput")
        flows = [self.results.values(key, each.name) for each in rising]
        steps = zip(pairwise(flows), pairwise(slots), strict=True)
        confidence = self.results.baseline.run.confidence
        marginals = tuple(_marginal(*flow, more - less, confidence) for flow, (less, more) in steps)
        return Knee(tuple(rising), slots, marginals, self.worth)

    def to_frame(self) -> pd.DataFrame:
        """A row a point: a column a path, then mean, low, high of the metric.

        Where a capacity was varied also one_more, _low, _high: what one more slot carries.
        """
        import pandas as pd

        more = self.marginals
        rows = []
        for point in self.points:
            row = dict(zip(self.paths, point.at, strict=True)) | asdict(self.interval(point))
            if self.knees:
                one = more.get(point, UNDEFINED)
                row |= {"one_more": one.mean, "one_more_low": one.low, "one_more_high": one.high}
            rows.append(row)
        return pd.DataFrame(rows)

    @property
    def marginals(self) -> dict[Point, Interval]:
        """What one more slot carries at each point; not at those of the greatest capacity."""
        return {p: m for k in self.knees for p, m in zip(k.points, k.marginals, strict=False)}

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "study": "sweep",
            "vary": self.values,
            "metric": str(self.key),
            "unit": METRICS[self.key.metric].unit,
            **about_run(self.results, self.results.baseline.name),
            "points": [
                {"scenario": p.name, "at": self._said(p), **asdict(self.interval(p))}
                for p in self.points
            ],
            "worth": self.worth,
            "knees": [self._knee_data(knee) for knee in self.knees],
        }

    def _said(self, point: Point | None) -> dict[str, Any] | None:
        return None if point is None else dict(zip(self.paths, point.at, strict=True))

    def _knee_data(self, knee: Knee) -> dict[str, Any]:
        steps = zip(knee.points, knee.slots, knee.marginals, strict=False)
        return {
            "at": self._said(knee.point),
            "low": self._said(knee.low),
            "high": self._said(knee.high),
            "one_more": [
                {"at": self._said(point), "slots": slots, **asdict(one)}
                for point, slots, one in steps
            ],
        }


def _slots(results: Results, name: str, path: str) -> float | None:
    """Containers a year that the departures stage at a path offers, both directions together."""
    keys = split(path)
    if len(keys) < 5 or (keys[0], keys[2]) != ("routes", "stages"):
        return None
    stages = results.preview(name).route(keys[1]).stages
    return next((each.yearly_capacity for each in stages if each.name == keys[3]), None)


def _marginal(
    here: Sequence[float | None], there: Sequence[float | None], slots: float, confidence: float
) -> Interval:
    """What one of so many more slots carries, paired by replication [containers]."""
    gain = paired(there, here, confidence).interval
    ends = (None if end is None else end / slots for end in (gain.mean, gain.low, gain.high))
    return Interval(*ends)


def usual_metric(scenario: Scenario, paths: Sequence[str]) -> str:
    """The throughput of the route that something is varied of, else of all.

    A facility stands for the route that passes it, if only one does.
    """
    routes = [route for path in paths if (route := _route(scenario, path)) is not None]
    return f"{(routes or [ALL])[0]}.throughput"


def _route(scenario: Scenario, path: str) -> str | None:
    keys = split(path)
    if keys[0] == "phases":  # a phase sets a path
        keys = split(keys[-1])
    if keys[0] == "routes":
        return keys[1]
    if keys[0] != "facilities":
        return None
    passing = [name for name, route in scenario.routes.items() if keys[1] in route.facilities]
    return passing[0] if len(passing) == 1 else None
