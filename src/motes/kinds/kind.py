"""A kind of event as one record: its table, the type of its packets, how it is called and looks, and its other modules
by name, imported when they are called.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal

from motes.events.event_table import Array, EventTable
from motes.kinds.drawing import Drawing
from motes.kinds.renderer import EventRenderer, SceneContext

Shape = Literal["line", "bar", "image", "lane", "burst"]
# Further columns that a tile of events has room for.
N_MORE = 4


@dataclass(frozen=True)
class Look:
    """How events of a kind are called and coloured, and what the studio's tiles hold of them.

    label, plural
        One event, and several.
    light, dark, picture
        The colour on light and on dark pages, and over the grey spectrogram of a picture (by default that of light
        pages).
    shape
        `line`: at its frequency, or a bar over its band where it has one. `bar`: a bar over its band. `image`: such a
        bar over an image of levels, which is the spectrogram track of the kind's name. `lane`: a tick on the lane that
        the column `lane` numbers. `burst`: a bar that rises and falls, and the partials that ring on after it.
    aux
        The two columns of the kind that its tiles hold; "" for none.
    more
        What `Drawing.more` gives: further columns, up to N_MORE.
    ring_t60s
        For how many times `t60_s` the end of an event counts what rings on; 0 where nothing does.
    has_partials
        Whether events that sound as one are linked by lines.
    """

    label: str = ""
    plural: str = ""
    light: str = "#595d68"
    dark: str = "#a3a8b4"
    picture: str = ""
    shape: Shape = "line"
    aux: tuple[str, str] = ("", "")
    more: tuple[str, ...] = ()
    lane: str = ""
    ring_t60s: float = 0.0
    has_partials: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of event; `letter` is the type of its packets in a file, and `since` the first version of the format
    that has them. In files in two layers those of a kind that `is_upper` come after all others.
    """

    table: type[EventTable]
    letter: bytes
    look: Look = field(default_factory=Look)
    since: int = 1
    is_upper: bool = False

    @property
    def name(self) -> str:
        """Its name, which is that of its table in a scene and of its folder."""
        return self.table.KIND

    @property
    def label(self) -> str:
        """What one event is called."""
        return self.look.label or self.name

    @property
    def plural(self) -> str:
        """What several are called."""
        return self.look.plural or f"{self.label}s"

    def module(self, name: str) -> ModuleType:
        """One of its modules, such as `packet` or `render`; torch and numba are loaded by those that need them."""
        return importlib.import_module(self._path(name))

    def has(self, name: str) -> bool:
        """Whether it has a module of this name."""
        try:
            return importlib.util.find_spec(self._path(name)) is not None
        except ModuleNotFoundError:  # a table that stands in no folder
            return False

    @property
    def renderer(self) -> type[EventRenderer]:
        """What renders its events (`render.RENDERER`)."""
        found: type[EventRenderer] = self.module("render").RENDERER
        return found

    @property
    def oracle(self) -> Callable[[Any, SceneContext], Array]:
        """Its events by their definition (`oracle.render`)."""
        found: Callable[[Any, SceneContext], Array] = self.module("oracle").render
        return found

    @property
    def drawing(self) -> Drawing:
        """How its events are drawn (`drawing.DRAWING`), or by their columns."""
        found: Drawing = self.module("drawing").DRAWING if self.has("drawing") else Drawing()
        return found

    def _path(self, name: str) -> str:
        return f"{self.table.__module__.rpartition('.')[0]}.{name}"
