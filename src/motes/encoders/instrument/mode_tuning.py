"""Modes tuned to the recording, and twins among them made one.

Tuning is Gauss–Newton with variable projection (Golub & Pereyra 1973), mode by mode: the change of a mode's rate and of
all its amplitudes that together explain most of the residual. All inner products have closed forms; derivatives by the
rate are differences, exact to a thousandth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motes.encoders.instrument.amplitude_refit import polish
from motes.encoders.instrument.mode_responses import RIDGE, Sites, hear, overlaps
from motes.events.instrument import Complexes, Reals
from motes.stop_reason import StopReason

# Of a mode's decay: how far its rate is moved to see what that changes.
DIFFERENCE = 1e-3
# Of a mode's decay: how far its rate moves in one round.
FURTHEST = 0.5
ROUNDS = 4
# Modes whose rates differ by less than this part of their decays may be twins.
NEAR = 1.0
FASTEST, SLOWEST = 0.05, 2.5e-6


def tune(
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
    except KeyboardInterrupt:
        stopped = StopReason.CANCELLED
    order = np.argsort(sites.rate[1], kind="stable")
    return _at_modes(sites, order), residual, stopped


def _better(sites: Sites, residual: Reals, audio: Reals) -> tuple[Sites, Reals] | None:
    """The sites after a round, with the residual they leave; None where no step makes it quieter."""
    change = _changes(sites, residual)
    for part in (1.0, 0.4):
        moved = _moved(sites, part * change)
        moved.value, left = polish(moved, audio, np.eye(len(sites.at)), sites.value, sites.value != 0, ROUNDS)
        if np.sum(left**2) < np.sum(residual**2):
            return moved, left
    return None


def _moved(sites: Sites, change: Complexes) -> Sites:
    decay = np.clip(-sites.rate[0] - change.real, SLOWEST, FASTEST)
    return replace(sites, rate=np.stack([-decay, np.clip(sites.rate[1] + change.imag, 1e-4, np.pi - 1e-4)]))


def _at_modes(sites: Sites, index: NDArray[np.int64]) -> Sites:
    mixing, value = np.ascontiguousarray(sites.mixing[:, index]), np.ascontiguousarray(sites.value[:, index])
    return Sites(np.ascontiguousarray(sites.rate[:, index]), mixing, sites.at, value)


def _changes(sites: Sites, residual: Reals) -> Complexes:
    """How each mode's rate should change."""
    n_samples, n_modes = residual.shape[1], sites.rate.shape[1]
    step = DIFFERENCE * -sites.rate[0]
    both = Sites(
        np.ascontiguousarray(np.concatenate([sites.rate, sites.rate + np.stack([step, 0 * step])], axis=1)),
        np.tile(sites.mixing, (1, 2)),
        sites.at,
        np.tile(sites.value, (1, 2)),
    )
    heard = np.einsum("cm,cjm->jm", both.mixing.conj(), hear(residual, both.rate, both.at))
    change = np.zeros(n_modes, np.complex128)
    for m in range(n_modes):
        struck = np.flatnonzero(sites.value[:, m])
        value, moved = sites.value[struck, m], np.full(len(struck), m + n_modes)
        same = np.full(len(struck), m)

        def inner(a: NDArray[np.int64], b: NDArray[np.int64], struck: NDArray[np.int64] = struck) -> Complexes:
            return overlaps(both, n_samples, struck[:, None], a[:, None], struck[None], b[None])

        here, across, there = inner(same, same), inner(same, moved), inner(moved, moved)
        matrix = np.zeros((len(struck) + 1, len(struck) + 1), np.complex128)
        matrix[:-1, :-1] = here
        matrix[:-1, -1] = (across - here) @ value / step[m]
        matrix[-1, :-1] = matrix[:-1, -1].conj()
        matrix[-1, -1] = value.conj() @ (there - across - across.conj().T + here) @ value / step[m] ** 2
        matrix[np.diag_indices(len(matrix))] *= 1 + RIDGE
        slope = value.conj() @ (heard[struck, m + n_modes] - heard[struck, m]) / step[m]
        change[m] = np.linalg.solve(matrix, 2 * np.append(heard[struck, m], slope))[-1]
    size = np.abs(change) / (FURTHEST * -sites.rate[0])
    change[~np.isfinite(size)] = 0
    return change / np.maximum(1.0, np.where(np.isfinite(size), size, 1.0))


def without_twins(sites: Sites, n_samples: int) -> Sites:
    """Neighbouring modes made one where that saves numbers worth more than the energy it loses; amplitudes are to
    be refitted.
    """
    energy = np.abs(sites.value) ** 2 * -0.25 / sites.rate[0]
    worth = float(np.quantile(energy[energy > 0], 0.1)) / 2 if energy.any() else 0.0
    m = 0
    while m + 1 < sites.rate.shape[1]:
        pair = np.array([m, m + 1])
        sigma = sites.rate[0, pair] + 1j * sites.rate[1, pair]
        merged = None
        if abs(sigma[0] - sigma[1]) < NEAR * -sites.rate[0, pair].sum():
            merged = _merged(sites, pair, sigma, n_samples, worth)
        sites, m = (sites, m + 1) if merged is None else (merged, m)
    return sites


def _merged(sites: Sites, pair: NDArray[np.int64], sigma: Complexes, n_samples: int, worth: float) -> Sites | None:
    """The sites with a pair of modes as one, or None where that loses too much."""
    power = np.sum(np.abs(sites.value[:, pair]) ** 2, axis=0) / -sites.rate[0, pair]
    share = power / power.sum()
    middle = share @ sigma
    mixing = sites.mixing[:, pair[np.argmax(power)]]
    three = Sites(
        np.column_stack([sites.rate[:, pair], [middle.real, middle.imag]]),
        np.column_stack([sites.mixing[:, pair], mixing]),
        sites.at,
        sites.value,
    )
    strike, which = np.nonzero(sites.value[:, pair])
    value, struck = sites.value[strike, pair[which]], np.unique(strike)
    whole = (
        value.conj() @ overlaps(three, n_samples, strike[:, None], which[:, None], strike[None], which[None]) @ value
    )
    new = np.full(len(struck), 2)
    gram = overlaps(three, n_samples, struck[:, None], new[:, None], struck[None], new[None])
    gram[np.diag_indices(len(struck))] *= 1 + RIDGE
    heard = overlaps(three, n_samples, struck[:, None], new[:, None], strike[None], which[None]) @ value
    best = np.linalg.solve(gram, heard)
    lost = 0.5 * float((whole - heard.conj() @ best).real)
    if lost > worth * (sites.per_mode + 2 * (len(strike) - len(struck))):
        return None
    column = np.zeros(len(sites.at), np.complex128)
    column[struck] = best
    rate, old, value = sites.rate.copy(), sites.mixing.copy(), sites.value.copy()
    rate[:, pair[0]], old[:, pair[0]], value[:, pair[0]] = (middle.real, middle.imag), mixing, column
    return _at_modes(Sites(rate, old, sites.at, value), np.delete(np.arange(rate.shape[1]), pair[1]))
