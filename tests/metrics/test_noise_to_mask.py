"""Noise-to-mask ratio against the formulas of ITU-R BS.1387, and against errors planted at known levels."""

import json
import math

import numpy as np
import pytest

import motes
from motes.errors import ParameterError
from motes.kinds.texture.table import Texture
from motes.metrics.noise_to_mask import ear, n_frames_of, noise_to_mask, ratios, silenced_textures, substituted_cells

RATE = 48000


def tone(frequency_hz: float = 1000.0, seconds: float = 0.5, rate: int = RATE) -> np.ndarray:
    return 0.1 * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * rate)) / rate)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n) * 0.1


def db(value: float) -> float:
    return 10 * math.log10(value)


# --- the formulas


def test_the_bands_are_those_of_the_recommendation():
    model = ear()
    assert model.n_bands == 109
    assert (model.low_hz[0], model.high_hz[-1]) == pytest.approx((80, 18000))
    # table 6 of the recommendation: bands 0, 1 and 108
    assert model.high_hz[[0, 1]] == pytest.approx([103.445, 127.023], abs=1e-3)
    assert model.centre_hz[[0, 108]] == pytest.approx([91.708, 17690.045], abs=2e-3)
    assert np.allclose(model.low_hz[1:], model.high_hz[:-1])
    assert model.shares.sum(0) == pytest.approx((model.high_hz - model.low_hz) / (48000 / 2048))


def test_a_sinusoid_at_full_scale_has_the_level_it_is_played_at():
    model, n = ear(), np.arange(2048)
    sine = np.sin(2 * np.pi * 1019.5 * n / RATE)
    largest = np.abs(np.fft.rfft(sine * model.window)).max()
    at = model.gain(92.0)[1] / model.outer_ear[1]
    assert 20 * math.log10(largest * at) == pytest.approx(92, abs=0.1)
    assert 20 * np.log10(model.outer_ear[[43, 141]]) == pytest.approx([-2.0, 5.6], abs=0.3)  # 1 and 3.3 kHz


def spread_by_definition(power: np.ndarray) -> list[float]:
    """Equations 18 to 22 of annex 2, one source and one band at a time."""

    def total(levels):
        sums = [0.0] * 109
        for source, level in enumerate(levels):
            slope_db = -24 - 230 / ear().centre_hz[source] + 0.2 * db(level)
            shape = [10 ** ((27 if k < source else slope_db) * (k - source) * 0.25 / 10) for k in range(109)]
            for k in range(109):
                sums[k] += (level * shape[k] / sum(shape)) ** 0.4
        return [each**2.5 for each in sums]

    return [a / b for a, b in zip(total(power), total(np.ones(109)), strict=True)]


def test_spreading_is_its_definition():
    power = 10 ** np.random.default_rng(1).uniform(0, 8, 109)
    assert ear().spread(power[np.newaxis])[0] == pytest.approx(spread_by_definition(power), rel=1e-9)


def test_an_excitation_dies_away_as_the_recommendation_says():
    model = ear()
    excitation = np.ones((5, 109)) * [[1], [0], [0], [0], [0]]
    after, _ = model.after(excitation, np.ones(109))
    time_s = 0.008 + 100 / model.centre_hz * 0.022
    assert after[0] == pytest.approx(1)
    assert after[4] == pytest.approx(np.exp(-4 * 1024 / RATE / time_s))


# --- planted errors


@pytest.mark.parametrize("error_db", [-20.0, -40.0, -60.0])
def test_an_error_of_known_level_under_a_tone(error_db):
    """A tone that is too loud has an error of exactly that share of its power in every band, and a tone that goes on
    masks 3 dB below its excitation.
    """
    reference = tone()
    found = ratios(reference * (1 + 10 ** (error_db / 20)), reference, RATE)[10]
    model = ear()
    spectrum = np.abs(np.fft.rfft(reference[9 * 1024 : 11 * 1024] * model.window)) * model.gain(92.0)
    power = model.banded(spectrum**2)
    expected = 10 ** (error_db / 10) * power / np.array(spread_by_definition(power + model.internal_noise)) * 10**0.3
    loudest = int(np.argmax(power))
    assert db(found[loudest]) == pytest.approx(db(expected[loudest]), abs=0.01)
    assert error_db + 3 < db(found[loudest]) < error_db + 16  # a lone tone excites less than a broad spectrum


def test_noise_beside_a_tone_is_less_masked_than_noise_in_its_band():
    reference = tone(1000, 1.0)
    spectrum = np.fft.rfft(noise(RATE))

    def with_noise_near(frequency_hz: float) -> np.ndarray:
        near = np.abs(np.arange(len(spectrum)) - frequency_hz) < 40
        hiss = np.fft.irfft(np.where(near, spectrum, 0), RATE)
        return reference + hiss * 1e-4 / hiss.std()

    levels = [noise_to_mask(with_noise_near(hz), reference, RATE)["noise_to_mask_db"] for hz in (1000, 1600, 3000)]
    assert levels[0] < levels[1] - 10 < levels[2] - 15


def test_more_noise_is_never_less():
    reference = noise(RATE // 2, 1) + tone()
    hiss = noise(RATE // 2, 2)
    found = [noise_to_mask(reference + 10 ** (level / 20) * hiss, reference, RATE) for level in range(-80, 1, 10)]
    levels = [each["noise_to_mask_db"] for each in found]
    assert levels == sorted(levels)
    assert levels[1] - levels[0] == pytest.approx(10, abs=0.5)
    disturbed = [each["disturbed_frames"] for each in found]
    assert disturbed == sorted(disturbed)
    assert disturbed[0] == 0
    assert disturbed[-1] == 1


def test_what_is_louder_and_played_softer_gives_the_same():
    reference, hiss = noise(RATE // 2, 1), noise(RATE // 2, 2) * 0.01
    one = noise_to_mask(reference + hiss, reference, RATE)
    other = noise_to_mask((reference + hiss) / 4, reference / 4, RATE, full_scale_db_spl=92 + 20 * math.log10(4))
    assert other == pytest.approx(one, rel=1e-4)
    softer = noise_to_mask((reference + hiss) / 4, reference / 4, RATE)
    assert softer["noise_to_mask_db"] == pytest.approx(one["noise_to_mask_db"], abs=3)  # only slopes depend on levels


@pytest.mark.parametrize("shape", [(0,), (1,), (2,), (3000,), (2, 3000)])
@pytest.mark.parametrize("rate", [8000, 44100, 48000, 192000])
def test_identical_and_silent_signals(shape, rate):
    sound, silence = np.full(shape, 0.3), np.zeros(shape)
    for x in (sound, silence):
        assert noise_to_mask(x, x, rate)["noise_to_mask_db"] < -100
        assert noise_to_mask(x, x, rate)["disturbed_frames"] == 0
    assert all(map(math.isfinite, noise_to_mask(sound, silence, rate).values()))
    assert all(map(math.isfinite, noise_to_mask(silence, sound, rate).values()))
    json.dumps(noise_to_mask(sound, silence, rate), allow_nan=False)


def test_bands_above_half_the_sample_rate_do_not_count():
    assert ratios(noise(8000), noise(8000, 1), 16000).shape == (24, int(np.sum(ear().high_hz <= 8000)))
    assert ratios(noise(8000), noise(8000, 1), RATE).shape == (8, 109)


def test_channels_are_averaged_and_pairs_have_to_fit():
    reference, hiss = noise(RATE // 4, 1), noise(RATE // 4, 2) * 0.01
    alone = noise_to_mask(reference + hiss, reference, RATE)["noise_to_mask_db"]
    softer = noise_to_mask(reference + hiss / 10, reference, RATE)["noise_to_mask_db"]
    both = noise_to_mask(np.stack([reference + hiss, reference + hiss / 10]), np.stack([reference] * 2), RATE)
    assert both["noise_to_mask_db"] == pytest.approx((alone + softer) / 2)
    with pytest.raises(ParameterError, match="the estimate has 12000 samples, the reference 11999"):
        noise_to_mask(reference, reference[1:], RATE)
    with pytest.raises(ParameterError, match="the mask of substituted cells has shape"):
        noise_to_mask(reference, reference, RATE, np.zeros((1, 3, 109), np.bool_))


# --- noise that stands for noise


def test_substituted_cells_are_left_out_and_their_energy_is_given():
    low, high = (tone(hz) * np.hanning(RATE // 2) for hz in (500, 6000))
    n_frames = n_frames_of(len(low), RATE)
    cells = np.zeros((1, n_frames, 109), np.bool_)
    cells[..., ear().low_hz > 3000] = True
    estimate = low * 1.0001 + high * 2  # wrong where noise stands
    found = noise_to_mask(estimate, low + high, RATE, cells)
    assert found["noise_to_mask_db"] < -60
    assert noise_to_mask(estimate, low + high, RATE)["noise_to_mask_db"] > -20
    weight = 10 ** (
        np.diff(20 * np.log10(np.interp([500, 6000], np.arange(1025) * RATE / 2048, ear().outer_ear)))[0] / 10
    )
    assert found["energy_substituted"] == pytest.approx(weight / (1 + weight), abs=0.02)
    assert noise_to_mask(estimate, low + high, RATE, ~cells & False)["energy_substituted"] == 0


def test_a_scene_knows_where_its_noise_stands():
    texture = Texture(
        np.zeros(1), np.ones(1), np.ones(1, int), np.ones(1), np.full(1, 4000.0), np.full(1, 8000.0), np.ones(1, int),
        np.ones(1, int), np.full((1, 1), -40.0), np.zeros((1, 0)),
    )  # fmt: skip
    sung = motes.encode(tone(1000, 1.0), sample_rate_hz=RATE, n_events=40)
    scene = sung.replace(texture=texture)
    cells = substituted_cells(scene.render(), silenced_textures(scene), RATE)
    assert cells.shape == (1, n_frames_of(RATE, RATE), 109)
    inside = (ear().low_hz > 4300) & (ear().high_hz < 7500)
    assert cells[0, 10:38][:, inside].all()
    assert not cells[0, 10:38][:, (ear().low_hz > 800) & (ear().high_hz < 1200)].any()
    measured = motes.evaluate(scene, scene.render(), sample_rate_hz=RATE)
    assert measured["noise_to_mask_db"] < -100
    assert 0.001 < measured["energy_substituted"] < 0.5
    assert motes.evaluate(sung, sung.render(), sample_rate_hz=RATE)["energy_substituted"] == 0
    late = np.concatenate([np.zeros(500), scene.render()])
    moved = motes.evaluate(scene, late, sample_rate_hz=RATE, align=True)
    assert moved["energy_substituted"] == pytest.approx(measured["energy_substituted"], rel=0.1)
