"""What a scene says of its own making."""

from __future__ import annotations

from typing import Any

import msgspec


class Marker(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place in time with a name, or where `end_s` is given a region up to there."""

    start_s: float
    name: str = ""
    end_s: float | None = None


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Where a scene came from: which encoder made it, with which options, from which audio, why it stopped, and
    what users named in it.
    """

    encoder: str = ""
    options: dict[str, Any] = {}
    stop_reason: str = ""
    source_digest: str = ""
    version: str = ""
    # The number of the table of defaults that `options` differ from; 0 for those of the encoder as it is now.
    defaults: int = 0
    # Names that users gave: places and regions in order of time, and groups by their ids as decimal digits.
    markers: tuple[Marker, ...] = ()
    group_names: dict[str, str] = {}
