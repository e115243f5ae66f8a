"""Heard notes become splats that are near to them before a single step, and few after many."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motes.encoders.fit import SplatOptions, encode, fit_on  # noqa: E402
from motes.encoders.fit.notes.note_list import Note  # noqa: E402
from motes.encoders.fit.notes.splats import splats_of_notes  # noqa: E402
from motes.errors import ParameterError  # noqa: E402
from motes.kinds.splat.table import Splat  # noqa: E402
from motes.metrics.signal import spectral_convergence  # noqa: E402
from motes.scene.scene import Scene  # noqa: E402

RATE, N = 16000, 28000
T60_S = (1.5, 0.6)
NOTES = (Note(0.11, 0.7, 57.05), Note(0.79, 1.7, 64.0))


def struck(n_channels=1):
    """Two struck notes, of 220 and 330 Hz, of many partials."""
    return Splat(
        time_s=np.array([0.1, 0.8]),
        width_s=np.array([0.003, 0.004]),
        f0_hz=np.array([220.0, 329.6]),
        centre_hz=np.array([400.0, 600.0]),
        width_octaves=np.array([1.2, 1.0]),
        t60_s=np.array(T60_S),
        gain_db=np.full((2, n_channels), -12.0) - 6 * np.arange(n_channels),
        rolloff_db=np.array([4.0, 6.0]),
        damping_slope=np.array([0.5, 0.3]),
        inharmonicity=np.array([2e-4, 1e-4]),
    )


def audio(n_channels=1):
    return Scene(RATE, N, n_channels, splat=struck(n_channels)).render()


def test_two_struck_notes_come_back_before_any_step():
    found, heard = splats_of_notes(np.atleast_2d(audio()), RATE, NOTES)
    assert heard == (0, 1)
    assert np.array_equal(np.unique(found.group_id), [1, 2])
    assert len(found) <= 6
    for note, truth in enumerate(struck().f0_hz):
        mine = found.take(found.group_id == note + 1)
        assert np.abs(1200 * np.log2(mine.f0_hz / truth)).max() < 3
        assert np.abs(mine.time_s - struck().time_s[note]).max() < 0.015
        assert abs(mine.t60_s[0] / T60_S[note] - 1) < 0.3
        assert abs(mine.inharmonicity[0] / struck().inharmonicity[note] - 1) < 0.3
    assert spectral_convergence(Scene(RATE, N, 1, splat=found).render(), audio()) < 0.35


def test_splats_are_shared_out_among_notes_and_silent_ones_have_none():
    beside = (*NOTES, Note(1.6, 1.7, 90.0, 0.01))
    sounds = np.atleast_2d(audio())
    assert len(splats_of_notes(sounds, RATE, beside, 2)[0]) == 2
    assert splats_of_notes(sounds, RATE, beside, 1)[1] == (0,)
    assert len(splats_of_notes(np.zeros((1, N)), RATE, NOTES)[0]) == 0
    assert len(splats_of_notes(sounds, RATE, ())[0]) == 0


def test_a_fit_of_notes_keeps_them_as_groups():
    scene = encode(audio(), SplatOptions(init="notes", iterations=60), sample_rate_hz=RATE, notes=NOTES)
    assert len(scene.splat) <= 6
    assert [scene.groups.id.tolist(), set(scene.groups.role.tolist())] == [[1, 2], {1}]
    assert spectral_convergence(scene.render(), audio()) < 0.2
    for note in (0, 1):
        mine = scene.splat.take(scene.splat.group_id == note + 1)
        assert abs(mine.t60_s[0] / T60_S[note] - 1) < 0.3
    assert 0 < len(scene.select(group=1).only().splat) < len(scene.splat)


def test_channels_and_stretches():
    options = SplatOptions(init="notes", iterations=5, stretch_s=0.6)
    scene = encode(audio(2), options, sample_rate_hz=RATE, notes=NOTES)
    assert scene.splat.group_id.max() == 2
    level = scene.splat.gain_db
    assert np.median(level[:, 0] - level[:, 1]) == pytest.approx(6, abs=1)


def test_given_splats_are_fitted_on():
    truth = struck()
    off = truth.replace(
        gain_db=truth.gain_db - 3.0, t60_s=truth.t60_s * 1.4, phase_rad=np.array([1.0, 2.0]), group_id=np.array([3, 3])
    )
    scene = Scene(RATE, N, 1, splat=off)
    before = spectral_convergence(scene.render(), audio())
    found = fit_on(scene, audio(), 60)
    assert spectral_convergence(found.render(), audio()) < 0.5 * before
    assert len(found.splat) == 2
    assert found.splat.group_id.tolist() == [3, 3]
    assert np.abs(found.splat.time_s - truth.time_s).max() < 0.005


def test_what_is_not_fitted_stays_beside():
    both = struck().replace(backward=np.array([0, 1]))
    whole = Scene(RATE, N, 1, splat=both)
    found = fit_on(whole, whole.render(), 3)
    assert sorted(found.splat.backward.tolist()) == [0, 1]
    assert spectral_convergence(found.render(), whole.render()) < 0.1
    assert fit_on(Scene(RATE, N, 1), audio(), 3).n_events == 0
    with pytest.raises(ParameterError, match="differ"):
        fit_on(whole, audio()[:-1], 3)


@pytest.mark.parametrize(
    ("options", "notes", "said"),
    [
        ({"init": "notes"}, (Note(9.0, 9.5, 60.0),), "past the end.*samples"),
        ({"init": "notes"}, [{"onset_s": 1.0}], "no number end_s"),
        ({"init": "pursuit", "labels": "x.csv"}, None, "goes with init notes"),
        ({"init": "notes", "labels": "not/there.json"}, None, "cannot be read"),
    ],
)
def test_bad_notes_are_named(options, notes, said):
    with pytest.raises(ParameterError, match=said):
        encode(audio(), SplatOptions(**options), sample_rate_hz=RATE, notes=notes)
