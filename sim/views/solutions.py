"""Goal seeks as text: the value, how sure it is, or why there is none."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from sim.results.solution import Frontier, Solution
from sim.scenario.distributions import is_number
from sim.views import fields, words
from sim.views.grid import new_table


def print_solutions(frontier: Frontier, out: Console) -> None:
    """A sentence for one solution, a table for several, and how sure they are."""
    first = frontier.solutions[0]
    if first.setting is None:
        out.print(answer(first), style="bold")
    else:
        out.print(finding(frontier), style="bold")
        out.print(_table(frontier))
    for remark in _remarks(frontier):
        out.print(remark)
    out.print(_how_sure(frontier), style="dim")


def answer(solution: Solution) -> str:
    """The value and what it gives, or why there is none."""
    name = solution.scenario.name
    if solution.value is None:
        about = f"{solution.target} = {goal(solution)}"
        return f"{name}: no {solution.by} gives {about}: {why(solution)}."
    gives = f"{solution.target} = {words.interval(solution.metric, solution.unit)}"
    if solution.unit != "fraction":
        gives += f" {solution.unit}"
    nearest = f", the whole number nearest to {goal(solution)}" if solution.whole else ""
    return f"{name}: {solution.by} = {value(solution)} gives {gives}{nearest}."


def why(solution: Solution) -> str:
    """Why there is no value, what was tried, and what came of it."""
    low, high = (f"{end:,.5g}" if abs(end) < 1e5 else f"{end:,.0f}" for end in solution.tried)
    tried = f"tried from {low} to {high} {unit(solution)}".rstrip()
    if solution.reached is None:
        return f"{solution.why} ({tried})"
    ends = dict.fromkeys(words.figure(end, solution.unit) for end in solution.reached)
    return f"{solution.why} ({tried}, which gave {' to '.join(ends)})"


def finding(frontier: Frontier) -> str:
    """What a frontier says: the values at both ends of those that have one."""
    first = frontier.solutions[0]
    found = [each for each in frontier.solutions if each.value is not None]
    name, about = fields.name(first.by), f"{first.target} = {goal(first)}"
    if not found:
        return f"No {name} gives {about}"
    rest = [f", {_rounded(each)} {_at(each, again=True)}" for each in found[1:][-1:]]
    start = f"{_rounded(found[0])} {unit(first)}".rstrip()
    return f"For {about} the {name} is {start} {_at(found[0])}{''.join(rest)}"


def _at(solution: Solution, *, again: bool = False) -> str:
    """Where on the frontier: at a rail line time of 10 days; the next time: at 22."""
    path, amount = varied(solution)
    if not is_number(amount):
        return f"with {fields.name(path)} {words.written(amount)}"
    if again:
        return f"at {setting(solution)}"
    said = fields.unit(path, solution.scenario.price_year)
    said = "day" if said == "days" and amount == 1 else said
    return f"at a {fields.name(path)} of {setting(solution)} {said}".rstrip()


def varied(solution: Solution) -> tuple[str, Any]:
    """The path that a frontier has set here, and to what."""
    assert solution.setting is not None, "asked of frontiers alone"
    return solution.setting


def setting(solution: Solution) -> str:
    """What a frontier has set here, in words."""
    return words.written(varied(solution)[1])


def unit(solution: Solution) -> str:
    """The unit of the unknown."""
    return fields.unit(solution.by, solution.scenario.price_year)


def _rounded(solution: Solution) -> str:
    """The value as it stands in a sentence."""
    amount = solution.value or 0.0
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:.3g}"


def goal(solution: Solution) -> str:
    """The target with as many digits as were asked for."""
    if solution.unit == "fraction":
        return f"{100 * solution.goal:,.10g} %"
    return f"{words.written(solution.goal)} {solution.unit}"


def value(solution: Solution) -> str:
    """The unknown with its interval and unit: 2,468 ± 13 USD of 2001."""
    return f"{_bare(solution)} {unit(solution)}".rstrip()


def _bare(solution: Solution) -> str:
    """The same without the unit; two digits of the interval settle how many are told."""
    if solution.value is None:
        return words.NONE
    half = None if solution.high is None else solution.high - solution.value
    if not half:
        return f"{solution.value:,.6g}"
    decimals = max(0, 1 - math.floor(math.log10(half)))
    return f"{solution.value:,.{decimals}f} ± {half:,.{decimals}f}"


def _table(frontier: Frontier) -> Table:
    first = frontier.solutions[0]
    path, _ = varied(first)
    rows = new_table(heading(path, first), heading(first.by, first), first.target)
    for each in frontier.solutions:
        metric = words.interval(each.metric, each.unit)
        rows.add_row(setting(each), _bare(each), metric)
    return rows


def heading(path: str, solution: Solution) -> str:
    """What is at a path, with its unit: rail freight [USD of 2001]."""
    return fields.labelled(path, solution.scenario.price_year)


def _remarks(frontier: Frontier) -> Iterator[str]:
    """What else to know: where there is no value, and which is beyond what was assumed."""
    for each in frontier.solutions:
        at = f"{setting(each)}: " if each.setting else ""
        if each.value is None and each.setting is not None:
            yield f"{at}{why(each)}"
        assumed = each.scenario.assumptions.get(each.by)
        if each.value is not None and assumed is not None and assumed.range is not None:
            low, high = assumed.range
            if not low <= each.value <= high:
                ends = f"{words.written(low)} to {words.written(high)}"
                yield f"{at}{_rounded(each)} is outside the range of its assumption, {ends}"


def _how_sure(frontier: Frontier) -> str:
    """How the values were found, and what their intervals mean."""
    run = frontier.solutions[0].scenario.run
    seed = f"Seed {run.seed}."
    if not any(each.value is not None for each in frontier.solutions):
        few = max(each.replications for each in frontier.solutions)
        return f"Searched on {few} of {run.replications} replications. {seed}"
    if run.replications == 1:
        return f"One replication, so no interval. {seed}"
    return (
        f"{run.replications} replications on the same random numbers; ± is the half width of a "
        f"{100 * run.confidence:g} % interval, for the unknown that of the metric over its slope. "
        f"{seed}"
    )


def next_command(solution: Solution, file: str, settings: Sequence[str]) -> str:
    """The command that runs the scenario at the value, with what else was set."""
    run = solution.scenario.run
    others = [each for each in settings if each.partition("=")[0].strip() != solution.by]
    said = [*others, f"{solution.by}={_exact(solution)}"]
    options = [part for each in said for part in ("--set", each)]
    numbers = ["--replications", str(run.replications), "--seed", str(run.seed)]
    return shlex.join(["transsib", "run", file, *options, *numbers])


def _exact(solution: Solution) -> str:
    return f"{solution.value:.0f}" if solution.whole else f"{solution.value:.10g}"
