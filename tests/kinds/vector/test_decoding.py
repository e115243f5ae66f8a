"""From numbers to splats, and what edits do on the way."""

import re

import numpy as np
import pytest
from kind_examples import RATE, example, scene_of

from motes.codec import quantise
from motes.errors import MotesWarning, ParameterError
from motes.events.model import Model
from motes.kinds.splat.oracle import render_splat_oracle
from motes.kinds.vector.decoder import RELEASED, Decoder
from motes.kinds.vector.decoding import current, decoded, missing
from motes.kinds.vector.integers import seeds
from motes.kinds.vector.table import NUMBERS, Vector

MODELS = (current(),)
UNKNOWN = Model("another", "0" * 64)


def one(**numbers):
    given = {
        "pitch_semitones": 69.0,
        "loudness_db": -20.0,
        "log2_length_s": -1.0,
        "log2_t60_s": -1.0,
        "log2_attack_s": -6.0,
    }
    columns = {name: np.array([value]) for name, value in (given | numbers).items()}
    return Vector(columns.pop("time_s", np.array([0.2])), **columns)


def test_the_numbers_stand_in_their_order():
    table = example("vector", 2)
    assert table.numbers.shape == (7, 16)
    assert tuple(param.name for param in Vector.PARAMS[1:17]) == NUMBERS
    assert np.array_equal(table.numbers[:, 0], table.pitch_semitones)
    assert table.with_numbers(table.numbers).equals(table)


def test_any_subset_decodes_to_the_same_splats():
    table = example("vector", 2)
    whole, of = decoded(table, MODELS)
    for i in range(len(table)):
        part, _ = decoded(table.take(slice(i, i + 1)), MODELS)
        assert part.equals(whole.take(of == i))
    some = np.array([1, 3, 6])
    part, _ = decoded(table.take(some), MODELS)
    assert part.equals(whole.take(np.isin(of, some)))


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("pitch", [40.0, 69.0, 90.0])
def test_a_vector_is_as_loud_as_it_says(noise, pitch):
    scene = scene_of(one(noise=noise, pitch_semitones=pitch, loudness_db=-23.0))
    audio = scene.render().astype(np.float64)
    frame = RATE // 20
    power = np.convolve(audio**2, np.full(frame, 1 / frame), "valid").max()
    assert 10 * np.log10(power) == pytest.approx(-23.0, abs=4.0)


def test_pitch_is_where_it_says():
    audio = scene_of(one(pitch_semitones=69.0, brightness_octaves=0.0)).render()
    spectrum = np.abs(np.fft.rfft(audio))
    assert spectrum.argmax() * RATE / len(audio) == pytest.approx(440, abs=2)


def test_what_edits_change_is_there_in_the_splats():
    table = example("vector", 2)
    plain, of = decoded(table.replace(backward=None), MODELS)
    louder, _ = decoded(table.replace(backward=None).amplified(np.full(7, 2.0)), MODELS)
    assert np.allclose(louder.gain_db - plain.gain_db, 20 * np.log10(2))
    silent, _ = decoded(table.amplified(np.zeros(7)), MODELS)
    assert np.all(silent.gain_db == -200)
    mirrored, _ = decoded(table.replace(backward=None).mirrored(np.ones(7, np.bool_), 1.0), MODELS)
    assert np.allclose(np.sort(1.0 - mirrored.time_s), np.sort(plain.time_s))
    band, _ = decoded(table.in_band(np.ones(7, np.bool_), 300.0, 900.0)[0], MODELS)
    assert np.all(band.low_hz >= 300)
    assert np.all(band.high_hz == 900)
    grouped, of = decoded(table.replace(group_id=np.arange(7), room_id=np.arange(7), wetness=np.full(7, 0.5)), MODELS)
    assert np.array_equal(grouped.group_id, of)
    assert np.array_equal(grouped.room_id, of)


def test_splats_stay_where_their_vector_says(monkeypatch):
    table = example("vector", 1)

    def long(self, *given):
        made, of = plain(self, *given)
        return made.replace(time_s=made.time_s - 3.0, t60_s=np.full(len(made), 100.0)), of

    plain = Decoder.splats
    monkeypatch.setattr(Decoder, "splats", long)
    splats, of = decoded(table, MODELS)
    assert np.all(splats.start_s >= table.start_s[of] - 1e-3)
    assert np.all(splats.end_s <= table.end_s[of] + 1e-3)


@pytest.mark.parametrize("extreme", [0, 1])
def test_the_edges_of_the_ranges_decode_and_are_silent_or_finite(extreme):
    limits = {param.name: (param.low, param.high)[extreme] for param in Vector.PARAMS if param.name in NUMBERS}
    for name, value in limits.items():
        scene = scene_of(one(**{name: value}))
        assert np.all(np.isfinite(scene.render(0.0, 0.3))), name
    everything, _ = decoded(one(**limits), MODELS)
    assert 0 < len(everything) <= Decoder.MOST


def test_noise_hangs_on_the_numbers_alone():
    table = example("vector", 1)
    assert len(set(seeds(table).tolist())) == 7
    there = table.moved(np.full(7, 0.3)).amplified(np.full(7, 0.5)).in_band(np.ones(7, np.bool_), 0, 900)[0]
    assert np.array_equal(seeds(there), seeds(table))
    rounded = quantise(scene_of(table)).vector
    assert np.array_equal(np.sort(seeds(rounded)), np.sort(seeds(table)))


def test_without_the_model_there_is_silence_and_a_line():
    scene = scene_of(example("vector"))
    lost = scene.replace(models=(UNKNOWN,))
    with pytest.warns(MotesWarning, match=re.escape("lacks the model another (000000000000): 7 vectors")):
        assert not lost.render().any()
    other = scene.replace(models=(Model(MODELS[0].id, "1" * 64),))
    with pytest.warns(MotesWarning, match="lacks the model"):
        assert not other.render().any()
    assert missing(scene.vector, scene.models) == ""
    both = scene.join(lost, 0.0)
    assert both.models == (MODELS[0], UNKNOWN)
    with pytest.warns(MotesWarning, match="7 vectors"):
        assert np.array_equal(both.render(), scene.render())


def test_a_scene_names_the_models_of_its_vectors():
    with pytest.raises(ParameterError, match="vector 0 is of model 0, the scene has 0"):
        scene_of(example("vector")).replace(models=())
    with pytest.raises(ParameterError, match="this release has no model 'x', only notes-1"):
        Decoder.named("x")
    for name in ("", "A", "../x", "a" * 65, "a\n"):
        with pytest.raises(ParameterError, match="a model's id"):
            Model(name, "0" * 64)
    with pytest.raises(ParameterError, match="64 hexadecimal digits"):
        Model("a", "0" * 63)
    with pytest.raises(ParameterError, match="at most 256 models"):
        scene_of(example("vector")).replace(models=[UNKNOWN] * 257)


def test_released_models_are_there_with_a_prior():
    for name in RELEASED:
        decoder = Decoder.named(name)
        assert decoder is Decoder.named(name)
        assert (decoder.id, decoder.digest) == (name, RELEASED[name])
        assert decoder.prior.mean.shape == (16,)
        assert np.all(np.linalg.eigvalsh(decoder.prior.covariance) > 0)


def test_the_oracle_is_that_of_the_splats():
    scene = scene_of(example("vector"))
    splats, _ = decoded(scene.vector, scene.models)
    from motes.kinds.vector.oracle import render

    assert np.array_equal(render(scene.vector, scene), render_splat_oracle(splats, RATE, scene.n_samples, 1))
