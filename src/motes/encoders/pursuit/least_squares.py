"""Least-squares refit: the best amplitudes and phases for atoms already chosen (the projection of orthogonal matching
pursuit, Pati et al. 1993).

Atoms are refitted segment by segment, those of the neighbours held fixed, by LSMR (Fong & Saunders 2011) on atoms of
unit energy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motes.audio import Source
from motes.encoders.pursuit.atoms import Atoms, atom_parameters, chirps_per_sample, subtract_atoms
from motes.encoders.pursuit.residual_stream import ResidualStream
from motes.encoders.pursuit.schedule import PursuitContext, PursuitResult, segment_grid
from motes.kernels.dictionary import Dictionary
from motes.kernels.windowed_sinusoids import Signal, Sinusoids, add_gabor
from motes.kinds.gabor.kernel import project_on_chirped, project_on_gabor

TOLERANCE = 1e-3
MAX_ITERATIONS = 25


def refit(source: Source, context: PursuitContext, found: PursuitResult) -> PursuitResult:
    """`found` with refitted amplitudes and what they leave of the audio, never more than before."""
    dictionary, atoms, margin = context.dictionary, found.atoms, context.half_longest_window
    centre = atoms.centre_samples(dictionary)
    amplitude = atoms.amplitude.copy()
    stream = ResidualStream(source, dictionary, atoms)
    for bounds in segment_grid(source.n_samples, dictionary):
        mine = np.flatnonzero((centre >= bounds.first) & (centre < bounds.end))
        first, end = max(0, bounds.first - margin), min(bounds.end + margin, source.n_samples)
        stream.read_until(bounds.end + margin)
        residual = stream.samples(first, max(first, end))
        change = _best_change(residual, first, atoms.take(mine), dictionary)
        amplitude[mine] += change.amplitude
        subtract_atoms(residual, first, change, dictionary)
        stream.put(residual, first)
        stream.discard(bounds.end - margin)
    stream.discard()
    return PursuitResult(replace(atoms, amplitude=amplitude), found.energy, stream.residual_energy, found.stopped)


def _best_change(residual: NDArray[np.float32], first_sample: int, atoms: Atoms, dictionary: Dictionary) -> Atoms:
    """What to add to the amplitudes of `atoms` so that least is left of `residual`, `(n_channels, n)`."""
    from scipy.sparse.linalg import LinearOperator, lsmr

    n_channels, n_samples = residual.shape
    centre, window, frequency, _, _ = atom_parameters(atoms, dictionary)
    omega, scale = 2 * np.pi * frequency, 2 / np.sqrt(0.375 * window)
    chirp = chirps_per_sample(atoms, dictionary)
    n_atoms = len(atoms)
    change = np.zeros((n_atoms, n_channels), np.complex64)
    if n_atoms == 0 or n_samples == 0:
        return replace(atoms, amplitude=change)

    def render(x: NDArray[np.float64]) -> NDArray[np.float64]:
        unit = (x[:n_atoms] + 1j * x[n_atoms:]) * scale
        signal = Signal.zeros(1, n_samples, first_sample)
        amplitude, phase = np.abs(unit)[:, None], np.angle(unit)[:, None]
        add_gabor(signal, Sinusoids(centre, window, omega, amplitude, phase, chirp), 0, n_atoms)
        return signal.channels()[0]

    def project(audio: NDArray[np.float64]) -> NDArray[np.float64]:
        re, im = np.empty((n_atoms, 1)), np.empty((n_atoms, 1))
        signal = Signal.of(np.asarray(audio, np.float64).reshape(1, -1), first_sample)
        project_on_gabor(signal, centre, window, omega, re, im)
        project_on_chirped(signal, centre, window, omega, chirp, re, im)
        return np.concatenate([re[:, 0] * scale, im[:, 0] * scale])

    operator = LinearOperator((n_samples, 2 * n_atoms), matvec=render, rmatvec=project, dtype=np.float64)
    limits = {"atol": TOLERANCE, "btol": TOLERANCE, "maxiter": MAX_ITERATIONS}
    for channel in range(n_channels):
        x = lsmr(operator, residual[channel].astype(np.float64), **limits)[0]
        change[:, channel] = x[:n_atoms] + 1j * x[n_atoms:]
    return replace(atoms, amplitude=change)
