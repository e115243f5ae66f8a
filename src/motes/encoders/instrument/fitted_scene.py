"""A fit as a scene: one instrument and its strikes, rounded as a file stores them."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from motes.audio import Source
from motes.codec import quantise
from motes.codec.payloads.instrument_packet import step_for
from motes.encoders.instrument.mode_responses import Sites
from motes.encoders.instrument.options import InstrumentOptions
from motes.encoders.instrument.pad import pad_places
from motes.encoders.instrument.stages import InstrumentFit
from motes.events.instrument import Instrument, Reals
from motes.kinds.strike.table import Strike
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.units import NEPERS_60_DB
from motes.version import __version__

# Rounding the weights may add a quarter of the residual's energy, 1 dB, but no more than as much of what is explained.
NOISE_TO_RESIDUAL = 0.25
# A strike carries on what its modes hold if that has at least this part of the energy it brings; chosen by hand.
CARRIED = 0.25
# 60 dB decay times that are stored, within those that an instrument takes.
T60_RANGE_S = (1e-4, 1e3)
LONGEST_RING_S = 1e5


def scene_of(fit: InstrumentFit, source: Source, options: InstrumentOptions) -> Scene:
    """The fit as one instrument and its strikes, rounded."""
    rate = source.sample_rate_hz
    instrument = _instrument(fit, rate, source.n_channels, options)
    control = np.argmax(np.abs(fit.gains), axis=1) if fit.gains.shape[1] else np.zeros(0, np.int64)
    amplitude = fit.gains[np.arange(len(control)), control]
    power = np.bincount(control, weights=amplitude**2, minlength=instrument.n_controls).astype(np.float64)
    explained = float(np.sum(fit.sites.render(source.n_samples) ** 2))
    noise = NOISE_TO_RESIDUAL * min(float(np.sum(fit.residual**2)), explained)
    instrument = replace(instrument, step=step_for(instrument, noise, power))
    strikes = Strike(
        fit.sites.strike_samples / rate,
        control,
        amplitude,
        np.minimum(instrument.ring_s()[control], LONGEST_RING_S),
        since_s=_since(fit.sites, instrument.energy()) / rate,
    )
    metadata = Metadata(
        encoder="instrument",
        options={n: value for n, value in asdict(options).items() if value is not None and n != "checkpoint"},
        stop_reason=fit.stopped,
        source_digest=source.digest(),
        version=__version__,
    )
    return quantise(
        Scene(rate, source.n_samples, source.n_channels, strike=strikes, instruments=(instrument,), metadata=metadata)
    )


def _instrument(fit: InstrumentFit, rate: int, n_channels: int, options: InstrumentOptions) -> Instrument:
    decay, omega = -fit.sites.poles[0], fit.sites.poles[1]
    hz, t60_s = omega * rate / (2 * np.pi), np.clip(NEPERS_60_DB / (decay * rate), *T60_RANGE_S)
    mixing = fit.sites.mixing if len(hz) else np.ones((n_channels, 0), np.complex128)
    plain = Instrument(rate, hz, t60_s, fit.weights, mixing, fit.direct, fit.direct_gain)
    return replace(plain, pad=pad_places(plain.weights, plain.energy(), options.seed))


def _since(sites: Sites, energy: Reals) -> Reals:
    """Samples since that began which each strike carries on, `(n_strikes,)`; 0 where its modes hold little."""
    since, state, began, before = np.zeros(sites.n_strikes), np.zeros(sites.n_modes, np.complex128), 0.0, 0.0
    for j, (at, amplitudes) in enumerate(zip(sites.strike_samples, sites.amplitudes, strict=True)):
        state = state * np.exp(sites.sigma * (at - before))
        before, used = at, amplitudes != 0
        held, brought = (float(np.sum(np.abs(part[used]) ** 2 * energy[used])) for part in (state, amplitudes))
        state = state + amplitudes
        if CARRIED * brought > held:
            began = at
        since[j] = at - began
    return since
