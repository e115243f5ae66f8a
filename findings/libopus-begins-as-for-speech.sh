#!/usr/bin/env bash
# libopus 1.6.1 (in PyAV 18.1.0, `application=audio`, mono, VBR) takes the beginning of every recording for speech: up to
# 48 kbps its first third of a second is packets of the hybrid mode (SILK below 8 kHz, CELT above), and only then, once
# it has recognised music, CELT alone. From 56 kbps on all is CELT. On clips of a few seconds that lowers Opus's scores:
# lead in with a second of sound, and leave its packets out.
# Seen, of five seconds of plucked notes: the first 19 packets of 20 ms are hybrid at 24, 32 and 48 kbps, the other 231
# are not; at 56 none is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q numpy==2.4.0 av==18.1.0
"$folder/env/bin/python" - <<'PYTHON'
import sys

import av
import numpy as np

RATE, SECONDS = 48000, 5
t, random = np.arange(RATE * SECONDS) / RATE, np.random.default_rng(0)
music = np.zeros_like(t)
for onset in np.arange(0, SECONDS, 0.25):
    pitch, u = 220 * 2 ** (random.integers(0, 24) / 12), np.maximum(t - onset, 0)
    music += sum(np.exp(-3 * u * k**0.5) * np.sin(2 * np.pi * pitch * k * u) / k for k in range(1, 8))
music *= 0.3 / np.abs(music).max()


def hybrid_packets(kbps):
    """Numbers of the packets in hybrid mode: configurations 12 to 15 of RFC 6716, table 2."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "flt"
    encoder.bit_rate = kbps * 1000
    encoder.options = {"vbr": "on", "application": "audio", "compression_level": "10"}
    packets = []
    for first in range(0, len(music), 960):
        frame = av.AudioFrame.from_ndarray(music[np.newaxis, first : first + 960].astype(np.float32), "flt", "mono")
        frame.sample_rate = RATE
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return [i for i, packet in enumerate(packets) if 12 <= packet[0] >> 3 < 16]


found = {kbps: hybrid_packets(kbps) for kbps in (24, 32, 48, 56)}
for kbps, numbers in found.items():
    print(f"{kbps} kbps: {len(numbers)} hybrid packets, the last of them number {max(numbers, default=None)}")
expected = {24: list(range(19)), 32: list(range(19)), 48: list(range(19)), 56: []}
sys.exit(0 if found == expected else 1)
PYTHON
