"""What is valid and probably not meant of disruptions, fleets, quotas and detours."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.disruptions import Disruption
from sim.scenario.fields import DAYS_A_YEAR
from sim.scenario.fleets import FleetUse, fleets
from sim.scenario.model import Scenario
from sim.scenario.stages import Departures, Quota, Transit

ODD_TIMES_A_YEAR = 50.0


def troubles(scenario: Scenario) -> Iterator[str]:
    """Each with the value in words."""
    for name, said in scenario.disruptions.items():
        yield from _disruption(scenario, f"disruptions.{name}", said)
    uses = fleets(scenario)
    used = {use.name for use in uses}
    for name in (name for name in scenario.fleets if name not in used):
        yield f"fleets.{name}: no departures use it: it changes nothing"
    for use in uses:
        if use.is_short and scenario.routes[use.route].is_open:
            yield _late(use)
    for route, about in scenario.one_way(scenario.directions[0]).routes.items():
        for name, stage in about.stages.items():
            path = f"routes.{route}.stages.{name}"
            if isinstance(stage, Transit) and stage.detour is not None:
                yield from _detour(path, stage.detour.duration.mean, stage.duration.mean)
            if isinstance(stage, Departures) and stage.quota is not None:
                yield from _quota(f"{path}.quota", stage.quota, stage.places_a_year)


def _disruption(scenario: Scenario, path: str, said: Disruption) -> Iterator[str]:
    if said.per_year == 0:
        return
    days, run = said.days.mean, scenario.run.horizon
    if days > run:
        yield f"{path}.days: it lasts {days:,.4g} days and {run:,.4g} are simulated"
    a_year = DAYS_A_YEAR / said.gap.mean if said.gap is not None and said.gap.mean else 0.0
    if a_year > ODD_TIMES_A_YEAR:
        yield (
            f"{path}: {a_year:,.4g} a year is one in {DAYS_A_YEAR / a_year:,.2g} days without it; "
            "what is always so belongs in the figures themselves"
        )
    yield from _nothing_left(scenario, path, said)


def _nothing_left(scenario: Scenario, path: str, said: Disruption) -> Iterator[str]:
    """A part of a capacity that is less than one of it."""
    if said.effect != "capacity" or not said.part or said.path[0] == "demand":
        return
    if said.facility is not None:
        whole, what = scenario.facilities[said.facility].servers, "servers"
    else:
        route, stage = said.stage or ("", "")
        whole, what = scenario.routes[route].departures[stage].capacity, "places"
    if whole * said.part < 1:
        yield (
            f"{path}.factor: {said.part:,.4g} of {whole:,} {what} is less than one: nothing is left"
        )


def _late(use: FleetUse) -> str:
    made, wanted = use.departures_a_year, use.timetable_a_year
    return (
        f"fleets.{use.name}: {use.vehicles:,} vehicles ({use.vehicle}) with a round trip of "
        f"{use.round_trip_days:,.4g} days make {made:,.4g} departures a year, and the timetable of "
        f"routes.{use.route}.stages.{use.stage} has {wanted:,.4g}: they leave late; "
        f"{use.needed:,} could keep it"
    )


def _detour(path: str, around: float, usual: float) -> Iterator[str]:
    if around < usual:
        yield f"{path}.detour: {around:,.4g} days are less than the {usual:,.4g} of the leg itself"


def _quota(path: str, quota: Quota, places_a_year: float) -> Iterator[str]:
    """A quota and the places of one direction."""
    if not quota.yearly and quota.containers:
        yield (
            f"{path}: {quota.containers:,.4g} containers a {quota.per} is less than one, and "
            "nothing is carried over: nobody ever books"
        )
    elif places_a_year < quota.yearly:
        carried = places_a_year * quota.period_days / DAYS_A_YEAR
        yield (
            f"{path}: {quota.containers:,.4g} containers a {quota.per} are more than the "
            f"{carried:,.4g} that its departures carry: it hardly ever binds"
        )
