"""Quality at actual bits in the file, motes and Opus side by side, with controls: a table and a picture.

    python benchmarks/quality.py [FOLDER] [--kbps 16 24 32 48] [--events-per-second 1000] [--speed] [--plot quality.svg]

FOLDER holds recordings (the ten mono clips of MOTES_SHARED by default). Each is encoded by motes and, where it is
installed, by opusenc (Debian: opus-tools) at every rate, decoded, and scored with Zimtohrli, ViSQOL (1 … 5; several
channels: mean over channels and mid) and spectral convergence (0 is perfect). motes is charged its whole file, Opus its
packets alone, without Ogg. Speeds are lengths over processor times; `--speed` measures these alone. A measure that the
controls, a noise vocoder and random phases, also please is not to be trusted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile

import motes
from motes.codec import dumps, loads
from motes.metrics.align import align
from motes.metrics.controls import CONTROLS
from motes.metrics.perceptual import visqol, zimtohrli
from motes.metrics.signal import spectral_convergence

CLIPS = ("piano", "orchestra", "singing", "speech", "rain", "bendir", "vibraphone", "strings", "song", "trumpet")
SHARED = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
RATES_KBPS = (16, 24, 32, 48)
MEASURES = ("zimtohrli", "visqol", "spectral_convergence")
Scores = dict[str, float]


def scores(estimate: np.ndarray, reference: np.ndarray, rate: int) -> Scores:
    """Every measure of one decoded recording."""
    opinions = {measure.__name__: measure(estimate, reference, rate)["mean"] for measure in (zimtohrli, visqol)}
    return opinions | {"spectral_convergence": spectral_convergence(estimate, reference)}


def processor_s() -> float:
    """Seconds of processor time of this process and those it has waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def by_motes(path: Path, kbps: float) -> tuple[np.ndarray, Scores]:
    """What motes decodes to, its whole file's kbps, and its speeds."""
    return _by_motes(path, {"kbps": kbps})


def by_events(path: Path, per_second: float) -> tuple[np.ndarray, Scores]:
    """What motes decodes to of so many events per second."""
    return _by_motes(path, {"events_per_second": per_second})


def _by_motes(path: Path, target: Scores) -> tuple[np.ndarray, Scores]:
    audio, rate = soundfile.read(path, always_2d=True)
    seconds, begun = len(audio) / rate, processor_s()
    data = dumps(motes.encode(audio.T, sample_rate_hz=rate, **target))
    encoded = processor_s()
    decoded = np.atleast_2d(loads(data).render())
    speeds = {"encode_x": seconds / (encoded - begun), "decode_x": seconds / max(1e-3, processor_s() - encoded)}
    return decoded, {"kbps": 8 * len(data) / seconds / 1000} | speeds


def by_opus(path: Path, kbps: float) -> tuple[np.ndarray, Scores]:
    """What Opus decodes to at the recording's own rate, its packets' kbps, and its speeds."""
    info = soundfile.info(path)
    with tempfile.TemporaryDirectory() as folder:
        opus, wav = Path(folder) / "a.opus", Path(folder) / "a.wav"
        begun = processor_s()
        subprocess.run(["opusenc", "--quiet", "--bitrate", f"{kbps}", path, opus], check=True)
        encoded = processor_s()
        subprocess.run(
            ["opusdec", "--quiet", "--float", "--rate", f"{info.samplerate}", opus, wav],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        spent_s = {"encode_x": encoded - begun, "decode_x": processor_s() - encoded}
        speeds = {name: info.duration / max(1e-3, one_s) for name, one_s in spent_s.items()}
        decoded, _ = soundfile.read(wav, always_2d=True)
        return decoded.T, {"kbps": ogg_payload(opus.read_bytes()) * 8 / info.duration / 1000} | speeds


def ogg_payload(data: bytes) -> int:
    """Bytes of all packets but the two of the header (RFC 3533, RFC 7845: these have pages of their own)."""
    place, sizes = 0, []
    while place < len(data):
        n_segments = data[place + 26]
        sizes.append(sum(data[place + 27 : place + 27 + n_segments]))
        place += 27 + n_segments + sizes[-1]
    return sum(sizes[2:])


def measure(
    paths: list[Path], rates_kbps: list[float], per_second: list[float], with_scores: bool
) -> dict[tuple[str, float], list[Scores]]:
    """Scores of each file by (codec or control, rate asked)."""
    both = (by_motes, by_opus) if shutil.which("opusenc") else (by_motes,)
    codecs = [(codec, kbps) for kbps in rates_kbps for codec in both]
    by_motes(paths[0], 16)  # compiled and warm
    codecs += [(by_events, rate) for rate in per_second]
    found: dict[tuple[str, float], list[Scores]] = defaultdict(list)
    for path in paths:
        audio, rate = soundfile.read(path, always_2d=True)
        for control in CONTROLS if with_scores else ():
            found[control.__name__, 0].append({"kbps": 0.0} | scores(control(audio.T, rate), audio.T, rate))
        for codec, asked in codecs:
            decoded, one = codec(path, asked)
            if with_scores:
                estimate, reference, _ = align(decoded, audio.T, rate)
                one |= scores(estimate, reference, rate)
            found[codec.__name__[3:], asked].append(one)
            shown = "  ".join(f"{value:.3f}" for value in one.values())
            print(f"  {path.stem:12} {codec.__name__[3:]:6} {asked:5g}: {shown}", flush=True)
    return found


def table(found: dict[tuple[str, float], list[Scores]]) -> str:
    """Mean (worst) over the files, as Markdown."""
    lines = [
        "| | asked | kbps, mean (most) | encoded, × real time | decoded | Zimtohrli | ViSQOL | spectral convergence |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (name, asked), files in sorted(found.items(), key=lambda item: (item[0][1], item[0][0])):
        column = {key: np.array([one[key] for one in files]) for key in files[0]}
        actual = f"{column['kbps'].mean():.1f} ({column['kbps'].max():.1f})" if asked else ""
        cells = [f"{column[key].mean():.3g}" if key in column else "" for key in ("encode_x", "decode_x")]
        cells += [f"{column[key].mean():.2f} ({column[key].min():.2f})" for key in MEASURES[:2] if key in column]
        cells += [f"{column[key].mean():.3f} ({column[key].max():.3f})" for key in MEASURES[2:] if key in column]
        lines.append(f"| {name.replace('_', ' ')} | {f'{asked:g}' if asked else ''} | {actual} | {' | '.join(cells)} |")
    return "\n".join(lines)


def plot(found: dict[tuple[str, float], list[Scores]], path: Path) -> None:
    """Both scores over the actual rate: means, the worst file thin below, controls as dashed lines."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharex=True)
    for axis, key, title in zip(axes, MEASURES[:2], ("Zimtohrli", "ViSQOL"), strict=True):
        for name, colour in (("motes", "C1"), ("opus", "C0")):
            rates = sorted(asked for codec, asked in found if codec == name)
            values = [[one[key] for one in found[name, asked]] for asked in rates]
            actual = [np.mean([one["kbps"] for one in found[name, asked]]) for asked in rates]
            axis.plot(actual, [np.mean(v) for v in values], "o-", color=colour, label=f"{name}, mean")
            axis.plot(actual, [min(v) for v in values], ".--", color=colour, linewidth=0.8, label=f"{name}, worst file")
        for control, colour in zip(CONTROLS, ("0.6", "0.4"), strict=True):
            mean = np.mean([one[key] for one in found[control.__name__, 0]])
            axis.axhline(mean, color=colour, linestyle=":", label=control.__name__.replace("_", " "))
        axis.set(title=title, xlabel="kbps in the file")
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--kbps", nargs="*", type=float, default=list(RATES_KBPS))
    parser.add_argument("--events-per-second", nargs="+", type=float, default=[])
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    paths = (
        sorted(p for p in options.folder.iterdir() if p.suffix in (".wav", ".flac"))
        if options.folder
        else [SHARED / f"{c}.flac" for c in CLIPS]
    )
    found = measure(paths, options.kbps, options.events_per_second, not options.speed)
    print(table(found))
    if options.plot:
        plot(found, options.plot)


if __name__ == "__main__":
    main()
