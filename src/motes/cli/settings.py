"""motes settings: which settings are in force, and where they come from."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from motes.cli.console import print_json
from motes.cli.many import Json


def settings(*, json: Json = False) -> int:
    """Show the settings in force and where each comes from: the environment, the file .env in this folder, or the
    default.

    AUDIO_PATH is a folder of recordings, PORT where the studio listens, IMPULSE_RESPONSE_PATH a folder of impulse
    responses, S3_BUCKET where pages are published to. Names and passwords in addresses are hidden.
    """
    from motes.settings import load_settings, shown_value

    loaded = load_settings()
    for field in fields(loaded):
        setting = getattr(loaded, field.name)
        name, value = field.name.upper(), shown_value(setting.value)
        if json:
            print_json({"name": name, "value": value or None, "origin": setting.origin, "note": _note(setting.value)})
        else:
            note = _note(setting.value)
            print(f"{name:<22} {value or 'not set'}  ({setting.origin}{'; ' + note if note else ''})")
    return 0


def _note(value: Any) -> str:
    return "there is no such folder" if isinstance(value, Path) and not value.exists() else ""
