"""Partials: how much more a partial ripples once its sound is moved, how fast atoms are linked, and what there and back again costs on recordings.

    python benchmarks/bench_partials.py        # MOTES_SHARED names the folder that holds audio/NAME.flac

Ripple is the range of levels in a band about the partial, in dB, less that of the unedited render (both of which are encoded at 40 dB).
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

import motes
from motes.scene.partials import link

ROOT = Path(__file__).parents[1]
FOLDER = Path(os.environ.get("MOTES_SHARED") or ROOT.parent / "shared") / "audio"
SEMITONES, TIMES = (1, -1, 3, -3, 7, 12, -12), (0.5, 0.8, 1.5, 2.0)
CLIPS = ("piano", "singing", "strings", "orchestra", "song", "trumpet")


def main() -> None:
    sys.path.insert(0, str(ROOT / "tests/scene"))
    from test_partials import RATE, SOUNDS, excess_db, phase_of, stretched, transposed

    print(f"{'sound, windows':28}" + "".join(f"{s:>+7d}" for s in SEMITONES) + "".join(f"{'×' + format(s, 'g'):>7}" for s in TIMES))
    for name, (frequencies, suited, width_hz, skip_s) in SOUNDS.items():
        audio = sum(0.3 * np.cos(phase_of(f)) for f in frequencies)
        for windows in dict.fromkeys([suited, (512, 2048, 8192)]):
            scene = motes.encode(audio, sample_rate_hz=RATE, snr_db=40, windows=windows)
            row = [excess_db(transposed(scene, s), scene, frequencies, 1, 2 ** (s / 12), width_hz, skip_s) for s in SEMITONES]
            row += [excess_db(stretched(scene, s), scene, frequencies, s, 1, width_hz, skip_s) for s in TIMES]
            print(f"{name + ' ' + '/'.join(map(str, windows)):28}" + "".join(f"{x:7.2f}" for x in row), flush=True)
    print(f"\n{'recording, 20 dB':28}{'events':>8}{'partials':>10}{'unlinked':>10}{'links/s':>9}{'SNR':>8}{'+3 −3':>8}")
    for name in CLIPS:
        audio, rate = soundfile.read(FOLDER / f"{name}.flac")
        scene = motes.encode(audio, sample_rate_hz=rate, snr_db=20)
        before = time.perf_counter()
        linked = link(scene)
        speed = len(scene.gabor) / (time.perf_counter() - before)
        there_and_back = transposed(transposed(scene, 3), -3)
        snr_db = [10 * np.log10(np.sum(audio**2) / np.sum((audio - s.render()) ** 2)) for s in (scene, there_and_back)]
        alone = np.mean(linked.gabor.group_id == 0)
        print(f"{name:28}{len(scene.gabor):>8}{len(linked.groups):>10}{alone:>10.0%}{speed:>9.0f}{snr_db[0]:>8.2f}{snr_db[1]:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
