"""Events of any kind in a room, for fits by gradients: one more coordinate each, its wetness, and one convolution
for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from motes.events.event_table import EventTable
from motes.events.room import Room
from motes.kinds.parameterisation import Atoms, Coordinate, Extent, Parameterisation

# The constants of this file are chosen by hand. Wetness of an event when it is made:
WETNESS = 0.1
# An event that is less wet than this is dry.
DRY = 0.02
# Bound of logits: wetness is held within 6e-6 of 0 and of 1.
MOST_LOGIT = 12.0
# Of wetness, which has to find its way from 0.1 to 0.5 in a short trial.
PACE = 3.0


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
        self._gram = _gram(whole)

    def spectrum(self, weights: Tensor) -> Tensor:
        """Spectrum of the room that has these weights `(n_rooms,)`, differentiable in them."""
        energy = weights @ self._gram @ weights
        return torch.tensordot((weights / energy.clamp(min=1e-9).sqrt()).to(self._spectra.dtype), self._spectra, 1)

    def apply(self, sent: Tensor, spectrum: Tensor) -> Tensor:
        """The reverberation of `sent`, both `(n_channels, n_samples)`, in a room of this spectrum."""
        return torch.fft.irfft(torch.fft.rfft(sent, self._size) * spectrum, self._size)[:, : sent.shape[1]]


def _gram(kernels: list[Tensor]) -> Tensor:
    """Inner products of the responses, the mean of their channels, `(n_rooms, n_rooms)` float32."""
    found = torch.eye(len(kernels))
    for i, a in enumerate(kernels):
        for j, b in enumerate(kernels[:i]):
            n = min(a.shape[1], b.shape[1])
            found[i, j] = found[j, i] = float((a[:, :n] * b[:, :n]).sum()) / len(a)
    return found


class ReverberantParameterisation(Parameterisation):
    """The coordinates of a kind and each event's wetness, a logit. `mixture` and `spectrum` are the room; without a
    spectrum all is dry.
    """

    def __init__(self, inner: Parameterisation) -> None:
        self.inner, self.KIND = inner, inner.KIND
        self.COORDINATES = (*inner.COORDINATES, Coordinate("wetness", PACE))
        self.ANCHORS, self.CHANNEL_ANCHORS = (*inner.ANCHORS, "wetness"), inner.CHANNEL_ANCHORS
        super().__init__(inner.sample_rate_hz, inner.n_channels, inner.features)
        self.mixture: Mixture | None = None
        self.spectrum: Tensor | None = None

    def paces(self) -> Tensor:
        """Relative step of each coordinate; those of the kind's own coordinates are the kind's."""
        paces, mine = super().paces(), torch.ones(self.coordinates.n_columns, dtype=torch.bool)
        mine[self.coordinates["wetness"]] = False
        paces[mine] = self.inner.paces()
        return paces

    def of_atoms(self, atoms: Atoms) -> Tensor:
        """Anchors of events that sound nearly like these atoms, a little wet."""
        inner = self.inner.of_atoms(atoms)
        return self._joined(inner, torch.full((len(inner),), WETNESS, dtype=torch.float64).logit())

    def of_noise(self, atoms: Atoms) -> Tensor:
        """Anchors of bursts of noise, a little wet."""
        inner = self.inner.of_noise(atoms)
        return self._joined(inner, torch.full((len(inner),), WETNESS, dtype=torch.float64).logit())

    def is_noise(self, columns: dict[str, Tensor]) -> Tensor:
        return self.inner.is_noise(columns)

    def columns(self, theta: Tensor, anchor: Tensor) -> dict[str, Tensor]:
        """The kind's columns and `wetness`, differentiable in `theta`."""
        logit = anchor[:, self.anchors["wetness"]] + theta[:, self.coordinates["wetness"]]
        inner = self.inner.columns(self.coordinates.without("wetness", theta), self.anchors.without("wetness", anchor))
        return inner | {"wetness": logit[:, 0].clamp(-MOST_LOGIT, MOST_LOGIT).sigmoid()}

    def anchored(self, columns: dict[str, Tensor]) -> Tensor:
        """Anchors of these events, their wetness as a logit."""
        return self._joined(self.inner.anchored(columns), columns["wetness"].logit())

    def _joined(self, inner: Tensor, logit: Tensor) -> Tensor:
        at = self.anchors["wetness"].start
        return torch.cat([inner[:, :at], logit[:, None], inner[:, at:]], 1)

    def render(self, columns: dict[str, Tensor], n_samples: int) -> Tensor:
        """Their sound in the room, `(n_channels, n_samples)` float32."""
        if self.spectrum is None or self.mixture is None:
            return self.inner.render(columns, n_samples)
        wetness = columns["wetness"][:, None]
        sound = self.inner.render(self.inner.amplified(columns, torch.cat([1 - wetness, wetness], 1)), n_samples)
        return sound[: self.n_channels] + self.mixture.apply(sound[self.n_channels :], self.spectrum)

    def energy(self, columns: dict[str, Tensor]) -> Tensor:
        """Approximate energy of each event; a room leaves it about as it is."""
        return self.inner.energy(columns)

    def extent(self, columns: dict[str, Tensor]) -> Extent:
        return self.inner.extent(columns)

    def with_timbre(self, anchor: Tensor, columns: dict[str, Tensor]) -> Tensor:
        """Anchors of new events with the timbre of those that they are split off, as wet as they were."""
        inner = self.inner.with_timbre(self.anchors.without("wetness", anchor), columns)
        return self._joined(inner, anchor[:, self.anchors["wetness"].start])

    def table(self, columns: dict[str, Tensor], from_s: float = 0.0) -> EventTable:
        """The events, `from_s` later; in room 1, if there is one, whatever is not nearly dry."""
        table = self.inner.table({name: value for name, value in columns.items() if name != "wetness"}, from_s)
        wet = columns["wetness"].detach() * (columns["wetness"].detach() >= DRY)
        if self.spectrum is None or not bool(wet.any()):
            return table
        return table.replace(wetness=wet.numpy(), room_id=(wet > 0).long().numpy())
