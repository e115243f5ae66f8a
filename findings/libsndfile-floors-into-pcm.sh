#!/usr/bin/env bash
# libsndfile 1.2.2 (soundfile 0.14.0) turns floats into integers by rounding down in WAV, AIFF, CAF, W64, AU and ALAC, and to the nearest in FLAC: the
# same call with another extension gives other samples, and all but FLAC a mean that is half a step too low. Round to integers before writing.
# Seen, 16 bits, of 0.2 0.5 0.7 −0.2 −0.5 −0.7 steps: 0 0 0 −1 −1 −1, in FLAC 0 0 1 0 0 −1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check soundfile==0.14.0 numpy==2.2.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import io
import sys

import numpy as np
import soundfile

steps = np.array([0.2, 0.5, 0.7, -0.2, -0.5, -0.7])
found = {}
for container, subtype in [(name, "PCM_16") for name in ("WAV", "AIFF", "CAF", "W64", "AU", "FLAC")] + [("CAF", "ALAC_16")]:
    out = io.BytesIO()
    soundfile.write(out, np.tile(steps, 100) / 2**15, 44100, format=container, subtype=subtype)
    out.seek(0)
    found[f"{container} {subtype}"] = soundfile.read(out, dtype="int16")[0][: len(steps)].tolist()
print("libsndfile", soundfile.__libsndfile_version__, found)
in_flac = found.pop("FLAC PCM_16")
sys.exit(0 if in_flac == [0, 0, 1, 0, 0, -1] and all(row == [0, 0, 0, -1, -1, -1] for row in found.values()) else 1)
PYTHON
