"""A page to hear what a search of a catalogue found: one HTML file, which plays from disk."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Sequence
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from motes.errors import ParameterError
from motes.events.notes import pitch_name
from motes.files import atomic_output
from motes.library.catalogue.excerpt import Placed, Scenes, alone, placed
from motes.report.page import asset, hashed, kind_styles, with_size
from motes.report.sound import Audio, opus

if TYPE_CHECKING:
    from motes.library.catalogue.catalogue import Catalogue
    from motes.library.catalogue.search import Answers
    from motes.scene.scene import Scene

# Of each sound so much is heard, of so many.
LONGEST_S, MOST = 8.0, 200
_PEAK, _FADE_S = 0.5, 0.02


def write_answers_page(
    answers: Answers,
    path: str | os.PathLike[str],
    *,
    command: str = "",
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> int:
    """Write the page and return its size in bytes; `command` is what the page says made it.

    Raises ParameterError where there are too many answers, or none; FormatError where a file of the catalogue is gone.
    """
    text = answers_page(answers, command, progress)
    with atomic_output(path, overwrite) as handle:
        handle.write(text)
    return len(text)


def answers_page(answers: Answers, command: str = "", progress: Callable[[float], None] = lambda _: None) -> bytes:
    """The page; as `write_answers_page`."""
    rows = answers.rows.to_pylist()
    if not 0 < len(rows) <= MOST:
        raise ParameterError(f"a page is of 1 to {MOST} sounds, not {len(rows)}")
    sounds = coded_sounds(answers.catalogue, placed(answers.rows), progress)
    style, script = asset("page.css") + asset("corpus/answers.css") + kind_styles(), asset("corpus/answers.js")
    asked = "" if answers.like is None else _asked(answers)
    text = Template(asset("corpus/answers.html")).substitute(
        title=html.escape(_title(answers)),
        policy=f"default-src 'none'; media-src data:; style-src '{hashed(style)}'; script-src '{hashed(script)}'",
        style=style,
        script=script,
        asked=asked,
        answers="\n".join(_item(row, url) for row, url in zip(rows, sounds, strict=True)),
        summary=html.escape(f"{len(rows)} of {len(answers.catalogue):,} sounds in {answers.catalogue.path.name}"),
        made=f"<p>This page: <code>{html.escape(command)}</code></p>" if command else "",
    )
    return with_size(text)


def coded_sounds(catalogue: Catalogue, sounds: Sequence[Placed], progress: Callable[[float], None]) -> list[str]:
    """Each sound alone as a `data:` address, in this order."""
    scenes, urls = Scenes(catalogue), dict[int, str]()
    for i in sorted(range(len(sounds)), key=lambda i: sounds[i].file):
        scene = alone(scenes.of(sounds[i].file), sounds[i], LONGEST_S)
        urls[i] = opus(audible(scene), scene.sample_rate_hz).url
        progress(len(urls) / len(sounds))
    return [urls[i] for i in range(len(sounds))]


def audible(scene: Scene) -> Audio:
    """What a scene sounds like `(channels, n)`, all at one peak, fading at its end."""
    audio = np.atleast_2d(scene.render())[:2].astype(np.float32)
    peak, n_fade = float(np.abs(audio).max(initial=0.0)), round(_FADE_S * scene.sample_rate_hz)
    if audio.shape[1] >= n_fade:
        audio[:, audio.shape[1] - n_fade :] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    return audio * np.float32(_PEAK / peak) if peak > 0 else audio


def _title(answers: Answers) -> str:
    if answers.like is None:
        return f"Sounds with {answers.where}"
    among = f", where {answers.where}" if answers.where else ""
    return f"Sounds like {answers.like.kind} {answers.like.number} of {answers.like.file}{among}"


def _asked(answers: Answers) -> str:
    """What was looked for, to hear."""
    like = answers.like
    assert like is not None
    sound = Placed(like.file, like.kind, like.number, like.time_s, like.length_s)
    scene = alone(like.scene or answers.catalogue.scene(like.file), sound, LONGEST_S)
    row = {**vars(sound), "pitch": like.pitch, "gain_db": like.gain_db}
    url = opus(audible(scene), scene.sample_rate_hz).url
    return f'<section class="card" aria-labelledby="asked"><h2 id="asked">Looked for</h2>{_card(row, url)}</section>'


def _item(row: dict[str, Any], url: str) -> str:
    return f'<li class="card">{_card(row, url)}</li>'


def _card(row: dict[str, Any], url: str) -> str:
    """A sound: what it is, and a player."""
    what = f"{row['kind']} {row['number']}"
    facts = [("at", f"{row['time_s']:.2f} s"), ("for", f"{row['length_s']:.2f} s")]
    facts += [("pitch", "none" if row["pitch"] is None else f"{pitch_name(row['pitch'])} ({row['pitch']:.1f})")]
    facts += [("level", f"{row['gain_db']:.1f} dBFS")]
    facts += [("distance", f"{row['distance']:.2f}")] if "distance" in row else []
    listed = "".join(f"<div><dt>{name}</dt><dd>{html.escape(text)}</dd></div>" for name, text in facts)
    file = html.escape(row["file"])
    return (
        f'<h3>{file} <small>{what}</small></h3><dl class="about">{listed}</dl>'
        f'<audio controls preload="metadata" aria-label="{what} of {file}" src="{url}"></audio>'
    )
