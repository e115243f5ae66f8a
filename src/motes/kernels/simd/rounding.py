"""Atoms rounded in turn, each to what leaves least of a signal beside the others (closed-loop quantisation)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.kernels._jit import borrowed, jit, leaf
from motes.kernels.simd.windowed_runs import add_run, correlate_run
from motes.kernels.windowed_sinusoids import Chirp, Sinusoids, add_chirped, correlate_chirped, powers, samples_under

Array = NDArray[np.float64]
# Samples past its end that are read and written as they were.
SPARE_SAMPLES = 16


class Stretch(NamedTuple):
    """Audio of a stretch of a scene, float32: rows of `channel_stride` ≥ n_samples + SPARE_SAMPLES values, one after
    another, a row a channel.
    """

    samples: NDArray[np.float32]
    channel_stride: int
    n_samples: int
    # Where in the scene it begins.
    first_sample: int

    @classmethod
    def of(cls, audio: NDArray[np.floating], first_sample: int) -> Stretch:
        """A copy of `audio` `(n_channels, n)`."""
        padded = np.zeros((audio.shape[0], audio.shape[1] + SPARE_SAMPLES), np.float32)
        padded[:, : audio.shape[1]] = audio
        return cls(padded.reshape(-1), padded.shape[1], audio.shape[1], first_sample)

    def channels(self) -> NDArray[np.float32]:
        """The audio `(n_channels, n_samples)`, a view."""
        return self.samples.reshape(-1, self.channel_stride)[:, : self.n_samples]


class Rounding(NamedTuple):
    """The quantiser of docs/format.md, in numbers."""

    # The knee's amplitude of each event.
    at_knee: Array
    steps_per_doubling: int
    n_phases: int
    # Above the knee, in parts of 65536.
    slope: int


# Of events that are to be subtracted as they are.
_NONE = Rounding(np.empty(0), 1, 0, 0)


class Wave(NamedTuple):
    """One windowed sinusoid as `correlate_run` takes it, and room for a complex amplitude of each channel."""

    lanes: NDArray[np.float32]
    turns: Array
    re: Array
    im: Array


@leaf
def _aim(stretch, centre, window, omega, wave):
    """Set `wave` to an event's; returns its first sample's place in the stretch, and how many lie inside it."""
    lanes, turns = wave.lanes, wave.turns
    half = 0.5 * window
    first = max(math.floor(centre - half) + 1, stretch.first_sample)
    last = min(math.ceil(centre + half) - 1, stretch.first_sample + stretch.n_samples - 1)
    turn, u = 2.0 * math.pi / window, first - centre
    turns[0], turns[1] = math.cos(omega * u), math.sin(omega * u)
    turns[2], turns[3] = math.cos(turn * u), math.sin(turn * u)
    turns[4], turns[5] = powers(omega, lanes, 0)
    turns[6], turns[7] = powers(turn, lanes, 32)
    for j in range(32, 64):
        lanes[j] *= np.float32(0.5)
    return first - stretch.first_sample, last - first + 1


@leaf
def _nearest_amplitude(amplitude, at_knee, steps, slope):
    """The nearest amplitude that a file can hold, and its index, by the quantiser of docs/format.md; `slope` is
    that of 65536.
    """
    if amplitude > at_knee:
        index = np.rint((amplitude / at_knee - 1.0) * (65536.0 / slope))
        return at_knee * (1.0 + index * slope / 65536.0), np.int64(index)
    low = min(math.floor(math.log2(amplitude / at_knee) * steps), -1.0)
    below, above = at_knee * 2.0 ** (low / steps), at_knee * 2.0 ** ((low + 1.0) / steps)
    return (above, np.int64(low) + 1) if amplitude - below > above - amplitude else (below, np.int64(low))


@leaf
def _nearest_phase(phase, index, rounding):
    """The nearest phase that a file can hold beside an amplitude's index."""
    levels = rounding.n_phases + ((rounding.n_phases * rounding.slope * min(max(index, 0), 1 << 30)) >> 16)
    return 2.0 * math.pi * ((np.rint(phase / (2.0 * math.pi) * levels) % levels) / levels)


@leaf
def _round_channel(events, rounding, i, channel, projection, wave):
    """Round one channel of an event by what the signal holds of its cosine and sine; what it loses goes to `wave`."""
    amplitude, phase, omega = events.amplitude[i, channel], events.phase[i, channel], events.omega[i]
    one_phase = omega == 0.0 or omega >= math.pi
    scale = (1.0 if one_phase else 2.0) / (0.375 * events.window[i])
    had_re, had_im = amplitude * math.cos(phase), amplitude * math.sin(phase)
    best_re = had_re + scale * projection[0]
    best_im = 0.0 if one_phase else had_im - scale * projection[1]
    best = math.hypot(best_re, best_im)
    wave.re[channel], wave.im[channel] = 0.0, 0.0
    if amplitude == 0.0 or best < 2.0**-40:
        return  # what is silent stays so
    rounded, index = _nearest_amplitude(best, rounding.at_knee[i], rounding.steps_per_doubling, rounding.slope)
    turn = _nearest_phase(math.atan2(best_im, best_re), index, rounding)
    events.amplitude[i, channel], events.phase[i, channel] = rounded, turn
    wave.re[channel] = had_re - rounded * math.cos(turn)
    wave.im[channel] = had_im - rounded * math.sin(turn)


@leaf
def _round_chirped(residual, events, rounding, chirp, i, wave):
    """Round an event whose frequency rises, or subtract it, as `_go_through` does others."""
    first, n = samples_under(residual, events.centre[i], events.window[i])
    chirped = Chirp(events.omega[i], chirp[i], 2.0 * math.pi / events.window[i])
    for channel in range(events.amplitude.shape[1] if n > 0 else 0):
        place, u = first - residual.first_sample + channel * residual.channel_stride, first - events.centre[i]
        if rounding.n_phases:
            found = correlate_chirped(residual.samples, place, n, u, chirped)
            _round_channel(events, rounding, i, channel, found, wave)
        else:
            _take_channel(events, i, channel, wave)
        if wave.re[channel] != 0.0 or wave.im[channel] != 0.0:
            add_chirped(residual.samples, place, n, u, chirped, wave.re[channel], wave.im[channel])


@leaf
def _take_channel(events, i, channel, wave):
    """Set what one channel of an event loses to all it has, taken away."""
    amplitude, phase = -events.amplitude[i, channel], events.phase[i, channel]
    wave.re[channel], wave.im[channel] = amplitude * math.cos(phase), amplitude * math.sin(phase)


@jit
def _go_through(signal, events, rounding, first_event, end_event, chirp):
    """Round events first_event … end_event − 1, or subtract them where there is no number of phases: one kernel, since
    most of both is the same to compile. `chirp` is None where no frequency rises, so that this need not be compiled.
    """
    samples, channel_stride = borrowed(signal.samples), signal.channel_stride
    n_channels = events.amplitude.shape[1]
    lanes, turns, change = np.empty(64, np.float32), np.empty(8), np.empty((2, n_channels))
    wave = Wave(borrowed(lanes), borrowed(turns), borrowed(change[0]), borrowed(change[1]))
    for i in range(first_event, end_event):
        if chirp is not None and chirp[i] != 0.0:
            _round_chirped(signal, events, rounding, chirp, i, wave)
            continue
        place, n = _aim(signal, events.centre[i], events.window[i], events.omega[i], wave)
        if n <= 0:
            continue
        for channel in range(n_channels):
            if rounding.n_phases:
                found = correlate_run(samples, place + channel * channel_stride, n, lanes, turns)
                _round_channel(events, rounding, i, channel, found, wave)
            else:
                _take_channel(events, i, channel, wave)
        for channel in range(n_channels):
            re, im = change[0, channel], change[1, channel]
            if re != 0.0 or im != 0.0:
                add_run(samples, place + channel * channel_stride, n, lanes, turns, np.float32(re), np.float32(im))


def round_by_coordinate_descent(
    residual: Stretch, events: Sinusoids, rounding: Rounding, first_event: int, end_event: int
) -> None:
    """Round events first_event … end_event − 1 one after the other, each to the values that leave least of what the
    others leave.

    `residual` is the signal less all events as they are; it and the events' amplitude and phase are changed in place.
    An event's best complex amplitude is what it has plus its projection of the residual over the energy of its
    envelope, 3/8 of its window.
    """
    _go_through(residual, events, rounding, first_event, end_event, events.chirp if len(events.chirp) else None)


def subtract_events(signal: Stretch, events: Sinusoids, first_event: int, end_event: int) -> None:
    """Subtract events first_event … end_event − 1 from a signal, in place."""
    _go_through(signal, events, _NONE, first_event, end_event, events.chirp if len(events.chirp) else None)
