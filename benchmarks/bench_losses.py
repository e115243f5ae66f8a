"""Time of the losses, forward and backward, on one thread in single precision; and scattering against kymatio's values.

    python benchmarks/bench_losses.py        # MOTES_SHARED names the folder that holds goldens/ (left out where it is
    absent)

Each figure is processor time, the best of twenty runs: machines are rarely quiet. "asked" is what the design asks for,
"usual" what the usual libraries took on a machine of this kind. Only the estimate needs a gradient, as in training.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from motes.losses import LOSSES
from motes.losses.auditory import auditory_image
from motes.losses.scattering import Scattering
from motes.losses.spectral import multi_resolution_stft

N = 65536
RATE = 22050
N_RUNS = 20
GOLDENS = (
    Path(os.environ.get("MOTES_SHARED") or Path(__file__).parents[2] / "shared")
    / "goldens"
    / "kymatio_scattering1d.npz"
)


def best_ms(function: Callable[[torch.Tensor], torch.Tensor], batch: int = 1) -> tuple[float, float]:
    """Milliseconds of the forward pass alone, and of both; filters are made before."""
    signal = (0.1 * torch.randn(batch, 1, N)).requires_grad_()
    best = [float("inf")] * 2
    for _ in range(N_RUNS):
        with torch.no_grad():
            before = time.process_time()
            function(signal)
            best[0] = min(best[0], time.process_time() - before)
        signal.grad = None
        before = time.process_time()
        function(signal).sum().backward()
        best[1] = min(best[1], time.process_time() - before)
    return best[0] * 1000, best[1] * 1000


def plain_stft_loss(estimate: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """The same terms as `multi_resolution_stft` from torch.stft, as one would write them: what ours is to be
    compared with in the same run.
    """
    total = torch.zeros(len(estimate))
    for n in (512, 1024, 2048):
        window = torch.hann_window(n) * 4 / n
        e, r = (
            torch.stft(x[:, 0], n, n // 4, window=window, pad_mode="constant", return_complex=True).abs() + 1e-6
            for x in (estimate, reference)
        )
        total = total + (e - r).abs().mean((1, 2)) / r.mean((1, 2)) + ((e + 1e-4) / (r + 1e-4)).log().abs().mean((1, 2))
        total = total + (e - r).square().mean((1, 2)).sqrt() / r.square().mean((1, 2)).sqrt()
    return total / 3


def figures() -> None:
    four, one = (0.1 * torch.randn(b, 1, N) for b in (4, 1))
    rows = [
        ("scattering J 8, Q 12 of 65536 samples", best_ms(Scattering(N, 8, 12)), 150, 606),
        ("scattering J 12, Q 16 of 65536 samples", best_ms(Scattering(N, 12, 16)), 300, 1209),
        ("multi-resolution STFT loss, 4 × 65536", best_ms(lambda x: multi_resolution_stft(x, four), 4), 60, 225),
        ("  the same written with torch.stft", best_ms(lambda x: plain_stft_loss(x, four), 4), None, None),
        ("auditory image, 65536 at 22.05 kHz, 64 bands", best_ms(lambda x: auditory_image(x, RATE)[0]), 400, None),
    ]
    print(f"{'ms':46}{'forward':>9}{'and back':>9}{'asked':>8}{'usual':>8}")
    for name, (forward, both), asked, usual in rows:
        print(f"{name:46}{forward:>9.1f}{both:>9.1f}{asked or '':>8}{usual or '':>8}")
    print()
    for loss in LOSSES:
        forward, both = best_ms(lambda x, loss=loss: loss(x, one, RATE))
        print(f"{'loss ' + loss.name + ', 65536 at 22.05 kHz':46}{forward:>9.1f}{both:>9.1f}")


def accuracy() -> None:
    golden = np.load(GOLDENS)
    print(f"\n{'scattering, ‖ours − kymatio‖ / ‖kymatio‖':46}{'all':>9}{'order 0':>9}{'order 1':>9}{'order 2':>9}")
    for name, octaves, per_octave in (("J6_Q8", 6, 8), ("J8_Q12", 8, 12)):
        signal, expected, order = (golden[f"{name}_{what}"] for what in ("x", "S", "order"))
        ours = Scattering(len(signal), octaves, per_octave, as_kymatio=True)(torch.from_numpy(signal)).numpy()
        chosen = [order >= 0, order == 0, order == 1, order == 2]
        errors = [np.linalg.norm(ours[c] - expected[c]) / np.linalg.norm(expected[c]) for c in chosen]
        print(f"{name:46}" + "".join(f"{error:>9.1e}" for error in errors))


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} thread, float32, best of {N_RUNS}\n")
    figures()
    if GOLDENS.is_file():
        accuracy()


if __name__ == "__main__":
    main()
