"""What users of Python pass: numbers of numpy and pandas, and what makes no sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from corridors import loaded

import sim
from sim.errors import ScenarioError, UsageError

LINE = "routes.rail.stages.line"
SLOTS = "routes.rail.stages.trains.annual_capacity"


@pytest.fixture
def small(tmp_path: Path) -> sim.Scenario:
    return loaded(tmp_path)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({f"{LINE}.days": np.int64(20)}, {f"{LINE}.days": 20}),
        ({f"{LINE}.days": np.float32(20)}, {f"{LINE}.days": 20}),
        ({f"{LINE}.days": np.array([14, 18])}, {f"{LINE}.days": [14, 18]}),
        ({f"{LINE}.days": pd.Series([14, 18])}, {f"{LINE}.days": [14, 18]}),
        ({f"{LINE}.days": (np.int64(14), np.int64(18))}, {f"{LINE}.days": [14, 18]}),
        ({LINE: {"days": np.array(20)}}, {LINE: {"days": 20}}),
        ({"run.replications": np.int64(4)}, {"run.replications": 4}),
        ({SLOTS: np.int32(5_000)}, {SLOTS: 5_000}),
    ],
)
def test_numbers_of_numpy_and_pandas_are_numbers(
    given: dict[str, Any], meant: dict[str, Any], small: sim.Scenario
) -> None:
    assert small.with_changes(given) == small.with_changes(meant)


def test_counts_of_numpy_count(small: sim.Scenario) -> None:
    results = sim.run(small, replications=np.int64(2), jobs=np.int64(1))  # type: ignore[arg-type]
    assert len(results.measures["small"]) == 2
    story = sim.trace(small, np.int64(7), replication=np.int64(1))  # type: ignore[arg-type]
    assert story == sim.trace(small, 7, replication=1)
    json.dumps(story.to_data())


Call = Callable[[Any], object]
SLOTS_TRIED = {SLOTS: [5_000, 6_000]}
SENSELESS: dict[str, Call] = {
    "a name run": lambda _: sim.run("link-200k"),  # type: ignore[arg-type]
    "names compared": lambda _: sim.compare(["link-200k", "today"]),  # type: ignore[list-item]
    "one scenario compared": sim.compare,
    "nothing run": lambda _: sim.run(None),  # type: ignore[arg-type]
    "a name simulated": lambda _: sim.simulate("today"),  # type: ignore[arg-type]
    "a name traced": lambda _: sim.trace("today", 0),  # type: ignore[arg-type]
    "one more of a name": lambda _: sim.one_more("today"),  # type: ignore[arg-type]
    "a name swept": lambda _: sim.sweep("today", SLOTS_TRIED),  # type: ignore[arg-type]
    "a name's ledger": lambda _: sim.sensitivity("today"),  # type: ignore[arg-type]
    "a name explored": lambda _: sim.explore("today"),  # type: ignore[arg-type]
    "a name solved": lambda _: sim.solve("today", target={"rail.share": 0.1}, by=SLOTS),  # type: ignore[call-overload]
    "replication -1": lambda s: sim.simulate(s, -1),
    "replication half": lambda s: sim.simulate(s, 0.5),  # type: ignore[arg-type]
    "replication yes": lambda s: sim.simulate(s, True),
    "container half": lambda s: sim.trace(s, 1.5),  # type: ignore[arg-type]
    "changes that are a list": lambda s: s.with_changes([SLOTS]),
    "changes that are none": lambda s: s.with_changes(None),
    "a path that is a number": lambda s: s.with_changes({5: 1}),
    "a name that is a number": lambda s: s.with_changes({}, name=5),
    "no name": lambda s: s.with_changes({}, name=""),
    "no unknown": lambda s: sim.solve(s, target={"rail.share": 0.1}, by=None),  # type: ignore[call-overload]
    "half a job": lambda s: sim.run(s, jobs=1.5),  # type: ignore[arg-type]
    "a precision that is a number": lambda s: sim.run(s, precision=0.01),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", SENSELESS)
def test_what_makes_no_sense_is_told(case: str, small: sim.Scenario) -> None:
    with pytest.raises((UsageError, ScenarioError)) as error:
        SENSELESS[case](small)
    assert len(str(error.value)) > 20


REPLICATED: dict[str, Callable[..., object]] = {
    "run": sim.run,
    "compare": lambda s, **how: sim.compare([s, s.with_changes({}, name="other")], **how),
    "one more": sim.one_more,
    "sweep": lambda s, **how: sim.sweep(s, SLOTS_TRIED, **how),
    "sensitivity": sim.sensitivity,
    "solve": lambda s, **how: sim.solve(s, target={"rail.share": 0.1}, by=SLOTS, **how),
    "precise": lambda s, **how: sim.run(s, precision="1%", **how),
}


@pytest.mark.parametrize("study", REPLICATED)
@pytest.mark.parametrize("number", [0, 1.5, True])
def test_a_number_of_replications_that_is_none(
    study: str, number: Any, small: sim.Scenario
) -> None:
    with pytest.raises(UsageError) as error:
        REPLICATED[study](small, replications=number)
    said = f"replications: must be a whole number, at least 1 (got {number})"
    assert str(error.value) == said


def test_results_know_their_scenarios(small: sim.Scenario) -> None:
    results = sim.run(small, replications=1, jobs=1)
    for asked in (results.keys, results.growing, results.value):
        with pytest.raises(UsageError, match="smal"):
            asked("smal")
    with pytest.raises(UsageError, match="not compared"):
        results.differences()
