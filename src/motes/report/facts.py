"""What a page says in words and numbers, as HTML with everything escaped that comes from a file."""

from __future__ import annotations

import html
from typing import Any

from motes.report.numbers import MEASURES
from motes.report.subject import Subject
from motes.version import __version__


def headline(subject: Subject) -> str:
    """One line about the recording, and about what of it is shown."""
    scene = subject.scene
    channels = {1: "mono", 2: "stereo"}.get(scene.n_channels, f"{scene.n_channels} channels")
    line = f"{subject.duration_s:.2f} s at {scene.sample_rate_hz / 1000:g} kHz, {channels}"
    if not subject.is_whole:
        line += f"; this page holds {subject.start_s:.2f} to {subject.start_s + scene.duration_s:.2f} s of it"
    return line if scene.n_channels <= 2 else line + ", of which the first two are heard"


def figures(subject: Subject, measured: dict[str, dict[str, float]]) -> str:
    """The few numbers to see first."""
    bits = subject.n_bytes * 8
    shown = [("events", f"{subject.n_events:,}"), ("file", _bytes(subject.n_bytes))]
    if subject.duration_s:
        shown += [
            ("bit rate", f"{bits / subject.duration_s / 1000:.1f} kbps"),
            ("events per second", f"{subject.n_events / subject.duration_s:,.0f}"),
        ]
    if subject.n_events:
        shown.append(("bits per event", f"{bits / subject.n_events:.1f}"))
    if measured:
        shown.append(("signal to noise", f"{measured['Reconstruction']['snr_db']:.1f} dB"))
    return "".join(f"<div><dt>{name}</dt><dd>{html.escape(value)}</dd></div>" for name, value in shown)


def numbers_table(subject: Subject, measured: dict[str, dict[str, float]], asked: bool) -> str:
    """The measures: a row for each, a column for each copy."""
    if not measured:
        return (
            "<p>The recording is not at hand, so nothing is compared. <code>motes report --reference FILE</code> "
            "names it.</p>"
        )
    names = list(dict.fromkeys(name for column in measured.values() for name in column))
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in measured)
    rows = "".join(
        f'<tr><th scope="row">{title} <small>{unit}</small></th>'
        + "".join(_cell(column.get(name), digits) for column in measured.values())
        + "</tr>"
        for name in names
        for title, unit, digits in [MEASURES.get(name, (html.escape(name), "", 3))]
    )
    notes = (
        []
        if subject.is_whole
        else ["Measured on the stretch that this page holds; bits and events are of the whole file."]
    )
    if len(measured) > 1:
        notes.append("Nobody would take the controls for the original: a claim that they pass as well is worthless.")
    if asked and "zimtohrli" not in names:
        notes.append(
            "How it would sound to a listener (Zimtohrli, ViSQOL) is estimated where motes[eval] is installed."
        )
    below = f"<p>{html.escape(' '.join(notes))}</p>" if notes else ""
    table = f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="group" aria-label="Measures">{table}</div>{below}'


def _cell(value: float | None, digits: int) -> str:
    return "<td>–</td>" if value is None else f"<td>{value:.{digits}f}</td>".replace("-", "−")


def how_made(subject: Subject, coding: str) -> str:
    """Encoder, version, options and what else the file says of itself."""
    about = subject.scene.metadata
    options = ", ".join(f"{name} {_plain(value)}" for name, value in about.options.items() if value is not None)
    kinds = ", ".join(f"{len(table):,} {table.KIND}" for table in subject.scene.tables if len(table))
    shown = [
        ("encoder", " ".join(filter(None, [about.encoder, about.version]))),
        ("options", options or ("all by default" if about.encoder else "")),
        ("stopped because", about.stop_reason.replace("_", " ")),
        ("source digest", about.source_digest),
        ("kinds of event shown", kinds),
        ("not heard", subject.scene.unheard),
        ("file", f"{subject.n_bytes:,} bytes"),
        ("sound in this page", f"{coding}; remixes and single events Ogg Opus"),
        ("page by", f"motes {__version__}"),
    ]
    return "".join(f"<div><dt>{name}</dt><dd>{html.escape(value)}</dd></div>" for name, value in shown if value)


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _bytes(number: int) -> str:
    return f"{number:,} bytes" if number < 10_000 else f"{number / 1000:,.1f} kB"


def citation() -> str:
    """BibTeX, of what CITATION.cff says."""
    return (
        "@software{motes,\n  title = {motes: sparse scenes of sound events},\n  author = {{the motes developers}},\n"
        f"  version = {{{__version__}}},\n  license = {{MIT}},\n  year = {{2026}}\n}}"
    )
