"""Many items, and who works on them: this process, several of this machine, or the workers of a cluster."""

from motes.library.spreading.spread import ALONE, ClusterError, Lost, Spread, connected, spread, spread_of

__all__ = ["ALONE", "ClusterError", "Lost", "Spread", "connected", "spread", "spread_of"]
