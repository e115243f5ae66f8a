"""The scattering transform, and the distance between two sounds' coefficients.

S₀ = x ∗ φ, S₁(λ) = |x ∗ ψ_λ| ∗ φ, S₂(λ, μ) = ||x ∗ ψ_λ| ∗ ψ_μ| ∗ φ, with analytic Morlet wavelets ψ and a Gaussian φ of
scale 2ᴶ samples: stable to deformation, blind to shifts well below 2ᴶ. Mallat: "Group invariant scattering", Comm. Pure
and Applied Mathematics 65 (2012); Andén & Mallat: "Deep scattering spectrum", IEEE Trans. Signal Processing 62 (2014),
§II. Filters and paths are those of kymatio (Andreux et al., JMLR 21, 2020).

What makes it quick: a modulus does not change when its band is moved to frequency zero, so a band of the spectrum is
cut out and transformed back with as few samples as its width allows, not as many as its highest frequency would; bands
of equal length are transformed together.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motes.errors import ParameterError
from motes.losses._bands import bands_of
from motes.losses._cache import kept
from motes.losses._checks import check_pair, check_positive_integer
from motes.losses._fourier import rfft
from motes.losses._morlet import LOW_PASS_SIGMA, Wavelet, low_pass_spectrum, morlet_spectrum, wavelets

OCTAVES, PER_OCTAVE = 8, 12
# Chosen for 4e-4 of the whole second order and 2e-5 of the first, where the transform without any of these savings is
# the measure.
_FIRST_RATE, _SECOND_RATE = 28.0, 20.0  # samples of a modulus per sigma of its wavelet
_ABOVE_SECOND = 5.0  # how many sigmas of a second wavelet the first modulus is to carry above its centre
_PADDING = 5.5  # standard deviations of the low-pass, in time, added by reflection at each end


class Path(NamedTuple):
    """Path of one coefficient: the wavelets on its way, none for the mean."""

    wavelets: tuple[Wavelet, ...]

    @property
    def order(self) -> int:
        """0, 1 or 2."""
        return len(self.wavelets)


class Scattering:
    """Scattering transform of signals of one length: `Scattering(n_samples)(signal)`.

    `n_samples`: 1 or more. `octaves` J: averages over about 2ᴶ samples. `per_octave` Q: wavelets an octave in the first
    order (one in the second). `order`: 1 or 2. `signal`: `(…, n_samples)`; result `(…, n_paths, ⌈n_samples / 2ᴶ⌉)`,
    coefficient t centred on sample t · 2ᴶ; `paths` says what each row is: order 0, the first order from high to low,
    then the second in the order of the first. The signal is reflected at its ends. `as_kymatio` gives kymatio's own
    values, which lack a factor 2ʲ for each wavelet on the path (it averages a filter's spectrum where it should add it
    when it shortens one; j is `Wavelet.octave`); otherwise values are those of the definition above.

    Raises ParameterError for options out of range.
    """

    def __init__(
        self,
        n_samples: int,
        octaves: int = OCTAVES,
        per_octave: int = PER_OCTAVE,
        order: int = 2,
        as_kymatio: bool = False,
    ) -> None:
        self.n_samples = check_positive_integer(n_samples, "n_samples")
        self.octaves = check_positive_integer(octaves, "octaves")
        self.per_octave = check_positive_integer(per_octave, "per_octave")
        if order not in (1, 2):
            raise ParameterError(f"order must be 1 or 2, not {order!r}")
        first = wavelets(octaves, per_octave)
        second = wavelets(octaves, 1) if order == 2 else []
        # Paths whose second wavelet is not slower than the first one's output carry no energy: left out, as everyone
        # does.
        pairs = [(one, other) for one in first for other in second if other.octave > one.octave]
        self.paths = (Path(()), *(Path((w,)) for w in first), *(Path(pair) for pair in pairs))
        self.pad = math.ceil(_PADDING * 2**octaves / (2 * math.pi * LOW_PASS_SIGMA) / 2**octaves) * 2**octaves
        self.n_padded = _padded_length(n_samples + 2 * self.pad, 2**octaves)
        self._plan = _Plan(self, first, second)
        self._factors = [2.0 ** -sum(w.octave for w in path.wavelets) for path in self.paths] if as_kymatio else None

    def __call__(self, signal: Tensor) -> Tensor:
        if signal.shape[-1] != self.n_samples:
            raise ParameterError(
                f"this scattering is for {self.n_samples} samples, the signal has the shape {tuple(signal.shape)}"
            )
        padded = signal.reshape(-1, self.n_samples).index_select(
            1, _reflection(self.n_samples, self.pad, self.n_padded, signal.device)
        )
        rows = self._plan.run(padded)
        start = self.pad >> self.octaves
        rows = rows[..., start : start - (-self.n_samples >> self.octaves)]
        if self._factors is not None:
            rows = rows * rows.new_tensor(self._factors)[:, None]
        return rows.reshape(*signal.shape[:-1], len(self.paths), -1)


def scattering_distance(
    estimate: Tensor,
    reference: Tensor,
    *,
    octaves: int = OCTAVES,
    per_octave: int = PER_OCTAVE,
    order: int = 2,
    time_averaged: bool = False,
    log_compressed: bool = True,
    floor_db: float = -80.0,
) -> Tensor:
    """Mean distance of scattering coefficients of first and second order, `(batch,)`, 0 … ∞.

    `estimate`, `reference`: `(batch, channels, samples)`, full scale 1. Averages reach over about 2^`octaves` samples:
    shifts well below that cost nothing. `time_averaged` compares the means over the whole sound, for textures;
    otherwise every 2^`octaves` samples are compared. `log_compressed`: |ln(Ŝ + floor) − ln(S + floor)| with the floor
    in dB re full scale (log-scattering; Andén & Mallat 2014, §V); otherwise |Ŝ − S| over the mean of S.

    Raises ParameterError for tensors that do not fit and options out of range.
    """
    check_pair(estimate, reference)
    if not math.isfinite(floor_db):
        raise ParameterError(f"floor_db must be finite, not {floor_db}")
    transform = _cached(estimate.shape[-1], octaves, per_octave, order)
    floor = 10 ** (floor_db / 20)
    e, r = (transform(x)[:, :, 1:].clamp_min(0) for x in (estimate, reference))
    if time_averaged:
        e, r = e.mean(-1), r.mean(-1)
    inner = tuple(range(1, e.ndim))
    if log_compressed:
        return ((e + floor) / (r + floor)).log().abs().mean(inner)
    return (e - r).abs().mean(inner) / (r.mean(inner) + floor)


@kept(8)
def _cached(n_samples: int, octaves: int, per_octave: int, order: int) -> Scattering:
    return Scattering(n_samples, octaves, per_octave, order)


class _Group(NamedTuple):
    """Wavelets of the first order whose outputs have equally many samples: their first bins, and their places
    in the bank.
    """

    n: int
    starts: tuple[int, ...]
    members: tuple[int, ...]


class _Plan:
    """Lengths, bands and filter spectra of one `Scattering`; filters are made for each precision and device when
    first asked for.
    """

    def __init__(self, transform: Scattering, first: list[Wavelet], second: list[Wavelet]) -> None:
        self.n, self.octaves = transform.n_padded, transform.octaves
        self.n_out = self.n >> self.octaves
        self.first, self.second = first, second
        self.groups = self._first_groups()
        self.lengths = [self._length(_SECOND_RATE * w.sigma) for w in second]
        self.filters = kept(4)(self._filters)

    def _length(self, rate: float) -> int:
        """An even number of samples, quick to transform, of at least `rate` per sample of the signal."""
        return min(_fast_even(max(math.ceil(rate * self.n), self.n_out)), self.n)

    def _first_groups(self) -> list[_Group]:
        by_length: dict[int, list[int]] = {}
        for i, w in enumerate(self.first):
            fastest = max((o.centre + _ABOVE_SECOND * o.sigma for o in self.second if o.octave > w.octave), default=0.0)
            rate = max(_FIRST_RATE * w.sigma, min(2 * fastest, 2 * _FIRST_RATE * w.sigma))
            step = 2 ** (math.ceil(2 * math.log2(rate)) / 2)  # half octaves, so that many wavelets share a length
            by_length.setdefault(self._length(min(step, 1.0)), []).append(i)
        return [
            _Group(n, tuple(self._start(self.first[i], n) for i in members), tuple(members))
            for n, members in by_length.items()
        ]

    def _start(self, wavelet: Wavelet, n: int) -> int:
        return round(wavelet.centre * self.n) - n // 2

    def _filters(self, dtype: torch.dtype, device: torch.device) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """Spectra of the wavelets of each group (scaled for a shorter inverse transform), of the second order, and
        of the low-pass.
        """
        first = [
            np.stack([self._band(self.first[i], s, g.n) for i, s in zip(g.members, g.starts, strict=True)])
            * (g.n / self.n)
            for g in self.groups
        ]
        second = [self._band(w, self._start(w, n), n) for w, n in zip(self.second, self.lengths, strict=True)]
        low = low_pass_spectrum(self.octaves, np.arange(self.n_out // 2 + 1), self.n)
        as_tensor = [torch.from_numpy(f).to(device, dtype) for f in (*first, *second, low)]
        return as_tensor[: len(first)], as_tensor[len(first) : -1], as_tensor[-1]

    def _band(self, wavelet: Wavelet, start: int, n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        return morlet_spectrum(wavelet, np.arange(start, start + n), self.n)

    def run(self, padded: Tensor) -> Tensor:
        """All coefficients `(batch, paths, n_padded / 2ᴶ)` of `(batch, n_padded)`."""
        first_filters, second_filters, low = self.filters(padded.dtype, padded.device)
        spectrum = rfft(padded)
        rows: dict[tuple[int, ...], Tensor] = {(): self._average(spectrum, self.n, low)}
        for group, bank in zip(self.groups, first_filters, strict=True):
            modulus = torch.fft.ifft(bands_of(spectrum, bank, group.starts, self.n)).abs()
            bands = rfft(modulus)
            for i, row in zip(group.members, self._average(bands, group.n, low).unbind(1), strict=True):
                rows[(i,)] = row
            for k, (wavelet, n) in enumerate(zip(self.second, self.lengths, strict=True)):
                wanted = [m for m, i in enumerate(group.members) if wavelet.octave > self.first[i].octave]
                if not wanted:
                    continue
                chosen = bands[:, wanted[0] : wanted[-1] + 1]
                inner = torch.fft.ifft(
                    _cut(chosen, group.n, self._start(wavelet, n), n) * (second_filters[k] * (n / group.n))
                ).abs()
                for m, row in zip(wanted, self._average(rfft(inner), n, low).unbind(1), strict=True):
                    rows[(group.members[m], k)] = row
        first = [(i,) for i in range(len(self.first))]
        second = [(i, k) for (i,) in first for k in range(len(self.second)) if (i, k) in rows]
        return torch.stack([rows[path] for path in ((), *first, *second)], 1)

    def _average(self, spectrum: Tensor, n: int, low: Tensor) -> Tensor:
        """The low-pass, at 2⁻ᴶ of the samples, of a signal of n samples given by its spectrum."""
        lowest = spectrum[..., : low.shape[-1]] * (low * (self.n_out / n))
        return torch.fft.irfft(lowest, n=self.n_out)


def _cut(spectrum: Tensor, n: int, start: int, m: int) -> Tensor:
    """Bins start … start + m − 1 of a real signal of n samples from its bins 0 … n / 2; beyond them zero."""
    half = n // 2
    first, last = max(0, start), min(half + 1, start + m)
    parts = [functional.pad(spectrum[..., first:last], (0, max(0, start + m - max(last, first))))]
    if start < 0:
        reach = min(-start, half)
        negative = spectrum[..., 1 : reach + 1].flip(-1).conj()
        parts.insert(0, functional.pad(negative, (-start - reach, 0)))
    return torch.cat(parts, -1)


def _fast_even(least: int) -> int:
    """The smallest even number, at least `least`, of the form 2ᵃ·{1, 3, 5, 9, 15, …}: what FFTs are quick at."""
    best = 2 ** max(1, math.ceil(math.log2(max(least, 2))))
    for odd in (3, 5, 7, 9, 15, 21, 25, 27):
        power = max(1, math.ceil(math.log2(max(least / odd, 1))))
        if odd * 2**power >= least:
            best = min(best, odd * 2**power)
    return best


def _padded_length(least: int, step: int) -> int:
    return step * _fast_even(-(-least // step))


@kept(16)
def _reflection(n: int, pad: int, total: int, device: torch.device) -> Tensor:
    """Indices that extend n samples to `total`, `pad` of them in front, by reflection at both ends as often as it
    takes.
    """
    period = max(1, 2 * (n - 1))
    index = (np.arange(total) - pad) % period
    return torch.from_numpy(np.minimum(index, period - index)).to(device)
