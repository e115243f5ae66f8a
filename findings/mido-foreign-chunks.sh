#!/usr/bin/env bash
# mido 1.3.3 refuses standard MIDI files with a chunk that is neither header nor track, and takes it for a track.
# The specification says that readers are to skip chunks that they do not know; files of Yamaha's instruments (XFIH, XFKM)
# and of accompaniments (CASM) hold such. mido counts chunks up to the number of tracks, and raises at the first other one.
# Seen: OSError "no MTrk header at start of track"; without the chunk one note.
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


def chunk(name, content):
    return struct.pack(">4sL", name, len(content)) + content


header = chunk(b"MThd", struct.pack(">HHH", 0, 1, 480))
track = chunk(b"MTrk", b"\x00\x90\x3c\x50\x00\xff\x2f\x00")


def outcome(data):
    try:
        return sum(message.type == "note_on" for message in mido.MidiFile(file=io.BytesIO(data)))
    except OSError as error:
        return str(error)


plain, foreign = outcome(header + track), outcome(header + chunk(b"XFIH", b"\x00") + track)
print(f"mido {mido.version_info}: plain {plain} note, with a foreign chunk: {foreign}")
sys.exit(0 if plain == 1 and foreign == "no MTrk header at start of track" else 1)
PYTHON
