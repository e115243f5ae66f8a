"""motes learn-dictionary."""

from __future__ import annotations

import time

from motes.cli.console import UsageError, output_name, print_json, progress_bar, tell
from motes.cli.many import Force, Json, Output


def learn_dictionary(
    *recordings: str,
    output: Output,
    waveforms: int = 64,
    length: float = 0.046,
    minutes: float = 5.0,
    force: Force = False,
    json: Json = False,
) -> int:
    """Learn short waveforms that recur in recordings, for `motes encode --dictionary`.

    Parameters
    ----------
    recordings
        Recordings, or folders of them.
    output
        The dictionary, a file: drums.motes-dictionary.
    waveforms
        How many at most; those that hardly recur are left out.
    length
        How long each is, in seconds.
    minutes
        How much is learned from at most, about as much of each recording.
    """
    from motes.library.learn_dictionary import learn_dictionary as learn

    target = output_name(output)
    if target is None or target == "-":
        raise UsageError("-o needs the name of a file, as in -o drums.motes-dictionary")
    if not recordings:
        raise UsageError("name recordings, or folders of them, to learn from")
    begun_s = time.monotonic()
    with progress_bar("learning") as progress:
        made = learn(
            recordings,
            target,
            waveforms=waveforms,
            length_s=length,
            minutes=minutes,
            overwrite=force,
            progress=progress,
        )
    elapsed_s, facts = time.monotonic() - begun_s, {"n_waveforms": len(made.held), "sample_rate_hz": made.sample_rate_hz}
    facts |= {"output": target, "name": made.id, "length_s": made.length_s, "digest": made.digest}
    if json:
        print_json(facts | {"elapsed_s": elapsed_s})
    else:
        tell(
            f"{target}: {len(made.held)} waveforms of {1000 * made.length_s:.0f} ms at {made.sample_rate_hz} Hz, "
            f"learned in {elapsed_s:.0f} s"
        )
    return 0
