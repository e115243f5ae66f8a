"""Encoding a recording together with its notes, which count within a bitrate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from motes.audio.source import Source
from motes.codec import dumps
from motes.encoders.pursuit import PursuitOptions
from motes.notes.finding import find, notes_in, with_found
from motes.scene.scene import Scene

if TYPE_CHECKING:
    from motes.encoders.options import Options

# Below this part of the bitrate asked for, the rest is the sound's in any case.
LEAST_FOR_SOUND = 0.5


def encode_with_notes(source: Source, options: Options, encode: Callable[[Any], Scene], vectors: bool = False) -> Scene:
    """What `encode` makes of these options, with the notes of the recording, and their numbers if `vectors`; of a
    bitrate the sound has what these leave.
    """
    if not isinstance(options, PursuitOptions):
        return find(encode(options), source, vectors=vectors)
    found = notes_in(source, vectors=vectors)
    kbps = options.kbps
    if kbps is None or not source.n_samples:
        return with_found(encode(options), found)
    empty = Scene(source.sample_rate_hz, source.n_samples, source.n_channels)
    n_bytes = len(dumps(with_found(empty, found))) - len(dumps(empty))
    taken = 8 * n_bytes / 1000 / (source.n_samples / source.sample_rate_hz)
    scene = encode(replace(options, kbps=max(kbps - taken, LEAST_FOR_SOUND * kbps)))
    if options.transparent:  # which says at which bitrate it is
        return with_found(scene, found)
    metadata = msgspec.structs.replace(scene.metadata, options={**scene.metadata.options, "kbps": kbps})
    return with_found(scene.replace(metadata=metadata), found)
