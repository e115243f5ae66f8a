"""The two things done to a file: encoding and decoding. Each takes a job, returns a report in plain values, and
leaves a whole file or none.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from motes import places
from motes.arguments import checked
from motes.audio import (
    AS_IT_IS,
    Block,
    Preparation,
    RawSamples,
    Source,
    check_sample_rate,
    open_source,
    prepared,
    resample_blocks,
    write_audio,
)
from motes.audio.tags import read_tags
from motes.encoders.progress import seconds_of
from motes.errors import AudioError, MotesWarning
from motes.files import atomic_output
from motes.library.batch import Progress
from motes.library.plan import Job
from motes.units import SILENCE_DB, power_to_db

if TYPE_CHECKING:
    from motes.edit.partials import Partial
    from motes.encoders.options import Options
    from motes.encoders.progress import Progress as EncoderProgress
    from motes.scene.scene import Scene

    # A .mote file, by its path, or a scene itself.
    Given: TypeAlias = str | os.PathLike[str] | Scene

_BLOCK_SAMPLES = 65536


@dataclass(frozen=True)
class Encode:
    """Recording to .mote file, by the encoder whose options these are."""

    options: Options
    overwrite: bool = False
    embed_rooms: bool = False
    preparation: Preparation = AS_IT_IS
    # What samples the files hold where they have no header.
    raw: RawSamples | None = None
    # Whether title, artist … of the recording are kept.
    tags: bool = True
    # Called with how far the encoder itself has come.
    on_progress: Callable[[EncoderProgress], None] | None = None
    # When the time began to run, of time.monotonic: by default with each job.
    begun_s: float | None = None
    # Called with the scene as it grows, by encoders that show it.
    watch: Callable[[Scene, EncoderProgress], None] | None = None
    # Whether the recording's notes are found too, and their vectors.
    notes: bool = False
    note_vectors: bool = False
    # Whether the waveforms of dictionaries are left out.
    refer: bool = False

    def warm_up(self) -> None:
        """Compile what encoding takes, by a moment of noise: once on each machine, before its workers begin."""
        from motes.audio import ArraySource
        from motes.encoders import encoder_of

        noise = np.random.default_rng(1).uniform(-0.1, 0.1, 8000)
        if encoder_of(self.options).name == "pursuit":
            options = replace(self.options, dictionary=None)  # type: ignore[type-var]  # it has a rate of its own
            scene = encoder_of(options).encode(ArraySource(noise, 16000), options)
            snr_of_scene_db(scene, ArraySource(noise, 16000))

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Encode one recording; the report's `snr_db` is of what the file decodes to."""
        from motes.encoders import encoder_of

        start = time.monotonic()
        opened = open_source(job.source, self.raw, any_level=self.preparation.normalise)
        source, encoder = prepared(opened, self.preparation), encoder_of(self.options)

        measuring_s = _measuring_s(self.options, source.n_samples, source.n_channels, source.sample_rate_hz)
        part = [0.95]

        def report(now: EncoderProgress) -> None:
            if self.on_progress is not None:
                self.on_progress(now)
            part[0] = now.work_s / (now.work_s + measuring_s) if now.work_s else part[0]
            progress(part[0] * now.fraction, *([] if now.iteration is None else [_fit_words(now)]))

        more: dict[str, Any] = {"watch": self.watch} if encoder.shows else {}
        if encoder.has_time_limit:
            more["begun_s"] = start if self.begun_s is None else self.begun_s
        scene = self._encoded(source, lambda options: encoder.encode(source, options, progress=report, **more))
        job.make_folder()
        scene = scene.embed_rooms() if self.embed_rooms else scene
        if self.tags and self.raw is None and job.source != "-":
            scene = scene.replace(tags=read_tags(job.source))
        n_bytes = _store(scene.refer() if self.refer else scene, job.output, self.overwrite)
        elapsed_s = time.monotonic() - start
        snr = snr_of_scene_db(scene, source, lambda fraction: progress(part[0] + (1 - part[0]) * fraction))
        return {"source": job.source, "output": job.output} | self._report(scene, n_bytes, snr, elapsed_s)

    def expected_s(self, n_samples: int, n_channels: int, sample_rate_hz: int) -> float:
        """Seconds of a processor that a recording takes, once what encodes is loaded; 0 where that is not known."""
        encoding_s = seconds_of(self.options.stages(n_samples, n_channels, sample_rate_hz))
        if not encoding_s:
            return 0.0
        return encoding_s + _measuring_s(self.options, n_samples, n_channels, sample_rate_hz)

    def _encoded(self, source: Source, encode: Callable[[Options], Scene]) -> Scene:
        if not (self.notes or self.note_vectors):
            return encode(self.options)
        from motes.notes.encoding import encode_with_notes

        return encode_with_notes(source, self.options, encode, self.note_vectors)

    def _report(self, scene: Scene, n_bytes: int, snr_db: float, elapsed_s: float) -> dict[str, Any]:
        seconds = scene.duration_s
        return {
            "seconds": seconds,
            "n_channels": scene.n_channels,
            "sample_rate_hz": scene.sample_rate_hz,
            "n_events": scene.n_events,
            "n_notes": len(scene.groups.notes),
            "encoder": scene.metadata.encoder,
            "n_bytes": n_bytes,
            "kbps": n_bytes * 8 / 1000 / seconds if seconds else 0.0,
            "snr_db": snr_db,
            "stop_reason": scene.metadata.stop_reason,
            **_room_of(scene, self.options),
            "elapsed_s": elapsed_s,
            "times_real_time": seconds / elapsed_s,
        }


def _measuring_s(options: Options, n_samples: int, n_channels: int, sample_rate_hz: int) -> float:
    """Seconds that a scene takes to be stored and rendered for its signal-to-noise ratio."""
    return 0.03 + 0.06 * n_samples * n_channels / 1e6 + options.RENDERING * n_samples / sample_rate_hz


def _room_of(scene: Scene, options: Options) -> dict[str, str]:
    """The room of a fit that could have one, for its report."""
    if getattr(options, "room", "none") == "none":
        return {}
    return {"room": scene.rooms[0].name if scene.rooms else "none"}


def _fit_words(now: EncoderProgress) -> str:
    return f"step {now.iteration}, loss {now.loss:.4f}, {now.n_events} events" + (f", {now.room}" if now.room else "")


@dataclass(frozen=True)
class Decode:
    """.mote file to audio: all of it, or from `start_s` to `end_s`; at `rate_hz` if given; of all events, or those that
    `select` picks.
    """

    start_s: float | None = None
    end_s: float | None = None
    rate_hz: int | None = None
    subtype: str | None = None
    overwrite: bool = False
    salvage: bool = False
    select: str | None = None
    # Whether notes that it picks have their part of noise.
    with_noise: bool = False
    # Whether detail is heard, or texture in its place.
    detail: bool = True
    # A file with the waveforms that the scene only names.
    dictionary: str | None = None

    def __call__(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Decode one file, in blocks."""
        return self.to_file(job.source, job.output, progress, job.make_folder)

    def to_file(
        self,
        given: Given,
        output: str,
        progress: Progress = lambda *_: None,
        make_folder: Callable[[], None] = lambda: None,
    ) -> dict[str, Any]:
        """Decode a scene or a file to a file, in blocks; the report says what became of it."""
        from motes.synth.render import stretch_samples

        start, skipped = time.perf_counter(), list[str]()
        if self.salvage and isinstance(given, str | os.PathLike):
            scene, skipped = salvaged_scene(os.fspath(given))
        elif self.select is None:
            scene = as_scene(given, self.start_s, self.end_s)
        else:
            scene = as_scene(given)  # all of it: events are numbered, and notes share atoms, by the whole
        if self.dictionary is not None:
            from motes.encoders.learned import load_dictionary

            scene = scene.with_dictionary(load_dictionary(self.dictionary))
        if not self.detail:
            scene = scene.without("detail")
        if self.select is not None:
            scene = _only(scene, self.select, self.with_noise)
        first, last = stretch_samples(scene, self.start_s, self.end_s)
        rate = scene.sample_rate_hz if self.rate_hz is None else check_sample_rate(self.rate_hz)
        blocks = resample_blocks(_rendered(scene, first, last, progress), scene.n_channels, scene.sample_rate_hz, rate)
        n_samples = -(-(last - first) * rate // scene.sample_rate_hz)
        make_folder()
        n_clipped = write_audio(
            output,
            blocks,
            rate,
            scene.n_channels,
            overwrite=self.overwrite,
            subtype=self.subtype,
            n_samples=n_samples,
            tags=scene.tags,
        )
        elapsed_s = time.perf_counter() - start
        return {
            "source": os.fspath(given) if isinstance(given, str | os.PathLike) else "scene",
            "output": output,
            "seconds": n_samples / rate,
            "n_channels": scene.n_channels,
            "sample_rate_hz": rate,
            "n_events": scene.n_events,
            "n_clipped": n_clipped,
            **({"skipped": skipped} if self.salvage else {}),
            "elapsed_s": elapsed_s,
            "times_real_time": n_samples / rate / elapsed_s,
        }


def _only(scene: Scene, select: str, with_noise: bool = False) -> Scene:
    """What of the scene is selected; warns where nothing is."""
    chosen = scene.select(select, with_noise=with_noise)
    if not len(chosen) and scene.n_events:
        warnings.warn(MotesWarning(f"none of {scene.n_events} events is selected"), stacklevel=2)
    return chosen.only()


def as_scene(given: Given, start_s: float | None = None, end_s: float | None = None) -> Scene:
    """The scene given, or that in a .mote file; of a file at least what sounds in a range."""
    return load_scene(os.fspath(given), start_s, end_s) if isinstance(given, str | os.PathLike) else given


@checked
def partials(scene: Given) -> list[Partial]:
    """A row for each partial of a scene, or of that of a .mote file: what `motes partials --json` lists."""
    return as_scene(scene).partials


def salvaged_scene(path: str) -> tuple[Scene, list[str]]:
    """What is intact in a .mote file, and what was skipped and why."""
    from motes.codec.salvage import salvage, salvage_file
    from motes.data.impulse_responses import finder

    found = salvage(sys.stdin.buffer.read(), finder()) if path == "-" else salvage_file(path, finder())
    return found.scene, found.skipped


def load_scene(path: str, start_s: float | None = None, end_s: float | None = None) -> Scene:
    """The scene in a .mote file, or on standard input for `"-"`; with a range, at least the events that sound in it."""
    from motes import codec
    from motes.data.impulse_responses import finder

    if path == "-":
        return codec.loads(sys.stdin.buffer.read(), finder())
    if places.is_folder(path):
        raise AudioError(f"{path} is a folder, not a .mote file")
    return codec.load(path, start_s, end_s, finder())


def snr_of_scene_db(scene: Scene, source: Source, progress: Progress = lambda _: None) -> float:
    """SNR of what a scene renders against the recording it was made from, in bounded memory; −200 … 200 dB."""
    signal = noise = 0.0
    for reference, estimate in _side_by_side(source.blocks(), _rendered(scene, 0, scene.n_samples, progress)):
        reference, estimate = reference.astype(np.float64), estimate.astype(np.float64)
        signal += float(np.sum(reference**2))
        noise += float(np.sum((reference - estimate) ** 2))
    if noise == 0:
        return -SILENCE_DB
    return min(-SILENCE_DB, power_to_db(signal / noise)) if signal > 0 else SILENCE_DB


def _rendered(scene: Scene, first: int, last: int, progress: Progress) -> Iterator[Block]:
    from motes.synth.render import render_blocks

    done = 0
    for block in render_blocks(scene, _BLOCK_SAMPLES, first=first, last=last):
        yield block
        done += block.shape[1]
        progress(done / max(1, last - first))


def _side_by_side(ones: Iterator[Block], others: Iterator[Block]) -> Iterator[tuple[Block, Block]]:
    """Pairs of equally long pieces of two streams of blocks that are cut differently."""
    other, at = next(others, None), 0
    for one in ones:
        done = 0
        while done < one.shape[1] and other is not None:
            n = min(one.shape[1] - done, other.shape[1] - at)
            yield one[:, done : done + n], other[:, at : at + n]
            done, at = done + n, at + n
            if at == other.shape[1]:
                other, at = next(others, None), 0


def _store(scene: Scene, output: str, overwrite: bool) -> int:
    """Write the file and return its size in bytes."""
    from motes.codec import chunks

    n_bytes = 0
    if output == "-":
        for chunk in chunks(scene):
            n_bytes += len(chunk)
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return n_bytes
    with atomic_output(output, overwrite) as handle:
        for chunk in chunks(scene):
            n_bytes += len(chunk)
            handle.write(chunk)
    return n_bytes
