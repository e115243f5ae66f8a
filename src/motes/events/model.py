"""What is learned and events are played by: a decoder, named and never held, or a dictionary of waveforms, named too,
of which a scene may hold those that it plays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.events.event_table import Array, Ints, Mask
from motes.events.frozen import Frozen
from motes.events.limits import MAX_SAMPLE_RATE_HZ

# Of a scene.
MAX_MODELS = 256
# Of a dictionary: how many waveforms, how long they are, and how large a sample is.
MAX_WAVEFORMS, MAX_WAVEFORM_SAMPLES, MAX_SAMPLE = 1024, 1 << 16, 32767
# By which an event may be shorter or longer than its waveform: times are rounded.
ALMOST_S = 1e-4
# They are names of files too.
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, eq=False)
class Model(Frozen):
    """Which decoder or dictionary it is: `id`, at most 64 of a … z, 0 … 9 and `._-`, and `digest`, the SHA-256 of its
    file in hexadecimal. ParameterError for others.

    Of a dictionary it may hold `waveforms`, int16 `(n, length)` at `sample_rate_hz`, and which of the dictionary's they
    are, `numbers` `(n,)`, ascending.
    """

    id: str
    digest: str
    sample_rate_hz: int = 0
    numbers: Ints | None = None
    waveforms: NDArray[np.int16] | None = None

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ParameterError(f"a model's id is made of a-z, 0-9, '.', '_' and '-', at most 64, not {self.id!r}")
        if not _DIGEST.fullmatch(self.digest):
            raise ParameterError(f"the digest of model {self.id} must be 64 hexadecimal digits, not {self.digest!r}")
        if (self.numbers is None) != (self.waveforms is None):
            raise ParameterError(f"dictionary {self.id} needs a number for each of its waveforms")
        if self.waveforms is None:
            object.__setattr__(self, "sample_rate_hz", 0)
            return
        for name, dtype in (("numbers", np.int64), ("waveforms", np.int16)):
            column = np.array(getattr(self, name), dtype)
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        self._check_waveforms()

    def _check_waveforms(self) -> None:
        numbers, waveforms = self.held, self.waveforms
        assert waveforms is not None
        if not 1 <= self.sample_rate_hz <= MAX_SAMPLE_RATE_HZ:
            raise ParameterError(f"dictionary {self.id} has a sample rate of {self.sample_rate_hz} Hz")
        if waveforms.ndim != 2 or numbers.shape != waveforms.shape[:1] or not len(numbers):
            raise ParameterError(f"dictionary {self.id} needs waveforms of one length, and a number for each")
        if not 1 <= waveforms.shape[1] <= MAX_WAVEFORM_SAMPLES:
            raise ParameterError(
                f"waveforms have 1 to {MAX_WAVEFORM_SAMPLES} samples, those of {self.id} have {waveforms.shape[1]}"
            )
        if numbers[0] < 0 or numbers[-1] >= MAX_WAVEFORMS or np.any(np.diff(numbers) <= 0):
            raise ParameterError(f"the waveforms of {self.id} are numbered from 0 to {MAX_WAVEFORMS - 1}, ascending")
        peak = np.abs(waveforms.astype(np.int64)).max(axis=1)
        if peak.min() < 1 or peak.max() > MAX_SAMPLE:
            raise ParameterError(f"a waveform of {self.id} has no sample but 0, or one beyond {MAX_SAMPLE}")

    @property
    def held(self) -> Ints:
        """The numbers of the waveforms that it holds, ascending; of decoders, and dictionaries only named, none."""
        return np.zeros(0, np.int64) if self.numbers is None else self.numbers

    @property
    def n_samples(self) -> int:
        """Length of the waveforms that it holds."""
        return 0 if self.waveforms is None else int(self.waveforms.shape[1])

    @property
    def length_s(self) -> float:
        """How long the waveforms that it holds last, in seconds."""
        return self.n_samples / self.sample_rate_hz if self.sample_rate_hz else 0.0

    def plays(self, waveform: Ints, length_s: Array) -> Mask:
        """Which of events of these waveforms and lengths can be its: all where it is only named."""
        if self.waveforms is None:
            return np.ones(len(waveform), np.bool_)
        return np.isin(waveform, self.held) & (np.abs(length_s - self.length_s) <= ALMOST_S)

    def sounds(self) -> Array:
        """The waveforms that it holds, `(n, n_samples)` float64, the highest sample of each 1 or −1."""
        if self.waveforms is None:
            return np.zeros((0, 0))
        whole = self.waveforms.astype(np.float64)
        return np.asarray(whole / np.abs(whole).max(axis=1, keepdims=True))

    def only(self, numbers: Ints) -> Model:
        """With no other waveforms than these."""
        if self.waveforms is None or np.isin(self.held, numbers).all():
            return self
        kept = np.isin(self.held, numbers)
        return replace(self, numbers=self.held[kept], waveforms=self.waveforms[kept]) if kept.any() else self.named()

    def named(self) -> Model:
        """Without its waveforms."""
        return Model(self.id, self.digest)

    def joined(self, other: Model) -> Model | None:
        """With the waveforms of both; None where it is another, or holds other waveforms by a number of both."""
        if (self.id, self.digest) != (other.id, other.digest):
            return None
        if self.waveforms is None or other.waveforms is None:
            return self if other.waveforms is None else other
        more = ~np.isin(other.held, self.held)
        same = other.only(self.held), self.only(other.held)
        alike = (self.sample_rate_hz, self.n_samples) == (other.sample_rate_hz, other.n_samples)
        if not alike or (not more.all() and same[0] != same[1]):
            return None
        numbers = np.concatenate([self.held, other.held[more]])
        order = np.argsort(numbers)
        both = np.concatenate([self.waveforms, other.waveforms[more]])
        return replace(self, numbers=numbers[order], waveforms=both[order])

    def __eq__(self, other: object) -> bool:
        """Whether it is the same one, and holds the same waveforms."""
        if not isinstance(other, Model):
            return NotImplemented
        ours, theirs = ((one.id, one.digest, one.sample_rate_hz) for one in (self, other))
        held = ((one.held, one.waveforms if one.waveforms is not None else ()) for one in (self, other))
        return ours == theirs and all(np.array_equal(a, b) for a, b in zip(*held, strict=True))

    def __hash__(self) -> int:
        return hash((self.id, self.digest))

    def equals(self, other: Model) -> bool:
        """Whether it is the same one."""
        return self == other


def check_models(models: Sequence[Model]) -> None:
    """ParameterError where a scene cannot have so many."""
    if len(models) > MAX_MODELS:
        raise ParameterError(f"a scene has at most {MAX_MODELS} models, not {len(models)}")


def together(ours: tuple[Model, ...], theirs: tuple[Model, ...]) -> tuple[tuple[Model, ...], Ints]:
    """All models, equal ones once, of one dictionary the waveforms of both; and what number each of `theirs` has among
    them.
    """
    both, number = list(ours), []
    for model in theirs:
        place, found = next(_places(both, model), (len(both), model))
        both[place : place + 1] = [found]
        number.append(place)
    return tuple(both), np.array(number, np.int64)


def _places(models: list[Model], model: Model) -> Any:
    """Where among these a model can stand, and what that then is."""
    for place, one in enumerate(models):
        if (found := one.joined(model)) is not None:
            yield place, found
