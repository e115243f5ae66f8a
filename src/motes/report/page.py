"""A page about scenes in one HTML file: to hear, see and compare, from disk, without a network. docs/report.md
describes what is on it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.errors import ParameterError
from motes.files import atomic_output
from motes.report.event_map import event_map, short
from motes.report.facts import citation, figures, headline, how_made, numbers_table
from motes.report.items import PARTIAL, Items, items_of, lines
from motes.report.note_items import NOTE
from motes.report.numbers import scores
from motes.report.pictures.picture import band_levels_db, shade, top_frequency
from motes.report.remix import Chance, remixed
from motes.report.sound import OPUS_BYTES_PER_S, Coded, choose, event_sounds, flac, opus
from motes.report.subject import Subject
from motes.scene.scene import Scene

# What a page may hold, by default.
MEGABYTES = 8.0
_MOST_ITEMS, _MOST_SOUND_S = 1500, 260.0
_SOUND_SHARE = 0.35  # of the page, for single events
_SMALLEST = 150_000  # bytes a scene needs


@dataclass(frozen=True)
class PageOptions:
    """`megabytes` bounds the file, `map_method` "" takes t-SNE where it is installed, `command` is what the page
    says made it.
    """

    megabytes: float = MEGABYTES
    map_method: str = ""
    perceptual: bool = True
    command: str = ""


def write_page(
    subjects: Sequence[Subject],
    path: str | os.PathLike[str],
    options: PageOptions | None = None,
    *,
    overwrite: bool = False,
) -> int:
    """Write the page and return its size in bytes; AudioError where it cannot be written."""
    text = page(subjects, options or PageOptions())
    with atomic_output(path, overwrite) as handle:
        handle.write(text)
    return len(text)


def page(subjects: Sequence[Subject], options: PageOptions) -> bytes:
    """The page. Raises ParameterError where so many scenes do not fit into so few megabytes."""
    if not subjects:
        raise ParameterError("a page needs at least one scene")
    budget = int(options.megabytes * 1e6) - 100_000
    if budget // len(subjects) < _SMALLEST:
        raise ParameterError(
            f"{len(subjects)} scenes need {(len(subjects) * _SMALLEST + 1e5) / 1e6:.1f} MB at least, not "
            f"{options.megabytes:g}"
        )
    parts = [_fitting(subject, number, budget // len(subjects), options) for number, subject in enumerate(subjects)]
    names = [html.escape(subject.name) for subject in subjects]
    links = "".join(f'<li><a href="#scene-{i}">{name}</a></li>' for i, name in enumerate(names))
    style, script = asset("page.css") + asset("instrument.css") + kind_styles(), asset("page.js")
    text = Template(asset("page.html")).substitute(
        title=" · ".join(names[:3]) + (" …" if len(names) > 3 else ""),
        contents=f'<nav aria-label="Scenes"><ul>{links}</ul></nav>' if len(names) > 1 else "",
        policy=(
            f"default-src 'none'; img-src data:; media-src data:; style-src '{hashed(style)}'; script-src "
            f"'{hashed(script)}'"
        ),
        style=style,
        script=script,
        scenes="\n".join(parts),
        citation=html.escape(citation()),
        command=html.escape(options.command),
        made="" if not options.command else f"<p>This page: <code>{html.escape(options.command)}</code></p>",
    )
    return with_size(text)


def with_size(text: str) -> bytes:
    """A page as bytes, which says its own size where it has @SIZE@."""
    whole = text.encode(errors="backslashreplace")
    return whole.replace(b"@SIZE@", f"{len(whole) / 1e6:.1f} MB".encode())


def asset(name: str) -> str:
    """The text of a file of this package."""
    return (files("motes.report") / name).read_text(encoding="utf-8")


def kind_styles() -> str:
    """The colours of kinds, on light and on dark pages and in the legend."""
    light, dark = (
        " ".join(f"--{kind.name}: {getattr(kind.look, page)};" for kind in kinds.KINDS) for page in ("light", "dark")
    )
    legend = "\n".join(
        f'.legend [data-sort="{kind.name}"]::before {{ background: var(--{kind.name}); }}' for kind in kinds.KINDS
    )
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n{legend}\n"


def hashed(text: str) -> str:
    """A style or script as a page's policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _fitting(subject: Subject, number: int, budget: int, options: PageOptions) -> str:
    """The part about a scene, in at most `budget` bytes; about its beginning where the whole needs more."""
    part = _article(subject, number, budget, options)
    while len(part.encode(errors="backslashreplace")) > budget:
        seconds = subject.scene.duration_s * min(0.85, 0.9 * budget / len(part.encode(errors="backslashreplace")))
        if seconds < 0.05:
            raise ParameterError(
                f"{subject.name} does not fit into {budget / 1e6:.1f} MB: allow the page more (--megabytes)"
            )
        subject = subject.shortened(seconds)
        part = _article(subject, number, budget, options)
    return part


def _article(subject: Subject, number: int, budget: int, options: PageOptions) -> str:
    scene = subject.scene
    items = items_of(scene)
    rendered = np.atleast_2d(scene.render())
    tracks = {"reconstruction": rendered}
    if subject.original is not None:
        tracks = {"original": subject.original} | tracks | {"residual": subject.original - rendered}
    chosen, events, data = _events(items, budget, options)
    pictures = _pictures(scene, tracks)
    fixed = events.n_bytes + len(data) + sum(map(len, pictures.values()))
    remixes = {
        "random-events": _remix(remixed(items, Chance(events=True)).selection.scene, rendered),
        "random-times": _remix(remixed(items, Chance(times=True)).selection.scene, rendered),
    }
    rate = scene.sample_rate_hz
    coded = {name: opus(audio, rate) for name, audio in remixes.items()} | {
        name: flac(audio, rate) for name, audio in tracks.items()
    }
    if fixed + sum(sound.n_bytes for sound in coded.values()) > 0.98 * budget:
        coded |= {name: opus(audio, rate) for name, audio in tracks.items()}
    measured = {} if subject.original is None else scores(rendered, subject.original, rate, options.perceptual)
    return Template(asset("scene.html")).substitute(
        id=number,
        name=html.escape(subject.name),
        headline=html.escape(headline(subject)),
        figures=figures(subject, measured),
        sources=_sources(tracks, number),
        players=_players(coded, pictures, number),
        events=events.url,
        remix_events=_player(coded["random-events"], f"random events, scene {number}"),
        remix_times=_player(coded["random-times"], f"random times, scene {number}"),
        shown=html.escape(_shown(items, len(chosen))),
        sorts=_legend(items, chosen),
        method=html.escape(json.loads(data)["method"]),
        numbers=numbers_table(subject, measured, options.perceptual),
        how=how_made(subject, coded["reconstruction"].coding),
        data=data.replace("<", "\\u003c"),
    )


def _events(items: Items, budget: int, options: PageOptions) -> tuple[NDArray[np.int64], Coded, str]:
    """Which items can be heard, their sounds, and all that the script reads."""
    most_s = min(_MOST_SOUND_S, _SOUND_SHARE * budget * 3 / 4 / OPUS_BYTES_PER_S)
    chosen = choose(items, most_s, min(_MOST_ITEMS, budget // 1000))
    sounds = event_sounds(items, chosen)
    data = {
        "seconds": items.scene.duration_s,
        "top_hz": top_frequency(items.scene),
        "line": [[short(np.array(stroke).reshape(-1)) for stroke in strokes] for strokes in lines(items, chosen)],
        "at": [_exact(sounds.start_s), _exact(sounds.length_s), short(sounds.gain)],
        **event_map(items, chosen, options.map_method),
    }
    return (
        chosen,
        opus(sounds.audio, items.scene.sample_rate_hz),
        json.dumps(data, separators=(",", ":"), allow_nan=False),
    )


def _exact(values: Any) -> list[float]:
    return [round(value, 6) for value in np.asarray(values, np.float64).tolist()]


def _remix(scene: Scene, rendered: NDArray[np.float32]) -> NDArray[np.float32]:
    """A remix as loud as the scene, or as loud as goes without clipping."""
    audio = np.atleast_2d(scene.render())[:, : rendered.shape[1]]
    power, wanted = (float(np.mean(x**2)) if audio.size else 0.0 for x in (audio, rendered))
    peak = float(np.abs(audio).max(initial=0.0))
    gain = min((wanted / power) ** 0.5, 0.98 / peak) if power > 0 else 1.0
    return audio * np.float32(gain)


def _pictures(scene: Scene, tracks: dict[str, NDArray[np.float32]]) -> dict[str, str]:
    """Spectrograms as `data:` addresses of pictures whose opacity is the level, on one scale."""
    top_hz = top_frequency(scene)
    decibels = {name: band_levels_db(audio, scene.sample_rate_hz, top_hz)[0] for name, audio in tracks.items()}
    loudest = max(float(levels.max(initial=-200)) for levels in decibels.values())
    return {name: _mask(shade(levels, loudest)) for name, levels in decibels.items()}


def _mask(shaded: NDArray[np.float64]) -> str:
    from PIL import Image

    steps = np.rint(shaded.T[::-1] * 63).astype(np.uint8) * 4  # 64 shades take half the bytes of 256
    picture, buffer = Image.fromarray(np.stack([np.zeros_like(steps), steps], axis=-1), "LA"), BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _sources(tracks: dict[str, Any], number: int) -> str:
    """What there is to listen to, to choose from."""
    first = next(iter(tracks))
    radio = f'<input type="radio" name="source-{number}"'
    return "".join(
        f'<label>{radio} value="{n}"{" checked" if n == first else ""}><span>{n.capitalize()}</span></label>'
        for n in tracks
    )


def _players(coded: dict[str, Coded], pictures: dict[str, str], number: int) -> str:
    """The players and spectrograms of the tracks, which the timeline uses, and which play by themselves where
    scripts do not run.
    """
    parts = []
    for name, picture in pictures.items():
        title = f"<figcaption>{name.capitalize()} <small>{coded[name].coding}</small></figcaption>"
        image = f'<img hidden alt="" data-picture="{name}" src="{picture}">'
        parts.append(f"<figure>{title}{_player(coded[name], f'{name}, scene {number}', name)}{image}</figure>")
    return "".join(parts)


def _player(sound: Coded, label: str, track: str = "") -> str:
    return (
        f'<audio controls preload="metadata" aria-label="{html.escape(label)}" data-track="{track}" '
        f'src="{sound.url}"></audio>'
    )


def _shown(items: Items, n_chosen: int) -> str:
    if n_chosen == len(items):
        return f"All {n_chosen:,} can be clicked and heard."
    return f"The {n_chosen:,} strongest of {len(items):,} can be clicked and heard."


def _legend(items: Items, chosen: NDArray[np.int64]) -> str:
    words = {PARTIAL: "partials (atoms in a line)", NOTE: "notes"}
    words |= {kind.name: f"single {kind.plural}" for kind in kinds.KINDS if kind.look.has_partials}
    names = sorted(dict.fromkeys(items.sorts[i] for i in chosen.tolist()), key=lambda name: name != NOTE)
    return "".join(f'<li data-sort="{name}">{words.get(name, name)}</li>' for name in names)
