"""Atoms of the dictionary that a pursuit has taken, and their subtraction from audio."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.encoders.threads import ThreadPool
from motes.events.chirps import BINS_PER_STEP
from motes.kernels.dictionary import HOP_DIVISOR, Dictionary
from motes.kernels.simd.rounding import Stretch, subtract_events
from motes.kernels.windowed_sinusoids import Sinusoids

# Atoms are subtracted in blocks of this length, whatever threads there are to share them: the sums are the same.
RENDER_SAMPLES = 1 << 16
# No window is longer than two to this.
LONGEST_LOG2 = 15


@dataclass(frozen=True, eq=False)
class Atoms:
    """Atoms on the grid, in the order in which they were taken; 29 bytes each, since an hour has millions."""

    # The window's index in the dictionary.
    window: NDArray[np.int8]
    # Centre over hop.
    frame: NDArray[np.int32]
    bin: NDArray[np.int16]
    # Of unit-energy windows, complex, `(n, n_channels)`.
    amplitude: NDArray[np.complex64]
    # What each removed, and that times the weight by which it was chosen.
    energy: NDArray[np.float32]
    benefit: NDArray[np.float64]
    # By how much the frequency rises, in steps of `motes.events.chirps`.
    chirp: NDArray[np.int16]

    @classmethod
    def of(
        cls,
        place: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
        amplitude: NDArray[np.complex64],
        energy: NDArray[np.float64],
        benefit: NDArray[np.float64],
        chirp: NDArray[Any] | None = None,
    ) -> Atoms:
        """Atoms at these windows, frames and bins, steady where `chirp` is left out."""
        window, frame, bin_ = place
        steps = np.zeros(len(window), np.int16) if chirp is None else chirp.astype(np.int16)
        cast = window.astype(np.int8), frame.astype(np.int32), bin_.astype(np.int16)
        return cls(*cast, amplitude, energy.astype(np.float32), benefit, steps)

    def __len__(self) -> int:
        return len(self.window)

    @property
    def n_channels(self) -> int:
        """How many channels each has."""
        return self.amplitude.shape[1]

    @classmethod
    def empty(cls, n_channels: int) -> Atoms:
        """No atoms."""
        none = np.empty(0, np.int64)
        return cls.of((none, none, none), np.empty((0, n_channels), np.complex64), np.empty(0), np.empty(0))

    def take(self, index: Any) -> Atoms:
        """The atoms at `index`, in that order."""
        return Atoms(*(getattr(self, field.name)[index] for field in fields(Atoms)))

    @staticmethod
    def join(parts: list[Atoms]) -> Atoms:
        """All atoms of several tables, one table after the other."""
        return Atoms(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Atoms)))

    def n_places(self) -> int:
        """How many different atoms of the dictionary there are among these."""
        return len(np.unique(self.places()))

    def merged(self) -> Atoms:
        """One atom for all that were taken at one place: pursuit comes back to about one in a hundred."""
        place = self.places()
        ordered = np.sort(place)
        several = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        if not len(several):
            return self
        nearest = np.searchsorted(several, place).clip(max=len(several) - 1)
        again = np.flatnonzero(several[nearest] == place)  # in the order of discovery
        _, first, which = np.unique(place[again], return_index=True, return_inverse=True)
        kept = np.ones(len(self), np.bool_)
        kept[again] = False
        kept[again[first]] = True
        merged, row = self.take(kept), (np.cumsum(kept) - 1)[again[first]][which]
        for name in ("amplitude", "energy", "benefit"):
            column, found = getattr(merged, name), getattr(self, name)[again]
            column[row] = 0
            np.add.at(column, row, found)
        return merged

    def places(self) -> NDArray[np.int64]:
        """One number for each place in the dictionary, `(n,)`."""
        return places(self.window, self.frame, self.bin, self.chirp)

    def scene_order(self, dictionary: Dictionary) -> NDArray[np.intp]:
        """The order by time, frequency and window."""
        size = np.rint(np.log2(dictionary.windows)).astype(np.int64)[self.window]
        place = (self.centre_samples(dictionary) << 24) + size
        place += (self.bin.astype(np.int64) << LONGEST_LOG2 - size) << 4
        return np.argsort(place, kind="stable")

    def centre_samples(self, dictionary: Dictionary) -> NDArray[np.int64]:
        """Centre of each atom's window."""
        return self.frame.astype(np.int64) * (np.asarray(dictionary.windows)[self.window] // HOP_DIVISOR)


def places(
    window: NDArray[Any], frame: NDArray[Any], bin_: NDArray[Any], chirp: NDArray[Any] | int = 0
) -> NDArray[np.int64]:
    """One number for each place in the dictionary and each chirp there."""
    place = (window.astype(np.int64) << 59) + (frame.astype(np.int64) << 16) + bin_.astype(np.int64)
    return place + (np.asarray(chirp, np.int64) << 48)


def chirps_per_sample(atoms: Atoms, dictionary: Dictionary) -> NDArray[np.float64]:
    """Chirps of atoms in rad/sample², `(n,)`; of length 0 where no frequency rises."""
    if not atoms.chirp.any():
        return np.zeros(0)
    window = np.asarray(dictionary.windows, dtype=np.float64)[atoms.window]
    return 2 * np.pi * BINS_PER_STEP * atoms.chirp / np.square(window)


def atom_parameters(atoms: Atoms, dictionary: Dictionary) -> tuple[NDArray[np.float64], ...]:
    """Centre and window in samples, frequency in cycles per sample, peak amplitude and phase at the centre (both
    per channel).
    """
    window = np.asarray(dictionary.windows, dtype=np.float64)[atoms.window]
    # 2·Re(A·g), g = w e^{iωu} / ‖w‖, ‖w‖² = 3W/8: a sinusoid whose peak is 2|A|/‖w‖.
    amplitude = 2 * np.abs(atoms.amplitude).astype(np.float64) / np.sqrt(0.375 * window)[:, None]
    phase = np.angle(atoms.amplitude).astype(np.float64)
    return atoms.centre_samples(dictionary).astype(np.float64), window, atoms.bin / window, amplitude, phase


def subtract_atoms(
    audio: NDArray[np.float32], first_sample: int, atoms: Atoms, dictionary: Dictionary, pool: ThreadPool | None = None
) -> None:
    """Subtract atoms, in place, from `audio` `(n_channels, n)` whose first sample is number `first_sample` of the
    recording.
    """
    atoms = atoms.take(np.argsort(atoms.centre_samples(dictionary), kind="stable"))
    centre, window, frequency, amplitude, phase = atom_parameters(atoms, dictionary)
    chirp = chirps_per_sample(atoms, dictionary)
    sinusoids = Sinusoids(centre, window, 2 * np.pi * frequency, amplitude, phase, chirp)
    half_longest = dictionary.longest / 2

    def subtract_from(start: int) -> None:
        block = audio[:, start : start + RENDER_SAMPLES]
        first, end = first_sample + start, first_sample + start + block.shape[1]
        low, high = np.searchsorted(centre, (first - half_longest, end + half_longest))
        if high > low:
            signal = Stretch.of(block, first)
            subtract_events(signal, sinusoids, low, high)
            block[:] = signal.channels()

    (pool or ThreadPool()).map(subtract_from, range(0, audio.shape[1], RENDER_SAMPLES))
