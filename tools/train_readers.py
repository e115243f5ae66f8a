"""Train the small networks that compute the sixteen numbers of events, on rendered pieces, and write their weights.

    python tools/train_readers.py OUT.safetensors --weights siam-2.safetensors --soundfont FluidR3_GM.sf2

Pieces are rendered in memory, as `motes data render` makes them, each note analysed alone. Needs torch, safetensors and
tinysoundfont.
"""

import argparse

import numpy as np
import torch

from motes.data.rendering.in_rooms import in_room, responses
from motes.data.rendering.render_options import RenderOptions
from motes.data.rendering.training_pieces import WETNESS, piece_of
from motes.encoders.siam.network import Network
from motes.encoders.siam.weights import read_weights
from motes.training.readers import Sightings, sightings_of, trained, write_readers

RATE_HZ = 44100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output")
    parser.add_argument("--weights", required=True, help="of the network, as siam-2.safetensors")
    parser.add_argument("--soundfont", action="append", default=[])
    parser.add_argument("--patches")
    parser.add_argument("--samples")
    parser.add_argument("--one-shots", action="append", default=[])
    parser.add_argument("--scores")
    parser.add_argument("--pieces", type=int, default=360, help="of 30 s")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    options = RenderOptions(
        seed=given.seed,
        soundfonts=tuple(given.soundfont),
        patches=given.patches,
        samples=given.samples,
        one_shots=tuple(given.one_shots),
        scores=given.scores,
    )
    network = Network(read_weights(given.weights))
    seen = [sightings(options, number, network) for number in range(given.pieces)]
    keys, bands = (
        trained(joined(part), given.steps, given.seed, lambda step, loss: print(f"{step} {loss:.4f}"))
        for part in zip(*seen, strict=True)
    )
    write_readers(keys, bands, given.output)


def sightings(options: RenderOptions, number: int, network: Network) -> tuple[Sightings, Sightings]:
    """The notes of a piece, half of the pieces in rooms."""
    rng, rooms = np.random.default_rng([options.seed, number, 1]), responses(RATE_HZ)
    n_samples = round(options.piece_s * RATE_HZ)
    if not rooms or rng.random() >= options.in_rooms:
        return sightings_of(piece_of(options, number), n_samples, network)
    response, wet = rooms[int(rng.integers(len(rooms)))], float(rng.uniform(*WETNESS))
    return sightings_of(piece_of(options, number), n_samples, network, lambda mix: in_room(mix, response, wet))


def joined(parts: tuple[Sightings, ...]) -> Sightings:
    return Sightings(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


if __name__ == "__main__":
    main()
