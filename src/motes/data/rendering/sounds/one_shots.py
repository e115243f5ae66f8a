"""Recordings of single sounds without pitch: the drums of kits, knocks, clicks, animals."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motes.audio import read_audio
from motes.audio.resample import resample_blocks
from motes.data.impulse_responses import EXTENSIONS
from motes.data.rendering.scores.score import DRUMS
from motes.data.rendering.sounds.sampler import faded, without_silence
from motes.data.rendering.sounds.sources import Instrument, Sound
from motes.errors import MotesError, ParameterError

# Of Hydrogen's drum kits these are kept for tests.
TEST_KITS = ("Audiophob", "ColomboAcousticDrumkit", "ForzeeStereo", "VariBreaks")
# What collections of samples hold beside single sounds without pitch.
NOT_SINGLE = ("loop", "ambi", "bass_", "guit", "mehackit", "vinyl_hiss", "vinyl_rewind", "drum_roll", "rand-stream")
LONGEST_S, LOUDEST = 4.0, 0.5
# What takes longer to become half as loud as it will be swells: its onset is no point in time.
SLOWEST_S = 0.06


class OneShots:
    """The sound files of folders, of the test kits alone or of all but those."""

    def __init__(self, folders: tuple[str, ...], sample_rate_hz: int, test_kits: bool = False) -> None:
        self.name, self.sample_rate_hz = "one-shots", sample_rate_hz
        self._paths: list[Path] = []
        for folder in folders:
            for path in sorted(Path(folder).rglob("*")):
                of_test = any(kit in path.parts for kit in TEST_KITS)
                if (
                    path.suffix.lower() in EXTENSIONS | {".ogg"}
                    and not path.name.startswith(NOT_SINGLE)
                    and of_test == test_kits
                ):
                    self._paths.append(path)
        if not self._paths:
            raise ParameterError(f"there are no one-shots in {', '.join(map(os.fspath, folders)) or 'no folder'}")

    def plays(self, program: int) -> bool:
        """Percussion alone."""
        return program == DRUMS

    def instrument(self, program: int, seed: int) -> Instrument:
        """A kit by chance: each key is one of the sounds."""
        order = np.random.default_rng(seed).permutation(len(self._paths))

        def play(key: int, velocity: int, duration_s: float, bend_cents: NDArray[np.float64] | None = None) -> Sound:
            return self.sound(int(order[key % len(order)])) * np.float32((velocity / 127) ** 1.3)

        return play

    def names(self) -> list[str]:
        """Of each sound, the folder and name of its file."""
        return [f"{path.parent.name}/{path.name}" for path in self._paths]

    def any(self, rng: np.random.Generator) -> Sound:
        """One of the sounds by chance."""
        return self.sound(int(rng.integers(len(self._paths))))

    def sound(self, number: int) -> Sound:
        """A sound from its onset on, `(n,)`, its highest sample LOUDEST; empty where its file cannot be
        read, is silent or swells."""
        return _read(self._paths[number], self.sample_rate_hz)


@cache
def _read(path: Path, sample_rate_hz: int) -> Sound:
    try:
        audio, rate = read_audio(path)
    except MotesError:
        return np.zeros(0, np.float32)
    mono = np.atleast_2d(audio).mean(axis=0, keepdims=True).astype(np.float32)
    whole = np.concatenate(list(resample_blocks([mono], 1, rate, sample_rate_hz)), axis=1)[0]
    audible = without_silence(whole)[: round(LONGEST_S * sample_rate_hz)]
    peak = float(np.abs(audible).max(initial=0.0))
    if peak < 1e-4 or np.argmax(np.abs(audible) > peak / 2) > SLOWEST_S * sample_rate_hz:
        return np.zeros(0, np.float32)
    return faded(audible * np.float32(LOUDEST / peak), round(0.01 * sample_rate_hz))
