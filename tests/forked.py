"""What a fork of a process that has imported the program does: a command, as if from nothing."""

from __future__ import annotations

import os
import sys

from sim.cli import main


def run(
    command: list[str], environment: dict[str, str], folder: str, output: str, errors: str
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in ((1, output), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = command
    main()
