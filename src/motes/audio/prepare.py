"""What is done to a recording before it is encoded: a part of it, its channels mixed, another sample rate, its peak at
full scale."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TypedDict

import numpy as np

from motes.audio.checks import check_sample_rate
from motes.audio.resample import resample_blocks
from motes.audio.source import Block, Source
from motes.errors import ParameterError
from motes.units import require_finite


class PreparationValues(TypedDict, total=False):
    """The fields of `Preparation` as arguments."""

    start_s: float | None
    end_s: float | None
    mono: bool
    to_sample_rate_hz: int | None
    normalise: bool


@dataclass(frozen=True)
class Preparation:
    """What is taken of a recording, in this order: from `start_s` up to `end_s`; the mean of its channels where `mono`;
    at `to_sample_rate_hz`; and with `normalise` so that the loudest sample is at full scale.
    """

    start_s: float | None = None
    end_s: float | None = None
    mono: bool = False
    to_sample_rate_hz: int | None = None
    normalise: bool = False

    def __post_init__(self) -> None:
        """ParameterError for values of a wrong type."""
        for name in ("start_s", "end_s"):
            if (value := getattr(self, name)) is not None:
                require_finite(name, value)
        for name in ("mono", "normalise"):
            if not isinstance(getattr(self, name), bool):
                raise ParameterError(f"{name} must be True or False, not {getattr(self, name)!r:.60}")
        if self.to_sample_rate_hz is not None:
            object.__setattr__(self, "to_sample_rate_hz", check_sample_rate(self.to_sample_rate_hz))

    def __str__(self) -> str:
        """Those that change something."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return " ".join(f"{name}={value!r}" for name, value in given.items() if value not in (None, False))


AS_IT_IS = Preparation()


def prepared(source: Source, how: Preparation) -> Source:
    """The recording as it is to be encoded: the source itself where nothing is to be done.

    ParameterError for a part that is outside it.
    """
    if how == AS_IT_IS:
        return source
    changed: Source = _Part(source, how.start_s, how.end_s)
    changed = _Mono(changed) if how.mono and source.n_channels > 1 else changed
    rate = how.to_sample_rate_hz
    changed = _Resampled(changed, rate) if rate not in (None, source.sample_rate_hz) else changed
    changed = _Normalised(changed) if how.normalise else changed
    return _Named(changed, hashlib.sha256(f"{source.digest()} {how}".encode()).hexdigest())


class _Changed:
    """A source made from another one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.sample_rate_hz, self.n_channels, self.n_samples = (
            source.sample_rate_hz,
            source.n_channels,
            source.n_samples,
        )
        self.name = source.name

    def blocks(self) -> Iterator[Block]:
        """The audio from its start."""
        return self._source.blocks()

    def digest(self) -> str:
        """That of the source."""
        return self._source.digest()


class _Named(_Changed):
    def __init__(self, source: Source, digest: str) -> None:
        super().__init__(source)
        self._digest = digest

    def digest(self) -> str:
        """That of the source and of what was done to it."""
        return self._digest


class _Part(_Changed):
    def __init__(self, source: Source, start_s: float | None, end_s: float | None) -> None:
        super().__init__(source)
        rate, n_samples = source.sample_rate_hz, source.n_samples
        first = 0 if start_s is None else round(start_s * rate)
        last = n_samples if end_s is None else math.floor(end_s * rate + 0.5)
        whole = f"0 … {n_samples / rate:g} s: were these samples, not seconds?"
        if not 0 <= first <= n_samples:
            raise ParameterError(f"start {start_s:g} s is outside {source.name}, {whole}")
        if last > n_samples:
            raise ParameterError(f"end {end_s:g} s is past the end of {source.name}, {whole}")
        if last < first:
            raise ParameterError(f"the part ends ({end_s:g} s) before it starts ({start_s or 0:g} s)")
        self._first, self._last, self.n_samples = first, last, last - first

    def blocks(self) -> Iterator[Block]:
        """The audio from its start."""
        at = 0
        for block in self._source.blocks():
            low, high = max(0, self._first - at), min(block.shape[1], self._last - at)
            if low < high:
                yield np.ascontiguousarray(block[:, low:high])
            at += block.shape[1]
            if at >= self._last and self._last < self._source.n_samples:
                return


class _Mono(_Changed):
    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.n_channels = 1

    def blocks(self) -> Iterator[Block]:
        """The mean of the channels."""
        for block in self._source.blocks():
            yield block.mean(axis=0, dtype=np.float64, keepdims=True).astype(np.float32)


class _Resampled(_Changed):
    def __init__(self, source: Source, rate: int) -> None:
        super().__init__(source)
        self.sample_rate_hz = rate
        self.n_samples = -(-source.n_samples * rate // source.sample_rate_hz)

    def blocks(self) -> Iterator[Block]:
        """The audio from its start, at the other rate."""
        source = self._source
        return resample_blocks(source.blocks(), source.n_channels, source.sample_rate_hz, self.sample_rate_hz)


class _Normalised(_Changed):
    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._peak = max((float(np.abs(block).max()) for block in source.blocks()), default=0.0)

    def blocks(self) -> Iterator[Block]:
        """The audio, its loudest sample at full scale; silence as it is."""
        scale = 1 / self._peak if self._peak else 1.0
        for block in self._source.blocks():
            yield np.multiply(block, scale, dtype=np.float64).astype(np.float32)
