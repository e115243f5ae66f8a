"""Recordings in and out: sources that are read in blocks, whole files written, sample rates changed."""

from motes.audio.resample import resample_blocks
from motes.audio.source import (
    MAX_CHANNELS,
    MAX_SAMPLE_RATE_HZ,
    ArraySource,
    Audio,
    Block,
    FileSource,
    Source,
    as_source,
    check_sample_rate,
    open_source,
    read_audio,
)
from motes.audio.write import FORMATS, format_extension, write_audio

__all__ = [
    "FORMATS",
    "MAX_CHANNELS",
    "MAX_SAMPLE_RATE_HZ",
    "ArraySource",
    "Audio",
    "Block",
    "FileSource",
    "Source",
    "as_source",
    "check_sample_rate",
    "format_extension",
    "open_source",
    "read_audio",
    "resample_blocks",
    "write_audio",
]
