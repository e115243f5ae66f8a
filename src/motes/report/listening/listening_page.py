"""A listening test in one HTML file: ABX, and MUSHRA with hidden reference and anchors. docs/listen.md describes it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from motes.arguments import checked
from motes.errors import ParameterError
from motes.files import atomic_output, refuse_existing
from motes.report.listening.answers import FORMAT
from motes.report.listening.stimuli import REFERENCE, File, Stimulus, prepared_stimuli
from motes.report.sound import flac

MOST_COPIES, MOST_TRIALS = 12, 100
TRIALS, SEED = 10, 1


class ListeningTest(NamedTuple):
    """A page that was written: its path and size, and by name how many dB each copy was made louder."""

    path: Path
    n_bytes: int
    gain_db: dict[str, float]


@checked
def listen(
    stimuli: File | Sequence[File],
    reference: File,
    output: File,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    trials: int = TRIALS,
    seed: int = SEED,
    overwrite: bool = False,
) -> ListeningTest:
    """Write a listening test of .mote files and recordings, beside the recording they were made of, as one HTML file.

    It holds from `start_s` to `end_s`, at most 30 s, `trials` ABX trials for each copy, and one MUSHRA comparison of
    all with hidden reference and anchors. The order follows from `seed` and the listener's name. ParameterError where
    there is nothing to compare, AudioError where a file cannot be read or written.
    """
    copies = [stimuli] if isinstance(stimuli, str | os.PathLike) else list(stimuli)
    if not 1 <= len(copies) <= MOST_COPIES:
        raise ParameterError(f"a listening test takes 1 to {MOST_COPIES} copies of a recording, not {len(copies)}")
    if not 0 <= trials <= MOST_TRIALS:
        raise ParameterError(f"trials must lie in 0 … {MOST_TRIALS}, not {trials}")
    refuse_existing(output, overwrite)
    rate, sounds = prepared_stimuli(copies, reference, start_s, end_s)
    text = _page(rate, sounds, Path(reference).name, trials, seed)
    with atomic_output(output, overwrite) as handle:
        handle.write(text)
    gains = {sound.name: sound.gain_db for sound in sounds[1:] if not sound.low_pass_hz}
    return ListeningTest(Path(os.fspath(output)), len(text), gains)


def _page(rate: int, sounds: list[Stimulus], reference: str, trials: int, seed: int) -> bytes:
    held = [
        {"name": sound.name, "role": _role(sound), "flac": flac(sound.audio, rate).url.partition("base64,")[2]}
        for sound in sounds
    ]
    data: dict[str, Any] = {"format": FORMAT, "reference": reference, "trials": trials, "seed": seed, "rate": rate}
    data["test"] = hashlib.sha256(json.dumps([data, held]).encode()).hexdigest()[:16]
    style, script = _asset("listening.css"), _asset("listening.js")
    return (
        Template(_asset("listening.html"))
        .substitute(
            reference=html.escape(reference),
            policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'",
            style=style,
            script=script,
            data=json.dumps(data | {"sounds": held}).replace("<", "\\u003c"),
        )
        .encode(errors="backslashreplace")
    )


def _role(sound: Stimulus) -> str:
    return "anchor" if sound.low_pass_hz else "reference" if sound.name == REFERENCE else "copy"


def _asset(name: str) -> str:
    return (files("motes.report.listening") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
