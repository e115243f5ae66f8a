"""The levels of a texture event in plain Python, for reading and as the oracle of the compiled model."""

from __future__ import annotations

from collections.abc import Sequence

from range_coder import Coder, Decoder, Encoder

N_SLOTS, N_MIXERS = 25456, 48
TILE = 8
N_UNARY = 24
# Where each set of contexts begins among the slots, for the first channel and for further ones.
TABLES = (0, 3072, 5016, 6960, 9360, 10896), (12624, 15696, 17640, 19584, 21984, 23520)
CUT, IS_SILENT, BEYOND = 25248, 25312, 25328
LARGEST = 1 << 16

# In steps; None where the band is silent.
Level = int | None
# By frame, band and channel.
Levels = list[list[list[Level]]]


def encode(
    levels: Levels, cuts: list[list[int]], edges: Sequence[int], base: int, slots: Sequence[int], weights: Sequence[int]
) -> bytes:
    """The coded bytes of `levels`, whose tiles and groups are cut by `cuts`."""
    coder = Encoder(slots, weights)
    _Levels(coder, levels, cuts, edges, base).code()
    return coder.finish()


def decode(
    data: bytes,
    shape: tuple[int, int, int],
    edges: Sequence[int],
    base: int,
    slots: Sequence[int],
    weights: Sequence[int],
) -> tuple[Levels, list[list[int]]]:
    """Levels of this shape (frames, bands, channels), and how they are cut."""
    n_frames, n_bands, n_channels = shape
    levels: Levels = [[[0] * n_channels for _ in range(n_bands)] for _ in range(n_frames)]
    cuts = [[0] * (len(edges) - 1) for _ in range(-(-n_frames // TILE))]
    _Levels(Decoder(data, slots, weights), levels, cuts, edges, base).code()
    return levels, cuts


def _clip(value: int, limit: int) -> int:
    return min(max(value, -limit), limit) + limit


class _Levels:
    """Both directions: what is there is coded, and what is coded is put there."""

    def __init__(self, coder: Coder, levels: Levels, cuts: list[list[int]], edges: Sequence[int], base: int) -> None:
        self.coder, self.levels, self.cuts, self.edges, self.base = coder, levels, cuts, edges, base
        self.n_bands, n_channels = len(levels[0]), len(levels[0][0])
        self.bands, self.mean = range(self.n_bands), [64] * n_channels
        self.shown = [
            [[base] * n_channels for _ in self.bands] for _ in range(TILE)
        ]  # of the tile; silence as what it was predicted
        self.before_tile = [list(row) for row in self.shown[0]]
        self.last = [[(base, base)] * n_channels for _ in self.bands]
        self.error = [[0] * n_channels for _ in self.bands]
        self.silent = [[0] * n_channels for _ in self.bands]

    def code(self) -> None:
        """All tiles."""
        for tile, cuts in enumerate(self.cuts):
            for group in range(len(cuts)):
                cuts[group] = self._cut(tile, group)
                size = TILE >> cuts[group]
                for at in range(0, TILE, size):
                    if tile * TILE + at >= len(self.levels):
                        break
                    for band in range(self.edges[group], self.edges[group + 1]):
                        for channel in range(len(self.mean)):
                            self._level(tile * TILE, at, size, cuts[group], band, channel)
            self.before_tile = [list(row) for row in self.shown[TILE - 1]]

    def _cut(self, tile: int, group: int) -> int:
        below = self.cuts[tile][group - 1] if group else 4
        at = CUT + ((self.cuts[tile - 1][group] * 5 + below) * 3 if tile else 60)
        wanted, found = self.cuts[tile][group], 0
        while found < 3 and self.coder.adaptive(at + found, int(wanted > found)):
            found += 1
        return found

    def _level(self, first: int, at: int, size: int, cut: int, band: int, channel: int) -> None:
        value = self.levels[first + at][band][channel]
        error_below = self.error[band][channel - 1] if channel else 0
        slot = 8 * (channel > 0) + 4 * (self.silent[band][0] if channel else 0) + 2 * self.silent[band][channel]
        slot += self.silent[band - 1][channel] if band else 0
        silent = self.coder.adaptive(IS_SILENT + slot, int(value is None))
        p16, around = self._around(at, band, channel)
        p16 += 10 * error_below
        p = (p16 + 8) >> 4
        error, shown = 0, max(p, self.base - 8)
        if not silent:
            errors = (
                error_below if channel else self.error[band - 1][channel] if band else 0,
                self.error[band][channel],
            )
            contexts = self._contexts(p, p16, band, cut, at == 0, around, errors, self.mean[channel])
            error = self._error(int(channel > 0), contexts, 0 if value is None else value - p)
            shown = p + error
            self.mean[channel] += (64 * min(abs(error), 64) - self.mean[channel]) >> 4
        self.silent[band][channel], self.error[band][channel] = silent, error
        self.last[band][channel] = (shown, self.last[band][channel][0])
        for frame in range(at, at + size):
            self.shown[frame][band][channel] = shown
            if first + frame < len(self.levels):
                self.levels[first + frame][band][channel] = None if silent else shown

    def _around(self, at: int, band: int, channel: int) -> tuple[int, tuple[int, ...]]:
        """Sixteen times what is predicted, and (before, before that, below, above before, two below)."""
        before, earlier = self.last[band][channel]
        below = self.shown[at][band - 1][channel] if band else before
        row = self.shown[at - 1] if at else self.before_tile
        below_before = row[band - 1][channel] if band else before
        above = self.last[band + 1][channel][0] if band + 1 < self.n_bands else before
        two_below = self.shown[at][band - 2][channel] if band > 1 else below
        return 9 * before + 2 * earlier + 9 * below - 4 * below_before, (before, earlier, below, above, two_below)

    def _contexts(
        self,
        p: int,
        p16: int,
        band: int,
        cut: int,
        first: bool,
        around: tuple[int, ...],
        errors: tuple[int, int],
        mean: int,
    ) -> list[int]:
        before, earlier, below, above, two_below = (_clip(value - p, 4) for value in around)
        fraction = min(max((p16 - 16 * p + 8) >> 2, 0), 3)
        return [
            (fraction * 4 + cut) * 8 + band * 8 // self.n_bands,
            before * 9 + below,
            above * 9 + earlier,
            (_clip(errors[0], 2) * 5 + _clip(errors[1], 2)) * 4 + fraction,
            min(mean >> 5, 15) * 4 + cut,
            (first * 4 + cut) * 9 + two_below,
        ]

    def _error(self, further: int, contexts: list[int], error: int) -> int:
        def bit(place: int, value: bool) -> int:
            where = [TABLES[further][i] + contexts[i] * N_UNARY + place for i in range(6)]
            return self.coder.bit(where, N_UNARY * further + place, int(value))

        if not bit(0, error != 0):
            return 0
        below, size = bit(1, error < 0), 1
        while size < 11 and bit(1 + size + 11 * below, abs(error) > size):
            size += 1
        if size == 11:
            size += min(self.coder.number(BEYOND, abs(error) - 11), LARGEST)
        return -size if below else size
