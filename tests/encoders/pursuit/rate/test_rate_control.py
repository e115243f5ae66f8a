"""Bitrates are kept, qualities are ordered, and both say why they stopped."""

import itertools

import numpy as np
import pytest
import soundfile

import motes
from motes.audio import ArraySource
from motes.codec import dumps, loads
from motes.encoders.pursuit import PursuitOptions
from motes.encoders.pursuit.atoms import Atoms, atom_parameters
from motes.encoders.pursuit.common_threshold import pursue
from motes.encoders.pursuit.masking import MaskingModel
from motes.encoders.pursuit.options import WINDOWS_BY_EAR
from motes.encoders.pursuit.rate import rate_control
from motes.encoders.pursuit.rate.rate_control import LEAST_USE, MOST_TRIALS, encode_at_bitrate, texture_options
from motes.encoders.pursuit.schedule import (
    OneSegmentPursuit,
    PursuitContext,
    PursuitResult,
    StopCriterion,
    no_progress,
    segment_grid,
)
from motes.encoders.pursuit.segment import Segment
from motes.encoders.pursuit.tuning import TEXTURE_SHARE
from motes.encoders.threads import ThreadPool
from motes.encoders.workload import Workload
from motes.errors import ParameterError
from motes.kernels.dictionary import dictionary
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene


def kbps_of(scene):
    return 8 * len(dumps(scene)) / scene.duration_s / 1000


@pytest.fixture(scope="module")
def demo(demo_audio):
    audio, rate = soundfile.read(demo_audio, always_2d=True)
    return audio[: 6 * rate].T, rate


@pytest.mark.parametrize("kbps", [6, 16, 32])
def test_a_bitrate_is_spent_and_never_exceeded(demo, kbps):
    audio, rate = demo
    scene = motes.encode(audio, sample_rate_hz=rate, kbps=kbps)
    assert kbps_of(scene) <= kbps
    assert kbps_of(scene) >= 0.97 * kbps or scene.metadata.stop_reason == "nothing_audible_left"
    assert len(scene.texture) > 0
    assert scene.metadata.options["kbps"] == kbps
    assert np.array_equal(loads(dumps(scene)).render(), scene.render())


@pytest.mark.parametrize("name", ["speech", "rain", "song_60s_stereo"])
@pytest.mark.parametrize("kbps", [12, 40])
@pytest.mark.slow
def test_on_real_recordings(shared_audio, name, kbps):
    audio, rate = soundfile.read(shared_audio(name), always_2d=True)
    scene = motes.encode(audio.T, sample_rate_hz=rate, kbps=kbps)
    assert 0.97 * kbps <= kbps_of(scene) <= kbps
    assert scene.metadata.stop_reason == "bitrate_reached"


def test_quality_costs_and_brings_more(demo):
    audio, rate = demo
    scenes = [motes.encode(audio, sample_rate_hz=rate, quality=q, texture=False) for q in (1, 4, 7)]
    rates = [kbps_of(s) for s in scenes]
    left = [np.sum((audio - np.atleast_2d(s.render())) ** 2) for s in scenes]
    assert rates[0] < rates[1] < rates[2]
    assert left[0] > left[1] > left[2]
    assert all(s.metadata.stop_reason == "quality_reached" and len(s.texture) == 0 for s in scenes)


@pytest.mark.parametrize("target", [{"kbps": 24.0}, {"quality": 5.0}])
@pytest.mark.parametrize("shape", [(0,), (1,), (3000,), (2, 3000)])
def test_silence_and_tiny_sounds(target, shape):
    for audio in (np.zeros(shape), np.full(shape, 1e-9)):
        scene = motes.encode(audio, sample_rate_hz=8000, **target)
        assert scene.n_events == 0
        assert scene.metadata.stop_reason == "nothing_audible_left"
        assert scene.render().shape == shape
    assert (
        motes.encode(np.random.default_rng(0).standard_normal(shape) * 0.1, sample_rate_hz=8000, **target)
        .render()
        .shape
        == shape
    )


def test_a_pure_tone_needs_no_more_than_it_needs():
    t = np.arange(48000) / 16000
    scene = motes.encode(0.3 * np.sin(2 * np.pi * 1000 * t), sample_rate_hz=16000, kbps=400)
    assert scene.metadata.stop_reason in ("nothing_audible_left", "stalled")
    assert kbps_of(scene) < 300


def tone(seconds=0.08, rate=44100):
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize("kbps", [1, 8, 1000])
@pytest.mark.parametrize("seconds", [0.0001, 0.08])
def test_a_bitrate_that_cannot_be_met_says_so(kbps, seconds):
    scene = motes.encode(tone(seconds), sample_rate_hz=44100, kbps=kbps)
    n_bytes = len(dumps(scene))
    if n_bytes > kbps * 125 * scene.duration_s:
        assert scene.metadata.stop_reason == "bitrate_unreachable"
        assert scene.n_events == len(scene.gabor) == 1  # the smallest file that is not silent
    else:
        assert scene.metadata.stop_reason in ("bitrate_reached", "nothing_audible_left", "stalled")


@pytest.mark.parametrize("kbps", [10, 24, 26, 32, 48])
def test_a_short_tone_is_never_worse_than_silence(kbps):
    """Noise came before the events that explain nearly all of it, and took more than there was."""
    audio = tone()
    scene = motes.encode(audio, sample_rate_hz=44100, kbps=kbps)
    snr_db = 10 * np.log10(np.sum(audio**2) / np.sum((audio - scene.render()) ** 2))
    assert snr_db > (15 if scene.metadata.stop_reason == "bitrate_reached" else 0)


def test_noise_that_a_low_bitrate_cannot_pay_for_is_coarser(demo):
    audio, rate = demo
    scene = motes.encode(audio, sample_rate_hz=rate, kbps=1.5)
    assert kbps_of(scene) <= 1.5
    assert len(scene.gabor) > 0
    assert set(scene.texture.n_bands.tolist()) == {rate_control.COARSE_BANDS}


def test_digital_silence_is_passed_over(monkeypatch):
    """An hour of it was transformed and weighted like any other sound."""
    monkeypatch.setattr(Segment, "set_weights", None)
    monkeypatch.setattr(Segment, "_transform", None)
    scene = motes.encode(np.zeros((2, 1_000_000)), sample_rate_hz=8000, kbps=16)
    assert (scene.n_events, scene.metadata.stop_reason) == (0, "nothing_audible_left")


class FakeEncoder:
    """Files whose size is a function of the number of atoms, in place of pursuit, quantisation and coding."""

    def __init__(self, monkeypatch, size, most_atoms=10**6):
        self.size, self.most_atoms, self.trials, self.n_pursuits = size, most_atoms, [], 0
        fakes = {
            "pursue": self.pursue,
            "segment_grid": lambda *_: [None, None],
            "quantiser_of": lambda *_: GaborQuantiser(2, 8, 0),
            "_beside": lambda drafts, supply, n_before, n_atoms: scene_of(n_atoms),
            "_draft": lambda supply, options, found, noise, reason: scene_of(len(found.atoms)),
            "most_useful_of": lambda scene, atoms, context, n_atoms: scene_of(n_atoms).gabor,
            "code_ahead": lambda *_: None,
            "dumps": self.dumps,
        }
        for name, fake in fakes.items():
            monkeypatch.setattr(rate_control, name, fake)

    def pursue(self, source, context, criterion, on_batch, earlier):
        self.n_pursuits += 1
        n = min(criterion.n_events, self.most_atoms)
        none, one = np.zeros(n, np.int32), np.ones(n)
        atoms = Atoms(none, none, none, np.zeros((n, 1), np.complex64), one, one, none)
        return PursuitResult(atoms, 1.0, 0.1, "stalled" if n == self.most_atoms else "")

    def dumps(self, scene):
        if scene.n_events:
            self.trials.append(scene.n_events)
        return bytes(self.size(scene.n_events))

    def encode(self, budget_bytes):
        source, options = ArraySource(np.zeros(8000), 8000), PursuitOptions(kbps=budget_bytes / 125, texture=False)
        dictionary_alone = PursuitContext(dictionary((64,)), ThreadPool())
        return encode_at_bitrate(source, options, dictionary_alone, Workload([]))


def scene_of(n):
    return Scene(8000, 8000, 1, Gabor(*np.ones((3, n)), *np.ones((2, n, 1))))


SIZES = {
    "cheap atoms": lambda n: round(200 + 0.3 * n),
    "usual atoms": lambda n: round(200 + 1.6 * n),
    "dear atoms": lambda n: round(200 + 5.0 * n),
    "cheaper the more": lambda n: round(200 + 40 * n**0.6),
    "dearer the more": lambda n: round(200 + 0.01 * n**1.5),
    "a step": lambda n: 200 + n + (20_000 if n > 3000 else 0),
    "rises and falls": lambda n: round(200 + 1.6 * n + 100 * np.sin(n)),
}


@pytest.mark.parametrize("budget_bytes", [10, 1000, 40000])
@pytest.mark.parametrize("name", SIZES)
def test_the_search_for_a_size_ends_within_the_budget(monkeypatch, name, budget_bytes):
    fake = FakeEncoder(monkeypatch, SIZES[name])
    n_atoms = fake.encode(budget_bytes).n_events
    assert len(fake.trials) <= 2 * MOST_TRIALS
    assert fake.size(n_atoms) <= budget_bytes or n_atoms == 1  # where none fits, the smallest file with one
    if name in ("usual atoms", "dear atoms"):
        assert n_atoms == 1 or fake.size(n_atoms + 5) > LEAST_USE * budget_bytes


def test_all_atoms_there_are_end_the_search(monkeypatch):
    fake = FakeEncoder(monkeypatch, SIZES["usual atoms"], most_atoms=300)
    scene = fake.encode(40000)
    assert scene.n_events == 300
    assert scene.metadata.stop_reason == "stalled"
    assert len(fake.trials) == 1


def test_a_larger_budget_brings_more_atoms(monkeypatch):
    fake = FakeEncoder(monkeypatch, SIZES["usual atoms"])
    counts = [fake.encode(n_bytes).n_events for n_bytes in (1000, 2000, 4000, 8000, 16000)]
    assert counts == sorted(set(counts))


def test_pursuit_goes_on_where_it_stopped():
    """Two criteria one after the other give what the second gives at once, and what is left is known."""
    rate = 8000
    audio = 0.3 * np.sin(np.arange(20000) * 0.3) + 0.1 * np.random.default_rng(0).standard_normal(20000)
    source = ArraySource(audio, rate)
    context = PursuitContext(dictionary((256, 1024)), ThreadPool(), MaskingModel(rate))
    going, at_once = (OneSegmentPursuit(source, context) for _ in range(2))
    few = going.until(StopCriterion(n_events=100, is_exact=False), no_progress)
    more, whole = (one.until(StopCriterion(n_events=900, is_exact=False), no_progress) for one in (going, at_once))
    assert 100 <= len(few.atoms) < 900 <= len(more.atoms) == len(whole.atoms)
    assert np.array_equal(more.atoms.bin, whole.atoms.bin)
    assert np.array_equal(more.atoms.amplitude, whole.atoms.amplitude)
    centre, window, frequency, amplitude, phase = atom_parameters(more.atoms, context.dictionary)
    order = np.argsort(centre, kind="stable")
    rendered = Gabor(centre / rate, window / rate, frequency * rate, amplitude, phase).take(order)
    left = audio - Scene(rate, len(audio), 1, rendered).render()
    assert more.residual_energy == pytest.approx(np.sum(left**2), rel=1e-3)
    assert more.residual_energy < few.residual_energy


def test_a_bitrate_is_met_over_segments_and_with_a_second_pursuit(monkeypatch):
    """Where atoms take fewer bits than guessed, more of them are needed than it looked for at first."""
    calls = []
    monkeypatch.setattr(rate_control, "BITS_PER_ATOM", 60.0)
    monkeypatch.setattr(rate_control, "pursue", lambda *args: calls.append(pursue(*args)) or calls[-1])
    rate, n_samples = 8000, 700_000
    t = np.arange(n_samples) / rate
    audio = 0.1 * np.random.default_rng(0).standard_normal(n_samples) * np.sin(t) ** 2 + 0.3 * np.sin(2000 * t)
    scene = motes.encode(audio, sample_rate_hz=rate, kbps=1.0, texture=False)
    assert len(segment_grid(n_samples, dictionary(WINDOWS_BY_EAR))) == 2
    assert 2 <= len(calls) <= MOST_TRIALS
    assert len(calls[0].atoms) < scene.n_events <= len(calls[-1].atoms)
    assert 0.97 <= kbps_of(scene) <= 1.0


def test_targets_exclude_each_other():
    with pytest.raises(ParameterError, match="one target at a time"):
        PursuitOptions(kbps=24, snr_db=20)
    for bad in ({"kbps": 0}, {"kbps": float("nan")}, {"quality": 11}, {"quality": -1}):
        with pytest.raises(ParameterError):
            PursuitOptions(**bad)
    assert not PursuitOptions(snr_db=20).with_texture
    assert PursuitOptions(snr_db=20, texture=True).with_texture
    assert not PursuitOptions(kbps=20, texture=False).with_texture


def test_noise_grows_finer_with_the_rate():
    """Per channel: two channels at twice the rate have the noise of one; its own limit wins; a quality has that of
    about its rate.
    """
    found = [texture_options(PursuitOptions(kbps=kbps), 1) for kbps in (4, 8, 16, 24, 32, 64, 500)]
    for coarse, fine in itertools.pairwise(found):
        assert (fine.n_bands, -fine.step_db, fine.detail) >= (coarse.n_bands, -coarse.step_db, coarse.detail)
        assert fine.kbps > coarse.kbps
    assert found[0].n_bands < found[-1].n_bands
    assert found[2] == texture_options(PursuitOptions(kbps=32), 2)
    assert found[2].kbps == pytest.approx(TEXTURE_SHARE * 16)
    assert texture_options(PursuitOptions(kbps=16, texture_kbps=1.5), 1).kbps == 1.5
    held = [texture_options(PursuitOptions(quality=quality), 1) for quality in (0, 3, 6, 10)]
    assert all(a.kbps < b.kbps and a.n_bands <= b.n_bands for a, b in itertools.pairwise(held))
