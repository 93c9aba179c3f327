"""The ledger: for each figure of a scenario where it comes from and how far it may vary."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.fields import Model, Number, Text


class Assumption(Model):
    """What stands behind one figure; kept and shown, never used by a simulation."""

    quality: Literal["sourced", "derived", "assumed"] = Field(
        description="sourced: somebody published it; derived: worked out from what is published; "
        "assumed: a judgement"
    )
    source: Annotated[Text, Field(min_length=1)] = Field(
        description="Who says so, where and when; or why it was assumed"
    )
    range: Annotated[tuple[Number, Number], Field(strict=False)] | None = Field(
        None, description="[low, high] that the figure may be varied over, in the figure's own unit"
    )
