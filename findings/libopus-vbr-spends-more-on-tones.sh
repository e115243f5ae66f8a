#!/usr/bin/env bash
# libopus 1.6.1 (in PyAV 18.1.0) with VBR at complexity 10 is asked for 16, 24 and 48 kbps: mono tones get 1.3 to 2 times as
# many in packets alone, over ten seconds; white noise gets fewer. Compare codecs at the bits they spend.
# Seen: a sinusoid 24.2, 47.8, 77.7; a harmonic tone 26.5, 39.6, 67.4; a chord 21.8, 34.5, 62.2; noise 12.4, 19.7, 43.4.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q numpy==2.4.0 av==18.1.0
"$folder/env/bin/python" - <<'PYTHON'
import ctypes
import sys
from pathlib import Path

import av
import numpy as np

RATE, SECONDS = 48000, 10
t = np.arange(RATE * SECONDS) / RATE
SOUNDS = {
    "one sinusoid": np.sin(2 * np.pi * 1000 * t),
    "harmonic tone, 40 partials": sum(np.sin(2 * np.pi * 220 * k * t + k * k) / k for k in range(1, 41)),
    "chord of three": sum(np.sin(2 * np.pi * f * k * t) / k for f in (262, 330, 392) for k in range(1, 9)),
    "white noise": np.random.default_rng(1).standard_normal(len(t)),
}


def spent_kbps(audio, kbps):
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "flt"
    encoder.bit_rate = kbps * 1000
    encoder.options = {"vbr": "on", "application": "audio", "compression_level": "10"}
    n_bytes = 0
    for first in range(0, len(audio), 960):
        frame = av.AudioFrame.from_ndarray(audio[np.newaxis, first : first + 960].astype(np.float32), "flt", "mono")
        frame.sample_rate = RATE
        n_bytes += sum(packet.size for packet in encoder.encode(frame))
    return 8 * n_bytes / SECONDS / 1000


library = next((Path(av.__file__).parent.parent / "av.libs").glob("libopus*"))
version = ctypes.CDLL(str(library)).opus_get_version_string
version.restype = ctypes.c_char_p
print(version().decode())
same = version() == b"libopus 1.6.1"
for name, audio in SOUNDS.items():
    spent = [round(spent_kbps(0.3 * audio / np.abs(audio).max(), kbps), 1) for kbps in (16, 24, 48)]
    print(f"{name}: asked 16, 24, 48 kbps, spent {spent}")
    ratio = [each / asked for each, asked in zip(spent, (16, 24, 48), strict=True)]
    same &= max(ratio) < 1 if name == "white noise" else min(ratio) > 1.25
sys.exit(0 if same else 1)
PYTHON
