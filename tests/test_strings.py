"""The string-line diagram: distance over time, a line a vehicle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from daily import daily, disruption
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

import sim
from sim.results.observations import Floats
from sim.views.strings import MOST, SHOWN, plot_string_lines

LINES = """
[facilities]
border = { service_hours = 12 }
[routes.rail.stages]
trains = { kind = "departures", vehicle = "train", every_days = 1, capacity = 3, place = "here" }
korea = { kind = "transit", days = 2, length_km = 800 }
customs = { kind = "facility", facility = "border" }
line = { kind = "transit", days = 4, length_km = 3_000 }
[places]
here = { latitude = 1, longitude = 2 }
"""


def drawn(scenario: sim.Scenario) -> Axes:
    return plot_string_lines(sim.run(scenario, replications=1, jobs=1))


def strings(ax: Axes) -> list[Floats]:
    """The lines: days and distances of each vehicle."""
    (found,) = (each for each in ax.collections if isinstance(each, LineCollection))
    return [np.asarray(path.vertices, float) for path in found.get_paths()]


def test_a_line_runs_where_the_train_is(tmp_path: Path) -> None:
    # The train of day 1: at the border, 800 km on, from day 3 to 3.5, at the end on day 7.5.
    ax = drawn(daily(tmp_path, LINES, days=40))
    first = strings(ax)[0]
    corners = np.unique(first, axis=0)
    assert corners == pytest.approx(np.array([(1, 0), (3, 800), (3.5, 800), (7.5, 3_800)]))
    assert ax.get_xlim() == (0, SHOWN)
    assert ax.get_ylim() == (0, 3_800)
    assert [each.get_text() for each in ax.get_yticklabels()] == ["here  0", "border  800"]
    assert ax.get_ylabel() == "distance along the route [km]"


def test_the_title_tells_how_much_they_stand(tmp_path: Path) -> None:
    # Each is 6.5 days on its way, and one leaves a day; half a day of these it stands.
    settled = daily(tmp_path, LINES, days=60).with_changes({"run.warmup_days": 20})
    title = drawn(settled).get_title(loc="left").replace("\n", " ")
    assert title == "rail: 6.5 vehicles on the way at a time, 7.7 % of the time standing"


def test_a_run_of_fewer_days_is_told_and_drawn_as_it_is(tmp_path: Path) -> None:
    # One leaves on each of days 1 to 7; after two days it stands for half a day.
    ax = drawn(daily(tmp_path, LINES, days=8))
    assert ax.get_xlim() == (0, 8)
    title = ax.get_title(loc="left").replace("\n", " ")
    under_way = sum(min(6.5, 8 - day) for day in range(1, 8))
    standing = sum(min(max(8 - day - 2, 0), 0.5) for day in range(1, 8))
    said = f"{under_way / 8:.1f} vehicles on the way at a time, {100 * standing / under_way:.1f} %"
    assert title == f"rail: {said} of the time standing"


def test_the_opposite_direction_slopes_the_other_way(tmp_path: Path) -> None:
    both = {"demand.directions": {"eastbound": 0.5, "westbound": 0.5}}
    there, back = (
        line
        for line in strings(drawn(daily(tmp_path, LINES, days=40).with_changes(both)))
        if line[0, 0] == 1
    )
    assert (there[0, 1], there[-1, 1]) == (0, 3_800)
    assert (back[0, 1], back[-1, 1]) == (3_800, 0)


def test_what_is_closed_is_shaded_and_in_sight(tmp_path: Path) -> None:
    text = LINES + disruption("routes.rail.stages.line", "closed", day=25)
    ax = drawn(daily(tmp_path, text, days=120))
    (box,) = (each for each in ax.patches if isinstance(each, Rectangle))
    assert (box.get_x(), box.get_width()) == (25, 4)
    assert box.get_y() < 800
    assert box.get_y() + box.get_height() > 3_800
    assert ax.get_xlim() == (20, 20 + SHOWN)


def test_without_lengths_distance_is_days(tmp_path: Path) -> None:
    plain = LINES.replace(", length_km = 800", "").replace(", length_km = 3_000", "")
    ax = drawn(daily(tmp_path, plain, days=40))
    assert ax.get_ylim() == (0, 6)
    assert ax.get_ylabel() == "distance [mean days of the legs]"


def test_the_route_on_which_something_goes_wrong_is_drawn(tmp_path: Path) -> None:
    # The ship, every second day, has fewer departures than the train, but its canal is shut.
    ship = """
[facilities.canal]
service_hours = 1
[routes.sea.stages]
ships = { kind = "departures", vehicle = "ship", every_days = 2, capacity = 9 }
canal = { kind = "facility", facility = "canal" }
voyage = { kind = "transit", days = 9 }
[choice]
rule = "fastest"
"""
    ax = drawn(daily(tmp_path, LINES + ship + disruption("facilities.canal", "closed"), days=40))
    assert ax.get_title(loc="left").startswith("sea: ")
    assert any("hatched: closed-from-7" in each.get_text() for each in ax.texts)


def test_of_many_some_are_drawn(tmp_path: Path) -> None:
    often = daily(tmp_path, LINES, days=40).with_changes(
        {"routes.rail.stages.trains.every_days": 0.05, "facilities.border.service_hours": 0.1}
    )
    ax = drawn(often)
    assert MOST / 2 < len(strings(ax)) <= MOST
    said = [each.get_text() for each in ax.texts]
    assert any("one in 4 vehicles" in text for text in said)


def test_nothing_leaves(tmp_path: Path) -> None:
    closed = daily(tmp_path, LINES, days=40).with_changes({"routes.rail.closed": True})
    assert drawn(closed).get_title(loc="left") == "nothing leaves on rail in these days"
