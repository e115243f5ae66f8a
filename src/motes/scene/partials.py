"""Partials: atoms linked into lines through time, so that an atom on a grid of bins knows the frequency of the sound it is part of."""

from __future__ import annotations

from motes.scene.kinds import Array
from motes.scene.scene import Scene


def instantaneous(scene: Scene) -> tuple[Array, Array]:
    """Each event's partial: its frequency in Hz at the event's centre and the phase it has run through since its first atom, both `(n_events,)`.

    Where an event belongs to no partial these are its own frequency and 0, so that it is moved as it is. Edits keep them in step in the columns
    `partial_hz` and `partial_rad` (transposing by r multiplies both by r, stretching by s the second by s), which are believed where they are set.
    """
    events = scene.gabor
    known = events.partial_hz > 0
    frequency = events.frequency_hz.copy()
    frequency[known] = events.partial_hz[known]
    return frequency, events.partial_rad.copy()
