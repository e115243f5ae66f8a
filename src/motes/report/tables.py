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

from motes import kinds, places
from motes.codec.payloads.room_packet import decode_room, encode_room
from motes.coding.varints import Reader
from motes.data.impulse_responses import finder
from motes.errors import FormatError, MissingExtraError, ParameterError
from motes.events.columns import events_of, flat_columns, stored_params
from motes.events.event_table import EventTable
from motes.events.groups import ROLES, Groups
from motes.events.instrument import Instrument
from motes.events.model import Model
from motes.events.note_table import COLUMNS, NoteTable
from motes.events.room import Room
from motes.files import atomic_output
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.units import require_positive

MARK = "# motes "
_CHUNK_ROWS = 65536


class AboutNote(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a note: the columns of `motes.events.note_table.NoteTable`, without a pitch null."""

    id: int
    onset_s: float
    end_s: float
    f0_hz: float | None
    gain_db: float
    sureness: float
    program: int


class AboutModel(msgspec.Struct):
    """Id and digest of a model, and of a dictionary its waveforms as in a .mote file, in base 64."""

    id: str
    digest: str
    waveforms: bytes = b""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a scene is beside its events: the first line of a CSV file, `scene` in the others."""

    sample_rate_hz: int
    n_samples: int
    n_channels: int
    quantiser: GaborQuantiser | None = None
    metadata: Metadata = msgspec.field(default_factory=Metadata)
    tags: dict[str, list[str]] = {}
    # Id, parent and role, but for the partials without a parent: those follow from the events.
    groups: list[tuple[int, int, str]] = []
    # What is known of the groups that are notes.
    notes: list[AboutNote] = []
    # Each as in a .mote file, in base 64: what strikes play.
    instruments: list[bytes] = []
    # Each as in a .mote file, in base 64: what events are sent to.
    rooms: list[bytes] = []
    # What vectors are decoded by, and dictionaries of waveforms.
    models: list[AboutModel] = []


def _about(scene: Scene) -> About:
    groups = [
        (int(number), int(parent), ROLES[role])
        for number, parent, role in zip(scene.groups.id, scene.groups.parent, scene.groups.role, strict=True)
        if parent or ROLES[role] != "partial"
    ]
    return About(
        sample_rate_hz=scene.sample_rate_hz,
        n_samples=scene.n_samples,
        n_channels=scene.n_channels,
        quantiser=scene.quantiser,
        metadata=scene.metadata,
        tags={name: list(texts) for name, texts in scene.tags.items()},
        groups=groups,
        notes=_about_notes(scene.groups.notes),
        instruments=_packed(scene),
        models=_about_models(scene),
        rooms=[encode_room(room, number) for number, room in enumerate(scene.rooms, 1)],
    )


def _about_notes(notes: NoteTable) -> list[AboutNote]:
    columns = {name: getattr(notes, name).tolist() for name in COLUMNS}
    columns["f0_hz"] = [None if math.isnan(value) else value for value in columns["f0_hz"]]
    return [AboutNote(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _notes(about: About | None) -> NoteTable:
    """The inverse, in ascending order of ids; ParameterError where a value makes no sense."""
    known = sorted(about.notes, key=lambda note: note.id) if about else []
    columns = {name: [getattr(note, name) for note in known] for name in COLUMNS}
    columns["f0_hz"] = [math.nan if value is None else value for value in columns["f0_hz"]]
    return NoteTable(**{name: np.array(values, COLUMNS[name].type) for name, values in columns.items()})


def _packed(scene: Scene) -> list[bytes]:
    if not scene.instruments:
        return []
    from motes.codec.payloads.instrument_packet import encode_instrument

    return [encode_instrument(instrument, number) for number, instrument in enumerate(scene.instruments)]


def _about_models(scene: Scene) -> list[AboutModel]:
    found = [AboutModel(model.id, model.digest) for model in scene.models]
    for number, model in enumerate(scene.models):
        if model.waveforms is not None:
            from motes.codec.payloads.waveforms_packet import pack_waveforms

            found[number] = AboutModel(model.id, model.digest, pack_waveforms(model, number))
    return found


def _models(about: About) -> tuple[Model, ...]:
    found = [Model(one.id, one.digest) for one in about.models]
    for number, one in enumerate(about.models):
        if one.waveforms:
            from motes.codec.payloads.waveforms_packet import unpack_waveforms

            try:
                found[number] = unpack_waveforms(Reader(one.waveforms, "the waveforms"))[1].of(found[number])
            except FormatError as error:
                raise ParameterError(f"line 1: {error}") from None
    return tuple(found)


def _rooms(about: About) -> tuple[Room, ...]:
    try:
        return tuple(decode_room(Reader(payload, "the room"))[1] for payload in about.rooms)
    except FormatError as error:
        raise ParameterError(f"line 1: {error}") from None


def _unpacked(about: About) -> tuple[Instrument, ...]:
    if not about.instruments:
        return ()
    from motes.codec.payloads.instrument_packet import decode_instrument

    try:
        return tuple(
            decode_instrument(Reader(payload, "the instrument"), about.sample_rate_hz, about.n_channels)[1]
            for payload in about.instruments
        )
    except FormatError as error:
        raise ParameterError(f"line 1: {error}") from None


def write_csv(scene: Scene, handle: BinaryIO) -> None:
    """One line that begins with `# motes` and describes the scene, one with the names of the columns, one per event;
    values as exact as they are.

    Where a kind lacks a column of another kind its cell is empty.
    """
    columns = {table.KIND: _flat(scene, table) for table in _held(scene)}
    names = list(dict.fromkeys(name for held in columns.values() for name in held))
    handle.write(
        MARK.encode() + msgspec.json.encode(_about(scene)) + b"\n" + ",".join(["kind", *names]).encode() + b"\n"
    )
    for table in _held(scene):
        for first in range(0, len(table), _CHUNK_ROWS):
            part = {name: column[first : first + _CHUNK_ROWS].tolist() for name, column in columns[table.KIND].items()}
            n_rows = min(_CHUNK_ROWS, len(table) - first)
            text = io.StringIO()
            rows = zip([table.KIND] * n_rows, *(part.get(name, [""] * n_rows) for name in names), strict=True)
            csv.writer(text, lineterminator="\n").writerows(rows)
            handle.write(text.getvalue().encode())


def _flat(scene: Scene, table: EventTable) -> dict[str, Any]:
    """The stored columns, and those that are found among all events of the scene."""
    return flat_columns(table) | {name: table.found(name, scene) for name in table.FOUND if len(table)}


def _held(scene: Scene) -> list[EventTable]:
    """The tables that hold events, or the first."""
    return [table for table in scene.tables if len(table)] or list(scene.tables[:1])


def write_json(scene: Scene, handle: BinaryIO) -> None:
    """One object: `scene`, `units`, and `events` with a list per column of each kind (per event a list of channels
    where a column has these).
    """
    held = _held(scene)
    columns = {
        table.KIND: {param.name: table.column(param.name).tolist() for param in stored_params(type(table))}
        for table in held
    }
    for table in held:
        columns[table.KIND] |= {name: table.found(name, scene).tolist() for name in table.FOUND if len(table)}
        columns[table.KIND] |= {name: [values.tolist() for values in table.ragged(name)] for name in table.RAGGED}
    units = {param.name: param.unit for table in held for param in stored_params(type(table))}
    units |= {name: "Hz" if name.endswith("_hz") else "" for table in held for name in table.FOUND if len(table)}
    handle.write(msgspec.json.encode({"scene": _about(scene), "units": units, "events": columns}) + b"\n")


def write_table(scene: Scene, to: str, path: str | os.PathLike[str], overwrite: bool = True) -> Path:
    """Write a table of the events as csv, json or parquet; returns the path."""
    write = {"csv": write_csv, "json": write_json, "parquet": write_parquet}[to]
    with atomic_output(path, overwrite) as handle:
        write(scene, handle)
    return Path(path)


def to_pandas(scene: Scene) -> Any:
    """The columns of the CSV file as a pandas DataFrame, a row per event."""
    try:
        import pandas
    except ImportError:
        raise MissingExtraError("a DataFrame", "export") from None
    parts = [pandas.DataFrame({"kind": table.KIND} | _flat(scene, table)) for table in _held(scene)]
    return pandas.concat(parts, ignore_index=True)


def write_parquet(scene: Scene, handle: BinaryIO) -> None:
    """The columns of the CSV file, and what describes the scene under the key `motes` of the file's metadata."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("a Parquet file", "export") from None
    parts = [pyarrow.table({"kind": np.full(len(table), table.KIND)} | _flat(scene, table)) for table in _held(scene)]
    table = pyarrow.concat_tables(parts, promote_options="default").replace_schema_metadata(
        {"motes": msgspec.json.encode(_about(scene))}
    )
    pyarrow.parquet.write_table(table, handle)


def from_csv(
    path: str | os.PathLike[str], *, sample_rate_hz: int | None = None, duration_s: float | None = None
) -> Scene:
    """The scene in a CSV file that `motes export` made, or any other with the same columns; rows may come in any order.

    `sample_rate_hz` and `duration_s` go before what the file's first line says; without such a line the rate has to be
    given, and the scene lasts until its last event ends. Raises ParameterError, which names the line, for values that
    make no sense.
    """
    try:
        text = places.read_text(path)
    except UnicodeDecodeError:
        raise ParameterError(f"{os.fspath(path)} is not a CSV file: it is not text in UTF-8") from None
    except OSError as error:
        raise ParameterError(f"cannot read {os.fspath(path)}: {error.strerror or error}") from None
    try:
        return scene_of_csv(text, sample_rate_hz, duration_s)
    except ParameterError as error:
        raise ParameterError(f"{os.fspath(path)}: {error}") from None


def scene_of_csv(text: str, sample_rate_hz: int | None = None, duration_s: float | None = None) -> Scene:
    """The scene in the text of a CSV file, as `from_csv` reads it."""
    about, lines = _first_line(text)
    tables = _tables(lines)
    if about is None and sample_rate_hz is None:
        raise ParameterError("it does not tell the sample rate, say it: sample_rate_hz=44100 (--rate 44100)")
    rate = int(sample_rate_hz if sample_rate_hz is not None else about.sample_rate_hz)  # type: ignore[union-attr]
    if duration_s is None and about is not None:
        duration_s = about.n_samples / about.sample_rate_hz
    elif duration_s is not None:
        duration_s = require_positive("duration_s", duration_s)
    if duration_s is None:
        duration_s = max(float(events.end_s.max(initial=0.0)) for events in tables)
    n_samples, n_channels = math.ceil(duration_s * rate - 1e-6), max(events.n_channels or 1 for events in tables)
    extras: dict[str, Any] = (
        {} if about is None else {"quantiser": about.quantiser, "metadata": about.metadata, "tags": about.tags}
    )
    extras |= {events.KIND: events for events in tables}
    if about is not None and about.instruments:
        extras["instruments"], n_channels = (
            tuple(instrument.at_rate(rate) for instrument in _unpacked(about)),
            about.n_channels,
        )
    if about is not None and about.models:
        extras["models"] = _models(about)
    if about is not None and about.rooms:
        extras["rooms"] = tuple(map(finder(), _rooms(about)))
    return Scene(rate, n_samples, n_channels, groups=_groups(tables, about), **extras)


def _first_line(text: str) -> tuple[About | None, list[str]]:
    lines = text.splitlines()
    if not lines or not lines[0].startswith(MARK):
        return None, lines
    try:
        return msgspec.json.decode(lines[0].removeprefix(MARK), type=About), ["", *lines[1:]]
    except msgspec.MsgspecError as error:
        raise ParameterError(f"line 1: not what motes writes there ({error}); without it, say --rate") from None


def _tables(lines: list[str]) -> list[EventTable]:
    """The events of each kind that has a row; of the first kind without any."""
    rows = _rows(lines)
    number, names = next(rows, (0, []))
    names = [name.strip() for name in names]
    if not number:
        raise ParameterError("it is empty")
    known = {kind.name: kind.table for kind in kinds.KINDS}
    found: dict[str, list[tuple[int, list[str]]]] = {}
    for number, row in rows:
        if len(row) != len(names):
            raise ParameterError(f"line {number} has {len(row)} values, the line of names {len(names)}")
        kind = row[names.index("kind")].strip() if "kind" in names else kinds.KINDS[0].name
        if kind not in known:
            raise ParameterError(f"line {number}: there is no kind {kind!r}, only {', '.join(known)}")
        found.setdefault(kind, []).append((number, row))
    return [
        events_of(known[kind], _columns(known[kind], names, held))
        for kind, held in (found or {kinds.KINDS[0].name: []}).items()
    ]


def _columns(kind: type[EventTable], names: list[str], rows: list[tuple[int, list[str]]]) -> dict[str, Any]:
    """The columns that events of a kind have."""
    plain = {param.name for param in stored_params(kind) if not param.per_channel}
    several = tuple(param.name for param in stored_params(kind) if param.per_channel)
    wanted = [i for i, name in enumerate(names) if name in plain or name.startswith(several)]
    columns: dict[str, Any] = {
        names[i]: np.array([_number(row[i], names[i], number) for number, row in rows], np.float64) for i in wanted
    }
    return columns | {
        name: np.array([row[names.index(name)] for _, row in rows], object) for name in kind.RAGGED if name in names
    }


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
    whole = name in ("group_id", "room_id")
    if not math.isfinite(value) or (whole and value != int(value)):
        raise ParameterError(f"line {line}: {name} is {text[:40]!r}, not a {'whole ' * whole}number")
    return value


def _groups(tables: list[EventTable], about: About | None) -> Groups:
    """The groups and notes that the first line describes, and partials for all others that events are in."""
    described = {
        number: (parent, ROLES.index(role) if role in ROLES else len(ROLES))
        for number, parent, role in (about.groups if about else ())
    }
    parents = {parent for parent, _ in described.values() if parent}
    named = np.unique(np.concatenate([events.column("group_id") for events in tables]))
    named = named[named > 0]
    ids = np.array(sorted({*described, *parents, *named.tolist()}), np.int64)
    rows = [described.get(number, (0, ROLES.index("partial"))) for number in ids.tolist()]
    parent, role = np.array(rows, np.int64).reshape(-1, 2).T
    return Groups(ids, parent, role, _notes(about))
