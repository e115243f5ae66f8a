"""Convolution with long kernels, exact and approximate.

`convolve` and `plan` choose among the methods; `Exact`, `Stream`, `Bank`, `PartitionedKernel`, `find_modes` and
`Modal`, `Ranking` and `ShiftedRanking` are the methods themselves. `motes.convolve.differentiable` convolves tensors of
PyTorch and is imported by no other module.
"""

from motes.convolve.exact import Exact
from motes.convolve.low_rank import Bank, PartitionedKernel
from motes.convolve.modal import Modal, Modes, find_modes
from motes.convolve.plan import METHODS, Plan, convolve, correlate, plan
from motes.convolve.sketch import CountSketch, Fold, Ranking, ShiftedRanking, estimate_convolution
from motes.convolve.stream import Stream

__all__ = [
    "METHODS",
    "Bank",
    "CountSketch",
    "Exact",
    "Fold",
    "Modal",
    "Modes",
    "PartitionedKernel",
    "Plan",
    "Ranking",
    "ShiftedRanking",
    "Stream",
    "convolve",
    "correlate",
    "estimate_convolution",
    "find_modes",
    "plan",
]
