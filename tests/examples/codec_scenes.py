"""Scenes for the tests of the codec."""

import numpy as np
from hypothesis import strategies as st

from motes.kinds.gabor.quantiser import GaborQuantiser
from motes.kinds.gabor.table import Gabor
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene


def random_scene(  # noqa: PLR0913 (what a scene may have, each with a default)
    seed=0,
    n_events=200,
    n_channels=1,
    rate=44100,
    n_samples=100_000,
    off_grid=0.0,
    windows=(512, 2048, 8192),
    silent=0.1,
    twice=0.0,
) -> Scene:
    """Events on the grid of these windows, some moved off it, some channels silent, some events standing twice in
    one place.
    """
    rng = np.random.default_rng(seed)
    window = rng.choice(windows, n_events)
    frame = rng.integers(0, np.maximum(n_samples // (window // 4), 1) + 1)
    time, frequency, window_s = (
        frame * (window // 4) / rate,
        rng.integers(0, window // 2 + 1) * rate / window,
        window / rate,
    )
    moved = rng.random(n_events) < off_grid
    time = np.where(moved, time + rng.normal(0, 0.05, n_events), time)
    frequency = np.where(moved & (rng.random(n_events) < 0.7), frequency * rng.uniform(0.5, 2, n_events), frequency)
    window_s = np.where(moved & (rng.random(n_events) < 0.5), window_s * rng.uniform(0.5, 2, n_events), window_s)
    amplitude = 10 ** -rng.uniform(0, 3, (n_events, n_channels)) * (rng.random((n_events, n_channels)) >= silent)
    phase = rng.uniform(-10, 10, (n_events, n_channels))
    again = np.concatenate([np.arange(n_events), np.flatnonzero(rng.random(n_events) < twice)])
    amplitude = np.concatenate([amplitude, amplitude[again[n_events:]] / 2])
    return Scene(
        rate, n_samples, n_channels, Gabor(time[again], window_s[again], frequency[again], amplitude, phase[again])
    )


def small_scene() -> Scene:
    """A few events of every sort, as few bytes as can be."""
    scene = random_scene(3, 12, 2, n_samples=60_000, off_grid=0.2, twice=0.1)
    return scene.replace(
        quantiser=GaborQuantiser(2, 8, -40),
        metadata=Metadata(encoder="test", options={"a": 1, "b": [1.5, "é"]}, stop_reason="stalled"),
    )


quantisers = st.builds(GaborQuantiser, st.integers(1, 64), st.integers(2, 1024), st.integers(-160, 160))


@st.composite
def scenes(draw) -> Scene:
    """Any scene: rates, lengths from 0, 1 to 6 channels, on the grid and off."""
    return random_scene(
        draw(st.integers(0, 2**32)),
        draw(st.sampled_from([0, 1, 2, 30, 150])),
        draw(st.sampled_from([1, 1, 2, 3, 6])),
        rate=draw(st.sampled_from([10, 8000, 22050, 44100, 48000, 96000, 192000, 768000])),
        n_samples=draw(st.sampled_from([0, 1, 2, 63, 64, 10007, 120_000])),
        off_grid=draw(st.sampled_from([0.0, 0.1, 1.0])),
        windows=draw(
            st.sampled_from(
                [(512, 2048, 8192), (64,), (32768,), (64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)]
            )
        ),
        silent=draw(st.sampled_from([0.0, 0.3])),
        twice=draw(st.sampled_from([0.0, 0.2])),
    ).replace(quantiser=draw(st.none() | quantisers))
