"""Perceptual scores: their order, what they make of silence, short and stereo sounds; the controls; alignment;
`motes eval` with all of them.
"""

import json
import sys

import numpy as np
import pytest
import soundfile

from motes.cli import main
from motes.errors import MissingExtraError, ParameterError
from motes.metrics import perceptual
from motes.metrics.align import align
from motes.metrics.controls import CONTROLS, noise_vocoder, random_phase
from motes.metrics.perceptual import zimtohrli

RATE = 16000


@pytest.fixture(scope="module")
def tune():
    """Three decaying notes with partials, 2 s."""
    t = np.arange(2 * RATE) / RATE
    return 0.05 * sum(
        np.sin(2 * np.pi * f * k * t) * np.exp(-3 * (t % 0.66)) / k
        for f, k in [(220, 1), (220, 2), (220, 3), (330, 1), (330, 4)]
    )


def noisy(x, db, seed=0):
    noise = np.random.default_rng(seed).standard_normal(x.shape)
    return x + noise * np.sqrt(np.mean(x**2) * 10 ** (-db / 10))


def test_more_noise_scores_lower(tune):
    scores = [zimtohrli(noisy(tune, db), tune, RATE)["mean"] for db in (60, 30, 10)]
    assert 5 >= scores[0] > scores[1] > scores[2] >= 1
    assert zimtohrli(tune, tune, RATE) == {"mean": 5.0, "worst": 5.0}


def test_stereo_is_scored_by_channel_and_mid(tune):
    fine, bad = tune, noisy(tune, 10)
    scores = zimtohrli(np.stack([fine, bad]), np.stack([fine, fine]), RATE)
    alone = zimtohrli(bad, tune, RATE)["mean"]
    assert scores["worst"] == pytest.approx(alone, abs=1e-6)
    assert (5 + 2 * alone) / 3 < scores["mean"] < 5
    opposite = np.stack([tune, -tune])  # each channel is perfect, the mid signal is not
    assert zimtohrli(np.stack([tune, tune]), opposite, RATE)["worst"] == 1


def test_silence_is_not_like_sound(tune):
    silence = np.zeros_like(tune)
    assert zimtohrli(silence, silence, RATE)["mean"] == 5
    assert zimtohrli(silence, tune, RATE)["mean"] == zimtohrli(tune, silence, RATE)["mean"] == 1


@pytest.mark.parametrize("n", [0, 1, 30, 5000])
@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_short_sounds_and_any_rate(n, rate):
    x = 0.1 * np.random.default_rng(0).standard_normal(n)
    assert zimtohrli(x, x, rate)["mean"] == 5


def test_long_sounds_are_scored_in_pieces(tune, monkeypatch):
    half = len(tune) // 2
    estimate = np.concatenate([tune[:half], noisy(tune[half:], 10)])
    monkeypatch.setattr(perceptual, "PIECE_S", 1.0)
    later = zimtohrli(estimate[half:], tune[half:], RATE)["mean"]
    assert zimtohrli(estimate, tune, RATE)["mean"] == pytest.approx((5 + later) / 2, abs=1e-6)


def test_what_does_not_fit_is_refused(tune):
    with pytest.raises(ParameterError, match="samples"):
        zimtohrli(tune[1:], tune, RATE)


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("shape", [(0,), (1,), (700,), (30000,), (2, 9000)])
def test_controls_keep_length_and_energy(control, shape):
    x = np.random.default_rng(1).standard_normal(shape)
    y = control(x, RATE)
    assert y.shape == x.shape
    assert np.isfinite(y).all()
    assert np.sum(y**2) == pytest.approx(np.sum(x**2))
    assert not control(np.zeros(shape), RATE).any()


def test_controls_lose_what_they_should(tune):
    power = np.abs(np.fft.rfft(tune)) ** 2
    for control, most in ((noise_vocoder, 0.2), (random_phase, 1.0)):
        copy = control(tune, RATE)
        assert abs(np.corrcoef(copy, tune)[0, 1]) < 0.3  # phases are gone
        there = np.abs(np.fft.rfft(copy)) ** 2
        strongest = power > 0.2 * power.max()
        assert (
            there[strongest].sum() / there.sum() < most * power[strongest].sum() / power.sum()
        )  # and the vocoder has no pitch


@pytest.mark.parametrize("delay", [-300, 0, 1, 4321])
def test_alignment_finds_a_planted_delay(delay):
    whole = np.random.default_rng(2).standard_normal((2, 20000))
    reference, estimate = whole[:, 5000:15000], noisy(whole[:, 5000 - delay : 14000 - delay], 20)
    e, r, found = align(estimate, reference, 8000)
    assert found == delay
    assert e.shape == r.shape
    assert np.mean((e - r) ** 2) < 0.02
    assert align(np.zeros((1, 9)), np.zeros((1, 4)), 10)[2] == 0


@pytest.fixture
def files(tmp_path, tune):
    for name, audio in (("reference", tune), ("late", np.concatenate([np.zeros(100), noisy(tune, 30)]))):
        soundfile.write(tmp_path / f"{name}.wav", audio, RATE, subtype="FLOAT")
    return tmp_path


def test_eval_aligns_and_reports_it(files, capsys):
    command = ["eval", str(files / "late.wav"), "--reference", str(files / "reference.wav")]
    assert main(command) == 1  # they differ in length
    capsys.readouterr()
    assert main([*command, "--align", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["delay_samples"] == 100
    assert result["snr_db"] == pytest.approx(30, abs=0.5)


def test_missing_extras_are_named_before_the_work(files, capsys, monkeypatch):
    for name in ("zimtohrli", "visqol"):
        getattr(perceptual, f"_{name}").cache_clear()
        with monkeypatch.context() as without:
            without.setitem(sys.modules, name, None)
            with pytest.raises(MissingExtraError, match=r"pip install 'motes\[eval\]'"):
                getattr(perceptual, name)(np.ones(9), np.ones(9), RATE)
            assert main(["eval", "no such file", "--reference", "nor this", "--perceptual"]) == 1
            assert "motes[eval]" in capsys.readouterr().err


@pytest.mark.slow  # ViSQOL compiles itself for ten seconds
def test_eval_with_controls(files, capsys):
    reference = str(files / "reference.wav")
    assert main(["eval", reference, "--reference", reference, "--controls", "--json"]) == 0
    same = json.loads(capsys.readouterr().out)
    assert same["zimtohrli"] == 5
    assert same["visqol"] > 4.6
    assert same["noise_vocoder_zimtohrli"] < 4.5
    assert same["random_phase_visqol"] < same["visqol"]
    assert same["noise_vocoder_spectral_convergence"] > 0.3
    assert perceptual.visqol(np.zeros(50), np.zeros(50), RATE)["mean"] == 5
    assert 1 <= perceptual.visqol(np.ones(50), 0.1 * np.ones(50), RATE)["mean"] <= 5
