"""Scene ◀▶ bytes: quantiser, entropy coder and the .mote file, specified in docs/format.md."""

from motes.codec.file_info import FileInfo, info, validate
from motes.codec.quantise_scene import quantise
from motes.codec.reader import load, loads
from motes.codec.writer import chunks, code_ahead, dumps, save

__all__ = ["FileInfo", "chunks", "code_ahead", "dumps", "info", "load", "loads", "quantise", "save", "validate"]
