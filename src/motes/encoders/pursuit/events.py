"""Atoms as the events of a scene."""

from __future__ import annotations

from motes.audio import Source
from motes.encoders.pursuit.atoms import atom_parameters
from motes.encoders.pursuit.options import PursuitOptions
from motes.encoders.pursuit.schedule import PursuitContext, PursuitResult
from motes.kinds.gabor.table import Gabor
from motes.scene.metadata import Metadata
from motes.scene.scene import Scene
from motes.version import __version__


def unquantised_scene(
    source: Source, options: PursuitOptions, context: PursuitContext, found: PursuitResult, stop_reason: str
) -> Scene:
    """The atoms as events, not yet rounded."""
    rate = source.sample_rate_hz
    centre, window, _, amplitude, phase = atom_parameters(found.atoms, context.dictionary)
    gabor = Gabor(centre / rate, window / rate, found.atoms.bin * (rate / window), amplitude, phase)
    metadata = Metadata(
        encoder="pursuit",
        options=options.asked(),
        stop_reason=stop_reason,
        source_digest=source.digest(),
        version=__version__,
    )
    return Scene(rate, source.n_samples, source.n_channels, gabor, metadata=metadata)
