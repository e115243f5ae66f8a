"""The README and the documentation do what they say: every `sh` and `python` block or cell in them runs, page by page,
on the bundled recording.

A page starts in an empty folder that holds `song.flac`, and its blocks run in order. A block after the line `<!-- not
run -->` is left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(page.relative_to(ROOT) for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^(<!-- not run -->\n)?```(?:\{code-cell\} )?(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[tuple[int, str, str]]:
    """The line number, language and text of each block that is to be run."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [(text.count("\n", 0, m.start(3)) + 1, m[2], m[3]) for m in BLOCK.finditer(text) if not m[1]]


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=str)
def test_code_in_page_runs(
    page: Path, tmp_path: Path, demo_audio: Path, monkeypatch: pytest.MonkeyPatch, require_tool: Callable[[str], str]
) -> None:
    shutil.copy(demo_audio, tmp_path / "song.flac")
    monkeypatch.chdir(tmp_path)
    path = os.pathsep.join([str(Path(require_tool("motes")).parent), os.environ["PATH"]])
    shell = require_tool("bash")
    namespace: dict[str, object] = {"__name__": "__main__"}
    for line, language, text in blocks(page):
        if language == "sh":
            command = [shell, "-euo", "pipefail", "-c", text]
            done = subprocess.run(
                command,
                env={**os.environ, "PATH": path},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, f"{page}:{line}\n{text}\n{done.stdout}{done.stderr}"
        else:
            code = compile("\n" * (line - 1) + text, str(ROOT / page), "exec")  # a traceback shows the page's own line
            exec(code, namespace)


def test_pages_have_blocks_to_run() -> None:
    """Guards the pattern above: if it stopped matching, nothing would be tested."""
    assert len(blocks(Path("README.md"))) >= 2
    assert {language for _, language, _ in blocks(Path("docs/quickstart.md"))} == {"sh", "python"}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", text) if "://" not in target]
    missing = [target for target in targets if not ((ROOT / page).parent / target).exists()]
    assert not missing


def test_the_readme_shows_a_picture() -> None:
    """`tests/cli/test_cli.py` runs the demo, which draws it."""
    assert re.search(r"^!\[.+\]\(docs/images/.+\)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_version_is_told_once(require_tool: Callable[[str], str]) -> None:
    """pyproject.toml, CITATION.cff and the program agree."""
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    program = subprocess.run([require_tool("motes"), "--version"], capture_output=True, text=True, timeout=60)
    assert program.stdout.strip().split()[-1] == version


def test_the_notebook_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Cell by cell, without a notebook's server."""
    import json

    monkeypatch.chdir(tmp_path)
    cells = json.loads((ROOT / "docs/examples/instrument.ipynb").read_text(encoding="utf-8"))["cells"]
    namespace: dict[str, object] = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), namespace)
    assert namespace["blocks"]
