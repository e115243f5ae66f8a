"""Mosaics: how near they are to what they are made after, and what a cluster gives.

    python benchmarks/bench_mosaic.py near [FOLDER] [--targets piano strings …] [--variety 0 0.5]
    python benchmarks/bench_mosaic.py variety CORPUS [--targets a.mote b.mote …] [--values 0 0.3 1]
    python benchmarks/bench_mosaic.py cost
    python benchmarks/bench_mosaic.py two [--files 8]
    python benchmarks/bench_mosaic.py killed [--times 20]

`near` makes each recording of MOTES_SHARED of the notes of the others (`--where` leaves it out) and compares both
renders: `chroma`, the mean cosine of the energy of twelve pitch classes in frames of 93 ms of the target that are less
than 40 dB below its loudest; `level`, the correlation of the levels in dB of frames of 23 ms, no lower than 50 dB below
the loudest; `notes`, the F-measure of notes that are found in the mosaic's sound, within 50 ms and half a semitone of
the target's. Beside them the same of the target's own notes alone, which nothing can beat, and of the mosaic shifted by
half its length, which is chance. With FOLDER the sounds are kept there, and pictures of their spectrograms.

`variety` makes files of a corpus (a folder of .mote files with notes) of the notes of its others, and says beside
chroma and level of how many different notes and files they are made, how many of them are used again, and how far they
are from the target's, in standard deviations, in the mean.

`cost` is the processor time and the bytes that an hour of the same recordings takes, step by step: what
docs/corpus.md reckons with.

`two` describes made scenes on Ray with one worker and with two, after everything is compiled, and says how busy the
machine was; `killed` builds a catalogue, `--times` over, while one of two workers is killed at moments by chance, and
compares the bytes. Both need `pip install 'motes[cluster,corpus]'`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import motes
from motes.audio import write_audio
from motes.library.catalogue.brute_force import Among
from motes.library.catalogue.rows import DESCRIPTOR
from motes.library.mosaic.choice import chosen
from motes.library.mosaic.target import target_of
from motes.library.spreading import Spread

AUDIO = Path(os.environ.get("MOTES_SHARED", Path(__file__).parents[1] / "shared")) / "audio"
CLIPS = ("piano", "orchestra", "singing", "speech", "bendir", "vibraphone", "strings", "song", "trumpet")
N_FFT, HOP = 4096, 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parts = parser.add_subparsers(dest="part", required=True)
    near_part = parts.add_parser("near")
    near_part.add_argument("folder", nargs="?", type=Path)
    near_part.add_argument("--targets", nargs="+", default=CLIPS, choices=CLIPS)
    near_part.add_argument("--variety", nargs="+", type=float, default=[0.0, 0.5])
    variety_part = parts.add_parser("variety")
    variety_part.add_argument("folder", type=Path)
    variety_part.add_argument("--targets", nargs="+", required=True)
    variety_part.add_argument("--values", nargs="+", type=float, default=[0.0, 0.3, 1.0])
    parts.add_parser("cost")
    two_part = parts.add_parser("two")
    two_part.add_argument("--files", type=int, default=8)
    parts.add_parser("killed").add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    if options.part == "near":
        near(options.folder, options.targets, options.variety)
    elif options.part == "variety":
        variety_of(options.folder, options.targets, options.values)
    elif options.part == "cost":
        cost()
    else:
        import mosaic_cluster

        mosaic_cluster.two(options.files) if options.part == "two" else mosaic_cluster.killed(options.times)


# --- near


def near(folder: Path | None, targets: list[str], varieties: list[float]) -> None:
    print("| target | notes | made of | chroma | level | notes found |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        corpus = Path(made) / "corpus"
        corpus.mkdir()
        for name in CLIPS:
            motes.notes(motes.encode(AUDIO / f"{name}.flac"), AUDIO / f"{name}.flac").save(corpus / f"{name}.mote")
        catalogue = motes.build_catalogue(corpus, Path(made) / "c")
        for name in targets:
            target = motes.load(corpus / f"{name}.mote")
            reference = target.render()
            own = target.select(note=[note.number for note in target.notes]).only()
            row(name, "itself", own, target, reference, folder)
            for variety in varieties:
                mosaic = motes.mosaic(target, catalogue, variety=variety, seed=1, where=f"file <> '{name}.mote'")
                row(name, f"others, variety {variety:g}", mosaic, target, reference, folder)
                if variety == varieties[0]:
                    shifted = np.roll(mosaic.render(), mosaic.n_samples // 2)
                    print(line(name, target, "that, shifted", shifted, reference, ""), flush=True)


def row(
    name: str, what: str, scene: motes.Scene, target: motes.Scene, reference: np.ndarray, folder: Path | None
) -> None:
    sound = scene.render()
    found = motes.notes(motes.encode(sound, sample_rate_hz=scene.sample_rate_hz))
    print(line(name, target, what, sound, reference, f"{f_measure(found.notes, target.notes):.2f}"), flush=True)
    if folder is not None:
        folder.mkdir(exist_ok=True)
        stem = f"{name}-{what.replace(', ', '-').replace(' ', '-')}"
        write_audio(folder / f"{stem}.wav", [np.atleast_2d(sound)], scene.sample_rate_hz, 1, overwrite=True)
        picture(folder / f"{stem}.png", reference, sound, scene.sample_rate_hz)


def line(name: str, target: motes.Scene, what: str, sound: np.ndarray, reference: np.ndarray, found: str) -> str:
    rate = target.sample_rate_hz
    measures = f"{chroma_likeness(sound, reference, rate):.3f} | {level_correlation(sound, reference):.3f}"
    return f"| {name} | {len(target.notes)} | {what} | {measures} | {found} |"


def chroma_likeness(estimate: np.ndarray, reference: np.ndarray, rate: int) -> float:
    """The mean cosine of chroma in the frames in which the reference sounds."""
    ours, theirs = chroma(estimate, rate), chroma(reference, rate)
    energy = theirs.sum(axis=1)
    sounding = energy > energy.max() * 1e-4
    dot = np.sum(ours * theirs, axis=1)
    norm = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return float(np.mean((dot / np.maximum(norm, 1e-12))[sounding]))


def chroma(sound: np.ndarray, rate: int) -> np.ndarray:
    """The energy of the twelve pitch classes from 65 to 4000 Hz, `(n_frames, 12)`."""
    power = np.abs(np.fft.rfft(frames(sound, N_FFT) * np.hanning(N_FFT), axis=1)) ** 2
    hz = np.fft.rfftfreq(N_FFT, 1 / rate)
    used = (hz >= 65) & (hz <= 4000)
    pitch_class = np.rint(12 * np.log2(hz[used] / 440)).astype(int) % 12
    return power[:, used] @ np.eye(12)[pitch_class]


def level_correlation(estimate: np.ndarray, reference: np.ndarray) -> float:
    """The correlation of levels in dB, of those of the reference no lower than 50 dB below its loudest frame."""
    ours, theirs = (10 * np.log10(np.mean(frames(each, HOP) ** 2, axis=1) + 1e-12) for each in (estimate, reference))
    floor = theirs.max() - 50
    return float(np.corrcoef(np.maximum(ours, floor), np.maximum(theirs, floor))[0, 1])


def frames(sound: np.ndarray, length: int) -> np.ndarray:
    """Overlapping frames a HOP apart, `(n_frames, length)`."""
    padded = np.pad(sound.astype(np.float64), (0, length))
    return np.lib.stride_tricks.sliding_window_view(padded, length)[: len(sound) : HOP]


def f_measure(found: tuple, wanted: tuple) -> float:
    """Of notes with a pitch, each matched once."""
    found, wanted = ([note for note in notes if note.pitch is not None] for notes in (found, wanted))
    left, n_right = list(found), 0
    for note in wanted:
        near_ones = [
            one for one in left if abs(one.onset_s - note.onset_s) <= 0.05 and abs(one.pitch - note.pitch) <= 0.5
        ]
        if near_ones:
            left.remove(near_ones[0])
            n_right += 1
    return 2 * n_right / max(len(found) + len(wanted), 1)


def picture(path: Path, reference: np.ndarray, sound: np.ndarray, rate: int) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 1, figsize=(10, 7), sharex=True)
    for axis, samples, title in zip(axes, (reference, sound), ("target", path.stem), strict=True):
        power = np.abs(np.fft.rfft(frames(samples, N_FFT) * np.hanning(N_FFT), axis=1)) ** 2
        level = 10 * np.log10(power.T + 1e-9)
        extent = (0, len(samples) / rate, 0, rate / 2)
        axis.imshow(level, origin="lower", aspect="auto", extent=extent, vmin=level.max() - 90, vmax=level.max())
        axis.set(ylim=(0, 6000), title=title, ylabel="Hz")
    axes[1].set_xlabel("s")
    figure.savefig(path, dpi=70)
    plt.close(figure)


# --- variety


def variety_of(corpus: Path, targets: list[str], values: list[float]) -> None:
    """A line for each target and variety."""
    print("| target | variety | notes | different | of files | used again | distance | chroma | level |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        catalogue = motes.build_catalogue(corpus, Path(made) / "c")
        for name in targets:
            target, where = motes.load(corpus / name), f"file <> '{name}'"
            reference, rows = target.render(), target_of(target, DESCRIPTOR).rows
            for value in values:
                mosaic = motes.mosaic(target, catalogue, variety=value, seed=1, where=where)
                used = [
                    (each["file"], source) for each in mosaic.metadata.options["sources"] for _, source in each["notes"]
                ]
                choice = chosen(
                    rows, catalogue.parts(), Among("note", DESCRIPTOR, where), value, 1, Spread(), lambda *_: None
                )
                sound, rate, n = mosaic.render(), target.sample_rate_hz, len(set(used))
                print(
                    f"| {name} | {value:g} | {len(used)} | {n} | {len({file for file, _ in used})} | "
                    f"{100 * (1 - n / len(used)):.0f} % | {np.mean(choice.distance):.2f} | "
                    f"{chroma_likeness(sound, reference, rate):.2f} | {level_correlation(sound, reference):.2f} |",
                    flush=True,
                )


# --- cost


def cost() -> None:
    """Each step twice, of which the second time nothing is compiled any more."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name in ("atoms", "ear", "notes"):
            (folder / name).mkdir()
        seconds = sum(motes.audio.open_source(AUDIO / f"{name}.flac").n_samples for name in CLIPS) / 44100
        plain = timed(
            lambda: [motes.encode(AUDIO / f"{name}.flac").save(folder / f"atoms/{name}.mote") for name in CLIPS]
        )
        ear = timed(
            lambda: [motes.encode(AUDIO / f"{name}.flac", kbps=24).save(folder / f"ear/{name}.mote") for name in CLIPS]
        )
        found = timed(lambda: [with_notes(folder, name) for name in CLIPS])
        numbers = iter(range(9))
        build = timed(lambda: motes.build_catalogue(folder / "notes", folder / f"c{next(numbers)}"))
        catalogue = motes.Catalogue(folder / "c0")
        where, target = "file <> 'song.mote'", folder / "notes/song.mote"
        mosaic = timed(lambda: motes.mosaic(target, catalogue, where=where))
        song_s = motes.load(target).duration_s
        print(f"{seconds:.0f} s of recordings; × real time, of processor time")
        for what, taken in (("encode", plain), ("encode --kbps 24", ear), ("notes beside it", found), ("build", build)):
            print(f"{what}: {seconds / taken:.1f}×, {taken / seconds:.4f}")
        print(f"mosaic of {song_s:.0f} s, {len(motes.load(target).notes)} notes: {song_s / mosaic:.1f}×")
        for what in ("atoms", "ear", "notes", "c0"):
            size = sum(path.stat().st_size for path in (folder / what).rglob("*") if path.is_file())
            print(f"{what}: {size / seconds * 3600 / 1e6:.1f} MB an hour")
        print(f"{sum(catalogue.n_rows.values()) / seconds * 3600:.0f} rows an hour: {catalogue.n_rows}")


def with_notes(folder: Path, name: str) -> None:
    motes.notes(motes.load(folder / f"ear/{name}.mote"), AUDIO / f"{name}.flac").save(folder / f"notes/{name}.mote")


def timed(do: Callable[[], object]) -> float:
    """The processor time of the second of two times, in seconds."""
    do()
    start = time.process_time()
    do()
    return time.process_time() - start


if __name__ == "__main__":
    main()
