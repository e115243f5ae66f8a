"""The stages of fitting an instrument: sites are chosen, modes tuned, controls shared, and all of it refined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import cast

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
from motes.encoders.time_limit import TimeLimit, reason_of
from motes.encoders.workload import Workload
from motes.events.instrument import Complexes, Reals
from motes.stop_reason import StopReason
from motes.units import NEPERS_60_DB

# Strikes at most, if no number is asked for: as fast as notes are played, and as many again for what is sustained.
STRIKES_PER_SECOND = 12
# Rounds of refitting once sites are chosen.
ROUNDS = 12
# How often modes are tuned and strikes then moved, and rounds of each tuning; more change little.
TUNINGS, ROUNDS_OF_TUNING = 2, 3
# Steps after which all that gradients take is loaded.
FIRST_STEPS = 1
# Reasons to end with the best so far.
EARLY = (StopReason.CANCELLED, StopReason.TIME_LIMIT)
# Part of the numbers with which a first selection shows what each strike excites, to place it in time.
DRAFT = 0.3
# Modes of the first selection last longer: short ones would make up for strikes in the wrong place.
LASTING_T60_S = 0.125
# Sweeps take longer the more sites there are: by this power of the budget spent, chosen by hand.
PART_POWER = 0.5


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
    load: Workload
    limit: TimeLimit
    n_sites: int = field(default=0)

    def report(self, part: float, n_sites: int | None = None) -> str | None:
        """A reason to stop, if there is one; shows how far the stage that has begun has come."""
        self.n_sites = self.n_sites if n_sites is None else n_sites
        self.load.report(part, self.n_sites)
        return StopReason.TIME_LIMIT if self.limit.is_over else None

    def expect_by_draft(self, n_modes: int, n_samples: int) -> None:
        """What comes after the draft takes longer the more modes that has found: as measured on four recordings."""
        millions = n_samples / 1e6
        of_modes = n_modes * millions
        self.load.expect(
            {
                "placing": 0.055 * of_modes,
                "sites": 3.0 * millions + 0.06 * of_modes,
                "tuning": 0.16 * of_modes,
                "sharing": 0.018 * of_modes,
            }
        )

    def expect_by_sites(self, n_modes: int, n_samples: int) -> None:
        """What comes after all sites are chosen, by how many modes these have."""
        millions = n_samples / 1e6
        self.load.expect(
            {
                "tuning": 0.3 + 0.08 * n_modes * millions,
                "sharing": 0.009 * n_modes * millions,
                "refinement": self.options.refine * (0.17 + 0.0003 * n_modes) * millions,
            }
        )

    def sweep(self, part: float, n_sites: int) -> str | None:
        """A report of a selection that has spent this part of its budget."""
        return self.report(max(0.0, part) ** PART_POWER, n_sites)


def select(audio: Reals, sample_rate_hz: int, options: InstrumentOptions, work: Work) -> InstrumentFit:
    """Strikes, modes and weights by pursuit and least squares; on Ctrl-C the best so far, once there is any."""
    best: Sites | None = None
    stopped = ""
    try:
        for best, stopped in _selections(audio, sample_rate_hz, options, work):  # noqa: B007 (the last is used)
            if stopped in EARLY:
                break
    except KeyboardInterrupt as interrupt:
        if best is None:
            raise
        stopped = reason_of(interrupt)
    sites = cast(Sites, best)
    work.load.begin("sharing", reports=False)
    try:
        return share_controls(audio, sites, options, stopped)
    except KeyboardInterrupt as interrupt:
        return share_controls(audio, sites, options, reason_of(interrupt))


def _selections(
    audio: Reals, sample_rate_hz: int, options: InstrumentOptions, work: Work
) -> Iterator[tuple[Sites, str]]:
    """Sites, each better than those before, and why the search for them stopped: a draft, its strikes placed and its
    modes tuned, all that the numbers allow, and that tuned.
    """
    n_channels, n_samples = audio.shape
    work.load.begin("candidates")
    poles, t60_s, at, strength = _candidates(audio, sample_rate_hz, options)
    taps = options.taps * n_channels + (len(at) if options.taps else 0)
    budget = int(options.numbers_percent / 100 * n_samples) - taps
    lasting = t60_s > LASTING_T60_S
    lasting_poles = np.ascontiguousarray(poles[:, lasting if lasting.any() else slice(None)])
    work.load.begin("draft", reports=False)
    draft, stopped = choose_sites(audio, lasting_poles, at, int(DRAFT * budget), work.sweep, options.modes)
    yield draft, stopped
    sites = draft
    if draft.amplitudes.any():
        sites = _placed(draft, audio, sample_rate_hz, strength, options)
        work.expect_by_draft(len(sites.used_modes()), audio.size)
        work.load.begin("placing", reports=False)
        sites, early = tune(sites, audio, sample_rate_hz, work)
        yield _better(sites, draft, audio) if early else sites, early or stopped
        poles = np.concatenate([sites.poles, poles], axis=1)
        poles = np.ascontiguousarray(poles[:, np.argsort(poles[1], kind="stable")])
        at = np.unique(sites.strike_samples)
        work.load.begin("sites", reports=False)
        chosen, stopped = choose_sites(audio, poles, at, budget, work.sweep, options.modes)
        sites = _better(chosen, sites, audio) if stopped in EARLY else chosen
        yield sites, stopped
    work.expect_by_sites(len(sites.used_modes()), audio.size)
    work.load.begin("tuning", reports=False)
    sites, early = tune(sites, audio, sample_rate_hz, work)
    yield sites, early or stopped


def _placed(draft: Sites, audio: Reals, sample_rate_hz: int, strength: Reals, options: InstrumentOptions) -> Sites:
    """Only the strikes that are worth it, moved to where they fit best, no two at one time."""
    sites = draft.with_strikes(kept_strikes(draft, audio, sample_rate_hz, strength, options.controls))
    at = moved_to_sample(sites, audio - sites.render(audio.shape[1]), sample_rate_hz)
    return replace(sites, strike_samples=at).with_strikes(np.unique(at, return_index=True)[1])


def _better(sites: Sites, others: Sites, audio: Reals) -> Sites:
    """Those that leave less of the recording."""
    left = [float(np.sum((audio - each.render(audio.shape[1])) ** 2)) for each in (sites, others)]
    return sites if left[0] <= left[1] else others


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
    sites, stopped, energy = sites.with_modes(modes), None, np.inf
    steps, n_steps = count(), (TUNINGS + 1) * (ROUNDS_OF_TUNING + 1)

    def over() -> str | None:
        return work.report(next(steps) / n_steps)

    try:
        for number in range(TUNINGS + 1):
            boldly = number == TUNINGS
            merged = merge_duplicates(sites, audio.shape[1], boldly)
            if boldly and merged.n_modes == sites.n_modes:
                break
            moved, left, stopped = _tuned(merged, audio, sample_rate_hz, over)
            if not boldly or left < energy:
                sites, energy = moved, left
            if stopped:
                break
    except KeyboardInterrupt as interrupt:
        stopped = reason_of(interrupt)
    return sites, stopped


def _tuned(
    sites: Sites, audio: Reals, sample_rate_hz: int, over: Callable[[], str | None]
) -> tuple[Sites, float, str | None]:
    """The sites with their modes tuned and then their strikes moved, if that is better; the energy that they leave, and
    why it stopped early.
    """
    sites, residual, stopped = tune_modes(sites, audio, ROUNDS_OF_TUNING, over)
    stopped = stopped or over()
    energy = float(np.sum(residual**2))
    if stopped:
        return sites, energy, stopped
    try:
        at = moved_to_sample(sites, residual, sample_rate_hz)
        moved = replace(sites, strike_samples=at).with_strikes(np.argsort(at, kind="stable"))
        moved, left = refit_sites(moved, audio, ROUNDS)
    except KeyboardInterrupt as interrupt:
        return sites, energy, reason_of(interrupt)
    return (moved, float(np.sum(left**2)), None) if np.sum(left**2) < energy else (sites, energy, None)


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

    work.load.begin("gradients", reports=False)

    def on_step(step: int, _: float) -> str | None:
        if step == FIRST_STEPS:
            work.load.begin("refinement", reports=False)
        return work.report(0.0 if step < FIRST_STEPS else step / options.refine)

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
