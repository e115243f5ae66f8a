"""What each loss hears: every loss against a ladder of controlled changes, mean over real recordings, as a table and as
a heat map.

    python benchmarks/loss_table.py docs/images/loss_table.png        # MOTES_SHARED names the folder that holds
    audio/NAME.flac

Two seconds of each recording from its loudest on. Every loss is divided by what it gives another recording of the same
level in place of the right one: 0 is deaf to a change, 1 takes it for a different recording. "samples" is the mean
magnitude of the difference of the waveforms, for comparison.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from motes.losses import LOSSES, loss_named

Array = NDArray[np.float64]
CLIPS = ("piano", "orchestra", "singing", "speech", "rain", "bendir", "vibraphone", "strings", "song", "trumpet")
SECONDS, RMS = 2.0, 0.05
FOLDER = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
Pair = tuple[Array, Array]
Change = Callable[[Array, int], Pair]


def gain(decibels: float) -> Change:
    return lambda x, rate: (x * 10 ** (decibels / 20), x)


def delay(milliseconds: float) -> Change:
    def change(x: Array, rate: int) -> Pair:
        n = round(milliseconds / 1000 * rate)
        return np.concatenate([np.zeros(n), x[: len(x) - n]]), x

    return change


def low_pass(hertz: float) -> Change:
    def change(x: Array, rate: int) -> Pair:
        f = np.fft.rfftfreq(len(x), 1 / rate)
        return np.fft.irfft(np.fft.rfft(x) / np.sqrt(1 + (f / hertz) ** 16), n=len(x)), x

    return change


def noise_at(snr_db: float) -> Change:
    def change(x: Array, rate: int) -> Pair:
        noise = np.random.default_rng(0).standard_normal(len(x))
        return x + noise * np.sqrt(np.mean(x**2) / np.mean(noise**2) * 10 ** (-snr_db / 10)), x

    return change


def random_phase(x: Array, rate: int) -> Pair:
    """Magnitudes of an STFT of 2048 samples, hop 512, under phases drawn anew."""
    from scipy.signal import istft, stft

    _, _, s = stft(x, nperseg=2048, noverlap=1536)
    phase = np.exp(2j * np.pi * np.random.default_rng(0).random(s.shape))
    _, y = istft(np.abs(s) * phase, nperseg=2048, noverlap=1536)
    return same_rms(y[: len(x)], x), x


def another_draw(x: Array, rate: int) -> Pair:
    """Both are noise under the recording's levels in bands and frames of 12 ms; two draws."""
    from scipy.signal import istft, stft

    hop = round(0.012 * rate)
    _, _, s = stft(x, nperseg=4 * hop, noverlap=3 * hop)
    edges = np.unique(np.round(np.geomspace(1, len(s), 33)).astype(int))
    per_band = [
        np.repeat(np.sqrt(np.mean(np.abs(s[a:b]) ** 2, 0, keepdims=True)), b - a, 0) for a, b in pairwise(edges)
    ]
    level = np.concatenate([per_band[0][:1], *per_band])
    draws = []
    for seed in (0, 1):
        _, _, n = stft(np.random.default_rng(seed).standard_normal(len(x)), nperseg=4 * hop, noverlap=3 * hop)
        draws.append(istft(n[:, : level.shape[1]] * level, nperseg=4 * hop, noverlap=3 * hop)[1][: len(x)])
    return same_rms(draws[0], x), same_rms(draws[1], x)


def detuned(cents: float) -> Change:
    """Played faster or slower about its middle, as a tape would be, so that onsets move by at most a hundredth part
    of the detuning in octaves.
    """

    def change(x: Array, rate: int) -> Pair:
        y = soxr.resample(x, rate, rate / 2 ** (cents / 1200), quality="VHQ")
        extra = len(x) - len(y)
        return (np.pad(y, (extra // 2, extra - extra // 2)) if extra > 0 else y[-extra // 2 :][: len(x)]), x

    return change


def note(n: int, rate: int, onset_s: float) -> Array:
    """A plucked note about as loud as the recording; 20 and 100 ms move its phase by the same quarter of a period."""
    t = np.arange(n) / rate - onset_s
    partials = sum(np.sin(2 * np.pi * 462.5 * k * t) * np.exp(-t.clip(0) * (3 + k)) / k for k in range(1, 9))
    return np.where(t > 0, partials, 0) * 1.2 * RMS


def removed_note(x: Array, rate: int) -> Pair:
    return x, x + note(len(x), rate, 0.6)


def late_note(milliseconds: float) -> Change:
    return lambda x, rate: (x + note(len(x), rate, 0.6 + milliseconds / 1000), x + note(len(x), rate, 0.6))


LADDER: tuple[tuple[str, tuple[tuple[str, Change], ...]], ...] = (
    ("gain, dB", (("−1", gain(-1)), ("−3", gain(-3)), ("−6", gain(-6)))),
    ("delay, ms", (("1", delay(1)), ("10", delay(10)), ("100", delay(100)))),
    ("low-pass, kHz", (("8", low_pass(8000)), ("4", low_pass(4000)), ("1", low_pass(1000)))),
    ("noise, dB SNR", (("40", noise_at(40)), ("20", noise_at(20)), ("0", noise_at(0)))),
    ("phase", (("random", random_phase),)),
    ("noise", (("redrawn", another_draw),)),
    ("detuned, cents", (("5", detuned(5)), ("20", detuned(20)), ("100", detuned(100)))),
    ("note late, ms", (("20", late_note(20)), ("100", late_note(100)), ("gone", removed_note))),
)


def losses() -> dict[str, Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]]:
    found: dict[str, Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]] = {
        "samples": lambda e, r, rate: (e - r).abs().mean((1, 2))
    }
    for loss in LOSSES:
        found[loss.name] = loss
        if loss.name == "scattering":
            found["scattering,\ntime-averaged"] = lambda e, r, rate: loss_named("scattering")(e, r, time_averaged=True)
    return found


def same_rms(x: Array, like: Array) -> Array:
    return x * np.sqrt(np.mean(like**2) / np.mean(x**2))


def excerpt(name: str) -> tuple[Array, int]:
    """Two seconds from a little before the loudest 50 ms on, at a level of `RMS`."""
    audio, rate = soundfile.read(FOLDER / f"{name}.flac")
    n, short = int(SECONDS * rate), rate // 20
    loudest = int(np.argmax(np.add.reduceat(audio**2, np.arange(0, len(audio), short)))) * short
    start = max(0, min(loudest - rate // 2, len(audio) - n))
    piece = audio[start : start + n]
    return piece * RMS / np.sqrt(np.mean(piece**2)), rate


def measure() -> tuple[list[str], NDArray[np.float64]]:
    """Names of the losses, and the table `(losses, changes)`: mean over clips of loss / loss of another clip."""
    clips = {name: excerpt(name) for name in CLIPS}
    named = losses()
    changes = [change for _, steps in LADDER for _, change in steps]
    total = np.zeros((len(named), len(changes)))
    for i, name in enumerate(CLIPS):
        x, rate = clips[name]
        others = [clips[CLIPS[(i + shift) % len(CLIPS)]][0] for shift in (1, 3)]
        pairs = [change(x, rate) for change in changes] + [(other, x) for other in others]
        for j, loss in enumerate(named.values()):
            values = [value(loss, *pair, rate) for pair in pairs]
            total[j] += np.array(values[: len(changes)]) / np.mean(values[len(changes) :])
        print(f"{name} done", file=sys.stderr, flush=True)
    return list(named), total / len(CLIPS)


def value(
    loss: Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor], estimate: Array, reference: Array, rate: int
) -> float:
    with torch.no_grad():
        e, r = (torch.from_numpy(np.ascontiguousarray(x, np.float32))[None, None] for x in (estimate, reference))
        return float(loss(e, r, rate))


def print_table(names: list[str], table: NDArray[np.float64]) -> None:
    columns = [f"{group} {step}".replace("late, ms gone", "gone") for group, steps in LADDER for step, _ in steps]
    plain = [name.replace("\n", " ") for name in names]
    print("| change | " + " | ".join(plain) + " |")
    print("|---|" + "---|" * len(plain))
    for i, column in enumerate(columns):
        print(f"| {column} | " + " | ".join(f"{v:.2f}" for v in table[:, i]) + " |")


def draw(names: list[str], table: NDArray[np.float64], path: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"font.size": 8.5, "font.family": "DejaVu Sans"})
    ink, faint = "#26262e", "#8a8a94"
    figure, axes = pyplot.subplots(figsize=(9.6, 4.2), layout="constrained")
    colours = matplotlib.colors.LinearSegmentedColormap.from_list(
        "heard", ["#f7f7f5", "#cfe0ea", "#6fa8c9", "#1f6a9c", "#0b3558"]
    )
    x, gap = 0.0, 0.45
    for group, steps in LADDER:
        start = x
        for k, (step, _) in enumerate(steps):
            column = sum(len(s) for g, s in LADDER[: [g for g, _ in LADDER].index(group)]) + k
            for j in range(len(names)):
                v = float(table[j, column])
                axes.add_patch(
                    matplotlib.patches.Rectangle(
                        (x + 0.02, j + 0.03), 0.96, 0.94, color=colours(min(v, 1.2) / 1.2), linewidth=0
                    )
                )
                shown = "0" if v < 0.005 else f"{v:.2f}".lstrip("0") if v < 0.995 else f"{v:.1f}"
                axes.text(
                    x + 0.5, j + 0.5, shown, ha="center", va="center", color="white" if v > 0.5 else ink, fontsize=7.5
                )
            axes.text(x + 0.5, len(names) + 0.15, step, ha="center", va="top", color=ink)
            x += 1
        axes.text((start + x) / 2, -0.2, group, ha="center", va="bottom", color=ink, fontweight="bold", fontsize=8)
        x += gap
    for j, name in enumerate(names):
        axes.text(
            -0.25, j + 0.5, name, ha="right", va="center", color=faint if name == "samples" else ink, linespacing=0.95
        )
    axes.set_xlim(-0.1, x - gap)
    axes.set_ylim(len(names) + 0.6, -0.9)
    axes.axis("off")
    figure.suptitle(
        "What each loss hears: 0 nothing, 1 a different recording", x=0.01, ha="left", color=ink, fontsize=10
    )
    figure.savefig(path, dpi=160, facecolor="white", metadata={"Software": "motes"})


def main() -> None:
    torch.set_num_threads(1)
    names, table = measure()
    print_table(names, table)
    if len(sys.argv) > 1:
        draw(names, table, sys.argv[1])


if __name__ == "__main__":
    main()
