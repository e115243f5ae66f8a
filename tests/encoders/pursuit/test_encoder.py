"""What pursuit promises: exact lengths, targets met, planted atoms found, energy that never rises, the same bytes
for any block size and thread count.
"""

import numpy as np
import pytest

import motes
from motes.audio import ArraySource, open_source, read_audio
from motes.codec import dumps, loads
from motes.encoders.pursuit import PursuitOptions, encode
from motes.encoders.pursuit.atoms import Atoms, subtract_atoms
from motes.encoders.pursuit.common_threshold import pursue
from motes.encoders.pursuit.schedule import PursuitContext, StopCriterion, pursue_segments, segment_grid
from motes.encoders.threads import ThreadPool
from motes.errors import ParameterError
from motes.kernels.dictionary import dictionary, unit_window

RATE = 44100


def snr_db(estimate, reference):
    reference = np.asarray(reference, np.float64)
    return 10 * np.log10(np.sum(reference**2) / np.sum((reference - estimate) ** 2))


def tone_burst(n_samples, seed=0, n_channels=1):
    """Decaying tones with onsets here and there, and a little noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / RATE
    audio = 0.001 * rng.standard_normal((n_channels, n_samples))
    for _ in range(max(1, n_samples // 8000)):
        onset, f = rng.uniform(0, n_samples / RATE), rng.uniform(80, 6000)
        u = np.maximum(t - onset, 0)
        audio += rng.uniform(0.02, 0.2, (n_channels, 1)) * np.sin(2 * np.pi * f * u) * np.exp(-8 * u) * (t > onset)
    return (audio[0] if n_channels == 1 else audio).astype(np.float32)


@pytest.mark.parametrize("n_samples", [0, 1, 2, 63, 64, 997, 20011])
@pytest.mark.parametrize("shape", ["mono", "stereo"])
def test_render_has_exactly_the_length(n_samples, shape):
    audio = tone_burst(n_samples, n_channels=1 if shape == "mono" else 2)
    scene = motes.encode(audio, sample_rate_hz=RATE)
    assert scene.render().shape == audio.shape
    assert loads(dumps(scene)).render().shape == audio.shape


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("n_channels", [1, 6])
def test_any_rate_and_channels_meet_the_target(rate, n_channels):
    audio = tone_burst(rate // 4, seed=rate, n_channels=n_channels)
    scene = motes.encode(audio, sample_rate_hz=rate, snr_db=12)
    assert scene.sample_rate_hz == rate
    assert scene.metadata.stop_reason == "snr_reached"
    assert snr_db(loads(dumps(scene)).render(), audio) >= 12


SIGNALS = {
    "silence": lambda n: np.zeros(n),
    "dc": lambda n: np.full(n, 0.5),
    "full-scale square": lambda n: np.sign(np.sin(np.arange(n) * 0.05) + 1e-9),
    "impulse": lambda n: (np.arange(n) == n // 2) * 1.0,
    "white noise": lambda n: 0.3 * np.random.default_rng(0).standard_normal(n),
    "nyquist": lambda n: 0.5 * (-1.0) ** np.arange(n),
    "first sample only": lambda n: (np.arange(n) == 0) * 1.0,
}


@pytest.mark.parametrize("name", SIGNALS)
def test_signals_at_the_edge(name):
    audio = SIGNALS[name](6000).astype(np.float32)
    scene = motes.encode(audio, sample_rate_hz=RATE, snr_db=10)
    decoded = loads(dumps(scene)).render()
    assert np.isfinite(decoded).all()
    if name == "silence":
        assert scene.n_events == 0
        assert scene.metadata.stop_reason == "nothing_audible_left"
    else:
        assert scene.metadata.stop_reason == "snr_reached"
        assert snr_db(decoded, audio) >= 10


def test_sixty_db_and_what_is_left_is_the_difference():
    audio = tone_burst(30000)
    context = PursuitContext(dictionary((512, 2048, 8192)), ThreadPool())
    energy = float(np.sum(audio.astype(np.float64) ** 2))
    found = pursue_segments(ArraySource(audio, RATE), context, lambda _: StopCriterion(residual_energy=energy * 1e-6))
    residual = audio[None].copy()
    subtract_atoms(residual, 0, found.atoms, context.dictionary)
    left = float(np.sum(residual.astype(np.float64) ** 2))
    assert left <= energy * 1.001e-6
    assert found.residual_energy == pytest.approx(left, rel=0.01)


@pytest.mark.parametrize("name", ["tones", "white noise", "full-scale square", "impulse"])
def test_residual_energy_never_rises(name):
    """Prefixes of the atoms, in the order in which they were found, subtracted from the audio itself."""
    audio = (tone_burst(20000) if name == "tones" else SIGNALS[name](20000)).astype(np.float32)
    context = PursuitContext(dictionary((256, 1024, 4096)), ThreadPool())
    energy = float(np.sum(audio.astype(np.float64) ** 2))
    found = pursue_segments(
        ArraySource(audio, RATE),
        context,
        lambda _: StopCriterion(residual_energy=energy * (1e-6 if name == "tones" else 1e-3)),
    )
    margin = context.half_longest_window
    residual = np.pad(audio, margin)[None].astype(np.float32)
    # What atoms do past the ends counts: there the audio is continued, not silent. Only those well inside can be held
    # to the audio alone.
    centre = found.atoms.centre_samples(context.dictionary)
    window = np.asarray(context.dictionary.windows)[found.atoms.window]
    inside = (centre >= window // 2) & (centre + window // 2 <= len(audio))
    outside = found.atoms.take(~inside)
    subtract_atoms(residual, -margin, outside, context.dictionary)
    last, rises = np.inf, 0
    parts = np.array_split(np.flatnonzero(inside), 60)
    total = [float(np.sum(residual.astype(np.float64) ** 2))]
    for part in parts:
        subtract_atoms(residual, -margin, found.atoms.take(part), context.dictionary)
        total.append(float(np.sum(residual.astype(np.float64) ** 2)))
        rises += total[-1] > last * (1 + 1e-9)
        last = total[-1]
    assert rises == 0


def planted(windows, rng, n_atoms, n_samples, n_channels=1):
    """Atoms on the grid, far enough apart for every pairwise inner product to be below 0.1."""
    atoms = []
    while len(atoms) < n_atoms:
        k = int(rng.integers(len(windows)))
        w = windows[k]
        frame, m = int(rng.integers(2, n_samples // (w // 4) - 2)), int(rng.integers(8, w // 2 - 8))
        centre = frame * (w // 4)
        if centre < w // 2 or centre + w // 2 > n_samples:
            continue
        far = all(
            abs(centre - c) >= 0.42 * (w + windows[j]) or abs(m / w - b / windows[j]) > 4 * max(1 / w, 1 / windows[j])
            for j, _, b, c in atoms
        )
        if far:
            atoms.append((k, frame, m, centre))
    amplitude = rng.uniform(0.5, 1.0, (n_atoms, n_channels)) * np.exp(
        1j * rng.uniform(0, 2 * np.pi, (n_atoms, n_channels))
    )
    return atoms, amplitude


@pytest.mark.parametrize("windows", [(512,), (512, 2048, 8192), (64, 256, 16384)])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_planted_atoms_are_recovered(windows, n_channels):
    rng = np.random.default_rng(11)
    n_samples = 131072
    atoms, amplitude = planted(windows, rng, 25, n_samples, n_channels)
    audio = np.zeros((n_channels, n_samples))
    for (k, _, m, centre), a in zip(atoms, amplitude, strict=True):
        u = np.arange(windows[k]) - windows[k] // 2
        audio[:, centre - windows[k] // 2 : centre + windows[k] // 2] += 2 * np.real(
            a[:, None] * unit_window(windows[k]) * np.exp(2j * np.pi * m * u / windows[k])
        )
    found = pursue_segments(
        ArraySource(audio, RATE),
        PursuitContext(dictionary(windows), ThreadPool()),
        lambda _: StopCriterion(n_events=25),
    ).atoms
    places = {
        (int(k), int(f), int(b)): a
        for k, f, b, a in zip(found.window, found.frame, found.bin, found.amplitude, strict=True)
    }
    assert places.keys() == {(k, f, m) for k, f, m, _ in atoms}
    for (k, f, m, _), a in zip(atoms, amplitude, strict=True):
        assert np.abs(places[k, f, m] - a).max() < 0.15


def test_any_block_size_and_thread_count_give_the_same_bytes():
    audio = tone_burst(3 * RATE, n_channels=2)
    files = {
        dumps(
            encode(
                ArraySource(audio, RATE, block_samples=block_samples),
                PursuitOptions(events_per_second=300, n_threads=n_threads),
            )
        )
        for block_samples, n_threads in ((65536, 1), (65536, 2), (777, 1), (4099, 5))
    }
    assert len(files) == 1


def test_blocks_of_one_sample_give_the_same_bytes():
    audio = tone_burst(4000, n_channels=2)
    files = {dumps(encode(ArraySource(audio, RATE, block_samples=n), PursuitOptions(n_events=50))) for n in (1, 65536)}
    assert len(files) == 1


def test_segments_cost_next_to_nothing():
    """Against one segment for the whole recording: at most half a percent more atoms, the same signal-to-noise
    ratio.
    """
    windows = (64, 256)  # short windows make short segments: several of them in a few seconds
    rng = np.random.default_rng(3)
    n_samples = 3 * 32 * 16384
    audio = 0.05 * rng.standard_normal(n_samples) + np.interp(
        np.arange(n_samples), np.arange(0, n_samples, 5000), rng.uniform(0, 1, -(-n_samples // 5000))
    ) * np.sin(np.cumsum(0.1 + 0.05 * np.sin(np.arange(n_samples) * 2e-4)))
    source = ArraySource(audio.astype(np.float32), RATE)
    context = PursuitContext(dictionary(windows), ThreadPool())
    assert len(segment_grid(source.n_samples, context.dictionary)) == 3
    criterion = StopCriterion(residual_energy=float(np.sum(audio**2)) * 10**-1.2)
    whole = pursue_segments(source, context, lambda _: criterion, segmented=False)
    parts = pursue(source, context, criterion)
    assert len(parts.atoms) <= 1.005 * len(whole.atoms)
    assert parts.residual_energy <= criterion.residual_energy * 1.001


def test_count_is_exact_and_shared_by_segments():
    audio = tone_burst(30 * RATE)
    assert motes.encode(audio, sample_rate_hz=RATE, n_events=2345).n_events == 2345
    scene = motes.encode(audio, sample_rate_hz=RATE, events_per_second=50)
    assert scene.n_events == 1500
    assert scene.metadata.stop_reason == "n_events_reached"


@pytest.mark.parametrize("target", [{"snr_db": 14}, {"n_events": 3000}])
def test_a_target_is_met_where_the_pilot_is_misled(target):
    """Almost all of the sound lies in a segment that the search for the threshold does not look at."""
    audio = np.zeros(85 * RATE, np.float32)
    audio[16 * RATE : 22 * RATE] = tone_burst(6 * RATE, seed=5) + 0.01 * np.random.default_rng(1).standard_normal(
        6 * RATE
    )
    audio[40 * RATE] = 1e-4
    scene = motes.encode(audio, sample_rate_hz=RATE, **target)
    assert scene.metadata.stop_reason in ("snr_reached", "n_events_reached")
    if "snr_db" in target:
        assert snr_db(scene.render(), audio) >= 14
    else:
        assert scene.n_events == 3000


def test_refit_leaves_less():
    audio = tone_burst(2 * RATE)
    source = ArraySource(audio, RATE)
    plain = encode(source, PursuitOptions(n_events=200))
    better = encode(source, PursuitOptions(n_events=200, refit=True))
    assert snr_db(better.render(), audio) > snr_db(plain.render(), audio)


def test_progress_grows():
    seen = []
    motes.encode(tone_burst(RATE), sample_rate_hz=RATE, events_per_second=200, progress=seen.append)
    fractions = [p.fraction for p in seen]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    assert seen[-1].n_events >= 200


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"snr_db": 10, "n_events": 5}, "one target"),
        ({"snr_db": -3}, "snr_db"),
        ({"snr_db": float("nan")}, "snr_db"),
        ({"n_events": 2.5}, "n_events"),
        ({"n_events": -1}, "n_events"),
        ({"events_per_second": 0}, "events_per_second"),
        ({"windows": (500,)}, "powers of two"),
        ({"windows": (32,)}, "powers of two"),
        ({"windows": (65536,)}, "powers of two"),
        ({"windows": (512.5,)}, "powers of two"),
        ({"windows": ()}, "at least one"),
        ({"windows": (512, 512)}, "once each"),
        ({"n_threads": -1}, "n_threads"),
    ],
)
def test_options_that_make_no_sense(options, says):
    with pytest.raises(ParameterError, match=says):
        PursuitOptions(**options)


def test_a_real_recording_comes_back(shared_audio):
    path = shared_audio("piano")
    audio, _ = read_audio(path)
    scene = encode(open_source(path), PursuitOptions(snr_db=20))
    decoded = loads(dumps(scene))
    assert decoded.render().shape == audio.shape
    assert snr_db(decoded.render(), audio) >= 20
    assert np.array_equal(decoded.render(), scene.render())


def test_a_pure_tone_runs_out_of_atoms_before_the_count():
    """So few atoms of the dictionary can help that pursuit would come back to them for ever."""
    t = np.arange(4000) / 8000
    audio = 0.3 * np.sin(2 * np.pi * 440 * t) * np.exp(-2 * t)
    scene = motes.encode(audio, sample_rate_hz=8000)
    assert scene.metadata.stop_reason in ("n_events_reached", "stalled", "nothing_audible_left")
    assert snr_db(scene.render(), audio) > 40


def test_atoms_of_nothing():
    assert len(Atoms.empty(2).merged()) == 0


@pytest.mark.parametrize("target", [{}, {"snr_db": 20}, {"n_events": 5}, {"quality": 5}, {"kbps": 100}])
def test_what_nobody_hears_leaves_nothing_audible(target):
    """Floats of 1e-30: their energies vanish in single precision, and no target was met by that."""
    audio = 1e-30 * np.random.default_rng(0).standard_normal(8000)
    scene = motes.encode(audio, sample_rate_hz=RATE, **target)
    assert (scene.n_events, scene.metadata.stop_reason) == (0, "nothing_audible_left")


@pytest.mark.parametrize("n_samples", [1, 5, 40])
def test_the_shortest_recordings_have_an_event(n_samples):
    """Fewer samples than an event's share of a second."""
    scene = motes.encode(np.full(n_samples, 0.5), sample_rate_hz=44100)
    assert (scene.n_events, scene.metadata.stop_reason) == (1, "n_events_reached")
