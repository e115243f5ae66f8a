#!/usr/bin/env bash
# Zimtohrli 0.2.1.post1 rates a recording that comes 12 ms late above one that comes 5 ms late, and nearly as high as one that comes 1 ms late: what it
# says of a codec whose delay was not taken out tells of the delay, and a longer delay may well look better.
# Seen (plucked tones, four seconds): 1 ms 4.97, 5 ms 4.73, 12 ms 4.96, 15 ms 4.67.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zimtohrli==0.2.1.post1 numpy==2.2.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import zimtohrli

rate, n = 48000, 4 * 48000
rng, sound = np.random.default_rng(0), np.zeros(n)
for k in range(8):
    first, f0_hz = int(k * 0.45 * rate), 220 * 2 ** (rng.integers(0, 24) / 12)
    t = np.arange(n - first) / rate
    for partial in range(1, 8):
        sound[first:] += 0.05 / partial * np.exp(-3 * t) * np.sin(2 * np.pi * f0_hz * partial * t)
sound = sound.astype(np.float32)


def late(ms):
    samples = rate * ms // 1000
    return float(zimtohrli.mos_from_signals(sound, np.concatenate([np.zeros(samples, np.float32), sound[: n - samples]])))


found = {ms: round(late(ms), 3) for ms in (1, 5, 12, 15)}
print("Zimtohrli", version("zimtohrli"), "by ms of delay:", found)
sys.exit(0 if found[12] > found[5] + 0.1 and found[12] > found[15] + 0.1 else 1)
PYTHON
