"""What the server says of a stretch of sound: its spectrum at a point, its waveform, its channels, and other speeds."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import soundfile
from studio_page import RATE

from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

HZ = 440.0


@pytest.fixture
def tone(studio_of, tmp_path):
    """A studio with two seconds of 440 Hz at half of full scale on the left and a fourth on the right, as a recording
    and as a scene of 32 ms atoms; and the path of its revision.
    """
    time = np.arange(2 * RATE) / RATE
    wave = np.sin(2 * np.pi * HZ * time)
    soundfile.write(tmp_path / "tone.wav", np.stack([0.5 * wave, 0.25 * wave], 1), RATE, "FLOAT")
    at = np.arange(0, 2, 0.016)
    amplitude = np.tile([0.5, 0.25], (len(at), 1))
    phases = np.tile((2 * np.pi * HZ * at)[:, None], (1, 2))
    Scene(RATE, 2 * RATE, 2, Gabor(at, np.full(len(at), 0.032), np.full(len(at), HZ), amplitude, phases)).save(
        tmp_path / "tone.mote"
    )
    client = studio_of(tmp_path)
    document = client.open("tone.mote")
    return client, document, f"documents/{document['id']}/revisions/0"


def test_the_spectrum_at_a_point_finds_the_peak_beside_it(tone):
    client, _, at = tone
    ask = f"{at}/spectrum/original?time_s=1&frequency_hz=436&window_s=0.064"
    for channel, amplitude in (("left", 0.5), ("right", 0.25), ("mid", 0.375), ("side", 0.125)):
        found = client.get(f"{ask}&channel={channel}")
        assert found["peak_hz"] == pytest.approx(HZ, abs=0.05)
        assert found["peak_db"] == pytest.approx(20 * np.log10(amplitude), abs=0.05)
        assert -1.5 < found["level_db"] - found["peak_db"] < 0
    power = (0.5**2 + 0.25**2) / 2
    assert client.get(ask)["peak_db"] == pytest.approx(10 * np.log10(power), abs=0.05)
    far = client.get(f"{at}/spectrum/original?time_s=1&frequency_hz=3000")
    assert far["level_db"] < -90
    assert client.get(f"{at}/spectrum/original?time_s=9&frequency_hz=440")["level_db"] == -120
    assert "time_s" in client.get(f"{at}/spectrum/original?time_s=-1&frequency_hz=440", 422)["error"]


def test_a_waveform_holds_least_largest_and_root_mean_square(tone):
    client, _, at = tone
    for channel, amplitude in (("all", 0.5), ("right", 0.25), ("side", 0.125)):
        data = client.get(f"{at}/waveform/original/2/0?channel={channel}").content
        magic, n, level, index, _, start, span, head = struct.unpack_from("<4s4I2dI", data)
        assert (magic, n, level, index, start, span) == (b"MTW1", 512, 2, 0, 0.0, 2.0)
        low, high, rms = np.frombuffer(data, "<f4", 3 * n, head).reshape(3, n)
        assert low.min() == pytest.approx(-amplitude, abs=1e-3)
        assert high.max() == pytest.approx(amplitude, abs=1e-3)
        assert np.all((low <= high) & (rms <= np.maximum(-low, high) + 1e-6))
    assert client.get(f"{at}/waveform/texture/2/0", 422)


def test_a_long_window_tells_frequencies_apart_that_a_short_one_does_not(tone):
    client, _, at = tone

    def wide(window_s):
        levels = np.frombuffer(
            client.get(f"{at}/spectrogram/original/2/0?window_s={window_s}").content, "u1", offset=48
        ).reshape(256, 256)
        return np.count_nonzero(levels[128] > levels[128].max() - 40)

    assert wide(0.128) < wide(0.032) < wide(0.008)
    assert client.get(f"{at}/spectrogram/original/2/0?window_s=20", 422)


def test_a_scene_at_half_the_speed_is_twice_as_long_and_as_high(tone):
    client, _, at = tone
    answer = client.get(f"{at}/audio/reconstruction.f32?speed=0.5")
    slow = np.frombuffer(answer.content, "<f4").reshape(2, -1)
    assert slow.shape == (2, 4 * RATE)
    spectrum = np.abs(np.fft.rfft(slow[0, RATE : 3 * RATE]))
    assert np.argmax(spectrum) / 2 == pytest.approx(HZ, abs=0.5)
    loud = np.sqrt(np.mean(slow[0, RATE : 3 * RATE] ** 2))
    rest = np.frombuffer(client.get(f"{at}/audio/reconstruction.f32").content, "<f4").reshape(2, -1)
    assert loud == pytest.approx(np.sqrt(np.mean(rest[0, RATE // 2 : RATE] ** 2)), rel=0.1)
    piece = client.get(f"{at}/audio/reconstruction.f32?speed=0.5&first=1000&n=500")
    assert np.allclose(np.frombuffer(piece.content, "<f4").reshape(2, -1), slow[:, 1000:1500], atol=1e-6)
    assert "reconstruction" in client.get(f"{at}/audio/original.f32?speed=2", 422)["error"]


def test_a_speed_is_of_the_scene_as_it_sounds(tone):
    client, document, _ = tone
    client.edit(document, "mute", {"end_s": 1.0})
    answer = client.get(f"documents/{document['id']}/revisions/1/audio/reconstruction.f32?speed=2")
    fast = np.frombuffer(answer.content, "<f4").reshape(2, -1)
    assert fast.shape == (2, RATE)
    assert np.abs(fast[0, : RATE // 3]).max() == 0
    assert np.abs(fast[0, 2 * RATE // 3 :]).max() > 0.3
