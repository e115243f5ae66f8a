"""motes eval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from motes.cli.console import print_json
from motes.cli.many import Json

if TYPE_CHECKING:
    from motes.audio import Block

_UNITS = {"snr_db": "dB", "si_sdr_db": "dB", "spectral_convergence": "(0 is perfect)", "log_spectral_distance_db": "dB"}


def evaluate(estimate: str, *, reference: Annotated[str, Parameter(name=["--reference", "-r"])], json: Json = False) -> int:
    """Measure how near an estimate is to its reference: SNR, SI-SDR, spectral convergence, log-spectral distance.

    Parameters
    ----------
    estimate
        A recording or a .mote file.
    reference
        The recording it is compared with: same sample rate, channels and length.
    """
    from motes.metrics.signal import check_pair, compare

    (one, one_rate), (other, other_rate) = _read(estimate), _read(reference)
    result = compare(*check_pair(one, other, one_rate, other_rate))
    if json:
        print_json({"estimate": estimate, "reference": reference} | result)
    else:
        for name, value in result.items():
            print(f"{name:<25} {value:>10.4f} {_UNITS[name]}")
    return 0


def _read(path: str) -> tuple[Block, int]:
    from motes.audio import read_audio

    if path.lower().endswith(".mote"):
        from motes.cli.console import announce_compilation
        from motes.library.work import load_scene

        announce_compilation()
        scene = load_scene(path)
        return scene.render(), scene.sample_rate_hz
    return read_audio(path)
