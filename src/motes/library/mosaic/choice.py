"""Which sound of a catalogue each note of a mosaic is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from motes.errors import ParameterError
from motes.events.event_table import Array, Ints, Mask
from motes.kinds.vector.table import NUMBERS
from motes.library.catalogue.brute_force import Among, Question, nearest
from motes.library.catalogue.catalogue import Catalogue
from motes.library.catalogue.query import select
from motes.library.catalogue.rows import Rows
from motes.library.spreading.spread import Progress, Spread

# How much a standard deviation of each number counts: the less a sound has to be transposed and stretched the better;
# being made louder or softer does it no harm.
_COUNTS = {"pitch_semitones": 2.0, "log2_length_s": 2.0, "loudness_db": 0.5}
WEIGHT = np.array([_COUNTS.get(name, 1.0) for name in NUMBERS])
# With variety a note is drawn among so many.
MOST_NEAR = 32
_COLUMNS = "file, number, gain_db, vector"


class Choice(NamedTuple):
    """Where the sound of each note is, `(n_notes,)`: its file, "" for none, its number there, its level in dBFS, and
    how far it is in standard deviations.
    """

    file: list[str]
    number: Ints
    gain_db: Array
    distance: Array


def model_of(catalogue: Catalogue, where: str | None) -> str:
    """Whose numbers most notes of a catalogue have; ParameterError where there are no notes."""
    condition = "" if where is None else f" and ({where}\n)"
    query = (
        f"select model, count(*) as n from events where kind = 'note'{condition} group by model order by n desc, model"
    )
    found = select(catalogue.dataset(), query)
    if not len(found):
        why = f"so that {where}" if where is not None and catalogue.n_rows.get("note") else "at all"
        hint = "" if catalogue.n_rows.get("note") else ": motes notes finds those of .mote files; build it again then"
        raise ParameterError(f"{catalogue.path} has no notes {why}{hint}")
    return str(found["model"][0].as_py())


def chosen(
    rows: Rows,
    parts: Sequence[Path],
    among: Among,
    variety: float,
    seed: int,
    how: Spread,
    progress: Progress = lambda *_: None,
) -> Choice:
    """The sound for each of `rows`, notes in order of onset: those with a pitch of such as have one, the others of such
    as have none. `variety` 0 is the nearest; above, one of the near ones, not the one just before where there is
    another: how likely each is falls by e with every `variety` standard deviations that it is farther.
    """
    n = len(rows)
    choice = Choice([""] * n, np.zeros(n, np.int64), np.zeros(n), np.full(n, np.inf))
    has_pitch = np.isfinite(rows.columns["pitch"].astype(np.float64))
    random = np.random.default_rng(seed)
    vectors = rows.vector.astype(np.float32).astype(np.float64)  # as parts hold them
    halves = [(has_pitch, "pitch is not null"), (~has_pitch, "pitch is null")]
    halves = [(mask, condition) for mask, condition in halves if mask.any()]
    asked = [Question(_with(among, condition), vectors[mask], WEIGHT) for mask, condition in halves]
    count = MOST_NEAR if variety > 0 else 1
    answers = nearest(parts, asked, count, how, progress, _COLUMNS)
    for (mask, _), found in zip(halves, answers, strict=True):
        if found is None:
            continue
        drawn = _drawn(found.place, found.distance, variety, random)
        table = found.rows.select(["file", "number", "gain_db"]).to_pylist()
        for k, i in enumerate(np.flatnonzero(mask).tolist()):
            row = table[found.place[k, drawn[k]]]
            choice.file[i], choice.number[i], choice.gain_db[i] = row["file"], row["number"], row["gain_db"]
            choice.distance[i] = found.distance[k, drawn[k]]
    return choice


def _with(among: Among, condition: str) -> Among:
    return Among(among.kind, among.model, condition if among.where is None else f"{condition} and ({among.where}\n)")


def _drawn(place: Ints, distance: Array, variety: float, random: np.random.Generator) -> Ints:
    """Which of the near ones, `(m, k)`, each is made of, `(m,)`."""
    drawn = np.zeros(len(place), np.int64)
    if variety <= 0:
        return drawn
    before = -1
    for i in range(len(place)):
        weight = np.exp(-(distance[i] - distance[i, 0]) / variety)
        other: Mask = place[i] != before
        weight = weight * other if other.any() else weight
        drawn[i] = random.choice(len(weight), p=weight / weight.sum())
        before = int(place[i, drawn[i]])
    return drawn
