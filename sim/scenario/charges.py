"""Charges: what each stage of a route asks of a container, and what it emits.

Nothing of this changes while a scenario runs; freight, which may, is told by bookings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
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
