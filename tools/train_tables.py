"""Make src/motes/kinds/gabor/tables.bin: what the codec's predictions start from in every packet, learnt from real
recordings.

    python tools/train_tables.py FOLDER            # every audio file in the folder; the mono ones and the stereo ones
    both count python tools/train_tables.py FOLDER --check    # writes nothing: bits per event of each recording with
    tables made from all the others

The tables are part of the format: those of version 1 stay as they are, and this writes none any more.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import soundfile
from scipy.special import betaln

import motes
from motes.codec.frames import VERSION
from motes.codec.quantise_scene import quantiser_for, weakest_knee
from motes.coding.range_coder import N_COSTS
from motes.coding.trained import pack, untrained
from motes.encoders.pursuit import encoder as pursuit
from motes.events.packet import packet_samples
from motes.kinds.gabor.contexts import N_MIXERS, N_SLOTS
from motes.kinds.gabor.integers import TIME_UNITS, sounding, to_integers
from motes.kinds.gabor.model import OffGrid, OnGrid, code_events
from motes.kinds.gabor.model import Packet as ModelPacket
from motes.kinds.gabor.packet import packet_numbers
from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.trained import PATH
from motes.scene.scene import Scene

# Of longer recordings only the beginning is used, so that none outweighs the others.
LONGEST_S = 12.0
SETTINGS = (
    ((512, 2048, 8192), 1000),
    ((512, 2048, 8192), 2000),
    ((512, 2048, 8192), 400),
    ((512, 1024, 2048, 4096), 1000),
    ((256, 1024, 4096, 16384), 1000),
)
# In kbps, for one channel.
BITRATES = (12, 20, 32, 48)
COUNTS = np.array([1, 2, 4, 8, 16, 32, 64, 128, 255])


@dataclass
class Packet:
    """What `code_events` needs to encode a packet, and how many events it holds."""

    arguments: tuple[ModelPacket, OnGrid, OffGrid]
    n_events: int

    def encode(self, slots: np.ndarray, weights: np.ndarray, record: int = 0) -> int:
        """Bytes it takes; `slots` and `weights` learn."""
        packet, *events = self.arguments
        copies = [type(part)(*(column.copy() for column in part)) for part in events]
        buffer = np.empty(64 + 64 * self.n_events, np.uint8)
        return code_events(0, record, buffer, slots, weights, packet, *copies)


def unrounded(path: Path, windows: tuple[int, ...], events_per_second: float) -> tuple[Scene, float]:
    """The scene of a recording before it is rounded, and the energy of the recording."""
    audio, rate = soundfile.read(path, always_2d=True)
    audio = audio[: int(LONGEST_S * rate)].T
    with mock.patch.object(pursuit, "quantise_for_target", lambda scene, *rest: scene):
        scene = motes.encode(
            audio, sample_rate_hz=rate, events_per_second=events_per_second, windows=windows, n_threads=1
        )
    return scene, float(np.sum(audio**2)), float(np.sum((audio - np.atleast_2d(scene.render())) ** 2))


def packets_of(path: Path) -> list[list[Packet]]:
    """A recording's packets in each of the settings, rounded for an SNR, for no target, and geometrically."""
    found = []
    for windows, events_per_second in SETTINGS:
        scene, _, left = unrounded(path, windows, events_per_second)
        quantisers = [quantiser_for(scene, left * 0.15), quantiser_for(scene, left * 0.25, 2, 8)]
        if windows == SETTINGS[0][0]:
            quantisers += [
                quantiser_for(scene, left * 0.15, 1, 6),
                GaborQuantiser(2, 12, 100),
                GaborQuantiser(1, 4, weakest_knee(scene) + 24),
            ]
        found += [_packets(scene, quantiser) for quantiser in quantisers]
    audio, rate = soundfile.read(path, always_2d=True)
    for kbps in BITRATES:  # by ear: rounded in turn, already
        scene = motes.encode(
            audio[: int(LONGEST_S * rate)].T, sample_rate_hz=rate, kbps=kbps * (1 + audio.shape[1]) / 2, n_threads=1
        )
        found.append(_packets(scene, scene.quantiser))
    return found


def _packets(scene: Scene, quantiser: GaborQuantiser) -> list[Packet]:
    packets, rate = [], scene.sample_rate_hz
    numbers = np.maximum(
        np.rint(scene.gabor.time_s * rate * TIME_UNITS).astype(np.int64) // (packet_samples(rate) * TIME_UNITS), 0
    )
    for number in np.unique(numbers):
        events = to_integers(scene.gabor.take(numbers == number), rate, quantiser)
        events = events.take(sounding(events))
        events = events.take(np.lexsort((events.window, events.frequency, events.time)))
        if len(events):
            packets.append(Packet(packet_numbers(events, number, scene.sample_rate_hz, quantiser), len(events)))
    return packets


def train(packets: list[Packet]) -> tuple[np.ndarray, np.ndarray]:
    """Tables from packets: first what each slot sees, then the mixers' weights with slots that start from it."""
    slots, weights = untrained(N_SLOTS, N_MIXERS)
    zeros, ones = [], []
    for packet in packets:
        recorded, costs = _recording(slots, weights)
        packet.encode(recorded, costs, record=N_SLOTS)
        zeros.append(recorded[N_SLOTS : 2 * N_SLOTS].astype(np.int32))
        ones.append(recorded[2 * N_SLOTS :].astype(np.int32))
    slots = _slots(np.array(zeros), np.array(ones))
    order = np.random.default_rng(0)
    for _ in range(2):
        for i in order.permutation(len(packets)):
            learnt = weights.copy()
            packets[i].encode(slots.copy(), learnt)
            weights = weights + (learnt - weights) // 8
    return slots, weights


def _recording(slots: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slots and weights with room behind them in which the coder records."""
    return np.concatenate([slots, np.zeros(2 * N_SLOTS, np.int64)]), np.concatenate(
        [weights, np.zeros(N_COSTS, np.int64)]
    )


def _slots(zeros: np.ndarray, ones: np.ndarray) -> np.ndarray:
    """Probability of each slot, and as its count how firmly to believe it: the strength of the beta prior that fits
    its packets best.
    """
    n_zeros, n_ones = zeros.sum(axis=0), ones.sum(axis=0)
    p = (n_ones + 0.4) / (n_zeros + n_ones + 0.8)
    best, firmness = np.full(N_SLOTS, -np.inf), np.zeros(N_SLOTS, np.int64)
    for count in COUNTS:
        a, b = count * p, count * (1 - p)
        likelihood = sum(betaln(n1 + a, n0 + b) - betaln(a, b) for n0, n1 in zip(zeros, ones, strict=True))
        better = likelihood > best + 0.05
        best[better], firmness[better] = likelihood[better], count
    return np.rint(p * 65536).astype(np.int64).clip(1, 65535) << 16 | np.minimum(firmness, n_zeros + n_ones)


def bits_per_event(packets: list[Packet], tables: tuple[np.ndarray, np.ndarray]) -> tuple[float, np.ndarray]:
    """Bits of the coded payloads per event; and of these, by kind: blocks, bins, strengths, further channels, the
    rest (phases).
    """
    n_bytes, millibits = 0, np.zeros(N_MIXERS)
    for packet in packets:
        recorded, costs = _recording(*tables)
        n_bytes += packet.encode(recorded, costs, record=N_SLOTS)
        millibits += costs[-N_COSTS:][:N_MIXERS]
    n_events = sum(p.n_events for p in packets)
    parts = np.add.reduceat(millibits, [0, 10, 20, 44]) / 1000 / n_events
    return 8 * n_bytes / n_events, np.append(parts, 8 * n_bytes / n_events - parts.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    recordings = {path.stem: packets_of(path) for path in sorted(options.folder.glob("*.flac"))}
    everything = [p for settings in recordings.values() for packets in settings for p in packets]
    print(f"{len(recordings)} recordings, {len(everything)} packets, {sum(p.n_events for p in everything)} events")
    own = train(everything)
    if not options.check:
        if VERSION:
            raise SystemExit(
                "the format is released, and the tables are part of it: another type of packet may bring other tables"
            )
        PATH.write_bytes(pack(*own))
        return print(f"{PATH}: {PATH.stat().st_size} bytes")
    rows = []
    print(
        "first setting: alone without tables, with tables from the others, with the shipped mixture; blocks, "
        "bins, "
        "strengths, channels, phases"
    )
    for name, settings in recordings.items():
        others = train([p for other, s in recordings.items() if other != name for packets in s for p in packets])
        (bits, parts), (known, _), (none, _) = (
            bits_per_event(settings[0], tables) for tables in (others, own, untrained(N_SLOTS, N_MIXERS))
        )
        rows.append((none, bits, known, *parts))
        print(f"{name:18}", *(f"{x:6.2f}" for x in rows[-1]), flush=True)
    print(f"{'mean':18}", *(f"{x:6.2f}" for x in np.mean(rows, axis=0)))


if __name__ == "__main__":
    main()
