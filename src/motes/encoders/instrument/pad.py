"""A square pad to play an instrument on: controls that excite the same modes lie near each other.

Non-negative matrix factorisation (Lee & Seung 2001) of the energies that controls give to modes tells how much of three
patterns is in each control; these shares are its place in a triangle, which the pad holds.
"""

from __future__ import annotations

import numpy as np

from motes.events.instrument import Complexes, Reals

# Patterns are as many as a triangle has corners; rounds are enough for factors to settle to two digits.
N_PATTERNS, N_ROUNDS = 3, 200
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]])
# Controls are pushed at least so far apart as long as the pad allows, by a part of what is missing in each round;
# chosen by hand.
APART, PUSH, MOST_PUSHES = 0.03, 0.3, 50
# How far places are shaken so that none coincide.
SHAKEN = 1e-4


def pad_places(weights: Complexes, energy: Reals, seed: int = 0) -> Reals:
    """Places of the controls on the pad, `(n_controls, 2)`, 0 … 1."""
    power = np.abs(weights) ** 2 * energy
    rows = np.sqrt(power / np.maximum(power.sum(axis=1, keepdims=True), 1e-300))
    if len(rows) < 2 or rows.shape[1] == 0:
        return np.full((len(rows), 2), 0.5)
    shares = factorise(rows, min(N_PATTERNS, len(rows)), seed)[0]
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
    places = shares @ CORNERS[: shares.shape[1]]
    span = np.ptp(places, axis=0)
    places = (places - places.min(axis=0)) / np.where(span > 0, span, 1.0)
    return _spread(places, seed)


def factorise(matrix: Reals, n_patterns: int, seed: int = 0) -> tuple[Reals, Reals]:
    """Non-negative factors of a non-negative matrix `(n, m)`: shares `(n, n_patterns)` and patterns `(n_patterns,
    m)`, by multiplicative updates.
    """
    random = np.random.default_rng(seed)
    mean = np.sqrt(matrix.mean() / n_patterns) + 1e-12
    shares, patterns = (
        mean * (0.5 + random.random(shape)) for shape in ((len(matrix), n_patterns), (n_patterns, matrix.shape[1]))
    )
    for _ in range(N_ROUNDS):
        patterns *= (shares.T @ matrix) / (shares.T @ shares @ patterns + 1e-12)
        shares *= (matrix @ patterns.T) / (shares @ (patterns @ patterns.T) + 1e-12)
    size = patterns.sum(axis=1)
    return shares * size, patterns / np.maximum(size, 1e-300)[:, None]


def _spread(places: Reals, seed: int) -> Reals:
    """Places pushed apart where they coincide; still on the pad."""
    random = np.random.default_rng(seed)
    places = np.clip(places + SHAKEN * random.standard_normal(places.shape), 0, 1)
    for _ in range(MOST_PUSHES):
        away = places[:, None] - places[None]
        distance = np.sqrt(np.sum(away**2, axis=-1)) + np.eye(len(places))
        distance, away = np.maximum(distance, 1e-6), away + 1e-6 * random.standard_normal(away.shape)
        push = np.maximum(APART - distance, 0) * (1 - np.eye(len(places)))
        if not push.any():
            break
        places = np.clip(places + np.sum(away / distance[..., None] * push[..., None], axis=1) * PUSH, 0, 1)
    return places
