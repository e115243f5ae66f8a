"""Quality at actual bits in the file, motes and Opus side by side, with controls: tables and a picture.

    python benchmarks/quality.py [FOLDER …] [--kbps 16 24 32 48] [--events-per-second 1000] [--tones] [--speed]
        [--codec 'name: command {in} {out} {kbps}'] [--only NAME …] [--plot quality.svg]

A FOLDER holds recordings, and `sources.tsv` where `gather_natural.py` made it; by default the ten mono clips of
MOTES_SHARED and synthetic tones are taken. Each is encoded by motes, by the libopus of PyAV (`pip install
'motes[formats]'`), by opusenc where it is installed (Debian: opus-tools), and by each `--codec`, at every rate; then
decoded, and scored with Zimtohrli, ViSQOL (1 … 5; several channels: mean over channels and mid), spectral convergence
(0 is perfect) and noise-to-mask ratio (0 dB is just masked; of motes where no noise stands, with the share of energy
in which it does). motes is charged its whole file, Opus its packets alone. Recordings from lossy sources, one-shots
and tones have means of their own; under each table stands at which share of another codec's bits motes reaches the
same Zimtohrli mean. Speeds are lengths over processor times; `--speed` measures these alone. A measure that the
controls, a noise vocoder and random phases, also please is not to be trusted.

A `--codec` reads the WAV file {in}, writes what it decodes to as WAV to {out}, and is charged whatever else it leaves
whose name begins with {out}. Codecs whose weights have to be fetched, by the commands that their own pages give:

    --codec 'encodec: encodec -f -b {kbps} {in} {out}.ecdc && encodec -f {out}.ecdc {out}' --kbps 6 12 24
    --codec 'dac: python -m dac encode {in} --output {out}.d && python -m dac decode {out}.d --output {out}.w &&
        mv {out}.w/*.wav {out} && rm -r {out}.d {out}.w' --kbps 7.75
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile

from motes.metrics.align import align
from motes.metrics.controls import CONTROLS
from motes.metrics.noise_to_mask import noise_to_mask, substituted_cells
from motes.metrics.perceptual import visqol, zimtohrli
from motes.metrics.signal import spectral_convergence
from quality_clips import clips_in, shared_clips, write_tones
from quality_codecs import Codec, Coded, Scores, by_events, by_motes, named_codec, standard_codecs

RATES_KBPS = (16, 24, 32, 48)
# Decimals, and whether more is better, of what has a column.
MEASURES = {
    "zimtohrli": ("Zimtohrli", 2, True),
    "visqol": ("ViSQOL", 2, True),
    "spectral_convergence": ("spectral convergence", 3, False),
    "noise_to_mask_db": ("noise to mask, dB", 1, False),
    "energy_substituted": ("energy substituted", 3, False),
}
# By group, codec or control, and rate asked.
Found = dict[tuple[str, str, float], list[Scores]]


def scores(estimate: np.ndarray, reference: np.ndarray, rate: int, rest: np.ndarray | None = None) -> Scores:
    """Every measure of one decoded recording; `rest` is what a scene renders without its textures."""
    opinions = {measure.__name__: measure(estimate, reference, rate)["mean"] for measure in (zimtohrli, visqol)}
    cells = None if rest is None else substituted_cells(estimate, rest, rate)
    masked = noise_to_mask(estimate, reference, rate, cells)
    return opinions | {"spectral_convergence": spectral_convergence(estimate, reference)} | masked


def scores_of(coded: Coded, reference: np.ndarray, rate: int) -> Scores:
    """Every measure, once the copy is moved to where it fits."""
    estimate, cut, delay = align(coded.decoded, reference, rate)
    rest = None if coded.rest is None else coded.rest[:, max(0, delay) :][:, : estimate.shape[1]]
    return scores(estimate, cut, rate, rest)


def measure(
    clips: list[tuple[Path, str]],
    codecs: dict[str, Codec],
    rates_kbps: list[float],
    per_second: list[float],
    with_scores: bool,
) -> Found:
    """Scores of each file."""
    asked = [(name, codec, kbps) for kbps in rates_kbps for name, codec in codecs.items()]
    asked += [("events", by_events, rate) for rate in per_second]
    by_motes(clips[0][0], 16)  # compiled and warm
    found: Found = defaultdict(list)
    for path, group in clips:
        audio, rate = soundfile.read(path, always_2d=True)
        for control in CONTROLS if with_scores else ():
            name = control.__name__.replace("_", " ")
            found[group, name, 0].append({"kbps": 0.0} | scores(control(audio.T, rate), audio.T, rate))
        for name, codec, kbps in asked:
            coded = codec(path, kbps)
            one = coded.numbers | (scores_of(coded, audio.T, rate) if with_scores else {})
            found[group, name, kbps].append(one)
            shown = "  ".join(f"{key} {value:.3f}" for key, value in one.items())
            print(f"  {path.stem:12} {name:6} {kbps:5g}: {shown}", flush=True)
    return found


def table(found: Found, group: str | None = None) -> str:
    """Mean (worst) over the files of a group, or of all, as Markdown."""
    rows: dict[tuple[float, str], list[Scores]] = defaultdict(list)
    for (of, name, asked), files in found.items():
        if group in (None, of):
            rows[asked, name] += files
    titles = [
        "asked",
        "kbps, mean (most)",
        "encoded, × real time",
        "decoded",
        *(title for title, *_ in MEASURES.values()),
    ]
    lines = [f"| | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    for (asked, name), files in sorted(rows.items()):
        column = {key: np.array([one[key] for one in files]) for key in files[0]}
        cells = [f"{asked:g}", f"{column['kbps'].mean():.1f} ({column['kbps'].max():.1f})"] if asked else ["", ""]
        cells += [f"{column[key].mean():.3g}" if key in column else "" for key in ("encode_x", "decode_x")]
        for key, (_, decimals, more) in MEASURES.items():
            worst = (np.min if more else np.max)(column.get(key, np.zeros(1)))
            cells.append(f"{column[key].mean():.{decimals}f} ({worst:.{decimals}f})" if key in column else "")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def bits_beside(found: Found, group: str | None = None) -> str:
    """A line for each other codec and rate: the share of its bits at which motes has the same Zimtohrli mean, between
    the rates measured (log kbps, linear in the mean).
    """
    curves: dict[str, dict[float, list[Scores]]] = defaultdict(lambda: defaultdict(list))
    for (of, name, asked), files in found.items():
        if group in (None, of) and asked and name != "events":
            curves[name][asked] += files
    keys = ("zimtohrli", "kbps")
    means = {
        name: np.array([[np.mean([one[key] for one in files]) for key in keys] for files in by.values()])
        for name, by in curves.items()
    }
    ours = {name: curve[np.argsort(curve[:, 0])] for name, curve in means.items() if name.startswith("motes")}
    lines = []
    for name, theirs in means.items():
        for score, kbps in theirs if name not in ours else ():
            shares = ", ".join(f"{each} takes {_share(curve, score, kbps)}" for each, curve in ours.items())
            lines.append(f"- {name}, {kbps:.1f} kbps, Zimtohrli {score:.2f}: of its bits {shares}")
    return "\n".join(lines) if ours else ""


def _share(curve: np.ndarray, score: float, kbps: float) -> str:
    """The share of `kbps` at which a curve of rows (score, kbps) reaches a score."""
    share = np.exp(np.interp(score, curve[:, 0], np.log(curve[:, 1]))) / kbps
    bound = "at most " if score < curve[0, 0] else "more than " if score > curve[-1, 0] else ""
    return f"{bound}{share:.2f}"


def tables(found: Found) -> str:
    """A table of all recordings but tones, and one for each group, each with what motes needs for the same scores."""
    groups = list(dict.fromkeys(group for group, _, _ in found))
    n_files = {group: max(len(files) for (of, _, _), files in found.items() if of == group) for group in groups}
    parts = [_part(f"{group}, {n_files[group]} files", found, group) for group in groups]
    recorded = {key: files for key, files in found.items() if not key[0].startswith("synthetic")}
    if len({group for group, _, _ in recorded}) > 1:
        n_recorded = sum(n for group, n in n_files.items() if not group.startswith("synthetic"))
        parts.insert(0, _part(f"all recordings, {n_recorded} files", recorded))
    return "\n\n".join(parts)


def _part(title: str, found: Found, group: str | None = None) -> str:
    return f"{title}:\n\n{table(found, group)}\n\n{bits_beside(found, group)}".strip()


def plot(found: Found, path: Path) -> None:
    """Both scores over the actual rate: means, the worst file thin below, controls as dashed lines."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    together: dict[tuple[str, float], list[Scores]] = defaultdict(list)
    for (group, name, asked), files in found.items():
        if not group.startswith("synthetic"):
            together[name, asked] += files
    names = list(dict.fromkeys(name for name, asked in together if asked and name != "events"))
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharex=True)
    for axis, key in zip(axes, ("zimtohrli", "visqol"), strict=True):
        for i, name in enumerate(names):
            colour = ("C1", "C0", "C2", "C3", "C4")[i % 5]
            rates = sorted(asked for each, asked in together if each == name)
            values = [[one[key] for one in together[name, asked]] for asked in rates]
            actual = [np.mean([one["kbps"] for one in together[name, asked]]) for asked in rates]
            axis.plot(actual, [np.mean(v) for v in values], "o-", color=colour, label=f"{name}, mean")
            axis.plot(actual, [min(v) for v in values], ".--", color=colour, linewidth=0.8, label=f"{name}, worst file")
        for control, grey in zip(CONTROLS, ("0.6", "0.4"), strict=True):
            name = control.__name__.replace("_", " ")
            mean = np.mean([one[key] for one in together[name, 0]])
            axis.axhline(mean, color=grey, linestyle=":", label=name)
        axis.set(title=MEASURES[key][0], xlabel="kbps in the file")
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--kbps", nargs="*", type=float, default=list(RATES_KBPS))
    parser.add_argument("--events-per-second", nargs="+", type=float, default=[])
    parser.add_argument("--codec", action="append", default=[], metavar="'NAME: COMMAND {in} {out} {kbps}'")
    parser.add_argument("--only", nargs="+", help="names of codecs, as the table has them, or how these begin")
    parser.add_argument("--tones", action="store_true", help="synthetic tones too, where folders are given")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    codecs = standard_codecs() | dict(map(named_codec, options.codec))
    if options.only:
        codecs = {name: codec for name, codec in codecs.items() if name.startswith(tuple(options.only))}
    clips = [clip for folder in options.folders for clip in clips_in(folder)] if options.folders else shared_clips()
    with tempfile.TemporaryDirectory() as folder:
        if options.tones or not options.folders:
            clips += write_tones(Path(folder))
        if not clips:
            parser.error(f"no .wav or .flac in {', '.join(map(str, options.folders))}")
        found = measure(clips, codecs, options.kbps, options.events_per_second, not options.speed)
    print(table(found) if options.speed else tables(found))
    if options.plot:
        plot(found, options.plot)


if __name__ == "__main__":
    main()
