"""MIDI ports of this machine that play a player, by mido and python-rtmidi."""

from __future__ import annotations

from typing import Any

from motes.errors import MissingExtraError, ParameterError
from motes.synth.keyboard import Keyboard


def listen(keyboard: Keyboard, name: str | None = None) -> Any:
    """An open port whose messages play the keyboard until it is closed: the first there is, or the one whose name
    begins so. Messages come on a thread of the port.

    MissingExtraError without python-rtmidi, ParameterError where there is no such port.
    """
    import mido

    try:
        names = mido.get_input_names()
    except (ImportError, OSError) as error:
        if isinstance(error, ImportError):
            raise MissingExtraError("MIDI ports", "midi") from None
        raise ParameterError(f"this system's MIDI does not answer: {error}") from None
    found = [one for one in names if name is None or one.startswith(name)]
    if not found:
        there = ", ".join(names) or "none"
        wanted = "there is no MIDI input" if name is None else f"there is no MIDI input {name!r}"
        raise ParameterError(f"{wanted}: connected {'are' if len(names) > 1 else 'is'} {there}")
    return mido.open_input(found[0], callback=keyboard.message)
