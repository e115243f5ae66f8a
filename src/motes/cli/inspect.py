"""motes info, validate, partials, rooms, settings: what is in a file and whether it is whole, which rooms there are,
and which settings are in force.
"""

from __future__ import annotations

import csv as tables
import os
import sys
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter

from motes import places
from motes.cli.console import UsageError, print_json, say, tell
from motes.cli.many import Json, shown
from motes.errors import FormatError, MotesError

if TYPE_CHECKING:
    from motes.codec import FileInfo

Csv = Annotated[bool, Parameter(help="Write comma-separated values, numbers as exact as they are.")]


def info(*files: str, json: Json = False) -> int:
    """Say what .mote files hold, without decoding them.

    Parameters
    ----------
    files
        .mote files, or folders of them; `-` is standard input.
    """
    from motes import codec
    from motes.encoders import options_in_force

    files = all_files(files)

    def show(path: str) -> None:
        found = codec.info(_file(path))
        found = msgspec.structs.replace(found, options=options_in_force(found.encoder, found.options))
        if json:
            print_json(_as_dict(path, found))
        else:
            print(
                "\n".join(f"{name:<12} {text}" for name, text in _lines(path, found)),
                end="\n\n" if len(files) > 1 else "\n",
            )

    return each_file(files, show)


def validate(*files: str, json: Json = False) -> int:
    """Check every checksum of .mote files and decode every event in them.

    Parameters
    ----------
    files
        .mote files, or folders of them; `-` is standard input.
    """
    from motes import codec

    files = all_files(files)

    def check(path: str) -> None:
        try:
            found = codec.validate(_file(path))
        except MotesError as error:
            if json:
                print_json({"file": path, "valid": False, "reason": " ".join(str(error).split())})
            raise
        if json:
            reason = _layers(found) if found.is_cut else ""
            what = {"valid": True, "reason": reason, "events": found.events, "seconds": found.duration_s}
            print_json({"file": path} | what)
        else:
            part = f" ({_layers(found)})" if found.is_cut else ""
            print(f"{shown(path)}: ok, {_events(found)}, {found.duration_s:.2f} s{part}")

    return each_file(files, check)


def each_file(files: tuple[str, ...], action: Any) -> int:
    """Do it for one file after another; the exit status, 1 where one failed."""
    status = 0
    for path in files:
        try:
            action(path)
        except MotesError as error:
            say(error if path in str(error) and path != "-" else f"{shown(path)}: {error}")
            status = 1
    return status


def all_files(files: tuple[str, ...]) -> tuple[str, ...]:
    """The files, those in folders in order of their names."""
    if not files:
        raise UsageError("name at least one .mote file")
    found: list[str] = []
    for path in files:
        found += _in_folder(path) if places.is_folder(path) else [path]
    return tuple(found)


def _in_folder(folder: str) -> list[str]:
    inside = [name for name in places.files_in(folder) if name.lower().endswith(".mote")]
    return [places.join(folder, name) for name in inside] or [folder]


def _file(path: str) -> str | BytesIO:
    if path == "-":
        return BytesIO(sys.stdin.buffer.read())
    if places.is_remote(path):
        return path
    if os.path.isdir(path):
        raise FormatError(f"{path} is a folder without .mote files")
    if not os.path.exists(path):
        raise FormatError(f"there is no file {path}")
    return path


def _as_dict(path: str, found: FileInfo) -> dict[str, Any]:
    builtins: dict[str, Any] = msgspec.to_builtins(found)
    return {"file": path} | builtins


def _events(found: FileInfo) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in found.events.items()) + " events"


def _layers(found: FileInfo) -> str:
    """How many bytes the layers of a file in two have, or what of it is there."""
    if not found.is_cut:
        return f"sparse up to byte {found.sparse_bytes}, detail up to byte {found.whole_bytes}"
    from motes.codec.payloads.front_packet import Prefix

    return str(Prefix(found.n_bytes, found.whole_bytes, found.detail_until_s))


def _lines(path: str, found: FileInfo) -> list[tuple[str, str]]:
    options = ", ".join(f"{name} {_option(value)}" for name, value in found.options.items() if value is not None)
    lines = [
        ("file", f"{shown(path)} (format {found.format_version}, {found.n_packets} packets)"),
        (
            "audio",
            (
                f"{found.duration_s:.3f} s ({found.n_samples} samples), {found.sample_rate_hz} Hz, "
                f"{_channels(found.n_channels)}"
            ),
        ),
        ("size", f"{found.n_bytes} bytes, {found.kbps:.1f} kbps"),
        ("layers", _layers(found) if found.whole_bytes else ""),
        ("events", _events(found)),
        ("notes", _notes(found)),
        ("instruments", str(found.instruments) if found.instruments else ""),
        ("models", ", ".join(found.models)),
        ("rooms", "; ".join(found.rooms)),
        ("windows", " ".join(map(str, found.windows)) + " samples" if found.windows else ""),
        ("encoder", " ".join(filter(None, [found.encoder, found.version]))),
        ("options", options),
        ("stopped", found.stop_reason),
        ("tags", "; ".join(f"{name} {', '.join(texts)}" for name, texts in found.tags.items())),
        ("file id", found.file_id),
    ]
    return [(name, text) for name, text in lines if text.strip()]


def _notes(found: FileInfo) -> str:
    parts = f" in {found.parts} part{'s' * (found.parts != 1)}" if found.parts else ""
    return f"{found.notes}{parts}" if found.notes or found.parts else ""


def _option(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):  # the sources of a mosaic
        return f"{len(value)} files, which --json lists"
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _channels(number: int) -> str:
    return "mono" if number == 1 else "stereo" if number == 2 else f"{number} channels"


def rooms(folder: str | None = None, *, json: Json = False) -> int:
    """List the rooms that events can be sent to: name, reverberation time, length, channels, sample rate and digest.

    Reverberation times are T30: the decay from 5 to 35 dB below the beginning, doubled. Without a folder of impulse
    responses there are synthetic rooms, noise that dies away, of any reverberation time: synthetic:1.2

    Parameters
    ----------
    folder
        A folder or file of impulse responses (WAV, FLAC, AIFF); without it, that of IMPULSE_RESPONSE_PATH.
    """
    from motes.data import impulse_responses

    place = folder if folder is not None else impulse_responses.folder_in_force()
    if place is None:
        tell(
            "IMPULSE_RESPONSE_PATH is not set: these rooms are synthetic, noise that dies away; any RT60 from "
            "0.05 to "
            "15 s will do"
        )
        for made in impulse_responses.rooms():
            if json:
                print_json({"name": made.name, "rt60_s": made.rt60_s, "seconds": made.duration_s, "synthetic": True})
            else:
                print(f"{made.name}  RT60 {made.rt60_s:5.2f} s  {made.duration_s:6.2f} s")
        return 0
    failed, width = 0, max((len(name) for name, _ in impulse_responses.files(place)), default=0)
    for found in impulse_responses.look_through(place):
        room = found.room
        if room is None or room.response is None:
            failed += 1
            say(found.reason if found.name in found.reason else f"{found.name}: {found.reason}")
            if json:
                print_json({"name": found.name, "reason": found.reason})
            continue
        rt60, n_channels = room.rt60(), len(room.response)
        if json:
            print_json(
                {
                    "name": room.name,
                    "rt60_s": rt60,
                    "seconds": room.duration_s,
                    "channels": n_channels,
                    "sample_rate_hz": room.sample_rate_hz,
                    "digest": room.digest,
                    "synthetic": False,
                }
            )
        else:
            time = f"RT60 {rt60:5.2f} s" if rt60 is not None else "RT60 not told"
            print(
                f"{room.name:<{width}}  {time:<13}  {room.duration_s:6.2f} s  {n_channels:2d} ch  "
                f"{room.sample_rate_hz:6d} Hz  {room.digest[:12]}"
            )
    if not width:
        tell(f"{place} holds no WAV, FLAC or AIFF files")
    return 1 if failed else 0


def settings(*, json: Json = False) -> int:
    """Show the settings in force and where each comes from: the environment, the file .env in this folder, or the
    default.

    AUDIO_PATH is a folder of recordings, PORT where the studio listens, IMPULSE_RESPONSE_PATH a folder of impulse
    responses, S3_BUCKET where pages are published to. Names and passwords in addresses are hidden.
    """
    from motes.settings import load_settings, shown_value

    loaded = load_settings()
    for field in fields(loaded):
        setting = getattr(loaded, field.name)
        name, value = field.name.upper(), shown_value(setting.value)
        if json:
            print_json({"name": name, "value": value or None, "origin": setting.origin, "note": _note(setting.value)})
        else:
            note = _note(setting.value)
            print(f"{name:<22} {value or 'not set'}  ({setting.origin}{'; ' + note if note else ''})")
    return 0


def _note(value: Any) -> str:
    return "there is no such folder" if isinstance(value, Path) and not value.exists() else ""


def partials(*files: str, json: Json = False, csv: Csv = False) -> int:
    """List the partials of .mote files: number, start, end, frequency, cents off the nearest pitch, level, atoms.

    Parameters
    ----------
    files
        .mote files, or folders of them; `-` is standard input.
    """
    from motes.edit.partials import Partial

    if json and csv:
        raise UsageError("--json or --csv, not both")
    files = all_files(files)
    writer = tables.writer(sys.stdout, lineterminator="\n")
    if csv:
        writer.writerow(["file", *Partial._fields])

    def show(path: str) -> None:
        from motes.library.work import load_scene

        rows = load_scene(path).partials
        if json:
            print_json({"file": path, "partials": [row._asdict() for row in rows]})
        elif csv:
            writer.writerows([path, *row] for row in rows)
        else:
            title = [f"{shown(path)}: {len(rows)} partials"] if len(files) > 1 else []
            print("\n".join([*title, *_lines_of_partials(rows)]), end="\n\n" if len(files) > 1 else "\n")

    return each_file(files, show)


def _lines_of_partials(rows: list[Any]) -> list[str]:
    head = f"{'number':>6}{'start s':>10}{'end s':>10}{'Hz':>11}{'cents':>7}{'dB':>8}{'atoms':>7}  note"
    return [head] + [
        f"{row.number:>6}{row.start_s:>10.3f}{row.end_s:>10.3f}{row.frequency_hz:>11.2f}{row.cents:>+7.0f}"
        f"{row.level_db:>8.1f}{row.n_atoms:>7}  {'' if row.note is None else row.note}".rstrip()
        for row in rows
    ]
