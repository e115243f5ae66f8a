"""motes demo: the whole way from a recording to a file and back, on the recording that comes with motes."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from motes.cli.console import announce_compilation, print_json, progress_bar
from motes.cli.many import Force, Json
from motes.files import refuse_existing

_OWN_FOLDER = "motes-demo"
# What it makes: the ending of each name, and what it is.
FILES = {
    "mote": (".mote", "the scene"),
    "wav": (".wav", "what it sounds like"),
    "png": (".png", "what it looks like"),
    "html": (".html", "all of it, to hear and click: open it in a browser"),
    "notes": ("-notes.png", "its notes"),
    "midi": (".mid", "these as a MIDI file"),
    "changed": ("-changed.wav", ""),
    "instrument": ("-instrument.html", "its beginning as an instrument to play in the browser"),
}
# Of how much the instrument is, in seconds: fitted in a second or two.
_INSTRUMENT_S = 3
# By how many semitones the changed note is moved.
_SEMITONES = 3


def demo(
    *, out: Annotated[str, Parameter(name=["--out", "-o"])] = _OWN_FOLDER, force: Force = False, json: Json = False
) -> int:
    """Encode the bundled recording, decode it, print numbers, draw a picture and make a page: demo.mote, demo.wav,
    demo.png and demo.html; find its notes: demo-notes.png, demo.mid, and demo-changed.wav with one of them changed; and
    an instrument to play in the browser: demo-instrument.html.

    Parameters
    ----------
    out
        The folder they go to; it is made if it is not there.
    """
    folder = Path(out)
    overwrite = force or out == _OWN_FOLDER
    paths = {what: folder / f"demo{end}" for what, (end, _) in FILES.items()}
    _make_folder(folder)
    for path in paths.values():
        refuse_existing(path, overwrite)
    with ExitStack() as stack:
        recording = stack.enter_context(as_file(files("motes.demo") / "demo.flac"))
        progress = stack.enter_context(progress_bar("encoding the demo"))
        report = _run(recording, paths, overwrite, progress)
    if json:
        print_json(report)
    else:
        _print_table(report, paths)
    return 0


def _make_folder(folder: Path) -> None:
    from motes.errors import AudioError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioError(f"cannot make the folder {folder}: {error.strerror or error}") from error


def _run(recording: Path, paths: dict[str, Path], overwrite: bool, progress: Any) -> dict[str, Any]:
    from motes.audio import ArraySource, read_audio
    from motes.codec import dumps, loads
    from motes.encoders.pursuit import PursuitOptions, encode
    from motes.library.plan import Job
    from motes.library.work import Decode, Encode
    from motes.metrics.signal import spectral_convergence
    from motes.notes.finding import find

    announce_compilation()
    audio, rate = read_audio(recording)
    # Compiles all that encoding, decoding and finding notes need, so that the times below are those of work.
    find(loads(dumps(encode(ArraySource(audio[..., : rate // 4], rate), PursuitOptions()))))
    encoded = Encode(PursuitOptions(), overwrite, notes=True)(Job(str(recording), str(paths["mote"])), progress)
    decoded = Decode(overwrite=overwrite)(Job(str(paths["mote"]), str(paths["wav"])), lambda _: None)
    back, _ = read_audio(paths["wav"])
    _show(recording, paths, overwrite)
    changed = _change_a_note(paths, overwrite)
    _make_an_instrument(audio[..., : _INSTRUMENT_S * rate], rate, paths["instrument"], overwrite)
    return {
        "notes": encoded["n_notes"],
        "changed_note": changed,
        "seconds": encoded["seconds"],
        "events": encoded["n_events"],
        "bytes": encoded["n_bytes"],
        "kbps": encoded["kbps"],
        "ratio_to_16_bit": audio.size * 2 / encoded["n_bytes"],
        "snr_db": encoded["snr_db"],
        "spectral_convergence": spectral_convergence(back, audio),
        "encode_times_real_time": encoded["times_real_time"],
        "decode_times_real_time": decoded["times_real_time"],
    }


def _show(recording: Path, paths: dict[str, Path], overwrite: bool) -> None:
    from motes.library.work import load_scene
    from motes.report.page import PageOptions, write_page
    from motes.report.pictures.picture import scene_picture
    from motes.report.subject import subject_of_file

    scene_picture(load_scene(str(paths["mote"])), paths["png"], overwrite=overwrite)
    subject = subject_of_file(str(paths["mote"]), recording, None, None)
    write_page(
        [subject],
        paths["html"],
        PageOptions(5.0, map_method="PCA", perceptual=False, command="motes demo"),
        overwrite=overwrite,
    )


def _change_a_note(paths: dict[str, Path], overwrite: bool) -> str:
    """Draw and export the notes, and write the sound with the surest of the long ones moved; what was changed."""
    from motes.audio import write_audio
    from motes.library.exports.export import Export
    from motes.library.plan import Job
    from motes.library.work import load_scene

    scene = load_scene(str(paths["mote"]))
    for to, what in (("notes.png", "notes"), ("midi", "midi")):
        Export(to, overwrite=overwrite)(Job(str(paths["mote"]), str(paths[what])), lambda *_: None)
    notes = [note for note in scene.notes if note.pitch is not None]
    note = max(notes, key=lambda one: (one.sureness, one.end_s - one.onset_s))
    changed = scene.select(note=note.number).transpose(_SEMITONES)
    write_audio(paths["changed"], changed.render(), scene.sample_rate_hz, scene.n_channels, overwrite=overwrite)
    return f"{note.name} at {note.onset_s:.1f} s, {_SEMITONES} semitones higher"


def _make_an_instrument(audio: Any, rate: int, path: Path, overwrite: bool) -> None:
    """Write the page of a small instrument that is found in a recording."""
    from dataclasses import replace

    from motes.audio import ArraySource
    from motes.encoders.instrument import InstrumentOptions, encode
    from motes.report.instrument_page import write_instrument_page
    from motes.report.subject import subject_of

    options = InstrumentOptions(controls=6, modes=32, strikes=12, numbers_percent=0.4, refine=0)
    subject = subject_of(encode(ArraySource(audio, rate), options), "demo")
    subject = replace(subject, original=audio.reshape(subject.scene.n_channels, -1))
    write_instrument_page(subject, path, command="motes demo", overwrite=overwrite)


def _print_table(report: dict[str, Any], paths: dict[str, Path]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    for name, value, note in (
        ("recording", f"{report['seconds']:.1f} s", "composed for motes"),
        ("events", f"{report['events']:,}", f"{report['events'] / report['seconds']:.0f} per second"),
        ("notes", f"{report['notes']}", "found by a small network"),
        (
            "file",
            f"{report['bytes']:,} bytes",
            f"{report['kbps']:.1f} kbps, 1/{report['ratio_to_16_bit']:.0f} of 16-bit samples",
        ),
        ("signal to noise", f"{report['snr_db']:.1f} dB", "of the decoded file"),
        ("spectral convergence", f"{report['spectral_convergence']:.3f}", "0 is perfect"),
        ("encoding", f"{report['encode_times_real_time']:.0f}×", "real time"),
        ("decoding", f"{report['decode_times_real_time']:.0f}×", "real time"),
    ):
        table.add_row(name, value, note)
    console = Console(highlight=False)
    console.print(table)
    for what, (_, words) in FILES.items():
        words = words or f"the sound with note {report['changed_note']}, and the rest unchanged"
        console.print(f"{paths[what]}  [dim]{words}[/dim]", soft_wrap=True)
