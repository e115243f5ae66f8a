"""How finely the noise that fills a residual is kept."""

from __future__ import annotations

from dataclasses import dataclass

from motes.encoders.options import Options, option
from motes.errors import ParameterError


@dataclass(frozen=True)
class TextureOptions(Options):
    """How finely the residual's levels are kept."""

    n_bands: int = option(
        32, "Bands, equal on the ERB-rate scale, from `low_hz` to `high_hz` (or half the sample rate).", low=1, high=256
    )
    low_hz: float = option(20.0, "Lower edge of the lowest band.", unit="Hz", low=0)
    high_hz: float = option(24000.0, "Upper edge of the highest band.", unit="Hz", low=0, low_excluded=True)
    step_db: float = option(2.0, "Step of the levels, a multiple of an eighth.", unit="dB", low=0, low_excluded=True)
    detail: float = option(
        2.0,
        "How closely the levels follow the signal: frames are separate where their levels differ by some 5 dB / "
        "√detail.",
        low=0,
        low_excluded=True,
    )
    kbps: float = option(
        3.0,
        "At most this for each channel; where it would take more, the detail is lower.",
        unit="kbps",
        low=0,
        low_excluded=True,
    )
    floor_db: float = option(
        -100.0, "Bands weaker than this, in dB re full scale, are left silent.", unit="dB re full scale"
    )
    seed: int = option(1, "Of the noise.")
    least_lacking: float = option(
        0.3,
        "The part of the residual's power that noise gets even where what is rendered lacks none: levels without holes "
        "are cheaper, and beside atoms sound no worse. 0 beside events of other phases than the recording's.",
        low=0,
        high=1,
    )
    lacking_from: float = option(
        0.0,
        "The part of the recording's power in a band that may be lacking before noise fills it: all of it from "
        "a quarter more on. Noise beside a tone that holds nearly all of its band's power only roughens it, so above 0 "
        "beside events of other phases than the recording's.",
        low=0,
        high=1,
    )

    least_share: float = option(
        0.0,
        "The part of the recording's power in a band, on average over 46 ms, below which noise is left out there: what "
        "is rendered holds the rest, and noise as weak costs levels but is hardly missed.",
        low=0,
        high=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low_hz >= self.high_hz:
            raise ParameterError(f"low_hz must be below high_hz, not {self.low_hz:g} and {self.high_hz:g}")
        if self.step_db % 0.125:
            raise ParameterError(f"step_db must be a multiple of 0.125, not {self.step_db:g}")
