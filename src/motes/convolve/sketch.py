"""Sounds as shorter random vectors, whose inner products estimate those of the sounds, and whose binding is
convolution.

Two random maps that keep inner products on average:

- *Count-sketch* (Charikar, Chen and Farach-Colton, Finding frequent items in data streams, 2002): every sample is given
  a random sign and added into one of m places. Here each place gets equally many samples, g = n/m (n filled up with
  zeros to a multiple of m), so two samples meet with probability p = (g − 1)/(n − 1), and

      E⟨Sx, Sy⟩ = ⟨x, y⟩,    Var⟨Sx, Sy⟩ = p·(‖x‖²‖y‖² + ⟨x, y⟩² − 2Σx²y²) ≤ 2p·‖x‖²‖y‖².

- *Phasor fold*: a polynomial modulo X^m − e^{iθ} with a random angle θ. This map keeps products, so that binding,
  convolution that wraps after m samples and turns by θ as it wraps, of two folded sounds is their folded convolution
  (the circular convolution of Plate, Holographic reduced representations, 1995; Pham and Pagh, Fast and scalable
  polynomial kernels via explicit feature maps, 2013). Read at sample l it is Σ_k e^{iθk} y[l + km]: y[l] on average,
  off by Σ_{k≠0} y[l + km]², by half of that in its real part.

Both errors are a part of the *energies*, not of the result: a sketch finds what correlates strongly among thousands,
and is no way to hear a convolution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.convolve.arrays import Samples, as_samples
from motes.errors import ParameterError


def _check_count(name: str, value: int, least: int, most: int | None = None) -> int:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | np.integer)
        or value < least
        or (most is not None and value > most)
    ):
        raise ParameterError(
            f"{name} must be an integer from {least}{'' if most is None else f' to {most}'}, not {value!r}"
        )
    return int(value)


class CountSketch:
    """A random linear map of `n_samples` to `n_dimensions` numbers that keeps inner products on average."""

    def __init__(self, n_samples: int, n_dimensions: int, seed: int = 0) -> None:
        self.n_samples = _check_count("n_samples", n_samples, 1)
        self.n_dimensions = _check_count("n_dimensions", n_dimensions, 1)
        rng = np.random.default_rng(seed)
        self.group = -(-n_samples // n_dimensions)
        padded = self.group * n_dimensions
        # Probability that two samples meet in one place.
        self.meeting = (self.group - 1) / max(padded - 1, 1)
        self._order = rng.permutation(padded)
        self._signs: Samples = rng.choice(np.array([-1, 1], np.float32), padded)

    def __call__(self, x: ArrayLike) -> Samples:
        """`(…, n_samples)` to `(…, n_dimensions)`."""
        x = as_samples(x, "x", (1, 2))
        if x.shape[-1] != self.n_samples:
            raise ParameterError(
                f"x, of shape {x.shape}, must end in the {self.n_samples} samples that this sketch is of"
            )
        padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, len(self._order) - self.n_samples)])
        taken = padded[..., self._order] * self._signs
        total: Samples = taken.reshape(*x.shape[:-1], self.group, self.n_dimensions).sum(-2)
        return total


class Ranking:
    """A ranking of `atoms` `(n_atoms, n_samples)` by their correlation with a sound: estimated from sketches for all,
    computed for the best of those.

    `n_dimensions` numbers are kept per atom beside the atoms themselves.
    """

    def __init__(self, atoms: ArrayLike, n_dimensions: int = 2048, seed: int = 0) -> None:
        self.atoms = as_samples(atoms, "atoms", (2,))
        self.sketch = CountSketch(self.atoms.shape[1], n_dimensions, seed)
        self.sketches: Samples = np.concatenate(
            [self.sketch(self.atoms[i : i + 256]) for i in range(0, len(self.atoms), 256)]
        )
        self._energy = np.einsum("kn,kn->k", self.atoms, self.atoms)

    def estimate(self, x: ArrayLike) -> Samples:
        """`(n_samples,)` to `(n_atoms,)`: inner products with all atoms, right on average; see `deviation`."""
        found: Samples = self.sketches @ self.sketch(as_samples(x, "x", (1,)))
        return found

    def deviation(self, x: ArrayLike) -> NDArray[np.float64]:
        """`(n_atoms,)`: the most that the standard deviation of `estimate` over seeds can be, √(2p)·‖x‖·‖atom‖."""
        energy = float(np.sum(np.square(as_samples(x, "x", (1,)), dtype=np.float64)))
        return np.sqrt(2 * self.sketch.meeting * energy * self._energy)

    def rank(self, x: ArrayLike, top: int = 16, n_rescored: int = 128) -> tuple[NDArray[np.intp], Samples]:
        """The `top` atoms of largest |inner product| with `x` `(n_samples,)`, best first, and those inner products,
        exact for what is listed.

        Of all atoms, the `n_rescored` of the largest estimates are computed exactly. An atom is missed if so many
        others look better than it in the sketch.
        """
        _check_count("n_rescored", n_rescored, 1)
        n_rescored = min(n_rescored, len(self.atoms))
        _check_count("top", top, 1, n_rescored)
        x = as_samples(x, "x", (1,))
        estimate = np.abs(self.estimate(x))
        likely = np.argpartition(estimate, len(estimate) - n_rescored)[len(estimate) - n_rescored :]
        exact = np.array([self.atoms[k] @ x for k in likely], np.float32)
        best = np.argsort(-np.abs(exact), kind="stable")[:top]
        return likely[best], exact[best]


class Fold:
    """Sounds folded into `n_dimensions` complex numbers, in which convolution and correlation are products of
    spectra.
    """

    def __init__(self, n_dimensions: int, seed: int = 0) -> None:
        self.n_dimensions = _check_count("n_dimensions", n_dimensions, 1)
        self.angle = float(np.random.default_rng(seed).uniform(0, 2 * np.pi))
        self._turn = np.exp(-1j * self.angle / n_dimensions * np.arange(n_dimensions)).astype(np.complex64)

    def spectrum(self, x: ArrayLike) -> NDArray[np.complex64]:
        """`(…, n)` to `(…, n_dimensions)`: products of these are spectra of convolutions, with a conjugate of
        correlations.
        """
        from scipy.fft import fft

        x = as_samples(x, "x", (1, 2))
        m = self.n_dimensions
        rows = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, -x.shape[-1] % m)]).reshape(*x.shape[:-1], -1, m)
        phasors = np.exp(1j * self.angle * np.arange(rows.shape[-2])).astype(np.complex64)
        # e^{iθ} per wrap, and e^{iθn/m} along the way taken out again, make what wraps the usual circular
        # convolution's.
        folded: NDArray[np.complex64] = fft(np.einsum("...km,k->...m", rows, phasors) * self._turn.conj(), axis=-1)
        return folded

    def samples(self, spectrum: NDArray[np.complex64]) -> NDArray[np.complex64]:
        """`(…, n_dimensions)` complex: the folded sound whose spectrum it is, sample l of it the sum of samples l,
        l + m, … turned by their wraps.
        """
        from scipy.fft import ifft

        found: NDArray[np.complex64] = ifft(spectrum, axis=-1) * self._turn
        return found


class ShiftedRanking:
    """A ranking of `atoms` `(n_atoms, n_taps)` by their correlation with a sound at any shift: from folded
    correlations for all, exact for the best.
    """

    def __init__(self, atoms: ArrayLike, n_dimensions: int = 2048, seed: int = 0) -> None:
        self.atoms = as_samples(atoms, "atoms", (2,))
        self.fold = Fold(n_dimensions, seed)
        self.spectra = np.concatenate(
            [self.fold.spectrum(self.atoms[i : i + 256]).conj() for i in range(0, len(self.atoms), 256)]
        )

    def estimate(self, x: ArrayLike) -> Samples:
        """`(n,)` to `(n_atoms,)`: the largest magnitude of the folded correlation; the true largest, plus what
        folds onto it.
        """
        spectrum = self.fold.spectrum(as_samples(x, "x", (1,)))
        groups = [self.fold.samples(self.spectra[i : i + 64] * spectrum) for i in range(0, len(self.atoms), 64)]
        return np.concatenate([np.abs(group).max(-1) for group in groups])

    def rank(self, x: ArrayLike, top: int = 16, n_rescored: int = 64) -> tuple[NDArray[np.intp], Samples]:
        """The `top` atoms of largest |correlation| with `x` `(n,)` over all shifts, best first, and those correlations.

        Of all atoms, the `n_rescored` of the largest estimates are computed exactly.
        """
        from motes.convolve.exact import Exact

        n_rescored = min(_check_count("n_rescored", n_rescored, 1), len(self.atoms))
        _check_count("top", top, 1, n_rescored)
        x = as_samples(x, "x", (1,))
        estimate = self.estimate(x)
        likely = np.argpartition(estimate, len(estimate) - n_rescored)[len(estimate) - n_rescored :]
        exact = np.abs(np.atleast_2d(Exact(self.atoms[likely][:, ::-1], uses_once=True)(x))).max(-1)
        best = np.argsort(-exact, kind="stable")[:top]
        return likely[best], exact[best]


def estimate_convolution(x: ArrayLike, kernel: ArrayLike, fold: int, n_draws: int = 1, seed: int = 0) -> Samples:
    """An unbiased estimate of x ∗ kernel, `(n + n_taps − 1,)`, from `n_draws` bindings in a `fold`-th of its length.

    Its expected error is √((fold − 1)/(2·n_draws)) of the result, 0 for fold 1. Convolving exactly takes less time than
    any useful number of draws.
    """
    x, kernel = as_samples(x, "x", (1,)), as_samples(kernel, "kernel", (1,))
    n_out = len(x) + len(kernel) - 1
    size = -(-n_out // _check_count("fold", fold, 1))
    total = np.zeros(n_out)
    for draw in range(_check_count("n_draws", n_draws, 1)):
        folded = Fold(size, seed + draw)
        bound = folded.samples(folded.spectrum(x) * folded.spectrum(kernel))
        wraps = np.exp(-1j * folded.angle * np.arange(-(-n_out // size)))
        total += np.outer(wraps, bound).ravel()[:n_out].real
    return (total / n_draws).astype(np.float32)
