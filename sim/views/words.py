"""Figures in words: the same rounding and the same sentences in tables and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sim.results.intervals import Interval
from sim.results.metrics import ALL, METRICS, Key
from sim.results.results import Results
from sim.scenario.distributions import is_number
from sim.scenario.model import Scenario
from sim.views import findings

NONE = "–"
"""Stands where a figure is not defined."""

RULES: Final[dict[str, str]] = {
    "share": "fixed shares",
    "fastest": "all want the fastest route",
    "cheapest": "all want the least cost, time included",
    "logit": "logit choice by cost, time and taste",
}
"""How containers choose, in few words: what tells a ceiling from a forecast."""

THINGS = ("facility", "fleet", "disruption")
"""Parts of all routes that are told by their own name."""


def figure(value: float | None, unit: str) -> str:
    """A figure as people write it: 200,000 · 15.52 · 5.00 %."""
    if value is None:
        return NONE
    if unit == "fraction":
        return f"{100 * value:z,.2f} %"  # z: no minus zero
    return f"{value:z,.{_decimals(value, unit)}f}"


def _decimals(value: float, unit: str) -> int:
    """Containers and dollars are counted whole; few of them keep some digits."""
    if unit == "days":
        return 2
    whole = value == round(value) or abs(value) >= 100
    return 0 if whole else 2 if unit in ("USD", "times") else 1


def interval(found: Interval, unit: str) -> str:
    """A mean with the half width of its interval, where there is one: 200,000 ± 12."""
    if found.mean is None:
        return NONE
    mean = figure(found.mean, unit)
    if found.half_width is None:
        return mean
    if unit == "fraction":
        return f"{mean.removesuffix(' %')} ± {half(100 * found.half_width, 2)} %"
    return f"{mean} ± {half(found.half_width, _decimals(found.mean, unit))}"


def difference(found: Interval, unit: str) -> str:
    """A difference with its sign; fractions differ by percentage points: +75.04 ± 0.05 points."""
    text = interval(found, unit).replace(" %", " points")
    return f"+{text}" if found.mean is not None and found.mean > 0 else text


def is_nothing(value: float | None, unit: str) -> bool:
    """Whether nothing is left of a figure as people write it, however surely it is not 0."""
    return not any(digit in figure(value, unit) for digit in "123456789")


def factor(value: float | None) -> str:
    """A factor to three digits, a large one as what it exceeds."""
    if value is None:
        return NONE
    return ">1,000" if value > 1000 else f"{value:.3g}"


def half(width: float, decimals: int) -> str:
    """A half width with the decimals of its mean; tiny ones are not told as nothing."""
    least = 10.0**-decimals
    return f"<{least:g}" if 0 < width < least / 2 else f"{width:,.{decimals}f}"


def count(value: float | None) -> str:
    """Containers, rounded to three significant digits at least: about 200,000."""
    return NONE if value is None else findings.number(value)


def route(name: str) -> str:
    """A route's name, or what stands for all of them."""
    return "all routes" if name == ALL else name


def and_all(routes: Iterable[str]) -> list[str]:
    """Routes, each once, and all together where there are several."""
    each = list(dict.fromkeys(routes))
    return [*each, ALL] if len(each) > 1 else each


def marked(used: str, *, binds: bool) -> str:
    """How much of a stage is used, marked where it is the most used one of its route."""
    return used + (" ◄" if binds else "  ")


def titled(title: str, results: Results, name: str) -> str:
    """The title of what is told of a scenario, with its name where there are several."""
    return f"{title}: {name}" if len(results.scenarios) > 1 else title


def cell(results: Results, name: str, key: Key) -> str:
    """A metric of a scenario with its interval; empty where it was not measured."""
    return interval(results.interval(key, name), unit(key)) if key in results.keys(name) else ""


def written(value: Any) -> str:
    """A value that somebody said, as it was written: 1,300 · 0.25 · true."""
    if isinstance(value, bool):
        return str(value).lower()
    if not is_number(value):
        return str(value)
    return f"{value:,.10g}" if abs(value) < 1e10 else f"{value:g}"


def amount(value: float | None, key: Key) -> str:
    """A metric with its unit: 50,000 containers/year · 5.00 %."""
    said = figure(value, unit(key))
    return said if value is None or unit(key) == "fraction" else f"{said} {unit(key)}"


def scale(key: Key) -> float:
    """By what a metric is multiplied on an axis: fractions are told in percent."""
    return 100.0 if unit(key) == "fraction" else 1.0


def axis(key: Key) -> str:
    """A metric with its unit, as an axis says it: rail share [%]."""
    return f"{metric(key)} [{axis_unit(key)}]"


def axis_unit(key: Key) -> str:
    """The unit of a metric on an axis."""
    return "%" if unit(key) == "fraction" else unit(key)


def metric(key: Key) -> str:
    """A metric in words: rail throughput, rail trains load factor, suez days to clear."""
    kind, _, name = key.part.partition(":")
    about = [route(key.route)]
    if kind in THINGS:
        about = [name]
    elif key.part != ALL:
        about.append(name if kind == "stage" else key.part)
    return " ".join([*about, key.metric.replace("_", " ")])


def listed(parts: Sequence[str]) -> str:
    """A, b and c."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def demand(scenario: Scenario) -> str:
    """Who ships: 1,000,000 containers a year, 57 % westbound and 43 % eastbound."""
    about = scenario.demand
    said = [f"{count(about.containers_per_year)} containers a year"]
    if about.growth_per_year:
        more = "more" if about.growth_per_year > 0 else "fewer"
        said.append(f"each year {percent(abs(about.growth_per_year))} {more}")
    if about.directions:
        parts = [f"{percent(part)} {name}" for name, part in about.directions.items()]
        said.append(listed(parts))
    if about.classes:
        parts = [f"{percent(each.share)} {name}" for name, each in about.classes.items()]
        said.append(f"of them {listed(parts)}")
    return ", ".join(said)


def percent(part: float) -> str:
    """A part that a scenario says, with the digits that it has: 57 %, 2.5 %."""
    return f"{100 * part:.4g} %"


def rule(scenario: Scenario) -> str:
    """By which rule containers choose: all want the fastest route."""
    return RULES[scenario.choice.rule]


def rules(results: Results) -> list[str]:
    """The rules by which containers choose, each with the scenarios that have it."""
    names: dict[str, list[str]] = {}
    for scenario in results.scenarios:
        names.setdefault(rule(scenario), []).append(scenario.name)
    several = len(results.scenarios) > 1
    return [f"{said} ({', '.join(those)})" if several else said for said, those in names.items()]


def by_money(scenario: Scenario) -> bool:
    """Whether money decides: where it does, pictures show it."""
    return scenario.choice.rule in ("cheapest", "logit")


def usd(price_year: int | None) -> str:
    """The unit of money: USD of 2001."""
    return "USD" if price_year is None else f"USD of {price_year}"


def money(amount: float, price_year: int | None = None) -> str:
    """An amount of money, whole dollars where there are at least a hundred: 1,300 USD of 2001."""
    return f"{figure(amount, 'USD')} {usd(price_year)}"


def price_years(scenarios: Iterable[Scenario]) -> list[str]:
    """A warning where the amounts of several scenarios are in prices of different years."""
    years = {scenario.name: scenario.price_year for scenario in scenarios}
    if len(set(years.values())) < 2:
        return []
    said = ", ".join(f"{name} {NONE if year is None else year}" for name, year in years.items())
    return [f"price_year differs ({said}): amounts are in prices of different years"]


def promised(scenarios: Sequence[Scenario], route: str) -> str:
    """The days that a route promises in some scenarios: within 18 days, within 25 / 18 days."""
    promises = [
        f"{about.promise_days:,.10g}"
        for scenario in scenarios
        if (about := scenario.routes.get(route)) is not None and about.promise_days is not None
    ]
    return f"within {' / '.join(promises if len(set(promises)) > 1 else promises[:1])} days"


def answer(results: Results) -> str:
    """What a study found, in two sentences."""
    if len(results.scenarios) == 1:
        return _answer_of_one(results)
    route = findings.concerned(results)
    names = [name for name in results.names if route in results.scenario(name).routes]
    demands = {count(results.demand(name)) for name in names}
    of = f"Of {demands.pop()} containers a year, {route}" if len(demands) == 1 else route
    carried = listed([f"{_carried(results, route, name)} in {name}" for name in names])
    days = [f"{took} in {name}" for name in names if (took := _days(results, route, name))]
    return f"{of} carries {carried}." + (f" Door to door takes {listed(days)}." if days else "")


def _answer_of_one(results: Results) -> str:
    name, demand = results.baseline.name, count(results.demand(results.baseline.name))
    parts = [
        f"{_carried(results, route, name)} by {route}"
        + (f", door to door in {took}" if (took := _days(results, route, name)) else "")
        for route in results.baseline.routes
    ]
    return f"Of {demand} containers a year, {name} carries {listed(parts)}."


def _carried(results: Results, route: str, name: str) -> str:
    throughput, part = (findings.mean(results, name, route, m) for m in ("throughput", "share"))
    return count(throughput) if part is None else f"{count(throughput)} ({100 * part:.1f} %)"


def _days(results: Results, route: str, name: str) -> str:
    """How long a route takes; nothing where none arrived."""
    key = Key(route, ALL, "door_to_door_mean")
    days = results.interval(key, name).mean
    if days is not None:
        return f"{days:.1f} days"
    grows = results.values(key, name)[0] is not None
    return "ever more days (the queue grows)" if grows else ""


def unit(key: Key) -> str:
    """The unit of a figure."""
    return METRICS[key.metric].unit


def how_sure(results: Results) -> str:
    """How the figures were made, and what ± means."""
    run = results.baseline.run
    number = len(results.measures[results.baseline.name])
    sure = (
        f"{number} replications; ± is the half width of a {100 * run.confidence:g} % "
        "Student-t interval"
        if number > 1
        else "one replication, so no intervals"
    )
    return (
        f"{sure}. {_days_long(run.days)} measured after {_days_long(run.warmup_days)} of warm-up, "
        f"seed {run.seed}."
    )


def _days_long(number: float) -> str:
    return f"{number:g} day{'s' * (number != 1)}"
