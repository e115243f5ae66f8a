"""Recordings in and out: sources that are read in blocks, whole files written, sample rates changed."""

from motes.audio.checks import MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, check_sample_rate
from motes.audio.file_source import Audio, FileSource, as_source, open_source, read_audio
from motes.audio.formats import INPUT_FORMATS, OUTPUT_FORMATS, RECORDINGS, InputFormat
from motes.audio.prepare import AS_IT_IS, Preparation, prepared
from motes.audio.raw import RawSamples
from motes.audio.resample import resample_blocks
from motes.audio.source import ArraySource, Block, Excerpts, HeldSource, Source
from motes.audio.write import format_extension, write_audio

__all__ = [
    "AS_IT_IS",
    "INPUT_FORMATS",
    "MAX_CHANNELS",
    "MAX_SAMPLE_RATE_HZ",
    "OUTPUT_FORMATS",
    "RECORDINGS",
    "ArraySource",
    "Audio",
    "Block",
    "Excerpts",
    "FileSource",
    "HeldSource",
    "InputFormat",
    "Preparation",
    "RawSamples",
    "Source",
    "as_source",
    "check_sample_rate",
    "format_extension",
    "open_source",
    "prepared",
    "read_audio",
    "resample_blocks",
    "write_audio",
]
