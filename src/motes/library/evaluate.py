"""How near an estimate is to its reference: all measures in one table of numbers."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from motes.audio import Audio, Block, as_source, read_audio
from motes.errors import MotesWarning, ParameterError
from motes.losses import Loss, loss_named

if TYPE_CHECKING:
    from motes.events.notes import Notes
    from motes.scene.scene import Scene

# Losses are taken of pieces no longer than this: memory is bounded, and it is how they are used in training.
_PIECE_S = 10.0


def evaluate(
    estimate: Audio | Scene,
    reference: Audio | Scene | None = None,
    sample_rate_hz: float | None = None,
    *,
    notes: str | os.PathLike[str] | None = None,
    perceptual: bool = False,
    controls: bool = False,
    align: bool = False,
    loss: Sequence[str] = (),
) -> dict[str, float]:
    """Measures by name, of scenes, .mote files, recordings or arrays; see `motes.evaluate`."""
    if reference is None and notes is None:
        raise ParameterError("there is nothing to compare with: a reference, or labels of notes")
    if reference is None and (perceptual or controls or align or loss):
        raise ParameterError("perceptual, controls, align and loss compare sound: they need a reference beside notes")
    result = {} if notes is None else compare_notes(estimate, notes)
    if reference is not None:
        how = (sample_rate_hz, perceptual, controls, align, loss)
        result = _compare_sound(estimate, reference, *how) | result
    return result


def compare_notes(estimate: Audio | Scene, labels: str | os.PathLike[str]) -> dict[str, float]:
    """How many notes of a file of labels are in a scene, a .mote file, or another file of labels.

    ParameterError where the estimate is a recording, or atoms; see `motes.metrics.notes` for the measures.
    """
    from motes.data.note_labels import read_notes
    from motes.metrics.notes import note_scores, require_note_scores

    require_note_scores()
    reference = read_notes(labels)
    found, duration_s = _notes_of(estimate)
    if n_late := int(np.sum(reference.onset_s > duration_s)):
        text = (
            f"{n_late} of {len(reference)} labels begin after the scene's end at {duration_s:.2f} s: is {labels} of it?"
        )
        warnings.warn(text, MotesWarning, stacklevel=4)
    return note_scores(found, reference)


def _notes_of(estimate: Audio | Scene) -> tuple[Notes, float]:
    """The notes of an estimate, and how long it lasts, infinity where that is not known."""
    from motes.data.note_labels import EXTENSIONS, read_notes
    from motes.scene.notes import events_as_notes
    from motes.scene.scene import Scene

    if isinstance(estimate, str | os.PathLike):
        path = os.fspath(estimate)
        if os.path.splitext(path)[1].lower() in EXTENSIONS:
            return read_notes(path), np.inf
        estimate = _opened(path)
    if not isinstance(estimate, Scene):
        name = estimate if isinstance(estimate, str) else "sound"
        raise ParameterError(f"{name} is no scene, and has no notes yet: motes encode --encoder siam finds them")
    return events_as_notes(estimate), estimate.duration_s


def _compare_sound(
    estimate: Audio | Scene,
    reference: Audio | Scene,
    sample_rate_hz: float | None,
    perceptual: bool,
    controls: bool,
    align: bool,
    loss: Sequence[str],
) -> dict[str, float]:
    from motes.metrics.signal import check_pair, compare

    losses = [loss_named(name) for name in dict.fromkeys(loss)]
    for each in losses:
        each.load()  # what is missing is said before the work begins
    if perceptual or controls:
        from motes.metrics.perceptual import require_scores

        require_scores()
    estimate = _loaded(estimate)
    (one, one_rate), (other, other_rate) = _audio_of(estimate, sample_rate_hz), _audio_of(reference, sample_rate_hz)
    rest = _without_texture(estimate, one)
    result: dict[str, float] = {}
    if align and one_rate == other_rate:
        from motes.metrics.align import align as aligned

        one, other, delay = aligned(one, other, one_rate)
        rest = None if rest is None else rest[:, max(0, delay) :][:, : one.shape[1]]
        result["delay_samples"] = delay
    pair = check_pair(one, other, one_rate, other_rate)
    result |= compare(*pair) | _noise_to_mask(*pair, one_rate, rest)
    if len(pair[1]) > 1:
        from motes.metrics.stereo import stereo_errors

        result |= stereo_errors(*pair, one_rate)
    result |= {f"loss_{each.name}": _loss_of(each, *pair, one_rate) for each in losses}
    if perceptual or controls:
        result |= _opinions(*pair, one_rate, controls)
    return result


def _noise_to_mask(estimate: NDArray[Any], reference: Block, rate: int, rest: Block | None) -> dict[str, float]:
    """Noise-to-mask ratio; of a scene, which renders `rest` without its textures, only where these do not stand."""
    from motes.metrics.noise_to_mask import noise_to_mask, substituted_cells

    return noise_to_mask(estimate, reference, rate, None if rest is None else substituted_cells(estimate, rest, rate))


def _without_texture(estimate: Any, rendered: Block) -> Block | None:
    """What a scene renders without its textures; None of anything else."""
    from motes.metrics.noise_to_mask import silenced_textures
    from motes.scene.scene import Scene

    if not isinstance(estimate, Scene):
        return None
    return silenced_textures(estimate) if len(estimate.texture) else np.atleast_2d(rendered)


def _opinions(estimate: Block, reference: Block, rate: int, controls: bool) -> dict[str, float]:
    """What Zimtohrli and ViSQOL say of the estimate and, if asked, of the controls, beside these' other measures."""
    from motes.metrics.controls import CONTROLS
    from motes.metrics.perceptual import compare_perceptually
    from motes.metrics.signal import spectral_convergence

    result = compare_perceptually(estimate, reference, rate)
    for control in CONTROLS if controls else ():
        copy = control(reference, rate)
        opinions = {"spectral_convergence": spectral_convergence(copy, reference)}
        opinions |= _noise_to_mask(copy, reference, rate, None) | compare_perceptually(copy, reference, rate)
        result |= {f"{control.__name__}_{name}": value for name, value in opinions.items()}
    return result


def _loss_of(loss: Loss, estimate: Block, reference: Block, rate: int) -> float:
    """Mean of the loss over pieces of equal length, at most ten seconds each."""
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


def _opened(path: str) -> Scene | str | BytesIO:
    """The scene in a .mote file, else the path of a recording; of standard input what it holds."""
    from motes.codec import loads
    from motes.codec.frames import MAGIC
    from motes.data.impulse_responses import finder
    from motes.library.work import load_scene

    if path != "-":
        return load_scene(path) if path.lower().endswith(".mote") else path
    data = sys.stdin.buffer.read()
    return loads(data, finder()) if data.startswith(MAGIC) else BytesIO(data)


def _loaded(given: Audio | Scene) -> Any:
    """What is compared, with the scene in place of its file."""
    return _opened(os.fspath(given)) if isinstance(given, str | os.PathLike) else given


def _audio_of(given: Audio | Scene, sample_rate_hz: float | None) -> tuple[Block, int]:
    """Samples and their rate."""
    from motes.scene.scene import Scene

    given = _loaded(given)
    if isinstance(given, str):
        return read_audio(given)
    if isinstance(given, Scene):
        return given.render(), given.sample_rate_hz
    source = as_source(given, sample_rate_hz)
    audio = np.concatenate([np.empty((source.n_channels, 0), np.float32), *source.blocks()], axis=1)
    return audio[0] if source.n_channels == 1 else audio, source.sample_rate_hz
