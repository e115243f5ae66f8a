"""How well the event network finds notes: F1 by mir_eval on a folder of labelled recordings in MusicNet's layout.

python benchmarks/bench_siam.py notes FOLDER [--weights FILE] [--first 700 --last 719] [--onset 0.4 …] [--each]

Note F1: onset within 50 ms and pitch within a quarter tone; "with ends" also within 20 % of the length, or 50 ms. Means
over recordings, drums left out; what has no pitch is scored by onsets alone, over all recordings together. `--onset`
sweeps the threshold.
"""

from __future__ import annotations

import argparse
import csv
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from mir_eval import onset, transcription, util

from motes.audio.file_source import open_source
from motes.encoders.siam.hearing import events_of, mono_of, network_of, windows_of
from motes.encoders.siam.peaks import Detections, Thresholds
from motes.encoders.siam.pitch import with_fine_pitch
from motes.encoders.siam.spectra import SAMPLE_RATE_HZ
from motes.encoders.siam.weights import read_weights

LABELS_HZ = 44100
DRUM_INSTRUMENT = 129
ONSET_S = 0.05
COLUMNS = ("f1", "precision", "recall", "f1_ends", "onset_f1", "events_per_note")


def labels_of(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intervals in seconds and MIDI numbers of what has a pitch, and the onsets of what has none."""
    with open(path, newline="") as handle:
        rows = list(csv.DictReader(handle))
    times = np.array([(int(row["start_time"]), int(row["end_time"])) for row in rows], float).reshape(-1, 2) / LABELS_HZ
    is_drum = np.array([int(row["instrument"]) == DRUM_INSTRUMENT for row in rows], bool)
    notes = np.array([int(row["note"]) for row in rows], float)
    return times[~is_drum], notes[~is_drum], np.unique(times[is_drum, 0])


def scores(found: Detections, intervals: np.ndarray, notes: np.ndarray) -> dict[str, float]:
    """Scores of the events with a pitch of one recording."""
    pitched = found.only(found.is_pitched)
    estimate = np.stack([pitched.onset_s, np.maximum(pitched.end_s, pitched.onset_s + 1e-3)], axis=1)
    hz, true_hz = util.midi_to_hz(pitched.pitch), util.midi_to_hz(notes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, f1, _ = transcription.precision_recall_f1_overlap(
            intervals, true_hz, estimate, hz, offset_ratio=None
        )
        f1_ends = transcription.precision_recall_f1_overlap(intervals, true_hz, estimate, hz)[2]
        onset_f1 = onset.f_measure(np.unique(intervals[:, 0]), np.unique(estimate[:, 0]))[0]
    return dict(zip(COLUMNS, (f1, precision, recall, f1_ends, onset_f1, len(hz) / max(len(notes), 1)), strict=True))


def band_hits(found: Detections, onsets: np.ndarray) -> np.ndarray:
    """Hits, events and labels of what has no pitch."""
    estimate = np.unique(found.onset_s[~found.is_pitched])
    hits = len(util.match_events(onsets, estimate, ONSET_S)) if len(onsets) and len(estimate) else 0
    return np.array([hits, len(estimate), len(onsets)])


def bench_notes(args: argparse.Namespace) -> None:
    network = network_of(read_weights(args.weights) if args.weights else None)
    base = Thresholds(
        sounding=args.sounding, silent=args.silent, band_onset=args.band_onset, events_per_second=args.cap or None
    )
    rows: dict[float, list[dict[str, float]]] = {each: [] for each in args.onset}
    hits, labelled, spent, seconds = np.zeros(3), sorted(Path(args.folder).glob("*_labels/*.csv")), 0.0, 0.0
    for path in labelled:
        if path.stem.isdigit() and not args.first <= int(path.stem) <= args.last:
            continue
        intervals, notes, drums = labels_of(path)
        begun = time.process_time()
        recording = path.parent.with_name(path.parent.name.replace("_labels", "_data")) / f"{path.stem}.wav"
        mono = mono_of(open_source(recording))
        windows = windows_of(mono, network)
        for threshold in args.onset:
            found = with_fine_pitch(events_of(windows, replace(base, onset=threshold)), mono)
            if threshold == args.onset[0]:
                spent, seconds = spent + time.process_time() - begun, seconds + len(mono) / SAMPLE_RATE_HZ
                hits += band_hits(found, drums)
            if len(notes):
                rows[threshold].append(scores(found, intervals, notes))
                if args.each:
                    print(path.stem, threshold, *(f"{rows[threshold][-1][name]:.3f}" for name in COLUMNS))
    if not rows[args.onset[0]]:
        raise SystemExit(f"there are no labelled recordings with notes in {args.folder}")
    print("threshold", *COLUMNS, f"({len(rows[args.onset[0]])} recordings)")
    for threshold, each in rows.items():
        print(f"{threshold:9.2f}", *(f"{np.mean([row[name] for row in each]):.3f}" for name in COLUMNS))
    hit, n_events, n_labels = hits
    print(f"without pitch: onset F1 {2 * hit / max(n_events + n_labels, 1):.3f}, {n_events:.0f} for {n_labels:.0f}")
    print(f"{seconds / max(spent, 1e-9):.0f} times real time of one core")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(required=True)
    notes = parts.add_parser("notes")
    notes.add_argument("folder")
    notes.add_argument("--weights")
    notes.add_argument("--first", type=int, default=0)
    notes.add_argument("--last", type=int, default=10**9)
    notes.add_argument("--onset", type=float, nargs="+", default=[Thresholds.onset])
    notes.add_argument("--band-onset", type=float, default=Thresholds.band_onset)
    notes.add_argument("--sounding", type=float, default=Thresholds.sounding)
    notes.add_argument("--silent", type=float, default=Thresholds.silent)
    notes.add_argument("--cap", type=int, default=0)
    notes.add_argument("--each", action="store_true")
    notes.set_defaults(run=bench_notes)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
