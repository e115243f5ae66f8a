"""An instrument as JSON for a real-time renderer: all that it needs to sound, the recording's score, and test
vectors (see docs/instrument.md).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, BinaryIO

import numpy as np

from motes.errors import ParameterError
from motes.events.deformation import NEUTRAL, Deformation
from motes.events.instrument import Instrument
from motes.scene.scene import Scene
from motes.synth.player import Player

FORMAT, VERSION = "motes.instrument", 1
TEST_SAMPLES = 1024
DIGITS = 9
# What the second test vectors are deformed by.
DEFORMED = Deformation(2.0, 3.0, -5.0, 0.05, 0.3, 0.6)


def write_instrument(scene: Scene, handle: BinaryIO) -> None:
    """The scene's first instrument and the strikes that play it; ParameterError if there is none."""
    if not scene.instruments:
        raise ParameterError("the scene holds no instrument: motes encode --encoder instrument makes one")
    text = json.dumps(instrument_document(scene), allow_nan=False, separators=(",", ":"))
    handle.write(text.encode() + b"\n")


def instrument_document(scene: Scene) -> dict[str, Any]:
    """The document, of plain values."""
    instrument = scene.instruments[0]
    starts, mode, weight = instrument.sparse_weights()
    mixing = (
        None
        if instrument.n_channels == 1
        else [{"re": _row(row.real), "im": _row(row.imag)} for row in instrument.mixing]
    )
    strikes = scene.strike.take(scene.strike.instrument_id == 0)
    return {
        "format": FORMAT,
        "version": VERSION,
        "sample_rate_hz": instrument.sample_rate_hz,
        "n_channels": instrument.n_channels,
        "duration_s": scene.duration_s,
        "modes": {"frequency_hz": _row(instrument.frequency_hz), "t60_s": _row(instrument.t60_s)},
        "mixing": mixing,
        "controls": [
            {
                "modes": mode[a:b].tolist(),
                "re": _row(weight[0, a:b]),
                "im": _row(weight[1, a:b]),
                "direct": _number(gain),
                "pad": _row(place),
                "root_hz": _number(root),
            }
            for a, b, gain, place, root in zip(
                starts[:-1], starts[1:], instrument.direct_gain, instrument.pad, instrument.root_hz(), strict=True
            )
        ],
        "direct": [_row(taps) for taps in instrument.direct],
        "strikes": {
            name: strikes.column(name).tolist() if name == "control" else _row(strikes.column(name))
            for name in ("time_s", "control", "amplitude", "frequency_ratio", "turn_s")
        },
        "test": _test_vectors(instrument),
    }


def _test_vectors(instrument: Instrument) -> dict[str, Any]:
    """Three strikes of the loudest controls, one between two samples and one transposed, and the samples they make,
    on the instrument as written.
    """
    if not instrument.n_controls:
        return {"strikes": [], "samples": [], "deformation": asdict(NEUTRAL), "deformed": []}
    loud = np.argsort(-(np.abs(instrument.weights) ** 2 @ instrument.energy()), kind="stable")
    rate = instrument.sample_rate_hz
    strikes = [
        {"time_s": 0.0, "control": int(loud[0]), "amplitude": 1.0, "frequency_ratio": 1.0},
        {
            "time_s": 100.25 / rate,
            "control": int(loud[min(1, len(loud) - 1)]),
            "amplitude": 0.5,
            "frequency_ratio": 1.0,
        },
        {"time_s": 300 / rate, "control": int(loud[0]), "amplitude": 0.25, "frequency_ratio": 1.5},
    ]
    deformed = replace(DEFORMED, spread=DEFORMED.spread if instrument.n_channels > 1 else 0.0)
    return {
        "strikes": strikes,
        "samples": _samples(instrument, strikes, NEUTRAL),
        "deformation": asdict(deformed),
        "deformed": _samples(instrument, strikes, deformed),
    }


def _samples(instrument: Instrument, strikes: Sequence[dict[str, Any]], held: Deformation) -> list[list[float]]:
    player = Player(instrument)
    player.deform(**asdict(held))
    for strike in strikes:
        player.strike(
            strike["control"], strike["amplitude"], strike["time_s"], frequency_ratio=strike["frequency_ratio"]
        )
    return [_row(channel) for channel in player.samples(TEST_SAMPLES)]


def _number(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _row(values: Any) -> list[float]:
    return [_number(value) for value in np.asarray(values, np.float64)]
