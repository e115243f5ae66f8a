"""Partials as SDIF, read back by the specification and by another reader: they sum to what the partials sound like."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from note_scenes import Sounding, scene_of
from plain_sdif import read_frames

import motes
from motes.errors import ParameterError
from motes.library.exports.sdif import BLOCK_FRAMES, STEP_S, write_sdif

NOTES = [Sounding(0.1, 0.9, 60, vibrato=30), Sounding(0.3, 1.2, 67.1, 2)]


def written(scene):
    handle = io.BytesIO()
    write_sdif(scene, handle)
    return handle.getvalue()


def tracks(frames, stream=0):
    return [frame for frame in frames if frame.signature == "1TRC" and frame.stream == stream]


@pytest.mark.parametrize("n_channels", [1, 2])
def test_tracks_sum_to_the_sound_of_the_partials(n_channels):
    scene = scene_of(NOTES, n_channels=n_channels)  # 40 samples a frame
    frames, sound = read_frames(written(scene)), scene.render().reshape(n_channels, -1)
    for channel in range(n_channels):
        assert len(tracks(frames, channel)) > 200
        for frame in tracks(frames, channel):
            _, _, amplitude, phase = frame.matrices["1TRC"].astype(np.float64).T
            at = round(frame.time_s * scene.sample_rate_hz)
            assert np.sum(amplitude * np.cos(phase)) == pytest.approx(sound[channel, at], abs=1e-5)


def test_each_track_is_a_harmonic_of_a_note():
    frames = read_frames(written(scene_of(NOTES)))
    table = next(frame for frame in frames if frame.signature == "XNOT").matrices["XNOT"]
    assert all(np.count_nonzero(table[:, 1] == note) >= 3 for note in (1, 2))
    f0 = {1: 261.63, 2: float(440 * 2 ** ((67.1 - 69) / 12))}
    assert {(note, part) for _, note, part in table} == {(1, 1), (2, 2)}
    for index, note, _ in table:
        rows = np.concatenate([frame.matrices["1TRC"] for frame in tracks(frames)])
        frequency = rows[(rows[:, 0] == index) & (rows[:, 2] > 0.001), 1]
        harmonic = np.median(frequency) / f0[int(note)]
        assert harmonic == pytest.approx(round(harmonic), rel=0.01)
        assert np.ptp(12 * np.log2(frequency)) < 1


def test_frames_follow_each_other_over_the_edges_of_blocks():
    length_s = 1.5 * BLOCK_FRAMES * STEP_S
    scene = scene_of([Sounding(length_s * 0.6, length_s * 0.7, 60)], duration_s=length_s)
    times = [frame.time_s for frame in tracks(read_frames(written(scene)))]
    assert times[0] < BLOCK_FRAMES * STEP_S < times[-1]
    np.testing.assert_allclose(np.diff(times), STEP_S)


def test_a_scene_without_partials_is_refused():
    with pytest.raises(ParameterError, match="the scene has none"):
        written(motes.Scene(8000, 8000, 1))


READER = """
import json, sys, pysdif
print(json.dumps([
    (frame.signature.decode(), frame.time, [matrix.get_data(copy=True).tolist() for matrix in frame])
    for frame in pysdif.SdifFile(sys.argv[1])
]))
"""


def test_another_reader_finds_the_same(tmp_path, pysdif):
    ours = motes.export(scene_of(NOTES), tmp_path / "a.sdif")
    done = subprocess.run([sys.executable, "-c", READER, str(ours)], capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout)
    frames = [frame for frame in read_frames(ours.read_bytes()) if frame.signature not in ("1NVT", "1TYP")]
    assert [(name, time) for name, time, _ in theirs] == [(frame.signature, frame.time_s) for frame in frames]
    for (name, _, matrices), frame in zip(theirs, frames, strict=True):
        np.testing.assert_allclose(matrices[0], frame.matrices[name], rtol=1e-6)
