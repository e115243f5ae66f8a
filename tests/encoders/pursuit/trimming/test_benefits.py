"""Benefits of atoms are energy over what masks them."""

import numpy as np

from motes.encoders.pursuit.masking import MaskingModel
from motes.encoders.pursuit.trimming.benefits import STRETCH_SAMPLES, benefits
from motes.encoders.pursuit.trimming.rendered_source import RenderedSource
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

RATE = 16000


def scene_of(time_s, frequency_hz, amplitude, window=1024, n_samples=2 * RATE):
    n = len(time_s)
    gabor = Gabor(
        np.array(time_s),
        np.full(n, window / RATE),
        np.array(frequency_hz),
        np.array(amplitude)[:, None],
        np.zeros((n, 1)),
    )
    return Scene(RATE, n_samples, 1, gabor)


def of(scene):
    return benefits(scene.gabor, RenderedSource(scene))


def test_an_atom_alone_is_worth_its_energy_times_its_weight():
    window = 1024
    scene = scene_of([0.512], [1000.0], [0.1])
    audio = np.pad(scene.render(), window)
    centre = round(0.512 * RATE) + window
    shape = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)) / np.sqrt(0.375 * window)
    first = centre % (window // 4)
    frames = np.lib.stride_tricks.sliding_window_view(audio, window)[first :: window // 4]
    power = (np.abs(np.fft.rfft(frames * shape)) ** 2).astype(np.float32)
    weight = MaskingModel(RATE).weights(power, window)[(centre - window // 2) // (window // 4), 64]
    expected = 0.1**2 * window * 3 / 16 * weight
    np.testing.assert_allclose(of(scene)[0], expected, rtol=0.05)


def test_what_is_masked_is_worth_less_and_doubling_all_changes_no_order():
    beside, alone = of(scene_of([0.5, 0.5, 1.5], [1000.0, 1100.0, 1100.0], [0.5, 0.005, 0.005]))[1:]
    assert beside < 0.5 * alone
    quiet, loud = (
        of(scene_of([0.3, 0.6, 0.9], [500.0, 2000.0, 700.0], a * np.array([0.1, 0.2, 0.05]))) for a in (1, 2)
    )
    assert np.array_equal(np.argsort(quiet), np.argsort(loud))


def test_it_does_not_matter_where_stretches_are_cut():
    cut_s = STRETCH_SAMPLES / RATE
    scene = scene_of(
        [cut_s - 0.1, cut_s, cut_s + 0.1, 5.0], [1000.0] * 4, [0.1] * 4, n_samples=STRETCH_SAMPLES + 2 * RATE
    )
    found = of(scene)
    np.testing.assert_allclose(found[1:3], found[0], rtol=0.1)
    assert np.all(found > 0)
