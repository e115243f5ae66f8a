"""Everything that has a name is documented, compared by name; and what the documentation names is there.

Verbs, functions, settings and flags are compared in tests/test_motes.py, edits in tests/edit/test_edits.py, packets in
tests/codec/test_packets.py.
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from motes import kinds
from motes.encoders import ENCODERS, options_in
from motes.losses import LOSSES

ROOT = Path(__file__).parents[1]
SOURCE, DOCS = ROOT / "src/motes", ROOT / "docs"
ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")
CONCEPTS = (DOCS / "concepts.md").read_text(encoding="utf-8")


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def first_cells(text: str) -> list[str]:
    """What stands first in each row of the tables of a text."""
    return re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)


# --- what has a name


def test_every_module_stands_in_the_glossary_once():
    glossary = CONCEPTS[CONCEPTS.index("## Glossary") :]
    words = [word for cell in first_cells(glossary) for word in cell.split(", ") if cell != "word"]
    names = {path.parent.name if path.stem == "__init__" else path.stem for path in SOURCE.rglob("*.py")}
    assert sorted(words) == sorted({name.strip("_").replace("_", " ") for name in names - {"motes", "__main__"}})


def test_every_kind_and_column_is_documented():
    rows = first_cells(CONCEPTS[: CONCEPTS.index("## Atom")])
    assert {f"`{kind.name}`" for kind in kinds.KINDS} <= set(rows)
    assert ".. event-columns::" in CONCEPTS  # a table made from the columns themselves
    assert not [(kind.name, each.name) for kind in kinds.KINDS for each in kind.table.PARAMS if not each.meaning]


def test_every_option_of_an_encoder_is_documented():
    assert ".. encoder-options::" in page("python")  # a table made from the options themselves
    assert not [
        (encoder.name, each.name) for encoder in ENCODERS for each in options_in(encoder.options) if not each.doc
    ]


def test_every_loss_and_measure_is_documented():
    assert {f"`{loss.name}`" for loss in LOSSES} <= set(first_cells(page("losses")))
    signal = ast.parse((SOURCE / "metrics/signal.py").read_text(encoding="utf-8"))
    measures = {node.name for node in signal.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"}
    rows = {cell.strip("`") for cell in first_cells(CONCEPTS[CONCEPTS.index("## Numbers that describe") :])}
    assert measures - {"check_pair", "compare"} <= rows


def test_every_endpoint_is_documented():
    pytest.importorskip("fastapi")
    from motes.studio.http import documents_api, drawing_api, export_api, notes_api, playing_api, sound_api, studio_api

    described = re.findall(r"`(GET|POST|PUT|DELETE) ([^` ?]+)[^`]*`", page("studio-api"))
    known = {(method, re.sub(r"{[^}]*}", "{}", path).removeprefix("/api")) for method, path in described}
    missing = []
    for router in (
        studio_api.router,
        documents_api.router,
        export_api.router,
        notes_api.router,
        sound_api.router,
        playing_api.router,
        drawing_api.router,
    ):
        for route in router.routes:
            method, path = min(route.methods), re.sub(r"{[^}]*}", "{}", route.path)
            ends = {path, *(f"…{path[at.start() :]}" for at in re.finditer("/", path))}
            if not any((method, end) in known for end in ends):
                missing.append((method, route.path))
    assert not missing


def test_the_index_lists_every_page():
    trees = re.findall(r"```{toctree}\n(.*?)```", page("index"), re.DOTALL)
    listed = [line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")]
    assert sorted([*listed, "index"]) == sorted(path.stem for path in DOCS.glob("*.md"))


# --- what is named


def located(path: str) -> Path | None:
    return next((base / path for base in (SOURCE, ROOT) if (base / path).exists()), None)


def is_defined(tree: ast.Module, name: str) -> bool:
    """Whether a module defines a name, or a class in it one: `Class.method`."""
    body: list[ast.stmt] = tree.body
    for part in name.split("."):
        found: list[ast.stmt] | None = None
        for node in body:
            match node:
                case ast.FunctionDef(name=this) | ast.ClassDef(name=this) if this == part:
                    found = node.body
                case ast.AnnAssign(target=ast.Name(id=this)) if this == part:
                    found = []
                case ast.Assign(targets=[ast.Name(id=this)]) if this == part:
                    found = []
        if found is None:
            return False
        body = found
    return True


def test_what_the_architecture_names_is_there():
    named = re.findall(r"`([\w/.-]+/[\w.]*|[\w/]+\.(?:py|ts))(?::([\w.]+))?`", ARCHITECTURE)
    assert len(named) > 100
    assert not [path for path, _ in named if located(path) is None]
    parts = [(located(path), name) for path, name in named if name]
    assert len(parts) > 50
    assert not [(path, name) for path, name in parts if not is_defined(ast.parse(path.read_text("utf-8")), name)]


def test_the_picture_of_the_rooms_is_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(each["layers"] for each in contracts if each.get("containers") == ["motes"])
    drawn = re.findall(r"^([a-z_ ]+?) *│", ARCHITECTURE, re.MULTILINE)
    assert [set(line.split()) for line in drawn] == [set(re.findall(r"\w+", layer)) for layer in layers]


def test_where_to_change_what_has_twenty_answers():
    section = ARCHITECTURE[ARCHITECTURE.index("## Where do I change") :]
    assert len(first_cells(section[: section.index("\n## How")])) > 20


@pytest.mark.parametrize(
    "path", [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda path: path.stem
)
def test_modules_that_pages_name_are_there(path: Path):
    """`motes.a.b` is a module, or a name in one."""
    for dotted in set(re.findall(r"\bmotes(?:\.[a-z_]\w*)+\b(?![./(])", path.read_text(encoding="utf-8"))):
        parts = dotted.split(".")[1:]
        while parts and located("/".join(parts)) is None and located("/".join(parts) + ".py") is None:
            parts.pop()
        rest = dotted.split(".")[1 + len(parts) :]
        home = located("/".join(parts) + ".py") or SOURCE / "/".join(parts) / "__init__.py"
        assert not rest or rest[0] in home.read_text(encoding="utf-8"), dotted
