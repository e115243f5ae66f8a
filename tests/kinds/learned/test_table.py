"""Learned events: what edits do to them, and what a scene has to hold for them."""

from dataclasses import replace

import numpy as np
import pytest
from kind_examples import RATE, dictionary, example, learned, scene_of

from motes.codec import dumps, loads, quantise
from motes.errors import ParameterError
from motes.events.model import Model
from motes.scene.scene import Scene


def rendered(n_channels=1, **columns):
    """One event at 0.1 s, of 0.2 s."""
    events = learned(n_channels).take([0])
    given = {"time_s": np.array([0.1]), "amplitude": np.ones((1, n_channels))} | columns
    return Scene(RATE, 3200, n_channels, learned=events.replace(**given), models=[dictionary()]).render()


def test_an_event_is_its_waveform_at_its_amplitude():
    (sound, *_), audio = dictionary().sounds(), rendered()
    assert np.abs(sound).max() == 1
    np.testing.assert_allclose(audio[1600:2100], sound, atol=1e-7)
    assert not audio[:1600].any()
    turned = rendered(2, amplitude=np.array([[0.5, 0.25]]), inverted=np.array([[0, 1]]))
    np.testing.assert_allclose(turned, [0.5 * audio, -0.25 * audio], atol=1e-7)


def test_backward_it_ends_where_it_began():
    forward, backward = rendered(), rendered(backward=np.array([1]))
    np.testing.assert_allclose(backward[: 2 * 1600 + 1][::-1][:1600], forward[:1600], atol=1e-7)
    np.testing.assert_allclose(backward[1600 - 499 : 1601], forward[1600:2100][::-1], atol=1e-7)


def test_higher_is_shorter_and_as_loud():
    events = learned(1).take([0])
    higher = events.transposed(np.array([2.0]))
    assert (higher.end_s - higher.start_s)[0] == pytest.approx((events.end_s - events.start_s)[0] / 2)
    audio = rendered(frequency_ratio=np.array([0.5]))
    (sound, *_) = dictionary().sounds()
    np.testing.assert_allclose(audio[1600:2500:2], sound[:450], atol=0.01)


def test_between_two_samples_it_is_moved_by_part_of_one():
    whole, half = rendered(), rendered(time_s=np.array([0.1 + 0.5 / RATE]))
    spectrum = np.fft.rfft(whole) * np.exp(-1j * np.pi * np.fft.rfftfreq(3200))
    np.testing.assert_allclose(half, np.fft.irfft(spectrum), atol=2e-3)


def test_mixing_adds_what_is_turned_over():
    events = learned(2).take([0, 2]).replace(amplitude=np.array([[0.5, 0.25], [0.5, 0.5]]))
    mixed = events.mixed(np.ones(2, bool), np.array([[0.5, 0.5], [0.5, -0.5]]), RATE)
    np.testing.assert_allclose(mixed.signed, events.signed @ np.array([[0.5, 0.5], [0.5, -0.5]]).T)
    assert mixed.amplitude.min() >= 0


def test_what_a_scene_lacks_is_told():
    events = learned(1)
    with pytest.raises(ParameterError, match="is of dictionary 0, the scene has 0"):
        Scene(RATE, 3200, 1, learned=events)
    with pytest.raises(ParameterError, match="plays waveform 40 .*: dictionary drums holds no such"):
        Scene(RATE, 3200, 1, learned=events, models=[dictionary().only(np.array([3, 8]))])
    with pytest.raises(ParameterError, match="of 1 s: dictionary drums holds no such"):
        Scene(RATE, 3200, 1, learned=events.replace(length_s=np.ones(7)), models=[dictionary()])


def test_a_file_holds_the_waveforms_that_are_played():
    scene = scene_of(example("learned"))
    few = scene.replace(learned=scene.learned.take([0, 1]))
    assert quantise(few).models[0].held.tolist() == [3]
    assert loads(dumps(few)).models == quantise(few).models
    assert loads(dumps(few.replace(learned=None))).models == (dictionary().named(),)


def test_joined_scenes_share_a_dictionary():
    scene = scene_of(example("learned"))
    parts = [quantise(scene.replace(learned=scene.learned.take([i]))) for i in (0, 3)]
    both = parts[0].join(parts[1], at_s=2.0)
    assert [model.held.tolist() for model in both.models] == [[3, 40]]
    other = replace(dictionary(), waveforms=2 * dictionary().waveforms)
    assert len(scene.join(scene.replace(models=[other])).models) == 2


def test_at_another_rate_it_sounds_as_before():
    from motes.edit.operations import at_rate

    scene = scene_of(example("learned"))
    audio, finer = scene.render(), at_rate(scene, 2 * RATE).render()
    assert np.square(finer[::2] - audio).sum() < 0.02 * np.square(audio).sum()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"numbers": None}, "needs a number for each"),
        ({"numbers": np.array([3, 3, 8])}, "numbered from 0 to 1023, ascending"),
        ({"numbers": np.array([3, 8, 1024])}, "numbered from 0 to 1023, ascending"),
        ({"numbers": np.array([3, 8])}, "waveforms of one length"),
        ({"sample_rate_hz": 0}, "sample rate of 0 Hz"),
        ({"waveforms": np.zeros((3, 500), np.int16)}, "no sample but 0"),
        ({"waveforms": np.full((3, 500), -32768, np.int16)}, "one beyond 32767"),
        ({"waveforms": np.ones((3, 65537), np.int16)}, "1 to 65536 samples"),
    ],
)
def test_dictionaries_that_cannot_be(change, message):
    with pytest.raises(ParameterError, match=message):
        replace(dictionary(), **change)


def test_dictionaries_are_equal_by_what_they_hold():
    one = dictionary()
    assert one == dictionary() != one.named()
    assert one.only(np.array([3])) != one
    assert one.only(np.array([1])) == one.named() == Model("drums", "0a" * 32)
    assert len({one, dictionary(), one.named()}) == 2
