"""New sounds from vectors: each way alone, its seeds and its mistakes."""

import numpy as np
import pytest
from kind_examples import example, scene_of

import motes
from motes.cli.app import main
from motes.errors import ParameterError
from motes.events.model import Model
from motes.kinds.vector.decoder import Decoder
from motes.library.remix import nearest


@pytest.fixture
def scene():
    return scene_of(example("gabor"), example("vector"))


FIRST = 12  # of the vectors, after as many atoms


def test_the_nearest_come_first(scene):
    table = scene.vector
    twin = table.take(slice(2, 3)).replace(time_s=np.array([1.0]), timbre_1=np.array([0.1]))
    scene = scene.replace(vector=table.with_more(twin))
    found = nearest(scene, FIRST + 2, 3)
    assert found.event[0] == FIRST + 7
    assert found.distance[0] == pytest.approx(0.1 / 4)
    assert np.all(np.diff(found.distance) >= 0)
    made = motes.remix(scene, nearest=FIRST + 2, count=3)
    assert made.n_events == len(made.vector) == 4
    assert motes.remix(scene, nearest=FIRST + 2, count=100).n_events == 8
    assert motes.remix(scene, nearest=FIRST + 2, select="pitch_semitones > 70").n_events == 3


def test_steps_lead_from_one_to_the_other(scene):
    made, table = motes.remix(scene, between=(FIRST, FIRST + 3), steps=3), scene.vector
    assert made.n_events == 5
    assert np.allclose(made.vector.numbers[0], table.numbers[0])
    assert np.allclose(made.vector.numbers[-1], table.numbers[3])
    assert np.allclose(np.diff(made.vector.numbers, 2, axis=0), 0)
    assert np.allclose(np.diff(made.vector.time_s), 0.25)
    assert made.duration_s > made.vector.time_s[-1]
    assert made.render().any()


def test_chance_hangs_on_the_seed_alone(scene):
    made = motes.remix(scene, random=20, seed=1)
    assert made.n_events == len(made.vector) == 20
    assert made == motes.remix(scene, random=20, seed=1) != motes.remix(scene, random=20, seed=2)
    assert 0 <= made.vector.time_s.min() <= made.vector.time_s.max() <= scene.duration_s
    prior = Decoder.named("notes-1").prior
    many = motes.remix(scene, random=3000).vector.numbers
    deviation = np.sqrt(np.diag(prior.covariance))
    assert np.all(np.abs(many.mean(axis=0) - prior.mean)[:6] < 0.1 * deviation[:6])
    assert motes.remix(scene, random=3, times=[0, 1]).vector.time_s.tolist() == [0, 0, 1]
    assert motes.remix(scene_of(example("gabor")), random=2).models == scene.models  # of a scene without vectors too


def test_random_vectors_sound(scene):
    made = motes.remix(scene, random=12, times=[0.1])
    for i in range(12):
        assert np.abs(made.select([i]).only().render()).max() > 1e-4


def test_times_and_vectors_are_exchanged_apart(scene):
    moved = motes.remix(scene, shuffle_times=True, seed=3)
    assert moved.gabor.equals(scene.gabor)
    assert sorted(moved.vector.timbre_3) == sorted(scene.vector.timbre_3)
    assert sorted(moved.vector.time_s) != sorted(scene.vector.time_s)
    other = motes.remix(scene, redraw=True, seed=3)
    assert np.array_equal(other.vector.time_s, scene.vector.time_s)
    assert not np.any(other.vector.timbre_3 == scene.vector.timbre_3)
    some = motes.remix(scene, redraw=True, select="pitch_semitones > 70")
    assert np.count_nonzero(some.vector.timbre_3 != scene.vector.timbre_3) == 2


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({}, "none was given"),
        ({"nearest": 12, "random": 2}, "nearest and random were both given"),
        ({"nearest": 3}, "event 3 is no vector: those are 12 … 18"),
        ({"nearest": 12, "count": 0}, "count must be a whole number from 1"),
        ({"between": (12,)}, "between takes two events"),
        ({"between": (12, 99)}, "event 99 is no vector"),
        ({"times": [1.0], "shuffle_times": True}, "times are those of random vectors"),
        ({"random": 2, "times": [44100]}, "were these samples"),
        ({"random": 2, "times": []}, "times names no time"),
        ({"random": 1 << 40}, "random must be a whole number"),
        ({"redraw": True, "select": "pitch_semitones > 999"}, "no vector is chosen"),
    ],
)
def test_mistakes_are_told_in_a_line(scene, how, match):
    with pytest.raises(ParameterError, match=match):
        motes.remix(scene, **how)


def test_models_are_needed_and_kept_apart(scene):
    lost = Model("lost", "0" * 64)
    both = scene.replace(models=(*scene.models, lost), vector=scene.vector.replace(model=np.arange(7) % 2))
    with pytest.raises(ParameterError, match="of two models"):
        motes.remix(both, between=(FIRST, FIRST + 1))
    with pytest.raises(ParameterError, match="lacks the model lost"):
        motes.remix(both, nearest=FIRST + 1)
    assert set(motes.remix(both, nearest=FIRST).vector.model) == {0}
    with pytest.raises(ParameterError, match="the scene holds no vectors"):
        motes.remix(scene_of(example("gabor")), nearest=0)


def test_the_command_makes_files(scene, tmp_path, capsys):
    path = str(scene.save(tmp_path / "x.mote"))
    out = str(tmp_path / "o.mote")
    assert main(["remix", path, "-o", out, "--between", "12,15", "--steps", "2"]) == 0
    assert motes.load(out).n_events == 4
    assert main(["remix", path, "-o", str(tmp_path / "o.wav"), "--random", "3", "--times", "0,0.5"]) == 0
    assert main(["remix", path, "-o", str(tmp_path / "p.wav"), "--random", "3", "--times", "0;1"]) == 2
    assert "--times wants numbers" in capsys.readouterr().err
    assert main(["remix", path, "--random", "3"]) == 2
