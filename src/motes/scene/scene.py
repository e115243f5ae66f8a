"""The Scene: a recording as a sparse set of sound events. Everything else makes, changes, plays, stores or shows one."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.scene.gabor import Gabor, canonical_order
from motes.scene.groups import Groups

if TYPE_CHECKING:
    from motes.scene.select import Selection

MAX_SAMPLE_RATE_HZ = 768_000
MAX_CHANNELS = 64


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Where a scene came from: which encoder made it, with which options, from which audio, and why it stopped."""

    encoder: str = ""
    options: dict[str, Any] = {}
    stop_reason: str = ""
    source_digest: str = ""
    version: str = ""
    """How many partials the encoder linked the events into."""


class GaborQuantiser(msgspec.Struct, frozen=True):
    """How finely the amplitude and phase of gabor events are stored.

    Below the knee, amplitudes are geometric (`steps_per_doubling` of them per 6 dB) and phases have `n_phases` values; above it the steps are
    of one size and the phases grow in number with amplitude, so that the error has one size too. For a window of 64 samples the knee is 2^(knee/8) of
    full scale, and 3 dB less for each doubling of the window, so that a step has one energy.
    """

    steps_per_doubling: int
    n_phases: int
    knee: int


@dataclass(frozen=True, eq=False)
class Scene:
    """A recording of `n_samples` at `sample_rate_hz` as events; frozen, and in canonical order (time, frequency, window)."""

    sample_rate_hz: int
    n_samples: int
    n_channels: int
    gabor: Gabor
    quantiser: GaborQuantiser | None = None
    groups: Groups = field(default_factory=Groups.empty)
    metadata: Metadata = field(default_factory=Metadata)

    def __post_init__(self) -> None:
        for name, low, high in (("sample_rate_hz", 1, MAX_SAMPLE_RATE_HZ), ("n_samples", 0, 2**48), ("n_channels", 1, MAX_CHANNELS)):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or not low <= value <= high:
                raise ParameterError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
            object.__setattr__(self, name, int(value))
        if self.gabor.amplitude.shape[1] != self.n_channels or self.gabor.phase_rad.shape[1] != self.n_channels:
            raise ParameterError(f"the events have {self.gabor.amplitude.shape[1]} channels, the scene {self.n_channels}")
        order = canonical_order(self.gabor.time_s, self.gabor.frequency_hz, self.gabor.window_s)
        if order is not None:
            object.__setattr__(self, "gabor", self.gabor.take(order))

    @property
    def duration_s(self) -> float:
        """Length of the audio it renders."""
        return self.n_samples / self.sample_rate_hz

    @property
    def n_events(self) -> int:
        """How many events there are, of all kinds."""
        return len(self.gabor)

    def render(self, start_s: float | None = None, end_s: float | None = None) -> NDArray[np.float32]:
        """The audio, float32: `(n,)` when mono, else `(n_channels, n)`; of the whole scene, or from `start_s` to `end_s`."""
        from motes.synth.render import render

        return render(self, start_s=start_s, end_s=end_s)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> Path:
        """Write a .mote file (rounding what is not yet rounded) and return its path."""
        from motes.codec.bitstream import save

        return save(self, path, overwrite=overwrite)

    def select(self, what: Any = None, *, start_s: float | None = None, end_s: float | None = None) -> Selection:
        """Take hold of events by a condition such as `"frequency_hz > 200"`, a function of the columns, event numbers, a mask or a time slice."""
        from motes.scene.select import choose

        return choose(self, what, start_s, end_s)

    def move(self, by_s: float) -> Scene:
        """Everything later by `by_s` seconds (earlier if negative)."""
        return self.select().move(by_s)

    def transpose(self, semitones: float) -> Scene:
        """Everything higher by `semitones` (lower if negative), as long as before."""
        return self.select().transpose(semitones)

    def stretch(self, factor: float) -> Scene:
        """Everything `factor` times as long, silences and the scene itself too, at the same frequencies."""
        from motes.scene.edit import stretch_scene

        return stretch_scene(self, factor)

    def gain(self, db: float) -> Scene:
        """Everything louder by `db` (quieter if negative)."""
        return self.select().gain(db)

    def reverse(self) -> Scene:
        """Everything backwards: renders the samples in the opposite order."""
        from motes.scene.edit import reverse_scene

        return reverse_scene(self)

    def filter(self, low_hz: float | None = None, high_hz: float | None = None) -> Scene:
        """Only events whose frequency is in low_hz … high_hz."""
        return self.select().filter(low_hz, high_hz)

    def join(self, other: Scene, at_s: float | None = None, *, resample: bool = False) -> Scene:
        """This scene with `other` starting at `at_s`, by default where this one ends; `resample` allows another sample rate."""
        from motes.scene.edit import join

        return join(self, other, at_s, resample)

    def slice(self, start_s: float | None = None, end_s: float | None = None, *, with_overhang: bool = False) -> Scene:
        """From `start_s` to `end_s`: the events whose centre is there, or with overhang all that sound there, cut at both ends."""
        from motes.scene.edit import cut

        return cut(self, start_s, end_s, with_overhang)

    def __getitem__(self, seconds: Any) -> Scene:
        """`scene[2.0:5.0]` is `scene.slice(2.0, 5.0)`."""
        from motes.scene.edit import slice_seconds

        return self.slice(*slice_seconds(seconds))

    def replace(self, **changes: Any) -> Scene:
        """A copy with some parts exchanged."""
        return replace(self, **changes)

    def _repr_html_(self) -> str:
        """What a notebook shows: a picture and the audio."""
        from motes.report.picture import scene_html

        return scene_html(self)

    def __repr__(self) -> str:
        channels = "mono" if self.n_channels == 1 else f"{self.n_channels} channels"
        return f"<motes.Scene {self.duration_s:.2f} s, {self.sample_rate_hz} Hz, {channels}: {len(self.gabor)} gabor>"
