#!/usr/bin/env bash
# ViSQOL in its audio mode (visqol-python 3.8.0; its libsvm is compiled, so a C++ compiler is needed) compares levels of bands and hears no pitch:
# a melody from a noise vocoder of 25 bands, and one with random phases, score above the melody itself with white noise 20 dB beneath it.
# A silent estimate scores NaN, which a mean over files passes on.
# Seen: itself 4.73, random phases 3.79, vocoder 3.61, noise at −20 dB 3.43, silence NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check visqol-python==3.8.0 numpy==2.2.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import logging
import math
import sys
from importlib.metadata import version

import numpy as np
from visqol import VisqolApi

logging.getLogger("visqol").setLevel(logging.ERROR)
api = VisqolApi()
api.create(mode="audio")
rate, n, rng = 48000, 6 * 48000, np.random.default_rng(0)
melody = 0.002 * rng.standard_normal(n)
for first in range(0, n, int(0.24 * rate)):
    f0_hz, t = 110 * 2 ** (rng.integers(0, 30) / 12), np.arange(n - first) / rate
    for partial in range(1, 12):
        melody[first:] += 0.04 / partial * np.exp(-3 * t) * np.sin(2 * np.pi * f0_hz * partial * t + rng.uniform(0, 6))


def stft(x, n_fft, hop):
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, n_fft), n_fft)[::hop]
    return np.fft.rfft(frames * np.hanning(n_fft + 1)[:-1], axis=1)


def inverse(spectra, n_fft, hop):
    window, out = np.hanning(n_fft + 1)[:-1], np.zeros(len(spectra) * hop + n_fft)
    norm = np.zeros_like(out)
    for i, frame in enumerate(np.fft.irfft(spectra, axis=1)):
        out[i * hop : i * hop + n_fft] += frame * window
        norm[i * hop : i * hop + n_fft] += window**2
    return (out / np.maximum(norm, 1e-3))[n_fft : n_fft + n]


spectra = stft(melody, 2048, 512)
random_phase = inverse(np.abs(spectra) * np.exp(2j * np.pi * rng.uniform(size=spectra.shape)), 2048, 512)
levels, noise = np.abs(stft(melody, 512, 128)) ** 2, stft(rng.standard_normal(n), 512, 128)
erb = 21.4 * np.log10(1 + 0.00437 * np.fft.rfftfreq(512, 1 / rate))
band = np.minimum((erb / erb[-1] * 25).astype(int), 24)
for k in range(25):
    own = band == k
    power = np.sum(np.abs(noise[:, own]) ** 2, axis=1)
    noise[:, own] *= np.sqrt(levels[:, own].sum(axis=1) / np.maximum(power, 1e-12))[:, None]
estimates = {
    "itself": melody,
    "random phases": random_phase,
    "vocoder": inverse(noise, 512, 128),
    "noise at -20 dB": melody + 0.1 * melody.std() * rng.standard_normal(n),
    "silence": np.zeros(n),
}
score = {name: float(api.measure_from_arrays(melody, estimate, rate).moslqo) for name, estimate in estimates.items()}
print("visqol-python", version("visqol-python"), {name: round(value, 2) for name, value in score.items()})
worse = score["noise at -20 dB"]
sys.exit(0 if min(score["vocoder"], score["random phases"]) > worse + 0.1 and math.isnan(score["silence"]) else 1)
PYTHON
