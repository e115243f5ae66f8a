"""How Sphinx builds the documentation: MyST pages, the Furo theme, reference pages from the docstrings and the
command line itself.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from motes.encoders import ENCODERS, Option, options_in

_project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = _project["name"]
author = "the motes developers"
copyright = f"2026, {author}"
version = release = _project["version"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "cyclopts.sphinx_ext"]
exclude_patterns = ["_build", "examples"]  # the examples are notebooks to download

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

# The notebook is text without outputs: it runs at every build that reads it, on the bundled recording.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300  # the first build compiles the kernels

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


class OptionTables(SphinxDirective):
    """The options of every encoder, a table each, from the metadata of their fields."""

    def run(self) -> list[Any]:
        lines: list[str] = []
        for encoder in ENCODERS:
            name = encoder.options.__name__
            lines += [f"**{encoder.name}** {encoder.summary}: ``motes.{name}``", "", ".. list-table::"]
            lines += ["   :header-rows: 1", ""]
            rows = [("option", "flag", "type", "default", "range", "unit", "")]
            rows += [_row(about) for about in options_in(encoder.options)]
            lines += [f"   {'* -' if i == 0 else '  -'} {cell}".rstrip() for row in rows for i, cell in enumerate(row)]
            lines.append("")
        held = nodes.container()
        self.state.nested_parse(StringList(lines, source="options"), self.content_offset, held)
        return held.children


def _row(about: Option) -> tuple[str, ...]:
    low, high = about.low, about.high
    bounds = "" if low is None else f"{'above' if about.low_excluded else 'from'} {low:,g}"
    bounds += "" if high is None else f" to {high:,g}"
    choices = ", ".join(map(str, about.choices))
    doc = re.sub("`([^`]+)`", r"``\1``", about.doc)
    default = "" if about.default is None else f"``{about.default}``"
    return f"``{about.name}``", f"``--{about.flag}``", about.type, default, bounds or choices, about.unit, doc


def setup(app: Any) -> None:
    app.add_directive("encoder-options", OptionTables)
    app.connect("autodoc-process-docstring", _docstring_to_rst)
