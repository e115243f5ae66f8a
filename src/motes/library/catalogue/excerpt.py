"""Single sounds out of the scenes of a catalogue: alone, and several of them one after the other as a new scene."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from motes import places
from motes.errors import FormatError, ParameterError
from motes.library.mosaic.adaptation import with_channels
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.version import __version__

if TYPE_CHECKING:
    from motes.library.catalogue.catalogue import Catalogue

# Around a note, to find which part of the atoms is its own; before and after a sound, for windows that reach over it.
AROUND_S, BEFORE_S, AFTER_S = 2.0, 0.02, 0.3
GAP_S = 0.25
LIST_FORMAT = "motes-sounds"
# All metadata of a scene may take 64 KiB.
MOST = 300


@dataclass(frozen=True)
class Placed:
    """A sound of a catalogue by its name, and where it is in its file, in seconds."""

    file: str
    kind: str
    number: int
    time_s: float
    length_s: float

    @property
    def name(self) -> str:
        """What `motes search --like` calls it."""
        return f"{self.file}:{'' if self.kind == 'note' else self.kind + ':'}{self.number}"


def placed(rows: Any) -> list[Placed]:
    """The sounds that these rows of a catalogue are."""
    names = ("file", "kind", "number", "time_s", "length_s")
    return [Placed(**row) for row in rows.select(names).to_pylist()]


def alone(scene: Scene, sound: Placed, longest_s: float = 60.0) -> Scene:
    """A scene of one sound of another, which begins with it; of a note that shares its atoms, what of them is its own
    in the two seconds around it.
    """
    start_s, end_s = max(sound.time_s - BEFORE_S, 0.0), sound.time_s + min(sound.length_s, longest_s) + AFTER_S
    if sound.kind == "note":
        first_s = max(start_s - AROUND_S, 0.0)
        scene = scene.slice(first_s, min(end_s + AROUND_S, scene.duration_s), with_overhang=True)
        start_s, end_s = start_s - first_s, end_s - first_s
        found = scene.select(note=sound.number).only()
    elif sound.kind == "partial":
        found = scene.select(f"partial == {sound.number}").only()
    else:
        found = scene.select([sound.number]).only()
    return found.slice(start_s, min(end_s, found.duration_s), with_overhang=True)


class Scenes:
    """The scenes of a catalogue's files, the last of them kept."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._file = ""
        self._scene: Scene | None = None

    def of(self, file: str) -> Scene:
        """The scene of a file; a MotesError where it is no longer there, or damaged."""
        if file != self._file or self._scene is None:
            self._file, self._scene = file, self._catalogue.scene(file)
        return self._scene


def collect(
    catalogue: Catalogue, sounds: Sequence[Placed], progress: Callable[[float], None] = lambda _: None
) -> Scene:
    """These sounds as a scene, one after the other in this order, a quarter of a second apart. It has the sample rate
    and channels of the first; `metadata.options["sources"]` says of each file which of its sounds are where.
    """
    if not sounds:
        raise ParameterError("there are no sounds to collect")
    if len(sounds) > MOST:
        raise ParameterError(f"{len(sounds)} sounds are too many to collect: {MOST} at most")
    held: dict[int, Scene] = {}
    scenes = Scenes(catalogue)
    for i in sorted(range(len(sounds)), key=lambda i: sounds[i].file):
        held[i] = alone(scenes.of(sounds[i].file), sounds[i])
        progress(len(held) / len(sounds))
    whole, sources = held[0], dict[str, Any]()
    for i, sound in enumerate(sounds):
        at_s = 0.0 if i == 0 else whole.duration_s + GAP_S
        if i:
            whole = whole.join(with_channels(held[i], whole.n_channels), at_s, resample=True)
        of_file = {"file": sound.file, "digest": catalogue.digest(sound.file), "sounds": []}
        sources.setdefault(sound.file, of_file)["sounds"].append([round(at_s, 3), sound.kind, sound.number])
    options = {"catalogue": catalogue.path.name, "sources": list(sources.values())}
    return whole.replace(metadata=Metadata(encoder="collect", options=options, version=__version__))


class _List(msgspec.Struct):
    """A list of sounds, as a map saves it."""

    format: str
    sounds: list[str]
    catalogue: str = ""


def read_list(path: str) -> list[str]:
    """The names of the sounds in a list that a map saved; FormatError where it is none."""
    try:
        found = msgspec.json.decode(places.read_bytes(path), type=_List)
    except (OSError, msgspec.MsgspecError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise FormatError(f"{path} is no list of sounds that a map saved ({reason})") from None
    if found.format != LIST_FORMAT:
        raise FormatError(f"{path} is no list of sounds that a map saved, but {found.format!r:.40}")
    return found.sounds


def named_sounds(catalogue: Catalogue, names: Sequence[str]) -> list[Placed]:
    """The sounds of a catalogue of these names, as in song.mote:12; ParameterError where one is not in it."""
    from motes.library.catalogue.sound import asked_for, parsed

    found = []
    for name in names:
        if parsed(catalogue, name)[0] not in catalogue.files:
            raise ParameterError(f"{name} is not in the catalogue")
        sound = asked_for(catalogue, name)
        found.append(Placed(sound.file, sound.kind, sound.number, sound.time_s, sound.length_s))
    return found
