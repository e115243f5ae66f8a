#!/usr/bin/env bash
# mido 1.3.3 gives negative times for standard MIDI files in SMPTE time.
# The division of a file's header is either ticks per beat or, with its highest bit set, the negative number of frames per
# second and the ticks per frame. mido reads it as one signed number of ticks per beat: at 25 frames of 40 ticks (E728 hex,
# a tick is 1 ms) it is −6360, and notes at 0, 0.5 and 1 s come at 0, −0.0393 and −0.0786 s, without an error.
# Seen: ticks_per_beat -6360, times 0, -0.0393, -0.0786.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mido==1.3.3
"$folder/venv/bin/python" - <<'PYTHON'
import io
import struct
import sys

import mido

division = (256 - 25) << 8 | 40
track = b"\x00\x90\x3c\x50" + 2 * b"\x83\x74\x90\x3c\x50" + b"\x00\xff\x2f\x00"  # 0, 500 and 500 ticks
data = struct.pack(">4sLHHH4sL", b"MThd", 6, 0, 1, division, b"MTrk", len(track)) + track
file = mido.MidiFile(file=io.BytesIO(data))
now_s, found = 0.0, []
for message in file:
    now_s += message.time
    if message.type == "note_on":
        found.append(round(now_s, 4))
print(f"mido {mido.version_info}: ticks_per_beat {file.ticks_per_beat}, times {found}, where the file says 0, 0.5, 1.0")
sys.exit(0 if found == [0.0, -0.0393, -0.0786] else 1)
PYTHON
