"""The fit of an instrument in a file, to be taken up again or changed in options that come after its selection."""

from __future__ import annotations

import os

from motes.audio import Source
from motes.encoders.checkpoint import checkpoint_errors, read_checkpoint, write_checkpoint
from motes.encoders.instrument.mode_responses import Sites
from motes.encoders.instrument.options import InstrumentOptions
from motes.encoders.instrument.stages import InstrumentFit
from motes.stop_reason import StopReason

# Options that the selection of strikes, modes and controls follows from.
MATTERS = ("controls", "modes", "strikes", "numbers_percent", "taps")
OF_SITES = ("poles", "mixing", "strike_samples")
OF_FIT = ("gains", "weights", "residual", "direct", "direct_gain")


def store(fit: InstrumentFit, options: InstrumentOptions, source: Source) -> None:
    """Write the fit, if a checkpoint is asked for."""
    if options.checkpoint is None:
        return
    arrays = {name: getattr(fit.sites, name) for name in OF_SITES} | {name: getattr(fit, name) for name in OF_FIT}
    write_checkpoint(options.checkpoint, source, options, arrays)


def resumed(options: InstrumentOptions, source: Source) -> InstrumentFit | None:
    """The fit in the checkpoint, if there is one; ParameterError if it is of another recording or of other options."""
    path = options.checkpoint
    if path is None or not os.path.exists(path):
        return None
    arrays = read_checkpoint(path, source, options, MATTERS)
    with checkpoint_errors(path):
        amplitudes = arrays["gains"] @ arrays["weights"]
        sites = Sites(amplitudes=amplitudes, **{name: arrays[name] for name in OF_SITES})
        return InstrumentFit(
            sites=sites, stopped=StopReason.N_EVENTS_REACHED, **{name: arrays[name] for name in OF_FIT}
        )
