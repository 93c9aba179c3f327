"""The moving map in a real browser: where vehicles are seen, that it plays, and who may move it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from browsers import chromium, page, tab
from corridors import SMALL, loaded
from daily import daily, disruption
from playwright.sync_api import Page, expect
from test_animation import PLACES, SECOND, content

import sim
from sim.views.animation import animation

__all__ = ["chromium", "page", "tab"]  # fixtures, by their names


@pytest.fixture
def still(page: Page) -> Page:
    """Where motion is unwelcome."""
    page.emulate_media(reduced_motion="reduce")
    return page


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the Suez Canal blocked, over its first hundred days."""
    few = {"run.days": 100, "demand.containers_per_year": 20_000}
    scenario = sim.load_scenario("suez-blocked").with_changes(few)
    path = tmp_path_factory.mktemp("page") / "animation.html"
    path.write_text(animation(sim.run(scenario, replications=1, jobs=1)), "utf-8")
    return path.as_uri()


def seen(scenario: sim.Scenario, page: Page, *moments: float) -> list[list[dict[str, Any]]]:
    """The vehicles on the page at each of some days: where, which way, and whether they stand."""
    found = """day => { go(day); const all = [];
      vehicles((leg, x, y, dx, dy, load, piece) => all.push({x, y, dx, stands: piece.stands}));
      return all; }"""
    page.goto("about:blank")  # what a page has said of itself outlives its content
    page.set_content(animation(sim.run(scenario, replications=1, jobs=1)))
    return [page.evaluate(found, moment) for moment in moments]


RARE = PLACES.replace("every_days = 1", "every_days = 10")


def course(scenario: sim.Scenario) -> list[list[int]]:
    """The lines of the pieces of a trip: x, y, x, y."""
    data = content(scenario)
    return [data["lines"][piece["line"]] for piece in data["legs"][0]["pieces"]]


def half_way(line: list[int]) -> Any:
    """The middle of a line along the equator, which is all but straight."""
    x, y = (line[0] + line[-2]) / 2, (line[1] + line[-1]) / 2
    return pytest.approx([x, y], abs=100)


def test_a_train_is_where_its_days_say(tmp_path: Path, still: Page) -> None:
    # Leaves on day 10, at the border from 12 to 12.5, at the end on 16.5.
    scenario = daily(tmp_path, RARE)
    first, border, second = course(scenario)
    before, way, stands, on, after = seen(scenario, still, 9.9, 11, 12.25, 14.5, 16.6)
    assert (before, after) == ([], [])
    assert [way[0]["x"], way[0]["y"]] == half_way(first)
    assert [stands[0]["x"], stands[0]["y"]] == border
    assert [on[0]["x"], on[0]["y"]] == half_way(second)
    assert [each[0]["stands"] for each in (way, stands, on)] == [False, True, False]


def test_the_opposite_train_comes_from_the_other_end(tmp_path: Path, still: Page) -> None:
    both = {"demand.directions": {"eastbound": 0.5, "westbound": 0.5}}
    scenario = daily(tmp_path, RARE).with_changes(both)
    ((east, west),) = seen(scenario, still, 12.02)  # at the border, and half way
    assert [west["x"], west["y"]] == half_way(course(scenario)[-1])
    assert west["dx"] == pytest.approx(-1, abs=0.1)
    assert east["stands"]


def test_a_train_goes_round_what_is_closed(tmp_path: Path, still: Page) -> None:
    # At the border until day 12.5; nine days by the cape, thirty degrees south, not four.
    scenario = daily(tmp_path, RARE + disruption(SECOND, "closed", day=12))
    ((train,),) = seen(scenario, still, 17)
    data = content(scenario)
    line, around = (data["lines"][data["legs"][0]["pieces"][-1][key]] for key in ("line", "around"))
    assert train["y"] > max(line[1::2]) + 0.7 * (max(around[1::2]) - max(line[1::2]))


def test_it_plays_and_pauses(corridor: str, page: Page) -> None:
    page.goto(corridor)
    clock = page.locator("#clock")
    expect(clock).not_to_have_text("1 January 2001")  # it plays by itself
    assert clock.get_attribute("aria-live") == "off"
    page.get_by_role("button", name="Pause").click()
    assert clock.get_attribute("aria-live") == "polite"
    said = clock.inner_text()
    page.wait_for_timeout(300)
    assert clock.inner_text() == said
    page.get_by_label("Speed").select_option("30 days a second")
    page.get_by_role("button", name="Play").click()
    expect(clock).to_have_text("11 April 2001")  # the end of the hundred days
    expect(page.get_by_role("button", name="Play")).to_be_visible()  # it stops there


def test_it_moves_only_on_request_where_motion_is_unwelcome(corridor: str, still: Page) -> None:
    still.goto(corridor)
    clock = still.locator("#clock")
    still.wait_for_timeout(300)
    assert clock.inner_text() == "1 January 2001"
    assert clock.get_attribute("aria-live") == "polite"  # a day on is told, a running clock not
    before = picture(still)
    still.keyboard.press("ArrowRight")
    assert clock.inner_text() == "2 January 2001"
    assert picture(still) != before
    still.keyboard.press("End")
    assert clock.inner_text() == "11 April 2001"
    still.keyboard.press("Home")
    assert clock.inner_text() == "1 January 2001"
    assert picture(still) == before
    still.keyboard.press("Space")
    expect(clock).not_to_have_text("1 January 2001")
    still.keyboard.press("Space")
    said = still.locator("#canvas").get_attribute("aria-label") or ""
    assert said.startswith(f"Map on {clock.inner_text()}; link: ")


def picture(page: Any) -> str:
    found: str = page.evaluate("document.getElementById('canvas').toDataURL()")
    return found


def test_what_goes_wrong_is_marked(corridor: str, still: Page) -> None:
    # The canal is blocked from 23 March on, day 81, for six days.
    still.goto(corridor)
    expect(still.locator("#happens")).to_have_text("")
    still.get_by_label("Day of the year").fill("83")
    expect(still.locator("#happens")).to_have_text("suez: closed")
    mark = still.locator("#troubles span")
    assert mark.get_attribute("title") == "suez: closed"
    assert re.search(r"left: 81%; width: 6%", mark.get_attribute("style") or "")


def test_it_fits_a_narrow_window_and_the_dark(corridor: str, still: Page) -> None:
    still.set_viewport_size({"width": 400, "height": 800})
    still.emulate_media(color_scheme="dark")
    still.goto(corridor)
    wide = still.evaluate("document.documentElement.scrollWidth")
    assert wide <= 400
    dark = still.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == "rgb(22, 24, 28)"


def test_it_is_smooth(corridor: str, page: Page) -> None:
    # Measured: 60 frames a second. Far less is asked, for a test machine may be busy.
    page.goto(corridor)
    page.get_by_label("Speed").select_option("30 days a second")
    frames = page.evaluate(
        """async () => { let frames = 0; const until = performance.now() + 1000;
        await new Promise((done) => { const count = (now) => {
          frames += 1; now < until ? requestAnimationFrame(count) : done(); };
          requestAnimationFrame(count); }); return frames; }"""
    )
    assert frames >= 5
    assert float(page.get_by_label("Day of the year").input_value()) > 5


HOSTILE = '</script><img src=x onerror="document.title=1">{{ 7 * 7 }}'


def hostile(folder: Path) -> sim.Scenario:
    text = f"title = {json.dumps(HOSTILE)}\n" + SMALL.replace('"train"', json.dumps(HOSTILE))
    return loaded(folder, text)


def test_words_of_a_scenario_stay_words(tmp_path: Path, still: Page) -> None:
    path = tmp_path / "page.html"
    path.write_text(animation(sim.run(hostile(tmp_path), replications=1, jobs=1)), "utf-8")
    still.goto(path.as_uri())
    expect(still.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert HOSTILE in still.locator("#shapes").inner_text()
    assert still.locator("img").count() == 0
