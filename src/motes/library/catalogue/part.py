"""A part of a catalogue: the rows of one .mote file as a Parquet file."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from motes.errors import FormatError, MissingExtraError
from motes.events.event_table import Ints
from motes.files import atomic_output
from motes.library.catalogue.rows import COLUMNS, N_NUMBERS, Rows

if TYPE_CHECKING:
    import pyarrow

# Of the columns and what they mean; a catalogue of another is refused.
VERSION = 1
# Of which some are read for a few rows.
ROWS_A_GROUP = 4096
# Columns of few values, kept once each; a dictionary of numbers that hardly repeat takes space and time.
_WORDS = [name for name, column in COLUMNS.items() if column.type == "string"]
_KEY = b"motes"
_DAMAGED = "the catalogue is damaged, build it again: {}"


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file of the corpus: its name seen from there, the SHA-256 of its bytes, how long it lasts, and
    how many rows of each kind it has. `part` is the name of its Parquet file in the catalogue.
    """

    file: str
    digest: str
    duration_s: float
    n_rows: dict[str, int]
    part: str
    version: int = VERSION


def part_name(file: str) -> str:
    """What the part of a file is called: by its name, with letters that any system takes, and a digest of all of it."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", file.removesuffix(".mote"))[-60:].lstrip(".-")
    return f"{plain}-{hashlib.sha256(os.fsencode(file)).hexdigest()[:12]}.parquet"


def write_part(path: Path, rows: Rows, about: Described) -> None:
    """Write the rows of one file, all or none."""
    import pyarrow.parquet

    with atomic_output(path, overwrite=True) as handle:
        pyarrow.parquet.write_table(
            _table(rows, about), handle, row_group_size=ROWS_A_GROUP, compression="zstd", use_dictionary=_WORDS
        )


def _table(rows: Rows, about: Described) -> pyarrow.Table:
    pyarrow = require_pyarrow()
    held: dict[str, Any] = {"file": np.full(len(rows), shown(about.file), object)} | rows.columns
    arrays = []
    for name, column in COLUMNS.items():
        values = held[name]
        if column.type == "vector":
            flat = pyarrow.array(np.ascontiguousarray(values, np.float32).reshape(-1))
            arrays.append(pyarrow.FixedSizeListArray.from_arrays(flat, N_NUMBERS))
        elif column.type == "string":  # few values, many times: each once in memory
            arrays.append(pyarrow.array(values, pyarrow.string()).dictionary_encode())
        else:  # what is not known is null and never NaN, which readers of Parquet order differently
            arrays.append(pyarrow.array(np.asarray(values, column.type), from_pandas=True))
    table = pyarrow.table(arrays, names=list(COLUMNS))
    return table.replace_schema_metadata({_KEY: msgspec.json.encode(about)})


def shown(file: str) -> str:
    """A name as text: bytes that are no UTF-8 as escapes."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


def read_about(path: Path) -> Described | None:
    """What a part says of its file; None where there is no such part, or it is no part of a catalogue of this
    version.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        metadata = pyarrow.parquet.read_schema(path).metadata or {}
        about = msgspec.json.decode(metadata.get(_KEY, b""), type=Described)
    except (OSError, pyarrow.ArrowException, msgspec.MsgspecError):
        return None
    return about if about.version == VERSION else None


def dataset(paths: list[Path]) -> Any:
    """The rows of several parts, read as they are asked for; FormatError where one is missing or damaged."""
    require_pyarrow()
    import pyarrow.dataset

    try:
        return pyarrow.dataset.dataset([os.fspath(path) for path in paths], schema=_schema(), format="parquet")
    except (OSError, pyarrow.ArrowException) as error:
        raise FormatError(_DAMAGED.format(" ".join(str(error).split()))) from None


def rows_at(paths: list[Path], n_rows: list[int], numbers: Ints) -> pyarrow.Table:
    """The rows of these numbers `(n,)`, of parts with so many rows, counted through; only parts that hold some are
    read. FormatError where one is missing or damaged, or holds fewer.
    """
    pyarrow = require_pyarrow()
    ends = np.cumsum(n_rows)
    part = np.searchsorted(ends, numbers, side="right")
    order = np.argsort(part, kind="stable")
    tables = []
    for i in np.unique(part).tolist():
        try:
            tables.append(_rows_of_part(paths[i], numbers[order][part[order] == i] - (ends[i] - n_rows[i])))
        except (OSError, pyarrow.ArrowException) as error:
            raise FormatError(_DAMAGED.format(" ".join(str(error).split()))) from None
    found = pyarrow.concat_tables(tables) if tables else dataset(paths).schema.empty_table()
    plain = [pyarrow.string() if pyarrow.types.is_dictionary(each.type) else each.type for each in found.schema]
    found = found.cast(pyarrow.schema(zip(found.column_names, plain, strict=True)))
    return found.take(np.argsort(order, kind="stable"))


def _rows_of_part(path: Path, numbers: Ints) -> pyarrow.Table:
    """Some rows of a part, out of the groups that hold them."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as held:
        sizes = [held.metadata.row_group(i).num_rows for i in range(held.num_row_groups)]
        ends = np.cumsum(sizes)
        group = np.searchsorted(ends, numbers, side="right")
        if np.any(group >= len(sizes)):
            raise OSError(f"{path} holds less rows than it did")
        read, which = np.unique(group, return_inverse=True)
        firsts = np.cumsum([0, *(sizes[i] for i in read)])
        within = numbers - (ends - sizes)[group] + firsts[which]
        return held.read_row_groups(read.tolist()).take(within)


def _schema() -> Any:
    pyarrow = require_pyarrow()
    types = {"string": pyarrow.dictionary(pyarrow.int32(), pyarrow.string()), "int64": pyarrow.int64()}
    types |= {"float32": pyarrow.float32(), "float64": pyarrow.float64()}
    types["vector"] = pyarrow.list_(pyarrow.float32(), N_NUMBERS)
    return pyarrow.schema([(name, types[column.type]) for name, column in COLUMNS.items()])


def require_pyarrow() -> Any:
    """The package; MissingExtraError where it is not installed."""
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError("a catalogue", "corpus") from None
    return pyarrow
