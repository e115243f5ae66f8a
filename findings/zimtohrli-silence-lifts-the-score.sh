#!/usr/bin/env bash
# Zimtohrli 0.2.1.post1 weighs all of a recording's length alike: the same four seconds with noise over them, followed by twenty seconds of digital
# silence in both signals, score 1.3 higher. Files with long rests or padded to one length are not to be compared with others by it.
# Seen: 2.84 alone, 4.18 with the silence.
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
rng, t = np.random.default_rng(0), np.arange(4 * 48000) / 48000
sound = sum(0.1 / partial * np.sin(2 * np.pi * 220 * partial * t) for partial in range(1, 8)) * np.exp(-(t % 0.5) * 4)
noisy = sound + 0.01 * rng.standard_normal(n)
rest = np.zeros(20 * rate)


def score(reference, estimate):
    return float(zimtohrli.mos_from_signals(reference.astype(np.float32), estimate.astype(np.float32)))


alone, padded = score(sound, noisy), score(np.append(sound, rest), np.append(noisy, rest))
print(f"Zimtohrli {version('zimtohrli')}: {alone:.2f} alone, {padded:.2f} with twenty seconds of silence after it")
sys.exit(0 if padded > alone + 1 else 1)
PYTHON
