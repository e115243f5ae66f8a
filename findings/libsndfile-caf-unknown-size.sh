#!/usr/bin/env bash
# libsndfile 1.2.2 (soundfile 0.14.0) refuses a CAF file whose last chunk, that of the sound, has size -1. CAF prescribes just that for a size that was not
# known when the header was written, as in a pipe. FFmpeg (PyAV 18.1.0) reads it.
# Seen: libsndfile "Supported file format but file is malformed."; FFmpeg 2000 of 2000 samples.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check soundfile==0.14.0 av==18.1.0 numpy==2.2.6
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import av
import numpy as np
import soundfile

out = io.BytesIO()
soundfile.write(out, np.random.default_rng(0).standard_normal(2000) * 0.1, 44100, format="CAF", subtype="PCM_16")
caf = bytearray(out.getvalue())
at = caf.find(b"data") + 4
caf[at : at + 8] = b"\xff" * 8
try:
    soundfile.SoundFile(io.BytesIO(bytes(caf)))
    refused = "read"
except soundfile.LibsndfileError as error:
    refused = f"refused: {error.error_string}"
with av.open(io.BytesIO(bytes(caf)), format="caf") as container:
    by_ffmpeg = sum(frame.samples for frame in container.decode(audio=0))
print(f"CAF of size -1: libsndfile {refused}; FFmpeg {by_ffmpeg} samples")
sys.exit(0 if refused.startswith("refused") and by_ffmpeg == 2000 else 1)
PYTHON
