"""How uneven deliveries are over the months of a window."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sim.results.figures import Figures
from sim.results.observations import RouteLog
from sim.results.window import Window
from sim.scenario.fields import DAYS_A_YEAR

MONTH_DAYS = DAYS_A_YEAR / 12


def busiest(logs: Iterable[RouteLog], window: Window) -> Figures:
    """Deliveries in the busiest month over those in a mean one; None without two whole months."""
    number = int(window.days / MONTH_DAYS + 1e-9)
    counts = np.zeros(max(number, 1))
    for log in logs:
        _, moments, loads = log.arrivals
        here = (moments >= window.start) & (moments < window.start + number * MONTH_DAYS)
        month = ((moments[here] - window.start) // MONTH_DAYS).astype(np.intp).clip(max=number - 1)
        counts += np.bincount(month, loads[here], len(counts))
    mean = float(counts.mean())
    return {"busiest_month": float(counts.max()) / mean if number > 1 and mean else None}
