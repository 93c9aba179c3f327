"""The tables of VERIFICATION.md, made of what the slow suite measured.

    python tests/tables.py      after `make verify`, which calls it

Tests tell their figures to `out/verify/tests.xml` as properties; the mutants and the benchmark
leave tables of their own beside it. A table whose figures are not there stays as it is.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
MEASURED = ROOT / "out" / "verify"
Row = dict[str, Any]


def main() -> None:
    told, path = properties(), ROOT / "VERIFICATION.md"
    tables = {name: table(told[name]) for name, table in TABLES.items() if told.get(name)}
    tables |= {
        name: (MEASURED / f"{name}.md").read_text().strip()
        for name in ("mutants", "bench")
        if (MEASURED / f"{name}.md").exists()
    }
    text = path.read_text()
    for name, table in tables.items():
        text = filled(text, name, table)
    path.write_text(text)
    print(f"VERIFICATION.md: {', '.join(tables) or 'nothing'} written anew")


def properties() -> dict[str, list[Row]]:
    """What the tests told, by name, in the order of the suite."""
    told = defaultdict[str, list[Row]](list)
    if (MEASURED / "tests.xml").exists():
        for case in ElementTree.parse(MEASURED / "tests.xml").iter("property"):
            if case.get("name") in TABLES:
                told[case.attrib["name"]].append(json.loads(case.attrib["value"]))
    return told


def filled(text: str, name: str, table: str) -> str:
    """The text with a table between the marks of its name. Raises ValueError without them."""
    block = f"<!-- begin {name} -->\n\n{table}\n\n<!-- end {name} -->"
    new, number = re.subn(
        rf"<!-- begin {name} -->.*?<!-- end {name} -->", lambda _: block, text, flags=re.DOTALL
    )
    if number != 1:
        raise ValueError(f"VERIFICATION.md needs one place for {name}, has {number}")
    return new


def markdown(head: str, rows: Iterable[Iterable[object]]) -> str:
    lines = [head, re.sub(r"[^|]+", "---", head)]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


MAIN = ("W", "Wq", "mean_wait", "mean", "L", "mean_in_transit")
"""The figure of a case that the table shows, where there are several."""


def theory(told: list[Row]) -> str:
    """A row a case: its main figure, and the worst of the others."""
    cases = defaultdict[tuple[str, str], list[Row]](list)
    for row in sorted(told, key=lambda row: (row["case"], row["about"])):
        cases[row["case"], row["about"]].append(row)
    worst = max(told, key=lambda row: abs(row["z"]))
    beyond = sum(abs(row["z"]) > 1.96 for row in told) / len(told)
    return (
        f"{len(cases)} cases, {len(told)} figures; the worst has z {worst['z']:+.2f}. Of all, "
        f"{beyond:.1%} lie beyond 1.96 standard errors, where 6.5 % would (Student's t of 20).\n\n"
        + markdown(
            "| case | with | figure | theory | z | ± | all figures: worst z, widest ± |",
            (theory_row(*case, rows) for case, rows in cases.items()),
        )
    )


def theory_row(case: str, about: str, rows: list[Row]) -> list[str]:
    names = [row["metric"] for row in rows]
    main = rows[next((names.index(name) for name in MAIN if name in names), 0)]
    z = max((row["z"] for row in rows), key=abs)
    width = max(row["width"] for row in rows if row["narrow"])
    several = f"{len(rows)}: {z:+.2f}, {width:.1%}" if len(rows) > 1 else ""
    figure = [main["metric"], f"{main['theory']:.6g}", f"{main['z']:+.2f}", f"{main['width']:.1%}"]
    return [case, about, *figure, several]


def second_model(told: list[Row]) -> str:
    return markdown(
        "| scenario | figures | worst z | of |",
        (
            [row["scenario"], row["metrics"], f"{row['z']:+.2f}", f"`{row['worst']}`"]
            for row in sorted(told, key=lambda row: row["scenario"])
        ),
    )


def coverage(told: list[Row]) -> str:
    return markdown(
        "| interval of | stops at | experiments | replications, mean | covered |",
        (
            [
                row["interval"], row["rule"], f"{row['experiments']:,}",
                f"{row['replications']:.0f}", f"{row['covered']:.1%}",
            ]
            for row in sorted(told, key=lambda row: (row["interval"], row["rule"]))
        ),
    )  # fmt: skip


def history(told: list[Row]) -> str:
    return markdown(
        "| years | asked | the model says | what happened | worth |",
        ([row[key] for key in ("years", "asked", "says", "happened", "verdict")] for row in told),
    )


TABLES: dict[str, Callable[[list[Row]], str]] = {
    "theory": theory, "second model": second_model, "coverage": coverage,
    "history": history,
}  # fmt: skip

if __name__ == "__main__":
    main()
