"""The atoms of a scene shared among its notes: of each atom, which part of its complex amplitude is which note's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.event_table import Array
from motes.notes.sharing.band_shares import BandShares
from motes.notes.sharing.envelopes import envelopes_of
from motes.notes.sharing.explaining import Atoms, Complex, Places
from motes.notes.sharing.factorisation import Factorisation
from motes.notes.sharing.masks import Masks
from motes.notes.sharing.spectrogram import Spectrogram
from motes.notes.sharing.tuning import template_numbers, tuning_of
from motes.scene.scene import Scene
from motes.synth.render import render

# Of the algorithm: shares that files leave out are found again by the version that found them.
SHARING_VERSION = 1
# Shares are multiples of 1/STEPS, none is larger than LARGEST, and what is nearer than LEAST to nothing or to all of an
# atom is that.
STEPS, LARGEST, LEAST = 64, 16.0, 0.03
LOWEST_HZ = 8.0


@dataclass(frozen=True)
class SoundingNotes:
    """Notes that sound in a scene, `(n_notes,)` each: onset and end in seconds, fundamental in Hz, the part that each
    belongs to (notes of one instrument, from 0 on: templates are per part and pitch), and its General MIDI program, −1
    where it is not known, which says how long a note rings on.

    ParameterError where lengths differ or a value is not finite, ends before it begins or has no pitch.
    """

    onset_s: Array
    end_s: Array
    f0_hz: Array
    part: NDArray[np.int64]
    program: NDArray[np.int64]

    def __post_init__(self) -> None:
        kinds = {"onset_s": float, "end_s": float, "f0_hz": float, "part": np.int64, "program": np.int64}
        for name, kind in kinds.items():
            column = np.array(getattr(self, name))
            if column.shape != np.shape(self.onset_s) or column.ndim != 1:
                raise ParameterError(
                    f"the columns of notes differ in length: onset_s {np.shape(self.onset_s)}, {name} {column.shape}"
                )
            if not np.isfinite(column.astype(float)).all():
                raise ParameterError(f"{name} of notes must be finite numbers")
            column = column.astype(kind)
            column.setflags(write=False)
            object.__setattr__(self, name, column)
        if (self.f0_hz <= 0).any():
            raise ParameterError(f"f0_hz of notes must lie above 0, not {self.f0_hz.min():g}: are these MIDI numbers?")
        early = np.flatnonzero(self.end_s < self.onset_s)
        if len(early):
            i = early[0]
            raise ParameterError(f"note {i} ends ({self.end_s[i]:g} s) before it begins ({self.onset_s[i]:g} s)")

    def __len__(self) -> int:
        return len(self.onset_s)


@dataclass(frozen=True)
class Shares:
    """Rows `(n_shares,)`: of the atom `event` of `scene.gabor`, which sounds as Re(c·g), the part c·(re + i·im) is
    `note`'s, in all channels. In order of notes, then of atoms; multiples of 1/64, and so is what is left of an atom.
    `bands` says which part of noise is whose, of each note that has any.
    """

    note: NDArray[np.int32]
    event: NDArray[np.int32]
    re: NDArray[np.float32]
    im: NDArray[np.float32]
    bands: dict[int, BandShares] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.note)

    def of(self, note: int) -> Shares:
        """Those of one note."""
        low, high = np.searchsorted(self.note, (note, note + 1))
        return Shares(self.note[low:high], self.event[low:high], self.re[low:high], self.im[low:high])

    def left(self, n_events: int) -> Complex:
        """What is left of each of all atoms, `(n_events,)`: the rest."""
        taken = np.zeros(n_events, np.complex128)
        np.add.at(taken, self.event, self.re + 1j * self.im.astype(np.complex128))
        return 1 - taken


def shares_of(scene: Scene, notes: SoundingNotes, progress: Callable[[float], None] | None = None) -> Shares:
    """Share the atoms of a scene among notes that sound in it: the same for any number of threads.

    `progress` is called with what part is done, 0 … 1. Notes that sound outside the scene, or above half the sample
    rate, get nothing; of texture `bands` tells, other kinds stay with the rest.
    """
    report = progress if progress is not None else lambda done: None
    within = (notes.onset_s < scene.duration_s) & (notes.end_s > 0) & (notes.end_s > notes.onset_s)
    within &= (notes.f0_hz < scene.sample_rate_hz / 2) & (notes.f0_hz >= LOWEST_HZ)
    numbers = np.flatnonzero(within)
    if not len(numbers) or not len(scene.gabor):
        report(1.0)
        return _shares([], [], [])
    audio = render(
        scene.with_tables([table if table.KIND == "gabor" else table.take(slice(0)) for table in scene.tables])
    )
    spectrogram = Spectrogram.of(np.atleast_2d(audio), scene.sample_rate_hz)
    report(0.05)
    masks = masks_of(spectrogram, notes, numbers, lambda done: report(0.05 + 0.4 * done))
    atoms, found = Atoms(scene.gabor, scene.sample_rate_hz), []
    for i, number in enumerate(numbers):
        first, mask = masks.of(i)
        chosen, start = atoms.under(spectrogram, first, mask)
        first_sample, sound = spectrogram.masked(first, mask)
        silent = max(0, round(float(notes.onset_s[number]) * scene.sample_rate_hz) - first_sample)
        sound[:, :silent] = 0.0
        found.append((chosen, atoms.shares(first_sample, sound, chosen, start)))
        report(0.45 + 0.55 * (i + 1) / len(numbers))
    bands = {int(number): masks.bands(i) for i, number in enumerate(numbers)}
    return _shares(list(numbers), [chosen for chosen, _ in found], [shares for _, shares in found], bands)


def masks_of(
    spectrogram: Spectrogram, notes: SoundingNotes, numbers: Places, progress: Callable[[float], None] | None = None
) -> Masks:
    """The masks of the notes `numbers`, which other kinds of event are shared by too."""
    onset_s, end_s, f0_hz = (column[numbers] for column in (notes.onset_s, notes.end_s, notes.f0_hz))
    part, program = notes.part[numbers], notes.program[numbers]
    template = template_numbers(part, f0_hz)
    tuning = tuning_of(spectrogram, onset_s, end_s, f0_hz, part, template)
    envelopes = [envelopes_of(spectrogram, *row) for row in zip(onset_s, end_s, program, strict=True)]
    return Masks(spectrogram, Factorisation(spectrogram, tuning, template, envelopes, progress))


def _shares(
    numbers: list[int], events: list[Places], values: list[Complex], bands: dict[int, BandShares] | None = None
) -> Shares:
    """Rows of rounded shares; an atom that is nearly all one note's is that note's alone."""
    note = np.repeat(np.array(numbers, np.int64), [len(each) for each in events])
    event = np.concatenate([*events, np.zeros(0, np.int64)])
    share = np.concatenate([*values, np.zeros(0, np.complex128)])
    size = np.abs(share)
    share = share * np.minimum(1.0, LARGEST / np.maximum(size, 1e-9))
    whole = np.abs(share - 1) < LEAST
    # Of several notes that each have all of it, the first.
    first_whole = np.full(int(event.max(initial=-1)) + 1, -1, np.int64)
    rows = np.flatnonzero(whole)[::-1]
    first_whole[event[rows]] = rows
    owner = first_whole[event]
    share = np.where(owner == np.arange(len(event)), 1.0, np.where(owner >= 0, 0.0, share))
    rounded = (np.rint(share.real * STEPS) + 1j * np.rint(share.imag * STEPS)) / STEPS
    kept = (np.abs(share) >= LEAST) & (rounded != 0)
    return Shares(
        note[kept].astype(np.int32),
        event[kept].astype(np.int32),
        rounded.real[kept].astype(np.float32),
        rounded.imag[kept].astype(np.float32),
        bands or {},
    )
