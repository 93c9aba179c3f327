"""Words of a scenario stay words: for a terminal, a spreadsheet, a browser, a shell and a disk."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from corridors import SMALL, written
from every_key import EVERY_KEY
from hostile import ESCAPES, find, paths, quoted
from oracles import VERIFY
from processes import transsib

import sim
from sim.cli.work import print_csv
from sim.errors import ScenarioError, UsageError, legible

KEPT: Final = (
    "=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "-2+3", "<script>alert(1)</script>", "]]>", "-->",
    "</style></title></script><img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "{{7*7}}",
    "{% raw %}", "${7*7}", "$(touch owned)", "`touch owned`", "; touch owned", "[red]x[/red]",
    "[link=https://example.org]x[/link]", ":smiley:", "../../../etc/passwd", "con", "%s%n{0}{x}",
    r"$\frac{1}{0}$", "\\", "'", '"', "&amp;", "\U0001f682", "شمال", "x" * 300,
)  # fmt: skip
"""Words that a scenario may hold, and that mean something elsewhere."""

REFUSED: Final = (
    "\t=1+1", "\r=1+1", "a\nb", ESCAPES, "\x1b]0;owned\x07", "\x9b31m", "\u202egnp", "\u2066x",
    "\u2028", "a\0b", "\x7f", "\ufeff", "\u200b",
)  # fmt: skip
"""Words that a terminal obeys, or that cannot be seen."""

PLACES: Final = {
    "title": ('title = "Every key of a corridor"', "title = {}"),
    "vehicle": ('vehicle = "block train"', "vehicle = {}"),
    "country": ('country = "KR"', "country = {}"),
    "source": ('source = "an auction"', "source = {}"),
}
"""Where a scenario says words of its own."""

TABLES: Final = [
    "westbound",
    "urgent",
    "busan",
    "dmz",
    "sets",
    "rail",
    "main-line",
    "border",
    "canal",
]


def with_words(words: Mapping[str, str]) -> str:
    """The corridor with every key, with other words in some places."""
    text = EVERY_KEY.replace('vehicle = "ship"', 'vehicle = "block train"', 1)
    for place, word in words.items():
        old = PLACES[place][0]
        assert old in text, place
        text = text.replace(old, PLACES[place][1].format(quoted(word)))
    return text


PLACES["source"] = ('source = "a guess"', "source = {}")
FILES: Final = (
    "=cmd|' calc'!A0", "@SUM(A1)", "+1", "-2+3", "<img src=x onerror=alert(1)>", "[red]x[link=y]z",
    "{{7*7}}", "$(touch owned)",
)  # fmt: skip
"""Names that a file may have."""

MOST: Final = 2
"""So many of them are studied together."""


@pytest.mark.parametrize("place", PLACES)
def test_words_are_kept_as_they_are_or_refused_at_their_place(place: str, tmp_path: Path) -> None:
    for word in KEPT:
        scenario = sim.load_scenario(written(tmp_path, with_words({place: word})))
        data = scenario.to_data()
        assert word in [find(data, path) for path in paths(data)]
    for word in REFUSED:
        with pytest.raises(ScenarioError, match="must not hold line breaks or control") as told:
            sim.load_scenario(written(tmp_path, with_words({place: word})))
        assert all(line.isprintable() for line in str(told.value).split("\n"))


@pytest.mark.parametrize("name", TABLES)
def test_names_are_letters_and_digits(name: str, tmp_path: Path) -> None:
    """So that they can stand in paths, in options and on a disk."""
    words = [each for each in (*KEPT, *REFUSED) if each != "con"]
    for word in words if VERIFY else words[TABLES.index(name) % 4 :: 4]:
        text = "\n".join(
            line.replace(f"{name} =", f"{quoted(word)} =").replace(f".{name}.", f".{quoted(word)}.")
            if line.startswith((f"{name} =", "[", "directions"))
            else line
            for line in EVERY_KEY.splitlines()
        )
        assert text != EVERY_KEY.rstrip("\n")
        with pytest.raises(ScenarioError) as told:
            sim.load_scenario(written(tmp_path, text))
        assert all(line.isprintable() for line in str(told.value).split("\n"))


class Study(dict[str, subprocess.CompletedProcess[str]]):
    """What commands said of a study of hostile words, in a folder of its own."""

    folder: Path

    def tell(self, *arguments: str) -> None:
        done = transsib(*arguments, cwd=self.folder, status=None)
        self[" ".join(arguments[:3])] = done


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return studied(tmp_path_factory.mktemp("words"), hostile=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return studied(tmp_path_factory.mktemp("plain"), hostile=False)


def studied(folder: Path, *, hostile: bool) -> Study:
    """Commands about scenarios with hostile words, or with plain ones in their places."""
    found, files = Study(), []
    found.folder = folder
    for number, name in enumerate(FILES[:MOST]):
        some = KEPT[number::MOST]
        words = {"title": " ".join(some), "vehicle": some[1], "country": some[2], "source": some[3]}
        text = with_words(words if hostile else dict.fromkeys(words, f"word{number}"))
        text = (
            text.replace("hours = 20\n", "hours = 120\n")
            .replace("days = 730", "days = 340")
            .replace("2002-01", "2001-08")
        )
        text = text.replace("2002-0", "2001-0").replace("= 10_000", "= 1_000")
        files.append(f"./{written(folder, text, name if hostile else f'plain{number}').name}")
    quick = ("--replications", "2", "--jobs", "1")
    one = files[0]
    found.tell("check", *files, "--ledger")
    found.tell("compare", *files, *quick, "--no-pictures", "--out", "out")
    found.tell("show", "out")
    found.tell("show", "out", "--csv")
    found.tell("show", "out", "--json")
    found.tell("plot", "out", "--only", "shares", "--format", "svg")
    found.tell("report", "out")
    found.tell("animate", "out")
    found.tell("trace", one, "--container", "50")
    vary = "routes.rail.freight_usd=900,1000"
    found.tell("sweep", one, "--vary", vary, *quick, "--replications", "1", "--out", "swept")
    found.tell("show", "swept", "--csv")
    return found


def test_all_commands_end_well(study: Study) -> None:
    for command, done in study.items():
        assert done.returncode == 0, (command, done.stderr)


def test_nothing_is_written_but_into_the_folders(study: Study) -> None:
    there = {path.name for path in study.folder.iterdir()}
    assert there == {*(f"{name}.toml" for name in FILES[:MOST]), "out", "swept"}
    assert {path.name for path in (study.folder / "out" / "scenarios").iterdir()} == {
        f"{name}.toml" for name in FILES[:MOST]
    }


def test_nothing_is_told_that_a_terminal_obeys(study: Study) -> None:
    for command, done in study.items():
        assert legible(done.stdout) == done.stdout, command
        assert legible(done.stderr) == done.stderr, command
    for path in study.folder.rglob("*"):
        if path.suffix in (".toml", ".html", ".svg"):
            text = path.read_text("utf-8").replace("\t", "")
            assert legible(text) == text, path


def test_markup_of_the_terminal_is_printed(study: Study) -> None:
    said = " ".join(" ".join(done.stdout.split()) for done in study.values())
    for word in ("[red]x[/red]", "[link=https://example.org]x[/link]", ":smiley:", "{{7*7}}"):
        assert word in said


def test_no_cell_of_a_table_is_a_formula(study: Study) -> None:
    for command in ("show out --csv", "show swept --csv"):
        rows = list(csv.reader(io.StringIO(study[command].stdout)))
        assert len(rows) > 100
        for cell in (cell for row in rows for cell in row):
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or is_number(cell), cell


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_json_keeps_the_words(study: Study) -> None:
    document = json.loads(study["show out --json"].stdout)
    names = [each["scenario"] for each in document["scenarios"]]
    assert names == list(FILES[:MOST])
    assert [each["title"] for each in document["scenarios"]] == [
        " ".join(KEPT[number::MOST]) for number in range(MOST)
    ]


class Elements(HTMLParser):
    """The elements of a page with the names of their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, ...]] = []
        self.scripts: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        if self.seen and self.seen[-1][0] == "script":
            self.scripts.append(data)
        self.words += data


PAGES: Final = {"report.html": 0, "animation.html": 2}
"""Pages with their number of scripts, data included."""


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_no_element_of_a_scenario(page: str, study: Study) -> None:
    found = Elements((study.folder / "out" / page).read_text("utf-8"))
    assert [element[0] for element in found.seen].count("script") == PAGES[page]
    assert not found.scripts or json.loads(found.scripts[0])
    assert not {"onload", "onerror"} & {name for element in found.seen for name in element}
    assert ("img", "src") not in found.seen, "ours have a text, too"
    assert (FILES[1] if page == "animation.html" else KEPT[4]) in found.words


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_pages_have_the_same_elements_whatever_the_words(
    page: str, study: Study, plain: Study
) -> None:
    hostile, usual = (
        Elements((each.folder / "out" / page).read_text("utf-8")) for each in (study, plain)
    )
    assert hostile.seen == usual.seen


def test_pictures_hold_no_element_of_a_scenario(study: Study) -> None:
    for path in (study.folder / "out").glob("*.svg"):
        text = path.read_text("utf-8")
        assert not [word for word in ("<script", "onload=", "owned") if word in text]


def test_names_of_files_that_are_none(tmp_path: Path) -> None:
    base = sim.load_scenario(written(tmp_path, SMALL))
    for name in ("../x", "a/b", "a\\b", ".x", "x" * 101, *REFUSED):
        with pytest.raises(UsageError, match="must be fit for a file name") as told:
            base.with_changes({}, name=name)
        assert str(told.value).isprintable()


@pytest.mark.parametrize("name", FILES)
def test_a_name_that_is_a_formula_is_words_in_a_table(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = sim.load_scenario(written(tmp_path, SMALL)).with_changes({}, name=name)
    print_csv(sim.run(base, replications=1, jobs=1))
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["scenario"] for row in rows} == {f"'{name}" if name[0] in "=+-@" else name}
    assert all(is_number(row["value"]) or not row["value"] for row in rows)
