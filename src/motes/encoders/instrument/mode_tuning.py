"""Modes tuned to the recording, and those nearly alike made one.

Tuning is Gauss–Newton with variable projection (Golub & Pereyra 1973), mode by mode: the change of a mode's pole and of
all its amplitudes that together explain most of the residual. All inner products have closed forms; derivatives by the
pole are differences, exact to a thousandth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from motes.encoders.instrument.amplitude_refit import refit_sites
from motes.encoders.instrument.mode_responses import (
    Indices,
    Sites,
    correlate_mixed,
    gram_matrix,
    inner_products,
    with_ridge,
)
from motes.encoders.time_limit import reason_of
from motes.events.instrument import Complexes, Reals

# Of a mode's decay: how far its pole is moved to see what that changes.
DIFFERENCE = 1e-3
# Of a mode's decay: how far its pole moves in one round; chosen by hand, the linearisation holds no further.
FURTHEST = 0.5
# Parts of a step that are tried until one lowers the residual.
STEPS = (1.0, 0.4)
# Rounds of refitting after each step.
ROUNDS = 4
# Nepers per sample between which decays stay: 60 dB within 140 samples, or within a minute at 44.1 kHz.
FASTEST, SLOWEST = 0.05, 2.5e-6
# How near an angular frequency comes to 0 and to π.
EDGE = 1e-4
# Modes whose poles differ by less than this part of their decays may be duplicates; chosen by hand.
NEAR = 1.0
# Of the energy of two modes, what may be lost where they are boldly made one; chosen by hand.
BOLD = 3e-3
# Neighbours of a mode with which it may be made one, and steps to the pole of that one.
NEIGHBOURS, ROUNDS_OF_MERGING = 4, 4
# Of the energies of all sites, the quantile that two numbers are worth: what the weakest sites bring.
WORTH_QUANTILE = 0.1


def tune_modes(
    sites: Sites, audio: Reals, n_rounds: int, over: Callable[[], str | None] = lambda: None
) -> tuple[Sites, Reals, str | None]:
    """The sites with their modes' frequencies and decays moved to where the residual is least, that residual, and why
    it stopped early, if it did.

    The residual never gets louder. `over` says between rounds whether there is a reason to stop; on Ctrl-C the rounds
    that were finished count.
    """
    residual, stopped = audio - sites.render(audio.shape[1]), None
    try:
        for _ in range(n_rounds):
            stopped = over()
            better = None if stopped else _better(sites, residual, audio)
            if better is None:
                break
            sites, residual = better
    except KeyboardInterrupt as interrupt:
        stopped = reason_of(interrupt)
    return sites.with_modes(np.argsort(sites.poles[1], kind="stable")), residual, stopped


def _better(sites: Sites, residual: Reals, audio: Reals) -> tuple[Sites, Reals] | None:
    """The sites after a round, with the residual they leave; None where no step makes it quieter."""
    change = _changes(sites, residual)
    for part in STEPS:
        moved, left = refit_sites(_moved(sites, part * change), audio, ROUNDS)
        if np.sum(left**2) < np.sum(residual**2):
            return moved, left
    return None


def _moved(sites: Sites, change: Complexes) -> Sites:
    decay = np.clip(-sites.poles[0] - change.real, SLOWEST, FASTEST)
    omega = np.clip(sites.poles[1] + change.imag, EDGE, np.pi - EDGE)
    return replace(sites, poles=np.stack([-decay, omega]))


def _changes(sites: Sites, residual: Reals) -> Complexes:
    """Change of each mode's pole in a round, `(n_modes,)`."""
    step = DIFFERENCE * -sites.poles[0]
    both = _with_moved_poles(sites, step)
    correlations = correlate_mixed(residual, both)
    change = np.zeros(sites.n_modes, np.complex128)
    for m in range(sites.n_modes):
        change[m] = _change(both, residual.shape[1], correlations, m, step[m])
    size = np.abs(change) / (FURTHEST * -sites.poles[0])
    change[~np.isfinite(size)] = 0
    return change / np.maximum(1.0, np.where(np.isfinite(size), size, 1.0))


def _with_moved_poles(sites: Sites, step: Reals) -> Sites:
    """The sites and, behind them, as many with decays that are less by `step`."""
    moved = sites.poles + np.stack([step, 0 * step])
    return Sites(
        np.ascontiguousarray(np.concatenate([sites.poles, moved], axis=1)),
        np.tile(sites.mixing, (1, 2)),
        sites.strike_samples,
        np.tile(sites.amplitudes, (1, 2)),
    )


def _change(both: Sites, n_samples: int, correlations: Complexes, mode: int, step: float) -> complex:
    """Change of a mode's pole, by least squares for it and for all amplitudes of the mode."""
    n_modes = both.n_modes // 2
    struck = np.flatnonzero(both.amplitudes[:, mode])
    amplitude = both.amplitudes[struck, mode]
    unmoved, moved = np.full(len(struck), mode), np.full(len(struck), mode + n_modes)

    def inner(a: np.ndarray, b: np.ndarray) -> Complexes:
        return inner_products(both, n_samples, struck[:, None], a[:, None], struck[None], b[None])

    here, across, there = inner(unmoved, unmoved), inner(unmoved, moved), inner(moved, moved)
    matrix = np.zeros((len(struck) + 1, len(struck) + 1), np.complex128)
    matrix[:-1, :-1] = here
    matrix[:-1, -1] = (across - here) @ amplitude / step
    matrix[-1, :-1] = matrix[:-1, -1].conj()
    matrix[-1, -1] = amplitude.conj() @ (there - across - across.conj().T + here) @ amplitude / step**2
    slope = amplitude.conj() @ (correlations[struck, mode + n_modes] - correlations[struck, mode]) / step
    target = 2 * np.append(correlations[struck, mode], slope)
    return complex(np.linalg.solve(with_ridge(matrix), target)[-1])


def merge_duplicates(sites: Sites, n_samples: int, boldly: bool = False) -> Sites:
    """The sites with modes near each other made one where that pays, or `boldly` wherever it loses little of the two;
    amplitudes are to be refitted.
    """
    energy = np.abs(sites.amplitudes) ** 2 * sites.unit_energy()
    worth = float(np.quantile(energy[energy > 0], WORTH_QUANTILE)) / 2 if energy.any() else 0.0
    m = 0
    while m + 1 < sites.n_modes:
        merged = None
        for k in range(m + 1, min(m + 1 + NEIGHBOURS, sites.n_modes)):
            pair = np.array([m, k])
            sigma = sites.sigma[pair]
            if abs(sigma[0] - sigma[1]) < NEAR * -sites.poles[0, pair].sum():
                merged = _merged(sites, pair, n_samples, worth, BOLD if boldly else 0.0)
            if merged is not None:
                break
        sites, m = (sites, m + 1) if merged is None else (merged, m)
    return sites.with_modes(np.argsort(sites.poles[1], kind="stable"))


def _merged(sites: Sites, pair: Indices, n_samples: int, worth: float, share: float) -> Sites | None:
    """The sites with a pair of modes as one, or None where that loses more than `worth` for each number saved, and than
    this share of the pair's energy.
    """
    both = sites.with_modes(pair)
    power = np.sum(np.abs(both.amplitudes) ** 2, axis=0) / -both.poles[0]
    middle = (power / power.sum()) @ both.sigma
    pole, mixing = np.array([middle.real, middle.imag]), both.mixing[:, np.argmax(power)]
    struck, best, lost = _projected(_beside(both, pole, mixing), both.amplitudes, n_samples)
    n_saved = sites.numbers_per_mode + 2 * (np.count_nonzero(both.amplitudes) - len(struck))
    most = max(worth * n_saved, share * float(np.sum(np.abs(both.amplitudes) ** 2 * both.unit_energy())))
    for _ in range(ROUNDS_OF_MERGING):
        moved = _nearer_pole(both, pole, mixing, (struck, best), n_samples)
        _, again, less = _projected(_beside(both, moved, mixing), both.amplitudes, n_samples)
        if not less < lost:
            break
        pole, best, lost = moved, again, less
    if lost > most:
        return None
    column = np.zeros(sites.n_strikes, np.complex128)
    column[struck] = best
    poles, mixings, amplitudes = sites.poles.copy(), sites.mixing.copy(), sites.amplitudes.copy()
    poles[:, pair[0]], mixings[:, pair[0]], amplitudes[:, pair[0]] = pole, mixing, column
    rest = np.delete(np.arange(sites.n_modes), pair[1])
    return Sites(poles, mixings, sites.strike_samples, amplitudes).with_modes(rest)


def _beside(both: Sites, pole: Reals, mixing: Complexes) -> Sites:
    """A pair of modes and, behind it, one more."""
    poles, mixings = np.column_stack([both.poles, pole]), np.column_stack([both.mixing, mixing])
    return Sites(poles, mixings, both.strike_samples, both.amplitudes)


def _nearer_pole(
    both: Sites, pole: Reals, mixing: Complexes, sounds: tuple[Indices, Complexes], n_samples: int
) -> Reals:
    """The pole after a step of Gauss–Newton from `pole`, struck as `sounds` says, towards the sound of two modes."""
    struck, best = sounds
    column = np.zeros((both.n_strikes, 1), np.complex128)
    column[struck, 0] = best
    one = _with_moved_poles(Sites(pole[:, None], mixing[:, None], both.strike_samples, column), DIFFERENCE * -pole[:1])
    four = Sites(
        np.concatenate([both.poles, one.poles], axis=1),
        np.concatenate([both.mixing, one.mixing], axis=1),
        both.strike_samples,
        np.concatenate([both.amplitudes, -column, 0 * column], axis=1),
    )
    strike, mode = np.nonzero(four.amplitudes)
    left = np.zeros((both.n_strikes, 2), np.complex128)
    for k in range(2):  # inner products of a real sound are half those of complex ones
        products = inner_products(four, n_samples, struck[:, None], np.array([[2 + k]]), strike[None], mode[None])
        left[struck, k] = 0.5 * products @ four.amplitudes[strike, mode]
    change = _change(one, n_samples, left, 0, DIFFERENCE * -float(pole[0]))
    if not np.isfinite(change):
        return pole
    change /= max(1.0, abs(change) / (FURTHEST * -float(pole[0])))
    moved = np.array([pole[0] + change.real, pole[1] + change.imag])
    return np.array([-np.clip(-moved[0], SLOWEST, FASTEST), np.clip(moved[1], EDGE, np.pi - EDGE)])


def _projected(three: Sites, amplitudes: Complexes, n_samples: int) -> tuple[Indices, Complexes, float]:
    """Strikes and amplitudes by which the last of three modes sounds most like the first two with `amplitudes`
    `(n_strikes, 2)`, and the energy that is lost.
    """
    strike, which = np.nonzero(amplitudes)
    value, struck = amplitudes[strike, which], np.unique(strike)
    whole = value.conj() @ gram_matrix(three, n_samples, strike, which) @ value
    new = np.full(len(struck), 2)
    gram = with_ridge(gram_matrix(three, n_samples, struck, new))
    target = inner_products(three, n_samples, struck[:, None], new[:, None], strike[None], which[None]) @ value
    best = np.linalg.solve(gram, target).astype(np.complex128, copy=False)
    return struck, best, 0.5 * float((whole - target.conj() @ best).real)
