"""The exceptions that transsib raises on purpose; each knows its exit status.

    TranssibError
    ├── ScenarioError      a scenario is not one: every fault with its place      2
    ├── UsageError         a wrong command or argument                            2
    │   └── TooLargeError  more time or memory than anyone would wait for         2
    ├── IncompleteError    finished, but a replication failed                     3
    ├── ResultsError       a file or folder cannot be written, or read whole      4
    └── SimulationError    the model broke a law it must keep: a bug              1

Every one takes a single argument: SimPy re-raises with `type(e)(*e.args)`, and workers
send exceptions home by pickle.
"""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import category


class TranssibError(Exception):
    """Anything that transsib refuses or gives up."""

    exit_status = 1


def legible(text: str) -> str:
    """A text in which all that a terminal would obey is spelt out, except the ends of lines."""
    return "".join(
        c if c.isprintable() or c == "\n" or category(c) == "Zs" else ascii(c)[1:-1] for c in text
    )


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with a scenario: where it stands, what it is about, what to do."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        """`FILE:LINE:COLUMN: key.path: what is wrong`; options have no line.

        What a terminal would obey is spelt out: a file's words may hold anything.
        """
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = ": ".join(part for part in (place, self.path, self.message) if part)
        return legible(text).replace("\n", "\\n")


class ScenarioError(TranssibError):
    """A scenario that cannot be used; `faults` holds everything wrong with it."""

    exit_status = 2

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        """One line a fault."""
        return "\n".join(map(str, self.faults))


class UsageError(TranssibError):
    """A command or a call that makes no sense, told in one sentence."""

    exit_status = 2


class TooLargeError(UsageError):
    """A study that would take hours or fill the memory, and was not confirmed."""


class IncompleteError(TranssibError):
    """A study that ended without all that was asked for."""

    exit_status = 3


class ResultsError(TranssibError):
    """A file or folder that cannot be written, or results that cannot be read as a whole."""

    exit_status = 4


class SimulationError(TranssibError):
    """The model broke one of its own laws; never the user's fault."""
