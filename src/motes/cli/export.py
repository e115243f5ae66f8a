"""motes export, motes import: scenes as tables, pictures, notes and stems, and back from a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from motes.cli.console import UsageError, output_name
from motes.cli.many import MOTES, ONE_BY_ONE, WHOLE, Files, Output, Part, Scenes, shown
from motes.errors import ParameterError


@dataclass(frozen=True)
class Midi:
    """How notes become MIDI."""

    bend_range: Annotated[
        int | None,
        Parameter(help="Of MIDI: semitones that bends reach, 0 for no bends; 2, with --mpe 48, unless given."),
    ] = None
    mpe: Annotated[bool, Parameter(help="Of MIDI: a channel for each note that sounds, each bent by itself.")] = False
    tempo: Annotated[float | None, Parameter(help="Of MIDI: beats per minute, in place of the tempo found.")] = None


@dataclass(frozen=True)
class Stems:
    """What stems are of."""

    by: Annotated[Literal["part", "note"], Parameter(help="Of stems: one for each part, or for each note.")] = "part"
    reference: Annotated[
        str | None,
        Parameter(
            name=["--reference", "-r"],
            allow_leading_hyphen=True,
            help="Of stems: the recording that they and the rest sum to, in place of what `motes decode` writes.",
        ),
    ] = None
    with_noise: Annotated[bool, Parameter(help="Of stems: notes have their part of the noise.")] = False


AS_USUAL, OF_PARTS = Midi(), Stems()


def export(
    *inputs: Scenes,
    output: Output = None,
    to: str | None = None,
    select: str | None = None,
    midi: Annotated[Midi, Parameter(name="*")] = AS_USUAL,
    stems: Annotated[Stems, Parameter(name="*")] = OF_PARTS,
    part: Part = WHOLE,
    files: Files = ONE_BY_ONE,
) -> int:
    """Write the events of .mote files as tables, their notes as MIDI, JAMS or stems, or draw them.

    Parameters
    ----------
    output
        The file, a folder, or `-` for standard output. Without it each lies beside its .mote file.
    to
        Of events: csv, json, parquet, png, svg, sdif (their partials), instrument.json (the instrument, for a player)
        or event.png (the picture of one splat, which --select picks). Of notes: notes.csv, notes.json, notes.parquet,
        midi, jams or stems (a folder of WAVs). Without it, what the name of the output says.
    select
        A condition such as "frequency_hz > 200 and time_s < 3": only these events; where notes are exported, one on
        notes, such as "part == 2 and sureness > 0.5".
    """
    from motes.library.exports.export import ENDINGS, Export, export_format
    from motes.library.exports.midi import MidiOptions
    from motes.library.exports.stems import StemOptions

    try:
        to = export_format(output_name(output), to)
        of_midi = MidiOptions(midi.bend_range, midi.mpe, midi.tempo)
    except ParameterError as error:
        raise UsageError(f"--{error}".replace("--bend_range", "--bend-range")) from error
    of_stems = StemOptions(stems.by, stems.reference, stems.with_noise)
    what = "data" if to in ("png", "event.png", "parquet", "notes.parquet", "midi", "sdif") else "a long table"
    todo = files.plan(inputs, output, what, f".{ENDINGS.get(to, to)}", MOTES, folders=to == "stems")
    if of_stems.reference is not None and len(todo) > 1:
        raise UsageError(f"-r {of_stems.reference} is one recording, and these are {len(todo)} files")
    return files.do(
        todo, Export(to, part.start, part.end, files.force, select, of_midi, of_stems), "exporting", _account
    )


def import_(
    *inputs: str,
    output: Output = None,
    rate: int | None = None,
    duration: Annotated[float | None, Parameter(allow_leading_hyphen=True)] = None,
    files: Files = ONE_BY_ONE,
) -> int:
    """Turn tables of events (CSV, JSON, Parquet), such as `motes export` writes, into .mote files.

    Parameters
    ----------
    inputs
        Tables or folders, in which CSV files are looked for; `-` is standard input.
    output
        The .mote file, a folder, or `-` for standard output. Without it each lies beside its table.
    rate
        Samples per second, where the table does not tell or another is wanted.
    duration
        Length of the scene in seconds; without it what the table tells, or until the last event ends.
    """
    from motes.library.changes import Import

    todo = files.plan(inputs, output, "a .mote file", ".mote", frozenset({".csv"}))
    return files.do(todo, Import(rate, duration, files.force), "importing", _account)


def _account(report: dict[str, Any]) -> str:
    where = f"{shown(report['source'])} → {shown(report['output'], 'standard output')}"
    held = f"{report['n_notes']} notes" if "n_notes" in report else f"{report['n_events']} events"
    if "n_stems" in report:
        coding = "24 bits" if report["subtype"] == "PCM_24" else "64-bit floats, since they leave full scale"
        held += f", {report['n_stems']} stems and rest.wav, {report['rest_db']:.1f} dB beside the recording; {coding}"
    return f"{where}: {held}, {report['n_bytes']} bytes"
