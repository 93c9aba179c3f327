"""The string-line diagram, the railway's own: distance over time, a line a train or ship."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from sim.results.movements import Movement, movements
from sim.results.observations import DisruptionLog, Floats, Observations
from sim.results.results import Results
from sim.scenario.model import Scenario
from sim.scenario.routes import Route
from sim.scenario.stages import Departures, FacilityStage, Transit
from sim.views import findings
from sim.views.geography import disrupted, drawn_routes
from sim.views.lettering import line_count, wrapped
from sim.views.style import INK, MUTED, SHADE, dressed, headline, line_height, looks, styled

SHOWN: Final = 30.0
"""Days across: so many trains can still be told apart."""

BEFORE: Final = 5.0
"""Days before something goes wrong from which on they are shown."""

MOST: Final = 150
"""Lines; where there are more, every second or third is drawn."""


class Ends(NamedTuple):
    """Where a stage begins and ends along its route."""

    first: float
    last: float


@styled()
def plot_string_lines(
    results: Results, *, scenario: str | None = None, ax: Axes | None = None
) -> Axes:
    """Thirty days of one route, or all of a shorter run: where each vehicle is [km].

    Of one scenario, the last one's by default, replication 0: the route with the most departures
    of those on which something goes wrong, else of all. From shortly before that, else from the
    beginning of the measured window. A flat piece stands. What is disrupted is hatched. Where
    lengths are not said, distance is the mean days of the legs.
    """
    said = results.scenario(scenario or results.names[-1])
    observed = results.detail(said.name)
    moves = list(movements(said, observed))
    trips = {
        name: sum(len(m.days) for m in moves if m.route == name) for name in drawn_routes(said)
    }
    wrong = {name: list(_concerning(observed, name, said.routes[name])) for name in trips}
    route = max(trips, key=lambda name: (bool(wrong[name]), trips[name]))
    logs = wrong[route]
    ends, in_km = along(said.routes[route])
    first = _first_day(said, logs)
    last = min(first + SHOWN, said.run.horizon)
    ax = dressed(ax, 5.4, grid="x")
    own = [move for move in moves if move.route == route]
    strings = [each for move in own for each in _strings(move, ends, first, last)]
    step = -(-len(strings) // MOST) or 1
    colour = looks(results)[route].colour
    ax.add_collection(LineCollection(strings[::step], colors=[colour], linewidths=0.7))
    ax.set_xlim(first, last)
    ax.set_ylim(0, max(end.last for end in ends.values()) or 1)
    _shade(ax, route, said.routes[route], ends, logs)
    _ticks(ax, said.routes[route], ends)
    ax.set_xlabel("time from the start of the simulation [days]")
    ax.set_ylabel("distance along the route [km]" if in_km else "distance [mean days of the legs]")
    labels = [label.get_text() for label in ax.get_yticklabels()]
    shown = _shown(said.name, step, [log.name for log in logs])
    headline(ax, _finding(route, own, ends, first, last), shown, labels=labels)
    return ax


def along(route: Route) -> tuple[dict[str, Ends], bool]:
    """Where each stage of a route lies, and whether in km: else in mean days of its transits."""
    transits = [stage for stage in route.stages.values() if isinstance(stage, Transit)]
    longest = max((stage.duration.mean for stage in transits), default=0.0)
    in_km = all(  # a leg of paperwork has no length
        stage.length_km is not None or stage.duration.mean < longest / 4 for stage in transits
    ) and any(stage.length_km for stage in transits)
    lengths = [
        0.0 if not isinstance(stage, Transit)
        else stage.length_km or 0.0 if in_km
        else stage.duration.mean
        for stage in route.stages.values()
    ]  # fmt: skip
    places = pairwise([0.0, *accumulate(lengths)])
    return {name: Ends(*two) for name, two in zip(route.stages, places, strict=True)}, in_km


def _concerning(observed: Observations, route: str, said: Route) -> Iterator[DisruptionLog]:
    """What happens on a route, other than to its money or single servers."""
    for log in observed.disruptions:
        moves = not log.said.of_servers and log.said.effect != "dearer"
        if log.spans and moves and disrupted(log.said, route, said):
            yield log


def _first_day(scenario: Scenario, logs: list[DisruptionLog]) -> float:
    run = scenario.run
    days = [first for log in logs for first, _ in log.spans if first >= run.warmup_days]
    first = min(days) - BEFORE if days else run.warmup_days
    return max(min(first, run.horizon - SHOWN), 0.0)


def _strings(move: Movement, ends: dict[str, Ends], first: float, last: float) -> Iterator[Floats]:
    """Day and distance of each trip that is under way in the days shown [marks, 2]."""
    y = _distances(move, ends)
    seen = (move.days[:, -1] > first) & (move.days[:, 0] < last)
    for days in move.days[seen]:
        yield np.stack([days, y], axis=1)


def _distances(move: Movement, ends: dict[str, Ends]) -> Floats:
    """How far along each mark is [marks]."""
    return np.array([
        ends[stage].first + part * (ends[stage].last - ends[stage].first)
        for stage, part in move.marks
    ])  # fmt: skip


def _shade(
    ax: Axes, name: str, route: Route, ends: dict[str, Ends], logs: list[DisruptionLog]
) -> None:
    """Boxes over the days and the stages that something goes wrong with."""
    least = 0.4 * line_height(ax)
    for log in logs:
        for begins, over in log.spans:
            for low, high in (ends[stage] for stage in disrupted(log.said, name, route)):
                ax.add_patch(Rectangle(
                    (begins, low - least), over - begins, high - low + 2 * least,
                    facecolor=SHADE, edgecolor=MUTED, alpha=0.75, hatch="////", linewidth=0.8,
                    label=log.name,
                ))  # fmt: skip


def _ticks(ax: Axes, route: Route, ends: dict[str, Ends]) -> None:
    """The distances at which something stands, with its name where there is room."""
    found: dict[float, str] = {}
    for name, stage in route.stages.items():
        if isinstance(stage, FacilityStage):
            found[ends[name].first] = stage.facility
        elif isinstance(stage, Departures):
            found.setdefault(ends[name].first, stage.place or name)
    vias = [
        stage.via for stage in route.stages.values() if isinstance(stage, Transit) and stage.via
    ]
    if vias:
        found.setdefault(max(end.last for end in ends.values()), vias[-1][-1])
    said = {y: wrapped(f"{found[y]}  {y:,.0f}") for y in sorted(found)}
    gap, kept = line_height(ax, max(map(line_count, said.values()), default=1)), list[float]()
    for y in said:
        if not kept or y - kept[-1] >= gap:
            kept.append(y)
    ax.set_yticks(kept, [said[y] for y in kept], parse_math=False)
    for y in found:
        ax.axhline(y, color=INK, linewidth=0.6, alpha=0.5, zorder=0)


def _finding(
    route: str, moves: list[Movement], ends: dict[str, Ends], first: float, last: float
) -> str:
    """How many vehicles are on the way in these days, and how much of it they stand."""
    standing = whole = 0.0
    for move in moves:
        steps = np.diff(np.clip(move.days, first, last), axis=1)
        still = np.diff(_distances(move, ends)) == 0
        standing, whole = standing + float(steps[:, still].sum()), whole + float(steps.sum())
    if not whole:
        return f"nothing leaves on {route} in these days"
    many = f"{route}: {findings.number(whole / (last - first))} vehicles on the way at a time"
    if standing < 1e-3 * whole:
        return many
    return f"{many}, {findings.percent(standing / whole)} of the time standing"


def _shown(name: str, step: int, disrupted: list[str]) -> str:
    every = "each vehicle" if step == 1 else f"one in {step} vehicles"
    hatched = f"; hatched: {', '.join(disrupted)}" if disrupted else ""
    return f"{name}, replication 0; a line: {every}, flat where it stands{hatched}"
