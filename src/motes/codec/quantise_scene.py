"""What a file rounds: the events of a scene, kind by kind, its instruments, and the choice of a quantiser."""

from __future__ import annotations

from typing import Any, Protocol, cast

import numpy as np

from motes import kinds
from motes.events.event_table import EventTable
from motes.events.model import Model
from motes.kinds.gabor.edited import base_of
from motes.kinds.gabor.integers import from_integers, slices, to_integers
from motes.kinds.gabor.quantiser import (
    KNEES_PER_DOUBLING,
    MAX_KNEE,
    WINDOW_UNITS,
    GaborQuantiser,
    check_quantiser,
    event_knee,
)
from motes.kinds.kind import Kind
from motes.scene.scene import Scene

# A quantiser is chosen by about so many events.
ENOUGH_EVENTS = 100_000


class IntegersModule(Protocol):
    """The module `integers` of a kind: the only place where its events are rounded."""

    def rounded(self, events: Any, sample_rate_hz: int, quantiser: GaborQuantiser) -> EventTable:
        """Events as a file holds them; rounding them again changes nothing."""


def integers_of(kind: Kind) -> IntegersModule:
    """The module of a kind that rounds its events."""
    return cast(IntegersModule, kind.module("integers"))


def quantise(scene: Scene, quantiser: GaborQuantiser | None = None) -> Scene:
    """The scene as a file holds it; doing it again changes nothing.

    `quantiser` defaults to the scene's own, or `default_quantiser`. Events whose every channel is silent are dropped.
    """
    chosen = check_quantiser(quantiser or scene.quantiser or default_quantiser(scene))
    rate = scene.sample_rate_hz
    tables = [integers_of(kind).rounded(scene.table(kind.name), rate, chosen) for kind in kinds.KINDS]
    instruments = scene.instruments
    if instruments:
        from motes.codec.payloads import instrument_packet  # numba: only where there are instruments

        instruments = tuple(map(instrument_packet.rounded, instruments))
    groups = scene.groups.with_notes(scene.groups.notes.rounded()) if len(scene.groups.notes) else scene.groups
    found = scene.with_tables(tables, instruments=instruments, quantiser=chosen, groups=groups)
    return found.replace(models=models_of(found)).keeping(found.derived) if found.models else found


def models_of(scene: Scene) -> tuple[Model, ...]:
    """The models of a scene, of dictionaries without the waveforms that no event plays."""
    played = scene.learned
    return tuple(
        model if model.waveforms is None else model.only(np.unique(played.waveform[played.model == number]))
        for number, model in enumerate(scene.models)
    )


def default_quantiser(scene: Scene) -> GaborQuantiser:
    """What a scene is rounded with when it does not say: about as fine as makes no difference (1.5 dB and 32 phases
    for its weakest events).
    """
    return GaborQuantiser(steps_per_doubling=4, n_phases=32, knee=weakest_knee(scene))


def weakest_knee(scene: Scene) -> int:
    """The knee that lies at the weakest events of a scene (by energy, the weakest twentieth left aside)."""
    base = base_of(scene.gabor)
    window = np.rint(base.window_s * scene.sample_rate_hz * WINDOW_UNITS).astype(np.int64).clip(1)
    amplitude = base.amplitude.max(axis=1, initial=0.0)
    audible = amplitude > 2.0**-30
    if not audible.any():
        return -KNEES_PER_DOUBLING * 10
    lift = event_knee(window[audible], GaborQuantiser(1, 2, 0))
    knee = np.quantile(np.log2(amplitude[audible]) * KNEES_PER_DOUBLING - lift, 0.05)
    return int(np.clip(np.rint(knee), -MAX_KNEE, MAX_KNEE))


def error_energy(scene: Scene, quantiser: GaborQuantiser, every: int = 1) -> float:
    """Estimate of the energy (sum of squares over samples and channels) that rounding adds, taking the events' errors
    as independent.

    With `every` above 1 only one event in so many is looked at.
    """
    rate, total = scene.sample_rate_hz, 0.0
    looked_at = scene.gabor if every == 1 else scene.gabor.take(slice(None, None, every))
    for part in slices(len(looked_at)):
        events = looked_at.take(part)
        rounded = from_integers(to_integers(events, rate, quantiser), rate, quantiser)
        error = rounded["amplitude"] * np.exp(1j * rounded["phase_rad"]) - events.amplitude * np.exp(
            1j * events.phase_rad
        )
        # The energy of a squared Hann window and a cosine is 3/16 of its length.
        total += float(np.sum((error.real**2 + error.imag**2) * (events.window_s * rate * (3 / 16))[:, None]))
    return total * len(scene.gabor) / max(1, len(looked_at))


def quantiser_for(scene: Scene, noise_energy: float, steps_per_doubling: int = 1, n_phases: int = 4) -> GaborQuantiser:
    """The coarsest quantiser whose `error_energy` is at most `noise_energy`; if none is, the finest tried (48 dB below
    the weakest event).

    Of very many events, about a hundred thousand are looked at.
    """
    every = 1 + len(scene.gabor) // ENOUGH_EVENTS
    finest = max(weakest_knee(scene) - 64, -MAX_KNEE)
    low, high = finest, MAX_KNEE
    while high - low > 1:
        middle = (low + high) // 2
        fits = error_energy(scene, GaborQuantiser(steps_per_doubling, n_phases, middle), every) <= noise_energy
        low, high = (middle, high) if fits else (low, middle)
    return GaborQuantiser(steps_per_doubling, n_phases, low)
