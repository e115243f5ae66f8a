"""Struck modes in PyTorch, differentiable in everything but the number of samples, by a parallel scan over blocks.

The state at the beginning of each block is a linear recurrence with constant coefficients: log₂(number of blocks)
doublings solve it (Hillis & Steele
1986). What sounds inside the blocks is then one matrix product, for all of them at once.
`motes.kinds.strike.kernel.ring` is the same as a recurrence.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BLOCK_SAMPLES = 512


def render_strikes(
    decay: Tensor,
    omega: Tensor,
    mixing: Tensor,
    at: Tensor,
    weights: Tensor,
    n_samples: int,
    block_samples: int = BLOCK_SAMPLES,
) -> Tensor:
    """The sound of modes struck at times `at`, `(n_channels, n_samples)`, in the precision of `weights`.

    `decay` ≥ 0 and `omega` `(n_modes,)`: nepers and radians per sample, float64; `mixing` `(n_channels, n_modes)`
    complex; `at` `(n_strikes,)` in samples; `weights` `(n_strikes, n_modes)` complex: what each strike injects. Strikes
    outside 0 … n_samples − 1 are left out.
    """
    rate = torch.complex(-decay.double(), omega.double())
    kind = weights.dtype
    n_blocks = -(-n_samples // block_samples)
    inside = (at > -1) & (at <= n_samples - 1)
    at, weights = at[inside].double(), weights[inside]
    first = torch.ceil(at.detach()).clamp(min=0)
    block = torch.div(first, block_samples, rounding_mode="floor").long()
    landed = weights * torch.exp((first - at)[:, None] * rate).to(kind)
    to_next = torch.exp(((block + 1) * block_samples - first)[:, None] * rate).to(kind)
    entering = torch.zeros((n_blocks + 1, len(decay)), dtype=kind, device=weights.device).index_add(
        0, block + 1, landed * to_next
    )
    state = scan(entering, rate * block_samples)[:n_blocks]
    powers = torch.exp(torch.arange(block_samples, device=rate.device)[:, None] * rate).to(kind)
    channels = [
        _sound(state * mix, powers).reshape(-1)[:n_samples]
        + _fresh(landed * mix, powers, first.long(), block, n_samples)
        for mix in mixing
    ]
    return torch.stack(channels)


def scan(entering: Tensor, exponent: Tensor) -> Tensor:
    """All s[b] = e^exponent · s[b − 1] + entering[b], `(n_blocks, n_modes)`, in log₂ n_blocks passes."""
    state, reach = entering, 1
    while reach < len(entering):
        factor = torch.exp(exponent * reach).to(entering.dtype)
        state = state + functional.pad(factor * state[:-reach], (0, 0, reach, 0))
        reach *= 2
    return state


def _sound(state: Tensor, powers: Tensor) -> Tensor:
    """Re(state · powersᵀ), two real products instead of a complex one."""
    return state.real @ powers.real.T - state.imag @ powers.imag.T


def _fresh(landed: Tensor, powers: Tensor, first: Tensor, block: Tensor, n_samples: int) -> Tensor:
    """What strikes sound like within the block they fall into."""
    sound = _sound(landed, powers)
    place = first[:, None] + torch.arange(len(powers), device=first.device)
    inside = (place < (block[:, None] + 1) * len(powers)) & (place < n_samples)
    audio = torch.zeros(n_samples, dtype=sound.dtype, device=sound.device)
    return audio.index_add(0, place[inside], sound[inside])
