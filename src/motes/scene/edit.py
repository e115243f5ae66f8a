"""Edits: each takes a Selection and returns one of the same events in the edited scene. Exact, pure and never rounded; docs/edit.md explains them.

An atom is a carrier, its partial's instantaneous frequency f_p with the phase Φ = 2π∫f_p from the partial's first atom, times what the atom is
relative to it: (f − f_p, phase − Φ). Transposing by r makes the carrier (r·f_p, r·Φ); stretching by s makes it (f_p, s·Φ) and what is relative to it
slower, (f − f_p)/s. Phases are those at the windows' centres.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.errors import ParameterError
from motes.scene.gabor import Gabor, canonical_order
from motes.scene.groups import Groups
from motes.scene.scene import Scene
from motes.units import require_finite, require_positive

if TYPE_CHECKING:
    from motes.scene.select import Selection

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
MAX_SEMITONES, MAX_FACTOR, MAX_GAIN_DB = 240.0, 1000.0, 200.0
MAX_GAP_S = 3600.0
"""What is moved or joined further past the end than this is taken for a mistake."""
_KNEES_PER_DB = 8 / (20 * math.log10(2))


def carriers(scene: Scene) -> tuple[Array, Array]:
    """f_p in Hz and Φ in rad of every event, `(n_events,)` each: of its partial, or its own frequency and 0 where it is in none.

    Edited events carry both along (`partial_hz`, `partial_rad`), so that edits add up exactly.
    """
    from motes.scene.partials import instantaneous  # numba: only where frequencies or times change

    return instantaneous(scene)


def _columns(gabor: Gabor) -> dict[str, Any]:
    return {field.name: getattr(gabor, field.name) for field in fields(gabor)}


def _rebuilt(selection: Selection, changes: dict[str, Array], mask: Mask | None = None, **scene_changes: Any) -> Selection:
    """The selection in its scene with these columns exchanged, in canonical order."""
    columns: dict[str, Any] = _columns(selection.scene.gabor) | changes
    mask = selection.mask if mask is None else mask
    order = canonical_order(columns["time_s"], columns["frequency_hz"], columns["window_s"])
    if order is not None:
        columns = {name: column[order] for name, column in columns.items()}
        mask = mask[order]
    return replace(selection, scene=selection.scene.replace(gabor=Gabor(**columns), **scene_changes), mask=mask)


def onset_s(selection: Selection) -> float:
    """When the first selected event begins to sound: not before 0."""
    starts = selection.scene.gabor.start_s[selection.mask]
    return max(0.0, float(starts.min())) if len(starts) else 0.0


# --- edits of events -------------------------------------------------------------------------------------------------------------------------


def move(selection: Selection, by_s: float) -> Selection:
    """Later by `by_s` seconds; phases at the centres stay."""
    by_s = require_finite("by_s", by_s)
    _check_gap(selection.scene, onset_s(selection) + by_s, "moving", by_s)
    return _retimed(selection, lambda time_s: time_s + by_s, "moving")


def transpose(selection: Selection, semitones: float) -> Selection:
    """Higher by `semitones`; times and windows stay."""
    semitones = require_finite("semitones", semitones)
    if abs(semitones) > MAX_SEMITONES:
        raise ParameterError(f"semitones must lie in −{MAX_SEMITONES:g} … {MAX_SEMITONES:g}, not {semitones:g}: were these Hz?")
    gabor, (carrier_hz, integral_rad) = selection.scene.gabor, carriers(selection.scene)
    ratio = 2.0 ** (semitones / 12)
    by = np.where(selection.mask, ratio - 1.0, 0.0)
    frequency = gabor.frequency_hz + by * carrier_hz
    phase = _turned(gabor.phase_rad, by * integral_rad)
    times = np.where(selection.mask, ratio, 1.0)
    changes = {"frequency_hz": frequency, "phase_rad": phase, "partial_hz": carrier_hz * times, "partial_rad": integral_rad * times}
    return _rebuilt(selection, _unfolded(changes))


def stretch(selection: Selection, factor: float, about_s: float | None = None) -> Selection:
    """`factor` times as long about `about_s`, by default the first onset."""
    factor = require_positive("factor", factor)
    if not 1 / MAX_FACTOR <= factor <= MAX_FACTOR:
        raise ParameterError(f"the factor must lie in {1 / MAX_FACTOR:g} … {MAX_FACTOR:g}, not {factor:g}")
    gabor, (carrier_hz, integral_rad) = selection.scene.gabor, carriers(selection.scene)
    about_s = onset_s(selection) if about_s is None else about_s
    by = np.where(selection.mask, factor, 1.0)
    integral = integral_rad * by
    frequency = np.where(selection.mask, carrier_hz + (gabor.frequency_hz - carrier_hz) / factor, gabor.frequency_hz)
    phase = _turned(gabor.phase_rad, integral - integral_rad)
    times = np.where(selection.mask, about_s + factor * (gabor.time_s - about_s), gabor.time_s)
    changes = {"time_s": times, "window_s": gabor.window_s * by, "frequency_hz": frequency, "phase_rad": phase}
    end_s = about_s + factor * (_heard_end_s(selection) - about_s)
    changes |= {"partial_hz": carrier_hz, "partial_rad": integral}
    return _rebuilt(selection, _unfolded(changes), n_samples=_extended(selection.scene, end_s))


def gain(selection: Selection, db: float) -> Selection:
    """Louder by `db`. Of a whole scene the quantiser moves along, so that its file stays as accurate relative to it."""
    db = require_finite("db", db)
    if abs(db) > MAX_GAIN_DB:
        raise ParameterError(f"the gain must lie in −{MAX_GAIN_DB:g} … {MAX_GAIN_DB:g} dB, not {db:g}")
    gabor, quantiser = selection.scene.gabor, selection.scene.quantiser
    amplitude = gabor.amplitude * np.where(selection.mask, 10.0 ** (db / 20), 1.0)[:, None]
    if quantiser is not None and selection.mask.all():
        quantiser = type(quantiser)(
            quantiser.steps_per_doubling, quantiser.n_phases, int(np.clip(quantiser.knee + round(db * _KNEES_PER_DB), -160, 160))
        )
    return _rebuilt(selection, {"amplitude": amplitude}, quantiser=quantiser)


def mute(selection: Selection, mask: Mask) -> Selection:
    """Amplitude 0 for the events in `mask`."""
    gabor = selection.scene.gabor
    return _rebuilt(selection, {"amplitude": np.where(mask[:, None], 0.0, gabor.amplitude)})


def reverse(selection: Selection, about_s: float | None = None) -> Selection:
    """Mirrored in time about `about_s`, by default the middle of the first and the last centre."""
    gabor, mask = selection.scene.gabor, selection.mask
    centres = gabor.time_s[mask]
    if not len(centres):
        return selection
    twice_s = centres[0] + centres[-1] if about_s is None else 2 * about_s
    signs = np.where(mask, -1.0, 1.0)
    changes = {"phase_rad": gabor.phase_rad * signs[:, None], "partial_rad": gabor.partial_rad * signs}
    return _retimed(selection, lambda time_s: twice_s - time_s, "reversing", changes)


def duplicate(selection: Selection, at_s: float) -> Selection:
    """A copy whose first onset is at `at_s`; the selection is then the copy."""
    at_s = _require_time("at_s", at_s)
    if not len(selection):
        return selection
    _check_gap(selection.scene, at_s, "duplicating", at_s)
    copy = kept(selection, selection.mask)
    copy = _retimed(copy, lambda time_s: time_s + (at_s - onset_s(selection)), "duplicating")
    return _together(selection.scene, copy.scene, selection)


def filter(selection: Selection, low_hz: float | None = None, high_hz: float | None = None) -> Selection:
    """Without those selected whose frequency is outside low_hz … high_hz."""
    low_hz = 0.0 if low_hz is None else require_finite("low_hz", low_hz)
    high_hz = math.inf if high_hz is None else require_finite("high_hz", high_hz)
    if low_hz < 0 or high_hz < low_hz:
        raise ParameterError(f"a band from {low_hz:g} to {high_hz:g} Hz makes no sense: 0 ≤ low ≤ high")
    frequency = selection.scene.gabor.frequency_hz
    return kept(selection, ~selection.mask | (frequency >= low_hz) & (frequency <= high_hz))


def kept(selection: Selection, mask: Mask) -> Selection:
    """The scene with only the events in `mask`."""
    scene = selection.scene.replace(gabor=selection.scene.gabor.take(mask))
    return replace(selection, scene=scene, mask=selection.mask[mask])


def _turned(phase_rad: Array, by_rad: Array) -> Array:
    """Phases `(n_events, n_channels)` further by `by_rad` `(n_events,)`; where that is not 0, as what is left of whole turns."""
    turned = phase_rad + by_rad[:, None]
    return np.where(by_rad[:, None] == 0, phase_rad, turned - 2 * np.pi * np.rint(turned / (2 * np.pi)))


def _unfolded(changes: dict[str, Array]) -> dict[str, Array]:
    """Events whose frequency came out negative as what they are: the positive one with the opposite phase, and in no partial."""
    negative = changes["frequency_hz"] < 0
    if not negative.any():
        return changes
    frequency = np.abs(changes["frequency_hz"])
    return changes | {
        "frequency_hz": frequency,
        "phase_rad": np.where(negative[:, None], -changes["phase_rad"], changes["phase_rad"]),
        "partial_hz": np.where(negative, frequency, changes["partial_hz"]),
        "partial_rad": np.where(negative, 0.0, changes["partial_rad"]),
    }


def _retimed(selection: Selection, new_time: Any, doing: str, changes: dict[str, Array] | None = None) -> Selection:
    """The selection with `time_s` mapped by a mirror or shift; refuses events that would end before 0, and lengthens the scene where needed."""
    scene, mask = selection.scene, selection.mask
    gabor = scene.gabor
    time_s = np.where(mask, new_time(gabor.time_s), gabor.time_s)
    end_s = time_s + gabor.window_s / 2
    early = np.flatnonzero(mask & (end_s < 0))
    if len(early):
        i = early[0]
        raise ParameterError(
            f"{doing} would end event {i} (now at {gabor.time_s[i]:g} s) before 0, at {end_s[i]:g} s: drop such events first, or slice"
        )
    last_s = float(new_time(_heard_end_s(selection))) if doing != "reversing" else 0.0
    n_samples = _extended(scene, last_s) if mask.any() else scene.n_samples
    return _rebuilt(selection, {"time_s": time_s} | (changes or {}), n_samples=n_samples)


def _heard_end_s(selection: Selection) -> float:
    """When the last selected event ends, or the scene if that is sooner: what lay past the end of the scene was not heard."""
    ends = selection.scene.gabor.end_s[selection.mask]
    return min(float(ends.max()), selection.scene.duration_s) if len(ends) else 0.0


def _extended(scene: Scene, end_s: float) -> int:
    """Samples of a scene that has to hold sound up to `end_s`; it never shrinks."""
    return max(scene.n_samples, math.ceil(end_s * scene.sample_rate_hz - 1e-6))


def _check_gap(scene: Scene, at_s: float, doing: str, value: float) -> None:
    if at_s > scene.duration_s + MAX_GAP_S:
        raise ParameterError(f"{doing} to {at_s:g} s is far past the end, {scene.duration_s:g} s: were these samples, not seconds? ({value:g})")


def _require_time(name: str, value: float) -> float:
    number = require_finite(name, value)
    if number < 0:
        raise ParameterError(f"{name} must not be below 0, and is {number:g}")
    return number


# --- edits of scenes -------------------------------------------------------------------------------------------------------------------------


def stretch_scene(scene: Scene, factor: float) -> Scene:
    """The whole scene `factor` times as long: silence at its ends too, and its length."""
    stretched = stretch(scene.select(), factor, about_s=0.0).scene
    return stretched.replace(n_samples=math.ceil(scene.n_samples * float(factor) - 1e-6))


def reverse_scene(scene: Scene) -> Scene:
    """The whole scene backwards, sample by sample."""
    return reverse(scene.select(), about_s=(scene.n_samples - 1) / (2 * scene.sample_rate_hz)).scene


def join(scene: Scene, other: Scene, at_s: float | None = None, resample: bool = False) -> Scene:
    """Both scenes as one, `other` starting at `at_s` (default: where `scene` ends); windows that reach over their scene's ends sound."""
    at_s = scene.duration_s if at_s is None else _require_time("at_s", at_s)
    if scene.n_channels != other.n_channels:
        raise ParameterError(f"one scene has {scene.n_channels} channels, the other {other.n_channels}: they cannot be joined")
    if scene.sample_rate_hz != other.sample_rate_hz:
        if not resample:
            rates = f"{scene.sample_rate_hz} samples per second, the other {other.sample_rate_hz}"
            raise ParameterError(f"one scene has {rates}: join(…, resample=True), or --resample, changes the other's")
        other = at_rate(other, scene.sample_rate_hz)
    _check_gap(scene, at_s, "joining", at_s)
    n_samples = max(scene.n_samples, math.ceil(at_s * scene.sample_rate_hz - 1e-6) + other.n_samples)
    ends = other.gabor.end_s + at_s
    if len(ends) and ends.min() < 0:
        raise ParameterError(f"joining would end event {ends.argmin()} of the other scene before 0, at {ends.min():g} s")
    moved = _rebuilt(other.select(), {"time_s": other.gabor.time_s + at_s}, n_samples=n_samples)
    return _together(scene, moved.scene, scene.select()).scene


def at_rate(scene: Scene, sample_rate_hz: int) -> Scene:
    """The same events at another sample rate, without those above half of it."""
    heard = kept(scene.select(), scene.gabor.frequency_hz <= sample_rate_hz / 2).scene
    return heard.replace(sample_rate_hz=sample_rate_hz, n_samples=-(-scene.n_samples * sample_rate_hz // scene.sample_rate_hz))


def cut(scene: Scene, start_s: float | None = None, end_s: float | None = None, with_overhang: bool = False) -> Scene:
    """What lies from `start_s` to `end_s`, starting at 0: the events whose centre is there, or with overhang all that sound there.

    Slices share out the events: joined again they are the scene. With overhang a slice renders just as that stretch of the scene does.
    """
    first, last = _stretch_samples(scene, start_s, end_s)
    rate, gabor = scene.sample_rate_hz, scene.gabor
    if with_overhang:
        mask = (gabor.end_s * rate > first) & (gabor.start_s * rate < last)
    else:
        mask = within(scene, first / rate if first else None, last / rate if last < scene.n_samples else None)
    part = kept(scene.select(), mask)
    moved = {"time_s": part.scene.gabor.time_s - first / rate}
    return _rebuilt(part, moved, n_samples=last - first).scene


def within(scene: Scene, start_s: float | None, end_s: float | None) -> Mask:
    """Which events have their centre in start_s ≤ time_s < end_s."""
    _stretch_samples(scene, start_s, end_s)
    low, high = -math.inf if start_s is None else start_s, math.inf if end_s is None else end_s
    return (scene.gabor.time_s >= low) & (scene.gabor.time_s < high)


def slice_seconds(what: Any) -> tuple[float | None, float | None]:
    """Both ends of `scene[2.0:5.0]`."""
    if not isinstance(what, slice) or what.step is not None:
        raise ParameterError("a scene is cut by seconds, as in scene[2.0:5.0]")
    return what.start, what.stop


def _stretch_samples(scene: Scene, start_s: float | None, end_s: float | None) -> tuple[int, int]:
    """First sample and the one past the last."""
    ends = {}
    for name, value, default in (("start", start_s, 0), ("end", end_s, scene.n_samples)):
        ends[name] = default if value is None else round(_require_time(name, value) * scene.sample_rate_hz)
        if ends[name] > scene.n_samples:
            raise ParameterError(f"{name} {value:g} s is past the end, {scene.duration_s:g} s: were these samples, not seconds?")
    if ends["end"] < ends["start"]:
        raise ParameterError(f"the slice ends ({end_s:g} s) before it starts ({start_s:g} s)")
    return ends["start"], ends["end"]


def _together(scene: Scene, other: Scene, selection: Selection) -> Selection:
    """The events of both, groups kept apart, the length of the longer one, the finer quantiser; the selection is those of `other`."""
    above = int(scene.groups.id.max(initial=0))
    groups, theirs = _used(other.groups, other.gabor.group_id), other.gabor.group_id
    one, two = _columns(scene.gabor), _columns(other.gabor) | {"group_id": np.where(theirs > 0, theirs + above, 0)}
    together = Groups(
        np.concatenate([scene.groups.id, groups.id + above]),
        np.concatenate([scene.groups.parent, np.where(groups.parent > 0, groups.parent + above, 0)]),
        np.concatenate([scene.groups.role, groups.role]),
    )
    n_samples, quantiser = max(scene.n_samples, other.n_samples), _finer(scene, other)
    columns = {name: np.concatenate([one[name], two[name]]) for name in one}
    mask = np.arange(len(columns["time_s"])) >= len(scene.gabor)
    return _rebuilt(replace(selection, scene=scene), columns, mask, n_samples=n_samples, quantiser=quantiser, groups=together)


def _used(groups: Groups, group_id: NDArray[np.int64]) -> Groups:
    """The groups that events are in, and those that these are in."""
    used = np.isin(groups.id, group_id)
    while True:
        more = used | np.isin(groups.id, groups.parent[used])
        if np.array_equal(more, used):
            return Groups(groups.id[used], groups.parent[used], groups.role[used])
        used = more


def _finer(scene: Scene, other: Scene) -> Any:
    a, b = scene.quantiser, other.quantiser
    if a is None or b is None:
        return a if b is None else b
    return type(a)(max(a.steps_per_doubling, b.steps_per_doubling), max(a.n_phases, b.n_phases), min(a.knee, b.knee))
