"""The instrument as JSON: a player that knows nothing but the document makes the samples of its test vectors."""

import json
import math
from io import BytesIO

import numpy as np
import pytest

from motes.errors import ParameterError
from motes.events.instrument import Instrument
from motes.kinds.strike.table import Strike
from motes.report.instrument_json import FORMAT, VERSION, write_instrument
from motes.scene.scene import Scene

RATE = 8000


def scene(n_channels):
    rng = np.random.default_rng(0)
    weights = (rng.normal(size=(3, 7)) + 1j * rng.normal(size=(3, 7))) * (rng.random((3, 7)) < 0.6)
    mixing = np.ones((1, 7)) if n_channels == 1 else np.exp(1j * rng.normal(size=(n_channels, 7)))
    model = Instrument(
        RATE,
        rng.uniform(100, 3500, 7),
        rng.uniform(0.1, 1, 7),
        weights,
        mixing,
        rng.normal(size=(n_channels, 5)),
        rng.normal(size=3),
    )
    events = Strike(np.array([0.1, 0.2]), np.array([0, 2]), np.ones(2), np.ones(2))
    return Scene(RATE, 4000, n_channels, strike=events, instruments=(model,))


def play(document, strikes, n_samples):
    """The document's own words, as an AudioWorklet would follow them: no NumPy, no motes."""
    rate, modes = document["sample_rate_hz"], document["modes"]
    audio = [[0.0] * n_samples for _ in range(document["n_channels"])]
    for strike in strikes:
        control, at = document["controls"][strike["control"]], strike["time_s"] * rate
        first = math.ceil(at - 1e-6)
        for channel, row in enumerate(audio):
            for m, re, im in zip(control["modes"], control["re"], control["im"], strict=True):
                hz = modes["frequency_hz"][m] * strike["frequency_ratio"]
                if hz >= rate / 2:
                    continue
                mix = (
                    1.0
                    if document["mixing"] is None
                    else complex(document["mixing"][channel]["re"][m], document["mixing"][channel]["im"][m])
                )
                decay = math.log(1000) / (modes["t60_s"][m] * rate)
                for n in range(first, n_samples):
                    turn = 2 * math.pi * hz / rate * (n - at)
                    value = mix * complex(re, im) * complex(math.cos(turn), math.sin(turn))
                    row[n] += strike["amplitude"] * math.exp(-decay * (n - at)) * value.real
            for i, tap in enumerate(document["direct"][channel]):
                if first + i < n_samples:
                    row[first + i] += strike["amplitude"] * control["direct"] * tap
    return np.array(audio)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_document_alone_makes_the_test_samples(n_channels):
    buffer = BytesIO()
    write_instrument(scene(n_channels), buffer)
    document = json.loads(buffer.getvalue())
    assert (document["format"], document["version"]) == (FORMAT, VERSION)
    expected = np.array(document["test"]["samples"])
    sound = play(document, document["test"]["strikes"], expected.shape[1])
    assert np.abs(sound - expected).max() < 1e-3 * np.abs(expected).max()
    assert document["strikes"]["control"] == [0, 2]
    assert len(document["controls"]) == 3
    assert all(0 <= x <= 1 for control in document["controls"] for x in control["pad"])


def test_without_an_instrument_there_is_nothing_to_write():
    with pytest.raises(ParameterError, match="no instrument"):
        write_instrument(Scene(RATE, 100, 1), BytesIO())


def test_the_numbers_are_compact():
    buffer = BytesIO()
    write_instrument(scene(1), buffer)
    assert b" " not in buffer.getvalue()
    assert len(buffer.getvalue()) < 30_000
