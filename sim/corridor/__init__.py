"""What happens: SimPy processes for vehicles, rows of arrays for containers."""

from sim.corridor.replication import simulate as simulate

__all__ = ["simulate"]
