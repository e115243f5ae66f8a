"""The Python reference names every public object, and all that it names has a docstring to show."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import motes

DOCS = Path(__file__).parents[1] / "docs"
DIRECTIVES = re.findall(
    r"^\.\. auto(module|class|function):: ([\w.]+)",
    "\n".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")),
    re.MULTILINE,
)
MODULES = {name for kind, name in DIRECTIVES if kind == "module"}
OBJECTS = {name if name.startswith("motes.") else f"motes.{name}" for kind, name in DIRECTIVES if kind != "module"}


@pytest.mark.parametrize("name", sorted(set(motes.__all__) - {"__version__"}))
def test_every_public_name_is_in_the_reference(name):
    thing = getattr(motes, name)
    home = str(getattr(thing, "__module__", ""))
    packages = {home, home.rpartition(".")[0]}
    assert f"motes.{name}" in OBJECTS or f"{home}.{name}" in OBJECTS or packages & MODULES


@pytest.mark.parametrize("of", [motes.Scene, motes.Player, motes.Room, type(motes.Scene(8000, 1, 1).select())])
def test_what_has_no_docstring_would_be_missing(of):
    missing = [
        name
        for name, member in inspect.getmembers(of, lambda one: callable(one) or isinstance(one, property))
        if not name.startswith("_") and not inspect.getdoc(member)
    ]
    assert not missing
