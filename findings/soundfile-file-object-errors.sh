#!/usr/bin/env bash
# python-soundfile 0.14.0 (libsndfile 1.2.2) reads a WAV from a file object whose read() raises after a while without an
# error of its own: the exception is printed by cffi, sf.read() returns fewer samples than the header tells of, and the
# caller cannot know. Who reads from a network by a file object has to keep the error and raise it afterwards.
# Seen: 48,000 samples are announced, 24,000 come back, no exception.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q soundfile==0.14.0 numpy==2.2.6
env/bin/python - 2>printed <<'PYTHON'
import io
import sys

import numpy as np
import soundfile


class Failing(io.BytesIO):
    """A file whose second half cannot be read."""

    def readinto(self, buffer):
        if self.tell() > 48_000:
            raise OSError("the network is gone")
        return super().readinto(buffer)

    def read(self, n_bytes=-1):
        if self.tell() > 48_000:
            raise OSError("the network is gone")
        return super().read(n_bytes)


whole = io.BytesIO()
soundfile.write(whole, np.linspace(-0.5, 0.5, 48_000), 48_000, format="WAV", subtype="PCM_16")
file = soundfile.SoundFile(Failing(whole.getvalue()))
found = [file.read(4_800) for _ in range(10)]
n = sum(map(len, found))
print(f"soundfile {soundfile.__version__}, {soundfile.__libsndfile_version__}: {file.frames} samples are announced, {n} read, no exception")
sys.exit(0 if n < file.frames else 1)
PYTHON
grep -q "the network is gone" printed || { echo "the exception is not printed any more"; exit 1; }
