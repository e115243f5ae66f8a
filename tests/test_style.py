"""Laws of how the code is written that no linter has: CONTRIBUTING.md gives the reasons."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/motes"
FILES = sorted(SOURCE.rglob("*.py"))
MOST_FILES, MOST_LINES = 16, 400
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# Words of no meaning of their own, where nobody tells and nobody hears.
BANNED_WORDS = {"told", "heard"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def found(look: Callable[[Path], Iterator[Any]]) -> list[Any]:
    """What is found in all files, each as (file, line, …)."""
    every = ((name_of(path), each) for path in FILES for each in look(path))
    return [(name, *each) if isinstance(each, tuple) else (name, each) for name, each in every]


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, DOCUMENTED):
            text = ast.get_docstring(node)
            if text is not None:
                yield node.body[0].lineno, text


def identifiers(path: Path) -> Iterator[tuple[int, str]]:
    """Every name that the code gives to something."""
    for node in ast.walk(tree(path)):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield line, name
            case ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield line, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield line, name


def floating_strings(path: Path) -> Iterator[int]:
    for node in ast.walk(tree(path)):
        body = getattr(node, "body", None)
        for number, statement in enumerate(body if isinstance(body, list) else ()):
            match statement:
                case ast.Expr(value=ast.Constant(value=str())) if number > 0 or not isinstance(node, DOCUMENTED):
                    yield statement.lineno


def test_strings_that_float_are_docstrings() -> None:
    """A comment above a line is read before it."""
    assert not found(floating_strings)


def test_docstrings_begin_with_what_comes_back() -> None:
    assert not [where for where in found(docstrings) if re.match(r"The same\b|See `", where[2])]


def test_nothing_is_named_told_or_heard() -> None:
    assert not [where for where in found(identifiers) if BANNED_WORDS & set(where[2].lower().split("_"))]


def test_files_are_one_idea() -> None:
    long = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert not {name: lines for name, lines in long.items() if lines > MOST_LINES}


def test_folders_can_be_taken_in_at_a_glance() -> None:
    folders = {path.parent for path in FILES}
    assert not [name_of(folder) for folder in folders if len(list(folder.glob("*.py"))) > MOST_FILES]


def test_every_package_and_module_says_what_it_is() -> None:
    assert not [name_of(path) for path in FILES if not ast.get_docstring(tree(path))]


def test_tests_mirror_the_source() -> None:
    """A folder of tests for each room, and none for what is no room but the fuzzer."""
    tests = ROOT / "tests"
    holding = {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")} - {Path(), Path("fuzz")}
    packages = {path.parent.relative_to(SOURCE) for path in FILES if path.name == "__init__.py"}
    assert not holding - packages
    rooms = {path for path in packages if len(path.parts) == 1}
    assert not rooms - {path.parts and Path(path.parts[0]) for path in holding}
