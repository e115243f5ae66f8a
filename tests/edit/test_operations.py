"""Edits do what they say, undo each other, and never touch what was not selected."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import motes
from motes.errors import ParameterError
from motes.events.event_table import canonical_order
from motes.events.groups import Groups
from motes.kinds.gabor.oracle import render_gabor_oracle
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor
from motes.scene.scene import Scene

RATE = 8000


def scene(seed=0, n_events=40, n_channels=2, seconds=4.0, known=True, rate=RATE):
    """Events well inside, in pairs of one partial; `known` as edits leave them, so that nothing has to be linked."""
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(300, 900, n_events)
    gabor = Gabor(
        rng.uniform(0.5, seconds - 0.5, n_events),
        rng.choice([0.05, 0.2], n_events),
        frequency,
        rng.uniform(0.1, 1, (n_events, n_channels)),
        rng.uniform(-3, 3, (n_events, n_channels)),
        np.arange(n_events) // 2,
        frequency + rng.uniform(-9, 9, n_events) if known else None,
        rng.uniform(0, 1000, n_events) if known else None,
    )
    ids = np.arange(1, (n_events + 1) // 2)
    return Scene(rate, round(seconds * rate), n_channels, gabor, GaborQuantiser(2, 8, -40), Groups.partials(ids))


def turned(phase_rad):
    """Distance of a phase from a whole turn."""
    return np.abs((np.asarray(phase_rad) + np.pi) % (2 * np.pi) - np.pi)


def assert_same(one, other, tolerance=1e-9):
    assert (one.sample_rate_hz, one.n_samples, one.n_channels) == (
        other.sample_rate_hz,
        other.n_samples,
        other.n_channels,
    )
    for name in ("time_s", "window_s", "frequency_hz", "amplitude", "group_id", "partial_hz", "partial_rad"):
        np.testing.assert_allclose(
            getattr(one.gabor, name), getattr(other.gabor, name), rtol=1e-9, atol=tolerance, err_msg=name
        )
    assert turned(one.gabor.phase_rad - other.gabor.phase_rad).max(initial=0) < tolerance


CHOICES = st.sampled_from([None, "frequency_hz > 500", "time_s < 2 or amplitude > 0.8", "id < 1", "time_s < 0"])
SEEDS = st.integers(0, 1000)


# --- there and back ---


def _again(edited, before, choice):
    """The same events in the edited scene, by their groups (an event's number may have changed)."""
    mask = before.select(choice).mask
    keys = {tuple(amplitude) for amplitude in before.gabor.amplitude[mask]}
    return edited.select(np.array([tuple(amplitude) in keys for amplitude in edited.gabor.amplitude]))


@given(SEEDS, CHOICES, st.floats(-24, 24))
@settings(max_examples=40)
def test_transposing_there_and_back(seed, choice, semitones):
    one = scene(seed)
    there = one.select(choice).transpose(semitones)
    assert_same(_again(there, one, choice).transpose(-semitones), one)


@given(SEEDS, CHOICES, st.floats(0.25, 4))
@settings(max_examples=40)
def test_stretching_there_and_back(seed, choice, factor):
    one = scene(seed)
    there = one.select(choice).stretch(factor)
    assert there.n_samples >= one.n_samples
    back = _again(there, one, choice).stretch(1 / factor)
    assert_same(back.replace(n_samples=one.n_samples), one)


@given(SEEDS, CHOICES, st.floats(-0.4, 3))
@settings(max_examples=40)
def test_moving_there_and_back(seed, choice, by_s):
    one = scene(seed)
    there = one.select(choice).move(by_s)
    back = _again(there, one, choice).move(-by_s)
    assert_same(back.replace(n_samples=one.n_samples), one)


@given(SEEDS, CHOICES)
@settings(max_examples=20)
def test_reversing_twice(seed, choice):
    one = scene(seed)
    there = one.select(choice).reverse()
    assert_same(_again(there, one, choice).reverse(), one)


@given(SEEDS, st.floats(-60, 60), st.floats(-60, 60))
@settings(max_examples=20)
def test_gains_add_up(seed, a_db, b_db):
    one = scene(seed)
    np.testing.assert_allclose(
        one.gain(a_db).gain(b_db).gabor.amplitude, one.gain(a_db + b_db).gabor.amplitude, rtol=1e-12
    )
    assert_same(one.gain(a_db).gain(-a_db), one)


@given(SEEDS, st.floats(-12, 12), st.floats(-12, 12))
@settings(max_examples=20)
def test_transpositions_add_up_and_commute_with_stretching(seed, a, b):
    one = scene(seed)
    assert_same(one.transpose(a).transpose(b), one.transpose(a + b), 1e-7)
    assert_same(one.transpose(a).stretch(1.5), one.stretch(1.5).transpose(a), 1e-7)
    assert_same(one.transpose(a).reverse(), one.reverse().transpose(a), 1e-7)


# --- by the rule ---


def test_only_the_selected_change_and_the_scene_stays_as_it_was():
    one = scene()
    before = {name: getattr(one.gabor, name).copy() for name in ("time_s", "phase_rad", "amplitude", "frequency_hz")}
    chosen = one.select("frequency_hz > 600")
    edits = {"move": (0.1,), "transpose": (3,), "stretch": (1.5,), "gain": (6,), "reverse": (), "mute": ()}
    for name, arguments in edits.items():
        edited = getattr(chosen, name)(*arguments)
        rest = {
            tuple(row)
            for row in np.column_stack([edited.gabor.time_s, edited.gabor.frequency_hz, edited.gabor.phase_rad])
        }
        others = chosen.drop().gabor
        assert {
            tuple(row) for row in np.column_stack([others.time_s, others.frequency_hz, others.phase_rad])
        } <= rest, name
        assert canonical_order(edited.gabor.time_s, edited.gabor.frequency_hz, edited.gabor.window_s) is None
        assert not edited.gabor.time_s.flags.writeable
    for name, column in before.items():
        np.testing.assert_array_equal(getattr(one.gabor, name), column)


def test_transposing_moves_each_atom_by_its_partial():
    one, ratio = scene(), 2 ** (3 / 12)
    up = one.transpose(3).gabor
    np.testing.assert_allclose(up.frequency_hz - one.gabor.frequency_hz, (ratio - 1) * one.gabor.partial_hz)
    assert turned(up.phase_rad - one.gabor.phase_rad - (ratio - 1) * one.gabor.partial_rad[:, None]).max() < 1e-9
    np.testing.assert_array_equal(up.window_s, one.gabor.window_s)
    np.testing.assert_array_equal(up.amplitude, one.gabor.amplitude)


def test_stretching_slows_what_an_atom_is_beside_its_partial():
    one = scene()
    chosen = one.select()
    slow = chosen.stretch(2)
    np.testing.assert_allclose(slow.gabor.time_s, chosen.onset_s + 2 * (one.gabor.time_s - chosen.onset_s))
    np.testing.assert_allclose(slow.gabor.window_s, 2 * one.gabor.window_s)
    np.testing.assert_allclose(
        slow.gabor.frequency_hz - one.gabor.partial_hz, (one.gabor.frequency_hz - one.gabor.partial_hz) / 2
    )
    assert turned(slow.gabor.phase_rad - one.gabor.phase_rad - one.gabor.partial_rad[:, None]).max() < 1e-9
    assert slow.select().onset_s == pytest.approx(chosen.onset_s)
    assert slow.n_samples == np.ceil(slow.gabor.end_s.max() * RATE - 1e-6)


def _tone(frequency_hz=441.7, seconds=3.0, window_s=0.128, ratio=1.0, factor=1.0):
    """A steady tone as atoms on a grid of bins whose phases follow it, and its partial as it is known; edited by
    the definition of the tone.
    """
    hop = window_s / 4
    time = np.arange(0, seconds, hop)
    grid = np.rint(frequency_hz * window_s) / window_s
    phase = 2 * np.pi * frequency_hz * time
    gabor = Gabor(
        time,
        np.full(len(time), window_s),
        np.full(len(time), grid),
        np.full((len(time), 1), 0.3),
        phase[:, None],
        np.ones(len(time), int),
        np.full(len(time), frequency_hz),
        phase,
    )
    return Scene(RATE, round(seconds * RATE), 1, gabor, None, Groups.partials([1]))


def ripple_db(audio, seconds):
    """Largest minus smallest level in the middle, over 20 ms."""
    inside = audio[round(0.3 * RATE) : round((seconds - 0.3) * RATE)]
    power = np.convolve(inside**2, np.hanning(160) / 80, "valid")
    return 10 * np.log10(power.max() / power.min())


@pytest.mark.parametrize("semitones", [-12, -3, -1, 1, 3, 7, 12])
def test_a_transposed_tone_does_not_beat(semitones):
    tone = _tone()
    up = tone.transpose(semitones)
    assert ripple_db(up.render(), 3.0) < ripple_db(tone.render(), 3.0) + 0.3
    spectrum = np.abs(np.fft.rfft(up.render() * np.hanning(up.n_samples)))
    assert spectrum.argmax() / 3.0 == pytest.approx(441.7 * 2 ** (semitones / 12), abs=0.4)


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.5, 2.0])
def test_a_stretched_tone_does_not_beat_and_keeps_its_level(factor):
    tone = _tone()
    slow = tone.stretch(factor)
    assert slow.n_samples == 3.0 * RATE * factor
    assert ripple_db(slow.render(), 3.0 * factor) < ripple_db(tone.render(), 3.0) + 0.3
    spectrum = np.abs(np.fft.rfft(slow.render() * np.hanning(slow.n_samples)))
    assert spectrum.argmax() / (3.0 * factor) == pytest.approx(441.7, abs=0.8)
    assert np.std(slow.render()[2000:-2000]) == pytest.approx(np.std(tone.render()[4000:-4000]), rel=0.02)


def test_energy():
    one = scene(n_events=1)
    energy = np.sum(one.render().astype(np.float64) ** 2)
    assert np.sum(one.move(0.1234).render().astype(np.float64) ** 2) == pytest.approx(energy, rel=1e-3)
    assert np.sum(one.transpose(3).render().astype(np.float64) ** 2) == pytest.approx(energy, rel=1e-2)
    assert np.sum(one.stretch(2).render().astype(np.float64) ** 2) == pytest.approx(2 * energy, rel=1e-2)
    assert np.sum(one.gain(6).render().astype(np.float64) ** 2) == pytest.approx(energy * 10**0.6, rel=1e-3)


def test_reversing_a_scene_reverses_its_samples():
    one = scene()
    np.testing.assert_allclose(one.reverse().render(), one.render()[:, ::-1], atol=1e-5)
    assert one.reverse().n_samples == one.n_samples


def test_events_that_are_in_no_partial_are_moved_as_they_are():
    gabor = Gabor([0.5, 1.5], [0.02, 0.02], [440.0, 3000.0], [[0.5], [0.5]], [[1.0], [2.0]])
    one = Scene(RATE, 2 * RATE, 1, gabor)
    np.testing.assert_allclose(one.transpose(12).gabor.frequency_hz, [880, 6000])
    np.testing.assert_allclose(one.transpose(12).gabor.phase_rad, [[1.0], [2.0]])
    np.testing.assert_allclose(one.stretch(2).gabor.frequency_hz, [440, 3000])
    assert_same(one.transpose(5).transpose(-5), one.transpose(0))


def test_a_frequency_below_zero_is_the_positive_one_turned_round():
    gabor = Gabor([0.5], [0.2], [100.0], [[0.5]], [[1.0]], None, [400.0], [0.0])
    down = Scene(RATE, RATE, 1, gabor).transpose(-12).gabor
    assert down.frequency_hz[0] == pytest.approx(100.0)
    assert down.phase_rad[0, 0] == pytest.approx(-1.0)
    negative = 0.5 * np.cos(2 * np.pi * -100.0 * np.linspace(-0.1, 0.1, 50) + 1.0)
    np.testing.assert_allclose(
        negative, 0.5 * np.cos(2 * np.pi * 100.0 * np.linspace(-0.1, 0.1, 50) + down.phase_rad[0, 0])
    )


def test_moving_off_the_grid_keeps_the_phase_at_the_centre():
    one = scene(n_events=1)
    np.testing.assert_array_equal(one.move(0.123456789).gabor.phase_rad, one.gabor.phase_rad)


def test_the_scene_grows_where_sound_goes_past_its_end():
    one = scene()
    assert one.move(1.0).n_samples == int(np.ceil((one.gabor.end_s.max() + 1) * RATE - 1e-6))
    over = Scene(RATE, RATE, 1, Gabor([1.0], [0.4], [440.0], [[0.5]], [[0.0]]))
    assert over.move(0.5).n_samples == 1.5 * RATE  # what hung over the end does not count
    assert over.move(-0.5).n_samples == RATE
    assert over.gain(3).n_samples == over.transpose(3).n_samples == RATE


def test_windows_may_begin_before_zero_but_not_end_there():
    one = Scene(RATE, RATE, 1, Gabor([0.5], [0.2], [440.0], [[0.5]], [[0.0]]))
    assert one.move(-0.55).gabor.start_s[0] < 0
    with pytest.raises(ParameterError, match=r"event 0 \(now at 0.5 s\) before 0, at -0.1 s"):
        one.move(-0.7)


def test_muting_soloing_and_splitting():
    one = scene()
    chosen = one.select("frequency_hz > 600")
    muted, solo = chosen.mute().gabor.amplitude, chosen.solo().gabor.amplitude
    np.testing.assert_array_equal(muted + solo, one.gabor.amplitude)
    assert not muted[chosen.mask].any()
    assert len(chosen.only().gabor) + len(chosen.drop().gabor) == 40
    mixed = chosen.only().join(chosen.drop(), 0.0)
    np.testing.assert_array_equal(mixed.gabor.frequency_hz, one.gabor.frequency_hz)
    assert one.filter(400, 700).n_events == len(one.select("400 <= frequency_hz <= 700"))
    assert chosen.filter(high_hz=0).n_events == 40 - len(chosen)


def test_duplicating():
    one = scene()
    chosen = one.select("time_s < 2")
    twice = chosen.duplicate(4.0)
    assert twice.n_events == 40 + len(chosen)
    copies = twice.select("time_s > 4")
    assert copies.onset_s == pytest.approx(4.0)
    assert len(copies) == len(chosen)
    np.testing.assert_allclose(copies.only().gabor.time_s, chosen.only().gabor.time_s + 4.0 - chosen.onset_s)
    assert not np.isin(copies.only().gabor.group_id[copies.only().gabor.group_id > 0], one.groups.id).any()
    assert np.isin(copies.only().gabor.group_id, [0, *twice.groups.id]).all()
    assert one.select([]).duplicate(1.0).n_events == 40


def test_a_gain_leaves_the_rounding_as_it_was():
    one = scene().quantise()
    louder, part = one.gain(-20), one.select("id < 3").gain(-20)
    for edited in (louder, part):
        np.testing.assert_allclose(edited.quantise().gabor.amplitude, edited.gabor.amplitude, rtol=1e-12)
        np.testing.assert_array_equal(edited.quantise().gabor.phase_rad, edited.gabor.phase_rad)


# --- cutting and joining ---


@given(SEEDS, st.floats(0, 4))
@settings(max_examples=30)
def test_slices_share_out_the_events_and_join_again(seed, at_s):
    one = scene(seed)
    at_s = round(at_s * RATE) / RATE
    left, right = one[:at_s], one[at_s:]
    assert left.n_samples + right.n_samples == one.n_samples
    joined = left.join(right)
    for name in ("time_s", "frequency_hz", "amplitude", "phase_rad"):
        np.testing.assert_allclose(getattr(joined.gabor, name), getattr(one.gabor, name), atol=1e-12)
    assert joined.n_samples == one.n_samples


@given(SEEDS, SEEDS)
@settings(max_examples=20)
def test_joining_then_slicing_returns_the_parts(a, b):
    one, other = scene(a, seconds=3.0), scene(b, 20)
    both = one.join(other)
    assert both.duration_s == 7.0
    for part, whole in ((both[:3.0], one), (both[3.0:], other)):
        assert_same(part.replace(gabor=_without_groups(part)), whole.replace(gabor=_without_groups(whole)))
    np.testing.assert_allclose(both.render()[:, : 3 * RATE], one.render(), atol=1e-5)
    groups = both.gabor.group_id
    assert len(np.unique(groups[groups > 0])) == len(one.groups) + len(other.groups)


def _without_groups(one):
    from dataclasses import replace

    return replace(one.gabor, group_id=np.zeros(one.n_events, int))


def test_joining_mixes():
    one, other = scene(1), scene(2)
    mixed = one.join(other, 0.5)
    assert mixed.duration_s == 4.5
    expected = np.zeros((2, mixed.n_samples))
    expected[:, : one.n_samples] += render_gabor_oracle(one.gabor, RATE, one.n_samples, 2)
    expected[:, RATE // 2 :] += render_gabor_oracle(other.gabor, RATE, other.n_samples, 2)
    np.testing.assert_allclose(mixed.render(), expected, atol=1e-5)


def test_a_slice_with_overhang_renders_like_that_stretch():
    one = scene()
    np.testing.assert_allclose(one.slice(1.0, 2.5, with_overhang=True).render(), one.render(1.0, 2.5), atol=1e-5)
    assert one.slice(1.0, 2.5).n_samples == 1.5 * RATE
    assert one[:].n_events == one.n_events


def test_joining_scenes_that_differ():
    one, fast, mono = scene(), scene(rate=16000), scene(n_channels=1)
    with pytest.raises(ParameterError, match=r"8000 samples per second, the other 16000: .*resample"):
        one.join(fast)
    both = one.join(fast, resample=True)
    assert (both.sample_rate_hz, both.n_samples, both.n_events) == (RATE, 8 * RATE, 80)
    with pytest.raises(ParameterError, match="2 channels, the other 1"):
        one.join(mono)
    high = Scene(16000, 16000, 2, Gabor([0.5], [0.1], [6000.0], [[0.5, 0.5]], [[0, 0]]))
    assert one.join(high, resample=True).n_events == 40


# --- mistakes ---


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda s: s.stretch(0), "factor must be above 0, not 0"),
        (lambda s: s.stretch(-2), "factor must be above 0, not -2"),
        (lambda s: s.stretch(float("nan")), "finite"),
        (lambda s: s.stretch(1e9), r"factor must lie in 0.001 … 1000"),
        (lambda s: s.transpose(float("inf")), "semitones must be finite"),
        (lambda s: s.transpose(440), "were these Hz"),
        (lambda s: s.transpose("up"), "semitones must be a number"),
        (lambda s: s.gain(float("nan")), "db must be finite"),
        (lambda s: s.gain(1000), "gain must lie in"),
        (lambda s: s.move(44100), "far past the end, 4 s: were these samples, not seconds"),
        (lambda s: s.move(float("nan")), "finite"),
        (lambda s: s.select("id == 0").duplicate(-1), "at_s must not be below 0"),
        (lambda s: s.select("id == 0").duplicate(88200), "were these samples"),
        (lambda s: s.filter(500, 200), "makes no sense"),
        (lambda s: s.filter(float("nan")), "finite"),
        (lambda s: s[1:88200], "end 88200 s is past the end, 4 s: were these samples, not seconds"),
        (lambda s: s[3:1], "before it starts"),
        (lambda s: s[-1:], "must not be below 0"),
        (lambda s: s[2], "cut by seconds"),
        (lambda s: s[0:2:1], "cut by seconds"),
        (lambda s: s["a":"b"], "must be a number"),
        (lambda s: s.join(s, 88200), "were these samples"),
        (lambda s: s.join(s, -1), "at_s must not be below 0"),
    ],
)
def test_edits_that_make_no_sense_are_one_line(edit, says):
    with pytest.raises(ParameterError, match=says) as found:
        edit(scene())
    assert "\n" not in str(found.value)


def test_empty_scenes_can_be_edited():
    empty = Scene(RATE, 0, 1, Gabor.empty(1))
    for edited in (
        empty.move(1),
        empty.transpose(3),
        empty.stretch(2),
        empty.gain(3),
        empty.reverse(),
        empty.filter(1, 2),
        empty[0:0],
        empty.join(empty),
    ):
        assert edited.n_events == 0
    assert empty.stretch(2).n_samples == 0


def test_a_slice_takes_its_part_of_the_noise():
    rng = np.random.default_rng(1)
    noise = motes.encode(0.1 * rng.standard_normal(4 * 16000), sample_rate_hz=16000, events_per_second=20, texture=True)
    noise = noise.select("kind == texture").only()
    part, rest = noise[1.4:2.9], noise[2.9:4.0]
    inside, reference = part.render()[200:-200], noise.render(1.4, 2.9)[200:-200]
    assert np.sum((inside - reference) ** 2) < 1e-6 * np.sum(reference**2)
    together = noise[0:1.4].join(part).join(rest)
    assert np.sum((together.render() - noise.render()) ** 2) < 1e-3 * np.sum(noise.render() ** 2)
    assert together.duration_s == noise.duration_s
