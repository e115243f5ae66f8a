#!/usr/bin/env bash
# Debian's csound-soundfont 1:6.18.1+dfsg-1 (sf_GMbank.sf2) and timgm6mb-soundfont 1.3-5 (TimGM6mb.sf2) hold many of the
# same recordings: the first 1,000 values of a sample of one are those of a sample of the other. Who trains on one and tests
# on the other tests on what was trained on.
# Seen: 240 of 373 samples of sf_GMbank.sf2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq csound-soundfont=1:6.18.1+dfsg-1 timgm6mb-soundfont=1.3-5 2>/dev/null
for package in ./*.deb; do dpkg-deb -x "$package" tree; done
python3 - <<'PYTHON'
import hashlib
import struct
import sys


def samples(path):
    """Digests of the first 1,000 values of each sample of an SF2 file, of those that have as many, by their names."""
    data = open(path, "rb").read()
    head, audio = data.find(b"shdr"), data.find(b"smpl", data.find(b"sdta")) + 8
    size = struct.unpack("<I", data[head + 4 : head + 8])[0]
    found = {}
    for place in range(head + 8, head + 8 + size - 46, 46):  # the last record only marks the end
        first, last = struct.unpack("<II", data[place + 20 : place + 28])
        if last - first > 1000:
            name = data[place : place + 20].split(b"\0")[0]
            found[name] = hashlib.md5(data[audio + 2 * first : audio + 2 * first + 2000]).hexdigest()
    return found


one = samples("tree/usr/share/sounds/sf2/sf_GMbank.sf2")
other = samples("tree/usr/share/sounds/sf2/TimGM6mb.sf2")
shared = sum(digest in set(other.values()) for digest in one.values())
print(f"sf_GMbank.sf2: {len(one)} samples of 1,000 values or more, {shared} of them in TimGM6mb.sf2, which has {len(other)}")
sys.exit(0 if shared == 240 else 1)
PYTHON
