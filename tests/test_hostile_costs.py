"""Files that would cost minutes or gigabytes: the command refuses or reads them soon and small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from corridors import SMALL, written
from processes import cost
from soon import is_soon, soon
from support import sampled

MOST_SECONDS, MOST_MEGABYTES = 2.0, 300
"""Of processor time beyond that for a small scenario, and of memory in all."""

ROUTE: Final = (
    '[routes.r{n}.stages]\nt = {{ kind = "departures", vehicle = "v", every_days = 1, '
    'capacity = 2 }}\nl = {{ kind = "transit", days = 3 }}\n'
)
STAGE: Final = 's{n} = {{ kind = "transit", days = {n} }}\n'
PHASE: Final = '[phases.p{n}]\nfrom = 2001-01-02\nset = {{ "demand.containers_per_year" = {n} }}\n'
TROUBLE: Final = (
    '[disruptions.d{n}]\ntarget = "routes.sea.stages.voyage"\neffect = "closed"\n'
    "from = 2001-01-02\ndays = 1\n"
)
FACILITY: Final = "[facilities.f{n}]\nservers = {n}\nservice_hours = 1\n"
STARTED: Final = SMALL.replace("[run]", "[run]\nstart = 2001-01-01")
LEDGER: Final = f"{SMALL}[assumptions]\n"
VIA: Final = '"line",'


def many(template: str, number: int, begin: str = "") -> str:
    """A text so many times, each with its number, at most a megabyte in all."""
    made, size = [begin], len(begin)
    for n in range(number):
        text = template.replace("{n}", str(n)).replace("{{", "{").replace("}}", "}")
        size += len(text)
        if size > 990_000:
            break
        made.append(text)
    return "".join(made)


NASTY: dict[str, Callable[[], str]] = {
    # Deep.
    "brackets": lambda: "x = " + "[" * 400_000,
    "closed brackets": lambda: "x = " + "[" * 400_000 + "]" * 400_000,
    "braces": lambda: "x = " + "{a=" * 250_000 + "1" + "}" * 240_000,
    "braces, 31 deep": lambda: "x = " + "{a=" * 31 + "1" + "}" * 31 + SMALL,
    "headers, 30 deep": lambda: many("[h{n}." + ".".join("a" * 29) + "]\n", 20_000),
    "dotted key": lambda: "a." * 450_000 + "a = 1",
    "dotted key with spaces": lambda: "a . " * 200_000 + "a = 1",
    "dotted key in quotes": lambda: '"a".' * 200_000 + "a = 1",
    "dotted key with escapes": lambda: '"\\u0061".' * 90_000 + "a = 1",
    "dotted header": lambda: "[" + "a." * 450_000 + "a]",
    "dotted header in quotes": lambda: "[" + "'a'." * 200_000 + "a]",
    "dotted key inline": lambda: "x = {" + '"a".' * 200_000 + "a = 1 }",
    "many dotted keys": lambda: many(".".join("a" * 30) + ".k{n} = 1\n", 20_000),
    "array of arrays": lambda: "x = [" + "[]," * 300_000 + "]",
    # Long.
    "digits": lambda: "x = " + "9" * 900_000,
    "digits with underscores": lambda: "x = " + "9_" * 400_000 + "9",
    "hexadecimal": lambda: "x = 0x" + "f" * 900_000,
    "binary": lambda: "x = 0b" + "1" * 900_000,
    "fraction": lambda: "x = 0." + "1" * 900_000,
    "exponent": lambda: "x = 1e" + "9" * 900_000,
    "many long numbers": lambda: "x = [" + ("9" * 4_000 + ",") * 200 + "]",
    "title": lambda: f'title = "{"x" * 900_000}"\n{SMALL}',
    "title of escapes": lambda: 'title = "' + "\\u202e" * 150_000 + f'"\n{SMALL}',
    "unclosed text": lambda: 'title = """' + "x" * 900_000,
    "quotes": lambda: "title = " + '"' * 900_000,
    "single quotes": lambda: "title = " + "'" * 900_000,
    "backslashes": lambda: 'title = "' + "\\" * 900_000,
    "two quotes in a long text": lambda: 'title = """' + '""x' * 300_000,
    "key": lambda: f"{'k' * 900_000} = 1\n{SMALL}",
    "comment": lambda: "#" + "a." * 450_000 + SMALL,
    "empty lines": lambda: "\n" * 900_000,
    "spaces": lambda: f"x{' ' * 900_000}y",
    "tabs and equals": lambda: "x = 1\n" + "\t=" * 400_000,
    "commas": lambda: f"x = [{',' * 900_000}]",
    "hashes": lambda: "#\n" * 450_000,
    "dates": lambda: f"x = [{'1979-05-27,' * 80_000}]",
    "dashes in a key": lambda: "a-" * 400_000,
    "words": lambda: "a " * 400_000,
    "regular expression": lambda: f'title = "{"(a+)+" * 150_000}$"\n{SMALL}',
    "carriage returns": lambda: "a = 1\r\n" + "\r\n" * 400_000 + '\nb = "\r"',
    # Many.
    "keys": lambda: many("k{n} = {n}\n", 90_000),
    "keys of a section": lambda: many("k{n} = 1\n", 80_000, "[run]\n"),
    "keys of a scenario": lambda: many("k{n} = 1\n", 60_000) + SMALL,
    "names": lambda: many("rai{n} = 1\n", 60_000, f"{SMALL}[choice.shares]\n"),
    "shares": lambda: many("rai{n} = 1, ", 60_000, f"{SMALL}shares = {{") + "rail = 0 }",
    "shares by direction": lambda: many("r{n} = {{ rail = 1 }}, ", 40_000, f"{SMALL}shares = {{")
    + "sea = { rail = 1 } }",
    "routes": lambda: many(ROUTE, 20_000, SMALL),
    "empty routes": lambda: many("[routes.r{n}]\n", 20_000, SMALL),
    "a hundred routes": lambda: many(ROUTE, 98, SMALL),
    "stages": lambda: SMALL.replace("line =", many(STAGE, 20_000) + "line ="),
    "phases": lambda: many(PHASE, 50_000, STARTED),
    "a hundred phases": lambda: many(PHASE, 100, STARTED),
    "phases of strange paths": lambda: many(
        PHASE.replace("}}", many(', "routes.sea.stages.voyage.days{n}" = 1', 150) + "}}"),
        100, STARTED,
    ),
    "phases of a hundred routes": lambda: many(
        PHASE.replace("}}", many(', "routes.r{n}.freight_usd" = 1', 98) + "}}"),
        100, many(ROUTE, 98, STARTED),
    ),
    "phases of a few routes": lambda: many(
        PHASE.replace("}}", many(', "routes.r{n}.freight_usd" = 1', 8) + "}}"),
        100, many(ROUTE, 8, STARTED),
    ),
    "changes of a phase": lambda: many(
        '"routes.sea.stages.voyage.days{n}" = 1\n', 20_000, f"{STARTED}[phases.p]\n"
        "from = 2001-01-02\n[phases.p.set]\n"
    ),
    "disruptions": lambda: many(TROUBLE, 50_000, STARTED),
    "a hundred disruptions": lambda: many(TROUBLE, 100, STARTED),
    "facilities": lambda: many(FACILITY, 20_000, SMALL),
    "servers": lambda: SMALL + FACILITY.format(n=10**9),
    "fleets": lambda: many("[fleets.f{n}]\nsets = 1\n", 20_000, SMALL),
    "places": lambda: many("p{n} = {{ at = [1, 1000] }}\n", 40_000, f"{SMALL}[places]\n"),
    "ledger": lambda: many('"routes.sea.f{n}" = {{ source = "x" }}\n', 50_000, LEDGER),
    "ledger of numbers": lambda: many("{n} = -1\n", 60_000, LEDGER),
    "ledger of values": lambda: many('"routes.rail.order.{n}" = {{}}\n', 20_000, LEDGER),
    "ledger of many parts": lambda: many('"' + "a." * 400 + '{n}" = 1\n', 2_000, LEDGER),
    "ledger of one path": lambda: f'{LEDGER}"{"a." * 450_000}" = 1\n',
    "ledger of quotes": lambda: LEDGER + "'routes." + '"a.".' * 150_000 + "' = 1\n",
    "directions": lambda: many("d{n} = 0.1\n", 60_000, f"{SMALL}[demand.directions]\n"),
    "classes": lambda: many("c{n} = {{ share = 0.1 }}\n", 40_000, f"{SMALL}[demand.classes]\n"),
    "months": lambda: many("d{n} = [1]\n", 60_000, f"{SMALL}[demand.monthly]\n"),
    "empirical": lambda: SMALL.replace("[30, 40]", f"{{ empirical = [{'1,' * 400_000}] }}"),
    "via": lambda: SMALL.replace("days = [30, 40]", f"days = 3, via = [{VIA * 200_000}]"),
    "order": lambda: SMALL.replace("max_wait", f"order = [{VIA * 200_000}]\nmax_wait"),
    "order of strangers": lambda: SMALL.replace(
        "max_wait", many('"s{n}",', 80_000, "order = [") + "]\nmax_wait"
    ),
    "tables of one name": lambda: "[[a]]\n" * 150_000,
    "tables in tables": lambda: "[[a]]\n[[a.b]]\n" * 60_000,
    "arrays of tables, deep": lambda: many("[[" + ".".join("a" * 30) + "]]\n", 14_000),
    # Languages of others.
    "yaml": lambda: many("a{n}: &a{n} [" + "*a, " * 9 + "]\n", 20, "a: &a [lol, lol]\n"),
    "json": lambda: '{"a": ' + "[" * 300_000,
    "xml": lambda: '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    "pickle": lambda: "cos\nsystem\n(S'true'\ntR.",
    "python": lambda: "__import__('os').system('true')\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds that the command takes for a small scenario."""
    path = written(tmp_path_factory.mktemp("usual"), SMALL)
    return min(cost("check", path).seconds for _ in range(2))


FEW: Final = (
    "closed brackets", "many dotted keys", "many long numbers", "a hundred routes",
    "changes of a phase", "pickle",
)  # fmt: skip
"""What `make test` tries."""


@pytest.mark.parametrize("what", sampled(NASTY, FEW))
def test_what_would_exhaust_is_told_soon_and_small(what: str, usual: float, tmp_path: Path) -> None:
    assert_cheap(written(tmp_path, NASTY[what]()[:999_999]), usual)


def assert_cheap(path: Path, usual: float) -> None:
    found = cost("check", path)
    assert found.status in (0, 2, 3), found.said[:2_000]
    assert "Traceback" not in found.said
    assert len(found.said) < 200_000
    assert is_soon(found.seconds - usual, MOST_SECONDS)
    assert found.megabytes < MOST_MEGABYTES


def test_a_limit_of_time_can_be_missed() -> None:
    with pytest.raises(AssertionError, match="took"), soon(0.001):
        sum(range(10**7))


def test_a_thousand_files_that_extend_each_other(usual: float, tmp_path: Path) -> None:
    for number in range(1_000):
        written(tmp_path, f'extends = "{number + 1}.toml"\n', str(number))
    written(tmp_path, SMALL, "1000")
    assert_cheap(tmp_path / "0.toml", usual)
    assert_cheap(tmp_path / "975.toml", usual)


def test_large_files_that_extend_each_other(usual: float, tmp_path: Path) -> None:
    """They are no larger together than one may be."""
    keys = many("k{n} = 1\n", 30_000)
    for number in range(40):
        written(tmp_path, f'extends = "{number + 1}.toml"\n{keys}', str(number))
    assert_cheap(tmp_path / "0.toml", usual)
