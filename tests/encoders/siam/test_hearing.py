"""Events of whole recordings: planted tones are found, by any number of threads, from blocks of any size."""

import numpy as np
import pytest
from event_networks import planted_weights, random_weights

from motes.audio.source import ArraySource
from motes.encoders.siam.hearing import (
    WINDOW_FRAMES,
    events_of,
    features_of,
    hear,
    hear_source,
    mono_of,
    network_of,
    windows_of,
)
from motes.encoders.siam.layout import CHANNELS, STREAMING, WHOLE
from motes.encoders.siam.peaks import Thresholds, joined, levels_db_of
from motes.encoders.siam.pitch import cents_off
from motes.encoders.siam.reading import (
    FEATURE_FRAMES,
    N_BAND_FEATURES,
    N_KEY_FEATURES,
    SOUNDING_FRAMES,
    key_features,
    sounding_features,
)
from motes.encoders.siam.spectra import HOP, N_KEYS, SAMPLE_RATE_HZ, levels_db, n_frames
from motes.errors import ParameterError

NOTES = ((0.5, 76.0, 0.6), (1.5, 81.2, 0.8), (3.0, 88.0, 0.3), (3.0, 79.0, 1.0), (5.4, 84.8, 1.2), (6.0, 90.0, 0.4))


def tones(rate=22050, seconds=8.0, notes=NOTES):
    """Sines over faint noise: onset in seconds, pitch, length."""
    n = int(seconds * rate)
    audio, t = np.random.default_rng(3).normal(0, 1e-4, n), np.arange(n) / rate
    for onset_s, pitch, length_s in notes:
        inside = (t >= onset_s) & (t < onset_s + length_s)
        edge = np.clip(np.minimum(t - onset_s, onset_s + length_s - t) / 0.005, 0, 1)
        audio += inside * edge * 0.3 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * (t - onset_s))
    return audio.astype(np.float32)


def the_same(a, b):
    return all(one.tobytes() == other.tobytes() for one, other in zip(a, b, strict=True))


@pytest.mark.parametrize("rate", [22050, 44100, 96000])
def test_planted_tones_are_found_with_their_pitch(rate):
    found = hear(tones(rate), rate, weights=planted_weights(WHOLE))
    order = sorted(NOTES)
    assert len(found.onset_s) == len(order)
    np.testing.assert_allclose(found.onset_s, [note[0] for note in order], atol=0.07)
    np.testing.assert_allclose(found.pitch, [note[1] for note in order], atol=0.02)
    np.testing.assert_allclose(found.end_s, [note[0] + note[2] for note in order], atol=0.1)
    assert found.is_pitched.all()


def test_threads_blocks_and_channels_change_nothing():
    audio, weights = tones(), random_weights(WHOLE)
    low = Thresholds(onset=0.05, band_onset=0.05)
    once = hear(audio, 22050, low, weights, n_threads=1)
    assert len(once.onset_s) > 50
    assert the_same(once, hear(audio, 22050, low, weights, n_threads=3))
    assert the_same(once, hear(np.stack([audio] * 2), 22050, low, weights))
    for size in (1000, 12345):
        source = ArraySource(audio, 22050, block_samples=size)
        assert the_same(once, hear_source(source, low, weights))
    by_two = [hear_source(ArraySource(tones(44100), 44100, block_samples=size), low, weights) for size in (777, 65536)]
    assert the_same(*by_two)


def test_what_lies_in_several_windows_is_as_in_one():
    """A recording that begins a window later, after silence, has the same events a window later."""
    audio, weights, low = tones(), random_weights(WHOLE), Thresholds(onset=0.05, band_onset=0.05)
    network = network_of(weights)
    here = windows_of(audio, network)
    later = windows_of(np.concatenate([np.zeros(WINDOW_FRAMES * HOP, np.float32), audio]), network)
    assert len(later) == len(here) + 1
    for one, other in zip(here, later[1:], strict=True):
        assert the_same(one.course, other.course)
    found = events_of(here, low)
    keys, bands = features_of(here, found)
    assert keys.shape == (found.is_pitched.sum(), N_KEY_FEATURES)
    assert bands.shape == ((~found.is_pitched).sum(), N_BAND_FEATURES)
    assert np.isfinite(keys).all()
    assert np.isfinite(bands).all()


def test_features_are_laid_out_as_those_that_numbers_are_trained_on():
    """Training looks at a whole recording at once, inference at windows."""
    audio, weights = tones(), random_weights(WHOLE)
    network = network_of(weights)
    windows = windows_of(audio, network)
    found = events_of(windows, Thresholds(onset=0.05, band_onset=0.05))
    keys, _ = features_of(windows, found)
    candidates = joined([window.keys for window in windows]).only(found.candidate[found.is_pitched])
    sounding = np.concatenate([window.course.sounding for window in windows])
    levels = levels_db(audio, 0, n_frames(len(audio)))
    length_s = (found.end_s - found.onset_s)[found.is_pitched]
    nothing = np.zeros((len(levels), N_KEYS, CHANNELS), np.float32)
    trained = key_features(
        nothing, levels, candidates.frames, candidates.places, levels_db_of(candidates), length_s.astype(np.float32)
    )
    trained[:, -len(SOUNDING_FRAMES) :] = sounding_features(sounding, candidates.frames, candidates.places)
    after = len(FEATURE_FRAMES) * CHANNELS
    np.testing.assert_allclose(keys[:, after:], trained[:, after:], atol=1e-5)


def test_bands_and_keys_share_the_cap():
    weights = random_weights(WHOLE)
    found = hear(tones(), 22050, Thresholds(onset=0.05, band_onset=0.05, events_per_second=4), weights)
    _, counts = np.unique(np.floor(found.onset_s), return_counts=True)
    assert counts.max() == 4


@pytest.mark.parametrize(
    ("audio", "rate"),
    [
        (np.zeros(0, np.float32), 44100),
        (np.zeros(1, np.float32), 8000),
        (np.zeros((6, 96000 * 20), np.float32), 96000),
        (tones(22050, 0.1, ()), 22050),
        (np.random.default_rng(0).uniform(-1, 1, (6, 96000)).astype(np.float32), 96000),
        (np.full(30000, 1.0, np.float32), 11025),
        (np.full(9000, 32767, np.int16), 16000),
    ],
    ids=["none", "one sample", "silence", "0.1 s", "six channels", "a constant", "integers"],
)
def test_odd_recordings_are_heard_without_a_fault(audio, rate):
    for weights in (random_weights(WHOLE), planted_weights(WHOLE)):
        found = hear(audio, rate, weights=weights)
        duration_s = np.atleast_2d(audio).shape[1] / rate
        for column in found:
            assert len(column) == len(found.onset_s)
            assert np.isfinite(column).all()
        assert (found.end_s >= found.onset_s).all()
        assert ((found.onset_s >= 0) & (found.onset_s <= duration_s + 0.05)).all()
        assert audio.any() or not len(found.onset_s)


def test_what_is_no_recording_is_refused():
    for wrong in (np.full(100, np.nan), np.zeros((2, 2, 2)), "text"):
        with pytest.raises(ParameterError):
            hear(wrong, 22050, weights=random_weights(WHOLE))
    with pytest.raises(ParameterError):
        hear(np.zeros(100), 0, weights=random_weights(WHOLE))
    with pytest.raises(ParameterError, match="for streams"):
        hear(np.zeros(100), 22050, weights=random_weights(STREAMING))


def test_channels_are_mixed_and_resampled():
    audio = tones(44100)
    mono = mono_of(ArraySource(np.stack([audio, -audio, audio * 0, audio * 2]), 44100))
    assert len(mono) == len(tones(22050))
    other = mono_of(ArraySource(audio / 2, 44100))
    np.testing.assert_allclose(mono, other, atol=1e-6)


@pytest.mark.parametrize("pitch", [40, 52, 60, 69, 81, 95])
def test_fine_pitch_is_within_two_cents(pitch):
    """Of sounds with harmonics, from E2 up."""
    t = np.arange(2 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    for cents in (-42.0, -7.0, 0.0, 13.0, 38.0):
        f0 = 440 * 2 ** ((pitch + cents / 100 - 69) / 12)
        audio = sum(np.sin(2 * np.pi * f0 * h * t + h) / h for h in range(1, 6) if h * f0 < 10000)
        off = cents_off(audio.astype(np.float32) * 0.1, np.array([1.0]), np.array([float(pitch)]))
        np.testing.assert_allclose(off, cents, atol=2.0)
    assert cents_off(np.zeros(100, np.float32), np.array([0.0, 5.0]), np.array([60.0, 21.0])).tolist() == [0.0, 0.0]
