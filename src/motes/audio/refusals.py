"""Why something is no recording that can be read, in one line that says what to do about it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

from motes.audio.formats import Foreign, format_by_name
from motes.errors import AudioError


def refuse_foreign(name: str, about: Foreign, error: Exception | None = None) -> NoReturn:
    """Raise AudioError, with what to do about it, for what takes FFmpeg to read."""
    raise AudioError(
        f"{name} is {about.kind}, which motes does not read itself: pip install 'motes[formats]' lets it; or "
        f"{_by_ffmpeg(name)}"
    ) from error


def _by_ffmpeg(name: str) -> str:
    wav = Path(name).with_suffix(".wav").name if Path(name).suffix else "audio.wav"
    return f"ffmpeg converts it: ffmpeg -i {_quoted(name)} {_quoted(wav)}"


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name or "'" in name else name


def why_not_audio(name: str, start: bytes, error: Exception) -> str:
    """What to say of a file that libsndfile refused."""
    extension = Path(name).suffix.lower()
    if start[:5] == b"\x8fmote":
        return f"{name} is a .mote file, not a recording: motes decode turns it into one"
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in start):
        return f"{name} is not a recording: it looks like text"
    if format_by_name(extension, "formats") and not format_by_name(extension, "itself"):
        return f"{name} is a {extension} file, by its name alone; if it is a recording, {_by_ffmpeg(name)}"
    if about := format_by_name(extension, "not"):
        return f"{name} cannot be read as audio: motes does not read {about.name}"
    return f"{name} cannot be read as audio: {sentence(error)}"


def sentence(error: Exception) -> str:
    """One line of what a library says."""
    said = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
    text = str(said).strip()
    return text.split("\n")[0].rstrip(".") or type(error).__name__


# libsndfile shortens a file that ends before its header says, and says so only in its log: what is promised, what is
# there
_CUT = (
    re.compile(r"(?:data|SSND|Data Size|riff)\s*: (?P<promised>\d+) \(should be (?P<there>\d+)\)"),
    re.compile(r"frame count (?P<there>\d+) does not match value from 'ds64' chunk of (?P<promised>\d+)"),
)
_UNKNOWN_BYTES = 0x7FFF0000  # programs that write WAV to a pipe promise 2 or 4 GiB


def refuse_cut(name: str, log: str) -> None:
    """Raise AudioError if libsndfile's log of opening a file shows that its end is missing."""
    if "short count.\ndata : 0" in log:
        raise AudioError(f"{name} is cut short: it ends in its header")
    for pattern in _CUT:
        if found := pattern.search(log):
            promised, there = int(found["promised"]), int(found["there"])
            if there < promised < _UNKNOWN_BYTES:
                raise AudioError(
                    f"{name} is cut short: only {100 * there / promised:.0f} % of what its header promises is there"
                )
