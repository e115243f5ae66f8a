"""The header: what holds for the whole file."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from motes.coding.varints import Reader, varints, zigzag
from motes.errors import FormatError, ParameterError
from motes.events.limits import MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, MAX_SAMPLES
from motes.kinds.gabor.quantiser import GaborQuantiser, check_quantiser
from motes.scene.metadata import Metadata

MAX_METADATA = 1 << 16
# Readers check the ranges of a quantiser's numbers once they have them.
_MAX_NUMBER = 1 << 20


@dataclass(frozen=True)
class Header:
    """What holds for the whole file."""

    sample_rate_hz: int
    n_samples: int
    n_channels: int
    quantiser: GaborQuantiser
    metadata: Metadata
    # Whether packets of detail come after all others, with an index in front of both; from version 2 on.
    layered: bool = False

    def pack(self) -> bytes:
        """As a payload."""
        metadata = msgspec.json.encode(_without_defaults(self.metadata))
        if len(metadata) > MAX_METADATA:
            raise ParameterError(f"the metadata takes {len(metadata)} bytes, more than {MAX_METADATA}")
        q = self.quantiser
        numbers = self.sample_rate_hz, self.n_samples, self.n_channels, q.steps_per_doubling, q.n_phases, zigzag(q.knee)
        return varints(*numbers) + metadata

    @classmethod
    def unpack(cls, reader: Reader) -> Header:
        """From its payload; FormatError, which names the packet, where it makes no sense."""
        rate, n_samples = reader.varint(MAX_SAMPLE_RATE_HZ), reader.varint(MAX_SAMPLES)
        n_channels = reader.varint(MAX_CHANNELS)
        if not rate or not n_channels:
            raise FormatError(f"{reader.name}: no sample rate or no channels")
        try:
            quantiser = check_quantiser(
                GaborQuantiser(reader.varint(_MAX_NUMBER), reader.varint(_MAX_NUMBER), reader.zigzag(_MAX_NUMBER))
            )
            text = reader.rest()
            if len(text) > MAX_METADATA:
                raise FormatError(f"{reader.name}: {len(text)} bytes of metadata are past the limit of {MAX_METADATA}")
            metadata = msgspec.json.decode(text, type=Metadata)
        except (ParameterError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise FormatError(f"{reader.name}: {error}") from None
        return cls(rate, n_samples, n_channels, quantiser, metadata)


def _without_defaults(metadata: Metadata) -> dict[str, object]:
    empty = Metadata()
    return {
        name: getattr(metadata, name)
        for name in Metadata.__struct_fields__
        if getattr(metadata, name) != getattr(empty, name)
    }
