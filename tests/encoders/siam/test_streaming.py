"""Events of streams: in time, whatever the blocks, and every start is followed by one end."""

import numpy as np
import pytest
from event_networks import planted_weights, random_weights

from motes.encoders.siam.layout import STREAMING, WHOLE
from motes.encoders.siam.network import Network, silence
from motes.encoders.siam.peaks import Thresholds, band_peaks, key_peaks, starts
from motes.encoders.siam.spectra import levels_db, n_frames
from motes.encoders.siam.streaming import End, Start, hear_stream
from motes.errors import ParameterError

RATE, NOTES = 22050, ((0.5, 76, 0.6), (1.3, 81, 0.5), (1.9, 88, 0.3), (1.9, 79, 1.5))
LOW = Thresholds(onset=0.2, band_onset=0.2)


def tones(seconds=3.0, rate=RATE):
    n = int(seconds * rate)
    audio, t = np.random.default_rng(3).normal(0, 1e-4, n), np.arange(n) / rate
    for onset_s, pitch, length_s in NOTES:
        inside = (t >= onset_s) & (t < onset_s + length_s)
        edge = np.clip(np.minimum(t - onset_s, onset_s + length_s - t) / 0.005, 0, 1)
        audio += inside * edge * 0.3 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * (t - onset_s))
    return audio.astype(np.float32)


def blocks_of(audio, size):
    return (audio[..., first : first + size] for first in range(0, audio.shape[-1], size))


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_planted_tones_start_within_a_quarter_of_a_second(rate):
    now = [0]

    def live():
        for block in blocks_of(tones(rate=rate), 64):
            now[0] += len(block)
            yield block

    started = {}
    for event in hear_stream(live(), rate, weights=planted_weights(STREAMING)):
        if isinstance(event, Start):
            started[event.number] = event
            assert now[0] / rate - event.onset_s < 0.25
    found = sorted((event.onset_s, event.pitch) for event in started.values())
    assert [pitch for _, pitch in found] in ([76, 81, 88, 79], [76, 81, 79, 88])
    np.testing.assert_allclose([onset for onset, _ in found], [0.5, 1.3, 1.9, 1.9], atol=0.07)


def test_every_start_is_followed_by_one_end():
    starts_, ended = {}, {}
    for event in hear_stream(blocks_of(tones(), 3000), RATE, LOW, random_weights(STREAMING)):
        if isinstance(event, Start):
            assert event.number not in starts_
            starts_[event.number] = event
        else:
            assert event.number in starts_
            assert event.number not in ended
            ended[event.number] = event
            assert event.end_s >= starts_[event.number].onset_s
    assert starts_.keys() == ended.keys()
    assert len(starts_) > 20
    assert {event.is_pitched for event in starts_.values()} == {False, True}


def test_tones_end_where_they_end():
    events = list(hear_stream([tones()], RATE, weights=planted_weights(STREAMING)))
    by_number = {event.number: event.pitch for event in events if isinstance(event, Start)}
    ends = {by_number[event.number]: event.end_s for event in events if isinstance(event, End)}
    for onset_s, pitch, length_s in NOTES:
        assert ends[pitch] == pytest.approx(min(onset_s + length_s, 3.0), abs=0.1)


@pytest.mark.parametrize("rate", [22050, 44100, 16000])
def test_blocks_change_nothing(rate):
    audio, weights = tones(2.0, rate), random_weights(STREAMING)
    whole = list(hear_stream([audio], rate, LOW, weights))
    assert len(whole) > 20
    for size in (100, 4096):
        assert list(hear_stream(blocks_of(audio, size), rate, LOW, weights)) == whole
    assert list(hear_stream(blocks_of(np.stack([audio, audio]), 999), rate, LOW, weights)) == whole


def test_a_stream_is_found_as_its_whole_is():
    audio, weights = tones(), random_weights(STREAMING)
    layout, n = weights.layout, n_frames(len(audio))
    low = -layout.past - 2
    levels = np.concatenate([levels_db(audio, frame, 1, (1,)) for frame in range(low, n + layout.ahead + 2)])
    levels[:-low] = silence(-low)  # a stream does not know what comes, so that before its start there is silence
    maps = Network(weights).maps(levels)
    wanted = starts(key_peaks(maps, 0), band_peaks(maps, 0), LOW)
    events = [each for each in hear_stream([audio], RATE, LOW, weights) if isinstance(each, Start)]
    assert sorted(each.onset_s for each in events) == wanted.onset_s.tolist()
    assert sorted(each.pitch for each in events) == sorted(wanted.pitch)


def test_the_cap_holds_in_each_second():
    capped = Thresholds(onset=0.2, band_onset=0.2, events_per_second=3)
    events = list(hear_stream([tones()], RATE, capped, random_weights(STREAMING)))
    _, counts = np.unique([int(each.onset_s) for each in events if isinstance(each, Start)], return_counts=True)
    assert counts.max() == 3


def test_odd_streams():
    weights = random_weights(STREAMING)
    assert list(hear_stream([], RATE, weights=weights)) == []
    assert list(hear_stream([np.zeros(0), np.zeros((2, 0))], RATE, weights=weights)) == []
    assert list(hear_stream([np.zeros(50000, np.float32)] * 2, RATE, weights=planted_weights(STREAMING))) == []
    with pytest.raises(ParameterError, match="finite"):
        list(hear_stream([np.full(10, np.inf, np.float32)], RATE, weights=weights))
    with pytest.raises(ParameterError):
        list(hear_stream([np.zeros(10)], 0.5, weights=weights))
    with pytest.raises(ParameterError, match="no network for streams"):
        list(hear_stream([np.zeros(10)], RATE, weights=random_weights(WHOLE)))
