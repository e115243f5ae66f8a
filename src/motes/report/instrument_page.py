"""A page that is an instrument: one HTML file that plays from disk, without a network. docs/play.md describes it."""

from __future__ import annotations

import html
import json
import os
from string import Template
from typing import Any

import numpy as np

from motes.errors import ParameterError
from motes.events.instrument import Instrument
from motes.files import atomic_output
from motes.report.facts import citation, headline
from motes.report.instrument_json import instrument_document
from motes.report.page import asset, hashed, kind_styles, with_size
from motes.report.sound import flac, opus
from motes.report.subject import Subject
from motes.scene.scene import Scene
from motes.synth.keys import PIANO, keys_or_controls

# Sounds are FLAC in a page of at most so many megabytes, Opus in others.
MEGABYTES = 8.0


def write_instrument_page(
    subject: Subject,
    path: str | os.PathLike[str],
    *,
    megabytes: float = MEGABYTES,
    command: str = "",
    overwrite: bool = False,
) -> int:
    """Write the page of the first instrument of a scene and return its size in bytes.

    `command` is what the page says made it. Raises ParameterError where the scene holds no instrument, or it does not
    fit into so many megabytes; AudioError where the page cannot be written.
    """
    text = instrument_page(subject, megabytes, command)
    with atomic_output(path, overwrite) as handle:
        handle.write(text)
    return len(text)


def instrument_page(subject: Subject, megabytes: float = MEGABYTES, command: str = "") -> bytes:
    """The page; as `write_instrument_page`."""
    data = json.dumps(playable(subject.scene), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    instrument, n_strikes = subject.scene.instruments[0], int(np.sum(subject.scene.strike.instrument_id == 0))
    style, script = asset("page.css") + asset("instrument.css") + kind_styles(), asset("instrument.js")
    text = Template(asset("instrument.html")).substitute(
        name=html.escape(subject.name),
        headline=html.escape(headline(subject)),
        # A worklet of a page on disk can have no other address than `data:`, and WebAssembly has to be allowed by name.
        policy=(
            f"default-src 'none'; img-src data:; media-src data:; style-src '{hashed(style)}'; script-src "
            f"'{hashed(script)}' 'wasm-unsafe-eval' data:"
        ),
        style=style,
        script=script,
        data=data,
        sounds=_sounds(subject, int(megabytes * 1e6) - len(data) - len(style) - len(script)),
        figures=_figures(subject, instrument, n_strikes),
        n_modes=f"{instrument.n_modes:,}",
        n_controls=f"{instrument.n_controls:,}",
        n_strikes=f"{n_strikes:,}",
        citation=html.escape(citation()),
        made="" if not command else f"<p>This page: <code>{html.escape(command)}</code></p>",
    )
    whole = with_size(text)
    if len(whole) > megabytes * 1e6:
        raise ParameterError(
            f"the instrument of {subject.name} needs {len(whole) / 1e6:.1f} MB, not {megabytes:g}: allow the page more "
            "(--megabytes)"
        )
    return whole


def playable(scene: Scene) -> dict[str, Any]:
    """What the page's script reads: the instrument, and which control plays each key of a piano.

    ParameterError where the scene holds no instrument.
    """
    if not scene.instruments:
        raise ParameterError("the scene holds no instrument: motes encode --encoder instrument makes one")
    document = instrument_document(scene)
    del document["test"]
    keys = keys_or_controls(scene.instruments[0], scene.strike)
    rows = [[key.control, round(key.semitones, 6), float(f"{key.amplitude:.6g}")] for key in keys]
    return {"instrument": document, "keys": {"low": PIANO.start, "keys": rows}}


def _sounds(subject: Subject, budget: int) -> str:
    """Players of the recording, where it is at hand, and of what the instrument makes of it."""
    scene = subject.scene
    tracks = {"The instrument": np.atleast_2d(scene.render())}
    if subject.original is not None:
        tracks = {"The original": subject.original} | tracks
    coded = {name: flac(audio, scene.sample_rate_hz) for name, audio in tracks.items()}
    if sum(sound.n_bytes for sound in coded.values()) > 0.95 * budget:
        coded = {name: opus(audio, scene.sample_rate_hz) for name, audio in tracks.items()}
    return "".join(
        f"<figure><figcaption>{name} <small>{sound.coding}</small></figcaption>"
        f'<audio controls preload="metadata" aria-label="{name}" src="{sound.url}"></audio></figure>'
        for name, sound in coded.items()
    )


def _figures(subject: Subject, instrument: Instrument, n_strikes: int) -> str:
    shown = [
        ("modes", f"{instrument.n_modes:,}"),
        ("controls", f"{instrument.n_controls:,}"),
        ("strikes", f"{n_strikes:,}"),
        ("file", f"{subject.n_bytes:,} bytes"),
    ]
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown)
