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

_PERFECT, _OPINION = "(0 is perfect)", "(1 … 5)"
_UNITS = {
    "snr_db": "dB",
    "si_sdr_db": "dB",
    "spectral_convergence": _PERFECT,
    "log_spectral_distance_db": "dB",
    "delay_samples": "samples",
}
_UNITS |= dict.fromkeys(("ild_error_db", "ild_error_db_worst"), "dB")
_PIECE_S = (
    10.0  # losses are taken of pieces no longer than this: memory is bounded, and it is how they are used in training
)


def evaluate(
    estimate: str,
    *,
    reference: Annotated[str, Parameter(name=["--reference", "-r"])],
    perceptual: bool = False,
    controls: bool = False,
    align: bool = False,
    loss: Annotated[tuple[str, ...], Parameter(name="--loss", negative="")] = (),
    json: Json = False,
) -> int:
    """Measure how near an estimate is to its reference: SNR, SI-SDR, spectral convergence, log-spectral distance.

    Of several channels also how far the image between them is off: level difference and coherence, mean over ERB bands
    and the worst band.

    Parameters
    ----------
    estimate
        A recording or a .mote file.
    reference
        The recording it is compared with: same sample rate, channels and length.
    perceptual
        Also how a listener might rate it: Zimtohrli and ViSQOL, 1 … 5 (identical: 5 and 4.73). Needs `pip install
        'motes[eval]'`.
    controls
        The same for two copies nobody would take for the original: what a measure makes of them tells what it is worth.
        Implies --perceptual.
    align
        Move the estimate by up to a second to where it fits best, and cut both to what overlaps; the delay found is
        reported.
    loss
        Also this training loss (0 is perfect), mean over pieces of ten seconds; may be given again. One of stft,
        octave, scattering, auditory, nerve, texture, residual, convergence. Needs `pip install 'motes[learn]'`.
    """
    from motes.metrics.signal import check_pair, compare

    losses = [_loss_named(name) for name in dict.fromkeys(loss)]
    for each in losses:
        each.load()  # what is missing is said before the work begins
    if perceptual or controls:
        from motes.metrics.perceptual import require_scores

        require_scores()
    (one, one_rate), (other, other_rate) = _read(estimate), _read(reference)
    result: dict[str, float] = {}
    if align and one_rate == other_rate:
        from motes.metrics.align import align as aligned

        one, other, result["delay_samples"] = aligned(one, other, one_rate)
    pair = check_pair(one, other, one_rate, other_rate)
    result |= compare(*pair)
    if len(pair[1]) > 1:
        from motes.metrics.stereo import stereo_errors

        result |= stereo_errors(*pair, one_rate)
    result |= {f"loss_{each.name}": _loss_of(each, *pair, one_rate) for each in losses}
    if perceptual or controls:
        result |= _opinions(*pair, one_rate, controls)
    _show(estimate, reference, result, json)
    return 0


def _opinions(estimate: Block, reference: Block, rate: int, controls: bool) -> dict[str, float]:
    """What Zimtohrli and ViSQOL say of the estimate and, if asked, of the controls."""
    from motes.metrics.controls import CONTROLS
    from motes.metrics.perceptual import compare_perceptually
    from motes.metrics.signal import spectral_convergence

    result = compare_perceptually(estimate, reference, rate)
    for control in CONTROLS if controls else ():
        copy = control(reference, rate)
        opinions = {"spectral_convergence": spectral_convergence(copy, reference)} | compare_perceptually(
            copy, reference, rate
        )
        result |= {f"{control.__name__}_{name}": value for name, value in opinions.items()}
    return result


def _show(estimate: str, reference: str, result: dict[str, float], json: bool) -> None:
    if json:
        print_json({"estimate": estimate, "reference": reference} | result)
        return
    for name, value in result.items():
        unit = _UNITS.get(name) or (_OPINION if "zimtohrli" in name or "visqol" in name else _PERFECT)
        print(f"{name:<34} {value:>10.4f} {unit}")


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
            e, r = (
                torch.from_numpy(np.ascontiguousarray(x[np.newaxis, :, start:stop], np.float32))
                for x in (estimate, reference)
            )
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
