"""What is opened to play a scene: the page of its instrument, or the report whose keyboard plays its notes."""

from __future__ import annotations

from motes.errors import ParameterError
from motes.report.instrument_page import instrument_page
from motes.report.page import PageOptions, page
from motes.report.subject import Subject


def page_to_play(subject: Subject, command: str = "") -> bytes:
    """The page of the scene's instrument, or where it has none a report of its notes or splats; ParameterError where
    it has neither. `command` is what the page says made it.
    """
    scene = subject.scene
    if scene.instruments:
        return instrument_page(subject, command=command)
    if not scene.notes and not len(scene.splat):
        raise ParameterError(
            "the scene holds no instrument, no notes and no splats to play: motes encode --encoder instrument, or "
            "--notes, makes them"
        )
    return page([subject], PageOptions(map_method="PCA", perceptual=False, command=command))
