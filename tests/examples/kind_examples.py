"""A few events of every kind, for tests that hold whatever the kind; a new kind needs one function here."""

from __future__ import annotations

from typing import Any

import numpy as np

from motes import kinds
from motes.events.event_table import EventTable
from motes.events.instrument import Instrument
from motes.events.model import Model
from motes.kinds.detail.grid import band_edges
from motes.kinds.detail.table import Detail
from motes.kinds.gabor.table import Gabor
from motes.kinds.learned.table import Learned
from motes.kinds.splat.table import Splat
from motes.kinds.strike.table import Strike
from motes.kinds.texture.table import Texture
from motes.kinds.vector.decoding import current
from motes.kinds.vector.integers import TIME_UNITS, time_bits
from motes.kinds.vector.table import Vector
from motes.scene.scene import Scene

RATE, N_SAMPLES = 16000, 24000


def gabor(n_channels: int) -> Gabor:
    """Sinusoids that overlap, one at a time that another shares."""
    random = np.random.default_rng(1)
    time_s = np.sort(random.uniform(0.1, 1.3, 12))
    time_s[4] = time_s[3]
    shape = (12, n_channels)
    return Gabor(
        time_s,
        random.choice([0.03, 0.1, 0.2], 12),
        random.uniform(100, 3000, 12),
        random.uniform(0.01, 0.3, shape),
        random.uniform(-3, 3, shape),
    )


def texture(n_channels: int) -> Texture:
    """Noise that goes on from event to event, then some that overlaps it."""
    random = np.random.default_rng(2)
    time_s, n_frames, n_bands = np.array([0.1, 0.5, 0.9, 0.95]), np.array([10, 10, 5, 8]), np.array([8, 8, 8, 6])
    return Texture(
        time_s,
        n_frames * 0.04,
        np.array([1, 1, 1, 7]),
        np.full(4, 0.04),
        np.full(4, 100.0),
        np.full(4, 3000.0),
        n_bands,
        n_frames,
        random.uniform(-50, -20, (int(np.sum(n_frames * n_bands)), n_channels)),
        random.uniform(-1, 1, (int(n_bands.sum()), n_channels - 1)),
        clock_s=time_s,
    )


def detail(n_channels: int) -> Detail:
    """Two stretches that fade into each other, in blocks of several sizes, then two alone."""
    random = np.random.default_rng(4)
    sizes = [[1024, 512, 256, 256], [512, 512, 1024], [64] * 16, [512, 256, 256]]
    n_frames, at = np.array([2, 2, 1, 1]), np.array([0.3, 0.3 + 2048 / RATE, 0.6, 1.4])
    n_bands = len(band_edges(RATE, 1024)) - 1
    shape = (int(n_frames.sum()) * 1024, n_channels)
    loud = np.exp(-np.concatenate([np.tile(np.arange(size) * (12 / size), 1) for part in sizes for size in part]))
    values = np.rint(random.laplace(0, 6, shape) * loud[:, None])
    return Detail(
        at,
        n_frames * 1024 / RATE,
        n_frames,
        np.full(4, 1024),
        np.array([len(part) for part in sizes]),
        np.full(4, n_bands),
        np.concatenate(sizes),
        random.integers(-26, -22, (6 * n_bands, n_channels)),
        random.integers(0, 2, 6 * n_bands) if n_channels == 2 else np.zeros(6 * n_bands, int),
        values,
        rise=np.array([0, 256, 0, 0]),
        fall=np.array([256, 0, 64, 0]),
    )


def strike(n_channels: int) -> Strike:
    """Strikes off the grid of samples, two at a time, one with another pitch, one of a band, one that carries on
    another.
    """
    at = np.array([0.05, 0.2, 0.2, 0.41234, 0.6, 0.90005])
    instrument = instrument_of(n_channels)
    control = np.array([0, 1, 2, 2, 0, 1])
    return Strike(
        at,
        control,
        np.array([0.5, 1.0, 0.3, 0.8, 0.6, 1.0]),
        instrument.ring_s()[control],
        frequency_ratio=np.array([1, 1, 1, 1.3, 1, 1]),
        since_s=np.array([0, 0, 0, 0, 0.4, 0]),
        turn_s=np.array([0, 0, 0, 0, 0.01, 0]),
        high_hz=np.array([1e6, 1e6, 1e6, 1e6, 1e6, 1200.0]),
    )


def instrument_of(n_channels: int) -> Instrument:
    """Three controls over eight modes, and a short direct path."""
    random = np.random.default_rng(2)
    weights = 0.2 * (random.normal(size=(3, 8)) + 1j * random.normal(size=(3, 8))) * (random.random((3, 8)) < 0.6)
    mixing = np.ones((1, 8)) if n_channels == 1 else np.exp(1j * random.normal(size=(n_channels, 8)))
    direct = 0.001 * random.normal(size=(n_channels, 24))
    return Instrument(
        RATE,
        np.sort(random.uniform(100, 3000, 8)),
        random.uniform(0.05, 0.3, 8),
        weights,
        mixing,
        direct,
        np.array([0.5, 1.0, 0.0]),
    )


def splat(n_channels: int) -> Splat:
    """Both envelopes, few and many partials, modulated ones, a noisy one, one that is noise alone."""
    random = np.random.default_rng(3)
    return Splat(
        time_s=np.array([0.1, 0.2003, 0.31, 0.45, 0.6, 0.7, 0.8]),
        width_s=np.array([0.03, 0.004, 0.01, 0.02, 0.05, 0.01, 0.02]),
        f0_hz=np.array([220.0, 440.7, 333.3, 150.0, 700.0, 500.0, 300.0]),
        centre_hz=np.array([220.0, 500, 400, 300, 700, 800, 600]),
        width_octaves=np.array([0.3, 1.0, 0.5, 1.0, 0.3, 0.5, 0.5]),
        t60_s=np.array([0.02, 0.4, 0.3, 0.2, 0.05, 0.2, 0.1]),
        gain_db=random.uniform(-30, -12, (7, n_channels)),
        shape=np.array([0, 2.5, 4.0, 0, 0, 2.0, 1.5]),
        phase_rad=random.uniform(-3, 3, 7),
        glide_per_s=np.array([0, 0, 0.2, 0, -0.1, 0, 0]),
        inharmonicity=np.array([0, 1e-3, 0, 1e-4, 0, 0, 0]),
        rolloff_db=np.array([30.0, 6, 12, 3, 40, 6, 6]),
        damping_slope=np.array([0, 0.5, 1, 0.3, 0, 0.5, 0]),
        cutoff_start_hz=np.array([1e6, 2000, 1500, 1e6, 1e6, 1000, 1000]),
        cutoff_end_hz=np.array([1e6, 600, 3000, 1e6, 1e6, 700, 500]),
        crossfade_s=np.array([0.1, 0.05, 0.02, 0.1, 0.1, 0.03, 0.03]),
        tremolo=np.array([0, 0, 0, 0.3, 0.2, 0, 0]),
        vibrato_cents=np.array([0, 0, 0, 20.0, 5, 0, 0]),
        modulation_hz=np.array([5.0, 5, 5, 6, 4, 5, 5]),
        noise=np.array([0, 0, 0, 0.02, 0, 0.4, 1.0]),
        seed=np.arange(7),
        n_partials=np.array([32, 32, 8, 12, 1, 3, 32]),
    )


def vector(n_channels: int) -> Vector:
    """Notes of every length, one noisy, one that is noise alone, one backward; at times and pitches that a file holds,
    since those of a file are as fine as the ear, not as its waveform.
    """
    random, step_s = np.random.default_rng(4), 2 ** time_bits(RATE) / TIME_UNITS / RATE
    return Vector(
        np.rint(np.array([0.05, 0.2, 0.31, 0.45, 0.6, 0.7, 0.8]) / step_s) * step_s,
        pitch_semitones=np.array([57.0, 69.5, 64.25, 50.0, 71.0, 72.0, 60.0]),
        loudness_db=random.uniform(-30, -12, 7),
        log2_length_s=np.array([-2.0, -4.0, -3.0, -3.0, -2.5, -3.1, -4.0]),
        log2_t60_s=np.array([-4.0, -1.0, -2.0, -2.0, -4.0, -3.0, -4.0]),
        log2_attack_s=np.array([-4.0, -8.0, -7.0, -6.0, -5.0, -6.0, -7.0]),
        brightness_octaves=np.array([0.3, 1.0, 0.5, 1.0, 0.1, 0.4, 0.5]),
        noise=np.array([0, 0, 0.02, 0, 0, 0.4, 1.0]),
        timbre_3=random.normal(size=7),
        gain_db=np.rint(random.uniform(-3, 3, (7, n_channels))),
        backward=np.array([0, 0, 0, 0, 1, 0, 0]),
    )


def learned(n_channels: int) -> Learned:
    """Waveforms that overlap, two at a time, one turned over, one backward, one that is played faster."""
    random = np.random.default_rng(5)
    time_s = np.array([0.05, 0.2, 0.2, 0.41, 0.6, 0.7, 1.3])
    inverted = np.zeros((7, n_channels), np.int64)
    inverted[2] = 1
    return Learned(
        time_s,
        np.array([3, 3, 8, 40, 8, 3, 40]),
        2.0 ** random.uniform(-4, -1, (7, n_channels)),
        np.full(7, dictionary().length_s),
        inverted=inverted,
        frequency_ratio=np.array([1, 1, 1, 1, 1, 1.3, 1]),
        backward=np.array([0, 0, 0, 0, 1, 0, 0]),
    )


def dictionary() -> Model:
    """Three of a dictionary's waveforms, decaying sinusoids and noise."""
    since, random = np.arange(500), np.random.default_rng(6)
    shapes = [np.sin(0.2 * since), np.sin(0.5 * since**0.9), random.normal(size=500)]
    waveforms = [np.rint(100 * shape * np.exp(-since / 80)) for shape in shapes]
    return Model("drums", "0a" * 32, RATE, np.array([3, 8, 40]), np.array(waveforms, np.int16))


EXAMPLES = {"gabor": gabor, "texture": texture, "strike": strike, "splat": splat, "vector": vector, "detail": detail}
EXAMPLES |= {"learned": learned}
assert list(EXAMPLES) == [kind.name for kind in kinds.KINDS]


def example(kind: str, n_channels: int = 1) -> EventTable:
    """The events of one kind."""
    return EXAMPLES[kind](n_channels)


def scene_of(*tables: EventTable, n_channels: int = 1) -> Scene:
    """A scene of these."""
    instruments = (instrument_of(n_channels),) if any(isinstance(table, Strike) for table in tables) else ()
    models = (current(),) if any(isinstance(table, Vector) for table in tables) else ()
    if any(isinstance(table, Learned) for table in tables):
        tables = tuple(t.replace(model=t.model + len(models)) if isinstance(t, Learned) else t for t in tables)
        models = (*models, dictionary())
    return Scene(RATE, N_SAMPLES, n_channels).with_tables(tables, instruments=instruments, models=models)


def tensors(events: EventTable) -> dict[str, Any]:
    """Columns of events as parameterisations hand them to renderers in PyTorch."""
    import torch

    return {param.name: torch.from_numpy(np.array(events.column(param.name))) for param in events.PARAMS}
