"""Smooth spectra that share a note's partials out among them: side by side, or one for all with others on top where
partials stick out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

Reals = NDArray[np.float64]

# Most partials that a spectrum on top of another has; weight of those of no account, beside the strongest.
MOST_ON_TOP, LEAST_WEIGHT = 3, 1e-6
# The least standard deviation of a spectrum, in octaves.
NARROWEST = 0.15
# Of a partial that a spectrum lies above, nothing is left: ln amplitude there, beside the strongest.
NOTHING = 1e-4


@dataclass(frozen=True)
class Spectrum:
    """ln amplitude = `level` + `slope` ln k + `bend` log₂²(f/f0) of partials `low` … `high` − 1, counted from 0; of all
    above, too, where it `is_last`.
    """

    low: int
    high: int
    is_last: bool
    level: float
    slope: float
    bend: float


Spectra = tuple[Spectrum, ...]


class SharedOut:
    """Partials of a note: how many octaves above the first they lie, their amplitudes and how long they ring."""

    def __init__(self, octaves: Reals, amplitude: Reals, t60_s: Reals) -> None:
        self._octaves, self._amplitude, self._t60_s = octaves, amplitude, t60_s
        self._weight = amplitude**2 * t60_s
        self._n = len(octaves)

    def best(self, most: int, worth: float) -> list[Spectra]:
        """The spectra nearest to the amplitudes if there may be 1, 2 … `most` of them; one fewer where one more does
        not bring this part of the energy nearer.
        """
        found: list[tuple[float, Spectra]] = []
        for parts in range(1, most + 1):
            ways = (self._refined(self._side_by_side(parts)), self._refined(self._on_top(parts)))
            nearest = min(ways, key=lambda pair: pair[0])
            if found and found[-1][0] - nearest[0] < worth * float(self._weight.sum()):
                nearest = found[-1]
            found.append(nearest)
        return [spectra for _, spectra in found]

    def _side_by_side(self, parts: int) -> tuple[float, Spectra]:
        """Error and spectra of the best neighbouring groups of partials."""
        n = self._n
        if parts > n:
            return np.inf, ()
        tried = {(i, j): self._smooth(self._amplitude, i, j) for i in range(n) for j in range(i + 1, n + 1)}
        error = {place: self._error(self.at(spectrum), *place) for place, spectrum in tried.items()}
        best: list[dict[int, tuple[float, tuple[int, ...]]]] = [{0: (0.0, (0,))}]
        for part in range(1, parts + 1):
            best.append(
                {
                    end: min((best[-1][i][0] + error[i, end], (*best[-1][i][1], end)) for i in best[-1] if i < end)
                    for end in range(part, n + 1)
                }
            )
        missed, edges = best[parts][n]
        return missed, tuple(tried[place] for place in pairwise(edges))

    def _on_top(self, parts: int) -> tuple[float, Spectra]:
        """Error and spectra of one for all partials, and of others on top of it, found one after the other."""
        places: tuple[tuple[int, int], ...] = ()
        best = self._stacked(places)
        for _ in range(parts - 1):
            free = [
                (i, j)
                for i in range(self._n)
                for j in range(i + 1, min(self._n, i + MOST_ON_TOP) + 1)
                if all(j <= low or i >= high for low, high in places)
            ]
            if not free:
                break
            tried = [(self._stacked((*places, place)), place) for place in free]
            best, place = min(tried, key=lambda pair: pair[0][0])
            places = (*places, place)
        return best

    def _stacked(self, places: tuple[tuple[int, int], ...]) -> tuple[float, Spectra]:
        outside = np.ones(self._n)
        for low, high in places:
            outside[low:high] = 0.0
        base = self._smooth(self._amplitude, 0, self._n, outside)
        whole = self.at(base)
        rest = np.maximum(self._amplitude - whole, NOTHING * self._amplitude.max())
        spectra = [base]
        for low, high in places:
            spectra.append(self._smooth(rest, low, high))
            whole[low:high] += self.at(spectra[-1])
        return self._error(whole, 0, self._n), tuple(spectra)

    def _smooth(self, amplitude: Reals, low: int, high: int, counts: Reals | None = None) -> Spectrum:
        """The smooth spectrum nearest to the amplitudes of a group of partials; it never bends upwards."""
        number, octaves = np.arange(low, high) + 1.0, self._octaves[low:high]
        level = np.log(np.maximum(amplitude[low:high], 1e-9))
        weight = self._weight[low:high] if counts is None else self._weight[low:high] * counts[low:high]
        root = np.sqrt(weight + LEAST_WEIGHT * self._weight.max())
        matrix = np.stack([np.ones(high - low), np.log(number), octaves**2], axis=1) * root[:, None]
        values = [0.0, 0.0, 0.0]
        for columns in (3, 2, 1)[max(0, 3 - (high - low)) :]:
            solution = np.linalg.lstsq(matrix[:, :columns], level * root, rcond=None)[0]
            values = [*map(float, solution), 0.0, 0.0][:3]
            if values[2] <= 0:
                break
        found = Spectrum(low, high, high == self._n, *values)
        at, length = self.at(found), weight / np.maximum(self._amplitude[low:high] ** 2, 1e-30)
        fits = float(np.sum(length * at * amplitude[low:high])) / max(float(np.sum(length * at * at)), 1e-30)
        return replace(found, level=found.level + float(np.log(max(fits, NOTHING))))

    def _refined(self, start: tuple[float, Spectra]) -> tuple[float, Spectra]:
        """Error and spectra after least squares of the amplitudes of all of them together."""
        spectra = start[1]
        if not spectra:
            return start
        root, steepest = np.sqrt(self._t60_s), -0.5 / NARROWEST**2

        def spectra_of(values: Reals) -> Spectra:
            rows = values.reshape(-1, 3)
            return tuple(
                replace(spectrum, level=float(row[0]), slope=float(row[1]), bend=float(row[2]))
                for spectrum, row in zip(spectra, rows, strict=True)
            )

        def missed(values: Reals) -> Reals:
            return (self._sum(spectra_of(values)) - self._amplitude) * root / scale

        scale = float(np.sqrt(self._weight.sum()))
        first = np.array([[s.level, s.slope, np.clip(s.bend, 0.9 * steepest, -1e-3)] for s in spectra]).ravel()
        low, high = np.tile([-25.0, -40.0, steepest], len(spectra)), np.tile([25.0, 40.0, 0.0], len(spectra))
        first = np.clip(first, low + 1e-6, high - 1e-6)
        found = spectra_of(least_squares(missed, first, bounds=(low, high), max_nfev=60).x)
        return min(start, (self._error(self._sum(found), 0, self._n), found), key=lambda pair: pair[0])

    def _sum(self, spectra: Spectra) -> Reals:
        whole = np.zeros(self._n)
        for spectrum in spectra:
            whole[spectrum.low : spectrum.high] += self.at(spectrum)
        return whole

    def at(self, spectrum: Spectrum) -> Reals:
        """The amplitudes of a spectrum's partials."""
        part = slice(spectrum.low, spectrum.high)
        number = np.arange(spectrum.low, spectrum.high) + 1.0
        level = spectrum.level + spectrum.slope * np.log(number) + spectrum.bend * self._octaves[part] ** 2
        return np.exp(np.minimum(level, 20.0))

    def _error(self, amplitude: Reals, low: int, high: int) -> float:
        """Energy by which amplitudes miss the partials', in units of amplitude² · seconds."""
        return float(np.sum((amplitude - self._amplitude[low:high]) ** 2 * self._t60_s[low:high]))
