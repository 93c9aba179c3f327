"""Every bundled scenario does and measures what the reviewed table says."""

from __future__ import annotations

import numpy as np
import pytest
from fingerprints import BUNDLED, ROOT, TABLE, digest, fingerprints, summed, table
from support import sampled

FEW = [
    "today", "link-200k", "link-500k", "forecast-200k", "forecast-500k", "open-queue",
    "quota-monthly", "corridor-today", "corridor-risks",
]  # fmt: skip
RENEW = "python tests/fingerprints.py writes the table anew; say in the CHANGELOG why"


@pytest.mark.parametrize("name", sampled(BUNDLED, FEW))
def test_what_happens_is_what_the_table_says(name: str) -> None:
    assert fingerprints(name) == table()[name], RENEW


def test_a_change_of_the_table_has_a_line_in_the_changelog() -> None:
    of_the_table = digest(TABLE.read_text().splitlines())
    assert f"`{of_the_table}`" in (ROOT / "CHANGELOG.md").read_text(), RENEW
    assert sorted(table()) == BUNDLED


def test_a_fingerprint_tells_order_and_the_ninth_digit() -> None:
    days = np.array([1.0, 2.0, np.inf, 4.0])
    assert summed(days) == summed(days * (1 + 1e-13))
    assert summed(days) != summed(days * (1 + 1e-8))
    assert summed(days) != summed(days[[1, 0, 2, 3]])
    assert summed(days) != summed(days[[0, 1, 3, 2]])
