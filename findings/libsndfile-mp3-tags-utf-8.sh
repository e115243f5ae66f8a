#!/usr/bin/env bash
# libsndfile 1.2.2 (soundfile 0.13.1) garbles what is not ASCII in the tags of an MP3 as soon as a text is longer than 30 bytes: it then writes an ID3v2.3
# tag whose frame says Latin-1 (encoding 0) and holds UTF-8, so that every reader, itself included, shows "GrÃ¼Ã<9f>e" for "Grüße". Shorter texts go into an
# ID3v1 tag alone, as UTF-8, which it reads back. Whoever writes MP3 with it does better to write an ID3v2 tag before the file oneself.
# Seen: short 'Grüße' without ID3v2; long 'GrÃ¼Ã\x9fe aus ...' from the frame TIT2 with encoding 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check soundfile==0.13.1 numpy==2.2.6
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import numpy as np
import soundfile


def written(title):
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", 44100, 1, "MPEG_LAYER_III", format="MP3") as file:
        file.title = title
        file.write(0.1 * np.sin(np.arange(44100) / 20))
    return out.getvalue()


def title(data):
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        return file.title


long_title = "Grüße aus einem langen Titel, länger als 30 Bytes"
short, long = written("Grüße"), written(long_title)
encoding = long[long.index(b"TIT2") + 10] if b"TIT2" in long else None
found = title(short), short.startswith(b"ID3"), title(long), long.startswith(b"ID3"), encoding
print(soundfile.__libsndfile_version__, *map(ascii, found))
garbled = long_title.encode().decode("latin-1")
sys.exit(0 if found == ("Grüße", False, garbled, True, 0) else 1)
PYTHON
