"""Charges: what each stage of a route asks of a container, and what it emits.

Nothing of this changes while a scenario runs; freight, which may, is told by bookings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.scenario.disruptions import Carbon
from sim.scenario.stages import Departures, Detour, Stage, Transit

if TYPE_CHECKING:
    from sim.scenario.model import Scenario

UNKNOWN = math.nan
"""Emissions that nothing is said of; whatever they are added to is unknown too."""


@dataclass(frozen=True)
class Charge:
    """What one stage adds for each container.

    handling_usd: asked of each
    detour_usd: asked on top of who takes the detour of a leg
    kg, detour_kg: emitted on the leg, and on its detour in its place [kg CO2e], NaN if not known
    """

    handling_usd: float = 0.0
    detour_usd: float = 0.0
    kg: float = 0.0
    detour_kg: float = 0.0


Charges = Mapping[str, Charge]
"""Those of a route, by stage."""


def charges(scenario: Scenario) -> dict[str, Charges]:
    """The charges of every route, by its name."""
    return {
        name: {stage: _charge(scenario, about) for stage, about in route.stages.items()}
        for name, route in scenario.routes.items()
    }


def _charge(scenario: Scenario, stage: Stage) -> Charge:
    if isinstance(stage, Departures):
        return Charge(stage.handling_usd)
    if not isinstance(stage, Transit):
        return Charge(scenario.facilities[stage.facility].handling_usd)
    kg, detour = _emitted(scenario.carbon, stage, stage.mode), stage.detour
    if detour is None:
        return Charge(kg=kg)
    round_kg = _emitted(scenario.carbon, detour, stage.mode) if moves(stage) else 0.0
    return Charge(detour_usd=detour.usd, kg=kg, detour_kg=round_kg)


def _emitted(carbon: Carbon | None, leg: Transit | Detour, mode: str | None) -> float:
    """What a leg emits: nothing where it goes nowhere, unknown without a length or a factor."""
    if carbon is None:
        return UNKNOWN
    if leg.length_km is None:
        return UNKNOWN if isinstance(leg, Detour) or moves(leg) else 0.0
    kg = carbon.kg(leg.length_km, mode)
    return UNKNOWN if kg is None else kg


def moves(leg: Transit) -> bool:
    """Whether a transit goes somewhere; else time passes where it is, as at a customs post."""
    return any(said is not None for said in (leg.mode, leg.via, leg.km_per_day, leg.length_km))


def unknown_carbon(scenario: Scenario) -> Iterator[str]:
    """Why emissions of a route are not known, where the scenario speaks of them at all."""
    if scenario.carbon is None:
        return
    for name, route in scenario.routes.items():
        for stage, about in route.stages.items():
            path = f"routes.{name}.stages.{stage}"
            if isinstance(about, Transit) and moves(about):
                yield from _unknown(scenario.carbon, path, about, f"the carbon of {name}")


def _unknown(carbon: Carbon, path: str, leg: Transit, whose: str) -> Iterator[str]:
    if leg.length_km is None:
        yield f"{path}: has no length_km: {whose} is not known"
    elif leg.mode is None:
        yield f"{path}: has no mode: {whose} is not known"
    elif carbon.kg(leg.length_km, leg.mode) is None:
        yield f"{path}: [carbon] has no {leg.mode}_g_per_tonne_km: {whose} is not known"
    elif leg.detour is not None and leg.detour.length_km is None:
        yield f"{path}.detour: has no length_km: {whose} is not known when somebody takes it"
