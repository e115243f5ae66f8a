"""Fades and envelopes: every kind follows them, and atoms exactly at their centres."""

import numpy as np
import pytest
from kind_examples import N_SAMPLES, RATE, example, scene_of

from motes import edit, kinds
from motes.edit.gains import read_points
from motes.errors import ParameterError

KINDS = [kind.name for kind in kinds.KINDS]


def error_db(found, wanted):
    return 10 * np.log10(np.sum((found - wanted) ** 2) / np.sum(wanted**2) + 1e-20)


@pytest.mark.parametrize("kind", KINDS)
def test_an_envelope_that_stays_is_a_gain(kind):
    scene = scene_of(example(kind))
    assert error_db(scene.select().envelope([(0.5, -6)]).render(), scene.select().gain(-6).render()) < -90


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_envelope_silences_is_silent(kind):
    scene = scene_of(example(kind, 2), n_channels=2)
    assert not scene.select().envelope([(0, -200)]).render().any()
    later = scene.select().envelope([(0.4, -200), (0.401, 0)]).render()
    assert np.any(later)
    early = slice(0, round(0.25 * RATE))
    assert np.sum(later[:, early] ** 2) <= np.sum(scene.render()[:, early] ** 2)


@pytest.mark.parametrize("kind", ["texture", "detail"])
def test_events_that_last_follow_within_themselves(kind):
    """Frame by frame, in steps of 1.5 dB at most for detail."""
    scene = scene_of(example(kind))
    points = [(0.3, -12.0), (0.6, 0.0)]
    found, dry = scene.select().envelope(points).render(), scene.render()
    gain = 10 ** (np.interp(np.arange(N_SAMPLES) / RATE, *np.transpose(points)) / 20)
    here = slice(round(0.35 * RATE), round(0.5 * RATE))
    level = 10 * np.log10(np.sum(found[here] ** 2) / np.sum((dry * gain)[here] ** 2))
    assert abs(level) < 1.0


def test_atoms_fade_at_their_centres_as_a_quarter_of_a_sine():
    scene = scene_of(example("gabor"))
    chosen = scene.select("frequency_hz > 800")
    made, mask = chosen.fade(in_s=0.4, out_s=0.3), chosen.mask
    start, end = scene.gabor.start_s[mask].min(), min(scene.gabor.end_s[mask].max(), scene.duration_s)
    since, left = scene.gabor.time_s - max(start, 0), end - scene.gabor.time_s
    gain = np.sin(np.pi / 2 * np.clip(since / 0.4, 0, 1)) * np.sin(np.pi / 2 * np.clip(left / 0.3, 0, 1))
    wanted = scene.gabor.amplitude * np.where(mask, gain, 1.0)[:, None]
    assert np.allclose(made.gabor.amplitude, wanted, rtol=1e-12)


def test_crossing_fades_keep_the_power():
    """Half-way through a fade either way the amplitude is √½."""
    atoms = example("gabor").take(np.zeros(3, int)).replace(time_s=np.array([0.0, 0.5, 1.0]), window_s=np.full(3, 1e-6))
    scene = scene_of(atoms)
    rising, falling = scene.select().fade(in_s=1.0), scene.select().fade(out_s=1.0)
    power = (rising.gabor.amplitude / atoms.amplitude) ** 2 + (falling.gabor.amplitude / atoms.amplitude) ** 2
    assert np.allclose(power, 1.0, atol=1e-5)


def test_a_file_with_a_fade_is_hardly_larger(tmp_path):
    scene = scene_of(*(example(kind) for kind in ("gabor", "texture"))).quantise()
    before = scene.save(tmp_path / "before.mote").stat().st_size
    assert scene.select().fade(0.5, 0.5).save(tmp_path / "after.mote").stat().st_size < 1.3 * before


def test_breakpoints_as_text():
    assert read_points("0:-12,1.5:0") == [(0.0, -12.0), (1.5, 0.0)]
    scene = scene_of(example("gabor"))
    assert edit(scene, envelope=[(0, -3)]).gabor.equals(scene.select().envelope([(0, -3)]).gabor)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([(1, 0), (0.5, 3)], "times of an envelope rise: 1 s is followed by 0.5 s"),
        ([(0, 300)], "the gain must lie in -200 … 200 dB, not 300"),
        ([], "pairs of a time in s and a gain in dB"),
        ([1, 2, 3], "pairs of a time in s and a gain in dB"),
        ("x", "pairs of a time in s and a gain in dB"),
    ],
)
def test_envelopes_that_make_no_sense(points, says):
    with pytest.raises(ParameterError, match=says):
        scene_of(example("gabor")).select().envelope(points)


def test_fades_and_text_that_make_no_sense():
    with pytest.raises(ParameterError, match="a fade lasts 0 s or longer, not -1"):
        scene_of(example("gabor")).select().fade(-1)
    with pytest.raises(ParameterError, match=r"as in 0:-12,1\.5:0, not '3'"):
        read_points("3")
