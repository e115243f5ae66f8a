"""One packet of a model: the id and the digest of a decoder that events are played by ◀▶ payload. Needs no compiler."""

from __future__ import annotations

from motes.coding.varints import Reader, varints
from motes.errors import FormatError, ParameterError
from motes.events.model import MAX_MODELS, Model

_LONGEST = 64


def pack_model(model: Model, number: int) -> bytes:
    """The payload of a scene's model with this number, from 0."""
    return varints(number, len(model.id)) + model.id.encode() + bytes.fromhex(model.digest)


def unpack_model(reader: Reader) -> tuple[int, Model]:
    """The inverse: number and model; FormatError, which names the packet, where it makes no sense."""
    number = reader.varint(MAX_MODELS - 1)
    try:
        model = Model(reader.take(reader.varint(_LONGEST)).decode(), reader.take(32).hex())
    except (ParameterError, UnicodeDecodeError) as error:
        raise FormatError(f"{reader.name}: {error}") from None
    reader.finish()
    return number, model
