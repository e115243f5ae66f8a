"""Where this machine keeps things: settings from the environment, or from a file `.env` in the current folder, or
their defaults, in this order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit, urlunsplit

from motes.errors import ParameterError

T = TypeVar("T")
ENV_FILE = ".env"


@dataclass(frozen=True)
class Setting(Generic[T]):
    """The value in force and where it came from: "environment", the path of the file, or "default"."""

    value: T
    origin: str


@dataclass(frozen=True)
class Settings:
    """All settings; `None` where one is not set. The variable of each has its name in capitals."""

    # Folder of recordings.
    audio_path: Setting[Path | None]
    # Where `motes studio` listens.
    port: Setting[int]
    # Folder of the impulse responses of rooms.
    impulse_response_path: Setting[Path | None]
    # Where pages and files are published to.
    s3_bucket: Setting[str | None]
    # What files may ask for, so that a few hostile bytes do not take all memory and time: samples that are rendered
    # at once or into one file, of all channels together;
    motes_max_render_samples: Setting[int]
    # samples of the responses of a scene's rooms, of all channels together;
    motes_max_room_samples: Setting[int]
    # modes that the strikes of one instrument excite, those of each different strike counted;
    motes_max_strike_modes: Setting[int]
    # weights of all instruments of a file, those that are 0 included;
    motes_max_instrument_weights: Setting[int]
    # samples to which edits stretch or transpose one detail event, of all channels together.
    motes_max_detail_samples: Setting[int]


DEFAULT_PORT = 9999
DEFAULT_LIMITS = {
    "motes_max_render_samples": 1 << 32,
    "motes_max_room_samples": 1 << 24,
    "motes_max_strike_modes": 1 << 24,
    "motes_max_instrument_weights": 1 << 24,
    "motes_max_detail_samples": 1 << 24,
}
# Under these names a variable is known too.
ALSO = {"impulse_response_path": "IMPULSE_RESPONSE"}


def load_settings(environment: Mapping[str, str] | None = None, folder: str | os.PathLike[str] = ".") -> Settings:
    """The settings in force. An empty value counts as not set; ParameterError, which names the variable and its
    origin, where one makes no sense.
    """
    environment = os.environ if environment is None else environment
    path = Path(folder) / ENV_FILE
    stored = _stored(path)

    def found(field: str) -> tuple[str, str]:
        for values, origin in ((environment, "environment"), (stored, str(path))):
            for name in filter(None, (field.upper(), ALSO.get(field))):
                if value := (values.get(name) or "").strip():
                    return value, origin
        return "", "default"

    text = {field.name: found(field.name) for field in fields(Settings)}
    return Settings(
        audio_path=_path(*text["audio_path"]),
        port=_port(*text["port"]),
        impulse_response_path=_path(*text["impulse_response_path"]),
        s3_bucket=Setting(text["s3_bucket"][0] or None, text["s3_bucket"][1]),
        **{name: _limit(name, *text[name]) for name in DEFAULT_LIMITS},
    )


def check_limit(name: str, wanted: int, what: str) -> None:
    """ParameterError, which names the setting, where `wanted` of `what` (a whole sentence's beginning) is more than
    this limit.
    """
    limit: int = getattr(load_settings(), name).value
    if wanted > limit:
        raise ParameterError(f"{what}, more than {limit}: {name.upper()}={wanted} in the environment allows it")


def shown_value(value: Any) -> str:
    """A setting as it may be shown: a name and password in an address are hidden."""
    text = "" if value is None else str(value)
    if "@" not in text or "://" not in text:
        return text
    parts = urlsplit(text)
    return urlunsplit(parts._replace(netloc="•••@" + parts.netloc.rpartition("@")[2], query=""))


def _stored(path: Path) -> Mapping[str, str | None]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        return dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is not text in UTF-8'}"
        ) from None


def _path(text: str, origin: str) -> Setting[Path | None]:
    return Setting(Path(text).expanduser() if text else None, origin)


def _port(text: str, origin: str) -> Setting[int]:
    if not text:
        return Setting(DEFAULT_PORT, origin)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ParameterError(f"PORT must be a whole number from 1 to 65535, not {text!r} ({origin})")
    return Setting(int(text), origin)


def _limit(name: str, text: str, origin: str) -> Setting[int]:
    if not text:
        return Setting(DEFAULT_LIMITS[name], origin)
    if not text.isascii() or not text.isdigit():
        raise ParameterError(f"{name.upper()} must be a whole number, not {text!r} ({origin})")
    return Setting(int(text), origin)
