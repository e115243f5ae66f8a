"""Lines through atoms in plain NumPy: the same lines, each step asked of all atoms at once, without windows of search
or tables.

Slow, and what the kernels in `partials` are tested against.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# docs/partials.md tells what each of these limits is for.
REACH, STEP_BINS, SWEEP_BINS, ALIKE, FAR_BINS, TUBE_BINS = 0.6, 1.0, 3.0, 2.0, 24.0, 0.75
MASK_LOUDER, MASK_BINS, STRICT, LENIENT, SMALL, SWEPT = 2.0, 12.0, 1.6, 1.2, 3, 0.5
JOIN_REACH, BEND_BINS, END_ATOMS, SMOOTH = 0.8, 4.0, 3, 0.25


@dataclass(eq=False)
class PlainLines:
    """Atoms as `grow_lines` takes them; `line` `(n,)` tells each its line from 1, `knots` the atoms that carry each
    line, in order of time.
    """

    order: Ints
    time: Array
    window: Array
    own: Array
    sound: Array
    phase: Array
    strength: Array
    channel: Ints
    energy: Array
    amplitude: Array
    free: NDArray[np.bool_]
    points: Ints
    point_time: Array
    point_sound: Array
    # Of steady atoms: step, sweep and glide in a line, step and sweep to the next line, whether bins are of the mean
    # window, and the part of the anchor.
    rules: tuple[float, float, float, float, float, bool, float] = (1.0, 3.0, 0.0, 1.0, 3.0, False, 0.5)

    def __post_init__(self) -> None:
        self.line, self.free = np.zeros(len(self.time), np.int64), self.free.copy()
        self.knots: list[list[int]] = []

    # --- growing

    def grow(self) -> None:
        """All lines, each from the strongest atom that is free."""
        for seed in self.order.tolist():
            if self.free[seed]:
                number = len(self.knots) + 1
                self.line[seed], self.free[seed] = number, False
                back, on = self._prolonged(seed, -1, number), self._prolonged(seed, 1, number)
                self.knots.append([*back[::-1], seed, *on])
                for end, low, high in ((self.knots[-1][0], -0.5, 0.0), (self.knots[-1][-1], 0.0, 0.5)):
                    self._claim(
                        self.time[end] + low * self.window[end],
                        self.time[end] + high * self.window[end],
                        end,
                        end,
                        number,
                    )

    def _prolonged(self, seed: int, sign: int, number: int) -> list[int]:
        head, anchor, slope, found = seed, seed, 0.0, []
        while (after := self._next(head, anchor, sign, slope)) is not None:
            self.line[after], self.free[after] = number, False
            low, high = (head, after) if sign > 0 else (after, head)
            self._claim(self.time[low], self.time[high], low, high, number)
            steepest = 2 / (self.window[after] * self.window[head])
            towards = (self.sound[after] - self.sound[head]) / (self.time[after] - self.time[head])
            slope = float(np.clip((slope + towards) / 2, -steepest, steepest))
            found.append(after)
            head = after
            if self.window[head] >= self.window[anchor] or not self._within_reach(anchor, head):
                anchor = head
        return found

    def _within_reach(self, a: int, b: int) -> bool:
        return bool(abs(self.time[a] - self.time[b]) <= REACH * (self.window[a] + self.window[b]))

    def _next(self, head: int, anchor: int, sign: int, slope: float) -> int | None:
        """The candidate with the highest score, of equal ones the nearest."""
        gap, shorter = sign * (self.time - self.time[head]), np.minimum(self.window, self.window[head])
        near = (gap > 0) & (np.abs(gap) <= REACH * (self.window + self.window[head]))
        near &= np.abs(self.sound - self.sound[head]) * shorter < FAR_BINS
        candidates = np.flatnonzero(self.free & near)
        scores = [self._score(head, anchor, j, slope) for j in candidates[::sign].tolist()]
        if not scores or max(scores) <= 0:
            return None
        return int(candidates[::sign][int(np.argmax(scores))])

    def _score(self, head: int, anchor: int, j: int, slope: float) -> float:
        away, turned = self._misfit(head, j, slope)
        if away < 1 and anchor != head and self._within_reach(anchor, j):
            away = max(away, self.rules[6] * self._misfit(anchor, j, slope)[0])
        if away >= 1:
            return 0.0
        fits = (1 - away**2) * (0.55 + 0.45 * math.cos(turned))
        alike = min(self.strength[j], self.strength[head]) / max(self.strength[j], self.strength[head])
        gap = abs(self.time[j] - self.time[head]) / min(self.window[head], self.window[j])
        return float(self.energy[j] * alike**ALIKE * fits**2 / (1 + 4 * gap))

    def _misfit(self, head: int, j: int, slope: float) -> tuple[float, float]:
        time, window = self.time[[head, j]], self.window[[head, j]]
        gap, width, step, sweep, glide = abs(time[1] - time[0]), window.min(), STEP_BINS, SWEEP_BINS, 0.0
        if max(self.points[head], self.points[j]) > 1:
            meet = time.mean() if window[0] == window[1] else time[np.argmin(window)]
            apart, turned = self.frequency(head, meet) - self.frequency(j, meet), 0.5
        else:
            step, sweep = self.rules[:2]
            width = np.sqrt(window.prod()) if self.rules[5] else width
            glide = self.rules[2] * abs(slope) * gap * width
            apart = self.sound[j] - self.sound[head] - slope * (time[1] - time[0])
            turned = self.phase[j] - self.phase[head] - np.pi * (self.sound[head] + self.sound[j]) * (time[1] - time[0])
            turned = turned if self.channel[j] == self.channel[head] else 0.0
        return float(abs(apart) * width / (step + sweep * gap / window.max() + glide)), float(turned)

    def frequency(self, i: int, time: float) -> float:
        """Under atom i, straight between its points."""
        n = self.points[i]
        return (
            float(np.interp(time, self.point_time[i, :n], self.point_sound[i, :n]))
            if n > 1
            else float(self.point_sound[i, 0])
        )

    def _between(self, at: float, head: int, tail: int) -> float:
        part = (
            0.0 if head == tail else float(np.clip((at - self.time[head]) / (self.time[tail] - self.time[head]), 0, 1))
        )
        return (1 - part) * self.frequency(head, at) + part * self.frequency(tail, at)

    def _claim(self, low: float, high: float, head: int, tail: int, number: int) -> None:
        loudness, places = max(self.amplitude[head], self.amplitude[tail]), self.point_sound[[head, tail]]
        for k in np.flatnonzero((self.time >= low) & (self.time <= high) & (self.line == 0)).tolist():
            if max(self.own[k] - places.max(), places.min() - self.own[k]) * self.window[k] >= MASK_BINS:
                continue
            reach = SWEPT * self.window[k]
            before, here, after = (self._between(self.time[k] + by, head, tail) for by in (-reach, 0.0, reach))
            away = (
                max(self.own[k] - max(before, here, after), min(before, here, after) - self.own[k], 0.0)
                * self.window[k]
            )
            if abs(self.sound[k] - here) * self.window[k] < TUBE_BINS and away < MASK_BINS:
                self.line[k], self.free[k] = number, False
            elif self.amplitude[k] < loudness * mask(away, STRICT):
                self.free[k] = False

    # --- joining

    def end(self, atoms: list[int], last: bool) -> tuple[float, float, float, float, float]:
        """A line near one end: time, frequency and slope of the straight line through its points, window and
        strength.
        """
        chosen, tip = (atoms[-END_ATOMS:], atoms[-1]) if last else (atoms[:END_ATOMS], atoms[0])
        x = np.concatenate([self.point_time[i, : self.points[i]] for i in chosen]) - self.time[tip]
        y = np.concatenate([self.point_sound[i, : self.points[i]] for i in chosen])
        slope, level = np.polyfit(x, y, 1) if len(x) > 1 else (0.0, y[0])
        return self.time[tip], float(level), float(slope), self.window[tip], self.strength[tip]

    def joined(self) -> Ints:
        """Which line each goes on in, or −1: two that are each other's best."""
        ends = [(self.end(atoms, False), self.end(atoms, True)) for atoms in self.knots]
        n = len(ends)
        score = np.array([[follows(ends[a][1], ends[b][0], self.rules) for b in range(n)] for a in range(n)]).reshape(
            n, n
        )
        after = np.full(n, -1)
        order = np.argsort([first[0] for first, _ in ends], kind="stable")
        for a in range(n):
            b = int(order[int(np.argmax(score[a, order]))])
            if score[a, b] > 0 and int(np.argmax(score[:, b])) == a:
                after[a] = b
        return after

    # --- following

    def curve(self, atoms: list[int]) -> tuple[Array, Array, Array]:
        """A line's points in order of time: time, smoothed frequency and turns made since the first."""
        time = np.concatenate([self.point_time[i, : self.points[i]] for i in atoms])
        sound = np.concatenate([self.point_sound[i, : self.points[i]] for i in atoms])
        n_points = self.points[atoms]
        width = np.repeat(np.where(n_points == 1, self.window[atoms], 0.25 * self.window[atoms]), n_points)
        weight = np.repeat(self.amplitude[atoms] ** 2, n_points)
        order = np.argsort(time, kind="stable")
        time, sound, width, weight = time[order], sound[order], width[order], weight[order]
        smooth = np.array([self._smoothed(k, time, sound, width, weight) for k in range(len(time))])
        turns = np.concatenate([[0.0], np.cumsum((smooth[1:] + smooth[:-1]) / 2 * np.diff(time))])
        return time, smooth, turns

    def followed(self) -> tuple[Ints, Array]:
        """Each atom's line and the line's frequency there; atoms that no line took, or a small one, go to the line
        that masks them most.
        """
        line, frequency, best = self.line.copy(), self.own.copy(), self.amplitude.copy()
        count = np.bincount(self.line, minlength=len(self.knots) + 1)
        for number, atoms in enumerate(self.knots, start=1):
            time, sound, _ = self.curve(atoms)
            loudness = self._loudness(atoms)
            first, last = (
                self.time[atoms[0]] - self.window[atoms[0]] / 2,
                self.time[atoms[-1]] + self.window[atoms[-1]] / 2,
            )
            for i in np.flatnonzero((self.time >= first) & (self.time <= last)).tolist():
                here, home = float(np.interp(self.time[i], time, sound)), self.line[i]
                if home == number:
                    if line[i] == number:
                        frequency[i] = here
                elif home == 0 or (count[home] <= SMALL and count[number] > SMALL):
                    reach = SWEPT * self.window[i]
                    under = np.append(sound[(time > self.time[i] - reach) & (time < self.time[i] + reach)], here)
                    away = max(self.own[i] - under.max(), under.min() - self.own[i], 0.0) * self.window[i]
                    k = max(int(np.searchsorted(time, self.time[i], side="right")) - 1, 0)
                    score = loudness[k : k + 2].max() * mask(away, LENIENT)
                    if score > best[i]:
                        best[i], line[i], frequency[i] = score, number, here
        return line, frequency

    def _loudness(self, atoms: list[int]) -> Array:
        """The amplitude at each of a line's points."""
        time = np.concatenate([self.point_time[i, : self.points[i]] for i in atoms])
        return np.repeat(self.amplitude[atoms], self.points[atoms])[np.argsort(time, kind="stable")]

    def _smoothed(self, k: int, time: Array, sound: Array, width: Array, weight: Array) -> float:
        x = (time - time[k]) / (SMOOTH * width[k])
        near = np.abs(x) <= 3.5
        x, y, w = x[near], sound[near], weight[near] * np.exp(-0.5 * x[near] ** 2)
        s0, s1, s2, y0, y1 = w.sum(), (w * x).sum(), (w * x * x).sum(), (w * y).sum(), (w * x * y).sum()
        spread = s0 * s2 - s1 * s1
        straight = (s2 * y0 - s1 * y1) / spread if spread > 0.05 * s0 * s0 else y0 / s0
        return float(np.clip(straight, y.min(), y.max()))


def mask(bins: float, power: float) -> float:
    """How strong, against a line, an atom so many bins away can be and still be a part of it."""
    if bins > MASK_BINS:
        return 0.0
    return MASK_LOUDER if bins < 0.75 else min(MASK_LOUDER, bins**-power)


def follows(end: tuple[float, ...], begin: tuple[float, ...], rules: tuple[float, ...]) -> float:
    """How well a line that begins goes on where another ended: 0 if it does not, 1 at best."""
    (t0, f0, slope0, window0, strength0), (t1, f1, slope1, window1, strength1) = end, begin
    gap, short = t1 - t0, min(window0, window1)
    if not 0 < gap <= JOIN_REACH * (window0 + window1):
        return 0.0
    width = math.sqrt(window0 * window1) if rules[5] else short
    glide = 0.5 * rules[2] * gap * width * (abs(slope0) + abs(slope1))
    limit = rules[3] + rules[4] * gap / max(window0, window1) + glide
    away = abs(f0 - f1 + gap * (slope0 + slope1) / 2) * width / limit
    bent = abs(slope0 - slope1) * short**2 / BEND_BINS
    return (
        0.0
        if max(away, bent) >= 1
        else min(strength0, strength1) / max(strength0, strength1) * (1 - away**2) * (1 - bent**2)
    )
