"""The panel in a real JupyterLab in a real Chromium: a key moves a slider, and the model answers.

Everything that JupyterLab writes goes to the test's own folder.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import FLAGS, chromium
from corridors import SMALL, loaded
from playwright.sync_api import Page, expect, sync_playwright

import sim
from sim.results.metrics import ALL, Key
from sim.views import words
from sim.views.panel import AT_FIRST, KEEP, KEPT
from sim.views.sliders import closure

__all__ = ["chromium"]  # a fixture, by its name

PATIENCE = 120
"""Seconds; the machine may be busy with other tests."""

SLOTS = "routes.rail.stages.trains.annual_capacity"

CELL = 'import sim\nsim.explore(sim.load_scenario("small.toml"))'

READY = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  const session = panel?.sessionContext;
  const kernel = session?.session?.kernel;
  return Boolean(session?.isReady && panel.content?.widgets?.length
    && kernel?.connectionStatus === "connected" && kernel?.status === "idle");
}"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """The address of a JupyterLab that serves a folder with a small scenario and a notebook."""
    served, own = tmp_path / "served", tmp_path / "jupyter"
    settings = own / "settings" / "@jupyterlab" / "apputils-extension"
    for folder in (served, settings, own / "runtime"):
        folder.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    (served / "small.toml").write_text(SMALL, encoding="utf-8")
    (served / "panel.ipynb").write_text(json.dumps(_notebook(CELL)))
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(_command(served), env=_environment(own), stdout=log, stderr=log)
        try:
            yield _address(own / "runtime" / f"jpserver-{server.pid}.json", server)
        finally:
            server.terminate()
            server.wait(PATIENCE)


def _notebook(source: str) -> dict[str, object]:
    cell = {"cell_type": "code", "id": "panel", "metadata": {}, "source": source}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": [{**cell, "execution_count": None, "outputs": []}],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _command(served: Path) -> list[str]:
    options = [
        "--no-browser", "--allow-root", "--expose-app-in-browser", "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0", "--IdentityProvider.token=", "--ServerApp.password=",
        "--LabApp.extension_manager=readonly", f"--ServerApp.root_dir={served}",
    ]  # fmt: skip
    return [sys.executable, "-m", "jupyterlab", *options]


def _environment(own: Path) -> dict[str, str]:
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    return {**os.environ, **{name: str(own / folder) for name, folder in folders.items()}}


def _address(told: Path, server: subprocess.Popen[bytes]) -> str:
    """Where the server listens, once it has written so."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert server.poll() is None, "JupyterLab ended"
        assert time.monotonic() < deadline, "JupyterLab does not start"
        try:
            return str(json.loads(told.read_text())["url"])
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.1)


@pytest.fixture
def page(chromium: str, lab: str) -> Iterator[Page]:
    """The notebook's page when its kernel waits for work."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1200})
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(f"{lab}lab/tree/panel.ipynb?reset")
        page.wait_for_function(READY)
        yield page
        browser.close()


def test_a_key_moves_a_slider_and_the_model_answers(page: Page, tmp_path: Path) -> None:
    page.evaluate("() => { void window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    expect.set_options(timeout=1000 * PATIENCE)
    panel = page.locator(".transsib")
    picture, figures = panel.locator("img").first, panel.locator("table")
    expect(picture).to_have_attribute("alt", re.compile("small and what-if"))
    before, text = picture.get_attribute("src"), figures.inner_text()
    expect(panel.get_by_title(SLOTS)).to_have_text("trains: capacity [containers/year]")
    moved = panel.locator(".widget-slider").nth(4)
    handle, readout = moved.locator(".noUi-handle"), moved.locator(".widget-readout")
    expect(readout).to_have_text("8,000")
    handle.press("ArrowRight")
    expect(readout).to_have_text("8,500")
    expect(picture).not_to_have_attribute("src", before or "")
    expect(figures).not_to_have_text(text)
    expect(figures).to_contain_text(carried_by_rail(tmp_path, 8_500))
    for _ in range(5):  # faster than the model
        handle.press("ArrowRight")
    expect(readout).to_have_text("11,000")
    expect(figures).to_contain_text(carried_by_rail(tmp_path, 11_000))
    expect(panel.locator(".before").first).to_be_visible()  # the move before, as a shadow
    kept = figures.locator("tr").nth(2).locator("td").nth(1).locator(".before")
    panel.get_by_role("button", name=KEEP).click()
    expect(panel.get_by_role("button", name=KEPT)).to_be_visible()
    panel.locator("select").first.select_option("rail: line")
    expect(figures).to_contain_text(carried_by_rail(tmp_path, 11_000, "routes.rail.stages.line"))
    expect(kept).to_have_text(carried_by_rail(tmp_path, 11_000))
    expect(panel).not_to_contain_text("simulating")
    assert panel.evaluate("box => box.scrollWidth <= box.clientWidth"), "wider than its cell"


def carried_by_rail(folder: Path, capacity: float, closed: str | None = None) -> str:
    """What the same change gives in Python, as the panel writes it."""
    scenario = loaded(folder, SMALL).with_changes({SLOTS: capacity})
    if closed is not None:
        shut = closure(scenario, closed, AT_FIRST)
        scenario = scenario.with_changes({"disruptions": shut})
    key = Key("rail", ALL, "throughput")
    found = sim.run(scenario, replications=1, jobs=1).interval(key, scenario.name)
    return words.interval(found, words.unit(key))
