"""The Scene: a recording as a sparse set of sound events. Everything else makes, changes, plays, stores or shows
one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.arguments import checked
from motes.errors import ParameterError
from motes.events.event_table import EventTable, none_of
from motes.events.frozen import Frozen
from motes.events.groups import Groups
from motes.events.instrument import Instrument, check_instruments
from motes.events.limits import MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, MAX_SAMPLES
from motes.events.model import Model, check_models
from motes.events.room import Room, check_rooms
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.scene.dictionary_methods import DictionaryMethods
from motes.scene.export_methods import ExportMethods
from motes.scene.metadata import Marker, Metadata
from motes.scene.note_methods import NoteMethods
from motes.scene.tags import TagMap

if TYPE_CHECKING:
    from motes.edit.partials import Partial
    from motes.edit.selection import Selection
    from motes.kinds.detail.table import Detail
    from motes.kinds.gabor.table import Gabor
    from motes.kinds.learned.table import Learned
    from motes.kinds.splat.table import Splat
    from motes.kinds.strike.table import Strike
    from motes.kinds.texture.table import Texture
    from motes.kinds.vector.table import Vector

    File = str | os.PathLike[str]


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Scene(NoteMethods, ExportMethods, DictionaryMethods, Frozen):
    """A recording of `n_samples` at `sample_rate_hz` as events: a table for each of `motes.kinds.KINDS`, which is an
    attribute of that name too.

    Frozen, and in canonical order: by kind, and within a kind by time (gabor events then by frequency and window).
    """

    sample_rate_hz: int
    n_samples: int
    n_channels: int
    # The events of every kind, in the order of KINDS.
    tables: tuple[EventTable, ...]
    quantiser: GaborQuantiser | None
    groups: Groups
    metadata: Metadata
    # What strikes excite: a strike's `instrument_id` counts them from 0.
    instruments: tuple[Instrument, ...]
    # What events are sent to: an event's `room_id` counts them from 1.
    rooms: tuple[Room, ...]
    # What vectors are decoded by, and dictionaries of waveforms: an event's `model` counts them from 0.
    models: tuple[Model, ...]
    # Title, artist …, by name, as the recording had them.
    tags: TagMap
    # The version of the format that it was read from, which `save` keeps.
    format_version: int
    # Whether files have its detail after all else, so that they sound whole before it is there; `save` keeps it.
    layered: bool

    def __init__(  # noqa: PLR0913 (the parts of a scene, each with a default)
        self,
        sample_rate_hz: int,
        n_samples: int,
        n_channels: int,
        gabor: Gabor | None = None,
        quantiser: GaborQuantiser | None = None,
        groups: Groups | None = None,
        metadata: Metadata | None = None,
        *,
        tables: Iterable[EventTable] = (),
        instruments: Iterable[Instrument] = (),
        rooms: Iterable[Room] = (),
        models: Iterable[Model] = (),
        tags: Mapping[str, str | Iterable[str]] | None = None,
        format_version: int = 1,
        layered: bool = False,
        **events: EventTable | None,
    ) -> None:
        """A scene of these tables; `gabor=`, `texture=` … are the events of one kind, in place of those in `tables`.
        Kinds that are left out have no events.
        """
        numbers = (
            ("sample_rate_hz", sample_rate_hz, 1, MAX_SAMPLE_RATE_HZ),
            ("n_samples", n_samples, 0, MAX_SAMPLES),
            ("n_channels", n_channels, 1, MAX_CHANNELS),
        )
        for name, value, low, high in numbers:
            if not isinstance(value, int | np.integer) or not low <= value <= high:
                raise ParameterError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
            object.__setattr__(self, name, int(value))
        given = {table.KIND: table for table in tables} | events
        if gabor is not None:
            given["gabor"] = gabor
        parts = {
            "tables": self._tables(given),
            "quantiser": quantiser,
            "groups": Groups.empty() if groups is None else groups,
            "metadata": Metadata() if metadata is None else metadata,
            "instruments": tuple(instruments),
            "rooms": tuple(rooms),
            "models": tuple(models),
            "tags": tags if isinstance(tags, TagMap) else TagMap(tags),
            "format_version": format_version,
            "layered": layered,
        }
        for name, part in parts.items():
            object.__setattr__(self, name, part)
        check_rooms(self.rooms, self.tables)
        check_instruments(self.instruments, self.sample_rate_hz, self.n_channels)
        check_models(self.models)
        for table in self.tables:
            table.check_sources(self.instruments, self.models)

    def _tables(self, given: dict[str, Any]) -> tuple[EventTable, ...]:
        """A table of each kind, those not given without events, all in canonical order."""
        tables = []
        for kind in kinds.KINDS:
            table = given.pop(kind.name, None)
            table = table if table is not None and len(table) else none_of(kind.table.empty, self.n_channels)
            if table.n_channels not in (None, self.n_channels):
                raise ParameterError(
                    f"the {kind.name} events have {table.n_channels} channels, the scene {self.n_channels}"
                )
            order = table.once("order", table.order)
            tables.append(table if order is None else table.take(order))
        if given:
            raise TypeError(f"a scene has no {', '.join(map(repr, given))}")
        return tuple(tables)

    if TYPE_CHECKING:  # the kinds that code names; `table` finds any
        gabor: Gabor
        texture: Texture
        strike: Strike
        splat: Splat
        vector: Vector
        detail: Detail
        learned: Learned
    else:

        def __getattr__(self, name: str) -> EventTable:
            for table in self.__dict__.get("tables", ()):
                if name == table.KIND:
                    return table
            raise AttributeError(f"a scene has no {name!r}")

    @property
    def duration_s(self) -> float:
        """Length of the audio it renders."""
        return self.n_samples / self.sample_rate_hz

    @property
    def n_events(self) -> int:
        """How many events there are, of all kinds."""
        return sum(map(len, self.tables))

    def table(self, kind: str) -> EventTable:
        """The events of the kind of this name; AttributeError where there is no such kind."""
        found: EventTable = getattr(self, kind)
        return found

    def with_tables(self, tables: Iterable[EventTable], **changes: Any) -> Scene:
        """A copy with these tables in place of those of their kinds, and with other parts exchanged."""
        by_kind: dict[str, Any] = {table.KIND: table for table in tables}
        return replace(self, **by_kind, **changes).keeping(self.derived)

    @property
    def derived(self) -> Any:
        """What was derived from a scene that this was edited from, or None; who uses it checks that it still fits."""
        return self._derived.values.get("kept")

    def keeping(self, derived: Any) -> Scene:
        """This scene, which hands it on to those that edits make of it."""
        self._derived.values["kept"] = derived
        return self

    @checked
    def render(self, start_s: float | None = None, end_s: float | None = None) -> NDArray[np.float32]:
        """The audio, float32: `(n,)` when mono, else `(n_channels, n)`; of the whole scene, or from `start_s` to
        `end_s`.
        """
        from motes.synth.render import render

        return render(self, start_s=start_s, end_s=end_s)

    @checked
    def save(
        self,
        path: File,
        *,
        overwrite: bool = True,
        embed_rooms: bool = False,
        version: int | None = None,
        layered: bool | None = None,
    ) -> Path:
        """Write a .mote file (rounding what is not yet rounded) and return its path.

        `version` is that of the format, by default the one that the scene was read from, 1 for a new one that needs
        no more; version 2 takes a hundred bytes less. Every later motes reads both. `layered` writes detail after
        all else, by default as the scene was read: such a file sounds whole where it is cut within its detail.

        Rooms from a folder are named in it by their digest, for readers who have them too; `embed_rooms` packs their
        responses, with a warning, since not every collection may be passed on.
        """
        from motes.codec import save

        scene = self if layered is None else self.replace(layered=layered)
        return save(scene.embed_rooms() if embed_rooms else scene, path, overwrite=overwrite, version=version)

    def embed_rooms(self) -> Scene:
        """The scene with the responses of its rooms rounded to 16 bits, as a file will hold them; warns that they
        may be under a licence.
        """
        from motes.edit.operations import embed_rooms

        return embed_rooms(self)

    def quantise(self) -> Scene:
        """What `save` would store: every event rounded once; doing it again changes nothing."""
        from motes.codec import quantise

        return quantise(self)

    def bake(self) -> Scene:
        """The scene with the splats that its vectors sound as in their place, which sound just so; vectors whose model
        is missing stay.
        """
        from motes.edit.baking import bake

        return bake(self)

    @property
    def partials(self) -> list[Partial]:
        """A row for each partial, lines of atoms that end where their sound ends: start, end, frequency, level."""
        from motes.edit.partials import partials

        return partials(self)

    def link(self) -> Scene:
        """The scene with the atoms of each partial in a group of their own (role partial)."""
        from motes.edit.partials import link

        return link(self)

    @checked
    def select(
        self,
        what: Any = None,
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        group: Any = None,
        note: Any = None,
        with_noise: bool = False,
        with_detail: bool = True,
    ) -> Selection:
        """Take hold of events by a condition such as `"frequency_hz > 200"`, a function of the columns, event numbers,
        a mask or a time slice.

        `group`, an id, several ids or `Groups`, takes only what is in these groups and in the groups within them, and
        `note`, a number or several, only what is of these notes. Of atoms that notes share, these are given their own
        parts: the selection is then one of a scene in which such atoms are divided, and which sounds alike. Texture
        stays with the rest, unless `with_noise` gives each note its part of every band. Edits take along what of detail
        belongs to the events, unless not `with_detail`.
        """
        from motes.edit.selection import choose

        return choose(self, what, start_s, end_s, group, note, with_noise, with_detail)

    @checked
    def move(self, by_s: float) -> Scene:
        """Everything later by `by_s` seconds (earlier if negative)."""
        return self.select().move(by_s)

    @checked
    def transpose(self, semitones: float, *, keep_formants: bool = False) -> Scene:
        """Everything higher by `semitones` (lower if negative), as long as before; `keep_formants` moves partials under
        the envelope that they had.
        """
        return self.select().transpose(semitones, keep_formants=keep_formants)

    @checked
    def stretch(self, factor: float) -> Scene:
        """Everything `factor` times as long, silences and the scene itself too, at the same frequencies."""
        from motes.edit.operations import stretch_scene

        return stretch_scene(self, factor)

    @checked
    def gain(self, db: float) -> Scene:
        """Everything louder by `db` (quieter if negative)."""
        return self.select().gain(db)

    def reverse(self) -> Scene:
        """Everything backwards: renders the samples in the opposite order."""
        from motes.edit.operations import reverse_scene

        return reverse_scene(self)

    @checked
    def filter(self, low_hz: float | None = None, high_hz: float | None = None) -> Scene:
        """Only what lies in low_hz … high_hz: events whose frequency does, and of noise what does."""
        return self.select().filter(low_hz, high_hz)

    @checked
    def join(self, other: Scene, at_s: float | None = None, *, resample: bool = False) -> Scene:
        """This scene with `other` starting at `at_s`, by default where this one ends; `resample` allows another
        sample rate.
        """
        from motes.edit.joining import join

        return join(self, other, at_s, resample)

    @checked
    def slice(self, start_s: float | None = None, end_s: float | None = None, *, with_overhang: bool = False) -> Scene:
        """The events centred in `start_s` … `end_s`, or with overhang all that sound there, cut at both ends."""
        from motes.edit.slicing import cut

        return cut(self, start_s, end_s, with_overhang)

    def __getitem__(self, seconds: Any) -> Scene:
        """`scene[2.0:5.0]` is `scene.slice(2.0, 5.0)`."""
        from motes.edit.slicing import slice_seconds

        return self.slice(*slice_seconds(seconds))

    @checked
    def without(self, kind: str) -> Scene:
        """Without the events of a kind, by its name; without detail, texture takes over what that held."""
        from motes.edit.detail.layers import without

        return without(self, kind)

    @property
    def markers(self) -> tuple[Marker, ...]:
        """Its places and regions with names, in order of time."""
        return self.metadata.markers

    @checked
    def with_markers(self, *markers: Marker) -> Scene:
        """The scene with these markers in place of its own: `motes.Marker(start_s=1.5, name="verse", end_s=9.0)`."""
        from motes.scene.markers import with_markers

        return with_markers(self, markers)

    @checked
    def trim(self, kbps: float) -> Scene:
        """The scene in a file of at most so many kilobits per second, all channels together: see `motes.trim`."""
        from motes.encoders.pursuit import trim

        return trim(self, kbps)

    def replace(self, **changes: Any) -> Scene:
        """A copy with some parts exchanged."""
        return replace(self, **changes)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same to the bit: events, groups, instruments, rooms, models, and how they were made."""
        if not isinstance(other, Scene):
            return NotImplemented
        if self is other:
            return True
        if self._outline() != other._outline() or (self.quantiser, self.metadata) != (other.quantiser, other.metadata):
            return False
        mine, theirs = (
            (*scene.tables, scene.groups, *scene.instruments, *scene.rooms, *scene.models) for scene in (self, other)
        )
        return all(one.equals(another) for one, another in zip(mine, theirs, strict=True))  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash(self._outline())

    def _outline(self) -> tuple[int, ...]:
        """What scenes that are equal have in common, and most others not."""
        parts = (len(self.instruments), len(self.rooms), len(self.models), *map(len, self.tables))
        return self.sample_rate_hz, self.n_samples, self.n_channels, *parts

    def __repr__(self) -> str:
        channels = "mono" if self.n_channels == 1 else f"{self.n_channels} channels"
        counts = [f"{len(table)} {table.KIND}" for table in self.tables if len(table)]
        counts += [f"{len(self.rooms)} room{'s' * (len(self.rooms) > 1)}"] if self.rooms else []
        return (
            f"<motes.Scene {self.duration_s:.2f} s, {self.sample_rate_hz} Hz, {channels}: "
            f"{', '.join(counts) or 'no events'}>"
        )
