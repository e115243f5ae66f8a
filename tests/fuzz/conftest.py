"""The fuzzer as a module."""

import importlib
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fuzz():
    """tests/fuzz/fuzz.py."""
    sys.path.insert(0, str(Path(__file__).parent))
    return importlib.import_module("fuzz")
