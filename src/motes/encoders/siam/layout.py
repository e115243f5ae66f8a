"""The network's shape: what training and inference have in common."""

from __future__ import annotations

from dataclasses import dataclass

# Bins by which the spectrum is shifted so that the harmonics ½, 1 … 7 of a key lie at its place.
HARMONIC_BINS = (-36, 0, 36, 57, 72, 84, 93, 101)
CHANNELS = 32
N_STEM_BINS = 9
# Dilations of the residual convolutions in frames and keys: neighbours, thirds and fifths, octaves.
BLOCKS = ((1, 1), (2, 1), (1, 12), (4, 1), (1, 3), (8, 1), (2, 12), (1, 1), (4, 4), (1, 1))
# Blocks after which each frame gets what its keys have in common.
CONTEXT_AFTER = (2, 6)
# Of each frame and key: onset, sounding (both before a sigmoid), time within the frame, level, and an end (before a
# sigmoid too), which the network for streams has not.
ONSET, SOUNDING, WITHIN, LEVEL, END = range(5)
# What has no pitch lies in bands of eleven keys: of each frame and band, onset, time within the frame, level.
N_BANDS, N_HIDDEN_BANDS = 8, 64
# Levels of events in dBFS are scaled so.
LEVEL_MIDDLE_DB, LEVEL_SCALE_DB = -35.0, 12.0


@dataclass(frozen=True)
class Layout:
    """A network: which of the spectra it takes, its channels, where the taps of each convolution lie in frames and
    keys, after which layers contexts stand, and how many outputs each key has.
    """

    name: str
    spectra: tuple[int, ...]
    channels: int
    stem_frames: tuple[int, ...]
    layers: tuple[tuple[tuple[int, ...], int], ...]
    context_after: tuple[int, ...]
    n_hidden: int
    head_frames: tuple[int, ...]
    n_key_outputs: int

    @property
    def n_inputs(self) -> int:
        """Spectra shifted by harmonics."""
        return len(self.spectra) * len(HARMONIC_BINS)

    @property
    def past(self) -> int:
        """Frames before a frame by which it is changed."""
        return -sum(map(min, self._taps()))

    @property
    def ahead(self) -> int:
        """Frames after a frame by which it is changed."""
        return sum(map(max, self._taps()))

    def _taps(self) -> list[tuple[int, ...]]:
        return [self.stem_frames, *(frames for frames, _ in self.layers), self.head_frames, self.head_frames]


WHOLE = Layout(
    "whole",
    (0, 1),
    CHANNELS,
    (-1, 0, 1),
    tuple(((-frames, 0, frames), keys) for frames, keys in BLOCKS),
    CONTEXT_AFTER,
    N_HIDDEN_BANDS,
    (-1, 0, 1),
    5,
)
# Looks four frames ahead, and sees the short window alone: what it says of a frame is known 139 ms after it.
STREAMING = Layout(
    "streaming",
    (1,),
    16,
    (-1, 0, 1),
    (
        ((-1, 0, 1), 1),
        ((-2, 0, 2), 1),
        ((-2, -1, 0), 12),
        ((-4, -2, 0), 1),
        ((-2, -1, 0), 3),
        ((-8, -4, 0), 1),
        ((-4, -2, 0), 12),
        ((-2, -1, 0), 1),
    ),
    (2, 5),
    32,
    (-2, -1, 0),
    4,
)
LAYOUTS = (WHOLE, STREAMING)
