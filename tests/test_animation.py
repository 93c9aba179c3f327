"""The moving map: where its page has every vehicle, and that it plays in a real browser."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsers import browser_page, chromium
from corridors import SMALL, loaded
from daily import daily, disruption
from playwright.sync_api import expect
from test_solve import transsib

import sim
from sim.errors import UsageError
from sim.results.observations import Floats
from sim.views.animation import animation

__all__ = ["chromium"]  # a fixture, by its name

PLACES = """
[places]
west = { latitude = 0, longitude = 0, country = "GA" }
middle = { latitude = 0, longitude = 30, country = "KE" }
east = { latitude = 0, longitude = 60, country = "KE" }
cape = { latitude = -30, longitude = 30, country = "ZA" }
[facilities]
border = { place = "middle", service_hours = 12 }
[routes.rail.stages]
trains = { kind = "departures", vehicle = "train", every_days = 1, capacity = 3 }
first = { kind = "transit", via = ["west", "middle"], days = 2 }
customs = { kind = "facility", facility = "border" }
[routes.rail.stages.second]
kind = "transit"
via = ["middle", "east"]
days = 4
detour = { days = 9, via = ["middle", "cape", "east"] }
"""
SECOND = "routes.rail.stages.second"


def content(scenario: sim.Scenario) -> dict[str, Any]:
    """What the page of a scenario knows."""
    text = animation(sim.run(scenario, replications=1, jobs=1))
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def days(data: dict[str, Any], leg: dict[str, Any]) -> Floats:
    """The day of each mark [trips, marks]."""
    steps = np.frombuffer(b64decode(leg["days"]), "<u2").reshape(leg["trips"], -1)
    found: Floats = steps * data["a_step"]
    return found


def test_every_piece_of_a_trip_has_its_line_and_its_days(tmp_path: Path) -> None:
    # From day 1: two days to the border, half a day at it, four days on.
    data = content(daily(tmp_path, PLACES))
    (leg,) = data["legs"]
    step = data["a_step"]
    assert days(data, leg)[0] == pytest.approx([1, 3, 3.5, 7.5], abs=step)
    assert [(piece["from"], piece["to"]) for piece in leg["pieces"]] == [(0, 1)] * 3
    lines = [data["lines"][piece["line"]] for piece in leg["pieces"]]
    assert [len(line) // 2 for line in lines] == [31, 1, 31]  # a point a degree
    assert lines[0][-2:] == lines[1] == lines[2][:2]
    assert days(data, leg)[-1] == pytest.approx([20, 22, 22, 26], abs=step)  # as it would go on
    loads = np.frombuffer(b64decode(leg["loads"]), "<u2")
    assert loads.tolist() == [1] * 20


def test_the_opposite_direction_goes_backwards(tmp_path: Path) -> None:
    both = {"demand.directions": {"eastbound": 0.5, "westbound": 0.5}}
    there, back = content(daily(tmp_path, PLACES).with_changes(both))["legs"]
    assert [(piece["from"], piece["to"]) for piece in back["pieces"]] == [(1, 0)] * 3
    assert back["pieces"][-1]["line"] == there["pieces"][0]["line"]


def test_who_takes_the_detour_is_told(tmp_path: Path) -> None:
    # Closed from day 7 to 11: those are at the border then that left from day 5 to 8.
    data = content(daily(tmp_path, PLACES + disruption(SECOND, "closed")))
    (leg,) = data["legs"]
    assert leg["pieces"][-1]["detoured"] == [4, 5, 6, 7]
    assert data["lines"][leg["pieces"][-1]["around"]] != data["lines"][leg["pieces"][-1]["line"]]
    (trouble,) = data["troubles"]
    assert trouble["spans"] == [[7, 11]]
    assert trouble["lines"] == [leg["pieces"][-1]["line"]]


def test_terminals_hold_the_backlog(tmp_path: Path) -> None:
    # Bookings at half past each day, trains at midnight: on average half a container waits.
    busy = daily(tmp_path, PLACES, a_year=3650)
    (terminal,) = content(busy)["terminals"]
    (leg,) = sim.simulate(busy).route("rail").legs
    for day, waiting in enumerate(terminal["waiting"][:20]):
        moments = np.linspace(day, day + 1, 2001)[:-1] + 1 / 4000
        joined = leg.joined.searchsorted(moments, "right")
        left = leg.loads.cumsum()[leg.departed.searchsorted(moments, "right") - 1]
        left = np.where(moments < leg.departed[0], 0, left)
        assert waiting == pytest.approx((joined - left).mean(), abs=0.6)


def test_deliveries_add_up(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    data = content(scenario)
    results = sim.run(scenario, replications=1, jobs=1)
    for route in data["routes"]:
        measured = results.value(f"{route['name']}.throughput") or 0
        assert route["delivered"][-1] == pytest.approx(measured * scenario.run.days / 365)


HOSTILE = '</script><img src=x onerror="document.title=1">{{ 7 * 7 }}'


def hostile(folder: Path) -> sim.Scenario:
    text = f"title = {json.dumps(HOSTILE)}\n" + SMALL.replace('"train"', json.dumps(HOSTILE))
    return loaded(folder, text)


def test_words_of_a_scenario_stay_words(tmp_path: Path, chromium: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(animation(sim.run(hostile(tmp_path), replications=1, jobs=1)), "utf-8")
    with browser_page(chromium, reduced_motion="reduce") as page:
        page.goto(path.as_uri())
        expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
        assert HOSTILE in page.locator("#shapes").inner_text()
        assert page.locator("img").count() == 0


def test_the_same_results_give_the_same_page(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    one, other = (animation(sim.run(scenario, replications=1, jobs=1)) for _ in range(2))
    assert one == other


def test_a_year_of_the_headline_is_small() -> None:
    page = animation(sim.run(sim.load_scenario("link-500k"), replications=1, jobs=1))
    assert len(page.encode()) < 1_000_000


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    sim.run(loaded(tmp_path), replications=1, jobs=1, out=tmp_path / "out")
    done = transsib("animate", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"page: {Path('out') / 'animation.html'}\n"
    text = (tmp_path / "out" / "animation.html").read_text("utf-8")
    assert str(tmp_path) not in text
    wrong = transsib("animate", "out", "--scenario", "smal", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "no scenario 'smal' in these results; did you mean small?" in wrong.stderr


def test_only_scenarios_that_are_there(tmp_path: Path) -> None:
    results = sim.run(loaded(tmp_path), replications=1, jobs=1)
    with pytest.raises(UsageError, match="no scenario"):
        animation(results, "other")


# In a browser.


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the Suez Canal blocked, over its first hundred days."""
    scenario = sim.load_scenario("suez-blocked").with_changes({"run.days": 100})
    path = tmp_path_factory.mktemp("page") / "animation.html"
    path.write_text(animation(sim.run(scenario, replications=1, jobs=1)), "utf-8")
    return path.as_uri()


def test_it_plays_and_pauses(corridor: str, chromium: str) -> None:
    with browser_page(chromium) as page:
        page.goto(corridor)
        clock = page.locator("#clock")
        expect(clock).not_to_have_text("1 January 2001")  # it plays by itself
        page.get_by_role("button", name="Pause").click()
        said = clock.inner_text()
        page.wait_for_timeout(300)
        assert clock.inner_text() == said
        page.get_by_label("Speed").select_option("30 days a second")
        page.get_by_role("button", name="Play").click()
        expect(clock).to_have_text("11 April 2001")  # the end of the hundred days
        expect(page.get_by_role("button", name="Play")).to_be_visible()  # it stops there


def test_it_moves_only_on_request_where_motion_is_unwelcome(corridor: str, chromium: str) -> None:
    with browser_page(chromium, reduced_motion="reduce") as page:
        page.goto(corridor)
        clock = page.locator("#clock")
        page.wait_for_timeout(300)
        assert clock.inner_text() == "1 January 2001"
        before = picture(page)
        page.keyboard.press("ArrowRight")
        assert clock.inner_text() == "2 January 2001"
        assert picture(page) != before
        page.keyboard.press("End")
        assert clock.inner_text() == "11 April 2001"
        page.keyboard.press("Home")
        assert clock.inner_text() == "1 January 2001"
        assert picture(page) == before
        page.keyboard.press("Space")
        expect(clock).not_to_have_text("1 January 2001")
        page.keyboard.press("Space")
        said = page.locator("#canvas").get_attribute("aria-label") or ""
        assert said.startswith(f"Map on {clock.inner_text()}; link: ")


def picture(page: Any) -> str:
    found: str = page.evaluate("document.getElementById('canvas').toDataURL()")
    return found


def test_what_goes_wrong_is_marked(corridor: str, chromium: str) -> None:
    # The canal is blocked from 23 March on, day 81, for six days.
    with browser_page(chromium, reduced_motion="reduce") as page:
        page.goto(corridor)
        expect(page.locator("#happens")).to_have_text("")
        page.get_by_label("Day of the year").fill("83")
        expect(page.locator("#happens")).to_have_text("suez: closed")
        mark = page.locator("#troubles span")
        assert mark.get_attribute("title") == "suez: closed"
        assert re.search(r"left: 81%; width: 6%", mark.get_attribute("style") or "")


def test_it_fits_a_narrow_window_and_the_dark(corridor: str, chromium: str) -> None:
    with browser_page(
        chromium, viewport={"width": 400, "height": 800}, color_scheme="dark",
        reduced_motion="reduce",
    ) as page:  # fmt: skip
        page.goto(corridor)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 400
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark == "rgb(22, 24, 28)"


def test_it_is_smooth(corridor: str, chromium: str) -> None:
    # Measured: 60 frames a second. Far less is asked, for a test machine may be busy.
    with browser_page(chromium) as page:
        page.goto(corridor)
        frames = page.evaluate(
            """async () => { let frames = 0; const until = performance.now() + 1000;
            await new Promise((done) => { const count = (now) => {
              frames += 1; now < until ? requestAnimationFrame(count) : done(); };
              requestAnimationFrame(count); }); return frames; }"""
        )
        assert frames >= 5
