"""Golden pictures: three of a fixed small corridor look as they looked when somebody saw them.

`TRANSSIB_GOLDEN=renew` writes them anew; look at them before they are committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import matplotlib
import pytest
from corridors import SMALL, loaded
from matplotlib.axes import Axes
from matplotlib.testing.compare import compare_images

import sim
from sim.results.results import Results
from sim.views.plots import plot_shares, plot_string_lines, plot_times

GOLDEN = Path(__file__).parent / "data" / "golden"
MADE_BY = "3.11"
"""The version of matplotlib that drew them; others place text a little differently."""

TOLERANCE = 2.0
"""Root mean square of the differences, of 255: below what an eye sees."""

DPI = 60

PICTURES: dict[str, Callable[[Results], Axes]] = {
    "shares": plot_shares, "times": plot_times, "strings": plot_string_lines,
}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    scenario = loaded(tmp_path_factory.mktemp("golden"), SMALL)
    more = scenario.with_changes({"routes.rail.stages.trains.annual_capacity": 14_000}, name="more")
    return sim.compare([scenario, more], replications=3, jobs=1)


def draw(results: Results, name: str, path: Path) -> Path:
    figure = PICTURES[name](results).get_figure(root=True)
    assert figure is not None
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    return path


@pytest.mark.skipif(
    not matplotlib.__version__.startswith(MADE_BY), reason=f"drawn by matplotlib {MADE_BY}"
)
@pytest.mark.parametrize("name", PICTURES)
def test_it_looks_as_it_did(results: Results, name: str, tmp_path: Path) -> None:
    golden = GOLDEN / f"{name}.png"
    if os.environ.get("TRANSSIB_GOLDEN") == "renew":
        draw(results, name, golden)
    drawn = draw(results, name, tmp_path / f"{name}.png")
    assert compare_images(str(golden), str(drawn), TOLERANCE) is None


def test_a_changed_picture_is_noticed(results: Results, tmp_path: Path) -> None:
    # The same bars with one replication less differ by a hair, and are told.
    fewer = sim.compare(list(results.scenarios), replications=2, jobs=1)
    drawn = draw(fewer, "shares", tmp_path / "fewer.png")
    assert compare_images(str(GOLDEN / "shares.png"), str(drawn), TOLERANCE) is not None
