"""The catalogue: a folder that says what sounds there are in many .mote files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from motes import places
from motes.arguments import checked
from motes.errors import FormatError, MissingExtraError, ParameterError
from motes.files import atomic_output
from motes.library.catalogue.part import VERSION, Described, dataset, rows_at
from motes.library.catalogue.query import select
from motes.library.catalogue.rows import DESCRIPTOR
from motes.library.spreading.spread import Progress, spread_of

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from motes.scene.scene import Scene

SUFFIX = ".motes-catalogue"
_MANIFEST, PARTS = "catalogue.json", "parts"


class _Version(msgspec.Struct):
    """What every version says first."""

    format: str
    version: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a catalogue says of itself: where its corpus is, seen from the catalogue, and what is known of each file."""

    format: str = "motes-catalogue"
    version: int = VERSION
    corpus: str
    files: list[Described]


class Catalogue:
    """The sounds of many .mote files as one table: a row per note, splat, strike, vector and partial, whose columns
    docs/corpus.md lists. `motes.build_catalogue` makes one.

    Raises FormatError where `path` is no catalogue, or one of a version that this release does not know.
    """

    @checked
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._manifest = read_manifest(self.path)

    @property
    def files(self) -> tuple[str, ...]:
        """The .mote files in it, seen from the corpus."""
        return tuple(about.file for about in self._manifest.files)

    @property
    def described(self) -> list[Described]:
        """What is known of each file, in the order of their rows."""
        return self._manifest.files

    @property
    def corpus(self) -> str:
        """The folder of these files, or its address in a bucket."""
        corpus = self._manifest.corpus
        return corpus if places.is_remote(corpus) else os.path.normpath(self.path / corpus)

    @property
    def n_rows(self) -> dict[str, int]:
        """How many rows there are of each kind that occurs."""
        return dict(sum((Counter(about.n_rows) for about in self._manifest.files), Counter()))

    @property
    def duration_s(self) -> float:
        """How long all files last together."""
        return sum(about.duration_s for about in self._manifest.files)

    def __len__(self) -> int:
        return sum(self.n_rows.values())

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {kind}s" for kind, n in self.n_rows.items())
        return f"<motes.Catalogue {len(self.files)} files, {self.duration_s / 3600:.2f} h: {counts or 'no events'}>"

    def to_arrow(self) -> pyarrow.Table:
        """All rows as a pyarrow Table."""
        return self.dataset().to_table()

    def to_pandas(self) -> pandas.DataFrame:
        """All rows as a pandas DataFrame; needs `motes[export]` too."""
        try:
            import pandas  # noqa: F401
        except ImportError:
            raise MissingExtraError("a DataFrame", "export") from None
        return self.to_arrow().to_pandas()

    @checked
    def sql(self, query: str) -> pyarrow.Table:
        """What a SELECT of the table `events` answers, in the words of DuckDB; ParameterError where it is anything
        else, or makes no sense. It reads nothing but the catalogue, and writes nothing.
        """
        return select(self.dataset(), query)

    @checked
    def search(
        self,
        like: str | None = None,
        *,
        where: str | None = None,
        count: int = 10,
        jobs: int = 1,
        on: str = "",
        progress: Progress | None = None,
    ) -> pyarrow.Table:
        """The rows most like one, the nearest first, with a column `distance`, or those of a condition in SQL.

        `like` is a note of a file of the catalogue, or of another .mote file, `song.mote:12`, another sound,
        `song.mote:partial:3`, or a recording, `take.wav`, whose notes are found, `take.wav:2` the second of them.
        Without a number it is the strongest note; a MotesWarning says which. The rows of its kind and model are
        compared by the root mean square of the differences of their sixteen numbers, each in standard deviations of
        these. ParameterError where there is none such. `jobs` processes of this machine, or `on` a cluster (`ray`,
        `ray://head:10001`) its workers, compare some files each, with the same result.
        """
        from motes.library.catalogue.search import search

        return search(self, like, where, count, spread_of(jobs, on), progress or (lambda *_: None)).rows

    @checked
    def nearest(
        self, numbers: Any, count: int = 10, *, kind: str = "note", model: str = DESCRIPTOR, where: str | None = None
    ) -> pyarrow.Table:
        """The `count` rows of a kind and model nearest to each of the vectors `(m, 16)`, the nearest first, with the
        columns `wanted`, which of the vectors a row was found for, and `distance`; ParameterError where there are none.
        """
        from motes.library.catalogue.brute_force import Among
        from motes.library.catalogue.nearest import nearest

        return nearest(self, np.asarray(numbers, np.float64), count, Among(kind, model, where))

    @checked
    def page(
        self,
        output: str | os.PathLike[str],
        like: str | None = None,
        *,
        where: str | None = None,
        count: int = 10,
        overwrite: bool = False,
    ) -> Path:
        """The HTML file written: a page to hear what `search` finds."""
        from motes.library.catalogue.search import search
        from motes.report.corpus.answers_page import write_answers_page

        write_answers_page(search(self, like, where, count), output, overwrite=overwrite)
        return Path(output)

    @checked
    def map(
        self,
        output: str | os.PathLike[str],
        *,
        where: str | None = None,
        count: int = 5000,
        seed: int = 0,
        megabytes: float = 8.0,
        overwrite: bool = False,
    ) -> Path:
        """The HTML file written: a map of the sounds for which a condition in SQL is true, alike ones near each other,
        at most `count`, drawn by `seed`; as many can be heard as fit into `megabytes`.
        """
        from motes.report.corpus.embedding import embedded
        from motes.report.corpus.map_page import write_map_page

        found = embedded(self, where, count, seed)
        write_map_page(self, found, output, megabytes=megabytes, overwrite=overwrite)
        return Path(output)

    @checked
    def collect(self, sounds: Sequence[str]) -> Scene:
        """These sounds of it, as in `song.mote:12`, as a scene, one after the other; `metadata.options["sources"]` says
        of each file which of its sounds are where. ParameterError where one is not in it.
        """
        from motes.library.catalogue.excerpt import collect, named_sounds

        return collect(self, named_sounds(self, sounds))

    def parts(self) -> list[Path]:
        """The Parquet files of it, one for each of its files, in their order."""
        return [self.path / PARTS / about.part for about in self._manifest.files]

    def digest(self, file: str) -> str:
        """The SHA-256 that one of its files had when it was described."""
        return next(about.digest for about in self._manifest.files if about.file == file)

    def dataset(self) -> Any:
        """All rows as a pyarrow Dataset, which reads them as they are asked for."""
        return dataset(self.parts())

    def rows_at(self, numbers: Any) -> pyarrow.Table:
        """The rows of these numbers `(n,)`, counted from 0 over the files in their order."""
        return rows_at(self.parts(), [sum(about.n_rows.values()) for about in self.described], numbers)

    def rows_of(self, file: str, where: Any = None) -> pyarrow.Table:
        """The rows of one of its files, or those of them for which an expression of pyarrow.dataset is true."""
        parts = [self.path / PARTS / about.part for about in self.described if about.file == file]
        return dataset(parts).to_table(filter=where)

    def scene(self, file: str) -> Scene:
        """The scene of one of its files; FormatError where that is no longer there."""
        from motes.library.work import load_scene

        path = places.join(self.corpus, file)
        if not places.is_file(path):
            raise FormatError(f"{file} is no longer in {self.corpus}: motes catalogue build makes the catalogue anew")
        return load_scene(path)


def read_manifest(path: Path) -> Manifest:
    """What a catalogue says of itself; FormatError where it is none, or of another version."""
    try:
        text = (path / _MANIFEST).read_bytes()
    except OSError as error:
        there = "a folder without catalogue.json" if path.is_dir() else "no catalogue"
        reason = there if path.exists() else error.strerror
        raise FormatError(f"{path} is not a catalogue ({reason}): motes catalogue build CORPUS -o {path}") from None
    try:
        found = msgspec.json.decode(text, type=_Version)
        if found.format == "motes-catalogue" and found.version != VERSION:
            raise FormatError(
                f"{path} is a catalogue of version {found.version}, this release reads version {VERSION}: build it anew"
            )
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise FormatError(f"{path} is not a catalogue: its catalogue.json is damaged ({error})") from None
    if found.format != "motes-catalogue" or any("/" in about.part or os.sep in about.part for about in manifest.files):
        raise FormatError(f"{path} is not a catalogue: its catalogue.json is of something else")
    return manifest


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write what a catalogue says of itself, all or nothing."""
    with atomic_output(path / _MANIFEST, overwrite=True) as handle:
        handle.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def is_catalogue(path: Path) -> bool:
    """Whether a folder says that it is a catalogue."""
    return (path / _MANIFEST).is_file()


def require_folder(path: Path) -> None:
    """ParameterError where a catalogue cannot be made, for what is there already."""
    if path.is_dir() and not is_catalogue(path) and any(path.iterdir()):
        raise ParameterError(f"{path} is a folder of other files, not a catalogue: -o NAME{SUFFIX}")
    if path.exists() and not path.is_dir():
        raise ParameterError(f"{path} is a file, and a catalogue is a folder: -o NAME{SUFFIX}")
