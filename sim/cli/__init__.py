"""The command line: parse, call, print, exit status. Results go to standard output alone."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from sim.cli import studies, viewing  # noqa: F401 - each registers its verbs
from sim.cli.commands import app
from sim.cli.exits import TERMINATED
from sim.errors import ResultsError


def _leave(*_: object) -> NoReturn:
    """End on SIGTERM as on an error, workers too; SystemExit is no failure that is recorded."""
    raise SystemExit(TERMINATED)


def main() -> None:
    """Run the command line: UTF-8 whatever the locale, and a word where nothing can be written."""
    if sys.stdout is None:
        os.write(2, b"standard output is closed: there is nowhere to write results\n")
        sys.exit(ResultsError.exit_status)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, _leave)
    app()
