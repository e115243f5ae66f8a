"""What pursuit leaves as noise."""

from itertools import pairwise

import numpy as np
import pytest
import soundfile

import motes
from motes.audio import ArraySource
from motes.codec import dumps, loads
from motes.encoders.texture import TextureOptions
from motes.encoders.texture.analysis import (
    PACKET_OVERHEAD,
    PIECES_AT_ONCE,
    add_texture,
    analyse,
    analyse_blocks,
    layout_of,
    tiled_levels_db,
)
from motes.encoders.threads import ThreadPool
from motes.kinds.gabor.table import Gabor
from motes.kinds.texture.packet import encode_packet
from motes.kinds.texture.table import LOWEST_LEVEL_DB, band_edges_hz, split
from motes.scene.scene import Scene
from motes.units import erb_rate

RATE = 44100


def rendered(events, n_samples, rate=RATE):
    return np.atleast_2d(Scene(rate, n_samples, events.n_channels, texture=events).render()).astype(np.float64)


def white(seconds, n_channels=1, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal((n_channels, int(seconds * RATE)))


def band_levels_db(audio, rate=RATE, low_hz=50.0):
    """Power in bands of one ERB, by long spectra."""
    edges = band_edges_hz(low_hz, rate / 2, int(erb_rate(rate / 2) - erb_rate(low_hz)))
    frames = audio[: len(audio) // 16384 * 16384].reshape(-1, 16384) * np.hanning(16384)
    power = np.mean(np.abs(np.fft.rfft(frames)) ** 2, axis=0)
    cumulated = np.concatenate([[0], np.cumsum(power)])
    return 10 * np.log10(np.diff(np.interp(edges / rate * 16384, np.arange(len(cumulated)) - 0.5, cumulated)))


@pytest.mark.parametrize("rate", [44100, 16000])
def test_white_noise_comes_back_in_every_band(rate):
    noise = 0.1 * np.random.default_rng(3).standard_normal(120 * rate)
    again = rendered(analyse(noise, rate), len(noise), rate)[0]
    error_db = band_levels_db(again, rate) - band_levels_db(noise, rate)
    # Both measured levels have a standard deviation of their own, 0.1 dB in the narrowest bands.
    width_hz = np.diff(band_edges_hz(50.0, rate / 2, len(error_db)))
    chance_db = 4.34 * np.sqrt(2 / (width_hz * 120))
    assert np.all(np.abs(error_db) < 0.2 + 2 * chance_db), error_db.round(2)
    assert np.sqrt(np.mean(error_db**2)) < 0.15
    assert abs(10 * np.log10(np.sum(again**2) / np.sum(noise**2))) < 0.1


def test_there_are_no_seams_between_events():
    noise = white(60)[0]
    events = analyse(noise, RATE)
    power = rendered(events, len(noise))[0] ** 2
    edges = np.rint(events.time_s[1:] * RATE).astype(int)
    near = np.mean([power[edge - 128 : edge + 128].mean() for edge in edges])
    assert (
        abs(10 * np.log10(near / power.mean())) < 0.35
    )  # 60 edges of 256 samples: a standard deviation of 0.05 dB, and the levels' own


def test_the_result_does_not_depend_on_the_blocks():
    audio = white(3.3, 2)
    whole = analyse(audio, RATE)
    for size in (997, 50_000):
        blocks = (audio[:, i : i + size] for i in range(0, audio.shape[1], size))
        assert analyse_blocks(blocks, 2, RATE).equals(whole)
    assert analyse_blocks(iter([audio[:, :1], audio[:, 1:]]), 2, RATE).equals(whole)


def test_the_result_does_not_depend_on_threads():
    audio = white(9.1, 2)  # more pieces than are looked at side by side
    with ThreadPool(3) as pool:
        found = analyse_blocks([audio], 2, RATE, mapped=pool.map)
    assert found.equals(analyse(audio, RATE))
    assert len(found) > PIECES_AT_ONCE


def test_levels_are_single_precision_as_files_hold_them_and_double_after_edits():
    events = analyse(white(1.2), RATE)
    scene = loads(dumps(Scene(RATE, int(1.2 * RATE), 1, texture=events)))
    assert events.level_db.dtype == scene.texture.level_db.dtype == np.float32
    exact = scene.replace(texture=events.replace(level_db=events.level_db.astype(np.float64)))
    assert exact.texture.level_db.dtype == np.float64
    assert exact == scene
    np.testing.assert_array_equal(exact.render(), scene.render())
    louder = scene.gain(0.1).texture.level_db
    assert louder.dtype == np.float64
    np.testing.assert_allclose(louder - events.level_db, 0.1, atol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 100, 257, 40959, 40961])
def test_any_length_can_be_analysed(n):
    assert rendered(analyse(white(1)[0, :n], RATE), n).shape == (1, n)
    assert len(analyse(np.zeros(n), RATE)) == 0


def test_nothing_comes_above_the_bandwidth_or_below_the_floor():
    spectrum = np.fft.rfft(white(4)[0])
    frequency_hz = np.fft.rfftfreq(4 * RATE, 1 / RATE)
    low = np.fft.irfft(np.where(frequency_hz < 5000, spectrum, 0))
    again = np.abs(np.fft.rfft(rendered(analyse(low, RATE), len(low))[0])) ** 2
    assert again[frequency_hz > 6500].sum() < 1e-5 * again.sum()
    assert len(analyse(1e-7 * white(1)[0], RATE)) == 0


def test_an_attack_stays_sharp():
    audio = np.zeros(RATE)
    audio[20000:24000] = white(1)[0, :4000]
    again = rendered(analyse(audio, RATE), RATE)[0]
    assert np.sum(again[:19600] ** 2) < 1e-3 * np.sum(again**2)
    assert np.sum(again[20000:21000] ** 2) > 0.15 * np.sum(again**2)


def test_channels_keep_their_levels_and_their_coherence():
    common, own = white(20, 1, 1), white(20, 2, 2)
    for correlation in (0.0, 0.5, 0.9, -0.7):
        audio = np.stack([common[0], correlation * common[0] + np.sqrt(1 - correlation**2) * own[1]])
        audio[1] *= 0.5
        again = rendered(analyse(audio, RATE), audio.shape[1])
        assert np.abs(np.mean(again**2, axis=1) / np.mean(audio**2, axis=1) - 1).max() < 0.05
        assert abs(np.corrcoef(again)[0, 1] - correlation) < 0.1


def test_a_limit_of_bits_is_kept(shared_audio):
    for name in ("rain", "speech"):
        audio, rate = soundfile.read(shared_audio(name))
        events = analyse(audio, rate, TextureOptions(kbps=2.5))
        scene = Scene(rate, len(audio), 1, texture=events)
        assert (len(dumps(scene)) - len(dumps(Scene(rate, len(audio), 1)))) * 8 / scene.duration_s < 2600 + 200


def test_packets_take_no_more_beside_their_payload_than_is_reckoned_with():
    for n_channels, seconds in ((1, 5), (2, 3)):
        events = analyse(white(seconds, n_channels), RATE)
        payloads = [encode_packet(events.take([i]), i, RATE) for i in range(len(events))]
        bare = Scene(RATE, seconds * RATE, n_channels)
        overhead = len(dumps(bare.replace(texture=events))) - len(dumps(bare)) - sum(map(len, payloads))
        assert len(payloads) > 2
        assert 0 < overhead <= PACKET_OVERHEAD * len(payloads)


def test_pursuit_with_texture_is_what_its_file_holds(demo_audio):
    audio, rate = soundfile.read(demo_audio, always_2d=True)
    audio = audio[: 2 * rate].T
    plain = motes.encode(audio, sample_rate_hz=rate, events_per_second=300)
    scene = motes.encode(audio, sample_rate_hz=rate, events_per_second=300, texture=True)
    assert scene.gabor.equals(plain.gabor)
    assert len(scene.texture) >= 2
    assert not len(plain.texture)
    loaded = loads(dumps(scene))
    assert loaded.texture.equals(scene.texture)
    assert np.array_equal(loaded.render(), scene.render())
    residual = audio - np.atleast_2d(plain.render())
    added = np.atleast_2d(scene.render()) - np.atleast_2d(plain.render())
    assert (
        -4 < 10 * np.log10(np.sum(added**2) / np.sum(residual**2)) < 0.5
    )  # less where the atoms have the power already


def test_an_event_split_anywhere_renders_the_same():
    audio = white(2.5, 2) * np.linspace(0, 1, int(2.5 * RATE))
    scene = Scene(RATE, audio.shape[1], 2, texture=analyse(audio, RATE))
    for edited in (scene, scene.reverse(), scene.stretch(1.37), scene.transpose(3).move(0.01234)):
        parts = edited.texture
        for at_s in (0.31, 0.9, 1.23456):
            parts = split(parts, at_s)
        assert len(parts) > len(edited.texture)
        assert np.abs(edited.replace(texture=parts).render() - edited.render()).max() < 1e-6
    assert np.abs(scene.reverse().render()[:, ::-1] - scene.render()).max() < 1e-6


@pytest.mark.parametrize(("turned_rad", "share"), [(0.0, 1.0), (np.pi / 3, 1.0), (np.pi / 3, 0.5)])
def test_noise_brings_what_power_is_lacking(turned_rad, share):
    """An atom of the right level and a wrong phase leaves a residual, but little is lacking; without atoms all of
    it is.
    """
    t = np.arange(2 * RATE) / RATE
    tone = 0.1 * np.cos(2 * np.pi * 1000 * t)
    gabor = Gabor(
        np.array([1.0]), np.array([40.0]), np.array([1000.0]), np.full((1, 1), 0.1 * share), np.full((1, 1), turned_rad)
    )
    scene, source = Scene(RATE, len(t), 1, gabor=gabor), ArraySource(tone, RATE)
    there = scene.render().astype(np.float64)
    left = np.mean((tone - there) ** 2)
    lacking = np.clip(np.mean(tone**2) - np.mean(there**2), 0.3 * left, left)
    noise = add_texture(scene, source).render() - there
    assert np.mean(noise**2) == pytest.approx(lacking, rel=0.3, abs=1e-6)
    alone = add_texture(Scene(RATE, len(t), 1), source).render()
    assert np.mean(alone**2) == pytest.approx(np.mean(tone**2), rel=0.2)


def test_noise_is_left_out_where_it_would_not_be_missed():
    """Bands in which what is rendered lacks less than the least share have no levels, but each event keeps one."""
    tone = 0.1 * np.cos(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE)
    near, far = 0.003 * white(2, seed=1)[0], 0.03 * white(2, seed=2)[0]
    options = TextureOptions(least_lacking=0.0, least_share=0.2)

    def added(rendered, residual, options):
        return analyse_blocks([np.stack([residual, rendered])], 1, RATE, options)

    beside_noise = added(far, near, options)
    heard = beside_noise.level_db > LOWEST_LEVEL_DB
    assert len(beside_noise) == len(added(far, near, TextureOptions(least_lacking=0.0)))
    assert heard.mean() < 0.1
    assert all(heard[first:last].any() for first, last in pairwise(beside_noise.level_start))
    beside_tone, all_over = (added(tone, near, TextureOptions(least_share=share)) for share in (0.2, 0.0))
    silent = (beside_tone.level_db <= LOWEST_LEVEL_DB).reshape(-1, 32).all(axis=0)
    of_tone = np.searchsorted(band_edges_hz(20.0, RATE / 2, 32), 1000.0) - 1
    assert silent[of_tone]
    assert not silent[of_tone + 5 :].any()
    assert beside_tone.level_db.size == all_over.level_db.size


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_noise_has_in_common_what_channels_lack(sign):
    """Loud stretches that need no noise, and whose residual is alike in both channels, say nothing of the coherence of
    noise where it is needed.
    """
    options, (rendered, alike, left) = TextureOptions(least_lacking=0.0, least_share=0.2), white(2, 3, seed=4)
    half = np.arange(2 * RATE) < RATE // 2
    residual = np.stack([np.where(half, 0.1 * alike, 0.02 * left), np.where(half, 0.1 * alike, sign * 0.02 * left)])
    there = np.stack([np.where(half, rendered, 0.0)] * 2)
    noise = analyse_blocks([np.concatenate([residual, there])], 2, RATE, options)
    first = noise.coherence[: noise.n_bands[0]]
    assert np.median(first * sign) > 0.8


def test_detail_goes_where_noise_is_what_is_heard():
    """Levels that jump by 10 dB are followed where noise is all there is, and averaged, power kept, where atoms
    drown it.
    """
    options, power = TextureOptions(n_bands=8, detail=8.0), np.full((1, 16, 8), 1e-4)
    power[:, ::4] = power[:, 1::4] = 1e-5
    layout = layout_of(RATE, options)
    alone, drowned = (
        10 ** (tiled_levels_db(power, np.full_like(power, share), layout, options, options.detail) / 10)
        for share in (1.0, 0.01)
    )
    assert np.all(np.ptp(alone, axis=1) > 0)
    assert np.all(np.ptp(drowned, axis=1) == 0)
    assert drowned.sum(axis=1) == pytest.approx(alone.sum(axis=1))
