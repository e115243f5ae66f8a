"""How Sphinx builds the documentation: MyST pages, the Furo theme, reference pages from the docstrings and the
command line itself.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from motes import kinds
from motes.encoders import ENCODERS, Option, options_in
from motes.events.event_table import Param

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


class Tables(SphinxDirective):
    """Tables that are made from the records of the code, each under a line about it."""

    columns: tuple[str, ...]

    def tables(self) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
        """The line about each table, and its rows."""
        raise NotImplementedError

    def run(self) -> list[Any]:
        lines: list[str] = []
        for about, rows in self.tables():
            lines += [about, "", ".. list-table::", "   :header-rows: 1", ""]
            for row in (self.columns, *rows):
                lines += [f"   {'  -' if i else '* -'} {cell}".rstrip() for i, cell in enumerate(row)]
            lines.append("")
        held = nodes.container()
        self.state.nested_parse(StringList(lines, source="records"), self.content_offset, held)
        return held.children


class OptionTables(Tables):
    """The options of every encoder, from the metadata of their fields."""

    columns = ("option", "flag", "type", "default", "range", "unit", "")

    def tables(self) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
        """A table for each encoder."""
        for encoder in ENCODERS:
            about = f"**{encoder.name}** {encoder.summary}: ``motes.{encoder.options.__name__}``"
            yield about, [_row(about) for about in options_in(encoder.options)]


class ColumnTables(Tables):
    """The columns of every kind of event, from its parameters; those that only edits need are left out."""

    columns = ("column", "unit", "range", "meaning")

    def tables(self) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
        """A table for each kind."""
        for kind in kinds.KINDS:
            yield f"**{kind.name}**", [_column(param) for param in kind.table.PARAMS if param.public]


def _column(param: Param) -> tuple[str, ...]:
    bounds = "" if param.high == float("inf") and param.low == -float("inf") else f"{param.low:g} … {param.high:g}"
    return f"``{param.name}``", param.unit, bounds, param.meaning + (", of each channel" if param.per_channel else "")


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
    app.add_directive("event-columns", ColumnTables)
    app.connect("autodoc-process-docstring", _docstring_to_rst)
