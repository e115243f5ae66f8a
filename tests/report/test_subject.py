"""What a page is about: the recording that belongs to a scene, and the piece that is shown."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from report_examples import RATE, chimes, recording

from motes.audio import read_audio
from motes.errors import ParameterError
from motes.report.subject import found_recording, subject_of, subject_of_file


def test_original_is_found_by_name_and_content(tmp_path, demo_audio):
    import shutil

    import motes

    audio, rate = read_audio(demo_audio)
    soundfile.write(tmp_path / "song.flac", audio[..., :rate], rate, "PCM_16")
    (tmp_path / "elsewhere").mkdir()
    from motes.audio import open_source
    from motes.encoders.pursuit import PursuitOptions, encode

    scene = encode(open_source(tmp_path / "song.flac"), PursuitOptions(events_per_second=100))
    path = scene.save(tmp_path / "song.mote")
    assert found_recording(str(path), scene.metadata.source_digest) == tmp_path / "song.flac"
    shutil.move(tmp_path / "song.flac", tmp_path / "elsewhere/song.flac")
    assert subject_of_file(str(path), None, None, None).original is None
    assert subject_of_file(str(path), None, 0.25, 0.75, (str(tmp_path / "elsewhere"),)).original.shape == (
        1,
        round(rate * 0.5),
    )
    soundfile.write(tmp_path / "song.wav", np.zeros(rate), rate)  # the name, but not the content
    assert subject_of_file(str(path), None, None, None).original is None
    assert motes.load(path).n_events == scene.n_events


def test_reference_of_another_length_is_refused(tmp_path):
    soundfile.write(tmp_path / "other.wav", np.zeros(100), RATE)
    with pytest.raises(ParameterError, match="100 samples"):
        subject_of(chimes(2), "x", reference=tmp_path / "other.wav")


def test_excerpt_is_that_of_the_scene(tmp_path):
    scene = chimes(40, 4.0)
    subject = subject_of(scene, "x", reference=recording(tmp_path, scene), start_s=1.0, end_s=2.5)
    assert np.allclose(subject.scene.render(), scene.render(1.0, 2.5), atol=1e-6)
    assert subject.original.shape == (1, round(1.5 * RATE))
    assert not subject.is_whole
