"""Pictures of results: who carries how much, how long and where, what flows, waits, breaks even.

Each function draws one picture of one scenario or several, on the axes given or on a figure of its
own, and returns the axes. The title is the finding; colours belong to routes.
"""

from sim.views.flows import plot_backlog, plot_deliveries
from sim.views.frontier import plot_frontier
from sim.views.landscape import plot_sweep
from sim.views.maps import plot_map
from sim.views.shares import plot_shares
from sim.views.stages import plot_stages
from sim.views.strings import plot_string_lines
from sim.views.times import plot_times
from sim.views.tornado import plot_tornado
from sim.views.warmup import plot_warmup

__all__ = [
    "plot_backlog", "plot_deliveries", "plot_frontier", "plot_map", "plot_shares", "plot_stages",
    "plot_string_lines", "plot_sweep", "plot_times", "plot_tornado", "plot_warmup",
]  # fmt: skip
