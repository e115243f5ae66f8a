"""Checks of what losses are given; their errors are one line that names the argument and its shape."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from motes.errors import ParameterError


def check_signal(signal: Tensor, name: str) -> Tensor:
    """The tensor itself if it is `(batch, channels, samples)`, real, float32 or float64, and finite; ParameterError
    otherwise.
    """
    if not isinstance(signal, Tensor):
        raise ParameterError(
            f"{name} must be a torch tensor of shape (batch, channels, samples), not {type(signal).__name__}"
        )
    shape = tuple(signal.shape)
    if signal.dtype not in (torch.float32, torch.float64):
        raise ParameterError(
            f"{name}, of shape {shape}, must be float32 or float64, not {str(signal.dtype).removeprefix('torch.')}"
        )
    if signal.ndim != 3:
        raise ParameterError(
            f"{name} must have the shape (batch, channels, samples), not {shape}: one mono sound is signal[None, None]"
        )
    if 0 in shape:
        raise ParameterError(f"{name} is empty: its shape is {shape}")
    if not bool(torch.isfinite(signal.detach()).all()):
        raise ParameterError(f"{name}, of shape {shape}, holds NaN or infinities")
    return signal


def check_pair(estimate: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Both, if each passes `check_signal` and they agree in shape, precision and device; ParameterError otherwise."""
    check_signal(estimate, "estimate")
    check_signal(reference, "reference")
    if estimate.shape != reference.shape:
        raise ParameterError(
            f"estimate has the shape {tuple(estimate.shape)}, reference {tuple(reference.shape)}: they must be the same"
        )
    if estimate.dtype != reference.dtype or estimate.device != reference.device:
        raise ParameterError(
            f"estimate of shape {tuple(estimate.shape)} is {estimate.dtype} on {estimate.device}, reference "
            f"{reference.dtype} on {reference.device}"
        )
    return estimate, reference


def check_rate(sample_rate_hz: float | None) -> float:
    """The sample rate as a float; ParameterError if it is missing or makes no sense."""
    if sample_rate_hz is None:
        raise ParameterError("sample_rate_hz is missing: this loss works in hertz and seconds")
    try:
        rate = float(sample_rate_hz)
    except (TypeError, ValueError):
        rate = math.nan
    if not (math.isfinite(rate) and rate > 0):
        raise ParameterError(f"sample_rate_hz must be a positive number of samples per second, not {sample_rate_hz!r}")
    return rate


def check_positive_integer(value: int, name: str, least: int = 1) -> int:
    """The value, if it is an integer of at least `least`; ParameterError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ParameterError(f"{name} must be an integer of at least {least}, not {value!r}")
    return value
