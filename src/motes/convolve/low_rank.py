"""Kernels of low rank: many that resemble each other as mixtures of few, and one long kernel as few short ones that
repeat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.convolve.arrays import SINGLE_DB, Samples, as_samples, relative_db
from motes.convolve.blocks import Blocks, best_blocks, transform, transform_ns
from motes.convolve.exact import Exact, filter_blocks
from motes.errors import ParameterError
from motes.units import require_finite

CHUNK = 8192
# Nanoseconds per multiplication and addition of a product of matrices.
NS_PER_PRODUCT = 0.025
# No nearer than this: kernels come in single precision.
NEAR_DB = -90.0


def _spectra(kernels: Samples, size: int) -> Samples:
    """`(n, n_channels, n_taps)` to `(n, n_channels, 2, size)`."""
    return np.stack([np.stack([transform(size).kernel(kernel) for kernel in row]) for row in kernels])


def _gram(rows: Samples) -> NDArray[np.float64]:
    gram = np.zeros((len(rows), len(rows)))
    for begin in range(0, rows.shape[1], CHUNK):
        part = rows[:, begin : begin + CHUNK].astype(np.float64)
        gram += part @ part.T
    return gram


def _wanted_rank(errors: NDArray[np.float64], error_db: float) -> int:
    """The first rank (the index of `errors`, relative) that is good enough."""
    good = np.flatnonzero(errors <= 10 ** (error_db / 20))
    return int(good[0]) if len(good) else len(errors) - 1


class Bank:
    """Kernels `(n_kernels, n_taps)` or `(n_kernels, n_channels, n_taps)` as `rank` shared ones and the weights that mix
    them.

    With `error_db` the rank is the smallest at which every kernel is within that error, ‖approximate − kernel‖ /
    ‖kernel‖; without it, or where none is saved, the bank is exact and `rank` is the number of kernels. `error_db` then
    is the error of the worst kernel, as measured, and `rank_errors_db[r]` what it is at rank r. A mixture Σ w·h is
    off by at most Σ |w|·‖h‖ times that. `n_samples` is about how long the signals are.

    A Karhunen–Loève basis of the kernels scaled to unit energy, from the eigenvectors of their Gram matrix.
    """

    def __init__(
        self, kernels: ArrayLike, error_db: float | None = None, n_samples: int | None = None, rank: int | None = None
    ) -> None:
        kernels = as_samples(kernels, "kernels", (2, 3))
        self.is_flat, self.is_exact = kernels.ndim == 2, error_db is None and rank is None
        self.n_kernels, self.n_taps, self.n_samples = len(kernels), kernels.shape[-1], n_samples
        rows = kernels.reshape(self.n_kernels, -1)
        self.error_db, self.rank_errors_db = SINGLE_DB, np.zeros(0)
        self.weights: Samples = np.eye(self.n_kernels, dtype=np.float32)
        basis = rows
        if not self.is_exact:
            basis = self._reduce(rows, error_db, rank)
        # `(rank, n_channels, n_taps)`
        self.basis: Samples = np.ascontiguousarray(basis.reshape(len(basis), -1, self.n_taps))
        self._spectra: dict[int, Samples] = {}

    def _reduce(self, rows: Samples, error_db: float | None, rank: int | None) -> Samples:
        if error_db is not None and not NEAR_DB <= require_finite("error_db", error_db) <= 0:
            raise ParameterError(
                f"error_db must be from {NEAR_DB:g} to 0, not {error_db:g}; without it the bank is exact"
            )
        if rank is not None and not 1 <= rank <= self.n_kernels:
            raise ParameterError(f"rank must be from 1 to the number of kernels, {self.n_kernels}, not {rank}")
        gram = _gram(rows)
        size = np.sqrt(np.maximum(np.diag(gram), 1e-30))
        values, vectors = np.linalg.eigh(gram / np.outer(size, size))
        values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
        left = np.maximum(1 - np.cumsum(vectors**2 * values, axis=1), 1e-18).max(axis=0)
        errors = np.sqrt(np.concatenate([[1.0], left]))
        self.rank_errors_db = 20 * np.log10(errors)
        chosen = rank if rank is not None else max(_wanted_rank(errors, error_db if error_db is not None else 0.0), 1)
        for kept in range(chosen, self.n_kernels):  # rounding may ask for one more
            self.weights = (vectors[:, :kept] * size[:, None]).astype(np.float32)
            basis: Samples = (vectors[:, :kept] / size[:, None]).T.astype(np.float32) @ rows
            self.error_db = max(
                SINGLE_DB, *(relative_db(self.weights[k] @ basis - rows[k], rows[k]) for k in range(self.n_kernels))
            )
            if rank is not None or error_db is None or self.error_db <= error_db:
                return basis
        self.is_exact, self.error_db, self.weights = True, SINGLE_DB, np.eye(self.n_kernels, dtype=np.float32)
        return rows

    @property
    def rank(self) -> int:
        """Kernels that have to be convolved with."""
        return len(self.basis)

    @property
    def memory_bytes(self) -> int:
        """Memory that the kept spectra take."""
        return sum(s.nbytes for s in self._spectra.values())

    def _blocks(self, n: int, n_inputs: int, n_outputs: int) -> Blocks:
        return best_blocks(self.n_samples or n, self.n_taps, n_inputs, n_outputs)

    def _basis_spectra(self, size: int) -> Samples:
        """`(rank, n_channels, 2, size)`, made once."""
        if size not in self._spectra:
            self._spectra[size] = _spectra(self.basis, size)
        return self._spectra[size]

    def _mixed_spectra(self, mixed: Samples, size: int) -> Samples:
        """`(n_mixtures, n_channels, 2, size)`: of mixtures of few kernels mixed themselves, of many made from their
        mixed taps.
        """
        taps_ns = NS_PER_PRODUCT * self.rank * self.n_taps + transform_ns(size)
        if taps_ns < NS_PER_PRODUCT * self.rank * 2 * size:
            return _spectra((mixed @ self.basis.reshape(self.rank, -1)).reshape(len(mixed), -1, self.n_taps), size)
        mixtures: Samples = mixed @ self._basis_spectra(size).reshape(self.rank, -1)
        return mixtures.reshape(len(mixed), -1, 2, size)

    def _checked(self, weights: ArrayLike, dimensions: tuple[int, ...]) -> Samples:
        weights = as_samples(weights, "weights", dimensions)
        if weights.shape[-1] != self.n_kernels:
            raise ParameterError(
                f"weights, of shape {weights.shape}, must end in one for each of the {self.n_kernels} kernels"
            )
        mixed: Samples = weights @ self.weights
        return mixed

    def _shaped(self, y: Samples, single: bool) -> Samples:
        """`(n_outputs, n_channels, n)` without the axes that were not asked for."""
        y = y[:, 0] if self.is_flat else y
        return y[0] if single else y

    def __call__(self, x: ArrayLike) -> Samples:
        """`x` `(n,)` through every kernel: `(n_kernels, [n_channels,] n + n_taps − 1)`."""
        x = as_samples(x, "x", (1,))
        sound = self._every(x)
        if self.is_exact:
            return self._shaped(sound, single=False)
        channels, n_out = sound.shape[1:]
        return self._shaped(
            (self.weights @ sound.reshape(self.rank, -1)).reshape(self.n_kernels, channels, n_out), single=False
        )

    def _every(self, x: Samples) -> Samples:
        """`(rank, n_channels, n + n_taps − 1)`: the signal through each of the shared kernels."""
        channels = self.basis.shape[1]
        blocks = self._blocks(len(x), 1, self.rank * channels)
        flat = self._basis_spectra(blocks.size).reshape(self.rank * channels, 1, 2, -1)
        y = filter_blocks(x[None], blocks, self.n_taps, len(flat), lambda o: flat[o])
        return y.reshape(self.rank, channels, -1)

    def mix(self, x: ArrayLike, weights: ArrayLike) -> Samples:
        """One source through mixtures of the kernels: `x` `(n,)`, `weights` `(n_kernels,)` or `(n_mixtures,
        n_kernels)`.

        Gives `([n_mixtures,] [n_channels,] n + n_taps − 1)`. Few mixtures are mixed as kernels, many as sound.
        """
        x = as_samples(x, "x", (1,))
        single = np.ndim(weights) == 1
        mixed = np.atleast_2d(self._checked(weights, (1, 2)))
        channels, n_out = self.basis.shape[1], len(x) + self.n_taps - 1
        if len(mixed) > self.rank:
            sound = self._every(x).reshape(self.rank, -1)
            return self._shaped((mixed @ sound).reshape(len(mixed), channels, n_out), single)
        blocks = self._blocks(len(x), 1, len(mixed) * channels)
        kernels = self._mixed_spectra(mixed, blocks.size).reshape(len(mixed) * channels, 1, 2, -1)
        y = filter_blocks(x[None], blocks, self.n_taps, len(kernels), lambda o: kernels[o])
        return self._shaped(y.reshape(len(mixed), channels, n_out), single)

    def bus(self, x: ArrayLike, weights: ArrayLike) -> Samples:
        """Many sources, each through a mixture of its own, summed: `x` `(n_sources, n)`, `weights` `(n_sources,
        n_kernels)`.

        Gives `([n_channels,] n + n_taps − 1)`. This is what a room or a moving source costs: `rank` convolutions,
        whatever the number of sources and of kernels.
        """
        x = as_samples(x, "x", (2,))
        mixed = self._checked(weights, (2,))
        if len(x) != len(mixed):
            raise ParameterError(f"x has {len(x)} sources, of shape {x.shape}, but there are weights for {len(mixed)}")
        channels = self.basis.shape[1]
        n_inputs = min(len(x), self.rank)
        blocks = self._blocks(x.shape[1], n_inputs, channels)
        if len(x) > self.rank:
            x, kernels = mixed.T @ x, self._basis_spectra(blocks.size)
        else:
            kernels = self._mixed_spectra(mixed, blocks.size)
        by_channel = np.ascontiguousarray(kernels.transpose(1, 0, 2, 3))
        y = filter_blocks(x, blocks, self.n_taps, channels, lambda channel: by_channel[channel])
        return self._shaped(y[None], single=True)


class PartitionedKernel:
    """One kernel `(n_taps,)` cut into the rows of a matrix, kept as its strongest singular vectors and applied without
    being put together.

    h[p·width + b] ≈ Σ_r rows[p, r]·shapes[r, b]: the signal goes through `rank` short kernels, and each result is
    repeated every `width` samples. Pays where the rank is a few (the same shape decaying again and again); for most
    rooms it does not, and `rank_errors_db` says at what rank.
    """

    def __init__(self, kernel: ArrayLike, error_db: float, width: int | None = None) -> None:
        kernel = as_samples(kernel, "kernel", (1,))
        self.n_taps = len(kernel)
        self.width = width or max(2 ** round(np.log2(np.sqrt(self.n_taps))), 1)
        if not NEAR_DB <= require_finite("error_db", error_db) <= 0:
            raise ParameterError(f"error_db must be from {NEAR_DB:g} to 0, not {error_db:g}")
        matrix = np.pad(kernel, (0, -self.n_taps % self.width)).reshape(-1, self.width).astype(np.float64)
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        total = max(float(np.sum(values**2)), 1e-300)
        self.rank_errors_db = 10 * np.log10(np.maximum(np.append(np.cumsum(values[::-1] ** 2)[::-1], 0) / total, 1e-20))
        self.rank = max(_wanted_rank(10 ** (self.rank_errors_db / 20), error_db), 1)
        self.rows: Samples = (left[:, : self.rank] * values[: self.rank]).astype(np.float32)
        self.shapes: Samples = right[: self.rank].astype(np.float32)
        self.error_db = max(SINGLE_DB, relative_db(self.rows @ self.shapes - matrix, matrix))
        self._first = Exact(self.shapes)

    def __call__(self, x: ArrayLike) -> Samples:
        """`(n,)` or `(channels, n)`, each channel to n + n_taps − 1 samples."""
        x = as_samples(x, "x", (1, 2))
        if x.ndim == 2:
            return np.stack([self(channel) for channel in x])
        shaped = self._first(x).reshape(self.rank, -1)
        n_rows = -(-shaped.shape[1] // self.width)
        blocks = np.pad(shaped, ((0, 0), (0, n_rows * self.width - shaped.shape[1]))).reshape(
            self.rank, n_rows, self.width
        )
        size = n_rows + len(self.rows) - 1
        spectrum = np.einsum("rkb,kr->kb", np.fft.rfft(blocks, size, axis=1), np.fft.rfft(self.rows, size, axis=0))
        y: Samples = np.fft.irfft(spectrum, size, axis=0).astype(np.float32).ravel()
        n_out = len(x) + self.n_taps - 1
        return y[:n_out] if len(y) >= n_out else np.pad(y, (0, n_out - len(y)))
