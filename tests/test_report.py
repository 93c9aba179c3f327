"""The report: what it says, that it says it safely, and that a real browser shows it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browsers import chromium, page, tab
from corridors import SMALL, loaded
from playwright.sync_api import Page, expect
from processes import transsib

import sim
from sim.experiments.solve import frontier
from sim.results.results import Results
from sim.views import findings, words
from sim.views.pieces import Part
from sim.views.report import report

__all__ = ["chromium", "page", "tab"]  # fixtures, by their names

TROUBLED = """
[disruptions.storm]
target = "routes.sea.stages.voyage"
effect = "closed"
from = 2001-02-01
days = 9
[assumptions."routes.rail.stages.line.days"]
quality = "sourced"
range = [12, 25]
source = "a timetable"
[carbon]
tonnes_per_container = 12
rail_g_per_tonne_km = 20
sea_g_per_tonne_km = 10
"""
DATED = (
    SMALL.replace("[run]", "[run]\nstart = 2001-01-20")
    .replace('"transit", days = [30', '"transit", mode = "sea", length_km = 20_000, days = [30')
    .replace('"transit", days = [13', '"transit", mode = "rail", length_km = 12_000, days = [13')
)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A year with a storm beside one without."""
    folder = tmp_path_factory.mktemp("scenarios")
    calm = loaded(folder, f'title = "A calm year"\n{DATED}', "calm")
    rough = loaded(folder, f'title = "A rough year"\n{DATED}{TROUBLED}', "rough")
    return sim.compare([calm, rough], replications=2, jobs=1)


@pytest.fixture(scope="module")
def text(compared: Results) -> str:
    return report(compared)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Captions in the place of pictures: to draw them is most of what a page takes."""
    monkeypatch.setattr(
        "sim.views.report.picture", lambda _, caption="": Part("text", text=caption)
    )


class Reader(HTMLParser):
    """The headings, tables and pictures of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for each, attributes in self.tags if each == tag]


def test_it_answers_first(compared: Results, text: str) -> None:
    said = [word for word in Reader(text).words if word]
    assert "calm and rough" in said
    assert words.answer(compared) in said


def test_it_has_a_section_for_every_question(text: str) -> None:
    titles = re.findall(r"<h2 [^>]*>(.*?)</h2>", text)
    assert titles == [
        "The answer", "Seen", "What changes against calm", "What binds", "Day by day",
        "What went wrong", "Money and carbon", "What is assumed", "How sure this is",
        "How it was made",
    ]  # fmt: skip
    for word in (
        "storm",
        "rail line time",
        "a timetable",
        "12 to 25",
        "CO2e",
        "2 replications",
        "seed",
    ):
        assert word in text
    assert "transsib compare scenarios/calm.toml scenarios/rough.toml --out again" in text


def test_figures_are_those_of_the_terminal(compared: Results, text: str) -> None:
    cells = [word for word in Reader(text).words if word]
    for name in compared.names:
        for metric in ("rail.throughput", "sea.door_to_door_mean", "rail.share"):
            key = compared.key(metric, name)
            assert words.interval(compared.interval(key, name), words.unit(key)) in cells
    change = compared.difference(compared.key("sea.door_to_door_mean", "rough"), "rough").interval
    assert words.difference(change, "days") in cells


def test_it_says_in_words_what_changes(compared: Results, text: str) -> None:
    """A storm of nine days keeps some of the year's containers at sea for longer."""
    taken = compared.difference(compared.key("sea.door_to_door_mean", "rough"), "rough").interval
    assert taken.mean is not None
    assert taken.mean > 0
    assert f"takes {taken.mean:.1f} days more." in findings.change(compared, "rough")
    assert findings.change(compared, "rough") in text


def test_every_picture_says_what_it_shows(text: str) -> None:
    pictures = Reader(text).all("img")
    assert len(pictures) == 7
    for picture in pictures:
        assert len(picture["alt"] or "") > 20
        assert (picture["src"] or "").startswith("data:image/svg+xml;base64,")


def test_nothing_of_the_machine_is_in_it(text: str) -> None:
    for word in (str(Path.cwd()), str(Path.home()), "http://", "https://", "<script"):
        assert word not in text


def test_the_same_results_give_the_same_page(compared: Results, text: str) -> None:
    assert report(compared) == text


HOSTILE = '"><script>document.title=1</script><img src=x onerror=alert(1)>{{ 7*7 }}&amp;'


def test_words_of_a_scenario_stay_words(tmp_path: Path, page: Page) -> None:
    hostile = DATED.replace('"train"', json.dumps(HOSTILE)) + TROUBLED
    hostile = hostile.replace('"a timetable"', json.dumps(HOSTILE))
    scenario = loaded(tmp_path, f"title = {json.dumps(HOSTILE)}\n{hostile}")
    path = tmp_path / "report.html"
    path.write_text(report(sim.run(scenario, replications=1, jobs=1)), "utf-8")
    page.goto(path.as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert page.title() == HOSTILE
    assert page.locator("script").count() == 0
    assert page.locator("img:not([src^='data:'])").count() == 0
    assert HOSTILE in (page.locator("#assumptions").text_content() or "")


# Other studies.


@pytest.mark.usefixtures("undrawn")
def test_a_run_has_no_differences(tmp_path: Path) -> None:
    text = report(sim.run(loaded(tmp_path), replications=2, jobs=1))
    assert "What changes" not in text
    assert "transsib run scenarios/small.toml --out again" in text


@pytest.mark.usefixtures("undrawn")
def test_it_warns_before_the_figures(tmp_path: Path) -> None:
    """Nine of ten want a railway that can carry four of ten: its queue has no mean."""
    wanted = SMALL.replace("max_wait_days = 3", "")
    wanted = wanted.replace('"fastest"', '"share"\nshares = { rail = 0.9, sea = 0.1 }')
    text = report(sim.run(loaded(tmp_path, wanted), replications=1, jobs=1))
    assert text.index("there is no steady state") < text.index("<table>")


@pytest.mark.usefixtures("undrawn")
def test_one_more_is_a_scenario_and_what_more_would_give(tmp_path: Path) -> None:
    results = sim.one_more(loaded(tmp_path), replications=1, jobs=1)
    text = report(results)
    titles = re.findall(r"<h2 [^>]*>(.*?)</h2>", text)
    assert titles[0] == "The answer"
    assert "What one more would give" in titles
    assert "What changes" not in text


def test_a_goal_that_nothing_reaches_has_a_page(tmp_path: Path) -> None:
    found = frontier(
        loaded(tmp_path).with_changes({"run.replications": 1}), target={"rail.share": 0.99},
        by="routes.rail.stages.trains.annual_capacity", within=(1_000, 2_000), jobs=1,
    )  # fmt: skip
    text = report(found)
    assert found.solutions[0].why in text
    assert "To make it again" not in text


@pytest.mark.slow
def test_further_studies_are_sections(tmp_path: Path) -> None:
    base = loaded(tmp_path, DATED + TROUBLED).with_changes({"disruptions.storm.days": 3})
    plain = sim.run(base, replications=1, jobs=1)
    sweep = sim.sweep(base, {"routes.rail.max_wait_days": [1, 3]}, replications=2, jobs=1)
    moved = sim.sensitivity(base, metric="rail.share", samples=2, jobs=1).results
    text = report(plain, [sweep, moved])
    for title in ("What follows from what", "What moves the answer"):
        assert title in text
    assert len(Reader(text).all("img")) == 9
    for each in (sweep, moved):
        alone = report(each)
        assert len(Reader(alone).all("img")) == 1
        assert re.search(r'<p class="lead">.{20,}</p>', alone)


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    base, wait = loaded(tmp_path), "routes.rail.max_wait_days"
    sim.run(base, replications=1, jobs=1, out=tmp_path / "out")
    sim.sweep(base, {wait: [1, 3]}, replications=2, jobs=1, out=tmp_path / "swept")
    done = transsib("report", "out", "--also", "swept", cwd=tmp_path)
    assert done.stdout == ""
    assert done.stderr == f"page: {Path('out') / 'report.html'}\n"
    text = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "What follows from what" in text
    assert str(tmp_path) not in text
    missing = transsib("report", "out", "--also", "nowhere", cwd=tmp_path, status=4)
    assert missing.stderr.strip() == "nowhere: no results here (no results.sqlite)"


# In a browser.


@pytest.fixture(scope="module")
def address(text: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(text, "utf-8")
    return path.as_uri()


def test_one_can_click_through_it(address: str, page: Page) -> None:
    page.goto(address)
    for link in page.get_by_role("navigation").get_by_role("link").all():
        link.click()
        target = page.url.split("#")[1]
        expect(page.locator(f"#{target}")).to_be_in_viewport()
    fold = page.locator("details").first
    inside = fold.locator("table").first
    expect(inside).to_be_hidden()
    fold.locator("summary").click()
    expect(inside).to_be_visible()
    shown = page.evaluate("[...document.images].every((it) => it.naturalWidth > 100)")
    assert shown


def test_headings_are_in_order(address: str, page: Page) -> None:
    page.goto(address)
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((it) => +it.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


CONTRASTS = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (it) => {
    for (; it; it = it.parentElement) {
      const colour = getComputedStyle(it).backgroundColor;
      if (!colour.endsWith(", 0)")) return colour;
    }
  };
  return [...document.querySelectorAll("p, a, th, td, figcaption, summary, caption, code, h1, h2")]
    .map((it) => {
      const [a, b] = [light(getComputedStyle(it).color), light(ground(it))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
}"""
"""Of all texts against what is behind them, after WCAG 2."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read(address: str, page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(address)
    assert min(page.evaluate(CONTRASTS)) >= 4.5


@pytest.mark.parametrize("width", [1400, 1200, 400])
def test_nothing_is_wider_than_the_window(address: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_prints(address: str, page: Page) -> None:
    page.goto(address)
    page.emulate_media(media="print")
    expect(page.locator("nav")).to_be_hidden()
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 3
