"""Pictures of results: who carries how much, how long it takes, what flows and what waits.

Each function draws one picture of one scenario or several, on the axes given or on a figure of its
own, and returns the axes. The title is the finding; colours belong to routes.
"""

from sim.views.flows import plot_backlog, plot_deliveries
from sim.views.shares import plot_shares
from sim.views.times import plot_times

__all__ = ["plot_backlog", "plot_deliveries", "plot_shares", "plot_times"]
