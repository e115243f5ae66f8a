"""motes eval."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from motes.cli.console import UsageError, print_json
from motes.cli.many import Json
from motes.errors import ParameterError
from motes.losses import Loss, loss_named

if TYPE_CHECKING:
    from motes.audio import Block

_PERFECT = "(0 is perfect)"
_UNITS = {"snr_db": "dB", "si_sdr_db": "dB", "spectral_convergence": _PERFECT, "log_spectral_distance_db": "dB"}
_PIECE_S = 10.0  # losses are taken of pieces no longer than this: memory is bounded, and it is how they are used in training


def evaluate(
    estimate: str,
    *,
    reference: Annotated[str, Parameter(name=["--reference", "-r"])],
    loss: Annotated[tuple[str, ...], Parameter(name="--loss", negative="")] = (),
    json: Json = False,
) -> int:
    """Measure how near an estimate is to its reference: SNR, SI-SDR, spectral convergence, log-spectral distance.

    Parameters
    ----------
    estimate
        A recording or a .mote file.
    reference
        The recording it is compared with: same sample rate, channels and length.
    loss
        Also this training loss (0 is perfect), mean over pieces of ten seconds; may be given again. One of stft, octave, scattering, auditory, nerve,
        texture, residual. Needs `pip install 'motes[learn]'`.
    """
    from motes.metrics.signal import check_pair, compare

    losses = [_loss_named(name) for name in dict.fromkeys(loss)]
    for each in losses:
        each.load()  # what is missing is said before the work begins
    (one, one_rate), (other, other_rate) = _read(estimate), _read(reference)
    pair = check_pair(one, other, one_rate, other_rate)
    result = compare(*pair) | {f"loss_{each.name}": _loss_of(each, *pair, one_rate) for each in losses}
    if json:
        print_json({"estimate": estimate, "reference": reference} | result)
    else:
        for name, value in result.items():
            print(f"{name:<25} {value:>10.4f} {_UNITS.get(name, _PERFECT)}")
    return 0


def _loss_named(name: str) -> Loss:
    try:
        return loss_named(name)
    except ParameterError as error:
        raise UsageError(f"--loss: {error}") from error


def _loss_of(loss: Loss, estimate: Block, reference: Block, rate: int) -> float:
    """Mean of the loss over pieces of equal length, at most ten seconds each."""
    import numpy as np
    import torch

    n = estimate.shape[1]
    if n == 0:
        return 0.0
    edges = np.linspace(0, n, max(1, int(np.ceil(n / (_PIECE_S * rate)))) + 1).astype(int)
    total = 0.0
    with torch.no_grad():
        for start, stop in pairwise(edges):
            e, r = (torch.from_numpy(np.ascontiguousarray(x[np.newaxis, :, start:stop], np.float32)) for x in (estimate, reference))
            total += float(loss(e, r, rate)) * (stop - start)
    return total / n


def _read(path: str) -> tuple[Block, int]:
    from motes.audio import read_audio

    if path.lower().endswith(".mote"):
        from motes.cli.console import announce_compilation
        from motes.library.work import load_scene

        announce_compilation()
        scene = load_scene(path)
        return scene.render(), scene.sample_rate_hz
    return read_audio(path)
