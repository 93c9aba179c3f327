"""The table of faults holds, and one of them is noticed; `make mutants` runs them all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from mutants import FAULTS, Fault
from run_mutants import ROOT, SURVIVED, noticed
from support import sampled

NAMES = [fault.name for fault in FAULTS]
TESTS = Path(__file__).parent


def test_no_name_stands_twice() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 30


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_a_fault_applies_and_its_test_exists(fault: Fault) -> None:
    source = (ROOT / "sim" / fault.file).read_text("utf-8")
    broken = fault.put_into(source)
    assert ast.dump(ast.parse(broken)) != ast.dump(ast.parse(source))
    file, _, test = fault.test.partition("::")
    functions = ast.parse((TESTS / file).read_text("utf-8")).body
    assert test in {each.name for each in functions if isinstance(each, ast.FunctionDef)}


@pytest.mark.parametrize("times", [0, 2])
def test_a_fault_that_has_moved_is_told(times: int) -> None:
    fault = FAULTS[0]
    (right,) = fault.edits
    with pytest.raises(LookupError, match=f"one place too many: .*' {times} times"):
        fault.put_into(times * right)


@pytest.mark.parametrize(
    "name", sampled(["one place too many", "n instead of n - 1"], ["one place too many"])
)
def test_a_fault_is_noticed(name: str) -> None:
    fault = FAULTS[NAMES.index(name)]
    assert noticed(fault) == f"`{fault.test}`"


def test_a_fault_that_changes_nothing_survives() -> None:
    harmless = Fault(
        "nothing", "", FAULTS[0].test, FAULTS[0].file, {"import simpy": "import simpy  #"}
    )
    assert noticed(harmless).startswith(SURVIVED)
