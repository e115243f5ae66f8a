"""motes data render."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from motes.cli.console import UsageError, print_json, progress_bar, tell
from motes.cli.many import Json
from motes.data.rendering.render_options import SETS, TEST, TRAINING, RenderOptions
from motes.data.rendering.rendered_set import n_pieces
from motes.library.render_data import render_set

Names = Annotated[tuple[str, ...], Parameter(negative="")]


def render(  # noqa: PLR0913 (options of a verb)
    output: str,
    *,
    set_name: Annotated[str, Parameter(name="--set")] = TRAINING,
    test: bool = False,
    hours: float = 1.0,
    seed: int = 0,
    soundfonts: Annotated[tuple[str, ...], Parameter(name=["--soundfont"], negative="")] = (),
    patches: str | None = None,
    samples: str | None = None,
    one_shots: Names = (),
    scores: str | None = None,
    additive: float = 0.25,
    written: float = 0.75,
    in_rooms: float = 0.5,
    jobs: Annotated[int, Parameter(name=["--jobs", "-j"])] = 1,
    json: Json = False,
) -> int:
    """Render a labelled set of recordings, laid out as MusicNet: labels are exact to the sample.

    What was interrupted goes on with the same command; the same command gives the same bytes. Rooms are those of
    IMPULSE_RESPONSE_PATH, or synthetic ones. Needs `pip install --no-deps tinysoundfont` for SoundFonts.

    Parameters
    ----------
    output
        The folder of the set.
    set_name
        training, unpitched (drums, one-shots and computed sounds), or one of the fixed test sets: test, test-drums,
        test-nature, test-piano.
    test
        The fixed test set of instruments, as --set test.
    hours
        How many hours, in pieces of 30 s; a set can be made longer later.
    seed
        Of all that is left to chance.
    soundfonts
        A SoundFont (SF2, SF3); may be given again.
    patches
        A folder of Gravis Ultrasound patches, as freepats.
    samples
        A folder of piano samples, called as F#3v10.ogg.
    one_shots
        A folder of drum kits, or of other single sounds without pitch; may be given again.
    scores
        A folder of scores that excerpts are taken from: MIDI files, or JSON of tools/music21_scores.py.
    additive
        How often a part is played by an additive instrument made by chance, 0 … 1; 1 needs no other source of sound.
    written
        How often an excerpt of a score is played, 0 … 1, instead of a random score.
    in_rooms
        How often a piece is in a room, 0 … 1.
    jobs
        How many pieces to render at once, each in a process of its own.
    """
    if test and set_name not in (TRAINING, TEST):
        raise UsageError(f"--test is --set test, not --set {set_name}")
    if set_name not in SETS:
        raise UsageError(f"--set is one of {', '.join(SETS)}, not {set_name!r}")
    options = RenderOptions(
        set_name=TEST if test else set_name,
        hours=hours,
        seed=seed,
        soundfonts=soundfonts,
        patches=patches,
        samples=samples,
        one_shots=one_shots,
        scores=scores,
        additive=additive,
        written=written,
        in_rooms=in_rooms,
    )
    count = n_pieces(options)
    with progress_bar(f"rendering {count} pieces") as progress:
        folder = render_set(output, options, jobs, progress)
    if json:
        print_json({"folder": str(folder), "set_name": options.set_name, "n_pieces": count})
    else:
        tell(f"{folder}: {count} pieces of the set {options.set_name}")
    return 0
