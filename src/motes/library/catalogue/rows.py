"""The rows of a catalogue: one for each note, splat, strike, vector and partial of a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, Ints
from motes.kinds.vector.table import NUMBERS

# In the order in which they stand in a part of a catalogue.
KINDS = ("note", "splat", "strike", "vector", "partial")
N_NUMBERS = len(NUMBERS)


class Column(NamedTuple):
    """A column of a catalogue: its unit, what it means, and its type in Parquet."""

    unit: str
    meaning: str
    type: str = "float32"


COLUMNS = {
    "file": Column("", "the .mote file, seen from the corpus", "string"),
    "kind": Column("", "note, splat, strike, vector or partial", "string"),
    "number": Column("", "of the note or partial, or of the event as `scene.select` counts them", "int64"),
    "time_s": Column("s", "when it begins; of a splat, when its burst is strongest", "float64"),
    "length_s": Column("s", "how long it lasts"),
    "pitch": Column("semitones", "MIDI number, 69 for 440 Hz; null for what has no pitch"),
    "gain_db": Column("dBFS", "its strength: the level of its loudest moment"),
    "brightness_octaves": Column("octaves", "its spectral centroid above its pitch, or the centre of its spectrum"),
    "noise": Column("", "which part of it has no pitch, 0 … 1"),
    "attack_s": Column("s", "from its onset until it is loudest"),
    "t60_s": Column("s", "in which it decays by 60 dB"),
    "part": Column("", "the part that it is in, 0 for none", "int64"),
    "group_id": Column("", "the group that it is, or is in, 0 for none", "int64"),
    "model": Column("", "whose the sixteen numbers are: a decoder's id, or `descriptor`", "string"),
    "vector": Column("", "sixteen numbers, in the order of `motes.kinds.vector.table.NUMBERS`", "vector"),
}
DESCRIPTOR = "descriptor"


@dataclass(frozen=True, eq=False)
class Rows:
    """Sounds of a scene as columns: all of COLUMNS but `file`, `(n,)` each and `vector` `(n, 16)`; `pitch` is NaN for
    what has none.
    """

    columns: dict[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.columns["number"])

    @property
    def vector(self) -> Array:
        """The sixteen numbers of each, `(n, 16)`."""
        return self.columns["vector"]

    def take(self, which: NDArray[Any]) -> Rows:
        """Those at these places, or in this mask."""
        return Rows({name: values[which] for name, values in self.columns.items()})


def rows(
    kind: str, number: Ints, time_s: Array, pitch_hz: Array, vector: Array, model: NDArray[Any] | str, **more: Any
) -> Rows:
    """Rows of a kind, whose columns follow from their sixteen numbers where `more` does not say them; `pitch_hz` is NaN
    for what has no pitch.
    """
    n, zeros = len(number), np.zeros(len(number), np.int64)
    of = dict(zip(NUMBERS, vector.T, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        pitch = 69 + 12 * np.log2(pitch_hz / 440)
    columns = {
        "kind": np.full(n, kind, object),
        "number": number.astype(np.int64),
        "time_s": time_s,
        "length_s": 2.0 ** of["log2_length_s"],
        "pitch": np.where(np.isfinite(pitch), pitch, np.nan),
        "gain_db": of["loudness_db"],
        "brightness_octaves": of["brightness_octaves"],
        "noise": of["noise"],
        "attack_s": 2.0 ** of["log2_attack_s"],
        "t60_s": 2.0 ** of["log2_t60_s"],
        "part": zeros,
        "group_id": zeros,
        "model": np.full(n, model, object) if isinstance(model, str) else model,
        "vector": vector,
    }
    assert set(more) <= set(columns)
    return Rows(columns | {name: np.asarray(values) for name, values in more.items()})


def joined(several: list[Rows]) -> Rows:
    """All rows, in this order; `several` holds at least one."""
    return Rows({name: np.concatenate([one.columns[name] for one in several]) for name in several[0].columns})
