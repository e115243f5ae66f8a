"""Lets the tests of this folder import `codec_scenes` (pytest's importlib mode leaves the path alone)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
