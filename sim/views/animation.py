"""The moving map: every train and ship of a year, in one page that needs nothing else."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.colors import to_hex

from sim.results.curves import waited
from sim.results.movements import Mark, Movement, movements
from sim.results.observations import DisruptionLog, Floats, Observations
from sim.results.results import Results
from sim.scenario.model import Run, Scenario
from sim.scenario.stages import Transit
from sim.views import findings
from sim.views.geography import Geography, Stretch, disrupted, drawn_routes, geography
from sim.views.pages import as_json, page
from sim.views.style import looks

WIDE: Final = 10_000
"""The map's width in the units of the page."""

MARGIN: Final = 0.05
"""Of that width, free around the lines."""

STEPS: Final = 65_535
"""The parts of the whole time that days are told in: some ten minutes of 500 days."""


def animation(results: Results, scenario: str | None = None) -> str:
    """The page of one scenario: replication 0, its measured window.

    By default of the last one, of a sensitivity study of the baseline, for its last is one of many
    draws. Raises UsageError for an unknown scenario.
    """
    said = results.scenario(scenario or results.names[0 if results.is_sensitivity else -1])
    observed = results.detail(said.name)
    data = _data(results, said, observed)
    return page(
        "animation", title=said.title or said.name, scenario=said.name,
        finding=findings.carried(results, said.name), data=as_json(data),
    )  # fmt: skip


def _data(results: Results, scenario: Scenario, observed: Observations) -> dict[str, Any]:
    where = geography(scenario)
    drawn, run = _Drawn(where), scenario.run
    styles, names = looks(results), list(drawn_routes(scenario))
    moves = [move for move in movements(scenario, observed) if move.route in names]
    last = max([run.horizon, *(float(move.days.max()) for move in moves if len(move.days))])
    return {
        "start": run.start and run.start.isoformat(),
        "first": run.warmup_days,
        "days": run.days,
        "a_step": last / STEPS,
        "routes": [
            {
                "name": name,
                "colour": to_hex(styles[name].colour),
                "delivered": _delivered(run, observed, name),
            }
            for name in names
        ],
        "legs": [
            _leg(scenario, move, names.index(move.route), last / STEPS, drawn) for move in moves
        ],
        "terminals": list(_terminals(scenario, observed, names, drawn)),
        "troubles": [
            _trouble(scenario, log, drawn)
            for log in observed.disruptions
            if log.spans and not log.said.of_servers
        ],
        **drawn.content(names),
    }


class _Drawn:
    """The map in the units of the page: whole numbers, y downwards.

    lines: of stages and detours, each told once, by number
    """

    def __init__(self, where: Geography) -> None:
        self.where = where
        self._low, self._high = where.extent(MARGIN)
        self._scale = WIDE / float(self._high[0] - self._low[0])
        self.size = [WIDE, round(float(self._high[1] - self._low[1]) * self._scale)]
        self.lines: list[list[int]] = []
        self._known: dict[str, int] = {}
        self.numbers = {stretch: self._number(line) for stretch, line in where.lines.items()}
        self.detours = {stretch: self._number(line) for stretch, line in where.detours.items()}

    def content(self, names: Sequence[str]) -> dict[str, Any]:
        """Land, lines and places."""
        return {
            "size": self.size,
            "land": [self._flat(ring) for ring in self.where.land if self._is_near(ring)],
            "lines": self.lines,
            "ways": [[names.index(route), n] for (route, _), n in self.numbers.items()],
            "detours": [[names.index(route), n] for (route, _), n in self.detours.items()],
            "spots": [
                {"name": s.name, "at": self._flat(np.array([s.at])), "kinds": sorted(s.kinds)}
                for s in self.where.spots
            ],
        }

    def _number(self, line: Floats) -> int:
        flat = self._flat(line)
        if str(flat) not in self._known:
            self._known[str(flat)] = len(self.lines)
            self.lines.append(flat)
        return self._known[str(flat)]

    def _flat(self, points: Floats) -> list[int]:
        """Points one after the other: x, y, x, y."""
        x, y = (points - self._low).T * self._scale
        found: list[int] = (
            np.stack([x, self.size[1] - y], axis=1).round().astype(int).ravel().tolist()
        )
        return found

    def _is_near(self, ring: Floats) -> bool:
        return bool((ring.max(axis=0) > self._low).all() and (ring.min(axis=0) < self._high).all())


def _leg(
    scenario: Scenario, move: Movement, route: int, a_step: float, drawn: _Drawn
) -> dict[str, Any]:
    """The trips of a leg: where each piece of the way runs, and the days on which it ends."""
    kept = [0, *_needed(move)]
    pieces = [_piece(move, number, drawn) for number in kept[1:]]
    days = move.days[:, kept] / a_step
    stages = (scenario.routes[move.route].stages[stage] for stage, _ in move.marks)
    modes = {stage.mode for stage in stages if isinstance(stage, Transit)}
    return {
        "route": route,
        "vehicle": move.vehicle,
        "ship": "sea" in modes,
        "pieces": pieces,
        "trips": len(days),
        "days": _packed(days.round()),
        "loads": _packed(np.minimum(move.loads, STEPS)),
    }


def _needed(move: Movement) -> Iterator[int]:
    """The marks at which a trip comes to another day or another place than at the one before."""
    for number in range(1, len(move.marks)):
        (before, begins), (stage, ends) = move.marks[number - 1 : number + 1]
        moves = stage == before and begins != ends
        if moves or (move.days[:, number] > move.days[:, number - 1]).any():
            yield number


def _piece(move: Movement, number: int, drawn: _Drawn) -> dict[str, Any]:
    """What lies before a mark: a line, and from which part of it to which; who takes the detour."""
    stage, ends = move.marks[number]
    began: Mark = move.marks[number - 1]
    stretch: Stretch = (move.route, stage)
    begins = began[1] if began[0] == stage else ends
    piece: dict[str, Any] = {"line": drawn.numbers[stretch], "from": begins, "to": ends}
    if stretch in drawn.detours and begins != ends:
        gone = np.flatnonzero(move.detoured.get(stage, np.zeros(0)))
        piece |= {"around": drawn.detours[stretch], "detoured": gone.tolist()}
    return piece


def _terminals(
    scenario: Scenario, observed: Observations, names: Sequence[str], drawn: _Drawn
) -> Iterator[dict[str, Any]]:
    """Where vehicles leave, and how many containers wait there, mean over each day."""
    grid = _midnights(scenario.run)
    for number, way in enumerate(observed.ways):
        for log in (log for log in way.routes if log.name in names):
            for leg in log.legs:
                first = leg.passages[0].stage if leg.passages else leg.name
                line = drawn.lines[drawn.numbers[log.name, first]]
                waiting = np.diff(waited(leg, grid)) / np.diff(grid)
                yield {
                    "route": names.index(log.name),
                    "at": line[-2:] if number else line[:2],
                    "waiting": waiting.round().astype(int).tolist(),
                }


def _delivered(run: Run, observed: Observations, name: str) -> list[int]:
    """Containers that a route delivered in the window by the end of each of its days."""
    seen = observed.containers
    if name not in seen.routes:  # closed: it is drawn, and carries nothing
        return [0] * math.ceil(run.days)
    here = (seen.route == seen.routes.index(name)) & (seen.delivered >= run.warmup_days)
    found: list[int] = np.sort(seen.delivered[here]).searchsorted(_midnights(run)[1:]).tolist()
    return found


def _midnights(run: Run) -> Floats:
    """The days of the window, from its beginning to its end."""
    days: Floats = np.arange(math.ceil(run.days) + 1, dtype=float).clip(max=run.days)
    return run.warmup_days + days


def _trouble(scenario: Scenario, log: DisruptionLog, drawn: _Drawn) -> dict[str, Any]:
    """A disruption: on which days of the window, and on which lines."""
    lines = {
        drawn.numbers[name, stage]
        for name, route in drawn_routes(scenario).items()
        for stage in disrupted(log.said, name, route)
    }
    start = scenario.run.warmup_days
    return {
        "name": log.name,
        "effect": log.said.effect,
        "spans": [[round(first - start, 3), round(end - start, 3)] for first, end in log.spans],
        "lines": sorted(lines),
    }


def _packed(numbers: Any) -> str:
    return b64encode(np.ascontiguousarray(numbers).astype("<u2").tobytes()).decode()
