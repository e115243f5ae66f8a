"""Playing instruments: by chance, as other scenes do, notes by their pitch, and what cannot be played."""

import numpy as np
import pytest

from motes.audio import open_source
from motes.errors import ParameterError
from motes.events.deformation import Deformation
from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.library.perform import Notes, deformed, on_instrument, permuted, play_notes, random_strikes
from motes.scene.scene import Scene

RATE = 8000
PITCHES = np.array([220.0, 330.0, 523.25])


def piano(n_controls=3, seed=0):
    """Controls of three harmonics each, and a fourth so weak that nobody plays it."""
    rng = np.random.default_rng(seed)
    hz = np.concatenate([PITCHES * h for h in (1, 2, 3)] + [[900.0]])
    weights = np.zeros((4, 10), complex)
    for control in range(3):
        weights[control, control::3][:3] = 0.2 / np.arange(1, 4) * np.exp(1j * rng.uniform(-3, 3, 3))
    weights[3, 9] = 1e-4
    order = np.argsort(hz)
    model = Instrument(RATE, hz[order], np.full(10, 0.6), weights[:n_controls, order], np.ones((1, 10)))
    control = np.array([0, 1, 2, 1])[: max(1, n_controls)] % n_controls
    times = np.array([0.1, 0.4, 0.6, 1.0])[: len(control)]
    return Scene(
        RATE, 2 * RATE, 1, strike=Strike(times, control, np.ones(len(times)), np.ones(len(times))), instruments=(model,)
    )


def test_chance_is_repeated_by_its_seed():
    scene = piano(4)
    one, same, other = (random_strikes(scene, seed, 50.0, 4.0) for seed in (1, 1, 2))
    assert one.strike.equals(same.strike)
    assert not one.strike.equals(other.strike)
    assert 130 < len(one.strike) < 270  # 200 are expected
    assert set(one.strike.control) == {0, 1, 2}
    assert one.strike.time_s.max() <= 4.0
    assert one.duration_s >= 4.0
    assert one.render().any()


def test_permuting_keeps_moments_and_controls():
    scene = piano()
    there = permuted(scene, 3)
    assert np.array_equal(there.strike.time_s, scene.strike.time_s)
    assert sorted(there.strike.control) == sorted(scene.strike.control)
    assert there.n_samples == scene.n_samples


def test_another_performance_on_this_instrument():
    scene, other = piano(), piano(seed=5).move(0.5)
    assert np.array_equal(on_instrument(scene, piano()).strike.control, scene.strike.control)
    played = on_instrument(scene, other)
    assert played.instruments == scene.instruments
    assert np.allclose(played.strike.time_s, other.strike.time_s)
    single = on_instrument(piano(1), other)
    assert set(single.strike.control) == {0}


def test_notes_go_to_the_nearest_control_and_are_transposed_the_rest():
    notes = Notes(
        np.array([0.0, 0.5, 0.5]), np.array([57, 58, 72]), np.array([100, 50, 100])
    )  # A3, B♭3 and C5, which overlap
    played = play_notes(piano(), notes)
    struck = played.strike
    assert struck.control[0] == 0
    assert struck.frequency_ratio[0] == pytest.approx(1.0, abs=1e-3)
    sounding = np.sort(struck.frequency_ratio * PITCHES[struck.control])
    assert np.allclose(sounding, np.sort(440 * 2 ** ((notes.key - 69) / 12)), rtol=1e-6)
    softer = struck.time_s == 0.5
    assert struck.amplitude[softer].min() == pytest.approx(0.5**1.5 * struck.amplitude.max(), rel=0.1)
    spectrum = np.abs(np.fft.rfft(played.render(0.0, 0.5)))
    assert np.argmax(spectrum) * 2 == pytest.approx(220, abs=3)


def measured(scene, key, velocity=100.0):
    """Pitch in Hz by autocorrelation, RMS and peak in dB of one note as it is rendered."""
    played = play_notes(scene, Notes(np.zeros(1), np.array([float(key)]), np.array([velocity])))
    rate = played.sample_rate_hz
    sound = np.zeros(rate)
    rendered = np.atleast_2d(played.render())[0, :rate]
    sound[: len(rendered)] = rendered
    begun = sound[rate // 50 : 2 * rate // 5]
    window = np.hanning(len(begun))

    def correlation(x):
        return np.fft.irfft(np.abs(np.fft.rfft(x, 4 * len(x))) ** 2)[: len(x) // 2]

    similar = correlation(begun * window) / np.maximum(correlation(window), 1e-9)
    lags = np.arange(rate // 3000, rate // 40)
    peaks = [k for k in lags if similar[k - 1] < similar[k] >= similar[k + 1]]
    lag = next(k for k in peaks if similar[k] >= 0.9 * similar[peaks].max())
    before, at, after = similar[lag - 1 : lag + 2]
    rms = np.sqrt(np.mean(sound[: rate // 2] ** 2))
    hz = rate / (lag + 0.5 * (before - after) / (before - 2 * at + after))
    return hz, 20 * np.log10(rms), 20 * np.log10(np.abs(sound).max())


def check_keys(scene, keys):
    """Each key sounds at its pitch, and all as loud."""
    found = np.array([measured(scene, key) for key in keys])
    cents = 1200 * np.log2(found[:, 0] / (440 * 2 ** ((np.array(keys) - 69) / 12)))
    assert np.abs(cents).max() < 20, dict(zip(keys, cents.round(1), strict=True))
    assert np.ptp(found[:, 1:], axis=0).max() < 6, found


def mixed():
    """Controls as recordings leave them: notes 30 dB apart, one with a weak fundamental, chords, and attacks."""
    rate, rng = 22050, np.random.default_rng(1)
    partials = [(130.8, 0.3, 8), (262.0, 0.02, 6), (587.3, 0.01, 5)]
    controls = [[(hz * h, gain / (1 if h == 1 else h - 0.5)) for h in range(1, n)] for hz, gain, n in partials]
    controls[1][0] = (262.0, 0.004)
    # The harmonics 4, 5 and 6 of 104.6 Hz, and 10 notes at once; neither is at any note.
    controls.append([(104.6 * h, 0.2) for h in (4, 5, 6, 8, 10, 12)])
    controls.append([(hz, 0.1) for hz in rng.uniform(100, 3000, 30)])
    modes = [(hz, gain, k) for k, control in enumerate(controls) for hz, gain in control]
    attacks = [(hz, control[0][1] / 2, k) for k, control in enumerate(controls) for hz in rng.uniform(40, 400, 8)]
    hz, gain, owner = (np.array(values) for values in zip(*modes, *attacks, strict=True))
    weights = np.zeros((5, len(hz)), complex)
    weights[owner, np.arange(len(hz))] = gain * np.exp(1j * rng.uniform(-3, 3, len(hz)))
    t60_s = np.where(np.arange(len(hz)) < len(modes), 1.5, 0.01)
    order = np.argsort(hz)
    model = Instrument(rate, hz[order], t60_s[order], weights[:, order], np.ones((1, len(hz))))
    times = np.arange(5) * 0.4
    strike = Strike(times, np.arange(5), np.ones(5), np.ones(5))
    return Scene(rate, 3 * rate, 1, strike=strike, instruments=(model,))


def test_notes_sound_at_their_pitch_and_equally_loud():
    check_keys(mixed(), (45, 48, 52, 57, 60, 64, 67, 72, 76))


def test_where_no_pitch_is_clear_the_clearest_plays():
    rng = np.random.default_rng(2)
    hz = np.sort(rng.uniform(100, 3000, 12))
    weights = np.zeros((2, 12), complex)
    weights[0, ::2] = weights[1, 1::2] = 0.1
    model = Instrument(RATE, hz, np.full(12, 0.5), weights, np.ones((1, 12)))
    strike = Strike(np.array([0.1]), np.array([0]), np.ones(1), np.ones(1))
    scene = Scene(RATE, RATE, 1, strike=strike, instruments=(model,))
    assert np.abs(play_notes(scene, Notes(np.zeros(1), np.array([60.0]), np.array([100.0]))).render()).max() > 0.01


@pytest.mark.slow
def test_melodies_on_a_recorded_piano(shared_audio):
    from motes.encoders.instrument import InstrumentOptions, encode

    scene = encode(open_source(shared_audio("piano")), InstrumentOptions(refine=0))
    check_keys(scene, (48, 52, 60, 64, 67, 72))


def test_deformed_performances():
    scene = piano()
    whole = float(np.sum(scene.render() ** 2))
    assert np.sum(deformed(scene, Deformation(damping=4)).render() ** 2) < 0.5 * whole
    assert np.sum(deformed(scene, Deformation(), -6).render() ** 2) == pytest.approx(whole * 10**-0.6, rel=0.01)
    bright = np.abs(np.fft.rfft(deformed(scene, Deformation(brightness=6)).render())) ** 2
    plain = np.abs(np.fft.rfft(scene.render())) ** 2
    assert bright[2000:].sum() / bright.sum() > 1.5 * plain[2000:].sum() / plain.sum()
    assert deformed(scene, Deformation(transpose=12)).strike.frequency_ratio[0] == pytest.approx(2)


def test_one_channel_spreads_over_two():
    scene = piano()
    spread = deformed(scene, Deformation(spread=0.8)).render()
    assert spread.shape[0] == 2
    assert np.corrcoef(spread)[0, 1] < 0.9
    apart = deformed(scene.replace(n_samples=scene.n_samples), Deformation(spread=1e-9)).render()
    assert np.allclose(apart, scene.render(), atol=1e-6)


def test_a_part_goes_into_a_room():
    scene = piano()
    wet = deformed(scene, Deformation(send=0.5))
    assert len(wet.rooms) == 1
    assert set(wet.strike.wetness) == {0.5}
    assert wet.render().any()


def test_what_cannot_be_played():
    empty = Scene(RATE, 100, 1)
    for play in (
        lambda: random_strikes(empty, 1),
        lambda: on_instrument(piano(), empty),
        lambda: play_notes(empty, Notes(*np.zeros((3, 1)))),
    ):
        with pytest.raises(ParameterError):
            play()
    with pytest.raises(ParameterError, match="1000 strikes"):
        random_strikes(piano(), 1, 1e6)
