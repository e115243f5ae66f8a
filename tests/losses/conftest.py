"""Tests of losses need PyTorch, and one thread of it: the machine is shared."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
