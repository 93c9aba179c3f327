"""What the plain model reads: a scenario as its phases change it, the stages of a direction."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from reference_chance import chance

Document = dict[str, Any]
Spec = Mapping[str, Any]
Eras = list[tuple[float, Document]]

ONE_OF = ({"every_days", "per_day", "annual_capacity"}, {"days", "km_per_day"})
VARYING = {"days", "service_hours", "headway_hours", "value_of_time_usd_per_day"}


def eras(document: Mapping[str, Any]) -> Eras:
    """The day from which on each holds, and the scenario as its phases have changed it by then."""
    run, now = document.get("run", {}), deepcopy(dict(document))
    found: Eras = [(0.0, now)]
    for phase in sorted(document.get("phases", {}).values(), key=lambda phase: phase["from"]):
        now = deepcopy(now)
        for path, value in phase["set"].items():
            put(now, path.split("."), value)
        day = run.get("warmup_days", 120) + (phase["from"] - run["start"]).days
        if day == found[-1][0]:
            found.pop()
        found.append((day, now))
    return found


def put(document: Document, path: list[str], value: Any) -> None:
    """A value in its place; a number over a distribution becomes its mean."""
    *way, key = path
    table = document
    for name in way:
        table = table[name]
    for others in ONE_OF:
        if key in others:
            for other in others - {key}:
                table.pop(other, None)
    old = table.get(key)
    if key in VARYING and isinstance(value, int | float) and isinstance(old, dict | list | tuple):
        value = scaled(old, value / chance(old, np.random.default_rng()).mean)
    table[key] = value


def scaled(spec: Any, factor: float) -> Any:
    """A distribution with all its figures, which are all in its unit, so much greater."""
    if isinstance(spec, dict):
        return {name: scaled(inner, factor) for name, inner in spec.items()}
    if isinstance(spec, list | tuple):
        return [scaled(inner, factor) for inner in spec]
    return spec * factor


def stages_of(document: Document, route: str, direction: str | None) -> dict[str, Spec]:
    """As the vehicles of one direction pass them, with half of what both share."""
    stages = document["routes"][route]["stages"]
    if direction is None:
        return dict(stages)
    halved = {name: with_half(stage) for name, stage in stages.items()}
    forwards, _ = document["demand"]["directions"]
    return halved if direction == forwards else turned(halved)


def with_half(stage: Spec) -> Spec:
    """Half of a yearly capacity and of a quota."""
    found = dict(stage)
    if "annual_capacity" in stage:
        found["annual_capacity"] /= 2
    if quota := stage.get("quota"):
        found["quota"] = {**quota, "containers": quota["containers"] / 2}
    return found


def turned(stages: dict[str, Spec]) -> dict[str, Spec]:
    """Runs from last to first, each from its departures on; inside, stages from last to first."""
    runs: list[list[str]] = [[]]
    for name, stage in stages.items():
        if stage["kind"] == "departures":
            runs.append([])
        runs[-1].append(name)
    order = [name for first, *others in reversed(runs[1:]) for name in (first, *others[::-1])]
    return {name: stages[name] for name in order + runs[0][::-1]}
