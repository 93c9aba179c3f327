"""Transsib asks what a freight corridor would really carry.

A discrete-event model of freight routes: throughput, shares, door-to-door times, waits and
queues, each with its uncertainty. Everything public is here; `sim.plots` draws.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.corridor import simulate as simulate
    from sim.errors import ScenarioError as ScenarioError
    from sim.errors import TranssibError as TranssibError
    from sim.experiments.one_more import one_more as one_more
    from sim.experiments.sensitivity import sensitivity as sensitivity
    from sim.experiments.solve import solve as solve
    from sim.experiments.store import load_results as load_results
    from sim.experiments.study import compare as compare
    from sim.experiments.study import run as run
    from sim.experiments.sweep import sweep as sweep
    from sim.experiments.tracing import trace as trace
    from sim.results.observations import Observations as Observations
    from sim.results.results import Results as Results
    from sim.scenario.files import load_scenario as load_scenario
    from sim.scenario.model import Scenario as Scenario
    from sim.views import plots as plots
    from sim.views.panel import Panel

_HOMES = {
    "Observations": "sim.results.observations",
    "Results": "sim.results.results",
    "Scenario": "sim.scenario.model",
    "ScenarioError": "sim.errors",
    "TranssibError": "sim.errors",
    "compare": "sim.experiments.study",
    "load_results": "sim.experiments.store",
    "load_scenario": "sim.scenario.files",
    "one_more": "sim.experiments.one_more",
    "run": "sim.experiments.study",
    "simulate": "sim.corridor",
    "solve": "sim.experiments.solve",
    "sensitivity": "sim.experiments.sensitivity",
    "sweep": "sim.experiments.sweep",
    "trace": "sim.experiments.tracing",
}

__all__ = [  # noqa: RUF022 - in the order of use
    "load_scenario", "Scenario", "simulate", "Observations", "run", "compare", "Results",
    "one_more", "sweep", "sensitivity", "solve", "load_results", "trace", "explore", "plots",
    "TranssibError", "ScenarioError",
]  # fmt: skip


def explore(scenario: Scenario) -> Panel:
    """Sliders over a scenario: a notebook's cell shows them, and the model runs as they move.

    A move reruns replication 0 at full size and redraws. Raises UsageError where ipywidgets is not
    installed, TooLargeError for what nobody would wait for.
    """
    from sim.errors import UsageError
    from sim.experiments.study import once

    try:
        from sim.views.panel import Panel
    except ModuleNotFoundError as error:
        if error.name != "ipywidgets":
            raise
        raise UsageError("sliders need ipywidgets: pip install 'transsib[notebook]'") from None
    return Panel(scenario, once)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import sim` costs nothing."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("transsib")
    if name == "plots":
        return importlib.import_module("sim.views.plots")
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
