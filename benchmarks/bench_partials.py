"""Partials: how much more a partial ripples once its sound is moved, whether planted voices are found, how fast atoms
are linked, and what there and back again costs on recordings.

    python benchmarks/bench_partials.py        # MOTES_SHARED names the folder that holds audio/NAME.flac

"links/s" is with one thread, then with all cores; purity and completeness are by energy
(tests/kinds/gabor/partials/test_tracking.py), mean of five mixtures each.
Ripple is the range of levels in a band about the partial, in dB, less that of the unedited
render (both of which are encoded at 40 dB).
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

import motes
from motes.edit.partials import link

ROOT = Path(__file__).parents[1]
FOLDER = Path(os.environ.get("MOTES_SHARED") or ROOT.parent / "shared") / "audio"
SEMITONES, TIMES = (1, -1, 3, -3, 7, 12, -12), (0.5, 0.8, 1.5, 2.0)
CLIPS = ("piano", "singing", "strings", "orchestra", "song", "trumpet")


def main() -> None:
    sys.path.insert(0, str(ROOT / "tests/kinds/gabor/partials"))
    from test_tracking import RATE, SOUNDS, excess_db, phase_of, purity_and_completeness, voices

    print(
        f"{'sound, windows':28}"
        + "".join(f"{s:>+7d}" for s in SEMITONES)
        + "".join(f"{'×' + format(s, 'g'):>7}" for s in TIMES)
    )
    for name, (frequencies, suited, width_hz, skip_s) in SOUNDS.items():
        audio = sum(0.3 * np.cos(phase_of(f)) for f in frequencies)
        for windows in dict.fromkeys([suited, (512, 2048, 8192)]):
            scene = motes.encode(audio, sample_rate_hz=RATE, snr_db=40, windows=windows)
            row = [
                excess_db(scene.transpose(s), scene, frequencies, 1, 2 ** (s / 12), width_hz, skip_s) for s in SEMITONES
            ]
            row += [excess_db(scene.stretch(s), scene, frequencies, s, 1, width_hz, skip_s) for s in TIMES]
            print(f"{name + ' ' + '/'.join(map(str, windows)):28}" + "".join(f"{x:7.2f}" for x in row), flush=True)
    print(f"\n{'planted voices, 30 dB':28}{'purity':>10}{'complete':>10}{'lines':>8}")
    for low_hz, high_hz in ((150, 1200), (200, 3200)):
        for n_voices in (1, 2, 3, 5, 10):
            rows = []
            for seed in range(5):
                frequencies, audio = voices(n_voices, seed, low_hz, high_hz)
                scene = link(motes.encode(audio, sample_rate_hz=RATE, snr_db=30))
                rows.append((*purity_and_completeness(scene, frequencies), len(scene.groups)))
            purity, completeness, n_lines = np.mean(rows, axis=0)
            print(
                f"{f'{n_voices} from {low_hz} to {high_hz} Hz':28}{purity:>10.3f}{completeness:>10.3f}{n_lines:>8.1f}",
                flush=True,
            )
    print(
        f"\n{'recording, 20 dB':28}{'events':>8}{'partials':>10}{'unlinked':>10}"
        f"{'links/s':>9}{'all cores':>11}{'SNR':>8}{'+3 −3':>8}"
    )
    for name in CLIPS:
        audio, rate = soundfile.read(FOLDER / f"{name}.flac")
        scene = motes.encode(audio, sample_rate_hz=rate, snr_db=20)
        linked, speed = link(scene), [len(scene.gabor) / min(_seconds(scene, n) for _ in range(3)) for n in (1, 0)]
        there_and_back = scene.transpose(3).transpose(-3)
        snr_db = [10 * np.log10(np.sum(audio**2) / np.sum((audio - s.render()) ** 2)) for s in (scene, there_and_back)]
        alone = np.mean(linked.gabor.group_id == 0)
        counts = (
            f"{name:28}{len(scene.gabor):>8}{len(linked.groups):>10}{alone:>10.0%}{speed[0]:>9.0f}{speed[1]:>11.0f}"
        )
        print(f"{counts}{snr_db[0]:>8.2f}{snr_db[1]:>8.2f}", flush=True)


def _seconds(scene: motes.Scene, n_threads: int) -> float:
    before = time.perf_counter()
    link(scene, n_threads)
    return time.perf_counter() - before


if __name__ == "__main__":
    main()
