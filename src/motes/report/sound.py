"""Sounds of a page: recordings and single events, coded so that browsers play them from within the file."""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from motes.audio import resample_blocks, write_audio
from motes.events.event_table import Array, Ints
from motes.report.items import Items
from motes.scene.rooms import dry
from motes.synth.render import Renderer

Audio = NDArray[np.float32]
LONGEST_EVENT_S = 1.5
# About what libsndfile's Opus takes for a channel.
OPUS_BYTES_PER_S = 8000.0
_GAP_S = 0.06  # between events: codecs smear
_PEAK = 0.5
_FADE_S = 0.005
_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
_FAR_S = 120.0  # nothing that is longer than LONGEST_EVENT_S sounds further than this into the next


@dataclass(frozen=True)
class Coded:
    """A sound as a `data:` address."""

    url: str
    coding: str

    @property
    def n_bytes(self) -> int:
        """Its size in the page."""
        return len(self.url)


def flac(audio: Audio, sample_rate_hz: int) -> Coded:
    """Lossless but for rounding to 16 bits; at most two channels, which is what browsers play."""
    return _coded(_playable(audio), sample_rate_hz, ".flac", "PCM_16", "audio/flac", "FLAC, 16 bits")


def opus(audio: Audio, sample_rate_hz: int) -> Coded:
    """Ogg Opus, about 64 kbps per channel."""
    audio = _playable(audio)
    rate = next((hz for hz in _OPUS_RATES_HZ if hz >= sample_rate_hz), _OPUS_RATES_HZ[-1])
    if rate != sample_rate_hz and audio.shape[1]:
        audio = np.concatenate(list(resample_blocks([audio], len(audio), sample_rate_hz, rate)), axis=1)
    return _coded(audio, rate, ".opus", "OPUS", "audio/ogg; codecs=opus", "Ogg Opus")


def _playable(audio: Audio) -> Audio:
    audio = np.atleast_2d(audio)[:2]
    return audio if audio.shape[1] else np.zeros((len(audio), 1), np.float32)


def _coded(audio: Audio, rate: int, extension: str, subtype: str, media_type: str, coding: str) -> Coded:
    buffer = BytesIO()
    write_audio(buffer, audio, rate, len(audio), subtype=subtype, extension=extension)
    return Coded(f"data:{media_type.replace(' ', '')};base64,{b64encode(buffer.getvalue()).decode()}", coding)


@dataclass(frozen=True, eq=False)
class EventSounds:
    """Each chosen item alone, one after the other in `audio` `(n,)`: `chosen[i]` from `start_s[i]` for
    `length_s[i]`, made `1/gain[i]` louder.
    """

    audio: Audio
    chosen: Ints
    start_s: Array
    length_s: Array
    gain: Array


def choose(items: Items, most_s: float, most_items: int) -> Ints:
    """The strongest items whose sounds together are no longer than `most_s`, notes before all others, in order of time.

    Higher ones count 4.5 dB more per octave: recordings fall off by about as much, and else there would be nothing but
    bass.
    """
    tilt = np.clip((items.low_hz + np.minimum(items.high_hz, 8000.0)) / 2, 50.0, 8000.0) ** 1.5
    order = np.lexsort((-items.strength * tilt, items.notes == 0))[:most_items]
    order = order[items.strength[order] > 0]
    lengths = np.minimum(items.end_s[order] - items.start_s[order], LONGEST_EVENT_S) + 2 * _GAP_S
    return np.sort(order[np.cumsum(lengths) <= most_s])


def event_sounds(items: Items, chosen: Ints) -> EventSounds:
    """The sound of each chosen item alone: of its loudest channel at most `LONGEST_EVENT_S`, all at one peak."""
    rate = items.scene.sample_rate_hz
    first = np.floor(items.start_s[chosen] * rate).astype(np.int64)
    whole = np.ceil(items.end_s[chosen] * rate).astype(np.int64) - first + 1
    kept = np.minimum(whole, round(LONGEST_EVENT_S * rate))
    places = np.cumsum(np.append(0, np.minimum(whole, round(_FAR_S * rate)) + rate // 4))[:-1]
    renderer = _apart(items, chosen, (places - first) / rate)
    gap, pieces, at, starts, gains = round(_GAP_S * rate), [], 0, [], []
    for place, n in zip(places.tolist(), kept.tolist(), strict=True):
        piece, gain = _alone(
            renderer.samples(place, place + n), round(_FADE_S * rate) if n < LONGEST_EVENT_S * rate else rate // 20
        )
        pieces += [np.zeros(gap, np.float32), piece, np.zeros(gap, np.float32)]
        starts.append((at + gap) / rate)
        gains.append(gain)
        at += n + 2 * gap
    audio = np.concatenate(pieces) if pieces else np.zeros(1, np.float32)
    return EventSounds(audio, chosen, np.array(starts), kept / rate, np.array(gains))


def _apart(items: Items, chosen: Ints, by_s: Array) -> Renderer:
    """A scene in which each chosen item is moved to a place of its own."""
    shift = np.full(len(items), math.nan)
    shift[chosen] = by_s
    tables, first = [], 0
    for table in items.scene.tables:
        by = shift[items.number[first : first + len(table)]]
        first += len(table)
        there = ~np.isnan(by)
        tables.append(table.take(there).moved(by[there]))
    return Renderer(dry(items.scene.with_tables(tables)))  # a tail would be heard after the next


def _alone(audio: Audio, n_fade: int) -> tuple[Audio, float]:
    """One channel at the peak all have, ending softly, and what brings it back to its own."""
    loudest = audio[np.argmax(np.sum(np.square(audio, dtype=np.float64), axis=1))].copy()
    n_fade = min(n_fade, len(loudest))
    if n_fade:
        loudest[-n_fade:] *= np.linspace(1, 0, n_fade, dtype=np.float32)
    peak = float(np.abs(loudest).max(initial=0.0))
    return (loudest * np.float32(_PEAK / peak), peak / _PEAK) if peak > 0 else (loudest, 1.0)
