"""Events of any kind in a room, for fits by gradients: one more coordinate each, its wetness, and one convolution
for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from motes.encoders.fit.parameterisation import Atoms, Field, Unknowns
from motes.events.event_table import EventTable
from motes.events.room import Room

# Of an event when it is made.
WETNESS = 0.1
# Less wet than this, an event is dry.
DRY = 0.02
# Of logits: wetness is held within 6e-6 of 0 and of 1.
FURTHEST = 12.0


class Mixture:
    """Rooms, and one made of them by a weighted sum of their responses, brought to unit energy; of each the first
    `n_samples`.
    """

    def __init__(self, rooms: Sequence[Room], sample_rate_hz: int, n_channels: int, n_samples: int) -> None:
        self.n_samples, self._size = n_samples, int(next_fast_len(2 * n_samples, real=True))
        spectra, whole = [], []
        for room in rooms:
            kernel = torch.from_numpy(room.kernels(sample_rate_hz, n_channels).copy())  # type: ignore[union-attr]
            whole.append(kernel)
            spectra.append(torch.fft.rfft(kernel[:, :n_samples], self._size))
        self._spectra = torch.stack(spectra)
        self._gram = _inner_products(whole)

    def spectrum(self, weights: Tensor) -> Tensor:
        """Of the room that has these weights `(n_rooms,)`, differentiable in them."""
        energy = weights @ self._gram @ weights
        return torch.tensordot((weights / energy.clamp(min=1e-9).sqrt()).to(self._spectra.dtype), self._spectra, 1)

    def heard(self, sent: Tensor, spectrum: Tensor) -> Tensor:
        """What is heard of `sent`, both `(n_channels, n_samples)`, in a room of this spectrum."""
        return torch.fft.irfft(torch.fft.rfft(sent, self._size) * spectrum, self._size)[:, : sent.shape[1]]


def _inner_products(kernels: list[Tensor]) -> Tensor:
    """Of the responses with each other, the mean of their channels, `(n_rooms, n_rooms)` float32."""
    found = torch.eye(len(kernels))
    for i, a in enumerate(kernels):
        for j, b in enumerate(kernels[:i]):
            n = min(a.shape[1], b.shape[1])
            found[i, j] = found[j, i] = float((a[:, :n] * b[:, :n]).sum()) / len(a)
    return found


class RoomedUnknowns(Unknowns):
    """The unknowns of a kind and, last, each event's wetness. `mixture` and `spectrum` say in which room; without a
    spectrum all is dry.
    """

    def __init__(self, inner: Unknowns) -> None:
        super().__init__(inner.rate, inner.n_channels)
        self.inner, self.KIND, self.FIELDS = inner, inner.KIND, (*inner.FIELDS, Field("wetness", 3.0))
        self.TIMBRE = inner.TIMBRE
        self.mixture: Mixture | None = None
        self.spectrum: Tensor | None = None

    @property
    def paces(self) -> Tensor:
        """See `Unknowns`."""
        return torch.cat([self.inner.paces, torch.tensor([self.FIELDS[-1].pace], dtype=torch.float64)])

    def of_atoms(self, atoms: Atoms) -> Tensor:
        """See `Unknowns`."""
        inner = self.inner.of_atoms(atoms)
        return torch.cat([inner, torch.full((len(inner), 1), WETNESS, dtype=torch.float64).logit()], 1)

    def columns(self, theta: Tensor, anchor: Tensor) -> dict[str, Tensor]:
        """See `Unknowns`."""
        return self.inner.columns(theta[:, :-1], anchor[:, :-1]) | {
            "wetness": (anchor[:, -1] + theta[:, -1]).clamp(-FURTHEST, FURTHEST).sigmoid()
        }

    def anchored(self, columns: dict[str, Tensor]) -> Tensor:
        """See `Unknowns`."""
        return torch.cat([self.inner.anchored(columns), columns["wetness"].logit()[:, None]], 1)

    def render(self, columns: dict[str, Tensor], n_samples: int) -> Tensor:
        """See `Unknowns`."""
        if self.spectrum is None or self.mixture is None:
            return self.inner.render(columns, n_samples)
        wetness = columns["wetness"][:, None]
        sound = self.inner.render(self.inner.amplified(columns, torch.cat([1 - wetness, wetness], 1)), n_samples)
        return sound[: self.n_channels] + self.mixture.heard(sound[self.n_channels :], self.spectrum)

    def energy(self, columns: dict[str, Tensor]) -> Tensor:
        """See `Unknowns`; a room leaves it about as it is."""
        return self.inner.energy(columns)

    def table(self, columns: dict[str, Tensor], from_s: float = 0.0) -> EventTable:
        """See `Unknowns`; in room 1, if there is one, whatever is not nearly dry."""
        table = self.inner.table({name: value for name, value in columns.items() if name != "wetness"}, from_s)
        wet = columns["wetness"].detach() * (columns["wetness"].detach() >= DRY)
        if self.spectrum is None or not bool(wet.any()):
            return table
        return table.replace(wetness=wet.numpy(), room_id=(wet > 0).long().numpy())
