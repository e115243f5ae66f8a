"""What is opened to play: an instrument, or the notes of a recording under a keyboard."""

from __future__ import annotations

import numpy as np
import pytest
from instrument_scenes import instrument_scene
from studio_notes import noted_scene

from motes.report.playing import page_to_play
from motes.report.subject import subject_of


def test_an_instrument_is_played_as_such():
    assert b"motes instrument</title>" in page_to_play(subject_of(instrument_scene(), "bells"))


def test_notes_are_under_a_keyboard(opened, tmp_path):
    path = tmp_path / "notes.html"
    path.write_bytes(page_to_play(subject_of(noted_scene(), "notes")))
    here = opened(path)
    page = here.page
    page.keyboard.press("n")
    assert page.evaluate("window.started.length") == 0  # closed, it plays nothing
    page.get_by_text("Play its notes on a keyboard").click()
    page.get_by_role("button", name="C3", exact=True).wait_for()
    page.keyboard.press("n")  # A3, 220 Hz, which a note is
    page.keyboard.press("j")  # a semitone higher
    here.wait("window.started.length === 2")
    samples, rate = page.evaluate(
        "(({ buffer }) => [Array.from(buffer.getChannelData(0)), buffer.sampleRate])(window.started[0])"
    )
    spectrum = np.abs(np.fft.rfft(np.array(samples) * np.hanning(len(samples)), 1 << 17))
    assert np.argmax(spectrum) * rate / (1 << 17) == pytest.approx(220, abs=3)
    page.get_by_text("Play its notes on a keyboard").click()
    assert page.get_by_role("button", name="C3", exact=True).count() == 0
    assert not here.troubles
    assert not here.outside
