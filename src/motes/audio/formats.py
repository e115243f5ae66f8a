"""The formats of recordings: what is read, by what, and under which names. The one list of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What reads a format: libsndfile, which motes comes with; FFmpeg's libraries, `pip install 'motes[formats]'`; nothing.
Reader = Literal["itself", "formats", "not"]


@dataclass(frozen=True)
class InputFormat:
    """A format of recordings, the extensions by which folders find it, and what reads it; `others` are extensions that
    mean other things more often, so that such files are read only when they are named.
    """

    name: str
    reader: Reader
    extensions: tuple[str, ...]
    others: tuple[str, ...] = ()


INPUT_FORMATS = (
    InputFormat("WAV, RF64, BW64, Wave64", "itself", (".wav", ".wave", ".bwf", ".rf64", ".bw64", ".w64")),
    InputFormat("AIFF, AIFF-C", "itself", (".aiff", ".aif", ".aifc")),
    InputFormat("FLAC of 8, 16 and 24 bits", "itself", (".flac",)),
    InputFormat("Ogg Vorbis, Opus", "itself", (".ogg", ".oga", ".opus")),
    InputFormat("MP3, MP2, MP1", "itself", (".mp3", ".mp2", ".mp1", ".mpa")),
    InputFormat("Core Audio (CAF)", "itself", (".caf",)),
    InputFormat("AU, Sun and NeXT", "itself", (".au", ".snd")),
    InputFormat("Creative VOC", "itself", (".voc",)),
    InputFormat("NIST SPHERE", "itself", (".sph", ".nist")),
    InputFormat("IRCAM", "itself", (".sf", ".ircam")),
    InputFormat("Amiga 8SVX", "itself", (".8svx", ".svx"), (".iff",)),
    InputFormat("Ensoniq PARIS, Portable Voice Format, AVR", "itself", (".paf", ".pvf", ".avr")),
    InputFormat(
        "HTK, MATLAB 4 and 5, MIDI sample dumps, XI, Psion", "itself", (), (".htk", ".mat", ".sds", ".xi", ".wve")
    ),
    InputFormat(
        "FLAC of other bits (12, 15, 20, 32), FLAC and Speex in Ogg", "formats", (".flac", ".oga", ".ogg", ".spx")
    ),
    InputFormat("ALAC in Core Audio", "formats", (".caf",)),
    InputFormat(
        "MP4, M4A, QuickTime, 3GP (AAC, ALAC …)", "formats", (".m4a", ".m4b", ".mp4", ".m4v", ".mov", ".3gp", ".3g2")
    ),
    InputFormat("AAC", "formats", (".aac",)),
    InputFormat("Matroska, WebM", "formats", (".mka", ".mkv", ".webm")),
    InputFormat("WMA, WMV", "formats", (".wma", ".wmv", ".asf")),
    InputFormat("AVI, Flash video, MPEG video", "formats", (".avi", ".flv", ".mpg", ".mpeg")),
    InputFormat("WavPack, Monkey's Audio, TrueAudio, Musepack", "formats", (".wv", ".ape", ".tta", ".mpc")),
    InputFormat("AC-3, DTS, AMR, DSF", "formats", (".ac3", ".dts", ".amr", ".dsf")),
    InputFormat("MIDI, which motes perform plays", "not", (), (".mid", ".midi", ".rmi", ".kar")),
    InputFormat("playlists", "not", (), (".m3u", ".m3u8", ".pls", ".cue", ".xspf")),
    InputFormat("Sound Designer II, RealAudio", "not", (), (".sd2", ".ra", ".rm")),
)

# Extensions looked for in folders. What needs an optional part is among them, so that its lack is told.
RECORDINGS = frozenset(extension for each in INPUT_FORMATS for extension in each.extensions)

OUTPUT_FORMATS = {  # by extension: libsndfile's container, and the coding used unless another is asked for
    ".wav": ("WAV", "PCM_24"),
    ".rf64": ("RF64", "PCM_24"),
    ".w64": ("W64", "PCM_24"),
    ".flac": ("FLAC", "PCM_24"),
    ".aiff": ("AIFF", "PCM_24"),
    ".aif": ("AIFF", "PCM_24"),
    ".caf": ("CAF", "PCM_24"),
    ".au": ("AU", "PCM_24"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}


@dataclass(frozen=True)
class Foreign:
    """A format that libsndfile does not know: what people call it, and FFmpeg's demuxer for it."""

    kind: str
    demuxer: str


_BY_FIRST_BYTES = (
    (0, b"\x1a\x45\xdf\xa3", Foreign("a Matroska or WebM file", "matroska")),
    (0, b"\x30\x26\xb2\x75", Foreign("a WMA or WMV file", "asf")),
    (4, b"ftyp", Foreign("an MP4 or M4A file", "mov")),
    *((4, atom, Foreign("a QuickTime file", "mov")) for atom in (b"moov", b"mdat", b"wide", b"free", b"skip")),
    (8, b"AVI ", Foreign("an AVI video", "avi")),
    (0, b"FLV\x01", Foreign("a Flash video", "flv")),
    (0, b"\x00\x00\x01\xba", Foreign("an MPEG video", "mpeg")),
    (0, b"wvpk", Foreign("a WavPack file", "wv")),
    (0, b"MAC ", Foreign("a Monkey's Audio file", "ape")),
    (0, b"TTA1", Foreign("a TrueAudio file", "tta")),
    (0, b"MPCK", Foreign("a Musepack file", "mpc8")),
    (0, b"MP+", Foreign("a Musepack file", "mpc")),
    (0, b"\x0b\x77", Foreign("an AC-3 file", "ac3")),
    (0, b"\x7f\xfe\x80\x01", Foreign("a DTS file", "dts")),
    (0, b"#!AMR", Foreign("an AMR file", "amr")),
    (0, b"DSD ", Foreign("a DSF file", "dsf")),
)
_SNDFILE_FLAC_BITS = (8, 16, 24)
_OGG_CODECS = ((b"\x7fFLAC", "a FLAC stream in Ogg"), (b"Speex   ", "a Speex file"))


def foreign(start: bytes) -> Foreign | None:
    """What a recording is, by its first bytes, where it takes FFmpeg to read it."""
    for at, magic, about in _BY_FIRST_BYTES:
        if start[at : at + len(magic)] == magic:
            return about
    if len(start) > 1 and start[0] == 0xFF and start[1] & 0xF6 == 0xF0:  # layer 0, which MPEG audio lacks
        return Foreign("an AAC file", "aac")
    if start[:4] == b"fLaC" and len(start) > 21:
        bits = ((start[20] & 1) << 4 | start[21] >> 4) + 1
        return None if bits in _SNDFILE_FLAC_BITS else Foreign(f"a FLAC file of {bits} bits", "flac")
    if start[:4] == b"OggS" and len(start) > 27:
        packet = start[27 + start[26] :]
        return next((Foreign(kind, "ogg") for magic, kind in _OGG_CODECS if packet.startswith(magic)), None)
    return None


# Codings of WAV and Core Audio files that libsndfile knows.
_SNDFILE_WAV_TAGS = (0x01, 0x02, 0x03, 0x06, 0x07, 0x11, 0x31, 0x55, 0xFFFE)
_SNDFILE_CAF_CODINGS = (b"lpcm", b"ulaw", b"alaw")


def foreign_coding(start: bytes) -> Foreign | None:
    """What a recording is, by its first bytes, that libsndfile refused though it knows its container."""
    if start[:4] == b"caff" and start[8:12] == b"desc" and start[28:32] not in _SNDFILE_CAF_CODINGS:
        return Foreign(f"a Core Audio file of {_shown(start[28:32])}", "caf")
    tag = int.from_bytes(start[20:22], "little")
    if start[:4] == b"RIFF" and start[8:16] == b"WAVEfmt " and len(start) > 21 and tag not in _SNDFILE_WAV_TAGS:
        return Foreign(f"a WAV file of coding {tag:#x}", "wav")
    return None


def _shown(code: bytes) -> str:
    return code.decode("ascii", "replace").strip().upper() if code.isascii() and code.strip().isalnum() else "a coding"


def format_by_name(extension: str, reader: Reader) -> InputFormat | None:
    """The format of this extension, in lower case, that this reader reads."""
    return next((f for f in INPUT_FORMATS if f.reader == reader and extension in f.extensions + f.others), None)
