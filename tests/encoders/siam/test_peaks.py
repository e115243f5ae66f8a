"""Events out of maps that are planted."""

import numpy as np
import pytest

from motes.encoders.siam.network import Maps
from motes.encoders.siam.peaks import FRAME_S, RELATED, Thresholds, band_peaks, joined, key_peaks, starts, surest
from motes.errors import ParameterError


def planted(n, notes=(), drums=()):
    """Maps of so many frames, NEIGHBOURS more on either side: notes (frame, key, end, logit), drums (frame, band)."""
    keys, bands = np.full((n + 4, 88, 5), -9, np.float32), np.full((n + 4, 8, 3), -9, np.float32)
    keys[..., 2:4], bands[..., 1:] = 0, 0
    for frame, key, end, logit in notes:
        keys[frame + 2, key, :4] = logit, 9, 0.25, 1
        keys[frame + 2 : end + 2, key, 1] = 9
        keys[[frame + 1, frame + 3], key, 0] = logit - 2
    for frame, band in drums:
        bands[frame + 2, band] = 3, -0.25, 0.5
        bands[frame + 2, band - 1, 0] = bands[frame + 1, band + 1, 0] = 2
    return Maps(keys, bands, np.zeros((n + 4, 88, 32), np.float32))


def found_in(maps, **thresholds):
    return starts(key_peaks(maps, 0), band_peaks(maps, 0), Thresholds(**thresholds))


def test_notes_are_found_once_with_time_and_level():
    found = found_in(planted(100, [(10, 40, 30, 4.0), (50, 60, 90, 1.0)]))
    np.testing.assert_allclose(found.onset_s / FRAME_S, [10.25, 50.25], rtol=1e-6)
    np.testing.assert_array_equal(found.pitch, [61, 81])
    np.testing.assert_allclose(found.loudness_db, -23)
    np.testing.assert_allclose(found.sureness, 1 / (1 + np.exp([-4.0, -1.0])), rtol=1e-6)
    assert found.is_pitched.all()


def test_an_octave_of_a_surer_note_is_less_sure():
    maps = planted(100, [(10, 40, 30, 4.0), (11, 52, 30, 1.0), (50, 40, 60, 4.0), (50, 45, 60, 1.0)])
    np.testing.assert_allclose(key_peaks(maps, 0, RELATED).onset, [4.0, 1.0 - RELATED, 4.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(key_peaks(maps, 0).onset, [4.0, 1.0, 4.0, 1.0])


def test_what_has_no_pitch_is_found_once_among_all_bands():
    found = found_in(planted(60, [], [(10, 3), (30, 5)]))
    np.testing.assert_allclose(found.onset_s / FRAME_S, [9.75, 29.75], rtol=1e-6)
    assert not found.is_pitched.any()
    np.testing.assert_allclose(found.pitch, [21 + 3 * 11 + 5, 21 + 5 * 11 + 5])
    assert (found.end_s > found.onset_s).all()


def test_what_begins_in_several_bands_at_once_is_one_sound():
    maps = planted(60, [], [(10, 1), (11, 6), (30, 5), (34, 2)])
    maps.bands[12, 1, 0] = 4
    found = found_in(maps)
    np.testing.assert_allclose(found.onset_s / FRAME_S, [9.75, 29.75, 33.75], rtol=1e-6)
    assert found.pitch[0] == 21 + 11 + 5


def test_equal_neighbours_are_one_event():
    maps = planted(40)
    maps.keys[20:23, 30, 0] = 5.0
    maps.bands[20:22, 3:5, 0] = 5.0
    found = found_in(maps)
    assert sorted(found.is_pitched) == [False, True]
    np.testing.assert_allclose(found.onset_s, 18 * FRAME_S)


def test_the_cap_keeps_the_surest_of_each_second():
    notes = [(4 + 6 * i, 20 + i, 8 + 6 * i, 1.0 + (7 * i) % 10 / 10) for i in range(14)]
    maps = planted(100, notes)
    everything, capped = found_in(maps), surest(found_in(maps), 3)
    for second in (0, 1):
        inside = np.floor(everything.onset_s) == second
        kept = np.sort(capped.sureness[np.floor(capped.onset_s) == second])
        np.testing.assert_array_equal(kept, np.sort(everything.sureness[inside])[-3:])
    assert (np.diff(capped.onset_s) >= 0).all()


def test_stretches_are_parts_of_the_whole():
    maps = planted(60, [(10, 40, 30, 4.0), (29, 60, 50, 1.0), (30, 61, 50, 1.0), (59, 5, 60, 1.0), (0, 6, 9, 2.0)])
    whole = key_peaks(maps, 0)
    parts = joined([key_peaks(maps.only(slice(first, first + 34)), first) for first in (0, 30)])
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not len(joined([]).frames)


@pytest.mark.parametrize(
    "wrong", [{"onset": 0.0}, {"onset": 1.0}, {"silent": 0.9}, {"events_per_second": 0}, {"sounding": float("nan")}]
)
def test_thresholds_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ParameterError):
        Thresholds(**wrong)
