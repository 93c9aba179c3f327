"""What a panel lets a hand move: which figures of a scenario, between which ends, in which steps.

Plain functions of a scenario that know no widget; `panel` shows what they say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from matplotlib.ticker import MaxNLocator

from sim.scenario.disruptions import Disruption
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.model import Scenario
from sim.scenario.routes import Route
from sim.scenario.stages import FacilityStage, Transit
from sim.views import words

STEPS = 40
"""At most so many steps from end to end: each is a few pixels wide."""

ABOVE = 2.5
"""A range that no assumption gives ends at so many times the present value."""

CAPACITY, DAYS, FREIGHT_USD, WAIT_DAYS, MOST_SERVERS, TIMES = 100_000.0, 30.0, 2_000.0, 14.0, 4, 4.0
"""Where ranges end that neither an assumption nor a present value gives."""

FACTORS = {
    "slower": "times as long", "capacity": "part left", "dearer": "times the freight",
}  # fmt: skip
"""What the factor of a disruption is, by its effect."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Slider:
    """A figure of a scenario and the values that it may be moved to.

    path: where it stands, as in a file
    label: what it is, with its unit
    value: what it is now, one of the stops
    stops: rising round values; infinite stands for no limit
    never: what is set to 0 where the slider stands at 0, if that is another path
    """

    path: str
    label: str
    value: float
    stops: tuple[float, ...]
    never: str | None = None

    @property
    def options(self) -> list[tuple[str, float]]:
        """Each stop in words, and as a number."""
        return [(self._shown(stop), stop) for stop in self.stops]

    def _shown(self, stop: float) -> str:
        if math.isinf(stop):
            return "unlimited"
        finite = self.stops[: -1 if math.isinf(self.stops[-1]) else None]
        step = max(b - a for a, b in pairwise(finite))
        decimals = max(1 - math.floor(math.log10(step)), 0)
        return f"{round(stop, decimals):,.12g}"


def sliders(scenario: Scenario) -> dict[str, list[Slider]]:
    """The sliders of each route in the order of the file; none for a closed one.

    The servers of a facility stand at the first route that passes it.
    """
    found, passed = {}, set[str]()
    for name, route in scenario.routes.items():
        found[name] = [] if route.closed else list(_of_route(scenario, name, route))
        if not route.closed:
            facilities = [each for each in route.facilities if each not in passed]
            found[name] += [_servers(scenario, facility) for facility in facilities]
            passed |= set(facilities)
    return found


def disruptions(scenario: Scenario) -> list[Slider]:
    """How often each thing goes wrong, how long, down to never, and by what factor."""
    found = (_trouble(scenario, name, said) for name, said in scenario.disruptions.items())
    return [slider for some in found for slider in some]


def _trouble(scenario: Scenario, name: str, said: Disruption) -> Iterator[Slider]:
    path, what = f"disruptions.{name}", f"{name}: {said.effect}"
    often, lasts, factor = (f"{path}.{key}" for key in ("per_year", "days", "factor"))
    if said.per_year is not None:
        yield _from_nothing(scenario, often, f"{what} [a year]", said.per_year, TIMES)
    days = _from_nothing(scenario, lasts, f"{what} [days]", said.days.mean, DAYS)
    yield replace(days, never=often)
    if said.factor is not None:
        label = f"{what} [{FACTORS[said.effect]}]"
        yield _from_nothing(scenario, factor, label, said.factor, 1.0)


def _from_nothing(
    scenario: Scenario, path: str, label: str, value: float, otherwise: float
) -> Slider:
    """From zero to twice the value, or as far as its assumption goes."""
    high = max((_assumed(scenario, path) or (0.0, 0.0))[1], 2 * value)
    return _slider(path, label, value, (0.0, high), otherwise)


NOTHING = ""


def closable(scenario: Scenario) -> list[tuple[str, str]]:
    """What of the open routes can be closed: in words, and as a target; first nothing."""
    found = {"nothing": NOTHING}
    for name, route in scenario.open_routes.items():
        for stage, about in route.stages.items():
            if isinstance(about, FacilityStage):
                found[about.facility] = f"facilities.{about.facility}"
            else:
                found[f"{name}: {stage}"] = f"routes.{name}.stages.{stage}"
    return list(found.items())


def closure(scenario: Scenario, target: str, days: float) -> dict[str, Any]:
    """One more disruption: something is closed once, from the middle of the measured window on."""
    middle = scenario.run.warmup_days + scenario.run.days / 2
    name = "closure" if "closure" not in scenario.disruptions else "another-closure"
    return {name: {"target": target, "effect": "closed", "up_days": middle, "days": days}}


def rules(scenario: Scenario) -> list[tuple[str, str]]:
    """The rules by which this scenario's containers could choose, each in words and by name."""
    choice = scenario.choice
    missing = {"share": choice.shares is None, "logit": choice.scale_usd is None}
    return [(said, rule) for rule, said in words.RULES.items() if not missing.get(rule)]


def _of_route(scenario: Scenario, name: str, route: Route) -> Iterator[Slider]:
    binds = scenario.one_way(scenario.directions[0]).routes[name].binding_stage
    if binds is not None and route.departures[binds].on_timetable:
        yield _capacity(scenario, name, binds)
    for stage, about in route.departures.items():
        if about.fleet is not None:
            label, vehicles = f"{about.fleet}: vehicles", scenario.fleets[about.fleet].vehicles
            yield _counted(scenario, f"fleets.{about.fleet}.vehicles", label, vehicles)
        if about.quota is not None:
            quota, label = about.quota.containers, f"{stage}: quota [containers/{about.quota.per}]"
            path = f"routes.{name}.stages.{stage}.quota.containers"
            yield _from_nothing(scenario, path, label, quota, CAPACITY)
    transits = {n: s for n, s in route.stages.items() if isinstance(s, Transit)}
    if transits:
        longest = max(transits, key=lambda stage: transits[stage].duration.mean)
        yield _transit(scenario, f"routes.{name}.stages.{longest}", longest, transits[longest])
    path, freight = f"routes.{name}.freight_usd", route.freight_usd
    ends = _assumed(scenario, path) or (0.0, ABOVE * freight)
    yield _slider(path, f"freight [{words.usd(scenario.price_year)}]", freight, ends, FREIGHT_USD)
    if route.departures:
        yield _wait(scenario, name, route.max_wait_days)


def _transit(scenario: Scenario, path: str, name: str, transit: Transit) -> Slider:
    """The mean time of a transit, or its mean speed where that is what the file says."""
    if transit.days is not None or transit.km_per_day is None:
        path, label, mean = f"{path}.days", f"{name}: mean time [days]", transit.duration.mean
    else:
        path, label, mean = (
            f"{path}.km_per_day", f"{name}: mean speed [km/day]", transit.km_per_day.mean,
        )  # fmt: skip
    return _slider(path, label, mean, _assumed(scenario, path) or (mean / 2, 2 * mean), DAYS)


def _servers(scenario: Scenario, name: str) -> Slider:
    about = scenario.facilities[name]
    each_way = ", each way" if about.each_way else ""
    return _counted(
        scenario, f"facilities.{name}.servers", f"{name}: servers{each_way}", about.servers
    )


def _counted(scenario: Scenario, path: str, label: str, present: int) -> Slider:
    """Servers or vehicles, from one to twice as many where no other number is assumed."""
    low, high = _assumed(scenario, path) or (present, present)
    least, most = max(1, math.ceil(min(low, present))), math.floor(max(high, present))
    if least == most:
        least, most = 1, max(2 * present, MOST_SERVERS)
    stops = range(least, most + 1)
    step = max(1, len(stops) // STEPS)
    return Slider(path, label, present, tuple(sorted({present, *stops[::step]})))


def _capacity(scenario: Scenario, name: str, stage: str) -> Slider:
    """Containers a year from none on, whichever way the file says the timetable."""
    path = f"routes.{name}.stages.{stage}"
    each = [scenario.one_way(way).routes[name].departures[stage] for way in scenario.directions]
    present = sum(departures.places_a_year for departures in each)
    places = each[0].capacity * len(each)
    _, most = _timetabled(scenario, path, places) or (0.0, ABOVE * present)
    label = f"{stage}: capacity [containers/year]"
    return _slider(f"{path}.annual_capacity", label, present, (0.0, most), CAPACITY)


def _timetabled(scenario: Scenario, path: str, places: int) -> Range | None:
    """The assumed range of a stage's timetable [containers/year], with its places each way."""
    if ends := _assumed(scenario, f"{path}.annual_capacity"):
        return ends
    if ends := _assumed(scenario, f"{path}.per_day"):
        return ends[0] * DAYS_A_YEAR * places, ends[1] * DAYS_A_YEAR * places
    if (ends := _assumed(scenario, f"{path}.every_days")) and ends[0] > 0:
        return DAYS_A_YEAR / ends[1] * places, DAYS_A_YEAR / ends[0] * places
    return None


def _wait(scenario: Scenario, name: str, present: float) -> Slider:
    """The longest wait that is accepted; behind the top end there is no limit."""
    path = f"routes.{name}.max_wait_days"
    limited = math.isfinite(present)
    ends = _assumed(scenario, path) or (0.0, ABOVE * present if limited else WAIT_DAYS)
    stops = _stops(ends, present if limited else ends[0], WAIT_DAYS)
    return Slider(path, "accepted wait [days]", present, (*stops, math.inf))


def _slider(path: str, label: str, value: float, ends: Range, otherwise: float) -> Slider:
    return Slider(path, label, value, _stops(ends, value, otherwise))


def _assumed(scenario: Scenario, path: str) -> Range | None:
    """The range that an assumption gives, as far as it is not negative."""
    about = scenario.assumptions.get(path)
    if about is None or about.range is None:
        return None
    low, high = max(about.range[0], 0.0), about.range[1]
    return (low, high) if high > low else None


def _stops(ends: Range, value: float, otherwise: float) -> tuple[float, ...]:
    """The value among round ones from end to end, the ends far enough apart to hold it."""
    low, high = min(ends[0], value), max(ends[1], value)
    if high <= low:
        low, high = 0.0, otherwise
    ticks = MaxNLocator(nbins=STEPS, steps=[1, 2, 5, 10]).tick_values(low, high)
    step = ticks[1] - ticks[0]
    near = step / 20  # two stops that nobody could tell apart
    round_ones = (float(f"{tick:.12g}") for tick in ticks if abs(tick - value) > near)
    return tuple(sorted({value, *round_ones}))
