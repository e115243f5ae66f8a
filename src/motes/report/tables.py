"""A scene as CSV, JSON or Parquet for other programs, and back from CSV. docs/exports.md describes the columns."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from motes.errors import MissingExtraError, ParameterError
from motes.scene.gabor import Gabor
from motes.scene.groups import ROLES, Groups
from motes.scene.scene import GaborQuantiser, Metadata, Scene
from motes.scene.table import events_of, flat_columns, stored_params
from motes.units import require_positive

_MARK = "# motes "
_CHUNK_ROWS = 65536


class _About(msgspec.Struct, frozen=True, kw_only=True):
    """What a scene is beside its events: the first line of a CSV file, `scene` in the others."""

    sample_rate_hz: int
    n_samples: int
    n_channels: int
    quantiser: GaborQuantiser | None = None
    metadata: Metadata = msgspec.field(default_factory=Metadata)
    groups: list[tuple[int, int, str]] = []
    """Id, parent and role, but for the partials without a parent: those follow from the events."""


def _about(scene: Scene) -> _About:
    groups = [
        (int(number), int(parent), ROLES[role])
        for number, parent, role in zip(scene.groups.id, scene.groups.parent, scene.groups.role, strict=True)
        if parent or ROLES[role] != "partial"
    ]
    return _About(
        sample_rate_hz=scene.sample_rate_hz, n_samples=scene.n_samples, n_channels=scene.n_channels,
        quantiser=scene.quantiser, metadata=scene.metadata, groups=groups,
    )  # fmt: skip


def write_csv(scene: Scene, handle: BinaryIO) -> None:
    """One line that begins with `# motes` and tells of the scene, one with the names of the columns, one per event; values as exact as they are."""
    columns = flat_columns(scene.gabor)
    handle.write(_MARK.encode() + msgspec.json.encode(_about(scene)) + b"\n")
    for first in range(0, max(1, scene.n_events), _CHUNK_ROWS):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if first == 0:
            writer.writerow(["kind", *columns])
        part = [column[first : first + _CHUNK_ROWS].tolist() for column in columns.values()]
        writer.writerows(zip(["gabor"] * len(part[0]), *part, strict=True))
        handle.write(text.getvalue().encode())


def write_json(scene: Scene, handle: BinaryIO) -> None:
    """One object: `scene`, `units`, and `events` with a list per column of each kind (per event a list of channels where a column has these)."""
    columns = {param.name: getattr(scene.gabor, param.name).tolist() for param in stored_params()}
    units = {param.name: param.unit for param in stored_params()}
    handle.write(msgspec.json.encode({"scene": _about(scene), "units": units, "events": {"gabor": columns}}) + b"\n")


def write_parquet(scene: Scene, handle: BinaryIO) -> None:
    """The columns of the CSV file, and what tells of the scene under the key `motes` of the file's metadata."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("a Parquet file", "export") from None
    columns = {"kind": np.full(scene.n_events, "gabor")} | flat_columns(scene.gabor)
    table = pyarrow.table(columns).replace_schema_metadata({"motes": msgspec.json.encode(_about(scene))})
    pyarrow.parquet.write_table(table, handle)


def from_csv(path: str | os.PathLike[str], *, sample_rate_hz: int | None = None, duration_s: float | None = None) -> Scene:
    """The scene in a CSV file that `motes export` made, or any other with the same columns; rows may come in any order.

    `sample_rate_hz` and `duration_s` go before what the file's first line tells; without such a line the rate has to be given, and the scene lasts
    until its last event ends. Raises ParameterError, which names the line, for values that make no sense.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ParameterError(f"{os.fspath(path)} is not a CSV file: it is not text in UTF-8") from None
    except OSError as error:
        raise ParameterError(f"cannot read {os.fspath(path)}: {error.strerror or error}") from None
    try:
        return scene_of_csv(text, sample_rate_hz, duration_s)
    except ParameterError as error:
        raise ParameterError(f"{os.fspath(path)}: {error}") from None


def scene_of_csv(text: str, sample_rate_hz: int | None = None, duration_s: float | None = None) -> Scene:
    """The same from the text itself."""
    about, lines = _first_line(text)
    events = events_of(_columns(lines))
    if about is None and sample_rate_hz is None:
        raise ParameterError("it does not tell the sample rate, say it: sample_rate_hz=44100 (--rate 44100)")
    rate = int(sample_rate_hz if sample_rate_hz is not None else about.sample_rate_hz)  # type: ignore[union-attr]
    if duration_s is None and about is not None:
        duration_s = about.n_samples / about.sample_rate_hz
    elif duration_s is not None:
        duration_s = require_positive("duration_s", duration_s)
    if duration_s is None:
        duration_s = float(events.end_s.max(initial=0.0))
    n_samples, n_channels = math.ceil(duration_s * rate - 1e-6), events.amplitude.shape[1]
    extras: dict[str, Any] = {} if about is None else {"quantiser": about.quantiser, "metadata": about.metadata}
    return Scene(rate, n_samples, n_channels, events, groups=_groups(events, about), **extras)


def _first_line(text: str) -> tuple[_About | None, list[str]]:
    lines = text.splitlines()
    if not lines or not lines[0].startswith(_MARK):
        return None, lines
    try:
        return msgspec.json.decode(lines[0].removeprefix(_MARK), type=_About), ["", *lines[1:]]
    except msgspec.MsgspecError as error:
        raise ParameterError(f"line 1: not what motes writes there ({error}); without it, say --rate") from None


def _columns(lines: list[str]) -> dict[str, Any]:
    rows = _rows(lines)
    number, names = next(rows, (0, []))
    names = [name.strip() for name in names]
    if not number:
        raise ParameterError("it is empty")
    known = {"time_s", "window_s", "frequency_hz", "group_id"}
    wanted = [i for i, name in enumerate(names) if name in known or name.startswith(("amplitude", "phase_rad"))]
    values: list[list[float]] = [[] for _ in wanted]
    for number, row in rows:
        if len(row) != len(names):
            raise ParameterError(f"line {number} has {len(row)} values, the line of names {len(names)}")
        if "kind" in names and row[names.index("kind")].strip() != Gabor.KIND:
            raise ParameterError(f"line {number}: there is no kind {row[names.index('kind')]!r}, only {Gabor.KIND}")
        for column, i in zip(values, wanted, strict=True):
            column.append(_number(row[i], names[i], number))
    return {names[i]: np.array(column, np.float64) for i, column in zip(wanted, values, strict=True)}


def _rows(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty or remarks, with the numbers of their lines."""
    for number, row in enumerate(csv.reader(lines), 1):
        if any(cell.strip() for cell in row) and not row[0].startswith("#"):
            yield number, row


def _number(text: str, name: str, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (name == "group_id" and value != int(value)):
        raise ParameterError(f"line {line}: {name} is {text[:40]!r}, not a {'whole ' if name == 'group_id' else ''}number")
    return value


def _groups(events: Gabor, about: _About | None) -> Groups:
    """The groups told of, and partials for all others that events are in."""
    told = {number: (parent, ROLES.index(role) if role in ROLES else len(ROLES)) for number, parent, role in (about.groups if about else ())}
    parents = {parent for parent, _ in told.values() if parent}
    ids = np.array(sorted({*told, *parents, *np.unique(events.group_id[events.group_id > 0]).tolist()}), np.int64)
    rows = [told.get(number, (0, ROLES.index("partial"))) for number in ids.tolist()]
    return Groups(ids, np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.int64))
