#!/usr/bin/env bash
# libsndfile 1.2.2 (soundfile 0.14.0) reads only the first stream of a chained Ogg file, which RFC 3533 and RFC 7845 allow and radio recordings are made of: the
# rest is gone without an error, of Vorbis and of Opus alike.
# Seen: Vorbis 48000 of 48500 samples, Opus 48000 of 48500.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check soundfile==0.14.0 numpy==2.2.6
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import numpy as np
import soundfile


def written(subtype, n_samples):
    out = io.BytesIO()
    y = np.random.default_rng(0).standard_normal(n_samples) * 0.1
    soundfile.write(out, y, 48000, format="OGG", subtype=subtype)
    return out.getvalue()


found = {}
for subtype in ("VORBIS", "OPUS"):
    links = written(subtype, 48000), written(subtype, 500)
    assert [len(soundfile.read(io.BytesIO(link))[0]) for link in links] == [48000, 500]
    with soundfile.SoundFile(io.BytesIO(links[0] + links[1])) as file:
        found[subtype] = len(file.read())
print(soundfile.__libsndfile_version__, "of 48500 samples:", found)
sys.exit(0 if found == {"VORBIS": 48000, "OPUS": 48000} else 1)
PYTHON
