"""Raw samples: a file without a header, whose rate, channels and bits are given."""

from __future__ import annotations

from dataclasses import dataclass

from motes.audio.checks import MAX_CHANNELS, check_sample_rate
from motes.audio.containers.chunks import wav_header
from motes.audio.streams import Bytes, Span
from motes.errors import AudioError, ParameterError

RAW_EXTENSIONS = frozenset({".raw", ".pcm", ".s16", ".s24", ".s32", ".u8", ".sw", ".bin"})
_BITS = (8, 16, 24, 32)


@dataclass(frozen=True)
class RawSamples:
    """What raw samples are: whole numbers, the low byte first, signed but for those of 8 bits, as in a WAV file; of
    several channels one after the other.
    """

    sample_rate_hz: int = 48000
    n_channels: int = 2
    bits: int = 16

    def __post_init__(self) -> None:
        """ParameterError for what makes no sense."""
        object.__setattr__(self, "sample_rate_hz", check_sample_rate(self.sample_rate_hz))
        if isinstance(self.n_channels, bool) or self.n_channels not in range(1, MAX_CHANNELS + 1):
            raise ParameterError(f"raw samples have 1 … {MAX_CHANNELS} channels, not {self.n_channels!r}")
        if isinstance(self.bits, bool) or self.bits not in _BITS:
            raise ParameterError(f"raw samples have 8, 16, 24 or 32 bits, not {self.bits!r}")

    def span(self, data: Bytes) -> Span:
        """A file of raw samples, with a header before it."""
        step = self.n_channels * self.bits // 8
        if data.n_bytes % step:
            raise AudioError(
                f"{data.name} has {data.n_bytes} bytes, which is no multiple of {step}: is it of {self.n_channels} "
                f"channels and {self.bits} bits?"
            )
        return Span(prefix=_wav_header(self, data.n_bytes))


def _wav_header(raw: RawSamples, n_bytes: int) -> bytes:
    step = raw.n_channels * raw.bits // 8
    fmt = b"fmt " + b"".join(
        value.to_bytes(size, "little")
        for value, size in (
            (16, 4),
            (1, 2),
            (raw.n_channels, 2),
            (raw.sample_rate_hz, 4),
            (raw.sample_rate_hz * step, 4),
            (step, 2),
            (raw.bits, 2),
        )
    )
    return wav_header(fmt, n_bytes)
