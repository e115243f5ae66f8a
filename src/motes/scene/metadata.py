"""What a scene says of its own making."""

from __future__ import annotations

from typing import Any

import msgspec


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Where a scene came from: which encoder made it, with which options, from which audio, and why it stopped."""

    encoder: str = ""
    options: dict[str, Any] = {}
    stop_reason: str = ""
    source_digest: str = ""
    version: str = ""
    # The number of the table of defaults that `options` differ from; 0 for those of the encoder as it is now.
    defaults: int = 0
