"""Factorisation and inner products in plain NumPy, from their definitions: what `motes.kernels.explaining` is tested
against.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.floating]


def expected_parts_plain(
    spectrogram: Reals, templates: Reals, template_of: NDArray, activations: Reals
) -> tuple[Reals, Reals]:
    """Of each row its part of every frame, `(n_rows, n_frames)`, and of each template the spectrum it got; rows that
    are silent in a frame have an activation of 0 there, `(n_rows, n_frames)`.
    """
    models = activations[:, :, None] * templates[template_of][:, None]
    parts = models / (models.sum(axis=0) + 1e-12) * spectrogram
    spectra = np.zeros(templates.shape)
    np.add.at(spectra, template_of, parts.sum(axis=1))
    return parts.sum(axis=2), spectra


def atom_plain(
    centre: float, window: float, omega: float, n_samples: int, chirp: float = 0.0
) -> NDArray[np.complex128]:
    """½(1 + cos 2πu/window) · e^{i(ωu + chirp·u²/2)} with u = sample − centre, |u| < window/2."""
    u = np.arange(n_samples) - centre
    envelope = np.where(np.abs(u) < window / 2, 0.5 + 0.5 * np.cos(2 * np.pi * u / window), 0)
    return envelope * np.exp(1j * (omega * u + 0.5 * chirp * u * u))


def least_squares_plain(
    matrix: NDArray[np.complex128], right: NDArray[np.complex128], start: NDArray[np.complex128], damping: float
) -> NDArray[np.complex128]:
    """The x that minimises xᴴNx − 2·Re(xᴴ·right) + damping · Σ N_ii·|x_i − start_i|²."""
    diagonal = damping * np.diag(np.diag(matrix))
    return np.linalg.solve(matrix + diagonal, right + diagonal @ start)
