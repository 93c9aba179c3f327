"""Fingerprints of what every bundled scenario does and measures, so that no change goes unseen.

    python tests/fingerprints.py        writes the table anew

`data/fingerprints.txt` has a line a scenario, of replication 0: the fingerprint of its trajectories
and that of its metrics. Sums and metrics count to 9 digits, the same on every platform. Who renews
it says in the CHANGELOG why, with the fingerprint of the table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import sim
from sim.results.metrics import measure

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).parent / "data" / "fingerprints.txt"
Columns = tuple[NDArray[Any], ...]
BUNDLED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.toml"))


def fingerprints(name: str) -> list[str]:
    """Those of the trajectories and of the metrics of replication 0."""
    scenario = sim.load_scenario(name)
    observed = sim.simulate(scenario)
    measures = sorted((str(key), value) for key, value in measure(scenario, observed).items())
    told = [f"{key} {'null' if value is None else f'{value:.9g}'}" for key, value in measures]
    return [digest(list(trajectories(observed))), digest(told)]


def digest(lines: list[str]) -> str:
    """Eight hexadecimal digits that hang on every character."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


def trajectories(observed: sim.Observations) -> Iterator[str]:
    """What happened to containers, vehicles and facilities, a line each."""
    for way in observed.ways:
        yield f"{way.direction} {summed(way.booked)} {summed(way.taken)} {summed(way.wanted)}"
        for route in way.routes:
            yield f"{route.name} {summed(route.accepted)} {summed(route.own_arrivals)}"
            for leg in route.legs:
                rows: Columns = (leg.who, leg.since, leg.departed, leg.loads, leg.arrived)
                yield f"{leg.name} {' '.join(map(summed, rows))}"
            for passage in [*route.approach, *(p for leg in route.legs for p in leg.passages)]:
                times: Columns = (passage.entered, passage.started, passage.left)
                yield f"{passage.stage} {' '.join(map(summed, times))}"
    for facility in observed.facilities:
        yield f"{facility.name} {facility.servers} {len(facility.outages)}"
    for disruption in observed.disruptions:
        yield f"{disruption.name} {summed(np.array(disruption.spans, float).ravel())}"


def summed(values: NDArray[Any]) -> str:
    """How many are known, and their sum with weights that tell their places, to 9 digits."""
    known = np.isfinite(values)
    golden = (5**0.5 - 1) / 2
    weights = 1 + np.arange(len(values)) * golden % 1
    return f"{known.sum()}:{(values[known] * weights[known]).sum():.9g}"


def table() -> dict[str, list[str]]:
    """The reviewed fingerprints by scenario: of trajectories and of metrics."""
    rows = (line.split() for line in TABLE.read_text().splitlines())
    return {name: row for name, *row in rows}


def main() -> None:
    lines = [" ".join([name, *fingerprints(name)]) for name in BUNDLED]
    TABLE.write_text("\n".join(lines) + "\n")
    print(f"of the table, for the CHANGELOG: {digest(lines)}")


if __name__ == "__main__":
    main()
