#!/usr/bin/env bash
# FFmpeg (PyAV 18.1.0) leaves the encoder's delay out of an MP3's samples but not out of its times: the first frame comes at 25.06 ms, and every later
# frame that much late, 1105 samples, so that `round(frame.time · rate)` is no index into what was decoded from the start. The first frames
# after a seek are wrong besides, since what they borrow from earlier ones is missing.
# Seen: first frame at 0.02506 s; decoded length exact; after a seek to 3 s the fifth frame equals the samples 1105 earlier than its time says.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check soundfile==0.14.0 av==18.1.0 numpy==2.2.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import io
import sys

import av
import numpy as np
import soundfile

rate = 44100
noise = (0.1 * np.random.default_rng(0).standard_normal(6 * rate)).astype(np.float32)
out = io.BytesIO()
soundfile.write(out, noise, rate, format="MP3", subtype="MPEG_LAYER_III")


def frames(seek_s=None):
    with av.open(io.BytesIO(out.getvalue()), format="mp3") as container:
        if seek_s is not None:
            stream = container.streams.audio[0]
            container.seek(int(seek_s / stream.time_base), stream=stream)
        return [(float(frame.pts * frame.time_base), frame.to_ndarray()[0]) for frame in container.decode(audio=0)]


of_all = frames()
whole = np.concatenate([samples for _, samples in of_all])
at_s, samples = frames(3)[4]
late = round(of_all[0][0] * rate)
errors = [float(np.abs(whole[first : first + len(samples)] - samples).max()) for first in (round(at_s * rate) - late, round(at_s * rate))]
print(f"PyAV {av.__version__}: begins at {of_all[0][0]:.5f} s, {len(whole)} samples of {len(noise)}; fifth frame after a seek differs by {errors}")
sys.exit(0 if late == 1105 and len(whole) == len(noise) and errors[0] < 1e-6 and errors[1] > 0.05 else 1)
PYTHON
