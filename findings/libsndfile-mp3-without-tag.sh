#!/usr/bin/env bash
# libsndfile 1.2.2 (soundfile 0.14.0) ends an MP3 of variable bitrate that has no Xing tag where the bitrate of its first frame says, without an error:
# one second of noise and eight of a soft tone come back as less than two seconds. FFmpeg (PyAV 18.1.0) decodes all nine from the same bytes.
# Seen: frames 63804, read 63804; PyAV 398592.
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

rate = 44100
noise = 0.3 * np.random.default_rng(0).standard_normal(rate)
tone = 0.05 * np.sin(2 * np.pi * 440 * np.arange(8 * rate) / rate)
out = io.BytesIO()
with soundfile.SoundFile(
    out, "w", rate, 1, "MPEG_LAYER_III", format="MP3", compression_level=0.5, bitrate_mode="VARIABLE"
) as file:
    file.write(np.concatenate([noise, tone]))
data = out.getvalue()
kbps = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)[data[2] >> 4]
bare = data[144000 * kbps // rate + (data[2] >> 1 & 1) :]  # MPEG-1 layer III: the first frame is the tag
assert b"Xing" in data[:64] and b"Xing" not in bare[:2000]
with soundfile.SoundFile(io.BytesIO(bare)) as file:
    promised, read = file.frames, len(file.read())
with av.open(io.BytesIO(bare), format="mp3") as container:
    by_ffmpeg = sum(frame.samples for frame in container.decode(audio=0))
print("libsndfile", soundfile.__libsndfile_version__, "promises", promised, "and reads", read, "samples; FFmpeg", by_ffmpeg)
sys.exit(0 if read < 2 * rate and by_ffmpeg > 9 * rate else 1)
PYTHON
