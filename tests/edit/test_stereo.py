"""Pan and width: the channels of every kind are mixed by one matrix."""

import numpy as np
import pytest
from kind_examples import example, scene_of

from motes import kinds
from motes.errors import ParameterError

KINDS = [kind.name for kind in kinds.KINDS]
# Kinds whose waveform is mixed as it is; texture is another noise of the right levels.
EXACT = [name for name in KINDS if name != "texture"]


def error_db(found, wanted):
    return 10 * np.log10(np.sum((found - wanted) ** 2) / np.sum(wanted**2) + 1e-20)


def stereo(*names):
    return scene_of(*(example(name, 2) for name in names), n_channels=2)


def by_law(position):
    stays, goes = np.cos(abs(position) * np.pi / 2), np.sin(abs(position) * np.pi / 2)
    return np.array([[stays, 0], [goes, 1]]) if position > 0 else np.array([[1, goes], [0, stays]])


@pytest.mark.parametrize("position", [-1.0, -0.3, 0.6])
@pytest.mark.parametrize("kind", EXACT)
def test_panned_is_the_sound_mixed_by_the_law_of_equal_power(kind, position):
    scene = stereo(kind)
    assert error_db(scene.select().pan(position).render(), by_law(position) @ scene.render()) < (
        -25 if kind == "detail" else -60
    )


@pytest.mark.parametrize("kind", EXACT)
def test_width_scales_the_difference_of_the_channels(kind):
    scene = stereo(kind)
    dry = scene.render()
    mono = scene.select().width(0).render()
    assert error_db(mono[0], mono[1]) < -60
    half = np.array([[0.75, 0.25], [0.25, 0.75]]) @ dry
    assert error_db(scene.select().width(0.5).render(), half) < (-25 if kind == "detail" else -60)


@pytest.mark.parametrize("matrix", ["pan", "width"])
def test_noise_has_the_levels_and_the_coherence_of_what_is_mixed(matrix):
    scene = stereo("texture")
    made = scene.select().pan(0.5) if matrix == "pan" else scene.select().width(0.5)
    mix = by_law(0.5) if matrix == "pan" else np.array([[0.75, 0.25], [0.25, 0.75]])
    wanted, found = (np.corrcoef(audio) for audio in (mix @ scene.render(), made.render()))
    assert found[0, 1] == pytest.approx(wanted[0, 1], abs=0.1)
    level_db = 10 * np.log10(np.sum(made.render() ** 2, axis=1) / np.sum((mix @ scene.render()) ** 2, axis=1))
    assert np.abs(level_db).max() < 1.0


def test_only_what_is_selected_moves_and_other_strikes_keep_their_instrument():
    scene = stereo("gabor", "strike")
    chosen = scene.select("time_s < 0.5")
    made = chosen.pan(1.0)
    assert len(made.instruments) == 2
    left, rest = made.render()[0], chosen.drop().render()[0]
    assert error_db(left, rest) < -60
    assert len(scene.select().pan(1.0).instruments) == 1


def test_the_middle_changes_nothing_and_mistakes_are_told():
    scene = stereo("gabor")
    assert scene.select().pan(0.0) == scene
    assert scene.select().width(1.0) == scene
    with pytest.raises(ParameterError, match=r"position must lie in −1 .left. … 1 .right., not 50: was this per cent"):
        scene.select().pan(50)
    with pytest.raises(ParameterError, match=r"width must lie in 0 .mono. … 2, not 3"):
        scene.select().width(3)
    with pytest.raises(ParameterError, match=r"pan and width are of two channels, and the scene has 1"):
        scene_of(example("gabor")).select().pan(0.5)
