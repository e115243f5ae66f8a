"""The cache of kernels is named by all files that have some: one is compiled anew when another it calls changes."""

from pathlib import Path

import motes
from motes.kernels._jit import kernel_sources


def test_all_kernels_name_their_cache():
    package = Path(motes.__file__).parent
    compiled = {path for path in package.rglob("*.py") if "@jit" in (text := path.read_text()) or "@inner" in text}
    assert compiled
    assert compiled <= set(kernel_sources())
