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
from motes.encoders.pursuit.residual_stream import Tape
from motes.encoders.pursuit.schedule import Swept, Workshop, stretches
from motes.encoders.pursuit.segment import Atoms, atom_parameters, subtract_atoms
from motes.kernels.windowed_sinusoids import add_gabor
from motes.kinds.gabor.kernel import project_on_gabor

TOLERANCE = 1e-3
MAX_ITERATIONS = 25


def refit(source: Source, workshop: Workshop, found: Swept) -> Swept:
    """`found` with refitted amplitudes and what they leave of the audio, never more than before."""
    dictionary, atoms = workshop.dictionary, found.atoms
    centre = atoms.centre_samples(dictionary)
    amplitude = atoms.amplitude.copy()
    tape = Tape(source, dictionary, atoms)
    for stretch in stretches(source.n_samples, dictionary):
        mine = np.flatnonzero((centre >= stretch.first) & (centre < stretch.end))
        first, last = max(0, stretch.first - workshop.margin), min(stretch.end + workshop.margin, source.n_samples)
        tape.reach(stretch.end + workshop.margin)
        residual = tape.samples(first, max(first, last))
        change = _best_change(residual, first, atoms.take(mine), workshop)
        amplitude[mine] += change.amplitude
        subtract_atoms(residual, first, change, dictionary)
        tape.put(residual, first)
        tape.forget(stretch.end - workshop.margin)
    tape.forget(tape.first + tape.audio.shape[1])
    return Swept(replace(atoms, amplitude=amplitude), found.energy, tape.residual_energy, found.stopped)


def _best_change(residual: NDArray[np.float32], first_sample: int, atoms: Atoms, workshop: Workshop) -> Atoms:
    """What to add to the amplitudes of `atoms` so that least is left of `residual`, `(n_channels, n)`."""
    from scipy.sparse.linalg import LinearOperator, lsmr

    n_channels, n_samples = residual.shape
    centre, window, frequency, _, _ = atom_parameters(atoms, workshop.dictionary)
    omega, scale = 2 * np.pi * frequency, 2 / np.sqrt(0.375 * window)
    n_atoms, stride = len(atoms), n_samples + 16
    change = np.zeros((n_atoms, n_channels), np.complex64)
    if n_atoms == 0 or n_samples == 0:
        return replace(atoms, amplitude=change)

    def render(x: NDArray[np.float64]) -> NDArray[np.float64]:
        unit = (x[:n_atoms] + 1j * x[n_atoms:]) * scale
        audio = np.zeros(stride)
        add_gabor(
            audio,
            stride,
            n_samples,
            first_sample,
            centre,
            window,
            omega,
            np.abs(unit)[:, None],
            np.angle(unit)[:, None],
            0,
            n_atoms,
        )
        return audio[:n_samples]

    def project(audio: NDArray[np.float64]) -> NDArray[np.float64]:
        re, im = np.empty((n_atoms, 1)), np.empty((n_atoms, 1))
        padded = np.concatenate([np.ascontiguousarray(audio, dtype=np.float64).reshape(-1), np.zeros(16)])
        project_on_gabor(padded, stride, n_samples, 1, first_sample, centre, window, omega, re, im)
        return np.concatenate([re[:, 0] * scale, im[:, 0] * scale])

    operator = LinearOperator((n_samples, 2 * n_atoms), matvec=render, rmatvec=project, dtype=np.float64)
    for channel in range(n_channels):
        x = lsmr(
            operator, residual[channel].astype(np.float64), atol=TOLERANCE, btol=TOLERANCE, maxiter=MAX_ITERATIONS
        )[0]
        change[:, channel] = x[:n_atoms] + 1j * x[n_atoms:]
    return replace(atoms, amplitude=change)
