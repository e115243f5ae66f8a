"""What is listened to: copies of a recording at its time, length and loudness, and anchors made of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.audio import read_audio, resample_blocks
from motes.data.impulse_responses import finder
from motes.errors import AudioError, ParameterError
from motes.metrics.align import align
from motes.metrics.programme_loudness import block_powers, gate, loudness_lufs
from motes.units import SILENCE_DB

Audio = NDArray[np.float32]
File = str | os.PathLike[str]
REFERENCE = "reference"
ANCHORS_HZ = (3500, 7000)
# Listeners forget what they heard before; BS.1534 advises some ten seconds.
LONGEST_S = 30.0
_FADE_S = 0.01
_LOUDEST = 0.99


@dataclass(frozen=True, eq=False)
class Stimulus:
    """A sound of the test: its name, `(channels, n)` samples, and by how many dB it was made louder to match."""

    name: str
    audio: Audio
    gain_db: float = 0.0
    # Of an anchor: where it is cut.
    low_pass_hz: int = 0


def prepared_stimuli(
    files: Sequence[File], reference: File, start_s: float | None, end_s: float | None
) -> tuple[int, list[Stimulus]]:
    """The sample rate, and the reference, the copies and the anchors, in this order.

    Copies are moved to where they fit (at most a second), resampled to the reference's rate, cut to the same part, and
    made as loud as the reference (ITU-R BS.1770, over the blocks in which that sounds); anchors keep the gain of their
    filters. If a peak must come down, all do by the same factor. Raises ParameterError where a part is no part, longer
    than 30 s, or where channels differ.
    """
    original, rate = _read(reference)
    first, last = _part(original.shape[1], rate, start_s, end_s)
    excerpt = original[:, first:last]
    powers = block_powers([excerpt], rate)
    counted = gate(powers)
    wanted = loudness_lufs(powers, counted)
    found = [Stimulus(REFERENCE, excerpt)]
    for name, path in zip(_names(files), files, strict=True):
        copy = _fitted(path, original, rate)[:, first:last]
        level = loudness_lufs(block_powers([copy], rate), counted)
        gain_db = wanted - level if min(level, wanted) > SILENCE_DB else 0.0
        found.append(Stimulus(name, copy * np.float32(10 ** (gain_db / 20)), gain_db))
    found += [_anchor(excerpt, hz, rate) for hz in ANCHORS_HZ if hz < rate / 2]
    peak = max(float(np.abs(each.audio).max(initial=0.0)) for each in found)
    factor = np.float32(min(1.0, _LOUDEST / peak) if peak > 0 else 1.0)
    ramp = _ramp(last - first, rate)
    return rate, [Stimulus(s.name, s.audio * factor * ramp, s.gain_db, s.low_pass_hz) for s in found]


def _read(path: File) -> tuple[Audio, int]:
    """A recording, or what a .mote file renders, as `(channels, n)`."""
    name = os.fspath(path)
    if name.lower().endswith(".mote"):
        from motes.codec import load

        scene = load(name, None, None, finder())
        return np.atleast_2d(scene.render()), scene.sample_rate_hz
    audio, rate = read_audio(name)
    return np.atleast_2d(audio), rate


def _part(n_samples: int, rate: int, start_s: float | None, end_s: float | None) -> tuple[int, int]:
    length_s = n_samples / rate
    start, end = start_s or 0.0, length_s if end_s is None else min(end_s, length_s)
    if not 0 <= start < end:
        raise ParameterError(f"nothing lies between {start:g} and {end:g} s of a reference of {length_s:.2f} s")
    if end - start > LONGEST_S + 1e-6:
        raise ParameterError(
            f"{end - start:.1f} s are too long to compare: choose at most {LONGEST_S:g} s by --start and --end "
            "(start_s, end_s), ten or so are best"
        )
    return round(start * rate), round(end * rate)


def _names(files: Sequence[File]) -> list[str]:
    """What tells the files apart: their names, or where these are alike their paths."""
    names = [Path(path).name for path in files]
    names = names if len(set(names)) == len(names) else [os.fspath(path) for path in files]
    if len(set(names)) < len(names):
        again = next(name for name in names if names.count(name) > 1)
        raise ParameterError(f"{again} is named twice: every copy once")
    return names


def _fitted(path: File, original: Audio, rate: int) -> Audio:
    """A copy at the reference's rate, time and length."""
    audio, its_rate = _read(path)
    if len(audio) != len(original):
        raise ParameterError(f"{os.fspath(path)} and the reference have {len(audio)} and {len(original)} channels")
    if its_rate != rate:
        audio = np.concatenate(list(resample_blocks([audio], len(audio), its_rate, rate)), axis=1)
    if not audio.shape[1]:
        raise AudioError(f"{os.fspath(path)} holds no sound")
    delay = align(audio, original, rate)[2]
    fitted = np.zeros_like(original)
    source = audio[:, max(0, delay) :]
    first = max(0, -delay)
    n = max(0, min(source.shape[1], original.shape[1] - first))
    fitted[:, first : first + n] = source[:, :n]
    return fitted


def _anchor(audio: Audio, low_pass_hz: int, rate: int) -> Stimulus:
    """The reference without what lies above: flat to 0.1 dB below, 50 dB down a seventh above, as BS.1534 asks."""
    from scipy.signal import fftconvolve, firwin, kaiserord

    n_taps, beta = kaiserord(60, low_pass_hz / 7 / (rate / 2))
    taps = firwin(n_taps | 1, min(low_pass_hz * 15 / 14, rate / 2 * 0.999), window=("kaiser", beta), fs=rate)
    filtered = np.stack([fftconvolve(channel, taps, "full") for channel in audio])
    half = len(taps) // 2
    kept: NDArray[Any] = filtered[:, half : half + audio.shape[1]]
    return Stimulus(f"anchor {low_pass_hz / 1000:g} kHz", kept.astype(np.float32), 0.0, low_pass_hz)


def _ramp(n: int, rate: int) -> Audio:
    """Nothing begins or ends with a click."""
    n_fade = min(n // 2, max(1, round(_FADE_S * rate)))
    ramp = np.ones(n, np.float32)
    ramp[:n_fade] = np.linspace(0, 1, n_fade, dtype=np.float32)
    ramp[n - n_fade :] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    return ramp
