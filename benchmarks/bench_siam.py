"""How well the encoder of events finds notes, what its scenes sound like, and what they cost.

    python benchmarks/bench_siam.py notes FOLDER [--basic-pitch PYTHON]    notes, by group of the test set
    python benchmarks/bench_siam.py unpitched FOLDER                       onsets of what has no pitch
    python benchmarks/bench_siam.py sound FOLDER [--refine 200 --seconds 10] [--pursuit]
    python benchmarks/bench_siam.py clips [--refine 200]                   real recordings of $MOTES_SHARED/audio
    python benchmarks/bench_siam.py numbers FOLDER                         each of the sixteen frozen at its mean
    python benchmarks/bench_siam.py speed [FOLDER]                         one core, bits, events; as without a part
    python benchmarks/bench_siam.py thresholds FOLDER --onset 0.3 0.4 …    for a set that is no test set

FOLDER is laid out as MusicNet's, as `motes data render` makes it; `--first`, `--last` and `--every` choose recordings.
Every scene is encoded, written and read again: what is scored are stored, quantised vectors. Note F1: onset within 50
ms and pitch within a quarter tone; "with ends" also within 20 % of the length or 50 ms; `motes.metrics.notes`. Means
over recordings. `--models FOLDER` takes other weights than those that ship (siam-2, siam-2-ends, siam-2-numbers).
basic-pitch needs an environment of its own: see basic_pitch_notes.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

import motes
from motes.audio.file_source import open_source
from motes.codec import dumps, loads
from motes.data.note_labels import read_notes
from motes.encoders.siam import SiamOptions, encoder, ends, numbers, weights
from motes.encoders.siam.hearing import events_of, mono_of, network_of
from motes.encoders.siam.peaks import Detections, Thresholds
from motes.encoders.siam.pitch import with_fine_pitch
from motes.events.notes import Notes
from motes.kinds.vector.table import NUMBERS
from motes.metrics.notes import note_scores
from motes.metrics.perceptual import zimtohrli
from motes.metrics.signal import spectral_convergence
from motes.scene.notes import events_as_notes
from motes.scene.scene import Scene

SHARED = Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared") / "audio"
CLIPS = ("piano", "strings", "trumpet", "vibraphone", "song")
CLIP_EVENTS_PER_SECOND, CAP = 11, 12
# Pieces of the test set, by number.
GROUPS = {"chorales": (10000, 10005), "rags": (10006, 10011), "quartets": (10012, 10017), "struck": (10018, 10023)}
NOTE_COLUMNS = {
    "note F1": "note_f1",
    "with ends": "note_offset_f1",
    "onset F1": "onset_f1",
    "precision": "note_precision",
    "recall": "note_recall",
    "events per note": "events_per_note",
}
# Onsets nearer to each other than this are one where they are merged, as is usual where onsets alone are scored.
MERGED_S = 0.03
SHOWN = ("note_f1", "note_precision", "note_recall", "note_offset_f1", "unpitched_onset_f1", "onset_f1")
Row = dict[str, float]


class Recording(NamedTuple):
    """A file, the notes in it, and the groups that it is counted in."""

    path: Path
    notes: Notes
    groups: tuple[str, ...]


class Stored(NamedTuple):
    """A scene as a file has it, and its size."""

    scene: Scene
    kbps: float

    @property
    def events_per_second(self) -> float:
        return self.scene.n_events / self.scene.duration_s


def recordings(args: argparse.Namespace) -> list[Recording]:
    """Those of a folder in MusicNet's layout."""
    folder = Path(args.folder)
    manifest = folder / "manifest.json"
    about = json.loads(manifest.read_text())["options"] if manifest.exists() else {}
    groups = GROUPS if about.get("set_name") == "test" else {}
    found = []
    for labels in sorted(folder.glob("*_labels/*.csv")):
        number = int(labels.stem) if labels.stem.isdigit() else args.first
        if args.first <= number <= args.last:
            path = labels.parent.with_name(labels.parent.name.replace("_labels", "_data")) / f"{labels.stem}.wav"
            mine = tuple(name for name, (first, last) in groups.items() if first <= number <= last)
            found.append(Recording(path, read_notes(labels), (*mine, "all")))
    if not found:
        raise SystemExit(f"there are no labelled recordings in {args.folder}")
    return found[:: args.every]


def remember_windows() -> None:
    """Let the network look at each recording once, however often it is encoded."""
    compute, known = encoder.windows_of, {}

    def windows_of(mono: np.ndarray, *how: Any) -> Any:
        key = hashlib.sha256(mono.tobytes()).digest()
        if key not in known:
            known.clear()
            known[key] = compute(mono, *how)
        return known[key]

    encoder.windows_of = windows_of


def stored(scene: Scene) -> Stored:
    """A scene after it was written and read."""
    data = dumps(scene)
    return Stored(loads(data), 8e-3 * len(data) / scene.duration_s)


def encoded(path: Path, **options: Any) -> Stored:
    """The stored scene of a file."""
    return stored(encoder.encode(open_source(path), SiamOptions(**options)))


def notes_of(found: Detections) -> Notes:
    """Events as the network has them, before sixteen numbers are made of each."""
    end_s = np.maximum(found.end_s, found.onset_s)
    return Notes(found.onset_s, end_s, np.where(found.is_pitched, found.pitch, np.nan))


def merged(onset_s: np.ndarray) -> Notes:
    """Onsets alone, those within MERGED_S of one that is kept left out."""
    kept: list[float] = []
    for each in np.sort(onset_s):
        if not kept or each - kept[-1] > MERGED_S:
            kept.append(float(each))
    return Notes(kept, kept, np.full(len(kept), np.nan))


def table(title: str, columns: Sequence[str], rows: dict[str, list[Row]], digits: int = 3) -> None:
    """Print means over recordings."""
    print(f"| {title} | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for name, each in rows.items():
        values = (np.mean([row[column] for row in each]) for column in columns)
        print(f"| {name} | " + " | ".join(f"{value:.{digits}f}" for value in values) + " |", flush=True)


def basic_pitch_answer(where: str, paths: list[Path]) -> dict[str, Any]:
    """What basic_pitch_notes.py prints, or printed into a .json file."""
    if where.endswith(".json"):
        return json.loads(Path(where).read_text())
    command = [where, Path(__file__).with_name("basic_pitch_notes.py"), *paths]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def bench_notes(args: argparse.Namespace) -> None:
    """Note scores by system and group."""
    remember_windows()
    rows: dict[str, list[Row]] = defaultdict(list)
    chosen = recordings(args)

    def count(system: str, found: Notes, recording: Recording) -> None:
        scores = note_scores(found.take(found.has_pitch), recording.notes.take(recording.notes.has_pitch))
        for group in recording.groups:
            rows[f"{system}, {group}"].append({name: scores[key] for name, key in NOTE_COLUMNS.items()})
        if args.each:
            print(system, recording.path.stem, *(f"{scores[key]:.3f}" for key in NOTE_COLUMNS.values()), flush=True)

    for recording in chosen:
        for system, cap in (("events", 0), (f"at most {CAP} a second", CAP)):
            count(system, events_as_notes(encoded(recording.path, events_per_second=cap).scene), recording)
        found = encoder.detections_of(open_source(recording.path), SiamOptions(events_per_second=0))[0]
        count("as detected, not stored", notes_of(found), recording)
    if args.basic_pitch:
        answer = basic_pitch_answer(args.basic_pitch, [recording.path for recording in chosen])
        for recording in chosen:
            count("basic-pitch 0.4.0", Notes(*np.array(answer[str(recording.path)]).reshape(-1, 3).T), recording)
    ordered = sorted(rows, key=lambda name: [*GROUPS, "all"].index(name.rsplit(", ", 1)[1]))
    table(f"{len(chosen)} recordings", list(NOTE_COLUMNS), {name: rows[name] for name in ordered})


def bench_unpitched(args: argparse.Namespace) -> None:
    """Onset scores of all events, of those without pitch, and of all where near ones are merged."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for recording in recordings(args):
        found, labelled = events_as_notes(encoded(recording.path, events_per_second=0).scene), recording.notes
        pairs = {
            "all events": (found, labelled),
            "events without pitch": (found.take(~found.has_pitch), labelled.take(~labelled.has_pitch)),
            f"all, merged within {MERGED_S * 1000:.0f} ms": (merged(found.onset_s), merged(labelled.onset_s)),
        }
        for name, pair in pairs.items():
            scores = note_scores(*pair)
            row = {f"onset {each}": scores[f"onset_{each.lower()}"] for each in ("F1", "precision", "recall")}
            rows[name].append(row | {"events per sound": scores["events_per_note"]})
        if args.each:
            print(recording.path.stem, *(f"{each[-1]['onset F1']:.3f}" for each in rows.values()), flush=True)
    table(args.folder, list(rows["all events"][0]), rows)


def sound_row(made: Stored, audio: np.ndarray, rate: int) -> Row:
    """How near a scene comes, and what it takes."""
    copy = np.atleast_2d(made.scene.render())
    return {
        "spectral convergence": spectral_convergence(copy, audio),
        "Zimtohrli": zimtohrli(copy, audio, rate)["mean"],
        "kbps": made.kbps,
        "events/s": made.events_per_second,
    }


def pursuit(audio: np.ndarray, rate: int, kbps: float, texture: bool | None = None) -> Stored:
    """Atoms in a file of as many bits."""
    return stored(motes.encode(audio, sample_rate_hz=rate, kbps=kbps, texture=texture))


def sound_rows(audio: np.ndarray, rate: int, args: argparse.Namespace, cap: int) -> dict[str, Row]:
    """Rows of one recording, `(channels, n)`, by system."""
    rows = {}
    for steps in sorted({0, args.refine}):
        options = SiamOptions(events_per_second=cap, refine=steps)
        made = stored(encoder.encode(audio, options, sample_rate_hz=rate))
        rows[f"refine {steps}" if steps else "events"] = sound_row(made, audio, rate)
        if args.pursuit:
            beside = pursuit(audio, rate, made.kbps, texture=False)
            rows["atoms, as many bits" + (" as refined" if steps else "")] = sound_row(beside, audio, rate)
    return rows


def bench_sound(args: argparse.Namespace) -> None:
    """The sound of rendered recordings."""
    remember_windows()
    rows: dict[str, list[Row]] = defaultdict(list)
    for recording in recordings(args):
        audio, rate = soundfile.read(recording.path, always_2d=True, dtype="float32")
        audio = audio.T[:, : int(args.seconds * rate)]
        for system, row in sound_rows(audio, rate, args, CAP).items():
            for group in recording.groups:
                rows[f"{system}, {group}"].append(row)
            if args.each:
                print(system, recording.path.stem, *(f"{value:.3f}" for value in row.values()), flush=True)
    title = f"{len(rows['events, all'])} recordings, {args.seconds:g} s at most"
    table(title, list(rows["events, all"][0]), dict(sorted(rows.items(), key=lambda item: item[0].split(", ")[-1])))


def bench_clips(args: argparse.Namespace) -> None:
    """The sound of real recordings."""
    remember_windows()
    rows: dict[str, list[Row]] = {}
    means: dict[str, list[Row]] = defaultdict(list)
    for name in args.clips:
        audio, rate = soundfile.read(SHARED / f"{name}.flac", always_2d=True, dtype="float32")
        for system, row in sound_rows(audio.T, rate, args, CLIP_EVENTS_PER_SECOND).items():
            rows[f"{name}, {system}"] = [row]
            means[f"mean, {system}"].append(row)
            if args.each:
                print(name, system, *(f"{value:.3f}" for value in row.values()), flush=True)
    table(f"{CLIP_EVENTS_PER_SECOND} events a second at most", list(next(iter(rows.values()))[0]), rows | means)


def bench_numbers(args: argparse.Namespace) -> None:
    """How much worse it gets where one of the sixteen numbers says nothing."""
    scenes, audios = [], []
    for recording in recordings(args):
        audio, rate = soundfile.read(recording.path, always_2d=True, dtype="float32")
        audio = audio.T[:, : int(args.seconds * rate)]
        scenes.append(stored(encoder.encode(audio, SiamOptions(), sample_rate_hz=rate)).scene)
        audios.append(audio)
    mean = np.concatenate([scene.vector.numbers for scene in scenes]).mean(axis=0)

    def convergence(which: int | None) -> float:
        values = []
        for scene, audio in zip(scenes, audios, strict=True):
            rows = scene.vector.numbers
            if which is not None:
                rows[:, which] = mean[which]
            frozen = scene.replace(vector=scene.vector.with_numbers(rows))
            values.append(spectral_convergence(np.atleast_2d(frozen.render()), audio))
        return float(np.mean(values))

    usual = convergence(None)
    print(f"spectral convergence {usual:.4f}, {len(scenes)} recordings, {args.seconds:g} s at most")
    print("| frozen at its mean | mean | spectral convergence | change |\n|---|---|---|---|")
    for k, name in enumerate(NUMBERS):
        value = convergence(k)
        print(f"| {name} | {mean[k]:.2f} | {value:.4f} | {100 * (value / usual - 1):+.1f} % |", flush=True)


def bench_speed(args: argparse.Namespace) -> None:
    """Processor time of one thread, the second of two runs."""
    paths = [each.path for each in recordings(args)] if args.folder else [SHARED / f"{name}.flac" for name in CLIPS]
    row: list[Row] = []
    encoded(paths[0], n_threads=1)
    for path in paths:
        begun = time.process_time()
        scene = encoder.encode(open_source(path), SiamOptions(n_threads=1))
        read = time.process_time()
        made = stored(scene)
        rendered = time.process_time()
        made.scene.render()
        spent = read - begun, time.process_time() - rendered
        speeds = [scene.duration_s / max(each, 1e-9) for each in spent]
        row.append({"encode, × real time": speeds[0], "render": speeds[1], "kbps": made.kbps})
        row[-1] |= {"events/s": made.events_per_second, "bits per event": 1e3 * made.kbps / made.events_per_second}
        if args.each:
            print(path.stem, *(f"{value:.2f}" for value in row[-1].values()), flush=True)
    slowest = min(row, key=lambda each: each["encode, × real time"])
    table(f"{len(paths)} recordings", list(row[0]), {"mean": row, "the slowest to encode": [slowest]}, 2)


def bench_thresholds(args: argparse.Namespace) -> None:
    """Scores of detections by threshold, one after another, each with the best of those before it."""
    network, chosen = network_of(None), recordings(args)
    monos = [mono_of(open_source(recording.path)) for recording in chosen]
    heard = [encoder.windows_of(mono, network) for mono in monos]

    def score(thresholds: Thresholds) -> Row:
        rows: dict[str, list[float]] = defaultdict(list)
        for recording, mono, windows in zip(chosen, monos, heard, strict=True):
            found = with_fine_pitch(events_of(windows, thresholds), mono)
            for name, value in note_scores(notes_of(found), recording.notes).items():
                rows[name].append(value)
        return {name: float(np.mean(values)) for name, values in rows.items()}

    best = Thresholds()
    for decides, trials in (
        ("note_f1", [{"onset": value} for value in args.onset]),
        ("unpitched_onset_f1", [{"band_onset": value} for value in args.band_onset]),
    ):
        tried = []
        for trial in trials:
            row = score(replace(best, **trial))
            tried.append(row.get(decides, 0.0))
            print(*trial.items(), *(f"{key} {row[key]:.4f}" for key in SHOWN if key in row), flush=True)
        if tried:
            best = replace(best, **trials[int(np.argmax(tried))])
    print(best)


def arguments() -> argparse.ArgumentParser:
    """What can be asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.set_defaults(run=bench_speed, folder=None, first=0, last=10**9, every=1, models=None, each=False)
    parts = parser.add_subparsers()
    for name in ("notes", "unpitched", "sound", "clips", "numbers", "speed", "thresholds"):
        part = parts.add_parser(name)
        part.set_defaults(run=globals()[f"bench_{name}"])
        if name != "clips":
            part.add_argument("folder", nargs="?" if name == "speed" else None)
        part.add_argument("--models", type=Path)
        part.add_argument("--first", type=int, default=0)
        part.add_argument("--last", type=int, default=10**9)
        part.add_argument("--every", type=int, default=1, help="every which of these recordings")
        part.add_argument("--each", action="store_true", help="print every recording too")
        if name == "notes":
            part.add_argument("--basic-pitch", help="the Python of its environment, or a .json file of what it printed")
        if name in ("sound", "clips"):
            part.add_argument("--refine", type=int, default=0)
            part.add_argument("--pursuit", action="store_true", help="atoms beside it, at as many bits")
        if name in ("sound", "numbers"):
            part.add_argument("--seconds", type=float, default=1e9, help="of the beginning of each recording")
        if name == "clips":
            part.add_argument("--clips", nargs="+", default=list(CLIPS))
        for threshold in ("onset", "band-onset") if name == "thresholds" else ():
            part.add_argument(f"--{threshold}", type=float, nargs="+", default=[])
    return parser


def main() -> None:
    """Print the tables of one part."""
    args = arguments().parse_args()
    if args.models:
        weights.MODELS = numbers.MODELS = ends.MODELS = args.models
    args.run(args)


if __name__ == "__main__":
    main()
