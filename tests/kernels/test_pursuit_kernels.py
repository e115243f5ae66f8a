"""The kernels against the definitions: coefficients, cross-Gram tables, and the whole pursuit in plain NumPy."""

import numpy as np
import pytest
from plain_pursuit import PlainPursuit

from motes.encoders.pursuit.atoms import Atoms
from motes.encoders.pursuit.masking import MaskingModel
from motes.encoders.pursuit.segment import STEP, STEPS_PER_BATCH, Segment
from motes.encoders.threads import ThreadPool
from motes.kernels.dictionary import GRAM_THRESHOLD, PairField, dictionary, unit_window


def begun(audio, windows, first=0, masking=None):
    """A segment over the inside of `audio` `(n_channels, n)`, which reaches a margin past both ends."""
    margin = windows[-1] // 2
    last = first + audio.shape[1] - 2 * margin
    segment = Segment(dictionary(windows), len(audio), last - first, ThreadPool())
    if masking is not None:
        segment.set_weights(audio.astype(np.float32), first, last, masking)
    segment.begin(audio.astype(np.float32), first, last, last + margin)
    return segment, PlainPursuit(audio.astype(np.float32), first - margin, first, last, windows)


def coefficients(segment, k, frame, channel=0):
    values = segment._coefficients
    first_value, stride, _, first_frame = values.layout[k, :4]
    place = channel * values.channel_stride + first_value + (frame - first_frame) * stride
    n_bins = segment.dictionary.windows[k] // 2 + 1
    return values.re[place : place + n_bins] + 1j * values.im[place : place + n_bins]


@pytest.mark.parametrize("windows", [(64,), (64, 512), (128, 256, 2048)])
@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_coefficients_are_the_inner_products(windows, n_channels):
    rng = np.random.default_rng(1)
    segment, plain = begun(rng.standard_normal((n_channels, 5000)), windows)
    for k, frames in enumerate(plain.frames):
        for frame in (frames[0], frames[len(frames) // 2], frames[-1]):
            for channel in range(n_channels):
                np.testing.assert_allclose(
                    coefficients(segment, k, frame, channel), plain.coefficients(k, frame)[channel], atol=2e-5
                )


def mixture(rng, n_channels, n_samples):
    """A low tone, a tone near Nyquist, a chirp, a click and noise: all that a cross-Gram can get wrong."""
    t = np.arange(n_samples)
    audio = [
        np.sin(0.004 * t + 1)
        + 0.5 * np.cos(3.13 * t)
        + 0.7 * np.sin(0.2 * t + 3e-5 * t**2)
        + 0.05 * rng.standard_normal(n_samples)
        + (t == n_samples // 2)
        for _ in range(n_channels)
    ]
    return np.array(audio) * np.linspace(1, 0.3, n_channels)[:, None]


@pytest.mark.parametrize("masking", [None, MaskingModel(44100)])
@pytest.mark.parametrize(
    ("windows", "n_channels"), [((64,), 1), ((512, 1024), 1), ((64, 256, 1024), 2), ((128, 2048), 1)]
)
def test_same_atoms_as_plain_numpy(windows, n_channels, masking):
    """From the same residual, batch by batch. An energy within the tables' truncation of a threshold may be chosen
    or not, and then its neighbours differ.
    """
    segment, plain = begun(mixture(np.random.default_rng(2), n_channels, 4000), windows, masking=masking)
    for k, frames in enumerate(plain.frames if masking else ()):
        power = np.array([np.sum(np.abs(plain.coefficients(k, frame)) ** 2, axis=0) for frame in frames], np.float32)
        weights = masking.weights(power, windows[k])
        plain.weights |= {(k, frame): row for frame, row in zip(frames, weights, strict=True)}
    n_shared = n_fast = n_slow = 0
    for _ in range(12):
        threshold = segment.threshold
        fast = segment.batch()
        slow = {
            a[:3]: a[3]
            for zones in segment._zones
            for a in plain.batch(zones, segment.zone_samples, threshold, STEP, STEPS_PER_BATCH)
        }
        quick = dict(
            zip(
                zip(fast.window.tolist(), fast.frame.tolist(), fast.bin.tolist(), strict=True),
                fast.amplitude,
                strict=True,
            )
        )
        same = [
            place
            for place in slow.keys() & quick.keys()
            if np.abs(quick[place] - slow[place]).max() < 0.01 * np.sqrt(threshold)
        ]
        n_shared, n_fast, n_slow = n_shared + len(same), n_fast + len(quick), n_slow + len(slow)
        segment._subtract()
        plain.residual = segment.residual.astype(np.float64)
    assert n_shared > 20
    assert n_shared >= 0.9 * max(n_fast, n_slow)


def test_coefficients_stay_true_under_subtraction():
    """After many subtractions, what the tables say is what the residual says, to the truncation of the tables."""
    windows = (64, 512, 4096)
    segment, plain = begun(mixture(np.random.default_rng(3), 1, 20000), windows)
    taken = 0.0
    for _ in range(20):
        taken += float(np.sqrt(segment.batch().energy).sum())
    segment._subtract()
    plain.residual = segment.residual.astype(np.float64)
    worst = max(
        np.abs(coefficients(segment, k, f) - plain.coefficients(k, f)[0]).max()
        for k, frames in enumerate(plain.frames)
        for f in frames
    )
    assert worst < 10 * GRAM_THRESHOLD * np.sqrt(taken)


@pytest.mark.parametrize(("k", "target"), [(0, 0), (0, 2), (2, 0), (1, 2), (2, 1), (2, 2)])
def test_cross_gram_is_the_inner_product_of_atoms(k, target):
    windows = (64, 256, 2048)
    book = dictionary(windows)
    gram, rng = book.gram, np.random.default_rng(4)
    from_window, to_window = windows[k], windows[target]
    first_row, step_log2, first_distance, n_distances, phases_log2, multiplier_log2 = gram.pair[
        k, target, : PairField.LOWEST_OFFSET
    ]
    for _ in range(5):
        distance = int(rng.integers(first_distance, first_distance + n_distances))
        m = int(rng.integers(from_window // 8, from_window // 4))
        row = first_row + ((distance - first_distance) << phases_log2) + (m & ((1 << phases_log2) - 1))
        first_q, count, start = gram.row[row]
        time = 8192
        u, v = np.arange(16384) - time, np.arange(16384) - time - (distance << step_log2)

        def atom(window, u, bin_):
            weights = np.where(
                (u >= -window // 2) & (u < window // 2),
                np.interp(u, np.arange(window) - window // 2, unit_window(window)),
                0,
            )
            return weights * np.exp(2j * np.pi * bin_ * u / window)

        for q in range(first_q - 2, first_q + count + 2):
            bin_ = ((m >> phases_log2) << multiplier_log2) + q
            true = np.sum(atom(from_window, u, m) * np.conj(atom(to_window, v, bin_)))
            stored = gram.re[start + q - first_q] + 1j * gram.im[start + q - first_q] if 0 <= q - first_q < count else 0
            phase = np.exp(2j * np.pi * m * (distance << step_log2) / from_window)
            assert abs(true - phase * stored) < (1e-6 if 0 <= q - first_q < count else GRAM_THRESHOLD)


def test_zones_do_not_touch_each_other():
    """The order in which zones of one parity are visited changes nothing: the ground of determinism under threads."""
    windows = (256, 2048)
    audio = np.random.default_rng(5).standard_normal((1, 200_000))
    forth, _ = begun(audio, windows)
    back, _ = begun(audio, windows)
    back._zones = [zones[::-1] for zones in back._zones]
    for _ in range(6):
        a, b = forth.batch(), back.batch()
        assert len(a) == len(b)
        order_a, order_b = (np.lexsort((x.bin, x.frame, x.window)) for x in (a, b))
        assert np.array_equal(a.amplitude[order_a], b.amplitude[order_b])


def test_merging_keeps_the_sum():
    atoms = Atoms(
        *(np.array([0, 1, 0, 0], np.int32) for _ in range(3)),
        np.array([[1], [2], [3], [1j]], np.complex64),
        np.array([4.0, 3.0, 2.0, 1.0]),
        np.ones(4),
        np.zeros(4, np.int32),
    )
    merged = atoms.merged()
    assert merged.n_places() == len(merged) == atoms.n_places() == 2
    assert merged.amplitude.tolist() == [[4 + 1j], [2]]
    assert merged.energy.tolist() == [7, 3]
