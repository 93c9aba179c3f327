"""The pictures show the numbers, say what they show, and never write one text over another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.patches import Rectangle, StepPatch
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from support import sampled

import sim
from sim.results import breakdown
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.results.warmup import under_way, warm_ups, warnings
from sim.scenario.files import load_text
from sim.views import findings
from sim.views.lettering import LABEL, TEXT, text_points, wrapped
from sim.views.pictures import drawings, save_pictures
from sim.views.style import FILLS, looks, spread

Picture = Callable[..., Axes]

DRAWN = ("shares", "times", "stages", "flows", "map", "strings", "warmup")

PICTURES: list[Picture] = [
    sim.plots.plot_shares,
    sim.plots.plot_times,
    sim.plots.plot_stages,
    sim.plots.plot_deliveries,
    sim.plots.plot_backlog,
    sim.plots.plot_warmup,
    sim.plots.plot_string_lines,
    sim.plots.plot_map,
]

SHARED = """
[run]
warmup_days = 50
days = 60
[demand]
containers_per_year = 20_000
[routes.sea.stages]
sailing = { kind = "departures", every_days = 1, capacity = 4_000 }
voyage = { kind = "transit", days = [30, 40] }
[routes.rail.stages]
feeder = { kind = "departures", every_days = 1, capacity = 1_000 }
crossing = { kind = "transit", days = [2, 3] }
trains = { kind = "departures", annual_capacity = 4_000, capacity = 62 }
line = { kind = "transit", days = [17, 22] }
[choice]
rule = "share"
shares = { rail = 0.05, sea = 0.95 }
"""
"""Two routes by fixed shares, and nothing said of money or promises."""

PRICED = """
price_year = 2001
[run]
warmup_days = 50
days = 60
[demand]
containers_per_year = 20_000
value_of_time_usd_per_day = { lognormal = { median = 25, p95 = 180 } }
[routes.sea]
freight_usd = 1_300
promise_days = 40
[routes.sea.stages]
sailing = { kind = "departures", every_days = 1, capacity = 80 }
voyage = { kind = "transit", days = [30, 40] }
[routes.rail]
freight_usd = 1_100
constant_usd = 1_500
max_wait_days = 3
promise_days = 18
[routes.rail.stages]
trains = { kind = "departures", annual_capacity = 4_000, capacity = 10 }
line = { kind = "transit", days = [13, 18] }
[choice]
rule = "logit"
scale_usd = 150
"""
"""Two routes by cost and taste, and what they promise."""

BORDERS = """
[run]
warmup_days = 50
days = 60
[demand]
containers_per_year = 20_000
[facilities]
gauge = { servers = 2, service_hours = { exponential = 30 } }
single-track = { servers = 1, headway_hours = 9 }
[routes.sea.stages]
sailing = { kind = "departures", every_days = 1, capacity = 80 }
canal = { kind = "facility", facility = "single-track" }
voyage = { kind = "transit", days = [30, 40] }
[routes.rail.stages]
feeder = { kind = "departures", every_days = 1, capacity = 60 }
crossing = { kind = "transit", days = 0.3 }
customs = { kind = "transit", days = { exponential = 0.4 } }
change-of-gauge = { kind = "facility", facility = "gauge" }
trains = { kind = "departures", every_days = 1, capacity = 60 }
paths = { kind = "facility", facility = "single-track" }
main-line = { kind = "transit", days = [8, 10] }
last-mile = { kind = "transit", days = 0.5 }
[choice]
rule = "share"
shares = { rail = 0.5, sea = 0.5 }
"""
"""Two routes that share a track, and a border with two gauges."""

AIR = """
[routes.air]
freight_usd = 2_800
[routes.air.stages]
flight = { kind = "transit", days = 2.5 }
"""

EIGHT = """
[run]
warmup_days = 20
days = 60
[demand]
containers_per_year = 20_000
[choice]
rule = "share"
shares = {{ {shares} }}
"""

ROUTE = """
[routes.{name}.stages]
sailing = {{ kind = "departures", every_days = 1, capacity = {capacity} }}
voyage = {{ kind = "transit", days = [{low}, {high}] }}
"""


def small(name: str, **changes: object) -> sim.Scenario:
    """Shippers without a will; `__` stands for a dot in a path."""
    return changed(SHARED, name, changes)


def priced(name: str, more: str = "", **changes: object) -> sim.Scenario:
    """Shippers who look at money; `__` stands for a dot in a path."""
    return changed(PRICED + more, name, changes)


def changed(text: str, name: str, changes: dict[str, object]) -> sim.Scenario:
    paths = {path.replace("__", "."): value for path, value in changes.items()}
    return load_text(text, name, name).with_changes(paths, name=name)


def eight(name: str, slow: int, more: str = "") -> sim.Scenario:
    """Eight routes, each a day slower than the one before it."""
    routes = [f"{letter}{more}" for letter in "abcdefgh"]
    shares = ", ".join(f"{route} = 0.125" for route in routes)
    tables = [
        ROUTE.format(name=route, capacity=20 + 5 * n, low=5 + n, high=8 + n + slow)
        for n, route in enumerate(routes)
    ]
    return load_text(EIGHT.format(shares=shares) + "".join(tables), name, name)


LONG = ["korean-link-with-priority-trains", "korean-link-without-priority"]
LONGER = [f"{name}-in-the-year-2001"[:44] for name in LONG]
LONGEST = ["korean-link-with-priority-trains-on-all-of-its-lines-in-2001", 60 * "W"]
"""Names as people give them, up to the 60 characters that a name may have."""


def renamed(text: str, **names: str) -> str:
    """Routes and stages by other names."""
    for short, name in names.items():
        text = re.sub(
            rf"(?<=routes\.){short}\b|(?<=\{{ ){short}(?= =)|^{short}(?= =)", name, text, flags=re.M
        )
        text = re.sub(rf"(?<=, ){short}(?= =)", name, text)
    return text


REAL = {
    "rail": "trans-siberian-railway", "sea": "suez-canal-sea-route", "air": "northern-sea-route",
}  # fmt: skip
WIDE = {
    "rail": f"trans-siberian-{43 * 'm'}-w", "sea": "suez-canal-sea-route-with-the-largest-vessel",
    "air": 60 * "M", "trains": "block-trains-over-the-single-track-of-the-east-coast-of-2001",
    "voyage": 60 * "V",
}  # fmt: skip

STUDIES: dict[str, Callable[[], list[sim.Scenario]]] = {
    "one": lambda: [small("one")],
    "three": lambda: [
        small("base_$1"),
        small("more_$2", choice__shares={"rail": 0.15, "sea": 0.85}),
        small("tight", routes__rail__stages__trains__annual_capacity=2_000),
    ],
    "overloaded": lambda: [
        small("overloaded", routes__rail__stages__trains__annual_capacity=400),
    ],
    "nothing": lambda: [small("nothing", demand__containers_per_year=0)],
    "closed": lambda: [small("closed", routes__rail__closed=True)],
    "eight": lambda: [eight("quick", 0), eight("slow", 4)],
    "five": lambda: [
        priced("today", routes__rail__stages__line__days=21, routes__rail__promise_days=25),
        priced("link-200k", choice__rule="fastest"),
        priced(
            "link-500k",
            choice__rule="fastest",
            routes__rail__stages__trains__annual_capacity=10_000,
        ),
        priced("forecast-200k"),
        priced("forecast-500k", routes__rail__stages__trains__annual_capacity=10_000),
    ],
    "three routes": lambda: [
        priced("three-routes", AIR, choice__rule="cheapest", routes__rail__constant_usd=200),
    ],
    "sea alone": lambda: [priced("sea-alone", routes__rail__closed=True)],
    "years": lambda: [priced("older"), priced("newer", price_year=2010)],
    "borders": lambda: [
        changed(BORDERS, "slow-border", {}),
        changed(BORDERS, "quick-border", {"facilities.gauge.servers": 4}),
    ],
    "border": lambda: [changed(BORDERS, "border", {})],
    "long names": lambda: [changed(renamed(PRICED + AIR, **REAL), name, {}) for name in LONG],
    "longest names": lambda: [
        changed(renamed(PRICED + AIR, **WIDE), name, {}) for name in [*LONGER, *LONGEST]
    ],
    "long borders": lambda: [changed(renamed(BORDERS, **REAL), name, {}) for name in LONG],
    "longest borders": lambda: [changed(renamed(BORDERS, **WIDE), LONGEST[1], {})],
    "eight long": lambda: [
        eight(name, 4 * slow, "-route-by-way-of-the-sea") for slow, name in enumerate(LONG)
    ],
    "far promises": lambda: [
        priced("far", routes__sea__promise_days=960, routes__rail__promise_days=1),
    ],
}


@cache
def study(name: str) -> Results:
    return sim.run(STUDIES[name](), replications=2, jobs=1)


def figure(ax: Axes) -> Figure:
    found = ax.get_figure(root=True)
    assert found is not None
    return found


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\n", " ")


def words(ax: Axes) -> str:
    return " ".join(text.get_text() for text in ax.texts).replace("\n", " ")


def spans(ax: Axes) -> list[list[float]]:
    """From where to where each line goes."""
    return [np.asarray(line.get_xdata(), float).tolist() for line in ax.lines]


def bars(ax: Axes, results: Results) -> list[float]:
    colours = {look.colour for look in looks(results).values()}
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_fill()]
    return [box.get_width() for box in boxes if to_rgb(box.get_facecolor()) in colours]


def texts(ax: Axes) -> list[Text]:
    """All that can be read on axes; a tick out of sight still has its label."""
    (left, right), (bottom, top) = ax.get_xlim(), sorted(ax.get_ylim())
    legends = [each for each in ax.get_children() if isinstance(each, Legend)]
    said = [*ax.texts, *(text for legend in legends for text in legend.get_texts())]
    if not ax.axison:
        return said
    return [
        *said,
        ax.title,
        ax.xaxis.label,
        ax.yaxis.label,
        *(tick for tick in ax.get_xticklabels() if left <= tick.get_position()[0] <= right),
        *(tick for tick in ax.get_yticklabels() if bottom <= tick.get_position()[1] <= top),
    ]


class Sheet(NamedTuple):
    """What stands where on a picture, in dots, and what its axes are called."""

    whole: Bbox
    axes: Bbox
    labels: tuple[str, str]
    boxes: list[tuple[str, Bbox]]
    titles: list[Bbox]


@cache
def sheet(name: str, draw: Picture) -> Sheet:
    """The picture of a study; without the figure, which is large."""
    ax = draw(study(name))
    figure(ax).draw_without_rendering()
    headline = ax.get_title(loc="left")
    return Sheet(
        figure(ax).bbox.frozen(),
        ax.get_window_extent().frozen(),
        (ax.get_xlabel(), ax.get_ylabel()),
        [(text.get_text(), text.get_window_extent()) for text in texts(ax)],
        [each.get_window_extent() for each in ax.findobj(Text) if each.get_text() == headline],
    )


def plots(**wanted: str) -> Iterator[tuple[str, Picture]]:
    """Studies, in words with a `_` for a space, and pictures of them."""
    for name, kinds in wanted.items():
        for kind in kinds.split():
            yield name.replace("_", " "), getattr(sim.plots, f"plot_{kind}")


SHEETS = list(product(STUDIES, PICTURES))
EVERY = " ".join(draw.__name__.removeprefix("plot_") for draw in PICTURES)
FEW = list(
    plots(
        one=EVERY, longest_names=EVERY, three="backlog", overloaded="times backlog warmup",
        nothing="shares times deliveries string_lines map", closed="times map",
        eight="deliveries", five="shares times", three_routes="times", sea_alone="shares stages",
        years="stages", borders="stages", border="string_lines", long_names="shares",
        long_borders="stages", longest_borders="stages map string_lines",
        eight_long="stages backlog map", far_promises="times",
    )
)  # fmt: skip
"""Each study, in the pictures that it is hard on."""


@pytest.mark.parametrize(("name", "draw"), sampled(SHEETS, FEW))
def test_no_text_stands_on_another_or_outside(name: str, draw: Picture) -> None:
    drawn = sheet(name, draw)
    seen = [(text, box) for text, box in drawn.boxes if text]
    assert seen
    for (one, box), (other, across) in combinations(seen, 2):
        assert not box.padded(-1).overlaps(across.padded(-1)), (one, other)
    for text, box in seen:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= drawn.whole.x1, text
        assert box.y1 <= drawn.whole.y1, text


@pytest.mark.parametrize(
    ("name", "draw"), sampled([each for each in SHEETS if "long" in each[0]], FEW)
)
def test_names_leave_room_for_the_picture(name: str, draw: Picture) -> None:
    drawn = sheet(name, draw)
    (above,) = drawn.titles
    assert above.x1 <= drawn.whole.x1
    assert above.y1 <= drawn.whole.y1
    assert drawn.axes.width > 0.4 * drawn.whole.width
    assert drawn.axes.height > 0.3 * drawn.whole.height


@pytest.mark.parametrize("only", sampled(DRAWN, ("stages", "flows")))
def test_all_pictures_of_long_names_are_drawn_without_a_word(
    only: str, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    (drawn,) = save_pictures(study("longest names"), tmp_path, only=[only], formats=["png"])
    assert drawn.is_file()
    assert [str(each.message) for each in recwarn] == []


def test_a_name_is_broken_at_its_hyphens_and_else_loses_its_middle() -> None:
    assert wrapped("korean-link-with-priority-trains") == "korean-link-with-priority-\ntrains"
    assert wrapped("suez-canal-sea-route 1,300 USD") == "suez-canal-sea-route\n1,300 USD"
    short = wrapped(30 * "a" + 30 * "b")
    assert re.fullmatch("a+…b+", short)
    assert text_points(short) <= LABEL < text_points(short + "b")
    assert [wrapped(narrow, room=1) for narrow in ("W", "WV", "WVW")] == ["W", "W…", "W…"]


@pytest.mark.parametrize(
    ("name", "draw"), sampled([each for each in SHEETS if each[1] != sim.plots.plot_map], FEW)
)
def test_axes_have_units(name: str, draw: Picture) -> None:
    along, up = sheet(name, draw).labels
    assert along.endswith("]")
    assert up.endswith("]") or not up


@pytest.mark.parametrize("draw", PICTURES)
def test_a_picture_goes_onto_the_axes_given(draw: Picture) -> None:
    left, right = Figure(figsize=(14, 5), layout="constrained").subplots(1, 2)
    assert draw(study("one"), ax=right) is right
    assert right.get_title(loc="left")
    assert not left.get_title(loc="left")


def test_bars_are_as_long_as_the_throughput() -> None:
    results = study("three")
    keys = [(name, route) for name in results.names for route in results.scenario(name).routes]
    means = [results.interval(Key(route, ALL, "throughput"), name).mean for name, route in keys]
    drawn = bars(sim.plots.plot_shares(results), results)
    assert drawn == pytest.approx([(mean or 0) / 1000 for mean in means])


def test_capacity_is_an_outline_and_demand_a_line() -> None:
    ax = sim.plots.plot_shares(study("one"))
    outlines = [p.get_width() for p in ax.patches if isinstance(p, Rectangle) and not p.get_fill()]
    assert outlines == pytest.approx([1460, 4])  # the sea's a daily 4,000
    assert [20, 20] in spans(ax)


def is_heading(text: Text) -> bool:
    return text.get_fontweight() == "bold" and text.get_fontsize() == TEXT


def headings(ax: Axes) -> list[str]:
    """The scenarios' names with what stands behind them, from top to bottom."""
    found = [text.get_text() for text in ax.texts]
    names = [text.get_text() for text in ax.texts if is_heading(text)]
    return [f"{name}: {found[found.index(name) + 1]}" for name in names]


@pytest.mark.parametrize(
    "draw", [sim.plots.plot_shares, sim.plots.plot_times, sim.plots.plot_stages]
)
def test_a_ceiling_and_a_forecast_are_told_apart(draw: Picture) -> None:
    ceiling, forecast = "all want the fastest route", "logit choice by cost, time and taste"
    assert headings(draw(study("five"))) == [
        f"today: {forecast}",
        f"link-200k: {ceiling}",
        f"link-500k: {ceiling}",
        f"forecast-200k: {forecast}",
        f"forecast-500k: {forecast}",
    ]
    assert headings(draw(study("one"))) == ["one: fixed shares"]
    assert headings(draw(study("three routes"))) == [
        "three-routes: all want the least cost, time included"
    ]


@pytest.mark.parametrize("draw", [sim.plots.plot_deliveries, sim.plots.plot_backlog])
def test_pictures_over_time_tell_the_rules_too(draw: Picture) -> None:
    assert "all want the fastest route (link-200k, link-500k)" in words(draw(study("five")))
    assert "; fixed shares" in words(draw(study("one")))


def route_labels(ax: Axes) -> list[str]:
    return [tick.get_text() for tick in ax.get_yticklabels()]


def test_freight_stands_where_money_decides_and_only_there() -> None:
    ax = sim.plots.plot_shares(study("five"))
    labels = route_labels(ax)
    assert labels[:4] == ["sea 1,300 USD", "rail 1,100 USD", "sea", "rail"]
    assert "freight in USD of 2001" in words(ax)
    three = route_labels(sim.plots.plot_shares(study("three routes")))
    assert three == ["sea 1,300 USD", "rail 1,100 USD", "air 2,800 USD"]
    assert "USD" not in words(sim.plots.plot_shares(study("one")))


def test_prices_of_two_years_are_told_with_their_scenarios() -> None:
    ax = sim.plots.plot_shares(study("years"))
    assert "freight in USD of 2001 (older) and USD of 2010 (newer)" in words(ax)


def test_promises_are_marked_and_told_with_what_was_kept() -> None:
    results = study("five")
    ax = sim.plots.plot_times(results)
    days = [line.get_xdata() for line in ax.lines if line.get_marker() == "D"]
    assert np.concatenate([np.asarray(each, float) for each in days]).tolist() == (
        [25, 40] + 4 * [18, 40]
    )
    kept = results.value("rail.on_time", "link-200k")
    assert kept is not None
    assert 0.1 < kept < 0.9  # the queue takes three days of the five between quoted and promised
    said = f"rail quoted 13–18, promised 18, kept {findings.percent(kept)}"
    assert said in words(ax)
    assert "diamond: days promised" in words(ax)
    assert "promised" not in words(sim.plots.plot_times(study("one")))


def test_a_time_that_does_not_vary_leaves_room_for_the_others() -> None:
    # All that fly take 2.5 days: a histogram of no width, whose density would dwarf all others.
    ax = sim.plots.plot_times(study("three routes"))
    areas = [patch for patch in ax.patches if isinstance(patch, StepPatch) and patch.get_fill()]
    heights = [float(np.ptp(np.asarray(patch.get_path().vertices)[:, 1])) for patch in areas]
    assert max(heights) == pytest.approx(0.85)
    assert sorted(heights)[1] > 0.2


def test_nearly_all_is_not_told_as_all() -> None:
    told = {part: findings.kept(part) for part in (1, 0.99999, 0.9964, 0.93, 0.004)}
    assert list(told.values()) == ["100 %", "99.9 %", "99.6 %", "93 %", "0.4 %"]


def test_a_bar_of_stages_is_as_long_as_the_way_from_door_to_door() -> None:
    results = study("borders")
    ax = sim.plots.plot_stages(results)
    drawn = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    lengths: dict[float, float] = {}
    for patch in drawn:
        lengths[patch.get_y()] = lengths.get(patch.get_y(), 0.0) + patch.get_width()
    days = [
        results.value(f"{route}.door_to_door_mean", name)
        for name in results.names
        for route in ("sea", "rail")
    ]
    assert [lengths[y] for y in sorted(lengths)] == pytest.approx(days)
    assert {to_rgb(patch.get_facecolor()) for patch in drawn} == {
        to_rgb(fill.colour) for fill in FILLS.values()
    }


def test_the_stage_that_binds_is_named_in_bold_and_in_the_title() -> None:
    results = study("border")
    ax = sim.plots.plot_stages(results)
    bold = {text.get_text() for text in ax.texts if text.get_fontweight() == "bold"}
    used = findings.percent(results.value("all.facility:single-track.utilisation") or 0)
    assert {
        "canal",
        "paths",
    } <= bold  # two passages a day of nine hours each take 75 % of the track
    assert title(ax) == f"sea: canal binds first, {used} used; rail: paths, {used}"
    both = title(sim.plots.plot_stages(study("borders")))
    assert both == f"rail: paths binds first, {used} used (slow-border, quick-border)"


@pytest.mark.parametrize("binds", ["trains", "block-trains-of-the-east"])
def test_the_longest_stages_are_named(binds: str) -> None:
    # The name of what binds reaches over the queue behind it, which is named beside it.
    text = renamed(BORDERS, trains=binds).replace(
        f'{binds} = {{ kind = "departures", every_days = 1, capacity = 60 }}\npaths',
        f'{binds} = {{ kind = "departures", every_days = 2, capacity = 56 }}\npaths',
    )
    results = sim.run(changed(text, "border", {}), replications=2, jobs=1)
    found = breakdown.stages(results, "border", "rail")
    days = {stage.name: sum(part.mean.mean or 0 for part in stage.parts) for stage in found}
    first, second, *_ = sorted(days, key=lambda name: -days[name])
    ax = sim.plots.plot_stages(results)
    named = [each.get_text() for each in ax.texts]
    most = breakdown.most_used(found)
    assert most is not None
    assert most.name == binds
    assert {first, second, binds} <= set(named)


def test_titles_are_findings() -> None:
    results = study("three")
    rail = [findings.percent(results.value("rail.share", name) or 0) for name in results.names]
    shares = title(sim.plots.plot_shares(results))
    assert f"rail carries {rail[0]} of the demand (base_$1)" in shares
    assert f"{rail[1]} (more_$2)" in shares
    assert "days in the median" in title(sim.plots.plot_times(results))
    assert "containers a day" in title(sim.plots.plot_deliveries(results))
    assert "containers waiting" in title(sim.plots.plot_backlog(results))


def test_one_scenario_is_told_by_route() -> None:
    assert title(sim.plots.plot_shares(study("one"))).startswith("sea carries 9")
    assert title(sim.plots.plot_times(study("one"))).startswith("rail takes 2")
    assert title(sim.plots.plot_shares(study("closed"))).endswith("of the demand")
    assert "rail: closed" in words(sim.plots.plot_times(study("closed")))


def test_the_quoted_range_is_marked() -> None:
    ax = sim.plots.plot_times(study("one"))
    assert [30, 40] in spans(ax)
    assert "sea quoted 30–40" in words(ax)


def test_the_median_is_marked() -> None:
    median = study("one").value("sea.door_to_door_p50")
    assert median is not None
    ax = sim.plots.plot_times(study("one"))
    assert [median, median] in spans(ax)
    assert f"sea {median:.1f}" in words(ax)


def test_without_a_steady_state_the_picture_says_so() -> None:
    ax = sim.plots.plot_times(study("overloaded"))
    assert "rail: no steady state" in words(ax)
    assert "rail has no steady state" in title(ax)
    assert "its backlog grows by" in title(sim.plots.plot_backlog(study("overloaded")))


def test_without_demand_the_pictures_are_empty_and_say_so() -> None:
    ax = sim.plots.plot_shares(study("nothing"))
    assert bars(ax, study("nothing")) == [0, 0]
    assert title(ax) == "no demand: nothing is carried"
    assert title(sim.plots.plot_deliveries(study("nothing"))) == "nothing is delivered"
    assert title(sim.plots.plot_backlog(study("nothing"))) == "nothing waits"
    assert "sea: none delivered" in words(sim.plots.plot_times(study("nothing")))


def test_the_warm_up_is_shaded() -> None:
    ax = sim.plots.plot_backlog(study("one"))
    assert "warm-up" in words(ax)
    assert any(isinstance(p, Rectangle) and p.get_width() == 50 for p in ax.patches)


def test_the_warm_up_is_held_against_what_mser_5_suggests() -> None:
    results = study("one")
    ax = sim.plots.plot_warmup(results)
    suggested = {each.route: each.suggested for each in warm_ups(results, "one")}
    assert [[float(day)] for day in suggested.values()] == [x for x in spans(ax) if len(x) == 1]
    for day in suggested.values():
        assert f"from day {day}" in words(ax)
    last = max(suggested, key=lambda route: suggested[route])
    assert title(ax) == (
        f"all routes settle within the warm-up, the last by day {suggested[last]} ({last})"
    )
    curves = [patch for patch in ax.patches if isinstance(patch, StepPatch) and patch.get_fill()]
    for curve, series in zip(curves, under_way(results, "one").values(), strict=True):
        values, _, base = curve.get_data()
        heights = np.asarray(base - values)
        assert heights / heights.max() == pytest.approx(series / series.max())


SEASONS = {
    "run__start": date(2001, 1, 1),
    "demand__monthly": [1.2 if month % 2 else 0.8 for month in range(12)],
}


@pytest.mark.parametrize("days", [1, 3, 5, 9])
def test_so_few_days_cannot_tell_what_settles(days: int) -> None:
    brief = sim.run(small("brief", run__days=days, run__warmup_days=0), replications=1, jobs=1)
    ax = sim.plots.plot_warmup(brief)
    assert title(ax) == f"{days} day{'s are' if days > 1 else ' is'} too few to tell what settles"
    assert words(ax).count("too few days") == len(under_way(brief, "brief"))
    assert "diamond" not in words(ax)
    said = list(warnings(brief))
    assert len(said) == len(under_way(brief, "brief"))
    assert all("too few days are simulated to tell" in each for each in said)


def test_a_warm_up_that_is_short_or_that_nothing_ends_is_told() -> None:
    early = sim.run(small("early", run__warmup_days=5, run__days=200), replications=2, jobs=1)
    (needed,) = (each for each in warm_ups(early, "early") if each.route == "sea")
    expected = f"sea settles by day {needed.suggested}, after a warm-up of 5 days"
    assert title(sim.plots.plot_warmup(early)) == expected
    brief = sim.run(small("brief", run__days=1, run__warmup_days=40), replications=2, jobs=1)
    assert title(sim.plots.plot_warmup(brief)) == "sea does not settle within the run"
    assert "does not settle" in words(sim.plots.plot_warmup(brief))
    overloaded = sim.plots.plot_warmup(study("overloaded"))
    assert "queue grows" in words(overloaded)
    assert title(overloaded).startswith("rail's queue grows; all other routes settle within")
    assert title(overloaded).endswith("(sea)")
    tried = sim.compare(
        [small("well"), *STUDIES["overloaded"](), small("seasons", **SEASONS)],
        replications=1, jobs=1,
    )  # fmt: skip
    said = title(sim.plots.plot_warmup(tried))
    assert said.startswith(
        "rail's queue grows (overloaded); no steady state (seasons); all other routes settle"
    )
    moving = small("moving", **SEASONS)
    ax = sim.plots.plot_warmup(sim.run(moving, replications=1, jobs=1))
    assert title(ax) == "no steady state, so no end of a warm-up"
    assert "demand changes with the months" in words(ax)


def test_lines_are_told_apart_by_route_and_scenario() -> None:
    lines = [line for line in sim.plots.plot_backlog(study("three")).lines if line.get_clip_on()]
    assert len(lines) == 6
    assert len({str(line.get_color()) for line in lines}) == 2
    assert len({str(line.get_label()) for line in lines}) == 6
    assert len({line.get_marker() for line in lines}) == 2


def test_a_route_looks_the_same_in_every_picture_and_unlike_the_others() -> None:
    eight = looks(study("eight"))
    assert len({look.marker for look in eight.values()}) == 8
    assert len({look.colour for look in eight.values()}) == 8
    assert looks(study("one")) == looks(study("three"))


def test_labels_are_moved_as_little_as_can_be() -> None:
    assert spread([5, 1], 1, 0, 9) == [5, 1]
    assert spread([4, 4], 1, 0, 9) == [3.5, 4.5]
    assert spread([0, 0, 9], 1, 0, 9) == [0, 1, 9]


@pytest.mark.parametrize("only", sampled(DRAWN, ("shares", "map")))
def test_pictures_are_the_same_bytes_again(only: str, tmp_path: Path) -> None:
    first, again = (
        save_pictures(study("three"), tmp_path / name, only=[only]) for name in ("a", "b")
    )
    names = [path.name for path in first]
    assert names == [f"{only}.{kind}" for kind in ("png", "svg")]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == names
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_all_there_is_to_draw_is_drawn() -> None:
    assert tuple(drawings(study("three"))) == DRAWN
