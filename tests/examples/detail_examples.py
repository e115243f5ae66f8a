"""Random detail events: trees of blocks, several rates, frames without a coefficient, edits."""

from __future__ import annotations

import numpy as np

from motes.kinds.detail.grid import band_edges, frame_samples
from motes.kinds.detail.table import Detail

RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000)


def random_sizes(random: np.random.Generator, frame: int, n_frames: int) -> list[int]:
    """Blocks of random sizes that fill the frames."""

    def tree(size: int) -> list[int]:
        if size > frame // 16 and random.random() < 0.5:
            return tree(size // 2) + tree(size // 2)
        return [size]

    return [size for _ in range(n_frames) for size in tree(frame)]


def random_event(
    random: np.random.Generator, rate: int, n_channels: int, frame: int = 0, time_s: float = 0.0
) -> Detail:
    """One of one to three frames, of which some are silent."""
    frame, n_frames = frame or frame_samples(rate), int(random.integers(1, 4))
    sizes, n_bands = random_sizes(random, frame, n_frames), len(band_edges(rate, frame)) - 1
    values = np.rint(random.laplace(0, 1.5, (n_frames, frame, n_channels))) * (random.random((n_frames, 1, 1)) < 0.8)
    values[0, 3] = [-300] * n_channels
    if random.random() < 0.3:
        values[0, 5, 0] = 32767
    is_stereo = n_channels == 2
    n_steps = n_frames * n_bands
    return Detail(
        np.array([time_s]),
        np.array([n_frames * frame / rate]),
        np.array([n_frames]),
        np.array([frame]),
        np.array([len(sizes)]),
        np.array([n_bands]),
        np.array(sizes),
        random.integers(-40, -30, (n_steps, n_channels)),
        random.integers(0, 2, n_steps) if is_stereo else np.zeros(n_steps, int),
        values.reshape(-1, n_channels),
        rise=np.array([random.choice([0, sizes[0]])]),
        fall=np.array([random.choice([0, sizes[-1]])]),
    )


def edited(random: np.random.Generator, event: Detail) -> Detail:
    """With every edit that a file may tell of."""
    seconds = float(event.duration_s[0])
    return event.replace(
        time_s=event.time_s + random.uniform(-0.2, 0.9),
        gain=random.uniform(0.1, 4, 1),
        low_hz=random.uniform(0, 300, 1),
        high_hz=random.uniform(400, 3000, 1),
        from_s=random.uniform(0, 0.4, 1) * seconds,
        until_s=random.uniform(0.5, 1, 1) * seconds,
        backward=random.integers(0, 2, 1),
        frequency_ratio=random.uniform(0.5, 2, 1),
        time_ratio=random.uniform(0.5, 2, 1),
        group_id=random.integers(0, 9, 1),
    )
