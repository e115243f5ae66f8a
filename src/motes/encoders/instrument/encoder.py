"""The instrument encoder: one recording as a resonant state-space model and the sparse strikes that play it.

Times at which energy may enter, modes that may ring, the sites (strike × mode) worth their numbers, controls that
strikes share, then all of it refined by gradients. docs/instrument.md derives the model.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from motes.audio import ArraySource, Source
from motes.codec import quantise
from motes.codec.instrument_packet import step_for
from motes.encoders.instrument.amplitude_refit import polish
from motes.encoders.instrument.control_clustering import patterns_of, share_controls
from motes.encoders.instrument.excitation_pursuit import choose_sites
from motes.encoders.instrument.gradient_refinement import refine
from motes.encoders.instrument.mode_estimation import candidate_modes
from motes.encoders.instrument.mode_responses import Sites
from motes.encoders.instrument.mode_tuning import tune, without_twins
from motes.encoders.instrument.onsets import strike_times
from motes.encoders.instrument.options import InstrumentOptions
from motes.encoders.instrument.pad import pad_places
from motes.encoders.instrument.strike_alignment import aligned, retimed
from motes.encoders.progress import Progress
from motes.errors import ParameterError
from motes.events.instrument import Complexes, Instrument, Reals
from motes.files import atomic_output
from motes.kinds.strike.table import Strike
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.stop_reason import StopReason
from motes.units import NEPERS_60_DB
from motes.version import __version__

STRIKES_PER_SECOND = 12
LONGEST_S = 120.0
ROUNDS = 12
TUNINGS, ROUNDS_OF_TUNING = 2, 3
# Reasons to end with the best so far.
EARLY = (StopReason.CANCELLED, StopReason.TIME_LIMIT)
# Rounding the weights may add a quarter of the residual's energy: 1 dB.
NOISE_TO_RESIDUAL = 0.25
# A strike carries on what its modes hold if that has at least this part of the energy it brings.
CARRIED = 0.25
# Part of the numbers with which a first selection shows what each strike excites, to place it in time.
DRAFT = 0.3
LASTING_T60_S = 0.125
# Part of the work that is done when the sites are chosen, first and for good.
DRAFTED, SELECTED = 0.15, 0.6


@dataclass(eq=False)
class Fit:
    """An instrument being fitted: modes struck at times, what controls inject, `(n_controls, n_modes)`, and how
    much of each a strike plays.
    """

    sites: Sites
    shared: Reals
    weights: Complexes
    residual: Reals
    direct: Reals
    direct_gain: Reals
    stopped: str


def encode(
    audio: ArrayLike | Source,
    options: InstrumentOptions | None = None,
    *,
    sample_rate_hz: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Scene:
    """The scene of a recording: one instrument and the strikes that play it, rounded as a file stores them.

    Ctrl-C and the time limit end the fit with the best so far; the scene's `metadata.stop_reason` says so. Raises
    ParameterError for options or audio that make no sense, MissingExtraError without PyTorch unless `refine` is 0.
    """
    options = options or InstrumentOptions()
    if not hasattr(audio, "blocks") and sample_rate_hz is None:
        raise ParameterError("an array needs its sample_rate_hz")
    source: Source = audio if hasattr(audio, "blocks") else ArraySource(audio, sample_rate_hz)  # type: ignore[assignment,arg-type]
    seconds = source.n_samples / source.sample_rate_hz
    if seconds > LONGEST_S:
        raise ParameterError(f"an instrument is fitted to at most {LONGEST_S:g} s, not {seconds:.0f} s: cut out a part")
    samples = np.concatenate([np.zeros((source.n_channels, 0)), *source.blocks()], axis=1).astype(np.float64)
    work = _Work(options, progress, time.monotonic())
    fit = _resumed(options, source) or _selected(samples, source.sample_rate_hz, options, work)
    if len(fit.sites.rate[0]) and fit.stopped not in EARLY:
        _store(fit, options, source)
        fit = _refined(fit, samples, source.sample_rate_hz, options, work)
    _store(fit, options, source)
    return _as_scene(fit, source, options)


@dataclass
class _Work:
    """How far the fit has come, and whether its time is over."""

    options: InstrumentOptions
    progress: Callable[[Progress], None] | None
    begun: float
    n_sites: int = field(default=0)

    def tell(self, fraction: float, n_sites: int | None = None) -> str | None:
        """Report; a reason to stop, if there is one."""
        self.n_sites = self.n_sites if n_sites is None else n_sites
        if self.progress is not None:
            self.progress(Progress(min(1.0, fraction), self.n_sites))
        limit = self.options.time_limit_s
        return StopReason.TIME_LIMIT if limit is not None and time.monotonic() - self.begun > limit else None


def _selected(audio: Reals, rate: int, options: InstrumentOptions, work: _Work) -> Fit:
    """Strikes, modes and weights by pursuit and least squares."""
    n_channels, n_samples = audio.shape
    most = options.strikes or max(1, int(STRIKES_PER_SECOND * n_samples / rate))
    mid = _loudest_mix(audio)
    at, strength = strike_times(mid, rate, most)
    frequency_hz, t60_s = (
        candidate_modes(mid, rate, at[strength > 0].astype(np.int64)) if len(at) else (np.empty(0), np.empty(0))
    )
    rates = np.stack([-NEPERS_60_DB / (t60_s * rate), 2 * np.pi * frequency_hz / rate])
    budget = (
        int(options.numbers_percent / 100 * n_samples) - options.taps * n_channels - (len(at) if options.taps else 0)
    )
    lasting = t60_s > LASTING_T60_S  # short modes would make up for strikes in the wrong place
    draft = np.ascontiguousarray(rates[:, lasting if lasting.any() else slice(None)])
    sites, stopped = choose_sites(
        audio, draft, at, int(DRAFT * budget), lambda part, n: work.tell(DRAFTED * part, n), options.modes
    )
    if stopped not in EARLY and sites.value.any():
        try:
            at = np.unique(retimed(sites, audio - sites.render(n_samples), rate))
        except KeyboardInterrupt:
            return _with_controls(audio, sites, options, StopReason.CANCELLED)
        sites, stopped = choose_sites(
            audio, rates, at, budget, lambda part, n: work.tell(DRAFTED + (SELECTED - DRAFTED) * part, n), options.modes
        )
    if stopped not in EARLY:
        sites, early = _tuned(sites, audio, rate, work)
        stopped = early or stopped
    return _with_controls(audio, sites, options, stopped)


def _tuned(sites: Sites, audio: Reals, rate: int, work: _Work) -> tuple[Sites, str | None]:
    """Only the modes that are used, tuned, twins among them made one, and strikes moved to where they then fit
    best; and why it stopped early.
    """
    modes = np.flatnonzero(sites.value.any(axis=0))
    if not len(modes):
        return sites, None
    sites = Sites(
        np.ascontiguousarray(sites.rate[:, modes]),
        np.ascontiguousarray(sites.mixing[:, modes]),
        sites.at,
        sites.value[:, modes],
    )
    try:
        for _ in range(TUNINGS):
            sites, residual, stopped = tune(
                without_twins(sites, audio.shape[1]), audio, ROUNDS_OF_TUNING, lambda: work.tell(SELECTED)
            )
            stopped = stopped or work.tell(SELECTED)
            if stopped:
                return sites, stopped
            at = retimed(sites, residual, rate)
            order = np.argsort(at, kind="stable")
            moved = replace(sites, at=at[order], value=np.ascontiguousarray(sites.value[order]))
            moved.value, left = polish(moved, audio, np.eye(len(at)), moved.value, moved.value != 0, ROUNDS)
            sites = moved if np.sum(left**2) < np.sum(residual**2) else sites
    except KeyboardInterrupt:
        return sites, StopReason.CANCELLED
    return sites, None


def _loudest_mix(audio: Reals) -> Reals:
    """The channels' principal component: what strikes and modes are looked for in."""
    if len(audio) == 1:
        return audio[0]
    weights = np.linalg.eigh(audio @ audio.T)[1][:, -1]
    mix: Reals = weights @ audio
    return mix


def _with_controls(audio: Reals, sites: Sites, options: InstrumentOptions, stopped: str) -> Fit:
    """Only what is used; strikes that are alike share a control; all weights refitted, then the direct path."""
    modes, strikes = np.flatnonzero(sites.value.any(axis=0)), np.flatnonzero(sites.value.any(axis=1))
    value = np.ascontiguousarray(sites.value[np.ix_(strikes, modes)])
    small = aligned(
        Sites(
            np.ascontiguousarray(sites.rate[:, modes]),
            np.ascontiguousarray(sites.mixing[:, modes]),
            sites.at[strikes],
            value,
        )
    )
    value = small.value
    energy = -0.25 / small.rate[0]
    shared = share_controls(value, energy, options.controls or len(strikes))
    weights = patterns_of(value, shared, energy)
    try:
        weights, residual = polish(small, audio, shared, weights, weights != 0, ROUNDS)
        small = replace(small, value=shared @ weights)
    except KeyboardInterrupt:
        stopped, small = StopReason.CANCELLED, replace(small, value=shared @ weights)
        residual = audio - small.render(audio.shape[1])
    direct, gain = _direct_path(residual, small.at, shared, options.taps)
    residual = residual - _direct_sound(direct, gain, small.at, shared, audio.shape[1])
    return Fit(small, shared, weights, residual, direct, gain, stopped)


def _direct_path(residual: Reals, at: Reals, shared: Reals, n_taps: int) -> tuple[Reals, Reals]:
    """The short sound `(n_channels, n_taps)`, and each control's gain of it, that best explain the residual right
    after strikes; none if little.
    """
    n_channels, n_samples = residual.shape
    none = np.zeros((n_channels, 0)), np.zeros(shared.shape[1])
    first = np.ceil(at).astype(np.int64)
    inside = first + n_taps <= n_samples
    if not n_taps or not inside.any() or not residual.any():
        return none
    pieces = np.stack([residual[:, n : n + n_taps].reshape(-1) for n in first[inside]])
    mean = shared[inside].T @ pieces / np.maximum(np.sum(shared[inside] ** 2, axis=0), 1e-12)[:, None]
    left, size, right = np.linalg.svd(mean, full_matrices=False)
    gain, direct = left[:, 0], size[0] * right[0].reshape(n_channels, n_taps)
    peak = np.abs(gain).max()
    gain, direct = gain / peak, direct * peak
    after = residual - _direct_sound(direct, gain, at, shared, n_samples)
    return (direct, gain) if np.sum(after**2) < 0.99 * np.sum(residual**2) else none


def _direct_sound(direct: Reals, gain: Reals, at: Reals, shared: Reals, n_samples: int) -> Reals:
    audio = np.zeros((len(direct), n_samples))
    for time_, amount in zip(np.ceil(at).astype(np.int64), shared @ gain, strict=True):
        end = min(n_samples, time_ + direct.shape[1])
        audio[:, time_:end] += amount * direct[:, : end - time_]
    return audio


def _refined(fit: Fit, audio: Reals, rate: int, options: InstrumentOptions, work: _Work) -> Fit:
    """The fit after gradient steps towards the loss, if that is lower than before them."""
    if not options.refine:
        return fit
    target = audio - _direct_sound(fit.direct, fit.direct_gain, fit.sites.at, fit.shared, audio.shape[1])

    def on_step(step: int, _: float) -> str | None:
        return work.tell(SELECTED + (1 - SELECTED) * step / options.refine)

    found = refine(
        fit.sites,
        fit.shared,
        fit.weights,
        target,
        rate,
        loss=options.loss or "stft",
        n_steps=options.refine,
        l1=options.l1,
        on_step=on_step,
    )
    order = np.argsort(found.rate[1], kind="stable")
    modes = np.ascontiguousarray(found.rate[:, order]), np.ascontiguousarray(found.mixing[:, order])
    weights = np.ascontiguousarray(found.weights[:, order])
    sites = Sites(*modes, fit.sites.at, fit.shared @ weights)
    stopped = found.stopped if found.stopped in EARLY else fit.stopped
    return replace(fit, sites=sites, weights=weights, residual=target - sites.render(audio.shape[1]), stopped=stopped)


def _as_scene(fit: Fit, source: Source, options: InstrumentOptions) -> Scene:
    """The fit as one instrument and its strikes, rounded."""
    rate = source.sample_rate_hz
    chosen = {
        name: value for name, value in asdict(options).items() if value is not None and name not in ("checkpoint",)
    }
    metadata = Metadata(
        encoder="instrument",
        options=chosen,
        stop_reason=fit.stopped,
        source_digest=source.digest(),
        version=__version__,
    )
    instrument = _instrument(fit, rate, source.n_channels, options)
    control = np.argmax(np.abs(fit.shared), axis=1) if fit.shared.shape[1] else np.zeros(0, np.int64)
    amplitude = fit.shared[np.arange(len(control)), control]
    power = np.bincount(control, weights=amplitude**2, minlength=instrument.n_controls).astype(np.float64)
    instrument = replace(
        instrument, step=step_for(instrument, NOISE_TO_RESIDUAL * float(np.sum(fit.residual**2)), power)
    )
    strikes = Strike(
        fit.sites.at / rate,
        control,
        amplitude,
        np.minimum(instrument.ring_s()[control], 1e5),
        since_s=_since(fit.sites, instrument.energy()) / rate,
    )
    scene = Scene(
        rate, source.n_samples, source.n_channels, strike=strikes, instruments=(instrument,), metadata=metadata
    )
    return quantise(scene)


def _instrument(fit: Fit, rate: int, n_channels: int, options: InstrumentOptions) -> Instrument:
    decay, omega = -fit.sites.rate[0], fit.sites.rate[1]
    hz, t60_s = omega * rate / (2 * np.pi), np.clip(NEPERS_60_DB / (decay * rate), 1e-4, 1e3)
    mixing = fit.sites.mixing if len(hz) else np.ones((n_channels, 0), np.complex128)
    plain = Instrument(rate, hz, t60_s, fit.weights, mixing, fit.direct, fit.direct_gain)
    return replace(plain, pad=pad_places(plain.weights, plain.energy(), options.seed))


def _since(sites: Sites, energy: Reals) -> Reals:
    """For each strike, how many samples ago that began which it carries on; 0 where its modes hold little."""
    sigma = sites.rate[0] + 1j * sites.rate[1]
    since, state, began, before = np.zeros(len(sites.at)), np.zeros(sites.rate.shape[1], np.complex128), 0.0, 0.0
    for j, at in enumerate(sites.at):
        state = state * np.exp(sigma * (at - before))
        before, used = at, sites.value[j] != 0
        held, brought = (float(np.sum(np.abs(part[used]) ** 2 * energy[used])) for part in (state, sites.value[j]))
        state = state + sites.value[j]
        if CARRIED * brought > held:
            began = at
        since[j] = at - began
    return since


def _digest(options: InstrumentOptions, source: Source) -> str:
    """What a checkpoint has to agree in: the recording, and the options that the selection follows from."""
    told = msgspec.json.encode(
        [source.digest(), options.controls, options.modes, options.strikes, options.numbers_percent, options.taps]
    )
    return hashlib.sha256(told).hexdigest()


def _store(fit: Fit, options: InstrumentOptions, source: Source) -> None:
    if options.checkpoint is None:
        return
    parts = {name: getattr(fit, name) for name in ("shared", "weights", "residual", "direct", "direct_gain")}
    with atomic_output(options.checkpoint, True) as handle:
        np.savez(
            handle,
            rate=fit.sites.rate,
            mixing=fit.sites.mixing,
            at=fit.sites.at,
            digest=np.array(_digest(options, source)),
            **parts,
        )


def _resumed(options: InstrumentOptions, source: Source) -> Fit | None:
    """The fit in the checkpoint, if there is one; ParameterError if it is of another recording or of other options."""
    if options.checkpoint is None or not os.path.exists(options.checkpoint):
        return None
    try:
        with np.load(options.checkpoint, allow_pickle=False) as held:
            parts = {name: held[name] for name in held.files}
        if str(parts.pop("digest")) != _digest(options, source):
            raise ParameterError(
                f"{options.checkpoint} is a checkpoint of another recording or of other options: name another, or "
                "delete it"
            )
        shared, weights = parts["shared"], parts["weights"]
        sites = Sites(parts.pop("rate"), parts.pop("mixing"), parts.pop("at"), shared @ weights)
        return Fit(sites, stopped=StopReason.N_EVENTS_REACHED, **parts)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, ParameterError):
            raise
        raise ParameterError(f"{options.checkpoint} is not a checkpoint of a fit ({error})") from None
