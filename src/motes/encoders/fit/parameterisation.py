"""The parameterisation of a kind, found in the kind's own folder."""

from __future__ import annotations

from motes import kinds
from motes.errors import ParameterError
from motes.kinds.parameterisation import Features, Parameterisation


def parameterisation_of(
    kind: str, sample_rate_hz: int, n_channels: int, features: Features | None = None
) -> Parameterisation:
    """The parameterisation of a kind by its name; ParameterError where it has none."""
    fitted = {k.name: k for k in reversed(kinds.KINDS) if k.has("parameterisation")}
    if kind not in fitted:
        raise ParameterError(f"events of the kind {kind!r} cannot be fitted by gradients, only {' and '.join(fitted)}")
    made: Parameterisation = (
        fitted[kind].module("parameterisation").PARAMETERISATION(sample_rate_hz, n_channels, features)
    )
    return made
