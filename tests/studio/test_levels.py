"""What is compared is equally loud: by BS.1770, whatever has to come down."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from studio_page import OPEN, RATE, chimes

from motes.studio.sound.track_levels import Measured, equal_loudness
from motes.units import SILENCE_DB


def test_all_come_down_by_one_factor():
    loud, soft, hidden = Measured(-6, -8, 2.0), Measured(-12, -14, 0.9), Measured(-60, -62, 0.01)
    gains = equal_loudness([loud, soft, hidden])
    assert 20 * np.log10(gains[1] / gains[0]) == pytest.approx(6)
    assert 20 * np.log10(gains[2] / gains[0]) == pytest.approx(24)
    assert max(2.0 * gains[0], 0.9 * gains[1], 0.01 * gains[2]) == pytest.approx(1)
    assert equal_loudness([Measured(-20, -22, 0.5), Measured(-26, -28, 0.2)]) == pytest.approx([1, 10**0.3])
    assert equal_loudness([Measured(SILENCE_DB, SILENCE_DB, 0), Measured(-26, -28, 0.2)]) == [1, 1]


def test_loud_clipped_and_float_recordings_are_matched(client, folder):
    """A clipped recording and one of 6 dB above full scale, each beside a softer scene."""
    sound = soundfile.read(folder / "sound.wav")[0]
    for name, audio in (("clipped", np.clip(6 * sound, -1, 1)), ("float", 2 * sound / np.abs(sound).max())):
        soundfile.write(folder / f"{name}.wav", audio, 44100, "FLOAT")
        document = client.open()
        client.post(f"documents/{document['id']}/original", {"path": f"{name}.wav"})
        tracks = client.get(f"documents/{document['id']}/revisions/0/levels")["tracks"]
        heard = {track: one["loudness_lufs"] + 20 * np.log10(one["gain"]) for track, one in tracks.items()}
        assert heard["reconstruction"] == pytest.approx(heard["original"], abs=0.05)
        peaks = {track: 10 ** (one["peak_db"] / 20) * one["gain"] for track, one in tracks.items()}
        assert max(peaks.values()) == pytest.approx(1, abs=1e-3)
        client.delete(f"documents/{document['id']}?discard=true")


def test_the_page_plays_them_equally_loud_and_a_blind_test_always(opened, served):
    scene = chimes().quantise()
    audio = np.atleast_2d(scene.render())[0]
    soundfile.write(served[1] / "loud.wav", np.clip(12 * audio, -1, 1), RATE, "FLOAT")
    page = opened(scene)
    page.page.evaluate(
        "async (id) => { await fetch(`/api/documents/${id}/original`, { method: 'POST', headers: { 'Content-Type': "
        "'application/json' }, body: JSON.stringify({ path: 'loud.wav' }) }); }",
        page.read(f"{OPEN}.info.id"),
    )
    page.load()
    page.settled()
    page.page.get_by_label("Level-matched").uncheck()
    page.page.get_by_role("button", name="Blind test").click()
    page.wait(f"{OPEN}.veiled && {OPEN}.playing && {OPEN}.player.makeup.reconstruction !== 1")
    makeup = page.read(f"{OPEN}.player.makeup")
    levels = page.read(f"{OPEN}.gains.tracks")
    heard = [levels[one]["loudness_lufs"] + 20 * np.log10(makeup[one]) for one in ("original", "reconstruction")]
    assert heard[0] == pytest.approx(heard[1], abs=0.05)
    page.page.get_by_role("button", name="End").click()
    page.wait(f"!{OPEN}.veiled && {OPEN}.player.makeup.reconstruction === 1")
    assert not page.troubles
