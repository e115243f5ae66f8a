"""motes report, motes listen, motes play: pages to open, hear, send and play."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from motes.cli.console import UsageError, announce_compilation, command, output_name, print_json, progress_bar, tell
from motes.cli.many import WHOLE, Force, Json, Output, Part
from motes.files import refuse_existing


def report(
    *scenes: str,
    output: Output = None,
    reference: Annotated[tuple[str, ...], Parameter(name=["--reference", "-r"], negative="")] = (),
    part: Part = WHOLE,
    megabytes: float = 8.0,
    quick: bool = False,
    instrument: bool = False,
    force: Force = False,
    json: Json = False,
) -> int:
    """Make one HTML file of scenes: original, reconstruction and residual to hear, each event to click, and the
    numbers.

    It opens from disk in any browser and needs no network. Of scenes longer than 30 seconds, or that do not fit, it
    holds a stretch and says so.

    Parameters
    ----------
    scenes
        .mote files.
    output
        The HTML file. Without it the page lies beside the first scene.
    reference
        The recording that the scene was made from; give it again for each further scene, in the same order. Without it
        the recording is looked for beside the scene and in AUDIO_PATH: same name, same content.
    megabytes
        How large the page may be.
    quick
        Leave out what takes long: controls, perceptual scores and t-SNE.
    instrument
        Make a page that is the instrument of one scene, to play: with the pad, keys, MIDI and chance.
    """
    from motes.report.report import write_report

    if not scenes:
        raise UsageError("name at least one .mote file")
    if reference and len(reference) != len(scenes):
        raise UsageError(f"--reference is given {len(reference)} times for {len(scenes)} scenes: one for each, or none")
    target = output_name(output) or f"{os.path.splitext(scenes[0])[0]}.html"
    refuse_existing(target, force)
    announce_compilation()
    options: dict[str, Any] = {"start_s": part.start, "end_s": part.end, "megabytes": megabytes, "quick": quick}
    options["instrument"] = instrument
    with progress_bar("making the page") as progress:
        made = write_report(scenes, target, reference, **options, overwrite=force, command=command(), progress=progress)
    if json:
        print_json({"output": target, "scenes": list(scenes), "n_bytes": made.n_bytes, "references": made.references})
    else:
        tell(f"{target}: {len(scenes)} scene{'s' if len(scenes) > 1 else ''}, {made.n_bytes / 1e6:.1f} MB")
    return 0


def listen(
    *stimuli: str,
    reference: Annotated[str | None, Parameter(name=["--reference", "-r"])] = None,
    output: Output = None,
    part: Part = WHOLE,
    trials: int = 10,
    seed: int = 1,
    score: bool = False,
    force: Force = False,
    json: Json = False,
) -> int:
    """Make one HTML file in which copies of a recording are compared by ear, blind: ABX, and MUSHRA with hidden
    reference and anchors.

    It opens from disk and needs no network; levels are matched. With --score the files are the answers that listeners
    downloaded: ABX with the binomial test, MUSHRA with 95 % intervals after the post-screening of ITU-R BS.1534.

    Parameters
    ----------
    stimuli
        .mote files and recordings, up to twelve; with --score files of answers.
    reference
        The recording that they are copies of; at most 30 seconds of it are heard.
    output
        The HTML file. Without it the page lies beside the first copy.
    trials
        ABX trials for each copy.
    seed
        What the order of trials and sounds follows from, beside the listener's name.
    score
        Count answers instead.
    """
    if score:
        return _score(stimuli, json)
    if not stimuli or reference is None:
        raise UsageError("name copies, and what they are compared with: motes listen a.mote b.opus --reference x.wav")
    from motes.report.listening.listening_page import listen as write

    target = output_name(output) or f"{os.path.splitext(stimuli[0])[0]}.html"
    if any(path.lower().endswith(".mote") for path in stimuli):
        announce_compilation()
    options: dict[str, Any] = {"start_s": part.start, "end_s": part.end, "trials": trials, "seed": seed}
    made = write(stimuli, reference, target, **options, overwrite=force)
    if json:
        print_json({"output": target, "n_bytes": made.n_bytes, "gain_db": made.gain_db})
    else:
        gains = ", ".join(f"{name} {gain:+.1f} dB" for name, gain in made.gain_db.items())
        tell(f"{target}: {made.n_bytes / 1e6:.1f} MB; matched to the reference: {gains}")
    return 0


def _score(paths: tuple[str, ...], json: bool) -> int:
    from motes.report.listening.answers import lines, score

    if not paths:
        raise UsageError("name the files of answers: motes listen --score answers*.json")
    results = score(paths)
    if json:
        print_json(asdict(results))
    else:
        print("\n".join(lines(results)))
    return 0


def play(
    scene: str,
    *,
    reference: Annotated[str | None, Parameter(name=["--reference", "-r"])] = None,
    port: int = 0,
    browser: Annotated[bool, Parameter(negative="--no-browser")] = True,
) -> int:
    """Play the instrument in a .mote file in the browser: pad, keys, MIDI, chance. Notes or splats of a file that has
    no instrument are under a keyboard.

    It is served on this machine only, until Ctrl-C. `motes report --instrument` makes a file of the same page.

    Parameters
    ----------
    scene
        A .mote file that `motes encode --encoder instrument` made, or one with notes or splats.
    reference
        The recording that the scene was made from, to hear beside it. Without it the recording is looked for beside the
        scene and in AUDIO_PATH.
    port
        Where it is served, 0 for any free port.
    browser
        Open the browser; --no-browser leaves that to you.
    """
    from motes.report.playing import page_to_play
    from motes.report.playing.page_server import serve_page
    from motes.report.subject import subject_of_file
    from motes.settings import load_settings

    if not 0 <= port <= 65535:
        raise UsageError(f"--port must be from 0 to 65535, not {port}")
    folder = load_settings().audio_path.value
    subject = subject_of_file(scene, reference, None, None, (str(folder),) if folder else ())
    serve_page(page_to_play(subject, command()), port, browser, tell)
    return 0
