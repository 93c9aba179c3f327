"""Corridors to work out by hand: bookings at 1/2, 3/2, 5/2, … days; day 0 is 1 January 2001."""

from __future__ import annotations

from pathlib import Path

from corridors import loaded

import sim
from sim.results.observations import Floats, Leg

HEAD = """
[run]
warmup_days = 0
days = {days}
start = 2001-01-01
[demand]
containers_per_year = {a_year}
arrivals = "even"
{demand}
"""
LINE = """
[routes.rail.stages]
trains = { kind = "departures", every_days = 1, capacity = 3 }
line = { kind = "transit", days = 3 }
"""
"""A train a day, three days on its way."""


def daily(
    folder: Path, text: str, *, days: float = 20.5, a_year: float = 365, demand: str = ""
) -> sim.Scenario:
    """A scenario of routes and whatever happens to them."""
    return loaded(folder, HEAD.format(days=days, a_year=a_year, demand=demand) + text)


def disruption(target: str, effect: str, *, day: int = 7, days: float = 4, more: str = "") -> str:
    """Something that happens from day 7 to day 11, if nothing else is said.

    effect: with a number after it for its factor, "slower 2"
    """
    what, *factor = effect.split()
    said = [f'target = "{target}"', f'effect = "{what}"', *(f"factor = {each}" for each in factor)]
    said += [f"from = 2001-01-{day + 1:02}", f"days = {days}", more]
    return "\n".join([f"[disruptions.{what}-from-{day}]", *said, ""])


def leg(observed: sim.Observations, number: int = 0, route: str = "rail") -> Leg:
    """The departures of a route."""
    return observed.route(route).legs[number]


def arrived(observed: sim.Observations, number: int = 0, route: str = "rail") -> dict[float, float]:
    """The day each trip arrived, by the day on which it left."""
    legs = leg(observed, number, route)
    return dict(zip(legs.departed.tolist(), legs.arrived.tolist(), strict=True))


def came(days: Floats) -> list[float]:
    """Days that came before the horizon."""
    found: list[float] = days[days < float("inf")].tolist()
    return found
