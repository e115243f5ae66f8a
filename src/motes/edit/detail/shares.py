"""What of detail belongs to chosen events: the share that a mask cuts out of it by how strong they sound beside all
else, in bands and frames, so that they leave nothing of themselves when they are moved or silenced.

Both what is cut out and what is left are detail events of the same coefficients, with masks that add up to the one
before: nothing is rounded anew, and the sum is what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import update_wrapper
from typing import TYPE_CHECKING, Concatenate, NamedTuple, ParamSpec

import numpy as np
from numpy.typing import NDArray

from motes import kinds
from motes.edit.note_columns import group_ids, note_of_groups
from motes.edit.tables import numbers_of, rebuilt
from motes.events.event_table import Array, Ints, Mask
from motes.kinds.detail.audio import N_BANDS, bands_of_bins, hop_samples
from motes.kinds.detail.table import CUT_FADE, LONGEST_S, MASK_UNITS, MOST_MASK_FRAMES, Detail
from motes.scene.scene import Scene
from motes.units import erb_rate, erb_rate_to_hz

if TYPE_CHECKING:
    from motes.edit.selection import Selection

P = ParamSpec("P")
# Which part is somebody's at these times and frequencies: `(n_times,)`, `(n_frequencies,)` to `(n_times,
# n_frequencies)`.
Part = Callable[[Array, Array], Array]
# What is weaker than this, as a mean square, explains nothing of detail.
SILENCE = 1e-10
REST = -1


class Divided(NamedTuple):
    """Detail in which chosen events have their shares: which events these are, and of which event before each is."""

    detail: Detail
    is_share: Mask
    origin: Ints


def takes_detail(
    change: Callable[Concatenate[Selection, P], Selection],
) -> Callable[Concatenate[Selection, P], Selection]:
    """An edit of a selection as one that takes along what of detail belongs to it."""

    def made(selection: Selection, /, *args: P.args, **kwargs: P.kwargs) -> Selection:
        return change(with_share(selection), *args, **kwargs)

    update_wrapper(made, change)
    return made


def with_share(selection: Selection) -> Selection:
    """The selection with its share of the detail events that it does not choose itself, in a scene that sounds as it
    did. It is what it was where it leaves detail alone, chooses all or none of the other events but texture, or has
    notes alone that have their shares already.
    """
    scene = selection.scene
    found = share_of(selection)
    if found is None:
        return replace(selection, with_detail=False)
    mask = mask_after(scene, found, selection.mask)
    return replace(selection, scene=scene.with_tables([found.detail]), mask=mask, with_detail=False)


def mask_after(scene: Scene, found: Divided, mask: Mask, with_shares: bool = True) -> Mask:
    """A mask over the events of a scene as one over those of the scene with detail so divided: of each detail event
    its rest and, where they are not in it anyway, `with_shares` the shares.
    """
    of_detail = numbers_of(scene, "detail")
    mine = mask[of_detail][found.origin] | (found.is_share & with_shares)
    return np.concatenate([mask[: of_detail.start], mine, mask[of_detail.stop :]])


def share_of(selection: Selection) -> Divided | None:
    """Detail divided for a selection; None where that takes no share."""
    scene, mask = selection.scene, selection.mask
    if not selection.with_detail or not len(scene.detail):
        return None
    sparse = np.ones(scene.n_events, np.bool_)
    of_detail = numbers_of(scene, "detail")
    sparse[numbers_of(scene, "texture")] = sparse[of_detail] = False
    if not 0 < np.count_nonzero(mask & sparse) < np.count_nonzero(sparse):
        return None
    note = note_of_groups(scene.groups, group_ids(scene))
    chosen = mask.copy()
    chosen[of_detail] = False
    held = np.unique(note[of_detail][mask[of_detail]])
    owner = np.where(chosen & ~np.isin(note, held[held > 0]), note, REST)
    return divided_detail(scene, owner, mask[of_detail])


def cut_at(selection: Selection, at_s: float) -> Selection:
    """The selection with the detail events in it cut in two where they sound across a moment."""
    scene, of_detail = selection.scene, numbers_of(selection.scene, "detail")
    mine = selection.mask[of_detail]
    if not mine.any():
        return selection
    cut = scene.detail.take(mine).cut(at_s, 1 / scene.sample_rate_hz)
    tables = [scene.detail.take(~mine).with_more(cut) if table.KIND == "detail" else table for table in scene.tables]
    mask = np.concatenate([np.zeros(np.count_nonzero(~mine), np.bool_), np.ones(len(cut), np.bool_)])
    around = selection.mask[: of_detail.start], mask, selection.mask[of_detail.stop :]
    return rebuilt(selection, tables, np.concatenate(around))


def divided_detail(
    scene: Scene, owner: Ints, whole: Mask | None = None, known: Mapping[int, Part] | None = None
) -> Divided | None:
    """The detail of a scene with shares for the events whose `owner` `(n_events,)` is not REST, those of one owner
    together and in the group of that number, 0 for none; events in `whole` `(n_detail,)` stay as they are. Of owners
    that are `known` it is known which part is theirs at some times and frequencies; they have at least that. None where
    nobody has a share.
    """
    detail, of_detail = scene.detail, numbers_of(scene, "detail")
    if not np.any(owner != REST) or not len(detail):
        return None
    note = note_of_groups(scene.groups, group_ids(scene))
    with_own = np.unique(note[of_detail][note[of_detail] > 0])
    sound, parts = _Sound(scene, owner, known or {}), []
    for i in range(len(detail)):
        event = detail.take(slice(i, i + 1))
        if event.gain[0] > 0 and not (whole is not None and whole[i]):
            mine = int(note[of_detail][i])
            among = note == mine if mine else ~np.isin(note, with_own)
            parts += [(part, i, is_share) for part, is_share in _parts(event, sound, among)]
        else:
            parts.append((event, i, False))
    if not any(is_share for _, _, is_share in parts):
        return None
    tables, origin, is_share = zip(*parts, strict=True)
    made = tables[0].with_more(*tables[1:])
    order = made.order()
    order = np.arange(len(made)) if order is None else order
    return Divided(made.take(order), np.array(is_share)[order], np.array(origin)[order])


def _parts(event: Detail, sound: _Sound, among: Mask) -> list[tuple[Detail, bool]]:
    """Of a table of one event, its rest and its shares, which are marked; rests and shares of nothing are left out."""
    owners, ratio = sound.in_cells(event, among)
    if len(owners) == 0:
        return [(event, False)]
    before = event.mask_of(0)
    before = np.full(ratio.shape[1:], MASK_UNITS, np.int8) if before is None else before
    # Sums are rounded rather than shares, so that these are never more than there is.
    shares = np.diff(np.rint(np.cumsum(ratio, axis=0) * before), axis=0, prepend=0).astype(np.int8)
    rest = before - shares.sum(axis=0, dtype=np.int8)
    found = [(_masked(event, rest), False)] if rest.any() else []
    for number, share in zip(owners.tolist(), shares, strict=True):
        if share.any():
            part = _trimmed(_masked(event, share), share, sound.scene.sample_rate_hz)
            found.append((part.replace(group_id=np.array([number])) if number else part, True))
    return found if any(is_share for _, is_share in found) else [(event, False)]


def _masked(event: Detail, mask: NDArray[np.int8]) -> Detail:
    frames, bands = mask.shape
    return event.replace(mask_frames=np.array([frames]), mask_bands=np.array([bands]), mask=mask.reshape(-1))


def _trimmed(event: Detail, mask: NDArray[np.int8], sample_rate_hz: int) -> Detail:
    """The event without what its mask leaves silent anyway before and after it, so that it begins with its sound."""
    length_s = float(event.duration_s[0] / event.time_ratio[0])
    rows = np.flatnonzero(mask.any(axis=1))
    margin_s = (2 * hop_samples(sample_rate_hz) + CUT_FADE) / sample_rate_hz
    first_s, last_s = rows[0] / len(mask) * length_s - margin_s, (rows[-1] + 1) / len(mask) * length_s + margin_s
    from_s = max(float(event.from_s[0]), first_s if first_s > 0 else 0.0)
    until_s = min(float(event.until_s[0]), last_s if last_s < length_s else LONGEST_S)
    if from_s >= until_s:
        return event
    return event.replace(from_s=np.array([from_s]), until_s=np.array([until_s]))


class _Sound:
    """How strong the events of a scene beside detail sound, by owner."""

    def __init__(self, scene: Scene, owner: Ints, known: Mapping[int, Part]) -> None:
        self.scene, self.owner, self.known = scene, owner, known
        self.start_s, self.end_s = (
            np.concatenate([table.column(name) for table in scene.tables]) for name in ("start_s", "end_s")
        )
        self.first = {table.KIND: numbers_of(scene, table.KIND).start for table in scene.tables}

    def in_cells(self, event: Detail, among: Mask) -> tuple[Ints, Array]:
        """The owners of what sounds in a table of one event, and which part of all that sounds is whose in the cells of
        its mask, `(n_owners, n_frames, n_bands)`.
        """
        rate = self.scene.sample_rate_hz
        start_s, end_s = float(event.start_s[0]), float(event.end_s[0])
        inside = among & (self.start_s < end_s) & (self.end_s > start_s)
        inside[self.first["detail"] :] &= False
        owners = np.setdiff1d(np.unique(self.owner[inside]), [REST])
        if len(owners) == 0:
            return owners, np.empty(0)
        hop, frames, length = (
            hop_samples(rate),
            int(event.mask_frames[0]),
            int(event.n_frames[0] * event.frame_samples[0]),
        )
        frames = frames or min(MOST_MASK_FRAMES, max(1, length // hop))
        bands = int(event.mask_bands[0]) or N_BANDS
        first = round(float(event.time_s[0]) * rate)
        first -= -(-(first - int(start_s * rate) + hop) // hop) * hop
        n_hops = int(np.ceil((end_s * rate - first) / hop)) + 2
        masks = [inside & (self.owner == number) for number in (*owners.tolist(), REST)]
        power = np.stack([self._power(mask, first - hop // 2, n_hops, hop) for mask in masks])
        rows = _frames_of(event, frames, first, hop, rate).clip(0, power.shape[1] - 1)
        bins = np.rint(np.arange(hop + 1) * float(event.frequency_ratio[0])).astype(np.int64)
        held = np.where(bins <= hop, power[:, rows][:, :, bins.clip(0, hop)], 0.0)
        of_bin = bands_of_bins(rate, hop, bands)
        edges = np.searchsorted(of_bin, np.arange(bands))
        summed = np.add.reduceat(np.append(held, np.zeros((*held.shape[:2], 1)), axis=2), edges, axis=2)
        power = np.where(np.bincount(of_bin, minlength=bands) > 0, summed, 0.0)
        ratio = power[:-1] / np.maximum(power.sum(axis=0), SILENCE)
        middle_s = (first + (rows + 0.5) * hop) / rate
        middle_hz = erb_rate_to_hz((np.arange(bands) + 0.5) / bands * erb_rate(rate / 2)) * event.frequency_ratio[0]
        for row, number in enumerate(owners.tolist()):
            if (part := self.known.get(number)) is not None:
                ratio[row] = np.maximum(ratio[row], part(middle_s, middle_hz))
        return owners, ratio / np.maximum(ratio.sum(axis=0), 1.0)

    def _power(self, mask: Mask, first: int, n_hops: int, hop: int) -> Array:
        """Mean squares of what these events sound like, by frames of two hops from a sample on and bins, `(n_hops − 1,
        hop + 1)`, all channels together.
        """
        import scipy.fft

        audio = np.zeros((self.scene.n_channels, n_hops * hop + 16))
        for table in self.scene.tables:
            chosen = mask[self.first[table.KIND] : self.first[table.KIND] + len(table)]
            if chosen.any():
                kinds.named(table.KIND).renderer(table.take(chosen), self.scene).add(audio, first, n_hops * hop)
        window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
        cut = np.lib.stride_tricks.sliding_window_view(audio[:, : n_hops * hop], 2 * hop, axis=1)[:, ::hop]
        spectra = scipy.fft.rfft(cut * window, axis=2)
        return np.asarray(np.sum(np.square(np.abs(spectra)), axis=0) / (2 * hop * hop))


def _frames_of(event: Detail, n_frames: int, first: int, hop: int, rate: int) -> Ints:
    """The frames of the sound, from a sample on, in which the middles of an event's mask frames lie as it is heard."""
    since_s = (np.arange(n_frames) + 0.5) / n_frames * float(event.duration_s[0])
    since_s = float(event.duration_s[0]) - since_s if event.backward[0] else since_s
    return np.floor(((float(event.time_s[0]) + since_s) * rate - first) / hop).astype(np.int64)
