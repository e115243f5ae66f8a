"""Plans: one way in to every method, which takes the one that is predicted to be the quickest within an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from motes.convolve.arrays import SINGLE_DB, Samples, as_samples
from motes.convolve.blocks import best_blocks, transform_ns
from motes.convolve.exact import Exact
from motes.convolve.low_rank import NEAR_DB, Bank, PartitionedKernel
from motes.convolve.modal import Modal, find_modes
from motes.convolve.sketch import estimate_convolution
from motes.errors import ParameterError
from motes.units import require_finite

Method = Literal["auto", "exact", "low_rank", "modal", "sketch"]
METHODS: tuple[str, ...] = get_args(Method)
# Nanoseconds per sample and mode of the recurrence, modes counted in eights; half as much again where it is cut.
NS_PER_MODE = 0.17
# Nanoseconds per sample to add one shared kernel's sound to one output.
NS_PER_MIX = 0.045
NS_TO_FIND_MODES = 0.25e9
NS_PER_GRAM = 0.1
FOLDS = (2, 4, 8, 16)


@dataclass(frozen=True)
class Plan:
    """A kernel, or several, ready to be convolved with; called with a signal it gives the convolution.

    `method` is what was picked, `error_db` its true error, ‖approximate − kernel‖ / ‖kernel‖ of the worst kernel (for a
    sketch: expected), `predicted_ns` what the methods that were considered are predicted to take for one signal of the
    planned length, and `reason` says it in words.
    """

    method: str
    error_db: float
    predicted_ns: dict[str, float]
    reason: str
    apply: Callable[[ArrayLike], Samples]

    def __call__(self, x: ArrayLike) -> Samples:
        """The convolution, as `convolve` gives it."""
        return self.apply(x)


def convolve(x: ArrayLike, kernel: ArrayLike, method: Method = "auto", error_db: float | None = None) -> Samples:
    """The full convolution, `n + n_taps − 1` samples, in single precision (about −130 dB).

    `x` is `(n,)` or `(n_channels, n)`. A kernel `(n_taps,)` goes to every channel; `(n_kernels, n_taps)` gives, for one
    signal, every kernel's output `(n_kernels, …)`, and for as many channels as kernels each channel its own;
    `(n_outputs, n_inputs, n_taps)` sums over inputs. `auto` takes what is predicted to be quickest within `error_db`
    and is exact without it. A kernel that is used again wants a `plan`. Raises ParameterError for empty, complex or
    non-finite input and shapes that do not fit.
    """
    x = as_samples(x, "x", (1, 2))
    return plan(kernel, method, error_db, n_samples=x.shape[-1], n_uses=1)(x)


def correlate(x: ArrayLike, kernel: ArrayLike, method: Method = "auto", error_db: float | None = None) -> Samples:
    """Σ_m x[m + lag]·kernel[m] for the lags −(n_taps − 1) … n − 1; shapes and methods as for `convolve`."""
    return convolve(x, as_samples(kernel, "kernel", (1, 2, 3))[..., ::-1], method, error_db)


def plan(
    kernel: ArrayLike,
    method: Method = "auto",
    error_db: float | None = None,
    *,
    n_samples: int = 441000,
    n_uses: int = 1000,
) -> Plan:
    """The method for `n_uses` signals of about `n_samples`, with everything prepared that can be: see `Plan` and, for
    the shapes, `convolve`.

    `exact` always can; `low_rank` (banks of kernels share a few; one kernel is cut into a matrix) and `modal` (one
    kernel as damped modes) have to be worth finding, which takes a part of a second; `sketch` is a noisy estimate. All
    but `exact` need `error_db`. Raises ParameterError where the method asked for cannot come within it.
    """
    kernel = as_samples(kernel, "kernel", (1, 2, 3))
    if method not in METHODS:
        raise ParameterError(f"there is no method {method!r}, only {', '.join(METHODS)}")
    if min(n_samples, n_uses) < 1:
        raise ParameterError(f"n_samples and n_uses must be at least 1, not {n_samples} and {n_uses}")
    if error_db is not None:
        error_db = require_finite("error_db", error_db)
    if method == "exact" or (method == "auto" and error_db is None):
        return _exact(kernel, n_samples, n_uses, "exact was asked for" if method == "exact" else "no error was allowed")
    if error_db is None:
        raise ParameterError(f"the method {method} needs to be told an error_db")
    if method == "auto":
        return _cheapest(kernel, error_db, n_samples, n_uses)
    made = {"low_rank": _low_rank, "modal": _modal, "sketch": _sketch}[method](kernel, error_db, n_samples)
    return Plan(made.method, made.error_db, made.predicted_ns, f"{method} was asked for", made.apply)


def _exact_ns(kernel: Samples, n_samples: int, once: bool = False) -> float:
    n_outputs, n_inputs = ((1, 1) if kernel.ndim == 1 else (len(kernel), 1)) if kernel.ndim < 3 else kernel.shape[:2]
    blocks = best_blocks(n_samples, kernel.shape[-1], n_inputs, n_outputs, once)
    return blocks.ns + once * blocks.setup_ns


def _exact(kernel: Samples, n_samples: int, n_uses: int, reason: str) -> Plan:
    engine = Exact(kernel, None if n_uses == 1 else n_samples, uses_once=n_uses == 1)
    each = (
        []
        if kernel.ndim != 2
        else [Exact(row, None if n_uses == 1 else n_samples, uses_once=n_uses == 1) for row in kernel]
    )

    def apply(x: ArrayLike) -> Samples:
        x = as_samples(x, "x", (1, 2))
        if kernel.ndim == 1 and x.ndim == 2:
            engine.prepare(x.shape[1])  # for every channel the same
            return np.stack([engine(channel) for channel in x])
        if kernel.ndim == 2 and x.ndim == 2 and len(x) > 1:
            _check_channels(x, kernel)
            return np.stack([one(channel) for one, channel in zip(each, x, strict=True)])
        y = engine(x)
        return y[None] if kernel.ndim > 1 and y.ndim == 1 else y

    return Plan("exact", SINGLE_DB, {"exact": _exact_ns(kernel, n_samples, n_uses == 1)}, reason, apply)


def _check_channels(x: Samples, kernel: Samples) -> None:
    if len(x) != len(kernel):
        raise ParameterError(
            f"x, of shape {x.shape}, has {len(x)} channels, but there are {len(kernel)} kernels, of shape "
            f"{kernel.shape}"
        )


def _check_single(kernel: Samples, method: str) -> None:
    if kernel.ndim != 1:
        raise ParameterError(f"the method {method} takes one kernel (n_taps,), not the shape {kernel.shape}")


def _low_rank(kernel: Samples, error_db: float, n_samples: int) -> Plan:
    if kernel.ndim == 3:
        raise ParameterError(
            f"the method low_rank takes (n_taps,) or (n_kernels, n_taps), not the shape {kernel.shape}: see Bank "
            "for "
            "channels"
        )
    if kernel.ndim == 1:
        single = PartitionedKernel(kernel, error_db)
        short = best_blocks(n_samples, single.width, 1, single.rank).ns
        rows = 1.5 * single.rank * transform_ns(n_samples + len(kernel))
        return Plan("low_rank", single.error_db, {"low_rank": short + rows}, "", single)
    bank = Bank(kernel, error_db, n_samples)

    def apply(x: ArrayLike) -> Samples:
        x = as_samples(x, "x", (1, 2))
        if x.ndim == 2 and len(x) > 1:
            raise ParameterError(f"a bank of low rank takes one signal, not the shape {x.shape}")
        return bank(x.reshape(-1))

    return Plan("low_rank", bank.error_db, {"low_rank": _bank_ns(kernel.shape, bank.rank, n_samples)}, "", apply)


def _bank_ns(shape: tuple[int, ...], rank: int, n_samples: int) -> float:
    return best_blocks(n_samples, shape[-1], 1, rank).ns + NS_PER_MIX * rank * shape[0] * (n_samples + shape[-1])


def _modal(kernel: Samples, error_db: float, n_samples: int) -> Plan:
    _check_single(kernel, "modal")
    modal = Modal(find_modes(kernel, error_db), tail_db=error_db - 10)
    groups = max(-(-len(modal.modes.poles) // 8), 1)
    ns = NS_PER_MODE * 8 * groups * (1.5 if modal.cut else 1) * (n_samples + len(kernel) / 2)
    return Plan("modal", modal.error_db, {"modal": ns}, "", modal)


def _sketch(kernel: Samples, error_db: float, n_samples: int) -> Plan:
    _check_single(kernel, "sketch")
    fold, n_draws, ns = _sketch_cost(len(kernel), error_db, n_samples)

    def apply(x: ArrayLike) -> Samples:
        x = as_samples(x, "x", (1, 2))
        if x.ndim == 2:
            return np.stack([estimate_convolution(channel, kernel, fold, n_draws) for channel in x])
        return estimate_convolution(x, kernel, fold, n_draws)

    return Plan("sketch", 10 * float(np.log10((fold - 1) / (2 * n_draws))), {"sketch": ns}, "", apply)


def _sketch_cost(n_taps: int, error_db: float, n_samples: int) -> tuple[int, int, float]:
    """Fold, draws and nanoseconds of the cheapest sketch that is expected to be near enough."""
    options = []
    for fold in FOLDS:
        n_draws = max(int(np.ceil((fold - 1) / 2 / 10 ** (error_db / 10))), 1)
        options.append((fold, n_draws, n_draws * 5 * 3 * transform_ns(max((n_samples + n_taps) // fold, 2))))
    return min(options, key=lambda option: option[2])


def _cheapest(kernel: Samples, error_db: float, n_samples: int, n_uses: int) -> Plan:
    """Predicted cost, what it takes to find out shared among the uses; what cannot pay at best is not tried."""
    exact = _exact_ns(kernel, n_samples, n_uses == 1)
    predicted, made, notes = {"exact": exact}, {}, []
    for name, floor in _floors(kernel, error_db, n_samples, n_uses).items():
        predicted[name] = floor
        if floor >= exact:
            notes.append(f"{name} cannot pay")
            continue
        try:
            made[name] = {"low_rank": _low_rank, "modal": _modal, "sketch": _sketch}[name](kernel, error_db, n_samples)
        except ParameterError as error:
            notes.append(str(error))
            continue
        predicted[name] = made[name].predicted_ns[name] + (floor - _floors(kernel, error_db, n_samples, 1 << 62)[name])
    best = min([*made, "exact"], key=lambda name: predicted[name])
    times = ", ".join(f"{name} {ns / 1e6:.3g} ms" for name, ns in predicted.items())
    reason = "; ".join([f"predicted for {n_samples} samples: {times}", *notes])
    if best == "exact":
        chosen = _exact(kernel, n_samples, n_uses, reason)
        return Plan("exact", chosen.error_db, predicted, reason, chosen.apply)
    return Plan(best, made[best].error_db, predicted, reason, made[best].apply)


def _floors(kernel: Samples, error_db: float, n_samples: int, n_uses: int) -> dict[str, float]:
    """Nanoseconds that each approximation takes at the very least, were the kernel as simple as can be, with its share
    of what it takes to find out.
    """
    n_taps = kernel.shape[-1]
    floors = {}
    if kernel.ndim == 1:
        floors["modal"] = NS_PER_MODE * 8 * (n_samples + n_taps / 2) + NS_TO_FIND_MODES / n_uses
        floors["sketch"] = _sketch_cost(n_taps, error_db, n_samples)[2]
        if error_db >= NEAR_DB:
            floors["low_rank"] = best_blocks(n_samples, max(int(n_taps**0.5), 1)).ns + 1.5 * transform_ns(
                n_samples + n_taps
            )
    elif kernel.ndim == 2 and error_db >= NEAR_DB:
        floors["low_rank"] = _bank_ns(kernel.shape, 1, n_samples) + NS_PER_GRAM * len(kernel) ** 2 * n_taps / n_uses
    return floors
