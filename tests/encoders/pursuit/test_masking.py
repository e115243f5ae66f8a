"""The masking model by what it has to do: loud neighbours and the threshold in quiet make an atom worth less, and
the residual stays the residual.
"""

import numpy as np
import pytest

from motes.audio import ArraySource
from motes.encoders.pursuit.atoms import subtract_atoms
from motes.encoders.pursuit.masking import MaskingModel
from motes.encoders.pursuit.schedule import PursuitContext, StopCriterion, pursue_segments
from motes.encoders.threads import ThreadPool
from motes.kernels.dictionary import dictionary

RATE = 44100


def tone_power(frequency_hz, window=2048, db=-20.0, n_frames=1):
    power = np.full((n_frames, window // 2 + 1), 1e-14, np.float32)
    power[:, round(frequency_hz / RATE * window)] = 10 ** (db / 10) * window / 6
    return power


def weight_at(weights, frequency_hz, frame=0):
    return weights[frame, round(frequency_hz / RATE * 2048)]


def test_a_tone_makes_its_neighbours_worth_less_and_more_so_upward():
    masking = MaskingModel(RATE)
    masked, quiet = masking.weights(tone_power(1000), 2048), masking.weights(tone_power(1000, db=-140), 2048)
    loss = {f: float(weight_at(quiet, f) / weight_at(masked, f)) for f in (300, 700, 1000, 1400, 8000)}
    assert loss[1000] > loss[1400] > loss[8000]
    assert loss[1000] > loss[700] > loss[300]
    erb = lambda f: 21.4 * np.log10(1 + 0.00437 * f)  # noqa: E731
    up, down = (np.log(loss[1000] / loss[f]) / abs(erb(1000) - erb(f)) for f in (1400, 700))
    assert down > 1.3 * up


def test_masking_outlasts_its_tone_and_fades():
    power = tone_power(1000, n_frames=12)
    power[3:] = 1e-14
    weights = [float(weight_at(MaskingModel(RATE).weights(power, 2048), 1000, frame)) for frame in range(12)]
    assert weights[0] == weights[2] < weights[3] < weights[5] < weights[11]


@pytest.mark.parametrize("window", [64, 512, 8192])
@pytest.mark.parametrize("rate", [1, 8000, 192000])
def test_weights_are_finite_on_silence_at_any_rate(window, rate):
    masking = MaskingModel(rate)
    weights = masking.weights(np.zeros((2, window // 2 + 1), np.float32), window)
    assert np.isfinite(weights).all()
    assert (weights > 0).all()
    assert 0 < masking.least_benefit(window) < np.inf


def test_weights_never_touch_the_subtraction():
    rng = np.random.default_rng(0)
    t = np.arange(20000) / RATE
    audio = (
        0.3 * np.sin(2 * np.pi * 440 * t) + 0.01 * np.sin(2 * np.pi * 6000 * t) + 0.001 * rng.standard_normal(len(t))
    ).astype(np.float32)[None]
    source, book = ArraySource(audio, RATE), dictionary((256, 1024))
    lefts = []
    for masking in (None, MaskingModel(RATE)):
        found = pursue_segments(
            source, PursuitContext(book, ThreadPool(), masking), lambda _: StopCriterion(n_events=200)
        )
        residual = audio.copy()
        subtract_atoms(residual, 0, found.atoms, book)
        assert found.residual_energy == pytest.approx(float(np.sum(residual.astype(float) ** 2)), rel=1e-3)
        lefts.append(residual)
    spectra = [np.abs(np.fft.rfft(left[0])) ** 2 for left in lefts]
    high = slice(round(5500 / RATE * 20000), round(6500 / RATE * 20000))
    assert (
        spectra[1][high].sum() < spectra[0][high].sum()
    )  # the weak high tone is worth more to the ear than to the energy


def test_what_nobody_hears_ends_the_search():
    audio = 1e-7 * np.random.default_rng(1).standard_normal((1, 30000))
    found = pursue_segments(
        ArraySource(audio, RATE),
        PursuitContext(dictionary((512, 2048)), ThreadPool(), MaskingModel(RATE)),
        lambda _: StopCriterion(n_events=100000),
    )
    assert found.stopped == "nothing_audible_left"
    assert len(found.atoms) == 0
