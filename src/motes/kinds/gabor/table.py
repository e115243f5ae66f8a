"""The gabor event: a windowed sinusoid, the atom of matching pursuit (Gabor 1946; Mallat & Zhang 1993)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from motes.events.event_table import Array, EventTable, Ints, Mask, Param

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class Gabor(EventTable):
    """Hann-windowed sinusoids, `amplitude · ½(1 + cos 2πu/window) · cos(2π·frequency·u + π·chirp·u² + phase)` with
    u = t − time_s, |u| < window/2.

    The columns from `group_id` on may be left out. `partial_hz` and `partial_rad` say how the partial of an atom runs
    (`motes.kinds.gabor.partials`), those that begin with `edit_` what edits have done to the atom, those with `base_`
    what it was before (`motes.kinds.gabor.edited`), and those with `share_` which part of an atom of the file it is
    (`motes.events.shares`).

    `amplitude` and `phase_rad` are `(n_events, n_channels)`: the peak of the sinusoid, full scale = 1, and its phase at
    the window's centre.
    """

    time_s: Array
    window_s: Array
    frequency_hz: Array
    amplitude: Array
    phase_rad: Array
    group_id: Ints = None  # type: ignore[assignment]  # filled with 0
    partial_hz: Array = None  # type: ignore[assignment]  # filled with 0
    partial_rad: Array = None  # type: ignore[assignment]  # filled with 0
    edit_layer: Ints = None  # type: ignore[assignment]  # filled with 0
    edit_ratio: Array = None  # type: ignore[assignment]  # filled with 1
    edit_factor: Array = None  # type: ignore[assignment]  # filled with 1
    edit_shift_s: Array = None  # type: ignore[assignment]  # filled with 0
    edit_gain: Array = None  # type: ignore[assignment]  # filled with 1
    edit_from_s: Array = None  # type: ignore[assignment]  # filled with 0
    base_time_s: Array = None  # type: ignore[assignment]  # filled with 0
    base_window_s: Array = None  # type: ignore[assignment]  # filled with 0
    base_frequency_hz: Array = None  # type: ignore[assignment]  # filled with 0
    base_amplitude: Array = None  # type: ignore[assignment]  # filled with 0
    base_phase_rad: Array = None  # type: ignore[assignment]  # filled with 0
    share_re: Array = None  # type: ignore[assignment]  # filled with 1
    share_im: Array = None  # type: ignore[assignment]  # filled with 0
    chirp_hz_per_s: Array = None  # type: ignore[assignment]  # filled with 0
    base_chirp_hz_per_s: Array = None  # type: ignore[assignment]  # filled with 0

    KIND: ClassVar[str] = "gabor"
    ORDER: ClassVar[tuple[str, ...]] = ("time_s", "frequency_hz", "window_s")
    LEVEL: ClassVar[str] = "amplitude"
    FOUND: ClassVar[tuple[str, ...]] = ("partial", "partial_hz")
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("time_s", "s", -1e6, 1e6, "centre of the window"),
        Param("window_s", "s", 1e-6, 1e4, "length of the Hann window from zero to zero"),
        Param("frequency_hz", "Hz", 0.0, 1e6, "frequency of the sinusoid"),
        Param("amplitude", "", 0.0, 1e6, "peak of the sinusoid at the centre, full scale = 1", per_channel=True),
        Param("phase_rad", "rad", -1e6, 1e6, "phase of the cosine at the centre", per_channel=True),
        Param("group_id", "", 0, 2**40, "the group it belongs to, 0 for none", default=0, whole=True),
        Param(
            "partial_hz",
            "Hz",
            -1e6,
            1e6,
            "frequency of its partial at the centre, 0 where not yet estimated, negative where an edit took the atom"
            " below 0 Hz",
            default=0.0,
            public=False,
        ),
        Param(
            "partial_rad",
            "rad",
            -1e12,
            1e12,
            "phase its partial has run through since its first atom",
            default=0.0,
            public=False,
        ),
        Param(
            "edit_layer", "", 0, 2**40, "the scene it came from, of those joined", default=0, whole=True, public=False
        ),
        Param(
            "edit_ratio", "", 1e-9, 1e9, "how many times higher edits have made its partial", default=1.0, public=False
        ),
        Param(
            "edit_factor",
            "",
            -1e9,
            1e9,
            "how many times longer edits have made it, negative where they turned it round",
            default=1.0,
            public=False,
        ),
        Param(
            "edit_shift_s",
            "s",
            -1e9,
            1e9,
            "how much later edits have made it, after the factor",
            default=0.0,
            public=False,
        ),
        Param("edit_gain", "", 0.0, 1e20, "how many times stronger edits have made it", default=1.0, public=False),
        Param(
            "edit_from_s",
            "s",
            0.0,
            1e6,
            "until when, before edits, edits do not make it longer, 0 where they do from its beginning",
            default=0.0,
            public=False,
        ),
        Param("base_time_s", "s", -1e6, 1e6, "its time before edits", default=0.0, public=False),
        Param(
            "base_window_s",
            "s",
            0.0,
            1e4,
            "its window before edits, 0 where it was not edited",
            default=0.0,
            public=False,
        ),
        Param("base_frequency_hz", "Hz", 0.0, 1e6, "its frequency before edits", default=0.0, public=False),
        Param(
            "base_amplitude", "", 0.0, 1e6, "its amplitude before edits", per_channel=True, default=0.0, public=False
        ),
        Param(
            "base_phase_rad", "rad", -1e6, 1e6, "its phase before edits", per_channel=True, default=0.0, public=False
        ),
        Param("share_re", "", -256, 256, "which part of a whole atom it is", default=1.0, public=False),
        Param("share_im", "", -256, 256, "the same, a quarter of a turn ahead", default=0.0, public=False),
        Param("chirp_hz_per_s", "Hz/s", -1e18, 1e18, "by how much the frequency rises", default=0.0),
        Param("base_chirp_hz_per_s", "Hz/s", -1e18, 1e18, "its chirp before edits", default=0.0, public=False),
    )

    @classmethod
    def empty(cls, n_channels: int) -> Gabor:
        """No events."""
        none, per_channel = np.empty(0), np.empty((0, n_channels))
        return cls(none, none, none, per_channel, per_channel)

    def to_pandas(self) -> pandas.DataFrame:
        """The stored columns as a data frame, those of several channels with the channel's number in their names;
        needs `motes[export]`.
        """
        from motes.events.columns import to_pandas

        return to_pandas(self)

    @property
    def start_s(self) -> Array:
        """When each window begins."""
        return self.time_s - self.window_s / 2

    @property
    def end_s(self) -> Array:
        """When each window ends."""
        return self.time_s + self.window_s / 2

    def moved(self, by_s: Array) -> Gabor:
        """Later; the phases at the centres stay."""
        return self.remembering().replace(time_s=self.time_s + by_s, edit_shift_s=self.edit_shift_s + by_s)

    def mirrored(self, mask: Mask, twice_s: float) -> Gabor:
        """Backwards: cosines run the other way, with the opposite phase."""
        signs = np.where(mask, -1.0, 1.0)
        return self.remembering().replace(
            time_s=np.where(mask, twice_s - self.time_s, self.time_s),
            phase_rad=self.phase_rad * signs[:, None],
            chirp_hz_per_s=self.chirp_hz_per_s * signs,
            partial_rad=self.partial_rad * signs,
            edit_factor=self.edit_factor * signs,
            edit_shift_s=np.where(mask, twice_s - self.edit_shift_s, self.edit_shift_s),
        )

    def transposed(self, ratio: Array) -> Gabor:
        """f + (ratio − 1)·f_p and phase + (ratio − 1)·Φ; times and windows stay."""
        changes = {
            "frequency_hz": self.frequency_hz + (ratio - 1) * self.partial_hz,
            "phase_rad": _turned(self.phase_rad, (ratio - 1) * self.partial_rad),
            "chirp_hz_per_s": self.chirp_hz_per_s * ratio,
            "partial_hz": self.partial_hz * ratio,
            "partial_rad": self.partial_rad * ratio,
        }
        return self.remembering().replace(edit_ratio=_undone(self.edit_ratio * ratio), **unfolded(changes))

    def stretched(self, factor: Array, about_s: float) -> Gabor:
        """Windows grow; f_p + (f − f_p)/factor and phase + (factor − 1)·Φ."""
        changes = {
            "frequency_hz": np.where(
                factor == 1, self.frequency_hz, self.partial_hz + (self.frequency_hz - self.partial_hz) / factor
            ),
            "phase_rad": _turned(self.phase_rad, (factor - 1) * self.partial_rad),
            "chirp_hz_per_s": self.chirp_hz_per_s / factor,
            "partial_hz": self.partial_hz,
            "partial_rad": self.partial_rad * factor,
        }
        return self.remembering().replace(
            time_s=np.where(factor == 1, self.time_s, about_s + factor * (self.time_s - about_s)),
            window_s=self.window_s * factor,
            edit_factor=self.edit_factor * factor,
            edit_shift_s=factor * self.edit_shift_s + (1 - factor) * about_s,
            **unfolded(changes),
        )

    def amplified(self, factor: Array) -> Gabor:
        """All channels alike."""
        return self.remembering().replace(amplitude=self.amplitude * factor[:, None], edit_gain=self.edit_gain * factor)

    def enveloped(self, mask: Mask, gain_at: Callable[[Array], Array]) -> Gabor:
        """Each at the gain that there is at its centre. A gain of its own is no edit that a file could name in short:
        it becomes what the atom is.
        """
        gain = np.where(mask, gain_at(self.time_s), 1.0)
        return self.assigned(mask, {"amplitude": self.amplitude * gain[:, None]}, {})

    def mixed(self, mask: Mask, matrix: Array, sample_rate_hz: int) -> Gabor:
        """Channels mixed as what they are, amplitudes with phases."""
        made = (self.amplitude * np.exp(1j * self.phase_rad)) @ matrix.T
        chosen = mask[:, None]
        columns = {
            "amplitude": np.where(chosen, np.abs(made), self.amplitude),
            "phase_rad": np.where(chosen, np.angle(made), self.phase_rad),
        }
        return self.assigned(mask, columns, {})

    def joined(self, other: Gabor) -> Gabor:
        """These events, then those, which are of another scene."""
        above = int(self.edit_layer.max(initial=-1)) + 1
        return super().joined(other.replace(edit_layer=other.edit_layer + above) if above else other)

    def remembering(self) -> Gabor:
        """These events, each remembering what it was before edits."""
        new = self.base_window_s == 0
        if not new.any():
            return self
        names = ("time_s", "window_s", "frequency_hz", "amplitude", "phase_rad", "chirp_hz_per_s")
        columns: dict[str, Any] = {}
        for name in names:
            now = self.column(name)
            columns[f"base_{name}"] = np.where(new if now.ndim == 1 else new[:, None], now, self.column(f"base_{name}"))
        return self.replace(**columns)

    def in_band(self, mask: Mask, low_hz: float, high_hz: float) -> tuple[Gabor, Mask]:
        """Each is in it or not, by its frequency."""
        kept = ~mask | (self.frequency_hz >= low_hz) & (self.frequency_hz <= high_hz)
        return self.only(kept), kept

    def only(self, kept: Mask) -> Gabor:
        """Those in `kept`; edits that followed partials which lose atoms are forgotten."""
        from motes.kinds.gabor.edited import without_others

        return without_others(self, kept).take(kept)

    def assigned(self, mask: Mask, columns: dict[str, Any], ragged: dict[str, Any]) -> Gabor:
        """With these columns; what is set of an atom is what it is now, so that its edits are forgotten."""
        from motes.kinds.gabor.edited import unedited

        sounds_else = any(name != "group_id" for name in columns)
        return (unedited(self, mask) if sounds_else else self).replace(**columns)

    def with_partials(self, sample_rate_hz: int, of: Mask | None = None) -> Gabor:
        """Each with f_p and Φ of its partial, or those in the layers of the events in `of`."""
        from motes.kinds.gabor.edited import with_partials

        return with_partials(self, sample_rate_hz, of)

    def found(self, name: str, scene: Any) -> NDArray[Any]:
        """The number of each atom's partial in the scene, or that partial's frequency at the atom in Hz; 0 for none."""
        from motes.kinds.gabor.edited import partial_frequencies, partial_numbers

        return (partial_frequencies if name == "partial_hz" else partial_numbers)(self, scene.sample_rate_hz)


def unfolded(changes: dict[str, Array]) -> dict[str, Array]:
    """These columns, where the frequency came out negative conjugated: the positive frequency with all phases the
    other way round.
    """
    negative = changes["frequency_hz"] < 0
    if not negative.any():
        return changes
    sign = np.where(negative, -1.0, 1.0)
    return {name: column * (sign if column.ndim == 1 else sign[:, None]) for name, column in changes.items()}


def _undone(ratio: Array) -> Array:
    """Ratios, those 1 that edits there and back have left beside it by rounding."""
    return np.where(np.abs(ratio - 1) < 1e-12, 1.0, ratio)


def _turned(phase_rad: Array, by_rad: Array) -> Array:
    """Phases `(n_events, n_channels)` further by `by_rad` `(n_events,)`; where that is not 0, as what is left of
    whole turns.
    """
    turned = phase_rad + by_rad[:, None]
    return np.where(by_rad[:, None] == 0, phase_rad, turned - 2 * np.pi * np.rint(turned / (2 * np.pi)))
