"""A scene without one of its kinds."""

import numpy as np
import pytest
import soundfile
from kind_examples import N_SAMPLES, RATE, example

import motes
import motes.codec
from motes.errors import ParameterError
from motes.scene.scene import Scene


@pytest.fixture(scope="module")
def layered() -> Scene:
    random = np.random.default_rng(5)
    time_s = np.arange(2 * 44100) / 44100
    tones = 0.2 * np.sin(2 * np.pi * 440 * time_s) + 0.1 * np.sin(2 * np.pi * 1234.5 * time_s)
    audio = tones * np.exp(-time_s) + 0.02 * random.normal(size=len(time_s))
    return motes.encode(audio.astype(np.float32), sample_rate_hz=44100, kbps=40, detail=True, n_threads=1)


def band_power(audio: np.ndarray) -> np.ndarray:
    """Power in ten bands of a kHz."""
    spectrum = np.abs(np.fft.rfft(audio.astype(np.float64))) ** 2
    edges = (np.arange(11) * 1000 * len(audio) / 44100).astype(int)
    return np.add.reduceat(spectrum, edges)[:10]


def test_a_bitrate_with_detail_is_met_and_has_three_layers(layered):
    assert len(layered.gabor)
    assert len(layered.detail)
    assert len(layered.texture)
    assert 0.9 * 40_000 * 2 / 8 < len(motes.codec.dumps(layered)) <= 40_000 * 2 / 8
    loaded = motes.codec.loads(motes.codec.dumps(layered))
    assert all(mine.equals(theirs) for mine, theirs in zip(loaded.tables, layered.tables, strict=True))
    assert loaded.metadata.options == {"kbps": 40, "detail": True}
    assert np.array_equal(loaded.render(), layered.render())


def test_without_detail_texture_takes_over(layered):
    sparse = layered.without("detail")
    assert not len(sparse.detail)
    bare = layered.replace(detail=layered.detail.empty(1))
    whole, lifted, dropped = (band_power(scene.render()) for scene in (layered, sparse, bare))
    assert np.all(np.abs(10 * np.log10(lifted[2:] / whole[2:])) < 2.0)
    assert np.max(np.abs(10 * np.log10(dropped[2:] / whole[2:]))) > 3.0


def test_muting_detail_leaves_texture_alone(layered):
    chosen = layered.select("kind == detail")
    muted = chosen.mute()
    assert muted.texture.equals(layered.texture)
    left = muted.render().astype(np.float64) + chosen.solo().render() - layered.render()
    assert np.sum(left**2) < 1e-12 * np.sum(layered.render().astype(np.float64) ** 2)


def test_other_kinds_go_alone():
    scene = Scene(RATE, N_SAMPLES, 1, tables=[example("gabor"), example("texture")])
    assert scene.without("texture").gabor.equals(scene.gabor)
    assert not len(scene.without("gabor").gabor)
    with pytest.raises(ParameterError, match="there is no kind 'reverb'"):
        scene.without("reverb")


def test_detail_needs_a_bitrate():
    with pytest.raises(ParameterError, match="kbps is not given"):
        motes.encode(np.zeros(1000, np.float32), sample_rate_hz=44100, detail=True)


@pytest.mark.parametrize(("kbps", "has_detail"), [(24, True), (6, False)])
def test_trimming_makes_detail_coarser_and_then_leaves_it_out(layered, kbps, has_detail):
    trimmed = layered.trim(kbps)
    assert len(motes.codec.dumps(trimmed)) <= kbps * 1000 * 2 / 8
    assert bool(len(trimmed.detail)) == has_detail
    assert trimmed.metadata.options["trimmed_kbps"] == kbps


def test_the_command_line_decodes_the_layer_of_atoms(layered, tmp_path):
    from motes.cli.app import main

    path = layered.save(tmp_path / "a.mote")
    assert main(["decode", str(path), "-o", str(tmp_path / "a.wav"), "--no-detail"]) == 0
    assert main(["decode", str(path), "-o", str(tmp_path / "b.wav")]) == 0
    sparse, whole = (soundfile.read(tmp_path / name)[0] for name in ("a.wav", "b.wav"))
    assert np.max(np.abs(sparse - layered.without("detail").render())) < 1e-6
    assert np.max(np.abs(whole - layered.render())) < 1e-6
