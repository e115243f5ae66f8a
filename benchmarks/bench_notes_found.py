"""How well notes are found: in a scene's own sound, their parts, how sure they are, how their pitches run, how fast.

    python benchmarks/bench_notes_found.py found FOLDER [--kbps 24 48 --detail 48 --seconds 10 --every 3 --cache FOLDER]
    python benchmarks/bench_notes_found.py parts FOLDER        notes in the right part, by the best assignment
    python benchmarks/bench_notes_found.py drums FOLDER        hits in the right part, of recordings of drums
    python benchmarks/bench_notes_found.py sureness FOLDER     in ten bins, how many notes were right
    python benchmarks/bench_notes_found.py curves              a planted vibrato, and the piano of $MOTES_SHARED
    python benchmarks/bench_notes_found.py speed [FOLDER]      processor time of a minute; as without a part

FOLDER is laid out as MusicNet's, as `motes data render` makes it. Note F1: onset within 50 ms and pitch within a
quarter tone. `found` encodes the beginning of every recording at each bitrate, finds the notes of what was decoded, and
compares with those found in the recording itself; --cache keeps the scenes.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from mir_eval.transcription import match_note_onsets, match_notes
from scipy.optimize import linear_sum_assignment

import motes
from motes.audio.file_source import open_source
from motes.audio.source import ArraySource
from motes.data.label_rows import MUSICNET_RATE_HZ
from motes.events.note_table import NoteTable
from motes.events.notes import DRUMS, pitch_to_hz
from motes.metrics.notes import ONSET_S, PITCH_CENTS
from motes.notes.finding import find, notes_in

SHARED = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"


class Labelled(NamedTuple):
    """A file, and of each note in it: onset and end in seconds, MIDI number, program from 0, and part."""

    path: Path
    onset_s: np.ndarray
    end_s: np.ndarray
    key: np.ndarray
    program: np.ndarray
    part: np.ndarray

    def until(self, end_s: float) -> Labelled:
        """Without notes that begin later."""
        return Labelled(self.path, *(column[self.onset_s < end_s] for column in self[1:]))


def recordings(folder: str | Path, every: int = 1) -> list[Labelled]:
    """Those of a folder in MusicNet's layout."""
    found = []
    for labels in sorted(Path(folder).glob("*_labels/*.csv"))[::every]:
        path = labels.parent.with_name(labels.parent.name.replace("_labels", "_data")) / f"{labels.stem}.wav"
        table = np.genfromtxt(labels, delimiter=",", names=True, dtype=None, encoding="utf-8", ndmin=1)
        times = (table[name] / MUSICNET_RATE_HZ for name in ("start_time", "end_time"))
        found.append(Labelled(path, *times, table["note"], table["instrument"] - 1, table["part"]))
    if not found:
        raise SystemExit(f"there are no labelled recordings in {folder}")
    return found


def matched(notes: NoteTable, truth: Labelled) -> np.ndarray:
    """Of each note found, the row of the true one that it is, or −1, `(n,)`."""
    found = np.full(len(notes), -1)
    is_drum = truth.program == DRUMS
    for ours, theirs in ((~np.isnan(notes.f0_hz), ~is_drum), (np.isnan(notes.f0_hz), is_drum)):
        mine, there = np.flatnonzero(ours), np.flatnonzero(theirs)
        if not len(mine) or not len(there):
            continue
        spans = [
            np.stack([onset, np.maximum(end, onset + 0.01)], axis=1)
            for onset, end in ((truth.onset_s[there], truth.end_s[there]), (notes.onset_s[mine], notes.end_s[mine]))
        ]
        if is_drum[there].any():
            pairs = match_note_onsets(*spans, ONSET_S)
        else:
            pitches = pitch_to_hz(truth.key[there].astype(float)), notes.f0_hz[mine]
            pairs = match_notes(spans[0], pitches[0], spans[1], pitches[1], ONSET_S, PITCH_CENTS, None)
        for true, each in pairs:
            found[mine[each]] = there[true]
    return found


def f1(notes: NoteTable, truth: Labelled) -> float:
    """Of the notes with a pitch."""
    right = np.sum(matched(notes, truth)[~np.isnan(notes.f0_hz)] >= 0)
    return 2 * right / max(np.sum(~np.isnan(notes.f0_hz)) + np.sum(truth.program != DRUMS), 1)


def bench_found(args: argparse.Namespace) -> None:
    """Note F1 of recordings, and of scenes at each bitrate."""
    rows = defaultdict(list)
    for truth in recordings(args.folder, args.every):
        rate = soundfile.info(truth.path).samplerate
        audio = soundfile.read(truth.path, dtype="float32", stop=int(args.seconds * rate), always_2d=True)[0].T
        # What begins at the very end of an excerpt has no sound left to be found by.
        truth = truth.until(args.seconds - ONSET_S)
        rows["recording"].append(f1(notes_in(ArraySource(audio, rate)).notes, truth))
        for kbps, detail in [(kbps, False) for kbps in args.kbps] + [(kbps, True) for kbps in args.detail]:
            name = f"{kbps:g} kbps" + (" with detail" if detail else "")
            kept = Path(args.cache or ".") / f"{truth.path.stem}_{name.replace(' ', '_')}_{args.seconds:g}s.mote"
            scene = motes.load(kept) if args.cache and kept.exists() else None
            scene = scene or motes.encode(audio, sample_rate_hz=rate, kbps=kbps, detail=detail)
            if args.cache and not kept.exists():
                scene.save(kept)
            rows[f"scene, {name}"].append(f1(find(scene).groups.notes, truth))
            if detail:
                rows[f"sparse layer of {name}"].append(f1(find(scene.without("detail")).groups.notes, truth))
        print(truth.path.stem, *(f"{name} {each[-1]:.3f}" for name, each in rows.items()), flush=True)
    print("| | note F1 |\n|---|---|")
    for name, each in rows.items():
        print(f"| {name} | {np.mean(each):.3f} |")


def share_in_right_part(part: np.ndarray, true: np.ndarray) -> float:
    """How many notes are in the part that is their instrument's, each part being that of one instrument at most."""
    table = np.zeros((part.max() + 1, true.max() + 1))
    np.add.at(table, (part, true), 1)
    return float(table[linear_sum_assignment(-table)].sum() / len(part))


def bench_parts(args: argparse.Namespace) -> None:
    """Parts of the notes that were found, against the instruments of their labels."""
    rows = []
    for truth in recordings(args.folder, args.every):
        found = notes_in(open_source(truth.path))
        row = matched(found.notes, truth)
        use = (row >= 0) & (np.isnan(found.notes.f0_hz) == args.drums)
        # A drum is known by its key, an instrument by its program.
        named = truth.key if args.drums else truth.program
        true, part = (np.unique(each, return_inverse=True)[1] for each in (named[row[use]], found.part[use]))
        if use.any() and (args.drums or true.max() + 1 <= args.most):
            alone = np.bincount(true).max() / len(true)
            rows.append((true.max() + 1, part.max() + 1, share_in_right_part(part, true), alone))
            print(truth.path.stem, "there {} found {} right {:.3f} all in one {:.3f}".format(*rows[-1]), flush=True)
    print(
        "| instruments | recordings | parts found | notes in the right part | all in one part |\n|---|---|---|---|---|"
    )
    for n in sorted({row[0] for row in rows}):
        mine = np.array([row for row in rows if row[0] == n], float)
        print(f"| {n} | {len(mine)} | {mine[:, 1].mean():.1f} | {mine[:, 2].mean():.3f} | {mine[:, 3].mean():.3f} |")
    several = np.array([row for row in rows if row[0] > 1], float)
    if len(several):
        print(f"two and more: {several[:, 2].mean():.3f} (all in one: {several[:, 3].mean():.3f})")


def bench_sureness(args: argparse.Namespace) -> None:
    """Ten bins."""
    sure, right = [], []
    for folder in args.folder.split(","):
        for truth in recordings(folder, args.every):
            notes = notes_in(open_source(truth.path), 0.1).notes
            sure.append(notes.sureness)
            right.append(matched(notes, truth) >= 0)
    sureness, is_right = np.concatenate(sure), np.concatenate(right)
    print("| sureness | notes | mean sureness | right | apart |\n|---|---|---|---|---|")
    for k in range(10):
        mine = (np.minimum(sureness * 10, 9.99).astype(int)) == k
        if mine.any():
            mean, share = sureness[mine].mean(), is_right[mine].mean()
            print(
                f"| {k / 10:.1f} … {k / 10 + 0.1:.1f} | {mine.sum()} | {mean:.2f} | {share:.2f} | {share - mean:+.2f} |"
            )


def vibrato(f0_hz: float, seconds: float, rate: int = 44100, cents: float = 50, hz: float = 6) -> np.ndarray:
    """A voice of nine harmonics whose pitch swings."""
    t = np.arange(int(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(f0_hz * 2 ** (cents / 1200 * np.sin(2 * np.pi * hz * t))) / rate
    swell = np.minimum(1, t / 0.03) * np.minimum(1, (seconds - t) / 0.05)
    return 0.1 * swell * sum(np.sin(k * phase + k) * k**-1.3 for k in range(1, 10))


def bench_curves(args: argparse.Namespace) -> None:
    """Errors of the curves of notes in cents, after the first 80 ms."""
    for f0_hz in (220.0, 330.0, 440.0):
        scene = find(motes.encode(np.pad(vibrato(f0_hz, 1.8), 8820), sample_rate_hz=44100, kbps=48))
        note = max(scene.notes, key=lambda each: each.end_s - each.onset_s)
        time_s, curve_hz = note.pitch_curve
        cents = 1200 * np.log2(curve_hz / f0_hz) - 50 * np.sin(2 * np.pi * 6 * (time_s - 0.2))
        later = cents[(time_s > 0.28) & (time_s < 1.95)]
        print(f"vibrato at {f0_hz:g} Hz: RMS {np.sqrt(np.mean(later**2)):.1f} cents, most {np.abs(later).max():.1f}")
    audio, rate = soundfile.read(SHARED / "piano.flac", dtype="float32", always_2d=True)
    for note in find(motes.encode(audio.T, sample_rate_hz=rate, kbps=48)).notes:
        if note.f0_hz is not None:
            cents = 1200 * np.log2(note.pitch_curve.f0_hz / note.f0_hz)
            print(f"piano {note.name} at {note.onset_s:.2f} s: RMS {cents.std():.1f} cents about {cents.mean():+.1f}")


def bench_speed(args: argparse.Namespace) -> None:
    """Processor time of one thread; a minute is as many repetitions of what there is."""
    path = recordings(args.folder)[0].path if args.folder else SHARED / "song.flac"
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    minute = np.tile(audio.T, -(-60 * rate // len(audio)))[:, : 60 * rate]
    os.environ["MOTES_THREADS"] = "1"
    notes_in(ArraySource(audio.T[:, :rate], rate))
    begun = time.process_time()
    found = notes_in(ArraySource(minute, rate))
    print(f"{time.process_time() - begun:.2f} s for a minute of {path.name}, {len(found.notes)} notes")


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "part", nargs="?", default="speed", choices=("found", "parts", "drums", "sureness", "curves", "speed")
    )
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--every", type=int, default=1, help="every which of these recordings")
    parser.add_argument("--kbps", type=float, nargs="+", default=[24, 48])
    parser.add_argument("--detail", type=float, nargs="*", default=[], help="kbps of scenes with detail")
    parser.add_argument("--seconds", type=float, default=10, help="of the beginning of each recording")
    parser.add_argument("--cache", help="a folder that keeps the scenes")
    parser.add_argument("--most", type=int, default=4, help="instruments of a recording that `parts` takes")
    return parser.parse_args()


def main() -> None:
    """Print the tables of one part."""
    args = arguments()
    args.drums = args.part == "drums"
    if args.folder is None and args.part not in ("curves", "speed"):
        raise SystemExit(f"{args.part} needs a folder of recordings")
    globals()["bench_parts" if args.drums else f"bench_{args.part}"](args)


if __name__ == "__main__":
    main()
