"""What edits do to detail, and what a table of it refuses."""

import numpy as np
import pytest
from detail_examples import RATES, random_event

from motes.errors import ParameterError
from motes.kinds.detail.drawing import DRAWING
from motes.kinds.detail.table import Detail
from motes.scene.scene import Scene

RATE = 16000


def scene_of(n_channels=1, seed=1, rate=RATE):
    random = np.random.default_rng(seed)
    first = random_event(random, rate, n_channels, time_s=0.1)
    second = random_event(random, rate, n_channels, time_s=0.1 + float(first.duration_s[0]))
    return Scene(rate, int(0.6 * rate), n_channels, detail=first.with_more(second))


def left_db(estimate, reference):
    error = np.sum(np.square(np.subtract(estimate, reference, dtype=np.float64)))
    return 10 * np.log10(error / np.sum(np.square(reference, dtype=np.float64)) + 1e-20)


@pytest.mark.parametrize(
    "edit",
    [
        lambda s: s,
        lambda s: s.reverse(),
        lambda s: s.stretch(1.25),
        lambda s: s.transpose(3),
        lambda s: s.filter(400, 3000),
        lambda s: s.stretch(0.6).filter(300, 2000).reverse(),
    ],
)
def test_parts_that_are_cut_add_up(edit):
    scene = edit(scene_of())
    whole = scene.render()
    table, parts = scene.detail, scene.detail
    middle = float(table.time_s[0] + table.duration_s[0] / 2)
    for at_s in (middle, middle + 0.001, middle + 0.004, middle - 0.02):  # some nearer than a fade is long
        parts = parts.cut(at_s, 0.0)
    assert len(parts) > len(table) + 2
    sums = [scene.replace(detail=parts.take(slice(i, i + 1))).render().astype(np.float64) for i in range(len(parts))]
    assert left_db(np.sum(sums, axis=0), whole) < -120


# At parts of a sample what is at half the sample rate rings on, and the whole is cut off sooner than its bands.
@pytest.mark.parametrize(
    ("edit", "most_db"), [(lambda s: s, -110), (lambda s: s.reverse(), -110), (lambda s: s.stretch(1.3), -60)]
)
def test_bands_side_by_side_add_up(edit, most_db):
    scene = edit(scene_of(2))
    mask = np.ones(len(scene.detail), bool)
    bands = [(0, 500), (500, 520), (520, 3000), (3000, 1e6)]
    parts = [scene.replace(detail=scene.detail.in_band(mask, *band)[0]).render() for band in bands]
    assert left_db(np.sum(parts, axis=0, dtype=np.float64), scene.render()) < most_db


@pytest.mark.parametrize("edit", [lambda s: s, lambda s: s.stretch(0.5), lambda s: s.filter(200, 1000).stretch(0.5)])
@pytest.mark.parametrize("rate", [8000, 96000])
def test_nothing_sounds_beyond_its_ends(edit, rate):
    scene = edit(scene_of(rate=rate))
    scene = scene.move(0.2)
    audio = scene.render().astype(np.float64)
    loud = np.flatnonzero(np.abs(audio) > 0)
    first, last = scene.detail.start_s.min() * rate, scene.detail.end_s.max() * rate
    assert first - 130 <= loud[0]
    assert loud[-1] <= last + 130
    blocks = np.concatenate([scene.render(k / 50, (k + 1) / 50) for k in range(int(scene.duration_s * 50))])
    assert left_db(blocks, audio[: len(blocks)]) < -100


def test_it_is_moved_by_parts_of_a_sample():
    scene = scene_of()
    by = 40.5 / RATE
    moved = scene.move(by).render().astype(np.float64)
    n = 2 * len(moved)
    turned = np.fft.rfft(scene.render(), n) * np.exp(-2j * np.pi * np.arange(n // 2 + 1) / n * 40.5)
    inside = np.fft.rfftfreq(n) < 0.45
    difference = np.abs(np.fft.rfft(moved, n) - turned)[inside]
    assert 20 * np.log10(np.linalg.norm(difference) / np.linalg.norm(turned[inside])) < -60


def test_backward_is_the_same_samples_mirrored():
    scene = scene_of(2)
    assert left_db(scene.reverse().render()[:, ::-1], scene.render()) < -120
    assert (
        scene.reverse().reverse().detail.equals(scene.detail)
        or left_db(scene.reverse().reverse().render(), scene.render()) < -120
    )


def test_gain_is_a_factor():
    scene = scene_of()
    assert left_db(scene.gain(-12).render(), scene.render() * 10**-0.6) < -120


def test_transposing_moves_a_band_along():
    table = scene_of().filter(500, 2000).detail.transposed(np.full(2, 2.0))
    assert (table.low_hz[0], table.high_hz[0]) == (1000, 4000)
    far = table.transposed(np.full(2, 450.0))
    assert np.all(far.low_hz < far.high_hz)
    assert scene_of().detail.transposed(np.full(2, 2.0)).at_default("high_hz")


def test_a_stretch_beyond_all_measure_is_refused():
    table = scene_of().detail
    long = Scene(RATE, 1000, 1, detail=table.replace(time_ratio=np.full(2, 1000.0), frequency_ratio=np.full(2, 900.0)))
    with pytest.raises(ParameterError, match="MOTES_MAX_DETAIL_SAMPLES"):
        long.render()
    short = Scene(RATE, 1000, 1, detail=table.replace(time_ratio=np.full(2, 1e-3), frequency_ratio=np.full(2, 1e-3)))
    assert np.all(np.isfinite(short.render()))


def test_setting_a_length_stretches_and_counts_cannot_be_set():
    scene = scene_of()
    longer = scene.select([0]).set(duration_s=float(2 * scene.detail.duration_s[0])).detail
    assert longer.time_ratio.tolist() == [2.0, 1.0]
    silent = scene.select([0]).set(coefficients=0).detail
    assert not silent.ragged("coefficients")[0].any()
    assert np.array_equal(silent.ragged("coefficients")[1], scene.detail.ragged("coefficients")[1])
    for values in ({"n_frames": 7}, {"coefficients": [1, 2]}, {"coefficients": 0.5}, {"steps": "a"}, {"steps": 401}):
        with pytest.raises(ParameterError):
            scene.select([0]).set(**values)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"rise": 3}, "powers of 2"),
        ({"fall": 1}, "powers of 2"),
        ({"rise": 8192}, "rise and fall"),
        ({"low_hz": 500.0, "high_hz": 500.0}, "below high_hz"),
        ({"sizes": 64}, "halves of halves"),
        ({"coefficients": 40000}, "must lie in"),
        ({"coefficients": 1.5}, "whole numbers"),
        ({"mid_side": 1}, "two channels"),
        ({"frame_samples": 192}, "powers of 2"),
    ],
)
def test_what_makes_no_sense_is_refused(columns, message):
    event = random_event(np.random.default_rng(2), RATE, 1)
    with pytest.raises(ParameterError, match=message):
        event.replace(**{name: np.full_like(event.column(name), value, type(value)) for name, value in columns.items()})


@pytest.mark.parametrize("rate", RATES)
def test_its_level_is_that_of_its_sound(rate):
    scene = scene_of(rate=rate)
    audio = scene.render().astype(np.float64)
    power = 10 ** (DRAWING.level_db(scene.detail) / 10)
    assert np.sum(power * scene.detail.duration_s * rate) == pytest.approx(np.sum(audio**2), rel=0.1)


def test_no_events_are_no_trouble():
    empty = Detail.empty(2)
    assert len(empty) == 0
    assert empty.n_channels == 2
    assert len(DRAWING.level_db(empty)) == 0
    assert not Scene(RATE, 100, 2, detail=empty).render().any()
