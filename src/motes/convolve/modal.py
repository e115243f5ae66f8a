"""Kernels that are sums of damped modes, as recurrences: the modes are found by the shift-invariance of the kernel's
Hankel matrix.

S. Kung, A new identification and model reduction algorithm via singular value decompositions (1978); R. Roy and T.
Kailath, ESPRIT (1989). Their number is what the requested error needs; amplitudes are fitted to all taps by least
squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motes.convolve.arrays import SINGLE_DB, Samples, as_samples, relative_db
from motes.errors import ParameterError

# About so many pairs of rows and so many columns are taken from the Hankel matrix.
ROWS, COLUMNS = 320, 640
CHUNK = 8192
# Samples that the recurrence advances by.
STEP = 32
# Modes do not grow.
LARGEST_POLE = 1 - 1e-9


@dataclass(frozen=True)
class Modes:
    """h[0] = `direct`, h[n] = Re Σ `amplitudes`·`poles`ⁿ for 0 < n < `n_taps`, at `error_db` from the kernel it was
    found for.
    """

    direct: float
    poles: NDArray[np.complex128]
    amplitudes: NDArray[np.complex128]
    n_taps: int
    error_db: float

    def taps(self) -> NDArray[np.float64]:
        """`(n_taps,)`: the kernel they make."""
        h = np.concatenate([basis @ _stacked(self.amplitudes) for basis in _chunks(self.poles, self.n_taps)])
        h[0] = self.direct
        return h


def _stacked(amplitudes: NDArray[np.complex128]) -> NDArray[np.float64]:
    return np.concatenate([amplitudes.real, -amplitudes.imag])


def _chunks(poles: NDArray[np.complex128], n_taps: int) -> list[NDArray[np.float64]]:
    """Powers 0 … n_taps − 1 of the poles, real parts beside imaginary ones, some thousands of taps at a time."""
    first = poles ** np.arange(min(CHUNK, n_taps))[:, None]
    parts = []
    for begin in range(0, n_taps, CHUNK):
        powers = first[: n_taps - begin] * poles**begin
        parts.append(np.hstack([powers.real, powers.imag]))
    return parts


def _fitted(h: NDArray[np.float64], poles: NDArray[np.complex128]) -> Modes:
    """Amplitudes by least squares over all taps but the first, by one QR decomposition after the other so that it
    fits into memory.
    """
    triangle = np.zeros((0, 2 * len(poles) + 1))
    for i, basis in enumerate(_chunks(poles, len(h))):
        rows = np.hstack([basis, h[i * CHUNK : i * CHUNK + len(basis), None]])[1 if i == 0 else 0 :]
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, rows]), mode="r"))
    size = 2 * len(poles)
    scale = np.maximum(np.linalg.norm(triangle[:, :size], axis=0), 1e-300)
    solution = np.linalg.lstsq(triangle[:, :size] / scale, triangle[:, size], rcond=1e-13)[0] / scale
    modes = Modes(float(h[0]), poles, solution[: len(poles)] - 1j * solution[len(poles) :], len(h), 0.0)
    return Modes(modes.direct, poles, modes.amplitudes, len(h), relative_db(modes.taps() - h, h))


def _spread(span: int, count: int) -> NDArray[np.int64]:
    """Some `count` of 0 … span, half of them evenly and half ever further apart, for what lasts and for what is
    soon gone.
    """
    even, growing = np.linspace(0, span, count // 2), np.geomspace(1, span + 1, count // 2) - 1
    return np.unique(np.concatenate([even, growing]).astype(np.int64))


def _subspace(h: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Left singular vectors and singular values of rows and columns from the Hankel matrix of all taps but the first.

    The rows come in two halves, the second one tap later than the first; they reach over half of the kernel, so that
    modes a few hertz apart differ.
    """
    tail = h[1:]
    rows = _spread(max(len(tail) // 2 - 2, 0), ROWS)
    columns = _spread(max(len(tail) - 2 - int(rows[-1]), 0), COLUMNS)
    places = np.concatenate([rows, rows + 1])[:, None] + columns
    left, values, _ = np.linalg.svd(
        np.where(places < len(tail), tail[np.minimum(places, len(tail) - 1)], 0.0), full_matrices=False
    )
    return left, values


def _poles(left: NDArray[np.float64], order: int) -> NDArray[np.complex128]:
    """Eigenvalues of the shift by one tap within the subspace, of each conjugate pair the upper one."""
    half = len(left) // 2
    poles = np.linalg.eigvals(np.linalg.lstsq(left[:half, :order], left[half:, :order], rcond=None)[0]).astype(complex)
    poles *= np.minimum(1, LARGEST_POLE / np.maximum(np.abs(poles), 1e-30))
    upper: NDArray[np.complex128] = poles[poles.imag >= 0]
    return upper


def find_modes(kernel: ArrayLike, error_db: float = -100.0, most: int = 64) -> Modes:
    """The fewest damped modes within `error_db` of the kernel `(n_taps,)`; at most `most`.

    The error is ‖found − kernel‖ / ‖kernel‖ over all taps. Raises ParameterError where no so many modes come that near:
    most rooms and noises.
    """
    h = as_samples(kernel, "kernel", (1,)).astype(np.float64)
    if not h[1:].any():
        return Modes(float(h[0]), np.zeros(0, complex), np.zeros(0, complex), len(h), -200.0)
    left, values = _subspace(h)
    energy = np.sqrt(np.cumsum(values[::-1] ** 2)[::-1] / np.sum(values**2))
    nearest, tried = None, set()
    for extra_db in (0, 10, 20, 30, 40, 60):
        order = min(
            int(np.sum(energy > 10 ** ((error_db - extra_db) / 20))), left.shape[0] // 2, left.shape[1], 2 * most
        )
        if order < 1 or order in tried:
            continue
        tried.add(order)
        modes = _fitted(h, _poles(left, order))
        if nearest is None or modes.error_db < nearest.error_db:
            nearest = modes
        if modes.error_db <= error_db and len(modes.poles) <= most:
            return modes
    reached = "none were found" if nearest is None else f"{len(nearest.poles)} come within {nearest.error_db:.1f} dB"
    raise ParameterError(
        f"no {most} damped modes are within {error_db:g} dB of this kernel of {len(h)} taps: {reached}"
    )


class Modal:
    """Convolution with a sum of damped modes, as a recurrence.

    What rings on after the last tap is left to ring where it is below `tail_db`, relative to the kernel, and cut off,
    for half as much work again, otherwise. `error_db` is the kernel's error with that tail.
    """

    def __init__(self, modes: Modes, tail_db: float = -110.0) -> None:
        from motes.kernels.modal import modal_tables

        self.modes = modes
        decay = np.abs(modes.poles)
        tail = float(np.sum(np.abs(modes.amplitudes) * decay**modes.n_taps / np.sqrt(np.maximum(1 - decay**2, 1e-30))))
        size = float(np.linalg.norm(modes.taps()))
        self.cut = tail > 10 ** (tail_db / 20) * size
        left = 0.0 if self.cut or size == 0 else tail / size
        self.error_db = max(10 * float(np.log10(10 ** (modes.error_db / 10) + left**2)), SINGLE_DB)
        self._tables = modal_tables(modes.direct, modes.poles, modes.amplitudes, modes.n_taps if self.cut else None)

    def __call__(self, x: ArrayLike) -> Samples:
        """`(n,)` or `(channels, n)`, each channel to n + n_taps − 1 samples."""
        x = as_samples(x, "x", (1, 2))
        if x.ndim == 2:
            return np.stack([self(channel) for channel in x])
        n_out = len(x) + self.modes.n_taps - 1
        y = np.empty(-(-n_out // STEP) * STEP, np.float32)
        state = np.zeros_like(self._tables.power)
        if self.cut:
            padded = np.zeros(self.modes.n_taps + len(y), np.float32)
            padded[self.modes.n_taps : self.modes.n_taps + len(x)] = x
            self._ring(padded, self.modes.n_taps, state, y)
            return y[:n_out]
        # What is left is followed by zeros, and after those only the states sound.
        whole = len(x) // STEP * STEP
        last = min(whole + STEP, len(y))
        self._ring(x, 0, state, y[:whole])
        self._ring(np.pad(x[whole:], (0, whole + STEP - len(x))), 0, state, y[whole:last])
        self._ring(x, 0, state, y[last:], n_inputs=0)
        return y[:n_out]

    def _ring(
        self, x: Samples, first: int, state: NDArray[np.float64], y: Samples, n_inputs: int | None = None
    ) -> None:
        from motes.kernels.modal import ModalInputs, ring

        n_inputs = len(self._tables.direct) if n_inputs is None else n_inputs
        ring(ModalInputs(x, self.modes.n_taps, n_inputs), first, self._tables, state, y)
