"""motes info, motes validate: what is in a file, and whether it is whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from motes.cli.console import UsageError, print_json, say
from motes.cli.many import Json
from motes.errors import FormatError, MotesError

if TYPE_CHECKING:
    from motes.codec import FileInfo


def info(*files: str, json: Json = False) -> int:
    """Say what .mote files hold, without decoding them.

    Parameters
    ----------
    files
        .mote files.
    """
    from motes import codec

    def show(path: str) -> None:
        found = codec.info(_file(path))
        if json:
            print_json(_as_dict(path, found))
        else:
            print(
                "\n".join(f"{name:<12} {text}" for name, text in _lines(path, found)),
                end="\n\n" if len(files) > 1 else "\n",
            )

    return _each(files, show)


def validate(*files: str, json: Json = False) -> int:
    """Check every checksum of .mote files and decode every event in them.

    Parameters
    ----------
    files
        .mote files.
    """
    from motes import codec

    def check(path: str) -> None:
        try:
            found = codec.validate(_file(path))
        except MotesError as error:
            if json:
                print_json({"file": path, "valid": False, "reason": " ".join(str(error).split())})
            raise
        if json:
            print_json({"file": path, "valid": True, "reason": "", "events": found.events, "seconds": found.duration_s})
        else:
            print(f"{path}: ok, {_events(found)}, {found.duration_s:.2f} s")

    return _each(files, check)


def _each(files: tuple[str, ...], action: Any) -> int:
    if not files:
        raise UsageError("name at least one .mote file")
    status = 0
    for path in files:
        try:
            action(path)
        except MotesError as error:
            say(error if path in str(error) else f"{path}: {error}")
            status = 1
    return status


def _file(path: str) -> str:
    if os.path.isdir(path):
        raise FormatError(f"{path} is a folder, not a .mote file")
    if not os.path.exists(path):
        raise FormatError(f"there is no file {path}")
    return path


def _as_dict(path: str, found: FileInfo) -> dict[str, Any]:
    import msgspec

    builtins: dict[str, Any] = msgspec.to_builtins(found)
    return {"file": path} | builtins


def _events(found: FileInfo) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in found.events.items()) + " events"


def _lines(path: str, found: FileInfo) -> list[tuple[str, str]]:
    options = ", ".join(f"{name} {value}" for name, value in found.options.items() if value is not None)
    lines = [
        ("file", f"{path} (format {found.format_version}, {found.n_packets} packets)"),
        (
            "audio",
            (
                f"{found.duration_s:.3f} s ({found.n_samples} samples), {found.sample_rate_hz} Hz, "
                f"{_channels(found.n_channels)}"
            ),
        ),
        ("size", f"{found.n_bytes} bytes, {found.kbps:.1f} kbps"),
        ("events", _events(found)),
        ("instruments", str(found.instruments) if found.instruments else ""),
        ("rooms", "; ".join(found.rooms)),
        ("windows", " ".join(map(str, found.windows)) + " samples" if found.windows else ""),
        ("encoder", " ".join(filter(None, [found.encoder, found.version]))),
        ("options", options),
        ("stopped", found.stop_reason),
    ]
    return [(name, text) for name, text in lines if text.strip()]


def _channels(number: int) -> str:
    return "mono" if number == 1 else "stereo" if number == 2 else f"{number} channels"
