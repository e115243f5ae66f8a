"""One segment of a recording under pursuit: its coefficients, and the atoms taken from them so far.

Inside a segment the time axis is divided into zones twice as long as the longest window. Zones of one parity cannot
touch each other's coefficients, so threads take atoms from all even zones, then from all odd ones, while the threshold
falls by less than 2 dB: the result is the same for any number of threads.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.encoders.pursuit.masking import Hearing
from motes.kernels.analysis import store_frames
from motes.kernels.dictionary import BLOCK_BINS, HOP_DIVISOR, Dictionary
from motes.kernels.pursuit import pursue, refresh_all
from motes.kernels.windowed_sinusoids import add_gabor

# Ratio of successive thresholds (of energy): 0.46 dB, the weakness of the pursuit.
STEP = 0.9
STEPS_PER_BATCH = 4
BATCH_RATIO = STEP**STEPS_PER_BATCH
ROOM_PER_ZONE = 2048
# Atoms in the last batch's zones from which on it pays to wake other threads.
WORTH_SHARING = 24
# How often a zone that has filled its room may go on within one batch.
MAX_ROUNDS = 8
# After the threshold has fallen by this (30 dB), truncated cross-Gram entries have added up: coefficients are taken
# anew from the true residual.
REFRESH_RATIO = 1e-3


@dataclass(frozen=True, eq=False)
class Atoms:
    """Atoms on the grid: window's index, frame (centre / hop), bin, complex amplitudes `(n, n_channels)` of
    unit-energy windows, energy each removed, and this times the weight by which it was chosen.
    """

    window: NDArray[np.int32]
    frame: NDArray[np.int32]
    bin: NDArray[np.int32]
    amplitude: NDArray[np.complex64]
    energy: NDArray[np.float64]
    benefit: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.window)

    @classmethod
    def empty(cls, n_channels: int) -> Atoms:
        """No atoms."""
        none = np.empty(0, np.int32)
        return cls(none, none, none, np.empty((0, n_channels), np.complex64), np.empty(0), np.empty(0))

    def take(self, index: Any) -> Atoms:
        """The atoms at `index`, in that order."""
        return Atoms(
            self.window[index],
            self.frame[index],
            self.bin[index],
            self.amplitude[index],
            self.energy[index],
            self.benefit[index],
        )

    @staticmethod
    def join(parts: list[Atoms]) -> Atoms:
        """All atoms of several lots, one lot after the other."""
        return Atoms(
            *(
                np.concatenate([getattr(p, name) for p in parts])
                for name in ("window", "frame", "bin", "amplitude", "energy", "benefit")
            )
        )

    def n_places(self) -> int:
        """How many different atoms of the dictionary there are among these."""
        return len(np.unique(self._place()))

    def merged(self) -> Atoms:
        """One atom for all that were taken at the same place: pursuit comes back to about one in a hundred."""
        _, first, which = np.unique(self._place(), return_index=True, return_inverse=True)
        if len(first) == len(self):
            return self
        rank = np.argsort(np.argsort(first))  # in the order of discovery
        amplitude, energy, benefit = (
            np.zeros((len(first), self.amplitude.shape[1]), np.complex64),
            np.zeros(len(first)),
            np.zeros(len(first)),
        )
        np.add.at(amplitude, rank[which], self.amplitude)
        np.add.at(energy, rank[which], self.energy)
        np.add.at(benefit, rank[which], self.benefit)
        return replace(self.take(np.sort(first)), amplitude=amplitude, energy=energy, benefit=benefit)

    def _place(self) -> NDArray[np.int64]:
        return (self.window.astype(np.int64) << 56) + (self.frame.astype(np.int64) << 16) + self.bin.astype(np.int64)

    def centre_samples(self, dictionary: Dictionary) -> NDArray[np.int64]:
        """Centre of each atom's window."""
        return self.frame.astype(np.int64) * (np.asarray(dictionary.windows)[self.window] // HOP_DIVISOR)


def atom_parameters(atoms: Atoms, dictionary: Dictionary) -> tuple[NDArray[np.float64], ...]:
    """Centre and window in samples, frequency in cycles per sample, peak amplitude and phase at the centre (both
    per channel).
    """
    window = np.asarray(dictionary.windows, dtype=np.float64)[atoms.window]
    # 2·Re(A·g), g = w e^{iωu} / ‖w‖, ‖w‖² = 3W/8: a sinusoid whose peak is 2|A|/‖w‖.
    amplitude = 2 * np.abs(atoms.amplitude).astype(np.float64) / np.sqrt(0.375 * window)[:, None]
    phase = np.angle(atoms.amplitude).astype(np.float64)
    return atoms.centre_samples(dictionary).astype(np.float64), window, atoms.bin / window, amplitude, phase


# Atoms are subtracted in blocks of this length, whatever threads there are to share them: the sums are the same.
RENDER_SAMPLES = 1 << 16


def subtract_atoms(
    audio: NDArray[np.float32],
    first_sample: int,
    atoms: Atoms,
    dictionary: Dictionary,
    executor: ThreadPoolExecutor | None = None,
) -> None:
    """Subtract atoms, in place, from `audio` `(n_channels, n)` whose first sample is number `first_sample` of the
    recording.
    """
    order = np.argsort(atoms.centre_samples(dictionary), kind="stable")
    centre, window, frequency, amplitude, phase = atom_parameters(atoms.take(order), dictionary)
    reach = dictionary.longest / 2

    def subtract_from(start: int) -> None:
        block = audio[:, start : start + RENDER_SAMPLES]
        low, high = np.searchsorted(
            centre, (first_sample + start - reach, first_sample + start + block.shape[1] + reach)
        )
        if high > low:
            stride = block.shape[1] + 16
            rendered = np.zeros((len(audio), stride))
            add_gabor(
                rendered.reshape(-1),
                stride,
                block.shape[1],
                first_sample + start,
                centre,
                window,
                2 * np.pi * frequency,
                amplitude,
                phase,
                low,
                high,
            )
            block -= rendered[:, : block.shape[1]]

    blocks = range(0, audio.shape[1], RENDER_SAMPLES)
    list(map(subtract_from, blocks) if executor is None else executor.map(subtract_from, blocks))


class Segment:
    """Pursuit over one stretch of audio after another, none longer than `max_samples`, in the same memory."""

    def __init__(
        self,
        dictionary: Dictionary,
        n_channels: int,
        max_samples: int,
        executor: ThreadPoolExecutor | None,
        n_threads: int,
    ) -> None:
        self.dictionary, self.n_channels = dictionary, n_channels
        self.zone_samples = zone_samples(dictionary)
        self._executor, self._n_threads = executor, n_threads
        self._layout = np.zeros((len(dictionary.windows), 6), np.int64)
        self._plan(0, max_samples)
        self._re = np.zeros(n_channels * self._channel_stride + BLOCK_BINS, np.float32)
        self._im = np.zeros_like(self._re)
        self._weights = np.ones(self._channel_stride + BLOCK_BINS, np.float32)
        self._block_max = np.zeros(self._channel_stride // BLOCK_BINS + BLOCK_BINS, np.float32)
        self._frame_max = np.zeros(int(self._layout[:, 2].sum()), np.float32)

    def _plan(self, first: int, last: int) -> None:
        """Where each window's frames lie in the flat arrays."""
        n_values = n_frames = 0
        for k, window in enumerate(self.dictionary.windows):
            hop, stride = window // HOP_DIVISOR, -(-(window // 2 + 1) // BLOCK_BINS) * BLOCK_BINS
            first_frame, end_frame = -(-first // hop), -(-last // hop)
            self._layout[k] = n_values, stride, end_frame - first_frame, first_frame, n_frames, window.bit_length() - 1
            n_values += (end_frame - first_frame) * stride
            n_frames += end_frame - first_frame
        self._channel_stride = n_values

    def weigh(self, heard: NDArray[np.float32], first_sample: int, first: int, last: int, hearing: Hearing) -> None:
        """Choose atoms centred in samples first … last − 1 by what they are worth to the ear.

        `heard` is the input itself where `begin` has its residual.
        """
        self.residual, self._first_sample = heard, first_sample
        self._plan(first, last)
        self._transform()
        for k, window in enumerate(self.dictionary.windows):
            first_value, stride, n_frames = self._layout[k, :3]
            power = np.zeros((n_frames, stride), np.float32)
            for channel in range(self.n_channels):
                place = channel * self._channel_stride + first_value
                for part in (self._re, self._im):
                    power += np.square(part[place : place + power.size].reshape(power.shape))
            weights = self._weights[first_value : first_value + power.size].reshape(power.shape)
            weights[:, : window // 2 + 1] = hearing.weights(power[:, : window // 2 + 1], window)

    def begin(self, residual: NDArray[np.float32], first_sample: int, first: int, last: int, n_samples: int) -> None:
        """Take up atoms centred in samples first … last − 1 of a recording of `n_samples`, first being the start of a
        zone.

        `residual` `(n_channels, n)` float32 begins at sample `first_sample` and reaches half the longest window past
        both; it is changed in place.
        """
        self._inside = slice(max(0, -first_sample), max(0, min(last, n_samples) - first_sample))
        self.residual, self._first_sample = residual, first_sample
        self._plan(first, last)
        zones = np.arange(first // self.zone_samples, -(-last // self.zone_samples))
        self._zones = [zones[zones % 2 == parity] for parity in (0, 1) if np.any(zones % 2 == parity)]
        self._first_zone = int(zones[0])
        n_zones = len(zones)
        self._where = np.empty((n_zones, ROOM_PER_ZONE, 3), np.int32)
        self._amplitude = np.empty((n_zones, ROOM_PER_ZONE, self.n_channels), np.complex64)
        self._energy = np.empty((n_zones, ROOM_PER_ZONE))
        self._benefit = np.empty((n_zones, ROOM_PER_ZONE))
        self._counts = np.zeros(n_zones, np.int64)
        # Everything taken since `begin`; the first `_n_subtracted` lots are no longer in the residual.
        self._taken: list[Atoms] = []
        self._n_subtracted = 0
        self._analyse()
        self._refreshed_at = self.threshold

    def _analyse(self) -> None:
        """Coefficients of the residual."""
        self.left = float(np.sum(np.square(self.residual, dtype=np.float64)))
        self._transform()
        gram = self.dictionary.gram
        refresh_all(
            self._re,
            self._im,
            self._weights,
            self.n_channels,
            self._channel_stride,
            self._block_max,
            self._frame_max,
            self._layout,
            gram.re,
            gram.im,
        )
        self.threshold = on_ladder(float(self._frame_max[: self._layout[:, 2].sum()].max(initial=0.0)))

    def _transform(self) -> None:
        jobs = [(channel, k) for channel in range(self.n_channels) for k in range(len(self.dictionary.windows))]
        list(self._map(self._analyse_window, jobs))

    def _analyse_window(self, job: tuple[int, int]) -> None:
        from scipy.fft import rfft

        channel, k = job
        window, weights = self.dictionary.windows[k], self.dictionary.analysis_windows[k]
        hop, (first_value, stride, n_frames, first_frame) = window // HOP_DIVISOR, self._layout[k, :4]
        audio = self.residual[channel, first_frame * hop - window // 2 - self._first_sample :]
        frames = np.lib.stride_tricks.sliding_window_view(audio, window)[::hop]
        per_lot = max(1, (1 << 16) // window)  # what fits in a core's cache
        for f in range(0, n_frames, per_lot):
            spectra = rfft(frames[f : min(f + per_lot, n_frames)] * weights)
            store_frames(
                spectra.view(np.float32),
                self._re,
                self._im,
                channel * self._channel_stride + first_value + f * stride,
                stride,
            )

    def _map(self, function: Any, jobs: list[Any]) -> Any:
        return map(function, jobs) if self._executor is None else self._executor.map(function, jobs)

    def batch(self) -> Atoms:
        """Let the threshold fall by one batch (1.8 dB), take every atom above it, and return those taken."""
        if self.threshold < self._refreshed_at * REFRESH_RATIO:
            self.refresh()
        lots = [self._take_from(zones) for zones in self._zones]
        self.threshold *= BATCH_RATIO
        taken = Atoms.join(lots)
        self.left -= float(taken.energy.sum())
        self._taken.append(taken)
        return taken

    def _take_from(self, zones: NDArray[np.int64]) -> Atoms:
        """Atoms above the threshold of zones that do not touch each other, the work shared out by what each gave
        the last time.
        """
        lots = []
        for _ in range(MAX_ROUNDS):
            by_weight = zones[np.argsort(-self._counts[zones - self._first_zone], kind="stable")]
            expected = int(self._counts[by_weight - self._first_zone].sum())
            if self._executor is None or expected < WORTH_SHARING:
                self._pursue(by_weight)
            else:
                list(
                    self._executor.map(
                        self._pursue, [by_weight[i :: self._n_threads] for i in range(min(self._n_threads, len(zones)))]
                    )
                )
            taken = np.arange(ROOM_PER_ZONE) < self._counts[zones - self._first_zone, None]
            place = np.nonzero(taken)
            place = ((zones - self._first_zone)[place[0]], place[1])
            window, frame, bin_ = self._where[place].T.copy()
            lots.append(Atoms(window, frame, bin_, self._amplitude[place], self._energy[place], self._benefit[place]))
            zones = zones[
                self._counts[zones - self._first_zone] == ROOM_PER_ZONE
            ]  # those that ran out of room go on from where they were
            if not len(zones):
                break
        return Atoms.join(lots)

    def _pursue(self, zones: NDArray[np.int64]) -> None:
        gram, dictionary = self.dictionary.gram, self.dictionary
        pursue(
            self._re,
            self._im,
            self._weights,
            self.n_channels,
            self._channel_stride,
            self._block_max,
            self._frame_max,
            self._layout,
            gram.pair,
            gram.row,
            gram.re,
            gram.im,
            dictionary.roots_re,
            dictionary.roots_im,
            gram.edge,
            zones,
            self._first_zone,
            self.zone_samples,
            self.threshold,
            STEP,
            STEPS_PER_BATCH,
            self._where,
            self._amplitude,
            self._energy,
            self._benefit,
            self._counts,
        )

    def residual_energy(self, first: int, last: int) -> float:
        """What is really left in samples first … last − 1, everything taken so far subtracted."""
        self._subtract()
        inside = self.residual[:, max(0, first - self._first_sample) : max(0, last - self._first_sample)]
        return float(np.sum(np.square(inside, dtype=np.float64)))

    def give_back(self, atoms: Atoms) -> None:
        """Add atoms to the residual again; the segment is then done."""
        self._subtract()
        subtract_atoms(self.residual, self._first_sample, replace(atoms, amplitude=-atoms.amplitude), self.dictionary)

    def _subtract(self) -> None:
        if self._n_subtracted < len(self._taken):
            subtract_atoms(
                self.residual,
                self._first_sample,
                Atoms.join(self._taken[self._n_subtracted :]),
                self.dictionary,
                self._executor,
            )
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
