"""How a command ends: what it raises becomes a message and an exit status."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn, ParamSpec

import typer

from sim.errors import ResultsError, TranssibError, legible

P = ParamSpec("P")

INTERRUPTED, TERMINATED, BROKEN_PIPE = 130, 143, 141
NOTHING = "nothing was kept"


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what a command raises into a message and an exit status."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except TranssibError as error:
            leave("; ".join([str(error), *_notes(error)]), error.exit_status)
        except KeyboardInterrupt as stop:
            leave("; ".join(["interrupted", *(_notes(stop) or [NOTHING])]), INTERRUPTED)
        except SystemExit as stop:
            leave("; ".join(["terminated", *(_notes(stop) or [NOTHING])]), TERMINATED)
        except BrokenPipeError:
            leave("", BROKEN_PIPE)
        except MemoryError:
            leave("out of memory: fewer --jobs need less", ResultsError.exit_status)
        except OSError as error:
            leave(f"input or output failed: {error}", ResultsError.exit_status)
        except typer.Exit:
            raise
        except Exception:
            leave(f"{traceback.format_exc()}\nthis is a bug in transsib: please report it", 1)

    return wrapped


def _notes(error: BaseException) -> list[str]:
    """What those said whom an error passed: what is kept, and how to go on."""
    return getattr(error, "__notes__", [])


def leave(message: str, status: int) -> NoReturn:
    """Say why on standard error and leave; what standard output still holds is given up."""
    with contextlib.suppress(OSError, ValueError):
        if message:
            print(legible(message), file=sys.stderr)  # noqa: T201 - a command line prints
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    if sys.stdout is not None and status in (BROKEN_PIPE, ResultsError.exit_status):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter flushes once more
    raise typer.Exit(status)


def note(*lines: str, quiet: bool) -> None:
    """What is no result goes to standard error."""
    if not quiet:
        for line in lines:
            print(legible(line), file=sys.stderr)  # noqa: T201 - a command line prints
