"""Matching pursuit (Mallat & Zhang 1993): a recording as a sparse sum of windowed sinusoids. The default encoder."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from motes.audio import HeldSource, Source
from motes.encoders.learned import Beside, best_beside, dictionary_for
from motes.encoders.progress import Progress
from motes.encoders.pursuit import tuning
from motes.encoders.pursuit.common_threshold import pursue
from motes.encoders.pursuit.events import unquantised_scene
from motes.encoders.pursuit.least_squares import refit
from motes.encoders.pursuit.masking import MaskingModel
from motes.encoders.pursuit.options import DEFAULT_EVENTS_PER_SECOND, DEFAULT_WINDOWS, PursuitOptions
from motes.encoders.pursuit.quantiser_choice import ROUNDING_MARGIN_DB, quantise_for_target
from motes.encoders.pursuit.rate.layers import encode_in_layers, has_detail
from motes.encoders.pursuit.rate.rate_control import encode_at_bitrate, encode_at_quality
from motes.encoders.pursuit.schedule import OnBatch, PursuitContext, PursuitResult, StopCriterion, pursue_segments
from motes.encoders.pursuit.segment import SegmentBounds
from motes.encoders.pursuit.transparency.search import encode_transparently
from motes.encoders.residual import energy_of
from motes.encoders.texture import TextureOptions, add_texture
from motes.encoders.threads import ThreadPool
from motes.kernels.dictionary import GRAM_THRESHOLD, dictionary
from motes.kinds.learned.table import Learned
from motes.scene.scene import Scene
from motes.stop_reason import StopReason
from motes.units import db_to_power

# At most this for the noise of each channel where no bitrate or quality is asked for.
TEXTURE_KBPS = 3.0


def encode(
    source: Source, options: PursuitOptions | None = None, *, progress: Callable[[Progress], None] | None = None
) -> Scene:
    """The scene of a recording, its events rounded as a file stores them."""
    source, options = HeldSource(source), options or PursuitOptions()
    on_batch = _on_batch(progress)
    with ThreadPool(options.n_threads or os.cpu_count() or 1) as pool:
        masking = MaskingModel(source.sample_rate_hz) if options.by_ear else None
        threshold = tuning.GRAM_THRESHOLD if options.by_ear else GRAM_THRESHOLD
        context = PursuitContext(
            dictionary(options.windows or DEFAULT_WINDOWS, threshold), pool, masking, options.chirps
        )
        if options.transparent:
            return encode_transparently(source, options, context, on_batch)
        if has_detail(options, source.n_channels):
            return encode_in_layers(source, options, context, on_batch)
        if options.kbps is not None:
            return encode_at_bitrate(source, options, context, on_batch)
        if options.quality is not None:
            return encode_at_quality(source, options, context, on_batch)
        if options.dictionary is not None:
            beside = _beside_waveforms(source, options, context, on_batch)
        else:
            beside = Beside.without(source, _pursue_target(source, options, context, on_batch))
        found, energy = beside.found, beside.energy
        if options.refit:
            found = refit(beside.rest, context, found)
    residual_energy = found.residual_energy
    scene = beside.added_to(unquantised_scene(source, options, context, found, _stop_reason(options, found)))
    del found, beside  # of an hour, a few hundred megabytes
    scene = quantise_for_target(scene, source, energy, residual_energy, options.snr_db)
    if not options.with_texture:
        return scene
    return add_texture(scene, source, TextureOptions(kbps=options.texture_kbps or TEXTURE_KBPS))


def _on_batch(progress: Callable[[Progress], None] | None) -> OnBatch:
    def on_batch(fraction: float, n_events: int) -> None:
        if progress is not None:
            progress(Progress(fraction, n_events))

    return on_batch


def _stop_reason(options: PursuitOptions, found: PursuitResult) -> str:
    if found.stopped:
        return found.stopped
    if found.energy == 0.0:
        return StopReason.NOTHING_AUDIBLE_LEFT
    return StopReason.SNR_REACHED if options.snr_db is not None else StopReason.N_EVENTS_REACHED


def _beside_waveforms(
    source: Source, options: PursuitOptions, context: PursuitContext, on_batch: OnBatch
) -> Beside[PursuitResult]:
    """Learned waveforms and the atoms beside them that meet the target together; of a recording that they do not help,
    atoms alone.
    """
    dictionary = dictionary_for(source, str(options.dictionary))
    plain = _pursue_target(source, options, context, on_batch)

    def beside(rest: Source, learned: Learned) -> PursuitResult:
        return _pursue_target(rest, options, context, on_batch, plain.energy, learned)

    def cost(found: Beside[PursuitResult]) -> float:
        """The number of events, where that is not given; else what they leave."""
        by_number = options.snr_db is not None and not found.found.stopped
        return len(found.learned) + len(found.found.atoms) if by_number else found.found.residual_energy

    return best_beside(source, dictionary, plain, beside, cost)


def _pursue_target(
    source: Source,
    options: PursuitOptions,
    context: PursuitContext,
    on_batch: OnBatch,
    energy: float | None = None,
    learned: Learned | None = None,
) -> PursuitResult:
    """The atoms that meet the target before rounding, with some dB to spare where it is a signal-to-noise ratio; of a
    recording of this energy in which `learned` waveforms were found already, those beside them.
    """
    places = np.zeros(0) if learned is None else np.rint(learned.time_s * source.sample_rate_hz)
    if options.n_events is not None:
        left = max(0, options.n_events - len(places))
        return pursue(source, context, StopCriterion(n_events=left), on_batch)
    if options.snr_db is not None:
        whole = energy_of(source.blocks()) if energy is None else energy
        allowed = whole * db_to_power(-options.snr_db - ROUNDING_MARGIN_DB)
        return pursue(source, context, StopCriterion(residual_energy=allowed), on_batch)
    per_sample = (options.events_per_second or DEFAULT_EVENTS_PER_SECOND) / source.sample_rate_hz

    def share(bounds: SegmentBounds) -> StopCriterion:
        """A segment's part of the events; the parts add up to the whole."""
        before, after = (up_to(place) for place in (bounds.first, bounds.end))
        n_learned = int(np.sum((places >= bounds.first) & (places < bounds.end)))
        return StopCriterion(n_events=max(0, after - before - n_learned))

    def up_to(place: int) -> int:
        """How many events lie before a sample; one at least, however short the recording."""
        return max(1, round(per_sample * min(place, source.n_samples))) if place else 0

    return pursue_segments(source, context, share, on_batch=on_batch)
