"""Stereo quality at actual bits in the file, motes and Opus side by side: each channel, their mid signal, and the image
between them.

    python benchmarks/quality_stereo.py [FILE …] [--kbps 24 36 48 72] [--seconds 8]

The recordings (by default the stereo clips of MOTES_SHARED, their first eight seconds) are encoded by motes, by the
libopus of PyAV and, where it is installed, by opusenc at every rate, and scored with Zimtohrli and ViSQOL for left,
right and mid. The errors of level difference and coherence are those of motes.metrics.stereo: mean over ERB bands
(worst band). The last lines compare the size of a file of two identical channels with that of one.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile

import motes
from motes.codec import dumps
from motes.metrics.align import align
from motes.metrics.perceptual import signals, visqol, zimtohrli
from motes.metrics.stereo import stereo_errors
from quality_clips import SHARED
from quality_codecs import standard_codecs

CLIPS = ("song_60s_stereo", "sugarplum_stereo")
RATES_KBPS = (24, 36, 48, 72)
MEASURES = (zimtohrli, visqol)
ALIKE = ({"quality": 5}, {"events_per_second": 1000}, {"snr_db": 15}, {"events_per_second": 1000, "texture": True})


def row(path: Path, codec: str, kbps: float) -> str:
    """One line of the table."""
    audio, rate = soundfile.read(path, always_2d=True)
    coded = standard_codecs()[codec](path, kbps)
    estimate, reference, _ = align(coded.decoded, audio.T, rate)
    cells = [f"{kbps:g}", codec, f"{coded.numbers['kbps']:.1f}"]
    for measure in MEASURES:
        each = [measure(e, r, rate)["mean"] for e, r in zip(signals(estimate), signals(reference), strict=True)]
        cells.append(" ".join(f"{value:.2f}" for value in each) + f", mean {np.mean(each):.2f}")
    image = stereo_errors(estimate, reference, rate)
    cells += [f"{image[name]:.2f} ({image[f'{name}_worst']:.2f})" for name in ("ild_error_db", "coherence_error")]
    return "| " + " | ".join([path.stem, *cells]) + " |"


def cost_of_identical(path: Path, seconds: float) -> list[str]:
    """How much more two channels that are the first one twice take than it alone, for each way to choose a size."""
    audio, rate = soundfile.read(path, always_2d=True, frames=int(seconds * 44100))
    lines = []
    for settings in ALIKE:
        one, two = (
            len(dumps(motes.encode(x, sample_rate_hz=rate, **settings))) for x in (audio[:, 0], audio[:, [0, 0]].T)
        )
        told = " ".join(f"{name} {value}" for name, value in settings.items())
        lines.append(f"identical channels, {path.stem}, {told}: {one} and {two} bytes, {100 * (two / one - 1):+.1f} %")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--kbps", nargs="+", type=float, default=list(RATES_KBPS))
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--codec", nargs="+", default=list(standard_codecs()), help="names, as the table has them")
    options = parser.parse_args()
    paths = options.files or [SHARED / f"{name}.flac" for name in CLIPS]
    print(
        "| recording | kbps asked | codec | kbps | Zimtohrli, left right mid | ViSQOL | level error, dB | "
        "coherence "
        "error |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            audio, rate = soundfile.read(path, always_2d=True)
            piece = Path(folder) / f"{path.stem}.wav"
            soundfile.write(piece, audio[: int(options.seconds * rate)], rate, subtype="PCM_16")
            for kbps in options.kbps:
                for codec in options.codec:
                    print(row(piece, codec, kbps), flush=True)
    for path in paths:
        print("\n".join(cost_of_identical(path, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
