"""Where things are on a map: land, places and the lines of all routes, in one projection.

A scenario that does not say where its routes run gets a schematic: they run side by side from one
end to the other, as far along as they take days.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from itertools import accumulate, pairwise

import numpy as np

from sim.results.observations import Floats
from sim.scenario.disruptions import Disruption
from sim.scenario.model import Scenario
from sim.scenario.network import Place
from sim.scenario.routes import Route
from sim.scenario.stages import Departures, FacilityStage, Stage, Transit

LAND = "land-110m.json"
"""Natural Earth's land at 1:110 million (public domain), as TopoJSON of world-atlas 2.0.2 (ISC)."""

STEP = math.radians(1)
"""A line follows the great circle, with a point at least so often."""

FARTHEST = math.radians(120)
"""Land farther from the middle is drawn no farther out: nobody sees it there."""

Stretch = tuple[str, str]
"""A route and one of its stages."""


@dataclass(frozen=True)
class Spot:
    """A point with a name.

    at: x and y
    kinds: what is there: departures, facility, gauge; nothing where a line only passes. A border
        has no name, and lies half way between two places
    """

    name: str
    at: tuple[float, float]
    kinds: frozenset[str]

    @classmethod
    def on(cls, line: Floats, name: str, kinds: Collection[str]) -> Spot:
        """The first point of a line."""
        x, y = line[0].tolist()
        return cls(name, (x, y), frozenset(kinds))


@dataclass(frozen=True, eq=False)
class Geography:
    """A map in radii of the earth around its middle, or a schematic one wide; y is upwards.

    lines: how each stage runs, from its first end to its last in the order of the file; one point
        where nothing moves [points, 2]
    detours: the same for those that have one [points, 2]
    spots: the places on the lines, those where most happens first; not points at sea
    land: its outlines [points, 2]; none on a schematic
    """

    lines: Mapping[Stretch, Floats]
    detours: Mapping[Stretch, Floats]
    spots: tuple[Spot, ...]
    land: tuple[Floats, ...] = ()

    def extent(self, margin: float) -> tuple[Floats, Floats]:
        """The lowest and highest x and y of what is shown, with a part of that as a margin [2]."""
        points = np.concatenate([*self.lines.values(), *self.detours.values()])
        low, high = points.min(axis=0), points.max(axis=0)
        free = margin * max(float((high - low).max()), 1e-6)
        return low - free, high + free


def geography(scenario: Scenario) -> Geography:
    """The map of a scenario's open routes; a schematic unless it says where each of them runs."""
    routes = drawn_routes(scenario)
    if all(any(map(_via, route.stages.values())) for route in routes.values()):
        return _map(scenario, routes)
    return _schematic(scenario, routes)


def drawn_routes(scenario: Scenario) -> dict[str, Route]:
    """The routes that take part; where none does, all of them."""
    return scenario.open_routes or dict(scenario.routes)


def disrupted(said: Disruption, name: str, route: Route) -> list[str]:
    """The stages of a route that something happens to, or to the facility that they pass."""
    return [
        stage
        for stage, about in route.stages.items()
        if said.stage == (name, stage)
        or (isinstance(about, FacilityStage) and about.facility == said.facility)
    ]


def _via(stage: Stage) -> tuple[str, ...]:
    """The places that a stage joins, or where it is; none where that is not said."""
    return (stage.via or ()) if isinstance(stage, Transit) else ()


# A map.


def _map(scenario: Scenario, routes: Mapping[str, Route]) -> Geography:
    places = scenario.places
    ways = {(route, stage): _path(names, places) for route, stage, names in _courses(routes)}
    around = {
        (name, stage): _path(said.detour.via, places)
        for name, route in routes.items()
        for stage, said in route.stages.items()
        if isinstance(said, Transit) and said.detour and said.detour.via
    }
    project = partial(_projected, middle=_middle([*ways.values(), *around.values()]))
    lines = {stretch: project(path) for stretch, path in ways.items()}
    detours = {stretch: project(path) for stretch, path in around.items()}
    spots = tuple(
        Spot.on(project(_vectors([places[name]])), name, kinds)
        for name, kinds in _kinds(scenario, routes)
        if kinds or places[name].country
    )
    borders = tuple(Spot.on(project(at), "", {"border"}) for at in _borders(scenario, routes))
    return Geography(lines, detours, (*spots, *borders), tuple(_land(project)))


def _borders(scenario: Scenario, routes: Mapping[str, Route]) -> Iterator[Floats]:
    """Half way between two places that follow each other in different countries, by land."""
    passed = {
        pair
        for route, stage, via in _courses(routes)
        if getattr(routes[route].stages[stage], "mode", None) not in ("sea", "air")
        for pair in pairwise(via)
    }
    for pair in sorted(passed):
        one, other = (scenario.places[name] for name in pair)
        if one.country and other.country and one.country != other.country:
            path = _path(pair, scenario.places)
            yield path[[len(path) // 2]]


def _courses(routes: Mapping[str, Route]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Through which places each stage of each route goes: where nothing is said, it stays there."""
    for name, route in routes.items():
        ends = [via for stage in route.stages.values() if (via := _via(stage))]
        here = ends[0][0]
        for stage, said in route.stages.items():
            via = _via(said) or (here,)
            here = via[-1]
            yield name, stage, via


def _kinds(scenario: Scenario, routes: Mapping[str, Route]) -> list[tuple[str, set[str]]]:
    """What is at each place on the lines, those where most happens first."""
    found: dict[str, set[str]] = {}
    for route, stage, via in _courses(routes):
        said = routes[route].stages[stage]
        for name in via:
            found.setdefault(name, set())
        if kinds := _kind(scenario, said):
            own = scenario.facilities[said.facility] if isinstance(said, FacilityStage) else said
            found.setdefault(getattr(own, "place", None) or via[0], set()).update(kinds)
    for each in (stage for route in routes.values() for stage in route.stages.values()):
        if isinstance(each, Transit) and each.detour:
            found |= {name: set() for name in each.detour.via or () if name not in found}
    return sorted(found.items(), key=lambda each: -len(each[1]))


def _kind(scenario: Scenario, stage: Stage) -> set[str]:
    """What a stage is at its place; nothing where it only passes."""
    if isinstance(stage, Departures):
        return {"departures"}
    if isinstance(stage, FacilityStage):
        return {"gauge" if scenario.facilities[stage.facility].changes_gauge else "facility"}
    return set()


def _vectors(places: Sequence[Place]) -> Floats:
    """Unit vectors of places [places, 3]."""
    return _on_sphere(
        np.array([place.longitude for place in places]), np.array([p.latitude for p in places])
    )


def _on_sphere(longitude: Floats, latitude: Floats) -> Floats:
    lon, lat = np.radians(longitude), np.radians(latitude)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def _path(names: Sequence[str], places: Mapping[str, Place]) -> Floats:
    """A line through places along great circles, as unit vectors [points, 3]."""
    at = _vectors([places[name] for name in names])
    parts = [at[:1]]
    for one, other in pairwise(at):
        angle = math.acos(min(1.0, float((one * other).sum())))
        steps = max(1, math.ceil(angle / STEP - 1e-9))
        share = np.arange(1, steps + 1)[:, None] / steps
        # Along the chord, then out to the sphere: evenly enough for steps as short as these.
        chord = one + share * (other - one)
        parts.append(chord / np.sqrt((chord**2).sum(axis=1, keepdims=True)))
    return np.concatenate(parts)


def _middle(paths: Sequence[Floats]) -> Floats:
    """The middle of what lines reach: of the smallest and the largest of each coordinate."""
    points = np.concatenate(paths)
    middle = points.min(axis=0) + points.max(axis=0)
    length = math.sqrt(float((middle**2).sum()))
    return middle / length if length > 1e-9 else np.array([1.0, 0, 0])


def _projected(points: Floats, middle: Floats) -> Floats:
    """Lambert's azimuthal equal-area projection of unit vectors (Snyder 1987, ch. 24) [points, 2].

    In radii of the earth, north upwards at the middle.
    """
    east = np.array([-middle[1], middle[0], 0.0])
    size = math.sqrt(float((east**2).sum()))
    east = east / size if size > 1e-9 else np.array([0.0, 1.0, 0.0])
    north = np.cross(middle, east)
    x, y, z = ((points * axis).sum(axis=-1) for axis in (east, north, middle))
    away = np.minimum(np.arccos(np.clip(z, -1, 1)), FARTHEST)
    beside = np.hypot(x, y)
    scale = np.divide(2 * np.sin(away / 2), beside, out=np.ones_like(beside), where=beside > 1e-12)
    return np.stack([x * scale, y * scale], axis=-1)


def _land(project: partial[Floats]) -> Iterator[Floats]:
    """The outlines of land that are not wholly too far away."""
    for outline in _outlines():
        flat = project(outline)
        if (np.hypot(*flat.T) < 2 * math.sin(FARTHEST / 2) - 1e-9).any():
            yield flat


@cache
def _outlines() -> tuple[Floats, ...]:
    """The outlines of all land as unit vectors, from TopoJSON: arcs of steps, shared by rings."""
    data = json.loads(files("sim.views").joinpath("data", LAND).read_text("utf-8"))
    scale, origin = (np.array(data["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(arc, axis=0) * scale + origin for arc in data["arcs"]]
    rings = [
        np.concatenate([arcs[n] if n >= 0 else arcs[~n][::-1] for n in ring])
        for shape in data["objects"]["land"]["geometries"]
        for polygon in shape["arcs"]
        for ring in polygon
    ]
    return tuple(_on_sphere(ring[:, 0], ring[:, 1]) for ring in rings)


# A schematic.


def _schematic(scenario: Scenario, routes: Mapping[str, Route]) -> Geography:
    """Each route in a lane of its own between two ends that all have in common."""
    lines: dict[Stretch, Floats] = {}
    spots: list[Spot] = []
    for number, (name, route) in enumerate(routes.items()):
        bend = number - (len(routes) - 1) / 2
        days = [s.duration.mean if isinstance(s, Transit) else 0.0 for s in route.stages.values()]
        whole = sum(days) or 1.0
        ends = [0.0, *(day / whole for day in accumulate(days))]
        for (stage, said), (first, last) in zip(route.stages.items(), pairwise(ends), strict=True):
            x = np.linspace(first, last, 1 if first == last else 41)
            lines[name, stage] = np.stack([x, bend * (0.3 - 0.22 * (2 * x - 1) ** 4)], axis=1)
            if kinds := _kind(scenario, said):
                spots.append(Spot.on(lines[name, stage], stage, kinds))
    return Geography(lines, {}, tuple(spots))
