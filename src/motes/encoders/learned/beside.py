"""Learned waveforms beside what an encoder finds: how far to go on with the one before the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from motes.audio import Source
from motes.audio.source import Block, HeldSource
from motes.encoders.learned.dictionary_file import load_dictionary
from motes.encoders.learned.peeling import peel
from motes.encoders.residual import residual_blocks
from motes.errors import ParameterError
from motes.events.model import Model
from motes.kinds.learned.table import Learned
from motes.scene.scene import Scene

# How many times what the weakest atom takes a waveform has to take: these are tried.
MULTIPLES = (64.0, 16.0, 4.0)


class Found(Protocol):
    """What an encoder has found without waveforms, or beside them."""

    @property
    def threshold(self) -> float:
        """The energy of the weakest atom."""

    @property
    def energy(self) -> float:
        """That of the audio."""

    @property
    def residual_energy(self) -> float:
        """What is left."""


F = TypeVar("F", bound=Found)


@dataclass(frozen=True, eq=False)
class Beside(Generic[F]):
    """Waveforms, what is found beside them, and the recording without the waveforms."""

    learned: Learned
    rest: Source
    found: F
    # Of the whole recording.
    energy: float
    dictionary: Model | None = None

    @classmethod
    def without(cls, source: Source, found: F) -> Beside[F]:
        """What is found without waveforms."""
        return cls(Learned.empty(source.n_channels), source, found, found.energy)

    def added_to(self, scene: Scene) -> Scene:
        """A scene with the waveforms, and those of the dictionary that they are."""
        if self.dictionary is None or not len(self.learned):
            return scene
        return scene.with_tables([self.learned], models=(self.dictionary.only(np.unique(self.learned.waveform)),))


class Rest:
    """A recording less the waveforms found in it, as a source."""

    def __init__(self, source: Source, learned: Learned, dictionary: Model) -> None:
        self._source, self.name = source, source.name
        self.sample_rate_hz, self.n_channels, self.n_samples = (
            source.sample_rate_hz,
            source.n_channels,
            source.n_samples,
        )
        self._scene = Scene(
            source.sample_rate_hz, source.n_samples, source.n_channels, learned=learned, models=(dictionary,)
        )

    def blocks(self) -> Iterator[Block]:
        """The audio from its start."""
        for block in residual_blocks(self._scene, self._source):
            yield np.ascontiguousarray(block, np.float32)

    def digest(self) -> str:
        """As the source's."""
        return self._source.digest()


def dictionary_for(source: Source, path: str) -> Model:
    """The dictionary in a file; ParameterError where it is of another sample rate than a recording."""
    dictionary = load_dictionary(path)
    if dictionary.sample_rate_hz != source.sample_rate_hz:
        raise ParameterError(
            f"the dictionary {dictionary.id} is of {dictionary.sample_rate_hz} Hz, the recording of "
            f"{source.sample_rate_hz}: --rate {dictionary.sample_rate_hz} resamples it"
        )
    return dictionary


def best_beside(
    source: Source,
    dictionary: Model,
    plain: F,
    find: Callable[[Source, Learned], F],
    cost: Callable[[Beside[F]], float],
) -> Beside[F]:
    """Of what is found without waveforms, and beside more and more of them, that of the least cost.

    `find` is given the recording without the waveforms, and these.
    """
    best = Beside.without(source, plain)
    for multiple in MULTIPLES if plain.threshold > 0 else ():
        learned = peel(source, dictionary, multiple * plain.threshold)
        if not len(learned):
            continue
        rest = HeldSource(Rest(source, learned, dictionary))
        found = Beside(learned, rest, find(rest, learned), plain.energy, dictionary)
        if cost(found) < cost(best):
            best = found
    return best
