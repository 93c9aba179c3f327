"""Where things are, where vehicles are, and the map that shows it."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from corridors import SMALL, loaded
from daily import daily
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

import sim
from sim.results.movements import movements
from sim.views.geography import geography
from sim.views.maps import WIDEST, plot_map
from sim.views.style import looks

# A line along the equator, from Greenwich to 90 degrees east, with a stop half way.
EQUATOR = """
[places]
west = { latitude = 0, longitude = 0, country = "GA" }
middle = { latitude = 0, longitude = 45, country = "KE" }
bend = { latitude = 0, longitude = 70 }
east = { latitude = 0, longitude = 90, country = "KE" }
cape = { latitude = -30, longitude = 20, country = "ZA" }
[facilities]
border = { place = "middle", service_hours = 12, changes_gauge = true }
[routes.rail.stages]
trains = { kind = "departures", every_days = 1, capacity = 3, place = "west" }
first = { kind = "transit", via = ["west", "middle"], days = 2, length_km = 5_000, mode = "rail" }
customs = { kind = "facility", facility = "border" }
papers = { kind = "transit", days = 1 }
[routes.rail.stages.second]
kind = "transit"
via = ["middle", "bend", "east"]
days = 4
detour = { days = 9, via = ["middle", "cape", "east"] }
"""


@pytest.fixture
def equator(tmp_path: Path) -> sim.Scenario:
    return daily(tmp_path, EQUATOR)


def test_places_lie_where_an_equal_area_map_has_them(equator: sim.Scenario) -> None:
    # Lambert's azimuthal projection: 2 sin(c / 2) from the middle, in radii of the earth. The
    # detour stretches the map to the south, so that only the distance between two is known.
    where = geography(equator.with_changes({"routes.rail.stages.second.detour": None}))
    at = {spot.name: spot.at for spot in where.spots}
    half = 2 * math.sin(math.radians(45) / 2)
    assert at["west"] == pytest.approx((-half, 0), abs=1e-12)
    assert at["middle"] == pytest.approx((0, 0), abs=1e-12)
    assert at["east"] == pytest.approx((half, 0), abs=1e-12)


def test_every_stage_has_a_line_that_begins_where_the_one_before_ends(
    equator: sim.Scenario,
) -> None:
    lines = geography(equator).lines
    stages = [lines["rail", stage] for stage in equator.routes["rail"].stages]
    assert [len(line) for line in stages] == [1, 46, 1, 1, 46]  # a point a degree
    for one, other in pairwise(stages):
        assert one[-1] == pytest.approx(other[0])
    for way in geography(equator).detours.values():
        assert way[0] == pytest.approx(stages[-1][0])
        assert way[-1] == pytest.approx(stages[-1][-1])


def test_what_stands_where(equator: sim.Scenario) -> None:
    # A place without a country only bends a line; a border lies half way between two countries.
    kinds = {spot.name: set(spot.kinds) for spot in geography(equator).spots}
    assert kinds == {
        "west": {"departures"}, "middle": {"gauge"}, "east": set(), "cape": set(),
        "": {"border"},
    }  # fmt: skip
    (border,) = (spot for spot in geography(equator).spots if not spot.name)
    lines = geography(equator).lines
    assert border.at == pytest.approx(lines["rail", "first"][23])


def test_land_is_there_and_finite(equator: sim.Scenario) -> None:
    land = geography(equator).land
    assert len(land) > 50
    assert all(np.isfinite(outline).all() for outline in land)
    assert all((outline[0] == outline[-1]).all() for outline in land)  # closed


def test_without_places_it_is_a_schematic(tmp_path: Path) -> None:
    where = geography(loaded(tmp_path, SMALL))
    assert where.land == ()
    ends = [line[-1, 0] for (_, stage), line in where.lines.items() if stage in ("line", "voyage")]
    assert ends == [1, 1]  # both come to the same end


def test_a_train_is_where_its_stages_say(equator: sim.Scenario) -> None:
    # It leaves on day 1, is at the border from 3 to 3.5, has its papers on 4.5, arrives on 8.5.
    (trains,) = movements(equator, sim.simulate(equator))
    assert trains.marks[0] == ("first", 0)
    assert dict(zip(trains.marks, trains.days[0], strict=True)) == {
        ("first", 0): 1, ("first", 1): 3, ("customs", 0): 3, ("customs", 1): 3.5,
        ("papers", 0): 3.5, ("papers", 1): 4.5, ("second", 0): 4.5, ("second", 1): 8.5,
    }  # fmt: skip
    assert (np.diff(trains.days) >= 0).all()


def test_a_train_on_its_way_at_the_horizon_goes_on(equator: sim.Scenario) -> None:
    (trains,) = movements(equator, sim.simulate(equator))
    last = trains.days[-1]
    horizon = equator.run.horizon
    assert last[0] < horizon
    assert last[-1] >= horizon
    under_way = trains.days[(trains.days[:, -2] < horizon) & (trains.days[:, -1] >= horizon)]
    assert under_way[:, -1] - under_way[:, -2] == pytest.approx(4)


def test_the_opposite_direction_goes_backwards(tmp_path: Path) -> None:
    both = daily(tmp_path, EQUATOR).with_changes(
        {"demand.directions": {"eastbound": 0.5, "westbound": 0.5}}
    )
    _, back = movements(both, sim.simulate(both))
    assert back.marks[0] == ("second", 1)
    assert back.marks[-1] == ("first", 0)


def test_detours_are_told(equator: sim.Scenario) -> None:
    closed = {"target": "routes.rail.stages.second", "effect": "closed", "per_year": 0, "days": 1}
    assert not any(
        (move.detoured.get("second", np.zeros(1)) > 0).any()
        for move in movements(equator, sim.simulate(equator))
    )
    shut = equator.with_changes({"disruptions": {"shut": {**closed, "per_year": 36.5, "days": 8}}})
    (trains,) = movements(shut, sim.simulate(shut))
    gone = trains.detoured["second"]
    assert gone.any()
    took = trains.days[gone, -1] - trains.days[gone, -2]
    assert took[np.isfinite(took)] == pytest.approx(9)


def test_a_route_is_as_wide_as_what_it_carries(tmp_path: Path) -> None:
    results = sim.run(loaded(tmp_path, SMALL), replications=2, jobs=1)
    ax = plot_map(results)
    for route in ("rail", "sea"):
        widths = [line.get_linewidth() for line in ax.lines if line.get_label() == route]
        part = results.value(f"{route}.throughput") or 0
        assert widths == [pytest.approx(WIDEST * part / results.demand("small"))]
        colours = [to_hex(line.get_color()) for line in ax.lines if line.get_label() == route]
        assert colours == [to_hex(looks(results)[route].colour)]


def test_routes_that_share_a_line_run_side_by_side() -> None:
    scenario = sim.load_scenario("corridor-200k").with_changes(
        {"run.days": 30, "run.warmup_days": 5}
    )
    ax = plot_map(sim.run(scenario, replications=1, jobs=1))
    lines = {
        route: max(
            (np.array(line.get_xydata()) for line in ax.lines if line.get_label() == route), key=len
        )
        for route in ("link", "vostochny")
    }
    one, two = lines.values()
    assert one.shape == two.shape
    assert 0 < np.hypot(*(one - two).T).max() < 0.05


def test_names_hide_neither_each_other_nor_a_line() -> None:
    scenario = sim.load_scenario("corridor-200k").with_changes(
        {"run.days": 30, "run.warmup_days": 5}
    )
    ax = plot_map(sim.run(scenario, replications=1, jobs=1))
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    names = [text for text in ax.texts if text.get_text() in scenario.places]
    assert len(names) > 10
    boxes = [text.get_window_extent() for text in names]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])


@pytest.mark.parametrize("many", [1, 3, 8])
def test_every_open_route_is_in_the_legend(tmp_path: Path, many: int) -> None:
    shared, rail = EQUATOR.split("[routes.rail.stages]")
    names = [f"railway-number-{n}-of-the-equator" for n in range(many)]
    routes = [f"[routes.rail.stages]{rail}".replace(".rail.", f".{name}.") for name in names]
    text = "".join([shared, *routes, '[choice]\nrule = "fastest"\n'])
    ax = plot_map(sim.run(daily(tmp_path, text), replications=1, jobs=1))
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    legends = [each for each in ax.get_children() if isinstance(each, Legend)]
    told = [text for legend in legends for text in legend.get_texts()]
    said = " ".join(text.get_text() for text in told).replace("\n", " ")
    assert all(f"{name}: " in said for name in names)
    boxes = [each.get_window_extent() for each in [*told, *ax.findobj(Text)]]
    assert all(box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)


def test_axes_of_somebody_else_keep_the_size_of_their_figure(equator: sim.Scenario) -> None:
    figure = Figure(figsize=(9, 5))
    plot_map(sim.run(equator, replications=1, jobs=1), ax=figure.subplots())
    assert figure.get_size_inches().tolist() == [9, 5]
