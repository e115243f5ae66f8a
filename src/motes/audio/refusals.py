"""Why something is no recording that can be read, in one line that says what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

from motes.errors import AudioError

_NEEDS_FFMPEG = {
    ".m4a",
    ".m4b",
    ".aac",
    ".mp4",
    ".m4v",
    ".mov",
    ".mkv",
    ".webm",
    ".avi",
    ".wma",
    ".wmv",
    ".3gp",
    ".ape",
    ".ac3",
    ".dts",
    ".mka",
}


def refuse_what_needs_ffmpeg(name: str, start: bytes, by_name: bool = False) -> None:
    """Raise AudioError, with the command to convert it, for what libsndfile does not know; by its first bytes, or
    by its name as well.
    """
    kind = None
    if start[4:8] == b"ftyp":
        kind = "an MP4 or M4A file"
    elif start[:4] == b"\x1a\x45\xdf\xa3":
        kind = "a Matroska or WebM file"
    elif start[:4] == b"\x30\x26\xb2\x75":
        kind = "a WMA or WMV file"
    elif start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        kind = "an AVI video"
    elif len(start) > 1 and start[0] == 0xFF and start[1] & 0xF6 == 0xF0:
        kind = "an AAC file"
    elif by_name and Path(name).suffix.lower() in _NEEDS_FFMPEG:
        kind = f"a {Path(name).suffix} file"
    if kind:
        wav = Path(name).with_suffix(".wav").name if Path(name).suffix else "audio.wav"
        raise AudioError(
            f"{name} is {kind}, which motes does not read itself; ffmpeg converts it: ffmpeg -i {_quoted(name)} "
            f"{_quoted(wav)}"
        )


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name or "'" in name else name


def why_not_audio(name: str, start: bytes, error: Exception) -> str:
    """What to say of a file that libsndfile refused."""
    refuse_what_needs_ffmpeg(name, start, by_name=True)
    if start[:5] == b"\x8fmote":
        return f"{name} is a .mote file, not a recording: motes decode turns it into one"
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in start):
        return f"{name} is not a recording: it looks like text"
    return f"{name} cannot be read as audio: {sentence(error)}"


def sentence(error: Exception) -> str:
    """One line of what libsndfile says."""
    text = str(getattr(error, "error_string", error)).strip()
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
