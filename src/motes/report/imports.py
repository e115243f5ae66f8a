"""Tables of events in any format that `motes export` writes, as the CSV that `motes.report.tables` reads."""

from __future__ import annotations

import csv
import io
import os
from itertools import zip_longest
from typing import Any

import msgspec

from motes import kinds, places
from motes.arguments import checked
from motes.errors import MissingExtraError, ParameterError
from motes.events.columns import stored_params
from motes.report.tables import MARK, About, scene_of_csv
from motes.report.tables import from_csv as read_csv
from motes.scene.scene import Scene

_PARQUET = b"PAR1"
File = str | os.PathLike[str]


class _Table(msgspec.Struct):
    """What `write_json` writes, but for the units."""

    scene: About
    # By kind, and within it by the name of the column.
    events: dict[str, dict[str, list[Any]]]


@checked
def from_csv(path: File, *, sample_rate_hz: int | None = None, duration_s: float | None = None) -> Scene:
    """The scene in a CSV file that `motes export` made, or any other with the same columns, for which `sample_rate_hz`
    has to be given; ParameterError names the line where a value makes no sense.
    """
    return read_csv(path, sample_rate_hz=sample_rate_hz, duration_s=duration_s)


@checked
def from_json(path: File, *, sample_rate_hz: int | None = None, duration_s: float | None = None) -> Scene:
    """The scene in a JSON file that `motes export` made; the arguments go before what the file says."""
    return from_table(path, sample_rate_hz=sample_rate_hz, duration_s=duration_s)


@checked
def from_parquet(path: File, *, sample_rate_hz: int | None = None, duration_s: float | None = None) -> Scene:
    """The scene in a Parquet file that `motes export` made; the arguments go before what the file says."""
    return from_table(path, sample_rate_hz=sample_rate_hz, duration_s=duration_s)


def from_table(path: File, *, sample_rate_hz: int | None = None, duration_s: float | None = None) -> Scene:
    """The scene in a file that `motes export` made, CSV, JSON or Parquet by its content, or in a CSV file of another
    maker; see `motes.from_csv`.
    """
    try:
        data = places.read_bytes(path)
    except OSError as error:
        raise ParameterError(f"cannot read {os.fspath(path)}: {error.strerror or error}") from None
    try:
        return scene_of_table(data, sample_rate_hz, duration_s)
    except ParameterError as error:
        raise ParameterError(f"{os.fspath(path)}: {error}") from None


def scene_of_table(data: bytes, sample_rate_hz: int | None = None, duration_s: float | None = None) -> Scene:
    """The scene in the bytes of a table, as `from_table` reads it."""
    return scene_of_csv(_as_csv(data), sample_rate_hz, duration_s)


def _as_csv(data: bytes) -> str:
    if data.startswith(_PARQUET):
        return _of_parquet(data)
    if data.lstrip()[:1] == b"{":
        return _of_json(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ParameterError("it is not a CSV file (that is text, in UTF-8), nor JSON or Parquet") from None


def _of_json(data: bytes) -> str:
    try:
        table = msgspec.json.decode(data, type=_Table)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ParameterError(f"it is not JSON as motes export writes it ({error})") from None
    held = [
        {"kind": [kind] * _n_rows(columns)} | _flat(kind, columns, table.scene.n_channels)
        for kind, columns in table.events.items()
    ]
    return _csv(msgspec.json.encode(table.scene), held)


def _n_rows(columns: dict[str, list[Any]]) -> int:
    return max(map(len, columns.values()), default=0)


def _flat(kind: str, columns: dict[str, list[Any]], n_channels: int) -> dict[str, list[Any]]:
    """One column for each channel; the numbers of a ragged field in one cell."""
    table = next((each.table for each in kinds.KINDS if each.name == kind), None)
    per_channel = {param.name for param in stored_params(table) if param.per_channel} if table else set()
    flat: dict[str, list[Any]] = {}
    for name, values in columns.items():
        if table is not None and name in table.RAGGED:
            flat[name] = [" ".join(map(repr, value)) if isinstance(value, list) else value for value in values]
        elif name not in per_channel:
            flat[name] = values
        else:
            several = [value if isinstance(value, list) else [value] for value in values]
            names = [name] if n_channels == 1 else [f"{name}_{channel}" for channel in range(n_channels)]
            flat |= {each: [value[i] if i < len(value) else None for value in several] for i, each in enumerate(names)}
    return flat


def _of_parquet(data: bytes) -> str:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("a Parquet file", "export") from None
    try:
        table = pyarrow.parquet.read_table(io.BytesIO(data))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise ParameterError(f"it is not a whole Parquet file ({error})") from None
    about = (table.schema.metadata or {}).get(b"motes", b"")
    return _csv(about, [table.to_pydict()])


def _csv(about: bytes, held: list[dict[str, list[Any]]]) -> str:
    """The text of a CSV file with these columns of each kind."""
    names = list(dict.fromkeys(name for columns in held for name in columns))
    text = io.StringIO()
    if about:
        text.write(MARK + " ".join(about.decode(errors="replace").splitlines()) + "\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for columns in held:
        rows = zip_longest(*(columns.get(name, []) for name in names))
        writer.writerows(["" if value is None else value for value in row] for row in rows)
    return text.getvalue()
