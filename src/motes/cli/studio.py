"""motes studio."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from motes import places
from motes.cli.console import UsageError, announce_compilation, tell


def studio(
    target: str | None = None,
    /,
    *,
    port: int | None = None,
    host: str = "127.0.0.1",
    browser: Annotated[bool, Parameter(negative="--no-browser")] = True,
) -> int:
    """Open the studio in the browser: see, hear and edit scenes, and encode recordings.

    It listens on this machine only, until Ctrl-C. What is not saved is kept, and offered when it starts again.

    Parameters
    ----------
    target
        A .mote file or a recording to open, or a folder to choose from; without it AUDIO_PATH, or the current folder.
        Nothing outside of the folder, or of the file's, can be opened or saved.
    port
        Where it listens, 0 for any free port; without it PORT, or 9999.
    host
        An address of this machine at which others may reach it too; they need the token in the address that is printed.
    browser
        Open the browser; --no-browser leaves that to you.
    """
    from motes.settings import load_settings
    from motes.studio.options import StudioOptions, state_folder
    from motes.studio.serve import serve

    settings = load_settings()
    if port is not None and not 0 <= port <= 65535:
        raise UsageError(f"--port must be from 0 to 65535, not {port}")
    folder, file = _opened(target, settings.audio_path.value)
    recordings = (str(settings.audio_path.value),) if settings.audio_path.value else ()
    options = StudioOptions(folder, state_folder(), recordings=recordings)
    announce_compilation()
    serve(options, host, settings.port.value if port is None else port, target=file, browser=browser, tell=tell)
    return 0


def _opened(target: str | None, usual: Path | None) -> tuple[Path, Path | None]:
    """The folder, and the file in it to open at once."""
    from motes.studio.folder import file_type

    if target is None:
        return (usual if usual is not None and usual.is_dir() else Path()), None
    if places.is_remote(target):
        raise UsageError(f"the studio opens what lies on this machine: fetch {target} first")
    path = Path(target)
    if path.is_dir():
        return path, None
    if not path.exists():
        raise UsageError(f"there is no file or folder {target}")
    if file_type(path.name) is None:
        raise UsageError(f"{target} is neither a .mote file nor a recording, by its name")
    real = Path(os.path.realpath(path))
    return real.parent, real
