"""A panel for notebooks: move a slider, and the model runs again at full size.

Everything happens in the kernel's own loop. While the model runs, further moves wait there as
messages; the next run begins a moment after it ends, with all of them taken in.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as widgets
from matplotlib.colors import to_hex

from sim.errors import TranssibError
from sim.results.results import Results
from sim.scenario.model import Scenario
from sim.views import words
from sim.views.readings import beside, shares, table, times
from sim.views.sliders import NOTHING, Slider, closable, closure, disruptions, rules, sliders
from sim.views.style import looks

Simulate = Callable[[Scenario], Results]

SETTLE_SECONDS = 0.05
"""So long a move waits for others that are already on their way from the browser."""

RULE, WHAT_IF = "choice.rule", "what-if"
CLOSED, LASTS = "closed", "days closed"
"""What is not a figure of the scenario: something that is closed in the what-if, and how long."""

KEEP, KEPT = "Keep to compare", "Release"
"""What the button says before and after."""

MOST_CLOSED, AT_FIRST = 60, 10
"""Days for which something may be closed."""

STYLE = """<style>
.transsib .widget-html-content { line-height: 1.45; }
.transsib .slider-label { height: auto; margin-bottom: -6px; }
.transsib .slider-label .widget-html-content { line-height: 18px; }
.transsib .widget-readout { min-width: 76px; pointer-events: none; }
.transsib table { border-collapse: collapse; }
.transsib th, .transsib td { text-align: right; padding: 3px 0 3px 20px; }
.transsib td, .transsib th:first-child { white-space: nowrap; }
.transsib th { font-weight: 600; vertical-align: top; }
.transsib th:first-child { text-align: left; padding-left: 0; }
.transsib .route { border-left: 6px solid; padding-left: 6px; font-weight: 600; }
.transsib tr + tr { border-top: 1px solid rgba(128, 128, 128, .35); }
.transsib small { display: block; opacity: .75; }
.transsib small.before { opacity: .55; }
.transsib img { width: 100%; display: block; }
.transsib .fault { color: #c62828; font-weight: 600; white-space: pre-wrap; }
</style>"""
"""Readouts cannot be typed into, so they take no click; a label belongs to the slider below it."""


class Panel(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Sliders over a scenario; below them what it would be then, beside what it is.

    scenario: the what-if that the sliders say
    results: it against the base, one replication each
    before: the same before the last move, or what was kept to compare with; None at first
    controls: the sliders and the choices, by path
    """

    def __init__(self, base: Scenario, simulate: Simulate) -> None:
        super().__init__()
        self.base, self.scenario = base, base
        self._simulate, self._before = simulate, simulate(base)
        self.results: Results = self._before
        self.before: Results | None = None
        self._due = False
        by_route, wrong = sliders(base), disruptions(base)
        every = [*by_route.values(), wrong]
        self._moving = {slider.path: slider for some in every for slider in some}
        self.controls = {path: _control(slider) for path, slider in self._moving.items()}
        self.controls[RULE] = widgets.Dropdown(options=rules(base), value=base.choice.rule)
        self.controls[CLOSED] = widgets.Dropdown(
            options=closable(base), value=NOTHING, layout=widgets.Layout(width="auto")
        )
        self.controls[LASTS] = widgets.IntSlider(
            value=AT_FIRST, min=1, max=MOST_CLOSED, continuous_update=False,
            layout=widgets.Layout(width="auto"),
        )  # fmt: skip
        self._keep = widgets.ToggleButton(
            description=KEEP, tooltip="Compare later moves with what is shown now, until released"
        )
        self._reset = widgets.Button(description="Reset", tooltip="Back to the scenario as it is")
        self._status, self._answer, self._shares, self._times, self._table = (
            widgets.HTML() for _ in range(5)
        )
        self.children = self._laid_out(by_route, wrong)
        self.add_class("transsib")
        self._update()
        for control in self.controls.values():
            control.observe(self._moved, "value")
        self._reset.on_click(self._to_base)
        self._keep.observe(self._kept, "value")

    @property
    def changes(self) -> dict[str, Any]:
        """What the controls change of the base, by path as in a file."""
        said: dict[str, Any] = {}
        for path, slider in self._moving.items():
            value = self.controls[path].value
            if value == 0 and slider.never:
                said[slider.never] = 0
            elif value != slider.value:
                said[path] = "unlimited" if value == math.inf else value
        if self.controls[RULE].value != self.base.choice.rule:
            said[RULE] = self.controls[RULE].value
        if self.controls[CLOSED].value != NOTHING:
            target, days = self.controls[CLOSED].value, self.controls[LASTS].value
            said["disruptions"] = closure(self.base, target, days)
        return said

    def _moved(self, move: Mapping[str, Any]) -> None:
        """Simulate: in a notebook a moment later, so that of many moves the newest wins."""
        if move["owner"] is self.controls[LASTS] and self.controls[CLOSED].value == NOTHING:
            return
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
        self.controls[RULE].value, self.controls[CLOSED].value = self.base.choice.rule, NOTHING
        self.controls[LASTS].value = AT_FIRST
        self._update()

    def _kept(self, _: object) -> None:
        """Compare with what is shown now, or again with the move before."""
        if self._keep.value:
            self.before = self.results
        self._keep.description = KEPT if self._keep.value else KEEP

    def _update(self) -> None:
        """Run the model and show what came out, or say why not and leave the last picture."""
        self._due = False
        started = time.perf_counter()
        try:
            name = WHAT_IF if self.base.name != WHAT_IF else f"another-{WHAT_IF}"
            scenario = self.base.with_changes(self.changes, name=name)
            self._show(scenario, self._run(scenario))
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

    def _show(self, scenario: Scenario, alone: Results) -> None:
        results = beside(self._before, alone)
        before = self.before
        if not self._keep.value and self.scenario.key != scenario.key:
            before = self.results if self.changes else None
        shown = shares(results, before), times(alone), table(results, before)
        answer = words.answer(results if self.changes else self._before)
        self.scenario, self.results, self.before = scenario, results, before
        self._shares.value, self._times.value, self._table.value = shown
        self._answer.value = f"<b>{escape(answer)}</b><br>{escape(words.how_sure(results))}"

    def _laid_out(self, by_route: dict[str, list[Slider]], wrong: list[Slider]) -> list[Any]:
        columns = [self._column(name, some) for name, some in by_route.items()]
        columns.append(self._wrong(wrong))
        rule = widgets.HTML(_titled("choice of the route", RULE))
        above = widgets.HBox(
            [rule, self.controls[RULE], self._reset, self._keep, self._status],
            layout=widgets.Layout(
                flex_flow="row wrap", align_items="center", grid_gap="0 8px", margin="8px 0"
            ),
        )
        below = widgets.GridBox(
            [self._shares, self._times, self._table], layout=_grid(400, "8px 24px")
        )
        return [
            widgets.HTML(STYLE),
            widgets.GridBox(columns, layout=_grid(256, "8px 32px")),
            above,
            self._answer,
            below,
        ]

    def _column(self, name: str, some: list[Slider]) -> Any:
        """A route's name in its colour, and under it its sliders."""
        colour = to_hex(looks(self._before)[name].colour)
        closed = "" if some else " (closed in this scenario)"
        shown = f'<span class="route" style="border-color: {colour}">{escape(name)}</span>'
        heading = widgets.HTML(f"{shown}{closed}")
        return widgets.VBox([heading, *self._rows(some)])

    def _wrong(self, some: list[Slider]) -> Any:
        """What goes wrong in the scenario, and what might."""
        heading = widgets.HTML("<b>what goes wrong</b>")
        asked = widgets.HTML(_titled("what if this were closed?", "a disruption in mid-year"))
        lasts = widgets.HTML(_titled("for so many days", LASTS))
        lasts.add_class("slider-label")
        closed = [asked, self.controls[CLOSED], lasts, self.controls[LASTS]]
        return widgets.VBox([heading, *self._rows(some), *closed])

    def _rows(self, some: list[Slider]) -> list[Any]:
        """Each slider below its label."""
        rows = [(_label(self.base, slider), self.controls[slider.path]) for slider in some]
        return [widget for row in rows for widget in row]


def _grid(least: int, gap: str) -> Any:
    """As many columns as there is room for, each at least so many pixels wide."""
    columns = f"repeat(auto-fit, minmax({least}px, 1fr))"
    return widgets.Layout(grid_template_columns=columns, grid_gap=gap, align_items="flex-start")


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
