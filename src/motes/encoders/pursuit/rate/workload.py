"""What the stages of a matching pursuit take, for its progress: in seconds of one processor, measured on twelve
recordings of 3 to 60 s and at 29 settings (benchmarks/RESULTS.md).
"""

from __future__ import annotations

from motes.encoders.progress import Stage
from motes.encoders.pursuit.options import DEFAULT_EVENTS_PER_SECOND, PursuitOptions

# Kernels are loaded when they are first called, in the first of all stages and in the first with noise.
_LOADING_S, _FIRST_NOISE_S = 0.02, 0.08
# Bits of an atom in the first channel and each further one, and the part of all bits that atoms take beside noise.
_BITS, _CHANNEL_BITS, _ATOMS_PART = 13.5, 6.0, 0.7
# Thousands of atoms per million samples at quality 5 and at 20 dB, and how much better quality or more dB double them.
_AT_QUALITY_5, _QUALITY_PER_DOUBLING = 15.0, 1.3
_AT_20_DB, _DB_PER_DOUBLING = 30.0, 8.0
# Trials of a bitrate in the search for what is transparent, and kbps of a channel that these go up to.
_TRIALS, _MOST_KBPS = 6, 192.0
# A recording of one segment is pursued further at once; a longer one is in a pass of its own, every other time.
_ONE_SEGMENT_SAMPLES = 655_360


def stages_of(options: PursuitOptions, n_samples: int, n_channels: int, sample_rate_hz: int) -> list[Stage]:
    """The stages of a pursuit of a recording, in their order."""
    millions, seconds = n_samples * n_channels / 1e6, n_samples / sample_rate_hz
    atoms = _thousands_of_atoms(options, millions, seconds, n_channels)
    noise_s = 0.02 + 0.1 * millions + 0.003 * atoms
    first_noise_s = noise_s + _FIRST_NOISE_S
    rounding = ("rounding", 0.02 + 0.03 * millions + 0.006 * atoms)
    begin = [("loading", _LOADING_S), ("pursuit", 0.25 + 0.21 * millions + 0.005 * atoms)]
    if not options.by_ear:
        refit = [("refit", 0.3 + 0.5 * millions + 0.05 * atoms)] if options.refit else []
        noise = [("noise", first_noise_s)] if options.with_texture else []
        return [*begin, *refit, ("rounding", 0.02 + 0.003 * atoms), *noise]
    if options.quality is not None:
        return [*begin, ("noise", first_noise_s if options.with_texture else 0.01), rounding]
    more = 0.02 if n_samples < _ONE_SEGMENT_SAMPLES else 0.15 * millions
    estimate = ("estimate", 0.07 + (_FIRST_NOISE_S if options.with_texture and not options.detail else 0.0))
    trial = [("noise", noise_s), rounding, ("bytes", 0.02 + 0.003 * atoms)]
    if options.transparent:
        return [*begin, estimate, ("more", more), *_TRIALS * [*trial, ("faults", 0.1 + 0.6 * millions)]]
    if options.detail:
        trial[0] = ("noise", 0.01)
        # Steps are found with noise of the usual size, then with the size that it has.
        of_detail = 2 * [("steps", 0.15 + 0.15 * millions), ("noise", 0.1 + 0.2 * millions)]
        return [*begin, estimate, ("more", more), *trial, ("analysis", 0.06 + 0.12 * millions), *of_detail]
    return [*begin, estimate, ("more", more), *trial]


def _thousands_of_atoms(options: PursuitOptions, millions: float, seconds: float, n_channels: int) -> float:
    """About how many atoms are found, in thousands."""
    if options.n_events is not None:
        return options.n_events / 1000
    if options.snr_db is not None:
        return millions * min(500.0, _AT_20_DB * 2 ** ((options.snr_db - 20) / _DB_PER_DOUBLING))
    if options.quality is not None:
        return millions * _AT_QUALITY_5 * 2 ** ((options.quality - 5) / _QUALITY_PER_DOUBLING)
    if options.kbps is None and not options.transparent:
        return (options.events_per_second or DEFAULT_EVENTS_PER_SECOND) * seconds / 1000
    kbps = _MOST_KBPS * n_channels if options.kbps is None else options.kbps
    part = _ATOMS_PART / 3 if options.detail else _ATOMS_PART
    return kbps * part * seconds / (_BITS + _CHANNEL_BITS * (n_channels - 1))
