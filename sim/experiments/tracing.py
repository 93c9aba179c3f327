"""Tracing: one replication once more, for the story of one container."""

from __future__ import annotations

from sim.corridor import simulate
from sim.experiments.estimate import refuse_if_large
from sim.results.story import Story, story
from sim.scenario.distributions import whole
from sim.scenario.model import Scenario, a_scenario


def trace(
    scenario: Scenario, container: int, replication: int = 0, *, large: bool = False
) -> Story:
    """What happened to one container, numbered from 0 in booking order over all directions.

    large: go on where a replication needs more than about an hour or 2 GB. Raises UsageError where
    there is no such container, and TooLargeError.
    """
    number = whole("container", container, 0)
    if not large:
        refuse_if_large([a_scenario(scenario).with_changes({"run.replications": 1})], jobs=1)
    return story(scenario, simulate(scenario, replication), number)
