"""How far what jobs of the studio tell of their progress is from the time that has gone: `bench_studio.py --progress`.

Each of ten jobs runs alone in a process of its own, as in the studio, on one thread, and every message of it is taken
in as the server takes it. Beside what is told then stand the processor's time of the process and the time by the clock,
as parts of what they come to in the end: on a machine with other work only the first says anything.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from motes.audio import open_source
from motes.encoders import encoder_named
from motes.library.batch import Outcome
from motes.library.plan import Job
from motes.studio.encoding import EncodingProcess
from motes.studio.forms import work_of
from motes.studio.jobs import EncodingJob, learnt_slowness, slowness_by_load
from studio_memory import resident_mb

AUDIO = Path(os.environ.get("MOTES_SHARED", "shared")) / "audio"
ONE = {"n_threads": 1}
JOBS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("song_60s_stereo", "pursuit", {"kbps": 24.0, **ONE}),
    ("song", "pursuit", {"kbps": 6.0, **ONE}),
    ("orchestra", "pursuit", {"snr_db": 20.0, **ONE}),
    ("singing", "pursuit", {"quality": 5.0, **ONE}),
    ("sugarplum_stereo", "pursuit", {"kbps": 64.0, "detail": True, **ONE}),
    ("trumpet", "splat", {"iterations": 60}),
    ("trumpet", "gabor", {"time_limit_s": 40.0}),
    ("vibraphone", "instrument", {"refine": 20}),
    ("song_60s_stereo", "siam", ONE),
    ("piano", "siam", {"refine": 30, **ONE}),
)
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Report(NamedTuple):
    """What a job told, and the seconds that had gone by then, of the processor and by the clock."""

    told: float
    busy_s: float
    clock_s: float
    resident_mb: int = 0


def busy_s(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def reports_of(
    clip: str, encoder: str, options: dict[str, Any], folder: Path, slowness: float
) -> tuple[list[Report], Report, float]:
    """What a job told while it ran, how long it took in all, and how slow the machine is as far as was learnt."""
    source, output = AUDIO / f"{clip}.flac", folder / f"{len(list(folder.iterdir()))}.mote"
    work = work_of(encoder_named(encoder), options)
    opened = open_source(source)
    expected_s = work.expected_s(opened.n_samples, opened.n_channels, opened.sample_rate_hz)
    begun_s = time.monotonic()
    work = replace(work, begun_s=begun_s)
    job = EncodingJob(
        "j", clip, source, encoder, work, options, begun=begun_s, expected_s=expected_s, slowness=slowness
    )
    process, found, busy = EncodingProcess(Job(str(source), str(output)), work), [], 0.0
    pid = process._process.pid
    try:
        for message in process.messages(0.1):
            busy = busy_s(pid)
            if isinstance(message, Outcome):
                if message.status != "done":
                    raise SystemExit(f"{clip} by {encoder}: {message.reason}")
                break
            if message is None:
                job.tick()
            else:
                job.take(message)
            found.append(Report(job.fraction, busy, time.monotonic() - job.begun, resident_mb(pid)))
    finally:
        process.close(1.0)
    took_s = time.monotonic() - job.begun
    return found, Report(1.0, busy, took_s), learnt_slowness(slowness, job, took_s)


def progress(names: list[str]) -> None:
    """A table of all jobs, or of those whose words are given, `ENCODER` or `CLIP`."""
    kept, slowness = {}, slowness_by_load()
    print("| clip | encoder | options | s | reports | farthest by the processor | at | by the clock | most MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for clip, encoder, options in JOBS:
            if names and not {clip, encoder, *options}.intersection(names):
                continue
            found, whole, slowness = reports_of(clip, encoder, options, Path(folder), slowness)
            by_processor = [(abs(one.told - one.busy_s / whole.busy_s), one.busy_s / whole.busy_s) for one in found]
            by_clock = max(abs(one.told - one.clock_s / whole.clock_s) for one in found)
            far, at = max(by_processor)
            words = ", ".join(f"{name} {value:g}" for name, value in options.items() if name != "n_threads")
            print(
                f"| {clip} | {encoder} | {words} | {whole.busy_s:.1f} | {len(found)} | {far:.2f} | {at:.2f} | "
                f"{by_clock:.2f} | {max(one.resident_mb for one in found)} |",
                flush=True,
            )
            kept[f"{clip} {encoder} {words}"] = [(r.told, r.busy_s / whole.busy_s, r.busy_s) for r in found]
    if "PAIRS" in os.environ:
        Path(os.environ["PAIRS"]).write_text(json.dumps(kept))
