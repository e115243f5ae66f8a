"""Learning a dictionary of waveforms that recur in many recordings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from motes import places
from motes.arguments import checked
from motes.audio import RECORDINGS, Preparation, open_source, prepared
from motes.errors import AudioError, ParameterError
from motes.events.model import MAX_WAVEFORM_SAMPLES, MAX_WAVEFORMS, Model
from motes.files import refuse_existing
from motes.units import require_positive

File = str | os.PathLike[str]


@checked
def learn_dictionary(
    recordings: File | Iterable[File],
    output: File,
    *,
    waveforms: int = 64,
    length_s: float = 0.046,
    minutes: float = 5.0,
    overwrite: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Model:
    """The dictionary of at most so many `waveforms` of `length_s` seconds that recur in recordings, or in those of a
    folder, the most used first, written to a file (by custom `NAME.motes-dictionary`).

    At most so many `minutes` are learned from, about as much of each recording, from its middle; channels are mixed,
    and all have the sample rate of the first. `progress` is told the part that is done, 0 … 1. Raises ParameterError
    where nothing recurs, AudioError for a recording that cannot be read.
    """
    from motes.encoders.learned import learn, save_dictionary

    refuse_existing(output, overwrite)
    if not 1 <= waveforms <= MAX_WAVEFORMS:
        raise ParameterError(f"waveforms must be from 1 to {MAX_WAVEFORMS}, not {waveforms}")
    length_s, minutes = require_positive("length_s", length_s), require_positive("minutes", minutes)
    paths = _paths([recordings] if isinstance(recordings, str | os.PathLike) else list(recordings))
    rate = open_source(paths[0]).sample_rate_hz
    length = round(length_s * rate)
    if not 32 <= length <= MAX_WAVEFORM_SAMPLES:
        raise ParameterError(
            f"length_s must be from {32 / rate:.2g} to {MAX_WAVEFORM_SAMPLES / rate:.2g} s at {rate} Hz, not "
            f"{length_s:g}"
        )
    most = max(length, int(minutes * 60 * rate / len(paths)))
    audio = [_middle(path, rate, most) for path in paths]
    told = progress or (lambda _: None)
    found = learn(audio, waveforms, length, lambda done, n: told(done / n))
    if not len(found):
        raise ParameterError(
            f"nothing of {length_s:g} s recurs in {len(paths)} recording{'s' * (len(paths) > 1)}: there is no "
            "dictionary to write"
        )
    return save_dictionary(found, rate, output, overwrite=overwrite)


def _paths(given: list[File]) -> list[str]:
    """The recordings that files and folders stand for; AudioError where there are none."""
    found: list[str] = []
    for path in map(os.fspath, given):
        if not places.is_folder(Path(path)):
            found.append(path)
            continue
        names = [name for name in places.files_in(Path(path)) if Path(name).suffix.lower() in RECORDINGS]
        if not names:
            raise AudioError(f"there are no recordings in {path}")
        found += [places.join(path, name) for name in names]
    if not found:
        raise ParameterError("a dictionary is learned from recordings: name at least one")
    return found


def _middle(path: str, sample_rate_hz: int, n_samples: int) -> np.ndarray:
    """At most so many samples from the middle of a recording, its channels mixed, `(n,)` float32."""
    source = prepared(open_source(path), Preparation(mono=True, to_sample_rate_hz=sample_rate_hz))
    skipped, parts, left = max(0, (source.n_samples - n_samples) // 2), [np.zeros(0, np.float32)], n_samples
    for block in source.blocks():
        part = block[0, skipped : skipped + left]
        skipped, left = max(0, skipped - block.shape[1]), left - len(part)
        parts.append(part)
        if not left:
            break
    return np.concatenate(parts)
