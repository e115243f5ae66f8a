"""Where in a stereo picture events sound, and how wide they are: their two channels mixed by a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motes.edit.tables import changed, numbers_of
from motes.errors import ParameterError
from motes.events.event_table import Array, EventTable, Ints, Mask
from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.scene.scene import Scene
from motes.units import require_finite

if TYPE_CHECKING:
    from motes.edit.selection import Selection

MAX_WIDTH = 2.0


def pan(selection: Selection, position: float) -> Selection:
    """Moved towards the left (down to −1) or the right (up to 1), by the equal-power law for two channels of the Web
    Audio API's StereoPannerNode: the channel that is left behind goes over to the other as cos² and sin² of its power.
    """
    position = require_finite("position", position)
    if not -1 <= position <= 1:
        raise ParameterError(f"the position must lie in −1 (left) … 1 (right), not {position:g}: was this per cent?")
    stays, goes = np.cos(abs(position) * np.pi / 2), np.sin(abs(position) * np.pi / 2)
    matrix = [[stays, 0.0], [goes, 1.0]] if position > 0 else [[1.0, goes], [0.0, stays]]
    return _mixed(selection, np.array(matrix))


def width(selection: Selection, factor: float) -> Selection:
    """`factor` times as wide: the difference of the channels times that, their mean as it was. 0 is mono."""
    factor = require_finite("factor", factor)
    if not 0 <= factor <= MAX_WIDTH:
        raise ParameterError(f"the width must lie in 0 (mono) … {MAX_WIDTH:g}, not {factor:g}: was this per cent?")
    same, other = (1 + factor) / 2, (1 - factor) / 2
    return _mixed(selection, np.array([[same, other], [other, same]]))


def _mixed(selection: Selection, matrix: Array) -> Selection:
    scene = selection.scene
    if scene.n_channels != 2:
        raise ParameterError(f"pan and width are of two channels, and the scene has {scene.n_channels}")
    if np.array_equal(matrix, np.eye(2)):
        return selection
    instruments, number = _instruments(scene, selection.mask[numbers_of(scene, "strike")], matrix)

    def mix(events: EventTable, mask: Mask) -> EventTable:
        if isinstance(events, Strike):
            return events.replace(instrument_id=np.where(mask, number[events.instrument_id], events.instrument_id))
        return events.mixed(mask, matrix, scene.sample_rate_hz)

    return changed(selection, mix, instruments=instruments)


def _instruments(scene: Scene, mask: Mask, matrix: Array) -> tuple[tuple[Instrument, ...], Ints]:
    """The instruments, with those that the strikes in `mask` play mixed, since strikes have no channels; and which of
    them these strikes play, by the number of each.
    """
    instruments, number = list(scene.instruments), np.arange(len(scene.instruments))
    played = scene.strike.instrument_id
    for one in np.unique(played[mask]).tolist():
        made = instruments[one].mixed(matrix)
        if mask[played == one].all():
            instruments[one] = made
        else:
            number[one] = len(instruments)
            instruments.append(made)
    return tuple(instruments), number
