"""A panel for notebooks: move a slider, and the model runs again at full size.

Everything happens in the kernel's own loop. While the model runs, further moves wait there as
messages; the next run begins a moment after it ends, with all of them taken in.
"""

from __future__ import annotations

import asyncio
import math
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from html import escape
from io import BytesIO
from typing import Any

import ipywidgets as widgets
from matplotlib.colors import to_hex

from sim.errors import TranssibError
from sim.results.metrics import ALL, Key
from sim.results.results import Results
from sim.scenario.model import Scenario
from sim.views import words
from sim.views.pictures import METADATA
from sim.views.shares import plot_shares
from sim.views.sliders import Slider, rules, sliders
from sim.views.style import looks, styled

Simulate = Callable[[Scenario], Results]

SETTLE_SECONDS = 0.05
"""So long a move waits for others that are already on their way from the browser."""

DPI = 160
"""The picture is shown at about 90 pixels an inch: sharp on dense screens, and small."""

RULE, WHAT_IF = "choice.rule", "what-if"

COLUMNS = {
    "share": "share of demand",
    "throughput": "containers a year",
    "door_to_door_mean": "door to door [days]",
    "wait_mean": "wait [days]",
}
"""The metrics of the answer, in words."""

STYLE = """<style>
.transsib .widget-html-content { line-height: 1.45; }
.transsib .slider-label { height: auto; margin-bottom: -6px; }
.transsib .slider-label .widget-html-content { line-height: 18px; }
.transsib .widget-readout { min-width: 76px; pointer-events: none; }
.transsib table { border-collapse: collapse; }
.transsib th, .transsib td { text-align: right; padding: 3px 0 3px 20px; white-space: nowrap; }
.transsib th { font-weight: 600; vertical-align: top; }
.transsib th:first-child { text-align: left; padding-left: 0; }
.transsib tr + tr { border-top: 1px solid rgba(128, 128, 128, .35); }
.transsib small { display: block; opacity: .75; }
.transsib img { width: 100%; max-width: 640px; display: block; }
.transsib .fault { color: #c62828; font-weight: 600; white-space: pre-wrap; }
</style>"""
"""Readouts cannot be typed into, so they take no click; a label belongs to the slider below it."""


class Panel(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Sliders over a scenario; below them what it would be then, beside what it is.

    scenario: the what-if that the sliders say
    results: it against the base, one replication each
    controls: the sliders and the choice of the rule, by path
    """

    def __init__(self, base: Scenario, simulate: Simulate) -> None:
        super().__init__()
        self.base, self.scenario = base, base
        self._simulate, self._before = simulate, simulate(base)
        self.results = self._before
        self._due = False
        by_route = sliders(base)
        self._moving = {slider.path: slider for some in by_route.values() for slider in some}
        self.controls = {path: _control(slider) for path, slider in self._moving.items()}
        self.controls[RULE] = widgets.Dropdown(options=rules(base), value=base.choice.rule)
        self._reset = widgets.Button(description="Reset", tooltip="Back to the scenario as it is")
        self._status, self._answer, self._picture, self._table = (widgets.HTML() for _ in range(4))
        self.children = self._laid_out(by_route)
        self.add_class("transsib")
        self._update()
        for control in self.controls.values():
            control.observe(self._moved, "value")
        self._reset.on_click(self._to_base)

    @property
    def changes(self) -> dict[str, Any]:
        """What the sliders change of the base, by path as in a file."""
        before: dict[str, Any] = {path: slider.value for path, slider in self._moving.items()}
        before[RULE] = self.base.choice.rule
        return {
            path: "unlimited" if control.value == math.inf else control.value
            for path, control in self.controls.items()
            if control.value != before[path]
        }

    def _moved(self, _: object) -> None:
        """Simulate: in a notebook a moment later, so that of many moves the newest wins."""
        self._status.value = "simulating…"
        if self._due:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a plain Python has no loop to wait in
            self._update()
        else:
            self._due = True
            loop.call_later(SETTLE_SECONDS, self._update)

    def _to_base(self, _: object) -> None:
        self._due = True  # one run for all of them
        for path, slider in self._moving.items():
            self.controls[path].value = slider.value
        self.controls[RULE].value = self.base.choice.rule
        self._update()

    def _update(self) -> None:
        """Run the model and show what came out, or say why not and leave the last picture."""
        self._due = False
        started = time.perf_counter()
        try:
            name = WHAT_IF if self.base.name != WHAT_IF else f"another-{WHAT_IF}"
            scenario = self.base.with_changes(self.changes, name=name)
            self._show(scenario, beside(self._before, self._run(scenario)))
        except TranssibError as error:
            self._status.value = _fault(str(error))
        except Exception as error:
            self._status.value = _fault(f"a bug in transsib: {type(error).__name__}: {error}")
            raise
        else:
            took = f"simulated in {time.perf_counter() - started:.1f} s"
            self._status.value = took if self.changes else "move a slider to ask: what if?"

    def _run(self, scenario: Scenario) -> Results:
        """One replication, without simulating what is known: nothing has been moved."""
        if scenario.key != self.base.key:
            return self._simulate(scenario)
        known = self._before.measures[self.base.name]
        return replace(self._before, scenarios=(scenario,), measures={scenario.name: known})

    def _show(self, scenario: Scenario, results: Results) -> None:
        picture, table = drawn(results), _table(results)
        answer = words.answer(results if self.changes else self._before)
        self.scenario, self.results = scenario, results
        self._picture.value, self._table.value = picture, table
        self._answer.value = f"<b>{escape(answer)}</b><br>{escape(words.how_sure(results))}"

    def _laid_out(self, by_route: dict[str, list[Slider]]) -> list[Any]:
        columns = [self._column(name, some) for name, some in by_route.items()]
        rule = widgets.HTML(_titled("choice of the route", RULE))
        above = widgets.HBox(
            [rule, self.controls[RULE], self._reset, self._status],
            layout=widgets.Layout(
                flex_flow="row wrap", align_items="center", grid_gap="0 8px", margin="8px 0"
            ),
        )
        below = widgets.HBox(
            [self._picture, self._table],
            layout=widgets.Layout(flex_flow="row wrap", align_items="center", grid_gap="0 24px"),
        )
        grid = widgets.Layout(
            grid_template_columns="repeat(auto-fit, minmax(256px, 1fr))", grid_gap="8px 32px"
        )
        return [
            widgets.HTML(STYLE),
            widgets.GridBox(columns, layout=grid),
            above,
            self._answer,
            below,
        ]

    def _column(self, name: str, some: list[Slider]) -> Any:
        """A route's name in its colour, and under it its sliders."""
        ink = to_hex(looks(self._before)[name].ink)
        closed = "" if some else " (closed in this scenario)"
        heading = widgets.HTML(f'<b style="color: {ink}">{escape(name)}</b>{closed}')
        rows = [(_label(self.base, slider), self.controls[slider.path]) for slider in some]
        return widgets.VBox([heading, *(widget for row in rows for widget in row)])


def beside(base: Results, other: Results) -> Results:
    """Two studies of one scenario each as a comparison that shares its random numbers."""
    kept = {each.baseline.name: each for each in (base, other)}
    return replace(
        base,
        scenarios=(base.baseline, other.baseline),
        measures={**base.measures, **other.measures},
        paired=True,
        resimulate=lambda scenario, _: kept[scenario.name].detail(),
    )


@styled()
def drawn(results: Results) -> str:
    """The picture of shares as an HTML element; an `Image` widget could not hold a text for it."""
    ax = plot_shares(results)
    figure, png = ax.get_figure(root=True), BytesIO()
    assert figure is not None, "axes are on a figure"
    figure.savefig(png, format="png", dpi=DPI, metadata=METADATA["png"])
    finding = ax.get_title(loc="left").replace("\n", " ")
    said = escape(f"Bars of what each route carries in {words.listed(results.names)}: {finding}")
    return f'<img alt="{said}" src="data:image/png;base64,{b64encode(png.getvalue()).decode()}">'


def _control(slider: Slider) -> Any:
    return widgets.SelectionSlider(
        options=slider.options,
        value=slider.value,
        continuous_update=False,
        layout=widgets.Layout(width="auto"),
    )


def _label(base: Scenario, slider: Slider) -> Any:
    """What a slider moves; the hand that rests on it reads the path and the source."""
    about = base.assumptions.get(slider.path)
    source = f"\n{about.quality}: {about.source}" if about else ""
    label = widgets.HTML(_titled(slider.label, f"{slider.path}{source}"))
    return label.add_class("slider-label")


def _titled(text: str, title: str) -> str:
    """A text with what a resting hand reads; the tooltip of a `Label` is not shown."""
    return f'<span title="{escape(title)}">{escape(text)}</span>'


def _fault(text: str) -> str:
    return f'<span role="alert" class="fault">{escape(text)}</span>'


def _table(results: Results) -> str:
    """The figures of the what-if, a line a route, each with its change against the base."""
    base, name = results.names
    routes = list(results.baseline.routes)
    several = [*routes, ALL] if len(routes) > 1 else routes
    lines = "".join(_line(results, name, route) for route in several)
    heads = "".join(f"<th>{head}</th>" for head in COLUMNS.values())
    said = f"<small>{escape(name)}; below each figure its change against {escape(base)}</small>"
    return f"<table><tr><th></th>{heads}</tr>{lines}</table>{said}"


def _line(results: Results, name: str, route: str) -> str:
    cells = "".join(f"<td>{_cell(results, name, Key(route, ALL, m))}</td>" for m in COLUMNS)
    return f"<tr><th>{'all routes' if route == ALL else escape(route)}</th>{cells}</tr>"


def _cell(results: Results, name: str, key: Key) -> str:
    unit, change = words.unit(key), results.difference(key, name).interval
    said = words.difference(change, unit)
    if change.mean is not None and words.is_nothing(change.mean, unit):
        said = "±0"
    return f"{words.interval(results.interval(key, name), unit)}<small>{said}</small>"
