"""Numbered tables of what most files have: a header of version 2 tells only what differs from one of them.

A table never changes once version 2 is released; what encoders do otherwise from then on is a new table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_FIT = {
    "events": 64,
    "iterations": 3000,
    "init": "pursuit",
    "loss": "convergence:1,loudness:0.3",
    "room": "none",
    "time_limit_s": None,
    "learning_rate": 0.02,
    "sparsity": 0.0,
    "control_every": 100,
    "refit_every": 250,
    "patience": 1000,
    "stretch_s": 4.0,
    "texture": False,
    "texture_kbps": 3.0,
    "seed": 0,
    "checkpoint": None,
    "resume": False,
}


@dataclass(frozen=True)
class Defaults:
    """What a header need not tell: numbers, names that it tells by their place from 1, and options of encoders."""

    sample_rate_hz: int
    n_channels: int
    steps_per_doubling: int
    n_phases: int
    encoder: str
    stop_reason: str
    encoders: tuple[str, ...]
    stop_reasons: tuple[str, ...]
    options: Mapping[str, Mapping[str, Any]]

    def differing(self, encoder: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Those of an encoder's options that are not as here."""
        usual = self.options.get(encoder, {})
        return {name: value for name, value in options.items() if name not in usual or usual[name] != value}

    def in_force(self, encoder: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """All options of an encoder, where these differ from what is here."""
        return {**self.options.get(encoder, {}), **options}


TABLES: Mapping[int, Defaults] = MappingProxyType(
    {
        1: Defaults(
            sample_rate_hz=44100,
            n_channels=1,
            steps_per_doubling=2,
            n_phases=8,
            encoder="pursuit",
            stop_reason="bitrate_reached",
            encoders=("pursuit", "instrument", "splat", "gabor", "siam"),
            stop_reasons=(
                "n_events_reached",
                "snr_reached",
                "bitrate_reached",
                "quality_reached",
                "iterations_reached",
                "nothing_audible_left",
                "stalled",
                "time_limit",
                "cancelled",
                "bitrate_unreachable",
                "quality_unreachable",
            ),
            options={
                "pursuit": {
                    "kbps": None,
                    "quality": None,
                    "snr_db": None,
                    "n_events": None,
                    "events_per_second": None,
                    "transparent": False,
                    "windows": None,
                    "refit": False,
                    "texture": None,
                    "texture_kbps": None,
                    "detail": False,
                    "chirps": False,
                    "layered": False,
                    "dictionary": None,
                    "n_threads": 0,
                },
                "instrument": {
                    "controls": 0,
                    "modes": 512,
                    "strikes": 0,
                    "numbers_percent": 3.0,
                    "taps": 32,
                    "refine": 60,
                    "loss": None,
                    "l1": 0.0,
                    "seed": 0,
                    "time_limit_s": 120.0,
                    "checkpoint": None,
                },
                "splat": _FIT | {"envelope": "gaussian", "noise": False, "labels": None},
                "gabor": _FIT,
                "siam": {"events_per_second": 12.0, "sureness": 0.4, "refine": 0, "real_time": False, "n_threads": 0},
            },
        )
    }
)
NEWEST = max(TABLES)
