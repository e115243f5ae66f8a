"""One segment of a recording under pursuit: its coefficients, and the atoms taken from them so far.

Inside a segment the time axis is divided into zones twice as long as the longest window. Zones of one parity cannot
touch each other's coefficients, so threads take atoms from all even zones, then from all odd ones, while the threshold
falls by less than 2 dB: the result does not depend on the number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motes.encoders.pursuit.atoms import Atoms, subtract_atoms
from motes.encoders.pursuit.chirps import ChirpSearch
from motes.encoders.pursuit.masking import MaskingModel
from motes.encoders.threads import ThreadPool
from motes.kernels.analysis import store_frames
from motes.kernels.dictionary import BLOCK_BINS, HOP_DIVISOR, Dictionary
from motes.kernels.pursuit import AtomArrays, Coefficients, LayoutField, pursue, refresh_all

# Ratio of successive thresholds (of energy): 0.46 dB, the weakness of the pursuit.
STEP = 0.9
STEPS_PER_BATCH = 4
BATCH_RATIO = STEP**STEPS_PER_BATCH
# Atoms of one zone that a round of a batch can hold.
CAPACITY_PER_ZONE = 2048
# Atoms in the last batch's zones from which on it pays to wake other threads (chosen by hand).
WORTH_SHARING = 24
# How often a zone that has filled its capacity may go on within one batch.
MAX_ROUNDS = 8
# After the threshold has fallen by this (30 dB), truncated cross-Gram entries have added up: coefficients are taken
# anew from the true residual.
REFRESH_RATIO = 1e-3
# Chirped atoms are looked for before every so many batches.
CHIRPS_EVERY = 2
# Samples that are transformed at once: what fits in a core's cache.
TRANSFORM_SAMPLES = 1 << 16


@dataclass(frozen=True)
class SegmentBounds:
    """One segment of the grid, in samples: atoms centred from `first` up to `end` are kept, those up to
    `look_ahead_end` are looked at.
    """

    first: int
    end: int
    look_ahead_end: int

    @property
    def n_samples(self) -> int:
        """How many samples are looked at."""
        return self.look_ahead_end - self.first


class Segment:
    """Pursuit over one stretch of audio after another, none longer than `max_samples`, in one piece of memory."""

    def __init__(self, dictionary: Dictionary, n_channels: int, max_samples: int, pool: ThreadPool) -> None:
        self.dictionary, self.n_channels = dictionary, n_channels
        self.zone_samples = zone_samples(dictionary)
        self._half_longest, self._pool = dictionary.longest // 2, pool
        layout, channel_stride = _layout_of(dictionary, 0, max_samples)
        re, im = (np.zeros(n_channels * channel_stride + BLOCK_BINS, np.float32) for _ in range(2))
        weights = np.ones(channel_stride + BLOCK_BINS, np.float32)
        block_max = np.zeros(channel_stride // BLOCK_BINS + BLOCK_BINS, np.float32)
        frame_max = np.zeros(int(layout[:, LayoutField.N_FRAMES].sum()), np.float32)
        self._coefficients = Coefficients(re, im, weights, block_max, frame_max, layout, n_channels, channel_stride)

    def set_weights(self, reference: NDArray[np.float32], first: int, end: int, masking: MaskingModel) -> None:
        """Choose atoms centred in samples first … end − 1 by what they are worth to the ear.

        `reference` `(n_channels, n)` is the recording itself where `begin` has its residual.
        """
        self._lay_out(first, end)
        self._transform(reference, first - self._half_longest)
        c = self._coefficients

        def set_of(k: int) -> None:
            window = self.dictionary.windows[k]
            first_value, stride, n_frames = (
                int(c.layout[k, field]) for field in (LayoutField.FIRST_VALUE, LayoutField.STRIDE, LayoutField.N_FRAMES)
            )
            power = np.zeros((n_frames, stride), np.float32)
            for channel in range(self.n_channels):
                place = channel * c.channel_stride + first_value
                for part in (c.re, c.im):
                    power += np.square(part[place : place + power.size].reshape(power.shape))
            weights = c.weights[first_value : first_value + power.size].reshape(power.shape)
            masking.weigh(power[:, : window // 2 + 1], window, weights[:, : window // 2 + 1])

        self._pool.map(set_of, range(len(self.dictionary.windows)))

    def begin(
        self,
        residual: NDArray[np.float32],
        first: int,
        end: int,
        n_samples: int,
        is_transformed: bool = False,
        chirps: ChirpSearch | None = None,
    ) -> None:
        """Take up atoms centred in samples first … end − 1 of a recording of `n_samples`, `first` being the start of a
        zone.

        `residual` `(n_channels, n)` float32 reaches half the longest window past both; it is changed in place. Where
        weights have just been set by the same audio, it `is_transformed`. `chirps` are the atoms
        whose frequency rises, to be taken from it too.
        """
        self.residual, self._first_sample = residual, first - self._half_longest
        self._inside = slice(max(0, -self._first_sample), max(0, min(end, n_samples) - self._first_sample))
        self._chirps = chirps
        self._lay_out(first, end)
        zones = np.arange(first // self.zone_samples, -(-end // self.zone_samples))
        self._zones = [zones[zones % 2 == parity] for parity in (0, 1) if np.any(zones % 2 == parity)]
        self._first_zone = int(zones[0])
        shape = len(zones), CAPACITY_PER_ZONE
        amplitude = np.empty((*shape, self.n_channels), np.complex64)
        self._batch = AtomArrays(np.empty((*shape, 3), np.int32), amplitude, np.empty(shape), np.empty(shape))
        self._counts = np.zeros(len(zones), np.int64)
        # Everything taken since `begin`; the first `_n_subtracted` batches are no longer in the residual.
        self._taken: list[Atoms] = []
        self._n_subtracted = 0
        self._analyse(is_transformed)
        self._refreshed_at = self._chirps_at = self.threshold

    def _lay_out(self, first: int, end: int) -> None:
        layout, channel_stride = _layout_of(self.dictionary, first, end)
        self._coefficients = self._coefficients._replace(layout=layout, channel_stride=channel_stride)

    def _analyse(self, is_transformed: bool = False) -> None:
        """Take the coefficients of the residual, and their maxima."""
        # Energy of the residual by the sum of what each atom took.
        self.expected_residual_energy = float(np.sum(np.square(self.residual, dtype=np.float64)))
        if self.expected_residual_energy == 0.0:  # digital silence: no atom will be looked for
            self.threshold = 0.0
            return
        if not is_transformed:
            self._transform(self.residual, self._first_sample)
        self._pool.map(self._refresh_maxima, range(len(self.dictionary.windows)))
        n_frames = self._coefficients.layout[:, LayoutField.N_FRAMES].sum()
        self.threshold = on_ladder(float(self._coefficients.frame_max[:n_frames].max(initial=0.0)))

    def _refresh_maxima(self, k: int) -> None:
        refresh_all(self._coefficients, self.dictionary.gram, k, k + 1)

    def _transform(self, audio: NDArray[np.float32], first_sample: int) -> None:
        """Fill the coefficients with those of audio whose first sample is number `first_sample` of the recording."""
        jobs = [(channel, k) for channel in range(self.n_channels) for k in range(len(self.dictionary.windows))]

        def transform(job: tuple[int, int]) -> None:
            self._transform_window(audio[job[0]], first_sample, *job)

        self._pool.map(transform, jobs)

    def _transform_window(self, audio: NDArray[np.float32], first_sample: int, channel: int, k: int) -> None:
        from scipy.fft import rfft

        c = self._coefficients
        window, weights = self.dictionary.windows[k], self.dictionary.analysis_windows[k]
        hop, (first_value, stride, n_frames, first_frame) = window // HOP_DIVISOR, c.layout[k, :4]
        audio = audio[first_frame * hop - window // 2 - first_sample :]
        frames = np.lib.stride_tricks.sliding_window_view(audio, window)[::hop]
        at_once = max(1, TRANSFORM_SAMPLES // window)
        for f in range(0, n_frames, at_once):
            spectra = rfft(frames[f : min(f + at_once, n_frames)] * weights)
            place = channel * c.channel_stride + first_value + f * stride
            store_frames(spectra.view(np.float32), c.re, c.im, place, stride)

    def batch(self) -> Atoms:
        """Let the threshold fall by one batch (1.8 dB), take every atom above it, and return those taken."""
        if self.threshold < self._refreshed_at * REFRESH_RATIO:
            self.refresh()
        chirped = self._chirped()
        taken = Atoms.join([self._take_from(zones) for zones in self._zones])
        self.threshold *= BATCH_RATIO
        self.expected_residual_energy -= float(taken.energy.sum(dtype=np.float64))
        self._taken.append(taken)
        return taken if chirped is None else Atoms.join([chirped, taken])

    def _chirped(self) -> Atoms | None:
        """Where it is their turn, the atoms whose frequency rises that are worth as much as the next batches'."""
        if self._chirps is None or self.threshold > self._chirps_at or self.threshold <= 0.0:
            return None
        self._chirps_at = self.threshold * BATCH_RATIO**CHIRPS_EVERY
        self._subtract()
        taken = self._chirps.take(self.residual, self._chirps_at)
        if len(taken):
            self.refresh()
        return taken

    def _take_from(self, zones: NDArray[np.int64]) -> Atoms:
        """Atoms above the threshold of zones that do not touch each other, the work shared out by what each gave
        the last time.
        """
        parts = []
        for _ in range(MAX_ROUNDS):
            by_count = zones[np.argsort(-self._counts[zones - self._first_zone], kind="stable")]
            expected = int(self._counts[by_count - self._first_zone].sum())
            n_shares = min(self._pool.n_threads, len(zones))
            if n_shares == 1 or expected < WORTH_SHARING:
                self._pursue(by_count)
            else:  # copies, since numba would compile the kernel once more for arrays with gaps
                self._pool.map(self._pursue, [by_count[i::n_shares].copy() for i in range(n_shares)])
            counts = self._counts[zones - self._first_zone]
            first = np.cumsum(counts) - counts
            number = np.arange(counts.sum()) - np.repeat(first, counts)
            place = np.repeat(zones - self._first_zone, counts), number
            window, frame, bin_ = self._batch.place[place].T
            _, amplitude, energy, benefit = self._batch
            parts.append(Atoms.of((window, frame, bin_), amplitude[place], energy[place], benefit[place]))
            zones = zones[counts == CAPACITY_PER_ZONE]  # those that are full go on from where they were
            if not len(zones):
                break
        return Atoms.join(parts)

    def _pursue(self, zones: NDArray[np.int64]) -> None:
        thresholds = np.cumprod([self.threshold, *[STEP] * STEPS_PER_BATCH])[1:]
        at = self._first_zone, self.zone_samples
        pursue(self._coefficients, self.dictionary.gram, zones, *at, thresholds, self._batch, self._counts)

    def residual_energy(self, first: int, end: int) -> float:
        """What is really left in samples first … end − 1, everything taken so far subtracted."""
        self._subtract()
        inside = self.residual[:, max(0, first - self._first_sample) : max(0, end - self._first_sample)]
        return float(np.sum(np.square(inside, dtype=np.float64)))

    def give_back(self, atoms: Atoms) -> None:
        """Add atoms to the residual again; the segment is then done."""
        self._subtract()
        subtract_atoms(self.residual, self._first_sample, replace(atoms, amplitude=-atoms.amplitude), self.dictionary)

    def _subtract(self) -> None:
        if self._n_subtracted < len(self._taken):
            atoms = Atoms.join(self._taken[self._n_subtracted :])
            subtract_atoms(self.residual, self._first_sample, atoms, self.dictionary, self._pool)
            self._n_subtracted = len(self._taken)

    def refresh(self) -> None:
        """Subtract what has been taken from the residual itself, and take the coefficients anew from it.

        Past the recording's ends, and past the last centre, nothing is known of the truth: there the atoms so far are
        taken for it, and nothing is left.
        """
        self._subtract()
        self.residual[:, : self._inside.start] = 0
        self.residual[:, self._inside.stop :] = 0
        threshold = self.threshold
        self._analyse()
        self.threshold = self._refreshed_at = min(threshold, self.threshold)


def _layout_of(dictionary: Dictionary, first: int, end: int) -> tuple[NDArray[np.int64], int]:
    """Where the coefficients of frames centred in samples first … end − 1 lie, and how many a channel has."""
    layout = np.zeros((len(dictionary.windows), len(LayoutField)), np.int64)
    n_values = n_frames = 0
    for k, window in enumerate(dictionary.windows):
        hop, stride = window // HOP_DIVISOR, -(-(window // 2 + 1) // BLOCK_BINS) * BLOCK_BINS
        first_frame, end_frame = -(-first // hop), -(-end // hop)
        layout[k] = n_values, stride, end_frame - first_frame, first_frame, n_frames, window.bit_length() - 1
        n_values += (end_frame - first_frame) * stride
        n_frames += end_frame - first_frame
    return layout, n_values


def on_ladder(energy: float) -> float:
    """The first threshold at or above `energy` on the ladder that all segments share."""
    return float(BATCH_RATIO ** math.floor(math.log(energy) / math.log(BATCH_RATIO))) if energy > 1e-30 else 0.0


def zone_samples(dictionary: Dictionary) -> int:
    """Length of a zone: atoms of two zones of one parity are then further apart than any atom reaches."""
    return max(2 * dictionary.longest, 4096)


def core_samples(dictionary: Dictionary) -> int:
    """Length of the part of a segment whose atoms are kept: about 12 s at 44.1 kHz, whole zones."""
    return max(32 * 16384, 8 * zone_samples(dictionary))


def silent_energy(dictionary: Dictionary) -> float:
    """Energy of an atom of the shortest window whose peak is at −140 dBFS: below it there is nothing to hear in any
    recording.
    """
    return 1e-14 * 0.375 * dictionary.windows[0] / 2
