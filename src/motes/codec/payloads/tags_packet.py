"""The packet of tags: what a recording says of itself. It may be skipped."""

from __future__ import annotations

from motes.coding.varints import Reader, varint
from motes.errors import FormatError, ParameterError
from motes.scene.tags import MAX_TAGS_BYTES, TagMap


def pack_tags(tags: TagMap) -> bytes:
    """Tags as a payload: how many there are, and for each its length and `NAME=value` in UTF-8."""
    lines = [line.encode() for line in tags.lines()]
    return varint(len(lines)) + b"".join(varint(len(line)) + line for line in lines)


def unpack_tags(reader: Reader) -> TagMap:
    """From its payload; FormatError, which names the packet, where it makes no sense."""
    n_lines = reader.varint(len(reader))
    if not n_lines:
        raise FormatError(f"{reader.name}: it holds no tags")
    lines = [reader.take(reader.varint(MAX_TAGS_BYTES)) for _ in range(n_lines)]
    reader.finish()
    try:
        tags = TagMap.of_lines(line.decode() for line in lines)
    except UnicodeDecodeError:
        raise FormatError(f"{reader.name}: a tag is not text in UTF-8") from None
    except ParameterError as error:
        raise FormatError(f"{reader.name}: {error}") from None
    if [line.encode() for line in tags.lines()] != lines:
        raise FormatError(f"{reader.name}: names are not in capitals, or values of one name do not stand together")
    return tags
