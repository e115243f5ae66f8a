"""The knots of a splat, compiled: times between which its envelopes are cubic, as far apart as they bend slowly there,
and what its partials have in common at them. Times are in samples since the burst is strongest.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from motes.kernels._jit import inner

# Knots are at most 2^LONGEST samples apart, and lie on multiples of their distance.
LONGEST = 7
# Between knots, of the time in which an envelope bends: the cubic's error, a 384th of this to the fourth, is −115 dB.
STEP = 0.16


class Bends(NamedTuple):
    """How fast envelopes bend: fourth roots of their fourth derivatives, in 1/sample, beside the strongest partial."""

    # Of the decay that bends most.
    ringing: float
    # Of what swells and swings, and of what crosses over to the later low-pass.
    swung: float
    crossing: float
    # Errors of several partials add up, as powers do: the eighth root of theirs.
    crowd: float


class Motion(NamedTuple):
    """What all partials of an event do together."""

    # Samples.
    crossfade: float
    tremolo: float
    # Radians per sample and radians.
    pace: float
    turn: float
    # By which part of itself every frequency rises in a sample, and swings to either side.
    glide: float
    swing: float


class Shared(NamedTuple):
    """Where that has got to at one time."""

    # How far the low-pass has crossed over, and the swell, each with its slope per sample.
    across: float
    across_slope: float
    swell: float
    swell_slope: float
    # The bent time in samples, and its slope.
    bent: float
    pace: float


@inner
def burst_bend(burst, since):
    """How fast the burst bends, and so what it drives: a power of the time since its onset, then its width."""
    bend = 1.5 / burst.width
    return bend if burst.extra == 0.0 else bend + 2.0 / max(since - burst.onset, 1e-9)


@inner
def spread(burst, bends, crossfade, place, since):
    """How far the next knot is from that at sample `place`, as a power of two."""
    # What decays fast is soon gone: d⁴ exp(−d τ) is at most (1.5/τ)⁴.
    bend = burst_bend(burst, since) if since < burst.over else min(bends.ringing, 2.0 / max(since, 1e-9))
    bend += bends.swung
    if bends.crossing > 0.0:
        middle = 2.0 * crossfade
        away = max(0.0, since - middle, middle - since - (1 << LONGEST))
        bend += bends.crossing * math.exp(-0.25 * away / crossfade)
    bend *= bends.crowd
    exponent = 0
    while exponent < LONGEST and (place >> exponent) & 1 == 0 and bend * (2 << exponent) <= STEP:
        exponent += 1
    return exponent


@inner
def shared_at(motion, since):
    """What the partials have in common at a time."""
    across = 0.5 + 0.5 * math.tanh(0.5 * (since / motion.crossfade - 2.0))
    turn = motion.pace * since + motion.turn
    cosine, sine = math.cos(turn), math.sin(turn)
    return Shared(
        across,
        across * (1.0 - across) / motion.crossfade,
        1.0 + motion.tremolo * cosine,
        -motion.tremolo * motion.pace * sine,
        since + 0.5 * motion.glide * since * since + motion.swing / motion.pace * sine,
        1.0 + motion.glide * since + motion.swing * cosine,
    )
