"""Strike times to the sample, and within it: a resonance begins with a step, so being late or early by little
already costs energy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motes.encoders.instrument.mode_responses import RIDGE, Sites, hear, overlaps
from motes.events.instrument import Complexes, Reals

# How far a strike may move.
REACH_S = 0.006
# Places within a sample that are tried to make strikes alike.
FRACTIONS = 16


def retimed(sites: Sites, residual: Reals, sample_rate_hz: int) -> Reals:
    """The times of strikes, in samples, each moved by at most 6 ms to where its modes explain most of the residual
    and of its own sound.
    """
    at = sites.at.copy()
    reach = round(REACH_S * sample_rate_hz)
    for j in np.flatnonzero(sites.value.any(axis=1)):
        used = np.flatnonzero(sites.value[j])
        alone = Sites(
            np.ascontiguousarray(sites.rate[:, used]),
            np.ascontiguousarray(sites.mixing[:, used]),
            at[j : j + 1],
            sites.value[j : j + 1, used],
        )
        first, last = max(0, int(at[j]) - reach), min(residual.shape[1] - 1, int(at[j]) + reach)
        sound = residual[:, first:] + alone.render(residual.shape[1])[:, first:]
        gain = _gains(alone, sound, last - first + 1)
        at[j] = first + int(np.argmax(gain))
    return at


def _gains(alone: Sites, sound: Reals, n_places: int) -> Reals:
    """Energy that the modes of one strike explain of `sound` if struck at its first, second … `n_places`th sample."""
    n_samples, n_modes = sound.shape[1], alone.rate.shape[1]
    none = np.zeros(n_modes, np.int64)
    gram = overlaps(
        replace(alone, at=np.zeros(1)),
        n_samples,
        none[:, None],
        np.arange(n_modes)[:, None],
        none[None],
        np.arange(n_modes)[None],
    )
    gram[np.diag_indices(n_modes)] *= 1 + RIDGE
    inverse = np.linalg.inv(gram)
    pole = np.exp(alone.rate[0] - 1j * alone.rate[1])
    held = np.einsum("cm,cm->m", alone.mixing.conj(), hear(sound, alone.rate, np.array([float(n_places)]))[:, 0])
    gain = np.empty(n_places)
    for n in range(n_places - 1, -1, -1):
        held = alone.mixing.conj().T @ sound[:, n] + pole * held
        gain[n] = float((held.conj() @ inverse @ held).real)
    return gain


def aligned(sites: Sites) -> Sites:
    """The same sound with times between samples, chosen so that strikes of one kind have patterns as alike as can be.

    A strike at a time t within (n − 1, n] sounds from sample n on just like one at n whose modes are turned on by n −
    t. Of all strikes the strongest that none has followed yet leads, and the others turn towards it where that makes
    them alike.
    """
    energy = np.sqrt(-0.25 / sites.rate[0])
    sigma = sites.rate[0] + 1j * sites.rate[1]
    delays = (np.arange(FRACTIONS) + 0.5) / FRACTIONS
    turned = np.stack([sites.value * np.exp(-sigma * delay) for delay in delays])
    patterns: Complexes = turned * energy
    size = np.maximum(np.sqrt(np.sum(np.abs(patterns[0]) ** 2, axis=1)), 1e-300)
    best, free = np.full(len(sites.at), FRACTIONS // 2), np.ones(len(sites.at), np.bool_)
    for leader in np.argsort(-size, kind="stable"):
        if not free[leader]:
            continue
        free[leader] = False
        likeness = (patterns @ patterns[best[leader], leader].conj()).real / (size * size[leader])
        follows = free & (likeness.max(axis=0) > 0.8)
        best[follows] = np.argmax(likeness, axis=0)[follows]
        free[follows] = False
    rows = np.arange(len(sites.at))
    return replace(sites, at=sites.at - delays[best], value=np.ascontiguousarray(turned[best, rows]))
