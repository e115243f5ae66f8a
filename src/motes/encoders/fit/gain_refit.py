"""All gains of a fit anew by least squares, between the steps of its descent."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from motes.encoders.fit.objective import Objective
from motes.encoders.fit.state import State

# Relative to the mean energy of an event: pulls gains towards 1 where events overlap; chosen by hand.
RIDGE = 1e-3
# How far a gain may change at once.
LEAST_GAIN, MOST_GAIN = 0.25, 2.0


@torch.no_grad()
def refit_gains(objective: Objective, state: State) -> State:
    """The state with gains refitted at the phases that the mix has, or as it was where the loss would not fall.

    Each bin's target is its magnitude in the recording, at the mix's phase. With the phases held, the distance bounds
    that of the magnitudes from above and touches it (the argument of Griffin & Lim 1984), so a lower one lowers both.
    """
    n_events = len(state.theta)
    if n_events == 0:
        return state
    before = float(objective.value(state.theta, state.anchor))
    gain = _gains(objective, state)
    theta = state.theta.clone()
    theta[:, objective.parameterisation.coordinates["gain"]] += gain.log()[:, None]
    after = float(objective.value(theta, state.anchor))
    return replace(state, theta=theta) if after < before else state


def _gains(objective: Objective, state: State) -> Tensor:
    """The factor of each event, `(n_events,)`."""
    parameterisation, n_samples = objective.parameterisation, objective.reference.shape[1]
    columns = parameterisation.columns(state.theta, state.anchor)
    alone = [
        parameterisation.render({name: value[i : i + 1] for name, value in columns.items()}, n_samples)
        for i in range(len(state.theta))
    ]
    mix = objective.background + torch.stack(alone).sum(0)
    spectrum, others = _spectrum(mix), _spectrum(objective.background)
    target = _spectrum(objective.reference).abs() * torch.exp(1j * spectrum.angle()) - others
    parts = torch.stack([torch.view_as_real(_spectrum(sound)).reshape(-1) for sound in alone])
    gram = (parts @ parts.T).double()
    correlation = (parts @ torch.view_as_real(target).reshape(-1)).double()
    ridge = RIDGE * gram.diagonal().mean()
    return torch.linalg.solve(gram + ridge * torch.eye(len(alone)), correlation + ridge).clamp(LEAST_GAIN, MOST_GAIN)


def _spectrum(audio: Tensor) -> Tensor:
    """Spectrogram of 1024 samples, hop 512, of all channels."""
    return torch.stft(audio, 1024, 512, window=torch.hann_window(1024), pad_mode="constant", return_complex=True)
