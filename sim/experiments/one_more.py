"""What one more of everything would give: a server of each facility, a departure a day."""

from __future__ import annotations

from typing import Unpack

from sim.errors import UsageError
from sim.experiments.study import How, studied
from sim.results.results import ONE_MORE, STUDY, Results
from sim.scenario import more
from sim.scenario.model import Scenario, a_scenario

TAGS = {STUDY: ONE_MORE}
"""What the provenance of such a study says."""


def one_more(scenario: Scenario, **how: Unpack[How]) -> Results:
    """A scenario against itself with one more of something, paired by replication.

    One scenario for each facility with one server more, called "khasan +1 server" (or one path a
    day more, where a headway makes paths: "main-line +1 path a day"), and one for
    each departures stage of an open route with one departure a day more (each way, if there are
    directions), called "rail trains +1 a day". Arguments and errors as `run`; besides, UsageError
    where there is nothing to have more of.
    """
    return studied(with_one_more(scenario), paired=True, tags=TAGS, **how)


def with_one_more(scenario: Scenario) -> list[Scenario]:
    """A scenario, and it with one more of everything. Raises UsageError where that is nothing."""
    found = more.one_more(a_scenario(scenario))
    if not found:
        raise UsageError(f"{scenario.name}: no facility and no departures: nothing to have more of")
    return [scenario, *(each.scenario for each in found)]
