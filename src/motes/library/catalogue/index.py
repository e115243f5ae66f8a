"""An index of vectors beside the rows of a large catalogue, by which the nearest are found without comparing all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from motes.errors import MotesWarning
from motes.events.event_table import Array, Ints
from motes.files import folder_in_making
from motes.library.catalogue.brute_force import LEAST_DEVIATION
from motes.library.catalogue.query import select
from motes.library.catalogue.rows import N_NUMBERS

if TYPE_CHECKING:
    from motes.library.catalogue.catalogue import Catalogue

# Fewer vectors of a kind are compared one by one.
FEWEST = 100_000
# Inverted lists (Sivic & Zisserman 2003; Jégou et al. 2011): √n cells by k-means, of which so many are looked through.
N_PROBES, SAMPLES_A_CELL = 16, 40
# Vectors are put into cells so many at a time: below some 10,000 faiss takes twelve times as long for each.
PIECE = 1 << 16
# More neighbours than these are in more cells.
MOST_NEIGHBOURS = 100
VERSION = 1
_ABOUT = "about.json"
MISSING = "{} {}s are compared one by one: pip install 'motes[catalogue]', then motes catalogue build, makes an index"


class Neighbours(NamedTuple):
    """The nearest rows of each vector asked for, the nearest first, `(m, k)`, and how far they are."""

    row: Ints
    distance: Array


class IndexOf(msgspec.Struct, frozen=True, kw_only=True):
    """An index file: of which rows it is, and how their numbers are scaled before they are compared."""

    kind: str
    model: str
    n_rows: int
    file: str
    n_bytes: int
    mean: list[float]
    deviation: list[float]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The index files of a catalogue."""

    version: int = VERSION
    indices: list[IndexOf]


def update_index(catalogue: Catalogue) -> None:
    """Make the index of a catalogue where its rows are others than those that it was made of; all of it appears at
    once. A MotesWarning says where one is of use and the library for it is not installed.
    """
    root = catalogue.path / "index"
    target = root / _digest(catalogue)
    if not target.is_dir() and (large := _large(catalogue)):
        if (faiss := _faiss()) is None:
            kind, _, n = max(large, key=lambda each: each[2])
            warnings.warn(MotesWarning(MISSING.format(f"{n:,}", kind)), stacklevel=2)
        else:
            root.mkdir(exist_ok=True)
            with folder_in_making(root) as making:
                indices = [_made(faiss, catalogue, making, number, *each) for number, each in enumerate(large)]
                (making / _ABOUT).write_bytes(msgspec.json.format(msgspec.json.encode(About(indices=indices))))
                making.rename(target)
    for other in root.iterdir() if root.is_dir() else ():
        if other != target and not other.name.startswith("."):
            shutil.rmtree(other, ignore_errors=True)


def _digest(catalogue: Catalogue) -> str:
    """What identifies the rows: the bytes that they were made of, in order."""
    parts = [(about.part, about.digest, about.n_rows, about.version) for about in catalogue.described]
    return hashlib.sha256(msgspec.json.encode((VERSION, parts))).hexdigest()[:16]


def _large(catalogue: Catalogue) -> list[tuple[str, str, int]]:
    """Kinds and models with so many rows that an index pays, and how many."""
    if max(catalogue.n_rows.values(), default=0) < FEWEST:
        return []
    query = f"select kind, model, count(*) as n from events group by all having n >= {FEWEST} order by all"
    return [(row["kind"], row["model"], row["n"]) for row in select(catalogue.dataset(), query).to_pylist()]


def _made(faiss: Any, catalogue: Catalogue, folder: Path, number: int, kind: str, model: str, n: int) -> IndexOf:
    """An index of the rows of a kind and model, written."""
    cells = 2 ** round(np.log2(n) / 2)
    step = max(1, n // (cells * SAMPLES_A_CELL))
    total, squares, sample = np.zeros(N_NUMBERS), np.zeros(N_NUMBERS), []
    for place, _, numbers in _vectors(catalogue, kind, model):
        total += numbers.sum(axis=0, dtype=np.float64)
        squares += np.square(numbers, dtype=np.float64).sum(axis=0)
        sample.append(numbers[(-place) % step :: step].copy())  # a view would hold all of them
    mean = total / n
    deviation = np.maximum(np.sqrt(np.maximum(squares / n - mean**2, 0.0)), LEAST_DEVIATION)
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(N_NUMBERS), N_NUMBERS, cells)
    index.cp.seed, index.cp.min_points_per_centroid = 1, 1
    index.train(_scaled(np.concatenate(sample), mean, deviation))
    for row, numbers in _in_pieces(_vectors(catalogue, kind, model)):
        index.add_with_ids(_scaled(numbers, mean, deviation), row)
    file = f"{number}.faiss"
    faiss.write_index(index, os.fspath(folder / file))
    return IndexOf(
        kind=kind,
        model=model,
        n_rows=n,
        file=file,
        n_bytes=(folder / file).stat().st_size,
        mean=mean.tolist(),
        deviation=deviation.tolist(),
    )


def _vectors(catalogue: Catalogue, kind: str, model: str) -> Iterator[tuple[int, Ints, Any]]:
    """The vectors of a kind and model in pieces `(n, 16)`: how many came before, and the number of each row among all
    of the catalogue, `(n,)`.
    """
    import pyarrow.compute

    first = place = 0
    for batch in catalogue.dataset().to_batches(columns=["kind", "model", "vector"]):
        mine = pyarrow.compute.and_(
            pyarrow.compute.equal(batch["kind"], kind), pyarrow.compute.equal(batch["model"], model)
        )
        row = np.flatnonzero(mine.to_numpy(zero_copy_only=False))
        numbers = batch["vector"].flatten().to_numpy().reshape(-1, N_NUMBERS)[row]
        yield place, row + first, numbers
        first, place = first + len(batch), place + len(row)


def _in_pieces(vectors: Iterator[tuple[int, Ints, Any]]) -> Iterator[tuple[Ints, Any]]:
    """Rows and vectors, many at once."""
    rows, numbers = list[Ints](), list[Any]()
    for _, row, part in vectors:
        rows.append(row)
        numbers.append(part)
        if sum(map(len, rows)) >= PIECE:
            yield np.concatenate(rows), np.concatenate(numbers)
            rows, numbers = [], []
    if rows:
        yield np.concatenate(rows), np.concatenate(numbers)


def _scaled(numbers: Any, mean: Any, deviation: Any) -> Any:
    return np.ascontiguousarray((numbers - np.asarray(mean)) / np.asarray(deviation), np.float32)


class Index:
    """An index of the vectors of one kind and model."""

    def __init__(self, about: IndexOf, index: Any) -> None:
        self._about, self._index = about, index
        self._index.nprobe = N_PROBES

    @property
    def deviation(self) -> Array:
        """What each of the sixteen numbers is measured in, `(16,)`."""
        return np.array(self._about.deviation)

    def nearest(self, wanted: Array, count: int) -> Neighbours | None:
        """The rows, by their numbers among all of the catalogue, nearest to each of these vectors `(m, 16)`; None where
        so many cannot be found so.
        """
        if count > MOST_NEIGHBOURS:
            return None
        square, row = self._index.search(_scaled(wanted, self._about.mean, self._about.deviation), count)
        return Neighbours(row, np.sqrt(square / N_NUMBERS)) if np.all(row >= 0) else None


def index_of(catalogue: Catalogue, kind: str, model: str) -> Index | None:
    """The index of the rows of a kind and model; None where there is none. Where one would be of use, and the library
    is not installed, a MotesWarning says so.
    """
    if catalogue.n_rows.get(kind, 0) < FEWEST:
        return None
    if (faiss := _faiss()) is None:
        warnings.warn(MotesWarning(MISSING.format(f"{catalogue.n_rows[kind]:,}", kind)), stacklevel=2)
        return None
    folder = catalogue.path / "index" / _digest(catalogue)
    with contextlib.suppress(OSError, msgspec.MsgspecError, RuntimeError, UnicodeError):
        about = msgspec.json.decode((folder / _ABOUT).read_bytes(), type=About)
        for one in about.indices:
            path = folder / one.file
            # A shorter file would end the process where it is read as memory.
            if (one.kind, one.model) == (kind, model) and path.stat().st_size == one.n_bytes:
                return Index(one, faiss.read_index(os.fspath(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY))
    return None


def _faiss() -> Any:
    """The library, or None."""
    try:
        import faiss
    except ImportError:
        return None
    return faiss
