"""motes eval."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from motes.cli.console import UsageError, announce_compilation, print_json
from motes.cli.many import Json, shown
from motes.errors import ParameterError
from motes.losses import loss_named

_PERFECT, _OPINION = "(0 is perfect)", "(1 … 5)"
_UNITS = {
    "snr_db": "dB",
    "si_sdr_db": "dB",
    "spectral_convergence": _PERFECT,
    "log_spectral_distance_db": "dB",
    "energy_substituted": "(0 … 1)",
    "delay_samples": "samples",
}
_UNITS |= dict.fromkeys(("n_reference", "n_estimate"), "notes")
_SHARES = ("_f1", "_precision", "_recall", "events_per_note")
_UNITS |= dict.fromkeys(("ild_error_db", "ild_error_db_worst"), "dB")


def evaluate(
    estimate: str,
    *,
    reference: Annotated[str | None, Parameter(name=["--reference", "-r"], allow_leading_hyphen=True)] = None,
    notes: str | None = None,
    perceptual: bool = False,
    controls: bool = False,
    align: bool = False,
    loss: Annotated[tuple[str, ...], Parameter(name="--loss", negative="")] = (),
    json: Json = False,
) -> int:
    """Measure how near an estimate is to its reference: SNR, SI-SDR, spectral convergence, log-spectral distance, and
    noise-to-mask ratio (0 dB is just masked), of a scene where no noise stands for the recording.

    Of several channels also how far the image between them is off: level difference and coherence, mean over ERB bands
    and the worst band.

    Parameters
    ----------
    estimate
        A recording or a .mote file; `-` is standard input, for one of the two.
    reference
        The recording it is compared with: same sample rate, channels and length.
    notes
        How many notes of a file of labels it finds: MusicNet's CSV, CSV in seconds, JSON or MIDI. The estimate is a
        scene whose events are notes, or labels too. Needs no reference, but `pip install 'motes[eval]'`.
    perceptual
        Also how a listener might rate it: Zimtohrli and ViSQOL, 1 … 5 (identical: 5 and 4.73). Needs `pip install
        'motes[eval]'`.
    controls
        Also two copies nobody would take for the original: what a measure makes of them tells what it is worth.
        Implies --perceptual.
    align
        Move the estimate by up to a second to where it fits best, and cut both to what overlaps; the delay found is
        reported.
    loss
        Also this training loss (0 is perfect), mean over pieces of ten seconds; may be given again. One of stft,
        octave, scattering, auditory, nerve, loudness, texture, residual, convergence. Needs `pip install
        'motes[learn]'`.
    """
    from motes.library.evaluate import evaluate as measured

    for name in loss:
        _check_loss(name)
    if reference is None and notes is None:
        raise UsageError("--reference RECORDING or --notes LABELS: what is it compared with?")
    if estimate == reference == "-":
        raise UsageError("standard input can be one of the two, not both")
    if reference is not None and any(path.lower().endswith(".mote") for path in (estimate, reference)):
        announce_compilation()
    how = {"perceptual": perceptual, "controls": controls, "align": align, "loss": loss}
    result = measured(estimate, reference, notes=notes, **how)  # type: ignore[arg-type]
    compared = {"estimate": shown(estimate), "reference": reference and shown(reference), "notes": notes}
    _show({name: path for name, path in compared.items() if path is not None}, result, json)
    return 0


def _show(compared: dict[str, str], result: dict[str, float], json: bool) -> None:
    if json:
        print_json(compared | result)
        return
    for name, value in result.items():
        unit = _UNITS.get(name) or (_OPINION if "zimtohrli" in name or "visqol" in name else _PERFECT)
        unit = "dB" if name.endswith("noise_to_mask_db") else "(1 is perfect)" if name.endswith(_SHARES) else unit
        print(f"{name:<34} {value:>10.4f} {unit}")


def _check_loss(name: str) -> None:
    try:
        loss_named(name)
    except ParameterError as error:
        raise UsageError(f"--loss: {error}") from error
