"""Paths of a scenario in words: what people call its figures, and their units."""

from __future__ import annotations

from typing import Final

from sim.scenario import distributions
from sim.views.words import usd

FIELDS: Final[dict[str, tuple[str, str]]] = {
    "freight_usd": ("freight", "{usd}"),
    "constant_usd": ("constant", "{usd}"),
    "scale_usd": ("scale of tastes", "{usd}"),
    "value_of_time_usd_per_day": ("value of time", "{usd} a day"),
    "containers_per_year": ("demand", "containers/year"),
    "annual_capacity": ("yearly capacity", "containers/year"),
    "capacity": ("capacity", "containers"),
    "per_day": ("departures", "a day"),
    "every_days": ("headway", "days"),
    "days": ("time", "days"),
    "max_wait_days": ("accepted wait", "days"),
    "promise_days": ("promise", "days"),
    "posted_every_hours": ("posting interval", "hours"),
    "growth_per_year": ("growth", "a year"),
    "share": ("share", ""),
    "priority": ("priority", ""),
    "servers": ("servers", ""),
    "service_hours": ("service", "hours"),
    "headway_hours": ("headway", "hours"),
    "hours_per_container": ("service per container", "hours"),
    "length_km": ("length", "km"),
    "km_per_day": ("speed", "km/day"),
    "latitude": ("latitude", "°"),
    "longitude": ("longitude", "°"),
    "gauge_mm": ("gauge", "mm"),
    "handling_usd": ("handling", "{usd}"),
    "usd": ("extra cost", "{usd}"),
    "longest_hold_days": ("longest hold", "days"),
    "inertia_days": ("inertia", "days"),
    "vehicles": ("vehicles", ""),
    "turnaround_days": ("turnaround", "days"),
    "containers": ("containers", "containers"),
    "factor": ("factor", ""),
    "per_year": ("rate", "a year"),
    "up_days": ("time between", "days"),
    "tonnes_per_container": ("weight of a container", "t"),
    "rail_g_per_tonne_km": ("rail emissions", "g CO2e/tonne-km"),
    "sea_g_per_tonne_km": ("sea emissions", "g CO2e/tonne-km"),
    "road_g_per_tonne_km": ("road emissions", "g CO2e/tonne-km"),
    "air_g_per_tonne_km": ("air emissions", "g CO2e/tonne-km"),
}
"""The fields of a scenario that hold figures: what people call them, and their units."""

TABLES: Final = (
    "places", "facilities", "routes", "stages", "demand", "classes", "directions", "choice",
    "phases", "set", "fleets", "carbon", "disruptions", *distributions.TABLES,
)  # fmt: skip
"""Keys of a path that go without saying."""


def name(path: str) -> str:
    """What people call the figure at a path: rail freight, rail line time, value of time p95."""
    keys = [key for key in _keys(path) if key not in TABLES]
    return " ".join(FIELDS[key][0] if key in FIELDS else key for key in keys)


def unit(path: str, price_year: int | None) -> str:
    """The unit of the figure at a path, empty where it has none; also inside a distribution."""
    units = [FIELDS[key][1] for key in _keys(path) if key in FIELDS]
    return units[-1].format(usd=usd(price_year)) if units else ""


def labelled(path: str, price_year: int | None) -> str:
    """The figure at a path with its unit, as a heading or an axis says it: headway [days]."""
    said = unit(path, price_year)
    return f"{name(path)} [{said}]" if said else name(path)


def _keys(path: str) -> list[str]:
    """The keys along a path, also along one that a phase sets: phases.later.set."routes.…"."""
    return path.replace('"', "").split(".")
