"""Gravis Ultrasound patches, as in freepats: a folder of .pat files called by the number of their program."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motes.data.rendering.scores.score import DRUMS
from motes.data.rendering.sounds.sampler import Recording, faded, read_at, without_silence
from motes.data.rendering.sounds.sources import Instrument, Sound
from motes.errors import ParameterError

MAGIC = b"GF1PATCH1"
SIXTEEN_BITS, UNSIGNED, LOOPS, SUSTAINS, HAS_ENVELOPE = 1, 2, 4, 32, 64
# Envelopes count in these units, and 2 to the power of so many doublings lies between nothing and all.
FULL, DOUBLINGS = 255 << 22, 6
# Timpani of freepats sound an octave off.
LEFT_OUT = (47,)
LONGEST_S, RELEASE_S = 12.0, 3.0
LEVEL = 0.25


@dataclass(frozen=True)
class Wave:
    """A recording of a patch, the frequencies it is for, and the rates and targets of six envelope stages."""

    recording: Recording
    low_hz: float
    high_hz: float
    rates: tuple[int, ...]
    targets: tuple[int, ...]
    modes: int


class Patches:
    """The patches of a folder: `Tone_000/024_Nylon_Guitar.pat` is program 24, `Drum_000/035_Kick_1.pat` percussion
    key 35.
    """

    def __init__(self, folder: str | os.PathLike[str], sample_rate_hz: int) -> None:
        self.name, self.sample_rate_hz = os.path.basename(os.fspath(folder).rstrip("/")), sample_rate_hz
        self._paths: dict[tuple[bool, int], Path] = {}
        for path in sorted(Path(folder).rglob("*.pat")):
            is_drum = path.parent.name.startswith("Drum")
            if path.name[:3].isdigit() and (is_drum or int(path.name[:3]) not in LEFT_OUT):
                self._paths.setdefault((is_drum, int(path.name[:3])), path)
        if not self._paths:
            raise ParameterError(f"there are no patches in {os.fspath(folder)}: files as Tone_000/024_Nylon_Guitar.pat")

    def plays(self, program: int) -> bool:
        """Whether there is a patch."""
        return (False, program) in self._paths or (program == DRUMS and any(drum for drum, _ in self._paths))

    def instrument(self, program: int, seed: int) -> Instrument:
        """The patch; the seed changes nothing."""
        return partial(self.note, program)

    def note(
        self, program: int, key: int, velocity: int, duration_s: float, bend_cents: NDArray[np.float64] | None = None
    ) -> Sound:
        """One note alone, `(n,)`, from its onset until its release has died away; empty where a key has no drum."""
        path = self._paths.get((True, key) if program == DRUMS else (False, program))
        if path is None:
            return np.zeros(0, np.float32)
        frequency_hz = 440 * 2 ** ((key - 69) / 12)
        waves = _waves(path)
        wave = next((w for w in waves if w.low_hz <= frequency_hz <= w.high_hz), None)
        wave = wave or min(waves, key=lambda w: abs(np.log(w.recording.frequency_hz / frequency_hz)))
        if program == DRUMS:
            frequency_hz, duration_s = wave.recording.frequency_hz, max(duration_s, 1.5)
        n_held = round(min(duration_s, LONGEST_S) * self.sample_rate_hz)
        envelope = _envelope(wave, n_held, self.sample_rate_hz)
        sound = read_at(wave.recording, frequency_hz, len(envelope), self.sample_rate_hz, bend_cents)
        loudness = np.float32(LEVEL * (velocity / 127) ** 1.5)
        return faded(sound * envelope[: len(sound)] * loudness, round(0.01 * self.sample_rate_hz))


def read_patch(path: Path) -> list[Wave]:
    """The recordings of a patch. ParameterError where it is none."""
    data = path.read_bytes()
    try:
        if not data.startswith(MAGIC):
            raise ValueError("it does not begin as one")
        n_samples, place, waves = data[129 + 63 + 6], 129 + 63 + 47, []
        for _ in range(n_samples):
            wave, place = _read_wave(data, place)
            waves.append(wave)
        if not waves:
            raise ValueError("it holds no sound")
    except (ValueError, IndexError, struct.error) as error:
        raise ParameterError(f"{path.name} is no patch that can be read ({error})") from None
    return waves


@cache
def _waves(path: Path) -> list[Wave]:
    return read_patch(path)


def _read_wave(data: bytes, place: int) -> tuple[Wave, int]:
    size, start, end, rate, low, high, root = struct.unpack_from("<IIIHIII", data, place + 8)
    rates, targets, modes = tuple(data[place + 37 : place + 43]), tuple(data[place + 43 : place + 49]), data[place + 55]
    raw = data[place + 96 : place + 96 + size]
    if len(raw) < size or not rate or not root:
        raise ValueError("it is cut short")
    wide = bool(modes & SIXTEEN_BITS)
    kind = ("<u2" if wide else "u1") if modes & UNSIGNED else ("<i2" if wide else "i1")
    half = 32768 if wide else 128
    audio = np.frombuffer(raw, kind, count=size // (2 if wide else 1)).astype(np.float32)
    audio = (audio - half * bool(modes & UNSIGNED)) / np.float32(half)
    width = 2 if wide else 1
    loop = (start // width, min(end // width, len(audio) - 1)) if modes & LOOPS else None
    if loop is not None and loop[1] - loop[0] < 8:
        loop = None
    sounding = without_silence(audio)
    cut = len(audio) - len(sounding)
    if loop is not None:
        loop = (max(loop[0] - cut, 0), max(loop[1] - cut, 9))
    recording = Recording(sounding, rate, root / 1000, loop)
    return Wave(recording, low / 1000, high / 1000, rates, targets, modes), place + 96 + size


def _envelope(wave: Wave, n_held: int, sample_rate_hz: int) -> Sound:
    """Factors over the samples of a note held so long and then let go."""
    if not wave.modes & HAS_ENVELOPE:
        return _let_go(np.ones(n_held, np.float32), 0.08, sample_rate_hz)
    times, units, now, time_s = [0.0], [0.0], 0.0, 0.0
    for rate, target in list(zip(wave.rates, wave.targets, strict=True))[:3]:
        time_s, now = _stage(time_s, now, rate, target)
        times.append(time_s)
        units.append(now)
    t = np.arange(n_held) / sample_rate_hz
    held = _factors(np.interp(t, times, units))
    last = float(np.interp(n_held / sample_rate_hz, times, units))
    end_s, _ = _stage(0.0, last, wave.rates[3], wave.targets[3])
    released = np.interp(
        np.arange(round(min(max(end_s, 0.03), RELEASE_S) * sample_rate_hz)) / sample_rate_hz,
        (0, max(end_s, 0.03)),
        (last, 0),
    )
    return np.concatenate([held, _factors(released)])


def _stage(time_s: float, now: float, rate: int, target: int) -> tuple[float, float]:
    """When a stage of an envelope ends, and where."""
    per_s = ((rate & 63) << 3 * (3 - (rate >> 6))) * 512 * 44100 / FULL
    goal = target / 255
    return time_s + abs(goal - now) / max(per_s, 1e-3), goal


def _factors(units: NDArray[np.float64]) -> Sound:
    return np.asarray(np.where(units > 0, 2.0 ** (DOUBLINGS * (units - 1)), 0), np.float32)


def _let_go(held: Sound, seconds: float, sample_rate_hz: int) -> Sound:
    return np.concatenate([held, np.linspace(1, 0, round(seconds * sample_rate_hz), dtype=np.float32)])
