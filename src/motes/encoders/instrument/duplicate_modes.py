"""Modes nearly alike made one, where that saves numbers worth more than the energy it loses."""

from __future__ import annotations

import numpy as np

from motes.encoders.instrument.mode_responses import Indices, Sites, gram_matrix, inner_products, with_ridge
from motes.events.instrument import Complexes

# Modes whose poles differ by less than this part of their decays may be duplicates; chosen by hand.
NEAR = 1.0
# Of the energies of all sites, the quantile that two numbers are worth: what the weakest sites bring.
WORTH_QUANTILE = 0.1


def merge_duplicates(sites: Sites, n_samples: int) -> Sites:
    """The sites with neighbouring modes made one where that pays; amplitudes are to be refitted."""
    energy = np.abs(sites.amplitudes) ** 2 * sites.unit_energy()
    worth = float(np.quantile(energy[energy > 0], WORTH_QUANTILE)) / 2 if energy.any() else 0.0
    m = 0
    while m + 1 < sites.n_modes:
        pair = np.array([m, m + 1])
        sigma = sites.sigma[pair]
        merged = None
        if abs(sigma[0] - sigma[1]) < NEAR * -sites.poles[0, pair].sum():
            merged = _merged(sites, pair, n_samples, worth)
        sites, m = (sites, m + 1) if merged is None else (merged, m)
    return sites


def _merged(sites: Sites, pair: Indices, n_samples: int, worth: float) -> Sites | None:
    """The sites with a pair of modes as one, or None where that loses too much."""
    power = np.sum(np.abs(sites.amplitudes[:, pair]) ** 2, axis=0) / -sites.poles[0, pair]
    middle = (power / power.sum()) @ sites.sigma[pair]
    pole, mixing = np.array([middle.real, middle.imag]), sites.mixing[:, pair[np.argmax(power)]]
    three = Sites(
        np.column_stack([sites.poles[:, pair], pole]),
        np.column_stack([sites.mixing[:, pair], mixing]),
        sites.strike_samples,
        sites.amplitudes,
    )
    struck, best, lost = _projected(three, sites.amplitudes[:, pair], n_samples)
    n_saved = sites.numbers_per_mode + 2 * (np.count_nonzero(sites.amplitudes[:, pair]) - len(struck))
    if lost > worth * n_saved:
        return None
    column = np.zeros(sites.n_strikes, np.complex128)
    column[struck] = best
    poles, mixings, amplitudes = sites.poles.copy(), sites.mixing.copy(), sites.amplitudes.copy()
    poles[:, pair[0]], mixings[:, pair[0]], amplitudes[:, pair[0]] = pole, mixing, column
    rest = np.delete(np.arange(sites.n_modes), pair[1])
    return Sites(poles, mixings, sites.strike_samples, amplitudes).with_modes(rest)


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
