"""A headless Chromium for tests that open a page."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path; an integration machine gets one, at home the test is skipped."""
    if _found() is None and os.environ.get("CI") == "true" and os.geteuid() == 0:
        for command in ("update", "install --yes --no-install-recommends chromium"):
            subprocess.run(["apt-get", "-qq", *command.split()], check=True, timeout=600)
    return _found() or pytest.skip("no Chromium here: apt-get install chromium adds it")


def _found() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def tab(chromium: str) -> Iterator[Page]:
    """One browser for a module's tests, which may load files alone.

    A request, a fault or a complaint of any page fails the last of them.
    """
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page()
        page.on(
            "request",
            lambda it: None if it.url.startswith(("file:", "data:")) else complaints.append(it.url),
        )
        page.on("console", lambda it: complaints.append(it.text) if it.type != "log" else None)
        page.on("pageerror", lambda it: complaints.append(str(it)))
        try:
            yield page
        finally:
            browser.close()
    assert complaints == []


@pytest.fixture
def page(tab: Page) -> Page:
    """As it is when a browser starts."""
    tab.emulate_media(media="screen", color_scheme="light", reduced_motion="no-preference")
    tab.set_viewport_size({"width": 1280, "height": 720})
    return tab
