"""The smallest transparent file, by bisection over the bitrate."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from motes.audio import Source
from motes.encoders.pursuit.options import PursuitOptions
from motes.encoders.pursuit.rate.rate_control import AtomSupply, encode_at_bitrate
from motes.encoders.pursuit.schedule import PursuitContext
from motes.encoders.pursuit.transparency.criterion import faults_of
from motes.encoders.workload import Workload
from motes.scene.scene import Scene
from motes.stop_reason import StopReason

# Rates of a channel that are tried at most, and how near each other they lie: ROUNDS halvings of 63 rates.
MOST_KBPS = 192.0
ROUNDS = 6
RATES_PER_DOUBLING = 12


def encode_transparently(source: Source, options: PursuitOptions, context: PursuitContext, work: Workload) -> Scene:
    """The scene at the lowest of the bitrates tried at which it is transparent, which its options say; where it is at
    none, at the highest of them, with the reason QUALITY_UNREACHABLE. `options.kbps` is the highest that is allowed.
    """
    most_kbps = MOST_KBPS * source.n_channels if options.kbps is None else options.kbps
    supply = AtomSupply(source, context, work)
    low, high, best = 0, 2**ROUNDS, None
    while high - low > 1:
        middle = (low + high) // 2
        kbps = most_kbps * 2 ** ((middle + 1 - 2**ROUNDS) / RATES_PER_DOUBLING)
        scene = encode_at_bitrate(source, replace(options, kbps=round(kbps, 2)), context, work, supply)
        work.begin("faults")
        if faults_of(scene, source).are_few:
            high, best = middle, scene
        else:
            low, last = middle, scene
    if best is not None:
        return _because(best, StopReason.QUALITY_REACHED)
    return _because(last, StopReason.QUALITY_UNREACHABLE)


def _because(scene: Scene, reason: StopReason) -> Scene:
    return scene.replace(metadata=msgspec.structs.replace(scene.metadata, stop_reason=reason))
