"""The stages of fitting an instrument: sites are chosen, modes tuned, controls shared, and all of it refined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from motes.encoders.instrument.amplitude_refit import refit_amplitudes, refit_sites
from motes.encoders.instrument.control_clustering import control_gains, control_weights
from motes.encoders.instrument.direct_path import direct_path, direct_sound
from motes.encoders.instrument.excitation_pursuit import choose_sites
from motes.encoders.instrument.gradient_refinement import Refinement, refine
from motes.encoders.instrument.mode_estimation import candidate_modes
from motes.encoders.instrument.mode_responses import Sites
from motes.encoders.instrument.mode_tuning import merge_duplicates, tune_modes
from motes.encoders.instrument.onsets import strike_times
from motes.encoders.instrument.options import InstrumentOptions
from motes.encoders.instrument.strike_alignment import aligned, kept_strikes, moved_to_sample
from motes.encoders.progress import Progress
from motes.encoders.time_limit import TimeLimit, TimeUp, reason_of
from motes.events.instrument import Complexes, Reals
from motes.stop_reason import StopReason
from motes.units import NEPERS_60_DB

# Strikes at most, if no number is asked for: as fast as notes are played, and as many again for what is sustained.
STRIKES_PER_SECOND = 12
# Rounds of refitting once sites are chosen.
ROUNDS = 12
# How often modes are tuned and strikes then moved, and rounds of each tuning; more change little.
TUNINGS, ROUNDS_OF_TUNING = 2, 3
# Reasons to end with the best so far.
EARLY = (StopReason.CANCELLED, StopReason.TIME_LIMIT)
# Part of the numbers with which a first selection shows what each strike excites, to place it in time.
DRAFT = 0.3
# Modes of the first selection last longer: short ones would make up for strikes in the wrong place.
LASTING_T60_S = 0.125
# Part of the work that is done when the sites are drafted and when they are chosen for good. All chosen by hand.
DRAFTED, SELECTED = 0.15, 0.6


@dataclass(frozen=True, eq=False)
class InstrumentFit:
    """An instrument being fitted: modes struck at times, how much of each control a strike plays, `(n_strikes,
    n_controls)`, and what controls inject, `(n_controls, n_modes)`; the direct path, and what all this leaves.
    """

    sites: Sites
    gains: Reals
    weights: Complexes
    residual: Reals
    direct: Reals
    direct_gain: Reals
    stopped: str

    @property
    def is_early(self) -> bool:
        """Whether it ended before it was done."""
        return self.stopped in EARLY

    def direct_sound(self, n_samples: int) -> Reals:
        """The sound of the direct path alone."""
        return direct_sound(self.direct, self.sites.strike_samples, self.gains @ self.direct_gain, n_samples)


@dataclass
class Work:
    """Progress of a fit, and the time it may take."""

    options: InstrumentOptions
    progress: Callable[[Progress], None] | None
    limit: TimeLimit
    n_sites: int = field(default=0)

    def report(self, fraction: float, n_sites: int | None = None) -> str | None:
        """A reason to stop, if there is one; shows how far the fit has come."""
        self.n_sites = self.n_sites if n_sites is None else n_sites
        if self.progress is not None:
            self.progress(Progress(min(1.0, fraction), self.n_sites))
        return StopReason.TIME_LIMIT if self.limit.is_over else None

    def sweep(self, begin: float, end: float) -> Callable[[float, int], str | None]:
        """A report of a selection that takes this part of the work."""
        return lambda part, n_sites: self.report(begin + (end - begin) * part, n_sites)


def select(audio: Reals, sample_rate_hz: int, options: InstrumentOptions, work: Work) -> InstrumentFit:
    """Strikes, modes and weights by pursuit and least squares."""
    n_channels, n_samples = audio.shape
    poles, t60_s, strike_samples, strength = _candidates(audio, sample_rate_hz, options)
    taps = options.taps * n_channels + (len(strike_samples) if options.taps else 0)
    budget = int(options.numbers_percent / 100 * n_samples) - taps
    lasting = t60_s > LASTING_T60_S
    draft = np.ascontiguousarray(poles[:, lasting if lasting.any() else slice(None)])
    sites, stopped = choose_sites(
        audio, draft, strike_samples, int(DRAFT * budget), work.sweep(0.0, DRAFTED), options.modes
    )
    if stopped not in EARLY and sites.amplitudes.any():
        try:
            sites = sites.with_strikes(kept_strikes(sites, audio, sample_rate_hz, strength, options.controls))
            residual = audio - sites.render(n_samples)
            strike_samples = np.unique(moved_to_sample(sites, residual, sample_rate_hz))
        except KeyboardInterrupt as interrupt:
            return share_controls(audio, sites, options, reason_of(interrupt))
        sites, stopped = choose_sites(
            audio, poles, strike_samples, budget, work.sweep(DRAFTED, SELECTED), options.modes
        )
    if stopped not in EARLY:
        sites, early = tune(sites, audio, sample_rate_hz, work)
        stopped = early or stopped
    try:
        return share_controls(audio, sites, options, stopped)
    except TimeUp:
        return share_controls(audio, sites, options, StopReason.TIME_LIMIT)


def nothing_found(audio: Reals, options: InstrumentOptions) -> InstrumentFit:
    """The fit when the time was up before anything was found."""
    none = np.empty((2, 0)), np.ones((len(audio), 0), np.complex128), np.empty(0), np.empty((0, 0), np.complex128)
    return share_controls(audio, Sites(*none), options, StopReason.TIME_LIMIT)


def _candidates(audio: Reals, sample_rate_hz: int, options: InstrumentOptions) -> tuple[Reals, ...]:
    """Poles and 60 dB decay times of modes that may ring; times in samples at which energy may enter, and how abruptly
    it rises at each.
    """
    most = options.strikes or max(1, int(STRIKES_PER_SECOND * audio.shape[1] / sample_rate_hz))
    loudest = _loudest_mix(audio)
    at, strength = strike_times(loudest, sample_rate_hz, most)
    if not len(at):
        return np.empty((2, 0)), np.empty(0), at, strength
    frequency_hz, t60_s = candidate_modes(loudest, sample_rate_hz, at[strength > 0].astype(np.int64))
    poles = np.stack([-NEPERS_60_DB / (t60_s * sample_rate_hz), 2 * np.pi * frequency_hz / sample_rate_hz])
    return poles, t60_s, at, strength


def _loudest_mix(audio: Reals) -> Reals:
    """The channels' principal component: what strikes and modes are looked for in."""
    if len(audio) == 1:
        return audio[0]
    weights = np.linalg.eigh(audio @ audio.T)[1][:, -1]
    mix: Reals = weights @ audio
    return mix


def tune(sites: Sites, audio: Reals, sample_rate_hz: int, work: Work) -> tuple[Sites, str | None]:
    """Only the modes that are used, tuned, duplicates among them made one, and strikes moved to where they then fit
    best; and why it stopped early.
    """
    modes = sites.used_modes()
    if not len(modes):
        return sites, None
    sites = sites.with_modes(modes)
    try:
        for _ in range(TUNINGS):
            merged = merge_duplicates(sites, audio.shape[1])
            sites, residual, stopped = tune_modes(merged, audio, ROUNDS_OF_TUNING, lambda: work.report(SELECTED))
            stopped = stopped or work.report(SELECTED)
            if stopped:
                return sites, stopped
            at = moved_to_sample(sites, residual, sample_rate_hz)
            moved = replace(sites, strike_samples=at).with_strikes(np.argsort(at, kind="stable"))
            moved, left = refit_sites(moved, audio, ROUNDS)
            sites = moved if np.sum(left**2) < np.sum(residual**2) else sites
    except KeyboardInterrupt as interrupt:
        return sites, reason_of(interrupt)
    return sites, None


def share_controls(audio: Reals, sites: Sites, options: InstrumentOptions, stopped: str) -> InstrumentFit:
    """Only what is used; strikes that are alike share a control; all weights refitted, then the direct path."""
    strikes = np.flatnonzero(sites.amplitudes.any(axis=1))
    small = aligned(sites.with_modes(sites.used_modes()).with_strikes(strikes))
    gram = small.mode_gram()
    gains = control_gains(small.amplitudes, gram, options.controls or len(strikes))
    weights = control_weights(small.amplitudes, gains, gram)
    try:
        rounds = 0 if stopped in EARLY else ROUNDS
        weights, residual = refit_amplitudes(small, audio, gains, weights, weights != 0, rounds)
        small = replace(small, amplitudes=gains @ weights)
    except KeyboardInterrupt as interrupt:
        stopped, small = reason_of(interrupt), replace(small, amplitudes=gains @ weights)
        residual = audio - small.render(audio.shape[1])
    direct, direct_gain = direct_path(residual, small.strike_samples, gains, options.taps)
    fit = InstrumentFit(small, gains, weights, residual, direct, direct_gain, stopped)
    return replace(fit, residual=residual - fit.direct_sound(audio.shape[1]))


def refined(
    fit: InstrumentFit, audio: Reals, sample_rate_hz: int, options: InstrumentOptions, work: Work
) -> InstrumentFit:
    """The fit after gradient steps towards the loss, if that is lower than before them."""
    if not options.refine:
        return fit
    target = audio - fit.direct_sound(audio.shape[1])

    def on_step(step: int, _: float) -> str | None:
        return work.report(SELECTED + (1 - SELECTED) * step / options.refine)

    refinement = Refinement(options.loss or "stft", options.refine, options.l1)
    found = refine(fit.sites, fit.gains, fit.weights, target, sample_rate_hz, refinement, on_step)
    order = np.argsort(found.poles[1], kind="stable")
    weights = np.ascontiguousarray(found.weights[:, order])
    sites = Sites(
        np.ascontiguousarray(found.poles[:, order]),
        np.ascontiguousarray(found.mixing[:, order]),
        fit.sites.strike_samples,
        fit.gains @ weights,
    )
    stopped = found.stopped if found.stopped in EARLY else fit.stopped
    return replace(fit, sites=sites, weights=weights, residual=target - sites.render(audio.shape[1]), stopped=stopped)
