"""Notes of a standard MIDI file, in seconds."""

from __future__ import annotations

import os

import numpy as np

from motes.errors import AudioError, MissingExtraError, ParameterError
from motes.library.perform import Notes

LONGEST_S = 3600.0


def read_notes(path: str | os.PathLike[str]) -> Notes:
    """All notes of a MIDI file but those of the drum channel, tempo changes followed.

    MissingExtraError without mido, AudioError for what is no MIDI file, ParameterError where it holds no notes.
    """
    try:
        import mido
    except ImportError as error:
        raise MissingExtraError("reading MIDI files", "midi") from error
    shown = os.fspath(path)
    try:
        file = mido.MidiFile(shown, clip=True)
        rows, now = [], 0.0
        for message in file:  # merged tracks; time is the seconds since the message before
            now += message.time
            if message.type == "note_on" and message.velocity > 0 and message.channel != 9:
                rows.append((now, message.note, message.velocity))
    except OSError as error:
        reason = error.strerror or (str(error) if str(error) else "it ends too soon")
        raise AudioError(f"cannot read {shown}: {reason}") from None
    except (EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, mido.KeySignatureError) as error:
        raise AudioError(f"{shown} is not a whole MIDI file ({str(error) or type(error).__name__})") from None
    if not rows:
        raise ParameterError(f"{shown} holds no notes")
    if rows[-1][0] > LONGEST_S:
        raise ParameterError(f"{shown} lasts {rows[-1][0]:.0f} s, longer than {LONGEST_S:.0f} s")
    time_s, key, velocity = np.array(rows, np.float64).T
    return Notes(time_s, key, velocity)
