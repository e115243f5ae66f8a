"""How Sphinx builds the documentation: MyST pages, the Furo theme, reference pages from the docstrings and the command line itself."""

import re
import tomllib
from pathlib import Path
from typing import Any

_project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = _project["name"]
author = "the motes developers"
copyright = f"2026, {author}"
version = release = _project["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "cyclopts.sphinx_ext"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "undoc-members": False, "show-inheritance": False}

html_theme = "furo"
html_title = "motes"
html_static_path: list[str] = []


def _docstring_to_rst(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Our docstrings are plain text with `code` in them; make that reStructuredText, whose marks mean other things."""
    parts = re.split(r"`+([^`]+)`+", "\n".join(lines))
    parts[::2] = [re.sub(r"([*|_\\])", r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [f"``{part}``" for part in parts[1::2]]
    lines[:] = "".join(parts).split("\n")


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", _docstring_to_rst)
