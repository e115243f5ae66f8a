"""What splats are: their envelopes, partials and noise."""

import numpy as np
import pytest
from kind_examples import splat

from motes.errors import ParameterError
from motes.kinds.splat.oracle import render_one, render_splat_oracle
from motes.kinds.splat.table import Splat, burst
from motes.scene.scene import Scene

RATE, N = 22050, 22050


def one(**columns):
    usual = {
        "time_s": 0.3,
        "width_s": 0.01,
        "f0_hz": 440.0,
        "centre_hz": 440.0,
        "width_octaves": 1.0,
        "t60_s": 0.3,
        "gain_db": -12.0,
    } | columns
    shaped = {name: np.array([value]) for name, value in usual.items() if name != "gain_db"}
    return Splat(gain_db=np.atleast_2d(usual["gain_db"]), **shaped)


def sound(**columns):
    return render_splat_oracle(one(**columns), RATE, N, 1)[0]


def test_a_gaussian_and_a_gamma_burst_have_the_width_they_say():
    at = np.linspace(-0.2, 0.5, 70001)
    for shape in (0.0, 1.5, 4.0, 30.0):
        envelope = burst(one(width_s=0.02, shape=shape), 0, at)
        assert at[np.argmax(envelope)] == pytest.approx(0, abs=2e-5)
        assert envelope.max() == pytest.approx(1, abs=1e-3)
        mean = np.sum(at * envelope) / envelope.sum()
        assert np.sqrt(np.sum((at - mean) ** 2 * envelope) / envelope.sum()) == pytest.approx(0.02, rel=1e-2)
    gamma = burst(one(width_s=0.02, shape=4.0), 0, at)
    assert not gamma[at < -3 * 0.01 - 1e-9].any()  # its onset is (shape − 1) · width/√shape before the peak


def test_what_hardly_rings_is_a_windowed_sinusoid():
    audio = sound(width_s=0.04, t60_s=1e-3, n_partials=1, phase_rad=0.7)
    since = np.arange(N) / RATE - 0.3
    expected = 10 ** (-12 / 20) * np.exp(-0.5 * (since / 0.04) ** 2) * np.cos(2 * np.pi * 440 * since + 0.7)
    assert np.max(np.abs(audio - expected)) < 5e-3 * 10 ** (-12 / 20)


def test_a_resonance_decays_by_60_db_in_t60():
    audio = sound(width_s=0.003, t60_s=0.25, n_partials=1)
    levels = [
        20 * np.log10(np.sqrt(np.mean(audio[round(s * RATE) : round((s + 0.02) * RATE)] ** 2))) for s in (0.35, 0.6)
    ]
    assert levels[0] - levels[1] == pytest.approx(60, abs=0.5)


def test_partials_lie_where_inharmonicity_puts_them_and_damp_faster():
    table = one(inharmonicity=1e-3, damping_slope=1.0, rolloff_db=6.0)
    hz, amplitude, decay = table.partials(0)
    assert hz[0] == pytest.approx(440)
    assert hz[4] == pytest.approx(5 * 440 * np.sqrt(1.025 / 1.001))
    assert np.all(np.diff(decay) > 0)
    assert np.all(np.diff(amplitude) < 0)
    spectrum = np.abs(np.fft.rfft(render_splat_oracle(table, RATE, N, 1)[0]))
    assert abs(np.argmax(spectrum[2150:2300]) + 2150 - hz[4]) < 2


def test_onsets_lie_between_samples():
    """Half a sample later is what a delay by half a sample makes of it."""
    for extra in ({}, {"noise": 1.0, "width_octaves": 0.3}, {"shape": 6.0}):
        early, late = sound(**extra), sound(time_s=0.3 + 0.5 / RATE, **extra)
        delay = np.exp(-2j * np.pi * np.arange(N // 2 + 1) * 0.5 / N)
        assert np.sum((np.fft.irfft(np.fft.rfft(early) * delay, N) - late) ** 2) < 1e-6 * np.sum(late**2)


def test_noise_is_seeded_and_within_its_band():
    audio = sound(noise=1.0, seed=5, centre_hz=2000.0, width_octaves=0.2, width_s=0.1)
    assert np.array_equal(audio, sound(noise=1.0, seed=5, centre_hz=2000.0, width_octaves=0.2, width_s=0.1))
    assert not np.array_equal(audio, sound(noise=1.0, seed=6, centre_hz=2000.0, width_octaves=0.2, width_s=0.1))
    spectrum = np.abs(np.fft.rfft(audio)) ** 2
    assert spectrum[1300:3000].sum() > 0.98 * spectrum.sum()
    assert np.sum(audio**2) == pytest.approx(10 ** (-12 / 10) * 0.1 * np.sqrt(np.pi) * RATE, rel=0.5)


def test_two_channels_differ_by_their_gain():
    audio = render_splat_oracle(one(gain_db=[-12.0, -18.0]), RATE, N, 2)
    assert np.allclose(audio[1], audio[0] * 10 ** (-6 / 20))


def test_it_is_rendered_only_where_it_sounds():
    table = one(t60_s=0.05)
    first, heard = render_one(table, 0, RATE, 10**9)
    assert first >= 0
    assert len(heard) < RATE * 0.3
    assert len(render_one(table, 0, RATE, 1000, first=3 * RATE)[1]) == 0


def test_backward_is_the_mirror_image():
    table = splat(1)
    there = render_splat_oracle(table, RATE, N, 1)[0]
    back = render_splat_oracle(table.mirrored(np.ones(7, np.bool_), (N - 1) / RATE), RATE, N, 1)[0]
    assert np.sum((back[::-1] - there) ** 2) < 1e-12 * np.sum(there**2)


def test_extremes_are_finite():
    low, high = ({p.name: p.low for p in Splat.PARAMS}, {p.name: p.high for p in Splat.PARAMS})
    for name in low:
        for value in (low[name], high[name]):
            if name in ("time_s", "gain_db", "group_id", "room_id", "t60_s") or (name == "shape" and 0 < value < 1.05):
                continue
            whole = next(p.whole for p in Splat.PARAMS if p.name == name)
            audio = render_splat_oracle(
                one(
                    **{name: int(value) if whole else value, "noise": 0.3} | ({name: value} if name == "noise" else {})
                ),
                RATE,
                4000,
                1,
            )
            assert np.isfinite(audio).all(), (name, value)


def test_values_that_make_no_sense_are_refused():
    for columns, match in (
        ({"width_s": 0.0}, "width_s"),
        ({"t60_s": np.nan}, "t60_s"),
        ({"shape": 0.5}, "shape"),
        ({"n_partials": 33}, "n_partials"),
    ):
        with pytest.raises(ParameterError, match=match):
            one(**columns)
    assert not Scene(RATE, 100, 1, splat=one(time_s=0.001)).select().mute().render().any()
