"""Partials as SDIF (Sound Description Interchange Format): frames of sinusoidal tracks, 1TRC, at a fixed step."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.edit.note_columns import columns_of, known_notes, note_of_groups
from motes.errors import ParameterError
from motes.events.event_table import Ints
from motes.kinds.gabor.edited import partial_frequencies, partial_numbers
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene
from motes.version import __version__

STEP_S = 0.005
# Frames that are found at once.
BLOCK_FRAMES = 4096
# Of the format: versions, the time and the streams of what describes a file, types of data.
_SPECIFICATION, _TYPES = 3, 1
_BEFORE_ALL = -np.finfo(np.float64).max
_NAMES_STREAM, _TYPES_STREAM = -3, -2
_FLOAT32, _TEXT = 0x004, 0x301
# A matrix of our own: which note and part each track is of.
NOTES_TYPE = b"XNOT"
_OUR_TYPES = "{\n1MTD XNOT {Index, Note, Part}\n1FTD XNOT {\n XNOT NoteOfTrack;\n}\n}"

Reals = NDArray[np.float64]


class Tracks(NamedTuple):
    """Atoms that are in partials, the number of each one's partial and the frequency of this at the atom in Hz; and of
    each partial, numbered from 1, the note and its part, 0 for none.
    """

    atoms: Gabor
    number: Ints
    frequency_hz: Reals
    note: Ints
    part: Ints


class Rows(NamedTuple):
    """Tracks at frames, by frame and then by number: `amplitude` and `phase_rad` are `(n, n_channels)`."""

    frame: Ints
    number: Ints
    frequency_hz: Reals
    amplitude: Reals
    phase_rad: Reals


def write_sdif(scene: Scene, handle: BinaryIO) -> None:
    """Write the partials of a scene: every 5 ms index, frequency in Hz, amplitude (full scale = 1) and phase of the
    cosine in rad of each that sounds, a stream for each channel.

    An index is the number of a partial; of scenes with notes, whose atoms are divided, a matrix XNOT at the start says
    which note and part it is of. ParameterError where the scene has no partials.
    """
    tracks = tracks_of(scene)
    if not len(tracks.number):
        raise ParameterError("SDIF holds partials, lines of gabor events, and the scene has none")
    handle.write(b"SDIF" + struct.pack(">iii", 8, _SPECIFICATION, _TYPES))
    about = {"Creator": f"motes {__version__}", "SampleRate": str(scene.sample_rate_hz), "FrameStep": f"{STEP_S:g}"}
    names = "".join(f"{name}\t{value}\n" for name, value in about.items())
    handle.write(_frame(b"1NVT", _BEFORE_ALL, _NAMES_STREAM, _matrix(b"1NVT", _TEXT, names.encode(), 1)))
    if tracks.note.any():
        handle.write(_frame(b"1TYP", _BEFORE_ALL, _TYPES_STREAM, _matrix(b"1TYP", _TEXT, _OUR_TYPES.encode(), 1)))
        numbers = np.arange(1, len(tracks.note) + 1)
        table = np.stack([numbers, tracks.note, tracks.part], axis=1)[tracks.note > 0]
        handle.write(_frame(NOTES_TYPE, 0.0, 0, _floats(NOTES_TYPE, table)))
    for rows in _blocks(tracks, scene.duration_s):
        _write_rows(rows, handle)


def tracks_of(scene: Scene) -> Tracks:
    """The partials of a scene, each of one note where it has notes."""
    known = known_notes(scene)
    if len(known) and np.any(note_of_groups(scene.groups, scene.gabor.group_id) == 0):
        scene = scene.select(note=known.id.tolist()).scene
    atoms, rate = scene.gabor, scene.sample_rate_hz
    if not len(atoms):
        none = np.zeros(0, np.int64)
        return Tracks(atoms, none, np.zeros(0), none, none)
    number = partial_numbers(atoms, rate)
    inside = np.flatnonzero(number > 0)
    number, frequency_hz = number[inside], partial_frequencies(atoms, rate)[inside]
    note, part = (np.zeros(int(number.max(initial=0)), np.int64) for _ in range(2))
    if len(known):
        of_atom = note_of_groups(scene.groups, atoms.group_id[inside])
        parts = columns_of(scene, known_notes(scene))["part"].astype(np.int64)
        ids = known_notes(scene).id
        has = np.isin(of_atom, ids)
        note[number[has] - 1] = of_atom[has]
        part[number[has] - 1] = parts[np.searchsorted(ids, of_atom[has])]
    return Tracks(atoms.take(inside), number, np.abs(frequency_hz), note, part)


def _blocks(tracks: Tracks, duration_s: float) -> Iterator[Rows]:
    """Rows of so many frames at once."""
    n_frames = int(np.floor(duration_s / STEP_S)) + 1
    for first in range(0, n_frames, BLOCK_FRAMES):
        yield rows_of(tracks, first, min(first + BLOCK_FRAMES, n_frames))


def rows_of(tracks: Tracks, first: int, last: int) -> Rows:
    """The tracks at frames first … last − 1: sums of the analytic signals of their atoms; of frequencies the mean by
    energy.
    """
    atoms = tracks.atoms
    low = np.maximum(np.floor(atoms.start_s / STEP_S).astype(np.int64) + 1, first)
    high = np.minimum(np.ceil(atoms.end_s / STEP_S).astype(np.int64), last)
    counts = np.maximum(high - low, 0)
    atom = np.repeat(np.arange(len(counts)), counts)
    frame = np.arange(len(atom)) - np.repeat(np.cumsum(counts) - counts, counts) + low[atom]
    since_s = frame * STEP_S - atoms.time_s[atom]
    window = 0.5 * (1 + np.cos(2 * np.pi * since_s / atoms.window_s[atom]))
    risen_hz = atoms.chirp_hz_per_s[atom] * since_s
    turned = np.exp(2j * np.pi * (atoms.frequency_hz[atom] + risen_hz / 2) * since_s)
    own = window[:, None] * turned[:, None] * (atoms.amplitude * np.exp(1j * atoms.phase_rad))[atom]
    n_numbers = len(tracks.note) + 1
    key, place = np.unique(frame * n_numbers + tracks.number[atom], return_inverse=True)
    total = np.zeros((len(key), atoms.amplitude.shape[1]), np.complex128)
    np.add.at(total, place, own)
    energy = np.sum(np.square(np.abs(own)), axis=1)
    weight = np.bincount(place, energy, len(key))
    by_energy = np.bincount(place, energy * (tracks.frequency_hz[atom] + risen_hz), len(key))
    plain = np.bincount(place, tracks.frequency_hz[atom], len(key)) / np.maximum(
        np.bincount(place, minlength=len(key)), 1
    )
    frequency = np.where(weight > 0, by_energy / np.where(weight > 0, weight, 1), plain)
    return Rows(key // n_numbers, key % n_numbers, frequency, np.abs(total), np.angle(total))


def _write_rows(rows: Rows, handle: BinaryIO) -> None:
    """A frame for each step and channel."""
    edges = np.flatnonzero(np.diff(rows.frame, prepend=-1, append=-1))
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        here = slice(low, high)
        time_s = float(rows.frame[low]) * STEP_S
        for channel in range(rows.amplitude.shape[1]):
            columns = (
                rows.number[here],
                rows.frequency_hz[here],
                rows.amplitude[here, channel],
                rows.phase_rad[here, channel] % (2 * np.pi),
            )
            handle.write(_frame(b"1TRC", time_s, channel, _floats(b"1TRC", np.stack(columns, axis=1))))


def _floats(signature: bytes, rows: NDArray[np.generic]) -> bytes:
    return _matrix(signature, _FLOAT32, rows.astype(">f4").tobytes(), rows.shape[1])


def _matrix(signature: bytes, kind: int, data: bytes, n_columns: int) -> bytes:
    """A matrix with its header, filled up to a multiple of 8 bytes; the last byte of a type of data is its size."""
    n_rows = len(data) // ((kind & 0xFF) * n_columns)
    return signature + struct.pack(">iii", kind, n_rows, n_columns) + data + bytes(-len(data) % 8)


def _frame(signature: bytes, time_s: float, stream: int, *matrices: bytes) -> bytes:
    """A frame with its header; its size counts what comes after the size."""
    body = struct.pack(">dii", time_s, stream, len(matrices)) + b"".join(matrices)
    return signature + struct.pack(">i", len(body)) + body
