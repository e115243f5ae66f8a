"""The search for atoms whose frequency rises: sweeps take few, noise and steady tones none."""

import numpy as np
import pytest

import motes
from motes.codec import dumps, loads
from motes.encoders.pursuit.chirps import ChirpSearch
from motes.events.chirps import BINS_PER_STEP, MAX_CHIRP
from motes.kernels.chirps import search
from motes.kernels.chirps.search import Found, Places, Rules, take_chirps
from motes.kernels.dictionary import dictionary
from motes.kernels.simd.rounding import Stretch

RATE = 22050


def sweep(seconds: float = 0.5, start_hz: float = 1000.0, rise: float = 14000.0) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return 0.3 * np.sin(2 * np.pi * (start_hz * t + rise / 2 * t * t))


def snr_db(scene: motes.Scene, audio: np.ndarray) -> float:
    return 10 * np.log10(np.sum(audio**2) / np.sum((audio - scene.render()) ** 2))


def test_a_sweep_takes_a_fifth_of_the_atoms():
    audio = sweep()
    few, many = (motes.encode(audio, sample_rate_hz=RATE, snr_db=20, chirps=on) for on in (True, False))
    assert many.n_events > 5 * few.n_events
    assert snr_db(few, audio) >= 20
    strong = (few.gabor.amplitude[:, 0] > 0.1) & (few.gabor.chirp_hz_per_s != 0)
    assert np.count_nonzero(strong) >= 4
    np.testing.assert_allclose(few.gabor.chirp_hz_per_s[strong], 14000, rtol=0.1)
    assert len(dumps(few)) < len(dumps(many)) / 2
    assert loads(dumps(few)).render().tobytes() == few.render().tobytes()


@pytest.mark.parametrize("options", [{"kbps": 16}, {"n_events": 40}, {"snr_db": 12, "refit": True}])
def test_every_target_takes_them(options):
    audio = sweep() + 0.003 * np.random.default_rng(1).standard_normal(len(sweep()))
    scene = motes.encode(audio, sample_rate_hz=RATE, chirps=True, **options)
    assert np.count_nonzero(scene.gabor.chirp_hz_per_s) >= 3
    plain = motes.encode(audio, sample_rate_hz=RATE, **options)
    assert snr_db(scene, audio) > snr_db(plain, audio) - 0.5


def test_what_does_not_sweep_is_encoded_as_without():
    t = np.arange(RATE) / RATE
    noise = 0.1 * np.random.default_rng(2).standard_normal(RATE)
    for audio in (np.sin(2 * np.pi * 440 * t) + 0.5 * np.sin(2 * np.pi * 1250 * t), noise, np.zeros(RATE)):
        found, plain = (motes.encode(audio, sample_rate_hz=RATE, n_events=300, chirps=on) for on in (True, False))
        rising = np.count_nonzero(found.gabor.chirp_hz_per_s) if len(found.gabor) else 0
        assert rising <= 3
        if not rising:
            assert found.gabor.equals(plain.gabor)
            assert dumps(found)[8] == 1


def test_threads_make_no_difference():
    audio = np.stack([sweep(1.0), 0.5 * sweep(1.0)])
    one, two = (motes.encode(audio, sample_rate_hz=RATE, snr_db=15, chirps=True, n_threads=n) for n in (1, 2))
    assert dumps(one) == dumps(two)


def test_residual_energy_falls_by_what_each_atom_takes():
    audio, known = sweep().astype(np.float32)[None], dictionary((512, 2048, 8192))
    padded = np.pad(audio, ((0, 0), (4096, 4096)))
    search, before = ChirpSearch(padded, -4096, (0, audio.shape[1]), known, None), np.sum(np.square(padded))
    atoms = search.take(padded, 1e-3 * before)
    assert len(atoms) >= 3
    after = np.sum(np.square(padded))
    assert after < 0.5 * before
    assert np.sum(atoms.energy) == pytest.approx(before - after, rel=0.01)


def test_the_kernel_takes_what_the_definition_does():
    """One atom planted on the grid: it is found from nearby, and inner products are those of the formula."""
    window, frame, bin_, steps, n = 2048, 12, 180, 15, 12000
    u = np.arange(n) - frame * window // 4
    envelope = np.where(np.abs(u) < window / 2, 0.5 + 0.5 * np.cos(2 * np.pi * u / window), 0)
    chirp = 2 * np.pi * 2 * steps / window**2
    wave = envelope * np.exp(1j * (2 * np.pi * bin_ / window * u + chirp * u * u / 2))
    signal = (0.4 * np.real(np.exp(0.7j) * wave))[None].astype(np.float32)
    stretch = Stretch.of(signal.copy(), 0)
    near = np.array([frame * window / 4 + 40.0]), np.array([(bin_ + 1.3) / window]), np.array([2.0 * 13 / window**2])
    found = Found(*(np.zeros(4, np.int64) for _ in range(4)), np.zeros(4))
    order, amplitude = np.zeros(4, np.int64), (np.zeros((4, 1)), np.zeros((4, 1)))
    rules = Rules(np.array([512, 2048, 8192], np.int64), 512, 0, n, 2.0)
    places = Places(*near, np.ones(1))
    taken = take_chirps(stretch, rules, places, np.full(1, 1e9), 1.0, found, order, amplitude)
    assert taken == 1
    assert [int(column[0]) for column in found[:4]] == [1, frame, bin_, steps]
    assert found.energy[0] == pytest.approx(float(np.sum(signal**2)), rel=0.01)
    assert np.angle(amplitude[0][0, 0] + 1j * amplitude[1][0, 0]) == pytest.approx(0.7, abs=0.01)
    assert np.sum(np.square(stretch.channels())) < 1e-3 * np.sum(signal**2)


def test_kernels_and_files_count_chirps_in_the_same_steps():
    assert search.BINS_PER_STEP == BINS_PER_STEP
    assert search.MOST_STEPS <= MAX_CHIRP
